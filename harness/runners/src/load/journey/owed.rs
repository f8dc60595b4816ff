//! What a server owes a request of a device, and what its answer therefore is. Pure.

use super::super::oracle::{Class, Lie, judge};
use super::deed::{Answer, Deed};
use std::time::Duration;
use targets::{Decision, Exchange};

/// What is owed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owed {
    /// It must be accepted.
    Acceptance,
    /// It must be refused.
    Refusal,
    /// Nobody can tell which: both are right.
    Either,
}

/// How old a challenge was when its use was decided: at least and at most, for only the server
/// knows when it issued it and when it looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Age {
    pub(super) least: Duration,
    pub(super) most: Duration,
}

/// Servers may count the lives of challenges in whole seconds, begun or finished.
const GRAIN: Duration = Duration::from_secs(1);
/// How long any server keeps a challenge that does not say for how long: a reasonable one.
const UNDECLARED: Duration = Duration::from_secs(30);

/// What is owed to a request whose challenge, if it uses one, is that old where the server's
/// challenges live so long.
pub(super) fn owed(deed: Deed, age: Option<Age>, lifetime: Option<Duration>) -> Owed {
    match (deed, age) {
        (Deed::AskToAttest | Deed::AskToAssert, _) => Owed::Acceptance,
        (Deed::SendAgain, _) => Owed::Refusal,
        // The first one may have been acted on, and its challenge spent.
        (Deed::Enrol { again: true }, Some(age)) => match by_age(age, lifetime) {
            Owed::Refusal => Owed::Refusal,
            Owed::Acceptance | Owed::Either => Owed::Either,
        },
        (Deed::Enrol { .. } | Deed::Assert { .. }, Some(age)) => by_age(age, lifetime),
        (Deed::Enrol { .. } | Deed::Assert { .. }, None) => Owed::Either,
    }
}

fn by_age(age: Age, lifetime: Option<Duration>) -> Owed {
    match lifetime {
        Some(lifetime) if age.least > lifetime + GRAIN => Owed::Refusal,
        Some(lifetime) if age.most + GRAIN < lifetime => Owed::Acceptance,
        None if age.most < UNDECLARED => Owed::Acceptance,
        Some(_) | None => Owed::Either,
    }
}

/// The class of an answer, by what was owed.
pub(super) fn classify(owed: Owed, counter: Option<u32>, decision: &Decision) -> Class {
    match owed {
        Owed::Acceptance => judge(None, counter, decision),
        Owed::Refusal => judge(Some(Lie::Replay), None, decision),
        Owed::Either => match judge(None, counter, decision) {
            Class::FalseReject => Class::Right,
            class @ (Class::Right
            | Class::FalseAccept
            | Class::WrongOutput
            | Class::Shed
            | Class::Error
            | Class::Timeout
            | Class::Crash
            | Class::Unreadable
            | Class::Unreachable) => class,
        },
    }
}

/// What a device sees of an answer.
pub(super) fn seen(exchange: &Exchange) -> Answer {
    let status = exchange.status.unwrap_or_default();
    match exchange.decision {
        Decision::Accepted { .. } => Answer::Accepted,
        Decision::Rejected { .. } => Answer::Refused { status },
        Decision::Throttled { retry_after } => Answer::TurnedAway { status, retry_after },
        Decision::Failed => Answer::Failed { status },
        Decision::Unreadable { .. } if status != 0 => Answer::Failed { status },
        Decision::Unreadable { .. }
        | Decision::Closed { .. }
        | Decision::TimedOut
        | Decision::Unreachable { .. } => Answer::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Option<Duration> = Some(Duration::from_mins(1));

    fn age(least: u64, most: u64) -> Age {
        Age { least: Duration::from_secs(least), most: Duration::from_secs(most) }
    }

    #[test]
    fn a_challenge_decides_what_is_owed_by_what_is_certain_of_its_age() {
        let enrol = Deed::Enrol { again: false };
        assert_eq!(owed(enrol, Some(age(10, 58)), LIFETIME), Owed::Acceptance);
        assert_eq!(owed(enrol, Some(age(10, 59)), LIFETIME), Owed::Either);
        assert_eq!(owed(enrol, Some(age(61, 70)), LIFETIME), Owed::Either);
        assert_eq!(owed(enrol, Some(age(62, 62)), LIFETIME), Owed::Refusal);
        assert_eq!(owed(Deed::Assert { stale: true }, Some(age(62, 63)), LIFETIME), Owed::Refusal);
        assert_eq!(owed(enrol, Some(age(1, 2)), None), Owed::Acceptance);
        assert_eq!(owed(enrol, Some(age(500, 501)), None), Owed::Either);
    }

    #[test]
    fn an_attestation_sent_again_may_have_been_acted_on() {
        let again = Deed::Enrol { again: true };
        assert_eq!(owed(again, Some(age(1, 2)), LIFETIME), Owed::Either);
        assert_eq!(owed(again, Some(age(90, 91)), LIFETIME), Owed::Refusal);
    }

    #[test]
    fn nobody_is_blamed_where_both_answers_are_right() {
        let refused = Decision::Rejected { reason: None };
        let accepted = Decision::Accepted { outputs: [].into() };
        for (owed, on_refusal, on_acceptance) in [
            (Owed::Acceptance, Class::FalseReject, Class::Right),
            (Owed::Refusal, Class::Right, Class::FalseAccept),
            (Owed::Either, Class::Right, Class::Right),
        ] {
            assert_eq!(classify(owed, None, &refused), on_refusal, "{owed:?}");
            assert_eq!(classify(owed, None, &accepted), on_acceptance, "{owed:?}");
            assert_eq!(classify(owed, None, &Decision::TimedOut), Class::Timeout, "{owed:?}");
        }
    }
}
