//! Simulated objects have the structure of genuine ones, down to the number of bytes.
//!
//! Chance is taken out first: the simulated object is given the same App ID, system, client data
//! hash and time as the genuine one, and each signature the same length. Then every difference is
//! listed, and the test fails on any that is not explained.

use crate::{
    fixtures::{self, Fixture},
    parts::{Parts, describe_authenticator_data, describe_receipt},
    template::{Cbor, Node, Template, differences},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::terms::{AppId, Environment};
use simulator::{
    AttestationModel, Authority, Device, Generation, Seed,
    receipt::{ReceiptModel, field},
};

/// Differences that are known and why they may be: object, path, reason. Each must occur.
type Explained = &'static [(&'static str, &'static str, &'static str)];

const ATTESTATIONS: Explained = &[
    ("2020-11-22", KEY_PROPERTY_1202, ON_SOME_DEVICES),
    ("2021-01-20", KEY_PROPERTY_1202, ON_SOME_DEVICES),
    ("2021-01-23", KEY_PROPERTY_1202, ON_SOME_DEVICES),
    ("2024-01-27", OS_PROPERTY_1104, MINUS_ONE_OR_TWO),
    ("2024-04-18", OS_PROPERTY_1104, MINUS_ONE_OR_TWO),
    ("2024-05-22", OS_PROPERTY_1104, MINUS_ONE_OR_TWO),
    ("2024-08-10", OS_PROPERTY_1104, MINUS_ONE_OR_TWO),
    (
        "2026-01-15",
        "receipt/01/00/03/00/00/07/00/03:551d20/01/00/00:2a864886f7636405",
        "one byte of the signer's certificate was damaged where it was published",
    ),
    ("2026-04-21", "authenticator data/flags", "Apple's sample leaves ED clear; devices set it"),
];
const KEY_PROPERTY_1202: &str = "2a864886f763640805/01/00/03/00";
const ON_SOME_DEVICES: &str = "0 on some devices of the time, 1 on most";
const OS_PROPERTY_1104: &str = "2a864886f763640807/01/00/01/00";
const MINUS_ONE_OR_TWO: &str = "ffffffff on some devices, fffffffe on others";
const NOTHING: Explained = &[];

#[test]
fn attestations_are_built_like_genuine_ones() {
    let Some(fixtures) = Fixture::all("attestations") else { return };
    let mut report = Report::new("attestations", ATTESTATIONS);
    for fixture in &fixtures {
        let object = fixture.bytes("attestationObject");
        let genuine = Parts::of(&object);
        let simulated = twin_of(fixture, &genuine).seal();
        report.add(
            &fixture.name,
            (&Parts::of(&simulated).template(), simulated.len()),
            (&genuine.template(), object.len()),
        );
    }
    report.conclude();
}

#[test]
fn refreshed_receipts_are_built_like_genuine_ones() {
    let Some(fixtures) = Fixture::all("receipts") else { return };
    let mut report = Report::new("refreshed receipts", NOTHING);
    let (attested, refreshed): (Vec<_>, Vec<_>) =
        fixtures.iter().partition(|fixture| fixture.text("type") == "ATTEST");
    assert!(!attested.is_empty() && !refreshed.is_empty());
    for fixture in refreshed {
        let bytes = fixture.bytes("receipt");
        let genuine = Node::read(&bytes).expect("one BER element");
        let leaf = fixture.bytes_of(&["fields", "3"]);
        let app_id = AppId::parse(fixture.text("appId")).unwrap();
        let seed = Seed::from_text("twin of a genuine receipt");
        let device = Device::new(&seed, Generation::Ios14, app_id, Environment::Development);
        let created = fixture.text_of(&["fields", "12"]).parse().unwrap();
        let authority = Authority::new(&seed, created);
        // The genuine hash is lost in field 4; this is the one of the attestations it belongs to.
        let client_data_hash = attested[0].bytes_of(&["fields", "4"]);
        let first = device.attestation_model(&authority, &client_data_hash, created).receipt;
        let mut model = first.refreshed(fixture.text_of(&["fields", "17"]), created);
        align(&mut model, &genuine);
        let simulated = model.seal(&authority, &leaf);
        let template = |bytes| {
            let mut out = Template::new();
            describe_receipt(&Node::read(bytes).expect("one BER element"), &mut out);
            out
        };
        report.add(
            &fixture.name,
            (&template(&simulated), simulated.len()),
            (&template(&bytes), bytes.len()),
        );
        // The loss itself is reproduced: what the conversion makes of the hash is what it made.
        assert_eq!(model.field(field::CLIENT_HASH).unwrap(), fixture.bytes_of(&["fields", "4"]));
        for date in [field::NOT_BEFORE, field::EXPIRATION] {
            let genuine = fixture.text_of(&["fields", &date.to_string()]).as_bytes();
            assert_eq!(model.field(date).unwrap(), genuine);
        }
    }
    report.conclude();
}

#[test]
fn trust_anchors_are_built_like_genuine_ones() {
    let Some(folder) = fixtures::folder() else { return };
    let certificate = |file: &str| {
        let pem = std::fs::read_to_string(folder.join("certs").join(file)).unwrap();
        let lines = pem.lines().skip_while(|line| *line != "-----BEGIN CERTIFICATE-----").skip(1);
        let text: String = lines.take_while(|line| !line.starts_with("-----")).collect();
        STANDARD.decode(text).unwrap()
    };
    let authority =
        Authority::new(&Seed::from_text("twin of Apple"), "2026-11-24T00:00:00Z".parse().unwrap());
    let mut report = Report::new("trust anchors", NOTHING);
    for (file, model) in [
        ("apple_app_attestation_root_ca.pem", authority.root()),
        ("AppleRootCA-G3.pem", authority.receipt_chain()[2]),
        ("apple_app_attestation_ca_1.pem", authority.intermediate()),
    ] {
        let genuine = certificate(file);
        let mut model = model.clone();
        let template = |bytes: &[u8]| {
            let mut out = Template::new();
            Node::read(bytes).expect("one DER element").describe("certificate", &mut out);
            out
        };
        model.signature.wish.der_length = Some(signature_length(&Node::read(&genuine).unwrap()));
        let simulated = model.seal();
        // Validity is copied too, to the second.
        let validity = |bytes| Node::read(bytes).unwrap().at(&[0, 4]).content.to_vec();
        assert_eq!(validity(&simulated), validity(&genuine), "{file}");
        report.add(
            file,
            (&template(&simulated), simulated.len()),
            (&template(&genuine), genuine.len()),
        );
    }
    report.conclude();
}

#[test]
fn assertions_are_built_like_genuine_ones() {
    let Some(fixtures) = Fixture::all("assertions") else { return };
    let mut report = Report::new("assertions", NOTHING);
    for fixture in &fixtures {
        let bytes = fixture.bytes("assertion");
        let template = |bytes: &[u8]| {
            let object = Cbor::read(bytes).expect("one definite CBOR item");
            let mut out = Template::new();
            object.describe("object", &mut out);
            let data = object.get("authenticatorData").and_then(Cbor::bytes).unwrap();
            describe_authenticator_data(data, false, &mut out);
            let signature = object.get("signature").and_then(Cbor::bytes).unwrap();
            // How the length is shared between the two integers is chance.
            let signature = Node::read(signature).expect("one DER element");
            let integers = signature.children.iter().map(|integer| integer.identifier);
            let identifiers = signature.identifier.iter().chain(integers.flatten());
            let identifiers: Vec<u8> = identifiers.copied().collect();
            out.insert("signature".to_owned(), hex::encode(identifiers));
            (out, data.len(), object.get("signature").and_then(Cbor::bytes).unwrap().len())
        };
        let (genuine, data_length, signature_length) = template(&bytes);
        let generation = if data_length > 37 { Generation::Ios27 } else { Generation::Ios14 };
        let app_id = AppId::parse(fixture.text("appId")).unwrap();
        let seed = Seed::from_text("twin of a genuine assertion");
        let mut device = Device::new(&seed, generation, app_id, Environment::Development);
        device.bundle_version = Some("1314".to_owned());
        device.next_counter = fixture.json()["counter"].as_u64().unwrap() as u32;
        let mut model = device.assertion_model(&[7; 32]);
        model.signature.wish.der_length = Some(signature_length);
        let simulated = model.seal();
        let (template, ..) = template(&simulated);
        report.add(&fixture.name, (&template, simulated.len()), (&genuine, bytes.len()));
    }
    report.conclude();
}

/// An attestation that differs from the genuine one by keys and what follows from keys only.
fn twin_of(fixture: &Fixture, genuine: &Parts<'_>) -> AttestationModel {
    let system = genuine.operating_system();
    let generation = genuine.generation(&system);
    let environment: Environment = fixture.text("environment").parse().unwrap();
    let app_id = AppId::parse(fixture.text("appId")).unwrap();
    let seed = Seed::from_text("twin of a genuine device");
    let mut device = Device::new(&seed, generation, app_id, environment);
    device.operating_system = system;
    device.leaf_lifetime = genuine.lifetime();
    let extensions = genuine.extensions();
    if let Some(version) = extensions.as_ref().and_then(|map| map.get("apple_bundle_version_01")) {
        let version = String::from_utf8(version.bytes().unwrap().to_vec()).unwrap();
        device.bundle_version = Some(version);
    }
    let created = fixture.time("verifyAt");
    let authority = Authority::new(&seed, created);
    let client_data_hash = fixture.bytes("clientDataHash");
    let mut model = device.attestation_model(&authority, &client_data_hash, created);
    model.leaf.signature.wish.der_length = Some(signature_length(&genuine.leaf));
    model.chain[0].signature.wish.der_length = Some(signature_length(&genuine.intermediate));
    if let Some(receipt) = &genuine.receipt {
        align(&mut model.receipt, receipt);
    }
    model
}

/// Gives each signature of a receipt the length it has in a genuine one.
fn align(model: &mut ReceiptModel, genuine: &Node<'_>) {
    let certificates = &genuine.at(&[1, 0, 3]).children;
    for (model, genuine) in model.certificates.iter_mut().zip(certificates) {
        model.signature.wish.der_length = Some(signature_length(genuine));
    }
    let signature = genuine.at(&[1, 0, 4, 0]).children.last().unwrap();
    model.signers[0].signature.wish.der_length = Some(signature.content.len());
}

/// Bytes of a certificate's signature, without the count of unused bits.
fn signature_length(certificate: &Node<'_>) -> usize {
    certificate.children[2].content.len() - 1
}

/// Collects differences, prints them all, and fails on those without an explanation.
struct Report {
    what: &'static str,
    compared: usize,
    lines: usize,
    unexplained: Vec<String>,
    explained: Explained,
    used: Vec<bool>,
}

impl Report {
    fn new(what: &'static str, explained: Explained) -> Self {
        let used = vec![false; explained.len()];
        Self { what, compared: 0, lines: 0, unexplained: Vec::new(), explained, used }
    }

    fn add(&mut self, name: &str, simulated: (&Template, usize), genuine: (&Template, usize)) {
        self.compared += 1;
        self.lines += genuine.0.len();
        println!("{name}: {} bytes simulated, {} genuine", simulated.1, genuine.1);
        let mut found = differences(simulated.0, genuine.0);
        if simulated.1 != genuine.1 {
            let line = format!("simulated [{} bytes], genuine [{} bytes]", simulated.1, genuine.1);
            found.push(("size".to_owned(), line));
        }
        for (path, line) in found {
            let explanation = self
                .explained
                .iter()
                .position(|(object, place, _)| name.contains(object) && path.contains(place));
            if let Some(index) = explanation {
                self.used[index] = true;
                println!("  {path}: {line}; {}", self.explained[index].2);
            } else {
                println!("  {path}: {line}; UNEXPLAINED");
                self.unexplained.push(format!("{name}: {path}: {line}"));
            }
        }
    }

    fn conclude(self) {
        println!("{} {} compared in {} points", self.compared, self.what, self.lines);
        assert!(self.compared > 0, "the fixtures hold {}", self.what);
        assert!(
            self.unexplained.is_empty(),
            "{} unexplained differences:\n{}",
            self.unexplained.len(),
            self.unexplained.join("\n")
        );
        let idle: Vec<_> =
            self.explained.iter().zip(&self.used).filter(|(_, used)| !**used).collect();
        assert!(idle.is_empty(), "explained, but does not differ: {idle:?}");
    }
}
