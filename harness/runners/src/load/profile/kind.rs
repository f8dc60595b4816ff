//! What a phase of a profile is, and the phases of a plan that it comes to.

use super::super::course::{self, Course, Line};
use super::super::journey::Lasting;
use super::raw;
use std::time::Duration;

/// The kinds of phases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One rate.
    Steady,
    /// A rate that changes evenly.
    Ramp,
    /// Levels that rise by steps.
    Stairs,
    /// Multiples of what the server can bear.
    Overload,
    /// Too much, and then less than it can bear.
    Recover,
    /// A sudden rise, held, and back.
    Spike,
    /// A crowd that comes once.
    Herd,
    /// Abuse beside honest load.
    Flood,
    /// One rate for long.
    Soak,
    /// Two rates in turn, each for a random while.
    Burst,
    /// A recorded trace.
    Replay,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Steady,
        Self::Ramp,
        Self::Stairs,
        Self::Overload,
        Self::Recover,
        Self::Spike,
        Self::Herd,
        Self::Flood,
        Self::Soak,
        Self::Burst,
        Self::Replay,
    ];

    /// Its name in profiles.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Ramp => "ramp",
            Self::Stairs => "stairs",
            Self::Overload => "overload",
            Self::Recover => "recover",
            Self::Spike => "spike",
            Self::Herd => "herd",
            Self::Flood => "flood",
            Self::Soak => "soak",
            Self::Burst => "burst",
            Self::Replay => "replay",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A phase of the plan: what its name adds to that of the profile's phase, and its course.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Stage {
    /// What tells it from others of the same phase; nothing if there are none.
    pub(super) step: Option<String>,
    pub(super) course: Course,
}

impl Stage {
    fn only(course: Course) -> Vec<Self> {
        vec![Self { step: None, course }]
    }

    fn step(step: String, course: Course) -> Self {
        Self { step: Some(step), course }
    }
}

impl raw::Steady {
    pub(super) fn stages(&self) -> Vec<Stage> {
        Stage::only(Course::even(self.rate.0, self.length.0))
    }
}

impl raw::Ramp {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let line = Line { from: self.from.0, to: self.to.0, length: self.over.0 };
        Stage::only(Course::Lines(vec![line]))
    }
}

impl raw::Stairs {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let climb = self.climb.map_or(Duration::ZERO, |climb| climb.0);
        let rate = |level: u32| self.step.0.mul_add(f64::from(level), self.from.0);
        let mut stages = Vec::new();
        for level in 0..self.levels {
            let held = Line { from: rate(level), to: rate(level), length: self.hold.0 };
            if level > 0 && !climb.is_zero() {
                let way = Line { from: rate(level - 1), to: rate(level), length: climb };
                let name = format!("to {}/s", rounded(rate(level)));
                stages.push(Stage::step(name, Course::Lines(vec![way])));
            }
            let name = format!("{}/s", rounded(rate(level)));
            stages.push(Stage::step(name, Course::Lines(vec![held])));
        }
        stages
    }
}

impl raw::Overload {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let stage = |times: &f64| {
            let course = Course::even(self.base.0 * times, self.hold.0);
            Stage::step(format!("× {}", rounded(*times)), course)
        };
        self.multiples.iter().map(stage).collect()
    }
}

impl raw::Recover {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let (over, under) = (self.over.unwrap_or(2.0), self.under.unwrap_or(0.8));
        let stage = |times: f64, length: Lasting| {
            let course = Course::even(self.rate.0 * times, length.0);
            Stage::step(format!("× {}", rounded(times)), course)
        };
        vec![stage(over, self.hold), stage(under, self.length)]
    }
}

impl raw::Spike {
    pub(super) fn stages(&self) -> Vec<Stage> {
        let (base, peak) = (self.base.0, self.peak.0);
        let line = |from, to, length: Lasting| Line { from, to, length: length.0 };
        Stage::only(Course::Lines(vec![
            line(base, peak, self.rise),
            line(peak, peak, self.hold),
            line(peak, base, self.rise),
        ]))
    }
}

impl raw::Herd {
    pub(super) fn stages(&self) -> Vec<Stage> {
        Stage::only(Course::Herd(course::Herd {
            devices: self.devices,
            p50: self.p50.0,
            p95: self.p95.map_or(self.p50.0.saturating_mul(5), |p95| p95.0),
            length: self.length.0,
        }))
    }
}

impl raw::Flood {
    /// Honest and dishonest arrivals together.
    pub(super) fn stages(&self) -> Vec<Stage> {
        Stage::only(Course::even(self.rate.0 * (1.0 + self.times), self.length.0))
    }
}

impl raw::Burst {
    pub(super) fn stages(&self) -> Vec<Stage> {
        Stage::only(Course::Burst(course::Burst {
            quiet: self.quiet.0,
            busy: self.busy.0,
            quiet_for: self.quiet_for.0,
            busy_for: self.busy_for.0,
            length: self.length.0,
        }))
    }
}

/// A number as people write it.
pub(super) fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
