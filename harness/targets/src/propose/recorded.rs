//! Paths, forms, cookies and bodies as they are recorded, as members.

use super::sighting::{Body, Leaf, Member, Shape};
use serde_json::Value;

/// A recorded path as parts without names.
pub(super) fn recorded_path(path: &str) -> Vec<Member> {
    let decode = |part: &str| {
        let bytes = percent_decoded(part);
        String::from_utf8(bytes).unwrap_or_else(|_| part.to_owned())
    };
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split('/').map(|part| Member::text("", decode(part))).collect()
}

/// The bytes behind `%XX`.
fn percent_decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex =
            (*first == b'%').then(|| after.get(..2).and_then(|digits| hex::decode(digits).ok()));
        if let Some(Some(byte)) = hex {
            bytes.extend(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    bytes
}

/// Beginnings of headers that say nothing about a server.
const PREFIXES: [&str; 6] = [":", "sec-", "accept", "if-", "proxy-", "upgrade"];
/// And whole names of such.
const NAMES: [&str; 22] = [
    "host",
    "user-agent",
    "connection",
    "content-length",
    "content-type",
    "content-encoding",
    "origin",
    "referer",
    "cookie",
    "priority",
    "dnt",
    "te",
    "pragma",
    "cache-control",
    "transfer-encoding",
    "keep-alive",
    "expect",
    "range",
    "save-data",
    "postman-token",
    "traceparent",
    "tracestate",
];

/// Headers that say nothing about a server, and those that the body's kind or the client sets.
pub(super) fn is_noise(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name.as_str())
}

/// A query or a form as names and values.
pub(super) fn pairs(text: &str) -> Vec<Member> {
    url::form_urlencoded::parse(text.as_bytes())
        .map(|(name, value)| Member::text(name.into_owned(), value.into_owned()))
        .collect()
}

/// `a=b; c=d` as names and values.
pub(super) fn cookies(text: &str) -> Vec<Member> {
    text.split(';')
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| Member::text(name.trim(), value.trim()))
        .collect()
}

/// What a recorded body is, told from its media type and its text.
pub(super) fn recorded_body(media: Option<&str>, text: &str) -> Body {
    let essence = media.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    if text.is_empty() {
        return Body::Empty;
    }
    let is_json = essence.ends_with("/json") || essence.ends_with("+json");
    if (is_json || essence.is_empty())
        && let Ok(json @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str(text)
    {
        return Body::Json(Shape::of(json));
    }
    if essence == "application/x-www-form-urlencoded" || (essence.is_empty() && text.contains('='))
    {
        return Body::Form(pairs(text));
    }
    let media = media.filter(|_| !essence.is_empty()).map(str::to_owned);
    Body::Raw(media, Leaf::text(text))
}
