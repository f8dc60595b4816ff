//! Edits of a request as it goes out: its head, and its body as bytes.

use super::Scene;
use super::json_body::another_text;
use super::value::{Depth, Hex, Size};
use super::vocabulary::operators;
use crate::sheet::{Sheet, SheetError};
use schemars::JsonSchema;
use serde::Deserialize;

/// A value of a request by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Named {
    /// The user it is made for.
    Account,
    /// The challenge.
    Challenge,
    /// The key id.
    #[serde(rename = "keyid")]
    KeyId,
    /// The attestation object.
    Attestation,
    /// The assertion.
    Assertion,
}

operators! {
    /// Edits of a request as it goes out, in order, after all others.
    WireOperator {
        "wire.method" Method { to: String } "Another method.";
        "wire.query" Query { text: String } "A query after the path.";
        "wire.header.add" HeaderAdd { name: String, value: String } "One more header.";
        "wire.header.set" HeaderSet { name: String, value: String } "A header with another value.";
        "wire.header.drop" HeaderDrop { name: String } "Leaves a header out.";
        "wire.header.omit" HeaderOmit { of: Named } "Leaves out the header that holds a value.";
        "wire.header.after-another" HeaderAfterAnother { of: Named } "The header that holds a value twice, first with another one.";
        "wire.header.before-another" HeaderBeforeAnother { of: Named } "The header that holds a value twice, last with another one.";
        "wire.header.hash" HeaderHash { name: String } "One more header: the client data hash that the object was made for, in base64.";
        "wire.body.before" BodyBefore { bytes: Hex } "Bytes before the body.";
        "wire.body.after" BodyAfter { bytes: Hex } "Bytes after the body.";
        "wire.body.replace" BodyReplace { with: Hex } "Another body.";
        "wire.body.random" BodyRandom { count: Size } "So many random bytes as body, which follow from the seed.";
        "wire.body.nested" BodyNested { depth: Depth } "So many JSON arrays as body, each in the one before.";
        "wire.body.pad" BodyPad { to: Size } "Spaces after the body, so that it has so many bytes.";
        "wire.body.truncate" BodyTruncate { by: usize } "Leaves out so many bytes at the body's end.";
        "wire.body.gzip" BodyGzip { to: Size } "The body packed with gzip, with spaces after it so that it unpacks to so many bytes.";
        "wire.body.utf16" BodyUtf16 {} "The body in UTF-16 with its byte order mark.";
    }
}

impl Named {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Challenge => "challenge",
            Self::KeyId => "key id",
            Self::Attestation => "attestation",
            Self::Assertion => "assertion",
        }
    }

    /// What it is written as.
    pub(super) fn text(self, sheet: &Sheet) -> Option<&str> {
        let values = &sheet.values;
        match self {
            Self::Account => &values.account,
            Self::Challenge => &values.challenge,
            Self::KeyId => &values.key_id,
            Self::Attestation => &values.attestation,
            Self::Assertion => &values.assertion,
        }
        .as_deref()
    }

    fn header(self, sheet: &Sheet) -> Result<usize, SheetError> {
        sheet.header_of(self.text(sheet)).ok_or(SheetError::NoHeader(self.words()))
    }
}

impl WireOperator {
    /// Whether it edits headers that are values of the request.
    pub(crate) fn edits_headers(&self) -> bool {
        matches!(
            self,
            Self::HeaderOmit { .. }
                | Self::HeaderAfterAnother { .. }
                | Self::HeaderBeforeAnother { .. }
        )
    }

    /// Whether it edits the header that holds the account.
    pub(crate) fn edits_account(&self) -> bool {
        matches!(
            self,
            Self::HeaderOmit { of: Named::Account }
                | Self::HeaderAfterAnother { of: Named::Account }
                | Self::HeaderBeforeAnother { of: Named::Account }
        )
    }

    pub(crate) fn apply(&self, sheet: &mut Sheet, scene: &Scene<'_>) -> Result<(), SheetError> {
        match self {
            Self::Method { to } => sheet.method.clone_from(to),
            Self::Query { text } => sheet.path = format!("{}?{text}", sheet.path),
            Self::HeaderAdd { name, value } => {
                sheet.headers.push((name.to_lowercase(), value.clone().into_bytes()));
            }
            Self::HeaderSet { name, value } => {
                drop_header(sheet, name);
                sheet.headers.push((name.to_lowercase(), value.clone().into_bytes()));
            }
            Self::HeaderHash { name } => {
                let hash = sheet.values.client_data_hash.clone().unwrap_or_default();
                sheet.headers.push((name.to_lowercase(), hash.into_bytes()));
            }
            Self::HeaderDrop { name } => drop_header(sheet, name),
            Self::HeaderOmit { of } => {
                let at = of.header(sheet)?;
                sheet.headers.remove(at);
            }
            Self::HeaderAfterAnother { of } => {
                let at = of.header(sheet)?;
                let (name, value) = sheet.headers[at].clone();
                sheet.headers.insert(at, (name, another(&value)));
            }
            Self::HeaderBeforeAnother { of } => {
                let at = of.header(sheet)?;
                let (name, value) = sheet.headers[at].clone();
                sheet.headers.insert(at + 1, (name, another(&value)));
            }
            Self::BodyBefore { bytes } => {
                sheet.body.splice(0..0, bytes.0.iter().copied());
            }
            Self::BodyAfter { bytes } => sheet.body.extend_from_slice(&bytes.0),
            Self::BodyReplace { with } => sheet.body.clone_from(&with.0),
            Self::BodyRandom { count } => sheet.body = scene.random("body", count.0),
            Self::BodyNested { depth } => {
                sheet.body = ["[".repeat(depth.0), "]".repeat(depth.0)].concat().into_bytes();
            }
            Self::BodyPad { to } => sheet.body.resize(to.0.max(sheet.body.len()), b' '),
            Self::BodyTruncate { by } => {
                sheet.body.truncate(sheet.body.len().saturating_sub(*by));
            }
            Self::BodyGzip { to } => {
                sheet.headers.push(("content-encoding".to_owned(), b"gzip".to_vec()));
                sheet.body = super::gzip::gzip(&sheet.body, to.0);
            }
            Self::BodyUtf16 {} => {
                let text = String::from_utf8_lossy(&sheet.body).into_owned();
                sheet.body = std::iter::once(0xfeff)
                    .chain(text.encode_utf16())
                    .flat_map(u16::to_be_bytes)
                    .collect();
            }
        }
        Ok(())
    }
}

fn drop_header(sheet: &mut Sheet, name: &str) {
    sheet.headers.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
}

/// Another value of the same shape.
fn another(value: &[u8]) -> Vec<u8> {
    another_text(&String::from_utf8_lossy(value)).into_bytes()
}
