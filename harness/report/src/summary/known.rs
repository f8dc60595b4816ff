//! Failures that were known before the run.

use crate::text::clean;
use record::{EventKind, KnownCase, KnownEntry, KnownFailures, Record};

/// What became of the known failures, if the run was held against any; the last word counts.
pub(super) fn of(record: &Record) -> Option<KnownFailures> {
    let known = record.events.iter().rev().find_map(|event| match &event.kind {
        EventKind::KnownFailures(known) => Some(known),
        _other => None,
    })?;
    Some(KnownFailures {
        file: clean(&known.file),
        today: clean(&known.today),
        entries: known.entries.iter().map(entry).collect(),
    })
}

fn entry(entry: &KnownEntry) -> KnownEntry {
    KnownEntry {
        case: clean(&entry.case),
        kind: entry.kind,
        owner: clean(&entry.owner),
        reason: clean(&entry.reason),
        issue: entry.issue.as_deref().map(clean),
        expires: clean(&entry.expires),
        line: entry.line,
        cases: entry
            .cases
            .iter()
            .map(|case| KnownCase { id: clean(&case.id), ..case.clone() })
            .collect(),
    }
}

/// One line of the table of known failures.
#[derive(Debug)]
pub(crate) struct Line<'k> {
    /// The case's id.
    pub(crate) case: &'k str,
    /// What the entry says of it.
    pub(crate) entry: &'k KnownEntry,
    /// What it must fail with, or that it may.
    pub(crate) kind: &'static str,
    /// What became of it, in words.
    pub(crate) became: String,
    /// Whether somebody must look at the entry.
    pub(crate) needs_care: bool,
}

/// A line for each case of each entry, in the order of the file.
pub(crate) fn lines(known: &KnownFailures) -> Vec<Line<'_>> {
    let pairs =
        known.entries.iter().flat_map(|entry| entry.cases.iter().map(move |one| (entry, one)));
    pairs
        .map(|(entry, case)| Line {
            case: &case.id,
            entry,
            kind: entry.kind.map_or("flaky", record::Failure::as_str),
            became: words(case),
            needs_care: needs_care(case),
        })
        .collect()
}

fn needs_care(case: &KnownCase) -> bool {
    use record::KnownStanding::{Excused, Expired, OtherWay, Stale, Tolerated, Undecided};
    match case.standing {
        Excused | Tolerated => false,
        Expired | OtherWay | Stale | Undecided => true,
    }
}

fn words(case: &KnownCase) -> String {
    use record::KnownStanding::{Excused, Expired, OtherWay, Stale, Tolerated, Undecided};
    let rate = format!("failed {} of {}", case.failed, case.of);
    match case.standing {
        Excused => format!("excused, {rate}"),
        Tolerated => format!("tolerated, {rate}"),
        Expired => format!("expired, {rate}"),
        OtherWay => format!("fails in another way, {rate}"),
        Stale => "passes: remove the entry".to_owned(),
        Undecided => "could not be decided".to_owned(),
    }
}
