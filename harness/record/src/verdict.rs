//! A verdict: what comparing a decision with an expectation gives.

use serde::{Deserialize, Serialize};

/// The verdict on one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "kebab-case")]
pub enum Verdict {
    /// The decision was the expected one, and the evidence for it holds.
    Pass,
    /// The case does not apply to this target: a capability or a declared policy is missing.
    NotApplicable {
        /// What is missing, in one sentence.
        why: String,
    },
    /// Nothing can be said: the honest twin was refused, or the target could not be reached.
    Inconclusive {
        /// What stood in the way.
        why: String,
    },
    /// The decision was wrong.
    Fail {
        /// In which way.
        failure: Failure,
        /// What was observed against what was expected, in one sentence.
        why: String,
    },
}

/// In which way a decision was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// A forged, replayed or foreign object was accepted.
    FalseAccept,
    /// A genuine object was refused.
    FalseReject,
    /// Accepted, but with a wrong key, counter or environment.
    WrongOutput,
    /// Of requests sent together more than one was accepted, where only one may be.
    Race,
    /// Refused, but for another reason than the one there is.
    WrongReason,
    /// Played again with other keys it came out otherwise.
    Unstable,
    /// The target said that it failed (5xx), which is no decision.
    Error,
    /// The connection was closed without an answer.
    Crash,
    /// No answer in time.
    Timeout,
    /// An answer that no rule of the target file could read.
    Unreadable,
}

impl Failure {
    /// All of them, the gravest first.
    pub const ALL: [Self; 10] = [
        Self::FalseAccept,
        Self::FalseReject,
        Self::WrongOutput,
        Self::Race,
        Self::WrongReason,
        Self::Unstable,
        Self::Error,
        Self::Crash,
        Self::Timeout,
        Self::Unreadable,
    ];

    /// The name, as it is written in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FalseAccept => "false-accept",
            Self::FalseReject => "false-reject",
            Self::WrongOutput => "wrong-output",
            Self::Race => "race",
            Self::WrongReason => "wrong-reason",
            Self::Unstable => "unstable",
            Self::Error => "error",
            Self::Crash => "crash",
            Self::Timeout => "timeout",
            Self::Unreadable => "unreadable",
        }
    }
}

impl Failure {
    /// The failure of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.as_str() == name)
    }
}

impl Verdict {
    /// `pass`, `not-applicable`, `inconclusive` or `fail`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::NotApplicable { .. } => "not-applicable",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Fail { .. } => "fail",
        }
    }

    /// The sentence that goes with it; empty for a pass.
    pub fn why(&self) -> &str {
        match self {
            Self::Pass => "",
            Self::NotApplicable { why } | Self::Inconclusive { why } | Self::Fail { why, .. } => {
                why
            }
        }
    }
}
