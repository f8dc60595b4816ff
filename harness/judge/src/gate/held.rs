//! What a gate finds of a run.

use super::Gate;
use super::file::{LEVELS, SEVERITIES};
use record::{
    Baseline, BaselineFailure, Because, Borne, Breach, BreachKind, CaseFinished, EventKind,
    Failure, GateHeld, KnownFailures, KnownStanding, Record, Verdict,
};
use std::collections::BTreeSet;

/// Cases that one sentence names.
const NAMED: usize = 3;

impl Gate {
    /// What the gate finds of a run, held against an earlier one if there is one.
    ///
    /// What is listed as a known failure breaks nothing, expired or not: a list that is out of date
    /// has an exit code of its own.
    pub fn hold(&self, record: &Record, baseline: Option<Baseline>) -> GateHeld {
        let cases: Vec<&CaseFinished> = finished(record).collect();
        let known = excused(record);
        let mut held = GateHeld {
            file: self.file.clone(),
            demands: self.demands.clone(),
            baseline: None,
            breaches: Vec::new(),
            borne: Vec::new(),
        };
        let mut undecided = Vec::new();
        for case in &cases {
            let (failure, because) = match &case.verdict {
                Verdict::Pass | Verdict::NotApplicable { .. } => continue,
                Verdict::Inconclusive { .. } => {
                    let before =
                        baseline.as_ref().is_some_and(|run| run.undecided.contains(&case.id));
                    if !before {
                        undecided.push(*case);
                    }
                    (None, before.then_some(Because::Baseline))
                }
                Verdict::Fail { failure, why } => {
                    let because = self.bears(case, *failure, &known, baseline.as_ref());
                    if because.is_none() {
                        held.breaches.push(fails(case, *failure, why, baseline.as_ref()));
                    }
                    (Some(*failure), because)
                }
            };
            held.borne.extend(because.map(|because| Borne {
                case: case.id.clone(),
                failure,
                because,
            }));
        }
        held.breaches.extend(self.too_few(&cases));
        held.breaches.extend(self.too_many_not_applicable(&cases));
        held.breaches.extend(self.demands.clauses.iter().filter_map(|id| untested(id, &cases)));
        held.breaches.extend(undecided_cases(&undecided));
        held.breaches.extend(unplayed(record, cases.len() as u64));
        held.baseline = baseline;
        held
    }

    /// Why a failing case breaks nothing, if it breaks nothing.
    fn bears(
        &self,
        case: &CaseFinished,
        failure: Failure,
        known: &BTreeSet<&str>,
        baseline: Option<&Baseline>,
    ) -> Option<Because> {
        let below = rank(&case.level, &LEVELS) > rank(&self.demands.level, &LEVELS)
            || rank(&case.severity, &SEVERITIES) > rank(&self.demands.severity, &SEVERITIES);
        let before = BaselineFailure { case: case.id.clone(), failure };
        if known.contains(case.id.as_str()) {
            Some(Because::Known)
        } else if below {
            Some(Because::Below)
        } else if baseline.is_some_and(|run| run.failures.contains(&before)) {
            Some(Because::Baseline)
        } else {
            None
        }
    }

    fn too_few(&self, cases: &[&CaseFinished]) -> Option<Breach> {
        let decided = cases.iter().filter(|case| is_decided(case)).count() as u64;
        // A gate through which nothing went has held nothing back.
        let least = self.demands.min_cases.unwrap_or(1).max(1);
        (decided < least).then(|| Breach {
            kind: BreachKind::TooFewCases,
            case: None,
            what: format!(
                "{}, and the gate demands {least}",
                counted(decided, "case was decided", "cases were decided")
            ),
            mend: "Play all cases (no --case), and read in the report why the others were not \
                   tested; lower `min_cases` only if the target cannot do more."
                .to_owned(),
        })
    }

    fn too_many_not_applicable(&self, cases: &[&CaseFinished]) -> Option<Breach> {
        let most = self.demands.max_not_applicable?;
        let beside: Vec<&CaseFinished> = cases
            .iter()
            .copied()
            .filter(|case| matches!(case.verdict, Verdict::NotApplicable { .. }))
            .collect();
        (beside.len() as u64 > most).then(|| Breach {
            kind: BreachKind::TooManyNotApplicable,
            case: beside.first().map(|case| case.id.clone()),
            what: format!(
                "{}, and the gate bears {most}: {}",
                counted(beside.len() as u64, "case does not apply", "cases do not apply"),
                names(&beside)
            ),
            mend: format!(
                "Declare in the target file what is missing; the first: {}.",
                beside.first().map_or("", |case| case.verdict.why()).trim_end_matches('.')
            ),
        })
    }
}

/// An earlier run, as far as a gate needs it. `name` tells where its record was.
pub fn baseline(record: &Record, name: &str) -> Baseline {
    let mut failures = Vec::new();
    let mut undecided = Vec::new();
    for case in finished(record) {
        match &case.verdict {
            Verdict::Fail { failure, .. } => {
                failures.push(BaselineFailure { case: case.id.clone(), failure: *failure });
            }
            Verdict::Inconclusive { .. } => undecided.push(case.id.clone()),
            Verdict::Pass | Verdict::NotApplicable { .. } => {}
        }
    }
    Baseline {
        record: name.to_owned(),
        started: record.header.started.clone(),
        target: record.header.target.name.clone(),
        failures,
        undecided,
    }
}

/// The gate that a record was held against last.
pub(super) fn last(record: &Record) -> Option<&GateHeld> {
    record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::GateHeld(held) => Some(held.as_ref()),
        _ => None,
    })
}

fn finished(record: &Record) -> impl Iterator<Item = &CaseFinished> {
    record.events.iter().filter_map(|event| match &event.kind {
        EventKind::CaseFinished(finished) => Some(finished.as_ref()),
        _ => None,
    })
}

/// Cases whose failure is listed as known.
fn excused(record: &Record) -> BTreeSet<&str> {
    let known: Option<&KnownFailures> =
        record.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::KnownFailures(known) => Some(known.as_ref()),
            _ => None,
        });
    let cases = known.into_iter().flat_map(|known| &known.entries).flat_map(|entry| &entry.cases);
    cases
        .filter(|case| match case.standing {
            KnownStanding::Excused | KnownStanding::Tolerated | KnownStanding::Expired => true,
            KnownStanding::OtherWay | KnownStanding::Stale | KnownStanding::Undecided => false,
        })
        .map(|case| case.id.as_str())
        .collect()
}

/// How grave a word is: 0 for the gravest. A word that nobody knows is taken for that: better a
/// breach too many than one overlooked.
fn rank(word: &str, words: &[&str]) -> usize {
    words.iter().position(|one| *one == word).unwrap_or(0)
}

fn is_decided(case: &CaseFinished) -> bool {
    match &case.verdict {
        Verdict::Pass | Verdict::Fail { .. } => true,
        Verdict::Inconclusive { .. } | Verdict::NotApplicable { .. } => false,
    }
}

fn fails(case: &CaseFinished, failure: Failure, why: &str, baseline: Option<&Baseline>) -> Breach {
    let before = baseline.and_then(|run| run.failures.iter().find(|one| one.case == case.id));
    let before = before.map_or_else(String::new, |one| {
        format!(" (in the baseline it failed otherwise: {})", one.failure.as_str())
    });
    Breach {
        kind: BreachKind::Failure,
        case: Some(case.id.clone()),
        what: format!(
            "`{}` fails ({}, {}, {}): {why}{before}",
            case.id,
            failure.as_str(),
            case.severity,
            case.level
        ),
        mend: if case.fix.is_empty() {
            format!("Repeat it: {}", case.repeat)
        } else {
            case.fix.clone()
        },
    }
}

fn untested(clause: &str, cases: &[&CaseFinished]) -> Option<Breach> {
    let about: Vec<&CaseFinished> =
        cases.iter().copied().filter(|case| case.clauses.iter().any(|id| id == clause)).collect();
    if about.iter().any(|case| is_decided(case)) {
        return None;
    }
    let (what, mend) = match about.first() {
        None => (
            format!("no case of clause `{clause}` was played, and the gate demands one"),
            "Select its cases: `assay list` names them with their clauses.".to_owned(),
        ),
        Some(first) => (
            format!("no case of clause `{clause}` was decided, and the gate demands one"),
            format!(
                "Bring one of {} in; the first, `{}`: {}",
                about.len(),
                first.id,
                first.verdict.why()
            ),
        ),
    };
    let case = about.first().map(|case| case.id.clone());
    Some(Breach { kind: BreachKind::ClauseUntested, case, what, mend })
}

fn undecided_cases(cases: &[&CaseFinished]) -> Option<Breach> {
    let first = cases.first()?;
    Some(Breach {
        kind: BreachKind::Undecided,
        case: Some(first.id.clone()),
        what: format!(
            "{} not be decided: {}",
            counted(cases.len() as u64, "case could", "cases could"),
            names(cases)
        ),
        mend: format!("Clear the way; the first: {}", first.verdict.why()),
    })
}

fn unplayed(record: &Record, played: u64) -> Option<Breach> {
    let planned: u64 = record
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::CasesPlanned(plan) => Some(plan.cases),
            _ => None,
        })
        .sum();
    let left = planned.checked_sub(played).filter(|left| *left > 0)?;
    Some(Breach {
        kind: BreachKind::Undecided,
        case: None,
        what: format!("{} planned and not finished", counted(left, "case was", "cases were")),
        mend: "Run again to the end.".to_owned(),
    })
}

fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn names(cases: &[&CaseFinished]) -> String {
    let mut named: Vec<String> =
        cases.iter().take(NAMED).map(|case| format!("`{}`", case.id)).collect();
    if cases.len() > NAMED {
        named.push(format!("{} more", cases.len() - NAMED));
    }
    named.join(", ")
}
