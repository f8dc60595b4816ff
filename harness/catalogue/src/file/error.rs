//! What is wrong with a case file, and where.

use std::ops::Range;

/// A case file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct CaseFileError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// A value with its place in the text.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) span: Range<usize>,
    pub(crate) value: T,
}

/// What is wrong, without the place.
#[derive(Debug, Clone)]
pub(crate) struct Problem(String);

impl<T> At<T> {
    pub(crate) fn new(span: Range<usize>, value: T) -> Self {
        Self { span, value }
    }
}

impl Problem {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A name that is none of those known.
    pub(crate) fn unknown(kind: &str, typed: &str, known: &[String]) -> Self {
        Self(format!("`{typed}` is no {kind}{}", suggestion(typed, known)))
    }

    /// What the TOML reader found, with the closest of the names it would have taken.
    ///
    /// It writes unknown names as "unknown field `x`, expected one of `a`, `b`", and those inside
    /// an operator as "unexpected keys in table: x, available keys: a, b".
    pub(crate) fn of(error: &toml::de::Error) -> Self {
        let message = error.message();
        if let Some(rest) = message.strip_prefix("unexpected keys in table: ")
            && let Some((typed, known)) = rest.split_once(", available keys: ")
        {
            let typed = typed.split(", ").next().unwrap_or(typed);
            let known: Vec<_> =
                known.split(", ").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            return Self(format!("`{typed}` is not known here{}", suggestion(typed, &known)));
        }
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        match (&quoted[..], message.split_whitespace().next()) {
            ([typed, known @ ..], Some("unknown")) => {
                let known: Vec<_> = known.iter().map(|&name| name.to_owned()).collect();
                let what =
                    if message.starts_with("unknown field") { "known here" } else { "allowed" };
                Self(format!("`{typed}` is not {what}{}", suggestion(typed, &known)))
            }
            _ => Self(message.to_owned()),
        }
    }
}

impl At<Problem> {
    pub(crate) fn within(self, file: &str, text: &str) -> CaseFileError {
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        CaseFileError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: self.value.0,
        }
    }
}

/// "; did you mean …" for the closest of the known names, or a few of them if none is close.
fn suggestion(typed: &str, known: &[String]) -> String {
    let closest = known
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(typed, name), name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match closest {
        Some((likeness, name)) if likeness > 0.5 => format!("; did you mean `{name}`?"),
        _ if known.is_empty() => String::new(),
        _ if known.len() > 12 => String::new(),
        _ => format!("; known are `{}`", known.join("`, `")),
    }
}
