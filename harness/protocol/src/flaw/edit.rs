//! Where a flaw takes hold of the reference.

use super::{Flaw, FlawKind, Habit};
use crate::verify::chain::Path;
use crate::verify::{Outcome, Policy, Rule, assertion, attestation, receipt};
use crate::wire::{AttestedCredential, AuthenticatorData, Certificate};

/// What a flaw changes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Edit {
    /// The check is not run.
    Drop,
    /// Another check of an attestation: in the place of the rule's own if the flaw is weakened,
    /// beside it if it is over-strict or fragile.
    Attestation(fn(&attestation::Facts<'_>) -> Outcome),
    /// The same of its certificates.
    Path(fn(Path<'_, '_>) -> Outcome),
    /// The same of the credential certificate.
    Leaf(fn(&Certificate<'_>, &attestation::Facts<'_>) -> Outcome),
    /// The same of the attested credential.
    Credential(fn(&AttestedCredential<'_>, &attestation::Facts<'_>) -> Outcome),
    /// The same of authenticator data, in attestations or assertions as the rule says.
    Data(fn(&AuthenticatorData<'_>, &Policy) -> Outcome),
    /// The same of a receipt.
    Receipt(fn(&receipt::Facts<'_>) -> Outcome),
    /// The same of an assertion.
    Assertion(fn(&assertion::Facts<'_>) -> Outcome),
    /// Other bytes are seen than were sent; `None` sees them as they are.
    Lens(Part, fn(&[u8]) -> Option<Vec<u8>>),
    /// The certificates are rearranged before they are read.
    Chain(fn(&mut Vec<&[u8]>)),
    /// The relying party's memory, or its shell, has a habit.
    Habit(Habit),
}

/// What a lens is before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// The attestation object.
    AttestationObject,
    /// Its authenticator data as they are read; the nonce covers them as they were sent.
    AttestationData,
    /// The receipt.
    Receipt,
    /// The assertion.
    Assertion,
    /// Its authenticator data as they are read; the signature covers them as they were sent.
    AssertionData,
}

/// Facts whose checks a flaw can edit.
pub(crate) trait Flawed: Sized {
    /// What the check that the edit holds says of them; `None` if it is of other facts.
    fn run(&self, edit: &Edit) -> Option<Outcome>;
}

impl Flawed for attestation::Facts<'_> {
    fn run(&self, edit: &Edit) -> Option<Outcome> {
        match edit {
            Edit::Attestation(check) => Some(check(self)),
            Edit::Path(check) => Some(self.with_path(check)),
            Edit::Leaf(check) => Some(self.with_leaf(|leaf| check(leaf, self))),
            Edit::Credential(check) => Some(self.with_data(|_, attested| check(attested, self))),
            Edit::Data(check) => Some(self.with_data(|data, _| check(data, self.policy))),
            Edit::Drop
            | Edit::Receipt(_)
            | Edit::Assertion(_)
            | Edit::Lens(..)
            | Edit::Chain(_)
            | Edit::Habit(_) => None,
        }
    }
}

impl Flawed for receipt::Facts<'_> {
    fn run(&self, edit: &Edit) -> Option<Outcome> {
        if let Edit::Receipt(check) = edit { Some(check(self)) } else { None }
    }
}

impl Flawed for assertion::Facts<'_> {
    fn run(&self, edit: &Edit) -> Option<Outcome> {
        match edit {
            Edit::Assertion(check) => Some(check(self)),
            Edit::Data(check) => Some(self.with_data(|data| check(data, self.policy))),
            Edit::Drop
            | Edit::Attestation(_)
            | Edit::Path(_)
            | Edit::Leaf(_)
            | Edit::Credential(_)
            | Edit::Receipt(_)
            | Edit::Lens(..)
            | Edit::Chain(_)
            | Edit::Habit(_) => None,
        }
    }
}

/// A flaw that is weakened.
pub(super) const fn weak(id: &'static str, rule: Rule, words: &'static str, edit: Edit) -> Flaw {
    Flaw { id, rule, kind: FlawKind::Weakened, words, edit }
}

/// A flaw that is over-strict.
pub(super) const fn strict(id: &'static str, rule: Rule, words: &'static str, edit: Edit) -> Flaw {
    Flaw { id, rule, kind: FlawKind::OverStrict, words, edit }
}

/// A flaw that is fragile.
pub(super) const fn fragile(id: &'static str, rule: Rule, words: &'static str, edit: Edit) -> Flaw {
    Flaw { id, rule, kind: FlawKind::Fragile, words, edit }
}

/// A flaw that is racy.
pub(super) const fn racy(id: &'static str, rule: Rule, words: &'static str, habit: Habit) -> Flaw {
    Flaw { id, rule, kind: FlawKind::Racy, words, edit: Edit::Habit(habit) }
}

/// An over-strict demand, or what a fragile verifier stumbles over.
pub(super) fn refuse(when: bool, what: &str) -> Outcome {
    Outcome::holds(!when, || what.to_owned())
}
