//! When an app tries again: a pure function of what failed, how often, and chance.

use super::config::{PolicyName, RetryPlan};
use super::dice::Throws;
use std::time::Duration;

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The server answered with an error.
    Http {
        /// Its status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// No answer: a timeout, a connection that broke off or never came about.
    NoAnswer,
    /// The device's own system failed the call, Apple's `serverUnavailable` included.
    System,
}

/// What the app does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It tries again after this time.
    After(Duration),
    /// It does not, until the next session.
    No,
}

/// Retries at once of `naive3`.
const NAIVE_RETRIES: u16 = 3;
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_hours(1);

impl RetryPlan {
    /// What the app does after `tried` tries, the first included, of which the last failed so.
    pub(crate) fn again(&self, failure: Failure, tried: u16, throws: &mut Throws<'_>) -> Again {
        if self.tries > 0 && tried >= self.tries {
            return Again::No;
        }
        let doubled = |first: Duration, cap: Duration| {
            // Beyond 2^40 every cap is reached.
            let factor = (1u64 << tried.saturating_sub(1).min(40)) as f64;
            (first.as_secs_f64() * factor).min(cap.as_secs_f64())
        };
        let jitter = |first, cap, throws: &mut Throws<'_>| {
            Again::After(Duration::from_secs_f64(doubled(first, cap) * throws.unit()))
        };
        let base = |default: Duration| self.base.map_or(default, |base| base.0);
        let cap = |default: Duration| self.cap.map_or(default, |cap| cap.0);
        match self.policy {
            PolicyName::Firebase => match failure {
                Failure::Http { status: 400 | 404, .. } => Again::After(24 * HOUR),
                Failure::Http { .. } => {
                    let stretch = 1.0 + throws.unit() / 2.0;
                    let cap = cap(4 * HOUR);
                    let pause = doubled(base(SECOND), cap) * stretch;
                    Again::After(Duration::from_secs_f64(pause.min(cap.as_secs_f64())))
                }
                Failure::NoAnswer | Failure::System => Again::After(self.own_pace.0),
            },
            PolicyName::AppleDoc => jitter(base(60 * SECOND), cap(6 * HOUR), throws),
            PolicyName::Naive3 if tried <= NAIVE_RETRIES => Again::After(Duration::ZERO),
            PolicyName::Naive3 | PolicyName::None => Again::No,
            PolicyName::Hammer => Again::After(base(SECOND)),
            PolicyName::Fixed => Again::After(base(5 * SECOND)),
            PolicyName::FullJitter => jitter(base(SECOND), cap(64 * SECOND), throws),
            PolicyName::RetryAfter => match failure {
                Failure::Http { retry_after: Some(asked), .. } => {
                    let asked = asked.min(24 * HOUR);
                    Again::After(asked.mul_f64(self.spread.0.mul_add(throws.unit(), 1.0)))
                }
                Failure::Http { retry_after: None, .. } | Failure::NoAnswer | Failure::System => {
                    jitter(base(SECOND), cap(64 * SECOND), throws)
                }
            },
        }
    }

    /// Whether the app begins anew after an enrolment that got no answer, instead of sending the
    /// same attestation again. It then asks Apple to attest a key that is attested already.
    pub(crate) fn begins_anew(&self) -> bool {
        match self.policy {
            PolicyName::Firebase => true,
            PolicyName::AppleDoc
            | PolicyName::Naive3
            | PolicyName::Hammer
            | PolicyName::Fixed
            | PolicyName::FullJitter
            | PolicyName::RetryAfter
            | PolicyName::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;
    use proptest::prelude::*;

    fn plan(policy: PolicyName) -> RetryPlan {
        RetryPlan { policy, ..RetryPlan::default() }
    }

    fn again(plan: &RetryPlan, failure: Failure, tried: u16, made: u32) -> Again {
        let mut made = made;
        plan.again(failure, tried, &mut Dice::new([9; 32]).of(1, &mut made))
    }

    const BUSY: Failure = Failure::Http { status: 503, retry_after: None };

    /// Shortest and longest pause in seconds after so many tries; `None` if it gives up.
    fn bounds(policy: PolicyName, failure: Failure, tried: u16) -> Option<(f64, f64)> {
        let power = 2f64.powi(i32::from(tried) - 1);
        match (policy, failure) {
            (PolicyName::Firebase, Failure::Http { status: 400 | 404, .. }) => {
                Some((86_400.0, 86_400.0))
            }
            (PolicyName::Firebase, Failure::Http { .. }) => {
                Some((power.min(14_400.0), (1.5 * power).min(14_400.0)))
            }
            (PolicyName::Firebase | PolicyName::Hammer, _) => Some((1.0, 1.0)),
            (PolicyName::AppleDoc, _) => Some((0.0, (60.0 * power).min(21_600.0))),
            (PolicyName::Naive3, _) => (tried <= 3).then_some((0.0, 0.0)),
            (PolicyName::Fixed, _) => Some((5.0, 5.0)),
            (PolicyName::RetryAfter, Failure::Http { retry_after: Some(asked), .. }) => {
                Some((asked.as_secs_f64(), 1.5 * asked.as_secs_f64()))
            }
            (PolicyName::FullJitter | PolicyName::RetryAfter, _) => Some((0.0, power.min(64.0))),
            (PolicyName::None, _) => None,
        }
    }

    proptest! {
        #[test]
        fn every_pause_lies_within_the_bounds_of_its_policy(
            policy in proptest::sample::select(PolicyName::ALL.to_vec()),
            status in proptest::sample::select(vec![400u16, 401, 403, 404, 429, 500, 503]),
            asked in proptest::option::of(0u64..3_600),
            kind in 0..3,
            tried in 1u16..200,
            made in 0u32..1_000,
        ) {
            let failure = match kind {
                0 => Failure::NoAnswer,
                1 => Failure::System,
                _ => Failure::Http { status, retry_after: asked.map(Duration::from_secs) },
            };
            let seen = again(&plan(policy), failure, tried, made);
            match (seen, bounds(policy, failure, tried)) {
                (Again::No, None) => {}
                (Again::After(pause), Some((least, most))) => {
                    let pause = pause.as_secs_f64();
                    prop_assert!(
                        (least - 1e-6..=most + 1e-6).contains(&pause),
                        "{pause} not in {least}..{most}"
                    );
                }
                (seen, wanted) => prop_assert!(false, "{seen:?}, {wanted:?}"),
            }
        }
    }

    #[test]
    fn a_limit_on_tries_holds_for_every_policy() {
        for policy in PolicyName::ALL {
            let plan = RetryPlan { tries: 2, ..plan(policy) };
            assert_eq!(again(&plan, BUSY, 2, 0), Again::No, "{policy:?}");
        }
    }

    #[test]
    fn the_app_that_is_turned_away_with_an_answer_backs_off_and_without_one_does_not() {
        let plan = plan(PolicyName::Firebase);
        let Again::After(answered) = again(&plan, BUSY, 10, 0) else { panic!("it goes on") };
        assert!(answered >= Duration::from_secs(512));
        assert_eq!(again(&plan, Failure::NoAnswer, 10, 0), Again::After(SECOND));
    }
}
