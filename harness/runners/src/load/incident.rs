//! Answers worth showing: a few of each kind, in a sentence.

use super::oracle::{Class, Lie};
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

/// What came of what was sent.
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
        class: Class,
        operation: Operation,
        lie: Option<Lie>,
        sent: impl FnOnce() -> String,
        exchange: &Exchange,
        twin: Option<&Exchange>,
    ) -> Option<Box<Incident>> {
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

    #[test]
    fn an_incident_says_what_was_sent_what_was_owed_and_what_came() {
        let replay = Some(Lie::Replay);
        let sent = || describe(Operation::Assert, replay, None, "a-7");
        let accepted = exchange(Decision::Accepted { outputs: BTreeMap::new() });
        let incident = Incidents::default()
            .write_up(Class::FalseAccept, Operation::Assert, replay, sent, &accepted, None)
            .unwrap();
        assert_eq!(
            incident.what,
            "sent an accepted request a second time (account a-7), which must be refused; got accept (body)"
        );
    }

    #[test]
    fn right_answers_are_not_shown_and_of_others_only_the_first_few() {
        let incidents = Incidents::default();
        let show = |class| {
            let failed = exchange(Decision::Failed);
            incidents.write_up(class, Operation::Attest, None, String::new, &failed, None).is_some()
        };
        assert!(!show(Class::Right) && !show(Class::Shed));
        assert_eq!((0..100).filter(|_| show(Class::Error)).count(), 5);
        assert!(show(Class::FalseReject), "each kind has its own count");
    }
}
