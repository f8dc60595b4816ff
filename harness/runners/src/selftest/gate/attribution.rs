use super::Gate;
use crate::selftest::matrix::{CaseRow, Cell, Column, Matrix};
use catalogue::{Expectation, Fault};
use protocol::verify::Rule;

/// G5: without a check, exactly the cases about its rule fail: so the others are about something
/// else, and nobody but this check caught them.
pub fn dropping_a_check_flips_its_cases(matrix: &Matrix) -> Gate {
    let mut broken = Vec::new();
    for column in &matrix.columns {
        if let Some(rule) = column.dropped {
            broken.extend(wrong(matrix, column, rule));
        }
    }
    Gate::new("G5", "Without a check exactly the cases about its rule fail.", broken)
}

fn wrong(matrix: &Matrix, column: &Column, rule: Rule) -> Vec<String> {
    let mut broken = Vec::new();
    // Which rule tells of damage follows from its place, and what one reader cannot read another can.
    let told = |case: &CaseRow| case.fault == Fault::Rules;
    for (case, cell) in matrix.cases.iter().zip(&column.cells).filter(|(case, _)| told(case)) {
        let binding = case.expectation != Expectation::Either;
        let about = binding && case.rules == [rule];
        // Of several broken rules a server may tell by any: without one of them either is right.
        if binding && !about && case.rules.contains(&rule) {
            continue;
        }
        match (about, cell) {
            (true, Cell::Passed) => {
                broken.push(format!("{}: {} still passes", column.name, case.id));
            }
            (true, Cell::Inconclusive) => {
                broken.push(format!("{}: {} comes to nothing", column.name, case.id));
            }
            (false, Cell::Killed(failure)) => broken.push(format!(
                "{}: {} fails ({}) and is not about {rule}",
                column.name,
                case.id,
                failure.as_str()
            )),
            (true, Cell::Killed(_) | Cell::Unplayed)
            | (false, Cell::Passed | Cell::Inconclusive | Cell::Unplayed) => {}
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::super::broken;
    use super::*;
    use crate::selftest::matrix::sample;

    fn check(cells: &str) -> Vec<String> {
        let matrix = Matrix {
            cases: vec![sample::case("a.nonce", Rule::Nonce), sample::case("a.id", Rule::Aaguid)],
            columns: vec![sample::without(Rule::Nonce, cells), sample::constant("accept", "xx")],
        };
        broken(&dropping_a_check_flips_its_cases(&matrix))
    }

    #[test]
    fn its_own_cases_and_no_others_must_fail() {
        assert_eq!(check("x."), Vec::<String>::new());
        assert_eq!(check("x?"), Vec::<String>::new());
        assert_eq!(check(".."), ["drop.att.nonce: a.nonce still passes"]);
        assert_eq!(check("?."), ["drop.att.nonce: a.nonce comes to nothing"]);
        assert_eq!(
            check("xx"),
            ["drop.att.nonce: a.id fails (false-accept) and is not about att.nonce"]
        );
    }
}
