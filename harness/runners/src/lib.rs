//! Runners drive a target and emit events: they decide nothing about how those are shown.

pub mod conformance;
pub mod conversation;
pub mod doctor;
mod entropy;
pub mod fuzz;
pub mod library;
pub mod load;
pub mod selftest;

pub use entropy::seeded_entropy;

/// Set by whoever wants a run to stop; every runner ends with what it has.
pub type StopFlag = std::sync::Arc<std::sync::atomic::AtomicBool>;
