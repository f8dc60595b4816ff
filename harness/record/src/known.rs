//! Failures that were known before the run, and what became of them.

use crate::Failure;
use serde::{Deserialize, Serialize};

/// The known failures a run was held against. Stands after the cases; the last one in a record counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownFailures {
    /// The file they were read from.
    pub file: String,
    /// The day by which entries expire, `YYYY-MM-DD`.
    pub today: String,
    /// Entries for this target, in the order of the file.
    pub entries: Vec<KnownEntry>,
}

/// One entry of a file of known failures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownEntry {
    /// The case's id, or a pattern in which `*` stands for any text.
    pub case: String,
    /// The way in which it must fail; `None` where both outcomes are tolerated (`[[flaky]]`).
    pub kind: Option<Failure>,
    /// Who answers for it.
    pub owner: String,
    /// Why it fails.
    pub reason: String,
    /// Where it is being dealt with.
    pub issue: Option<String>,
    /// The last day on which it excuses anything, `YYYY-MM-DD`.
    pub expires: String,
    /// Its line in the file.
    pub line: usize,
    /// The cases it is about, of those that were played.
    pub cases: Vec<KnownCase>,
}

/// A case that an entry is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCase {
    /// Its id.
    pub id: String,
    /// What the entry does for it.
    pub standing: KnownStanding,
    /// How many of the times it was played it failed.
    pub failed: u32,
    /// How many times it was played and decided.
    pub of: u32,
}

/// What an entry does for a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownStanding {
    /// It fails in the way that is known: excused.
    Excused,
    /// It may pass or fail until then, and did one of them.
    Tolerated,
    /// It fails in the way that was known, but the entry has expired.
    Expired,
    /// It fails in another way, which nobody excuses.
    OtherWay,
    /// It passes: the entry hides nothing any more.
    Stale,
    /// It could not be decided.
    Undecided,
}

impl KnownStanding {
    /// The word, as records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Excused => "excused",
            Self::Tolerated => "tolerated",
            Self::Expired => "expired",
            Self::OtherWay => "other-way",
            Self::Stale => "stale",
            Self::Undecided => "undecided",
        }
    }
}
