//! Whether a plan of journeys can be kept; said before anything is sent.

use super::config::{JourneyPlan, Waking};
use super::units::{Lasting, Rate, Share};

/// Why a plan of journeys cannot be kept.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum JourneyPlanError {
    /// Nobody there.
    #[error("`fleet.devices` is 0; a fleet needs at least one device")]
    NoDevice,
    /// Nothing to watch.
    #[error("`journeys.for` is 0 s; journeys need time to happen in")]
    NoTime,
    /// Time does not pass.
    #[error("`journeys.speed` is {0}; it is a number from 0.1 to 1000")]
    Speed(f64),
    /// A mean that no geometric law has.
    #[error(
        "`journeys.assertions` is {0}; the mean of a session's protected requests is 0, or from 1 to 1000"
    )]
    Assertions(f64),
    /// Two quantiles in the wrong order.
    #[error(
        "`{name}p95` is {p95}, which is not longer than `{name}p50`, {p50}; the 95th percentile of a law lies above its middle"
    )]
    Quantiles {
        /// What the keys begin with.
        name: &'static str,
        /// The median.
        p50: Lasting,
        /// The 95th percentile.
        p95: Lasting,
    },
    /// Nobody ever wakes.
    #[error("`journeys.rate` is 0/s, so that no device ever wakes")]
    NobodyWakes,
    /// Apple never answers.
    #[error("`apple.rate` is {rate} and `apple.burst` {burst}: no key would ever be attested")]
    AppleNever {
        /// Its rate.
        rate: Rate,
        /// Its burst.
        burst: u32,
    },
    /// A fleet whose parts are larger than it.
    #[error(
        "unsupported ({unsupported}) and sticky ({sticky}) devices together are more than the fleet"
    )]
    Cohorts {
        /// Without App Attest.
        unsupported: Share,
        /// Sticky `invalidInput`, or `unknownSystemFailure`.
        sticky: Share,
    },
}

impl JourneyPlan {
    /// Says why the plan cannot be kept, if so.
    pub fn check(&self) -> Result<(), JourneyPlanError> {
        let Self { journeys, fleet, apple, .. } = self;
        if fleet.devices == 0 {
            return Err(JourneyPlanError::NoDevice);
        }
        if journeys.length.0.is_zero() {
            return Err(JourneyPlanError::NoTime);
        }
        if !(0.1..=1000.0).contains(&journeys.speed) {
            return Err(JourneyPlanError::Speed(journeys.speed));
        }
        if journeys.assertions != 0.0 && !(1.0..=1000.0).contains(&journeys.assertions) {
            return Err(JourneyPlanError::Assertions(journeys.assertions));
        }
        let model = &self.model;
        let laws = [
            ("model.latency_", model.latency_p50, model.latency_p95),
            ("journeys.", journeys.p50, journeys.p95),
            ("journeys.think_", journeys.think_p50, journeys.think_p95),
            ("apple.latency_", apple.latency_p50, apple.latency_p95),
        ];
        if let Some((name, p50, p95)) = laws.into_iter().find(|(_, p50, p95)| p95 <= p50) {
            return Err(JourneyPlanError::Quantiles { name, p50, p95 });
        }
        if journeys.waking == Waking::Steady && journeys.rate.0 <= 0.0 {
            return Err(JourneyPlanError::NobodyWakes);
        }
        if apple.rate.0 <= 0.0 && apple.burst == 0 {
            return Err(JourneyPlanError::AppleNever { rate: apple.rate, burst: apple.burst });
        }
        let sticky = Share(fleet.sticky_invalid_input.0 + fleet.unknown_failure.0);
        if fleet.unsupported.0 + sticky.0 > 1.0 {
            return Err(JourneyPlanError::Cohorts { unsupported: fleet.unsupported, sticky });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(edit: impl FnOnce(&mut JourneyPlan)) -> String {
        let mut plan = JourneyPlan::default();
        edit(&mut plan);
        plan.check().unwrap_err().to_string()
    }

    #[test]
    fn the_defaults_can_be_kept() {
        assert_eq!(JourneyPlan::default().check(), Ok(()));
    }

    #[test]
    fn a_plan_that_cannot_be_kept_is_refused_with_what_is_wrong() {
        for (text, edit) in [
            ("`fleet.devices` is 0", (|plan| plan.fleet.devices = 0) as fn(&mut JourneyPlan)),
            ("`journeys.for` is 0 s", |plan| plan.journeys.length = Lasting::secs(0)),
            ("`journeys.speed` is NaN", |plan| plan.journeys.speed = f64::NAN),
            ("`journeys.assertions` is 0.5", |plan| plan.journeys.assertions = 0.5),
            ("`journeys.p95` is 1s", |plan| plan.journeys.p95 = Lasting::secs(1)),
            ("`journeys.think_p95` is 1s", |plan| plan.journeys.think_p95 = Lasting::secs(1)),
            ("`apple.latency_p95` is 1ms", |plan| plan.apple.latency_p95 = Lasting::millis(1)),
            ("`journeys.rate` is 0/s", |plan| plan.journeys.rate = Rate(0.0)),
            ("no key would ever", |plan| {
                (plan.apple.rate, plan.apple.burst) = (Rate(0.0), 0);
            }),
            ("more than the fleet", |plan| {
                plan.fleet.unsupported = Share(0.6);
                plan.fleet.sticky_invalid_input = Share(0.6);
            }),
        ] {
            let refusal = refusal(edit);
            assert!(refusal.contains(text), "{refusal}");
        }
    }
}
