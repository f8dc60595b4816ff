use super::{Gate, some};
use crate::selftest::matrix::Matrix;
use crate::selftest::notes::Notes;

/// G2: every case kills a mutant that is not a constant server, or a note says why it cannot. A
/// note that is no longer true breaks the gate as well.
pub fn every_case_kills(matrix: &Matrix, notes: &Notes) -> Gate {
    let mut broken = Vec::new();
    for (place, case) in matrix.cases.iter().enumerate() {
        let excused = notes.masked.iter().any(|note| note.case == case.id);
        let killed: Vec<&str> =
            matrix.killed_by(place).map(|column| column.name.as_str()).collect();
        match (killed.is_empty(), excused) {
            (true, false) if case.ground.is_none() => {
                broken.push(format!("{} applies on no ground", case.id));
            }
            (true, false) => broken.push(format!("{} kills no mutant", case.id)),
            (false, true) => broken.push(format!(
                "the note on {} is void: it kills {}",
                case.id,
                some(killed.iter().copied())
            )),
            (true, true) | (false, false) => {}
        }
    }
    let known = |id: &str| matrix.cases.iter().any(|case| case.id == id);
    for note in notes.masked.iter().filter(|note| !known(&note.case)) {
        broken.push(format!("the note on {} is void: there is no such case", note.case));
    }
    Gate::new("G2", "Every case kills a mutant that is not a constant server.", broken)
}

/// G3: every mutant dies to two cases at least, or a note says why there is one only. A note that
/// is no longer true breaks the gate as well.
pub fn every_mutant_dies_twice(matrix: &Matrix, notes: &Notes) -> Gate {
    let mut broken = Vec::new();
    for column in &matrix.columns {
        let excused = notes.single.iter().any(|note| note.mutant == column.name);
        match (column.kills(), excused) {
            (0, _) => broken.push(format!("{} survives: {}", column.name, column.words)),
            (1, false) => broken.push(format!(
                "{} dies only to {}: {}",
                column.name,
                some(matrix.killers(column).map(|case| case.id.as_str())),
                column.words
            )),
            (2.., true) => broken.push(format!(
                "the note on {} is void: it dies to {}",
                column.name,
                some(matrix.killers(column).map(|case| case.id.as_str()))
            )),
            (1, true) | (2.., false) => {}
        }
    }
    let known = |name: &str| matrix.columns.iter().any(|column| column.name == name);
    for note in notes.single.iter().filter(|note| !known(&note.mutant)) {
        broken.push(format!("the note on {} is void: there is no such mutant", note.mutant));
    }
    Gate::new("G3", "Every mutant dies to two cases at least.", broken)
}

#[cfg(test)]
mod tests {
    use super::super::broken;
    use super::*;
    use crate::selftest::matrix::{CaseRow, sample};
    use crate::selftest::notes::{Masked, Single};
    use protocol::verify::Rule;

    fn matrix(nonce: &str, accept: &str) -> Matrix {
        Matrix {
            cases: vec![sample::case("a.one", Rule::Nonce), sample::case("a.two", Rule::Nonce)],
            columns: vec![sample::without(Rule::Nonce, nonce), sample::constant("accept", accept)],
        }
    }

    fn masked(case: &str) -> Notes {
        Notes {
            masked: vec![Masked { case: case.to_owned(), why: String::new() }],
            single: Vec::new(),
        }
    }

    fn single(mutant: &str) -> Notes {
        Notes {
            masked: Vec::new(),
            single: vec![Single { mutant: mutant.to_owned(), why: String::new() }],
        }
    }

    #[test]
    fn kills_everywhere_hold_both_gates() {
        let matrix = matrix("xx", "xx");
        assert!(!every_case_kills(&matrix, &Notes::default()).is_broken());
        assert!(!every_mutant_dies_twice(&matrix, &Notes::default()).is_broken());
    }

    #[test]
    fn neither_a_constant_server_nor_what_came_to_nothing_is_a_kill_of_worth() {
        let matrix = matrix("x?", "xx");
        let gate = every_case_kills(&matrix, &Notes::default());
        assert_eq!(broken(&gate), ["a.two kills no mutant"]);
        assert!(!every_case_kills(&matrix, &masked("a.two")).is_broken());
    }

    #[test]
    fn a_case_without_ground_is_told_apart() {
        let mut matrix = matrix("x-", "x-");
        matrix.cases[1] = CaseRow { ground: None, ..matrix.cases[1].clone() };
        let gate = every_case_kills(&matrix, &Notes::default());
        assert_eq!(broken(&gate), ["a.two applies on no ground"]);
    }

    #[test]
    fn a_note_that_is_no_longer_true_is_void() {
        let gate = every_case_kills(&matrix("xx", "xx"), &masked("a.two"));
        assert_eq!(broken(&gate), ["the note on a.two is void: it kills drop.att.nonce"]);
        let gate = every_case_kills(&matrix("xx", "xx"), &masked("a.three"));
        assert_eq!(broken(&gate), ["the note on a.three is void: there is no such case"]);
        let gate = every_mutant_dies_twice(&matrix("xx", "xx"), &single("drop.att.nonce"));
        assert_eq!(broken(&gate), ["the note on drop.att.nonce is void: it dies to a.one, a.two"]);
        let gate = every_mutant_dies_twice(&matrix("xx", "xx"), &single("drop.x"));
        assert_eq!(broken(&gate), ["the note on drop.x is void: there is no such mutant"]);
    }

    #[test]
    fn a_mutant_that_one_case_kills_needs_a_note_and_a_survivor_has_no_excuse() {
        let gate = every_mutant_dies_twice(&matrix("x.", "xx"), &Notes::default());
        assert_eq!(broken(&gate), ["drop.att.nonce dies only to a.one: "]);
        let excused = single("drop.att.nonce");
        assert!(!every_mutant_dies_twice(&matrix("x.", "xx"), &excused).is_broken());
        let gate = every_mutant_dies_twice(&matrix(".?", "xx"), &excused);
        assert_eq!(broken(&gate), ["drop.att.nonce survives: "]);
    }
}
