//! Requests as they go out: values written as the target's conventions say, and edits of the rest.

use super::PlayError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::{Cast, Sent, Sheet, Step, Values, Written};
use jiff::Timestamp;
use targets::encoding::Encoding;
use targets::{CHALLENGE_TEXT, Dialect, Facts, Field, Saved, WireRequest};

/// A value as the dialect takes it.
pub(super) fn field(sent: &Sent, encoding: Encoding) -> Field {
    let plain = |bytes: &[u8]| {
        encoding.encode(bytes).unwrap_or_else(|| String::from_utf8_lossy(bytes).into_owned())
    };
    match sent.written(plain) {
        Written::Bytes(bytes) => Field::Bytes(bytes),
        Written::Text(text) => Field::Text(text),
        Written::Json(json) => Field::Json(json),
    }
}

/// Lets a step edit a request as it goes out.
pub(super) fn edited(
    request: WireRequest,
    values: Values,
    (cast, step, now): (&Cast<'_>, &Step, Timestamp),
) -> Result<WireRequest, PlayError> {
    let headers = request.headers.iter();
    let mut sheet = Sheet {
        method: request.method.to_string(),
        path: path(&request.url).to_owned(),
        headers: headers.map(|(name, value)| (name.to_string(), value.as_bytes().into())).collect(),
        body: request.body,
        values,
    };
    cast.edit(step, &mut sheet, now)?;
    let refused = |what: &dyn std::fmt::Display| PlayError::NoRequest(what.to_string());
    let mut headers = http::HeaderMap::new();
    for (name, value) in &sheet.headers {
        let name = name.parse::<http::HeaderName>().map_err(|error| refused(&error))?;
        headers
            .append(name, http::HeaderValue::from_bytes(value).map_err(|error| refused(&error))?);
    }
    let mut url = request.url;
    if sheet.path != path(&url) {
        let (path, query) = sheet.path.split_once('?').unwrap_or((&sheet.path, ""));
        url.set_path(path);
        url.set_query((!query.is_empty()).then_some(query));
    }
    let method =
        sheet.method.parse().map_err(|error: http::method::InvalidMethod| refused(&error))?;
    Ok(WireRequest { method, url, headers, body: sheet.body })
}

fn path(url: &url::Url) -> &str {
    &url[url::Position::BeforePath..url::Position::AfterQuery]
}

/// What the values of a request are written as.
pub(super) fn values(
    facts: &Facts,
    saved: &Saved,
    hash: Option<&[u8]>,
    dialect: &Dialect,
) -> Values {
    let conventions = &dialect.file().conventions;
    let text = |field: &Option<Field>, encoding: Encoding| match field.as_ref()? {
        Field::Bytes(bytes) => encoding.encode(bytes),
        Field::Text(text) => Some(text.clone()),
        Field::Json(json) => Some(json.to_string()),
    };
    Values {
        account: Some(facts.account.clone()),
        challenge: saved.get(CHALLENGE_TEXT).cloned(),
        key_id: text(&facts.key_id, conventions.key_id),
        attestation: text(&facts.attestation, conventions.attestation),
        assertion: text(&facts.assertion, conventions.assertion),
        client_data_hash: hash.map(|hash| STANDARD.encode(hash)),
    }
}
