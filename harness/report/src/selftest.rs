//! What a selftest came to: which case killed which mutant, and what is weak.
//!
//! The caller says what was played ([`Selftest`]); [`Selftest::totals`] counts. Written as
//! `selftest.json` as it is.

use serde::Serialize;
use std::collections::BTreeMap;

/// A selftest, as plain data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Selftest {
    /// Version of this format.
    pub schema: u32,
    /// Version of the harness.
    pub assay: String,
    /// The command line that repeats it.
    pub command: String,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// The reference, once a ground and seed.
    pub reference: Vec<Reference>,
    /// What is claimed, and what became of it.
    pub gates: Vec<Gate>,
    /// The cases, in the order they are played.
    pub cases: Vec<Case>,
    /// The mutants, in the order they are played.
    pub mutants: Vec<Mutant>,
}

/// The reference on one ground with one seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// The ground.
    pub ground: String,
    /// Number of the seed.
    pub seed: u64,
    /// Cases that apply there.
    pub planned: usize,
    /// Cases that passed.
    pub passed: usize,
}

/// A claim, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gate {
    /// `G1` to `G6`.
    pub name: String,
    /// What is claimed.
    pub claim: String,
    /// What became of it.
    pub outcome: Outcome,
    /// What breaks it, or why it was skipped.
    pub details: Vec<String>,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is refuted.
    Broken,
    /// It cannot be told from what was played.
    Skipped,
    /// It holds.
    Holds,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Case {
    /// Its permanent id.
    pub id: String,
    /// Its family.
    pub family: String,
    /// One line that says what it is about.
    pub title: String,
    /// What a server must decide.
    pub expectation: String,
    /// Where it was played; `None` if it applies nowhere.
    pub ground: Option<String>,
    /// Why it may kill nothing, if that is so.
    pub note: Option<String>,
}

/// A server that is wrong on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mutant {
    /// Its permanent name.
    pub name: String,
    /// In which way it is wrong.
    pub kind: String,
    /// What it does, in a sentence.
    pub words: String,
    /// The cases that fail on it: place among the cases, and in which way.
    pub kills: Vec<(usize, String)>,
    /// The cases that come to nothing on it: places among the cases.
    pub inconclusive: Vec<usize>,
    /// Why one case may be enough, if that is so.
    pub note: Option<String>,
}

/// Counts of a selftest. Constant servers count as mutants but their deaths are no merit of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Kills of mutants that are not constant servers.
    pub kills: usize,
    /// Kills of each case, in order.
    pub per_case: Vec<usize>,
    /// Kills of each mutant, in order.
    pub per_mutant: Vec<usize>,
    /// Cases and their kills, by family.
    pub families: Vec<Group>,
    /// Mutants and their kills, by kind.
    pub kinds: Vec<Group>,
}

/// Cases of a family, or mutants of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The family or kind.
    pub name: String,
    /// How many there are.
    pub members: usize,
    /// Kills in all.
    pub kills: usize,
    /// Kills of the weakest.
    pub least: usize,
    /// Kills of the one in the middle.
    pub median: usize,
}

impl Selftest {
    /// Version of the format of `selftest.json`.
    pub const SCHEMA: u32 = 1;

    /// The gravest outcome of a gate.
    pub fn outcome(&self) -> Outcome {
        self.gates.iter().map(|gate| gate.outcome).min().unwrap_or(Outcome::Skipped)
    }

    /// Counts what there is.
    pub fn totals(&self) -> Totals {
        let mut per_case = vec![0; self.cases.len()];
        for mutant in self.mutants.iter().filter(|mutant| !mutant.is_constant()) {
            for (case, _) in &mutant.kills {
                if let Some(count) = per_case.get_mut(*case) {
                    *count += 1;
                }
            }
        }
        let per_mutant: Vec<usize> = self.mutants.iter().map(|mutant| mutant.kills.len()).collect();
        let families = self.cases.iter().map(|case| case.family.as_str());
        let kinds = self.mutants.iter().map(|mutant| mutant.kind.as_str());
        Totals {
            kills: per_case.iter().sum(),
            families: groups(families, &per_case),
            kinds: groups(kinds, &per_mutant),
            per_case,
            per_mutant,
        }
    }
}

impl Mutant {
    /// Whether it always answers the same.
    pub fn is_constant(&self) -> bool {
        self.kind == "constant"
    }
}

/// Groups in the order in which they first appear.
fn groups<'a>(names: impl Iterator<Item = &'a str>, counts: &[usize]) -> Vec<Group> {
    let mut order: Vec<&str> = Vec::new();
    let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (name, count) in names.zip(counts) {
        members.entry(name).or_insert_with(|| {
            order.push(name);
            Vec::new()
        });
        members.entry(name).or_default().push(*count);
    }
    order
        .into_iter()
        .map(|name| {
            let mut counts = members.remove(name).unwrap_or_default();
            counts.sort_unstable();
            Group {
                name: name.to_owned(),
                members: counts.len(),
                kills: counts.iter().sum(),
                least: counts.first().copied().unwrap_or_default(),
                median: counts.get(counts.len() / 2).copied().unwrap_or_default(),
            }
        })
        .collect()
}

#[cfg(test)]
pub(crate) mod sample {
    use super::*;

    /// Two cases, a mutant that one of them kills, and a constant server that both kill.
    pub(crate) fn selftest() -> Selftest {
        let case = |id: &str, family: &str| Case {
            id: id.to_owned(),
            family: family.to_owned(),
            title: format!("About {id}"),
            expectation: "reject".to_owned(),
            ground: Some("production".to_owned()),
            note: None,
        };
        let mutant = |name: &str, kind: &str, kills: &[usize]| Mutant {
            name: name.to_owned(),
            kind: kind.to_owned(),
            words: format!("Is {name}."),
            kills: kills.iter().map(|case| (*case, "false-accept".to_owned())).collect(),
            inconclusive: Vec::new(),
            note: None,
        };
        Selftest {
            schema: Selftest::SCHEMA,
            gates: vec![Gate {
                name: "G2".to_owned(),
                claim: "Every case kills.".to_owned(),
                outcome: Outcome::Broken,
                details: vec!["key.b kills no mutant".to_owned()],
            }],
            cases: vec![case("nonce.a", "nonce"), case("key.b", "key")],
            mutants: vec![
                mutant("drop.att.nonce", "dropped", &[0]),
                mutant("constant.accept", "constant", &[0, 1]),
            ],
            ..Selftest::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_servers_are_counted_but_their_deaths_are_not() {
        let totals = sample::selftest().totals();
        assert_eq!(totals.per_case, [1, 0]);
        assert_eq!(totals.per_mutant, [1, 2]);
        assert_eq!(totals.kills, 1);
        let key = &totals.families[1];
        assert_eq!((key.name.as_str(), key.members, key.kills, key.least), ("key", 1, 0, 0));
    }

    #[test]
    fn the_gravest_gate_decides() {
        let mut selftest = sample::selftest();
        assert_eq!(selftest.outcome(), Outcome::Broken);
        selftest.gates[0].outcome = Outcome::Holds;
        assert_eq!(selftest.outcome(), Outcome::Holds);
        selftest.gates.clear();
        assert_eq!(selftest.outcome(), Outcome::Skipped);
    }
}
