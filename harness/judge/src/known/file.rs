//! The file of known failures.

use crate::page::{FileError as KnownError, Page, suggestion};
use jiff::civil::Date;
use record::Failure;
use toml::Spanned;
use toml::de::{DeArray, DeValue};

/// The most days from today that an entry may reach ahead.
pub const LONGEST_DAYS: i32 = 180;
/// The most cases that one pattern may excuse.
pub const MOST_MATCHES: usize = 20;

/// A file of known failures, read and checked for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The file's name, as it was given.
    pub file: String,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The case's id, or a pattern in which `*` stands for any text.
    pub case: String,
    /// The way in which it fails; `None` where both outcomes are tolerated.
    pub kind: Option<Failure>,
    /// Who answers for it.
    pub owner: String,
    /// Why it fails.
    pub reason: String,
    /// Where it is being dealt with.
    pub issue: Option<String>,
    /// The last day on which it excuses anything.
    pub expires: Date,
    /// The target it is for; `None` for all.
    pub target: Option<String>,
    /// Line of the file, from 1.
    pub line: usize,
    /// Column of the case in that line, from 1.
    pub column: usize,
    /// The ids of the cases it is about; empty until [`Known::resolve`].
    pub cases: Vec<String>,
}

impl Known {
    /// Reads a file. `today` bounds how far ahead an entry may reach.
    pub fn parse(text: &str, file: &str, today: Date) -> Result<Self, KnownError> {
        let page = Page { file, text };
        let root = page.root()?;
        page.only(root.get_ref(), &["known", "flaky"])?;
        let mut entries = Vec::new();
        for (name, is_flaky) in [("known", false), ("flaky", true)] {
            let Some(list) = root.get_ref().get(name) else { continue };
            let tables = list.get_ref().as_array().ok_or_else(|| {
                page.error(&list.span(), format!("write [[{name}]], one table for each entry"))
            })?;
            entries.extend(page.entries(tables, is_flaky, today)?);
        }
        entries.sort_by_key(|entry| (entry.line, entry.column));
        for (place, entry) in entries.iter().enumerate() {
            let same = |other: &&Entry| {
                (&other.case, other.kind, &other.target) == (&entry.case, entry.kind, &entry.target)
            };
            if let Some(first) = entries[..place].iter().find(same) {
                let what = format!("`{}` is listed already in line {}", entry.case, first.line);
                return Err(entry.error(file, what));
            }
        }
        Ok(Self { file: file.to_owned(), entries })
    }

    /// Finds the cases of every entry among all there are. `matches` tells whether a pattern
    /// (its first argument) matches an id.
    pub fn resolve(
        mut self,
        ids: &[&str],
        matches: impl Fn(&str, &str) -> bool,
    ) -> Result<Self, KnownError> {
        for entry in &mut self.entries {
            let found = ids.iter().filter(|id| matches(&entry.case, id));
            entry.cases = found.map(|id| (*id).to_owned()).collect();
            if entry.cases.is_empty() {
                let hint = suggestion(&entry.case, ids);
                return Err(
                    entry.error(&self.file, format!("there is no case `{}`{hint}", entry.case))
                );
            }
            if entry.cases.len() > MOST_MATCHES {
                let what = format!(
                    "`{}` matches {} cases, and one entry may excuse {MOST_MATCHES}",
                    entry.case,
                    entry.cases.len()
                );
                return Err(entry.error(&self.file, what));
            }
        }
        Ok(self)
    }

    /// The entries for a target.
    pub fn entries_for<'k>(&'k self, target: &'k str) -> impl Iterator<Item = &'k Entry> {
        self.entries.iter().filter(move |entry| entry.is_for(target))
    }
}

impl Entry {
    /// Whether it is for a target of that name.
    pub fn is_for(&self, target: &str) -> bool {
        self.target.as_deref().is_none_or(|own| own == target)
    }

    /// Says that this entry is wrong.
    pub fn error(&self, file: &str, what: String) -> KnownError {
        KnownError { file: file.to_owned(), line: self.line, column: self.column, what }
    }
}

impl Page<'_> {
    fn entries(
        &self,
        tables: &DeArray<'_>,
        is_flaky: bool,
        today: Date,
    ) -> Result<Vec<Entry>, KnownError> {
        tables.iter().map(|table| self.entry(table, is_flaky, today)).collect()
    }

    fn entry(
        &self,
        value: &Spanned<DeValue<'_>>,
        is_flaky: bool,
        today: Date,
    ) -> Result<Entry, KnownError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.error(&value.span(), "an entry is a table".to_owned()))?;
        let mut keys = vec!["case", "reason", "issue", "owner", "expires", "target"];
        if !is_flaky {
            keys.push("kind");
        }
        self.only(table, &keys)?;
        let need = |name: &str| {
            table.get(name).ok_or_else(|| self.error(&value.span(), format!("`{name}` is missing")))
        };
        let case = need("case")?;
        let kind = if is_flaky { None } else { Some(self.kind(need("kind")?)?) };
        let optional =
            |name: &str| table.get(name).map(|item| self.text_of(name, item)).transpose();
        let issue = optional("issue")?;
        let reason = match optional("reason")? {
            Some(reason) => reason,
            // What is flaky has an issue instead: nobody knows the reason yet.
            None if is_flaky && issue.is_some() => String::new(),
            None if is_flaky => need("issue").map(|_| String::new())?,
            None => need("reason").map(|_| String::new())?,
        };
        let (line, column) = self.place(&case.span());
        Ok(Entry {
            case: self.text_of("case", case)?,
            kind,
            owner: self.text_of("owner", need("owner")?)?,
            reason,
            issue,
            expires: self.expires(need("expires")?, today)?,
            target: optional("target")?,
            line,
            column,
            cases: Vec::new(),
        })
    }

    fn kind(&self, item: &Spanned<DeValue<'_>>) -> Result<Failure, KnownError> {
        let name = self.text_of("kind", item)?;
        Failure::from_name(&name).ok_or_else(|| {
            let hint = suggestion(&name, &Failure::ALL.map(Failure::as_str));
            self.error(&item.span(), format!("`{name}` is no way to fail{hint}"))
        })
    }

    fn expires(&self, item: &Spanned<DeValue<'_>>, today: Date) -> Result<Date, KnownError> {
        let wrong = |what: String| self.error(&item.span(), what);
        let DeValue::Datetime(written) = item.get_ref() else {
            return Err(wrong(
                "`expires` must be a date, as in 2027-03-01 without quotes".to_owned(),
            ));
        };
        let date = match (written.date, written.time) {
            (Some(date), None) => Date::new(
                i16::try_from(date.year).unwrap_or(i16::MAX),
                i8::try_from(date.month).unwrap_or(i8::MAX),
                i8::try_from(date.day).unwrap_or(i8::MAX),
            )
            .ok(),
            _ => None,
        };
        let date = date.ok_or_else(|| wrong(format!("`{written}` is no date")))?;
        let latest = latest(today);
        if date > latest {
            return Err(wrong(format!(
                "`expires` lies more than {LONGEST_DAYS} days ahead; the latest is {latest}"
            )));
        }
        Ok(date)
    }
}

/// The latest day that an entry may name.
pub(super) fn latest(today: Date) -> Date {
    today.saturating_add(jiff::Span::new().days(LONGEST_DAYS))
}
