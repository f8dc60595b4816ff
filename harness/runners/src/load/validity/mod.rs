//! Whether the figures say something about the target, or only about us.
//!
//! A verdict of its own: what the run recorded is held against [`checks`](Validity::checks), each
//! with what was seen, what would still be good, who is to blame and what to do. Everything here is
//! a fold of what was measured; nothing asks a clock or the system.

mod machine;
mod process;
mod punctual;

pub use machine::{Calibrated, Surroundings};

use super::generator::{Second, Strain};
use super::plan::LoadPlan;
use machine::Machine;
use process::Process;
use punctual::Phase;
use record::{CheckStanding, LoadWindow, ValidityCheck};
use std::time::Duration;

/// What the generator did, phase by phase and second by second.
#[derive(Debug)]
pub struct Validity {
    phases: Vec<(String, Phase)>,
    /// Whether a phase is measured, for each.
    measured: Vec<bool>,
    ends: Vec<Duration>,
    process: Process,
    machine: Machine,
}

/// What the generator counted besides answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallied {
    /// Requests that were not ready at their instant.
    pub not_ready: u64,
    /// The longest that the pacer was not let run when it was due.
    pub longest_stop: Duration,
    /// Connections that our own system refused: no files, no ports.
    pub out_of_sockets: u64,
}

impl Validity {
    /// Nothing measured yet.
    pub fn new(plan: &LoadPlan) -> Self {
        let phase = |name: &String| (name.clone(), Phase::default());
        let mut end = Duration::ZERO;
        let ends = plan.phases.iter().map(|phase| {
            end += phase.length();
            end
        });
        Self {
            ends: ends.collect(),
            phases: plan.phases.iter().map(|phase_plan| phase(&phase_plan.name)).collect(),
            measured: plan.phases.iter().map(|phase| !phase.own.unmeasured).collect(),
            process: Process::new(plan),
            machine: Machine::default(),
        }
    }

    /// Counts a window. Of phases that nobody measures only the books must agree.
    pub fn add(&mut self, window: &LoadWindow) {
        self.machine.served(&window.service);
        let mut phases = self.phases.iter_mut().zip(&self.measured);
        let phase = phases.find(|((name, _), _)| *name == window.phase);
        if let Some(((_, phase), true)) = phase {
            phase.add(window);
        }
    }

    /// Counts a request of a phase that was due at an instant, and sent so much later.
    pub fn sent(&mut self, phase: usize, due: Duration, lag: Duration) {
        self.process.sent(phase, due, lag);
    }

    /// Counts a second of the generator, with what the kernel told of it.
    pub fn add_second(&mut self, second: &Second, strain: &Strain) {
        let at = Duration::from_secs(second.second);
        let phase = self.ends.iter().position(|end| at < *end);
        self.machine.in_flight(second);
        // Afterwards nothing is asked of it, so how hard it works does not matter.
        if let Some(phase) = phase {
            self.machine.add(&self.phases[phase].0, strain);
        }
    }

    /// Everything that must hold, and how it came out.
    pub fn checks(&self, tallied: &Tallied, around: &Surroundings) -> Vec<ValidityCheck> {
        let mut checks = punctual::checks(&self.phases);
        let sent: u64 = self.phases.iter().map(|(_, phase)| phase.sent).sum();
        checks.push(punctual::stops(tallied.longest_stop));
        checks.push(punctual::ready(tallied.not_ready, sent));
        checks.extend(self.process.checks(|phase| &self.phases[phase].0));
        checks.extend(self.machine.checks(sent, tallied.out_of_sockets, around));
        checks
    }
}

/// Why the figures say nothing about the target, one sentence each; empty if they do.
pub fn breaches(checks: &[ValidityCheck]) -> Vec<String> {
    sentences(checks, CheckStanding::Breached)
}

/// What a reader of valid figures should still know, one sentence each.
pub fn remarks(checks: &[ValidityCheck]) -> Vec<String> {
    sentences(checks, CheckStanding::Remark)
}

fn sentences(checks: &[ValidityCheck], standing: CheckStanding) -> Vec<String> {
    let wanted = checks.iter().filter(|check| check.standing == standing);
    let sentence = |check: &ValidityCheck| {
        let ValidityCheck { check, value, limit, remedy, .. } = check;
        format!("{check}: {value} (limit: {limit}); {remedy}")
    };
    wanted.map(sentence).collect()
}

/// A check with its figures in words.
fn check(
    name: &str,
    value: impl Into<String>,
    limit: impl Into<String>,
    standing: CheckStanding,
    (blame, remedy): (&str, &str),
) -> ValidityCheck {
    ValidityCheck {
        check: name.to_owned(),
        value: value.into(),
        limit: limit.into(),
        standing,
        blame: blame.to_owned(),
        remedy: remedy.to_owned(),
    }
}

/// How a figure stands that should stay within one limit and must stay within another.
fn standing(value: f64, should: f64, must: f64) -> CheckStanding {
    if value > must {
        CheckStanding::Breached
    } else if value > should {
        CheckStanding::Remark
    } else {
        CheckStanding::Holds
    }
}

/// A share in per cent, with as many digits as it has.
fn percent(share: f64) -> String {
    let digits = if share >= 0.1 { 0 } else { 2 };
    format!("{:.digits$} %", share * 100.0)
}

/// The phase with the largest figure.
fn worst(phases: &[(String, Phase)], figure: impl Fn(&Phase) -> f64) -> Option<(&str, f64)> {
    let offered = phases.iter().filter(|(_, phase)| phase.offered > 0);
    let figures = offered.map(|(name, phase)| (name.as_str(), figure(phase)));
    figures.max_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests;
