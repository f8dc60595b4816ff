//! The part of the page about what was not tested: by reason, the one that stops most first.

use super::html_cases::{CaseRow, mark};
use crate::summary::{Case, Cases};
use crate::text::{count, counted};
use record::Verdict;
use std::collections::BTreeSet;

/// The cases that were not decided.
pub(super) struct Untested<'a> {
    /// How many there are of how many, in a sentence; empty if there are none.
    pub(super) sentence: String,
    pub(super) reasons: Vec<Reason<'a>>,
}

/// What kept cases from being decided.
pub(super) struct Reason<'a> {
    pub(super) why: &'a str,
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    pub(super) word: &'static str,
    pub(super) cases: String,
    pub(super) rows: Vec<CaseRow<'a>>,
}

impl<'a> Untested<'a> {
    pub(super) fn of(cases: &'a Cases, anchors: &[String]) -> Self {
        let mut reasons: Vec<Reason<'a>> = Vec::new();
        let mut left_out = 0;
        // The row to which a permalink leads stands in the table of its clause.
        let elsewhere: BTreeSet<&str> = anchors.iter().map(String::as_str).collect();
        for (case, anchor) in cases.list.iter().zip(anchors).filter(|(case, _)| !case.decided()) {
            left_out += 1;
            let row = CaseRow::of(case, anchor, &elsewhere);
            let (tone, symbol, word) = mark(case);
            let why = case.verdict.why();
            match reasons.iter_mut().find(|reason| (reason.word, reason.why) == (word, why)) {
                Some(reason) => reason.rows.push(row),
                None => reasons.push(Reason {
                    why,
                    tone,
                    symbol,
                    word,
                    cases: String::new(),
                    rows: vec![row],
                }),
            }
        }
        // What could not be decided is more pressing than what does not apply.
        let pressing = |reason: &Reason<'_>| u8::from(!undecided(reason.rows[0].case));
        reasons.sort_by_key(|reason| (pressing(reason), std::cmp::Reverse(reason.rows.len())));
        for reason in &mut reasons {
            reason.cases = counted(reason.rows.len() as u64, "case", "cases");
        }
        Self { sentence: sentence(left_out, cases, reasons.len() as u64), reasons }
    }
}

fn undecided(case: &Case) -> bool {
    matches!(case.verdict, Verdict::Inconclusive { .. })
}

fn sentence(left_out: u64, cases: &Cases, reasons: u64) -> String {
    if left_out == 0 {
        return String::new();
    }
    let all = counted(cases.list.len() as u64, "case", "cases");
    let were = if left_out == 1 { "was" } else { "were" };
    let reasons = counted(reasons, "reason", "reasons");
    format!("{} of {all} {were} not decided, for {reasons}.", count(left_out))
}
