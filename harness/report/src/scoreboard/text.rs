//! A board in plain text and as Markdown.

use super::{Cell, Scoreboard};
use crate::render::markdown::{Page, escape};
use crate::text::shorten;
use std::fmt::Write as _;

/// Characters of a label in a column.
const LABEL_SHOWN: usize = 32;

/// What a cell of the board says, in words.
pub(super) const LEGEND: &str = "A cell counts the cases that fail: security · interoperability · \
    robustness; + how many more are known failures, ? some could not be decided, – none was.";

pub(super) fn terminal(board: &Scoreboard) -> String {
    let mut rows =
        vec![(String::new(), board.targets.iter().map(|one| one.label.clone()).collect())];
    rows.extend(facts(board));
    rows.push((String::new(), Vec::new()));
    rows.extend(families(board));
    let columns = board.targets.len() + 1;
    let cell = |row: &(String, Vec<String>), column: usize| -> String {
        let text = if column == 0 { Some(&row.0) } else { row.1.get(column - 1) };
        shorten(text.map_or("", String::as_str), LABEL_SHOWN)
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (column, width) in widths.iter().enumerate() {
            let _ = write!(line, "{:<width$}  ", cell(row, column));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    let _ = writeln!(text, "\n{LEGEND}");
    for note in &board.notes {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

pub(super) fn markdown(board: &Scoreboard) -> String {
    let mut page = Page::default();
    page.line("# Scoreboard");
    for note in &board.notes {
        page.line(&format!("> {}", escape(note)));
    }
    let heads: Vec<String> = board.targets.iter().map(|one| escape(&one.label)).collect();
    let table = |first: &str, rows: Vec<(String, Vec<String>)>| {
        let mut lines = vec![
            format!("| {first} | {} |", heads.join(" | ")),
            format!("|---|{}", "--:|".repeat(heads.len())),
        ];
        lines.extend(rows.into_iter().map(|(name, cells)| {
            let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
            format!("| {} | {} |", escape(&name), cells.join(" | "))
        }));
        lines
    };
    page.list(table("", facts(board)));
    page.line("## By family");
    page.line(LEGEND);
    page.list(table("family", families(board)));
    page.0
}

/// A line for each fact, a cell for each target.
fn facts(board: &Scoreboard) -> Vec<(String, Vec<String>)> {
    let columns: Vec<Vec<(&str, String)>> = board.targets.iter().map(super::Entry::facts).collect();
    let names = columns.first().into_iter().flatten().map(|(name, _)| *name);
    names
        .enumerate()
        .map(|(place, name)| {
            let cells = columns.iter().map(|column| column[place].1.clone()).collect();
            (name.to_owned(), cells)
        })
        .collect()
}

fn families(board: &Scoreboard) -> Vec<(String, Vec<String>)> {
    let words = |cell: &Option<Cell>| cell.map_or_else(|| "–".to_owned(), Cell::words);
    let rows = board.families.iter();
    rows.map(|row| (row.family.clone(), row.cells.iter().map(words).collect())).collect()
}
