//! What is told second by second, gathered into columns: no more than a plot shows, never across phases.

use crate::summary::Load;

/// Neighbouring seconds of one phase.
pub(super) struct Column<'a, S> {
    /// Place of the phase; those outside all phases share one.
    pub(super) phase: usize,
    /// Where it begins, in seconds since the start of the attack.
    pub(super) from: f64,
    /// Where it ends.
    pub(super) to: f64,
    pub(super) seconds: Vec<&'a S>,
}

impl<S> Column<'_, S> {
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }

    pub(super) fn length(&self) -> f64 {
        (self.to - self.from).max(1.0)
    }

    /// A count summed and brought to one second.
    pub(super) fn per_second(&self, count: impl Fn(&S) -> u64) -> f64 {
        self.seconds.iter().map(|second| count(second) as f64).sum::<f64>() / self.length()
    }

    /// The largest of a figure, if any second has it.
    pub(super) fn most(&self, figure: impl Fn(&S) -> Option<f64>) -> Option<f64> {
        self.seconds.iter().filter_map(|second| figure(second)).reduce(f64::max)
    }

    /// The mean of a figure over the seconds that have it.
    pub(super) fn mean(&self, figure: impl Fn(&S) -> Option<f64>) -> Option<f64> {
        let seen: Vec<f64> = self.seconds.iter().filter_map(|second| figure(second)).collect();
        (!seen.is_empty()).then(|| seen.iter().sum::<f64>() / seen.len() as f64)
    }
}

/// At most about `most` columns of equal length, in order of time; `at` tells the second.
pub(super) fn columns<'a, S>(
    load: &Load,
    seconds: &'a [S],
    at: impl Fn(&S) -> u64,
    most: usize,
) -> Vec<Column<'a, S>> {
    let length = seconds.len().div_ceil(most).max(1) as f64;
    let mut columns: Vec<Column<'a, S>> = Vec::new();
    for second in seconds {
        let from = at(second) as f64;
        let phase = phase_at(load, from + 0.5);
        match columns.last_mut() {
            Some(column) if column.phase == phase && from + 1.0 <= column.from + length => {
                column.to = column.to.max(from + 1.0);
                column.seconds.push(second);
            }
            _other => {
                columns.push(Column { phase, from, to: from + 1.0, seconds: vec![second] });
            }
        }
    }
    columns
}

/// The phase that an instant lies in.
fn phase_at(load: &Load, at: f64) -> usize {
    let holds = |phase: &crate::summary::PhaseSummary| {
        (phase.from_s..phase.from_s + phase.for_s).contains(&at)
    };
    load.phases.iter().position(holds).unwrap_or(usize::MAX)
}
