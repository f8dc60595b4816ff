//! Load attacks: per phase and operation, per second, and whether the measurement holds.

use super::{Fleet, GeneratorSecond, Recovery, Trend};
use record::{
    Histogram, LoadFinished, LoadWindow, Promise, TargetSecond, ValidityCheck, WrongAnswer,
};
use serde::Serialize;
use std::collections::BTreeMap;

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
    /// How soon honest requests are promised to be answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<Promise>,
    /// Whether every planned arrival was dealt with.
    pub complete: bool,
    /// Whether the user cut it short.
    pub interrupted: bool,
    /// Why the measurement says nothing about the target's speed; empty if it is valid.
    pub invalid: Vec<String>,
    /// What must hold for the measurement to be valid, and how it came out.
    pub checks: Vec<ValidityCheck>,
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
    /// Each phase × class of answer, all operations together; empty where one class is all there was,
    /// or where the record does not tell them apart.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_class: Vec<ClassRow>,
    /// Each second, all operations together.
    pub seconds: Vec<Second>,
    /// Wrong answers that were kept, in order.
    pub wrong: Vec<WrongAnswer>,
    /// The generator, second by second, if it was watched.
    pub generator: Vec<GeneratorSecond>,
    /// The server's process, second by second, if it could be seen.
    pub target: Vec<TargetSecond>,
    /// The devices, if arrivals were devices that live.
    pub fleet: Option<Fleet>,
    /// Each drop of the rate, and whether the server came back.
    pub recoveries: Vec<Recovery>,
    /// How figures moved over the longest phase at one rate.
    pub trends: Vec<Trend>,
    /// The rows of an earlier run, for plots to draw beneath these.
    #[serde(skip)]
    pub earlier: Vec<Row>,
}

/// How right the answers were.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Correctness {
    /// Dishonest requests that were decided, those of the audit included.
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
    /// Keys that were asked once more after the load.
    pub audited: u64,
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
    /// Whether Apple's simulated service was away meanwhile.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub apple_down: bool,
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

/// The answers of one class in one phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClassRow {
    /// Name of the phase.
    pub phase: String,
    /// Class of the answer.
    pub class: String,
    /// Intended start to end of answer.
    pub response: Quantiles,
    /// Send to end of answer.
    pub service: Quantiles,
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

impl Correctness {
    pub(super) fn add(&mut self, window: &LoadWindow) {
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

    /// Takes the counts of the attack's end, which hold what no window does: the audit.
    pub(super) fn settle(&mut self, finished: &LoadFinished) {
        // A foreign record may hold counts that no run reaches; sums must not overflow.
        const MOST: u64 = 1 << 48;
        self.audited = finished.audited;
        self.dishonest = self.dishonest.max(finished.probes.min(MOST));
        self.false_accepts = self.false_accepts.max(finished.false_accepts.min(MOST));
        self.false_accepts_below = (self.false_accepts == 0 && self.dishonest > 0)
            .then(|| (3.0 / self.dishonest as f64).min(1.0));
    }

    /// Answers that contradict what was owed: wrong decisions and unreadable answers.
    pub fn wrong(&self) -> u64 {
        self.false_accepts + self.false_rejects + self.unreadable
    }
}
