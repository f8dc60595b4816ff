//! From cases to tests.

use super::kinds::{assertion, attestation, data, receipt};
use super::model::{
    AssertionTest, AttestationTest, AuthenticatorDataTest, File, Group, Note, ReceiptTest,
};
use super::{NOW, VectorsError};
use crate::builtin::builtin;
use crate::case::{Case, Fault};
use crate::frozen::{Frozen, Ground};
use crate::need::{Listed, Premises, Scope};
use crate::oracle::{LARGEST, Oracle, Seen};
use jiff::Timestamp;
use protocol::terms::{AppId, Environment};
use protocol::verify::{Phase, Rule};
use simulator::{Authority, Seed};
use std::collections::BTreeMap;

/// The vectors of a seed.
#[derive(Debug, Clone)]
pub struct Vectors {
    /// Attestations.
    pub attestation: File<AttestationTest>,
    /// Assertions.
    pub assertion: File<AssertionTest>,
    /// Receipts.
    pub receipt: File<ReceiptTest>,
    /// Authenticator data.
    pub authenticator_data: File<AuthenticatorDataTest>,
    /// The root of attestations.
    pub root_pem: String,
    /// The root of receipts.
    pub receipt_root_pem: String,
}

/// One request with what is known of it.
pub(super) struct Made {
    pub(super) case: Case,
    pub(super) frozen: Frozen,
    pub(super) seen: Seen,
}

/// The server of one group, and its requests.
struct Server {
    premises: Premises,
    made: Vec<Made>,
}

impl Vectors {
    /// Makes them: every case that is one request, for the first of the servers that it applies to.
    pub fn of(seed: &Seed) -> Result<Self, VectorsError> {
        let now: Timestamp = NOW.parse().expect("the time of the vectors is one");
        let authority = Authority::new(&seed.child("authority", 0), now);
        let mut servers = servers().map(|premises| Server { premises, made: Vec::new() });
        for case in builtin()? {
            let first = servers.iter_mut().find(|one| one.premises.missing(&case).is_none());
            if let Some(server) = first {
                let ground = Ground { premises: &server.premises, authority: &authority, now };
                server.made.extend(made(case, &ground, seed)?);
            }
        }
        Ok(Self {
            attestation: file("Attestation", seed, &authority, &servers, attestation),
            assertion: file("Assertion", seed, &authority, &servers, assertion),
            receipt: file("Receipt", seed, &authority, &servers, receipt),
            authenticator_data: file("AuthenticatorData", seed, &authority, &servers, data),
            root_pem: authority.root_pem(),
            receipt_root_pem: authority.receipt_root_pem(),
        })
    }
}

/// What the server of each group serves and allows.
fn servers() -> [Premises; 2] {
    let listed = |values: &[u32]| Some(Listed { values: values.to_vec(), absent_allowed: true });
    let versions = ["1", "1.0.7"].map(str::to_owned).to_vec();
    let production = Premises {
        app_id: AppId::parse("ABCDE12345.com.example.app").expect("it is an App ID"),
        environment: Environment::Production,
        trusts_test_root: true,
        categories: listed(&[2, 4, 6]),
        bundle_versions: Some(Listed { values: versions, absent_allowed: true }),
        receipt_required: true,
        challenge_spent_by_failure: true,
        wait: None,
        can_revoke: false,
        can_log_out: false,
        can_restart: false,
        nodes: 1,
        speaks_http2: false,
        client_data_is_json: true,
        client_data_foreseeable: true,
        values_are_base64: true,
        request_is_json: false,
        values_in_headers: false,
        account_in_header: false,
        hashes_text: true,
        scope: Scope::SERVER,
    };
    let development = Premises {
        environment: Environment::Development,
        categories: listed(&[3]),
        ..production.clone()
    };
    [production, development]
}

/// The request of a case, if it is one by itself and every server can read it.
fn made(case: Case, ground: &Ground<'_>, seed: &Seed) -> Result<Option<Made>, VectorsError> {
    let Some(frozen) = ground.freeze(&case, seed) else { return Ok(None) };
    let frozen = frozen.map_err(|why| VectorsError::ClientData { id: case.id.clone(), why })?;
    let oracle = Oracle::new(ground.premises, ground.authority)
        .map_err(|error| VectorsError::Root(error.to_string()))?;
    let readable = frozen.key_id.bytes().len() == 32 && frozen.object.bytes().len() < LARGEST;
    let sight = frozen.seen(&oracle, ground.now).filter(|_| readable && case.fault != Fault::Form);
    // Challenges are a server's own matter: a verifier is given the hash that it must find.
    let of_state = |rule: &Rule| rule.phase() == Phase::State || *rule == Rule::AssertionChallenge;
    let sight = sight.filter(|seen| !seen.broken.iter().any(of_state) && seen.unsure.is_none());
    Ok(sight.map(|seen| Made { case, frozen, seen }))
}

fn file<T>(
    kind: &str,
    seed: &Seed,
    authority: &Authority,
    servers: &[Server],
    test: fn(&Made, usize) -> Option<T>,
) -> File<T> {
    let mut number = 0;
    let groups: Vec<Group<T>> = servers
        .iter()
        .map(|server| {
            let tests = server.made.iter().filter_map(|made| {
                let test = test(made, number + 1)?;
                number += 1;
                Some(test)
            });
            group(&server.premises, authority, tests.collect())
        })
        .collect();
    let note = |rule: &Rule| {
        let (requirement, clause) = (rule.requirement().to_owned(), rule.clause().to_owned());
        (rule.id().to_owned(), Note { requirement, clause })
    };
    let notes: BTreeMap<String, Note> = Rule::ALL.iter().map(note).collect();
    let name = if kind == "AuthenticatorData" {
        "authenticator_data".to_owned()
    } else {
        kind.to_lowercase()
    };
    File {
        algorithm: format!("AppAttest-{kind}"),
        generator_version: env!("CARGO_PKG_VERSION").to_owned(),
        header: [
            "TEST ONLY: simulated devices under a test root; the keys follow from the seed and are no secret.",
            "For regression tests of verifiers. No evidence of conformance: the answers stand in the file.",
            "See README.md.",
        ].map(str::to_owned).to_vec(),
        seed: seed.to_hex(),
        schema: format!("{name}_test.schema.json"),
        number_of_tests: number,
        notes,
        test_groups: groups.into_iter().filter(|group| !group.tests.is_empty()).collect(),
    }
}

fn group<T>(premises: &Premises, authority: &Authority, tests: Vec<T>) -> Group<T> {
    Group {
        app_id: premises.app_id.to_string(),
        environment: premises.environment.as_str().to_owned(),
        root_certificate: hex::encode(authority.root_der()),
        receipt_root_certificate: hex::encode(authority.receipt_root_der()),
        verification_time: NOW.to_owned(),
        validation_categories: premises
            .categories
            .iter()
            .flat_map(|one| one.values.clone())
            .collect(),
        bundle_versions: premises
            .bundle_versions
            .iter()
            .flat_map(|one| one.values.clone())
            .collect(),
        receipt_max_age_seconds: 300,
        tests,
    }
}

/// What the oracle sees in the last request of a case that is its base and edits, for the first of
/// the vectors' servers that it applies to; `None` where it cannot look.
pub fn look(case: &Case, seed: &Seed) -> Result<Option<Seen>, VectorsError> {
    let now: Timestamp = NOW.parse().expect("the time of the vectors is one");
    let authority = Authority::new(&seed.child("authority", 0), now);
    let servers = servers();
    let Some(premises) = servers.iter().find(|one| one.missing(case).is_none()) else {
        return Ok(None);
    };
    let ground = Ground { premises, authority: &authority, now };
    let Some(frozen) = ground.freeze(case, seed) else { return Ok(None) };
    let frozen = frozen.map_err(|why| VectorsError::ClientData { id: case.id.clone(), why })?;
    let oracle =
        Oracle::new(premises, &authority).map_err(|error| VectorsError::Root(error.to_string()))?;
    Ok(frozen.seen(&oracle, now).filter(|seen| seen.unsure.is_none()))
}
