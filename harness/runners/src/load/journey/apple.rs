//! Apple's side of `attestKey`, as devices see it: a rate that is kept, an answer that takes time,
//! and times in which there is none. Nothing is sent to Apple.

use super::config::{ApplePlan, Outage};
use super::dice::Throws;
use std::time::Duration;

/// How Apple's servers stand.
#[derive(Debug, Clone)]
pub(crate) struct Apple {
    plan: ApplePlan,
    bucket: Bucket,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The key is attested.
    Attested,
    /// `serverUnavailable`: later, with the same key and the same hash.
    Unavailable,
}

impl Apple {
    pub(crate) fn new(plan: &ApplePlan) -> Self {
        Self { plan: plan.clone(), bucket: Bucket::new(plan.rate.0, plan.burst) }
    }

    /// A call at `now`: its answer, and the time that takes. Calls come in the order of time.
    pub(crate) fn attest_key(
        &mut self,
        now: Duration,
        throws: &mut Throws<'_>,
    ) -> (Answer, Duration) {
        let latency = throws.log_normal(self.plan.latency_p50.0, self.plan.latency_p95.0);
        let chance = throws.unit();
        let down = share_down(&self.plan.outages, now);
        let failing = 1.0 - (1.0 - down) * (1.0 - self.plan.unavailable.0);
        // What fails for another reason takes nothing from the rate.
        if chance < failing || !self.bucket.take(now) {
            (Answer::Unavailable, latency)
        } else {
            (Answer::Attested, latency)
        }
    }
}

/// The share of calls that fail at `now`.
pub(crate) fn share_down(outages: &[Outage], now: Duration) -> f64 {
    let is_in = |outage: &&Outage| {
        now >= outage.from.0 && now < outage.from.0.saturating_add(outage.length.0)
    };
    outages.iter().filter(is_in).map(|outage| outage.share.0).fold(0.0, f64::max)
}

/// A token bucket, kept as the instant at which it would be full again: whole nanoseconds, so that
/// nothing is lost however often it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// Time in which one token comes; `None` if none ever does.
    interval: Option<u64>,
    burst: u64,
    /// When it is full again.
    full_at: u64,
    /// Tokens left where none ever comes.
    left: u64,
}

impl Bucket {
    /// `rate` tokens a second, at most `burst` of them kept.
    pub(crate) fn new(rate: f64, burst: u32) -> Self {
        // Rounded up: never more than was promised.
        let interval = (rate > 0.0).then(|| (1e9 / rate).ceil().min(1e18) as u64);
        // A bucket that holds no token never gives one.
        let burst = u64::from(burst).max(u64::from(interval.is_some()));
        Self { interval, burst, full_at: 0, left: burst }
    }

    /// Takes a token, if there is one.
    pub(crate) fn take(&mut self, now: Duration) -> bool {
        let Some(interval) = self.interval else {
            let given = self.left > 0;
            self.left = self.left.saturating_sub(1);
            return given;
        };
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let full_at = self.full_at.max(now);
        if full_at - now > interval.saturating_mul(self.burst - 1) {
            return false;
        }
        self.full_at = full_at.saturating_add(interval);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::super::units::{Lasting, Rate, Share};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_never_gives_more_than_its_rate_and_its_burst(
            rate in 0.0f64..2_000.0,
            burst in 0u32..300,
            mut at in proptest::collection::vec(0u64..5_000_000, 1..2_000),
        ) {
            at.sort_unstable();
            let mut bucket = Bucket::new(rate, burst);
            let given: Vec<u64> = at
                .into_iter()
                .filter(|micros| bucket.take(Duration::from_micros(*micros)))
                .collect();
            // Between any two tokens, not only from the start.
            for (index, from) in given.iter().enumerate().step_by(7) {
                for (more, until) in given[index..].iter().enumerate() {
                    let seconds = (until - from) as f64 / 1e6;
                    let most = rate.mul_add(seconds, f64::from(burst.max(1))) + 1e-6;
                    prop_assert!((more + 1) as f64 <= most, "{} in {seconds} s", more + 1);
                }
            }
        }
    }

    #[test]
    fn a_bucket_gives_all_it_may() {
        let mut bucket = Bucket::new(100.0, 10);
        let asked = (0..10_000u64).map(Duration::from_millis);
        let given = asked.filter(|now| bucket.take(*now)).count();
        assert_eq!(given, 10 + 999, "10 at once, and one every 10 ms of 10 s");
    }

    fn share_attested(plan: &ApplePlan, from: u64, calls: u64) -> f64 {
        let mut apple = Apple::new(plan);
        let dice = Dice::new([5; 32]);
        let mut made = 0;
        let attested = (0..calls).filter(|call| {
            let now = Duration::from_millis(from + call * 20);
            apple.attest_key(now, &mut dice.of(0, &mut made)).0 == Answer::Attested
        });
        attested.count() as f64 / calls as f64
    }

    #[test]
    fn outages_fail_their_share_and_only_while_they_last() {
        let plan = ApplePlan {
            outages: vec![
                Outage { from: Lasting::secs(10), length: Lasting::secs(10), share: Share(0.4) },
                Outage { from: Lasting::secs(30), length: Lasting::secs(10), share: Share(1.0) },
            ],
            unavailable: Share(0.0),
            ..ApplePlan::default()
        };
        let close = |seen: f64, wanted: f64| assert!((seen - wanted).abs() < 0.07, "{seen}");
        close(share_attested(&plan, 0, 490), 1.0);
        close(share_attested(&plan, 10_000, 490), 0.6);
        close(share_attested(&plan, 30_000, 490), 0.0);
        close(share_attested(&plan, 40_000, 490), 1.0);
    }

    #[test]
    fn beyond_the_rate_apple_is_unavailable() {
        let plan = ApplePlan { rate: Rate(25.0), burst: 1, ..ApplePlan::default() };
        let seen = share_attested(&plan, 0, 2_000);
        assert!((seen - 0.5).abs() < 0.03, "50 calls a second, 25 served: {seen}");
    }
}
