//! Minting one case, from its recipe to the bytes that are sent, beside the signatures it contains.
//!
//! A case that is minted on the fly costs key generation, signatures and encoding. The two signatures
//! of the same library, timed in the same minute on the same machine, are the yardstick: a line of
//! the group means something as a multiple of them, and little as a length of time.

use catalogue::{Action, Base, Case, Cast, Listed, Premises, Sent, builtin};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::Timestamp;
use protocol::terms::{AppId, Environment, sha256};
use simulator::key::{Key, Wish};
use simulator::{Authority, Seed};
use std::hint::black_box;
use std::time::Duration;

criterion_group!(
    name = benches;
    config = Criterion::default().measurement_time(Duration::from_secs(3)).warm_up_time(Duration::from_secs(1));
    targets = signatures, cases
);
criterion_main!(benches);

/// The yardstick.
fn signatures(c: &mut Criterion) {
    let seed = Seed::from_text("mint bench");
    let digest = sha256(&[b"message"]);
    let mut group = c.benchmark_group("mint");
    for (name, key) in
        [("one P-256 signature", Key::p256(&seed)), ("one P-384 signature", Key::p384(&seed))]
    {
        group.bench_function(name, |b| b.iter(|| key.sign(black_box(&digest), Wish::default())));
    }
}

/// Two honest requests, and the edits that cost most: new authorities and rare signatures.
fn cases(c: &mut Criterion) {
    let base = |name| Case::twin(Base::from_name(name).expect("it is the name of a base"));
    let edited = |id: &str| {
        let cases = builtin().expect("the built-in cases can be read");
        cases.into_iter().find(|case| case.id == id).expect("it is the id of a case")
    };
    let each = [
        ("attestation", base("attestation.ios27")),
        ("attestation and assertion", base("assertion.ios27")),
        ("a chain of another authority", edited("chain.other-root")),
        ("a signature of 69 bytes", edited("rare.signature-of-69-bytes")),
    ];
    let mut group = c.benchmark_group("mint");
    let premises = premises();
    let root = Seed::from_text("mint bench");
    let authority = Authority::new(&root, now());
    for (name, case) in each {
        let mut number = 0;
        group.bench_function(name, |b| {
            b.iter_batched(
                || {
                    // Another seed each time: chance decides how long a rare signature is sought.
                    number += 1;
                    root.child("case", number)
                },
                |seed| mint(&case, &seed, &premises, &authority),
                BatchSize::SmallInput,
            );
        });
    }
}

/// Everything that a case sends, one request after the other.
fn mint(case: &Case, seed: &Seed, premises: &Premises, authority: &Authority) -> Vec<Sent> {
    let mut devices = Cast::new(case, seed, premises, authority);
    let request = |step: &catalogue::Step| match step.action {
        Action::Attest { .. } => {
            devices.attestation(step, &sha256(&[CHALLENGE.as_bytes()]), now()).attestation
        }
        Action::Assert { .. } => {
            let data = format!(r#"{{"challenge":"{CHALLENGE}","item":"book"}}"#);
            let made = devices.assertion(step, data.as_bytes(), CHALLENGE, now());
            made.expect("the client data is an object that embeds the challenge").assertion
        }
        _ => panic!("the cases of this bench attest and assert only"),
    };
    case.steps.iter().map(request).collect()
}

const CHALLENGE: &str = "YXNzYXkgYmVuY2ggY2hhbGxlbmdlIQ";

fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).expect("it is a time")
}

/// A server that declares everything.
fn premises() -> Premises {
    let listed = |values: &[&str]| Listed {
        values: values.iter().map(ToString::to_string).collect(),
        absent_allowed: true,
    };
    Premises {
        app_id: AppId::parse("ABCDE12345.com.example.app").expect("it is an App ID"),
        environment: Environment::Production,
        trusts_test_root: true,
        categories: Some(Listed { values: vec![2, 4, 6], absent_allowed: true }),
        bundle_versions: Some(listed(&["1", "1.0.7"])),
        receipt_required: true,
        challenge_spent_by_failure: true,
        wait: None,
        can_revoke: true,
        client_data_is_json: true,
        client_data_foreseeable: true,
        values_are_base64: true,
        request_is_json: true,
        values_in_headers: true,
        account_in_header: true,
        hashes_text: true,
        scope: catalogue::Scope::SERVER,
        can_log_out: true,
        can_restart: true,
        nodes: 2,
        speaks_http2: false,
    }
}
