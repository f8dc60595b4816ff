//! What is wrong with a target file, and where.

use crate::dialect::printable;
use std::ops::Range;

/// A target file that cannot be used: `file:line:column: what is wrong; did you mean …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct TargetFileError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl TargetFileError {
    /// An error at a byte range of the file's text.
    pub(super) fn at(file: &str, text: &str, span: &Range<usize>, what: impl AsRef<str>) -> Self {
        let mut start = span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            // It says back what stands in the file, which somebody else may have written.
            what: printable(what.as_ref()),
        }
    }
}

/// `; did you mean …` for the closest of the known names, or the names themselves if none is close.
pub(crate) fn suggestion<'n>(typed: &str, known: impl IntoIterator<Item = &'n str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let likeness = |name: &str| {
        let (typed, name) = (typed.to_lowercase(), name.to_lowercase());
        // One slip of the finger is close, however short the name.
        if strsim::osa_distance(&typed, &name) <= 1 {
            1.0
        } else {
            strsim::jaro_winkler(&typed, &name)
        }
    };
    let closest = known
        .iter()
        .map(|name| (likeness(name), *name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match closest {
        Some((likeness, name)) if likeness > 0.75 => format!("; did you mean `{name}`?"),
        _ if known.is_empty() => String::new(),
        _ => format!("; known are {}", quoted(&known)),
    }
}

/// The names in backquotes, with commas.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
