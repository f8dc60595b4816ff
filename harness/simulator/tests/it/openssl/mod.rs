//! The second opinion of OpenSSL's command line: what a server must derive from an attestation, an
//! assertion and a receipt is derived without any code of ours, for every valid base and for every
//! genuine object that is at hand.
//!
//! Two things it cannot be asked: it knows neither CBOR nor authenticator data, which the tests' own
//! few lines take apart, and it compares no key with a COSE key, so that the point is spelled out.

mod derived;
mod tool;

use crate::fixtures::Fixture;
use crate::honest::{ENVIRONMENTS, app_id, now};
use derived::{Assertion, Attestation, Receipt};
use protocol::flaw::Flaws;
use protocol::terms::sha256;
use protocol::verify::{
    AssertionRequest, AttestationRequest, Policy, ReceiptRequest, TrustAnchor, verify_assertion,
    verify_attestation, verify_receipt,
};
use simulator::{Authority, Device, Generation, Seed};
use tool::Openssl;

const APP_ATTESTATION_ROOT: &str = "certs/apple_app_attestation_root_ca.pem";
const RECEIPT_ROOT: &str = "certs/AppleRootCA-G3.pem";

/// A device of every generation in each environment.
fn devices(seed: &Seed) -> impl Iterator<Item = (String, Device)> {
    Generation::ALL.into_iter().flat_map(move |generation| {
        ENVIRONMENTS.map(|environment| {
            let device = Device::new(seed, generation, app_id(), environment);
            (format!("{generation} in {environment:?}"), device)
        })
    })
}

#[test]
fn openssl_and_the_verifier_agree_on_the_attestation_of_every_base() {
    let Some(openssl) = Openssl::find() else { return };
    let seed = Seed::from_text("openssl");
    let authority = Authority::new(&seed, now());
    let impostor = Authority::new(&seed.child("impostor", 0), now());
    let client_data_hash = sha256(&[b"challenge"]);
    for (name, device) in devices(&seed) {
        let object = device.attest(&authority, &client_data_hash, now());
        let key_id = device.key_id();
        let root = authority.root_pem();
        let derived = Attestation {
            name: name.clone(),
            object: &object,
            key_id: key_id.0,
            client_data_hash: &client_data_hash,
            at: now().as_second(),
            root: &root,
        };
        derived.check(&openssl);
        assert!(!derived.chains(&openssl, &impostor.root_pem()), "{name}: any root will do");
        let expired = Attestation { at: now().as_second() + 366 * 86400, ..derived };
        assert!(!expired.chains(&openssl, &root), "{name}: any time will do");

        let anchor = TrustAnchor::from_der(authority.root_der()).unwrap();
        let request =
            AttestationRequest { object: &object, key_id, client_data_hash: &client_data_hash };
        let policy = Policy::new(app_id(), device.environment());
        let verified = verify_attestation(&request, &anchor, &policy, now(), &Flaws::NONE);
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn openssl_and_the_verifier_agree_on_the_assertions_of_every_base() {
    let Some(openssl) = Openssl::find() else { return };
    for (name, mut device) in devices(&Seed::from_text("openssl")) {
        for number in 1..=2 {
            let client_data_hash = sha256(&[b"request", &[number]]);
            let object = device.assert(&client_data_hash);
            let public_key = device.public_key();
            let (name, public_key) = (format!("{name}, {number}"), &public_key[..]);
            let derived = Assertion {
                name,
                object: &object,
                public_key,
                client_data_hash: &client_data_hash,
            };
            assert!(derived.is_signed(&openssl), "{}: the signature", derived.name);
            let another = sha256(&[b"another request"]);
            let lie = Assertion { client_data_hash: &another, ..derived };
            assert!(!lie.is_signed(&openssl), "{}: any request will do", lie.name);

            let request = AssertionRequest {
                assertion: &object,
                client_data_hash: &client_data_hash,
                public_key,
                stored_counter: u32::from(number) - 1,
            };
            let policy = Policy::new(app_id(), device.environment());
            let verified = verify_assertion(&request, &policy, &Flaws::NONE);
            assert!(verified.is_ok(), "{}: {verified:?}", lie.name);
        }
    }
}

#[test]
fn openssl_and_the_verifier_agree_on_the_receipts_of_every_base() {
    let Some(openssl) = Openssl::find() else { return };
    let seed = Seed::from_text("openssl");
    let authority = Authority::new(&seed, now());
    let client_data_hash = sha256(&[b"challenge"]);
    for (name, device) in devices(&seed) {
        let model = device.attestation_model(&authority, &client_data_hash, now());
        let sealed = model.seal_parts();
        let refreshed = model.receipt.refreshed("3", now()).seal(&authority, &sealed.leaf);
        let root = authority.receipt_root_pem();
        for (kind, object) in [("ATTEST", &sealed.receipt), ("RECEIPT", &refreshed)] {
            let name = format!("{name}, {kind}");
            let receipt =
                Receipt { name: name.clone(), object, at: now().as_second(), root: &root };
            let fields = receipt.fields(&openssl).unwrap();
            let field = |number| {
                let found = fields.iter().find(|(kind, _)| *kind == number);
                &found.unwrap_or_else(|| panic!("{name}: no field {number}")).1[..]
            };
            assert_eq!(field(2), app_id().as_str().as_bytes(), "{name}: the App ID");
            assert_eq!(field(3), sealed.leaf, "{name}: the certificate");
            assert_eq!(field(6), kind.as_bytes(), "{name}: the kind");
            if kind == "ATTEST" {
                assert_eq!(field(4), client_data_hash, "{name}: the client data hash");
            }
            let attestation_root = authority.root_pem();
            let other = Receipt { root: &attestation_root, ..receipt };
            assert!(other.fields(&openssl).is_err(), "{name}: any root will do");

            let anchor = TrustAnchor::from_der(authority.receipt_root_der()).unwrap();
            let request = ReceiptRequest {
                receipt: object,
                public_key: Some(&device.public_key()),
                client_data_hash: (kind == "ATTEST").then_some(&client_data_hash),
            };
            let policy = Policy::new(app_id(), device.environment());
            let verified = verify_receipt(&request, &anchor, &policy, now(), &Flaws::NONE);
            assert!(verified.is_ok(), "{name}: {verified:?}");
        }
    }
}

#[test]
fn openssl_derives_the_same_from_genuine_attestations() {
    let (Some(openssl), Some(fixtures)) = (Openssl::find(), Fixture::all("attestations")) else {
        return;
    };
    let root = Fixture::certificate(APP_ATTESTATION_ROOT).unwrap();
    let mut checked = 0;
    for fixture in fixtures.iter().filter(|fixture| fixture.json()["verified"] == true) {
        let attestation = Attestation {
            name: fixture.name.clone(),
            object: &fixture.bytes("attestationObject"),
            key_id: fixture.bytes("keyId").try_into().unwrap(),
            client_data_hash: &fixture.bytes("clientDataHash"),
            at: fixture.time("verifyAt").as_second(),
            root: &root,
        };
        attestation.check(&openssl);
        checked += 1;
    }
    println!("{checked} attestations");
    assert!(checked > 0, "no genuine attestation was checked");
}

#[test]
fn openssl_derives_the_same_from_genuine_assertions() {
    let (Some(openssl), Some(fixtures)) = (Openssl::find(), Fixture::all("assertions")) else {
        return;
    };
    let mut checked = 0;
    for fixture in fixtures.iter().filter(|fixture| fixture.json()["verified"] == true) {
        let assertion = Assertion {
            name: fixture.name.clone(),
            object: &fixture.bytes("assertion"),
            public_key: &fixture.bytes("publicKeyX962"),
            client_data_hash: &openssl.sha256(&fixture.bytes("clientData")),
        };
        assert!(assertion.is_signed(&openssl), "{}", assertion.name);
        checked += 1;
    }
    println!("{checked} assertions");
    assert!(checked > 0, "no genuine assertion was checked");
}

/// One receipt at hand has a damaged signer; it is refused, and all others are accepted.
#[test]
fn openssl_derives_the_same_from_genuine_receipts() {
    let (Some(openssl), Some(fixtures)) = (Openssl::find(), Fixture::all("receipts")) else {
        return;
    };
    let root = Fixture::certificate(RECEIPT_ROOT).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for fixture in &fixtures {
        let verified = &fixture.json()["verified"];
        let parts = ["signature", "chainToAppleRootCAG3"];
        let genuine = *verified == true || parts.iter().all(|part| verified[part] == true);
        let object = fixture.bytes("receipt");
        let receipt = Receipt {
            name: fixture.name.clone(),
            object: &object,
            at: fixture.time_of(&["fields", "12"]).as_second(),
            root: &root,
        };
        let fields = receipt.fields(&openssl);
        assert_eq!(fields.is_ok(), genuine, "{fields:?}");
        let Ok(fields) = fields else {
            refused += 1;
            continue;
        };
        for (number, member) in [(2, "2"), (6, "6"), (7, "7"), (12, "12"), (21, "21")] {
            let found =
                fields.iter().find(|(kind, _)| *kind == number).map(|(_, value)| &value[..]);
            let text = fixture.text_of(&["fields", member]);
            assert_eq!(found, Some(text.as_bytes()), "{}: field {number}", fixture.name);
        }
        accepted += 1;
    }
    println!("{accepted} receipts accepted, {refused} refused");
    assert!(accepted > 0 && refused > 0, "nothing to tell apart");
}
