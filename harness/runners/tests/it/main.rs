//! Runners against servers within the test.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod attempts;
mod conformance;
mod doctor;
mod foreign;
mod fuzz;
mod journeys;
mod library;
mod load;
mod load_mutants;
mod nodes;
mod sessions;
