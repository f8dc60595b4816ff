//! How many cases can run, and why the rest cannot.

use super::edit::Edit;
use super::finding::{Check, Finding};
use super::quest::yes;
use super::ward::Ward;
use super::{Pliable, Unplayable};
use crate::conformance::premises;
use catalogue::{Kind, Need};
use std::collections::BTreeMap;
use targets::Dialect;

/// Probes what the policy could declare, and counts the cases.
pub(super) async fn policy<T: Pliable>(ward: &mut Ward<'_, T>, findings: &mut Vec<Finding>) {
    let garbage = ward.lie(Kind::Attestation, "random").await;
    if ward.setting.file.policy.receipt.is_none() {
        let told = ward.lie(Kind::Attestation, "no-receipt").await;
        if told.rejected() {
            findings.push(
                Finding::warn(
                    Check::Cases,
                    "the server demands a receipt, which the file does not declare",
                )
                .at("policy.receipt")
                .edits([Edit::set("policy.receipt", "require")]),
            );
        }
    }
    if ward.setting.file.policy.challenge_spent_by_failure.is_none() {
        let told = ward.lie(Kind::Attestation, "spent").await;
        if told.reached && (told.rejected() || yes(&told, &garbage).is_some()) {
            let spent = told.rejected();
            findings.push(
                Finding::warn(
                    Check::Cases,
                    if spent {
                        "a failed attempt uses its challenge up, which the file does not declare"
                    } else {
                        "a failed attempt leaves its challenge good, which the file does not declare"
                    },
                )
                .at("policy.challenge_spent_by_failure")
                .edits([Edit::set("policy.challenge_spent_by_failure", spent)]),
            );
        }
    }
}

/// How many cases can run, and the others by what they lack.
pub(super) fn count<T: Pliable>(ward: &Ward<'_, T>) -> (usize, Vec<Unplayable>) {
    let mut missing: BTreeMap<String, usize> = BTreeMap::new();
    let mut can = 0;
    if let Ok(dialect) = Dialect::new(&ward.setting.file) {
        let premises = premises(&dialect, ward.plan.longest_wait);
        for case in &ward.plan.cases {
            match premises.missing(case) {
                None => can += 1,
                Some(why) => *missing.entry(why).or_default() += 1,
            }
        }
    }
    let mut others: Vec<Unplayable> = missing
        .into_iter()
        .map(|(why, cases)| Unplayable { line: line_for(&why), why, cases })
        .collect();
    others.sort_by_key(|one| std::cmp::Reverse(one.cases));
    (can, others)
}

/// The line of the target file that would let such cases run.
fn line_for(why: &str) -> Option<&'static str> {
    let name = why.split('`').nth(1)?;
    match Need::from_name(name)? {
        Need::Receipt => Some("[policy] receipt = \"require\", if the server does"),
        Need::ValidationCategory => Some(
            "[policy] validation_category = { mode = \"allow-missing\", allow = [2, 4] }, as the server has it",
        ),
        Need::CategoryRequired => {
            Some("[policy] validation_category with mode = \"require\", if the server does")
        }
        Need::CategoryOptional => {
            Some("[policy] validation_category with mode = \"allow-missing\", if the server does")
        }
        Need::BundleVersion | Need::SeveralVersions => Some(
            "[policy] bundle_version = { mode = \"allow-missing\", allow = [\"1\", \"2\"] }, as the server has it",
        ),
        Need::AnyVersion => Some("[policy] without bundle_version, if the server ignores it"),
        Need::ChallengeSpent => {
            Some("[policy] challenge_spent_by_failure = true, if the server does so")
        }
        Need::Revoke => Some("[step.revoke], if keys can be given up"),
        Need::Logout => Some("[step.logout], if sessions can be ended"),
        Need::Restart => Some("[step.restart], if something restarts the server on request"),
        Need::Nodes => Some("[target] nodes = [\"…\", \"…\"], if there are several"),
        Need::Http2 => Some("[target] http = { version = \"2\" }, if the server speaks it"),
        Need::Wait => Some("[policy] challenge_ttl = \"…\", at most a minute for the test"),
        Need::Development
        | Need::Production
        | Need::Foreseeable
        | Need::JsonClientData
        | Need::Base64
        | Need::JsonRequest
        | Need::Headers
        | Need::AccountHeader
        | Need::HashOfText
        | Need::Clock
        | Need::RelyingParty
        | Need::Requests
        | Need::Concurrency => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_line_can_mend_has_one() {
        let missing = |need: Need| format!("needs `{}`: {}", need.as_str(), need.words());
        assert!(line_for(&missing(Need::Revoke)).unwrap().contains("[step.revoke]"));
        assert!(line_for(&missing(Need::Wait)).unwrap().contains("challenge_ttl"));
        assert_eq!(line_for(&missing(Need::JsonRequest)), None);
        assert_eq!(line_for("an honest device of ios14 is refused"), None);
    }
}
