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
            ([missing], Some("missing")) => Self(format!("`{missing}` is missing")),
            _ => Self(wrong_type(message).unwrap_or_else(|| message.to_owned())),
        }
    }
}

/// What a value must be, in the words of TOML: the reader speaks of sequences and of `u32`.
///
/// It writes "invalid type: string \"1\", expected u32" and "invalid value: integer `-1`, expected u32".
fn wrong_type(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("invalid ")?.1.split_once(": ")?;
    let (found, expected) = rest.rsplit_once(", expected ")?;
    let whole = |most: &str| format!("a whole number from 0 to {most}");
    let expected = match expected {
        "a sequence" => "a list, as in [\"…\", \"…\"]".to_owned(),
        "a string" => "a text in quotes".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" => whole("255"),
        "u16" => whole("65535"),
        "u32" => whole("4294967295"),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i64" => "a whole number".to_owned(),
        other => other.to_owned(),
    };
    let found = match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer", number)) => format!("the number {number}"),
        Some(("boolean", word)) => word.to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "a table".to_owned(),
        _ => found.to_owned(),
    };
    Some(format!("this is {found}; it must be {expected}"))
}

impl At<Problem> {
    pub(crate) fn within(self, file: &str, text: &str) -> CaseFileError {
        let mut start = self.span.start.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let what = match self.value.0.as_str() {
            // The reader does not say which.
            "duplicate key" => {
                let name = text.get(self.span.clone()).unwrap_or("this");
                format!("`{name}` is there twice")
            }
            _ => self.value.0,
        };
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        CaseFileError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            what,
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
