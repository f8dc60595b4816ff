//! What the generator did to its machine while it ran: CPU, threads, queues, requests in flight.
//!
//! [`reading`] makes sense of what the kernel tells, [`strip`] folds what users and pacer tell into
//! seconds; both are pure. The gauge is the strip of a run that runs. [`probe`] asks the kernel about
//! this process, [`neighbour`] about the server's if that runs here, on Linux; elsewhere nothing is
//! seen, and the checks that would need it say so. The vitals make events of it all.

mod gauge;
pub mod neighbour;
pub mod probe;
pub mod reading;
pub mod strip;
mod vitals;

pub(super) use gauge::Gauge;
pub use probe::Probe;
pub use reading::{Reading, Strain};
pub use strip::{Second, Strip};
pub(super) use vitals::Vitals;
