//! Brings a file of known failures up to date with a run, without touching what people wrote.

use super::file::latest;
use super::{Entry, Known, KnownError};
use jiff::civil::Date;
use record::{CaseFinished, EventKind, Failure, KnownStanding, Record, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

/// The lists of a file, and whether what is in them is flaky.
const LISTS: [(&str, bool); 2] = [("known", false), ("flaky", true)];

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
    for (name, _) in LISTS {
        if file.get(name).is_some_and(|item| !item.is_array_of_tables()) {
            return Err(form(format!("write [[{name}]] for each entry, so that it can be edited")));
        }
    }
    let mut change = Change::of(known, record, addition)?;
    for (name, is_flaky) in LISTS {
        let Some(Item::ArrayOfTables(tables)) = file.get_mut(name) else { continue };
        change.edit(&known.entries, is_flaky, tables);
        if tables.is_empty() {
            file.remove(name);
        }
    }
    if !change.new.is_empty() {
        let list = file.entry("known").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
        if let Item::ArrayOfTables(tables) = list {
            change.new.iter().for_each(|table| tables.push(table.clone()));
        }
    }
    change.keep_comments(&known.entries, &mut file);
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
    /// Comments above removed entries that are not about them, by where they stood.
    orphans: Vec<((usize, usize), String)>,
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
            orphans: Vec::new(),
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

    /// Edits the tables of one list.
    fn edit(&mut self, entries: &[Entry], is_flaky: bool, tables: &mut ArrayOfTables) {
        let mut place = 0;
        for entry in entries.iter().filter(|entry| entry.kind.is_none() == is_flaky) {
            let key = (entry.line, entry.column);
            let Some(table) = tables.get_mut(place) else { break };
            if let Some(kind) = self.kinds.get(&key)
                && let Some(old) = table.get_mut("kind").and_then(Item::as_value_mut)
            {
                // In place, so that a comment behind the value stays.
                let decor = old.decor().clone();
                *old = kind.as_str().into();
                *old.decor_mut() = decor;
            }
            if self.stale.contains(&key) {
                if let Some((above, _)) = comment(table).rsplit_once("\n\n") {
                    self.orphans.push((key, format!("{above}\n\n")));
                }
                self.removed.push(entry.case.clone());
                tables.remove(place);
            } else {
                place += 1;
            }
        }
    }

    /// A comment that stood above a removed entry, a blank line between them, was not about it: it
    /// goes to the next entry that is left, or to the end.
    fn keep_comments(&self, entries: &[Entry], file: &mut DocumentMut) {
        for (key, text) in self.orphans.iter().rev() {
            let is_left = |entry: &&Entry| !self.stale.contains(&(entry.line, entry.column));
            let next =
                entries.iter().filter(is_left).find(|entry| (entry.line, entry.column) > *key);
            let heir = next.and_then(|heir| {
                let is_flaky = heir.kind.is_none();
                let like = |entry: &&Entry| entry.kind.is_none() == is_flaky;
                let list = entries.iter().filter(is_left).filter(like);
                let place = list.take_while(|entry| entry.line < heir.line).count();
                let name =
                    LISTS.iter().find(|(_, flaky)| *flaky == is_flaky).map(|(name, _)| *name)?;
                file.get_mut(name)?.as_array_of_tables_mut()?.get_mut(place)
            });
            if let Some(table) = heir {
                let own = comment(table).trim_start_matches('\n').to_owned();
                table.decor_mut().set_prefix(format!("{text}{own}"));
            } else {
                let end = file.trailing().as_str().unwrap_or_default().to_owned();
                file.set_trailing(format!("\n{}\n{end}", text.trim()));
            }
        }
    }
}

/// What stands above a table.
fn comment(table: &Table) -> &str {
    table.decor().prefix().and_then(|text| text.as_str()).unwrap_or_default()
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
