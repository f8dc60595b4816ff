//! A relying party on paper: it decides nothing and notes every rule that a request breaks.

use catalogue::{Action, Case, Cast, Expectation, Listed, Premises, Scope, Sent, Step, Written};
use jiff::{SignedDuration, Timestamp};
use protocol::relying_party::Purpose;
use protocol::terms::{AppId, Environment, KeyId, sha256};
use protocol::verify::{
    AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Finding, Outcome,
    Policy, ReceiptRequest, Rule, TrustAnchor, examine_assertion, examine_attestation,
    examine_receipt,
};
use protocol::wire::AttestationObject;
use simulator::{Authority, Seed};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What came of the last step of a case.
pub(crate) struct Played {
    /// Every rule it breaks.
    pub(crate) broken: BTreeSet<Rule>,
    /// Whether its values are written as agreed; `None` where what lies around them is edited, of
    /// which paper knows nothing.
    pub(crate) formed: Option<bool>,
    /// How many of the requests that are judged were accepted.
    pub(crate) accepted: usize,
    /// What was sent.
    pub(crate) sent: Vec<u8>,
}

struct Issued {
    account: String,
    purpose: Purpose,
    at: Timestamp,
    used: bool,
}

struct Enrolled {
    account: String,
    public_key: Vec<u8>,
    counter: u32,
    active: bool,
}

/// One request, ready to be examined or sent again.
#[derive(Clone)]
enum Request {
    Attest { key_id: Sent, challenge: String, attestation: Sent, public_key: Vec<u8> },
    Assert { key_id: Sent, client_data: Vec<u8>, assertion: Sent, counter: u32 },
    Revoke { key_id: Vec<u8> },
}

/// A request on behalf of an account.
#[derive(Clone)]
struct Sending {
    account: String,
    request: Request,
}

/// What steps have named.
#[derive(Default)]
struct Names {
    challenges: BTreeMap<String, String>,
    requests: BTreeMap<String, Sending>,
}

pub(crate) struct Paper {
    authority: Authority,
    premises: Premises,
    policy: Policy,
    anchor: TrustAnchor,
    receipt_anchor: TrustAnchor,
    now: Timestamp,
    challenges: BTreeMap<String, Issued>,
    keys: BTreeMap<Vec<u8>, Enrolled>,
}

/// Bytes of an object that a server reads.
const LARGEST: usize = 48 << 10;

pub(crate) const LIFETIME: Duration = Duration::from_mins(1);

/// Servers of every kind of declared policy: the reference's in both environments, one for the App
/// Store alone that demands what OS 27 states, and one that declares nothing.
pub(crate) fn servers() -> Vec<Premises> {
    let listed = |categories: &[u32]| Listed { values: categories.to_vec(), absent_allowed: true };
    let reference = Premises {
        app_id: AppId::parse("ABCDE12345.com.example.app").unwrap(),
        environment: Environment::Production,
        trusts_test_root: true,
        categories: Some(listed(&[2, 4, 6])),
        bundle_versions: Some(Listed {
            values: vec!["1".to_owned(), "1.0.7".to_owned()],
            absent_allowed: true,
        }),
        receipt_required: true,
        challenge_spent_by_failure: true,
        wait: Some(LIFETIME),
        can_revoke: true,
        client_data_is_json: true,
        client_data_foreseeable: true,
        values_are_base64: true,
        request_is_json: true,
        values_in_headers: true,
        account_in_header: true,
        hashes_text: true,
        can_log_out: true,
        can_restart: true,
        nodes: 2,
        speaks_http2: true,
        scope: Scope::SERVER,
    };
    let development = Premises {
        environment: Environment::Development,
        categories: Some(listed(&[3])),
        ..reference.clone()
    };
    let strict = Premises {
        categories: Some(Listed { values: vec![4], absent_allowed: false }),
        bundle_versions: Some(Listed { values: vec!["2.5".to_owned()], absent_allowed: false }),
        ..reference.clone()
    };
    let silent = Premises {
        categories: None,
        bundle_versions: None,
        receipt_required: false,
        wait: None,
        can_revoke: false,
        ..reference.clone()
    };
    vec![reference, development, strict, silent]
}

fn policy(premises: &Premises) -> Policy {
    let mut policy = Policy::new(premises.app_id.clone(), premises.environment);
    if let Some(Listed { values, absent_allowed }) = premises.categories.clone() {
        policy.categories = AllowedCategories::Listed { categories: values, absent_allowed };
    }
    if let Some(Listed { values, absent_allowed }) = premises.bundle_versions.clone() {
        policy.bundle_versions = AllowedVersions::Listed { versions: values, absent_allowed };
    }
    policy
}

impl Paper {
    pub(crate) fn new(authority: &Authority, premises: &Premises) -> Self {
        Self {
            anchor: TrustAnchor::from_der(authority.root_der()).unwrap(),
            receipt_anchor: TrustAnchor::from_der(authority.receipt_root_der()).unwrap(),
            policy: policy(premises),
            authority: authority.clone(),
            premises: premises.clone(),
            now: now(),
            challenges: BTreeMap::new(),
            keys: BTreeMap::new(),
        }
    }

    /// Plays a case to its end. An error tells of a step before the last that met what it should
    /// not.
    pub(crate) fn play(mut self, case: &Case, seed: &Seed) -> Result<Played, String> {
        let (authority, premises) = (self.authority.clone(), self.premises.clone());
        let mut devices = Cast::new(case, seed, &premises, &authority);
        let mut names = Names::default();
        let (last, before) = case.steps.split_last().expect("a case has a step");
        for step in before {
            for sent in self.step(&mut devices, step, &mut names) {
                // Of what lies around the values paper believes what the step expects.
                let formed = sent.request.is_formed()
                    && (!is_edited_around(step) || step.expectation != Expectation::Reject);
                let broken = if formed { self.examine(&sent) } else { BTreeSet::new() };
                let accepted = formed && broken.is_empty();
                let expected = match step.expectation {
                    Expectation::Accept => accepted,
                    Expectation::Reject => !accepted,
                    Expectation::Either | Expectation::One => true,
                };
                if !expected {
                    return Err(format!("{}: {} breaks {broken:?}", case.id, step.action.as_str()));
                }
                if accepted {
                    self.store(&sent);
                }
            }
        }
        Ok(self.judged(&mut devices, last, &mut names))
    }

    fn judged(&mut self, devices: &mut Cast<'_>, last: &Step, names: &mut Names) -> Played {
        let mut played = Played {
            broken: BTreeSet::new(),
            formed: (!is_edited_around(last)).then_some(true),
            accepted: 0,
            sent: Vec::new(),
        };
        for sent in self.step(devices, last, names) {
            played.sent.extend(sent.request.bytes());
            // Nothing more can be said of what cannot be read.
            let formed = sent.request.is_formed();
            played.formed = played.formed.map(|so_far| so_far && formed);
            let broken = if formed { self.examine(&sent) } else { BTreeSet::new() };
            if formed && broken.is_empty() {
                played.accepted += 1;
                self.store(&sent);
            }
            played.broken.extend(broken);
        }
        played
    }

    /// What a step sends, one after the other.
    fn step(&mut self, devices: &mut Cast<'_>, step: &Step, names: &mut Names) -> Vec<Sending> {
        let sending = |request| Sending { account: step.account.clone(), request };
        match &step.action {
            Action::Challenge(purpose) => {
                let text = self.issue(&step.account, *purpose);
                let name = step.name.as_deref().unwrap_or_default();
                if let Some(later) = devices.foreseen_by(name).cloned() {
                    let challenge = devices.challenge(&later, &text);
                    let data = client_data(&challenge);
                    devices.foresee(&later, &data, &challenge, self.now).unwrap();
                }
                names.challenges.insert(name.to_owned(), text);
                Vec::new()
            }
            Action::Draw { purpose, times, .. } => {
                (0..*times).for_each(|_| drop(self.issue(&step.account, *purpose)));
                Vec::new()
            }
            Action::Wait => {
                self.now += lifetime() + SignedDuration::from_secs(1);
                Vec::new()
            }
            // A server that remembers what it must is the same afterwards.
            Action::Restart => Vec::new(),
            Action::Logout => {
                self.challenges.retain(|_, issued| issued.account != step.account);
                Vec::new()
            }
            Action::Together { of, times, .. } => {
                (0..*times).flat_map(|_| of).map(|name| names.requests[name].clone()).collect()
            }
            Action::Replay { of } => {
                let mut request = names.requests[of].request.clone();
                if let Request::Assert { assertion, .. } = &mut request
                    && assertion.is_plain()
                {
                    *assertion = Sent::new(devices.replay(step, assertion.bytes()));
                }
                vec![sending(request)]
            }
            Action::Revoke | Action::Attest { .. } | Action::Assert { .. } => {
                let sent = sending(self.request(devices, step, &names.challenges));
                names.requests.extend(step.name.clone().map(|name| (name, sent.clone())));
                if step.kept { Vec::new() } else { vec![sent] }
            }
        }
    }

    fn issue(&mut self, account: &str, purpose: Purpose) -> String {
        let text = format!("challenge{:034}", self.challenges.len());
        let issued = Issued { account: account.to_owned(), purpose, at: self.now, used: false };
        self.challenges.insert(text.clone(), issued);
        text
    }

    fn request(
        &mut self,
        cast: &mut Cast<'_>,
        step: &Step,
        challenges: &BTreeMap<String, String>,
    ) -> Request {
        let (named, purpose) = match &step.action {
            Action::Attest { challenge } => (challenge, Purpose::Attest),
            Action::Assert { challenge } => (challenge, Purpose::Assert),
            _ => return Request::Revoke { key_id: cast.device(step).key_id().0.to_vec() },
        };
        let issued = match named {
            Some(name) => challenges[name].clone(),
            None => self.issue(&step.account, purpose),
        };
        let challenge = cast.challenge(step, &issued);
        match purpose {
            Purpose::Attest => {
                let honest = sha256(&[challenge.as_bytes()]).to_vec();
                // Whatever the challenge's text stands for, it is other bytes.
                let decoded = sha256(&[b"decoded", challenge.as_bytes()]);
                let hash = cast.hash(step, honest, &challenge, Some(&decoded));
                let made = cast.attestation(step, &hash, self.now);
                let (key_id, attestation) = (made.key_id, made.attestation);
                Request::Attest {
                    key_id,
                    challenge,
                    attestation,
                    public_key: made.truth.public_key,
                }
            }
            Purpose::Assert => {
                let data = client_data(&challenge);
                let made = cast.assertion(step, &data, &challenge, self.now).unwrap();
                Request::Assert {
                    key_id: made.key_id,
                    client_data: made.client_data,
                    assertion: made.assertion,
                    counter: made.truth.counter,
                }
            }
        }
    }

    fn examine(&mut self, sending: &Sending) -> BTreeSet<Rule> {
        let Sending { account, request } = sending;
        match request {
            Request::Revoke { .. } => BTreeSet::new(),
            Request::Attest { key_id, challenge, attestation, .. } => {
                let mut broken = self.spend(account, Purpose::Attest, challenge);
                let hash = sha256(&[challenge.as_bytes()]);
                let facts = AttestationRequest {
                    object: attestation.bytes(),
                    key_id: KeyId(key_id.bytes().try_into().expect("it is formed")),
                    client_data_hash: &hash,
                };
                broken.extend(of(examine_attestation(
                    &facts,
                    &self.anchor,
                    &self.policy,
                    self.now,
                )));
                broken.extend(self.examine_receipt(request, &hash));
                if self.keys.get(key_id.bytes()).is_some_and(|key| key.account != *account) {
                    broken.insert(Rule::KeyUnclaimed);
                }
                let own = |key: &&Enrolled| key.account == *account;
                if self.keys.get(key_id.bytes()).filter(own).is_some_and(|key| !key.active) {
                    broken.insert(Rule::KeyActive);
                }
                broken
            }
            Request::Assert { key_id, client_data, assertion, .. } => {
                let mut broken = match challenge_in(client_data) {
                    Some(challenge) => self.spend(account, Purpose::Assert, &challenge),
                    None => BTreeSet::from([Rule::AssertionChallenge]),
                };
                let Some(key) = self.keys.get(key_id.bytes()) else {
                    broken.insert(Rule::KeyKnown);
                    return broken;
                };
                broken.extend((key.account != *account).then_some(Rule::KeyOwner));
                broken.extend((!key.active).then_some(Rule::KeyActive));
                let hash = sha256(&[client_data]);
                let facts = AssertionRequest {
                    assertion: assertion.bytes(),
                    client_data_hash: &hash,
                    public_key: &key.public_key,
                    stored_counter: key.counter,
                };
                broken.extend(of(examine_assertion(&facts, &self.policy)));
                broken
            }
        }
    }

    fn examine_receipt(&self, request: &Request, hash: &[u8]) -> BTreeSet<Rule> {
        let Request::Attest { attestation, public_key, .. } = request else {
            return BTreeSet::new();
        };
        let Ok(object) = AttestationObject::decode(attestation.bytes()) else {
            return BTreeSet::new();
        };
        let Some(receipt) = object.receipt else {
            return BTreeSet::from([Rule::ReceiptSyntax]);
        };
        let facts =
            ReceiptRequest { receipt, public_key: Some(public_key), client_data_hash: Some(hash) };
        of(examine_receipt(&facts, &self.receipt_anchor, &self.policy, self.now))
    }

    /// Uses a challenge up and tells what is wrong with it.
    fn spend(&mut self, account: &str, purpose: Purpose, challenge: &str) -> BTreeSet<Rule> {
        let now = self.now;
        match self.challenges.get_mut(challenge) {
            Some(issued) if issued.account == account && issued.purpose == purpose => {
                let mut broken = BTreeSet::new();
                let age = now.duration_since(issued.at);
                broken.extend((age > lifetime()).then_some(Rule::ChallengeFresh));
                broken.extend(issued.used.then_some(Rule::ChallengeUnused));
                issued.used = true;
                broken
            }
            Some(_) | None => BTreeSet::from([Rule::ChallengeIssued]),
        }
    }

    fn store(&mut self, sending: &Sending) {
        let Sending { account, request } = sending;
        match request {
            Request::Revoke { key_id } => {
                self.keys.get_mut(key_id).expect("an enrolled key is revoked").active = false;
            }
            Request::Attest { key_id, public_key, .. } => {
                let key = Enrolled {
                    account: account.to_owned(),
                    public_key: public_key.clone(),
                    counter: 0,
                    active: true,
                };
                // A key that is enrolled again keeps its counter.
                self.keys.entry(key_id.bytes().to_vec()).or_insert(key);
            }
            Request::Assert { key_id, counter, .. } => {
                self.keys.get_mut(key_id.bytes()).expect("it was accepted").counter = *counter;
            }
        }
    }
}

impl Request {
    /// Whether a server that reads base64 strictly, and no more than some tens of KiB, can read the
    /// key id and the object.
    fn is_formed(&self) -> bool {
        let (key_id, object) = match self {
            Self::Attest { key_id, attestation, .. } => (key_id, attestation),
            Self::Assert { key_id, assertion, .. } => (key_id, assertion),
            Self::Revoke { .. } => return true,
        };
        key_id.is_plain()
            && key_id.bytes().len() == 32
            && object.is_plain()
            && object.bytes().len() < LARGEST
    }

    fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Attest { key_id, challenge, attestation, .. } => {
                [written(key_id), challenge.clone().into_bytes(), written(attestation)].concat()
            }
            Self::Assert { key_id, client_data, assertion, .. } => {
                [written(key_id), client_data.clone(), written(assertion)].concat()
            }
            Self::Revoke { key_id } => key_id.clone(),
        }
    }
}

/// Whether what lies around the values of a request is edited.
fn is_edited_around(step: &Step) -> bool {
    step.operators.iter().any(|one| one.to_string().starts_with("wire."))
}

/// A value as it is sent; hexadecimal digits stand for whatever a target writes bytes in.
fn written(sent: &Sent) -> Vec<u8> {
    let hex = |bytes: &[u8]| hex::encode(bytes);
    match sent.written(hex) {
        Written::Bytes(bytes) => bytes,
        Written::Text(text) => text.into_bytes(),
        Written::Json(json) => json.to_string().into_bytes(),
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-24T10:20:30.456Z".parse().unwrap()
}

/// The authority of a seed at the time of all tests.
pub(crate) fn authority(seed: &Seed) -> Authority {
    Authority::new(&seed.child("authority", 0), now())
}

fn lifetime() -> SignedDuration {
    SignedDuration::try_from(LIFETIME).unwrap()
}

fn of(findings: Vec<Finding>) -> BTreeSet<Rule> {
    let broken =
        |finding: Finding| matches!(finding.outcome, Outcome::Broken(_)).then_some(finding.rule);
    findings.into_iter().filter_map(broken).collect()
}

/// The client data of a protected request with that challenge.
pub(crate) fn client_data(challenge: &str) -> Vec<u8> {
    format!(r#"{{"challenge":"{challenge}","item":"book","quantity":1}}"#).into_bytes()
}

pub(crate) fn challenge_in(client_data: &[u8]) -> Option<String> {
    // Bytes appended after the object do not matter to whoever looks for the challenge.
    let mut values = serde_json::Deserializer::from_slice(client_data).into_iter::<Embedding>();
    values.next()?.ok().map(|data| data.challenge)
}

/// Client data that names the challenge twice is none: deriving refuses a member that comes again.
#[derive(serde::Deserialize)]
struct Embedding {
    challenge: String,
}
