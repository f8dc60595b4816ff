//! From the windows of an attack to its sums.

use super::load::{
    ClassRow, Correctness, Kind, Load, PhaseSummary, Quantiles, Row, Second, of_kind,
};
use super::{Fleet, GeneratorSecond, generator, recovery, trend};
use crate::text::clean;
use record::{
    ClassTimes, EventKind, FleetFinished, FleetSecond, Histogram, LoadSecond, LoadStarted,
    LoadWindow, Promise, Record, TargetSecond, WrongAnswer,
};
use std::collections::{BTreeMap, BTreeSet};

/// The load attacks of a record, in order.
pub(super) fn fold(record: &Record) -> Vec<Load> {
    let mut attacks: Vec<Attack<'_>> = Vec::new();
    for event in &record.events {
        match (&event.kind, attacks.last_mut()) {
            (EventKind::LoadStarted(started), _) => attacks.push(Attack::new(started)),
            (EventKind::LoadWindow(window), Some(attack)) => attack.windows.push(window),
            (EventKind::WrongAnswer(wrong), Some(attack)) => attack.wrong.push(wrong),
            (EventKind::LoadSecond(second), Some(attack)) => attack.generator.push(second),
            (EventKind::TargetSecond(second), Some(attack)) => attack.target.push(second),
            (EventKind::FleetSecond(second), Some(attack)) => attack.fleet.push(second),
            (EventKind::FleetFinished(fleet), Some(attack)) => attack.fleet_finished = Some(fleet),
            (EventKind::LoadFinished(finished), Some(attack)) => attack.finished = Some(finished),
            _other => {}
        }
    }
    attacks.iter().map(Attack::summary).collect()
}

struct Attack<'a> {
    started: &'a LoadStarted,
    windows: Vec<&'a LoadWindow>,
    wrong: Vec<&'a WrongAnswer>,
    generator: Vec<&'a LoadSecond>,
    target: Vec<&'a TargetSecond>,
    fleet: Vec<&'a FleetSecond>,
    fleet_finished: Option<&'a FleetFinished>,
    finished: Option<&'a record::LoadFinished>,
}

/// Counts and histograms that add up, whatever they are grouped by.
#[derive(Default)]
struct Sum {
    offered: u64,
    sent: u64,
    dropped: u64,
    classes: BTreeMap<String, u64>,
    response: Histogram,
    service: Histogram,
    lag: Histogram,
}

/// The times of each class in one phase, as far as the record tells classes apart.
#[derive(Default)]
struct ByClass(BTreeMap<String, ClassTimes>);

impl ByClass {
    fn add(&mut self, window: &LoadWindow) {
        for (class, response, service) in window.class_times() {
            let times = self.0.entry(clean(class)).or_default();
            times.response.add(response);
            times.service.add(service);
        }
    }

    /// A row each, if there are several and all their answers are told apart.
    fn rows(&self, phase: &str, classes: &BTreeMap<String, u64>) -> Vec<ClassRow> {
        let told = |(class, n): (&String, &u64)| {
            self.0.get(class).is_some_and(|times| times.response.count() == *n)
        };
        if classes.len() < 2 || !classes.iter().all(told) {
            return Vec::new();
        }
        let row = |(class, times): (&String, &ClassTimes)| ClassRow {
            phase: clean(phase),
            class: class.clone(),
            response: Quantiles::of(&times.response),
            service: Quantiles::of(&times.service),
        };
        self.0.iter().map(row).collect()
    }
}

impl Sum {
    fn add(&mut self, window: &LoadWindow) {
        self.offered += window.offered;
        self.sent += window.sent;
        self.dropped += window.dropped;
        for (class, n) in &window.classes {
            *self.classes.entry(clean(class)).or_default() += n;
        }
        self.response.add(&window.response);
        self.service.add(&window.service);
        self.lag.add(&window.lag);
    }

    fn right(&self) -> u64 {
        of_kind(&self.classes, Kind::Right)
    }
}

impl<'a> Attack<'a> {
    fn new(started: &'a LoadStarted) -> Self {
        Self {
            started,
            windows: Vec::new(),
            wrong: Vec::new(),
            generator: Vec::new(),
            target: Vec::new(),
            fleet: Vec::new(),
            fleet_finished: None,
            finished: None,
        }
    }

    /// Planned phases in order, then phases that only windows name.
    fn phases(&self) -> Vec<record::Phase> {
        let mut phases = self.started.phases.clone();
        for window in &self.windows {
            if !phases.iter().any(|phase| phase.name == window.phase) {
                phases.push(record::Phase {
                    name: window.phase.clone(),
                    from_s: window.second as f64,
                    for_s: 0.0,
                    rate: 0.0,
                    apple_down: false,
                });
            }
        }
        phases
    }

    fn summary(&self) -> Load {
        let plan = self.phases();
        let place = |name: &str| {
            plan.iter().position(|phase| phase.name == name).expect("every phase was listed")
        };
        let complete = self.finished.is_some_and(|finished| finished.complete);

        let mut total = Sum::default();
        let mut by_phase: Vec<Sum> = plan.iter().map(|_| Sum::default()).collect();
        let mut by_class: Vec<ByClass> = plan.iter().map(|_| ByClass::default()).collect();
        let mut lengths: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); plan.len()];
        let mut by_row: BTreeMap<(usize, usize, String, bool), Sum> = BTreeMap::new();
        let mut by_second: BTreeMap<(u64, usize), Sum> = BTreeMap::new();
        let mut correctness = Correctness::default();
        for window in &self.windows {
            let phase = place(&window.phase);
            let operation = clean(&window.operation);
            total.add(window);
            by_phase[phase].add(window);
            by_class[phase].add(window);
            lengths[phase].insert(window.second);
            by_row
                .entry((phase, rank(&operation), operation, !window.honest))
                .or_default()
                .add(window);
            by_second.entry((window.second, phase)).or_default().add(window);
            correctness.add(window);
        }
        let nothing = record::LoadFinished::default();
        correctness.settle(self.finished.unwrap_or(&nothing));

        // A phase cut short is as long as the seconds that were seen of it.
        let measured: Vec<f64> = plan
            .iter()
            .zip(&lengths)
            .map(|(phase, seen)| {
                let seen = seen.len() as f64;
                match phase.for_s {
                    planned if planned > 0.0 && complete => planned,
                    planned if planned > 0.0 => planned.min(seen),
                    _unplanned => seen,
                }
            })
            .collect();
        let per_second = |n: u64, phase: usize| {
            if measured[phase] > 0.0 { n as f64 / measured[phase] } else { 0.0 }
        };

        let mut load = Load {
            mix: clean(&self.started.mix),
            arrivals: clean(&self.started.arrivals),
            users: self.started.users,
            timeout_s: self.started.timeout_s,
            promises: self.started.promises.iter().filter_map(promise).collect(),
            complete,
            interrupted: self.finished.is_some_and(|finished| finished.interrupted),
            invalid: self
                .finished
                .map(|finished| finished.invalid.iter().map(|why| clean(why)).collect())
                .unwrap_or_default(),
            checks: self
                .finished
                .map(|finished| finished.checks.iter().map(generator::check).collect())
                .unwrap_or_default(),
            goose: self.finished.map(|finished| clean(&finished.goose)).unwrap_or_default(),
            offered: total.offered,
            sent: total.sent,
            dropped: total.dropped,
            classes: total.classes,
            correctness,
            phases: plan
                .iter()
                .zip(&by_phase)
                .enumerate()
                .map(|(index, (phase, sum))| PhaseSummary {
                    name: clean(&phase.name),
                    from_s: phase.from_s,
                    for_s: phase.for_s,
                    measured_s: measured[index],
                    rate: phase.rate,
                    apple_down: phase.apple_down,
                    offered: sum.offered,
                    sent: sum.sent,
                    dropped: sum.dropped,
                    classes: sum.classes.clone(),
                    offered_per_s: per_second(sum.offered, index),
                    sent_per_s: per_second(sum.sent, index),
                    achieved_per_s: per_second(sum.right(), index),
                    response: Quantiles::of(&sum.response),
                    service: Quantiles::of(&sum.service),
                    lag: Quantiles::of(&sum.lag),
                })
                .collect(),
            by_class: plan
                .iter()
                .zip(&by_phase)
                .zip(&by_class)
                .flat_map(|((phase, sum), times)| times.rows(&phase.name, &sum.classes))
                .collect(),
            rows: by_row
                .into_iter()
                .map(|((phase, _, operation, dishonest), sum)| Row {
                    phase: clean(&plan[phase].name),
                    operation,
                    honest: !dishonest,
                    offered: sum.offered,
                    sent: sum.sent,
                    dropped: sum.dropped,
                    achieved_per_s: per_second(sum.right(), phase),
                    response: Quantiles::of(&sum.response),
                    service: Quantiles::of(&sum.service),
                    lag: Quantiles::of(&sum.lag),
                    classes: sum.classes,
                    responses: sum.response,
                    services: sum.service,
                })
                .collect(),
            seconds: by_second
                .into_iter()
                .map(|((second, phase), sum)| Second {
                    phase,
                    second,
                    offered: sum.offered,
                    sent: sum.sent,
                    dropped: sum.dropped,
                    response: Quantiles::of(&sum.response),
                    lag: Quantiles::of(&sum.lag),
                    classes: sum.classes,
                    responses: sum.response,
                    lags: sum.lag,
                })
                .collect(),
            wrong: self.wrong.iter().map(|wrong| cleaned(wrong)).collect(),
            generator: self.generator.iter().map(|second| GeneratorSecond::of(second)).collect(),
            target: self.target.iter().map(|second| generator::target(second)).collect(),
            fleet: Fleet::of(&self.fleet, self.fleet_finished),
            recoveries: Vec::new(),
            trends: Vec::new(),
            earlier: Vec::new(),
        };
        load.generator.sort_by_key(|second| second.second);
        load.target.sort_by_key(|second| second.second);
        load.recoveries = recovery::fold(&load);
        load.trends = trend::fold(&load);
        load
    }
}

/// A promise that can be drawn; a foreign record may hold others.
fn promise(promise: &Promise) -> Option<Promise> {
    let Promise { operation, share, within_us } = promise;
    let sound = (0.0..1.0).contains(share) && *within_us > 0;
    sound.then(|| Promise { operation: clean(operation), share: *share, within_us: *within_us })
}

fn cleaned(wrong: &WrongAnswer) -> WrongAnswer {
    WrongAnswer {
        arrival: wrong.arrival,
        operation: clean(&wrong.operation),
        class: clean(&wrong.class),
        what: clean(&wrong.what),
        status: wrong.status,
        repeat: clean(&wrong.repeat),
    }
}

/// The order in which a device goes through the operations.
fn rank(operation: &str) -> usize {
    ["challenge", "attest", "assert"]
        .iter()
        .position(|known| *known == operation)
        .unwrap_or(usize::MAX)
}
