//! Profiles: loads as TOML files, and those that come with Assay.
//!
//! A [`Profile`] is either a [`LoadPlan`] in phases or a [`JourneyPlan`]; [`Changes`] are what the
//! command line makes of it. `PROFILES.md` describes the format.

pub mod builtin;
mod change;
mod error;
mod kind;
mod raw;
mod read;
pub mod schema;
pub mod slo;
mod trace;

pub use change::{ChangeError, Changes};
pub use error::ProfileError;
pub use kind::Kind;
pub use read::ProfileFault;
pub use trace::TraceError;

use super::journey::JourneyPlan;
use super::plan::LoadPlan;
use std::time::Duration;

/// A load as a file describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Its name in reports.
    pub name: String,
    /// What it asks, in one sentence.
    pub about: String,
    /// The text of its seed, if it has one of its own.
    pub seed: Option<String>,
    /// What is promised of it, if anything.
    pub slo: Option<slo::ServiceLevel>,
    /// What is done.
    pub load: Load,
}

impl Profile {
    /// Names of the phases whose figures do not count.
    pub fn unmeasured(&self) -> Vec<String> {
        match &self.load {
            Load::Operations(operations) => {
                let phases = operations.plan.phases.iter();
                let aside = phases.filter(|phase| phase.own.unmeasured);
                aside.map(|phase| phase.name.clone()).collect()
            }
            Load::Journeys(_) => Vec::new(),
        }
    }
}

/// What a profile does.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// Operations arrive by themselves.
    Operations(Operations),
    /// Devices wake, and what they do then follows from the answers.
    Journeys(Box<JourneyLoad>),
}

/// Operations that arrive by themselves, in phases.
#[derive(Debug, Clone, PartialEq)]
pub struct Operations {
    /// The plan.
    pub plan: LoadPlan,
    /// What each phase of the plan comes from.
    pub kinds: Vec<Kind>,
    /// Whether the users follow from the rates.
    pub users_by_default: bool,
}

/// Devices that wake.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyLoad {
    /// What devices, Apple and the app do.
    pub plan: JourneyPlan,
    /// Users that wait for requests, if the profile says how many.
    pub users: Option<usize>,
    /// Time from sending a request after which its answer counts as none.
    pub timeout: Duration,
}

#[cfg(test)]
mod tests;
