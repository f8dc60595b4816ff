//! Tests of the program as it is used.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod adapter;
mod calibrated;
mod compared;
mod constant;
mod context;
mod doctor;
mod errors;
mod explain;
mod foreign;
mod fuzz;
mod gate;
mod github;
mod init;
mod journeys;
mod judged;
mod killed;
mod known;
mod listed;
mod profiles;
mod replay;
mod reports;
mod runs;
#[cfg(target_os = "linux")]
mod stopped;
mod tidy;
mod trust;
mod verify;
