//! What a load attack tells besides its answers: the generator, the fleet, the server's process.
//!
//! Each is one second, or the end, of something a run may not have; records without them are read as
//! before. All numbers are finite.

use crate::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How soon honest requests of an operation are promised to be answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    /// challenge, attest or assert.
    pub operation: String,
    /// The share of answers that come sooner, 0–1.
    pub share: f64,
    /// Microseconds from the intended start to the end of the answer.
    pub within_us: u64,
}

/// Times of the answers of one class.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ClassTimes {
    /// Microseconds from intended start to the end of the answer.
    pub response: Histogram,
    /// Microseconds from the actual send to the end of the answer.
    pub service: Histogram,
}

/// One second of the generator, by the clock of the attack.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LoadSecond {
    /// Second since the start of the attack.
    pub second: u64,
    /// Requests in flight, averaged over time.
    pub in_flight_mean: f64,
    /// Most requests in flight at any moment.
    pub in_flight_max: u64,
    /// Fewest users that waited for an arrival at any moment.
    pub free_users_min: u64,
    /// Microseconds from the release of an arrival to a user picking it up.
    pub queue_us: Histogram,
    /// Most requests at any moment that were due and not yet prepared.
    pub backlog_max: u64,
    /// CPU seconds of the generator's process in this second, all threads together.
    pub cpu_share: Option<f64>,
    /// CPU seconds of its busiest thread in this second.
    pub hottest_thread: Option<f64>,
    /// Share of the machine's CPU time that a hypervisor gave to others, 0–1.
    pub steal_share: Option<f64>,
    /// Memory of the generator's process that is resident, in bytes.
    pub rss_bytes: Option<u64>,
    /// Sockets that the generator's process holds open.
    pub sockets: Option<u64>,
}

/// One second of the process of the server under test, where it can be seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetSecond {
    /// Second since the start of the attack.
    pub second: u64,
    /// Its resident memory in bytes.
    pub rss_bytes: Option<u64>,
    /// Its CPU seconds in this second, all threads together.
    pub cpu_share: Option<f64>,
}

/// One second of a fleet of devices, by the clock of the attack.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetSecond {
    /// Second since the start of the attack.
    pub second: u64,
    /// Devices per state of life at the end of this second; their sum is the fleet.
    pub states: BTreeMap<String, u64>,
    /// Things that devices began to want: an attested key, an accepted assertion.
    pub intents: u64,
    /// Tries of what was wanted, the first ones and the repeated ones.
    pub attempts: u64,
    /// Calls of `attestKey` that Apple's simulated service answered with an error.
    pub apple_refused: u64,
    /// Calls of `attestKey` that it served.
    pub apple_served: u64,
    /// Attestations that were sent after their challenge had expired.
    pub expired_challenges: u64,
    /// How tries ended, by the words of the fleet.
    pub outcomes: BTreeMap<String, u64>,
}

/// What became of a fleet.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct FleetFinished {
    /// Milliseconds from a device's waking up to its key being attested, one per attested device.
    pub attested: Histogram,
    /// Devices that woke up to attest and were not attested when the attack ended.
    pub unattested: u64,
    /// Milliseconds from a challenge being issued to its use, one per use.
    pub challenge_age: Histogram,
    /// Milliseconds after which the server's challenges expire, if it says so.
    pub challenge_lifetime_ms: Option<u64>,
    /// Attestations that came back after their challenge had expired.
    pub too_late: u64,
    /// Name of the policy by which devices repeat what failed.
    pub policy: String,
    /// The numbers that the fleet's life follows, and what each rests on.
    pub assumptions: Vec<Assumption>,
}

/// A number of the fleet's life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assumption {
    /// What it is the number of, as profiles name it.
    pub name: String,
    /// Its value in this run, with unit.
    pub value: String,
    /// What it rests on.
    pub basis: Basis,
    /// Where that stands, in a few words; empty if nowhere.
    #[serde(default)]
    pub source: String,
}

/// What a number rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Apple's documentation says so.
    Documented,
    /// It was reported from the field.
    Field,
    /// Nobody says: it is a guess.
    Assumed,
}

impl Basis {
    /// The name in records and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Field => "field",
            Self::Assumed => "assumed",
        }
    }
}

/// One thing that must hold for a measurement to say something about the target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidityCheck {
    /// What is checked, in a few words.
    pub check: String,
    /// What was seen, with unit; empty if nothing could be.
    pub value: String,
    /// What would still be good, with unit.
    pub limit: String,
    /// How it came out.
    pub standing: CheckStanding,
    /// Who is at fault if it does not hold: generator, machine, harness, plan or target.
    #[serde(default)]
    pub blame: String,
    /// What to do if it does not hold, one sentence.
    #[serde(default)]
    pub remedy: String,
}

/// How a check of a measurement came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStanding {
    /// It holds.
    Holds,
    /// It does not hold, and figures are to be read with that in mind.
    Remark,
    /// It does not hold, and the measurement is invalid.
    Breached,
    /// It cannot be seen on this machine.
    Unseen,
}

impl CheckStanding {
    /// The name in records and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Remark => "remark",
            Self::Breached => "breached",
            Self::Unseen => "unseen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Event, EventKind, LoadFinished};
    use serde_json::{Value, json};

    fn histogram(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for value in values {
            histogram.record(*value);
        }
        histogram
    }

    fn check(standing: CheckStanding) -> ValidityCheck {
        ValidityCheck {
            check: "steal".into(),
            value: "0.2 %".into(),
            limit: "≤ 1 %".into(),
            standing,
            blame: "machine".into(),
            remedy: "use a machine of its own".into(),
        }
    }

    fn assumption(basis: Basis) -> Assumption {
        let (name, value) = ("apple.rate".into(), "100/s".into());
        Assumption { name, value, basis, source: "Preparing to use the App Attest service".into() }
    }

    /// Everything filled, so that a member that is lost is missed.
    fn kinds() -> Vec<EventKind> {
        vec![
            EventKind::LoadSecond(Box::new(LoadSecond {
                second: 3,
                in_flight_mean: 12.5,
                in_flight_max: 40,
                free_users_min: 24,
                queue_us: histogram(&[15, 20_000]),
                backlog_max: 2,
                cpu_share: Some(0.75),
                hottest_thread: Some(0.5),
                steal_share: Some(0.01),
                rss_bytes: Some(60_000_000),
                sockets: Some(71),
            })),
            EventKind::TargetSecond(TargetSecond {
                second: 3,
                rss_bytes: Some(1 << 33),
                cpu_share: Some(0.9),
            }),
            EventKind::FleetSecond(Box::new(FleetSecond {
                second: 3,
                states: [("no-key".into(), 90), ("registered".into(), 10)].into(),
                intents: 12,
                attempts: 30,
                apple_refused: 5,
                apple_served: 7,
                expired_challenges: 1,
                outcomes: [("accepted".into(), 6)].into(),
            })),
            EventKind::FleetFinished(Box::new(FleetFinished {
                attested: histogram(&[800, 90_000_000]),
                unattested: 4,
                challenge_age: histogram(&[600]),
                challenge_lifetime_ms: Some(300_000),
                too_late: 2,
                policy: "full-jitter".into(),
                assumptions: [Basis::Documented, Basis::Field, Basis::Assumed]
                    .map(assumption)
                    .to_vec(),
            })),
            EventKind::LoadFinished(LoadFinished {
                complete: true,
                invalid: vec!["late".into()],
                goose: "fast".into(),
                checks: [
                    CheckStanding::Holds,
                    CheckStanding::Remark,
                    CheckStanding::Breached,
                    CheckStanding::Unseen,
                ]
                .map(check)
                .to_vec(),
                probes: 1_000,
                false_accepts: 1,
                audited: 50,
                interrupted: true,
            }),
        ]
    }

    #[test]
    fn what_a_load_tells_survives_the_record() {
        for kind in kinds() {
            let event = Event { at: 4.5, kind };
            let line = serde_json::to_string(&event).unwrap();
            assert_eq!(serde_json::from_str::<Event>(&line).unwrap(), event, "{line}");
        }
    }

    #[test]
    fn a_record_may_tell_less_or_more_than_this_version_knows() {
        for kind in kinds() {
            let full = serde_json::to_value(Event { at: 4.5, kind }).unwrap();
            let name = full["event"].clone();
            let mut bare = json!({ "at": 4.5, "event": name });
            if name == "load-finished" {
                bare["complete"] = true.into();
                bare["invalid"] = json!([]);
                bare["goose"] = "".into();
            }
            let read: Event = serde_json::from_value(bare).expect("what is missing is nothing");
            assert_ne!(serde_json::to_value(read).unwrap(), full, "{name}: the full one says more");
            let mut more = full.clone();
            more["of-tomorrow"] = json!({ "x": [1] });
            let read: Event = serde_json::from_value(more).expect("what is unknown is passed over");
            assert_eq!(serde_json::to_value(read).unwrap(), full, "{name}");
        }
    }

    #[test]
    fn names_in_reports_are_those_in_records() {
        use CheckStanding::{Breached, Holds, Remark, Unseen};
        let written = |value: Value| value.as_str().map(ToOwned::to_owned);
        for basis in [Basis::Documented, Basis::Field, Basis::Assumed] {
            let value = serde_json::to_value(basis).unwrap();
            assert_eq!(written(value).as_deref(), Some(basis.as_str()));
        }
        for standing in [Holds, Remark, Breached, Unseen] {
            let value = serde_json::to_value(standing).unwrap();
            assert_eq!(written(value).as_deref(), Some(standing.as_str()));
        }
    }
}
