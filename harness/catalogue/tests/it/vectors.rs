//! The frozen vectors, read back as somebody would who has nothing but the files.

use base64::{Engine, engine::general_purpose::STANDARD};
use catalogue::vectors::{SEED, files, sum};
use jiff::{SignedDuration, Timestamp};
use protocol::terms::{AppId, Environment, KeyId, sha256};
use protocol::verify::{
    AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Finding, Outcome,
    Policy, ReceiptRequest, TrustAnchor, examine_assertion, examine_attestation, examine_receipt,
};
use protocol::wire::{AttestationObject, AuthenticatorData};
use serde_json::{Value, json};
use simulator::Seed;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

static FILES: LazyLock<BTreeMap<String, String>> =
    LazyLock::new(|| files(&Seed::from_text(SEED)).unwrap().into_iter().collect());

/// The hashes of the vectors that were published.
const SUMS: &str = include_str!("../../../../corpora/vectors/SHA256SUMS");

fn json(name: &str) -> Value {
    serde_json::from_str(&FILES[name]).unwrap()
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is a text"))
}

fn from_hex(value: &Value, name: &str) -> Vec<u8> {
    hex::decode(text(value, name)).unwrap()
}

fn base64(value: &Value, name: &str) -> Vec<u8> {
    STANDARD.decode(text(value, name)).unwrap()
}

/// What a group says of the server.
struct Server {
    policy: Policy,
    anchor: TrustAnchor,
    receipt_anchor: TrustAnchor,
    now: Timestamp,
}

impl Server {
    fn of(group: &Value) -> Self {
        let environment = match text(group, "environment") {
            "production" => Environment::Production,
            "development" => Environment::Development,
            other => panic!("{other} is no environment"),
        };
        let list = |name: &str| group[name].as_array().unwrap().clone();
        let number = |value: Value| u32::try_from(value.as_u64().unwrap()).unwrap();
        let categories = list("validationCategories").into_iter().map(number).collect();
        let versions = list("bundleVersions").into_iter();
        let versions = versions.map(|value| value.as_str().unwrap().to_owned()).collect();
        let age = group["receiptMaxAgeSeconds"].as_i64().unwrap();
        let anchor = |name| TrustAnchor::from_der(&from_hex(group, name)).unwrap();
        Self {
            policy: Policy {
                categories: AllowedCategories::Listed { categories, absent_allowed: true },
                bundle_versions: AllowedVersions::Listed { versions, absent_allowed: true },
                receipt_max_age: SignedDuration::from_secs(age),
                ..Policy::new(AppId::parse(text(group, "appId")).unwrap(), environment)
            },
            anchor: anchor("rootCertificate"),
            receipt_anchor: anchor("receiptRootCertificate"),
            now: text(group, "verificationTime").parse().unwrap(),
        }
    }

    fn attestation(&self, test: &Value) -> BTreeSet<String> {
        let object = base64(test, "attestationObject");
        let hash = from_hex(test, "clientDataHash");
        assert_eq!(hash, sha256(&[text(test, "challenge").as_bytes()]));
        let key_id = KeyId(base64(test, "keyId").try_into().unwrap());
        let request = AttestationRequest { object: &object, key_id, client_data_hash: &hash };
        let findings = examine_attestation(&request, &self.anchor, &self.policy, self.now);
        let mut broken = broken(findings);
        if let Ok(read) = AttestationObject::decode(&object) {
            let key = protocol::relying_party::certified_key(&object);
            match read.receipt {
                Some(receipt) => {
                    broken.extend(self.examine(receipt, key.as_ref().map(<_>::as_ref), &hash));
                }
                None => drop(broken.insert("rcp.syntax".to_owned())),
            }
            if let Some(stated) = test.get("publicKey") {
                assert_eq!(stated.as_str().unwrap(), hex::encode(key.unwrap()));
            }
        }
        broken
    }

    fn assertion(&self, test: &Value) -> BTreeSet<String> {
        let (assertion, data) = (base64(test, "assertion"), base64(test, "clientData"));
        let hash = sha256(&[&data]);
        let request = AssertionRequest {
            assertion: &assertion,
            client_data_hash: &hash,
            public_key: &from_hex(test, "publicKey"),
            stored_counter: u32::try_from(test["storedCounter"].as_u64().unwrap()).unwrap(),
        };
        if let Some(counter) = test.get("counter") {
            let stated = protocol::relying_party::stated_counter(&assertion);
            assert_eq!(counter.as_u64().unwrap(), u64::from(stated), "{}", test["id"]);
        }
        broken(examine_assertion(&request, &self.policy))
    }

    fn receipt(&self, test: &Value) -> BTreeSet<String> {
        let (receipt, hash) = (base64(test, "receipt"), from_hex(test, "clientDataHash"));
        self.examine(&receipt, Some(&from_hex(test, "publicKey")), &hash)
    }

    fn examine(&self, receipt: &[u8], key: Option<&[u8]>, hash: &[u8]) -> BTreeSet<String> {
        let request = ReceiptRequest { receipt, public_key: key, client_data_hash: Some(hash) };
        broken(examine_receipt(&request, &self.receipt_anchor, &self.policy, self.now))
    }

    fn data(test: &Value) -> BTreeSet<String> {
        let bytes = from_hex(test, "authenticatorData");
        let (read, rule) = match text(test, "of") {
            "attestation" => {
                (AuthenticatorData::decode_attestation(&bytes), "att.authenticator-data")
            }
            _ => (AuthenticatorData::decode_assertion(&bytes), "asr.authenticator-data"),
        };
        assert_eq!(read.is_ok(), test.get("read").is_some(), "{}", test["id"]);
        let Ok(read) = read else { return BTreeSet::from([rule.to_owned()]) };
        assert_eq!(test["read"]["rpIdHash"], json!(hex::encode(read.rp_id_hash)));
        assert_eq!(test["read"]["counter"], json!(read.counter));
        BTreeSet::new()
    }
}

fn broken(findings: Vec<Finding>) -> BTreeSet<String> {
    let broken = |finding: Finding| {
        matches!(finding.outcome, Outcome::Broken(_)).then(|| finding.rule.id().to_owned())
    };
    findings.into_iter().filter_map(broken).collect()
}

/// Every test of a file that the verifier sees otherwise.
fn disagreements(kind: &str, file: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut numbers = Vec::new();
    for group in file["testGroups"].as_array().unwrap() {
        let server = Server::of(group);
        for test in group["tests"].as_array().unwrap() {
            numbers.push(test["tcId"].as_u64().unwrap());
            let seen = match kind {
                "attestation" => server.attestation(test),
                "assertion" => server.assertion(test),
                "receipt" => server.receipt(test),
                _ => Server::data(test),
            };
            let flags: BTreeSet<String> = serde_json::from_value(test["flags"].clone()).unwrap();
            let fits = match text(test, "result") {
                "valid" => seen.is_empty(),
                "invalid" => !seen.is_empty(),
                _ => true,
            };
            if seen != flags || !fits {
                wrong.push(
                    format!("{}: {seen:?} for {test:#}", test["id"]).chars().take(400).collect(),
                );
            }
        }
    }
    let count = file["numberOfTests"].as_u64().unwrap();
    assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
    wrong
}

#[test]
fn the_reference_verifier_agrees_with_every_vector() {
    for (kind, least) in
        [("attestation", 600), ("assertion", 200), ("receipt", 100), ("authenticator_data", 200)]
    {
        let file = json(&format!("{kind}_test.json"));
        assert!(file["numberOfTests"].as_u64().unwrap() >= least, "{kind}");
        let wrong = disagreements(kind, &file);
        assert!(wrong.is_empty(), "{kind}: {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    }
}

#[test]
fn a_vector_with_another_answer_or_another_byte_is_noticed() {
    let mut file = json("assertion_test.json");
    let test = &mut file["testGroups"][0]["tests"][0];
    assert_eq!(test["result"], "valid");
    test["result"] = json!("invalid");
    assert_eq!(disagreements("assertion", &file).len(), 1);
    let mut file = json("assertion_test.json");
    let test = &mut file["testGroups"][0]["tests"][0];
    test["clientData"] = json!(STANDARD.encode("another"));
    assert_eq!(disagreements("assertion", &file).len(), 1);
}

#[test]
fn every_file_is_what_its_schema_says() {
    for (name, _) in FILES.iter().filter(|(name, _)| name.ends_with("_test.json")) {
        let file = json(name);
        let schema = json(text(&file, "schema"));
        let validator = jsonschema::validator_for(&schema).unwrap();
        let error = validator.iter_errors(&file).next();
        assert!(error.is_none(), "{name}: {}", error.unwrap());
        let mut other = file;
        other["testGroups"][0]["tests"][0]["result"] = json!("maybe");
        assert!(!validator.is_valid(&other), "{name}");
        let flags = other["testGroups"][0]["tests"].as_array().unwrap().iter();
        let flags = flags.flat_map(|test| test["flags"].as_array().unwrap());
        let noted = |flag: &Value| other["notes"].get(flag.as_str().unwrap()).is_some();
        assert!(flags.clone().count() > 0 && flags.clone().all(noted), "{name}");
    }
}

#[test]
fn the_vectors_are_those_whose_hashes_were_published() {
    let sums: BTreeSet<String> = FILES.iter().map(|(name, text)| sum(name, text)).collect();
    let published: BTreeSet<String> = SUMS.lines().map(str::to_owned).collect();
    assert_eq!(
        sums, published,
        "cases or objects changed; if that is meant: assay export --out DIR > corpora/vectors/SHA256SUMS"
    );
    let other = files(&Seed::from_text("another")).unwrap().into_iter();
    let other: BTreeMap<String, String> = other.collect();
    assert_ne!(other["attestation_test.json"], FILES["attestation_test.json"]);
    assert_eq!(other["attestation_test.schema.json"], FILES["attestation_test.schema.json"]);
}

#[test]
fn every_file_says_that_it_is_for_tests_only() {
    for (name, text) in FILES.iter().filter(|(name, _)| !name.ends_with(".schema.json")) {
        assert!(text.to_lowercase().contains("test only"), "{name}");
    }
}
