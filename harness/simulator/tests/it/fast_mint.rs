//! The fast mint beside the ordinary one: the same bytes but for signatures, which are valid.

use crate::{
    facts::{Known, broken_in_assertion, broken_in_attestation},
    honest::{ENVIRONMENTS, app_id, now},
    template::Cbor,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use protocol::terms::{AppId, Environment, sha256};
use simulator::{
    AssertionModel, AttestationModel, Authority, Derived, Device, FastMint, Generation, Seed,
    signature::SignatureModel,
};
use std::collections::HashSet;

/// The contents of both INTEGERs of a signature, wherever it begins in the bytes.
fn numbers(signature: &[u8]) -> (Vec<u8>, Vec<u8>) {
    assert_eq!((signature[0], usize::from(signature[1])), (0x30, signature.len() - 2));
    let r = usize::from(signature[3]);
    let (r, rest) = signature[4..].split_at(r);
    (r.to_vec(), rest[2..].to_vec())
}

fn pin(model: &mut SignatureModel, signature: &[u8]) {
    let (r, s) = numbers(signature);
    (model.r, model.s) = (Derived::Fixed(r), Derived::Fixed(s));
}

/// The signature at the end of the bytes, which `after` more follow.
fn last_signature(bytes: &[u8], after: usize) -> &[u8] {
    let bytes = &bytes[..bytes.len() - after];
    let longest = bytes.len().saturating_sub(110);
    let start = (longest..bytes.len()).find(|at| {
        let [0x30, length, 2, r, ..] = bytes[*at..] else { return false };
        let s = bytes.get(at + 4 + usize::from(r)..);
        at + 2 + usize::from(length) == bytes.len()
            && matches!(s, Some([2, s, rest @ ..]) if usize::from(*s) == rest.len())
    });
    &bytes[start.expect("it ends with a signature")..]
}

struct Signatures {
    leaf: Vec<u8>,
    receipt: Vec<u8>,
}

/// Writes the signatures of a fast attestation into an ordinary model, and gives what it seals.
fn resealed(mut model: AttestationModel, object: &[u8]) -> (Vec<u8>, Signatures) {
    let read = Cbor::read(object).unwrap();
    let statement = read.get("attStmt").unwrap();
    let leaf = statement.get("x5c").unwrap().element(0).unwrap().bytes().unwrap();
    let receipt = statement.get("receipt").unwrap().bytes().unwrap();
    let signatures = Signatures {
        leaf: last_signature(leaf, 0).to_vec(),
        receipt: last_signature(receipt, 6).to_vec(),
    };
    pin(&mut model.leaf.signature, &signatures.leaf);
    pin(&mut model.receipt.signers[0].signature, &signatures.receipt);
    (model.seal(), signatures)
}

fn signature_of_assertion(object: &[u8]) -> Vec<u8> {
    Cbor::read(object).unwrap().get("signature").unwrap().bytes().unwrap().to_vec()
}

fn resealed_assertion(mut model: AssertionModel, object: &[u8]) -> Vec<u8> {
    pin(&mut model.signature, &signature_of_assertion(object));
    model.seal()
}

#[test]
fn objects_are_valid_and_those_of_the_models_in_each_generation_and_environment() {
    let seed = Seed::from_text("fast mint");
    let authority = Authority::new(&seed, now()).opened();
    let mut mint = FastMint::new(&authority, &seed, 0);
    let keys: Vec<_> = simulator::key::candidates(&seed).take(4).collect();
    for generation in Generation::ALL {
        for environment in ENVIRONMENTS {
            for (number, key) in keys.iter().enumerate() {
                let app_id = app_id();
                let seed = seed.child("device", number as u64);
                let key = key.clone().into_walked();
                let mut device =
                    Device::with_key(&seed, key, generation, app_id.clone(), environment);
                let hash = sha256(&[b"challenge", &[number as u8]]);
                let later =
                    now() + SignedDuration::from_millis(i64::from(number as u32) * 100_000_001);
                let object = mint.attest(&device, &hash, later);
                let model = device.attestation_model(&authority, &hash, later);
                let who = format!("{generation} {environment:?} {number}");
                assert!(resealed(model, &object).0 == object, "{who}");
                let known = Known {
                    authority: &authority,
                    app_id: &app_id,
                    environment,
                    key_id: device.key_id(),
                    client_data_hash: &hash,
                };
                let broken = broken_in_attestation(&object, &known);
                assert!(broken.is_empty(), "{who}: {broken:?}");
                for counter in 1..=3 {
                    let hash = sha256(&[b"request", &[counter]]);
                    let model = device.assertion_model(&hash);
                    let object = mint.assert(&mut device, &hash);
                    assert!(resealed_assertion(model, &object) == object, "{who}");
                    let key = device.public_key();
                    let broken = broken_in_assertion(&object, &app_id, &key, &hash, counter.into());
                    assert!(broken.is_empty(), "{who} {counter}: {broken:?}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever a device says and whenever: lengths follow, and nothing is left of the one before.
    #[test]
    fn objects_are_those_of_the_models_whatever_they_say(
        seed: u64,
        hash in proptest::collection::vec(any::<u8>(), 0..64),
        bundle_version in ".{0,300}",
        category: u32,
        bundle in "[a-z]{1,9}(\\.[a-z]{1,90}){1,2}",
        counter: u32,
        milliseconds in 1_609_459_200_000i64..2_200_000_000_000,
        generation in proptest::sample::select(Generation::ALL.to_vec()),
    ) {
        let seed = Seed::from_text("any").child("case", seed);
        let at = Timestamp::from_millisecond(milliseconds).unwrap();
        let authority = Authority::new(&seed, at).opened();
        let mut mint = FastMint::new(&authority, &seed, 7);
        let app_id = AppId::parse(&format!("ABCDE12345.{bundle}")).unwrap();
        let mut device = Device::new(&seed, generation, app_id, Environment::Production);
        for change in 0..3 {
            match change {
                0 => {}
                1 => device.bundle_version = Some(bundle_version.clone()),
                _ => device.validation_category = Some(category),
            }
            device.next_counter = counter;
            let object = mint.attest(&device, &hash, at);
            let model = device.attestation_model(&authority, &hash, at);
            prop_assert!(resealed(model, &object).0 == object, "attestation after change {}", change);
            let object = mint.assertion(&device, &hash);
            let model = device.assertion_model(&hash);
            prop_assert!(resealed_assertion(model, &object) == object, "assertion after change {}", change);
        }
    }
}

/// Two signatures of one nonce share `r`, or its negative if `s` was turned; ours never turns it.
#[test]
fn no_nonce_is_used_twice_under_one_key_in_any_lane() {
    let seed = Seed::from_text("nonces");
    let authority = Authority::new(&seed, now()).opened();
    let environment = Environment::Production;
    let mut device = Device::new(&seed, Generation::Ios26, app_id(), environment);
    let mut by_key = [HashSet::new(), HashSet::new(), HashSet::new()];
    let mut meet = |key: usize, signature: &[u8]| {
        assert!(by_key[key].insert(numbers(signature).0), "key {key} met a nonce again");
    };
    for lane in [0, 1, u32::MAX] {
        let mut mint = FastMint::new(&authority, &seed, lane);
        for number in 0..600u32 {
            // The same object again and again: its nonce must be another all the same.
            let object = mint.attest(&device, &[1; 32], now());
            let model = device.attestation_model(&authority, &[1; 32], now());
            let (_, signatures) = resealed(model, &object);
            meet(0, &signatures.leaf);
            meet(1, &signatures.receipt);
            device.next_counter = number % 2;
            meet(2, &signature_of_assertion(&mint.assertion(&device, &[1; 32])));
        }
    }
    assert_eq!(by_key.map(|met| met.len()), [1800; 3]);
}

#[test]
fn same_seed_lane_and_calls_give_the_same_bytes_and_another_lane_others() {
    let seed = Seed::from_text("same");
    let authority = Authority::new(&seed, now()).opened();
    let device = Device::new(&seed, Generation::Ios27, app_id(), Environment::Production);
    let made = |seed: &Seed, lane| {
        let mut mint = FastMint::new(&authority, seed, lane);
        let attestations = (0..300).map(|_| mint.attest(&device, &[1; 32], now()));
        let attestations: Vec<_> = attestations.collect();
        (attestations, mint.assertion(&device, &[2; 32]))
    };
    let one = made(&seed, 0);
    assert!(one == made(&seed, 0));
    assert!(one.0[0] != made(&seed, 1).0[0]);
    assert!(one.1 != made(&Seed::from_text("another"), 0).1);
}

/// Neighbouring nonces would give the key away to whoever sees two leaves.
#[test]
fn for_an_authority_that_keeps_its_keys_everything_is_signed_as_the_models_do() {
    let seed = Seed::from_text("secret");
    let authority = Authority::new(&seed, now());
    let environment = Environment::Production;
    let device = Device::new(&seed, Generation::Ios27, app_id(), environment);
    let mut mint = FastMint::new(&authority, &seed, 0);
    for number in 0..3 {
        let object = mint.attest(&device, &[number; 32], now());
        assert!(object == device.attest(&authority, &[number; 32], now()));
    }
}

/// A key whose private half nobody knows has one signature, which no mint can make anew.
#[test]
fn what_cannot_be_made_fast_is_made_as_ever() {
    let seed = Seed::from_text("ordinary");
    let authority = Authority::new(&seed, now()).opened();
    let environment = Environment::Production;
    let mut device = Device::new(&seed, Generation::Ios27, app_id(), environment);
    let mut mint = FastMint::new(&authority, &seed, 0);
    // A time of before 2004 has a shorter serial number.
    device.issuance_offset = SignedDuration::from_hours(-24 * 365 * 40);
    assert!(mint.attest(&device, &[1; 32], now()) == device.attest(&authority, &[1; 32], now()));
    let digest = sha256(&[b"any"]);
    let one = simulator::key::Foreseen::DigestAsS.key(&digest, &seed).unwrap();
    device.adopt(simulator::key::Key::Recovered(Box::new(one)));
    let ordinary = device.assertion_model(&[1; 32]).seal();
    assert!(mint.assertion(&device, &[1; 32]) == ordinary);
}

#[test]
fn a_key_of_a_walk_is_found_at_its_place_and_signs_as_any_other() {
    use simulator::key::{Wish, candidates, key_of_walk, walk_from};
    let seed = Seed::from_text("walk");
    let keys: Vec<_> = candidates(&seed).take(600).collect();
    for place in [0usize, 1, 255, 256, 599] {
        assert_eq!(key_of_walk(&seed, place as u64), keys[place]);
        assert_eq!(walk_from(&seed, place as u64).next().as_ref(), Some(&keys[place]));
        let (boxed, walked) = (keys[place].key(), keys[place].clone().into_walked());
        assert_eq!(boxed.point(), walked.point());
        let high = Wish { high_s: Some(true), ..Wish::default() };
        for wish in [Wish::default(), high] {
            assert_eq!(boxed.sign(&[5; 32], wish), walked.sign(&[5; 32], wish));
        }
    }
}
