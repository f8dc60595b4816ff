//! What a failed case sent, beside what its honest twin would have sent.
//!
//! Recorded for failures only, so that whoever mends the server has the bytes at hand. Secrets of
//! the target file are never in it: a request carries their names in their place.

use serde::{Deserialize, Serialize};

/// The evidence of one failed case. Stands before the case's `case-observed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The case's permanent id.
    pub id: String,
    /// The requests of the first time it was played, in the order sent.
    pub requests: Vec<SentRequest>,
    /// Which of them the verdict hangs on, if it came to that.
    pub deciding: Option<usize>,
    /// What that request is about: objects, client data, key id.
    pub objects: Vec<SentObject>,
}

impl Evidence {
    /// The file that shows the deciding request best: a script that sends it again, where it can be
    /// sent at all.
    pub fn file(&self) -> &'static str {
        let deciding = self.deciding.and_then(|place| self.requests.get(place));
        if deciding.is_some_and(SentRequest::is_http) { "curl.sh" } else { "requests.txt" }
    }
}

/// A request as it went out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentRequest {
    /// What was sent, as in "attest (step 2)".
    pub what: String,
    /// The HTTP method.
    pub method: String,
    /// Where to; secrets as `${secret.name}`. `adapter:/path` for what an adapter was asked.
    pub url: String,
    /// Headers in the order sent; secrets as `${secret.name}`.
    pub headers: Vec<(String, String)>,
    /// The body in base64; secrets in it as `${secret.name}`.
    pub body: String,
    /// Bytes of the body that are not recorded, because it is too long.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub body_left_out: u64,
    /// The names of the secrets that stand in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// HTTP status of the answer, if one began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the target decided, in a word.
    pub decision: String,
    /// The beginning of the answer, printable, secrets masked.
    pub excerpt: String,
}

impl SentRequest {
    /// Whether it can be sent again by a client of HTTP; an adapter's cannot.
    pub fn is_http(&self) -> bool {
        self.url.starts_with("http://") || self.url.starts_with("https://")
    }
}

/// A value that a request carries, beside the twin's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentObject {
    /// `attestation`, `assertion`, `client-data` or `key-id`.
    pub name: String,
    /// What was sent, in base64.
    pub sent: String,
    /// What the honest twin would have sent, in base64; none if that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twin: Option<String>,
    /// In which parts the two differ, in the order of their bytes; the first of many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<ByteDifference>,
    /// How many differences are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub more: u64,
}

/// A part in which the two differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ByteDifference {
    /// Where it stands in the structure, as in `attStmt.x5c[0].tbs.validity.notAfter`.
    pub path: String,
    /// What it is.
    pub label: String,
    /// The twin's part; none if only the object sent has it.
    pub twin: Option<PartBytes>,
    /// The part sent; none if only the twin has it.
    pub sent: Option<PartBytes>,
    /// Follows from another difference: a nonce, signature or length that was computed anew.
    pub consequence: bool,
}

/// A part of an object: the bytes around where it differs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartBytes {
    /// Offset of the part in its object.
    pub at: u64,
    /// Its length in bytes.
    pub len: u64,
    /// How many of its bytes come before those shown.
    pub skipped: u64,
    /// The bytes shown, in hexadecimal.
    pub shown: String,
    /// Which of the bytes shown differ: the first, counted from 0, and how many.
    pub marked: (u64, u64),
    /// What the part says, in words; empty for bytes that say nothing by themselves.
    pub value: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
