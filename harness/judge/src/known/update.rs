//! Brings a file of known failures up to date with a run, without touching what people wrote.

use super::file::latest;
use super::{Entry, Known, KnownError};
use jiff::civil::Date;
use record::{CaseFinished, EventKind, Failure, KnownStanding, Record, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// What new entries say.
#[derive(Debug, Clone)]
pub struct Addition<'a> {
    /// Who answers for them.
    pub owner: &'a str,
    /// Today.
    pub today: Date,
    /// Days from today until they expire, at most [`super::LONGEST_DAYS`].
    pub days: i32,
    /// Whether forged requests of critical severity may be listed as known.
    pub accept_critical: bool,
}

/// A file brought up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// Its new text.
    pub text: String,
    /// Cases that were added, or whose way of failing was changed.
    pub added: Vec<String>,
    /// Entries that were removed, because what they are about passes.
    pub removed: Vec<String>,
    /// What is left to people, one sentence each.
    pub left: Vec<String>,
}

/// Why a file was not brought up to date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpdateError {
    /// A part of a run tells nothing about the rest.
    #[error("only a complete run can say what is known: {0}")]
    Incomplete(String),
    /// The file is wrong.
    #[error(transparent)]
    Known(#[from] KnownError),
    /// The file is TOML that cannot be edited.
    #[error("{file}: {what}")]
    Form {
        /// Which file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
}

/// Brings a file up to date with a run: what passes is removed, what fails and is not known is
/// added, comments and order stay. No entry's `expires` is ever changed, and no critical false
/// accept is added unless that is asked for.
///
/// `text` is what `known` was read from; `known` has been resolved.
pub fn update(
    text: &str,
    known: &Known,
    record: &Record,
    addition: &Addition<'_>,
) -> Result<Updated, UpdateError> {
    complete(record)?;
    let form = |what: String| UpdateError::Form { file: known.file.clone(), what };
    let mut file: DocumentMut = text.parse().map_err(|error| form(format!("{error}")))?;
    for name in ["known", "flaky"] {
        if file.get(name).is_some_and(|item| !item.is_array_of_tables()) {
            return Err(form(format!("write [[{name}]] for each entry, so that it can be edited")));
        }
    }
    let mut change = Change::of(known, record, addition)?;
    for (name, is_flaky) in [("known", false), ("flaky", true)] {
        let Some(Item::ArrayOfTables(tables)) = file.get_mut(name) else { continue };
        let entries: Vec<&Entry> =
            known.entries.iter().filter(|entry| entry.kind.is_none() == is_flaky).collect();
        let orphan = change.edit(&entries, tables);
        if tables.is_empty() {
            file.remove(name);
        }
        if !orphan.is_empty() {
            let trailing = file.trailing().as_str().unwrap_or_default().to_owned();
            file.set_trailing(format!("{orphan}{trailing}"));
        }
    }
    if !change.new.is_empty() {
        let list = file.entry("known").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Item::ArrayOfTables(tables) = list {
            change.new.iter().for_each(|table| tables.push(table.clone()));
        }
    }
    Ok(Updated {
        text: file.to_string(),
        added: change.added,
        removed: change.removed,
        left: change.left,
    })
}

/// Whether every case that was planned was finished.
fn complete(record: &Record) -> Result<(), UpdateError> {
    let incomplete = |why: &str| Err(UpdateError::Incomplete(why.to_owned()));
    let Some(finished) = &record.finished else {
        return incomplete("this one did not reach its end");
    };
    if finished.interrupted {
        return incomplete("this one was interrupted");
    }
    let (mut planned, mut played) = (0, 0);
    for event in &record.events {
        match &event.kind {
            EventKind::CasesPlanned(plan) => planned += plan.cases,
            EventKind::CaseFinished(_) => played += 1,
            _other => {}
        }
    }
    if played == 0 || played < planned {
        return incomplete("this one left cases out");
    }
    Ok(())
}

/// What is to be changed.
struct Change {
    /// By line: entries that hide nothing any more.
    stale: BTreeSet<(usize, usize)>,
    /// By line: another way in which the one case of an entry fails now.
    kinds: BTreeMap<(usize, usize), Failure>,
    new: Vec<Table>,
    added: Vec<String>,
    removed: Vec<String>,
    left: Vec<String>,
}

impl Change {
    fn of(known: &Known, record: &Record, addition: &Addition<'_>) -> Result<Self, KnownError> {
        use KnownStanding::{Excused, Expired, OtherWay, Tolerated};
        let mut change = Self {
            stale: BTreeSet::new(),
            kinds: BTreeMap::new(),
            new: Vec::new(),
            added: Vec::new(),
            removed: Vec::new(),
            left: Vec::new(),
        };
        let applied = known.apply(record, addition.today)?;
        let entries: Vec<&Entry> = known.entries_for(&record.header.target.name).collect();
        for (entry, became) in entries.iter().zip(&applied.entries) {
            let stale =
                became.cases.iter().filter(|case| case.standing == KnownStanding::Stale).count();
            if stale > 0 && stale == entry.cases.len() {
                change.stale.insert((entry.line, entry.column));
            } else if stale > 0 {
                change.left.push(format!(
                    "line {}: {stale} of the cases that `{}` is about pass; name the others",
                    entry.line, entry.case
                ));
            }
            if became.cases.iter().any(|case| case.standing == Expired) {
                change.left.push(format!(
                    "line {}: `{}` has expired and still fails; mend it, or give it more time by hand",
                    entry.line, entry.case
                ));
            }
        }
        let covers = |id: &str, standings: &[KnownStanding]| {
            let mut pairs = entries.iter().zip(&applied.entries);
            pairs.find_map(|(entry, became)| {
                let hit =
                    |case: &&record::KnownCase| case.id == id && standings.contains(&case.standing);
                became.cases.iter().find(hit).map(|_| *entry)
            })
        };
        for finished in record.events.iter().filter_map(|event| match &event.kind {
            EventKind::CaseFinished(finished) if finished.binds() => Some(finished),
            _ => None,
        }) {
            let Verdict::Fail { failure, why } = &finished.verdict else { continue };
            if covers(&finished.id, &[Excused, Tolerated, Expired]).is_some() {
                continue;
            }
            if is_critical(finished, *failure) && !addition.accept_critical {
                change.left.push(format!(
                    "`{}` is a critical {} and was not added: mend it, or say --accept-critical",
                    finished.id,
                    failure.as_str()
                ));
                continue;
            }
            change.added.push(finished.id.clone());
            match covers(&finished.id, &[OtherWay]) {
                Some(entry) if entry.case == finished.id => {
                    change.kinds.insert((entry.line, entry.column), *failure);
                }
                Some(_) | None => change.new.push(table(finished, *failure, why, addition)),
            }
        }
        Ok(change)
    }

    /// Edits the tables of one list, which are those entries in the same order. Gives comments that
    /// stood above the first entries and belong to none of them, if no entry is left to carry them.
    fn edit(&mut self, entries: &[&Entry], tables: &mut ArrayOfTables) -> String {
        let mut orphan = String::new();
        let mut place = 0;
        for entry in entries {
            let key = (entry.line, entry.column);
            let Some(table) = tables.get_mut(place) else { break };
            if let Some(kind) = self.kinds.get(&key) {
                // In place, so that a comment behind the value stays.
                if let Some(old) = table.get_mut("kind").and_then(Item::as_value_mut) {
                    let decor = old.decor().clone();
                    *old = kind.as_str().into();
                    *old.decor_mut() = decor;
                }
            }
            if self.stale.contains(&key) {
                let prefix = table.decor().prefix().and_then(|text| text.as_str());
                if let Some((above, _)) = prefix.and_then(|text| text.rsplit_once("\n\n")) {
                    orphan.push_str(above);
                    orphan.push_str("\n\n");
                }
                self.removed.push(entry.case.clone());
                tables.remove(place);
                continue;
            }
            if !orphan.is_empty() {
                let own = table.decor().prefix().and_then(|text| text.as_str()).unwrap_or_default();
                let both = format!("{orphan}{}", own.trim_start_matches('\n'));
                table.decor_mut().set_prefix(both);
                orphan.clear();
            }
            place += 1;
        }
        orphan
    }
}

/// Whether listing it would hide that forged requests are let in.
fn is_critical(finished: &CaseFinished, failure: Failure) -> bool {
    finished.severity == "critical" && matches!(failure, Failure::FalseAccept | Failure::Race)
}

fn table(finished: &CaseFinished, failure: Failure, why: &str, addition: &Addition<'_>) -> Table {
    let ahead = addition.today.saturating_add(jiff::Span::new().days(addition.days));
    let expires = ahead.min(latest(addition.today)).to_string();
    let expires: toml_edit::Datetime =
        expires.parse().expect("a civil date is written as TOML writes dates");
    let mut table = Table::new();
    table.insert("case", value(&finished.id));
    table.insert("kind", value(failure.as_str()));
    table.insert("reason", value(why));
    table.insert("owner", value(addition.owner));
    table.insert("expires", value(expires));
    table.decor_mut().set_prefix("\n");
    table
}
