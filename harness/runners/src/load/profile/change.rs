//! What the command line makes of a profile.

use super::super::course::Course;
use super::super::journey::{Lasting, Rate, Waking};
use super::super::plan::Arrivals;
use super::kind::rounded;
use super::{JourneyLoad, Load, Operations, Profile};
use std::time::Duration;

/// Changes to a profile.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Changes {
    /// The highest rate of the first measured phase; all other rates change in proportion.
    pub rate: Option<f64>,
    /// How long all of it lasts; every part changes in proportion.
    pub length: Option<Duration>,
    /// All rates, and the devices that they are made of, so many times as high.
    pub scale: Option<f64>,
    /// Another arrival law, for all phases.
    pub arrivals: Option<Arrivals>,
    /// Another share of lies, for all phases but floods.
    pub dishonest: Option<f64>,
    /// Another timeout.
    pub timeout: Option<Duration>,
    /// Other users.
    pub users: Option<usize>,
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// A rate or a scale that is none.
    #[error("--{option} {given} is no number above 0")]
    Number {
        /// The option.
        option: &'static str,
        /// What was given.
        given: f64,
    },
    /// No time.
    #[error("--for 0s leaves no time for anything")]
    NoTime,
    /// A trace has what it has.
    #[error(
        "--{option} does not change a trace: it has the arrivals that were recorded; `speed` in its phase plays it faster"
    )]
    Trace {
        /// The option.
        option: &'static str,
    },
    /// There is no phase to take the rate of.
    #[error("--rate sets the rate of the first measured phase, and this profile has none")]
    NothingMeasured,
    /// The devices of a herd are counted, not timed.
    #[error("--rate does not change a crowd that comes once; --scale changes how many come")]
    Crowd,
    /// It is for operations only.
    #[error("--{option} is for profiles with phases; this one has journeys")]
    Journeys {
        /// The option.
        option: &'static str,
    },
}

impl Profile {
    /// Makes the changes.
    pub fn change(&mut self, changes: &Changes) -> Result<(), ChangeError> {
        for (option, number) in [("rate", changes.rate), ("scale", changes.scale)] {
            if let Some(given) = number.filter(|given| !(given.is_finite() && *given > 0.0)) {
                return Err(ChangeError::Number { option, given });
            }
        }
        if changes.length.is_some_and(|length| length.is_zero()) {
            return Err(ChangeError::NoTime);
        }
        match &mut self.load {
            Load::Operations(operations) => operations.change(changes),
            Load::Journeys(journeys) => journeys.change(changes),
        }
    }
}

impl Operations {
    fn change(&mut self, changes: &Changes) -> Result<(), ChangeError> {
        let plan = &mut self.plan;
        let mut higher = changes.scale.unwrap_or(1.0);
        if let Some(rate) = changes.rate {
            let first = plan.phases.iter().find(|phase| !phase.own.unmeasured);
            let first = first.ok_or(ChangeError::NothingMeasured)?;
            higher *= rate / first.highest_rate();
        }
        let longer = changes.length.map(|length| {
            length.as_secs_f64() / plan.length().as_secs_f64().max(f64::MIN_POSITIVE)
        });
        let asked = [
            ("rate", changes.rate.is_some()),
            ("for", changes.length.is_some()),
            ("scale", changes.scale.is_some()),
        ];
        let is_trace = |course: &Course| matches!(course, Course::Trace(_));
        if plan.phases.iter().any(|phase| is_trace(&phase.course))
            && let Some((option, _)) = asked.into_iter().find(|(_, is_asked)| *is_asked)
        {
            return Err(ChangeError::Trace { option });
        }
        for phase in &mut plan.phases {
            let before = format!("{}/s", rounded(phase.highest_rate()));
            phase.course = phase.course.scaled(higher, longer.unwrap_or(1.0));
            // A level that is called by its rate is called by its new one.
            if let Some(name) = phase.name.strip_suffix(&before).filter(|name| name.ends_with(' '))
            {
                phase.name = format!("{name}{}/s", rounded(phase.highest_rate()));
            }
            if let (Some(dishonest), true) = (changes.dishonest, phase.own.flood <= 0.0) {
                phase.own.dishonest = Some(dishonest);
            }
            if let Some(arrivals) = changes.arrivals {
                phase.own.arrivals = Some(arrivals);
            }
        }
        plan.arrivals = changes.arrivals.unwrap_or(plan.arrivals);
        plan.dishonest = changes.dishonest.unwrap_or(plan.dishonest);
        plan.timeout = changes.timeout.unwrap_or(plan.timeout);
        if let Some(users) = changes.users {
            (plan.users, self.users_by_default) = (users, false);
        }
        if self.users_by_default {
            plan.users = plan.users_by_default();
        }
        Ok(())
    }
}

impl JourneyLoad {
    fn change(&mut self, changes: &Changes) -> Result<(), ChangeError> {
        let misplaced =
            [("arrivals", changes.arrivals.is_some()), ("dishonest", changes.dishonest.is_some())];
        if let Some((option, _)) = misplaced.into_iter().find(|(_, given)| *given) {
            return Err(ChangeError::Journeys { option });
        }
        let scale = changes.scale.unwrap_or(1.0);
        let (journeys, fleet) = (&mut self.plan.journeys, &mut self.plan.fleet);
        fleet.devices = (f64::from(fleet.devices) * scale).round().max(1.0) as u32;
        journeys.rate = Rate(journeys.rate.0 * scale);
        if let Some(rate) = changes.rate {
            match journeys.waking {
                Waking::Steady | Waking::Churn => journeys.rate = Rate(rate),
                Waking::Herd | Waking::Spread => return Err(ChangeError::Crowd),
            }
        }
        if let Some(length) = changes.length {
            let longer = length.as_secs_f64() / journeys.length.0.as_secs_f64();
            let stretch = |time: &mut Lasting| {
                let seconds = time.0.as_secs_f64() * longer;
                *time = Lasting(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX));
            };
            for time in [&mut journeys.p50, &mut journeys.p95, &mut journeys.within] {
                stretch(time);
            }
            let outages = self.plan.apple.outages.iter_mut().chain(&mut self.plan.model.outages);
            for outage in outages {
                stretch(&mut outage.from);
                stretch(&mut outage.length);
            }
            journeys.length = Lasting(length);
        }
        self.timeout = changes.timeout.unwrap_or(self.timeout);
        self.users = changes.users.or(self.users);
        Ok(())
    }
}
