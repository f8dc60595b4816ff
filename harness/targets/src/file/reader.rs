//! Reads TOML values with their place in the file, so that every complaint points somewhere.

use super::error::{TargetFileError, quoted, suggestion};
use crate::template::Place;
use jiff::SignedDuration;
use std::cell::RefCell;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The text being read.
pub(super) struct Document<'d> {
    pub(super) file: &'d str,
    pub(super) text: &'d str,
    /// Templates met so far; they are checked once all names are known.
    pub(super) templates: RefCell<Vec<(Range<usize>, Place, String)>>,
}

/// A value with its name and place.
#[derive(Clone)]
pub(super) struct Item<'d> {
    pub(super) document: &'d Document<'d>,
    pub(super) name: String,
    pub(super) value: &'d Spanned<DeValue<'d>>,
}

/// A table with its name and place.
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    name: String,
    span: Range<usize>,
    members: &'d DeTable<'d>,
}

type Read<T> = Result<T, TargetFileError>;

impl<'d> Document<'d> {
    pub(super) fn error(&self, span: &Range<usize>, what: String) -> TargetFileError {
        TargetFileError::at(self.file, self.text, span, what)
    }

    /// The whole file as a table with these keys.
    pub(super) fn table(
        &'d self,
        table: &'d Spanned<DeTable<'d>>,
        known: &[&str],
    ) -> Read<Table<'d>> {
        let table =
            Table { document: self, name: String::new(), span: 0..0, members: table.get_ref() };
        table.only(known)?;
        Ok(table)
    }
}

impl<'d> Item<'d> {
    pub(super) fn error(&self, what: impl Into<String>) -> TargetFileError {
        self.document.error(&self.value.span(), what.into())
    }

    fn wrong_type(&self, wanted: &str) -> TargetFileError {
        let found = match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.error(format!("`{}` must be {wanted}, and is {found}", self.name))
    }

    pub(super) fn text(&self) -> Read<&'d str> {
        self.value.get_ref().as_str().ok_or_else(|| self.wrong_type("a text"))
    }

    /// A text that a template may stand in.
    pub(super) fn template(&self, place: Place) -> Read<String> {
        let text = self.text()?;
        self.document.templates.borrow_mut().push((self.value.span(), place, text.to_owned()));
        Ok(text.to_owned())
    }

    pub(super) fn boolean(&self) -> Read<bool> {
        self.value.get_ref().as_bool().ok_or_else(|| self.wrong_type("true or false"))
    }

    pub(super) fn integer(&self) -> Read<i64> {
        let integer =
            self.value.get_ref().as_integer().ok_or_else(|| self.wrong_type("a whole number"))?;
        i64::from_str_radix(integer.as_str(), integer.radix())
            .map_err(|_| self.error(format!("`{}` is too large", self.name)))
    }

    /// A length of time that is not zero: `"250ms"`, `"5s"`, `"2m"`.
    pub(super) fn duration(&self) -> Read<Duration> {
        let text = self.text().map_err(|_| self.wrong_type("a length of time such as \"5s\""))?;
        text.parse::<SignedDuration>()
            .ok()
            .and_then(|duration| Duration::try_from(duration).ok())
            .filter(|duration| !duration.is_zero())
            .ok_or_else(|| {
                self.error(format!(
                    "`{text}` is no length of time; write \"250ms\", \"5s\" or \"2m\""
                ))
            })
    }

    /// One of some names.
    pub(super) fn choice<T: Copy>(&self, all: &[T], name_of: fn(T) -> &'static str) -> Read<T> {
        let text = self.text()?;
        all.iter().copied().find(|choice| name_of(*choice) == text).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|choice| name_of(*choice)).collect();
            let hint = suggestion(text, names.iter().copied());
            self.error(format!("`{text}` is no `{}`{hint}", self.name))
        })
    }

    pub(super) fn list(&self) -> Read<Vec<Item<'d>>> {
        let list = self.value.get_ref().as_array().ok_or_else(|| self.wrong_type("a list"))?;
        let item = |(index, value)| Item {
            document: self.document,
            name: format!("{}[{index}]", self.name),
            value,
        };
        Ok(list.iter().enumerate().map(item).collect())
    }

    /// A table whose keys are these.
    pub(super) fn table(&self, known: &[&str]) -> Read<Table<'d>> {
        let table = self.map()?;
        table.only(known)?;
        Ok(table)
    }

    /// A table with any keys.
    pub(super) fn map(&self) -> Read<Table<'d>> {
        Ok(Table {
            document: self.document,
            name: self.name.clone(),
            span: self.value.span(),
            members: self.value.get_ref().as_table().ok_or_else(|| self.wrong_type("a table"))?,
        })
    }

    /// The value as JSON, in the order of the file; strings are templates if `place` says where they go.
    pub(super) fn json(&self, place: Option<Place>) -> Read<serde_json::Value> {
        Ok(match self.value.get_ref() {
            DeValue::String(text) => match place {
                Some(place) => self.template(place)?.into(),
                None => text.as_ref().into(),
            },
            DeValue::Boolean(value) => (*value).into(),
            DeValue::Integer(_) => self.integer()?.into(),
            DeValue::Float(float) => serde_json::from_str(float.as_str())
                .map_err(|_| self.error(format!("`{}` has no form in JSON", float.as_str())))?,
            DeValue::Array(_) => {
                self.list()?.iter().map(|item| item.json(place)).collect::<Read<_>>()?
            }
            DeValue::Table(_) => self
                .map()?
                .entries()
                .into_iter()
                .map(|(key, item)| Ok((key.to_owned(), item.json(place)?)))
                .collect::<Read<serde_json::Map<_, _>>>()?
                .into(),
            DeValue::Datetime(_) => return Err(self.wrong_type("a value that JSON can hold")),
        })
    }
}

impl<'d> Table<'d> {
    /// Complains about the first key that is not known.
    fn only(&self, known: &[&str]) -> Read<()> {
        match self.sorted().into_iter().find(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            None => Ok(()),
            Some((key, _)) => {
                let typed = key.get_ref();
                let place = if self.name.is_empty() {
                    "here".to_owned()
                } else {
                    format!("in `{}`", self.name)
                };
                let hint = suggestion(typed, known.iter().copied());
                Err(self
                    .document
                    .error(&key.span(), format!("`{typed}` is not known {place}{hint}")))
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<Item<'d>> {
        let (_, value) =
            self.members.iter().find(|(candidate, _)| candidate.get_ref().as_ref() == key)?;
        Some(self.item(key, value))
    }

    pub(super) fn need(&self, key: &str) -> Read<Item<'d>> {
        self.get(key).ok_or_else(|| {
            let name = self.path_of(key);
            self.error(format!("`{name}` is missing"))
        })
    }

    /// At most one of these keys.
    pub(super) fn one_of(&self, keys: &[&'static str]) -> Read<Option<(&'static str, Item<'d>)>> {
        let mut found = keys.iter().filter_map(|key| Some((*key, self.get(key)?)));
        match (found.next(), found.next()) {
            (first, None) => Ok(first),
            (_, Some((_, second))) => {
                Err(second.error(format!("only one of {} may be given", quoted(keys))))
            }
        }
    }

    pub(super) fn error(&self, what: String) -> TargetFileError {
        self.document.error(&self.span, what)
    }

    /// Keys and values in the order of the file.
    pub(super) fn entries(&self) -> Vec<(&'d str, Item<'d>)> {
        self.sorted()
            .into_iter()
            .map(|(key, value)| {
                let key = key.get_ref().as_ref();
                (key, self.item(key, value))
            })
            .collect()
    }

    fn sorted(&self) -> Vec<(&'d Spanned<std::borrow::Cow<'d, str>>, &'d Spanned<DeValue<'d>>)> {
        let mut entries: Vec<_> = self.members.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        entries
    }

    fn item(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> Item<'d> {
        Item { document: self.document, name: self.path_of(key), value }
    }

    fn path_of(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }
}
