//! What fleets are made of, beside one signature of the fastest library that keeps secrets.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
};
use benches::subject::{CLIENT_DATA_HASH, Subject};
use criterion::{Criterion, criterion_group, criterion_main};
use simulator::{Authority, Device, FastMint, Seed};
use std::hint::black_box;
use std::time::Duration;

criterion_group!(
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = attestations, assertions
);
criterion_main!(benches);

fn attestations(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("fleet attestation");
    let random = SystemRandom::new();
    let bare = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING).expect("a key is made");
    group.bench_function("aws-lc-rs signs with P-384", |b| {
        b.iter(|| bare.sign(&random, black_box(&CLIENT_DATA_HASH)).expect("a digest is signed"));
    });
    let mut keys = subject.keys();
    group.bench_function("fast: one device key", |b| b.iter(|| keys.next()));
    let mut mint = subject.mint();
    group.bench_function("fast: attestation", |b| {
        b.iter(|| mint.attest(black_box(&subject.device), &CLIENT_DATA_HASH, subject.now));
    });
    // As a fleet has it: a device that was not there before, and its attestation.
    let mut keys = subject.keys();
    let (seed, mut number) = (Seed::from_text("fleet"), 0);
    let (generation, app_id) = (subject.device.generation(), subject.device.app_id());
    group.bench_function("fast: new device and its attestation", |b| {
        b.iter(|| {
            number += 1;
            let key = keys.next().expect("a walk has no end").into_walked();
            let seed = seed.child("device", number);
            let environment = subject.device.environment();
            let device = Device::with_key(&seed, key, generation, app_id.clone(), environment);
            mint.attest(&device, &CLIENT_DATA_HASH, subject.now)
        });
    });
    let secret = Authority::new(&Seed::from_text("secret"), subject.now);
    let mut discreet = FastMint::new(&secret, &Seed::from_text("secret"), 0);
    group.bench_function("fast: attestation of an authority with secrets", |b| {
        b.iter(|| discreet.attest(black_box(&subject.device), &CLIENT_DATA_HASH, subject.now));
    });
    group.bench_function("ordinary: attestation", |b| {
        b.iter(|| subject.device.attest(&subject.authority, &CLIENT_DATA_HASH, subject.now));
    });
}

fn assertions(c: &mut Criterion) {
    let subject = Subject::new();
    let mut group = c.benchmark_group("fleet assertion");
    let random = SystemRandom::new();
    let bare = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("a key is made");
    group.bench_function("aws-lc-rs signs with P-256", |b| {
        b.iter(|| bare.sign(&random, black_box(&CLIENT_DATA_HASH)).expect("a digest is signed"));
    });
    let mut mint = subject.mint();
    group.bench_function("fast: assertion", |b| {
        b.iter(|| mint.assertion(black_box(&subject.device), &CLIENT_DATA_HASH));
    });
    group.bench_function("ordinary: assertion", |b| {
        b.iter(|| black_box(&subject.device).assertion_model(&CLIENT_DATA_HASH).seal());
    });
}
