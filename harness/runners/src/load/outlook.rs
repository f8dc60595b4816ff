//! What a plan comes to, before anything is sent: its arrivals counted, and what they need.

use super::fleet::Needs;
use super::mint::meaningful_lies;
use super::oracle::Lie;
use super::plan::LoadPlan;
use super::run::{LoadError, fits};
use super::schedule::{Arrival, walk};
use protocol::relying_party::Purpose;
use std::collections::BTreeMap;
use std::time::Duration;
use targets::{Dialect, Operation, TargetFile};

/// What a plan comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// What happens in each phase.
    pub phases: Vec<PhaseOutlook>,
    /// How often each lie is told.
    pub lies: BTreeMap<Lie, u64>,
    /// Devices enrolled before the load.
    pub devices: u64,
    /// Challenges in reserve at the highest rate.
    pub reserve: usize,
    /// Bytes of the schedule.
    pub schedule_bytes: u64,
    /// Arrivals in each of some equal parts of its length.
    pub bins: Vec<u64>,
    /// How long such a part is.
    pub bin: Duration,
}

/// Arrivals of a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PhaseOutlook {
    /// Requests for a challenge.
    pub challenge: u64,
    /// Attestations.
    pub attest: u64,
    /// Assertions.
    pub assert: u64,
    /// How many of these lie.
    pub lies: u64,
}

impl PhaseOutlook {
    /// All arrivals.
    pub fn arrivals(&self) -> u64 {
        self.challenge + self.attest + self.assert
    }

    fn count(&mut self, arrival: &Arrival) {
        self.lies += u64::from(arrival.deed.lie().is_some());
        match arrival.deed.operation() {
            Operation::Attest => self.attest += 1,
            Operation::Assert => self.assert += 1,
            Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => self.challenge += 1,
        }
    }
}

impl Outlook {
    /// Lays a plan out for a target, with its arrivals counted in so many bins. Nothing is sent.
    pub fn of(plan: &LoadPlan, target: &TargetFile, bins: usize) -> Result<Self, LoadError> {
        plan.check()?;
        fits(target)?;
        let lies = meaningful_lies(&Dialect::new(target)?, plan.length());
        plan.check_lies(&lies)?;
        let bins = bins.max(1);
        let bin = (plan.length() / bins as u32).max(Duration::from_nanos(1));
        let mut outlook = Self {
            phases: vec![PhaseOutlook::default(); plan.phases.len()],
            lies: BTreeMap::new(),
            devices: Needs::enrolled(plan),
            reserve: [Purpose::Attest, Purpose::Assert]
                .map(|purpose| Needs::most(plan).reserve(purpose))
                .iter()
                .sum(),
            schedule_bytes: 0,
            bins: vec![0; bins],
            bin,
        };
        for arrival in walk(plan, &lies) {
            outlook.phases[arrival.phase()].count(&arrival);
            if let Some(lie) = arrival.deed.lie() {
                *outlook.lies.entry(lie).or_default() += 1;
            }
            let place = (arrival.offset().as_nanos() / bin.as_nanos()) as usize;
            outlook.bins[place.min(bins - 1)] += 1;
            outlook.schedule_bytes += size_of::<Arrival>() as u64;
        }
        Ok(outlook)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulator::Seed;

    #[test]
    fn an_outlook_counts_what_will_be_sent_to_this_target() {
        let plan = LoadPlan::main_job(Seed::from_text("outlook"));
        let target = TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(1)).unwrap();
        let outlook = Outlook::of(&plan, &target, 30).unwrap();
        let all: Vec<u64> = outlook.phases.iter().map(PhaseOutlook::arrivals).collect();
        assert_eq!(all, [1500, 1000, 2000, 4000]);
        assert_eq!((outlook.phases[0].attest, outlook.phases[0].assert), (150, 600));
        assert_eq!(outlook.bins.iter().sum::<u64>(), 8500);
        assert_eq!((outlook.bins[0], outlook.bins[29]), (100, 800));
        let lies: u64 = outlook.phases.iter().map(|phase| phase.lies).sum();
        assert_eq!(lies, outlook.lies.values().sum::<u64>());
        assert!(lies.abs_diff(425) <= 1, "{lies}");
        assert_eq!(outlook.schedule_bytes, 8500 * 16);
    }
}
