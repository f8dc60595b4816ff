//! Plays the steps of a case on a target.

mod turn;
mod wire;

pub use turn::{Kept, PlayError, Played, Turn};

use catalogue::{Action, Case, Cast, Expectation, Premises, Step, Truth};
use jiff::Timestamp;
use protocol::relying_party::Purpose;
use simulator::{Authority, Seed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use targets::{CHALLENGE_TEXT, Decision, Exchange, Facts, Operation, Saved, Target, WireRequest};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What all conversations with one target have in common.
pub struct Stage<'a, T> {
    /// The server under test.
    pub target: &'a T,
    /// What is known of it.
    pub premises: &'a Premises,
    /// The test authority whose root it trusts.
    pub authority: &'a Authority,
    /// Tells the time.
    pub clock: &'a Clock,
    /// Whether what goes out is kept beside its honest twin, for the evidence of failures.
    pub keeps: bool,
}

impl<T> std::fmt::Debug for Stage<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("premises", self.premises).finish_non_exhaustive()
    }
}

/// Requests that ask to come back later are sent again so many times.
const ATTEMPTS: u32 = 4;
/// The longest that is waited for a throttling server at a time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Waited beyond the lifetime of a challenge, for clocks that are not quite together.
const MARGIN: Duration = Duration::from_millis(300);

impl<T: Target> Stage<'_, T> {
    /// Plays a case with devices and accounts that follow from the seed.
    pub async fn play(&self, case: &Case, seed: &Seed) -> Result<Played, PlayError> {
        let mut conversation = Conversation {
            stage: self,
            cast: Cast::new(case, seed, self.premises, self.authority),
            seed: seed.child(&case.id, 0),
            requests: 0,
            accounts: BTreeMap::new(),
            challenges: BTreeMap::new(),
            sent: BTreeMap::new(),
            foreseen: BTreeMap::new(),
        };
        let mut played = Played::default();
        for (index, step) in case.steps.iter().enumerate() {
            let is_last = index + 1 == case.steps.len();
            let Some(mut turns) = conversation.step(index, step, &mut played.truth).await? else {
                continue;
            };
            let own = turns.pop();
            if !turns.iter().all(Turn::is_as_expected) {
                played.before.extend(turns);
                return Ok(played);
            }
            played.before.extend(turns);
            match own {
                Some(own) if is_last => {
                    played.last = Some(Turn { expectation: case.expectation, ..own });
                }
                Some(own) => {
                    let goes_on = own.is_as_expected();
                    played.before.push(own);
                    if !goes_on {
                        return Ok(played);
                    }
                }
                None => {}
            }
        }
        Ok(played)
    }
}

/// One case being played.
struct Conversation<'a, T> {
    stage: &'a Stage<'a, T>,
    cast: Cast<'a>,
    seed: Seed,
    requests: u64,
    /// What earlier answers left for later requests, by account.
    accounts: BTreeMap<String, Saved>,
    /// Named challenges: what their answers left.
    challenges: BTreeMap<String, Saved>,
    /// Named requests.
    sent: BTreeMap<String, Request>,
    /// Client data written ahead, by the name of its challenge.
    foreseen: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone)]
struct Request {
    operation: Operation,
    account: String,
    facts: Facts,
    saved: Saved,
    /// What edits it as it goes out, and when it was made.
    step: Step,
    at: Timestamp,
    /// The same request from the same device at the same time, told no lie.
    honest: Option<Box<Request>>,
}

impl<T: Target> Conversation<'_, T> {
    /// Plays a step; its own request is the last of the turns. A step that sends nothing has none.
    async fn step(
        &mut self,
        index: usize,
        step: &Step,
        truth: &mut Option<Truth>,
    ) -> Result<Option<Vec<Turn>>, PlayError> {
        let mut turns = Vec::new();
        *truth = None;
        let (named, purpose) = match &step.action {
            Action::Wait => {
                let lifetime = self.stage.premises.wait.unwrap_or_default();
                tokio::time::sleep(lifetime + MARGIN).await;
                return Ok(None);
            }
            Action::Challenge(purpose) => {
                let (turn, saved) = self.challenge(index, step, *purpose).await?;
                let name = step.name.clone().unwrap_or_default();
                if turn.is_as_expected()
                    && let Some(later) = self.cast.foreseen_by(&name).cloned()
                {
                    self.foresee(&later, &name, &saved)?;
                }
                self.challenges.insert(name, saved);
                return Ok(Some(vec![turn]));
            }
            Action::Revoke => {
                let mut facts = self.facts(&step.account);
                facts.key_id = Some(self.cast.device(step).key_id().into());
                let request = self.request(Operation::Revoke, step, facts, Saved::new());
                turns.push(self.send(index, step, request).await?);
                return Ok(Some(turns));
            }
            Action::Replay { of } => {
                let mut request =
                    self.sent.get(of).cloned().expect("a case replays steps it has played");
                request.facts.account = self.name_of(&step.account);
                turns.push(self.send(index, step, request).await?);
                return Ok(Some(turns));
            }
            Action::Attest { challenge } => (challenge, Purpose::Attest),
            Action::Assert { challenge } => (challenge, Purpose::Assert),
        };
        let issued = if let Some(name) = named {
            self.challenges.get(name).cloned().unwrap_or_default()
        } else {
            let (turn, saved) = self.challenge(index, step, purpose).await?;
            let goes_on = turn.is_as_expected();
            turns.push(turn);
            if !goes_on {
                // The place of the request that was not sent is taken by the one that failed.
                turns.extend(turns.last().cloned());
                return Ok(Some(turns));
            }
            saved
        };
        let now = (self.stage.clock)();
        let honest = self.honest(step, purpose, &issued, now);
        let mut request = self.mint(step, purpose, issued, now, truth)?;
        request.honest = honest;
        if let Some(name) = &step.name {
            self.sent.insert(name.clone(), request.clone());
        }
        turns.push(self.send(index, step, request).await?);
        Ok(Some(turns))
    }

    /// Asks for a challenge; gives what its answer left.
    async fn challenge(
        &mut self,
        index: usize,
        step: &Step,
        purpose: Purpose,
    ) -> Result<(Turn, Saved), PlayError> {
        let mut facts = self.facts(&step.account);
        facts.purpose = purpose;
        let mut saved = self.accounts.get(&step.account).cloned().unwrap_or_default();
        // A step that asks for its challenge first edits only the request it is about.
        let now = (self.stage.clock)();
        let editing = matches!(step.action, Action::Challenge(_)).then_some((step, now));
        let (exchange, wire) =
            self.perform(editing, Operation::Challenge, &facts, &mut saved).await?;
        let file = self.stage.target.dialect().file();
        let kept = file.steps.get(&Operation::Challenge).map(|step| &step.save);
        let left =
            saved.iter().filter(|(name, _)| kept.is_some_and(|kept| kept.contains_key(*name)));
        let left = left.map(|(name, value)| (name.clone(), value.clone())).collect();
        self.accounts.insert(step.account.clone(), saved);
        let what = format!("challenge (step {})", index + 1);
        let expectation = editing.map_or(Expectation::Accept, |_| step.expectation);
        let kept = self.stage.keeps.then(|| Box::new(Kept { request: wire, facts, honest: None }));
        Ok((Turn { what, expectation, exchange, kept }, left))
    }

    /// Writes the client data of a later step, whose challenge is known now, and has its key made.
    fn foresee(&mut self, later: &Step, name: &str, issued: &Saved) -> Result<(), PlayError> {
        let mut saved = self.accounts.get(&later.account).cloned().unwrap_or_default();
        saved.extend(issued.clone());
        let text = saved.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
        let challenge = self.cast.challenge(later, &text);
        saved.insert(CHALLENGE_TEXT.to_owned(), challenge.clone());
        let mut facts = self.facts(&later.account);
        facts.purpose = Purpose::Assert;
        let rendered = self.stage.target.dialect().client_data(&facts, &saved)?;
        self.cast.foresee(later, &rendered, &challenge, (self.stage.clock)())?;
        self.foreseen.insert(name.to_owned(), rendered);
        Ok(())
    }

    /// The request of an attest or assert step.
    fn mint(
        &mut self,
        step: &Step,
        purpose: Purpose,
        mut issued: Saved,
        now: Timestamp,
        truth: &mut Option<Truth>,
    ) -> Result<Request, PlayError> {
        let dialect = self.stage.target.dialect();
        let conventions = &dialect.file().conventions;
        let text = issued.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
        let challenge = self.cast.challenge(step, &text);
        issued.insert(CHALLENGE_TEXT.to_owned(), challenge.clone());
        let mut facts = self.facts(&step.account);
        facts.purpose = purpose;
        match purpose {
            Purpose::Attest => {
                let hash = dialect.attest_client_data_hash(&challenge)?;
                let made = self.cast.attestation(step, &hash, now);
                facts.key_id = Some(wire::field(&made.key_id, conventions.key_id));
                facts.attestation = Some(wire::field(&made.attestation, conventions.attestation));
                *truth = Some(made.truth);
                Ok(self.request(Operation::Attest, step, facts, issued))
            }
            Purpose::Assert => {
                facts.key_id = Some(self.cast.device(step).key_id().into());
                let request = self.request(Operation::Assert, step, facts, issued);
                let rendered = match self.written_ahead(step) {
                    Some(rendered) => rendered.clone(),
                    None => dialect.client_data(&request.facts, &request.saved)?,
                };
                let made = self.cast.assertion(step, &rendered, &challenge, now)?;
                *truth = Some(made.truth);
                let facts = Facts {
                    key_id: Some(wire::field(&made.key_id, conventions.key_id)),
                    client_data: Some(made.client_data),
                    assertion: Some(wire::field(&made.assertion, conventions.assertion)),
                    ..request.facts
                };
                Ok(Request { facts, ..request })
            }
        }
    }

    /// The request that a step would make without its edits, if it has any and it is wanted.
    /// Nothing that comes later is moved by it.
    fn honest(
        &mut self,
        step: &Step,
        purpose: Purpose,
        issued: &Saved,
        now: Timestamp,
    ) -> Option<Box<Request>> {
        if !self.stage.keeps || step.operators.is_empty() {
            return None;
        }
        let unedited = Step { operators: Vec::new(), ..step.clone() };
        let before = (self.cast.clone(), self.requests);
        let honest = self.mint(&unedited, purpose, issued.clone(), now, &mut None);
        (self.cast, self.requests) = before;
        honest.ok().map(Box::new)
    }

    /// The client data that a step's key was made for.
    fn written_ahead(&self, step: &Step) -> Option<&Vec<u8>> {
        match &step.action {
            Action::Assert { challenge: Some(name) } => self.foreseen.get(name),
            _ => None,
        }
    }

    /// A request on behalf of the step's account, with what earlier answers left for it.
    fn request(&self, operation: Operation, step: &Step, facts: Facts, with: Saved) -> Request {
        let mut saved = self.accounts.get(&step.account).cloned().unwrap_or_default();
        saved.extend(with);
        let at = (self.stage.clock)();
        let (account, step) = (step.account.clone(), step.clone());
        Request { operation, account, facts, saved, step, at, honest: None }
    }

    async fn send(
        &mut self,
        index: usize,
        step: &Step,
        request: Request,
    ) -> Result<Turn, PlayError> {
        let mut saved = request.saved;
        let editing = Some((&request.step, request.at));
        let (exchange, wire) =
            self.perform(editing, request.operation, &request.facts, &mut saved).await?;
        self.accounts.insert(request.account, saved);
        let what = format!("{} (step {})", step.action.as_str(), index + 1);
        let kept = self.stage.keeps.then(|| {
            let dialect = self.stage.target.dialect();
            let honest = request.honest.and_then(|honest| {
                let wire = dialect.request(honest.operation, &honest.facts, &honest.saved).ok()?;
                Some((honest.facts, wire))
            });
            Box::new(Kept { request: wire, facts: request.facts, honest })
        });
        Ok(Turn { what, expectation: step.expectation, exchange, kept })
    }

    /// Sends a request, and again if the server asks to come back later.
    async fn perform(
        &self,
        editing: Option<(&Step, Timestamp)>,
        operation: Operation,
        facts: &Facts,
        saved: &mut Saved,
    ) -> Result<(Exchange, WireRequest), PlayError> {
        let dialect = self.stage.target.dialect();
        let mut request = dialect.request(operation, facts, saved)?;
        if let Some((step, at)) = editing {
            let editor = (&self.cast, step, at);
            request = wire::edited(request, (facts, saved), dialect, editor)?;
        }
        let mut attempt = 1;
        loop {
            let exchange = self.stage.target.send(operation, request.clone(), saved).await;
            let Decision::Throttled { retry_after } = &exchange.decision else {
                return Ok((exchange, request));
            };
            if attempt == ATTEMPTS {
                return Ok((exchange, request));
            }
            let pause = retry_after.unwrap_or(Duration::from_millis(200) * attempt);
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            attempt += 1;
        }
    }

    fn facts(&mut self, account: &str) -> Facts {
        self.requests += 1;
        let opaque = self.seed.child("request", self.requests).to_hex();
        Facts::new(self.name_of(account), &opaque[..32])
    }

    /// What an account is called to the server: nothing that tells the case.
    fn name_of(&self, account: &str) -> String {
        format!("qa-{}", &self.seed.child(account, 0).to_hex()[..12])
    }
}
