//! Which case kills which mutant, on paper: what was seen once must be seen for ever.

use super::matrix::Matrix;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Which case kills which mutant. Constant servers have a gate of their own and are not in it.
///
/// As text: a mutant a line, and below it, indented, the cases that kill it, all sorted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KillsLock {
    kills: BTreeMap<String, BTreeSet<String>>,
}

/// A line that is no part of a lock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("kills.lock, line {line}: {what}")]
pub struct LockError {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: &'static str,
}

/// How two locks differ: mutants, each with the cases.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Drift {
    /// Kills of the old that the new lacks.
    pub lost: BTreeMap<String, BTreeSet<String>>,
    /// Kills of the new that the old lacks.
    pub gained: BTreeMap<String, BTreeSet<String>>,
    /// Mutants that only the new names.
    pub new_mutants: Vec<String>,
}

const HEAD: &str = "\
# Which case kills which mutant. Written by `assay selftest --update`, which only adds.
";

impl KillsLock {
    /// The lock that came with this build.
    pub fn builtin() -> Result<Self, LockError> {
        include_str!("../../../../corpora/kills.lock").parse()
    }

    /// The kills of a matrix.
    pub fn of(matrix: &Matrix) -> Self {
        let flawed = matrix.columns.iter().filter(|column| !column.is_constant());
        let kills = flawed.map(|column| {
            (column.name.clone(), matrix.killers(column).map(|case| case.id.clone()).collect())
        });
        Self { kills: kills.collect() }
    }

    /// How many kills there are.
    pub fn len(&self) -> usize {
        self.kills.values().map(BTreeSet::len).sum()
    }

    /// Whether there is no kill.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How `new` differs from this one.
    pub fn drift(&self, new: &Self) -> Drift {
        Drift {
            lost: minus(&self.kills, &new.kills),
            gained: minus(&new.kills, &self.kills),
            new_mutants: new
                .kills
                .keys()
                .filter(|name| !self.kills.contains_key(*name))
                .cloned()
                .collect(),
        }
    }
}

fn minus(
    all: &BTreeMap<String, BTreeSet<String>>,
    without: &BTreeMap<String, BTreeSet<String>>,
) -> BTreeMap<String, BTreeSet<String>> {
    let rest = |(mutant, cases): (&String, &BTreeSet<String>)| {
        let other = without.get(mutant);
        let is_left = |case: &&String| !other.is_some_and(|other| other.contains(*case));
        let left: BTreeSet<String> = cases.iter().filter(is_left).cloned().collect();
        (!left.is_empty()).then(|| (mutant.clone(), left))
    };
    all.iter().filter_map(rest).collect()
}

impl std::str::FromStr for KillsLock {
    type Err = LockError;

    fn from_str(text: &str) -> Result<Self, LockError> {
        let mut kills: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut mutant: Option<String> = None;
        for (number, line) in text.lines().enumerate() {
            let error = |what| LockError { line: number + 1, what };
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(case) = line.strip_prefix("  ") {
                let mutant = mutant.as_ref().ok_or_else(|| error("a case before any mutant"))?;
                let cases = kills.entry(mutant.clone()).or_default();
                if !cases.insert(case.to_owned()) {
                    return Err(error("a case a second time"));
                }
            } else if kills.insert(line.to_owned(), BTreeSet::new()).is_some() {
                return Err(error("a mutant a second time"));
            } else {
                mutant = Some(line.to_owned());
            }
        }
        Ok(Self { kills })
    }
}

impl fmt::Display for KillsLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        for (mutant, cases) in &self.kills {
            writeln!(f, "{mutant}")?;
            for case in cases {
                writeln!(f, "  {case}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::selftest::matrix::sample;
    use protocol::verify::Rule;

    #[test]
    fn a_lock_survives_its_own_text_and_leaves_constant_servers_out() {
        let matrix = Matrix {
            cases: vec![sample::case("b.two", Rule::Nonce), sample::case("a.one", Rule::Nonce)],
            columns: vec![
                sample::without(Rule::Nonce, "xx"),
                sample::without(Rule::Aaguid, ".?"),
                sample::constant("accept", "xx"),
            ],
        };
        let lock = KillsLock::of(&matrix);
        let text = lock.to_string();
        assert_eq!(text, format!("{HEAD}drop.att.aaguid\ndrop.att.nonce\n  a.one\n  b.two\n"));
        assert_eq!(text.parse(), Ok(lock));
    }

    #[test]
    fn what_is_no_lock_is_refused_with_its_line() {
        let check = |text: &str, line: usize, part: &str| {
            let error = text.parse::<KillsLock>().unwrap_err();
            assert_eq!(error.line, line);
            assert!(error.to_string().contains(part), "{error}");
        };
        check("# head\n  case\n", 2, "before any mutant");
        check("m\n  c\n  c\n", 3, "a second time");
        check("m\nm\n", 2, "a mutant a second time");
    }

    #[test]
    fn the_lock_that_comes_along_can_be_read() {
        assert!(KillsLock::builtin().is_ok());
    }
}
