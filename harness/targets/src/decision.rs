//! What a server under test decided: a fact, judged nowhere in this crate.

use std::collections::BTreeMap;
use std::time::Duration;

/// What a server answered to one request, read by its target file's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It said yes.
    Accepted {
        /// What it reported along with it (`counter`, `public_key`, …), as text.
        outputs: BTreeMap<String, String>,
    },
    /// It said no.
    Rejected {
        /// In its own words or code, if it gave any.
        reason: Option<String>,
    },
    /// It said that it failed (5xx): no decision.
    Failed,
    /// It asked to come back later (429, 503): no decision.
    Throttled {
        /// Its `Retry-After`, if it gave one.
        retry_after: Option<Duration>,
    },
    /// An answer came, but no rule reads it; or it is too large, endless or malformed.
    Unreadable {
        /// What was wrong with it.
        why: String,
    },
    /// The connection was closed or reset before an answer was complete.
    Closed {
        /// What the client library said.
        why: String,
    },
    /// No complete answer in time.
    TimedOut,
    /// No connection could be made.
    Unreachable {
        /// What was tried and what the system said.
        why: String,
    },
}

impl Decision {
    /// The word records use: accept, reject, error, throttled, unreadable, crash, timeout, unreachable.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accept",
            Self::Rejected { .. } => "reject",
            Self::Failed => "error",
            Self::Throttled { .. } => "throttled",
            Self::Unreadable { .. } => "unreadable",
            Self::Closed { .. } => "crash",
            Self::TimedOut => "timeout",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// What the server decided.
    pub decision: Decision,
    /// HTTP status, if an answer began.
    pub status: Option<u16>,
    /// From the start of the request to the end of the answer.
    pub elapsed: Duration,
    /// The beginning of the answer, printable, secrets masked.
    pub excerpt: String,
    /// What it lets caches do: its `Cache-Control` and `Expires`, as one text.
    pub caching: String,
    /// What else it shows, for whoever looks into how the target file reads it.
    pub noted: Noted,
}

/// What an answer shows besides its decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Noted {
    /// What of the target file read it; nothing if no rule did, or no answer came.
    pub read_by: Option<ReadBy>,
    /// Its `Date`.
    pub date: Option<String>,
}

/// What of a target file read an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadBy {
    /// The `ok` of the step.
    Ok,
    /// The rule at this place of `judge.rules`, counted from 0.
    Rule(usize),
}
