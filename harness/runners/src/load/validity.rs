//! Whether the figures say something about the target, or only about us.

use super::plan::LoadPlan;
use record::{Histogram, LoadWindow};

/// 99 % of requests must leave within this of their instant.
///
/// An idle machine keeps 0.2 ms; on two shared cores, where the target computes on the same ones,
/// a time slice of the scheduler (some 3 ms) or two are lost now and then. Response times count
/// from the intended instant, so lag below this is in them and does not hide anything.
const LAG_P99_US: u64 = 10_000;

/// 99.9 % of requests must leave within this: beyond it the load was not the load asked for.
const LAG_P999_US: u64 = 100_000;

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
}

impl Phase {
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
        for (share, limit, label) in [(0.99, LAG_P99_US, "99 %"), (0.999, LAG_P999_US, "99.9 %")] {
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

    fn window(edit: impl FnOnce(&mut LoadWindow)) -> Vec<String> {
        let mut lag = Histogram::default();
        (0..1000).for_each(|_| lag.record(100));
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
        validity.breaches()
    }

    #[test]
    fn a_punctual_generator_is_valid() {
        assert_eq!(window(|_| {}), Vec::<String>::new());
    }

    #[test]
    fn lag_and_arrivals_given_up_make_it_invalid() {
        let late = window(|window| {
            window.lag = Histogram::default();
            (0..900).for_each(|_| window.lag.record(100));
            (0..100).for_each(|_| window.lag.record(250_000));
        });
        assert_eq!(late.len(), 2, "{late:?}");
        assert!(late[0].contains("within 250") && late[0].contains("10 ms is the limit"));
        let given_up = window(|window| {
            window.dropped = 1;
            window.sent = 999;
            *window.classes.get_mut("right").unwrap() = 999;
            window.lag = Histogram::default();
            (0..999).for_each(|_| window.lag.record(100));
        });
        assert_eq!(given_up.len(), 1, "{given_up:?}");
        assert!(given_up[0].contains("1 of 1000 arrivals were given up"));
    }

    #[test]
    fn books_that_do_not_balance_are_a_fault_of_ours() {
        let lost = window(|window| *window.classes.get_mut("right").unwrap() = 998);
        assert_eq!(lost.len(), 1);
        assert!(lost[0].contains("998 classified") && lost[0].contains("fault of the harness"));
    }
}
