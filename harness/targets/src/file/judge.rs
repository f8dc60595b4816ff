//! The `[judge]` section: which answer means what.

use super::answer::pointer_of;
use super::reader::Item;
use super::sections::optional;
use super::{AnswerRule, Judged, Pattern, Reason, StatusRange, TargetFileError};
use crate::facts::Operation;

type Read<T> = Result<T, TargetFileError>;

/// A status, or a range of them.
pub(super) fn status(item: &Item<'_>) -> Read<StatusRange> {
    let range = if let Some(text) = item.value.get_ref().as_str() {
        StatusRange::parse(text)
    } else {
        let status = item.integer()?;
        StatusRange::new(status, status)
    };
    range.map_err(|what| item.error(what))
}

/// The rules, in order; at least one.
pub(super) fn rules(item: &Item<'_>) -> Read<Vec<AnswerRule>> {
    let rules = item.table(&["rules"])?.need("rules")?;
    let read: Vec<AnswerRule> = rules.list()?.iter().map(answer_rule).collect::<Read<_>>()?;
    if read.is_empty() {
        Err(rules.error("no answer can be read without a rule"))
    } else {
        Ok(read)
    }
}

fn answer_rule(item: &Item<'_>) -> Read<AnswerRule> {
    let table = item.table(&[
        "on",
        "status",
        "json",
        "cbor",
        "header",
        "body_contains",
        "body_matches",
        "is",
        "reason",
    ])?;
    let json = |item: &Item<'_>| {
        item.map()?
            .entries()
            .into_iter()
            .map(|(pointer, value)| {
                let pointer = pointer_of(pointer).map_err(|what| value.error(what))?;
                Ok((pointer, value.json(None)?))
            })
            .collect()
    };
    let header = |item: &Item<'_>| {
        item.map()?
            .entries()
            .into_iter()
            .map(|(name, value)| {
                let header = name
                    .parse()
                    .map_err(|_| value.error(format!("`{name}` is no name of a header")))?;
                Ok((header, value.text()?.to_owned()))
            })
            .collect()
    };
    let on = |item: &Item<'_>| {
        item.list()?.iter().map(|name| name.choice(&Operation::ALL, Operation::as_str)).collect()
    };
    Ok(AnswerRule {
        on: optional(table.get("on"), on)?.unwrap_or_default(),
        status: optional(table.get("status"), status)?.unwrap_or(StatusRange::ANY),
        json: optional(table.get("json"), json)?.unwrap_or_default(),
        cbor: optional(table.get("cbor"), json)?.unwrap_or_default(),
        header: optional(table.get("header"), header)?.unwrap_or_default(),
        body_contains: optional(table.get("body_contains"), |item| Ok(item.text()?.to_owned()))?,
        body_matches: optional(table.get("body_matches"), |item| {
            Pattern::new(item.text()?).map_err(|what| item.error(what))
        })?,
        is: table.need("is")?.choice(&Judged::ALL, Judged::as_str)?,
        reason: optional(table.get("reason"), |item| {
            Reason::parse(item.text()?).map_err(|what| item.error(what))
        })?,
    })
}
