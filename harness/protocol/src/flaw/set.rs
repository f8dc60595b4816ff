use super::{Edit, Flaw, FlawKind, Flawed, Habit, Part};
use crate::verify::{Outcome, Rule, RuleSet};
use std::borrow::Cow;
use std::fmt;

/// The flaws of one server. The reference has none, and asking it costs a comparison with zero.
#[derive(Clone, Default)]
pub struct Flaws {
    planted: Vec<&'static Flaw>,
    /// Rules whose check does not run as it stands.
    touched: RuleSet,
    /// Rules whose check is left out.
    dropped: RuleSet,
    /// One bit a habit.
    habits: u128,
    /// Whether a flaw makes it see other bytes than were sent.
    sees_otherwise: bool,
}

impl Flaws {
    /// No flaw: the reference.
    pub const NONE: Self = Self {
        planted: Vec::new(),
        touched: RuleSet::NONE,
        dropped: RuleSet::NONE,
        habits: 0,
        sees_otherwise: false,
    };

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

    /// Whether the server has that habit.
    pub fn has(&self, habit: Habit) -> bool {
        self.habits & 1 << habit as u8 != 0
    }

    /// The flaw that gives the server that habit.
    pub fn with(&self, habit: Habit) -> Option<&'static Flaw> {
        let gives = |flaw: &&Flaw| matches!(flaw.edit, Edit::Habit(found) if found == habit);
        if self.has(habit) { self.iter().find(gives) } else { None }
    }

    /// Whether requests pause between what they look up and what they do.
    pub fn has_window(&self) -> bool {
        self.iter().any(|flaw| flaw.kind == FlawKind::Racy)
    }

    /// Whether the check of `rule` is left out.
    pub(crate) fn drops(&self, rule: Rule) -> bool {
        self.dropped.contains(rule)
    }

    /// Whether the check of `rule` is left out or weakened.
    pub(crate) fn spare(&self, rule: Rule) -> bool {
        let spares = |flaw: &Flaw| matches!(flaw.kind, FlawKind::Dropped | FlawKind::Weakened);
        self.touch(rule) && self.iter().any(|flaw| flaw.rule == rule && spares(flaw))
    }

    /// Whether the check of `rule` does not run as it stands.
    pub(crate) fn touch(&self, rule: Rule) -> bool {
        self.touched.contains(rule)
    }

    /// What the check of a touched rule says of the facts, or the id of the flaw that breaks down.
    ///
    /// Of several weakened forms the most lenient decides; over-strict ones demand their share
    /// whatever the others say.
    pub(crate) fn outcome<F: Flawed>(
        &self,
        rule: Rule,
        check: fn(&F) -> Outcome,
        facts: &F,
    ) -> Result<Outcome, &'static str> {
        let of_kind = |kind| {
            self.iter()
                .filter(move |flaw| flaw.rule == rule && flaw.kind == kind)
                .filter_map(|flaw| facts.run(&flaw.edit).map(|outcome| (flaw.id, outcome)))
        };
        let is_broken = |outcome: &Outcome| matches!(outcome, Outcome::Broken(_));
        if let Some((id, _)) = of_kind(FlawKind::Fragile).find(|(_, found)| is_broken(found)) {
            return Err(id);
        }
        let outcome = if self.drops(rule) {
            Outcome::Held
        } else {
            let weakened = of_kind(FlawKind::Weakened).map(|(_, outcome)| outcome);
            let lenient = weakened.reduce(|one, other| if is_broken(&one) { other } else { one });
            lenient.unwrap_or_else(|| check(facts))
        };
        if is_broken(&outcome) {
            return Ok(outcome);
        }
        let mut demands = of_kind(FlawKind::OverStrict).map(|(_, outcome)| outcome);
        Ok(demands.find(is_broken).unwrap_or(outcome))
    }

    /// A part as the server sees it.
    pub(crate) fn see<'a>(&self, part: Part, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        let mut seen = Cow::Borrowed(bytes);
        if !self.sees_otherwise {
            return seen;
        }
        for flaw in self.iter() {
            if let Edit::Lens(of, lens) = flaw.edit
                && of == part
                && let Some(other) = lens(&seen)
            {
                seen = Cow::Owned(other);
            }
        }
        seen
    }

    /// The certificates as the server sees them.
    pub(crate) fn see_chain<'a>(&self, chain: &'a [&'a [u8]]) -> Cow<'a, [&'a [u8]]> {
        let mut seen = Cow::Borrowed(chain);
        if !self.sees_otherwise {
            return seen;
        }
        for flaw in self.iter() {
            if let Edit::Chain(rearrange) = flaw.edit {
                rearrange(seen.to_mut());
            }
        }
        seen
    }

    /// Leaves out these rules as well, where there is nothing to check them against.
    pub(crate) fn drop_too(&mut self, rules: &[Rule]) {
        for rule in rules {
            self.plant(Flaw::dropping(*rule));
        }
    }

    fn plant(&mut self, flaw: &'static Flaw) {
        match flaw.edit {
            Edit::Drop => {
                self.dropped = self.dropped.with(flaw.rule);
                self.touched = self.touched.with(flaw.rule);
            }
            Edit::Attestation(_)
            | Edit::Path(_)
            | Edit::Leaf(_)
            | Edit::Credential(_)
            | Edit::Data(_)
            | Edit::Receipt(_)
            | Edit::Assertion(_) => {
                self.touched = self.touched.with(flaw.rule);
            }
            Edit::Lens(..) | Edit::Chain(_) => self.sees_otherwise = true,
            Edit::Habit(habit) => self.habits |= 1 << habit as u8,
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
