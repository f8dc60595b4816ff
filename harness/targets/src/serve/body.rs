//! Bodies and headers: bounded in size and time before anything is made of them.

use super::refusal::No;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use protocol::terms::KeyId;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Bytes of a request's body; a genuine attestation takes 8 kB of base64.
const LARGEST: usize = 64 << 10;

/// Time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Bytes of an account's name.
const LONGEST_ACCOUNT: usize = 256;

/// The whole body.
pub(super) async fn read(body: Body) -> Result<Bytes, No> {
    match tokio::time::timeout(ARRIVAL, to_bytes(body, LARGEST)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_too_large(&error) => Err(No::plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {} KiB", LARGEST >> 10),
        )),
        Ok(Err(error)) => Err(No::malformed(format!("the body broke off: {error}"))),
        Err(_) => Err(No::plain(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// The whole body as a JSON object.
pub(super) async fn json<T: DeserializeOwned>(body: Body) -> Result<T, No> {
    object(&read(body).await?).map_err(No::malformed)
}

/// A JSON object; no array will do in its place.
pub(super) fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    if bytes.trim_ascii_start().first() != Some(&b'{') {
        return Err("the body is no JSON object".to_owned());
    }
    serde_json::from_slice(bytes).map_err(|error| format!("the body cannot be read: {error}"))
}

/// A header that is there exactly once, as text.
pub(super) fn header<'h>(headers: &'h HeaderMap, name: &str) -> Result<&'h str, No> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => std::str::from_utf8(value.as_bytes())
            .map_err(|_| No::malformed(format!("header {name} is no UTF-8"))),
        (None, _) => Err(No::malformed(format!("header {name} is missing"))),
        (Some(_), Some(_)) => Err(No::malformed(format!("header {name} is there twice"))),
    }
}

/// An account's name.
pub(super) fn account(text: &str) -> Result<&str, No> {
    match text.len() {
        0 => Err(No::malformed("the account is empty")),
        length if length > LONGEST_ACCOUNT => {
            Err(No::malformed(format!("the account is longer than {LONGEST_ACCOUNT} bytes")))
        }
        _ => Ok(text),
    }
}

/// A key id: 44 characters of standard base64.
pub(super) fn key_id(text: &str) -> Result<KeyId, No> {
    KeyId::from_base64(text)
        .ok_or_else(|| No::malformed("the key id is not 32 bytes in standard base64"))
}

/// Bytes in standard base64, padded.
pub(super) fn base64(text: &str, what: &str) -> Result<Vec<u8>, No> {
    STANDARD
        .decode(text)
        .map_err(|error| No::malformed(format!("the {what} is not in standard base64: {error}")))
}
