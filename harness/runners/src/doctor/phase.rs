//! Enrolments and protected requests: is what is honest accepted, and what is not refused.

use super::Pliable;
use super::conventions::{Change, dimensions};
use super::diagnosis::{self, ASSERTION_LIES, ATTESTATION_LIES, words_of};
use super::edit::Edit;
use super::finding::{Check, Finding};
use super::misread;
use super::quest::{Found, Yes, search};
use super::told::Told;
use super::ward::Ward;
use catalogue::Kind;
use std::collections::BTreeSet;
use targets::Decision;
use targets::file::{Judged, StatusRange};

fn check_of(kind: Kind) -> Check {
    match kind {
        Kind::Attestation => Check::Attestation,
        Kind::Assertion => Check::Assertion,
    }
}

/// Looks whether an honest request of that kind is accepted, and finds out how if it is not; gives
/// the answer to one that is.
pub(super) async fn look<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    challenge: &str,
    findings: &mut Vec<Finding>,
) -> Option<Told> {
    let garbage = ward.lie(kind, "random").await;
    let dimensions = dimensions(&ward.setting.file, kind, challenge);
    let found = search(ward, kind, &dimensions, &garbage).await;
    let Some((changes, how, told)) = &found.hit else {
        return refused(ward, kind, &found, &garbage, findings).await;
    };
    for change in changes {
        change.apply(&mut ward.setting.file);
    }
    if let Some(finding) = misread::mend(&mut ward.setting.file, kind, (told, *how), &garbage) {
        findings.push(finding);
    }
    findings.push(accepted(kind, changes, &found));
    if *how == Yes::Read { Some(told.clone()) } else { Some(ward.honest(kind).await) }
}

fn accepted(kind: Kind, changes: &[Change], found: &Found) -> Finding {
    let kind_words = kind.as_str();
    let Some(first) = changes.first() else {
        return Finding::ok(check_of(kind), format!("an honest {kind_words} is accepted"));
    };
    let members = changes.iter().map(|change| format!("`{}`", change.member()));
    let said = format!(
        "an honest {kind_words} is accepted with another {}, and not as the file says: {}",
        members.collect::<Vec<_>>().join(" and "),
        found.first.words(),
    );
    Finding::broken(check_of(kind), said)
        .at(first.member())
        .detail(format!("found with trial {} of at most {}", found.trials, super::quest::TRIALS))
        .edits(changes.iter().flat_map(Change::edits))
}

async fn refused<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    found: &Found,
    garbage: &Told,
    findings: &mut Vec<Finding>,
) -> Option<Told> {
    if found.first.accepted() && garbage.accepted() {
        let reader = misread::reader(garbage, kind);
        let member =
            garbage.rule().map_or("judge.rules".to_owned(), |at| format!("judge.rules.{at}"));
        findings.push(
            Finding::broken(
                Check::Garbage,
                format!(
                    "random bytes and an honest {} get the same answer, {}, which {reader} reads as accept",
                    kind.as_str(),
                    garbage.words()
                ),
            )
            .at(member)
            .detail("either that rule is too broad, or the server verifies nothing: no case would say more"),
        );
        return None;
    }
    match kind {
        Kind::Attestation => {
            let (finding, setting) = diagnosis::attestation(ward, found, garbage).await;
            findings.push(finding);
            ward.setting = setting?;
            let told = ward.honest(kind).await;
            told.accepted().then_some(told)
        }
        Kind::Assertion => {
            findings.push(diagnosis::assertion(ward, found).await);
            None
        }
    }
}

/// Sends what is no honest request, and holds the answers against those that it got.
pub(super) async fn garbage<T: Pliable>(
    ward: &mut Ward<'_, T>,
    answers: &[(Kind, &Told)],
    findings: &mut Vec<Finding>,
) {
    let (mut refused, mut sent) = (0, 0);
    let before = findings.len();
    let mut unread = BTreeSet::new();
    for (kind, honest) in answers {
        let lies: &[&str] = match kind {
            Kind::Attestation => &ATTESTATION_LIES,
            Kind::Assertion => &ASSERTION_LIES,
        };
        for name in lies.iter().chain(&["truncated"]) {
            if let Some(why) = ward.given_up() {
                findings.push(Finding::skipped(Check::Garbage, format!("not all was sent: {why}")));
                return;
            }
            let told = ward.hear(*kind, name).await;
            sent += 1;
            if told.rejected() {
                refused += 1;
            } else {
                findings.extend(astray(ward, *kind, name, honest, &told, &mut unread));
            }
        }
    }
    if findings.len() == before {
        findings.push(Finding::ok(Check::Garbage, format!("{refused} of {sent} lies are refused")));
    }
}

/// What to say of a lie that was not refused.
fn astray<T: Pliable>(
    ward: &mut Ward<'_, T>,
    kind: Kind,
    name: &str,
    honest: &Told,
    told: &Told,
    unread: &mut BTreeSet<u16>,
) -> Option<Finding> {
    let what = format!("{} of an {}", words_of(name), kind.as_str());
    match told.decision() {
        Some(Decision::Accepted { .. }) if told.reached && !told.is_like(honest) => {
            misread::mend(&mut ward.setting.file, kind, (honest, Yes::Read), told)
        }
        Some(Decision::Accepted { .. }) if told.reached => {
            let said = format!(
                "{what} is accepted as an honest one is, by {}",
                misread::reader(told, kind)
            );
            Some(
                Finding::warn(Check::Garbage, said)
                    .detail("no line of the target file mends this: the server does not check it, as the cases will tell"),
            )
        }
        Some(Decision::Unreadable { .. }) if told.reached && unread.insert(told.status()) => {
            let said = format!("no rule reads the answer to {what}: {}", told.words());
            let finding = Finding::broken(Check::Garbage, said).at("judge.rules");
            let status = told.status();
            if !(400..500).contains(&status) {
                return Some(finding.detail("add a rule for it"));
            }
            let status = StatusRange { from: 400, to: 499 };
            let members = super::edit::rule(&[], status, None, Judged::Reject);
            let at = ward.setting.file.judge.len();
            ward.setting.file.judge.push(targets::file::AnswerRule::new(status, Judged::Reject));
            Some(finding.edits([Edit::AddRule { at, members }]))
        }
        Some(Decision::Failed) if unread.insert(told.status()) => Some(
            Finding::warn(
                Check::Garbage,
                format!("the server fails over {what}: {}", told.words()),
            )
            .detail("the cases will tell more"),
        ),
        _ => None,
    }
}

/// Sends an accepted request once more.
pub(super) async fn replay<T: Pliable>(ward: &mut Ward<'_, T>, honest: &Told) -> Finding {
    let told = ward.hear(Kind::Assertion, "replay").await;
    if told.rejected() {
        Finding::ok(Check::Replay, "an accepted request is refused when it comes again")
    } else if told.accepted() && !told.is_like(honest) {
        let kind = Kind::Assertion;
        let mended = misread::mend(&mut ward.setting.file, kind, (honest, Yes::Read), &told);
        mended.unwrap_or_else(|| Finding::broken(Check::Replay, told.words()))
    } else if told.accepted() {
        Finding::warn(Check::Replay, "an accepted request is accepted once more")
            .detail("the server keeps no state, or nodes do not share it; the cases will tell more")
    } else {
        Finding::warn(Check::Replay, format!("a request sent again: {}", told.words()))
    }
}
