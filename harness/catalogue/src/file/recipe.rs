//! A recipe alone: a base and edits, as fuzzing writes it down and a case is drafted from.

use super::{At, CaseFileError, Problem, Read, named, operators, steps};
use crate::base::Base;
use crate::case::{Case, Expectation, Step};
use crate::operator::Operator;
use serde::Deserialize;
use std::fmt::Write;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

/// Version of the format of recipes.
const SCHEMA: u32 = 1;

/// An edit of the last request of a base: an operator as it stands in a file, and what it means.
#[derive(Debug, Clone, PartialEq)]
pub struct EditText {
    table: toml::Table,
    operator: Operator,
}

/// A valid exchange and edits of its last request; nothing is said about what they amount to.
///
/// ```toml
/// schema = 1
/// base = "attestation.ios27"
/// seed = "64 hexadecimal digits"         # may be left out
/// [[op]]
/// do = "authdata.counter.set"
/// to = 1
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// The valid exchange.
    pub base: Base,
    /// The edits, in order.
    pub edits: Vec<EditText>,
    /// The seed of its devices, as 64 hexadecimal digits, if it matters.
    pub seed: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: Spanned<u32>,
    base: Spanned<String>,
    seed: Option<Spanned<String>>,
}

impl EditText {
    /// Reads an operator and what it takes; an error says what is wrong with them.
    pub fn new(table: toml::Table) -> Result<Self, CaseFileError> {
        let text = written(&table);
        let read = || -> Read<Operator> {
            let document = DeTable::parse(&text).map_err(|error| of_toml(&error))?;
            let mut table = document.into_inner();
            let mut all = operators(table.remove("op"))?.into_iter();
            let missing = || At::new(0..0, Problem::text("no operator"));
            all.next().map(|one| one.value).ok_or_else(missing)
        };
        let operator = read().map_err(|problem| problem.within("an edit", &text))?;
        Ok(Self { table, operator })
    }

    /// The operator.
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// `do` and what it takes, as a file has them.
    pub fn table(&self) -> &toml::Table {
        &self.table
    }

    /// The name of the operator.
    pub fn name(&self) -> &str {
        self.table.get("do").and_then(toml::Value::as_str).unwrap_or_default()
    }
}

impl Recipe {
    /// Reads a recipe. `file` is its name as messages shall give it.
    pub fn parse(file: &str, text: &str) -> Result<Self, CaseFileError> {
        let recipe = read(text).map_err(|problem| problem.within(file, text))?;
        recipe.fits().map_err(|words| At::new(0..0, Problem::text(words)).within(file, text))?;
        Ok(recipe)
    }

    /// Why it cannot be played on any target, if it cannot: an edit of something that is not sent.
    pub fn fits(&self) -> Result<(), String> {
        steps::check(&self.steps(), false)
    }

    /// As a case that expects nothing yet, with what its edits need of a target.
    pub fn case(&self, id: &str) -> Case {
        let steps = self.steps();
        let needs: std::collections::BTreeSet<_> = steps::implied_needs(&steps).collect();
        Case {
            id: id.to_owned(),
            family: id.split('.').next().unwrap_or(id).to_owned(),
            expectation: Expectation::Either,
            needs: needs.into_iter().collect(),
            steps,
            ..Case::twin(self.base)
        }
    }

    /// The file that reads back as this recipe.
    pub fn to_toml(&self) -> String {
        let mut text = format!("schema = {SCHEMA}\nbase = \"{}\"\n", self.base);
        if let Some(seed) = &self.seed {
            let _ = writeln!(text, "seed = \"{seed}\"");
        }
        for edit in &self.edits {
            text.push_str(&written(&edit.table));
        }
        text
    }

    /// The edits as they stand in a file of cases.
    pub fn operators_in_case(&self) -> String {
        self.edits
            .iter()
            .map(|edit| written(&edit.table).replace("[[op]]", "[[case.op]]"))
            .collect()
    }

    fn steps(&self) -> Vec<Step> {
        self.base.steps(self.edits.iter().map(|edit| edit.operator.clone()).collect())
    }
}

fn read(text: &str) -> Read<Recipe> {
    let document = DeTable::parse(text).map_err(|error| of_toml(&error))?;
    let span = document.span();
    let mut table = document.into_inner();
    let known = operators(table.remove("op"))?;
    let head = Head::deserialize(Deserializer::from(Spanned::new(span, table)))
        .map_err(|error| of_toml(&error))?;
    if *head.schema.get_ref() != SCHEMA {
        let words = format!("this version reads schema {SCHEMA}");
        return Err(At::new(head.schema.span(), Problem::text(words)));
    }
    let base = named("base", &head.base, Base::from_name, || {
        Base::all().map(|base| base.to_string()).collect()
    })?;
    if let Some(seed) = &head.seed
        && (seed.get_ref().len() != 64
            || !seed.get_ref().bytes().all(|one| one.is_ascii_hexdigit()))
    {
        return Err(At::new(seed.span(), Problem::text("a seed is 64 hexadecimal digits")));
    }
    let tables: Raw = toml::from_str(text).map_err(|error| of_toml(&error))?;
    let edits = tables.op.into_iter().zip(known);
    let edits = edits.map(|(table, one)| EditText { table, operator: one.value }).collect();
    Ok(Recipe { base, edits, seed: head.seed.map(Spanned::into_inner) })
}

/// The same text once more, for the tables as they are.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    op: Vec<toml::Table>,
}

fn of_toml(error: &toml::de::Error) -> At<Problem> {
    At::new(error.span().unwrap_or(0..0), Problem::of(error))
}

/// An operator as an entry of a list; `do` comes first.
fn written(table: &toml::Table) -> String {
    let mut text = "[[op]]\n".to_owned();
    let first = table.iter().filter(|(name, _)| *name == "do");
    for (name, value) in first.chain(table.iter().filter(|(name, _)| *name != "do")) {
        let _ = writeln!(text, "{name} = {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "schema = 1\nbase = \"assertion.ios27\"\n[[op]]\ndo = \"counter.set\"\nto = 0\n[[op]]\ndo = \"container.trailing\"\nbytes = \"00\"\n";

    #[test]
    fn a_recipe_survives_its_own_text() {
        let recipe = Recipe::parse("recipe.toml", TEXT).unwrap();
        assert_eq!(recipe.edits.len(), 2);
        assert_eq!(recipe.edits[0].name(), "counter.set");
        assert_eq!(Recipe::parse("again", &recipe.to_toml()).unwrap(), recipe);
        assert_eq!(recipe.case("fuzz.one").steps.last().unwrap().operators.len(), 2);
        assert!(
            recipe.operators_in_case().starts_with("[[case.op]]\ndo = \"counter.set\"\nto = 0\n")
        );
    }

    #[track_caller]
    fn check(from: &str, to: &str, words: &str) {
        let error = Recipe::parse("recipe.toml", &TEXT.replace(from, to)).unwrap_err().to_string();
        assert!(error.contains(words), "no `{words}` in: {error}");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        check(
            "counter.set",
            "counter.sett",
            "recipe.toml:4:6: `counter.sett` is no operator; did you mean `counter.set`",
        );
        check(
            "assertion.ios27",
            "assertion.ios28",
            "recipe.toml:2:8: `assertion.ios28` is no base",
        );
        check("schema = 1", "schema = 7", "reads schema 1");
        check("schema = 1", "schema = 1\nseed = \"ab\"", "64 hexadecimal digits");
        check("counter.set\"\nto = 0", "x5c.swap\"", "edits nothing");
        check("to = 0", "to = -1", "whole number");
    }

    #[test]
    fn an_edit_that_no_file_could_hold_is_none() {
        let edit = |text: &str| EditText::new(toml::from_str(text).unwrap());
        assert!(edit("do = 'counter.set'").is_err());
        assert_eq!(edit("to = 1\ndo = 'counter.set'").unwrap().name(), "counter.set");
    }
}
