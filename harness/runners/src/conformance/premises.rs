//! What a target file says that cases and devices adapt to.

use catalogue::{Listed, Premises, Scope, embeds_challenge};
use std::time::Duration;
use targets::adapter::{Hello, Profile, Trust};
use targets::encoding::Encoding;
use targets::file::{self, Challenge, Declared, HttpVersion, ReceiptDemand};
use targets::{CHALLENGE_TEXT, Dialect, Facts, Field, Operation, Saved, TargetFile};

/// What is known of a target before the first request. Challenges that live longer than
/// `longest_wait` are not waited for.
pub fn premises(dialect: &Dialect, longest_wait: Duration) -> Premises {
    let file = dialect.file();
    let policy = &file.policy;
    Premises {
        app_id: file.app_id.clone(),
        environment: file.environment,
        trusts_test_root: file.trust == file::Trust::SwapRoot,
        categories: listed(policy.validation_category.as_ref()),
        bundle_versions: listed(policy.bundle_version.as_ref()),
        receipt_required: policy.receipt == Some(ReceiptDemand::Require),
        challenge_spent_by_failure: policy.challenge_spent_by_failure == Some(true),
        wait: policy.challenge_ttl.filter(|ttl| *ttl <= longest_wait),
        can_revoke: dialect.speaks(Operation::Revoke),
        can_log_out: dialect.speaks(Operation::Logout),
        can_restart: dialect.speaks(Operation::Restart),
        nodes: file.nodes.len(),
        speaks_http2: file.http_version == HttpVersion::Http2,
        client_data_is_json: client_data_is_json(dialect),
        client_data_foreseeable: client_data_foreseeable(dialect),
        values_are_base64: values_are_base64(dialect),
        request_is_json: request_is_json(dialect),
        values_in_headers: in_headers(dialect, &["trial of a key id", "trial of an assertion"]),
        account_in_header: in_headers(dialect, &[ACCOUNT]),
        hashes_text: file.conventions.attest_client_data_hash == Challenge::Sha256OfText,
        scope: file.abilities.as_ref().map_or(Scope::SERVER, |hello| scope(hello, file)),
    }
}

/// What an adapter takes upon itself, by what it says.
fn scope(hello: &Hello, file: &TargetFile) -> Scope {
    let is_party = hello.profile == Profile::RelyingParty;
    let verifies = |op, party| hello.supports(if is_party { party } else { op });
    let environment = file.environment.into();
    let closed = if hello.caps.trust == Trust::Fixed {
        Some(
            "the adapter trusts Apple's root alone, and what the suite sends is made under a \
             test root"
                .to_owned(),
        )
    } else if !hello.caps.environments.contains(&environment) {
        Some(format!("the adapter does not serve the {} environment", file.environment.as_str()))
    } else {
        None
    };
    Scope {
        relying_party: is_party,
        requests: false,
        concurrency: hello.at_once() > 1,
        attestations: verifies("verify_attestation", "attest"),
        assertions: verifies("verify_assertion", "assert"),
        unchecked: hello.unchecked(),
        closed,
    }
}

fn listed<T: Clone>(declared: Option<&Declared<T>>) -> Option<Listed<T>> {
    match declared? {
        Declared::Ignore => None,
        Declared::AllowMissing(values) => {
            Some(Listed { values: values.clone(), absent_allowed: true })
        }
        Declared::Require(values) => Some(Listed { values: values.clone(), absent_allowed: false }),
    }
}

/// Tries the target's template with nothing but what a challenge's answer leaves.
fn client_data_foreseeable(dialect: &Dialect) -> bool {
    let step = dialect.file().steps.get(&Operation::Challenge);
    let names = step.iter().flat_map(|step| step.save.keys());
    let mut saved: Saved = names.map(|name| (name.clone(), "x".to_owned())).collect();
    saved.insert(CHALLENGE_TEXT.to_owned(), TRIAL.to_owned());
    dialect.client_data(&Facts::new("qa", "0123456789abcdef0123456789abcdef"), &saved).is_ok()
}

fn values_are_base64(dialect: &Dialect) -> bool {
    let conventions = &dialect.file().conventions;
    [conventions.key_id, conventions.attestation, conventions.assertion].iter().all(|encoding| {
        matches!(encoding, Encoding::B64 | Encoding::B64Url | Encoding::B64UrlNoPad)
    })
}

/// A challenge of ours, to try templates with.
const TRIAL: &str = "MDEyMzQ1Njc4OWFiY2RlZg";

/// An account of ours, to try templates with.
const ACCOUNT: &str = "trial of an account";

/// A request of ours, to try templates with.
fn trial(dialect: &Dialect) -> (Facts, Saved) {
    let file = dialect.file();
    let logins = file.session.setup.iter().map(|login| &login.save);
    let names =
        file.steps.values().map(|step| &step.save).chain(logins).flat_map(|save| save.keys());
    let mut saved: Saved = names.map(|name| (name.clone(), "x".to_owned())).collect();
    saved.insert(CHALLENGE_TEXT.to_owned(), TRIAL.to_owned());
    let mut facts = Facts::new(ACCOUNT, "0123456789abcdef0123456789abcdef");
    facts.key_id = Some(Field::Text("trial of a key id".to_owned()));
    facts.attestation = Some(Field::Text("trial of an attestation".to_owned()));
    (facts, saved)
}

fn client_data_is_json(dialect: &Dialect) -> bool {
    let (facts, saved) = trial(dialect);
    dialect.client_data(&facts, &saved).is_ok_and(|data| embeds_challenge(&data, TRIAL))
}

fn request_is_json(dialect: &Dialect) -> bool {
    let (facts, saved) = trial(dialect);
    let Ok(request) = dialect.request(Operation::Attest, &facts, &saved) else { return false };
    let Ok(body) = serde_json::from_slice::<serde_json::Map<_, _>>(&request.body) else {
        return false;
    };
    let text = |field: &Option<Field>| match field {
        Some(Field::Text(text)) => text.clone(),
        Some(Field::Bytes(_) | Field::Json(_)) | None => String::new(),
    };
    let account = facts.account.clone();
    [account, TRIAL.to_owned(), text(&facts.key_id), text(&facts.attestation)]
        .iter()
        .all(|wanted| body.values().any(|value: &serde_json::Value| value == wanted))
}

fn in_headers(dialect: &Dialect, wanted: &[&str]) -> bool {
    let (mut facts, saved) = trial(dialect);
    facts.assertion = Some(Field::Text("trial of an assertion".to_owned()));
    let Ok(request) = dialect.request(Operation::Assert, &facts, &saved) else { return false };
    wanted.iter().all(|wanted| request.headers.values().any(|value| value == wanted))
}
