//! What a gate found, for each kind of report.

use super::junit::unhappy;
use super::markdown::{Page, code, escape};
use crate::summary::gate::{demands, sentence};
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus};
use record::{Borne, Breach, GateHeld};
use std::fmt::Write as _;

/// Breaches that a terminal shows; the rest is in the report.
const SHOWN: usize = 10;

/// The gate as a page shows it.
pub(super) struct GateView<'a> {
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    pub(super) sentence: String,
    pub(super) demands: String,
    pub(super) breaches: &'a [Breach],
    pub(super) borne: &'a [Borne],
}

impl<'a> GateView<'a> {
    pub(super) fn of(held: &'a GateHeld) -> Self {
        let (tone, symbol) =
            if held.breaches.is_empty() { ("good", "✓") } else { ("bad", "✕") };
        Self {
            tone,
            symbol,
            sentence: sentence(held),
            demands: demands(held),
            breaches: &held.breaches,
            borne: &held.borne,
        }
    }
}

/// The gate in a few lines of plain text.
pub fn gate(held: &GateHeld) -> String {
    let mut text = format!("{}\n", sentence(held));
    for Breach { what, mend, .. } in held.breaches.iter().take(SHOWN) {
        let _ = writeln!(text, "  ✕ {what}\n    mend: {mend}");
    }
    if held.breaches.len() > SHOWN {
        let _ = writeln!(text, "  … and {} more in the report", held.breaches.len() - SHOWN);
    }
    text
}

/// The gate as a section of `README.md`.
pub(super) fn section(page: &mut Page, held: &GateHeld) {
    page.line("## Gate");
    page.line(&format!("**{}** {}", escape(&sentence(held)), escape(&demands(held))));
    if !held.breaches.is_empty() {
        page.list(held.breaches.iter().map(|breach| {
            format!("* **✕** {} *Mend:* {}", escape(&breach.what), escape(&breach.mend))
        }));
    }
    if !held.borne.is_empty() {
        let mut rows =
            vec!["| borne | fails with | because |".to_owned(), "|---|---|---|".to_owned()];
        rows.extend(held.borne.iter().map(|borne| {
            format!("| `{}` | {} | {} |", code(&borne.case), wrong(borne), borne.because.words())
        }));
        page.list(rows);
    }
}

/// The gate as a test of JUnit's.
pub(super) fn test(held: &GateHeld) -> TestCase {
    let all: Vec<String> =
        held.breaches.iter().map(|one| format!("{}\n  mend: {}", one.what, one.mend)).collect();
    let status = if all.is_empty() {
        TestCaseStatus::success()
    } else {
        unhappy(NonSuccessKind::Failure, "gate", &sentence(held), &all.join("\n"))
    };
    let mut test = TestCase::new("the gate holds", status);
    test.set_classname("run");
    test
}

/// In which way a case that is borne is wrong.
pub(super) fn wrong(borne: &Borne) -> &'static str {
    borne.failure.map_or("undecided", record::Failure::as_str)
}
