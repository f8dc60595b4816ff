//! The valid exchanges that cases start from.

use crate::case::{Action, Expectation, Step};
use crate::operator::Operator;
use simulator::Generation;
use std::fmt;

/// A valid exchange: what a device of one generation does up to the request that a case edits.
///
/// Its name is that of the request and the generation, as in `assertion.ios27`. Edited by nothing
/// it is the accept twin of every case on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Base {
    /// The request that is edited and judged.
    pub kind: Kind,
    /// The shape of the device's objects.
    pub generation: Generation,
}

/// Which request a base ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A key is enrolled.
    Attestation,
    /// A key is enrolled and then signs a protected request.
    Assertion,
}

/// The name of the device and of the account of a case that names none.
pub(crate) const DEVICE: &str = "phone";
pub(crate) const ACCOUNT: &str = "alice";

impl Kind {
    /// `attestation` or `assertion`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Assertion => "assertion",
        }
    }
}

impl Base {
    /// All bases.
    pub fn all() -> impl Iterator<Item = Self> {
        [Kind::Attestation, Kind::Assertion].into_iter().flat_map(|kind| {
            Generation::ALL.into_iter().map(move |generation| Self { kind, generation })
        })
    }

    /// The base of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::all().find(|base| base.to_string() == name)
    }

    /// Its steps, with these edits of the last.
    pub(crate) fn steps(self, operators: Vec<Operator>) -> Vec<Step> {
        let step = |action, operators| Step {
            name: None,
            action,
            account: ACCOUNT.to_owned(),
            device: DEVICE.to_owned(),
            operators,
            expectation: Expectation::Accept,
            node: 0,
            kept: false,
        };
        let attest = Action::Attest { challenge: None };
        match self.kind {
            Kind::Attestation => vec![step(attest, operators)],
            Kind::Assertion => {
                vec![step(attest, Vec::new()), step(Action::Assert { challenge: None }, operators)]
            }
        }
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind.as_str(), self.generation)
    }
}
