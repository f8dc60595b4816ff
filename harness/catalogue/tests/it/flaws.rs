//! Every planted flaw decides some built-in case otherwise than the reference does.
//!
//! A case is minted once, against the reference, and what was sent is then shown to each flawed
//! relying party. What happens in the shell around it is tested there, races where they are run.

use crate::paper::{LIFETIME, authority, servers};
use catalogue::{Action, Case, Cast, Expectation, Listed, Premises, builtin};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::{Flaw, FlawKind, Flaws, flaws};
use protocol::relying_party::{
    Enrolment, ProtectedRequest, Purpose, Refusal, RelyingParty, Settings,
};
use protocol::terms::{KeyId, sha256};
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, Rule, TrustAnchor};
use simulator::{Authority, Seed};
use std::collections::BTreeMap;

/// Flaws of the shell, which reads client data and bodies; `targets` tests them.
const OF_THE_SHELL: [&str; 10] = [
    "weak.asr.challenge.",
    "strict.asr.challenge.",
    "fragile.asr.challenge.",
    "weak.asr.signature.minified",
    "fragile.att.syntax.b",
    "weak.att.syntax.charset",
    "weak.att.syntax.media-type",
    "weak.att.syntax.method",
    "weak.st.challenge.issued.cached",
    "racy.",
];

/// One thing that was sent.
#[derive(Clone)]
enum Sent {
    Challenge { account: String, purpose: Purpose, entropy: [u8; 32] },
    Attest { account: String, key_id: KeyId, challenge: String, attestation: Vec<u8> },
    Assert { account: String, key_id: KeyId, client_data: Vec<u8>, assertion: Vec<u8> },
    Revoke { account: String, key_id: KeyId },
}

/// What one server was sent in one case, when, and what it decided.
struct Script {
    case: String,
    accepts: bool,
    either: bool,
    rules: Vec<Rule>,
    server: usize,
    sent: Vec<(Timestamp, Sent)>,
    decided: Vec<Decided>,
}

/// Yes, no, or broken down, with the counter that was stored.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
enum Decided {
    Accepted(u32),
    Refused,
    Failed,
}

pub(crate) fn settings(authority: &Authority, premises: &Premises, flaws: Flaws) -> Settings {
    let mut policy = Policy::new(premises.app_id.clone(), premises.environment);
    if let Some(Listed { values, absent_allowed }) = premises.categories.clone() {
        policy.categories = AllowedCategories::Listed { categories: values, absent_allowed };
    }
    if let Some(Listed { values, absent_allowed }) = premises.bundle_versions.clone() {
        policy.bundle_versions = AllowedVersions::Listed { versions: values, absent_allowed };
    }
    let receipt_anchor = TrustAnchor::from_der(authority.receipt_root_der()).unwrap();
    Settings {
        policy,
        trust_anchor: TrustAnchor::from_der(authority.root_der()).unwrap(),
        receipt_trust_anchor: premises.receipt_required.then_some(receipt_anchor),
        challenge_lifetime: SignedDuration::try_from(LIFETIME).unwrap(),
        max_challenges: 1000,
        max_keys: 1000,
        flaws,
    }
}

fn decide(party: &mut RelyingParty, now: Timestamp, sent: &Sent) -> Decided {
    let decided = match sent {
        Sent::Challenge { account, purpose, entropy } => {
            party.issue_challenge(account, *purpose, *entropy, now).map(|_| 0)
        }
        Sent::Attest { account, key_id, challenge, attestation } => {
            let enrolment = Enrolment { key_id: *key_id, challenge, attestation };
            party.attest(account, &enrolment, now).map(|enrolled| enrolled.counter)
        }
        Sent::Assert { account, key_id, client_data, assertion } => {
            let challenge = embedded(client_data);
            let challenge = challenge.as_deref();
            let request = ProtectedRequest { key_id: *key_id, client_data, assertion, challenge };
            party.assert(account, &request, now).map(|accepted| accepted.counter)
        }
        Sent::Revoke { account, key_id } => party.revoke(account, *key_id).map(|()| 0),
    };
    match decided {
        Ok(counter) => Decided::Accepted(counter),
        Err(Refusal::Failed(_)) => Decided::Failed,
        Err(Refusal::Broken(_) | Refusal::Full(_) | Refusal::RepeatedEntropy) => Decided::Refused,
    }
}

#[derive(serde::Deserialize)]
struct Embedding {
    challenge: String,
}

fn embedded(client_data: &[u8]) -> Option<String> {
    serde_json::from_slice::<Embedding>(client_data).ok().map(|found| found.challenge)
}

/// The reference, and everything that it is sent.
struct Recorder {
    party: RelyingParty,
    now: Timestamp,
    sent: Vec<(Timestamp, Sent)>,
    decided: Vec<Decided>,
}

impl Recorder {
    fn tell(&mut self, sent: Sent) {
        self.decided.push(decide(&mut self.party, self.now, &sent));
        self.sent.push((self.now, sent));
    }

    fn issue(&mut self, case: &Case, account: &str, purpose: Purpose) -> String {
        let drawn = u8::try_from(self.sent.len()).unwrap();
        let entropy = sha256(&[case.id.as_bytes(), &[drawn]]);
        let issued = self.party.issue_challenge(account, purpose, entropy, self.now).unwrap();
        self.decided.push(Decided::Accepted(0));
        self.sent
            .push((self.now, Sent::Challenge { account: account.to_owned(), purpose, entropy }));
        issued.text
    }
}

fn client_data(challenge: &str) -> Vec<u8> {
    format!(r#"{{"challenge":"{challenge}","item":"book","quantity":1}}"#).into_bytes()
}

/// Plays the case against the reference; none if it has a step of another kind than these.
fn record(
    case: &Case,
    authority: &Authority,
    server: usize,
    premises: &Premises,
) -> Option<Script> {
    let seed = Seed::from_text("flaws");
    let mut recorder = Recorder {
        party: RelyingParty::new(settings(authority, premises, Flaws::NONE)),
        now: "2026-11-24T10:20:30.456Z".parse().unwrap(),
        sent: Vec::new(),
        decided: Vec::new(),
    };
    let mut devices = Cast::new(case, &seed, premises, authority);
    let mut challenges: BTreeMap<String, String> = BTreeMap::new();
    let mut requests: BTreeMap<String, usize> = BTreeMap::new();
    for step in &case.steps {
        if step.kept {
            return None;
        }
        let account = step.account.clone();
        let name = step.name.clone().unwrap_or_default();
        let issued_to = |recorder: &mut Recorder, named: &Option<String>, purpose| match named {
            Some(name) => challenges[name].clone(),
            None => recorder.issue(case, &step.account, purpose),
        };
        match &step.action {
            Action::Challenge(purpose) => {
                let text = recorder.issue(case, &account, *purpose);
                if let Some(later) = devices.foreseen_by(&name).cloned() {
                    let challenge = devices.challenge(&later, &text);
                    let data = client_data(&challenge);
                    devices.foresee(&later, &data, &challenge, recorder.now).unwrap();
                }
                challenges.insert(name, text);
            }
            Action::Wait => recorder.now += SignedDuration::try_from(LIFETIME).unwrap() * 2,
            Action::Revoke => {
                let key_id = devices.device(step).key_id();
                recorder.tell(Sent::Revoke { account, key_id });
            }
            Action::Attest { challenge } => {
                let text = issued_to(&mut recorder, challenge, Purpose::Attest);
                let challenge = devices.challenge(step, &text);
                let hash = sha256(&[challenge.as_bytes()]);
                let made = devices.attestation(step, &hash, recorder.now);
                let key_id = KeyId(made.key_id.bytes().try_into().ok()?);
                let attestation = made.attestation.bytes().to_vec();
                recorder.tell(Sent::Attest { account, key_id, challenge, attestation });
                requests.insert(name, recorder.sent.len() - 1);
            }
            Action::Assert { challenge } => {
                let text = issued_to(&mut recorder, challenge, Purpose::Assert);
                let challenge = devices.challenge(step, &text);
                let data = client_data(&challenge);
                let made = devices.assertion(step, &data, &challenge, recorder.now).ok()?;
                let key_id = KeyId(made.key_id.bytes().try_into().ok()?);
                let assertion = made.assertion.bytes().to_vec();
                let client_data = made.client_data;
                recorder.tell(Sent::Assert { account, key_id, client_data, assertion });
                requests.insert(name, recorder.sent.len() - 1);
            }
            Action::Draw { .. } | Action::Together { .. } | Action::Logout | Action::Restart => {
                return None;
            }
            Action::Replay { of } => {
                let mut again = recorder.sent[requests[of]].1.clone();
                match &mut again {
                    Sent::Challenge { account: of, .. }
                    | Sent::Attest { account: of, .. }
                    | Sent::Assert { account: of, .. }
                    | Sent::Revoke { account: of, .. } => *of = account,
                }
                recorder.tell(again);
            }
        }
    }
    let Recorder { sent, decided, .. } = recorder;
    let accepts = matches!(decided.last(), Some(Decided::Accepted(_)));
    let either = case.expectation == Expectation::Either;
    let (case, rules) = (case.id.clone(), case.rules.clone());
    Some(Script { case, accepts, either, rules, server, sent, decided })
}

/// Whether the flaw decides otherwise somewhere in the case.
fn differs(
    script: &Script,
    authority: &Authority,
    premises: &Premises,
    flaw: &'static Flaw,
) -> bool {
    let mut party = RelyingParty::new(settings(authority, premises, [flaw].into_iter().collect()));
    let decisions = script.sent.iter().map(|(now, sent)| decide(&mut party, *now, sent));
    let last = script.sent.len() - 1;
    // Where either answer will do, only breaking down shows.
    decisions.zip(&script.decided).enumerate().any(|(at, (flawed, right))| {
        flawed != *right && (at != last || !script.either || flawed == Decided::Failed)
    })
}

/// Whether the case is of the sort that the flaw gets wrong; the others are not played.
fn is_worth_playing(script: &Script, flaw: &Flaw) -> bool {
    match flaw.kind {
        FlawKind::Dropped | FlawKind::Weakened => {
            script.rules.contains(&flaw.rule) || script.sent.len() > 4
        }
        FlawKind::OverStrict => script.accepts || script.sent.len() > 4,
        FlawKind::Fragile => true,
        FlawKind::Racy => false,
    }
}

#[test]
fn every_flaw_decides_a_case_otherwise() {
    let authority = authority(&Seed::from_text("flaws"));
    let servers = servers();
    let mut scripts = Vec::new();
    for case in builtin().unwrap() {
        for (index, server) in servers.iter().enumerate() {
            // What holds at one server holds at the others, bar what their policies say.
            let new = scripts.last().is_none_or(|last: &Script| last.case != case.id);
            if server.missing(&case).is_none() && (new || case.family == "genuine") {
                scripts.extend(record(&case, &authority, index, server));
            }
        }
    }
    let mut unseen = Vec::new();
    for flaw in flaws() {
        if OF_THE_SHELL.iter().any(|start| flaw.id.starts_with(start)) {
            continue;
        }
        let mut worth = scripts.iter().filter(|script| is_worth_playing(script, flaw));
        if !worth.any(|script| differs(script, &authority, &servers[script.server], flaw)) {
            unseen.push(flaw.id);
        }
    }
    assert!(unseen.is_empty(), "{} make no difference:\n{}", unseen.len(), unseen.join("\n"));
}
