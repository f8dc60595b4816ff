//! What trials have in common: the rules broken, and what each server made of it.

use protocol::verify::Rule;
use record::{CaseObserved, Failure, ObservedDecision, Verdict};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What one server made of a trial.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Told {
    /// The decision, in the record's word.
    pub decision: &'static str,
    /// The HTTP status, if an answer began.
    pub status: Option<u16>,
    /// The reason it gave, without what may be another each time.
    pub reason: String,
    /// The way in which it is wrong, if it is.
    pub failure: Option<&'static str>,
    /// Whether the verdict rests on something.
    pub decided: bool,
}

/// What a server says, whatever it was asked: decision, status and reason.
pub(crate) type Signature = (&'static str, Option<u16>, String);

/// Trials with one cause, as far as can be told from outside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bucket {
    /// What a right server does: `accept`, `reject` or `either`.
    pub expectation: &'static str,
    /// The rules that are broken.
    pub rules: BTreeSet<Rule>,
    /// What each server made of it.
    pub told: Vec<Told>,
}

/// Why a trial is worth keeping, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Interest {
    /// A server is wrong.
    Wrong,
    /// Two servers decide differently, where either answer can be defended.
    Difference,
    /// A server says something it has not said before.
    New,
}

impl Told {
    /// What one server made of a trial, by the one judge.
    pub fn of(observed: &CaseObserved, verdict: &Verdict) -> Self {
        let deciding = observed.deciding();
        let decision = deciding.map(|turn| &turn.decision);
        let reason = match decision {
            Some(ObservedDecision::Reject { code: Some(code), .. }) => code.clone(),
            Some(ObservedDecision::Reject { reason: Some(reason), .. }) => worn(reason),
            Some(_) | None => String::new(),
        };
        Self {
            decision: decision.map_or("not-run", ObservedDecision::as_str),
            status: deciding.and_then(|turn| turn.status),
            reason,
            failure: match verdict {
                Verdict::Fail { failure, .. } => Some(failure.as_str()),
                Verdict::Pass | Verdict::Inconclusive { .. } | Verdict::NotApplicable { .. } => {
                    None
                }
            },
            decided: matches!(verdict, Verdict::Pass | Verdict::Fail { .. }),
        }
    }

    /// What a server says, whatever it was asked.
    pub(crate) fn signature(&self) -> Signature {
        (self.decision, self.status, self.reason.clone())
    }

    /// The same answer to what is not quite the same question.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let crashes = |told: &Self| {
            told.failure.is_some_and(|failure| failure != Failure::FalseAccept.as_str())
        };
        self.decision == other.decision
            && self.failure == other.failure
            && (!crashes(self) || self.status == other.status)
    }
}

impl Bucket {
    /// Why it is worth keeping, unless it is only that nobody has said so before.
    pub fn interest(&self) -> Option<Interest> {
        if self.told.iter().any(|told| told.failure.is_some()) {
            return Some(Interest::Wrong);
        }
        let decisions = |told: &Told| told.decided && matches!(told.decision, "accept" | "reject");
        let (first, rest) = self.told.split_first()?;
        let differs = |other: &Told| decisions(other) && other.decision != first.decision;
        (decisions(first) && rest.iter().any(differs)).then_some(Interest::Difference)
    }

    /// Whether a simpler trial shows the same: the same answers, and no other rule to explain them.
    pub fn is_shown_by(&self, simpler: &Self) -> bool {
        let alike = self.told.len() == simpler.told.len()
            && self.told.iter().zip(&simpler.told).all(|(one, other)| one.is_like(other));
        let still_a_lie = self.rules.is_empty() || !simpler.rules.is_empty();
        alike
            && self.expectation == simpler.expectation
            && still_a_lie
            && simpler.rules.is_subset(&self.rules)
    }

    /// Its name in folders and reports: what is wrong, a rule, and eight digits of all the rest.
    pub fn name(&self) -> String {
        let failure = self.told.iter().find_map(|told| told.failure);
        let word = match (failure, self.interest()) {
            (Some(failure), _) => failure,
            (None, Some(Interest::Difference)) => "difference",
            (None, _) => self.told.first().map_or("not-run", |told| told.decision),
        };
        let mut text = String::new();
        for told in &self.told {
            let Told { decision, status, failure, .. } = told;
            let _ = write!(text, "{decision} {status:?} {failure:?} ");
            if failure.is_none() {
                text.push_str(&told.reason);
            }
        }
        let _ = write!(text, "{} {:?}", self.expectation, self.rules);
        let digits = hex::encode(protocol::terms::sha256(&[text.as_bytes()]));
        let rule = self.rules.first().map_or(self.expectation, |rule| rule.id());
        format!("{word}.{rule}.{}", &digits[..8])
    }
}

/// A reason without the numbers in it, and not too long.
fn worn(reason: &str) -> String {
    reason.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(decision: &'static str, failure: Option<&'static str>) -> Told {
        Told { decision, status: Some(200), reason: String::new(), failure, decided: true }
    }

    fn bucket(rules: &[Rule], told: Vec<Told>) -> Bucket {
        let expectation = if rules.is_empty() { "either" } else { "reject" };
        Bucket { expectation, rules: rules.iter().copied().collect(), told }
    }

    #[test]
    fn who_is_wrong_comes_before_who_differs() {
        let wrong = told("accept", Some("false-accept"));
        let right = told("reject", None);
        let both = bucket(&[Rule::Nonce], vec![wrong.clone(), right.clone()]);
        assert_eq!(both.interest(), Some(Interest::Wrong));
        assert!(both.name().starts_with("false-accept.att.nonce."));
        let differ = bucket(&[], vec![told("accept", None), right.clone()]);
        assert_eq!(differ.interest(), Some(Interest::Difference));
        let undecided = Told { decided: false, ..told("accept", None) };
        assert_eq!(bucket(&[], vec![undecided, right.clone()]).interest(), None);
        assert_eq!(bucket(&[Rule::Nonce], vec![right]).interest(), None);
    }

    #[test]
    fn a_simpler_trial_shows_the_same_with_fewer_rules_but_never_with_others_or_none() {
        let wrong = || vec![told("accept", Some("false-accept"))];
        let both = bucket(&[Rule::Nonce, Rule::Aaguid], wrong());
        assert!(both.is_shown_by(&bucket(&[Rule::Nonce], wrong())));
        assert!(!both.is_shown_by(&bucket(&[Rule::CredentialId], wrong())));
        assert!(!both.is_shown_by(&bucket(&[], wrong())));
        assert!(!both.is_shown_by(&bucket(&[Rule::Nonce], vec![told("reject", None)])));
    }

    #[test]
    fn a_reason_is_the_same_whatever_it_counts() {
        assert_eq!(worn("counter 12 is not above 13"), "counter ## is not above ##");
    }
}
