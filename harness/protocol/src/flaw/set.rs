use super::{Edit, Flaw};
use crate::verify::{Rule, RuleSet};
use std::fmt;

/// The flaws of one server. The reference has none, and asking it costs a comparison with zero.
#[derive(Clone, Default)]
pub struct Flaws {
    planted: Vec<&'static Flaw>,
    /// Rules whose check a flaw leaves out.
    dropped: RuleSet,
}

impl Flaws {
    /// No flaw: the reference.
    pub const NONE: Self = Self { planted: Vec::new(), dropped: RuleSet::NONE };

    /// Leaves out these rules and nothing else.
    pub fn dropping(rules: impl IntoIterator<Item = Rule>) -> Self {
        rules.into_iter().map(Flaw::dropping).collect()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.planted.is_empty()
    }

    /// The flaws, in the order they were planted.
    pub fn iter(&self) -> impl Iterator<Item = &'static Flaw> {
        self.planted.iter().copied()
    }

    /// Whether the check of `rule` is left out.
    pub(crate) fn drops(&self, rule: Rule) -> bool {
        self.dropped.contains(rule)
    }

    /// Leaves out these rules as well, where there is nothing to check them against.
    pub(crate) fn drop_too(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.plant(Flaw::dropping(*rule));
        }
    }

    fn plant(&mut self, flaw: &'static Flaw) {
        match flaw.edit {
            Edit::Drop => self.dropped = self.dropped.with(flaw.rule),
        }
        self.planted.push(flaw);
    }
}

impl FromIterator<&'static Flaw> for Flaws {
    fn from_iter<I: IntoIterator<Item = &'static Flaw>>(flaws: I) -> Self {
        let mut set = Self::NONE;
        for flaw in flaws {
            set.plant(flaw);
        }
        set
    }
}

impl fmt::Debug for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|flaw| flaw.id)).finish()
    }
}
