//! The gate that a run was held against, and what it found.

use crate::Failure;
use serde::{Deserialize, Serialize};

/// A gate and what it found. Stands after the cases and what was known; the last one in a record
/// counts. It holds what it demanded, so that it can be held against other verdicts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateHeld {
    /// The file it was read from; none if the command line says it all.
    pub file: Option<String>,
    /// What it demands.
    pub demands: Demands,
    /// The earlier run whose failures it bears, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// What it found: empty if it holds.
    pub breaches: Vec<Breach>,
    /// Cases that are wrong and break nothing, in the order played.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub borne: Vec<Borne>,
}

/// What a gate demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Demands {
    /// A failing case breaks it from this level on: must, should, may or info.
    pub level: String,
    /// And from this severity on: critical, high, medium or low.
    pub severity: String,
    /// The fewest cases that must be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_cases: Option<u64>,
    /// The most cases that may not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_not_applicable: Option<u64>,
    /// Clauses of which a case must be decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<String>,
}

/// An earlier run, as far as a gate needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// Where its record was.
    pub record: String,
    /// Wall-clock start, RFC 3339 in UTC.
    pub started: String,
    /// The name of its target.
    pub target: String,
    /// Cases that failed in it, and how.
    pub failures: Vec<BaselineFailure>,
    /// Cases that could not be decided in it.
    pub undecided: Vec<String>,
}

/// A case that failed in an earlier run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaselineFailure {
    /// Its id.
    pub case: String,
    /// In which way it failed.
    pub failure: Failure,
}

/// Something that a gate does not let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breach {
    /// Of which kind.
    pub kind: BreachKind,
    /// The case it is about, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What was found against what is demanded, in one sentence.
    pub what: String,
    /// What to do about it, in one sentence.
    pub mend: String,
}

/// What kind of thing a gate does not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BreachKind {
    /// A case fails.
    Failure,
    /// Fewer cases were decided than it demands.
    TooFewCases,
    /// More cases do not apply than it bears.
    TooManyNotApplicable,
    /// No case of a clause it demands was decided.
    ClauseUntested,
    /// Cases could not be decided.
    Undecided,
}

/// A case that is wrong and breaks nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Borne {
    /// Its id.
    pub case: String,
    /// In which way it fails; none if it could not be decided.
    pub failure: Option<Failure>,
    /// Why it breaks nothing.
    pub because: Because,
}

/// Why a case that is wrong breaks no gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// It was just as wrong in the baseline.
    Baseline,
    /// It is listed as a known failure.
    Known,
    /// Its level or severity is below what the gate looks at.
    Below,
}

impl BreachKind {
    /// The word, as records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::TooFewCases => "too-few-cases",
            Self::TooManyNotApplicable => "too-many-not-applicable",
            Self::ClauseUntested => "clause-untested",
            Self::Undecided => "undecided",
        }
    }
}

impl Because {
    /// Why, in words that follow a case.
    pub fn words(self) -> &'static str {
        match self {
            Self::Baseline => "as in the baseline",
            Self::Known => "listed as known",
            Self::Below => "below what the gate looks at",
        }
    }
}
