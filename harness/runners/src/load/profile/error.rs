//! What is wrong with a profile, and where.

use std::ops::Range;

/// A profile that cannot be used: `file:line:column: what is wrong; did you mean …`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct ProfileError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// What is wrong, and where in the text.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    span: Range<usize>,
    what: String,
}

impl Problem {
    pub(super) fn new(span: Range<usize>, what: impl Into<String>) -> Self {
        Self { span, what: what.into() }
    }

    /// What the TOML reader found in a table at `span`, which may also have the keys `others`.
    ///
    /// It writes unknown names as "unknown field `x`, expected one of `a`, `b`", and missing ones
    /// as "missing field `x`".
    pub(super) fn of(error: &toml::de::Error, span: Range<usize>, others: &[&str]) -> Self {
        let message = error.message();
        let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
        let what = match (&quoted[..], message.split_whitespace().next()) {
            ([typed, known @ ..], Some("unknown")) => {
                let is_field = message.starts_with("unknown field");
                let others = if is_field { others } else { &[] };
                let known: Vec<&str> = known.iter().chain(others).copied().collect();
                let what = if is_field { "known here" } else { "allowed" };
                format!("`{typed}` is not {what}{}", suggestion(typed, &known))
            }
            ([missing], Some("missing")) => format!("`{missing}` is missing"),
            (_, Some("duplicate")) => match quoted.first() {
                Some(name) => format!("`{name}` is there twice"),
                None => "this key is there twice".to_owned(),
            },
            _ => wrong_type(message).unwrap_or_else(|| message.to_owned()),
        };
        Self { span: error.span().unwrap_or(span), what }
    }

    pub(super) fn within(self, file: &str, text: &str) -> ProfileError {
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        ProfileError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what: self.what,
        }
    }
}

/// What a value must be, in the words of TOML: the reader speaks of sequences and of `u32`.
///
/// It writes "invalid type: string \"1\", expected u32" and "invalid value: integer `-1`, expected u32".
fn wrong_type(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("invalid ")?.1.split_once(": ")?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let expected = match expected {
        "a sequence" => "a list",
        "a map" => "a table",
        "a string" => "a text in quotes: \"100/s\" for a rate, \"15s\" for a length of time",
        "a boolean" => "true or false",
        "f64" => "a number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        other => other,
    };
    let found = match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer" | "floating", number)) => {
            format!("the number {}", number.trim_start_matches("point "))
        }
        Some(("boolean", word)) => word.to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    Some(format!("this is {found}; it must be {expected}"))
}

/// "; did you mean …" for the closest of the known names, or the names themselves if none is close.
pub(super) fn suggestion(typed: &str, known: &[&str]) -> String {
    let closest = known
        .iter()
        .map(|name| (strsim::normalized_damerau_levenshtein(typed, name), name))
        .max_by(|one, other| one.0.total_cmp(&other.0));
    match closest {
        Some((likeness, name)) if likeness > 0.5 => format!("; did you mean `{name}`?"),
        _ if known.is_empty() => String::new(),
        _ => format!("; known are `{}`", known.join("`, `")),
    }
}
