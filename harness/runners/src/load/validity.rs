//! Whether the figures say something about the target, or only about us.

use super::plan::LoadPlan;
use record::{Histogram, LoadWindow};

/// Requests should leave within this of their instant, and 90 % must.
///
/// An idle machine keeps 0.2 ms at the 99th percentile. Where the target, or anybody else, computes
/// on the same cores, a time slice or two of the scheduler (some 3 ms) are lost now and then.
const PUNCTUAL_US: u64 = 10_000;

/// 99 % of requests must leave within this. On shared machines a burst of others' work stops
/// everybody for some tens of milliseconds, once in a while; beyond a tenth of a second, or more
/// often, the load was not the load that was asked for. Response times count from the intended
/// instant, so what lag there is only makes the target look slower, never faster.
const LATE_US: u64 = 100_000;

/// Share of each phase's arrivals that must have been sent.
const SENT_SHARE: f64 = 0.999;

/// What the generator did in each phase.
#[derive(Debug, Default)]
pub struct Validity {
    phases: Vec<(String, Phase)>,
}

#[derive(Debug, Default)]
struct Phase {
    offered: u64,
    sent: u64,
    dropped: u64,
    answered: u64,
    lag: Histogram,
}

impl Validity {
    /// Nothing measured yet.
    pub fn new(plan: &LoadPlan) -> Self {
        let phase = |name: &String| (name.clone(), Phase::default());
        Self { phases: plan.phases.iter().map(|phase_plan| phase(&phase_plan.name)).collect() }
    }

    /// Counts a window.
    pub fn add(&mut self, window: &LoadWindow) {
        let phase = self.phases.iter_mut().find(|(name, _)| *name == window.phase);
        let Some((_, phase)) = phase else { return };
        phase.offered += window.offered;
        phase.sent += window.sent;
        phase.dropped += window.dropped;
        phase.answered += window.classes.values().sum::<u64>();
        phase.lag.add(&window.lag);
    }

    /// Why the figures say nothing about the target, one sentence each; empty if they do.
    pub fn breaches(&self) -> Vec<String> {
        self.phases.iter().flat_map(|(name, phase)| phase.breaches(name)).collect()
    }

    /// What a reader of valid figures should still know, one sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let valid = self.phases.iter().filter(|(name, phase)| phase.breaches(name).is_empty());
        valid.filter_map(|(name, phase)| phase.remark(name)).collect()
    }
}

impl Phase {
    fn remark(&self, name: &str) -> Option<String> {
        let seen = self.lag.quantile(0.99);
        (seen > PUNCTUAL_US).then(|| {
            format!(
                "phase {name}: 1 % of the requests were sent more than {:.0} ms after their \
                 instant; the slowest response times say more about this machine than about the \
                 target",
                seen as f64 / 1000.0
            )
        })
    }

    fn breaches(&self, name: &str) -> Vec<String> {
        let mut breaches = Vec::new();
        if self.offered == 0 {
            return breaches;
        }
        let Self { offered, sent, dropped, answered, lag } = self;
        if *dropped > 0 {
            breaches.push(format!(
                "phase {name}: {dropped} of {offered} arrivals were given up by the generator; \
                 use a lower rate or a machine of its own"
            ));
        }
        let share = *sent as f64 / *offered as f64;
        if share < SENT_SHARE && *dropped == 0 {
            breaches.push(format!(
                "phase {name}: {sent} of {offered} arrivals were sent ({:.2} %, at least {:.1} % needed)",
                share * 100.0,
                SENT_SHARE * 100.0
            ));
        }
        if answered != sent || lag.count() != *sent || sent + dropped != *offered {
            breaches.push(format!(
                "phase {name}: the counts do not add up: {offered} offered, {sent} sent, {dropped} \
                 given up, {answered} classified, {} timed (a fault of the harness)",
                lag.count()
            ));
        }
        for (share, limit, label) in [(0.9, PUNCTUAL_US, "90 %"), (0.99, LATE_US, "99 %")] {
            let seen = lag.quantile(share);
            if seen > limit {
                breaches.push(format!(
                    "phase {name}: {label} of the requests were sent within {:.1} ms of their \
                     instant, and {:.0} ms is the limit; the generator was too slow or its machine too busy",
                    seen as f64 / 1000.0,
                    limit as f64 / 1000.0
                ));
            }
        }
        breaches
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::Seed;
    use std::time::Duration;

    fn lag(of: &[(u64, u64)]) -> Histogram {
        let mut lag = Histogram::default();
        for &(times, micros) in of {
            (0..times).for_each(|_| lag.record(micros));
        }
        lag
    }

    fn measured(edit: impl FnOnce(&mut LoadWindow)) -> Validity {
        let lag = lag(&[(1000, 100)]);
        let mut window = LoadWindow {
            phase: "10/s".to_owned(),
            second: 0,
            operation: "challenge".to_owned(),
            honest: true,
            offered: 1000,
            sent: 1000,
            dropped: 0,
            classes: [("right".to_owned(), 1000)].into(),
            response: lag.clone(),
            service: lag.clone(),
            lag,
        };
        edit(&mut window);
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("valid"));
        let mut validity = Validity::new(&plan);
        validity.add(&window);
        validity
    }

    #[test]
    fn a_punctual_generator_is_valid() {
        let validity = measured(|_| {});
        assert_eq!(validity.breaches(), Vec::<String>::new());
        assert_eq!(validity.remarks(), Vec::<String>::new());
    }

    #[test]
    fn a_burst_of_lag_is_remarked_and_lag_throughout_makes_it_invalid() {
        let burst = measured(|window| window.lag = lag(&[(980, 100), (20, 60_000)]));
        assert_eq!(burst.breaches(), Vec::<String>::new());
        assert!(burst.remarks()[0].contains("more than 60 ms after"), "{:?}", burst.remarks());
        let late = measured(|window| window.lag = lag(&[(800, 100), (200, 250_000)]));
        let breaches = late.breaches();
        assert_eq!(breaches.len(), 2, "{breaches:?}");
        assert!(breaches[0].contains("90 %") && breaches[0].contains("10 ms is the limit"));
        assert!(breaches[1].contains("within 250") && breaches[1].contains("100 ms is the limit"));
        assert_eq!(late.remarks(), Vec::<String>::new());
    }

    #[test]
    fn arrivals_given_up_make_it_invalid() {
        let given_up = measured(|window| {
            window.dropped = 1;
            window.sent = 999;
            window.classes.insert("right".to_owned(), 999);
            window.lag = lag(&[(999, 100)]);
        });
        let breaches = given_up.breaches();
        assert_eq!(breaches.len(), 1, "{breaches:?}");
        assert!(breaches[0].contains("1 of 1000 arrivals were given up"));
    }

    #[test]
    fn books_that_do_not_balance_are_a_fault_of_ours() {
        let lost = measured(|window| {
            window.classes.insert("right".to_owned(), 998);
        });
        let breaches = lost.breaches();
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].contains("998 classified"), "{breaches:?}");
        assert!(breaches[0].contains("fault of the harness"), "{breaches:?}");
    }
}
