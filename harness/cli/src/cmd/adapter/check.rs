//! `assay adapter check`: what an adapter says and does, before cases are played with it.

use super::{open, setting};
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::output::print;
use jiff::Timestamp;
use jsonschema::Validator;
use protocol::relying_party::Purpose;
use protocol::terms::sha256;
use protocol::verify::Rule;
use serde_json::{Value, json};
use simulator::{Authority, Device, Generation, Seed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use targets::adapter::{AdapterTarget, Ask, Said, Trust, schema};
use targets::{
    CHALLENGE_TEXT, Decision, Exchange, Facts, Operation, Saved, Target as _, TargetFile,
};

/// Honest exchanges that the speed is taken from.
const TIMES: usize = 20;

/// Tries an adapter out; the exit code is 3 if anything is to be mended.
pub(super) fn check(file: &TargetFile, now: Timestamp) -> Result<ExitCode, Failed> {
    let seed = Seed::from_text("adapter check");
    let authority = Authority::new(&seed.child("authority", 0), now);
    let wrong = Arc::new(Mutex::new(Vec::new()));
    let mut setting = setting(&authority, &seed)?;
    let (validators, heard) = (Validators::new()?, Arc::clone(&wrong));
    setting.listener = Arc::new(move |ask, said| {
        let found = validators.wrong(ask, said);
        heard.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    runtime.block_on(async {
        let target = open(file, setting).await?;
        let mut trial =
            Trial { target: &target, authority: &authority, seed, now, number: 0, mend: 0 };
        let told = trial.all().await;
        target.close().await;
        told.map_err(|error| Failed::new(ExitCode::Internal, error))?;
        let wrong = wrong.lock().unwrap_or_else(PoisonError::into_inner);
        trial.tell(wrong.is_empty(), "every line is as the schema says", || wrong.join("; "));
        let (mend, name) = (trial.mend, &file.name);
        Ok(if mend == 0 {
            print(&format!("`{name}` is ready: `assay check` plays the cases with it"));
            ExitCode::Ok
        } else {
            print(&format!("`{name}`: {mend} to mend"));
            ExitCode::Unreachable
        })
    })
}

/// One adapter being tried out.
struct Trial<'a> {
    target: &'a AdapterTarget,
    authority: &'a Authority,
    seed: Seed,
    now: Timestamp,
    /// Devices so far.
    number: u64,
    /// What is to be mended.
    mend: u32,
}

type Tried<T> = Result<T, String>;

impl Trial<'_> {
    fn tell(&mut self, holds: bool, what: &str, mend: impl FnOnce() -> String) {
        if holds {
            print(&format!("  ok    {what}"));
        } else {
            self.mend += 1;
            print(&format!("  mend  {what}: {}", mend()));
        }
    }

    async fn all(&mut self) -> Tried<()> {
        let hello = self.target.hello().clone();
        let sut = &hello.sut;
        let gaps: Vec<&str> = hello.unchecked().iter().map(|rule| rule.id()).collect();
        let profile = hello.profile.as_str();
        self.tell(true, &format!("hello: {} {} ({profile})", sut.name, sut.version), String::new);
        if !gaps.is_empty() {
            print(&format!("        it says that it does not check {}", gaps.join(", ")));
        }
        if hello.caps.trust == Trust::Fixed {
            print("        it trusts Apple's root alone: no case of the suite applies to it");
        }
        let environment = self.target.dialect().file().environment;
        let serves = hello.caps.environments.contains(&environment.into());
        if hello.caps.trust != Trust::Fixed && serves {
            for generation in Generation::ALL {
                self.honest(generation).await?;
            }
            self.recovers().await?;
            self.speed().await?;
        }
        self.garbage(hello.unchecked().contains(&Rule::AttestationSyntax)).await
    }

    fn device(&mut self, generation: Generation) -> (Device, String) {
        self.number += 1;
        let file = self.target.dialect().file();
        let seed = self.seed.child("device", self.number);
        let device = Device::new(&seed, generation, file.app_id.clone(), file.environment);
        (device, format!("trial-{}", self.number))
    }

    /// What is accepted of an honest device, in the order of a conversation.
    async fn honest(&mut self, generation: Generation) -> Tried<()> {
        let (mut device, account) = self.device(generation);
        let enrolled = self.enrol(&device, &account, None).await?;
        let what = format!("an honest attestation of {generation}");
        self.tell(is_yes(&enrolled), &what, || told(&enrolled));
        if is_yes(&enrolled) {
            for counter in 1..=2 {
                let asserted = self.assert(&mut device, &account, None).await?;
                let what = format!("an honest assertion of {generation}, counter {counter}");
                self.tell(is_yes(&asserted), &what, || told(&asserted));
            }
        }
        Ok(())
    }

    /// What it makes of objects that are none: it must decide, and say no.
    async fn garbage(&mut self, unread: bool) -> Tried<()> {
        for (what, bytes) in
            [("an empty attestation", Vec::new()), ("an attestation of random bytes", noise(500))]
        {
            let (device, account) = self.device(Generation::Ios27);
            let decided = self.enrol(&device, &account, Some(bytes)).await?;
            let holds = is_no(&decided) || (unread && is_yes(&decided));
            self.tell(holds, &format!("{what} is refused"), || told(&decided));
        }
        let (mut device, account) = self.device(Generation::Ios27);
        if is_yes(&self.enrol(&device, &account, None).await?) {
            for (what, bytes) in
                [("an empty assertion", Vec::new()), ("an assertion of random bytes", noise(120))]
            {
                let decided = self.assert(&mut device, &account, Some(bytes)).await?;
                self.tell(is_no(&decided), &format!("{what} is refused"), || told(&decided));
            }
        }
        Ok(())
    }

    /// Ends its process as a crash would, and asks on.
    async fn recovers(&mut self) -> Tried<()> {
        if !self.target.interrupt().await {
            return Ok(());
        }
        let (device, account) = self.device(Generation::Ios27);
        let decided = self.enrol(&device, &account, None).await?;
        self.tell(is_yes(&decided), "started again after a crash it goes on", || told(&decided));
        Ok(())
    }

    async fn speed(&mut self) -> Tried<()> {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..TIMES {
            let (mut device, account) = self.device(Generation::Ios27);
            times[0].push(self.enrol(&device, &account, None).await?.elapsed);
            times[1].push(self.assert(&mut device, &account, None).await?.elapsed);
        }
        let [attestation, assertion] = times.map(median);
        print(&format!(
            "        speed, median of {TIMES}: {attestation:.1} ms an attestation, {assertion:.1} ms an assertion"
        ));
        Ok(())
    }

    async fn enrol(
        &self,
        device: &Device,
        account: &str,
        instead: Option<Vec<u8>>,
    ) -> Tried<Exchange> {
        let mut saved = match self.challenge(account, Purpose::Attest).await? {
            Ok(saved) => saved,
            Err(exchange) => return Ok(exchange),
        };
        let text = saved.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
        let hash = self.target.dialect().attest_client_data_hash(&text).map_err(words)?;
        let honest = || device.attest(self.authority, &hash, self.now);
        let mut facts = Facts::new(account, account);
        facts.key_id = Some(device.key_id().into());
        facts.attestation = Some(instead.unwrap_or_else(honest).into());
        self.target.perform(Operation::Attest, &facts, &mut saved).await.map_err(words)
    }

    async fn assert(
        &self,
        device: &mut Device,
        account: &str,
        instead: Option<Vec<u8>>,
    ) -> Tried<Exchange> {
        let mut saved = match self.challenge(account, Purpose::Assert).await? {
            Ok(saved) => saved,
            Err(exchange) => return Ok(exchange),
        };
        let mut facts = Facts::new(account, account);
        facts.purpose = Purpose::Assert;
        facts.key_id = Some(device.key_id().into());
        let client_data = self.target.dialect().client_data(&facts, &saved).map_err(words)?;
        let honest = device.assert(&sha256(&[&client_data]));
        facts.client_data = Some(client_data);
        facts.assertion = Some(instead.unwrap_or(honest).into());
        self.target.perform(Operation::Assert, &facts, &mut saved).await.map_err(words)
    }

    async fn challenge(&self, account: &str, purpose: Purpose) -> Tried<Result<Saved, Exchange>> {
        let (mut facts, mut saved) = (Facts::new(account, account), Saved::new());
        facts.purpose = purpose;
        let asked = self.target.perform(Operation::Challenge, &facts, &mut saved).await;
        let exchange = asked.map_err(words)?;
        Ok(if is_yes(&exchange) { Ok(saved) } else { Err(exchange) })
    }
}

/// The schema of either direction.
struct Validators {
    message: Validator,
    reply: Validator,
}

impl Validators {
    fn new() -> Result<Self, Failed> {
        let of = |name: &str| {
            let mut one = schema::lines();
            one["anyOf"] = json!([{ "$ref": format!("#/definitions/{name}") }]);
            jsonschema::draft7::new(&one).map_err(|error| Failed::new(ExitCode::Internal, error))
        };
        Ok(Self { message: of("Message")?, reply: of("Reply")? })
    }

    /// What of a question or its answer is not as the schema says.
    fn wrong(&self, ask: &Ask, said: &Said) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut message = serde_json::to_value(ask).unwrap_or_default();
        message["id"] = json!("0");
        if !self.message.is_valid(&message) {
            wrong.push(format!("our own `{}` is not, which is our mistake", ask.op()));
        }
        if said.answer.is_ok()
            && let Ok(reply) = serde_json::from_str::<Value>(&said.text)
            && !self.reply.is_valid(&reply)
        {
            wrong.push(format!("its answer to `{}` is not", ask.op()));
        }
        wrong
    }
}

fn is_yes(exchange: &Exchange) -> bool {
    matches!(exchange.decision, Decision::Accepted { .. })
}

fn is_no(exchange: &Exchange) -> bool {
    matches!(exchange.decision, Decision::Rejected { .. })
}

/// Characters of an answer that are shown.
const TOLD: usize = 240;

/// What was decided, and what was said with it.
fn told(exchange: &Exchange) -> String {
    let why = match &exchange.decision {
        Decision::Rejected { reason } => reason.clone().unwrap_or_default(),
        Decision::Unreadable { why } | Decision::Closed { why } | Decision::Unreachable { why } => {
            why.clone()
        }
        Decision::Accepted { .. }
        | Decision::Failed
        | Decision::Throttled { .. }
        | Decision::TimedOut => String::new(),
    };
    let parts = [exchange.decision.as_str(), &why, &exchange.excerpt];
    let told = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    // A stack trace is long, and what it is about stands in its beginning.
    let line = told.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TOLD {
        line
    } else {
        line.chars().take(TOLD).collect::<String>() + "…"
    }
}

fn words(error: impl std::error::Error + 'static) -> String {
    chain(&error)
}

/// Bytes that are no CBOR of anything.
fn noise(count: usize) -> Vec<u8> {
    (0..).flat_map(|index: u32| sha256(&[&index.to_be_bytes()])).take(count).collect()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
