use super::Rule;
use crate::flaw::Flaws;
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

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.rule, self.detail)
    }
}

impl Outcome {
    /// Held if the claim is true; the detail is only written if it is not.
    pub(super) fn holds(claim: bool, detail: impl FnOnce() -> String) -> Self {
        if claim { Self::Held } else { Self::Broken(detail()) }
    }

    /// Whether two byte strings are equal; names for both sides.
    pub(super) fn equal(what: &str, found: &[u8], other: &str, expected: &[u8]) -> Self {
        Self::holds(found == expected, || {
            format!("{what} is {}, {other} is {}", short_hex(found), short_hex(expected))
        })
    }

    /// Whether something could be read.
    pub(super) fn readable<T>(read: &Result<T, Malformed>) -> Self {
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
pub(super) type Check<F> = fn(&F) -> Outcome;

/// Runs the checks in order until one that is not left out is broken.
pub(super) fn first_broken<F>(
    checks: &[(Rule, Check<F>)],
    facts: &F,
    flaws: &Flaws,
) -> Result<(), Rejection> {
    for (rule, check) in checks {
        if flaws.drops(*rule) {
            continue;
        }
        if let Outcome::Broken(detail) = check(facts) {
            return Err(Rejection { rule: *rule, detail });
        }
    }
    Ok(())
}

/// Runs all checks.
pub(super) fn collect<F>(checks: &[(Rule, Check<F>)], facts: &F) -> Vec<Finding> {
    checks.iter().map(|(rule, check)| Finding { rule: *rule, outcome: check(facts) }).collect()
}

/// The first bytes in hex, and how many there are if that is not all.
pub(super) fn short_hex(bytes: &[u8]) -> String {
    const SHOWN: usize = 8;
    match bytes.len() {
        0 => "empty".to_owned(),
        length if length <= SHOWN => hex::encode(bytes),
        length => format!("{}… ({length} bytes)", hex::encode(&bytes[..SHOWN])),
    }
}
