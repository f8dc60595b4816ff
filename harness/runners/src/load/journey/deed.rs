//! What devices want of a server, and what it may answer.

use super::owed::Age;
use protocol::relying_party::Purpose;
use std::time::Duration;
use targets::Operation;

/// A request that a device has for the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) device: u32,
    /// When it is to be sent.
    pub(crate) due: Duration,
    pub(crate) deed: Deed,
    /// Keys the device had before the one it uses.
    pub(crate) key: u16,
    /// The counter of an assertion.
    pub(crate) counter: u32,
}

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Asks for a challenge to attest with.
    AskToAttest,
    /// An attestation; `again` if one with the same challenge was sent before and its fate is
    /// unknown.
    Enrol {
        /// Whether it was sent before.
        again: bool,
    },
    /// Asks for a challenge to assert with.
    AskToAssert,
    /// A protected request.
    Assert {
        /// Whether it waited on purpose until its challenge was too old.
        stale: bool,
    },
    /// The protected request that was accepted last, sent again.
    SendAgain,
}

/// What the server made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It accepted.
    Accepted,
    /// It refused.
    Refused {
        /// HTTP status.
        status: u16,
    },
    /// It turned the request away for overload.
    TurnedAway {
        /// HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        retry_after: Option<Duration>,
    },
    /// It said that it failed.
    Failed {
        /// HTTP status.
        status: u16,
    },
    /// There was none.
    Nothing,
    /// The generator did not send the request.
    NotSent,
}

impl Deed {
    /// Whether it uses a challenge; otherwise it asks for one.
    pub(super) fn uses_challenge(self) -> bool {
        match self {
            Self::Enrol { .. } | Self::Assert { .. } | Self::SendAgain => true,
            Self::AskToAttest | Self::AskToAssert => false,
        }
    }

    /// What its challenge is for.
    pub(super) fn purpose(self) -> Purpose {
        match self {
            Self::AskToAttest | Self::Enrol { .. } => Purpose::Attest,
            Self::AskToAssert | Self::Assert { .. } | Self::SendAgain => Purpose::Assert,
        }
    }

    /// The step of the target file that does it.
    pub(super) fn operation(self) -> Operation {
        match self {
            Self::AskToAttest | Self::AskToAssert => Operation::Challenge,
            Self::Enrol { .. } => Operation::Attest,
            Self::Assert { .. } | Self::SendAgain => Operation::Assert,
        }
    }

    /// Whether it is a probe, not what an honest device would do.
    pub(super) fn is_dishonest(self) -> bool {
        match self {
            Self::SendAgain | Self::Assert { stale: true } => true,
            Self::AskToAttest
            | Self::AskToAssert
            | Self::Enrol { .. }
            | Self::Assert { stale: false } => false,
        }
    }
}

impl Request {
    /// In words that finish "sent …".
    pub(super) fn words(&self, age: Option<Age>, account: &str) -> String {
        let what = match self.deed {
            Deed::AskToAttest | Deed::AskToAssert => "a request for a challenge",
            Deed::Enrol { again: false } => "an honest attestation",
            Deed::Enrol { again: true } => "an honest attestation again that was not answered",
            Deed::Assert { stale: false } => "an honest assertion",
            Deed::Assert { stale: true } => "an assertion with an expired challenge",
            Deed::SendAgain => "an accepted request a second time",
        };
        let counter = match self.deed {
            Deed::Assert { .. } | Deed::SendAgain => format!("counter {}, ", self.counter),
            Deed::AskToAttest | Deed::AskToAssert | Deed::Enrol { .. } => String::new(),
        };
        let age = age.map_or_else(String::new, |age| {
            format!(", challenge {:.1} s old", age.least.as_secs_f64())
        });
        format!("{what} ({counter}device {}, account {account}{age})", self.device)
    }
}
