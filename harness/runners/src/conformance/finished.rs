//! What is recorded of a case once it is judged.

use catalogue::{Case, Class, Level, Severity, untrusted};
use judge::judge;
use record::{CaseFinished, CaseObserved, Failure, ObservedDecision, Trust, Verdict};

/// A case with the verdict on what was observed.
pub(crate) fn finished(case: &Case, observed: &CaseObserved, repeat: String) -> CaseFinished {
    let deciding = observed.deciding();
    let decision = deciding.map(|turn| &turn.decision);
    let verdict = judge(observed);
    let case = &graded(case, observed.trust, &verdict);
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
        verdict,
        matters: case.why.clone(),
        fix: case.fix.clone(),
        repeat,
    }
}

/// A case as it is told: whatever it is about, accepted where nothing may be it is the gravest hole.
fn graded(case: &Case, trust: Trust, verdict: &Verdict) -> Case {
    let is_hole = matches!(verdict, Verdict::Fail { failure: Failure::FalseAccept, .. });
    if trust == Trust::SwapRoot || !is_hole {
        return case.clone();
    }
    Case {
        level: Level::Must,
        severity: Severity::Critical,
        class: Class::FalseAccept,
        why: untrusted::WHY.to_owned(),
        fix: untrusted::FIX.to_owned(),
        ..case.clone()
    }
}
