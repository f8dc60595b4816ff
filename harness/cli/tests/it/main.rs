//! Tests of the program as it is used.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod compared;
mod constant;
mod context;
mod errors;
mod explain;
mod gate;
mod github;
mod foreign;
mod init;
mod judged;
mod known;
mod listed;
mod replay;
mod reports;
mod runs;
mod tidy;
mod trust;
mod verify;
