//! A request as it goes out, for edits of what lies around its values.

use serde_json::{Map, Value};

/// A request as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers, names in small letters.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
    /// What its values are written as.
    pub values: Values,
}

/// What the values of a request are written as; `None` for one it does not have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    /// The user it is made for.
    pub account: Option<String>,
    /// The challenge.
    pub challenge: Option<String>,
    /// The key id.
    pub key_id: Option<String>,
    /// The attestation object.
    pub attestation: Option<String>,
    /// The assertion.
    pub assertion: Option<String>,
    /// The client data hash that the object was made for, in base64.
    pub client_data_hash: Option<String>,
}

/// Why a request could not be edited.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// The body is no JSON object.
    #[error("the body is no JSON object")]
    NoObject,
    /// No member of the body is that value.
    #[error("no member of the body is the {0}")]
    NoMember(&'static str),
    /// No header is that value.
    #[error("no header is the {0}")]
    NoHeader(&'static str),
}

impl Sheet {
    /// The members of the body.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, SheetError> {
        serde_json::from_slice(&self.body).map_err(|_| SheetError::NoObject)
    }

    /// The place of a header whose value is `text`.
    pub(crate) fn header_of(&self, text: Option<&str>) -> Option<usize> {
        let text = text?.as_bytes();
        self.headers.iter().position(|(_, value)| value == text)
    }
}
