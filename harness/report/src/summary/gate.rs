//! The gate that the run was held against.

use crate::text::clean;
use record::{Baseline, Because, Borne, Breach, Demands, EventKind, GateHeld, Record};

/// What the gate found, if the run was held against one; the last word counts.
pub(super) fn of(record: &Record) -> Option<GateHeld> {
    let held = record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::GateHeld(held) => Some(held),
        _other => None,
    })?;
    let Demands { level, severity, min_cases, max_not_applicable, clauses } = &held.demands;
    Some(GateHeld {
        file: held.file.as_deref().map(clean),
        demands: Demands {
            level: clean(level),
            severity: clean(severity),
            min_cases: *min_cases,
            max_not_applicable: *max_not_applicable,
            clauses: clauses.iter().map(|id| clean(id)).collect(),
        },
        baseline: held.baseline.as_ref().map(|run| Baseline {
            record: clean(&run.record),
            started: clean(&run.started),
            target: clean(&run.target),
            // The baseline's own report lists them; here only what they mean for this run counts.
            failures: Vec::new(),
            undecided: Vec::new(),
        }),
        breaches: held
            .breaches
            .iter()
            .map(|breach| Breach {
                kind: breach.kind,
                case: breach.case.as_deref().map(clean),
                what: clean(&breach.what),
                mend: clean(&breach.mend),
            })
            .collect(),
        borne: held
            .borne
            .iter()
            .map(|borne| Borne { case: clean(&borne.case), ..borne.clone() })
            .collect(),
    })
}

/// What a gate comes to, in one sentence.
pub(crate) fn sentence(held: &GateHeld) -> String {
    let file = held.file.as_ref().map_or_else(String::new, |file| format!(" ({file})"));
    let found = match held.breaches.len() {
        0 => format!("The gate holds{file}"),
        1 => format!("The gate is broken{file}: 1 breach"),
        many => format!("The gate is broken{file}: {many} breaches"),
    };
    let counts = [Because::Baseline, Because::Known, Because::Below].map(|because| {
        let count = held.borne.iter().filter(|borne| borne.because == because).count();
        (count > 0).then(|| format!("{count} {}", because.words()))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    match held.borne.len() {
        0 => format!("{found}."),
        1 => format!("{found}. It bears 1 case that is wrong: {}.", counts.join(", ")),
        many => format!("{found}. It bears {many} cases that are wrong: {}.", counts.join(", ")),
    }
}

/// What a gate demands, in one sentence.
pub(crate) fn demands(held: &GateHeld) -> String {
    let Demands { level, severity, min_cases, max_not_applicable, clauses } = &held.demands;
    let mut parts = vec![format!("no failure of level {level} and severity {severity} or above")];
    parts.extend(
        held.baseline.as_ref().map(|run| {
            format!("but for those of {} ({}, {})", run.record, run.target, run.started)
        }),
    );
    parts.extend(min_cases.map(|least| format!("at least {least} cases decided")));
    parts.extend(max_not_applicable.map(|most| format!("at most {most} that do not apply")));
    if !clauses.is_empty() {
        parts.push(format!("a case decided of {}", clauses.join(", ")));
    }
    format!("It demands {}.", parts.join("; "))
}
