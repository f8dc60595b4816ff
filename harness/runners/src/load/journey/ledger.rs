//! The books of a fleet: what happened in each second, and how it went in all.

use super::config::JourneyPlan;
use super::store::Store;
use record::{Assumption, FleetFinished, FleetSecond, Histogram};
use std::time::Duration;

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// The server accepted.
    Accepted,
    /// The server refused.
    Refused,
    /// The server refused an attestation whose challenge was too old.
    TooLate,
    /// The server turned it away for overload.
    TurnedAway,
    /// The server said that it failed.
    Failed,
    /// No answer.
    NoAnswer,
    /// Apple: `serverUnavailable`.
    ServerUnavailable,
    /// The system: `invalidKey`.
    InvalidKey,
    /// The system: `invalidInput`.
    InvalidInput,
    /// The system: `unknownSystemFailure`.
    UnknownSystemFailure,
    /// The system: `featureUnsupported`.
    FeatureUnsupported,
    /// The app gave up for this session.
    GaveUp,
    /// The generator gave the request up; nothing was sent.
    Dropped,
}

impl Ending {
    /// The name in records; of what the system says, Apple's own.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::TooLate => "too-late",
            Self::TurnedAway => "turned-away",
            Self::Failed => "failed",
            Self::NoAnswer => "no-answer",
            Self::ServerUnavailable => "serverUnavailable",
            Self::InvalidKey => "invalidKey",
            Self::InvalidInput => "invalidInput",
            Self::UnknownSystemFailure => "unknownSystemFailure",
            Self::FeatureUnsupported => "featureUnsupported",
            Self::GaveUp => "gave-up",
            Self::Dropped => "dropped",
        }
    }
}

/// What is counted of a fleet. Seconds are those of the clock on the wall; times in histograms are
/// those of the devices.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    speed: f64,
    /// What happens after it belongs to the last second.
    end: Duration,
    open: FleetSecond,
    closed: Vec<FleetSecond>,
    attested: Histogram,
    challenge_age: Histogram,
    too_late: u64,
    wakes_without_device: u64,
}

impl Ledger {
    pub(crate) fn new(speed: f64, end: Duration) -> Self {
        Self {
            speed,
            end,
            open: FleetSecond::default(),
            closed: Vec::new(),
            attested: Histogram::default(),
            challenge_age: Histogram::default(),
            too_late: 0,
            wakes_without_device: 0,
        }
    }

    /// Closes the seconds that are over at `now`; between them nothing happened to the fleet.
    pub(crate) fn pass(&mut self, now: Duration, store: &Store) {
        let second = (now.min(self.end).as_secs_f64() / self.speed) as u64;
        while self.open.second < second {
            let next = FleetSecond { second: self.open.second + 1, ..FleetSecond::default() };
            let mut over = std::mem::replace(&mut self.open, next);
            over.states = store
                .counts()
                .map(|(state, n)| (state.as_str().to_owned(), u64::from(n)))
                .collect();
            self.closed.push(over);
        }
    }

    /// Takes the seconds that are over.
    pub(crate) fn take_closed(&mut self) -> Vec<FleetSecond> {
        std::mem::take(&mut self.closed)
    }

    /// A device begins to want something.
    pub(crate) fn intent(&mut self) {
        self.open.intents += 1;
    }

    /// A device tries to get what it wants, for the first time or again.
    pub(crate) fn attempt(&mut self) {
        self.open.attempts += 1;
    }

    pub(crate) fn ending(&mut self, ending: Ending) {
        *self.open.outcomes.entry(ending.as_str().to_owned()).or_default() += 1;
        self.too_late += u64::from(ending == Ending::TooLate);
    }

    pub(crate) fn apple(&mut self, served: bool) {
        if served {
            self.open.apple_served += 1;
        } else {
            self.open.apple_refused += 1;
        }
    }

    /// An attestation is sent whose challenge has this age; `expired` if that is too old. Those of
    /// assertions are used as soon as they are there.
    pub(crate) fn challenge_used(&mut self, age: Duration, expired: bool) {
        self.challenge_age.record(millis(age));
        self.open.expired_challenges += u64::from(expired);
    }

    pub(crate) fn attested(&mut self, took: Duration) {
        self.attested.record(millis(took));
    }

    pub(crate) fn wake_without_device(&mut self) {
        self.wakes_without_device += 1;
    }

    /// Wakes that found no device at rest.
    pub(crate) fn wakes_without_device(&self) -> u64 {
        self.wakes_without_device
    }

    /// How it went in all.
    pub(crate) fn finish(
        &self,
        plan: &JourneyPlan,
        unattested: u64,
        lifetime: Duration,
        assumptions: Vec<Assumption>,
    ) -> FleetFinished {
        FleetFinished {
            attested: self.attested.clone(),
            unattested,
            challenge_age: self.challenge_age.clone(),
            challenge_lifetime_ms: Some(millis(lifetime)),
            too_late: self.too_late,
            policy: plan.retry.policy.as_str().to_owned(),
            assumptions,
        }
    }
}

/// Whole milliseconds.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
