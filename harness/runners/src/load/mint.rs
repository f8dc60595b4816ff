//! Requests made ready, honest or with one lie.

use super::fleet::Material;
use super::oracle::Lie;
use super::recruiter::Member;
use super::schedule::Deed;
use jiff::Timestamp;
use protocol::relying_party::Purpose;
use protocol::terms::AppId;
use rand_core::Rng;
use sha2::{Digest, Sha256};
use simulator::{AssertionModel, Authority, FastMint, Seed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    /// The counter of an assertion.
    pub(super) counter: Option<u32>,
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
            dialect,
        }
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
            (_, Material::Accepted(accepted)) => {
                let (mut facts, saved) = *accepted;
                self.damage(number, deed.lie(), &mut facts);
                let wire = self.dialect.request(Operation::Assert, &facts, &saved)?;
                let operation = Operation::Assert;
                Ok(Ready { operation, wire, facts, saved, member: None, counter: None })
            }
            (Deed::Attest(lie), Material::Member(member)) => self.attest(number, lie, member),
            (Deed::Assert(lie), Material::Member(member)) => self.assert(number, lie, member),
            (Deed::Challenge(_), Material::Member(_)) => {
                unreachable!("challenges are asked for, not made ready")
            }
            (_, Material::Nobody) => unreachable!("only floods of attestations are nobody's"),
        }
    }

    /// What only has to look like an attestation.
    fn attest_nobody(&self, number: u64, lie: Lie) -> Result<Ready, DialectError> {
        let mut saved = Saved::new();
        saved.insert(CHALLENGE_TEXT.to_owned(), self.unknown_challenge(number));
        let mut facts = facts_of(number, "load-nobody");
        facts.purpose = Purpose::Attest;
        let mut stream = self.seed.child("flood", number).stream();
        let mut key_id = [0; 32];
        stream.fill_bytes(&mut key_id);
        facts.key_id = Some(key_id.to_vec().into());
        let large = lie == Lie::OversizeAttestation;
        let object = if large { oversize() } else { garbage(&mut stream) };
        facts.attestation = Some(Field::Bytes(object));
        let operation = Operation::Attest;
        let wire = self.dialect.request(operation, &facts, &saved)?;
        Ok(Ready { operation, wire, facts, saved, member: None, counter: None })
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
        let operation = Operation::Attest;
        let wire = self.dialect.request(operation, &facts, &saved)?;
        Ok(Ready { operation, wire, facts, saved, member: Some(member), counter: None })
    }

    fn assert(
        &self,
        number: u64,
        lie: Option<Lie>,
        mut member: Box<Member>,
    ) -> Result<Ready, DialectError> {
        let mut saved = member.saved.clone();
        if lie == Some(Lie::AssertUnknownChallenge) {
            saved.insert(CHALLENGE_TEXT.to_owned(), self.unknown_challenge(number));
        }
        let mut facts = facts_of(number, &member.account);
        facts.purpose = Purpose::Assert;
        facts.key_id = Some(member.device.key_id().into());
        let client_data = self.dialect.client_data(&facts, &saved)?;
        let hash = Sha256::digest(&client_data);
        let mut counter = member.device.next_counter;
        let object = match lie {
            // A device counts what it made; what only an attacker made, it does not.
            None => self.fast().assert(&mut member.device, &hash),
            Some(lie) => {
                let mut model = member.device.assertion_model(&hash);
                self.tell(lie, &mut model, &member);
                counter = model.authenticator_data.counter;
                model.seal()
            }
        };
        facts.assertion = Some(Field::Bytes(object));
        facts.client_data = Some(client_data);
        let operation = Operation::Assert;
        let wire = self.dialect.request(operation, &facts, &saved)?;
        let counter = Some(counter);
        Ok(Ready { operation, wire, facts, saved, member: Some(member), counter })
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
            // Told by what the assertion is made for, or by sending it twice.
            Lie::AssertUnknownChallenge
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

/// Bytes by which a body is too large: sixty times a genuine attestation, and still little enough to
/// be sent hundreds of times a second.
const OVERSIZE: usize = 512 << 10;

/// A map of three as an attestation object begins, and then no CBOR: a length that never comes.
fn garbage(stream: &mut impl Rng) -> Vec<u8> {
    let mut bytes = b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xbb".to_vec();
    let mut rest = [0xff; 200];
    stream.fill_bytes(&mut rest[8..]);
    bytes.extend(rest);
    bytes
}

/// A whole attestation object in CBOR whose authenticator data is far too long.
fn oversize() -> Vec<u8> {
    let mut bytes = b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xa0\x68authData\x5a".to_vec();
    bytes.extend((OVERSIZE as u32).to_be_bytes());
    bytes.resize(bytes.len() + OVERSIZE, 0);
    bytes
}

/// What every request says of itself; requests go round the nodes in turn.
fn facts_of(number: u64, account: &str) -> Facts {
    let mut facts = Facts::new(account, format!("load-{number}"));
    facts.node = number as usize;
    facts
}

/// The lies that mean something to a target: without the challenge in its protected requests it
/// cannot know that one was never issued.
pub(super) fn meaningful_lies(dialect: &Dialect) -> Vec<Lie> {
    let client_data = |challenge: &str| {
        let saved = Saved::from([(CHALLENGE_TEXT.to_owned(), challenge.to_owned())]);
        dialect.client_data(&Facts::new("account", "0"), &saved).ok()
    };
    let bound = client_data("one") != client_data("another");
    let known = |lie: &Lie| bound || *lie != Lie::AssertUnknownChallenge;
    Lie::ALL.into_iter().filter(known).collect()
}
