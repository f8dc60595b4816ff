//! When each request is due and what it is: a pure function of the plan.
//!
//! Arrival `k` is due where the integral of the rate reaches `k` (evenly spaced), or the sum of
//! `k` exponential steps (Poisson). Nothing is added up while the load runs, so nothing drifts.

use super::course::{Course, Row};
use super::deeds::Deeds;
use super::laid::Laid;
use super::oracle::Lie;
use super::plan::{Arrivals, LoadPlan, PhasePlan};
use super::terms::Terms;
use protocol::relying_party::Purpose;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use std::time::Duration;
use targets::Operation;

/// One request of the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    nanos: u64,
    phase: u32,
    /// What it does.
    pub deed: Deed,
}

/// What an arrival does. Each is one HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// Asks for a challenge that a later arrival uses.
    Challenge(Purpose),
    /// Enrols a new device, honestly or not.
    Attest(Option<Lie>),
    /// Sends a protected request from an enrolled device, honestly or not.
    Assert(Option<Lie>),
}

impl Arrival {
    /// When it is due, from the start of the attack.
    pub fn offset(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }

    /// The second it is due in.
    pub fn second(&self) -> u64 {
        self.nanos / 1_000_000_000
    }

    /// Place of its phase in the plan.
    pub fn phase(&self) -> usize {
        self.phase as usize
    }
}

impl Deed {
    /// The operation.
    pub fn operation(self) -> Operation {
        match self {
            Self::Challenge(_) => Operation::Challenge,
            Self::Attest(_) => Operation::Attest,
            Self::Assert(_) => Operation::Assert,
        }
    }

    /// The lie it tells, if any.
    pub fn lie(self) -> Option<Lie> {
        match self {
            Self::Challenge(_) => None,
            Self::Attest(lie) | Self::Assert(lie) => lie,
        }
    }
}

/// The arrivals of a checked plan, in order. `lies` are those that mean something to the target;
/// an operation without one among them stays honest.
pub fn schedule(plan: &LoadPlan, lies: &[Lie]) -> Vec<Arrival> {
    walk(plan, lies).collect()
}

/// Walks through the arrivals of a checked plan without holding them.
pub fn walk<'p>(plan: &'p LoadPlan, lies: &'p [Lie]) -> Walk<'p> {
    Walk { plan, lies, instants: Instants::new(plan), deeds: None }
}

/// The arrivals of a plan, one after the other.
#[derive(Debug, Clone)]
pub struct Walk<'p> {
    plan: &'p LoadPlan,
    lies: &'p [Lie],
    instants: Instants<'p>,
    /// What is dealt, in which phase, by which terms.
    deeds: Option<(u32, Terms, Deeds)>,
}

impl Iterator for Walk<'_> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        let Instant { nanos, phase, operation } = self.instants.next()?;
        let deeds = self.deeds_of(phase);
        let deed = match operation {
            Some(operation) => deeds.deal_one(operation),
            None => deeds.deal(),
        };
        Some(Arrival { nanos, phase, deed })
    }
}

impl Walk<'_> {
    /// Hands go on from one phase to the next if both deal by the same terms.
    fn deeds_of(&mut self, phase: u32) -> &mut Deeds {
        let dealing = self.deeds.take().map(|(place, terms, deeds)| {
            if place == phase {
                return (place, terms, deeds);
            }
            let own = self.plan.terms(phase as usize);
            if own == terms { (phase, terms, deeds) } else { self.dealing(phase, own) }
        });
        let dealing =
            dealing.unwrap_or_else(|| self.dealing(phase, self.plan.terms(phase as usize)));
        &mut self.deeds.insert(dealing).2
    }

    fn dealing(&self, phase: u32, terms: Terms) -> (u32, Terms, Deeds) {
        let deeds = Deeds::new(&terms, self.lies, &self.plan.seed, phase.into());
        (phase, terms, deeds)
    }
}

/// When an arrival is due.
struct Instant {
    nanos: u64,
    phase: u32,
    /// What it does, if that is given.
    operation: Option<Operation>,
}

/// When arrivals are due.
#[derive(Debug, Clone)]
struct Instants<'p> {
    plan: &'p LoadPlan,
    steps: ChaCha20Rng,
    phase: u32,
    from: Duration,
    laid: Option<Laid>,
    /// How much of the integral of the rate lies before the phase.
    before: f64,
    /// Where the next arrival lies on that integral: so many after the anchor.
    anchor: f64,
    since: u64,
    law: Arrivals,
    /// Next row of a trace.
    row: usize,
    last: u64,
}

impl<'p> Instants<'p> {
    fn new(plan: &'p LoadPlan) -> Self {
        let mut instants = Self {
            plan,
            steps: plan.seed.child("load arrivals", 0).stream(),
            phase: 0,
            from: Duration::ZERO,
            laid: None,
            before: 0.0,
            anchor: 0.0,
            since: 0,
            law: Arrivals::Constant,
            row: 0,
            last: 0,
        };
        instants.enter();
        instants
    }

    fn due(&self) -> f64 {
        self.anchor + self.since as f64
    }

    /// Lays the phase out and takes up its law.
    fn enter(&mut self) {
        let place = self.phase as usize;
        let Some(phase) = self.plan.phases.get(place) else { return };
        self.row = 0;
        self.laid =
            Laid::of(&phase.course, &self.plan.seed.child("load bursts", self.phase.into()));
        let law = self.plan.law(place);
        if law == Arrivals::Poisson && self.law == Arrivals::Constant {
            (self.anchor, self.since) = (self.before + exponential(&mut self.steps), 0);
        }
        self.law = law;
    }

    fn leave(&mut self, length: Duration) {
        self.from += length;
        self.before += self.laid.as_ref().map_or(0.0, Laid::total);
        self.phase += 1;
        self.enter();
    }

    /// Counts one arrival on the integral.
    fn step(&mut self) {
        match self.law {
            Arrivals::Constant => self.since += 1,
            Arrivals::Poisson => {
                (self.anchor, self.since) = (self.due() + exponential(&mut self.steps), 0);
            }
        }
    }

    /// An arrival so long after the beginning of its phase.
    fn within(&mut self, within: Duration, operation: Option<Operation>) -> Instant {
        let nanos = (self.from + within).as_nanos() as u64;
        // Where two lines meet, rounding could turn two arrivals round.
        self.last = nanos.max(self.last);
        Instant { nanos: self.last, phase: self.phase, operation }
    }
}

impl Iterator for Instants<'_> {
    type Item = Instant;

    fn next(&mut self) -> Option<Instant> {
        loop {
            let phase = self.plan.phases.get(self.phase as usize)?;
            if let (Course::Trace(trace), Some(row)) = (&phase.course, self.row_of(phase)) {
                let within = Duration::from_nanos(trace.due(row));
                self.row += 1;
                return Some(self.within(within, Some(row.operation)));
            }
            // An arrival on the border belongs to the next phase, whichever way it was rounded.
            let due = self.due() - self.before;
            if let Some(laid) = &self.laid
                && due < laid.total() - ROUNDING
            {
                let within = Duration::from_secs_f64(laid.at(due).max(0.0));
                self.step();
                return Some(self.within(within, None));
            }
            self.leave(phase.course.length());
        }
    }
}

impl Instants<'_> {
    fn row_of(&self, phase: &PhasePlan) -> Option<Row> {
        match &phase.course {
            Course::Trace(trace) => trace.rows.get(self.row).copied(),
            Course::Lines(_) | Course::Burst(_) | Course::Herd(_) => None,
        }
    }
}

/// Far below one arrival, far above the rounding of a hundred million of them.
const ROUNDING: f64 = 1e-6;

/// A step of a Poisson process of rate 1.
pub(super) fn exponential(stream: &mut impl Rng) -> f64 {
    -(1.0 - unit(stream)).ln()
}

/// Evenly from 0 (included) to 1.
pub(super) fn unit(stream: &mut impl Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use super::super::terms::Lies;
    use super::*;
    use simulator::Seed;
    use std::collections::BTreeMap;

    fn plan() -> LoadPlan {
        LoadPlan::main_job(Seed::from_text("schedule"))
    }

    fn whole() -> Vec<Arrival> {
        schedule(&plan(), &Lie::ALL)
    }

    fn count(arrivals: &[Arrival], of: impl Fn(&Arrival) -> bool) -> usize {
        arrivals.iter().filter(|arrival| of(arrival)).count()
    }

    #[test]
    fn each_phase_holds_rate_times_length_arrivals() {
        let arrivals = whole();
        let per_phase: Vec<_> =
            (0..4).map(|phase| count(&arrivals, |arrival| arrival.phase() == phase)).collect();
        assert_eq!(per_phase, [1500, 1000, 2000, 4000]);
        for second in 0..15 {
            assert_eq!(count(&arrivals, |arrival| arrival.second() == second), 100, "{second}");
        }
    }

    #[test]
    fn constant_arrivals_are_evenly_spaced_and_do_not_drift() {
        let mut plan = LoadPlan::steady(3.0, Duration::from_secs(100_000), Seed::from_text("even"));
        plan.dishonest = 0.0;
        let arrivals = schedule(&plan, &[]);
        assert_eq!(arrivals.len(), 300_000);
        for (index, arrival) in arrivals.iter().enumerate() {
            let exact = index as u64 * 1_000_000_000 / 3;
            assert!(arrival.nanos.abs_diff(exact) <= 20, "arrival {index} at {}", arrival.nanos);
        }
    }

    #[test]
    fn operations_keep_the_mix_in_every_hand() {
        for hand in whole().chunks(10) {
            let of = |operation| count(hand, |arrival| arrival.deed.operation() == operation);
            let counts = [of(Operation::Attest), of(Operation::Assert), of(Operation::Challenge)];
            assert_eq!(counts, [1, 4, 5]);
        }
    }

    #[test]
    fn challenges_are_asked_for_in_the_ratio_they_are_used() {
        let arrivals = whole();
        let attest = count(&arrivals, |arrival| arrival.deed == Deed::Challenge(Purpose::Attest));
        let assert = count(&arrivals, |arrival| arrival.deed == Deed::Challenge(Purpose::Assert));
        assert_eq!((attest, assert), (850, 3400));
    }

    #[test]
    fn one_in_twenty_is_dishonest_and_every_lie_has_its_turn() {
        let arrivals = whole();
        let mut told: BTreeMap<&str, usize> = BTreeMap::new();
        for arrival in &arrivals {
            if let Some(lie) = arrival.deed.lie() {
                assert_eq!(lie.operation(), arrival.deed.operation());
                *told.entry(lie.as_str()).or_default() += 1;
            }
        }
        let all: usize = told.values().sum();
        assert!(all.abs_diff(425) <= 1, "{all} of 8500");
        assert_eq!(told.len(), Lies::usual().0.len(), "{told:?}");
        let rate = |range: std::ops::Range<usize>| {
            count(&arrivals[range], |arrival| arrival.deed.lie().is_some())
        };
        assert!(rate(0..1500).abs_diff(75) <= 2 && rate(4500..8500).abs_diff(200) <= 2);
    }

    #[test]
    fn half_of_all_can_lie_and_none_if_there_is_no_lie() {
        let mut plan = plan();
        plan.dishonest = 0.5;
        let arrivals = schedule(&plan, &Lie::ALL);
        assert_eq!(count(&arrivals, |arrival| arrival.deed.lie().is_some()), 4250);
        let arrivals = schedule(&plan, &[]);
        assert_eq!(count(&arrivals, |arrival| arrival.deed.lie().is_some()), 0);
    }

    #[test]
    fn poisson_arrivals_scatter_as_much_as_they_should() {
        let mut plan = LoadPlan::steady(200.0, Duration::from_secs(500), Seed::from_text("p"));
        plan.arrivals = Arrivals::Poisson;
        let arrivals = schedule(&plan, &[]);
        let mut per_second = vec![0.0f64; 500];
        for arrival in &arrivals {
            per_second[arrival.second() as usize] += 1.0;
        }
        let mean = per_second.iter().sum::<f64>() / 500.0;
        let variance = per_second.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 499.0;
        // Five standard errors of a seed that never changes: 200 ± 3.2, 1 ± 0.32.
        assert!((mean - 200.0).abs() < 3.2, "mean {mean}");
        assert!((variance / mean - 1.0).abs() < 0.32, "dispersion {}", variance / mean);
        assert!(arrivals.is_sorted_by_key(|arrival| arrival.nanos));
    }

    #[test]
    fn the_seed_decides_everything() {
        assert_eq!(whole(), whole());
        let other = LoadPlan::main_job(Seed::from_text("another"));
        assert_ne!(schedule(&other, &Lie::ALL), whole());
    }
}
