//! Whether arrivals came as the plan's law says.
//!
//! Instants are turned into shares of their phase's arrivals that are due before them (the
//! conditional-uniform transform: given their number, the arrivals of a Poisson process are
//! uniform there). What was sent is held against what was due, which any law must keep, and where
//! the plan knows the rate against the uniform law itself: bursts and traces have none. Distances
//! are effect sizes: at a million arrivals a p-value would reject trifles.

use super::punctual::LATE_US;
use super::{check, percent, standing};
use crate::load::course::Course;
use crate::load::plan::{Arrivals, LoadPlan};
use record::ValidityCheck;
use std::collections::BTreeMap;
use std::time::Duration;

/// Instants of all phases.
#[derive(Debug)]
pub(super) struct Process {
    phases: Vec<Instants>,
}

#[derive(Debug)]
struct Instants {
    from: Duration,
    law: Arrivals,
    length: Duration,
    course: Course,
    due: Vec<u64>,
    sent: Vec<u64>,
    count: u64,
    /// Due and sent, by the second of the phase.
    seconds: BTreeMap<u64, (u64, u64)>,
}

/// Slices of a phase; a distance is exact at their borders.
const SLICES: usize = 1024;
/// Largest distance between two distributions of arrivals over a phase.
const DISTANCE: f64 = 0.01;
/// By how much a seconds' count may miss what was due in it, as a share: beyond the first it is told.
const DEVIATION: (f64, f64) = (0.01, 0.1);
/// By how much the dispersion of counts may miss that of a Poisson process, 1.
const DISPERSION: f64 = 0.1;
/// Standard errors that chance is granted: at 4, one run in ten thousand is blamed for nothing.
const CHANCE: f64 = 4.0;
/// Arrivals of a phase below which its law cannot be told.
const FEW: u64 = 300;

impl Process {
    pub(super) fn new(plan: &LoadPlan) -> Self {
        let mut from = Duration::ZERO;
        let phases = plan.phases.iter().enumerate().map(|(place, phase)| {
            let instants = Instants {
                from,
                law: plan.law(place),
                length: phase.length(),
                course: phase.course.clone(),
                due: vec![0; SLICES],
                sent: vec![0; SLICES],
                count: 0,
                seconds: BTreeMap::new(),
            };
            from += phase.length();
            instants
        });
        Self { phases: phases.collect() }
    }

    pub(super) fn sent(&mut self, phase: usize, due: Duration, lag: Duration) {
        let Some(instants) = self.phases.get_mut(phase) else { return };
        let sent = due + lag;
        let (early, late) = (instants.slice(due), instants.slice(sent));
        instants.due[early] += 1;
        instants.sent[late] += 1;
        instants.count += 1;
        let second = |at: Duration| at.saturating_sub(instants.from).as_secs();
        let (early, late) = (second(due), second(sent));
        instants.seconds.entry(early).or_default().0 += 1;
        instants.seconds.entry(late).or_default().1 += 1;
    }

    pub(super) fn checks<'n>(&self, name: impl Fn(usize) -> &'n String) -> Vec<ValidityCheck> {
        let seen = || self.phases.iter().enumerate().filter(|(_, one)| one.count > 0);
        let mut checks = Vec::new();
        // Lag within its own limits moves arrivals by as much, so that much distance is no news.
        let moved = |one: &Instants| LATE_US / 1e6 / one.length.as_secs_f64().max(1e-9);
        let mut told = |title: &str, law: &str, figures: Vec<(usize, f64, f64)>, remedy| {
            let worst = figures.into_iter().max_by(|a, b| (a.1 / a.2).total_cmp(&(b.1 / b.2)));
            let Some((phase, seen, limit)) = worst else { return };
            checks.push(check(
                title,
                format!("{seen:.4} in phase {}{law}", name(phase)),
                format!("{limit:.4}"),
                standing(seen, limit, limit),
                ("generator", remedy),
            ));
        };
        let kept = seen()
            .map(|(phase, one)| (phase, distance(&one.sent, &one.due), DISTANCE + moved(one)));
        told(
            "distance of what was sent from the schedule",
            "",
            kept.collect(),
            "the load was not the one that was planned: use a lower rate or a machine of its own",
        );
        let uniform = vec![1; SLICES];
        let known = || seen().filter(|(_, one)| one.count >= FEW && one.has_law());
        let mut laws: Vec<&str> = known().map(|(_, one)| one.law.as_str()).collect();
        laws.sort_unstable();
        laws.dedup();
        let lawful = known().map(|(phase, one)| {
            let chance = match one.law {
                Arrivals::Constant => 1.0 / one.count as f64,
                // The distance of n uniform numbers is beyond this once in some ten thousand times.
                Arrivals::Poisson => 2.2 / (one.count as f64).sqrt(),
            };
            (phase, distance(&one.sent, &uniform), DISTANCE + moved(one) + chance)
        });
        told(
            "distance of arrivals from their law (Kolmogorov–Smirnov)",
            &format!(", law {}", laws.join(" or ")),
            lawful.collect(),
            "the load was not the one that was planned: use a lower rate or a machine of its own",
        );
        let independent = known().filter(|(_, one)| one.law == Arrivals::Poisson);
        let dispersed = independent.filter_map(|(phase, one)| {
            let (index, error) = one.dispersion()?;
            Some((phase, (index - 1.0).abs(), CHANCE.mul_add(error, DISPERSION)))
        });
        told(
            "dispersion of arrivals, beside that of Poisson’s law",
            "",
            dispersed.collect(),
            "arrivals came in clumps or too evenly: use a machine of its own",
        );
        checks.extend(self.per_second(&name));
        checks
    }

    /// How far the counts of whole seconds miss what was due in them.
    fn per_second<'n>(&self, name: &impl Fn(usize) -> &'n String) -> Option<ValidityCheck> {
        let deviations = self.phases.iter().enumerate().filter_map(|(phase, one)| {
            let due: u64 = one.seconds.values().map(|(due, _)| due).sum();
            let seconds = one.seconds.len();
            let mean = due as f64 / seconds.max(1) as f64;
            let off = |(due, sent): &(u64, u64)| (*due as f64 - *sent as f64).powi(2);
            let squares: f64 = one.seconds.values().map(off).sum();
            // One arrival more or less is how whole numbers fall into seconds.
            let missed = ((squares / seconds.max(1) as f64).sqrt() - 1.0).max(0.0);
            (mean > 0.0).then_some((phase, missed / mean))
        });
        let (phase, seen) = deviations.max_by(|a, b| a.1.total_cmp(&b.1))?;
        Some(check(
            "deviation of a second’s requests from what was due in it",
            format!("{} in phase {}", percent(seen), name(phase)),
            percent(DEVIATION.0),
            standing(seen, DEVIATION.0, DEVIATION.1),
            ("generator", "the rate was uneven: use a lower rate or a machine of its own"),
        ))
    }
}

impl Instants {
    /// Whether the plan knows how many arrivals are due before each instant.
    fn has_law(&self) -> bool {
        self.course.share_before(Duration::ZERO).is_some()
    }

    fn slice(&self, at: Duration) -> usize {
        let within = at.saturating_sub(self.from);
        let of_time = || within.as_secs_f64() / self.length.as_secs_f64();
        let share = self.course.share_before(within).unwrap_or_else(of_time);
        ((share * SLICES as f64) as usize).min(SLICES - 1)
    }

    /// Variance over mean of the counts in slices of equal length, and its standard error; `None`
    /// if there is too little to tell.
    fn dispersion(&self) -> Option<(f64, f64)> {
        if self.count < FEW {
            return None;
        }
        // Ten arrivals in a slice on average, or finer slices would only tell one from none.
        let slices = (self.count / 10).clamp(2, SLICES as u64).ilog2();
        let counts: Vec<f64> = self
            .sent
            .chunks(SLICES >> slices)
            .map(|chunk| chunk.iter().sum::<u64>() as f64)
            .collect();
        let n = counts.len() as f64;
        let mean = counts.iter().sum::<f64>() / n;
        let variance = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
        Some((variance / mean, (2.0 / (n - 1.0)).sqrt()))
    }
}

/// Largest difference between two distributions, given as counts of the same slices.
fn distance(one: &[u64], other: &[u64]) -> f64 {
    let sum = |counts: &[u64]| counts.iter().sum::<u64>().max(1) as f64;
    let (all, all_other) = (sum(one), sum(other));
    let (mut below, mut below_other, mut largest) = (0.0, 0.0, 0.0_f64);
    for (count, count_other) in one.iter().zip(other) {
        below += *count as f64 / all;
        below_other += *count_other as f64 / all_other;
        largest = largest.max((below - below_other).abs());
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::course::{Burst, Herd, Line};
    use crate::load::{Lie, schedule};
    use record::CheckStanding::{self, Breached, Holds, Remark};
    use simulator::Seed;

    fn plan(law: Arrivals) -> LoadPlan {
        let mut plan = LoadPlan::steady(500.0, Duration::from_secs(20), Seed::from_text("law"));
        plan.arrivals = law;
        plan
    }

    /// Names and standings of the checks when each arrival lags as `lag` says.
    fn checked(
        plan: &LoadPlan,
        lag: impl Fn(usize, Duration) -> Duration,
    ) -> Vec<(String, CheckStanding)> {
        let mut process = Process::new(plan);
        for (number, arrival) in schedule(plan, &Lie::ALL).iter().enumerate() {
            process.sent(arrival.phase(), arrival.offset(), lag(number, arrival.offset()));
        }
        let name = "500/s".to_owned();
        let checks = process.checks(|_| &name);
        checks.into_iter().map(|check| (check.check, check.standing)).collect()
    }

    fn stands(checks: &[(String, CheckStanding)], name: &str) -> CheckStanding {
        checks.iter().find(|(check, _)| check.contains(name)).expect("it was checked").1
    }

    #[test]
    fn a_schedule_that_is_kept_follows_its_law() {
        for law in [Arrivals::Constant, Arrivals::Poisson] {
            let checks = checked(&plan(law), |_, _| Duration::from_micros(80));
            assert!(checks.iter().all(|(_, standing)| *standing == Holds), "{checks:?}");
            assert_eq!(checks.len(), if law == Arrivals::Poisson { 4 } else { 3 });
        }
    }

    #[test]
    fn a_phase_with_a_law_of_its_own_is_held_to_that() {
        let mut plan = plan(Arrivals::Poisson);
        plan.phases[0].own.arrivals = Some(Arrivals::Constant);
        let checks = checked(&plan, |_, _| Duration::from_micros(80));
        assert!(checks.iter().all(|(_, standing)| *standing == Holds), "{checks:?}");
        assert_eq!(checks.len(), 3, "evenly spaced arrivals have no dispersion: {checks:?}");
    }

    #[test]
    fn rates_that_change_have_a_law_too_and_bursts_have_none() {
        let seconds = Duration::from_secs;
        let rise = Line { from: 20.0, to: 400.0, length: seconds(10) };
        let fall = Line { from: 400.0, to: 50.0, length: seconds(5) };
        let herd = Herd { devices: 5_000, p50: seconds(6), p95: seconds(15), length: seconds(20) };
        for (course, checked_for) in [
            (Course::Lines(vec![rise, fall]), 4),
            (Course::Herd(herd), 4),
            (
                Course::Burst(Burst {
                    quiet: 50.0,
                    busy: 800.0,
                    quiet_for: seconds(2),
                    busy_for: seconds(1),
                    length: seconds(20),
                }),
                2,
            ),
        ] {
            let mut plan = plan(Arrivals::Poisson);
            plan.phases[0].course = course;
            let checks = checked(&plan, |_, _| Duration::from_micros(80));
            assert!(checks.iter().all(|(_, standing)| *standing == Holds), "{checks:?}");
            assert_eq!(checks.len(), checked_for, "{checks:?}");
        }
    }

    #[test]
    fn arrivals_let_go_in_heaps_are_noticed() {
        // Everything of a second leaves at its end, and the last second with it.
        let heaps = |_, due: Duration| Duration::from_secs(due.as_secs() + 1).abs_diff(due);
        let checks = checked(&plan(Arrivals::Poisson), heaps);
        assert_eq!(stands(&checks, "dispersion"), Breached, "{checks:?}");
        assert_eq!(stands(&checks, "from the schedule"), Breached, "{checks:?}");
        assert_eq!(stands(&checks, "a second’s"), Breached, "{checks:?}");
    }

    #[test]
    fn a_throttle_below_the_rate_drifts_away_from_the_law() {
        // One of ten arrivals too few a second: each is later than the one before.
        let slow = |_, due: Duration| due / 10;
        let checks = checked(&plan(Arrivals::Constant), slow);
        assert_eq!(stands(&checks, "Kolmogorov"), Breached, "{checks:?}");
        assert_eq!(stands(&checks, "from the schedule"), Breached, "{checks:?}");
    }

    #[test]
    fn even_arrivals_are_no_poisson_process() {
        let even = plan(Arrivals::Constant);
        let mut process = Process::new(&plan(Arrivals::Poisson));
        for arrival in schedule(&even, &Lie::ALL) {
            process.sent(0, arrival.offset(), Duration::ZERO);
        }
        let name = "500/s".to_owned();
        let checks = process.checks(|_| &name);
        let dispersed = checks.iter().find(|check| check.check.contains("dispersion")).unwrap();
        assert_eq!(dispersed.standing, Breached, "{dispersed:?}");
    }

    #[test]
    fn a_burst_of_lag_that_is_borne_is_remarked_in_its_second() {
        let burst = |_, due: Duration| match due.as_millis() {
            950..1_000 => Duration::from_millis(60),
            _ => Duration::ZERO,
        };
        let checks = checked(&plan(Arrivals::Constant), burst);
        assert_eq!(stands(&checks, "from the schedule"), Holds, "{checks:?}");
        assert_eq!(stands(&checks, "a second’s"), Remark, "{checks:?}");
    }
}
