//! Seconds gathered into columns: no more than a plot can show, never across phases.

use crate::summary::{Kind, Load, Second};
use record::Histogram;
use std::collections::BTreeMap;

/// A column of a time plot.
pub(super) struct Bin {
    /// Place of the phase.
    pub(super) phase: usize,
    /// Where it begins, seconds since the start of the attack.
    pub(super) from: f64,
    /// Where it ends.
    pub(super) to: f64,
    pub(super) offered: u64,
    pub(super) sent: u64,
    pub(super) dropped: u64,
    pub(super) responses: Histogram,
    pub(super) lags: Histogram,
    classes: BTreeMap<String, u64>,
}

impl Bin {
    /// A count as a rate over the bin's length.
    pub(super) fn per_second(&self, n: u64) -> f64 {
        n as f64 / (self.to - self.from).max(0.05)
    }

    pub(super) fn of_kind(&self, kind: Kind) -> u64 {
        crate::summary::of_kind(&self.classes, kind)
    }

    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.from, self.to)
    }

    fn open(load: &Load, second: &Second) -> Self {
        let (from, to) = extent(load, second);
        Self {
            phase: second.phase,
            from,
            to,
            offered: 0,
            sent: 0,
            dropped: 0,
            responses: Histogram::default(),
            lags: Histogram::default(),
            classes: BTreeMap::new(),
        }
    }

    fn add(&mut self, load: &Load, second: &Second) {
        self.to = self.to.max(extent(load, second).1);
        self.offered += second.offered;
        self.sent += second.sent;
        self.dropped += second.dropped;
        self.responses.add(&second.responses);
        self.lags.add(&second.lags);
        for (class, n) in &second.classes {
            *self.classes.entry(class.clone()).or_default() += n;
        }
    }
}

/// The part of a second that lies in its phase: phases may begin and end within one.
fn extent(load: &Load, second: &Second) -> (f64, f64) {
    let (from, to) = (second.second as f64, second.second as f64 + 1.0);
    let phase = &load.phases[second.phase];
    if phase.for_s <= 0.0 {
        return (from, to);
    }
    let clipped = (from.max(phase.from_s), to.min(phase.from_s + phase.for_s));
    if clipped.1 > clipped.0 { clipped } else { (from, to) }
}

/// At most about `columns` bins of equal length, in order of time.
pub(super) fn bins(load: &Load, columns: usize) -> Vec<Bin> {
    let length = load.seconds.len().div_ceil(columns).max(1) as f64;
    let mut bins: Vec<Bin> = Vec::new();
    for second in &load.seconds {
        let fits = bins.last().is_some_and(|bin| {
            bin.phase == second.phase && second.second as f64 + 1.0 <= bin.from.floor() + length
        });
        if !fits {
            bins.push(Bin::open(load, second));
        }
        bins.last_mut().expect("a bin was opened").add(load, second);
    }
    bins
}

/// Runs of bins of one phase: lines are drawn within a run only.
pub(super) fn runs(bins: &[Bin]) -> impl Iterator<Item = &[Bin]> {
    bins.chunk_by(|left, right| left.phase == right.phase)
}
