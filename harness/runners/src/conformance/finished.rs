//! What is recorded of a case.

use crate::conversation::{PlayError, Played, Turn};
use crate::judge::{Sent, Twin, judge};
use catalogue::Case;
use record::{CaseFinished, Verdict};
use targets::Decision;

type Repeat = dyn Fn(&str) -> String + Send + Sync;

/// A case that does not apply.
pub(super) fn not_applicable(case: &Case, why: String, repeat: &Repeat) -> CaseFinished {
    of(case, None, Verdict::NotApplicable { why }, repeat)
}

/// A case that was played, judged.
pub(super) fn verdict_on(
    case: &Case,
    result: &Result<Played, PlayError>,
    twin: &Twin,
    repeat: &Repeat,
) -> CaseFinished {
    match result {
        Ok(played) => {
            let before: Vec<_> = played.before.iter().map(sent).collect();
            let last = played.last.as_ref().map(sent);
            let verdict = judge(&before, last, played.truth.as_ref(), twin);
            of(case, played.deciding(), verdict, repeat)
        }
        Err(error) => {
            let why = format!("it could not be played: {error}");
            of(case, None, Verdict::Inconclusive { why }, repeat)
        }
    }
}

/// A decision in words, with its reason.
pub(super) fn words(decision: &Decision) -> Option<String> {
    let why = match decision {
        Decision::Accepted { .. } => return None,
        Decision::Rejected { reason } => reason.as_deref(),
        Decision::Unreadable { why } | Decision::Closed { why } | Decision::Unreachable { why } => {
            Some(why.as_str())
        }
        Decision::Failed | Decision::Throttled { .. } | Decision::TimedOut => None,
    };
    let word = decision.as_str();
    Some(why.map_or_else(|| word.to_owned(), |why| format!("{word} ({why})")))
}

fn sent(turn: &Turn) -> Sent<'_> {
    Sent { what: &turn.what, expectation: turn.expectation, decision: &turn.exchange.decision }
}

fn of(case: &Case, deciding: Option<&Turn>, verdict: Verdict, repeat: &Repeat) -> CaseFinished {
    let exchange = deciding.map(|turn| &turn.exchange);
    let decision = exchange.map(|exchange| &exchange.decision);
    CaseFinished {
        id: case.id.clone(),
        title: case.title.clone(),
        family: case.family.clone(),
        rules: case.concerned().iter().map(|rule| rule.id().to_owned()).collect(),
        clauses: case.clauses.clone(),
        level: case.level.to_string(),
        severity: case.severity.to_string(),
        class: case.class.to_string(),
        expectation: case.expectation.to_string(),
        decision: decision.map_or("not-run", Decision::as_str).to_owned(),
        reason: match decision {
            Some(Decision::Rejected { reason }) => reason.clone(),
            _ => None,
        },
        status: exchange.and_then(|exchange| exchange.status),
        elapsed_ms: exchange.map_or(0.0, |exchange| exchange.elapsed.as_secs_f64() * 1000.0),
        excerpt: exchange.map_or_else(String::new, |exchange| exchange.excerpt.clone()),
        verdict,
        matters: case.why.clone(),
        fix: case.fix.clone(),
        repeat: repeat(&case.id),
    }
}
