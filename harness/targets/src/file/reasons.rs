//! What the server's reasons stand for, and how closely they are compared.

use super::TargetFileError;
use super::reader::Item;
use super::sections::optional;
use protocol::verify::Rule;
use std::collections::{BTreeMap, BTreeSet};

/// What the server's reasons for a refusal stand for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    /// How closely they are compared with the right ones.
    pub mode: ReasonMode,
    /// The server's words, and the rule (`att.nonce`) or class (`att`) they stand for.
    pub map: BTreeMap<String, String>,
}

/// How closely the server's reasons are compared with the right ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReasonMode {
    /// Not at all.
    #[default]
    Ignore,
    /// By class: what stands before the first dot of a rule's id.
    Class,
    /// By rule.
    Exact,
}

impl ReasonMode {
    /// All of them, the laxest first.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Class, Self::Exact];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Class => "class",
            Self::Exact => "exact",
        }
    }
}

impl Reasons {
    /// The rule or class that the server's words stand for: as the map says, or themselves if they
    /// are a rule's id (where classes are compared also a class). `None` if nobody says.
    pub fn code<'w>(&'w self, words: &'w str) -> Option<&'w str> {
        let is_code = || {
            Rule::from_id(words).is_some()
                || (self.mode == ReasonMode::Class && classes().contains(words))
        };
        match self.map.get(words) {
            Some(code) => Some(code),
            None => is_code().then_some(words),
        }
    }
}

/// The classes of rules: what stands before the first dot of an id.
fn classes() -> BTreeSet<&'static str> {
    Rule::ALL.iter().filter_map(|rule| rule.id().split('.').next()).collect()
}

/// The section `[reasons]`.
pub(super) fn reasons(item: &Item<'_>) -> Result<Reasons, TargetFileError> {
    let table = item.table(&["mode", "map"])?;
    let map = optional(table.get("map"), |item| {
        item.map()?.entries().into_iter().map(|(words, code)| Ok((words, code))).collect()
    })?;
    let entries: Vec<(&str, Item<'_>)> = map.unwrap_or_default();
    // Whoever maps words wants them compared.
    let default = if entries.is_empty() { ReasonMode::Ignore } else { ReasonMode::Class };
    let mode =
        optional(table.get("mode"), |item| item.choice(&ReasonMode::ALL, ReasonMode::as_str))?
            .unwrap_or(default);
    let code = |(words, item): (&str, Item<'_>)| {
        let code = item.text()?;
        let mut known: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        if mode != ReasonMode::Exact {
            known.extend(classes());
        }
        if !known.contains(&code) {
            let kind = if mode == ReasonMode::Exact { "rule" } else { "rule or class of rules" };
            let hint = super::error::suggestion(code, known);
            return Err(item.error(format!("`{code}` is no {kind}{hint}")));
        }
        Ok((words.to_owned(), code.to_owned()))
    };
    Ok(Reasons { mode, map: entries.into_iter().map(code).collect::<Result<_, _>>()? })
}
