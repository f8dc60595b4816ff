//! Planted flaws: what real relying parties do wrong, as data.
//!
//! A flaw is an edit of the reference. With one planted it becomes a *mutant*, and a suite of
//! cases is worth what it notices of mutants. Five kinds, see [`FlawKind`]; each flaw belongs to
//! the one rule that it damages, and everything else the mutant does is right.
//!
//! Nothing here is compiled into a check of the reference: [`crate::verify`] runs the checks of
//! its list as they stand unless a flaw of that rule is planted.

mod authenticator_data;
mod certificate;
mod chain;
mod container;
mod dropped;
mod edit;
mod habit;
mod loose_cbor;
mod policy;
mod receipt;
mod set;
mod signature;
mod state;
mod under_load;

pub use habit::Habit;
pub use set::Flaws;

use edit::Edit;
pub(crate) use edit::{Flawed, Part};

use crate::verify::Rule;
use std::sync::LazyLock;

/// What is wrong with a flawed server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlawKind {
    /// It does not check the rule at all.
    Dropped,
    /// It checks something that holds too often.
    Weakened,
    /// It demands more than the rule does, and refuses genuine devices.
    OverStrict,
    /// It breaks, with a status of 500, where it should decide.
    Fragile,
    /// It checks, waits, and acts on what was true before.
    Racy,
}

impl FlawKind {
    /// All kinds.
    pub const ALL: [Self; 5] =
        [Self::Dropped, Self::Weakened, Self::OverStrict, Self::Fragile, Self::Racy];

    /// `dropped`, `weakened`, `over-strict`, `fragile` or `racy`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dropped => "dropped",
            Self::Weakened => "weakened",
            Self::OverStrict => "over-strict",
            Self::Fragile => "fragile",
            Self::Racy => "racy",
        }
    }

    /// How the ids of its flaws begin: `drop`, `weak`, `strict`, `fragile` or `racy`.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Dropped => "drop",
            Self::Weakened => "weak",
            Self::OverStrict => "strict",
            Self::Fragile => "fragile",
            Self::Racy => "racy",
        }
    }
}

/// One planted flaw.
#[derive(Debug, Clone, Copy)]
pub struct Flaw {
    /// The permanent name: the kind's prefix, the rule's id, and unless it is dropped what is
    /// wrong with it (`drop.att.nonce`, `weak.att.nonce.prefix`).
    pub id: &'static str,
    /// The rule that is damaged.
    pub rule: Rule,
    /// What is wrong.
    pub kind: FlawKind,
    /// What such a server does, in a sentence.
    pub words: &'static str,
    edit: Edit,
}

impl Flaw {
    /// The flaw of that id.
    pub fn from_id(id: &str) -> Option<&'static Self> {
        flaws().iter().chain(under_load()).find(|flaw| flaw.id == id)
    }

    /// The flaw that leaves `rule` out.
    pub fn dropping(rule: Rule) -> &'static Self {
        flaws()
            .iter()
            .find(|flaw| flaw.rule == rule && flaw.kind == FlawKind::Dropped)
            .expect("a test finds one for each rule")
    }
}

/// Planted flaws that take many requests to see: load must find them, cases need not.
pub fn under_load() -> &'static [Flaw] {
    under_load::FLAWS
}

/// Every planted flaw that cases must find: the dropped ones in the order of the rules, then the
/// others.
pub fn flaws() -> &'static [Flaw] {
    static ALL: LazyLock<Vec<Flaw>> = LazyLock::new(|| {
        let tables = [
            container::FLAWS,
            chain::FLAWS,
            certificate::FLAWS,
            authenticator_data::FLAWS,
            policy::FLAWS,
            receipt::FLAWS,
            signature::FLAWS,
            state::FLAWS,
        ];
        dropped::all().chain(tables.into_iter().flatten().copied()).collect()
    });
    &ALL
}

#[cfg(test)]
mod tests;
