//! One case that was played, and what its verdict takes from the server.

use crate::text::{clean, clean_block};
use record::{CaseFinished, Failure, KnownStanding, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// One case that was played.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Case {
    /// The permanent id.
    pub id: String,
    /// One line that says what it is about.
    pub title: String,
    /// The family it belongs to.
    pub family: String,
    /// The rules it is about.
    pub rules: Vec<Worded>,
    /// The clauses it exercises.
    pub clauses: Vec<Worded>,
    /// must, should, may or info.
    pub level: String,
    /// critical, high, medium or low.
    pub severity: String,
    /// What failing it would be.
    pub class: String,
    /// accept, reject or either.
    pub expectation: String,
    /// What the target decided.
    pub decision: String,
    /// The reason it gave.
    pub reason: Option<String>,
    /// HTTP status of the deciding answer.
    pub status: Option<u16>,
    /// Milliseconds from request to decision.
    pub elapsed_ms: f64,
    /// The beginning of the deciding answer.
    pub excerpt: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Whether failing it is a failure of the server; otherwise it is advice.
    pub binding: bool,
    /// Whether it passes by a refusal that no accepted twin backs, because none can be.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub alone: bool,
    /// Who answers for its failure, if that was known before.
    pub excuse: Option<Excuse>,
    /// Why it matters.
    pub matters: String,
    /// How to mend it.
    pub fix: String,
    /// The command that repeats it alone.
    pub repeat: String,
}

/// A failure that was known before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excuse {
    /// Excused, tolerated, or expired.
    pub standing: KnownStanding,
    /// Who answers for it.
    pub owner: String,
    /// The last day it is excused.
    pub expires: String,
}

/// What a failure takes from a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// It lets in what it must not.
    Security,
    /// It refuses or misreads what is genuine.
    Interoperability,
    /// It gives no decision, or not always the same.
    Robustness,
}

/// A clause or rule, with what it demands if the record says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worded {
    /// Its id.
    pub id: String,
    /// What it demands, in one sentence; empty if the record does not say.
    pub words: String,
}

impl Case {
    /// In which way it failed, if it failed, is binding, and nobody knew before.
    pub fn failure(&self) -> Option<Failure> {
        self.fails().filter(|_| self.excuse.is_none())
    }

    /// In which way it failed, if it failed and is binding, known or not.
    pub fn fails(&self) -> Option<Failure> {
        match &self.verdict {
            Verdict::Fail { failure, .. } if self.binding => Some(*failure),
            Verdict::Fail { .. }
            | Verdict::Pass
            | Verdict::NotApplicable { .. }
            | Verdict::Inconclusive { .. } => None,
        }
    }

    /// Whether its failure is excused.
    pub fn excused(&self) -> bool {
        self.excuse.as_ref().is_some_and(|excuse| excuse.standing != KnownStanding::Expired)
    }

    /// Which of the three numbers its failure counts in, if it failed and is binding.
    pub fn side(&self) -> Option<Side> {
        Some(match self.fails()? {
            Failure::FalseAccept | Failure::Race => Side::Security,
            Failure::FalseReject | Failure::WrongOutput if self.is_about_state() => Side::Security,
            Failure::FalseReject | Failure::WrongOutput | Failure::WrongReason => {
                Side::Interoperability
            }
            Failure::Unstable => match self.expectation.as_str() {
                "accept" if !self.is_about_state() => Side::Interoperability,
                "either" => Side::Robustness,
                _reject_or_one => Side::Security,
            },
            Failure::Error | Failure::Crash | Failure::Timeout | Failure::Unreadable => {
                Side::Robustness
            }
        })
    }

    /// Whether it is about what the server remembers, such as the challenges it hands out: that is
    /// security, also where nothing is to be refused.
    pub fn is_about_state(&self) -> bool {
        self.class == "state"
    }

    /// Whether a verdict was reached: passed or failed.
    pub fn decided(&self) -> bool {
        match &self.verdict {
            Verdict::Pass | Verdict::Fail { .. } => true,
            Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => false,
        }
    }

    /// How pressing: 0 for critical, rising.
    pub fn rank(&self) -> u8 {
        let severity = match self.severity.as_str() {
            "critical" => 0,
            "high" => 1,
            "medium" => 2,
            "low" => 3,
            _unknown => 1,
        };
        severity + if self.binding { 0 } else { 10 }
    }
}

impl Case {
    pub(super) fn of(case: &CaseFinished, words: &Words) -> Self {
        Self {
            id: clean(&case.id),
            title: clean(&case.title),
            family: clean(&case.family),
            rules: worded(&case.rules, &words.rules),
            clauses: worded(&case.clauses, &words.clauses),
            level: clean(&case.level),
            severity: clean(&case.severity),
            class: clean(&case.class),
            expectation: clean(&case.expectation),
            decision: clean(&case.decision),
            reason: case.reason.as_deref().map(clean),
            status: case.status,
            elapsed_ms: case.elapsed_ms,
            excerpt: clean_block(&case.excerpt),
            verdict: match &case.verdict {
                Verdict::Pass => Verdict::Pass,
                Verdict::NotApplicable { why } => Verdict::NotApplicable { why: clean(why) },
                Verdict::Inconclusive { why } => Verdict::Inconclusive { why: clean(why) },
                Verdict::Fail { failure, why } => {
                    Verdict::Fail { failure: *failure, why: clean(why) }
                }
            },
            binding: case.binds(),
            alone: false,
            excuse: None,
            matters: clean(&case.matters),
            fix: clean(&case.fix),
            repeat: clean_block(&case.repeat),
        }
    }
}

/// What clauses and rules demand, by their ids.
#[derive(Default)]
pub(super) struct Words {
    pub(super) clauses: BTreeMap<String, String>,
    pub(super) rules: BTreeMap<String, String>,
}

fn worded(ids: &[String], words: &BTreeMap<String, String>) -> Vec<Worded> {
    ids.iter()
        .map(|id| {
            let id = clean(id);
            Worded { words: words.get(&id).cloned().unwrap_or_default(), id }
        })
        .collect()
}
