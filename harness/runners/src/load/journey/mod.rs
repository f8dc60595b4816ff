//! Journeys: devices that wake, want something, and try until they have it.
//!
//! [`JourneyPlan`] is what a profile says. `Life` is the pure state machine of all devices and of
//! Apple's side; [`simulate()`] plays it against a modelled server, [`run()`] against a real one.
//! Devices wake open loop; what a device does then follows from the answers it gets, and is put
//! on an agenda: after Apple's latency, a pause for thought, a back-off. Response time counts from
//! the instant on the agenda.

mod agenda;
mod apple;
mod assumptions;
mod books;
mod check;
mod clock;
mod config;
mod deed;
mod dice;
mod field;
mod held;
mod ledger;
mod life;
mod make;
mod outbox;
mod owed;
mod phases;
mod retry;
mod run;
mod simulate;
mod steps;
mod store;
mod storm;
mod turn;
mod units;
mod watch;

pub use super::keyring::key_bytes;
pub use check::JourneyPlanError;
pub use config::{
    ApplePlan, FleetPlan, JourneyPlan, Journeys, ModelPlan, Outage, PolicyName, RetryPlan, Waking,
};
pub use run::{JourneyRun, fits_journeys, run};
pub use simulate::simulate;
pub use store::{BYTES_PER_DEVICE, State};
pub use storm::{Aftermath, Storm};
pub use units::{Lasting, Rate, Share};
