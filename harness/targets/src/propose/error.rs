//! Why a text cannot be read.

use std::fmt;

/// A text that no proposal can be made of: `file:line:column: what is wrong and what to do`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposeError {
    /// Name of the text.
    pub file: String,
    /// Line and column, counted from 1, where they are known.
    pub at: Option<(usize, usize)>,
    /// What is wrong, and what to do.
    pub what: String,
}

impl ProposeError {
    pub(super) fn new(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: None, what: what.into() }
    }

    pub(super) fn at(file: &str, line: usize, column: usize, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), at: Some((line, column)), what: what.into() }
    }

    /// What serde said about JSON.
    pub(super) fn json(file: &str, error: &serde_json::Error) -> Self {
        let said = error.to_string();
        // serde appends the place, which stands in front here.
        let what = said.split(" at line ").next().unwrap_or(&said).to_owned();
        Self::at(file, error.line().max(1), error.column().max(1), what)
    }
}

impl fmt::Display for ProposeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some((line, column)) => write!(f, "{}:{line}:{column}: {}", self.file, self.what),
            None => write!(f, "{}: {}", self.file, self.what),
        }
    }
}

impl std::error::Error for ProposeError {}
