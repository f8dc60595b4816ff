//! `assay verify`: objects from files, rule by rule.

mod stated;

use crate::args::{Expect, VerifyArgs};
use crate::console::printable;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use jiff::Timestamp;
use protocol::terms::{Environment, KeyId};
use protocol::verify::{
    AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Crypto, Finding,
    Outcome, Policy, ReceiptRequest, TrustAnchor, examine_assertion, examine_attestation,
    examine_receipt,
};
use protocol::wire::{AttestationObject, AuthenticatorData, Receipt};
use stated::{Stated, StatedKind};
use std::fmt::Write;
use std::path::Path;

/// What came out for one file.
#[derive(Debug, Default, serde::Serialize)]
struct Outcomes {
    file: String,
    kind: &'static str,
    /// accept, reject or parse-only.
    observed: &'static str,
    expected: Option<&'static str>,
    as_expected: bool,
    /// What was taken from the object itself for want of anything better.
    remarks: Vec<String>,
    rules: Vec<RuleLine>,
}

#[derive(Debug, serde::Serialize)]
struct RuleLine {
    rule: &'static str,
    clause: &'static str,
    outcome: &'static str,
    detail: String,
}

/// Verifies each file and says what each rule gives.
pub(crate) fn verify(args: &VerifyArgs, now: Timestamp) -> Result<ExitCode, Failed> {
    let anchors = Anchors {
        attestation: anchor(args.trust_anchor.as_deref(), TrustAnchor::apple_app_attestation)?,
        receipt: anchor(args.receipt_trust_anchor.as_deref(), TrustAnchor::apple_root_g3)?,
        crypto: args.crypto,
    };
    let (mut right, mut code) = (0, ExitCode::Ok);
    for file in &args.files {
        let result = std::fs::read(file)
            .map_err(|error| error.to_string())
            .and_then(|bytes| stated::read(&bytes, args))
            .and_then(|stated| examine(&stated, &anchors, now));
        match result {
            Ok(mut outcomes) => {
                outcomes.file = file.display().to_string();
                right += usize::from(outcomes.as_expected);
                if !outcomes.as_expected {
                    code = code.and(ExitCode::WrongVerdict);
                }
                if args.json {
                    print(&serde_json::to_string(&outcomes).expect("plain text and names"));
                } else {
                    print(&in_words(&outcomes));
                }
            }
            Err(message) => {
                // The other files are still verified: one bad file must not hide them.
                code = code.and(ExitCode::Usage);
                print(&format!("{}: cannot be verified: {}", file.display(), printable(&message)));
            }
        }
    }
    if !args.json {
        print(&format!("{right} of {} files are as they say they should be", args.files.len()));
    }
    Ok(code)
}

/// What files are held against, whatever they state.
struct Anchors {
    attestation: TrustAnchor,
    receipt: TrustAnchor,
    crypto: Crypto,
}

/// A trust anchor from a PEM or DER file, or Apple's.
pub(crate) fn anchor(
    path: Option<&Path>,
    apple: impl FnOnce() -> TrustAnchor,
) -> Result<TrustAnchor, Failed> {
    let Some(path) = path else { return Ok(apple()) };
    let bytes = std::fs::read(path).map_err(|error| Failed::file("read", path, &error))?;
    let read = match std::str::from_utf8(&bytes) {
        Ok(text) => TrustAnchor::from_pem(text),
        Err(_) => TrustAnchor::from_der(&bytes),
    };
    read.map_err(|error| Failed::usage(format_args!("{}: no certificate: {error}", path.display())))
}

fn examine(stated: &Stated, anchors: &Anchors, now: Timestamp) -> Result<Outcomes, String> {
    let mut remarks = Vec::new();
    let mut outcomes = match stated.kind {
        StatedKind::Attestation => {
            let hash = stated.client_data_hash.as_deref().ok_or(
                "the client data hash is missing: give --client-data or --client-data-hash",
            )?;
            let object = AttestationObject::decode(&stated.object).ok();
            let data = object.as_ref().and_then(|object| {
                AuthenticatorData::decode_attestation(object.authenticator_data).ok()
            });
            let attested = data.as_ref().and_then(|data| data.attested.as_ref());
            let key_id = stated.key_id.unwrap_or_else(|| {
                remarks.push("no key id given: taken from the object itself".to_owned());
                let id = attested.and_then(|attested| attested.credential_id.try_into().ok());
                KeyId(id.unwrap_or_default())
            });
            let environment = stated.environment.unwrap_or_else(|| {
                let development = attested
                    .is_some_and(|attested| *attested.aaguid == Environment::Development.aaguid());
                let own =
                    if development { Environment::Development } else { Environment::Production };
                remarks.push(format!("no environment given: taken as {}", own.as_str()));
                own
            });
            let request =
                AttestationRequest { object: &stated.object, key_id, client_data_hash: hash };
            let at = at(stated, now, &mut remarks);
            let policy = policy(stated, environment, anchors.crypto)?;
            let findings = examine_attestation(&request, &anchors.attestation, &policy, at);
            outcomes("attestation", &findings)
        }
        StatedKind::Assertion => {
            let hash = stated
                .client_data_hash
                .as_deref()
                .ok_or("the client data is missing: give --client-data, --client-data-file or --client-data-hash")?;
            let public_key = stated
                .public_key
                .as_deref()
                .ok_or("the public key is missing: give --public-key")?;
            let request = AssertionRequest {
                assertion: &stated.object,
                client_data_hash: hash,
                public_key,
                stored_counter: stated.stored_counter,
            };
            let environment = stated.environment.unwrap_or(Environment::Production);
            let policy = policy(stated, environment, anchors.crypto)?;
            outcomes("assertion", &examine_assertion(&request, &policy))
        }
        StatedKind::Receipt => {
            let receipt = Receipt::decode(&stated.object).ok();
            let created = receipt.as_ref().and_then(Receipt::creation_time);
            let environment = stated.environment.unwrap_or_else(|| {
                let named = receipt.as_ref().and_then(Receipt::environment);
                let own = if named == Some("sandbox") {
                    Environment::Development
                } else {
                    Environment::Production
                };
                remarks.push(format!("no environment given: taken as {}", own.as_str()));
                own
            });
            let at = match (stated.at, created) {
                (Some(at), _) => at,
                (None, Some(created)) => {
                    remarks.push(format!("no time given: verified at its creation, {created}"));
                    created
                }
                (None, None) => now,
            };
            let request = ReceiptRequest {
                receipt: &stated.object,
                public_key: stated.public_key.as_deref(),
                client_data_hash: stated.client_data_hash.as_deref(),
            };
            let policy = policy(stated, environment, anchors.crypto)?;
            outcomes("receipt", &examine_receipt(&request, &anchors.receipt, &policy, at))
        }
        StatedKind::AuthenticatorData => {
            let read = AuthenticatorData::decode_attestation(&stated.object);
            Outcomes {
                kind: "authenticator data",
                observed: "parse-only",
                as_expected: read.is_ok(),
                rules: vec![RuleLine {
                    rule: "att.authenticator-data",
                    clause: "AV-0",
                    outcome: if read.is_ok() { "held" } else { "broken" },
                    detail: read.err().map(|error| error.to_string()).unwrap_or_default(),
                }],
                ..Outcomes::default()
            }
        }
    };
    outcomes.remarks = remarks;
    if stated.kind != StatedKind::AuthenticatorData {
        let expected = match stated.expect {
            Some(Expect::Reject) => "reject",
            Some(Expect::Accept) | None => "accept",
        };
        outcomes.expected = Some(expected);
        outcomes.as_expected = outcomes.observed == expected;
    }
    Ok(outcomes)
}

fn at(stated: &Stated, now: Timestamp, remarks: &mut Vec<String>) -> Timestamp {
    stated.at.unwrap_or_else(|| {
        remarks.push(format!("no time given: verified now, {now}"));
        now
    })
}

fn policy(stated: &Stated, environment: Environment, crypto: Crypto) -> Result<Policy, String> {
    Ok(Policy {
        app_id: stated.app_id.clone().ok_or("the App ID is missing: give --app-id")?,
        environment,
        categories: AllowedCategories::Any,
        bundle_versions: AllowedVersions::Any,
        receipt_max_age: jiff::SignedDuration::from_mins(5),
        crypto,
    })
}

fn outcomes(kind: &'static str, findings: &[Finding]) -> Outcomes {
    let rules: Vec<RuleLine> = findings
        .iter()
        .map(|finding| {
            let (outcome, detail) = match &finding.outcome {
                Outcome::Held => ("held", String::new()),
                Outcome::Broken(detail) => ("broken", detail.clone()),
                Outcome::NotReached(why) => ("not reached", (*why).to_owned()),
            };
            RuleLine { rule: finding.rule.id(), clause: finding.rule.clause(), outcome, detail }
        })
        .collect();
    let broken = rules.iter().any(|line| line.outcome == "broken");
    Outcomes {
        kind,
        observed: if broken { "reject" } else { "accept" },
        rules,
        ..Outcomes::default()
    }
}

fn in_words(outcomes: &Outcomes) -> String {
    let mark = if outcomes.as_expected { "ok " } else { "NOT" };
    let expected =
        outcomes.expected.map(|expected| format!(", should be {expected}")).unwrap_or_default();
    let mut text =
        format!("{mark}  {}  {} {}{expected}\n", outcomes.file, outcomes.kind, outcomes.observed);
    for remark in &outcomes.remarks {
        let _ = writeln!(text, "       ({remark})");
    }
    for line in &outcomes.rules {
        let mark = match line.outcome {
            "held" => "held  ",
            "broken" => "BROKEN",
            _ => "  -   ",
        };
        let detail = if line.detail.is_empty() {
            String::new()
        } else {
            format!("  {}", printable(&line.detail))
        };
        let _ = writeln!(text, "       {mark} {:<26} {:<34}{detail}", line.rule, line.clause);
    }
    text
}
