//! Case files: recipes in TOML become [`Case`]s, or an error that points at line and column.

mod error;
mod prose;
pub(crate) mod raw;
mod recipe;
mod steps;

pub use error::CaseFileError;
pub(crate) use error::{At, Problem};
pub(crate) use prose::LINE;
pub use recipe::{EditText, Recipe};

use crate::base::Base;
use crate::case::{Case, Expectation, Fault};
use crate::need::Need;
use crate::operator::Operator;
use protocol::verify::{Phase, Rule};
use raw::{Body, Head};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

/// Version of the format.
pub const SCHEMA: u32 = 1;

type Read<T> = Result<T, At<Problem>>;

/// Reads the cases of one file. `file` is its name as messages shall give it.
pub fn parse(file: &str, text: &str) -> Result<Vec<Case>, CaseFileError> {
    parse_beside(file, text, &[])
}

/// Reads the cases of one file, none of which may have the id of one of these others.
pub fn parse_beside(file: &str, text: &str, others: &[Case]) -> Result<Vec<Case>, CaseFileError> {
    read(text, others).map_err(|problem| problem.within(file, text))
}

/// An error of the TOML reader with its place in a file.
pub(crate) fn in_file(file: &str, text: &str, error: &toml::de::Error) -> CaseFileError {
    At::new(error.span().unwrap_or(0..0), Problem::of(error)).within(file, text)
}

fn read(text: &str, others: &[Case]) -> Read<Vec<Case>> {
    let of_toml =
        |error: toml::de::Error| At::new(error.span().unwrap_or(0..0), Problem::of(&error));
    let document = DeTable::parse(text).map_err(of_toml)?;
    let span = document.span();
    let mut table = document.into_inner();
    let cases = list(table.remove("case"), "[[case]]")?;
    let head = Head::deserialize(Deserializer::from(Spanned::new(span, table))).map_err(of_toml)?;
    if *head.schema.get_ref() != SCHEMA {
        let words = format!("this version reads schema {SCHEMA}");
        return Err(At::new(head.schema.span(), Problem::text(words)));
    }
    let family = head.family.get_ref();
    if !is_slug(family) {
        return Err(At::new(head.family.span(), Problem::text(SLUG)));
    }
    if cases.is_empty() {
        let words = "no case: each begins with [[case]]";
        return Err(At::new(head.family.span(), Problem::text(words)));
    }
    let mut ids = BTreeSet::new();
    cases
        .into_iter()
        .map(|value| {
            let (id_span, case) = case(value, family)?;
            let wrong = |words: String| Err(At::new(id_span.clone(), Problem::text(words)));
            if let Some(taken) = others.iter().find(|other| other.id == case.id) {
                return wrong(format!("the id `{}` is taken by \"{}\"", case.id, taken.title));
            }
            if !ids.insert(case.id.clone()) {
                return wrong(format!("`{}` is there twice", case.id));
            }
            Ok(case)
        })
        .collect()
}

fn case(value: Spanned<DeValue<'_>>, family: &str) -> Read<(std::ops::Range<usize>, Case)> {
    let (span, mut table) = into_table(value, "a case")?;
    let operators = operators(table.remove("op"))?;
    let steps = list(table.remove("step"), "[[case.step]]")?;
    let body: Body = body(span.clone(), table)?;
    let id = body.id.get_ref();
    if id
        .strip_prefix(family)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_none_or(|rest| !is_slug(rest))
    {
        let words = format!(
            "an id is the family, a dot and a name of a-z, 0-9, `-` and `.`, as in `{family}.some-name`"
        );
        return Err(At::new(body.id.span(), Problem::text(words)));
    }
    let base = named("base", &body.base, Base::from_name, || {
        Base::all().map(|base| base.to_string()).collect()
    })?;
    let rule_ids = || Rule::ALL.iter().map(|rule| rule.id().to_owned()).collect::<Vec<_>>();
    let rules_of = |names: &[Spanned<String>]| {
        names
            .iter()
            .map(|name| named("rule", name, Rule::from_id, rule_ids))
            .collect::<Read<Vec<_>>>()
    };
    let (rules, guards) = (rules_of(&body.rules)?, rules_of(&body.guards)?);
    let fault = body.fault.unwrap_or(Fault::Rules);
    let fits = match (body.expect, fault) {
        (Expectation::Reject | Expectation::One, Fault::Rules) => {
            !rules.is_empty() && guards.is_empty()
        }
        (Expectation::Accept, Fault::Rules) => rules.is_empty() && !guards.is_empty(),
        (Expectation::Either, Fault::Rules) => guards.is_empty(),
        (Expectation::Reject | Expectation::Either, Fault::Form | Fault::Damage) => {
            rules.is_empty() && guards.is_empty()
        }
        (Expectation::Accept | Expectation::One, Fault::Form | Fault::Damage) => false,
    };
    if !fits {
        let words = "a reject case names the `rules` it breaks, an accept case the `guards` it has; neither names both, and a `fault` of form or damage breaks no rule of its own";
        return Err(At::new(body.id.span(), Problem::text(words)));
    }
    let needs = body
        .needs
        .iter()
        .map(|name| {
            named("need", name, Need::from_name, || {
                Need::ALL.iter().map(|need| need.as_str().to_owned()).collect()
            })
        })
        .collect::<Read<Vec<_>>>()?;
    let steps = match (steps.is_empty(), operators.is_empty()) {
        (true, _) => base.steps(operators.into_iter().map(|at| at.value).collect()),
        (false, true) => steps::read(steps)?,
        (false, false) => {
            let words = "a case has either steps, with operators of their own, or operators";
            return Err(At::new(body.id.span(), Problem::text(words)));
        }
    };
    steps::check(&steps, body.expect == Expectation::One)
        .map_err(|words| At::new(body.id.span(), Problem::text(words)))?;
    let party = is_about_state(&rules, &guards).then_some(Need::RelyingParty);
    let needs = needs.into_iter().chain(steps::implied_needs(&steps)).chain(party);
    let needs = needs.collect::<BTreeSet<_>>();
    let case = Case {
        id: id.clone(),
        title: prose::line(body.title)?,
        family: family.to_owned(),
        catalogue: prose::listed(body.catalogue)?,
        level: body.level,
        severity: body.severity,
        class: body.class,
        clauses: prose::registered(&body.clauses)?,
        base,
        expectation: body.expect,
        fault,
        rules,
        guards,
        why: prose::line(body.why)?,
        fix: prose::line(body.fix)?,
        needs: needs.into_iter().collect(),
        steps,
    };
    Ok((body.id.span(), case))
}

/// Whether a case is about what a relying party remembers, or finds in the client data: a lie that
/// breaks such a rule, or an honest request that guards no other.
fn is_about_state(rules: &[Rule], guards: &[Rule]) -> bool {
    let is_state = |rule: &Rule| rule.phase() == Phase::State || *rule == Rule::AssertionChallenge;
    rules.iter().any(is_state) || (!guards.is_empty() && guards.iter().all(is_state))
}

fn named<T>(
    kind: &str,
    name: &Spanned<String>,
    find: impl Fn(&str) -> Option<T>,
    known: impl Fn() -> Vec<String>,
) -> Read<T> {
    find(name.get_ref())
        .ok_or_else(|| At::new(name.span(), Problem::unknown(kind, name.get_ref(), &known())))
}

fn operators(value: Option<Spanned<DeValue<'_>>>) -> Read<Vec<At<Operator>>> {
    let read = |value: Spanned<DeValue<'_>>| {
        let span = value.span();
        Operator::read(value).map(|operator| At::new(span, operator))
    };
    list(value, "[[case.op]], or [[case.step.op]] of a step")?.into_iter().map(read).collect()
}

fn list<'t>(value: Option<Spanned<DeValue<'t>>>, name: &str) -> Read<Vec<Spanned<DeValue<'t>>>> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let span = value.span();
    match value.into_inner() {
        DeValue::Array(items) => Ok(items.into_iter().collect()),
        _ => Err(At::new(span, Problem::text(format!("this must be a list: write {name}")))),
    }
}

fn into_table<'t>(
    value: Spanned<DeValue<'t>>,
    what: &str,
) -> Read<(std::ops::Range<usize>, DeTable<'t>)> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok((span, table)),
        _ => Err(At::new(span, Problem::text(format!("{what} is a table")))),
    }
}

fn body<T: serde::de::DeserializeOwned>(
    span: std::ops::Range<usize>,
    table: DeTable<'_>,
) -> Read<T> {
    let value = Spanned::new(span.clone(), DeValue::Table(table));
    T::deserialize(ValueDeserializer::from(value))
        .map_err(|error| At::new(error.span().unwrap_or(span), Problem::of(&error)))
}

const SLUG: &str = "a name is made of a-z, 0-9, `-` and `.`";

fn is_slug(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '-' | '.'))
}

#[cfg(test)]
mod tests;
