//! Reading a TOML file of people's, so that what is wrong in it is told with its place.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {what}")]
pub struct FileError {
    /// Name of the file, as it was given.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what would be right.
    pub what: String,
}

/// The text being read.
#[derive(Clone, Copy)]
pub(crate) struct Page<'p> {
    pub(crate) file: &'p str,
    pub(crate) text: &'p str,
}

impl<'p> Page<'p> {
    /// The file's root table.
    pub(crate) fn root(&self) -> Result<Spanned<DeTable<'p>>, FileError> {
        DeTable::parse(self.text)
            .map_err(|error| self.error(&error.span().unwrap_or(0..0), error.message().to_owned()))
    }

    pub(crate) fn error(&self, span: &Range<usize>, what: String) -> FileError {
        let (line, column) = self.place(span);
        FileError { file: self.file.to_owned(), line, column, what }
    }

    /// Line and column where something begins.
    pub(crate) fn place(&self, span: &Range<usize>) -> (usize, usize) {
        let start = (0..=span.start.min(self.text.len())).rev();
        let start = start.into_iter().find(|at| self.text.is_char_boundary(*at)).unwrap_or(0);
        let before = &self.text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }

    /// Refuses a table with other keys than these.
    pub(crate) fn only(&self, table: &DeTable<'_>, known: &[&str]) -> Result<(), FileError> {
        let strange = table.keys().find(|key| !known.contains(&key.get_ref().as_ref()));
        strange.map_or(Ok(()), |key| {
            let hint = suggestion(key.get_ref(), known);
            Err(self.error(&key.span(), format!("`{}` is not known here{hint}", key.get_ref())))
        })
    }

    /// A text that says something.
    pub(crate) fn text_of(
        &self,
        name: &str,
        item: &Spanned<DeValue<'_>>,
    ) -> Result<String, FileError> {
        match item.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text.to_owned()),
            Some(_) => Err(self.error(&item.span(), format!("`{name}` says nothing"))),
            None => Err(self.error(&item.span(), format!("`{name}` must be a text"))),
        }
    }
}

/// `; did you mean …` for the closest of the known names, or the names themselves if they are few.
pub(crate) fn suggestion(typed: &str, known: &[&str]) -> String {
    let likeness = |name: &&&str| strsim::jaro_winkler(typed, name);
    let closest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match closest {
        Some(name) if likeness(&name) > 0.8 => format!("; did you mean `{name}`?"),
        _ if known.is_empty() || known.len() > 12 => String::new(),
        _ => format!("; known are `{}`", known.join("`, `")),
    }
}
