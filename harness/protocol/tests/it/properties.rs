//! What holds for any bytes.

use crate::guide::Sample;
use crate::hostile::every_decoder;
use proptest::prelude::*;
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Finding, Outcome, Policy, ReceiptRequest, Rejection,
    TrustAnchor, Unverified, examine_assertion, examine_attestation, examine_receipt,
    verify_assertion, verify_attestation, verify_receipt,
};
use protocol::wire::AttestationObject;

/// `verify` refuses with the first rule that `examine` finds broken, in the same words, or accepts if there is none.
fn agree<T>(verified: Result<T, Unverified>, findings: &[Finding]) -> Result<(), TestCaseError> {
    let first = findings.iter().find_map(|finding| match &finding.outcome {
        Outcome::Broken(detail) => Some(Rejection { rule: finding.rule, detail: detail.clone() }),
        Outcome::Held | Outcome::NotReached(_) => None,
    });
    prop_assert_eq!(verified.err(), first.map(Unverified::Broken));
    Ok(())
}

/// Arbitrary bytes, and bytes that begin like what a decoder expects.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let openings = prop::sample::select(vec![
        &b""[..],
        b"\xa3\x63fmt\x6fapple-appattest\x67attStmt\xa2\x63x5c\x82",
        b"\xa2\x69signature\x58",
        b"\x30\x82\x01\x00\x30\x80",
        b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01",
    ]);
    (openings, prop::collection::vec(any::<u8>(), 0..300))
        .prop_map(|(opening, rest)| [opening, &rest].concat())
}

/// A published sample with some bytes overwritten, inserted or removed.
fn damaged() -> impl Strategy<Value = (usize, Vec<u8>)> {
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3, any::<u8>()), 0..4);
    (0..2usize, edits).prop_map(|(which, edits)| {
        let mut bytes = Sample::all()[which].object.clone();
        for (at, kind, value) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ => {
                    bytes.remove(at);
                }
            }
        }
        (which, bytes)
    })
}

proptest! {
    #[test]
    fn no_decoder_panics_and_every_offset_lies_within(bytes in bytes()) {
        for malformed in every_decoder(&bytes) {
            prop_assert!(malformed.at <= bytes.len(), "{}", malformed);
            prop_assert!(malformed.what.len() < 300, "{}", malformed);
        }
    }

    #[test]
    fn examine_and_verify_agree_about_any_bytes(bytes in bytes(), counter: u32) {
        let policy = Policy::new(AppId::parse("A.b").unwrap(), Environment::Production);
        let sample = &Sample::all()[0];
        let request = AssertionRequest {
            assertion: &bytes,
            client_data_hash: &bytes,
            public_key: &bytes,
            stored_counter: counter,
        };
        agree(verify_assertion(&request, &policy, &Flaws::NONE), &examine_assertion(&request, &policy))?;
        let request = ReceiptRequest { receipt: &bytes, public_key: None, client_data_hash: None };
        let root = TrustAnchor::apple_root_g3();
        agree(
            verify_receipt(&request, &root, &policy, sample.now, &Flaws::NONE),
            &examine_receipt(&request, &root, &policy, sample.now),
        )?;
        prop_assert_eq!(TrustAnchor::from_der(&bytes).is_ok(), false);
        let _ = TrustAnchor::from_pem(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn examine_and_verify_agree_about_a_damaged_object((which, bytes) in damaged()) {
        let sample = &Sample::all()[which];
        let request = AttestationRequest { object: &bytes, ..sample.request() };
        let anchor = TrustAnchor::apple_app_attestation();
        agree(
            verify_attestation(&request, &anchor, &sample.policy, sample.now, &Flaws::NONE),
            &examine_attestation(&request, &anchor, &sample.policy, sample.now),
        )?;
        if let Ok(AttestationObject { receipt: Some(receipt), .. }) = AttestationObject::decode(&bytes) {
            let request = ReceiptRequest { receipt, public_key: None, client_data_hash: None };
            let root = TrustAnchor::apple_root_g3();
            agree(
                verify_receipt(&request, &root, &sample.policy, sample.now, &Flaws::NONE),
                &examine_receipt(&request, &root, &sample.policy, sample.now),
            )?;
        }
    }

    #[test]
    fn what_is_accepted_stays_accepted_when_rules_are_left_out((which, bytes) in damaged(), left_out in prop::collection::vec(prop::sample::select(protocol::verify::Rule::ALL), 0..5)) {
        let sample = &Sample::all()[which];
        let request = AttestationRequest { object: &bytes, ..sample.request() };
        let anchor = TrustAnchor::apple_app_attestation();
        let findings = examine_attestation(&request, &anchor, &sample.policy, sample.now);
        let kept: Vec<_> = findings.into_iter().filter(|finding| !left_out.contains(&finding.rule)).collect();
        let flaws = Flaws::dropping(left_out);
        agree(verify_attestation(&request, &anchor, &sample.policy, sample.now, &flaws), &kept)?;
    }
}
