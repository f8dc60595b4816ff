//! What became of a case that was played.

use catalogue::{ClientDataError, Expectation, SheetError, Truth};
use jiff::Timestamp;
use targets::secrets::Secrets;
use targets::{Decision, DialectError, Exchange, Facts, WireRequest};

/// A request that was sent, and what became of it.
#[derive(Debug, Clone)]
pub struct Turn {
    /// What was sent, as in "attest (step 2)".
    pub what: String,
    /// What the case expects of it.
    pub expectation: Expectation,
    /// What became of it.
    pub exchange: Exchange,
    /// What went out, if the stage keeps it.
    pub kept: Option<Box<Kept>>,
    /// What is true of it, if it is honest about itself.
    pub truth: Option<Truth>,
    /// What of an answer is not as it must be, though it was one.
    pub broken: Option<String>,
}

/// What went out, for the evidence of a failure.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The request as it was sent.
    pub request: WireRequest,
    /// The values in it.
    pub facts: Facts,
    /// Values and request of the honest twin: same device, challenge and time, but no lie. None if
    /// the step tells none.
    pub honest: Option<(Facts, WireRequest)>,
    /// What of it must not be shown.
    pub secrets: Secrets,
    /// What a server must know to examine it, of a request that was made for a challenge.
    pub made: Option<Made>,
}

/// For what a request was made, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// The challenge that the server issued.
    pub issued: String,
    /// The challenge that the request uses.
    pub used: String,
    /// The client data hash that the server computes from that, for an attestation.
    pub hash: Option<Vec<u8>>,
    /// When it was made, by the clock of the devices.
    pub at: Timestamp,
}

/// A case that was played as far as it went.
#[derive(Debug, Clone, Default)]
pub struct Played {
    /// The requests before the last one, up to the first that met what it should not.
    pub before: Vec<Turn>,
    /// What is judged, if it came to that: the last request, or those sent together.
    pub last: Vec<Turn>,
}

/// Why a case could not be played. The target had no part in it.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A request could not be written.
    #[error(transparent)]
    Dialect(#[from] DialectError),
    /// The client data could not be edited.
    #[error(transparent)]
    ClientData(#[from] ClientDataError),
    /// What lies around the values of the request could not be edited.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The request would be none that HTTP can carry.
    #[error("the edited request is none: {0}")]
    NoRequest(String),
}

impl Turn {
    pub(crate) fn is_as_expected(&self) -> bool {
        match self.expectation {
            Expectation::Accept => matches!(self.exchange.decision, Decision::Accepted { .. }),
            Expectation::Reject => matches!(self.exchange.decision, Decision::Rejected { .. }),
            Expectation::Either | Expectation::One => true,
        }
    }
}

impl Played {
    /// The exchange that decides: the judged one, or the one that ended the case before.
    pub fn deciding(&self) -> Option<&Turn> {
        self.last.first().or(self.before.last())
    }
}
