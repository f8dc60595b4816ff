//! Every genuine object we have, against Apple's real roots, honest and with each byte flipped.
//!
//! The objects are read from the folder in `ASSAY_FIXTURES`; without it these tests are skipped.

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use protocol::explain::Kind;
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, KeyId, sha256};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Finding, Outcome, Policy, ReceiptRequest, Rule, RuleSet,
    TrustAnchor, examine_assertion, examine_attestation, examine_receipt, verify_assertion,
    verify_attestation, verify_receipt,
};
use protocol::wire::{Assertion, AttestationObject, AuthenticatorData, Certificate, Receipt};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// The folder of fixtures, if this run has one.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment where the fixtures are"
)]
fn folder() -> Option<PathBuf> {
    let Ok(folder) = std::env::var("ASSAY_FIXTURES") else {
        println!("skipped: ASSAY_FIXTURES names no folder of genuine objects");
        return None;
    };
    Some(PathBuf::from(folder))
}

fn read(folder: &Path, name: &str) -> Value {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// The fixtures of a kind that are marked verified, or that are not, with their names.
fn marked(kind: &str, verified: bool) -> Vec<(String, Value)> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let index = read(&folder, "index.json");
    let entries = index.as_array().unwrap().iter();
    let names = entries
        .filter(|entry| entry["kind"] == kind && (entry["verified"] == true) == verified)
        .map(|entry| entry["file"].as_str().unwrap().to_owned());
    let found: Vec<_> = names.map(|name| (name.clone(), read(&folder, &name))).collect();
    assert!(!found.is_empty(), "no {kind} in {}", folder.display());
    found
}

fn verified(kind: &str) -> Vec<(String, Value)> {
    marked(kind, true)
}

pub(crate) fn bytes(json: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(json[name].as_str().unwrap_or_else(|| panic!("no {name}"))).unwrap()
}

pub(crate) struct Attestation {
    pub(crate) object: Vec<u8>,
    pub(crate) key_id: KeyId,
    pub(crate) client_data_hash: Vec<u8>,
    pub(crate) policy: Policy,
    pub(crate) now: Timestamp,
}

impl Attestation {
    pub(crate) fn read(json: &Value) -> Self {
        let app_id = AppId::parse(json["appId"].as_str().unwrap()).unwrap();
        let environment = json["environment"].as_str().unwrap().parse().unwrap();
        Self {
            object: bytes(json, "attestationObject"),
            key_id: KeyId::from_base64(json["keyId"].as_str().unwrap()).unwrap(),
            client_data_hash: bytes(json, "clientDataHash"),
            policy: Policy::new(app_id, environment),
            now: json["verifyAt"].as_str().unwrap().parse().unwrap(),
        }
    }

    pub(crate) fn accepts(&self, object: &[u8]) -> bool {
        let Self { key_id, client_data_hash, policy, now, .. } = self;
        let request = AttestationRequest { object, key_id: *key_id, client_data_hash };
        let anchor = TrustAnchor::apple_app_attestation();
        verify_attestation(&request, &anchor, policy, *now, &Flaws::NONE).is_ok()
    }
}

/// The genuine attestations of the fixtures, each with its name.
pub(crate) fn attestations() -> Vec<(String, Attestation)> {
    let verified = verified("attestation").into_iter();
    verified.map(|(name, json)| (name, Attestation::read(&json))).collect()
}

/// Finds `part`, a slice of `whole`, as a range of offsets.
fn range(whole: &[u8], part: &[u8]) -> std::ops::Range<usize> {
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start..start + part.len()
}

/// Counts the single-byte flips in `range` that `accepts` lets through; there must be none.
fn flip_each(
    whole: &[u8],
    range: std::ops::Range<usize>,
    accepts: impl Fn(&[u8]) -> bool,
) -> usize {
    let mut bytes = whole.to_vec();
    for at in range.clone() {
        bytes[at] ^= 1;
        assert!(!accepts(&bytes), "accepted with byte {at} flipped");
        bytes[at] ^= 1;
    }
    range.len()
}

fn all_held(findings: &[Finding], name: &str) {
    for Finding { rule, outcome } in findings {
        assert!(!matches!(outcome, Outcome::Broken(_)), "{name}: {rule}: {outcome:?}");
    }
}

#[test]
fn genuine_attestations_verify_and_no_flipped_byte_does() {
    let (mut objects, mut flips) = (0, 0);
    for (name, json) in verified("attestation") {
        let genuine = Attestation::read(&json);
        let Attestation { object, key_id, client_data_hash, policy, now } = &genuine;
        let request = AttestationRequest { object, key_id: *key_id, client_data_hash };
        let anchor = TrustAnchor::apple_app_attestation();
        all_held(&examine_attestation(&request, &anchor, policy, *now), &name);
        let verified = verify_attestation(&request, &anchor, policy, *now, &Flaws::NONE).unwrap();
        assert_eq!(verified.public_key.unwrap().to_vec(), bytes(&json, "publicKeyX962"), "{name}");

        let read = AttestationObject::decode(object).unwrap();
        assert_eq!(read.deviations, [], "{name}");
        let data = AuthenticatorData::decode_attestation(read.authenticator_data).unwrap();
        assert_eq!(data.deviations, [], "{name}");
        let leaf = Certificate::decode(read.certificates[0]).unwrap();
        let intermediate = Certificate::decode(read.certificates[1]).unwrap();
        assert_eq!(leaf.app_id_in_clear(), json["appId"].as_str(), "{name}");
        for part in [leaf.tbs, intermediate.tbs, read.authenticator_data] {
            flips += flip_each(object, range(object, part), |object| genuine.accepts(object));
        }
        objects += 1;
    }
    println!(
        "{objects} attestations verified, {flips} of their signed bytes flipped, each refused"
    );
}

#[test]
fn genuine_assertions_verify_and_no_flipped_byte_does() {
    let (mut objects, mut flips) = (0, 0);
    for (name, json) in verified("assertion") {
        let app_id = AppId::parse(json["appId"].as_str().unwrap()).unwrap();
        // An assertion does not name its environment, and nothing depends on it.
        let policy = Policy::new(app_id, Environment::Development);
        let object = bytes(&json, "assertion");
        let public_key = bytes(&json, "publicKeyX962");
        let hash = sha256(&[&bytes(&json, "clientData")]);
        let read = Assertion::decode(&object).unwrap();
        assert_eq!(read.deviations, [], "{name}");
        let data = AuthenticatorData::decode_assertion(read.authenticator_data).unwrap();
        assert_eq!(data.deviations, [], "{name}");
        let stored_counter = data.counter - 1;
        let accepts = |assertion: &[u8], client_data_hash: &[u8]| {
            let public_key = &public_key;
            let request =
                AssertionRequest { assertion, client_data_hash, public_key, stored_counter };
            let verified = verify_assertion(&request, &policy, &Flaws::NONE);
            if assertion == object && client_data_hash == hash {
                all_held(&examine_assertion(&request, &policy), &name);
            }
            verified.is_ok()
        };
        assert!(accepts(&object, &hash), "{name}");
        for part in [read.authenticator_data, read.signature] {
            flips += flip_each(&object, range(&object, part), |object| accepts(object, &hash));
        }
        flips += flip_each(&hash, 0..hash.len(), |hash| accepts(&object, hash));
        objects += 1;
    }
    println!("{objects} assertions verified, {flips} of their bytes flipped, each refused");
}

/// As the collector of the receipt read it in field 7.
fn receipt_environment(json: &Value) -> Environment {
    let named = |environment: &Environment| {
        json["fields"]["7"].as_str() == Some(environment.receipt_name())
    };
    [Environment::Development, Environment::Production].into_iter().find(named).unwrap()
}

#[test]
fn genuine_receipts_verify_and_no_flipped_byte_does() {
    let (mut objects, mut flips) = (0, 0);
    let anchor = TrustAnchor::apple_root_g3();
    for (name, json) in verified("receipt") {
        let object = bytes(&json, "receipt");
        let read = Receipt::decode(&object).unwrap();
        let app_id = AppId::parse(json["appId"].as_str().unwrap()).unwrap();
        let policy = Policy::new(app_id, receipt_environment(&json));
        // Freshness is measured when the receipt arrives; we take it as arriving when made.
        let now = read.creation_time().unwrap();
        let leaf = Certificate::decode(read.certificate().unwrap()).unwrap();
        let client_data_hash =
            read.client_hash().filter(|_| read.kind() == Some("ATTEST")).map(<[u8]>::to_vec);
        let accepts = |receipt: &[u8]| {
            let client_data_hash = client_data_hash.as_deref();
            let request =
                ReceiptRequest { receipt, public_key: Some(leaf.point), client_data_hash };
            if receipt == object {
                all_held(&examine_receipt(&request, &anchor, &policy, now), &name);
            }
            verify_receipt(&request, &anchor, &policy, now, &Flaws::NONE).is_ok()
        };
        assert!(accepts(&object), "{name}");
        assert_eq!(read.segments.iter().sum::<usize>(), read.content.len());
        let mut from = 0;
        for length in &read.segments {
            let segment = &read.content[from..from + length];
            let start = object.windows(*length).position(|window| window == segment).unwrap();
            flips += flip_each(&object, start..start + length, accepts);
            from += length;
        }
        objects += 1;
    }
    println!("{objects} receipts verified, {flips} bytes of their content flipped, each refused");
}

#[test]
fn a_receipt_whose_signer_is_damaged_breaks_only_the_rule_about_its_chain() {
    for (name, json) in marked("receipt", false) {
        let object = bytes(&json, "receipt");
        let now = Receipt::decode(&object).unwrap().creation_time().unwrap();
        let app_id = AppId::parse(json["appId"].as_str().unwrap()).unwrap();
        let policy = Policy::new(app_id, receipt_environment(&json));
        let request = ReceiptRequest { receipt: &object, public_key: None, client_data_hash: None };
        let findings = examine_receipt(&request, &TrustAnchor::apple_root_g3(), &policy, now);
        let expected: RuleSet = [Rule::ReceiptChain].into_iter().collect();
        assert_eq!(crate::forge::broken(&findings), expected, "{name}: {findings:#?}");
    }
}

#[test]
fn authenticator_data_of_ios_27_0_is_read_though_nothing_signs_it() {
    let Some(folder) = folder() else { return };
    let json = read(&folder, "authdata/ios27_0-24A435.json");
    let attestation = bytes(&json, "attestationAuthData");
    let data = AuthenticatorData::decode_attestation(&attestation).unwrap();
    assert_eq!((data.flags, data.counter, data.deviations), (0xc0, 0, vec![]));
    let assertion = bytes(&json, "assertionAuthData");
    let data = AuthenticatorData::decode_assertion(&assertion).unwrap();
    assert_eq!((data.flags, data.counter, data.deviations), (0xc0, 1, vec![]));
    let extensions = data.extensions.unwrap();
    assert_eq!((extensions.bundle_version, extensions.validation_category), (Some("1"), Some(3)));
}

/// Every object of the fixtures, with its name and what it is; Apple's certificates too.
pub(crate) fn objects() -> Vec<(String, Kind, Vec<u8>)> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let index = read(&folder, "index.json");
    let mut found = Vec::new();
    for entry in index.as_array().unwrap() {
        let name = entry["file"].as_str().unwrap();
        let json = read(&folder, name);
        for (member, kind) in [
            ("attestationObject", Kind::Attestation),
            ("assertion", Kind::Assertion),
            ("receipt", Kind::Receipt),
            ("attestationAuthData", Kind::AttestationData),
            ("assertionAuthData", Kind::AssertionData),
        ] {
            if json[member].is_string() {
                found.push((format!("{name} {member}"), kind, bytes(&json, member)));
            }
        }
    }
    assert!(found.len() > 50, "{} objects", found.len());
    found
}
