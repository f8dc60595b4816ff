//! Requests made ready, honest or with one lie.

mod flood;
mod meaning;

pub(super) use meaning::meaningful_lies;

use super::fleet::{Kept, Material};
use super::oracle::Lie;
use super::recruiter::Member;
use super::schedule::Deed;
use super::state::key::Act;
use super::state::{Issued, Request, Sincerity};
use flood::{OVERSIZE, garbage, oversize};
use jiff::Timestamp;
use meaning::binds_challenges;
use protocol::relying_party::Purpose;
use protocol::terms::AppId;
use rand_core::Rng;
use sha2::{Digest, Sha256};
use simulator::{AssertionModel, Authority, Device, FastMint, Seed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use targets::{CHALLENGE_TEXT, Dialect, DialectError, Facts, Field, Operation, Saved, WireRequest};

/// A request that only waits for its instant.
#[derive(Debug)]
pub(super) struct Ready {
    /// Which operation.
    pub(super) operation: Operation,
    /// What is sent.
    pub(super) wire: WireRequest,
    /// What it was made of, to be kept for a replay if it is accepted.
    pub(super) facts: Facts,
    /// What the target gave the account to keep.
    pub(super) saved: Saved,
    /// The device, unless it is a replay.
    pub(super) member: Option<Box<Member>>,
    /// The device whose key is used in the session of `member`.
    pub(super) other: Option<Box<Member>>,
    /// The counter of an assertion.
    pub(super) counter: Option<u32>,
    /// The lie that it tells.
    pub(super) lie: Option<Lie>,
    /// What the state oracle knows it by.
    pub(super) request: Request,
    /// What is sent at the same instant.
    pub(super) twin: Option<Box<Twin>>,
}

/// The second of two requests that are sent at one instant, to another node if there is one.
#[derive(Debug)]
pub(super) struct Twin {
    /// What is sent.
    pub(super) wire: WireRequest,
    /// What the target gave the account to keep.
    pub(super) saved: Saved,
    /// What the state oracle knows it by.
    pub(super) request: Request,
}

/// Makes requests for one target.
#[derive(Debug)]
pub(super) struct Mint {
    dialect: Arc<Dialect>,
    authority: Authority,
    /// Makes what is honest; it is asked for microseconds at a time.
    fast: Mutex<FastMint>,
    untrusted: Authority,
    other_app: AppId,
    seed: Seed,
    /// Whether what an assertion signs depends on the challenge.
    is_bound: bool,
    guest: OnceLock<Guest>,
}

/// Who sends what no device made: an account, and what the target gave it to keep.
#[derive(Debug, Clone, Default)]
pub(super) struct Guest {
    pub(super) account: String,
    pub(super) saved: Saved,
}

impl Mint {
    /// Makes attestations under `authority`. What is made of the seed in another `session` has other
    /// nonces.
    pub(super) fn new(
        dialect: Arc<Dialect>,
        authority: &Authority,
        seed: &Seed,
        session: u64,
    ) -> Self {
        let prefix = dialect.file().app_id.as_str().split('.').next().unwrap_or_default();
        let other_app = AppId::parse(&format!("{prefix}.test.assay.another-app"))
            .expect("an App ID's prefix followed by a bundle identifier is an App ID");
        Self {
            untrusted: Authority::new(&seed.child("load untrusted root", 0), Timestamp::now()),
            fast: Mutex::new(FastMint::new(authority, &seed.child("load nonces", session), 0)),
            authority: authority.clone(),
            other_app,
            seed: seed.child("load mint", 0),
            is_bound: binds_challenges(&dialect),
            guest: OnceLock::new(),
            dialect,
        }
    }

    /// Sets who sends what no device made.
    pub(super) fn welcome(&self, guest: Guest) {
        // A second guest would be another account in the middle of an attack.
        let _ = self.guest.set(guest);
    }

    /// Who sends what no device made; before anybody was welcomed, nobody in particular.
    pub(super) fn guest(&self) -> Guest {
        self.guest.get().cloned().unwrap_or_default()
    }

    /// The next request of an account's login.
    pub(super) fn login(
        &self,
        number: u64,
        account: &str,
        saved: &Saved,
    ) -> Result<WireRequest, DialectError> {
        self.dialect.request(Operation::Login, &facts_of(number, account), saved)
    }

    /// Asks for a challenge. `number` tells it from all others.
    pub(super) fn challenge(
        &self,
        number: u64,
        purpose: Purpose,
        account: &str,
        saved: &Saved,
    ) -> Result<WireRequest, DialectError> {
        let mut facts = facts_of(number, account);
        facts.purpose = purpose;
        self.dialect.request(Operation::Challenge, &facts, saved)
    }

    /// Does the deed with the material.
    pub(super) fn make(
        &self,
        number: u64,
        deed: Deed,
        material: Material,
    ) -> Result<Ready, DialectError> {
        match (deed, material) {
            (Deed::Attest(Some(lie)), Material::Nobody) => self.attest_nobody(number, lie),
            (_, Material::Accepted(kept)) => {
                let Kept { mut facts, saved, request } = *kept;
                self.damage(number, deed.lie(), &mut facts);
                let sincerity = deed.lie().map_or(Sincerity::Sincere, Lie::sincerity);
                let request = Request { sincerity, ..request };
                self.ready(Operation::Assert, facts, saved, deed.lie(), request)
            }
            (Deed::Attest(lie), Material::Member(member)) => self.attest(number, lie, member),
            (Deed::Assert(lie), Material::Member(member)) => {
                let held = member.issued;
                self.assert(number, lie, Party { member, other: None }, held)
            }
            (deed, Material::Used(mut member, text, issued)) => {
                let own = member.saved.insert(CHALLENGE_TEXT.to_owned(), text);
                let party = Party { member, other: None };
                let mut ready = self.assert(number, deed.lie(), party, Some(issued))?;
                if let (Some(member), Some(own)) = (&mut ready.member, own) {
                    member.saved.insert(CHALLENGE_TEXT.to_owned(), own);
                }
                Ok(ready)
            }
            (deed, Material::Pair(member, other)) => {
                let held = member.issued;
                self.assert(number, deed.lie(), Party { member, other: Some(other) }, held)
            }
            (Deed::Challenge(_), Material::Member(_)) => {
                unreachable!("challenges are asked for, not made ready")
            }
            (_, Material::Nobody) => unreachable!("only floods of attestations are nobody's"),
        }
    }

    /// What an account sends, without a device of which anything depends on the answer.
    fn ready(
        &self,
        operation: Operation,
        facts: Facts,
        saved: Saved,
        lie: Option<Lie>,
        request: Request,
    ) -> Result<Ready, DialectError> {
        Ok(Ready {
            operation,
            wire: self.dialect.request(operation, &facts, &saved)?,
            facts,
            saved,
            member: None,
            other: None,
            counter: None,
            lie,
            request,
            twin: None,
        })
    }

    /// What only has to look like an attestation.
    fn attest_nobody(&self, number: u64, lie: Lie) -> Result<Ready, DialectError> {
        let Guest { account, mut saved } = self.guest();
        saved.insert(CHALLENGE_TEXT.to_owned(), self.unknown_challenge(number));
        let mut facts = facts_of(number, &account);
        facts.purpose = Purpose::Attest;
        let mut stream = self.seed.child("flood", number).stream();
        let mut key_id = [0; 32];
        stream.fill_bytes(&mut key_id);
        facts.key_id = Some(key_id.to_vec().into());
        let large = lie == Lie::OversizeAttestation;
        let object = if large { oversize() } else { garbage(&mut stream) };
        facts.attestation = Some(Field::Bytes(object));
        let request =
            Request { key: NOBODY, act: Act::Enrol, challenge: None, sincerity: lie.sincerity() };
        self.ready(Operation::Attest, facts, saved, Some(lie), request)
    }

    /// Makes of an accepted request what a flood sends; a replay stays as it is.
    fn damage(&self, number: u64, lie: Option<Lie>, facts: &mut Facts) {
        if lie == Some(Lie::GarbageAssertion) {
            let mut stream = self.seed.child("flood", number).stream();
            facts.assertion = Some(Field::Bytes(garbage(&mut stream)));
        }
        if lie == Some(Lie::OversizeAssertion)
            && let Some(client_data) = &mut facts.client_data
        {
            client_data.resize(client_data.len() + OVERSIZE, b' ');
        }
    }

    fn attest(
        &self,
        number: u64,
        lie: Option<Lie>,
        member: Box<Member>,
    ) -> Result<Ready, DialectError> {
        let mut saved = member.saved.clone();
        if lie == Some(Lie::AttestUnknownChallenge) {
            saved.insert(CHALLENGE_TEXT.to_owned(), self.unknown_challenge(number));
        }
        let challenge = saved.get(CHALLENGE_TEXT).map(String::as_str).unwrap_or_default();
        let hash = self.dialect.attest_client_data_hash(challenge)?;
        let now = Timestamp::now();
        let object = if matches!(lie, None | Some(Lie::AttestUnknownChallenge)) {
            self.fast().attest(&member.device, &hash, now)
        } else {
            let mut model = member.device.attestation_model(&self.authority, &hash, now);
            // In each case the receipt stays honest: whoever leaves one check out is not saved by another.
            if lie == Some(Lie::OtherChallenge) {
                let other = self.unknown_challenge(number);
                model.client_data_hash = self.dialect.attest_client_data_hash(&other)?;
            }
            if lie == Some(Lie::OtherRoot) {
                let other = member.device.attestation_model(&self.untrusted, &hash, now);
                (model.leaf, model.chain) = (other.leaf, other.chain);
            }
            model.seal()
        };
        let mut facts = facts_of(number, &member.account);
        facts.purpose = Purpose::Attest;
        facts.key_id = Some(member.device.key_id().into());
        facts.attestation = Some(Field::Bytes(object));
        let request = Request {
            key: member.number,
            act: Act::Enrol,
            challenge: member.issued.filter(|_| lie != Some(Lie::AttestUnknownChallenge)),
            sincerity: lie.map_or(Sincerity::Sincere, Lie::sincerity),
        };
        let ready = self.ready(Operation::Attest, facts, saved, lie, request)?;
        Ok(Ready { member: Some(member), ..ready })
    }

    fn assert(
        &self,
        number: u64,
        lie: Option<Lie>,
        party: Party,
        challenge: Option<Issued>,
    ) -> Result<Ready, DialectError> {
        let Party { mut member, mut other } = party;
        let mut saved = member.saved.clone();
        if lie == Some(Lie::AssertUnknownChallenge) {
            saved.insert(CHALLENGE_TEXT.to_owned(), self.unknown_challenge(number));
        }
        let mut facts = facts_of(number, &member.account);
        let spare = member.spare.take().filter(|_| lie == Some(Lie::CounterTwice));
        let signer = other.as_mut().unwrap_or(&mut member);
        facts.purpose = Purpose::Assert;
        facts.key_id = Some(signer.device.key_id().into());
        let client_data = self.dialect.client_data(&facts, &saved)?;
        let hash = Sha256::digest(&client_data);
        let mut counter = signer.device.next_counter;
        let object = match lie {
            // A device counts what it made; what only an attacker made, it does not.
            None => self.fast().assert(&mut signer.device, &hash),
            Some(lie) => {
                let mut model = signer.device.assertion_model(&hash);
                self.tell(lie, &mut model, signer);
                counter = model.authenticator_data.counter;
                model.seal()
            }
        };
        facts.assertion = Some(Field::Bytes(object));
        facts.client_data = Some(client_data);
        let known = lie != Some(Lie::AssertUnknownChallenge) && self.is_bound;
        let request = Request {
            key: signer.number,
            act: Act::Assert { counter },
            challenge: challenge.filter(|_| known),
            sincerity: lie.map_or(Sincerity::Sincere, Lie::sincerity),
        };
        let twin = match (lie, spare) {
            (Some(Lie::SentTwice), _) => Some(self.twin(&facts, saved.clone(), request)?),
            (Some(Lie::CounterTwice), Some(spare)) => {
                let (saved, issued) = *spare;
                let request = Request { challenge: Some(issued), ..request };
                Some(self.other_half(number, &signer.device, &facts, saved, request)?)
            }
            (Some(Lie::ChallengeTwice), _) => {
                signer.device.next_counter = signer.device.next_counter.wrapping_add(1);
                let act = Act::Assert { counter: signer.device.next_counter };
                let request = Request { act, ..request };
                Some(self.other_half(number, &signer.device, &facts, saved.clone(), request)?)
            }
            (_, _) => None,
        };
        if lie.is_some_and(Lie::is_race) {
            signer.device.next_counter = signer.device.next_counter.wrapping_add(1);
        }
        let ready = self.ready(Operation::Assert, facts, saved, lie, request)?;
        Ok(Ready { member: Some(member), other, counter: Some(counter), twin, ..ready })
    }

    /// A second assertion of a device, beside one made of these facts.
    fn other_half(
        &self,
        number: u64,
        device: &Device,
        beside: &Facts,
        saved: Saved,
        request: Request,
    ) -> Result<Box<Twin>, DialectError> {
        let mut facts = beside.clone();
        facts.opaque_id = format!("load-{number}-2");
        let client_data = self.dialect.client_data(&facts, &saved)?;
        let model = device.assertion_model(&Sha256::digest(&client_data));
        facts.assertion = Some(Field::Bytes(model.seal()));
        facts.client_data = Some(client_data);
        self.twin(&facts, saved, request)
    }

    fn twin(
        &self,
        facts: &Facts,
        saved: Saved,
        request: Request,
    ) -> Result<Box<Twin>, DialectError> {
        let mut facts = facts.clone();
        facts.node += 1;
        let wire = self.dialect.request(Operation::Assert, &facts, &saved)?;
        Ok(Box::new(Twin { wire, saved, request }))
    }

    fn fast(&self) -> MutexGuard<'_, FastMint> {
        // A panic in the midst of an object leaves nothing that the next one reads.
        self.fast.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, lie: Lie, model: &mut AssertionModel, member: &Member) {
        match lie {
            // Byte 20 lies within the first number of every signature, so the DER stays whole.
            Lie::FlippedSignature => model.signature.flip = Some((20, 1)),
            Lie::OtherAppId => {
                model.authenticator_data.rp_id_hash = self.other_app.rp_id_hash().to_vec();
            }
            Lie::EqualCounter => model.authenticator_data.counter = member.accepted_counter,
            Lie::CounterBack => {
                model.authenticator_data.counter = member.accepted_counter.saturating_sub(1);
            }
            // Told by what the assertion is made for, by whom it is sent, or by sending it twice.
            Lie::AssertUnknownChallenge
            | Lie::SentTwice
            | Lie::CounterTwice
            | Lie::ChallengeTwice
            | Lie::SpentChallenge
            | Lie::BorrowedChallenge
            | Lie::OtherAccount
            | Lie::StaleChallenge
            | Lie::Replay
            | Lie::OtherChallenge
            | Lie::OtherRoot
            | Lie::AttestUnknownChallenge
            // Made of nobody's or of an accepted request.
            | Lie::GarbageAttestation
            | Lie::GarbageAssertion
            | Lie::OversizeAttestation
            | Lie::OversizeAssertion => {}
        }
    }

    /// A challenge as the target could have written it, but never did.
    fn unknown_challenge(&self, number: u64) -> String {
        let mut bytes = [0; 32];
        self.seed.child("unknown challenge", number).stream().fill_bytes(&mut bytes);
        let encoding = self.dialect.file().conventions.challenge;
        encoding.encode(&bytes).unwrap_or_else(|| hex::encode(bytes))
    }
}

/// What every request says of itself; requests go round the nodes in turn.
fn facts_of(number: u64, account: &str) -> Facts {
    let mut facts = Facts::new(account, format!("load-{number}"));
    facts.node = number as usize;
    facts
}

/// The number of no device.
const NOBODY: u32 = u32::MAX;

/// Who sends an assertion, and whose key signs it if that is another.
struct Party {
    member: Box<Member>,
    other: Option<Box<Member>>,
}
