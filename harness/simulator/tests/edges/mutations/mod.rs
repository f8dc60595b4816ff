//! Whatever is changed about an honest object by somebody without a key, it is refused, or it is
//! the same statement and the difference is one of those that [`equivalence`] admits.

mod admitted;
mod edit;
mod equivalence;
mod tree;

use crate::{app_id, now};
use edit::{apply, edits};
use equivalence::{Differences, of_assertions, of_attestations};
use proptest::prelude::*;
use proptest::sample::select;
use protocol::flaw::Flaws;
use protocol::terms::{Environment, sha256};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Policy, ReceiptRequest, TrustAnchor, Unverified,
    VerifiedAssertion, VerifiedAttestation, VerifiedReceipt, verify_assertion, verify_attestation,
    verify_receipt,
};
use simulator::{Authority, Device, Generation, Seed};
use std::sync::LazyLock;
use tree::Node;

/// What one device made, and what else somebody could splice into it.
struct Bench {
    policy: Policy,
    anchor: TrustAnchor,
    receipt_anchor: TrustAnchor,
    device: Device,
    /// For the challenge that the server asks about.
    attestation: Vec<u8>,
    /// For the request that the server received.
    assertion: Vec<u8>,
    /// Honest too, of the same device for another challenge, and of another device for the same.
    other_attestations: Vec<Vec<u8>>,
    other_assertions: Vec<Vec<u8>>,
}

const CHALLENGE: &[u8] = b"challenge";
const REQUEST: &[u8] = b"request";

impl Bench {
    fn new(generation: Generation) -> Self {
        let seed = Seed::from_text("mutations");
        let authority = Authority::new(&seed, now());
        let make = |seed: &Seed| Device::new(seed, generation, app_id(), Environment::Production);
        let (mut device, mut other) = (make(&seed), make(&seed.child("another", 0)));
        let hash = |text: &[u8]| sha256(&[text]);
        let assertion = device.assert(&hash(REQUEST));
        Self {
            policy: Policy::new(app_id(), Environment::Production),
            anchor: TrustAnchor::from_der(authority.root_der()).unwrap(),
            receipt_anchor: TrustAnchor::from_der(authority.receipt_root_der()).unwrap(),
            attestation: device.attest(&authority, &hash(CHALLENGE), now()),
            other_attestations: vec![
                device.attest(&authority, &hash(b"another challenge"), now()),
                other.attest(&authority, &hash(CHALLENGE), now()),
            ],
            other_assertions: vec![device.assert(&hash(b"another")), other.assert(&hash(REQUEST))],
            assertion,
            device,
        }
    }

    /// As a relying party does: the attestation, then the receipt in it.
    fn enrol(&self, object: &[u8]) -> Result<(VerifiedAttestation, VerifiedReceipt), Unverified> {
        let hash = sha256(&[CHALLENGE]);
        let request =
            AttestationRequest { object, key_id: self.device.key_id(), client_data_hash: &hash };
        let verified =
            verify_attestation(&request, &self.anchor, &self.policy, now(), &Flaws::NONE)?;
        let request = ReceiptRequest {
            receipt: verified.receipt.as_deref().unwrap_or_default(),
            public_key: verified.public_key.as_ref().map(|key| &key[..]),
            client_data_hash: Some(&hash),
        };
        let receipt =
            verify_receipt(&request, &self.receipt_anchor, &self.policy, now(), &Flaws::NONE)?;
        // The receipt's bytes are compared as a receipt; the rest must be the same to the letter.
        Ok((VerifiedAttestation { receipt: None, ..verified }, receipt))
    }

    fn request(&self, assertion: &[u8]) -> Result<VerifiedAssertion, Unverified> {
        let request = AssertionRequest {
            assertion,
            client_data_hash: &sha256(&[REQUEST]),
            public_key: &self.device.public_key(),
            stored_counter: 0,
        };
        verify_assertion(&request, &self.policy, &Flaws::NONE)
    }

    /// What is admitted of an attestation; `None` if it is refused.
    fn attestation_differences(&self, object: &[u8]) -> Option<Differences> {
        let accepted = self.enrol(object).ok()?;
        let honest = self.enrol(&self.attestation).expect("it is honest");
        if accepted != honest {
            return Some(Err(format!("{accepted:?} instead of {honest:?}")));
        }
        Some(of_attestations(&self.attestation, object, self.anchor.der()))
    }

    /// What is admitted of an assertion; `None` if it is refused.
    fn assertion_differences(&self, object: &[u8]) -> Option<Differences> {
        let accepted = self.request(object).ok()?;
        let honest = self.request(&self.assertion).expect("it is honest");
        if accepted != honest {
            return Some(Err(format!("{accepted:?} instead of {honest:?}")));
        }
        Some(of_assertions(&self.assertion, object))
    }
}

static BENCHES: LazyLock<Vec<Bench>> =
    LazyLock::new(|| Generation::ALL.into_iter().map(Bench::new).collect());

fn bench() -> impl Strategy<Value = &'static Bench> {
    (0..Generation::ALL.len()).prop_map(|index| &BENCHES[index])
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a device of {}", self.device.generation())
    }
}

#[test]
fn an_object_taken_apart_and_put_together_is_the_same() {
    for bench in &*BENCHES {
        for object in [&bench.attestation, &bench.assertion] {
            assert_eq!(Node::of_object(object).encode(), *object, "{bench:?}");
        }
        // Down to the arcs of names, the extensions' values and the fields of the receipt.
        assert!(Node::of_object(&bench.attestation).count() > 300, "{bench:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3 * ProptestConfig::default().cases))]

    #[test]
    fn a_mutated_attestation_is_refused_or_equivalent(
        bench in bench(),
        other in select(vec![0, 1]),
        edits in edits(),
    ) {
        let object = apply(&edits, &bench.attestation, &bench.other_attestations[other]);
        if let Some(Err(why)) = bench.attestation_differences(&object) {
            return Err(TestCaseError::fail(format!("accepted: {why}: {}", hex::encode(&object))));
        }
    }

    #[test]
    fn a_mutated_assertion_is_refused_or_equivalent(
        bench in bench(),
        other in select(vec![0, 1]),
        edits in edits(),
    ) {
        let object = apply(&edits, &bench.assertion, &bench.other_assertions[other]);
        if let Some(Err(why)) = bench.assertion_differences(&object) {
            return Err(TestCaseError::fail(format!("accepted: {why}: {}", hex::encode(&object))));
        }
    }
}
