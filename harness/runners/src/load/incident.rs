//! Answers worth showing: a few of each kind, in a sentence.

use super::oracle::{Class, Lie};
use super::state::Breach;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use targets::{Decision, Exchange, Operation};

/// An answer worth showing.
#[derive(Debug)]
pub(super) struct Incident {
    pub(super) class: Class,
    pub(super) operation: Operation,
    /// What was sent, what was owed, and what came.
    pub(super) what: String,
    /// HTTP status, if there was an answer.
    pub(super) status: Option<u16>,
}

/// What came of a request.
#[derive(Clone, Copy)]
pub(super) struct Answered<'e> {
    pub(super) class: Class,
    pub(super) operation: Operation,
    pub(super) lie: Option<Lie>,
    /// What the state oracle held against the answer.
    pub(super) breach: Option<Breach>,
    pub(super) exchange: &'e Exchange,
    /// What came of the request that was sent at the same instant.
    pub(super) twin: Option<&'e Exchange>,
}

/// What is counted together.
type Kind = (Class, Operation, Option<Lie>);

/// How many of each kind were seen.
#[derive(Debug, Default)]
pub(super) struct Incidents(Mutex<BTreeMap<Kind, u32>>);

/// Incidents of one kind that are written up: enough to see a pattern, too few to fill a disk.
const OF_EACH: u32 = 5;
/// Characters of what a target said that are shown.
const SHOWN: usize = 200;

impl Incidents {
    /// Writes an answer up, unless it is right, merely busy, or one of many.
    pub(super) fn write_up(
        &self,
        answered: Answered<'_>,
        sent: impl FnOnce() -> String,
    ) -> Option<Box<Incident>> {
        let Answered { class, operation, lie, breach, exchange, twin } = answered;
        let kind = (class, operation, lie);
        if class == Class::Right || class == Class::Shed || !self.is_one_of_few(kind) {
            return None;
        }
        let owed = match (class, lie) {
            (_, Some(lie)) if lie.is_race() => "accepted once",
            (Class::FalseAccept, _) | (_, Some(_)) => "refused",
            (_, None) => "accepted",
        };
        let mut came = describe_decision(&exchange.decision, &exchange.excerpt);
        if let Some(twin) = twin {
            came += " and ";
            came += &describe_decision(&twin.decision, &twin.excerpt);
        }
        if let Some(breach) = breach.filter(|_| class.is_wrong()) {
            came += ", but ";
            came += &breach.to_string();
        }
        let what = match class {
            Class::WrongOutput if operation == Operation::Challenge => {
                format!("sent {}; got a challenge that was handed out before", sent())
            }
            Class::WrongOutput => format!("sent {}; it was accepted with another counter", sent()),
            Class::Right
            | Class::FalseAccept
            | Class::FalseReject
            | Class::Shed
            | Class::Error
            | Class::Timeout
            | Class::Crash
            | Class::Unreadable
            | Class::Unreachable => format!("sent {}, which must be {owed}; got {came}", sent()),
        };
        Some(Box::new(Incident { class, operation, what, status: exchange.status }))
    }

    fn is_one_of_few(&self, kind: Kind) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = seen.entry(kind).or_default();
        *seen = seen.saturating_add(1);
        *seen <= OF_EACH
    }
}

/// A request in words.
pub(super) fn describe(
    operation: Operation,
    lie: Option<Lie>,
    counter: Option<u32>,
    account: &str,
) -> String {
    let what = match (lie, operation) {
        (Some(lie), _) => lie.as_str(),
        (None, Operation::Attest) => "an honest attestation",
        (
            None,
            Operation::Assert
            | Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login,
        ) => "an honest assertion",
    };
    match counter {
        Some(counter) => format!("{what} (counter {counter}, account {account})"),
        None => format!("{what} (account {account})"),
    }
}

fn describe_decision(decision: &Decision, excerpt: &str) -> String {
    let detail = match decision {
        Decision::Rejected { reason: Some(reason) } => reason.as_str(),
        Decision::Unreadable { why } | Decision::Closed { why } | Decision::Unreachable { why } => {
            why.as_str()
        }
        Decision::Accepted { .. }
        | Decision::Rejected { reason: None }
        | Decision::Failed
        | Decision::Throttled { .. }
        | Decision::TimedOut => excerpt,
    };
    let detail: String = detail.chars().take(SHOWN).collect();
    if detail.is_empty() {
        decision.as_str().to_owned()
    } else {
        format!("{} ({detail})", decision.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn exchange(decision: Decision) -> Exchange {
        Exchange {
            decision,
            status: Some(200),
            elapsed: Duration::ZERO,
            excerpt: "body".to_owned(),
            caching: String::new(),
            noted: targets::Noted::default(),
        }
    }

    fn answered(class: Class, exchange: &Exchange) -> Answered<'_> {
        let operation = Operation::Assert;
        Answered { class, operation, lie: None, breach: None, exchange, twin: None }
    }

    #[test]
    fn an_incident_says_what_was_sent_what_was_owed_and_what_came() {
        let lie = Some(Lie::Replay);
        let sent = || describe(Operation::Assert, lie, None, "a-7");
        let accepted = exchange(Decision::Accepted { outputs: BTreeMap::new() });
        let answered = Answered { lie, ..answered(Class::FalseAccept, &accepted) };
        let incident = Incidents::default().write_up(answered, sent).unwrap();
        assert_eq!(
            incident.what,
            "sent an accepted request a second time (account a-7), which must be refused; got accept (body)"
        );
    }

    #[test]
    fn an_incident_of_the_state_oracle_says_what_it_holds_against_the_answer() {
        let refused = exchange(Decision::Rejected { reason: Some("old counter".to_owned()) });
        let breach = Some(Breach::Refused);
        let answered = Answered { breach, ..answered(Class::FalseReject, &refused) };
        let incident = Incidents::default().write_up(answered, || "an assertion".to_owned());
        assert_eq!(
            incident.unwrap().what,
            "sent an assertion, which must be accepted; got reject (old counter), but nothing that \
             the server may have stored explains a refusal"
        );
    }

    #[test]
    fn right_answers_are_not_shown_and_of_others_only_the_first_few() {
        let incidents = Incidents::default();
        let failed = exchange(Decision::Failed);
        let show = |class| incidents.write_up(answered(class, &failed), String::new).is_some();
        assert!(!show(Class::Right) && !show(Class::Shed));
        assert_eq!((0..100).filter(|_| show(Class::Error)).count(), 5);
        assert!(show(Class::FalseReject), "each kind has its own count");
    }
}
