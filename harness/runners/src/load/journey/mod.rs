//! Journeys: devices that wake, want something, and try until they have it.
//!
//! [`JourneyPlan`] is what a profile says of them.

mod check;
mod config;
mod units;

pub use check::JourneyPlanError;
pub use config::{
    ApplePlan, FleetPlan, JourneyPlan, Journeys, ModelPlan, Outage, PolicyName, RetryPlan, Waking,
};
pub use units::{Lasting, Rate, Share};
