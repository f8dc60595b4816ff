//! The one door to a server under test, and the reference server behind it.

pub mod decision;

pub use decision::{Decision, Exchange};
