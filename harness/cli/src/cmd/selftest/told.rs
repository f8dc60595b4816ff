//! What a selftest came to, in lines.

use crate::output::print;
use runners::selftest::gate::Outcome;
use runners::selftest::{Column, Gate, Matrix, MutantKind, Played};
use std::collections::BTreeMap;

/// Prints what was played and what became of each gate.
pub(super) fn told(played: &Played, gates: &[Gate]) {
    for run in &played.reference {
        print(&format!(
            "reference  {} (seed {}): {} of {} cases pass",
            run.ground, run.seed, run.passed, run.planned
        ));
    }
    for line in counts(&played.matrix) {
        print(&line);
    }
    for gate in gates {
        match &gate.outcome {
            Outcome::Holds => print(&format!("{}  holds    {}", gate.name, gate.claim)),
            Outcome::Skipped(why) => {
                print(&format!("{}  skipped  {} ({why})", gate.name, gate.claim));
            }
            Outcome::Broken(broken) => {
                print(&format!("{}  BROKEN   {}", gate.name, gate.claim));
                for what in broken {
                    print(&format!("      {what}"));
                }
            }
        }
    }
}

fn counts(matrix: &Matrix) -> Vec<String> {
    let mut kinds: BTreeMap<MutantKind, usize> = BTreeMap::new();
    for column in &matrix.columns {
        *kinds.entry(column.kind).or_default() += 1;
    }
    let kinds: Vec<String> =
        kinds.into_iter().map(|(kind, number)| format!("{number} {}", kind.as_str())).collect();
    let flawed = matrix.columns.iter().filter(|column| !column.is_constant());
    let per_mutant: Vec<usize> = flawed.map(Column::kills).collect();
    let per_case: Vec<usize> =
        (0..matrix.cases.len()).map(|case| matrix.killed_by(case).count()).collect();
    vec![
        format!("mutants    {} ({})", matrix.columns.len(), kinds.join(", ")),
        format!("kills      {} by flawed servers", per_mutant.iter().sum::<usize>()),
        format!("per mutant {}", spread(per_mutant)),
        format!("per case   {}", spread(per_case)),
    ]
}

fn spread(mut counts: Vec<usize>) -> String {
    counts.sort_unstable();
    match (counts.first(), counts.get(counts.len() / 2), counts.last()) {
        (Some(min), Some(median), Some(max)) => {
            format!("{min} at least, {median} in the middle, {max} at most")
        }
        _ => "none".to_owned(),
    }
}
