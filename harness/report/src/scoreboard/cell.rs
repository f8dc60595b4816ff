//! One family of one target.

use crate::Summary;
use crate::summary::{Case, Side};
use serde::Serialize;
use std::collections::BTreeMap;

/// One family of one target: faults by what they take, and out of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Cell {
    /// Cases that let in what they must not.
    pub security: u64,
    /// Cases that refuse or misread what is genuine.
    pub interoperability: u64,
    /// Cases that end without a decision, or not always the same.
    pub robustness: u64,
    /// Failures that were known before; not counted above.
    pub known: u64,
    /// Cases that were decided.
    pub decided: u64,
    /// Cases that could not be decided.
    pub undecided: u64,
    /// Cases that do not apply.
    pub not_applicable: u64,
}

impl Cell {
    fn add(&mut self, case: &Case) {
        if case.decided() {
            self.decided += 1;
        } else if matches!(case.verdict, record::Verdict::Inconclusive { .. }) {
            self.undecided += 1;
        } else {
            self.not_applicable += 1;
        }
        if case.excuse.is_some() {
            self.known += u64::from(case.fails().is_some());
            return;
        }
        match case.side() {
            Some(Side::Security) => self.security += 1,
            Some(Side::Interoperability) => self.interoperability += 1,
            Some(Side::Robustness) => self.robustness += 1,
            None => {}
        }
    }

    /// All faults, whatever they take.
    pub fn faults(self) -> u64 {
        self.security + self.interoperability + self.robustness
    }

    /// The three numbers in that order; `–` where nothing was decided, `?` where something was not.
    pub(super) fn words(self) -> String {
        if self.decided == 0 {
            return if self.undecided > 0 { "?" } else { "–" }.to_owned();
        }
        let undecided = if self.undecided > 0 { " ?" } else { "" };
        let known = if self.known > 0 { format!(" +{}", self.known) } else { String::new() };
        format!(
            "{} · {} · {}{known}{undecided}",
            self.security, self.interoperability, self.robustness
        )
    }

    /// The colour that goes with it.
    pub(super) fn tone(self) -> &'static str {
        match self {
            Self { decided: 0, undecided: 0, .. } => "none",
            cell if cell.faults() > 0 => "bad",
            Self { undecided: 1.., .. } | Self { known: 1.., .. } => "part",
            _all_hold => "good",
        }
    }
}

/// The families of a run.
pub(super) fn of(summary: &Summary) -> BTreeMap<&str, Cell> {
    let mut cells: BTreeMap<&str, Cell> = BTreeMap::new();
    for case in &summary.cases.list {
        cells.entry(&case.family).or_default().add(case);
    }
    cells
}
