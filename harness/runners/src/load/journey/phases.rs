//! The phases of a run of journeys: cut where an outage of Apple begins or ends, so that figures
//! from before, during and after it are not mixed. And how many requests there may be at once.

use super::config::{JourneyPlan, Waking};
use std::collections::BTreeSet;
use std::time::Duration;

/// A phase, in the time of the devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) name: String,
    pub(super) from: Duration,
    pub(super) length: Duration,
    pub(super) apple_down: bool,
}

/// The phases of a plan of this name.
pub(super) fn phases(name: &str, plan: &JourneyPlan) -> Vec<Stretch> {
    let end = plan.journeys.length.0;
    let outages = &plan.apple.outages;
    let borders = outages
        .iter()
        .flat_map(|outage| [outage.from.0, outage.from.0.saturating_add(outage.length.0)]);
    let mut cuts: BTreeSet<Duration> = borders.filter(|cut| *cut < end).collect();
    cuts.insert(Duration::ZERO);
    let begins: Vec<Duration> = cuts.into_iter().collect();
    let ends = begins.iter().copied().skip(1).chain([end]);
    let (mut before, mut downs, mut ups) = (true, 0, 0);
    begins
        .iter()
        .zip(ends)
        .map(|(from, until)| {
            let down = super::apple::share_down(outages, *from) > 0.0;
            before &= !down;
            let count = if down { &mut downs } else { &mut ups };
            *count += u32::from(!before);
            let number = if *count > 1 { format!(" {count}") } else { String::new() };
            let name = match (outages.is_empty(), down, before) {
                (true, _, _) => name.to_owned(),
                (false, true, _) => format!("{name}: Apple down{number}"),
                (false, false, true) => format!("{name}: before"),
                (false, false, false) => format!("{name}: after{number}"),
            };
            let length = until.saturating_sub(*from);
            Stretch { name, from: *from, length, apple_down: down }
        })
        .collect()
}

impl JourneyPlan {
    /// About the most requests a second of the wall's clock that a healthy server gets: the
    /// busiest second of waking, and the sessions of those who are enrolled as fast as Apple
    /// allows.
    pub fn highest_rate(&self) -> f64 {
        let Self { journeys, fleet, apple, .. } = self;
        let devices = f64::from(fleet.devices);
        let within = journeys.within.0.as_secs_f64().max(1.0);
        let wakes = match journeys.waking {
            Waking::Herd => devices * herd_peak(journeys.p50.0, journeys.p95.0),
            Waking::Spread => devices / within,
            Waking::Steady => journeys.rate.0,
            Waking::Churn => devices * journeys.lost.0 / within + journeys.rate.0,
        };
        // A challenge and what it is for, for each.
        let sessions = if fleet.enrolled.0 > 0.0 { wakes } else { wakes.min(apple.rate.0) };
        let enrolments = wakes + wakes.min(apple.rate.0);
        (enrolments + 2.0 * journeys.assertions * sessions) * journeys.speed
    }

    /// Devices that wake in one of their seconds, on average over the whole.
    pub(super) fn mean_wakes_per_second(&self) -> f64 {
        let Self { journeys, fleet, .. } = self;
        let (devices, seconds) = (f64::from(fleet.devices), journeys.length.0.as_secs_f64());
        match journeys.waking {
            Waking::Herd | Waking::Spread => devices / seconds,
            Waking::Steady => journeys.rate.0,
            Waking::Churn => devices * journeys.lost.0 / seconds + journeys.rate.0,
        }
    }

    /// Users it takes if every request waits for the whole timeout: a tenth more than Little's bound.
    pub fn users_needed(&self, timeout: Duration) -> usize {
        let needed = self.highest_rate() * timeout.as_secs_f64() * 1.1;
        needed.ceil() as usize + SPARE_USERS
    }

    /// As many of them as fit in one process.
    pub fn users_by_default(&self, timeout: Duration) -> usize {
        self.users_needed(timeout).min(MOST_USERS)
    }
}

const SPARE_USERS: usize = 16;
const MOST_USERS: usize = 4_000;

/// The highest density of a log-normal law, a second.
fn herd_peak(p50: Duration, p95: Duration) -> f64 {
    let (p50, p95) = (p50.as_secs_f64().max(1e-3), p95.as_secs_f64());
    let sigma = ((p95 / p50).ln() / 1.644_853_627).max(1e-3);
    let mode = p50 * (-sigma * sigma).exp();
    (-sigma * sigma / 2.0).exp() / (mode * sigma * std::f64::consts::TAU.sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::Outage;
    use super::super::units::{Lasting, Share};
    use super::*;

    #[test]
    fn phases_are_cut_where_apple_goes_down_and_comes_back() {
        let mut plan = JourneyPlan::default();
        assert_eq!(phases("herd", &plan).len(), 1);
        let outage = |from, length| Outage {
            from: Lasting::secs(from),
            length: Lasting::secs(length),
            share: Share(1.0),
        };
        plan.apple.outages = vec![outage(60, 60), outage(200, 1_000)];
        let seen = phases("herd", &plan);
        let names: Vec<_> = seen.iter().map(|phase| phase.name.as_str()).collect();
        assert_eq!(
            names,
            ["herd: before", "herd: Apple down", "herd: after", "herd: Apple down 2"]
        );
        assert_eq!(seen.iter().map(|phase| phase.length).sum::<Duration>(), plan.journeys.length.0);
        plan.apple.outages = vec![outage(0, 60)];
        assert_eq!(phases("herd", &plan)[0].name, "herd: Apple down");
        assert_eq!(phases("herd", &plan)[1].name, "herd: after");
    }

    #[test]
    fn the_peak_of_a_herd_is_that_of_its_law() {
        let (p50, p95) = (Duration::from_secs(90), Duration::from_secs(450));
        let sigma = 5f64.ln() / 1.644_853_627;
        let density = |t: f64| {
            let z = (t / 90.0).ln() / sigma;
            (-z * z / 2.0).exp() / (t * sigma * std::f64::consts::TAU.sqrt())
        };
        let highest = (1..9_000).map(|t| density(f64::from(t) / 10.0)).fold(0.0, f64::max);
        assert!((herd_peak(p50, p95) / highest - 1.0).abs() < 1e-3);
    }
}
