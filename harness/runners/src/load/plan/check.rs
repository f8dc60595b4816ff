//! Whether a plan can be kept, before anything is sent.

use super::super::course::Course;
use super::super::fleet::Needs;
use super::super::oracle::Lie;
use super::super::terms::Terms;
use super::{LoadPlan, Mix, PlanError};
use std::time::Duration;

/// A schedule is held in memory as 16 bytes an arrival: 160 MB, three hours at 900/s.
pub const MOST_ARRIVALS: usize = 10_000_000;
/// The rate of bursts changes no faster than this on average.
pub(super) const SHORTEST_BURST: Duration = Duration::from_millis(10);
/// Least share of a herd that comes within the phase by its own law.
const LEAST_OF_HERD: f64 = 0.5;
/// The mix is dealt in hands of its parts; a larger hand would not be spread over a second.
pub(super) const LARGEST_MIX: u64 = 10_000;

impl LoadPlan {
    /// Says why the plan cannot be kept, if so.
    pub fn check(&self) -> Result<(), PlanError> {
        self.check_phases()?;
        for (place, phase) in self.phases.iter().enumerate() {
            self.terms(place).check(&phase.name, matches!(phase.course, Course::Trace(_)))?;
        }
        if self.timeout < Duration::from_millis(1) || self.timeout > Duration::from_mins(10) {
            return Err(PlanError::Timeout(self.timeout));
        }
        let needed = self.users_needed();
        if self.users < needed.max(1) {
            let (rate, timeout, users) = (self.highest_rate(), self.timeout, self.users);
            return Err(PlanError::Users { rate, timeout, needed: needed.max(1), users });
        }
        let traced = self.devices_traced();
        if let Some(devices) = self.devices.filter(|devices| *devices < traced) {
            return Err(PlanError::TraceDevices { devices, traced });
        }
        let needed = Needs::most(self).devices();
        match self.devices {
            Some(devices) if devices < needed => Err(PlanError::Devices {
                devices,
                needed,
                rate: Needs::most(self).assertions(),
                timeout: self.timeout,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// Says which phase is left without a lie by a target to which only some mean anything, if any.
    pub(in super::super) fn check_lies(&self, meaningful: &[Lie]) -> Result<(), PlanError> {
        for (place, phase) in self.phases.iter().enumerate() {
            let mut terms = self.terms(place);
            terms.lies = terms.lies.among(meaningful);
            terms.check(&phase.name, true)?;
        }
        Ok(())
    }

    fn check_phases(&self) -> Result<(), PlanError> {
        if self.phases.is_empty() {
            return Err(PlanError::NoPhase);
        }
        let mut arrivals = 0.0;
        for (index, phase) in self.phases.iter().enumerate() {
            phase.course.check(&phase.name)?;
            if self.phases[..index].iter().any(|other| other.name == phase.name) {
                return Err(PlanError::SameName(phase.name.clone()));
            }
            arrivals += phase.course.expected();
        }
        if arrivals > MOST_ARRIVALS as f64 {
            return Err(PlanError::TooMany { arrivals });
        }
        Ok(())
    }
}

impl Course {
    /// Says why no arrivals can be made of it, if so.
    fn check(&self, name: &str) -> Result<(), PlanError> {
        let name = || name.to_owned();
        let zero = |rate: f64| PlanError::ZeroLength { name: name(), rate };
        let above_zero = |rate: f64| {
            let fine = rate.is_finite() && rate > 0.0;
            if fine { Ok(()) } else { Err(PlanError::Rate { name: name(), rate }) }
        };
        match self {
            Self::Lines(lines) => {
                for line in lines {
                    for rate in [line.from, line.to] {
                        if !rate.is_finite() || rate < 0.0 {
                            return Err(PlanError::Rate { name: name(), rate });
                        }
                    }
                }
                above_zero(self.highest_rate())?;
                match lines.iter().find(|line| line.length.is_zero()) {
                    Some(line) => Err(zero(line.from)),
                    None => Ok(()),
                }
            }
            Self::Burst(burst) => {
                above_zero(self.highest_rate())?;
                let least = burst.quiet.min(burst.busy);
                if !least.is_finite() || least < 0.0 {
                    return Err(PlanError::Rate { name: name(), rate: least });
                }
                if burst.length.is_zero() {
                    return Err(zero(burst.mean()));
                }
                let mean = burst.quiet_for.min(burst.busy_for);
                if mean < SHORTEST_BURST {
                    return Err(PlanError::ShortBurst { name: name(), mean });
                }
                Ok(())
            }
            Self::Herd(herd) => {
                if herd.length.is_zero() {
                    return Err(zero(herd.devices as f64));
                }
                if herd.devices == 0 || herd.p50.is_zero() || herd.p95 <= herd.p50 {
                    return Err(PlanError::Herd {
                        name: name(),
                        devices: herd.devices,
                        p50: herd.p50,
                        p95: herd.p95,
                    });
                }
                let share = herd.within();
                if share < LEAST_OF_HERD {
                    return Err(PlanError::ShortHerd { name: name(), length: herd.length, share });
                }
                Ok(())
            }
            Self::Trace(trace) => {
                if trace.rows.is_empty() {
                    return Err(PlanError::EmptyTrace { name: name() });
                }
                above_zero(trace.speed)
            }
        }
    }
}

impl Terms {
    /// Says why nothing can be done by them, if so. The mix of a trace is whatever it is.
    fn check(&self, name: &str, is_trace: bool) -> Result<(), PlanError> {
        let Mix { attest, assert, challenge } = self.mix;
        let parts = u64::from(attest) + u64::from(assert);
        let total = parts + u64::from(challenge);
        if !is_trace && !(1..=LARGEST_MIX).contains(&total) {
            return Err(PlanError::Mix { attest, assert, challenge, total });
        }
        let possible = parts as f64 / total.max(1) as f64;
        if !(0.0..=possible).contains(&self.dishonest) {
            return Err(PlanError::Dishonest { wanted: self.dishonest, possible, parts, total });
        }
        if !self.flood.is_finite() || self.flood < 0.0 {
            return Err(PlanError::Flood { name: name.to_owned(), times: self.flood });
        }
        let told = self.lies.0.iter().any(|(_, weight)| *weight > 0);
        if (self.dishonest > 0.0 || self.flood > 0.0) && !told {
            return Err(PlanError::NoLie { name: name.to_owned() });
        }
        Ok(())
    }
}
