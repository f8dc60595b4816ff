//! The verifier beside the bare signature checks it contains.
//!
//! What the verifier adds is the difference of two lines of one group; both run in the same minute
//! on the same machine, so their ratio is worth more than either figure.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use benches::subject::{CLIENT_DATA_HASH, Subject};
use criterion::{
    BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime,
};
use protocol::flaw::Flaws;
use protocol::terms::nonce;
use protocol::verify::{Crypto, Phase, Rule};
use protocol::wire::{
    Assertion, AttestationObject, AuthenticatorData, Certificate, Curve, Receipt,
    SignatureAlgorithm,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

criterion_group!(
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = attestation, assertion, receipt, rules, decode, threads
);
criterion_main!(benches);

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
    let subject = Subject::new();
    let mut group = c.benchmark_group("attestation");
    let (cold, known, warm) =
        (subject.anchor(), subject.anchor().remembering(), subject.warm_anchor());
    let fast = subject.policy(Crypto::AwsLcRs);
    let second = subject.policy(Crypto::RustCrypto);
    let tables = subject.policy(Crypto::Tables);
    for (name, anchor, policy) in [
        ("cold", &cold, &fast),
        ("intermediate known", &known, &fast),
        ("intermediate known and its key in a table", &warm, &tables),
        ("by RustCrypto, cold", &cold, &second),
    ] {
        group.bench_function(name, |b| {
            b.iter(|| subject.verify_attestation(anchor, policy, &Flaws::NONE));
        });
    }
    let read = AttestationObject::decode(&subject.attestation).expect("the device is honest");
    let chain: Vec<_> = read.certificates.iter().map(|der| certificate(der)).collect();
    let root = certificate(subject.authority.root_der());
    let bare = [
        Bare::of(&chain[0], chain[1].curve, chain[1].point),
        Bare::of(&chain[1], root.curve, root.point),
    ];
    group.bench_function("bare P-384 signature", |b| b.iter(|| bare[0].check()));
    bare_signatures(&mut group, &bare);
}

fn assertion(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("assertion");
    for (name, crypto) in [("verify", Crypto::AwsLcRs), ("by RustCrypto", Crypto::RustCrypto)] {
        let policy = subject.policy(crypto);
        group.bench_function(name, |b| b.iter(|| subject.verify_assertion(&policy, &Flaws::NONE)));
    }
    let read = Assertion::decode(&subject.assertion).expect("the device is honest");
    let message = nonce(read.authenticator_data, &CLIENT_DATA_HASH);
    let point = subject.device.public_key();
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, &point[..]);
    let bare = Bare { key, message: &message, signature: read.signature };
    group.bench_function("bare P-256 signature", |b| b.iter(|| bare.check()));
}

fn receipt(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("receipt");
    let policy = subject.policy(Crypto::AwsLcRs);
    let (cold, known) = (subject.receipt_anchor(), subject.receipt_anchor().remembering());
    for (name, anchor) in [("cold", &cold), ("chain known", &known)] {
        group.bench_function(name, |b| {
            b.iter(|| subject.verify_receipt(anchor, &policy, &Flaws::NONE));
        });
    }
    let read = Receipt::decode(&subject.receipt).expect("the device is honest");
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
    group.bench_function("bare P-256 signature", |b| b.iter(|| bare[0].check()));
    bare_signatures(&mut group, &bare);
}

/// Each rule alone: all others are left out, and reading stays, which is a line of its own.
fn rules(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("rules");
    group.measurement_time(Duration::from_secs(1)).warm_up_time(Duration::from_millis(300));
    let (anchor, receipts) = (subject.anchor(), subject.receipt_anchor());
    let policy = subject.policy(Crypto::AwsLcRs);
    let run = |phase: Phase, flaws: &Flaws| match phase {
        Phase::Attestation => subject.verify_attestation(&anchor, &policy, flaws),
        Phase::Assertion => subject.verify_assertion(&policy, flaws),
        Phase::Receipt => subject.verify_receipt(&receipts, &policy, flaws),
        Phase::State => {}
    };
    for phase in [Phase::Attestation, Phase::Assertion, Phase::Receipt] {
        let of_phase = || Rule::ALL.iter().copied().filter(move |rule| rule.phase() == phase);
        let none = Flaws::dropping(of_phase());
        group.bench_function(format!("{phase:?}: reading alone"), |b| b.iter(|| run(phase, &none)));
        for rule in of_phase() {
            let alone = Flaws::dropping(of_phase().filter(|other| *other != rule));
            group.bench_function(rule.id(), |b| b.iter(|| run(phase, &alone)));
        }
    }
}

fn decode(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("decode");
    let read = AttestationObject::decode(&subject.attestation).expect("the device is honest");
    group.bench_function("attestation object (CBOR)", |b| {
        b.iter(|| AttestationObject::decode(black_box(&subject.attestation)));
    });
    group.bench_function("assertion (CBOR)", |b| {
        b.iter(|| Assertion::decode(black_box(&subject.assertion)));
    });
    group.bench_function("authenticator data", |b| {
        b.iter(|| AuthenticatorData::decode_attestation(black_box(read.authenticator_data)));
    });
    group.bench_function("credential certificate (DER)", |b| {
        b.iter(|| Certificate::decode(black_box(read.certificates[0])));
    });
    group.bench_function("receipt (BER)", |b| {
        b.iter(|| Receipt::decode(black_box(&subject.receipt)));
    });
}

/// The same attestation by one thread and by two at once: time for one, so that 0.5 is perfect.
fn threads(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("threads");
    let (anchor, policy) = (subject.anchor().remembering(), subject.policy(Crypto::AwsLcRs));
    for (name, threads) in [("1 thread", 1), ("2 threads", 2)] {
        group.bench_function(name, |b| {
            b.iter_custom(|rounds| {
                #[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
                let start = Instant::now();
                std::thread::scope(|scope| {
                    for thread in 0..threads {
                        let share = (rounds + thread) / threads;
                        let (subject, anchor, policy) = (&subject, &anchor, &policy);
                        scope.spawn(move || {
                            for _ in 0..share {
                                subject.verify_attestation(anchor, policy, &Flaws::NONE);
                            }
                        });
                    }
                });
                start.elapsed()
            });
        });
    }
}

fn bare_signatures(group: &mut BenchmarkGroup<'_, WallTime>, bare: &[Bare<'_>]) {
    group.bench_function("bare signatures", |b| b.iter(|| bare.iter().for_each(Bare::check)));
}

fn certificate(der: &[u8]) -> Certificate<'_> {
    Certificate::decode(der).expect("the device is honest")
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
            panic!("the test authority uses P-256 and P-384 only")
        }
    }
}
