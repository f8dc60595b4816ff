//! Three numbers and a coverage.
//!
//! One percentage would let a server that refuses everything score well; these do not.

use super::case::Side;
use super::{Case, Cases, Clause, Load};
use serde::Serialize;

/// Three numbers and a coverage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Headline {
    /// Forged, replayed or foreign requests that were accepted.
    pub security: Tally,
    /// Genuine requests that were refused, or accepted with a wrong key, counter or environment.
    pub interoperability: Tally,
    /// Requests that ended without a decision: crash, error, timeout, unreadable answer.
    pub robustness: Tally,
    /// Clauses of which at least one case was decided.
    pub coverage: Coverage,
}

/// A count of faults, and out of how many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Cases that failed in this way.
    pub in_cases: u64,
    /// Cases that failed in this way as was known before; not counted above.
    pub known: u64,
    /// Cases that could have.
    pub of_cases: u64,
    /// Answers under load that were wrong in this way.
    pub under_load: u64,
    /// Requests under load that could have been.
    pub of_requests: u64,
}

/// Clauses reached of clauses named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Clauses of which at least one case was decided.
    pub covered: u64,
    /// Clauses that the register or a case names.
    pub named: u64,
    /// The ids of the others.
    pub missing: Vec<String>,
}

impl Tally {
    /// All faults of this kind.
    pub fn total(self) -> u64 {
        self.in_cases + self.under_load
    }
}

impl Headline {
    pub(super) fn of(cases: &Cases, load: &[Load]) -> Self {
        let of = |side: Side, known: bool| {
            let is = |case: &&Case| case.side() == Some(side) && case.excuse.is_some() == known;
            cases.list.iter().filter(is).count() as u64
        };
        let failed = |side| of(side, false);
        let known = |side| of(side, true);
        let genuine = |case: &&Case| case.expectation == "accept" && !case.is_about_state();
        let decided = || cases.list.iter().filter(|case| case.binding && case.decided());
        let proven = || decided().filter(|case| !case.alone);
        let named = || cases.clauses.iter().filter(|clause| clause.id != Clause::UNNAMED);
        let loads = |part: fn(&Load) -> u64| load.iter().map(part).sum();
        Self {
            security: Tally {
                in_cases: failed(Side::Security),
                known: known(Side::Security),
                of_cases: proven()
                    .filter(|case| !genuine(case) && case.expectation != "either")
                    .count() as u64,
                under_load: loads(|load| load.correctness.false_accepts),
                of_requests: loads(|load| load.correctness.dishonest),
            },
            interoperability: Tally {
                in_cases: failed(Side::Interoperability),
                known: known(Side::Interoperability),
                of_cases: proven().filter(genuine).count() as u64,
                under_load: loads(|load| load.correctness.false_rejects),
                of_requests: loads(|load| load.correctness.honest),
            },
            robustness: Tally {
                in_cases: failed(Side::Robustness),
                known: known(Side::Robustness),
                of_cases: decided().count() as u64,
                under_load: loads(|load| load.correctness.undecided),
                of_requests: loads(|load| load.sent),
            },
            coverage: Coverage {
                covered: named().filter(|clause| clause.covered).count() as u64,
                named: named().count() as u64,
                missing: named()
                    .filter(|clause| !clause.covered)
                    .map(|clause| clause.id.clone())
                    .collect(),
            },
        }
    }
}
