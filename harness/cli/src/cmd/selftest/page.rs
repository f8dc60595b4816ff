//! The folder of a selftest: the matrix for people, the same as data.

use crate::exit_code::Failed;
use catalogue::Expectation;
use report::selftest::{Case, Gate as GateData, Mutant, Outcome as GateOutcome, Reference};
use report::{Selftest, render};
use runners::selftest::gate::Outcome;
use runners::selftest::{CaseRow, Cell, Column, Gate, Notes, Played};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes `index.html` and `selftest.json` and returns the path of the page.
pub(super) fn write(folder: &Path, selftest: &Selftest) -> Result<PathBuf, Failed> {
    fs::create_dir_all(folder).map_err(|error| Failed::file("create", folder, &error))?;
    let put = |name: &str, text: String| {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| Failed::file("write", &path, &error))?;
        Ok(path)
    };
    let json = serde_json::to_string(selftest).expect("names, texts and numbers are JSON");
    put("selftest.json", json + "\n")?;
    put("index.html", render::matrix(selftest))
}

/// What was played, as the report wants it.
pub(super) fn selftest(
    played: &Played,
    gates: &[Gate],
    notes: &Notes,
    command: String,
) -> Selftest {
    let matrix = &played.matrix;
    Selftest {
        schema: Selftest::SCHEMA,
        assay: env!("CARGO_PKG_VERSION").to_owned(),
        command,
        interrupted: played.interrupted,
        reference: played
            .reference
            .iter()
            .map(|run| Reference {
                ground: run.ground.to_owned(),
                seed: run.seed,
                planned: run.planned,
                passed: run.passed,
            })
            .collect(),
        gates: gates.iter().map(gate).collect(),
        cases: matrix.cases.iter().map(|row| case(row, notes)).collect(),
        mutants: matrix.columns.iter().map(|column| mutant(column, notes)).collect(),
    }
}

fn gate(gate: &Gate) -> GateData {
    let (outcome, details) = match &gate.outcome {
        Outcome::Holds => (GateOutcome::Holds, Vec::new()),
        Outcome::Broken(details) => (GateOutcome::Broken, details.clone()),
        Outcome::Skipped(why) => (GateOutcome::Skipped, vec![why.clone()]),
    };
    GateData { name: gate.name.to_owned(), claim: gate.claim.to_owned(), outcome, details }
}

fn case(row: &CaseRow, notes: &Notes) -> Case {
    Case {
        id: row.id.clone(),
        family: row.family.clone(),
        title: row.title.clone(),
        expectation: Expectation::as_str(row.expectation).to_owned(),
        ground: row.ground.map(str::to_owned),
        note: notes.masked.iter().find(|note| note.case == row.id).map(|note| note.why.clone()),
    }
}

fn mutant(column: &Column, notes: &Notes) -> Mutant {
    let mut kills = Vec::new();
    let mut inconclusive = Vec::new();
    for (place, cell) in column.cells.iter().enumerate() {
        match cell {
            Cell::Killed(failure) => kills.push((place, failure.as_str().to_owned())),
            Cell::Inconclusive => inconclusive.push(place),
            Cell::Passed | Cell::Unplayed => {}
        }
    }
    Mutant {
        name: column.name.clone(),
        kind: column.kind.as_str().to_owned(),
        words: column.words.clone(),
        kills,
        inconclusive,
        note: notes
            .single
            .iter()
            .find(|note| note.mutant == column.name)
            .map(|note| note.why.clone()),
    }
}
