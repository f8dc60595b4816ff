//! The built-in cases, proven on paper: no server, only the reference verifier and a page of notes.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod after;
mod agree;
mod alike;
mod coverage;
mod flaws;
mod ids;
mod paper;
mod register;
mod schema;
mod single_fault;
mod state;
mod vectors;
