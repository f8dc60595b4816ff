//! What load is asked for: rates over time, of which operations, how honest.

mod check;
mod error;

pub use check::MOST_ARRIVALS;
pub use error::PlanError;

use super::course::Course;
use super::terms::{Lies, Own, Terms};
use simulator::Seed;
use std::time::Duration;
use targets::Operation;

/// A load attack as it is asked for. [`LoadPlan::check`] says whether it can be kept.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadPlan {
    /// What happens, one phase after the other.
    pub phases: Vec<PhasePlan>,
    /// Which share of arrivals is which operation.
    pub mix: Mix,
    /// Share (0–1) of all arrivals that are dishonest and must be refused.
    pub dishonest: f64,
    /// What lies there are, with their weights.
    pub lies: Lies,
    /// Devices that are enrolled beforehand; as many as the load needs unless given.
    pub devices: Option<usize>,
    /// How arrivals are spaced.
    pub arrivals: Arrivals,
    /// Users that wait for arrivals, hence the most requests in flight.
    pub users: usize,
    /// Time from sending a request after which its answer counts as none.
    pub timeout: Duration,
    /// Where all that looks random comes from.
    pub seed: Seed,
}

/// A part of the load that is reported by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct PhasePlan {
    /// Its name, unique in the plan.
    pub name: String,
    /// Its rate over time.
    pub course: Course,
    /// What holds in it alone.
    pub own: Own,
}

impl PhasePlan {
    /// A phase of one rate.
    pub fn even(name: String, rate: f64, length: Duration) -> Self {
        Self { name, course: Course::even(rate, length), own: Own::default() }
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        self.course.length()
    }

    /// Arrivals a second on average.
    pub fn mean_rate(&self) -> f64 {
        self.course.mean_rate()
    }

    /// The highest rate.
    pub fn highest_rate(&self) -> f64 {
        self.course.highest_rate()
    }
}

/// Shares of the operations, in whole parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix {
    /// Attestations.
    pub attest: u32,
    /// Assertions, each with a protected request.
    pub assert: u32,
    /// Challenges.
    pub challenge: u32,
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrivals {
    /// Evenly.
    Constant,
    /// Independently of each other, as many users are.
    Poisson,
}

impl Arrivals {
    /// `constant` or `poisson`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::Poisson => "poisson",
        }
    }
}

/// Users beyond the bound, so that a user that is between two transactions is not missed.
const SPARE_USERS: usize = 8;

impl LoadPlan {
    /// Steps of constant rate with the mix and the honesty of the main job, and as many users as
    /// they need.
    pub fn steps(steps: &[(f64, Duration)], seed: Seed) -> Self {
        let mut phases: Vec<PhasePlan> = Vec::new();
        for &(rate, length) in steps {
            let plain = format!("{rate}/s");
            let is_same = |phase: &&PhasePlan| phase.highest_rate().total_cmp(&rate).is_eq();
            let same = phases.iter().filter(is_same).count();
            let name = if same == 0 { plain } else { format!("{plain} #{}", same + 1) };
            phases.push(PhasePlan::even(name, rate, length));
        }
        let mut plan = Self {
            phases,
            mix: Mix { attest: 1, assert: 4, challenge: 5 },
            dishonest: 0.05,
            lies: Lies::usual(),
            devices: None,
            arrivals: Arrivals::Constant,
            users: 0,
            timeout: Duration::from_secs(1),
            seed,
        };
        plan.users = plan.users_by_default();
        plan
    }

    /// One rate.
    pub fn steady(rate: f64, length: Duration, seed: Seed) -> Self {
        Self::steps(&[(rate, length)], seed)
    }

    /// `levels` rates from `from` on, each higher by `step`, each held for `hold`.
    pub fn stairs(from: f64, step: f64, levels: u32, hold: Duration, seed: Seed) -> Self {
        let rates: Vec<_> =
            (0..levels).map(|level| (step.mul_add(f64::from(level), from), hold)).collect();
        Self::steps(&rates, seed)
    }

    /// The load of the main job: 100/s for 15 s, then 200, 400 and 800/s for 5 s each.
    pub fn main_job(seed: Seed) -> Self {
        let seconds = Duration::from_secs;
        let steps =
            [(100.0, seconds(15)), (200.0, seconds(5)), (400.0, seconds(5)), (800.0, seconds(5))];
        Self::steps(&steps, seed)
    }

    /// The highest rate.
    pub fn highest_rate(&self) -> f64 {
        self.phases.iter().map(PhasePlan::highest_rate).fold(0.0, f64::max)
    }

    /// What holds in a phase.
    pub fn terms(&self, place: usize) -> Terms {
        let own = self.phases.get(place).map(|phase| phase.own.clone()).unwrap_or_default();
        let traced = self.phases.get(place).and_then(|phase| Mix::of(&phase.course));
        Terms {
            mix: traced.or(own.mix).unwrap_or(self.mix),
            dishonest: own.dishonest.unwrap_or(self.dishonest),
            lies: own.lies.unwrap_or_else(|| self.lies.clone()),
            flood: own.flood,
        }
    }

    /// What the arrivals do, in words: the mix, how many lie, and what phases have of their own.
    pub fn words(&self) -> String {
        let percent = |share: f64| (share * 1e4).round() / 100.0;
        let mut words = format!("{}; {} % dishonest", self.mix.words(), percent(self.dishonest));
        for phase in &self.phases {
            let Own { mix, dishonest, flood, .. } = &phase.own;
            let own = [
                mix.map(Mix::words),
                dishonest
                    .filter(|own| own.total_cmp(&self.dishonest).is_ne())
                    .map(|own| format!("{} % dishonest", percent(own))),
                (*flood > 0.0).then(|| format!("{flood} lies to each arrival of the mix")),
            ];
            let own: Vec<String> = own.into_iter().flatten().collect();
            if !own.is_empty() {
                words.extend(["; ", &phase.name, ": ", &own.join(", ")]);
            }
        }
        words
    }

    /// How the arrivals of a phase are spaced; within bursts and quiet whiles they are independent.
    pub fn law(&self, place: usize) -> Arrivals {
        match self.phases.get(place) {
            Some(PhasePlan { course: Course::Burst(_), .. }) => Arrivals::Poisson,
            Some(phase) => phase.own.arrivals.unwrap_or(self.arrivals),
            None => self.arrivals,
        }
    }

    /// The rate at `offset` from the start.
    pub fn rate_at(&self, offset: Duration) -> f64 {
        let mut within = offset;
        for phase in &self.phases {
            if within < phase.length() {
                return phase.course.rate_at(within);
            }
            within -= phase.length();
        }
        0.0
    }

    /// Users it takes at least: a request holds its user until the timeout at worst.
    pub fn users_needed(&self) -> usize {
        (self.highest_rate() * self.timeout.as_secs_f64()).ceil() as usize
    }

    /// Users to choose unless told otherwise.
    pub fn users_by_default(&self) -> usize {
        self.users_needed() + self.users_needed() / 10 + SPARE_USERS
    }

    /// Devices that traces name, of the one that names most.
    pub(super) fn devices_traced(&self) -> usize {
        let devices = |phase: &PhasePlan| match &phase.course {
            Course::Trace(trace) => trace.devices,
            Course::Lines(_) | Course::Burst(_) | Course::Herd(_) => 0,
        };
        self.phases.iter().map(devices).max().unwrap_or_default()
    }

    /// How long all phases last.
    pub fn length(&self) -> Duration {
        self.phases.iter().map(PhasePlan::length).sum()
    }

    /// The phase at `offset` from the start, and the rate there; the last one afterwards.
    pub fn phase_at(&self, offset: Duration) -> usize {
        let mut end = Duration::ZERO;
        let running = self.phases.iter().position(|phase| {
            end += phase.length();
            offset < end
        });
        running.unwrap_or(self.phases.len().saturating_sub(1))
    }
}

impl Mix {
    /// What a trace is made of.
    fn of(course: &Course) -> Option<Self> {
        let Course::Trace(trace) = course else { return None };
        let count =
            |operation| trace.rows.iter().filter(|row| row.operation == operation).count() as u32;
        Some(Self {
            attest: count(Operation::Attest),
            assert: count(Operation::Assert),
            challenge: count(Operation::Challenge),
        })
    }

    /// Attestations and assertions: what uses challenges up.
    pub fn share_of_consumers(self) -> f64 {
        f64::from(self.attest + self.assert) / f64::from(self.attest + self.assert + self.challenge)
    }

    /// The mix in words: `1 attestation : 4 assertions : 5 challenges`.
    pub fn words(self) -> String {
        let part = |n: u32, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
        let Self { attest, assert, challenge } = self;
        format!(
            "{} : {} : {}",
            part(attest, "attestation"),
            part(assert, "assertion"),
            part(challenge, "challenge")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> LoadPlan {
        LoadPlan::main_job(Seed::from_text("plan"))
    }

    /// The error's text when `edit` is made to the main job's plan.
    fn refusal(edit: impl FnOnce(&mut LoadPlan)) -> String {
        let mut plan = plan();
        edit(&mut plan);
        plan.check().unwrap_err().to_string()
    }

    #[test]
    fn the_main_job_is_what_the_readme_says() {
        let plan = plan();
        assert_eq!(plan.check(), Ok(()));
        assert_eq!(plan.length(), Duration::from_secs(30));
        assert!((plan.highest_rate() - 800.0).abs() < f64::EPSILON);
        assert_eq!(plan.users_needed(), 800);
        assert_eq!(plan.mix.words(), "1 attestation : 4 assertions : 5 challenges");
        let names: Vec<_> = plan.phases.iter().map(|phase| phase.name.as_str()).collect();
        assert_eq!(names, ["100/s", "200/s", "400/s", "800/s"]);
    }

    #[test]
    fn a_plan_says_what_its_phases_have_of_their_own() {
        let mut plan = plan();
        assert_eq!(plan.words(), "1 attestation : 4 assertions : 5 challenges; 5 % dishonest");
        plan.phases[0].own.dishonest = Some(0.0);
        plan.phases[1].own.flood = 3.0;
        assert_eq!(
            plan.words(),
            "1 attestation : 4 assertions : 5 challenges; 5 % dishonest; 100/s: 0 % dishonest; \
             200/s: 3 lies to each arrival of the mix"
        );
    }

    #[test]
    fn stairs_climb_by_their_step_and_names_stay_unique() {
        let seed = Seed::from_text("stairs");
        let stairs = LoadPlan::stairs(50.0, 25.0, 3, Duration::from_secs(2), seed);
        let rates: Vec<_> = stairs.phases.iter().map(PhasePlan::highest_rate).collect();
        assert_eq!(rates, [50.0, 75.0, 100.0]);
        let again = LoadPlan::stairs(50.0, 0.0, 2, Duration::from_secs(2), seed);
        assert_eq!(again.phases[1].name, "50/s #2");
        assert_eq!(again.check(), Ok(()));
    }

    #[test]
    fn the_phase_at_an_instant_is_the_one_that_began_last() {
        let plan = plan();
        let at = |millis| plan.phase_at(Duration::from_millis(millis));
        assert_eq!((at(0), at(14_999), at(15_000), at(25_000), at(99_000)), (0, 0, 1, 3, 3));
    }

    #[test]
    fn a_plan_that_cannot_be_kept_is_refused_with_the_arithmetic() {
        let few = refusal(|plan| plan.users = 100);
        assert!(few.contains("800/s × 1s timeout = up to 800 requests in flight"), "{few}");
        assert!(few.contains("there are 100 users"), "{few}");
        let empty = refusal(|plan| plan.phases[1].course = Course::even(200.0, Duration::ZERO));
        assert!(empty.contains("phase `200/s` lasts 0 s: 200/s × 0 s = 0 arrivals"), "{empty}");
        let none = refusal(|plan| plan.phases.clear());
        assert!(none.contains("at least one phase"), "{none}");
        let rate = refusal(|plan| {
            plan.phases[0].course = Course::even(f64::NAN, Duration::from_secs(1));
        });
        assert!(rate.contains("NaN"), "{rate}");
        let same = refusal(|plan| plan.phases[1].name = "100/s".to_owned());
        assert!(same.contains("two phases are called `100/s`"), "{same}");
        let mix = refusal(|plan| plan.mix = Mix { attest: 0, assert: 0, challenge: 0 });
        assert!(mix.contains("0:0:0"), "{mix}");
        let lies = refusal(|plan| plan.dishonest = 0.6);
        assert!(lies.contains("60.0 %") && lies.contains("5 of 10 parts (50.0 %)"), "{lies}");
        let long = refusal(|plan| {
            plan.phases[0].course = Course::even(100.0, Duration::from_secs(1_000_000));
        });
        assert!(long.contains("add up to 100007000 arrivals"), "{long}");
        let timeout = refusal(|plan| plan.timeout = Duration::ZERO);
        assert!(timeout.contains("between 1 ms and 10 min"), "{timeout}");
    }
}
