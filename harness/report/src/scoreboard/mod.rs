//! Several targets on one board: families against targets, three numbers each, never one.
//!
//! Targets stand by name, not by rank: which number weighs more is the reader's to say.

mod cell;
mod page;
mod text;

use crate::Summary;
use crate::summary::{Headline, Standing};
use crate::text::count;
pub use cell::Cell;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Several targets on one board. Written as `scoreboard.json`; fields are added, never renamed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scoreboard {
    /// Version of this format.
    pub schema: u32,
    /// The targets, by name.
    pub targets: Vec<Entry>,
    /// What keeps columns from being compared as they stand, a sentence each.
    pub notes: Vec<String>,
    /// The families, by name.
    pub families: Vec<Row>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Its name on the board, which no other has.
    pub label: String,
    /// Its name in the target file.
    pub target: String,
    /// The App ID it serves.
    pub app_id: String,
    /// The environment it serves.
    pub environment: String,
    /// Wall-clock start of the run.
    pub started: String,
    /// Version of the harness.
    pub assay: String,
    /// The seed of the run.
    pub seed: String,
    /// What the run comes to.
    pub standing: Standing,
    /// The same in a sentence.
    pub sentence: String,
    /// How many cases were played.
    pub cases: u64,
    /// How many of them were decided.
    pub decided: u64,
    /// Three numbers and a coverage.
    pub headline: Headline,
}

/// One family against every target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Its name.
    pub family: String,
    /// A cell for each target, in the order of the board; none if the run had no case of it.
    pub cells: Vec<Option<Cell>>,
}

impl Scoreboard {
    /// Version of the format.
    pub const SCHEMA: u32 = 1;

    /// Puts runs on one board. Pure: the same records in any order give the same board.
    pub fn of(summaries: &[Summary]) -> Self {
        let mut sorted: Vec<&Summary> = summaries.iter().collect();
        let order = |summary: &&Summary| {
            let run = &summary.run;
            (
                run.target.name.to_lowercase(),
                run.target.name.clone(),
                run.started.clone(),
                run.seed.clone(),
            )
        };
        sorted.sort_by_key(order);
        let labels = labels(&sorted);
        let names: BTreeSet<&str> = sorted
            .iter()
            .flat_map(|summary| &summary.cases.list)
            .map(|case| case.family.as_str())
            .collect();
        let cells: Vec<BTreeMap<&str, Cell>> = sorted.iter().map(|one| cell::of(one)).collect();
        let row = |family: &str| Row {
            family: family.to_owned(),
            cells: cells.iter().map(|column| column.get(family).copied()).collect(),
        };
        Self {
            schema: Self::SCHEMA,
            notes: notes(&sorted, &labels),
            families: names.into_iter().map(row).collect(),
            targets: sorted
                .into_iter()
                .zip(labels)
                .map(|(one, label)| Entry::of(one, label))
                .collect(),
        }
    }

    /// The board in plain text.
    pub fn terminal(&self) -> String {
        text::terminal(self)
    }

    /// The board as Markdown.
    pub fn markdown(&self) -> String {
        text::markdown(self)
    }

    /// The board as a page that opens offline.
    pub fn html(&self) -> String {
        page::html(self)
    }

    /// The board as indented JSON.
    pub fn json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("a board has no maps with odd keys");
        text.push('\n');
        text
    }
}

impl Entry {
    fn of(summary: &Summary, label: String) -> Self {
        let run = &summary.run;
        Self {
            label,
            target: run.target.name.clone(),
            app_id: run.target.app_id.clone(),
            environment: run.target.environment.clone(),
            started: run.started.clone(),
            assay: run.assay.clone(),
            seed: run.seed.clone(),
            standing: summary.standing,
            sentence: summary.sentence.clone(),
            cases: summary.cases.list.len() as u64,
            decided: summary.cases.list.iter().filter(|case| case.decided()).count() as u64,
            headline: summary.headline.clone(),
        }
    }

    /// What the board says of a target as a whole, line by line.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let Headline { security, interoperability, robustness, coverage } = &self.headline;
        let faults = |tally: &crate::summary::Tally| {
            let known = if tally.known > 0 {
                format!(" (+{} known)", count(tally.known))
            } else {
                String::new()
            };
            let load = if tally.under_load > 0 {
                format!(", {} under load", count(tally.under_load))
            } else {
                String::new()
            };
            format!("{} of {}{known}{load}", count(tally.in_cases), count(tally.of_cases))
        };
        vec![
            ("standing", format!("{} {}", self.standing.symbol(), self.standing.word())),
            ("security", faults(security)),
            ("interoperability", faults(interoperability)),
            ("robustness", faults(robustness)),
            (
                "clauses reached",
                format!("{} of {}", count(coverage.covered), count(coverage.named)),
            ),
            ("cases decided", format!("{} of {}", count(self.decided), count(self.cases))),
            ("started", self.started.clone()),
            ("assay", self.assay.clone()),
        ]
    }
}

/// A name for each that no other has: with the start of the run, or a number, where it must be.
fn labels(summaries: &[&Summary]) -> Vec<String> {
    let shared =
        |name: &str| summaries.iter().filter(|one| one.run.target.name == name).count() > 1;
    let mut taken = BTreeSet::new();
    let label = |summary: &&Summary| {
        let name = &summary.run.target.name;
        let mut label =
            if shared(name) { format!("{name} ({})", summary.run.started) } else { name.clone() };
        let mut number = 2;
        while !taken.insert(label.clone()) {
            label = format!("{name} ({}, {number})", summary.run.started);
            number += 1;
        }
        label
    };
    summaries.iter().map(label).collect()
}

fn notes(summaries: &[&Summary], labels: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    let versions: BTreeSet<&str> = summaries.iter().map(|one| one.run.assay.as_str()).collect();
    if versions.len() > 1 {
        let all: Vec<&str> = versions.into_iter().collect();
        notes.push(format!("The runs were made with different versions: {}.", all.join(", ")));
    }
    let selections: BTreeSet<BTreeSet<&str>> = summaries
        .iter()
        .map(|one| one.cases.list.iter().map(|case| case.id.as_str()).collect())
        .collect();
    if selections.len() > 1 {
        notes.push(
            "The runs did not play the same cases: a smaller number may be a smaller run."
                .to_owned(),
        );
    }
    for (summary, label) in summaries.iter().zip(labels) {
        if !summary.completeness.complete || summary.cases.unplayed > 0 {
            notes.push(format!("The run of {label} is incomplete."));
        }
    }
    notes
}
