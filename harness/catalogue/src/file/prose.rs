//! The members of a case that are written for people, and those that name what is listed elsewhere.

use super::{At, Problem, Read, named};
use crate::clause::clauses;
use std::collections::BTreeSet;
use toml::Spanned;

/// The most characters of a title, a reason or an advice: they stand in tables and in terminals.
pub(crate) const LINE: usize = 300;

/// A text of one line, for people.
pub(super) fn line(text: Spanned<String>) -> Read<String> {
    let problem = match text.get_ref() {
        text if text.trim().is_empty() => "this is empty, and reports print it".to_owned(),
        text if text.chars().any(char::is_control) => {
            "this must be one line, without control characters: reports print it".to_owned()
        }
        text if text.chars().count() > LINE => {
            format!("this has {} characters; a report has room for {LINE}", text.chars().count())
        }
        _ => return Ok(text.into_inner()),
    };
    Err(At::new(text.span(), Problem::text(problem)))
}

/// The ids of clauses, each of which must be registered.
pub(super) fn registered(names: &[Spanned<String>]) -> Read<Vec<String>> {
    let known = |name: &Spanned<String>| {
        clauses().map_err(|error| At::new(name.span(), Problem::text(error.to_string())))
    };
    let Some(first) = names.first() else { return Ok(Vec::new()) };
    let known: BTreeSet<String> = known(first)?.into_iter().map(|clause| clause.id).collect();
    let find = |name: &str| known.get(name).cloned();
    let all = || known.iter().cloned().collect();
    names.iter().map(|name| named("registered clause", name, find, all)).collect()
}

/// The ids of the list of known cases: three letters or digits, a hyphen and three digits.
pub(super) fn listed(names: Vec<Spanned<String>>) -> Read<Vec<String>> {
    let is_id = |name: &str| {
        name.split_once('-').is_some_and(|(family, number)| {
            let upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
            (family.len(), number.len()) == (3, 3)
                && family.chars().all(upper)
                && number.chars().all(|c| c.is_ascii_digit())
        })
    };
    let read = |name: Spanned<String>| {
        if is_id(name.get_ref()) {
            return Ok(name.into_inner());
        }
        let words =
            format!("`{}` is no id of the list of known cases, as `NON-002` is", name.get_ref());
        Err(At::new(name.span(), Problem::text(words)))
    };
    names.into_iter().map(read).collect()
}
