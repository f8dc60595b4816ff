//! Load: requests at their instants, whatever the target does, each answer checked.
//!
//! A [`LoadPlan`] is laid out as a [`schedule()`] by a pure function. The [`pacer`] lets each
//! arrival go at its instant; a free user ([`attack`], on goose) sends the request that the mint
//! made ready ahead, reads the answer, and the [`oracle`] judges it. [`windows`] fold what came of
//! it into seconds, [`generator`] what the generator did meanwhile, [`validity`] says whether the
//! figures mean anything, and [`run()`] holds it all together.
//!
//! Response time counts from the intended instant, service time from the send, lag between the
//! two. A slow target shows in the first two; a slow generator in the last.

pub mod attack;
mod audit;
pub mod calibrate;
pub mod course;
mod deeds;
mod desk;
pub mod envoy;
mod fleet;
pub mod generator;
mod incident;
pub mod journey;
mod keyring;
mod laid;
mod larder;
mod mint;
mod muster;
mod normal;
pub mod oracle;
pub mod outlook;
pub mod pacer;
pub mod plan;
pub mod profile;
mod recruiter;
mod run;
pub mod schedule;
pub mod soak;
mod stand;
pub mod state;
mod teller;
pub mod terms;
pub mod validity;
mod watcher;
pub mod windows;
mod work;

pub use course::Course;
pub use oracle::{Class, Lie};
pub use outlook::Outlook;
pub use plan::{Arrivals, LoadPlan, Mix, PhasePlan, PlanError};
pub use run::{LoadError, LoadReport, Progress, Setting, fits, run};
pub use schedule::schedule;
pub use terms::{Lies, Own, Terms};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mutex holds, whatever became of whoever held it before.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
