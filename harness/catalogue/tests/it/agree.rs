//! Whoever looks, in whatever order and with whatever library, finds the same.
//!
//! Objects are edited by operators of the built-in cases, several at once, sealed again, and
//! sometimes damaged afterwards: what a verifier meets between honest and random.

use crate::flaws::settings;
use crate::paper::{authority, client_data, now, servers};
use catalogue::{Base, Case, Cast, Operator, Premises, builtin};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use protocol::flaw::Flaws;
use protocol::relying_party::Settings;
use protocol::terms::{KeyId, sha256};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Crypto, Finding, Outcome, Policy, ReceiptRequest,
    Rejection, TrustAnchor, Unverified, examine_assertion, examine_attestation, examine_receipt,
    verify_assertion, verify_attestation, verify_receipt,
};
use protocol::wire::AttestationObject;
use simulator::{Authority, Seed};
use std::collections::BTreeSet;
use std::sync::LazyLock;

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| authority(&Seed::from_text("agree")));
static SERVERS: LazyLock<Vec<Premises>> = LazyLock::new(servers);
static SETTINGS: LazyLock<Vec<Settings>> =
    LazyLock::new(|| SERVERS.iter().map(|one| settings(&AUTHORITY, one, Flaws::NONE)).collect());
/// Anchors of attestations and receipts that have met whatever came before.
static WARM: LazyLock<[TrustAnchor; 2]> =
    LazyLock::new(|| anchors(&AUTHORITY).map(TrustAnchor::remembering));

fn anchors(authority: &Authority) -> [TrustAnchor; 2] {
    [authority.root_der(), authority.receipt_root_der()]
        .map(|der| TrustAnchor::from_der(der).unwrap())
}

/// An honest exchange with edits of its last request.
#[derive(Debug, Clone)]
struct Edited {
    case: Case,
    server: usize,
    seed: u64,
    damage: Vec<(Index, u8)>,
}

/// The operators of the built-in cases' last steps that edit objects of this kind.
fn operators(of: &str) -> Vec<Operator> {
    let cases = builtin().unwrap();
    let last = cases.iter().filter_map(|case| case.steps.last());
    let steps = last.filter(|step| step.action.as_str() == of);
    // A key of a rare kind is found or made before the conversation; what lies around an object is
    // none of the verifier's business.
    let others = ["device.key.", "foreseen.", "wire.", "json.", "sent.", "clientdata."];
    let is_of_objects = |one: &&Operator| {
        let name = one.to_string();
        !others.iter().any(|prefix| name.starts_with(prefix))
    };
    steps.flat_map(|step| &step.operators).filter(is_of_objects).cloned().collect()
}

/// Leaves one wish for the look of each signature, as the reader of cases demands.
fn wish_once(operators: &mut Vec<Operator>) {
    let mut wished = BTreeSet::new();
    operators.retain(|operator| operator.wishes_for().is_none_or(|whose| wished.insert(whose)));
}

fn edited(kind: &'static str, action: &'static str) -> impl Strategy<Value = Edited> {
    let bases: Vec<Base> = Base::all().filter(|base| base.kind.as_str() == kind).collect();
    let known = operators(action);
    assert!(known.len() > 50, "{} operators for {kind}", known.len());
    (
        select(bases),
        prop::collection::vec(select(known), 0..4),
        0..SERVERS.len(),
        any::<u64>(),
        prop_oneof![
            2 => Just(Vec::new()),
            1 => prop::collection::vec((any::<Index>(), 1..=u8::MAX), 1..3),
        ],
    )
        .prop_map(|(base, mut operators, server, seed, damage)| {
            wish_once(&mut operators);
            let mut case = Case::twin(base);
            case.steps.last_mut().unwrap().operators = operators;
            Edited { case, server, seed, damage }
        })
}

impl Edited {
    fn cast<'a>(&self, authority: &'a Authority) -> Cast<'a> {
        let seed = Seed::from_text("agree").child("case", self.seed);
        Cast::new(&self.case, &seed, &SERVERS[self.server], authority)
    }

    /// Key id, object and client data hash.
    fn attestation(&self, authority: &Authority) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut cast = self.cast(authority);
        let step = self.case.steps.last().unwrap();
        let hash = cast.hash(step, sha256(&[b"challenge"]).to_vec(), "challenge", None);
        let made = cast.attestation(step, &hash, now());
        (made.key_id.bytes().to_vec(), self.damaged(made.attestation.bytes()), hash)
    }

    /// Public key, object and client data hash.
    fn assertion(&self, authority: &Authority) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let mut cast = self.cast(authority);
        let step = self.case.steps.last().unwrap();
        let made = cast.assertion(step, &client_data("challenge"), "challenge", now()).unwrap();
        let hash = sha256(&[&made.client_data]).to_vec();
        (made.truth.public_key, self.damaged(made.assertion.bytes()), hash)
    }

    fn damaged(&self, object: &[u8]) -> Vec<u8> {
        let mut object = object.to_vec();
        for (at, bits) in self.damage.iter().filter(|_| !object.is_empty()).collect::<Vec<_>>() {
            let at = at.index(object.len());
            object[at] ^= bits;
        }
        object
    }
}

/// A verifier that stops at the first broken rule says what one that collects them says first, and
/// all libraries find what the first one found.
fn agree<T>(
    policy: &Policy,
    verify: impl Fn(&Policy) -> Result<T, Unverified>,
    examine: impl Fn(&Policy, bool) -> Vec<Finding>,
) -> Result<(), TestCaseError> {
    let expected = examine(policy, false);
    for crypto in Crypto::ALL {
        let policy = Policy { crypto, ..policy.clone() };
        for warm in [false, true] {
            prop_assert_eq!(&examine(&policy, warm), &expected, "{} {}", crypto, warm);
        }
        let first = expected.iter().find_map(|finding| match &finding.outcome {
            Outcome::Broken(detail) => {
                Some(Rejection { rule: finding.rule, detail: detail.clone() })
            }
            Outcome::Held | Outcome::NotReached(_) => None,
        });
        prop_assert_eq!(verify(&policy).err(), first.map(Unverified::Broken), "{}", crypto);
    }
    Ok(())
}

proptest! {
    #[test]
    fn verifier_oracle_and_libraries_agree_about_edited_attestations(
        edited in edited("attestation", "attest"),
    ) {
        let (key_id, object, hash) = edited.attestation(&AUTHORITY);
        let Settings { policy, .. } = &SETTINGS[edited.server];
        let cold = anchors(&AUTHORITY);
        let anchor = |warm: bool| if warm { &*WARM } else { &cold };
        // Another length is no key id, and is refused before anybody verifies.
        let Ok(key_id) = key_id.try_into().map(KeyId) else { return Ok(()) };
        let request = AttestationRequest { object: &object, key_id, client_data_hash: &hash };
        agree(
            policy,
            |policy| verify_attestation(&request, &cold[0], policy, now(), &Flaws::NONE),
            |policy, warm| examine_attestation(&request, &anchor(warm)[0], policy, now()),
        )?;
        let receipt = AttestationObject::decode(&object).ok().and_then(|read| read.receipt);
        let Some(receipt) = receipt else { return Ok(()) };
        let request =
            ReceiptRequest { receipt, public_key: None, client_data_hash: Some(&hash) };
        agree(
            policy,
            |policy| verify_receipt(&request, &cold[1], policy, now(), &Flaws::NONE),
            |policy, warm| examine_receipt(&request, &anchor(warm)[1], policy, now()),
        )?;
    }

    #[test]
    fn verifier_oracle_and_libraries_agree_about_edited_assertions(
        edited in edited("assertion", "assert"),
        stored_counter in 0..3u32,
    ) {
        let (public_key, object, hash) = edited.assertion(&AUTHORITY);
        let Settings { policy, .. } = &SETTINGS[edited.server];
        let request = AssertionRequest {
            assertion: &object,
            client_data_hash: &hash,
            public_key: &public_key,
            stored_counter,
        };
        agree(
            policy,
            |policy| verify_assertion(&request, policy, &Flaws::NONE),
            |policy, _| examine_assertion(&request, policy),
        )?;
    }

    /// Whatever the seed and the edits; and the seed is what makes the difference.
    #[test]
    fn the_same_seed_makes_the_same_edited_objects(
        attestation in edited("attestation", "attest"),
        assertion in edited("assertion", "assert"),
        seed: u64,
    ) {
        let make = |seed: u64| {
            let authority = authority(&Seed::from_text("same").child("authority", seed));
            let first = Edited { seed, ..attestation.clone() }.attestation(&authority);
            let second = Edited { seed, ..assertion.clone() }.assertion(&authority);
            (authority.root_der().to_vec(), first, second)
        };
        let made = make(seed);
        prop_assert_eq!(&make(seed), &made);
        let other = make(seed.wrapping_add(1));
        prop_assert_ne!(&other.0, &made.0, "the root");
        prop_assert_ne!(other.2.0, made.2.0, "the device's key");
    }
}
