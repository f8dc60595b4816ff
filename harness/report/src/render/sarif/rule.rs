//! The rules of a SARIF report: the cases that failed, and the ways to be wrong under load.

use super::{TEXT_SHOWN, message};
use crate::render::markdown::escape;
use crate::summary::{Case, Worded};
use crate::text::shorten;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Rules in the order they were first met, each id once.
#[derive(Default)]
pub(super) struct Rules {
    pub(super) list: Vec<Value>,
    places: BTreeMap<String, usize>,
}

impl Rules {
    pub(super) fn of_case(&mut self, case: &Case) {
        if !self.places.contains_key(&case.id) {
            self.add(&case.id, rule(case));
        }
    }

    /// The place of a rule for a way of being wrong under load.
    pub(super) fn of_load(&mut self, class: &str) -> usize {
        let id = format!("load.{class}");
        self.places.get(&id).copied().unwrap_or_else(|| self.add(&id, of_load(&id, class)))
    }

    /// The place of a case's rule.
    pub(super) fn place(&self, id: &str) -> usize {
        self.places[id]
    }

    fn add(&mut self, id: &str, rule: Value) -> usize {
        self.list.push(rule);
        self.places.insert(id.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

/// What a failure of the case is to code scanning.
pub(super) fn level(case: &Case) -> &'static str {
    match case.level.as_str() {
        "should" => "warning",
        "may" | "info" => "note",
        _must_or_unknown => "error",
    }
}

fn rule(case: &Case) -> Value {
    let full = [case.title.trim_end_matches('.'), &case.matters].join(". ");
    let mut tags: Vec<&str> = Vec::new();
    for tag in [tag(&case.class), "app-attest", &case.family, &case.class] {
        if !tag.is_empty() && !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    json!({
        "id": case.id,
        "shortDescription": { "text": message(&case.title) },
        "fullDescription": { "text": message(full.trim()) },
        "help": { "text": message(&help(case)), "markdown": help_markdown(case) },
        "defaultConfiguration": { "level": level(case) },
        "properties": {
            "tags": tags,
            "precision": "very-high",
            "security-severity": score(&case.severity),
            "problem.severity": problem(case),
        },
    })
}

fn of_load(id: &str, class: &str) -> Value {
    let (title, severity, tag) = match class {
        "false-accept" => ("Under load a dishonest request was accepted", "critical", "security"),
        "false-reject" => ("Under load a genuine request was refused", "high", "correctness"),
        _unreadable => ("Under load an answer could not be read", "high", "correctness"),
    };
    json!({
        "id": id,
        "shortDescription": { "text": title },
        "fullDescription": { "text": title },
        "help": { "text": "A decision must not depend on how busy the server is." },
        "defaultConfiguration": { "level": "error" },
        "properties": {
            "tags": [tag, "app-attest", "load"],
            "precision": "very-high",
            "security-severity": score(severity),
            "problem.severity": "error",
        },
    })
}

/// The kind of a case's failure; only what has the first is ranked by its severity.
fn tag(class: &str) -> &'static str {
    match class {
        "false-reject" | "wrong-output" => "correctness",
        "crash" | "error" | "timeout" => "reliability",
        _false_accept_race_state_leak_dos_or_unknown => "security",
    }
}

/// A place in the range that code scanning gives the word; an unknown one ranks high, as everywhere.
fn score(severity: &str) -> &'static str {
    match severity {
        "critical" => "9.5",
        "medium" => "5.5",
        "low" => "3.0",
        _high_or_unknown => "8.0",
    }
}

fn problem(case: &Case) -> &'static str {
    match level(case) {
        "error" => "error",
        "warning" => "warning",
        _note => "recommendation",
    }
}

fn help(case: &Case) -> String {
    let mut lines =
        vec![format!("Why it matters: {}", case.matters), format!("How to mend it: {}", case.fix)];
    for Worded { id, words } in case.rules.iter().chain(&case.clauses) {
        lines.push(format!("{id}: {words}"));
    }
    lines.join("\n")
}

fn help_markdown(case: &Case) -> String {
    let mut text = String::new();
    for (name, words) in [("Why it matters", &case.matters), ("How to mend it", &case.fix)] {
        if !words.is_empty() {
            let _ = write!(text, "**{name}.** {}\n\n", escape(&shorten(words, TEXT_SHOWN)));
        }
    }
    for Worded { id, words } in case.rules.iter().chain(&case.clauses) {
        let _ = writeln!(text, "* **{}** {}", escape(id), escape(words));
    }
    text.push_str("\nPlay it alone with `assay replay`, read it with `assay show`.");
    text
}
