//! Cases for a target that does not trust the test root.
//!
//! Such a target must accept nothing that a simulated device makes, however honest: what a case is
//! about is out of reach, and what is left of it is one question, whether its request is refused.

use crate::base::{Base, Kind};
use crate::case::{Action, Case, Class, Expectation, Severity, Step};
use crate::need::Need;
use crate::operator::{Change, Edit, Foreign, Operator, Sample};
use protocol::verify::Rule;
use simulator::Generation;

/// Why it matters that such a target accepts something.
pub const WHY: &str = "Whoever has the seed of that root, or any root if none is checked, enrols \
                       keys without an Apple device: every other check is for nothing.";
/// How to mend such a target.
pub const FIX: &str = "Trust Apple's root alone in what ships: take the test root out of its \
                       configuration, and refuse to start in production where one is set.";

/// Why a case does not apply to such a target.
pub(crate) const NEEDS_ENROLMENT: &str = "needs an accepted enrolment, and by `target.trust` this \
                                          target must accept none";

/// Cases for such targets alone: enrolments under a root that bears Apple's name, and for one that
/// trusts Apple's root the samples that Apple published, as they are and damaged.
///
/// They are in no file: none tells one lie, and no target that trusts a test root could be wrong
/// about them in a way that another case does not show.
pub fn own_cases(trusts_apple: bool) -> Vec<Case> {
    let mut cases: Vec<Case> = Generation::ALL.into_iter().map(under_apples_name).collect();
    if trusts_apple {
        cases.extend(Sample::ALL.into_iter().flat_map(published));
    }
    cases
}

fn under_apples_name(generation: Generation) -> Case {
    let id = format!("untrusted.apple-name.{generation}");
    let title = format!("An enrolment of {generation} under a root that bears Apple's name alone");
    case(id, title, generation, vec![Foreign::UnderAppleName])
}

fn published(sample: Sample) -> Vec<Case> {
    let of = |slug: &str, what: &str, edits: Vec<Foreign>| {
        let year = sample.as_str();
        let title = format!("Apple's published sample of {year}, {what}");
        case(format!("untrusted.published-{year}.{slug}"), title, Generation::Ios17, edits)
    };
    let with = |change| vec![Foreign::Published(sample, change)];
    let mut both = with(Change::Nothing);
    both.push(Foreign::ItsChallenge(sample));
    let mut twice = of("twice", "sent twice", with(Change::Nothing));
    twice.steps[0].name = Some("first".to_owned());
    let again = Action::Replay { of: "first".to_owned() };
    twice.steps.push(Step {
        name: None,
        action: again,
        operators: Vec::new(),
        ..twice.steps[0].clone()
    });
    vec![
        of("as-it-is", "as it is", with(Change::Nothing)),
        of("its-challenge", "with the challenge it was made for", both),
        of("other-key-id", "under another key's id", with(Change::OtherKeyId)),
        of("one-bit", "one bit flipped", with(Change::OneBit)),
        of("cut-short", "its second half missing", with(Change::CutShort)),
        of("own-data", "its chain with another device's authenticator data", with(Change::OwnData)),
        twice,
    ]
}

/// A case that such a target must refuse.
fn case(id: String, title: String, generation: Generation, edits: Vec<Foreign>) -> Case {
    let base = Base { kind: Kind::Attestation, generation };
    let operators = edits.into_iter().map(|edit| Operator(Edit::Foreign(edit))).collect();
    let mut steps = base.steps(operators);
    for step in &mut steps {
        step.expectation = Expectation::Reject;
    }
    Case {
        id,
        title,
        family: FAMILY.to_owned(),
        severity: Severity::Critical,
        class: Class::FalseAccept,
        clauses: vec![Rule::ChainTrustAnchor.clause().to_owned()],
        expectation: Expectation::Reject,
        rules: vec![Rule::ChainTrustAnchor],
        why: WHY.to_owned(),
        fix: FIX.to_owned(),
        steps,
        ..Case::twin(base)
    }
}

/// The family of cases for such targets alone.
pub const FAMILY: &str = "untrusted";

impl Case {
    /// The case for a target that does not trust the test root, where it must be refused; `None`
    /// if it says nothing without an accepted enrolment.
    ///
    /// What must be accepted elsewhere is cut at its first enrolment. A case that enrols nothing
    /// and uses no key stays as it is. Asked again of its own answer it changes nothing.
    pub fn untrusted(&self) -> Option<Self> {
        let (last, before) = self.steps.split_last()?;
        let first = before.iter().position(|step| self.must_be_enrolled(step));
        let mut case = self.clone();
        match (first, self.expectation) {
            (None, expectation) if !self.shows_a_key(last) => {
                // Beside an accepted enrolment only would its refusal say something.
                return (expectation != Expectation::Reject).then_some(case);
            }
            (None, _) => {}
            (Some(first), Expectation::Accept) => {
                case.steps.truncate(first + 1);
                case.title = format!("Its enrolment alone: {}", self.title);
                case.needs.retain(|need| !is_of_what_follows(*need));
            }
            (Some(_), Expectation::Reject | Expectation::Either | Expectation::One) => return None,
        }
        for step in &mut case.steps {
            if matches!(step.action, Action::Attest { .. }) {
                step.expectation = Expectation::Reject;
            }
        }
        case.expectation = Expectation::Reject;
        case.rules = vec![Rule::ChainTrustAnchor];
        case.guards = Vec::new();
        case.clauses = vec![Rule::ChainTrustAnchor.clause().to_owned()];
        Some(case)
    }

    /// Whether a step on the way goes on only if something of a simulated device is accepted.
    fn must_be_enrolled(&self, step: &Step) -> bool {
        !step.kept && step.expectation == Expectation::Accept && self.shows_a_key(step)
    }

    /// Whether a step sends something that a simulated device made.
    fn shows_a_key(&self, step: &Step) -> bool {
        let makes = |name: &String| {
            self.steps.iter().any(|one| one.name.as_ref() == Some(name) && self.shows_a_key(one))
        };
        match &step.action {
            Action::Attest { .. } | Action::Assert { .. } => true,
            Action::Replay { of } => makes(of),
            Action::Together { of, .. } => of.iter().any(makes),
            Action::Challenge(_)
            | Action::Draw { .. }
            | Action::Revoke
            | Action::Logout
            | Action::Restart
            | Action::Wait => false,
        }
    }
}

/// Whether a need is of what comes after an enrolment.
fn is_of_what_follows(need: Need) -> bool {
    matches!(
        need,
        Need::Revoke
            | Need::Logout
            | Need::Restart
            | Need::Wait
            | Need::Foreseeable
            | Need::JsonClientData
            | Need::Headers
            | Need::AccountHeader
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    #[test]
    fn nothing_of_a_simulated_device_is_expected_to_be_accepted() {
        let mut left = [0, 0];
        for case in builtin().unwrap() {
            let Some(bare) = case.untrusted() else {
                left[1] += 1;
                assert_ne!(case.expectation, Expectation::Accept, "{}", case.id);
                continue;
            };
            left[0] += 1;
            let (last, before) = bare.steps.split_last().unwrap();
            assert!(!before.iter().any(|step| bare.must_be_enrolled(step)), "{}", case.id);
            if bare.shows_a_key(last) {
                assert_eq!(bare.expectation, Expectation::Reject, "{}", case.id);
                assert_eq!(bare.clauses, ["AV-1"], "{}", case.id);
            } else {
                assert_eq!(bare, case, "{}", case.id);
            }
            assert_eq!(bare.untrusted().as_ref(), Some(&bare), "{}", case.id);
        }
        assert!(left[0] > 100 && left[1] > 50, "{left:?}");
    }

    #[test]
    fn every_honest_enrolment_is_sent() {
        for case in builtin().unwrap() {
            let enrols = case.steps.iter().any(|step| matches!(step.action, Action::Attest { .. }));
            if case.expectation == Expectation::Accept && enrols {
                let bare = case.untrusted().unwrap();
                let last = bare.steps.last().unwrap();
                assert!(bare.shows_a_key(last), "{}", case.id);
                assert_eq!(bare.expectation, Expectation::Reject, "{}", case.id);
            }
        }
    }
}
