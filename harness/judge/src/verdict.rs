//! The verdict on a case.

use crate::outputs::disagreement;
use record::{
    Attempt, CaseObserved, Failure, Honest, Observed, ObservedDecision as Decision, ReasonMode,
    Trust, TwinObserved, Unplayed, Verdict,
};

/// What a case expects of the requests that are judged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expectation {
    Accept,
    Reject,
    Either,
    /// Of the requests sent together exactly one is accepted.
    One,
}

/// The verdict on a case, from what was observed and nothing else.
///
/// A refusal is evidence only if the honest twin was accepted before and after: a server that
/// refuses everything proves nothing. What is no decision never passes, whatever was expected.
/// A case that was played several times must come out the same each time.
pub fn judge(case: &CaseObserved) -> Verdict {
    match &case.unplayed {
        Some(Unplayed::NotApplicable { why }) => {
            return Verdict::NotApplicable { why: why.clone() };
        }
        Some(Unplayed::NotSent { why }) => return inconclusive(why.clone()),
        None => {}
    }
    together(verdicts(case))
}

/// The verdict on each of the times that a case was played, alone.
pub fn verdicts(case: &CaseObserved) -> Vec<Verdict> {
    case.attempts.iter().map(|attempt| of(case, attempt)).collect()
}

/// One verdict of several attempts: decided ones must agree.
fn together(verdicts: Vec<Verdict>) -> Verdict {
    let word = |verdict: &Verdict| match verdict {
        Verdict::Pass => Some("pass"),
        Verdict::Fail { failure, .. } => Some(failure.as_str()),
        Verdict::Inconclusive { .. } | Verdict::NotApplicable { .. } => None,
    };
    let words: Vec<&str> = verdicts.iter().filter_map(word).collect();
    if words.iter().any(|one| *one != words[0]) {
        let why = format!(
            "played {} times with other keys it came out otherwise: {}",
            verdicts.len(),
            words.join(", ")
        );
        return fail(Failure::Unstable, why);
    }
    // A failure stays one if it could not be repeated; a pass among undecided attempts is none yet.
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Fail { .. } => 0,
        Verdict::Inconclusive { .. } => 1,
        Verdict::NotApplicable { .. } => 2,
        Verdict::Pass => 3,
    };
    let gravest = verdicts.into_iter().min_by_key(rank);
    gravest.unwrap_or_else(|| inconclusive("it was never played".to_owned()))
}

fn of(case: &CaseObserved, attempt: &Attempt) -> Verdict {
    if let Some(verdict) = attempt.before().find_map(preparation) {
        return verdict;
    }
    let judged: Vec<&Observed> = attempt.judged().collect();
    if judged.is_empty() {
        return inconclusive("the last request was never sent".to_owned());
    }
    let Some(expectation) = expectation(&case.expectation) else {
        return inconclusive(format!(
            "it expects `{}`, which this version cannot judge",
            case.expectation
        ));
    };
    // What was accepted against the expectation was accepted, whatever became of the others.
    let accepted = judged.iter().filter(|turn| is_accepted(turn)).count();
    match expectation {
        Expectation::Reject if accepted > 0 => {
            return fail(
                Failure::FalseAccept,
                format!(
                    "{}{}",
                    how_many(accepted, judged.len(), "accepted"),
                    must_be_refused(case.trust)
                ),
            );
        }
        Expectation::One if accepted > 1 => {
            return fail(
                Failure::Race,
                format!(
                    "{accepted} of {} sent together were accepted, and only one may be",
                    judged.len()
                ),
            );
        }
        Expectation::Accept | Expectation::Reject | Expectation::Either | Expectation::One => {}
    }
    if let Some(verdict) = judged.iter().copied().find_map(undecided) {
        return verdict;
    }
    match expectation {
        Expectation::Accept => match judged.iter().copied().find_map(refused) {
            None => reported(&judged),
            Some(because) => {
                let what = match (judged.len() - accepted, judged.len()) {
                    (_, 1) => "a genuine request was refused".to_owned(),
                    (refused, all) => {
                        format!("{refused} of {all} genuine requests sent together were refused")
                    }
                };
                fail(Failure::FalseReject, format!("{what}{because}"))
            }
        },
        Expectation::Either => reported(&judged),
        Expectation::One if accepted == 1 => reported(&judged),
        Expectation::One => fail(
            Failure::FalseReject,
            format!("none of {} sent together was accepted, and one must be", judged.len()),
        ),
        // Where nothing may be accepted, no twin can be; what that is worth is told, not judged.
        Expectation::Reject if case.trust != Trust::SwapRoot => Verdict::Pass,
        Expectation::Reject => evidence(&case.twin)
            .or_else(|| judged.iter().copied().find_map(|turn| wrong_reason(case, turn)))
            .unwrap_or(Verdict::Pass),
    }
}

fn expectation(word: &str) -> Option<Expectation> {
    Some(match word {
        "accept" => Expectation::Accept,
        "reject" => Expectation::Reject,
        "either" => Expectation::Either,
        "one" => Expectation::One,
        _ => return None,
    })
}

fn is_accepted(turn: &Observed) -> bool {
    matches!(turn.decision, Decision::Accept { .. })
}

/// Why it was refused, as an appendix to a sentence; `None` if it was not.
fn refused(turn: &Observed) -> Option<String> {
    match &turn.decision {
        Decision::Reject { reason, .. } => Some(because(reason.as_ref())),
        Decision::Accept { .. }
        | Decision::Error
        | Decision::Throttled
        | Decision::Unreadable { .. }
        | Decision::Crash { .. }
        | Decision::Timeout
        | Decision::Unreachable { .. } => None,
    }
}

/// The verdict that a request before the judged ones forces, if it met what it should not.
fn preparation(turn: &Observed) -> Option<Verdict> {
    undecided(turn).or_else(|| {
        let why = match (expectation(&turn.expectation), &turn.decision) {
            (Some(Expectation::Accept), Decision::Reject { reason, .. }) => format!(
                "{} was refused{}, so that the case came to nothing",
                turn.what,
                because(reason.as_ref())
            ),
            (Some(Expectation::Reject), Decision::Accept { .. }) => format!(
                "{} was accepted, so that the case came to nothing; another case judges that",
                turn.what
            ),
            _ => return None,
        };
        Some(inconclusive(why))
    })
}

/// The verdict on what is no decision: never a pass, whatever was expected.
fn undecided(turn: &Observed) -> Option<Verdict> {
    let what = &turn.what;
    Some(match &turn.decision {
        Decision::Accept { .. } | Decision::Reject { .. } => return None,
        Decision::Error => fail(
            Failure::Error,
            format!("{what}: the server said that it failed, which is no decision"),
        ),
        Decision::Crash { why } => fail(
            Failure::Crash,
            format!("{what}: the connection was closed without an answer ({why})"),
        ),
        Decision::Timeout => fail(Failure::Timeout, format!("{what}: no answer in time")),
        Decision::Unreadable { why } => fail(Failure::Unreadable, format!("{what}: {why}")),
        Decision::Throttled => {
            inconclusive(format!("{what}: the server asked to come back later, again and again"))
        }
        Decision::Unreachable { why } => inconclusive(format!("{what}: {why}")),
    })
}

/// A pass, unless the server reports something of what it accepted that is not true.
fn reported(judged: &[&Observed]) -> Verdict {
    let wrong = judged.iter().find_map(|turn| match (&turn.decision, &turn.truth) {
        (Decision::Accept { .. }, _) if turn.broken.is_some() => turn.broken.clone(),
        (Decision::Accept { outputs }, Some(truth)) => disagreement(outputs, truth),
        _ => None,
    });
    wrong.map_or(Verdict::Pass, |why| fail(Failure::WrongOutput, why))
}

/// Why a refusal is no evidence, if it is none.
fn evidence(twin: &TwinObserved) -> Option<Verdict> {
    [("before", &twin.before), ("afterwards", &twin.after)].into_iter().find_map(
        |(when, honest)| {
            let why = match honest {
                Honest::Played { decision: Decision::Accept { .. }, .. } => return None,
                Honest::Unneeded => format!("it was refused, but no honest one was played {when}"),
                Honest::NotPlayed { why } => {
                    format!("it was refused, but no honest one was played {when}: {why}")
                }
                Honest::Played { what, decision } => format!(
                    "it was refused, but so was an honest one {when}: {what}: {}",
                    in_words(decision)
                ),
            };
            Some(inconclusive(why))
        },
    )
}

/// What is wrong with the reason of a refusal that is evidence otherwise.
fn wrong_reason(case: &CaseObserved, turn: &Observed) -> Option<Verdict> {
    let Decision::Reject { reason, code } = &turn.decision else { return None };
    if case.reasons.is_empty() || case.reason_mode == ReasonMode::Ignore {
        return None;
    }
    let expected = case.reasons.join("` or `");
    Some(match (reason, code) {
        (_, Some(code)) if case.reasons.iter().any(|one| agrees(case.reason_mode, code, one)) => {
            return None;
        }
        (Some(said), Some(code)) => fail(
            Failure::WrongReason,
            format!("it was refused for `{code}` (said as `{said}`) instead of `{expected}`"),
        ),
        (None, Some(code)) => fail(
            Failure::WrongReason,
            format!("it was refused for `{code}` instead of `{expected}`"),
        ),
        (Some(said), None) => inconclusive(format!(
            "it was refused as `{said}`, which [reasons] of the target file does not map to a rule"
        )),
        (None, None) => fail(
            Failure::WrongReason,
            format!("it was refused without a reason, where `{expected}` is due"),
        ),
    })
}

/// Whether a reason is the right one, as closely as they are compared.
fn agrees(mode: ReasonMode, code: &str, right: &str) -> bool {
    let class = |code: &str| code.split('.').next().map(str::to_owned);
    match mode {
        ReasonMode::Ignore => true,
        ReasonMode::Class => class(code) == class(right),
        ReasonMode::Exact => code == right,
    }
}

/// A decision with what came with it.
fn in_words(decision: &Decision) -> String {
    let why = match decision {
        Decision::Reject { reason, .. } => reason.as_deref(),
        Decision::Unreadable { why } | Decision::Crash { why } | Decision::Unreachable { why } => {
            Some(why.as_str())
        }
        Decision::Accept { .. } | Decision::Error | Decision::Throttled | Decision::Timeout => None,
    };
    let word = decision.as_str();
    why.map_or_else(|| word.to_owned(), |why| format!("{word} ({why})"))
}

/// Why what was accepted must be refused.
fn must_be_refused(trust: Trust) -> &'static str {
    match trust {
        Trust::SwapRoot => ", and must be refused",
        Trust::AppleRoot => {
            ", though no Apple device made it for this challenge: the server does not trust \
             Apple's root alone, or checks less than it must"
        }
        Trust::ExpectUntrusted => {
            ", though no Apple device made it: the test trust anchor was shipped, or none is checked"
        }
    }
}

fn how_many(some: usize, of: usize, what: &str) -> String {
    if of == 1 {
        format!("it was {what}")
    } else {
        format!("{some} of {of} sent together were {what}")
    }
}

fn because(reason: Option<&String>) -> String {
    reason.map_or_else(String::new, |reason| format!(" ({reason})"))
}

fn inconclusive(why: String) -> Verdict {
    Verdict::Inconclusive { why }
}

fn fail(failure: Failure, why: String) -> Verdict {
    Verdict::Fail { failure, why }
}

#[cfg(test)]
mod tests;
