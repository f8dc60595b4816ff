//! Judging a record a second time.

use crate::judge;
use record::{Event, EventKind, Header, Record, Verdict};
use std::collections::{BTreeMap, VecDeque};

/// A record with verdicts formed anew.
#[derive(Debug, Clone, PartialEq)]
pub struct Again {
    /// The record, its verdicts replaced. What became of known failures and what a gate found are
    /// left out, because they followed from the old verdicts.
    pub record: Record,
    /// How many cases were judged.
    pub judged: usize,
    /// Cases whose verdict is another now, in order.
    pub changed: Vec<Changed>,
    /// Cases that were observed and never finished: the run was killed in between.
    pub unfinished: Vec<String>,
}

/// A case whose verdict is another now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The case's id.
    pub id: String,
    /// The verdict in the record.
    pub recorded: Verdict,
    /// The verdict now.
    pub now: Verdict,
}

/// Why a record cannot be judged again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoObservations {
    /// Its format is older than observations are.
    #[error(
        "this record has schema {schema} (assay {assay}), which holds verdicts and no observations: \
         `assay report` can render it, but only a record of schema {} can be judged again",
        Header::SCHEMA
    )]
    Older {
        /// Its schema.
        schema: u32,
        /// The version that wrote it.
        assay: String,
    },
    /// It is about no case.
    #[error("no case was observed in this record; there is nothing to judge")]
    NoCase,
}

/// Forms every verdict of a record anew, from what was observed.
pub fn again(record: &Record) -> Result<Again, NoObservations> {
    let Header { schema, assay, .. } = &record.header;
    if *schema < 2 {
        return Err(NoObservations::Older { schema: *schema, assay: assay.clone() });
    }
    // A case may be played in more than one part of a run: verdicts are taken in order.
    let mut verdicts: BTreeMap<&str, VecDeque<Verdict>> = BTreeMap::new();
    let (mut judged, mut changed) = (0, Vec::new());
    let mut events: Vec<Event> = Vec::with_capacity(record.events.len());
    for event in &record.events {
        let mut anew = event.clone();
        match (&event.kind, &mut anew.kind) {
            (EventKind::KnownFailures(_) | EventKind::GateHeld(_), _) => continue,
            (EventKind::CaseObserved(observed), _) => {
                judged += 1;
                verdicts.entry(&observed.id).or_default().push_back(judge(observed));
            }
            (_, EventKind::CaseFinished(finished)) => {
                let queue = verdicts.get_mut(finished.id.as_str());
                if let Some(now) = queue.and_then(VecDeque::pop_front) {
                    let recorded = std::mem::replace(&mut finished.verdict, now.clone());
                    if recorded != now {
                        changed.push(Changed { id: finished.id.clone(), recorded, now });
                    }
                }
            }
            _other => {}
        }
        events.push(anew);
    }
    if judged == 0 {
        return Err(NoObservations::NoCase);
    }
    let left = verdicts.into_iter().filter(|(_, queue)| !queue.is_empty());
    Ok(Again {
        unfinished: left.map(|(id, _)| id.to_owned()).collect(),
        record: Record { events, ..record.clone() },
        judged,
        changed,
    })
}
