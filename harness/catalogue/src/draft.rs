//! Drafts a case of a recipe: all that a case must say, and what nobody but a person can say marked.

use crate::builtin::builtin;
use crate::case::{Case, Expectation, Fault};
use crate::file::{CaseFileError, Recipe, parse_beside};
use crate::oracle::Seen;
use protocol::terms::sha256;
use protocol::verify::Rule;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A case to be filled in.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The family that it belongs to.
    pub family: String,
    /// The id, which is to be replaced by a better one.
    pub id: String,
    /// The entry, as it stands in a file of cases.
    pub entry: String,
    /// What was found out about it, a sentence each.
    pub told: Vec<String>,
    /// Whether the recipe tells the same every time.
    pub settled: bool,
}

/// The mark of what is to be filled in.
pub const MARK: &str = "FILL-IN";

/// Drafts a case. `seen` is what the oracle saw of each trial of it, `None` where it could not
/// look; `family` is that of cases about the same rule unless it is given. An error means that the
/// draft is none by the catalogue's own reader, and says why.
pub fn draft(
    recipe: &Recipe,
    seen: &[Option<Seen>],
    family: Option<&str>,
) -> Result<Draft, CaseFileError> {
    let known = builtin()?;
    let broken: Vec<Option<&BTreeSet<Rule>>> =
        seen.iter().map(|one| one.as_ref().map(|seen| &seen.broken)).collect();
    let first = broken.first().copied().flatten();
    let settled = first.is_some() && broken.iter().all(|one| *one == first);
    let rules: Vec<Rule> = first.filter(|_| settled).into_iter().flatten().copied().collect();
    let like = like(&known, recipe, &rules);
    let family = family
        .or(like.map(|case| case.family.as_str()))
        .unwrap_or(recipe.base.kind.as_str())
        .to_owned();
    let digits = hex::encode(sha256(&[recipe.to_toml().as_bytes()]));
    let id = format!("{family}.fill-in-{}", &digits[..8]);
    let entry = entry(recipe, &id, (settled, &rules), like);
    let text = format!("schema = 1\nfamily = \"{family}\"\n\n{entry}");
    parse_beside("the draft", &text, &known)?;
    let told = told(recipe, &known, settled, &rules, &broken);
    Ok(Draft { family, id, entry, told, settled })
}

/// A case that is about the same: it breaks the same rules, or edits the same and is accepted.
fn like<'c>(known: &'c [Case], recipe: &Recipe, rules: &[Rule]) -> Option<&'c Case> {
    let names: Vec<&str> = recipe.edits.iter().map(crate::EditText::name).collect();
    let same = |case: &&Case| {
        case.base.kind == recipe.base.kind
            && case.rules == rules
            && case.fault == Fault::Rules
            && match rules {
                [] => case.expectation == Expectation::Accept,
                _ => case.expectation == Expectation::Reject,
            }
    };
    let shares = |case: &&Case| case.operators().iter().any(|name| names.contains(&name.as_str()));
    let all = || known.iter().filter(same);
    all().find(shares).or_else(|| all().find(|_| !rules.is_empty()))
}

fn entry(
    recipe: &Recipe,
    id: &str,
    (settled, rules): (bool, &[Rule]),
    like: Option<&Case>,
) -> String {
    let quoted =
        |ids: &[&str]| ids.iter().map(|id| format!("\"{id}\"")).collect::<Vec<_>>().join(", ");
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id()).collect();
    let (expect, class) = match (settled, rules, like) {
        (true, [_, ..], _) => ("reject", "false-accept"),
        (true, [], Some(_)) => ("accept", "false-reject"),
        _ => ("either", "crash"),
    };
    let clauses: Vec<&str> =
        like.into_iter().flat_map(|case| &case.clauses).map(String::as_str).collect();
    let guarded: Vec<&str> =
        like.into_iter().flat_map(|case| &case.guards).map(|rule| rule.id()).collect();
    let mut text = String::from("[[case]]\n");
    let mut put = |name: &str, value: String, why: &str| {
        let why = if why.is_empty() { String::new() } else { format!("  # {MARK}: {why}") };
        let _ = writeln!(text, "{name} = {value}{why}");
    };
    put("id", format!("\"{id}\""), "a name of its own, for ever");
    put("title", format!("\"{MARK}: what is wrong, in a few words\""), "");
    put("level", "\"should\"".to_owned(), "must, should, may or info");
    put("severity", "\"medium\"".to_owned(), "critical, high, medium or low");
    put("class", format!("\"{class}\""), "what failing it is");
    put(
        "clauses",
        format!("[{}]", quoted(&clauses)),
        "those of a case like it; which demand this?",
    );
    put("base", format!("\"{}\"", recipe.base), "");
    put("expect", format!("\"{expect}\""), "");
    match expect {
        "reject" => put("rules", format!("[{}]", quoted(&ids)), ""),
        "accept" => put(
            "guards",
            format!("[{}]", quoted(&guarded)),
            "whose over-strict reading does it catch?",
        ),
        _ => {}
    }
    put("why", format!("\"{MARK}: what an attacker gains, or which phones are refused\""), "");
    put("fix", format!("\"{MARK}: what to write\""), "");
    let _ = writeln!(
        text,
        "# {MARK}: the planted flaws it catches, by `assay selftest --case {id}`; if none, plant one"
    );
    text.push_str(&recipe.operators_in_case());
    text
}

fn told(
    recipe: &Recipe,
    known: &[Case],
    settled: bool,
    rules: &[Rule],
    broken: &[Option<&BTreeSet<Rule>>],
) -> Vec<String> {
    let mut told = Vec::new();
    let times = broken.len();
    let ids: Vec<&str> = rules.iter().map(|rule| rule.id()).collect();
    told.push(match (settled, &ids[..]) {
        (true, []) => format!("It breaks no rule, with each of {times} seeds: a right server accepts it."),
        (true, [one]) => format!("It tells one lie: it breaks `{one}` alone, with each of {times} seeds."),
        (true, all) => format!(
            "It breaks {} rules with each of {times} seeds, `{}`: no other check may come first, so make it one if you can.",
            all.len(),
            all.join("`, `")
        ),
        (false, _) if broken.iter().all(Option::is_none) => {
            "Nothing can be said of it on paper: a value is not written as servers read it, or what lies around the values is edited. Say `fault = \"form\"` if it must be refused.".to_owned()
        }
        (false, _) => format!("What it breaks is not the same with each of {times} seeds: it is no case as it stands."),
    });
    let steps = recipe.case("draft").steps;
    if let Some(same) = known.iter().find(|case| case.base == recipe.base && case.steps == steps) {
        told.push(format!("There is a case that sends the same: `{}`.", same.id));
    }
    told
}
