//! What is recorded of a case once it is judged.

use catalogue::Case;
use judge::judge;
use record::{CaseFinished, CaseObserved, ObservedDecision};

/// A case with the verdict on what was observed.
pub(super) fn finished(case: &Case, observed: &CaseObserved, repeat: String) -> CaseFinished {
    let deciding = observed.deciding();
    let decision = deciding.map(|turn| &turn.decision);
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
        decision: decision.map_or("not-run", ObservedDecision::as_str).to_owned(),
        reason: match decision {
            Some(ObservedDecision::Reject { reason, .. }) => reason.clone(),
            _ => None,
        },
        status: deciding.and_then(|turn| turn.status),
        elapsed_ms: deciding.map_or(0.0, |turn| turn.elapsed_ms),
        excerpt: deciding.map_or_else(String::new, |turn| turn.excerpt.clone()),
        verdict: judge(observed),
        matters: case.why.clone(),
        fix: case.fix.clone(),
        repeat,
    }
}
