//! An anchor that remembers finds what one finds that never met anything.

use crate::{app_id, now};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use protocol::terms::{Environment, KeyId, sha256};
use protocol::verify::{
    AttestationRequest, Crypto, Finding, Outcome, Policy, ReceiptRequest, Rule, TrustAnchor,
    examine_attestation, examine_receipt,
};
use protocol::wire::{AttestationObject, Certificate};
use simulator::key::Key;
use simulator::{Authority, Device, Generation, Seed};
use std::sync::LazyLock;

/// More intermediates than an anchor remembers.
const INTERMEDIATES: u64 = 24;

struct Bench {
    authority: Authority,
    key_id: KeyId,
    /// Of one device, each by an intermediate of its own under the one root.
    objects: Vec<Vec<u8>>,
}

static BENCH: LazyLock<Bench> = LazyLock::new(|| {
    let seed = Seed::from_text("remembering");
    let authority = Authority::new(&seed, now());
    let device = Device::new(&seed, Generation::Ios27, app_id(), Environment::Production);
    let objects = (0..INTERMEDIATES).map(|number| {
        let mut model = device.attestation_model(&authority, &sha256(&[b"challenge"]), now());
        // Every other one shares its key with the one before, as a certificate that was renewed.
        let key = Key::p384(&seed.child("intermediate", number / 2));
        model.chain[0].certify(&key);
        model.chain[0].serial = vec![1, number as u8];
        model.leaf.signature.key = key;
        model.seal()
    });
    Bench { objects: objects.collect(), key_id: device.key_id(), authority }
});

/// What is done to an object before it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Damage {
    None,
    /// A bit of the leaf's signature.
    Leaf,
    /// A bit of the intermediate's signature.
    Intermediate,
    /// The intermediate of the object after it.
    Exchanged,
}

#[derive(Debug, Clone)]
struct Shown {
    which: usize,
    damage: Damage,
    crypto: Crypto,
    now: Timestamp,
}

fn shown() -> impl Strategy<Value = Shown> {
    use Damage::{Exchanged, Intermediate, Leaf, None};
    let years = |years: i64| now() + SignedDuration::from_hours(24 * 365 * years);
    (
        0..INTERMEDIATES as usize,
        select(vec![None, None, Leaf, Intermediate, Exchanged]),
        select(Crypto::ALL.to_vec()),
        select(vec![now(), now(), now(), years(20), years(-20)]),
    )
        .prop_map(|(which, damage, crypto, now)| Shown { which, damage, crypto, now })
}

fn object(which: usize, damage: Damage) -> Vec<u8> {
    let objects = &BENCH.objects;
    let mut object = objects[which].clone();
    let read = AttestationObject::decode(&objects[which]).unwrap();
    let end = |part: &[u8]| part.as_ptr() as usize - objects[which].as_ptr() as usize + part.len();
    match damage {
        Damage::None => {}
        Damage::Leaf => {
            let leaf = Certificate::decode(read.certificates[0]).unwrap();
            object[end(leaf.signature) - 1] ^= 1;
        }
        Damage::Intermediate => object[end(read.certificates[1]) - 1] ^= 1,
        Damage::Exchanged => {
            let next = &objects[(which + 1) % objects.len()];
            let next = AttestationObject::decode(next).unwrap().certificates[1];
            let (at, length) = (end(read.certificates[1]), read.certificates[1].len());
            // Lengths of signatures differ by a byte or two, and so does the head before them.
            let head = 3;
            let length_of = |length: usize| [&[0x59][..], &(length as u16).to_be_bytes()].concat();
            object.splice(at - length - head..at, [length_of(next.len()), next.to_vec()].concat());
        }
    }
    object
}

fn examine(shown: &Shown, crypto: Crypto, anchors: &[TrustAnchor; 2]) -> Vec<Finding> {
    let object = object(shown.which, shown.damage);
    let hash = sha256(&[b"challenge"]);
    let policy = Policy { crypto, ..Policy::new(app_id(), Environment::Production) };
    let request =
        AttestationRequest { object: &object, key_id: BENCH.key_id, client_data_hash: &hash };
    let mut findings = examine_attestation(&request, &anchors[0], &policy, shown.now);
    let read = AttestationObject::decode(&object).unwrap();
    let request = ReceiptRequest {
        receipt: read.receipt.unwrap(),
        public_key: None,
        client_data_hash: Some(&hash),
    };
    findings.extend(examine_receipt(&request, &anchors[1], &policy, shown.now));
    findings
}

fn anchors() -> [TrustAnchor; 2] {
    let Bench { authority, .. } = &*BENCH;
    [authority.root_der(), authority.receipt_root_der()]
        .map(|der| TrustAnchor::from_der(der).unwrap())
}

fn breaks(findings: &[Finding], rule: Rule) -> bool {
    findings.iter().any(|one| one.rule == rule && matches!(one.outcome, Outcome::Broken(_)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 16))]

    /// Whatever was met before, however much, with whatever library, damaged or out of date.
    #[test]
    fn what_was_met_before_changes_no_finding(met in prop::collection::vec(shown(), 1..40)) {
        let cold = anchors();
        let warm = anchors().map(TrustAnchor::remembering);
        for shown in &met {
            let expected = examine(shown, Crypto::AwsLcRs, &cold);
            prop_assert_eq!(&examine(shown, shown.crypto, &warm), &expected, "{:?}", shown);
            prop_assert_eq!(&examine(shown, Crypto::RustCrypto, &cold), &expected, "{:?}", shown);
            // The bench tells what it says it tells.
            let late = shown.now != now();
            prop_assert_eq!(breaks(&expected, Rule::ChainValidity), late);
            let leaf = shown.damage == Damage::Leaf
                || (shown.damage == Damage::Exchanged && shown.which % 2 == 1);
            prop_assert_eq!(breaks(&expected, Rule::ChainSignatures), leaf);
            let intermediate = shown.damage == Damage::Intermediate;
            prop_assert_eq!(breaks(&expected, Rule::ChainTrustAnchor), intermediate);
        }
    }
}

/// Each is met, then all others until it is forgotten, then again.
#[test]
fn an_intermediate_that_was_forgotten_is_checked_again() {
    let (cold, warm) = (anchors(), anchors().map(TrustAnchor::remembering));
    for round in 0..3 {
        for which in 0..INTERMEDIATES as usize {
            for damage in [Damage::None, Damage::Intermediate] {
                let shown = Shown { which, damage, crypto: Crypto::Tables, now: now() };
                let expected = examine(&shown, Crypto::AwsLcRs, &cold);
                assert_eq!(examine(&shown, Crypto::Tables, &warm), expected, "{round} {shown:?}");
                let broken = breaks(&expected, Rule::ChainTrustAnchor);
                assert_eq!(broken, damage == Damage::Intermediate, "{round} {shown:?}");
            }
        }
    }
}
