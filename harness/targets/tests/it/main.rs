//! Targets against servers and adapters that are honest, strange or hostile, and files as people write them.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod adapter;
mod conversation;
mod documented;
mod hostile;
mod propose;
#[cfg(unix)]
mod restart;
mod session;
mod tls;
