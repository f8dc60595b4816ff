//! A fleet of devices: what it wanted, what it got, and how long that took.

use crate::text::clean;
use record::{Assumption, FleetFinished, FleetSecond, Histogram};
use serde::Serialize;
use std::collections::BTreeMap;

/// A fleet of devices under one attack.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fleet {
    /// Whether its end was recorded; without it times and assumptions are not known.
    pub finished: bool,
    /// Name of the policy by which devices repeat what failed.
    pub policy: String,
    /// Things that devices wanted.
    pub intents: u64,
    /// Tries of what was wanted, repeated ones included.
    pub attempts: u64,
    /// Tries for each thing wanted; absent if nothing was.
    pub amplification: Option<f64>,
    /// Calls of `attestKey` that Apple's simulated service served.
    pub apple_served: u64,
    /// Calls that it answered with an error.
    pub apple_refused: u64,
    /// From waking up to an attested key.
    pub attested: MillisQuantiles,
    /// Devices that woke up to attest and were not attested when the attack ended.
    pub unattested: u64,
    /// From a challenge being issued to its use.
    pub challenge_age: MillisQuantiles,
    /// After which the server's challenges expire, if it says so.
    pub challenge_lifetime_ms: Option<u64>,
    /// Attestations that came back after their challenge had expired.
    pub too_late: u64,
    /// What the fleet's life follows.
    pub assumptions: Vec<Assumption>,
    /// Its seconds, in order.
    pub seconds: Vec<FleetSecond>,
    /// All times from waking up to an attested key, in milliseconds, for plots.
    #[serde(skip)]
    pub attested_ms: Histogram,
    /// All ages of challenges when used, in milliseconds, for plots.
    #[serde(skip)]
    pub ages_ms: Histogram,
}

/// What a histogram of milliseconds comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct MillisQuantiles {
    /// How many durations.
    pub n: u64,
    /// Half lie below.
    pub p50_ms: u64,
    /// 90 % lie below.
    pub p90_ms: u64,
    /// 99 % lie below.
    pub p99_ms: u64,
    /// 99.9 % lie below.
    pub p99_9_ms: u64,
    /// The longest.
    pub max_ms: u64,
}

impl MillisQuantiles {
    fn of(histogram: &Histogram) -> Self {
        Self {
            n: histogram.count(),
            p50_ms: histogram.quantile(0.5),
            p90_ms: histogram.quantile(0.9),
            p99_ms: histogram.quantile(0.99),
            p99_9_ms: histogram.quantile(0.999),
            max_ms: histogram.max(),
        }
    }
}

impl Fleet {
    /// The fleet of an attack, if it had one.
    pub(super) fn of(seconds: &[&FleetSecond], finished: Option<&FleetFinished>) -> Option<Self> {
        if seconds.is_empty() && finished.is_none() {
            return None;
        }
        let sum = |count: fn(&FleetSecond) -> u64| {
            seconds.iter().map(|second| count(second)).fold(0, u64::saturating_add)
        };
        let nothing = FleetFinished::default();
        let end = finished.unwrap_or(&nothing);
        let (intents, attempts) = (sum(|second| second.intents), sum(|second| second.attempts));
        let mut seconds: Vec<FleetSecond> = seconds.iter().map(|second| cleaned(second)).collect();
        seconds.sort_by_key(|second| second.second);
        Some(Self {
            finished: finished.is_some(),
            policy: clean(&end.policy),
            intents,
            attempts,
            amplification: (intents > 0).then(|| attempts as f64 / intents as f64),
            apple_served: sum(|second| second.apple_served),
            apple_refused: sum(|second| second.apple_refused),
            attested: MillisQuantiles::of(&end.attested),
            unattested: end.unattested,
            challenge_age: MillisQuantiles::of(&end.challenge_age),
            challenge_lifetime_ms: end.challenge_lifetime_ms,
            too_late: end.too_late,
            assumptions: end.assumptions.iter().map(assumption).collect(),
            seconds,
            attested_ms: end.attested.clone(),
            ages_ms: end.challenge_age.clone(),
        })
    }
}

fn cleaned(second: &FleetSecond) -> FleetSecond {
    FleetSecond {
        states: words(&second.states),
        outcomes: words(&second.outcomes),
        ..second.clone()
    }
}

/// Counts under names made harmless.
fn words(counts: &BTreeMap<String, u64>) -> BTreeMap<String, u64> {
    counts.iter().map(|(name, n)| (clean(name), *n)).collect()
}

fn assumption(assumption: &Assumption) -> Assumption {
    Assumption {
        name: clean(&assumption.name),
        value: clean(&assumption.value),
        basis: assumption.basis,
        source: clean(&assumption.source),
    }
}
