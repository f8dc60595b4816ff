//! Load: requests at their instants, whatever the target does, each answer checked.
//!
//! A [`LoadPlan`] is laid out as a [`schedule()`] by a pure function. The [`pacer`] lets each
//! arrival go at its instant; a free user ([`attack`], on goose) sends the request that the mint
//! made ready ahead, reads the answer, and the [`oracle`] judges it. [`windows`] fold what came of
//! it into seconds, [`validity`] says whether the figures mean anything, and [`run()`] holds it
//! all together.
//!
//! Response time counts from the intended instant, service time from the send, lag between the
//! two. A slow target shows in the first two; a slow generator in the last.

pub mod attack;
mod fleet;
mod incident;
pub mod journey;
mod larder;
mod mint;
pub mod muster;
pub mod oracle;
pub mod pacer;
pub mod plan;
mod recruiter;
mod run;
pub mod schedule;
pub mod validity;
mod watcher;
pub mod windows;
mod work;

pub use oracle::{Class, Lie};
pub use plan::{Arrivals, LoadPlan, Mix, PhasePlan, PlanError};
pub use run::{LoadError, LoadReport, Progress, Setting, fits, run};
pub use schedule::schedule;
