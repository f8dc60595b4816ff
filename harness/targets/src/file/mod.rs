//! The target file: how a server under test is spoken to, and how its answers are read.
//!
//! [`TargetFile`] is the plain data; [`TargetFile::parse`] reads it from TOML and points at the
//! line and column of whatever is wrong with it.

mod adapter;
mod answer;
mod error;
mod judge;
mod model;
mod pacing;
mod policy;
mod reader;
mod reasons;
mod sections;
mod session;
mod step;
mod trust;

pub use adapter::{Adapter, Spoken};
pub use answer::{AnswerRule, Judged, Pattern, Reason, Source, SourceKind, StatusRange};
pub use error::TargetFileError;
pub(crate) use error::suggestion;
pub use model::{
    Body, Challenge, ClientDataTemplate, Conventions, Headers, HttpVersion, Part, RequestTemplate,
    Step, TargetFile,
};
pub use pacing::{NodeSelect, OnThrottle, Pacing, Restart, WaitFor};
pub use policy::{Declared, DeclaredPolicy, ReceiptDemand};
pub use reasons::{ReasonMode, Reasons};
pub use session::{CookiePolicy, Login, SessionRules};
pub use trust::Trust;

#[cfg(test)]
mod tests;
