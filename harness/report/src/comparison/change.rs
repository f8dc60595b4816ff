//! What can happen to a case from one run to the next.

use super::Item;
use record::Verdict;
use serde::Serialize;

/// What happened to a case, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It fails and did not.
    NewFailure,
    /// It fails in another way than it did.
    OtherFailure,
    /// It cannot be decided any more.
    Undecided,
    /// It does not apply any more.
    NotApplicable,
    /// It fails as it did.
    StillFailing,
    /// It holds as it did, but the server gives another reason.
    OtherReason,
    /// It failed and holds.
    Fixed,
    /// It was not decided and holds.
    NowDecided,
    /// Only the later run has it; it does not fail.
    NewCase,
    /// Only the earlier run has it.
    GoneCase,
}

impl Change {
    /// All of them, the gravest first.
    pub const ALL: [Self; 10] = [
        Self::NewFailure,
        Self::OtherFailure,
        Self::Undecided,
        Self::NotApplicable,
        Self::StillFailing,
        Self::OtherReason,
        Self::Fixed,
        Self::NowDecided,
        Self::NewCase,
        Self::GoneCase,
    ];

    /// The heading of a group.
    pub fn words(self) -> &'static str {
        match self {
            Self::NewFailure => "new failures",
            Self::OtherFailure => "fail in another way",
            Self::Undecided => "no longer decided",
            Self::NotApplicable => "no longer applicable",
            Self::StillFailing => "still fail",
            Self::OtherReason => "hold for another reason",
            Self::Fixed => "fixed",
            Self::NowDecided => "decided now",
            Self::NewCase => "new cases",
            Self::GoneCase => "not played any more",
        }
    }

    /// What happened between the two, if anything did.
    pub(super) fn between(before: Option<&Item>, after: Option<&Item>) -> Option<Self> {
        use Verdict::{Fail, Inconclusive, NotApplicable, Pass};
        let (before, after) = match (before, after) {
            (None, None) => return None,
            (Some(_), None) => return Some(Self::GoneCase),
            (None, Some(new)) if new.outcome.fails() => return Some(Self::NewFailure),
            (None, Some(_)) => return Some(Self::NewCase),
            (Some(before), Some(after)) => (&before.outcome, &after.outcome),
        };
        match (&before.verdict, &after.verdict) {
            (Fail { failure: old, .. }, Fail { failure: new, .. }) if old != new => {
                Some(Self::OtherFailure)
            }
            (Fail { .. }, Fail { .. }) => Some(Self::StillFailing),
            (Pass | NotApplicable { .. } | Inconclusive { .. }, Fail { .. }) => {
                Some(Self::NewFailure)
            }
            (Fail { .. }, Pass) => Some(Self::Fixed),
            (Pass, Pass) => (before.reason != after.reason).then_some(Change::OtherReason),
            (NotApplicable { .. } | Inconclusive { .. }, Pass) => Some(Self::NowDecided),
            (Inconclusive { .. }, Inconclusive { .. })
            | (NotApplicable { .. }, NotApplicable { .. }) => None,
            (Pass | Fail { .. } | NotApplicable { .. }, Inconclusive { .. }) => {
                Some(Self::Undecided)
            }
            (Pass | Fail { .. } | Inconclusive { .. }, NotApplicable { .. }) => {
                Some(Self::NotApplicable)
            }
        }
    }
}
