//! The edges of decoders and verifier: round trips, mutations, and what is remembered.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

mod mutations;
mod remembering;
mod round_trips;
mod seeds;

use jiff::Timestamp;
use protocol::terms::AppId;

fn now() -> Timestamp {
    "2026-11-24T00:35:25.123456Z".parse().unwrap()
}

fn app_id() -> AppId {
    AppId::parse("ABCDE12345.com.example.assay").unwrap()
}
