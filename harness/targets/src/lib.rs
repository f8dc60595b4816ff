//! The one door to a server under test, and the reference server behind it.
//!
//! A [`TargetFile`] tells how a server is spoken to, a [`Dialect`] is that put to work without
//! input or output, and a [`Target`] sends what the dialect writes. What comes back is a
//! [`Decision`]: a fact, judged elsewhere.

pub mod adapter;
pub mod decision;
pub mod dialect;
pub mod encoding;
pub mod facts;
pub mod file;
pub mod http;
pub mod in_process;
pub mod lock;
mod pace;
pub mod propose;
mod restart;
pub mod schema;
pub mod secrets;
pub mod serve;
pub mod session;
pub mod target;
mod template;

pub use adapter::AdapterTarget;
pub use decision::{Decision, Exchange, Noted, ReadBy};
pub use dialect::{Answer, Dialect, DialectError, WireRequest};
pub use facts::{CHALLENGE_TEXT, Facts, Field, Operation, Saved};
pub use file::{TargetFile, TargetFileError};
pub use http::HttpTarget;
pub use in_process::InProcess;
pub use session::Session;
pub use target::{Joined, Joint, Target};
