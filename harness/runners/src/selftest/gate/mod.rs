//! What the selftest claims, gate by gate. Each is a pure function that names what breaks it.

mod attribution;
mod constants;
mod kills;
mod locked;
mod reference;

pub use attribution::dropping_a_check_flips_its_cases;
pub use constants::{Told, constant_servers_are_told_apart};
pub use kills::{every_case_kills, every_mutant_dies_twice};
pub use locked::kills_only_grow;
pub use reference::the_reference_passes;

/// A claim and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// `G1` to `G6`.
    pub name: &'static str,
    /// What is claimed.
    pub claim: &'static str,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It holds.
    Holds,
    /// It does not: what breaks it, one sentence each.
    Broken(Vec<String>),
    /// It cannot be told from what was played, and why.
    Skipped(String),
}

impl Gate {
    fn new(name: &'static str, claim: &'static str, broken: Vec<String>) -> Self {
        let outcome = if broken.is_empty() { Outcome::Holds } else { Outcome::Broken(broken) };
        Self { name, claim, outcome }
    }

    /// The same claim, left undecided unless what was played already refutes it.
    #[must_use]
    pub fn unless(self, missing: Option<&str>) -> Self {
        match missing {
            Some(why) => Self { outcome: Outcome::Skipped(why.to_owned()), ..self },
            None => self,
        }
    }

    /// Whether it is refuted.
    pub fn is_broken(&self) -> bool {
        matches!(self.outcome, Outcome::Broken(_))
    }
}

/// The beginning of a list, and how much more there is.
fn some<'a>(ids: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 6;
    let ids: Vec<&str> = ids.into_iter().collect();
    let shown = ids.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// The sentences that refute a gate; none if it holds.
#[cfg(test)]
fn broken(gate: &Gate) -> Vec<String> {
    match &gate.outcome {
        Outcome::Broken(broken) => broken.clone(),
        Outcome::Holds | Outcome::Skipped(_) => Vec::new(),
    }
}
