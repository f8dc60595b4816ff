//! What two runs are compared by: cases, and the ways to be wrong under load.

use crate::Summary;
use crate::summary::{Case, Load};
use crate::text::{count, counted};
use record::Verdict;
use serde::Serialize;

/// A case, or a way to be wrong under load, in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id.
    pub id: String,
    /// What it is about.
    pub title: String,
    /// Its severity.
    pub severity: String,
    /// Its level.
    pub level: String,
    /// Whether failing it is a failure of the server.
    pub binding: bool,
    /// What the run said.
    pub outcome: Outcome,
}

/// What one run said of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Whether a failure is excused as known.
    pub known: bool,
    /// The reason the server gave.
    pub reason: Option<String>,
}

impl Item {
    /// Whether it is a failure that counts: binding, and nobody knew.
    pub(super) fn counts(&self) -> bool {
        self.binding && !self.outcome.known && self.outcome.fails()
    }
}

impl Outcome {
    /// The verdict in a word, or the way of failing.
    pub fn word(&self) -> &'static str {
        match &self.verdict {
            Verdict::Pass => "holds",
            Verdict::NotApplicable { .. } => "not applicable",
            Verdict::Inconclusive { .. } => "undecided",
            Verdict::Fail { failure, .. } => failure.as_str(),
        }
    }

    pub(super) fn fails(&self) -> bool {
        matches!(self.verdict, Verdict::Fail { .. })
    }
}

/// Everything a run can be compared by.
pub(super) fn of(summary: &Summary) -> Vec<Item> {
    let cases = summary.cases.list.iter().map(of_case);
    cases.chain(summary.load.iter().flat_map(of_load)).collect()
}

fn of_case(case: &Case) -> Item {
    Item {
        id: case.id.clone(),
        title: case.title.clone(),
        severity: case.severity.clone(),
        level: case.level.clone(),
        binding: case.binding,
        outcome: Outcome {
            verdict: case.verdict.clone(),
            known: case.excused(),
            reason: case.reason.clone(),
        },
    }
}

fn of_load(load: &Load) -> Vec<Item> {
    use record::Failure::{FalseAccept, FalseReject, Unreadable};
    let right = &load.correctness;
    let ways = [
        (FalseAccept, "Dishonest requests are refused under load", right.false_accepts, "critical"),
        (FalseReject, "Genuine requests are accepted under load", right.false_rejects, "high"),
        (Unreadable, "Answers can be read under load", right.unreadable, "high"),
    ];
    let item = |(failure, title, wrong, severity): (record::Failure, &str, u64, &str)| Item {
        id: format!("load.{}", failure.as_str()),
        title: title.to_owned(),
        severity: severity.to_owned(),
        level: "must".to_owned(),
        binding: true,
        outcome: Outcome {
            verdict: match wrong {
                0 if load.sent == 0 => {
                    Verdict::Inconclusive { why: "no request was sent".to_owned() }
                }
                0 => Verdict::Pass,
                wrong => {
                    let sent = counted(load.sent, "request", "requests");
                    Verdict::Fail { failure, why: format!("{} of {sent}", count(wrong)) }
                }
            },
            known: false,
            reason: None,
        },
    };
    ways.map(item).into()
}
