//! `scoreboard.html`: one file that opens offline, runs nothing and fetches nothing.

use super::text::LEGEND;
use super::{Cell, Entry, Scoreboard};
use crate::render::tone;
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

const STYLE: &str = concat!(
    include_str!("../../templates/report.css"),
    include_str!("../../templates/scoreboard.css")
);

pub(super) fn html(board: &Scoreboard) -> String {
    let page = Page {
        style: STYLE,
        style_hash: STANDARD.encode(Sha256::digest(STYLE)),
        legend: LEGEND,
        columns: board.targets.iter().map(Column::of).collect(),
        names: board.targets.first().map(Entry::facts).unwrap_or_default(),
        rows: board
            .families
            .iter()
            .map(|row| Line {
                family: &row.family,
                cells: row.cells.iter().map(|cell| shown(cell.as_ref())).collect(),
            })
            .collect(),
        board,
    };
    page.render().expect("a page of strings renders to a string")
}

#[derive(Template)]
#[template(path = "scoreboard.html")]
struct Page<'a> {
    board: &'a Scoreboard,
    style: &'static str,
    style_hash: String,
    legend: &'static str,
    columns: Vec<Column<'a>>,
    names: Vec<(&'static str, String)>,
    rows: Vec<Line<'a>>,
}

struct Column<'a> {
    entry: &'a Entry,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
}

struct Line<'a> {
    family: &'a str,
    cells: Vec<Shown>,
}

struct Shown {
    words: String,
    tone: &'static str,
    told: String,
}

impl<'a> Column<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self { entry, tone: tone(entry.standing), facts: entry.facts() }
    }
}

/// A cell, and the same in words for whoever cannot see the columns.
fn shown(cell: Option<&Cell>) -> Shown {
    let Some(cell) = cell else {
        let told = "no case of this family was played".to_owned();
        return Shown { words: "–".to_owned(), tone: "none", told };
    };
    let told = format!(
        "{} security, {} interoperability, {} robustness, {} known; {} decided, {} undecided, {} not applicable",
        cell.security,
        cell.interoperability,
        cell.robustness,
        cell.known,
        cell.decided,
        cell.undecided,
        cell.not_applicable
    );
    Shown { words: cell.words(), tone: cell.tone(), told }
}
