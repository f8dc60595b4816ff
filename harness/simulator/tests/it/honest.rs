//! Honest objects hold every statement, in each generation and environment.

use crate::{
    facts::{Known, broken_in_assertion, broken_in_attestation},
    parts::Parts,
    template::Cbor,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use protocol::terms::{AppId, Environment, sha256};
use simulator::{Authority, Device, Generation, KeyTrait, Seed};

pub(crate) const ENVIRONMENTS: [Environment; 2] =
    [Environment::Development, Environment::Production];

pub(crate) fn now() -> Timestamp {
    "2026-11-24T00:35:25.123456Z".parse().unwrap()
}

pub(crate) fn app_id() -> AppId {
    AppId::parse("ABCDE12345.com.example.assay").unwrap()
}

#[test]
fn every_statement_holds_in_each_generation_and_environment() {
    let seed = Seed::from_text("honest");
    let authority = Authority::new(&seed, now());
    for generation in Generation::ALL {
        for environment in ENVIRONMENTS {
            let mut device = Device::new(&seed, generation, app_id(), environment);
            let hash = sha256(&[b"challenge"]);
            let object = device.attest(&authority, &hash, now());
            let app_id = app_id();
            let known = Known {
                authority: &authority,
                app_id: &app_id,
                environment,
                key_id: device.key_id(),
                client_data_hash: &hash,
            };
            let broken = broken_in_attestation(&object, &known);
            assert!(broken.is_empty(), "{generation} {environment:?}: {broken:?}");
            for counter in 1..=3 {
                let hash = sha256(&[b"request", &[counter]]);
                let object = device.assert(&hash);
                let broken = broken_in_assertion(
                    &object,
                    &app_id,
                    &device.public_key(),
                    &hash,
                    counter.into(),
                );
                assert!(broken.is_empty(), "{generation} {environment:?} {counter}: {broken:?}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the seed, the hash and the bundle version: chance never breaks an honest object.
    #[test]
    fn every_statement_holds_whatever_the_seed(
        seed: u64,
        hash in proptest::collection::vec(any::<u8>(), 0..64),
        bundle_version in ".{0,300}",
        generation in proptest::sample::select(Generation::ALL.to_vec()),
    ) {
        let seed = Seed::from_text("any").child("case", seed);
        let authority = Authority::new(&seed, now());
        let app_id = app_id();
        let environment = Environment::Production;
        let mut device = Device::new(&seed, generation, app_id.clone(), environment);
        device.bundle_version = Some(bundle_version);
        let object = device.attest(&authority, &hash, now());
        let known = Known {
            authority: &authority,
            app_id: &app_id,
            environment,
            key_id: device.key_id(),
            client_data_hash: &hash,
        };
        prop_assert_eq!(broken_in_attestation(&object, &known), Vec::<&str>::new());
        let object = device.assert(&hash);
        let broken = broken_in_assertion(&object, &app_id, &device.public_key(), &hash, 1);
        prop_assert_eq!(broken, Vec::<&str>::new());
    }
}

#[test]
fn an_attestation_lies_in_the_past_and_its_leaf_begins_a_day_before() {
    let seed = Seed::from_text("dates");
    let authority = Authority::new(&seed, now());
    for generation in Generation::ALL {
        let device = Device::new(&seed, generation, app_id(), Environment::Production);
        let object = device.attest(&authority, &[1; 32], now());
        let template = Parts::of(&object).template();
        let date = |what: &str| template[&format!("dates/{what}")].as_str();
        assert_eq!(date("issuance after notBefore"), "86400 s");
        assert_eq!(date("receipt after issuance"), "within 1.2 s: true");
        assert_eq!(date("receipt expires after creation"), "7776000000 ms");
        let lifetime = Parts::of(&object).lifetime();
        if generation == Generation::Ios17 {
            assert!((196 * 24..=353 * 24).contains(&lifetime.as_hours()));
            assert_eq!(lifetime.as_secs() % 60, 0);
        } else {
            assert_eq!(lifetime, SignedDuration::from_hours(72));
        }
    }
}

#[test]
fn lengths_of_authenticator_data_are_those_measured() {
    let seed = Seed::from_text("lengths");
    let authority = Authority::new(&seed, now());
    let lengths = |generation, bundle_version: Option<&str>| {
        let mut device = Device::new(&seed, generation, app_id(), Environment::Development);
        if bundle_version.is_some() {
            device.bundle_version = bundle_version.map(str::to_owned);
        }
        let attestation = device.attest(&authority, &[1; 32], now());
        let assertion = device.assert(&[1; 32]);
        let assertion = Cbor::read(&assertion).unwrap();
        let data = assertion.get("authenticatorData").and_then(Cbor::bytes).unwrap();
        (Parts::of(&attestation).authenticator_data.len(), data.len())
    };
    assert_eq!(lengths(Generation::Ios14, None), (164, 37));
    assert_eq!(lengths(Generation::Ios17, None), (164, 37));
    assert_eq!(lengths(Generation::Ios26, None), (164, 37));
    assert_eq!(lengths(Generation::Ios27, None), (226, 99));
    assert_eq!(lengths(Generation::Ios27, Some("1314")), (229, 102));
    assert_eq!(lengths(Generation::Macos27, None), (280, 153));
}

/// No genuine macOS object is at hand: these are the bytes that were read from one.
#[test]
fn a_macos_object_has_the_measured_bytes() {
    let seed = Seed::from_text("macos");
    let authority = Authority::new(&seed, now());
    let device = Device::new(&seed, Generation::Macos27, app_id(), Environment::Production);
    let object = device.attest(&authority, &[1; 32], now());
    let parts = Parts::of(&object);
    let data = parts.authenticator_data;
    assert_eq!(data[32], 0x40);
    let hash = device.code_directory_hash.as_deref().unwrap();
    let expected = [
        b"\xa3\x75apple_cd_hash_hash_01\x58\x20".as_slice(),
        hash,
        b"\x75apple_cd_hash_type_01\x41\x02",
        b"\x78\x1capple_validation_category_01\x44\x06\x00\x00\x00",
    ];
    assert_eq!(data[164..], expected.concat());
    assert!(object.windows(12).any(|window| window == b"\x68authData\x59\x01\x18"));
    let acl = hex::encode(parts.extension("2a864886f763640806").unwrap());
    assert_eq!(
        acl,
        "3046a344044230400c023131303a30090c026f6ba1030101ff30090c026f61a1030101ff300b0c046f64656c\
         a1030101ff30150c046f73676ea0060c04727365633005a603020101"
    );
}

#[test]
fn keys_can_be_found_with_any_trait() {
    let seed = Seed::from_text("traits");
    let find = |wanted| {
        Device::with_trait(&seed, wanted, Generation::Ios27, app_id(), Environment::Production)
    };
    assert_eq!(find(KeyTrait::LeadingZerosX(2)).public_key()[1..3], [0, 0]);
    assert_eq!(find(KeyTrait::LeadingZerosY(1)).public_key()[33], 0);
    let id = find(KeyTrait::PlusAndSlash).key_id().to_base64();
    assert!(id.contains('+') && id.contains('/'));
}
