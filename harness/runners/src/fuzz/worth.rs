//! What a right server does with a recipe, and how bad it is not to.
//!
//! Which rules are broken the oracle says. Whether a server may be blamed the catalogue says: an
//! edit that its cases leave to the server, or that no case calls harmless, is held against nobody.

use super::lexicon::{Lexicon, Use};
use catalogue::{Case, Class, EditText, Expectation, Fault, Level, Recipe, Seen, Severity};
use protocol::verify::Rule;
use std::collections::BTreeSet;

/// What is expected of a recipe.
#[derive(Debug, Clone)]
pub(crate) struct Worth {
    pub(crate) expectation: Expectation,
    pub(crate) level: Level,
    pub(crate) severity: Severity,
    pub(crate) clauses: Vec<String>,
    pub(crate) why: String,
    pub(crate) fix: String,
    /// Whether nothing but the broken rules can be why it is refused: no edit is one that the
    /// catalogue leaves to the server, as a size beyond its bounds is.
    pub(crate) only_for_rules: bool,
}

/// What is expected, by what the oracle saw; `None` where it could not look.
pub(crate) fn worth(lexicon: &Lexicon, recipe: &Recipe, seen: Option<&Seen>) -> Worth {
    let Some(seen) = seen else { return debated() };
    let around = recipe.edits.iter().any(|edit| edit.name().starts_with("wire."));
    if !seen.broken.is_empty() {
        refused(lexicon, recipe, &seen.broken)
    } else if seen.is_honest() && !around {
        accepted(lexicon, recipe)
    } else {
        debated()
    }
}

/// A lie: as grave as the gravest of the cases that tell it.
fn refused(lexicon: &Lexicon, recipe: &Recipe, broken: &BTreeSet<Rule>) -> Worth {
    let tells = |one: &Use| match (one.expectation, one.fault) {
        (Expectation::Reject, Fault::Rules) => one.rules.intersection(broken).next().is_some(),
        (Expectation::Reject, Fault::Damage) => true,
        (Expectation::Either, _) => one.rules.is_empty() || !one.rules.is_disjoint(broken),
        (Expectation::Reject, Fault::Form) | (Expectation::Accept | Expectation::One, _) => false,
    };
    let level = |one: &Use| match one.expectation {
        Expectation::Either => Level::May,
        Expectation::Accept | Expectation::Reject | Expectation::One => one.level,
    };
    let mut gravest: Option<(Level, Use)> = None;
    for edit in &recipe.edits {
        let (uses, known) = uses(lexicon, edit);
        let of_edit = uses.into_iter().filter(tells).map(|one| (level(&one), one));
        // Of an edit with other values than any case has, only the least that is said is sure.
        let best = if known {
            of_edit.min_by_key(|(level, _)| *level)
        } else {
            of_edit.max_by_key(|(level, _)| *level)
        };
        if let Some(best) = best
            && gravest.as_ref().is_none_or(|so_far| best.0 < so_far.0)
        {
            gravest = Some(best);
        }
    }
    let left = |edit: &EditText| {
        uses(lexicon, edit).0.iter().any(|one| one.expectation == Expectation::Either)
    };
    let only_for_rules = !recipe.edits.iter().any(left);
    let Some((level, said)) = gravest else {
        return Worth {
            expectation: Expectation::Reject,
            level: Level::Should,
            severity: Severity::Medium,
            clauses: Vec::new(),
            why: "What breaks a rule is accepted, in a way that no case of the catalogue has."
                .to_owned(),
            fix: broken.iter().map(|rule| rule.requirement()).collect::<Vec<_>>().join(" "),
            only_for_rules,
        };
    };
    let expectation = if level > Level::Should { Expectation::Either } else { Expectation::Reject };
    Worth {
        expectation,
        level,
        severity: said.severity,
        clauses: said.clauses,
        why: said.why,
        fix: said.fix,
        only_for_rules,
    }
}

/// An honest request, written otherwise: as binding as the least binding of its edits.
fn accepted(lexicon: &Lexicon, recipe: &Recipe) -> Worth {
    let mut weakest: Option<Use> = None;
    for edit in &recipe.edits {
        let (uses, known) = uses(lexicon, edit);
        let harmless = uses.into_iter().filter(|one| one.expectation == Expectation::Accept);
        let Some(mut said) = harmless.min_by_key(|one| one.level) else { return debated() };
        if !known {
            said.level = said.level.max(Level::Should);
        }
        if weakest.as_ref().is_none_or(|so_far| said.level > so_far.level) {
            weakest = Some(said);
        }
    }
    match weakest {
        Some(said) if said.level <= Level::Should => Worth {
            expectation: Expectation::Accept,
            level: said.level,
            severity: said.severity,
            clauses: said.clauses,
            why: said.why,
            fix: said.fix,
            only_for_rules: true,
        },
        Some(_) | None => debated(),
    }
}

/// A request of which either answer can be defended, as long as there is one.
fn debated() -> Worth {
    Worth {
        expectation: Expectation::Either,
        level: Level::Should,
        severity: Severity::Medium,
        clauses: Vec::new(),
        why: "A request that a server does not like is one that it answers.".to_owned(),
        fix: "Answer every request, and refuse what cannot be read.".to_owned(),
        only_for_rules: false,
    }
}

/// What cases say of an edit, and whether of exactly that one.
fn uses(lexicon: &Lexicon, edit: &EditText) -> (Vec<Use>, bool) {
    match lexicon.exactly(edit) {
        Some(word) => (word.uses.clone(), true),
        None => (lexicon.named(edit.name()).cloned().collect(), false),
    }
}

impl Worth {
    /// The case with what is expected of it.
    pub(crate) fn applied(&self, case: Case, seen: Option<&Seen>) -> Case {
        let (class, rules) = match self.expectation {
            Expectation::Accept => (Class::FalseReject, Vec::new()),
            Expectation::Reject => {
                let mut broken = seen.map(|seen| seen.broken.clone()).unwrap_or_default();
                // Whoever reads the other of two challenges may look it up first.
                if broken.contains(&Rule::AssertionChallenge) {
                    broken.insert(Rule::ChallengeIssued);
                }
                // Without rules named, any reason will do.
                broken.retain(|_| self.only_for_rules);
                (Class::FalseAccept, broken.into_iter().collect())
            }
            Expectation::Either | Expectation::One => (Class::Crash, Vec::new()),
        };
        Case {
            expectation: self.expectation,
            level: self.level,
            severity: self.severity,
            class,
            clauses: self.clauses.clone(),
            rules,
            why: self.why.clone(),
            fix: self.fix.clone(),
            ..case
        }
    }
}
