use super::Rule;
use crate::flaw::{Flawed, Flaws};
use crate::wire::Malformed;

/// What a check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The rule holds.
    Held,
    /// The rule is broken; why, in words, with what was compared.
    Broken(String),
    /// Nothing can be said, because something it needs could not be read or was not given.
    NotReached(&'static str),
}

/// One rule and what its check says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What its check says.
    pub outcome: Outcome,
}

/// The first rule that is broken: a finding about the object, not an error of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The rule.
    pub rule: Rule,
    /// Why, in words, with what was compared.
    pub detail: String,
}

/// Why something was not verified.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// It breaks a rule.
    #[error("{0}")]
    Broken(Rejection),
    /// The verifier broke down: the fragile flaw of that id is planted in it.
    #[error("the planted flaw {0} broke the server")]
    Failed(&'static str),
}

impl Unverified {
    /// The rule that is broken, if one is.
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Broken(rejection) => Some(rejection.rule),
            Self::Failed(_) => None,
        }
    }
}

impl From<Rejection> for Unverified {
    fn from(rejection: Rejection) -> Self {
        Self::Broken(rejection)
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

impl Outcome {
    /// Held if the claim is true; the detail is only written if it is not.
    pub(crate) fn holds(claim: bool, detail: impl FnOnce() -> String) -> Self {
        if claim { Self::Held } else { Self::Broken(detail()) }
    }

    /// Whether two byte strings are equal; names for both sides.
    pub(crate) fn equal(what: &str, found: &[u8], other: &str, expected: &[u8]) -> Self {
        Self::holds(found == expected, || {
            format!("{what} is {}, {other} is {}", short_hex(found), short_hex(expected))
        })
    }

    /// Whether something could be read.
    pub(crate) fn readable<T>(read: &Result<T, Malformed>) -> Self {
        match read {
            Ok(_) => Self::Held,
            Err(malformed) => Self::Broken(malformed.to_string()),
        }
    }
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Held,
            Err(detail) => Self::Broken(detail),
        }
    }
}

/// Looks at the facts and judges one rule.
pub(crate) type Check<F> = fn(&F) -> Outcome;

/// Runs the checks in order until one is broken, as the flaws have it.
pub(super) fn first_broken<F: Flawed>(
    checks: &[(Rule, Check<F>)],
    facts: &F,
    flaws: &Flaws,
) -> Result<(), Unverified> {
    for (rule, check) in checks {
        let outcome = if flaws.touch(*rule) {
            flaws.outcome(*rule, *check, facts).map_err(Unverified::Failed)?
        } else {
            check(facts)
        };
        if let Outcome::Broken(detail) = outcome {
            return Err(Unverified::Broken(Rejection { rule: *rule, detail }));
        }
    }
    Ok(())
}

/// Runs all checks.
pub(super) fn collect<F>(checks: &[(Rule, Check<F>)], facts: &F) -> Vec<Finding> {
    checks.iter().map(|(rule, check)| Finding { rule: *rule, outcome: check(facts) }).collect()
}

/// The first bytes in hex, and how many there are if that is not all.
pub(crate) fn short_hex(bytes: &[u8]) -> String {
    const SHOWN: usize = 8;
    match bytes.len() {
        0 => "empty".to_owned(),
        length if length <= SHOWN => hex::encode(bytes),
        length => format!("{}… ({length} bytes)", hex::encode(&bytes[..SHOWN])),
    }
}
