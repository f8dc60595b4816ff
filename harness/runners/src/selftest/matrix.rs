//! Cases against mutants: what became of each pair.

use super::mutant::{Mutant, MutantKind};
use catalogue::{Case, Expectation, Fault};
use protocol::verify::Rule;
use record::{Failure, Verdict};

/// Cases against mutants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matrix {
    /// The cases, in the order they are played.
    pub cases: Vec<CaseRow>,
    /// The mutants; the cells of each stand in the order of the cases.
    pub columns: Vec<Column>,
}

/// A case of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// Its permanent id.
    pub id: String,
    /// Its family.
    pub family: String,
    /// One line that says what it is about.
    pub title: String,
    /// What a server must decide.
    pub expectation: Expectation,
    /// What is wrong with what it sends.
    pub fault: Fault,
    /// The rules that it breaks.
    pub rules: Vec<Rule>,
    /// The first ground where it applies, which is where it is played; `None` if there is none.
    pub ground: Option<&'static str>,
}

/// A mutant of the matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its permanent name.
    pub name: String,
    /// In which way it is wrong.
    pub kind: MutantKind,
    /// What it does, in a sentence.
    pub words: String,
    /// The rules that its flaws damage.
    pub rules: Vec<Rule>,
    /// The rule that it leaves out, if that is all that is wrong with it.
    pub dropped: Option<Rule>,
    /// What became of each case.
    pub cells: Vec<Cell>,
}

/// What became of a case on a mutant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// It was not played: no ground, another selection, or the run was interrupted.
    Unplayed,
    /// It passed: the case does not see what is wrong with this mutant.
    Passed,
    /// It came to nothing, which is no kill.
    Inconclusive,
    /// It failed: the case sees it.
    Killed(Failure),
}

impl Cell {
    /// What a verdict means here.
    pub fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Passed,
            Verdict::NotApplicable { .. } => Self::Unplayed,
            Verdict::Inconclusive { .. } => Self::Inconclusive,
            Verdict::Fail { failure, .. } => Self::Killed(*failure),
        }
    }

    /// Whether the case sees what is wrong.
    pub fn is_kill(self) -> bool {
        matches!(self, Self::Killed(_))
    }
}

impl CaseRow {
    /// The row of a case that is played there.
    pub fn of(case: &Case, ground: Option<&'static str>) -> Self {
        Self {
            id: case.id.clone(),
            family: case.family.clone(),
            title: case.title.clone(),
            expectation: case.expectation,
            fault: case.fault,
            rules: case.rules.clone(),
            ground,
        }
    }
}

impl Column {
    /// The column of a mutant on which so many cases were not played yet.
    pub fn of(mutant: &Mutant, cases: usize) -> Self {
        Self {
            name: mutant.name.clone(),
            kind: mutant.kind,
            words: mutant.words.clone(),
            rules: mutant.rules(),
            dropped: mutant.dropped(),
            cells: vec![Cell::Unplayed; cases],
        }
    }

    /// How many cases kill it.
    pub fn kills(&self) -> usize {
        self.cells.iter().filter(|cell| cell.is_kill()).count()
    }

    /// Whether it always answers the same, so that killing it says little about a case.
    pub fn is_constant(&self) -> bool {
        self.kind == MutantKind::Constant
    }
}

impl Matrix {
    /// The mutants that a case kills; constant servers do not count.
    pub fn killed_by(&self, case: usize) -> impl Iterator<Item = &Column> {
        self.columns
            .iter()
            .filter(move |column| !column.is_constant() && column.cells[case].is_kill())
    }

    /// The cases that kill a mutant.
    pub fn killers<'m>(&'m self, column: &'m Column) -> impl Iterator<Item = &'m CaseRow> {
        self.cases
            .iter()
            .zip(&column.cells)
            .filter(|(_, cell)| cell.is_kill())
            .map(|(case, _)| case)
    }
}

/// Small matrices for the tests of gates.
#[cfg(test)]
pub(super) mod sample {
    use super::*;
    use protocol::flaw::FlawKind;

    /// A reject case about one rule, played in production.
    pub(in super::super) fn case(id: &str, rule: Rule) -> CaseRow {
        CaseRow {
            id: id.to_owned(),
            family: id.split('.').next().unwrap_or_default().to_owned(),
            title: id.to_owned(),
            expectation: Expectation::Reject,
            fault: Fault::Rules,
            rules: vec![rule],
            ground: Some("production"),
        }
    }

    /// A mutant without that rule; `x` in `cells` is a kill, `?` inconclusive, `-` unplayed.
    pub(in super::super) fn without(rule: Rule, cells: &str) -> Column {
        Column {
            name: format!("drop.{rule}"),
            kind: MutantKind::Flaw(FlawKind::Dropped),
            words: String::new(),
            rules: vec![rule],
            dropped: Some(rule),
            cells: cells.chars().map(cell).collect(),
        }
    }

    /// A server that always answers the same.
    pub(in super::super) fn constant(name: &str, cells: &str) -> Column {
        Column {
            name: format!("constant.{name}"),
            kind: MutantKind::Constant,
            rules: Vec::new(),
            dropped: None,
            ..without(Rule::Nonce, cells)
        }
    }

    fn cell(letter: char) -> Cell {
        match letter {
            'x' => Cell::Killed(Failure::FalseAccept),
            '?' => Cell::Inconclusive,
            '-' => Cell::Unplayed,
            _ => Cell::Passed,
        }
    }
}
