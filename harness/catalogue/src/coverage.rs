//! How much of the list of known cases is covered: computed from the cases, with the exceptions that
//! `corpora/coverage.toml` gives reasons for.

use crate::case::Case;
use crate::file::{CaseFileError, in_file};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A family of the list of known cases, and where each of its entries stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// The three letters that its entries begin with, as in `POS`.
    pub id: String,
    /// What it is about.
    pub words: String,
    /// Its entries by id, as in `POS-004`.
    pub entries: BTreeMap<String, Standing>,
}

/// Where an entry of the list stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The ids of the cases that cover it.
    Covered(Vec<String>),
    /// No case covers it.
    Exception(Reason),
    /// It waits for a part of the harness that is not there.
    Later(Reason),
    /// No case covers it yet.
    Pending,
}

/// Why there is no case, and what one would need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason {
    /// Why there is none.
    pub reason: String,
    /// What one would need.
    pub needed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "schema")]
    _schema: u32,
    family: Vec<FamilyWords>,
    #[serde(default)]
    exception: Vec<Entries>,
    #[serde(default)]
    later: Vec<Entries>,
    #[serde(default)]
    dissent: Vec<Dissent>,
    #[serde(default)]
    pending: Pending,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyWords {
    id: String,
    words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entries {
    ids: Vec<String>,
    reason: String,
    needed: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dissent {
    ids: Vec<String>,
    reason: String,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pending {
    ids: Vec<String>,
}

const FILE: &str = "corpora/coverage.toml";
const TEXT: &str = include_str!("../../../corpora/coverage.toml");

/// Every family with every entry that a case covers or that the file excepts, in the file's order.
///
/// An entry that is covered and excepted counts as covered; a test holds that there is none.
/// An error means that this build is broken; it is tested that there is none.
pub fn coverage(cases: &[Case]) -> Result<Vec<Family>, CaseFileError> {
    let file = file()?;
    let mut standings: BTreeMap<String, Standing> = BTreeMap::new();
    standings.extend(file.pending.ids.into_iter().map(|id| (id, Standing::Pending)));
    standings.extend(each(file.later).map(|(id, reason)| (id, Standing::Later(reason))));
    standings.extend(each(file.exception).map(|(id, reason)| (id, Standing::Exception(reason))));
    for (id, cases) in covering(cases) {
        standings.insert(id, Standing::Covered(cases));
    }
    let family = |FamilyWords { id, words }| {
        let of = |entry: &String| entry.split('-').next() == Some(id.as_str());
        let entries = standings.iter().filter(|(entry, _)| of(entry));
        let entries = entries.map(|(entry, standing)| (entry.clone(), standing.clone())).collect();
        Family { id, words, entries }
    };
    Ok(file.family.into_iter().map(family).collect())
}

/// The entries that `corpora/coverage.toml` says no case covers, with the reasons.
pub fn exceptions() -> Result<Vec<(String, Reason)>, CaseFileError> {
    let file = file()?;
    Ok(each(file.exception).chain(each(file.later)).collect())
}

/// The entries where our cases expect something else than the list does, each with the reason.
pub fn dissents() -> Result<Vec<(String, String)>, CaseFileError> {
    let each = |Dissent { ids, reason }| ids.into_iter().map(move |id| (id, reason.clone()));
    Ok(file()?.dissent.into_iter().flat_map(each).collect())
}

fn file() -> Result<File, CaseFileError> {
    toml::from_str(TEXT).map_err(|error| in_file(FILE, TEXT, &error))
}

fn each(entries: Vec<Entries>) -> impl Iterator<Item = (String, Reason)> {
    entries.into_iter().flat_map(|Entries { ids, reason, needed }| {
        let reason = Reason { reason, needed };
        ids.into_iter().map(move |id| (id, reason.clone()))
    })
}

fn covering(cases: &[Case]) -> BTreeMap<String, Vec<String>> {
    let mut covering: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for case in cases {
        for entry in &case.catalogue {
            covering.entry(entry.clone()).or_default().push(case.id.clone());
        }
    }
    covering
}
