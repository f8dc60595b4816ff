//! Servers that are wrong on purpose.

use super::constant::Constant;
use super::profile::Profile;
use protocol::flaw::{Flaw, FlawKind, Flaws, flaws};
use protocol::verify::Rule;

/// A server that is wrong on purpose.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// Permanent name: a flaw's id, `profile.ID` or `constant.ID`.
    pub name: String,
    /// In which way it is wrong.
    pub kind: MutantKind,
    /// What it does, in a sentence.
    pub words: String,
    /// What is played.
    pub planted: Planted,
}

/// What a server of the selftest is.
#[derive(Debug, Clone)]
pub enum Planted {
    /// The reference with these flaws; without any it is the reference.
    Flaws(Flaws),
    /// A server that always answers the same.
    Constant(Constant),
}

/// In which way a mutant is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MutantKind {
    /// It has one flaw.
    Flaw(FlawKind),
    /// It has several flaws, as seen together in the field.
    Profile,
    /// It always answers the same.
    Constant,
}

impl MutantKind {
    /// The flaw's kind, `profile` or `constant`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Flaw(kind) => kind.as_str(),
            Self::Profile => "profile",
            Self::Constant => "constant",
        }
    }
}

impl Mutant {
    /// The server with that flaw and no other.
    pub fn of_flaw(flaw: &'static Flaw) -> Self {
        Self {
            name: flaw.id.to_owned(),
            kind: MutantKind::Flaw(flaw.kind),
            words: flaw.words.to_owned(),
            planted: Planted::Flaws([flaw].into_iter().collect()),
        }
    }

    /// The server with the flaws of a profile.
    pub fn of_profile(profile: &Profile) -> Self {
        Self {
            name: format!("profile.{}", profile.id),
            kind: MutantKind::Profile,
            words: profile.words.clone(),
            planted: Planted::Flaws(profile.flaws.iter().copied().collect()),
        }
    }

    /// A server that always answers the same.
    pub fn of_constant(constant: Constant) -> Self {
        Self {
            name: format!("constant.{}", constant.as_str()),
            kind: MutantKind::Constant,
            words: constant.words().to_owned(),
            planted: Planted::Constant(constant),
        }
    }

    /// The rules that its flaws damage, each once, in the order they are applied.
    pub fn rules(&self) -> Vec<Rule> {
        match &self.planted {
            Planted::Flaws(flaws) => {
                let mut rules: Vec<Rule> = flaws.iter().map(|flaw| flaw.rule).collect();
                rules.sort_unstable();
                rules.dedup();
                rules
            }
            Planted::Constant(_) => Vec::new(),
        }
    }

    /// The one rule that it does not check, if that is all that is wrong with it.
    pub fn dropped(&self) -> Option<Rule> {
        match (self.kind, &self.planted) {
            (MutantKind::Flaw(FlawKind::Dropped), Planted::Flaws(flaws)) => {
                flaws.iter().next().map(|flaw| flaw.rule)
            }
            _ => None,
        }
    }
}

/// Every mutant: one for each flaw, then the profiles, then the constant servers.
pub fn mutants(profiles: &[Profile]) -> Vec<Mutant> {
    flaws()
        .iter()
        .map(Mutant::of_flaw)
        .chain(profiles.iter().map(Mutant::of_profile))
        .chain(Constant::ALL.into_iter().map(Mutant::of_constant))
        .collect()
}
