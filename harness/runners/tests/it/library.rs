//! The suite as somebody else's `cargo test` has it: a verifier behind the trait, an outcome.

use jiff::Timestamp;
use protocol::flaw::{Flaw, Flaws};
use protocol::terms::{AppId, KeyId};
use protocol::verify::{
    AssertionRequest, AttestationRequest, Policy, Rejection, TrustAnchor, Unverified,
    verify_assertion, verify_attestation,
};
use runners::library::{Outcome, Suite};
use std::sync::Arc;
use std::time::Duration;
use targets::adapter::{
    AssertionAsked, AttestationAsked, Base64, Caps, Decided, Environment, Outputs, Verifier,
};

/// The reference verifier as a library would have it, with flaws or none.
struct Reference(Flaws);

fn policy(app_id: &str, environment: Environment) -> Policy {
    Policy::new(AppId::parse(app_id).unwrap(), environment.into())
}

fn refused(unverified: &Unverified) -> Decided {
    match unverified {
        Unverified::Broken(Rejection { rule, .. }) => Decided::reject(rule.id()),
        Unverified::Failed(flaw) => panic!("{flaw}"),
    }
}

impl Verifier for Reference {
    fn verify_attestation(&self, asked: &AttestationAsked) -> Decided {
        let request = AttestationRequest {
            object: &asked.attestation.0,
            key_id: KeyId(asked.key_id.0.clone().try_into().unwrap()),
            client_data_hash: &asked.client_data_hash.0,
        };
        let anchor = TrustAnchor::from_der(&asked.trust_roots[0].0).unwrap();
        let now: Timestamp = asked.now.parse().unwrap();
        let policy = policy(&asked.app_id, asked.environment);
        match verify_attestation(&request, &anchor, &policy, now, &self.0) {
            Err(unverified) => refused(&unverified),
            Ok(verified) => Decided::accept(Outputs {
                public_key: verified.public_key.map(|key| Base64(key.to_vec())),
                counter: Some(verified.counter),
                environment: Some(verified.environment.into()),
                ..Outputs::default()
            }),
        }
    }

    fn verify_assertion(&self, asked: &AssertionAsked) -> Decided {
        let request = AssertionRequest {
            assertion: &asked.assertion.0,
            client_data_hash: &asked.client_data_hash.0,
            public_key: &asked.public_key.0,
            stored_counter: asked.previous_counter,
        };
        match verify_assertion(&request, &policy(&asked.app_id, asked.environment), &self.0) {
            Err(unverified) => refused(&unverified),
            Ok(verified) => {
                Decided::accept(Outputs { counter: Some(verified.counter), ..Outputs::default() })
            }
        }
    }
}

fn suite(cases: &[&str]) -> Suite {
    let app_id = AppId::parse("ABCDE12345.com.example.app").unwrap();
    let suite = Suite::new("reference", app_id, protocol::terms::Environment::Production);
    Suite { cases: cases.iter().map(|&case| case.to_owned()).collect(), ..suite }
}

fn flawed(id: &str, cases: &[&str]) -> Outcome {
    let flaws = [Flaw::from_id(id).unwrap()].into_iter().collect();
    suite(cases).check(Arc::new(Reference(flaws))).unwrap()
}

#[test]
fn the_reference_verifier_holds_behind_the_trait() {
    let outcome = suite(&[]).check(Arc::new(Reference(Flaws::NONE))).unwrap();
    outcome.assert_holds();
    assert!(outcome.passed.len() > 600, "{outcome}");
    let party = |id: &str| outcome.not_applicable.iter().any(|one| one.id == id);
    assert!(party("registration.claimed") && party("transport.method"), "{outcome}");
}

#[test]
fn a_verifier_with_a_planted_flaw_fails_the_cases_about_it() {
    for (flaw, case) in [
        ("drop.att.nonce", "nonce.other-challenge"),
        ("drop.asr.counter", "counter.equal"),
        ("drop.asr.signature", "client-data.altered"),
        ("drop.att.chain.validity", "chain.leaf-expired"),
    ] {
        let family = format!("{}.*", case.split('.').next().unwrap());
        let outcome = flawed(flaw, &[&family]);
        assert!(!outcome.holds(), "{flaw} went unseen");
        let message = outcome.to_string();
        let kinds: Vec<&str> = outcome
            .failed
            .iter()
            .filter(|one| one.class == "false-accept")
            .map(|one| one.id.as_str())
            .collect();
        assert!(!kinds.is_empty(), "{flaw}: {message}");
        let panicked = std::panic::catch_unwind(|| outcome.assert_holds());
        assert!(panicked.is_err(), "{flaw}");
    }
}

/// A verifier that breaks down in one way or another.
struct Broken(fn());

impl Verifier for Broken {
    fn verify_attestation(&self, asked: &AttestationAsked) -> Decided {
        // Whatever is no map breaks it.
        if asked.attestation.0.starts_with(b"\xa3") {
            return Reference(Flaws::NONE).verify_attestation(asked);
        }
        (self.0)();
        Decided::reject("no map")
    }

    fn verify_assertion(&self, asked: &AssertionAsked) -> Decided {
        Reference(Flaws::NONE).verify_assertion(asked)
    }
}

#[test]
fn a_panic_is_a_crash_and_a_hang_a_timeout_of_the_case_alone() {
    let cases = ["transport.attestation.random", "genuine.ios27", "chain.empty"];
    for (fault, words) in [
        (Broken(|| panic!("out of range")), "it panicked: out of range"),
        (Broken(|| std::thread::sleep(Duration::from_mins(1))), "no answer in time"),
    ] {
        let suite = Suite { timeout: Duration::from_secs(2), ..suite(&cases) };
        let outcome = suite.check(Arc::new(fault)).unwrap();
        let failed: Vec<&str> = outcome.failed.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(failed, ["transport.attestation.random"], "{outcome}");
        assert!(outcome.to_string().contains(words), "{outcome}");
        assert!(!outcome.passed.is_empty(), "{outcome}");
    }
}

/// A verifier of assertions that leaves the counter to its caller.
struct Partial;

impl Verifier for Partial {
    fn caps(&self) -> Caps {
        Caps {
            ops: Some(vec!["verify_assertion".to_owned()]),
            checks_not_done: vec!["asr.counter".to_owned()],
            ..Caps::default()
        }
    }

    fn verify_attestation(&self, _: &AttestationAsked) -> Decided {
        unreachable!("it is not among its operations")
    }

    fn verify_assertion(&self, asked: &AssertionAsked) -> Decided {
        let flaws = [Flaw::from_id("drop.asr.counter").unwrap()].into_iter().collect();
        Reference(flaws).verify_assertion(asked)
    }
}

#[test]
fn what_a_verifier_says_it_does_not_do_does_not_apply() {
    let outcome =
        suite(&["counter.*", "chain.*", "client-data.altered"]).check(Arc::new(Partial)).unwrap();
    outcome.assert_holds();
    let why = |id: &str| {
        let found = outcome.not_applicable.iter().find(|one| one.id == id);
        found.map_or("", |one| one.verdict.why())
    };
    assert!(why("counter.equal").contains("says that it does not check `asr.counter`"));
    assert!(why("chain.empty").contains("does not verify attestations"));
    assert!(outcome.passed.iter().any(|one| one.id == "counter.gap"));
}
