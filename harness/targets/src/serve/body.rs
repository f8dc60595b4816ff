//! Bodies and headers: bounded in size and time before anything is made of them.

use super::refusal::No;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use http_body_util::BodyExt;
use protocol::terms::KeyId;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Bytes of a request's body. A genuine attestation takes 8 kB of base64; hostile ones of thousands of
/// parts still get a reason, and not only that they are large.
const LARGEST: usize = 256 << 10;

/// Time for a body to arrive.
const ARRIVAL: Duration = Duration::from_secs(10);

/// Bytes of an account's name.
const LONGEST_ACCOUNT: usize = 256;

/// Bytes of a body that is too large which are read all the same: a client that is still sending
/// when the connection is closed never sees the answer.
const DRAINED: usize = 16 << 20;

/// The whole body.
pub(super) async fn read(mut body: Body) -> Result<Bytes, No> {
    let mut whole = BytesMut::new();
    let mut size = 0;
    let arriving = async {
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            size += data.len();
            if size <= LARGEST {
                whole.extend_from_slice(&data);
            } else if size <= DRAINED {
                whole.clear();
            } else {
                break;
            }
        }
        Ok::<_, axum::Error>(())
    };
    match tokio::time::timeout(ARRIVAL, arriving).await {
        Ok(Ok(())) if size <= LARGEST => Ok(whole.freeze()),
        Ok(Ok(())) => Err(No::plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {} KiB", LARGEST >> 10),
        )),
        Ok(Err(error)) => Err(No::malformed(format!("the body broke off: {error}"))),
        Err(_) => Err(No::plain(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

/// What a body says it is, if it says so: JSON in UTF-8, or only JSON.
pub(super) fn is_json(headers: &HeaderMap, any_charset: bool) -> bool {
    headers.get_all(header::CONTENT_TYPE).iter().all(|value| {
        let text = String::from_utf8_lossy(value.as_bytes()).to_ascii_lowercase();
        let mut parts = text.split(';').map(str::trim);
        parts.next() == Some("application/json")
            && parts
                .filter_map(|part| part.strip_prefix("charset="))
                .all(|charset| any_charset || charset.trim_matches('"') == "utf-8")
    })
}

/// The request with a body in UTF-16 written in UTF-8: only a flawed server reads that.
pub(super) async fn in_utf8(request: Request) -> Result<Request, No> {
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let Some(text) = body.strip_prefix(&[0xfe, 0xff]) else {
        return Ok(Request::from_parts(parts, body.into()));
    };
    let units = text.chunks_exact(2).map(|unit| u16::from_be_bytes([unit[0], unit[1]]));
    let text: String = char::decode_utf16(units).map(|read| read.unwrap_or('\u{fffd}')).collect();
    Ok(Request::from_parts(parts, text.into()))
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
