//! When each request is due and what it is: a pure function of the plan.
//!
//! Arrival `k` is due where the integral of the rate reaches `k` (evenly spaced), or the sum of
//! `k` exponential steps (Poisson). Nothing is added up while the load runs, so nothing drifts.

use super::oracle::Lie;
use super::plan::{Arrivals, LoadPlan, Mix};
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
    let mut deeds = Deeds::new(plan, lies);
    instants(plan)
        .into_iter()
        .map(|(nanos, phase)| Arrival { nanos, phase, deed: deeds.deal() })
        .collect()
}

/// When arrivals are due, in nanoseconds, and in which phase.
fn instants(plan: &LoadPlan) -> Vec<(u64, u32)> {
    let mut steps = plan.seed.child("load arrivals", 0).stream();
    let mut instants = Vec::new();
    // Where arrival number `instants.len()` lies on the integral of the rate.
    let mut due = match plan.arrivals {
        Arrivals::Constant => 0.0,
        Arrivals::Poisson => exponential(&mut steps),
    };
    let (mut from, mut before) = (Duration::ZERO, 0.0);
    for (phase, step) in (0u32..).zip(&plan.phases) {
        let until = step.rate.mul_add(step.length.as_secs_f64(), before);
        // An arrival on the border belongs to the next phase, whichever way it was rounded.
        while due < until - ROUNDING {
            let within = Duration::from_secs_f64(((due - before) / step.rate).max(0.0));
            instants.push(((from + within).as_nanos() as u64, phase));
            due = match plan.arrivals {
                Arrivals::Constant => instants.len() as f64,
                Arrivals::Poisson => due + exponential(&mut steps),
            };
        }
        from += step.length;
        before = until;
    }
    instants
}

/// Far below one arrival, far above the rounding of ten million of them.
const ROUNDING: f64 = 1e-6;

/// A step of a Poisson process of rate 1.
fn exponential(stream: &mut impl Rng) -> f64 {
    -(1.0 - unit(stream)).ln()
}

/// Evenly from 0 (included) to 1.
fn unit(stream: &mut impl Rng) -> f64 {
    (stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// Deals operations and lies: shuffled within hands of the mix's parts, so that counts are exact
/// and no period of the target falls in step with ours.
struct Deeds {
    hand: Vec<Operation>,
    dealt: usize,
    shuffles: ChaCha20Rng,
    purposes: Purposes,
    attest: Liars,
    assert: Liars,
    /// Share of attestations and assertions that are dishonest.
    dishonest: f64,
    consumers: u64,
    next_dishonest: u64,
    stratum: u64,
    picks: ChaCha20Rng,
}

impl Deeds {
    fn new(plan: &LoadPlan, lies: &[Lie]) -> Self {
        let Mix { attest, assert, challenge } = plan.mix.reduced();
        let hand = [
            (Operation::Attest, attest),
            (Operation::Assert, assert),
            (Operation::Challenge, challenge),
        ];
        let hand: Vec<_> = hand
            .into_iter()
            .flat_map(|(operation, parts)| std::iter::repeat_n(operation, parts as usize))
            .collect();
        let liars = |operation| Liars {
            lies: lies.iter().copied().filter(|lie| lie.operation() == operation).collect(),
            told: 0,
        };
        let mut deeds = Self {
            dealt: hand.len(),
            hand,
            shuffles: plan.seed.child("load mix", 0).stream(),
            purposes: Purposes { attest, assert, dealt: 0 },
            attest: liars(Operation::Attest),
            assert: liars(Operation::Assert),
            dishonest: match plan.mix.share_of_consumers() {
                share if share > 0.0 => (plan.dishonest / share).min(1.0),
                _nothing_can_lie => 0.0,
            },
            consumers: 0,
            next_dishonest: u64::MAX,
            stratum: 0,
            picks: plan.seed.child("load lies", 0).stream(),
        };
        deeds.pick();
        deeds
    }

    fn deal(&mut self) -> Deed {
        if self.dealt == self.hand.len() {
            shuffle(&mut self.hand, &mut self.shuffles);
            self.dealt = 0;
        }
        let operation = self.hand[self.dealt];
        self.dealt += 1;
        match operation {
            Operation::Attest => Deed::Attest(self.honesty(operation)),
            Operation::Assert => Deed::Assert(self.honesty(operation)),
            Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => Deed::Challenge(self.purposes.next()),
        }
    }

    fn honesty(&mut self, operation: Operation) -> Option<Lie> {
        let turn = self.consumers;
        self.consumers += 1;
        if turn != self.next_dishonest {
            return None;
        }
        self.stratum += 1;
        self.pick();
        match operation {
            Operation::Attest => self.attest.next(),
            Operation::Assert => self.assert.next(),
            Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => None,
        }
    }

    /// Chooses the dishonest one among the next 1 ÷ share.
    fn pick(&mut self) {
        if self.dishonest > 0.0 {
            let at = (self.stratum as f64 + unit(&mut self.picks)) / self.dishonest;
            // With strata of fractional length two picks could fall on one arrival.
            self.next_dishonest = (at as u64).max(self.consumers);
        }
    }
}

/// The lies of one operation, told in turn.
struct Liars {
    lies: Vec<Lie>,
    told: usize,
}

impl Liars {
    fn next(&mut self) -> Option<Lie> {
        let lie = self.lies.get(self.told % self.lies.len().max(1)).copied();
        self.told += 1;
        lie
    }
}

/// What challenges are asked for: in the ratio of those who use them up, spread evenly.
struct Purposes {
    attest: u32,
    assert: u32,
    dealt: u64,
}

impl Purposes {
    fn next(&mut self) -> Purpose {
        let all = u64::from(self.attest + self.assert).max(1);
        let owed = |n: u64| n * u64::from(self.attest) / all;
        let attest = owed(self.dealt + 1) > owed(self.dealt);
        self.dealt += 1;
        if attest { Purpose::Attest } else { Purpose::Assert }
    }
}

impl Mix {
    /// The same shares in the smallest whole numbers.
    fn reduced(self) -> Self {
        let divisor = gcd(gcd(self.attest, self.assert), self.challenge).max(1);
        Self {
            attest: self.attest / divisor,
            assert: self.assert / divisor,
            challenge: self.challenge / divisor,
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn shuffle(hand: &mut [Operation], stream: &mut impl Rng) {
    for last in (1..hand.len()).rev() {
        let other = (unit(stream) * (last + 1) as f64) as usize;
        hand.swap(last, other.min(last));
    }
}

#[cfg(test)]
mod tests {
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
        assert_eq!(told.len(), Lie::ALL.len(), "{told:?}");
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
