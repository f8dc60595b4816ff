//! What the known failures excuse of a run.

use super::{Entry, Known, KnownError};
use jiff::civil::Date;
use record::{
    CaseObserved, EventKind, KnownCase, KnownEntry, KnownFailures, KnownStanding, Record, Verdict,
};
use std::collections::BTreeMap;

/// What became of a case, for an entry that is about it.
struct Outcome<'r> {
    verdict: &'r Verdict,
    failed: u32,
    of: u32,
}

impl Known {
    /// What became of the known failures in a run. Cases that were not selected are left out; an
    /// entry for a case that does not apply is an error, because it hides nothing.
    pub fn apply(&self, record: &Record, today: Date) -> Result<KnownFailures, KnownError> {
        let outcomes = outcomes(record);
        let standing = |entry: &Entry| {
            let mut cases = Vec::new();
            for id in &entry.cases {
                let Some(outcome) = outcomes.get(id.as_str()) else { continue };
                let standing = standing(entry, outcome.verdict, today).map_err(|why| {
                    let what = format!(
                        "`{id}` does not apply to this target, so that this hides nothing: {why}"
                    );
                    entry.error(&self.file, what)
                })?;
                let Outcome { failed, of, .. } = *outcome;
                cases.push(KnownCase { id: id.clone(), standing, failed, of });
            }
            Ok(KnownEntry {
                case: entry.case.clone(),
                kind: entry.kind,
                owner: entry.owner.clone(),
                reason: entry.reason.clone(),
                issue: entry.issue.clone(),
                expires: entry.expires.to_string(),
                line: entry.line,
                cases,
            })
        };
        let entries = self.entries_for(&record.header.target.name);
        Ok(KnownFailures {
            file: self.file.clone(),
            today: today.to_string(),
            entries: entries.map(standing).collect::<Result<_, _>>()?,
        })
    }

    /// The known failures that a record was held against, to be applied again to other verdicts.
    /// `None` if there were none, or what stands there is no date.
    pub fn of_record(record: &Record) -> Option<(Self, Date)> {
        let recorded = record.events.iter().rev().find_map(|event| match &event.kind {
            EventKind::KnownFailures(known) => Some(known),
            _ => None,
        })?;
        let entry = |entry: &KnownEntry| {
            Some(Entry {
                case: entry.case.clone(),
                kind: entry.kind,
                owner: entry.owner.clone(),
                reason: entry.reason.clone(),
                issue: entry.issue.clone(),
                expires: entry.expires.parse().ok()?,
                target: None,
                line: entry.line,
                column: 1,
                cases: entry.cases.iter().map(|case| case.id.clone()).collect(),
            })
        };
        let entries = recorded.entries.iter().map(entry).collect::<Option<Vec<_>>>()?;
        Some((Self { file: recorded.file.clone(), entries }, recorded.today.parse().ok()?))
    }
}

fn outcomes(record: &Record) -> BTreeMap<&str, Outcome<'_>> {
    let mut outcomes: BTreeMap<&str, Outcome<'_>> = BTreeMap::new();
    let mut counts: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    for event in &record.events {
        match &event.kind {
            EventKind::CaseObserved(observed) => {
                counts.insert(&observed.id, count(observed));
            }
            EventKind::CaseFinished(finished) => {
                let (failed, of) = counts.get(finished.id.as_str()).copied().unwrap_or_default();
                outcomes.insert(&finished.id, Outcome { verdict: &finished.verdict, failed, of });
            }
            _other => {}
        }
    }
    outcomes
}

/// How many of the times a case was played it failed, and how many were decided.
fn count(observed: &CaseObserved) -> (u32, u32) {
    crate::verdicts(observed).iter().fold((0, 0), |(failed, of), verdict| match verdict {
        Verdict::Fail { .. } => (failed + 1, of + 1),
        Verdict::Pass => (failed, of + 1),
        Verdict::Inconclusive { .. } | Verdict::NotApplicable { .. } => (failed, of),
    })
}

/// What an entry does for a case; the error is why the case does not apply.
fn standing(entry: &Entry, verdict: &Verdict, today: Date) -> Result<KnownStanding, String> {
    let expired = today > entry.expires;
    Ok(match (verdict, entry.kind) {
        (Verdict::NotApplicable { why }, _) => return Err(why.clone()),
        (Verdict::Inconclusive { .. }, _) => KnownStanding::Undecided,
        (Verdict::Pass, None) if !expired => KnownStanding::Tolerated,
        (Verdict::Pass, _) => KnownStanding::Stale,
        (Verdict::Fail { failure, .. }, Some(kind)) if *failure != kind => KnownStanding::OtherWay,
        (Verdict::Fail { .. }, _) if expired => KnownStanding::Expired,
        (Verdict::Fail { .. }, Some(_)) => KnownStanding::Excused,
        (Verdict::Fail { .. }, None) => KnownStanding::Tolerated,
    })
}
