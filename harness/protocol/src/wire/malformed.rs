use std::fmt;

/// Why bytes could not be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {at}: {what}")]
pub struct Malformed {
    /// Offset of the offending byte in the input given to the decoder.
    pub at: usize,
    /// What was expected or found there, in words.
    pub what: String,
}

impl Malformed {
    pub(super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// Something legal that no genuine object does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Offset of the byte in the input given to the decoder.
    pub at: usize,
    /// What is unusual there, in words.
    pub what: String,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.at, self.what)
    }
}
