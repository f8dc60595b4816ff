//! Load attacks: per phase and operation, per second, and whether the measurement holds.

use crate::text::clean;
use record::{EventKind, Histogram, LoadStarted, LoadWindow, Record, WrongAnswer};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// One load attack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Load {
    /// Share of each operation, in words.
    pub mix: String,
    /// The arrival law.
    pub arrivals: String,
    /// Users that waited for arrivals.
    pub users: usize,
    /// Seconds after which an answer counts as a timeout.
    pub timeout_s: f64,
    /// Whether every planned arrival was dealt with.
    pub complete: bool,
    /// Why the measurement says nothing about the target's speed; empty if it is valid.
    pub invalid: Vec<String>,
    /// Service time in goose's own words.
    pub goose: String,
    /// Arrivals the schedule held.
    pub offered: u64,
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up for want of a free user.
    pub dropped: u64,
    /// Arrivals per class of answer.
    pub classes: BTreeMap<String, u64>,
    /// How right the answers were.
    pub correctness: Correctness,
    /// The phases, in order.
    pub phases: Vec<PhaseSummary>,
    /// Each phase × operation × honest or not.
    pub rows: Vec<Row>,
    /// Each second, all operations together.
    pub seconds: Vec<Second>,
    /// Wrong answers that were kept, in order.
    pub wrong: Vec<WrongAnswer>,
}

/// How right the answers were.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Correctness {
    /// Dishonest requests that were decided.
    pub dishonest: u64,
    /// Of these, accepted.
    pub false_accepts: u64,
    /// With no false accept: the rate below which it lies with 95 % confidence, 3 ÷ n.
    pub false_accepts_below: Option<f64>,
    /// Honest requests that were decided.
    pub honest: u64,
    /// Of these, refused or answered with a wrong output.
    pub false_rejects: u64,
    /// Requests that got no decision: error, timeout, crash, unreadable, unreachable.
    pub undecided: u64,
    /// Of these, answers that no rule of the target file could read.
    pub unreadable: u64,
    /// Requests turned away for overload, which is no fault.
    pub shed: u64,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseSummary {
    /// Its name.
    pub name: String,
    /// Seconds from the start of the attack.
    pub from_s: f64,
    /// Its planned length in seconds.
    pub for_s: f64,
    /// Seconds of it that were measured.
    pub measured_s: f64,
    /// Planned arrivals a second.
    pub rate: f64,
    /// Arrivals the schedule held.
    pub offered: u64,
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up.
    pub dropped: u64,
    /// Arrivals per class of answer.
    pub classes: BTreeMap<String, u64>,
    /// Arrivals offered a second.
    pub offered_per_s: f64,
    /// Arrivals sent a second.
    pub sent_per_s: f64,
    /// Right answers a second, by intended start.
    pub achieved_per_s: f64,
    /// Intended start to end of answer.
    pub response: Quantiles,
    /// Send to end of answer.
    pub service: Quantiles,
    /// Intended start to send.
    pub lag: Quantiles,
}

/// One phase × operation × honest or not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Name of the phase.
    pub phase: String,
    /// challenge, attest or assert.
    pub operation: String,
    /// Whether the requests were honest.
    pub honest: bool,
    /// Arrivals the schedule held.
    pub offered: u64,
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up.
    pub dropped: u64,
    /// Right answers a second.
    pub achieved_per_s: f64,
    /// Arrivals per class of answer.
    pub classes: BTreeMap<String, u64>,
    /// Intended start to end of answer.
    pub response: Quantiles,
    /// Send to end of answer.
    pub service: Quantiles,
    /// Intended start to send.
    pub lag: Quantiles,
    /// All response times, for plots; the record holds them for others.
    #[serde(skip)]
    pub responses: Histogram,
    /// All service times, for plots.
    #[serde(skip)]
    pub services: Histogram,
}

/// One second of one phase, all operations together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Second {
    /// Place of the phase among the phases.
    pub phase: usize,
    /// Second since the start of the attack.
    pub second: u64,
    /// Arrivals the schedule held.
    pub offered: u64,
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up.
    pub dropped: u64,
    /// Arrivals per class of answer.
    pub classes: BTreeMap<String, u64>,
    /// Intended start to end of answer.
    pub response: Quantiles,
    /// Intended start to send.
    pub lag: Quantiles,
    /// All response times, for plots.
    #[serde(skip)]
    pub responses: Histogram,
    /// All lags, for plots.
    #[serde(skip)]
    pub lags: Histogram,
}

/// What a histogram comes to, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Quantiles {
    /// How many durations.
    pub n: u64,
    /// Half lie below.
    pub p50_us: u64,
    /// 90 % lie below.
    pub p90_us: u64,
    /// 99 % lie below.
    pub p99_us: u64,
    /// 99.9 % lie below.
    pub p99_9_us: u64,
    /// The longest.
    pub max_us: u64,
}

impl Quantiles {
    /// The quantiles of a histogram.
    pub fn of(histogram: &Histogram) -> Self {
        Self {
            n: histogram.count(),
            p50_us: histogram.quantile(0.5),
            p90_us: histogram.quantile(0.9),
            p99_us: histogram.quantile(0.99),
            p99_9_us: histogram.quantile(0.999),
            max_us: histogram.max(),
        }
    }
}

/// What a class of answer means for the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The decision was the right one.
    Right,
    /// Turned away for overload.
    Shed,
    /// No decision came.
    Undecided,
    /// The decision was the wrong one.
    Wrong,
}

/// The kind of a class as records name it; a class unknown here is no decision.
pub fn kind_of(class: &str) -> Kind {
    match class {
        "right" => Kind::Right,
        "shed" => Kind::Shed,
        "false-accept" | "false-reject" | "wrong-output" => Kind::Wrong,
        _no_decision => Kind::Undecided,
    }
}

/// How many of the classes are of a kind.
pub(crate) fn of_kind(classes: &BTreeMap<String, u64>, kind: Kind) -> u64 {
    classes.iter().filter(|(class, _)| kind_of(class) == kind).map(|(_, n)| n).sum()
}

pub(super) fn fold(record: &Record) -> Vec<Load> {
    let mut attacks: Vec<Attack<'_>> = Vec::new();
    for event in &record.events {
        match (&event.kind, attacks.last_mut()) {
            (EventKind::LoadStarted(started), _) => attacks.push(Attack::new(started)),
            (EventKind::LoadWindow(window), Some(attack)) => attack.windows.push(window),
            (EventKind::WrongAnswer(wrong), Some(attack)) => attack.wrong.push(wrong),
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
        Self { started, windows: Vec::new(), wrong: Vec::new(), finished: None }
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
        let mut lengths: Vec<BTreeSet<u64>> = vec![BTreeSet::new(); plan.len()];
        let mut by_row: BTreeMap<(usize, usize, String, bool), Sum> = BTreeMap::new();
        let mut by_second: BTreeMap<(u64, usize), Sum> = BTreeMap::new();
        let mut correctness = Correctness::default();
        for window in &self.windows {
            let phase = place(&window.phase);
            let operation = clean(&window.operation);
            total.add(window);
            by_phase[phase].add(window);
            lengths[phase].insert(window.second);
            by_row
                .entry((phase, rank(&operation), operation, !window.honest))
                .or_default()
                .add(window);
            by_second.entry((window.second, phase)).or_default().add(window);
            correctness.add(window);
        }
        if correctness.false_accepts == 0 && correctness.dishonest > 0 {
            correctness.false_accepts_below = Some((3.0 / correctness.dishonest as f64).min(1.0));
        }

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

        Load {
            mix: clean(&self.started.mix),
            arrivals: clean(&self.started.arrivals),
            users: self.started.users,
            timeout_s: self.started.timeout_s,
            complete,
            invalid: self
                .finished
                .map(|finished| finished.invalid.iter().map(|why| clean(why)).collect())
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
        }
    }
}

impl Correctness {
    fn add(&mut self, window: &LoadWindow) {
        for (class, n) in &window.classes {
            match kind_of(class) {
                Kind::Right if window.honest => self.honest += n,
                Kind::Right => self.dishonest += n,
                Kind::Wrong if class == "false-accept" => {
                    self.dishonest += n;
                    self.false_accepts += n;
                }
                Kind::Wrong => {
                    self.honest += n;
                    self.false_rejects += n;
                }
                Kind::Shed => self.shed += n,
                Kind::Undecided => {
                    self.undecided += n;
                    if class == "unreadable" {
                        self.unreadable += n;
                    }
                }
            }
        }
    }

    /// Answers that contradict what was owed: wrong decisions and unreadable answers.
    pub fn wrong(&self) -> u64 {
        self.false_accepts + self.false_rejects + self.unreadable
    }
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
