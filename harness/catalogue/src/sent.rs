//! A binary value of a request, and how it is written.

use crate::operator::SpellingOperator;

/// A binary value of a request: a key id, an attestation object or an assertion.
///
/// Honest ones are written as the target's conventions say. Others lie about that, or are no value
/// of the kind at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    bytes: Vec<u8>,
    spelling: Vec<SpellingOperator>,
}

/// What stands in the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// The bytes, written as the target's conventions say.
    Bytes(Vec<u8>),
    /// Exactly this text.
    Text(String),
    /// This JSON where the text would be; its own text where there is no JSON.
    Json(serde_json::Value),
}

impl Sent {
    /// The bytes, to be written as the target's conventions say.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, spelling: Vec::new() }
    }

    /// The bytes, whatever they are written as.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether it is written as the target's conventions say.
    pub fn is_plain(&self) -> bool {
        self.spelling.is_empty()
    }

    /// What stands in the request; `plain` writes bytes as the target's conventions say.
    pub fn written(&self, plain: impl Fn(&[u8]) -> String) -> Written {
        let honest = || Written::Bytes(self.bytes.clone());
        self.spelling.iter().fold(honest(), |so_far, one| {
            let text = match so_far {
                Written::Bytes(bytes) => plain(&bytes),
                Written::Text(text) => text,
                Written::Json(json) => json.to_string(),
            };
            one.spell(&self.bytes, &text, &plain)
        })
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(crate) fn spell(&mut self, operator: SpellingOperator) {
        self.spelling.push(operator);
    }
}
