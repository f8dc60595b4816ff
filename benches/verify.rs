//! The verifier beside the bare signature checks it contains, on Apple's published sample of 2026.
//!
//! What the verifier adds is the difference of two lines of one group; both run in the same minute
//! on the same machine, so their ratio is worth more than either figure.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use jiff::Timestamp;
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, KeyId, nonce};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Policy, ReceiptRequest, TrustAnchor, verify_assertion,
    verify_attestation, verify_receipt,
};
use protocol::wire::{
    Assertion, AttestationObject, AuthenticatorData, Certificate, Curve, Receipt,
    SignatureAlgorithm,
};
use simulator::{Device, Generation, Seed};
use std::hint::black_box;
use std::time::Duration;

const SAMPLE: &str = include_str!("../harness/protocol/tests/data/guide-2026.json");

criterion_group!(
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = attestation, assertion, receipt, decode
);
criterion_main!(benches);

/// A published attestation and what it is verified with.
struct Sample {
    object: Vec<u8>,
    key_id: KeyId,
    policy: Policy,
    now: Timestamp,
}

impl Sample {
    fn read() -> Self {
        Self {
            object: base64(member("attestationObject")),
            key_id: KeyId::from_base64(member("keyId")).expect("the sample's key id is one"),
            policy: Policy::new(
                AppId::parse(member("appId")).expect("the sample's App ID is one"),
                Environment::Production,
            ),
            now: member("verifyAt").parse().expect("the sample's time is one"),
        }
    }
}

/// A signature check and everything it needs.
struct Bare<'a> {
    key: UnparsedPublicKey<&'a [u8]>,
    message: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Bare<'a> {
    fn of(certificate: &Certificate<'a>, curve: Curve<'a>, point: &'a [u8]) -> Self {
        let key =
            UnparsedPublicKey::new(verification(curve, certificate.signature_algorithm), point);
        Self { key, message: certificate.tbs, signature: certificate.signature }
    }

    fn check(&self) {
        self.key.verify(black_box(self.message), self.signature).expect("the signature is genuine");
    }
}

fn attestation(c: &mut Criterion) {
    let mut group = c.benchmark_group("attestation");
    let Sample { object, key_id, policy, now } = Sample::read();
    let anchor = TrustAnchor::apple_app_attestation();
    let client_data_hash = member("clientDataUtf8").as_bytes();
    group.bench_function("verify", |b| {
        b.iter(|| {
            let request =
                AttestationRequest { object: black_box(&object), key_id, client_data_hash };
            verify_attestation(&request, &anchor, &policy, now, &Flaws::NONE)
                .expect("the sample is genuine")
        });
    });
    let read = AttestationObject::decode(&object).expect("the sample is genuine");
    let chain: Vec<_> = read.certificates.iter().map(|der| certificate(der)).collect();
    let root = certificate(anchor.der());
    let bare = [
        Bare::of(&chain[0], chain[1].curve, chain[1].point),
        Bare::of(&chain[1], root.curve, root.point),
    ];
    bare_signatures(&mut group, &bare);
}

fn assertion(c: &mut Criterion) {
    let mut group = c.benchmark_group("assertion");
    let app_id = AppId::parse("ABCDE12345.com.example.app").expect("it is an App ID");
    let policy = Policy::new(app_id.clone(), Environment::Production);
    let client_data_hash = [7; 32];
    let seed = Seed::from_text("assertion bench");
    let mut device = Device::new(&seed, Generation::Ios27, app_id, Environment::Production);
    let object = device.assert(&client_data_hash);
    let public_key = device.public_key();
    group.bench_function("verify", |b| {
        b.iter(|| {
            let request = AssertionRequest {
                assertion: black_box(&object),
                client_data_hash: &client_data_hash,
                public_key: &public_key,
                stored_counter: 0,
            };
            verify_assertion(&request, &policy, &Flaws::NONE).expect("the device is honest")
        });
    });
    let read = Assertion::decode(&object).expect("the device is honest");
    let message = nonce(read.authenticator_data, &client_data_hash);
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &public_key[..]);
    bare_signatures(&mut group, &[Bare { key, message: &message, signature: read.signature }]);
}

fn receipt(c: &mut Criterion) {
    let mut group = c.benchmark_group("receipt");
    let Sample { object, policy, now, .. } = Sample::read();
    let anchor = TrustAnchor::apple_root_g3();
    let object = AttestationObject::decode(&object).expect("the sample is genuine");
    let receipt = object.receipt.expect("the sample has a receipt");
    let leaf = certificate(object.certificates[0]);
    let client_data_hash = Some(member("clientDataUtf8").as_bytes());
    group.bench_function("verify", |b| {
        b.iter(|| {
            let public_key = Some(leaf.point);
            let request =
                ReceiptRequest { receipt: black_box(receipt), public_key, client_data_hash };
            verify_receipt(&request, &anchor, &policy, now, &Flaws::NONE)
                .expect("the sample is genuine")
        });
    });
    let read = Receipt::decode(receipt).expect("the sample is genuine");
    let chain: Vec<_> = read.certificates.iter().map(|der| certificate(der)).collect();
    let signer = &read.signers[0];
    let key =
        UnparsedPublicKey::new(verification(chain[0].curve, signer.algorithm), chain[0].point);
    // The root comes along in genuine receipts; being the pinned one, it is compared, not checked.
    let bare = [
        Bare { key, message: &read.content, signature: signer.signature },
        Bare::of(&chain[0], chain[1].curve, chain[1].point),
        Bare::of(&chain[1], chain[2].curve, chain[2].point),
    ];
    bare_signatures(&mut group, &bare);
}

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    let Sample { object, .. } = Sample::read();
    let read = AttestationObject::decode(&object).expect("the sample is genuine");
    let receipt = read.receipt.expect("the sample has a receipt");
    group.bench_function("attestation object", |b| {
        b.iter(|| AttestationObject::decode(black_box(&object)));
    });
    group.bench_function("authenticator data", |b| {
        b.iter(|| AuthenticatorData::decode_attestation(black_box(read.authenticator_data)));
    });
    group.bench_function("credential certificate", |b| {
        b.iter(|| Certificate::decode(black_box(read.certificates[0])));
    });
    group.bench_function("receipt", |b| b.iter(|| Receipt::decode(black_box(receipt))));
}

/// A text member of the sample, which has no escapes.
fn member(name: &str) -> &'static str {
    let found =
        SAMPLE.split_once(&format!("\"{name}\": \"")).and_then(|(_, rest)| rest.split_once('"'));
    found.expect("the sample has the member").0
}

fn base64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("the sample's object is base64")
}

fn bare_signatures(group: &mut BenchmarkGroup<'_, WallTime>, bare: &[Bare<'_>]) {
    group.bench_function("bare signatures", |b| b.iter(|| bare.iter().for_each(Bare::check)));
}

fn certificate(der: &[u8]) -> Certificate<'_> {
    Certificate::decode(der).expect("the sample is genuine")
}

fn verification(
    curve: Curve<'_>,
    algorithm: SignatureAlgorithm<'_>,
) -> &'static EcdsaVerificationAlgorithm {
    match (curve, algorithm) {
        (Curve::P256, SignatureAlgorithm::EcdsaSha256) => &ECDSA_P256_SHA256_ASN1,
        (Curve::P256, SignatureAlgorithm::EcdsaSha384) => &ECDSA_P256_SHA384_ASN1,
        (Curve::P384, SignatureAlgorithm::EcdsaSha256) => &ECDSA_P384_SHA256_ASN1,
        (Curve::P384, SignatureAlgorithm::EcdsaSha384) => &ECDSA_P384_SHA384_ASN1,
        (Curve::Other(_), _) | (_, SignatureAlgorithm::Other(_)) => {
            panic!("the sample uses P-256 and P-384 only")
        }
    }
}
