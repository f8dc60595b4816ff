//! A comparison in plain text.

use super::{Change, Changed, Comparison, Outcome};
use crate::text::{count, shorten};
use std::fmt::Write as _;

/// Cases of a group that a terminal shows.
const SHOWN: usize = 20;
/// Characters of a sentence that are shown.
const WORDS_SHOWN: usize = 300;

pub(super) fn terminal(comparison: &Comparison) -> String {
    let Comparison { before, after, .. } = comparison;
    let mut text =
        format!("{} {}  →  {} {}\n", before.target, before.started, after.target, after.started);
    if !comparison.differences.is_empty() {
        text.push_str("\nnot the same in both runs:\n");
    }
    for one in &comparison.differences {
        let (old, new) = (shorten(&one.before, 160), shorten(&one.after, 160));
        let _ = writeln!(text, "  {:<17} {old}  →  {new}", one.what);
    }
    let _ = writeln!(text, "\n{}\n", comparison.sentence);
    for figure in &comparison.headline {
        let _ = writeln!(
            text,
            "  {:<17} {} → {}",
            figure.name,
            count(figure.before),
            count(figure.after)
        );
    }
    for group in comparison.groups.iter().filter(|group| !group.cases.is_empty()) {
        let _ = writeln!(text, "\n{} ({})", group.change.words(), count(group.cases.len() as u64));
        for case in group.cases.iter().take(SHOWN) {
            text.push_str(&line(group.change, case));
        }
        if group.cases.len() > SHOWN {
            let more = count((group.cases.len() - SHOWN) as u64);
            let _ = writeln!(text, "  … and {more} more; --json has them all");
        }
    }
    text
}

fn line(change: Change, case: &Changed) -> String {
    let words = [case.id.as_str(), &moved(case), &case.severity, &case.level];
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let mut text = format!("  {}\n", words.join("  "));
    let note = note(change, case);
    if !note.is_empty() {
        let _ = writeln!(text, "      {}", shorten(&note, WORDS_SHOWN));
    }
    text
}

/// The two verdicts, or the one there is.
pub(super) fn moved(case: &Changed) -> String {
    let word = |outcome: &Outcome| {
        let known = if outcome.known { " (known)" } else { "" };
        format!("{}{known}", outcome.word())
    };
    match (&case.before, &case.after) {
        (Some(before), Some(after)) if word(before) == word(after) => word(after),
        (Some(before), Some(after)) => format!("{} → {}", word(before), word(after)),
        (None, Some(after)) => format!("{}, a new case", word(after)),
        (Some(before), None) => format!("was: {}", word(before)),
        (None, None) => String::new(),
    }
}

/// What is to be said of the case beyond its verdicts.
pub(super) fn note(change: Change, case: &Changed) -> String {
    let reason = |outcome: &Option<Outcome>| {
        let reason = outcome.as_ref().and_then(|outcome| outcome.reason.clone());
        reason.map_or_else(|| "none".to_owned(), |reason| format!("“{reason}”"))
    };
    let (old, new) = (reason(&case.before), reason(&case.after));
    let why = case.after.as_ref().map_or("", |after| after.verdict.why());
    match change {
        Change::OtherReason => format!("reason {old}, now {new}"),
        Change::StillFailing if old != new => format!("{why}; reason {old}, now {new}"),
        Change::StillFailing
        | Change::NewFailure
        | Change::OtherFailure
        | Change::Undecided
        | Change::NotApplicable => why.to_owned(),
        Change::Fixed | Change::NowDecided | Change::NewCase | Change::GoneCase => String::new(),
    }
}
