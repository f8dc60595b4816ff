//! An honest exchange, edited by operators of the catalogue's and sealed anew.
//!
//! Bytes choose a base, up to four operators and their values; the schema of case files says which
//! there are. Or they choose one of the built-in cases and a seed: then the rules that it declares
//! must be the broken ones, as for any seed.

mod grammar;

use crate::ground::{Ground, ground};
use crate::held::{self, Held};
use crate::input::Input;
use crate::{assertion, attestation};
use catalogue::base::Kind;
use catalogue::{
    Action, Base, Case, Cast, Enrolment, Fault, Listed, Premises, Scope, Sent, Step, builtin,
};
use protocol::terms::{Environment, KeyId, sha256};
use protocol::verify::{
    AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Crypto, Policy,
    ReceiptRequest, Rule,
};
use protocol::wire::AttestationObject;
use simulator::Generation;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Inputs that begin with this or more choose a built-in case.
const BUILT_IN: u8 = 0xc0;

/// The built-in cases whose last request alone says what is wrong with it.
static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let cases = builtin().expect("the built-in cases are read by a test");
    cases.into_iter().filter(is_told_by_its_request).collect()
});

static PREMISES: LazyLock<Premises> = LazyLock::new(|| premises(ground()));

const DATA: &str =
    r#"{"challenge":"challenge0123456789012345678901234567890123","item":"book","quantity":1}"#;

const CHALLENGE: &str = "challenge0123456789012345678901234567890123";

pub(crate) fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let first = input.byte();
    if first >= BUILT_IN {
        let Some(case) = input.choice(&CASES) else { return };
        let broken = played(case, u64::from(input.number()));
        let declared: BTreeSet<Rule> = case.rules.iter().copied().collect();
        if let Some(broken) = broken {
            assert_eq!(broken, declared, "{} breaks other rules than it declares", case.id);
        }
    } else {
        let seed = u64::from(input.byte());
        let Some(text) = grammar::case(first, &mut input) else { return };
        // The grammar does not know everything that the reader asks for.
        let Ok(cases) = catalogue::parse("fuzz.toml", &text) else { return };
        let [case] = &cases[..] else { panic!("one case: {text}") };
        let broken = played(case, seed);
        let is_honest = case.steps.iter().all(|step| step.operators.is_empty());
        assert!(!is_honest || broken == Some(BTreeSet::new()), "{broken:?}: {text}");
    }
}

/// Adds what every built-in case sends last, if that is an object of this kind, and its seed is enough
/// to make it.
pub(crate) fn sent(kind: Kind, add: &mut dyn FnMut(String, Vec<u8>)) {
    let ground = ground();
    for case in builtin().expect("the built-in cases are read by a test") {
        if case.base.kind != kind || !is_plain(&case) {
            continue;
        }
        let mut cast = Cast::new(&case, &ground.seed, &PREMISES, &ground.authority);
        let Some(last) = case.steps.last() else { continue };
        let bytes = match kind {
            Kind::Attestation => {
                cast.attestation(last, &ground.client_data_hash, ground.now).attestation
            }
            Kind::Assertion => match cast.assertion(last, DATA.as_bytes(), CHALLENGE, ground.now) {
                Ok(made) => made.assertion,
                Err(_) => continue,
            },
        };
        add(case.id, bytes.bytes().to_vec());
    }
}

/// Adds every base, untouched and edited once by each operator, and every built-in case.
pub(crate) fn choices(add: &mut dyn FnMut(String, Vec<u8>)) {
    for (place, base) in (0..).zip(Base::all()) {
        add(format!("base-{base}"), vec![place]);
        for (index, name) in grammar::operators(base.kind).enumerate() {
            if base.generation == Generation::Ios27 {
                let values = [[0; 4], [0, 1, 2, 3], [200, 20, 200, 20]];
                for (turn, values) in values.iter().enumerate() {
                    let chosen = grammar::operators(base.kind).count();
                    let bytes = [&[place, 0], &chose(index, chosen)[..], values].concat();
                    add(format!("operator-{name}-{turn}"), bytes);
                }
            }
        }
    }
    for (index, case) in CASES.iter().enumerate() {
        let bytes = [&[BUILT_IN][..], &chose(index, CASES.len())].concat();
        add(format!("case-{}", case.id), bytes);
    }
}

/// The bytes that choose that one of so many.
fn chose(index: usize, of: usize) -> Vec<u8> {
    let index = (index as u16).to_be_bytes();
    if of > 256 { index.to_vec() } else { vec![index[1]] }
}

/// Plays a case and says which rules its last request breaks; none if it is not written as agreed.
fn played(case: &Case, seed: u64) -> Option<BTreeSet<Rule>> {
    let ground = ground();
    let mut players =
        Cast::new(case, &ground.seed.child("played", seed), &PREMISES, &ground.authority);
    let (last, before) = case.steps.split_last()?;
    let mut enrolled = None;
    for step in before {
        let (made, hash) = enrolment(&mut players, step, ground);
        let broken = attested(&made, &hash, ground)?;
        assert_eq!(broken, BTreeSet::new(), "what comes before is honest");
        enrolled = Some(made);
    }
    if let Action::Attest { .. } = last.action {
        let (made, hash) = enrolment(&mut players, last, ground);
        return attested(&made, &hash, ground);
    }
    let challenge = players.challenge(last, CHALLENGE);
    let data = format!(r#"{{"challenge":"{challenge}","item":"book","quantity":1}}"#);
    let made = players.assertion(last, data.as_bytes(), &challenge, ground.now).ok()?;
    let bytes = made.assertion.bytes();
    // Decoders meet it whatever it is.
    assertion::decoded(bytes);
    if !is_formed(&made.key_id, &made.assertion) {
        return None;
    }
    let request = AssertionRequest {
        assertion: bytes,
        client_data_hash: &sha256(&[&made.client_data]),
        public_key: &enrolled?.truth.public_key,
        stored_counter: 0,
    };
    Some(held::assertion(&request, ground, &policy(ground)).broken)
}

/// What an attest step sends, and the client data hash that the server computes.
fn enrolment(cast: &mut Cast<'_>, step: &Step, ground: &Ground) -> (Enrolment, [u8; 32]) {
    let challenge = cast.challenge(step, CHALLENGE);
    let honest = sha256(&[challenge.as_bytes()]);
    let decoded = sha256(&[b"decoded", challenge.as_bytes()]);
    let hash = cast.hash(step, honest.to_vec(), &challenge, Some(&decoded));
    (cast.attestation(step, &hash, ground.now), honest)
}

/// The rules that an attestation and its receipt break; none if it is not written as agreed.
fn attested(made: &Enrolment, hash: &[u8], ground: &Ground) -> Option<BTreeSet<Rule>> {
    let object = made.attestation.bytes();
    attestation::decoded(object);
    if !is_formed(&made.key_id, &made.attestation) {
        return None;
    }
    let key_id = KeyId(made.key_id.bytes().try_into().ok()?);
    let policy = policy(ground);
    let request = AttestationRequest { object, key_id, client_data_hash: hash };
    let Held { verified, mut broken } = held::attestation(&request, ground, &policy);
    if let Some(verified) = verified {
        assert_eq!(verified.public_key.map(Vec::from).as_ref(), Some(&made.truth.public_key));
    }
    if let Ok(AttestationObject { receipt, .. }) = AttestationObject::decode(object) {
        let Some(receipt) = receipt else {
            broken.insert(Rule::ReceiptSyntax);
            return Some(broken);
        };
        let public_key = Some(&made.truth.public_key[..]);
        let request = ReceiptRequest { receipt, public_key, client_data_hash: Some(hash) };
        broken.extend(held::receipt(&request, ground, &policy).broken);
    }
    Some(broken)
}

/// Whether a server can read the key id and the object.
fn is_formed(key_id: &Sent, object: &Sent) -> bool {
    key_id.is_plain() && key_id.bytes().len() == 32 && object.is_plain()
}

/// Whether what a case declares is found by looking at its last request, and at nothing that a
/// server remembers.
fn is_told_by_its_request(case: &Case) -> bool {
    is_plain(case)
        && case.fault == Fault::Rules
        && case.rules.iter().all(|rule| is_of_an_object(*rule))
        && PREMISES.missing(case).is_none()
}

/// Whether a case plays its base's steps, and edits what is in the last request alone.
fn is_plain(case: &Case) -> bool {
    let edits_around = |step: &Step| {
        step.operators.iter().any(|operator| operator.to_string().starts_with("wire."))
    };
    let is_base = match (case.base.kind, &case.steps[..]) {
        (Kind::Attestation, [only]) => matches!(only.action, Action::Attest { challenge: None }),
        (Kind::Assertion, [first, last]) => {
            matches!(first.action, Action::Attest { challenge: None })
                && matches!(last.action, Action::Assert { challenge: None })
                && first.operators.is_empty()
        }
        (Kind::Attestation | Kind::Assertion, _) => false,
    };
    is_base && !case.steps.iter().any(edits_around)
}

/// Whether a rule is about an object, and not about what a server remembers.
fn is_of_an_object(rule: Rule) -> bool {
    let (ground, policy) = (ground(), policy(ground()));
    let examined = [
        held::examined(&ground.attestation(&[]), ground, &policy),
        held::examined(&ground.assertion(&[]), ground, &policy),
        held::examined(&ground.receipt(&[]), ground, &policy),
    ];
    // Which challenge client data embed is for the relying party to find.
    rule != Rule::AssertionChallenge && examined.iter().any(|rules| rules.contains(&rule))
}

fn listed<T>(values: impl IntoIterator<Item = T>) -> Listed<T> {
    Listed { values: values.into_iter().collect(), absent_allowed: true }
}

/// A server as the reference is one: everything that operators ask for is declared.
fn premises(ground: &Ground) -> Premises {
    Premises {
        app_id: ground.app_id.clone(),
        environment: Environment::Production,
        trusts_test_root: true,
        categories: Some(listed([2, 4, 6])),
        bundle_versions: Some(listed(["1", "1.0.7"].map(str::to_owned))),
        receipt_required: true,
        challenge_spent_by_failure: true,
        wait: None,
        can_revoke: true,
        can_log_out: true,
        can_restart: true,
        nodes: 2,
        speaks_http2: true,
        client_data_is_json: true,
        client_data_foreseeable: true,
        values_are_base64: true,
        request_is_json: true,
        values_in_headers: true,
        account_in_header: true,
        hashes_text: true,
        scope: Scope::SERVER,
    }
}

fn policy(ground: &Ground) -> Policy {
    let (categories, versions) = (vec![2, 4, 6], ["1", "1.0.7"].map(str::to_owned).to_vec());
    Policy {
        categories: AllowedCategories::Listed { categories, absent_allowed: true },
        bundle_versions: AllowedVersions::Listed { versions, absent_allowed: true },
        ..ground.policy(Crypto::AwsLcRs)
    }
}
