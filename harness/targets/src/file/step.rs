//! The `[step.…]` sections: what is sent, and what is kept of the answer.

use super::judge::status;
use super::reader::{Item, Table};
use super::sections::{headers, optional, sources};
use super::{Body, Part, RequestTemplate, StatusRange, Step, TargetFileError};
use crate::facts::{CHALLENGE_TEXT, Operation};
use crate::template::Place;
use std::collections::BTreeMap;

type Read<T> = Result<T, TargetFileError>;

/// The steps; `challenge`, `attest` and `assert` must be among them.
pub(super) fn steps(item: &Item<'_>) -> Read<BTreeMap<Operation, Step>> {
    let table = item.table(&Operation::STEPS.map(Operation::as_str))?;
    let mut steps = BTreeMap::new();
    for operation in Operation::STEPS {
        let item = match operation {
            Operation::Challenge | Operation::Attest | Operation::Assert => {
                Some(table.need(operation.as_str())?)
            }
            Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => table.get(operation.as_str()),
        };
        if let Some(item) = item {
            steps.insert(operation, step(&item, operation)?);
        }
    }
    Ok(steps)
}

fn step(item: &Item<'_>, operation: Operation) -> Read<Step> {
    let table = item.table(&["request", "ok", "save"])?;
    let save = optional(table.get("save"), sources)?.unwrap_or_default();
    if operation == Operation::Challenge && save.get(CHALLENGE_TEXT).is_none_or(|s| s.optional) {
        let place = table.get("save").unwrap_or_else(|| item.clone());
        return Err(place.error(format!(
            "the challenge must be kept: save = {{ {CHALLENGE_TEXT} = \"json:/challenge\" }}, without `?`"
        )));
    }
    // No rule of the judge is written for a reset.
    let default = (operation == Operation::Reset).then_some(StatusRange::SUCCESS);
    Ok(Step {
        request: request(&table.need("request")?)?,
        ok: optional(table.get("ok"), ok)?.or(default),
        save,
    })
}

pub(super) fn ok(item: &Item<'_>) -> Read<StatusRange> {
    status(&item.table(&["status"])?.need("status")?)
}

pub(super) fn request(item: &Item<'_>) -> Read<RequestTemplate> {
    let table = item.table(&[
        "method",
        "path",
        "json",
        "form",
        "multipart",
        "cbor",
        "body",
        "content_type",
        "headers",
    ])?;
    let method = table.need("method")?;
    let path = table.need("path")?;
    if !path.text()?.starts_with('/') {
        return Err(path.error("a path begins with `/`"));
    }
    Ok(RequestTemplate {
        method: method
            .text()?
            .parse()
            .ok()
            .filter(|read: &http::Method| read.as_str().chars().all(|c| c.is_ascii_uppercase()))
            .ok_or_else(|| method.error("this is no method; write GET or POST"))?,
        path: path.template(Place::Path)?,
        content_type: optional(table.get("content_type"), media_type)?,
        headers: optional(table.get("headers"), headers)?.unwrap_or_default(),
        body: body(&table)?,
    })
}

/// A part of a form: a template, or a table with one and what a file has besides.
fn part((name, item): (&str, Item<'_>)) -> Read<Part> {
    let name = name.to_owned();
    if item.value.get_ref().is_str() {
        let value = item.template(Place::Text)?;
        return Ok(Part { name, value, filename: None, content_type: None });
    }
    let table = item.table(&["value", "filename", "content_type"])?;
    Ok(Part {
        name,
        value: table.need("value")?.template(Place::Text)?,
        filename: optional(table.get("filename"), |item| Ok(item.text()?.to_owned()))?,
        content_type: optional(table.get("content_type"), media_type)?,
    })
}

fn media_type(item: &Item<'_>) -> Read<String> {
    let text = item.text()?;
    let _: http::HeaderValue = text.parse().map_err(|_| item.error("this is no media type"))?;
    Ok(text.to_owned())
}

fn body(table: &Table<'_>) -> Read<Body> {
    Ok(match table.one_of(&["json", "form", "multipart", "cbor", "body"])? {
        None => Body::Empty,
        Some(("json", item)) => Body::Json(item.json(Some(Place::Text))?),
        Some(("form", item)) => {
            let field =
                |(name, item): (&str, Item<'_>)| Ok((name.to_owned(), item.template(Place::Text)?));
            Body::Form(item.map()?.entries().into_iter().map(field).collect::<Read<_>>()?)
        }
        Some(("multipart", item)) => {
            if let Some(given) = table.get("content_type") {
                return Err(given.error("a multipart body names its own media type and boundary"));
            }
            Body::Multipart(item.map()?.entries().into_iter().map(part).collect::<Read<_>>()?)
        }
        Some(("cbor", item)) => Body::Cbor(item.json(Some(Place::Text))?),
        Some((_, item)) => Body::Template(item.template(Place::Text)?),
    })
}
