//! The file of a gate.

use crate::page::{FileError, Page, suggestion};
use record::{Demands, GateHeld, Record};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Levels, the most binding first.
pub(super) const LEVELS: [&str; 4] = ["must", "should", "may", "info"];
/// Severities, the gravest first.
pub(super) const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// What a run must hold to pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// The file's name, as it was given; none if there is no file.
    pub file: Option<String>,
    /// What it demands.
    pub demands: Demands,
    /// The record of an earlier run whose failures it bears, as the file names it.
    pub baseline: Option<String>,
}

impl Default for Gate {
    /// What a run without a gate is held to: every case that binds.
    fn default() -> Self {
        let demands = Demands {
            level: LEVELS[0].to_owned(),
            severity: SEVERITIES[3].to_owned(),
            min_cases: None,
            max_not_applicable: None,
            clauses: Vec::new(),
        };
        Self { file: None, demands, baseline: None }
    }
}

impl Gate {
    /// Reads a file. `clauses` are the ids of all there are.
    pub fn parse(text: &str, file: &str, clauses: &[&str]) -> Result<Self, FileError> {
        let page = Page { file, text };
        let root = page.root()?;
        let root = root.get_ref();
        let keys = ["fail_on", "strict", "min_cases", "max_not_applicable", "clauses", "baseline"];
        page.only(root, &keys)?;
        let mut gate = Self { file: Some(file.to_owned()), ..Self::default() };
        if let Some(item) = root.get("fail_on") {
            let table = page.table("fail_on", item, &["level", "severity"])?;
            if let Some(item) = table.get("level") {
                gate.demands.level = page.one_of("level", item, &LEVELS)?;
            }
            if let Some(item) = table.get("severity") {
                gate.demands.severity = page.one_of("severity", item, &SEVERITIES)?;
            }
        }
        if let Some(item) = root.get("strict") {
            match item.get_ref() {
                DeValue::Boolean(true) => gate.be_strict(),
                DeValue::Boolean(false) => {}
                _other => {
                    return Err(
                        page.error(&item.span(), "`strict` must be true or false".to_owned())
                    );
                }
            }
        }
        let count = |name: &str| root.get(name).map(|item| page.count(name, item)).transpose();
        gate.demands.min_cases = count("min_cases")?;
        gate.demands.max_not_applicable = count("max_not_applicable")?;
        if let Some(item) = root.get("clauses") {
            gate.demands.clauses = page.clauses(item, clauses)?;
        }
        if let Some(item) = root.get("baseline") {
            let table = page.table("baseline", item, &["record"])?;
            let record = table.get("record").ok_or_else(|| {
                let what = "`record` is missing: the folder or the record.jsonl of an earlier run";
                page.error(&item.span(), what.to_owned())
            })?;
            gate.baseline = Some(page.text_of("record", record)?);
        }
        Ok(gate)
    }

    /// Has what should hold break it as well.
    pub fn be_strict(&mut self) {
        if self.demands.level == LEVELS[0] {
            LEVELS[1].clone_into(&mut self.demands.level);
        }
    }

    /// The gate that a record was held against, with its baseline, to be held again.
    pub fn of_record(record: &Record) -> Option<(Self, Option<record::Baseline>)> {
        let GateHeld { file, demands, baseline, .. } = super::held::last(record)?.clone();
        let name = baseline.as_ref().map(|baseline| baseline.record.clone());
        Some((Self { file, demands, baseline: name }, baseline))
    }
}

impl Page<'_> {
    fn table<'i>(
        &self,
        name: &str,
        item: &'i Spanned<DeValue<'_>>,
        keys: &[&str],
    ) -> Result<&'i DeTable<'i>, FileError> {
        let table = item.get_ref().as_table().ok_or_else(|| {
            let what = format!("`{name}` is a table with `{}`", keys.join("` and `"));
            self.error(&item.span(), what)
        })?;
        self.only(table, keys)?;
        Ok(table)
    }

    fn one_of(
        &self,
        name: &str,
        item: &Spanned<DeValue<'_>>,
        words: &[&str],
    ) -> Result<String, FileError> {
        let word = self.text_of(name, item)?;
        if words.contains(&word.as_str()) {
            return Ok(word);
        }
        let hint = suggestion(&word, words);
        Err(self.error(&item.span(), format!("`{word}` is no {name}{hint}")))
    }

    fn count(&self, name: &str, item: &Spanned<DeValue<'_>>) -> Result<u64, FileError> {
        let number = match item.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _other => None,
        };
        number.ok_or_else(|| {
            self.error(&item.span(), format!("`{name}` must be a whole number from 0 on"))
        })
    }

    fn clauses(
        &self,
        item: &Spanned<DeValue<'_>>,
        known: &[&str],
    ) -> Result<Vec<String>, FileError> {
        let list = item.get_ref().as_array().ok_or_else(|| {
            self.error(&item.span(), "`clauses` is a list of ids, as in [\"AV-1\"]".to_owned())
        })?;
        let mut clauses: Vec<String> = Vec::new();
        for item in list {
            let id = self.text_of("clauses", item)?;
            if !known.contains(&id.as_str()) {
                let hint = suggestion(&id, known);
                return Err(self.error(&item.span(), format!("there is no clause `{id}`{hint}")));
            }
            if clauses.contains(&id) {
                return Err(self.error(&item.span(), format!("`{id}` stands here twice")));
            }
            clauses.push(id);
        }
        Ok(clauses)
    }
}
