//! What a server may have stored, followed while the load runs. Pure: no clock, no randomness.
//!
//! For each key the [`Ledger`] keeps every *world* that explains the answers so far: whether the
//! key is enrolled, and the counter stored for it. A request without an answer may have been acted
//! on, or may be yet; both stay possible until a later answer settles it. Requests of one key that
//! were under way together may have come in any order. An answer that no world explains is a
//! [`Breach`]; whatever one world explains is none.
//!
//! * `key` holds the worlds of one key, closed into 32 bytes while nothing of it is under way;
//! * `challenge` remembers which challenges were tried, and that one was accepted once;
//! * `ledger` brings both together, one answer at a time.

pub mod challenge;
pub mod key;
mod ledger;

pub use ledger::{Answer, Breach, Issued, Ledger, Request, Sincerity, Ticket};

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
