//! Whoever checks signatures, and whatever is remembered, the findings are the same.

use crate::fixtures::{Attestation, attestations};
use crate::forge::{Forgery, broken};
use crate::guide::Sample;
use jiff::SignedDuration;
use protocol::flaw::Flaws;
use protocol::verify::{
    AttestationRequest, Crypto, Finding, Policy, Rule, RuleSet, TrustAnchor, examine_attestation,
    verify_attestation,
};
use protocol::wire::{AttestationObject, Certificate};

/// Leaves after which a key has its table, and some.
const ENOUGH: usize = 300;

fn examine(
    genuine: &Attestation,
    object: &[u8],
    anchor: &TrustAnchor,
    crypto: Crypto,
) -> Vec<Finding> {
    let Attestation { key_id, client_data_hash, policy, now, .. } = genuine;
    let request = AttestationRequest { object, key_id: *key_id, client_data_hash };
    let policy = Policy { crypto, ..policy.clone() };
    examine_attestation(&request, anchor, &policy, *now)
}

/// Every genuine object at hand: the published samples, and the fixtures if there are any.
fn genuine() -> Vec<(String, Attestation)> {
    let samples = Sample::all().into_iter().map(|sample| {
        let Sample { policy, key_id, client_data_hash, now, object } = sample;
        (
            "a published sample".to_owned(),
            Attestation { object, key_id, client_data_hash, policy, now },
        )
    });
    samples.chain(attestations()).collect()
}

#[test]
fn back_ends_and_memories_find_the_same_in_genuine_and_in_damaged_objects() {
    let objects = genuine();
    let cold = TrustAnchor::apple_app_attestation();
    let warm = TrustAnchor::apple_app_attestation().remembering();
    let (_, first) = &objects[0];
    for _ in 0..ENOUGH {
        examine(first, &first.object, &warm, Crypto::Tables);
    }
    for (name, genuine) in &objects {
        let read = AttestationObject::decode(&genuine.object).unwrap();
        let leaf = Certificate::decode(read.certificates[0]).unwrap();
        let place = |part: &[u8]| part.as_ptr() as usize - genuine.object.as_ptr() as usize;
        let last = |part: &[u8]| place(part) + part.len() - 1;
        // Nothing, a bit of the proof, a bit of what is signed, a bit of the intermediate's proof.
        let damaged = [
            None,
            Some(last(leaf.signature)),
            Some(last(leaf.tbs)),
            Some(last(read.certificates[1])),
        ];
        for at in damaged {
            let mut object = genuine.object.clone();
            if let Some(at) = at {
                object[at] ^= 1;
            }
            let expected = examine(genuine, &object, &cold, Crypto::AwsLcRs);
            assert_eq!(broken(&expected) == RuleSet::NONE, at.is_none(), "{name} {at:?}");
            for crypto in Crypto::ALL {
                for anchor in [&cold, &warm] {
                    let found = examine(genuine, &object, anchor, crypto);
                    assert_eq!(found, expected, "{name} {at:?} {crypto}");
                }
            }
        }
    }
    println!("{} objects, each whole and damaged in three places", objects.len());
}

#[test]
fn a_table_refuses_a_leaf_with_any_byte_of_its_signature_changed() {
    let [_, sample] = Sample::all();
    let anchor = TrustAnchor::apple_app_attestation().remembering();
    let policy = Policy { crypto: Crypto::Tables, ..sample.policy.clone() };
    let verify = |object: &[u8]| {
        let request = AttestationRequest { object, ..sample.request() };
        verify_attestation(&request, &anchor, &policy, sample.now, &Flaws::NONE)
    };
    for _ in 0..ENOUGH {
        verify(&sample.object).unwrap();
    }
    let read = AttestationObject::decode(&sample.object).unwrap();
    let leaf = Certificate::decode(read.certificates[0]).unwrap();
    let start = leaf.signature.as_ptr() as usize - sample.object.as_ptr() as usize;
    let mut object = sample.object.clone();
    for at in start..start + leaf.signature.len() {
        object[at] ^= 1;
        assert_eq!(verify(&object).unwrap_err().rule(), Some(Rule::ChainSignatures), "byte {at}");
        object[at] ^= 1;
    }
}

#[test]
fn a_remembered_intermediate_is_still_refused_when_its_time_is_over() {
    let forgery = Forgery::new();
    let (object, anchor) =
        (forgery.object(&forgery.certificates()), forgery.anchor().remembering());
    let request = AttestationRequest { object: &object, ..forgery.sample.request() };
    let at = |now| broken(&examine_attestation(&request, &anchor, &forgery.sample.policy, now));
    assert_eq!(at(forgery.sample.now), RuleSet::NONE);
    let later = forgery.sample.now + SignedDuration::from_hours(24 * 365 * 20);
    assert_eq!(at(later), [Rule::ChainValidity].into_iter().collect());
}

#[test]
fn what_one_anchor_remembers_another_does_not_believe() {
    let forgery = Forgery::new();
    let object = forgery.object(&forgery.certificates());
    let (own, apple) =
        (forgery.anchor().remembering(), TrustAnchor::apple_app_attestation().remembering());
    for _ in 0..2 {
        assert_eq!(broken(&forgery.examine_object(&object, &own)), RuleSet::NONE);
        // Both roots have one name, so the signature alone tells them apart.
        let found = broken(&forgery.examine_object(&object, &apple));
        assert_eq!(found, [Rule::ChainTrustAnchor].into_iter().collect());
    }
}

#[test]
fn an_intermediate_that_differs_from_the_remembered_one_by_a_bit_is_refused() {
    let forgery = Forgery::new();
    let anchor = forgery.anchor().remembering();
    let genuine = forgery.certificates();
    assert_eq!(broken(&forgery.examine_object(&forgery.object(&genuine), &anchor)), RuleSet::NONE);
    let mut other = genuine.clone();
    *other[1].last_mut().unwrap() ^= 1;
    let found = broken(&forgery.examine_object(&forgery.object(&other), &anchor));
    assert_eq!(found, [Rule::ChainTrustAnchor].into_iter().collect());
    // Its own key signed the leaf, so nothing else is wrong, also after it was met before.
    assert_eq!(broken(&forgery.examine_object(&forgery.object(&other), &anchor)), found);
}
