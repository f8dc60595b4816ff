//! What a server claims to enforce; expectations follow it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

/// What a server claims to enforce. What is not declared is `None`: cases that need it do not apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DeclaredPolicy {
    /// How long a challenge lives.
    pub challenge_ttl: Option<Duration>,
    /// Whether a failed attempt uses its challenge up.
    pub challenge_spent_by_failure: Option<bool>,
    /// What the validation category must be.
    pub validation_category: Option<Declared<u32>>,
    /// What the bundle version must be.
    pub bundle_version: Option<Declared<String>>,
    /// What is demanded of the receipt in an attestation.
    pub receipt: Option<ReceiptDemand>,
}

/// What is demanded of a value that devices before OS 27 do not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared<T> {
    /// Nothing.
    Ignore,
    /// One of these, if it is there.
    AllowMissing(Vec<T>),
    /// One of these, and it must be there.
    Require(Vec<T>),
}

/// What is demanded of the receipt in an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReceiptDemand {
    /// Nothing.
    Ignore,
    /// It is there and verified.
    Require,
}

impl DeclaredPolicy {
    /// What is declared, as `name: value`, for the record.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let declared = [
            ("challenge_ttl", self.challenge_ttl.map(|ttl| format!("{ttl:?}"))),
            (
                "challenge_spent_by_failure",
                self.challenge_spent_by_failure.map(|spent| spent.to_string()),
            ),
            ("validation_category", self.validation_category.as_ref().map(Declared::words)),
            ("bundle_version", self.bundle_version.as_ref().map(Declared::words)),
            ("receipt", self.receipt.map(|demand| demand.as_str().to_owned())),
        ];
        declared.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }
}

impl<T: Display> Declared<T> {
    /// `ignore`, `require 2, 4` or `allow-missing 2, 4`.
    fn words(&self) -> String {
        let list = |values: &[T]| values.iter().map(T::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Self::Ignore => "ignore".to_owned(),
            Self::AllowMissing(values) => format!("allow-missing {}", list(values)),
            Self::Require(values) => format!("require {}", list(values)),
        }
    }
}

impl ReceiptDemand {
    /// `ignore` or `require`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Require => "require",
        }
    }
}
