//! What decisions mean for a case: a pure function.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use catalogue::{Expectation, Truth};
use record::{Failure, Verdict};
use std::collections::BTreeMap;
use targets::Decision;

/// A request of a case and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// What was sent, as in "attest (step 2)".
    pub what: &'a str,
    /// What the case expects.
    pub expectation: Expectation,
    /// What the target decided.
    pub decision: &'a Decision,
}

/// What became of an honest twin: nothing wrong, or why it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Twin {
    /// Why the twin played before was not accepted; `None` if it was.
    pub before: Option<String>,
    /// Why the twin played afterwards was not accepted; `None` if it was.
    pub after: Option<String>,
}

/// The verdict on a case.
///
/// `before` are the requests that led to the last one, in order, up to the first that met what it
/// should not; `last` is the one that is judged, if it came to that. A refusal is evidence only if
/// the honest twin was accepted before and after: a server that refuses everything proves nothing.
pub fn judge(
    before: &[Sent<'_>],
    last: Option<Sent<'_>>,
    truth: Option<&Truth>,
    twin: &Twin,
) -> Verdict {
    if let Some(verdict) = before.iter().find_map(preparation) {
        return verdict;
    }
    let Some(last) = last else {
        return Verdict::Inconclusive { why: "the last request was never sent".to_owned() };
    };
    if let Some(verdict) = undecided(&last) {
        return verdict;
    }
    match (last.expectation, last.decision) {
        (Expectation::Accept | Expectation::Either, Decision::Accepted { outputs }) => {
            match truth.and_then(|truth| disagreement(outputs, truth)) {
                Some(why) => fail(Failure::WrongOutput, why),
                None => Verdict::Pass,
            }
        }
        (Expectation::Accept, Decision::Rejected { reason }) => fail(
            Failure::FalseReject,
            format!("a genuine request was refused{}", because(reason.as_ref())),
        ),
        (Expectation::Reject, Decision::Accepted { .. }) => {
            fail(Failure::FalseAccept, "it was accepted, and must be refused".to_owned())
        }
        (Expectation::Reject, Decision::Rejected { .. }) => evidence(twin),
        (Expectation::Either, _) => Verdict::Pass,
        (
            Expectation::Accept | Expectation::Reject,
            Decision::Failed
            | Decision::Throttled { .. }
            | Decision::Unreadable { .. }
            | Decision::Closed { .. }
            | Decision::TimedOut
            | Decision::Unreachable { .. },
        ) => Verdict::Inconclusive { why: "no decision".to_owned() },
    }
}

/// Whether a decision is one that the honest twin needs.
pub fn is_accepted(decision: &Decision) -> bool {
    matches!(decision, Decision::Accepted { .. })
}

/// The verdict that a request before the last forces, if it met what it should not.
fn preparation(sent: &Sent<'_>) -> Option<Verdict> {
    undecided(sent).or_else(|| {
        let why = match (sent.expectation, sent.decision) {
            (Expectation::Accept, Decision::Rejected { reason }) => {
                format!(
                    "{} was refused{}, so that the case came to nothing",
                    sent.what,
                    because(reason.as_ref())
                )
            }
            (Expectation::Reject, Decision::Accepted { .. }) => {
                format!(
                    "{} was accepted, so that the case came to nothing; another case judges that",
                    sent.what
                )
            }
            _ => return None,
        };
        Some(Verdict::Inconclusive { why })
    })
}

/// The verdict on what is no decision: never a pass, whatever was expected.
fn undecided(sent: &Sent<'_>) -> Option<Verdict> {
    let what = sent.what;
    Some(match sent.decision {
        Decision::Accepted { .. } | Decision::Rejected { .. } => return None,
        Decision::Failed => fail(
            Failure::Error,
            format!("{what}: the server said that it failed, which is no decision"),
        ),
        Decision::Closed { why } => fail(
            Failure::Crash,
            format!("{what}: the connection was closed without an answer ({why})"),
        ),
        Decision::TimedOut => fail(Failure::Timeout, format!("{what}: no answer in time")),
        Decision::Unreadable { why } => fail(Failure::Unreadable, format!("{what}: {why}")),
        Decision::Throttled { .. } => Verdict::Inconclusive {
            why: format!("{what}: the server asked to come back later, again and again"),
        },
        Decision::Unreachable { why } => Verdict::Inconclusive { why: format!("{what}: {why}") },
    })
}

fn evidence(twin: &Twin) -> Verdict {
    let why = match twin {
        Twin { before: None, after: None } => return Verdict::Pass,
        Twin { before: Some(why), .. } => {
            format!("it was refused, but so was an honest one before: {why}")
        }
        Twin { before: None, after: Some(why) } => {
            format!("it was refused, but so was an honest one afterwards: {why}")
        }
    };
    Verdict::Inconclusive { why }
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

fn fail(failure: Failure, why: String) -> Verdict {
    Verdict::Fail { failure, why }
}

/// What of a server's report is not true.
fn disagreement(outputs: &BTreeMap<String, String>, truth: &Truth) -> Option<String> {
    let wrong = |name: &str, holds: &dyn Fn(&str) -> bool, expected: String| {
        let found = outputs.get(name)?;
        (!holds(found))
            .then(|| format!("it was accepted, but with {name} `{found}` instead of `{expected}`"))
    };
    wrong("counter", &|found| found.parse() == Ok(truth.counter), truth.counter.to_string())
        .or_else(|| {
            wrong("key_id", &|found| spells(found, &truth.key_id), STANDARD.encode(&truth.key_id))
        })
        .or_else(|| {
            wrong(
                "public_key",
                &|found| spells(found, &truth.public_key),
                hex::encode(&truth.public_key),
            )
        })
        .or_else(|| {
            let environment = truth.environment.as_str();
            wrong("environment", &|found| found == environment, environment.to_owned())
        })
}

/// Whether a text is these bytes in hexadecimal or any base64.
fn spells(text: &str, bytes: &[u8]) -> bool {
    hex::decode(text).is_ok_and(|decoded| decoded == bytes)
        || [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
            .iter()
            .any(|engine| engine.encode(bytes) == text)
}

#[cfg(test)]
mod tests;
