//! Was the answer right? Pure: what was sent and what was decided, nothing else.

use super::state::{Answer, Breach, Sincerity};
use std::fmt;
use targets::{Decision, Operation};

/// A request that a server must refuse. It is honest in everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lie {
    /// An attestation made for another challenge than the one it is sent with.
    OtherChallenge,
    /// An attestation under a root that nobody trusts.
    OtherRoot,
    /// An attestation for a challenge that the server never issued.
    AttestUnknownChallenge,
    /// A protected request that was accepted before, sent again byte by byte.
    Replay,
    /// An assertion with one bit of its signature flipped.
    FlippedSignature,
    /// An assertion by another app of the same developer.
    OtherAppId,
    /// An assertion whose counter is the one last accepted.
    EqualCounter,
    /// An assertion for a challenge that the server never issued.
    AssertUnknownChallenge,
    /// Bytes that begin like an attestation and are none, from nobody.
    GarbageAttestation,
    /// An accepted request with bytes in the assertion's place that are none.
    GarbageAssertion,
    /// A well-formed attestation object of half a megabyte, from nobody.
    OversizeAttestation,
    /// An accepted request whose body has grown by half a megabyte.
    OversizeAssertion,
    /// One protected request, sent twice at the same instant: one of the two may be accepted.
    SentTwice,
    /// Two assertions with one counter, each for a challenge of its own, sent at the same instant:
    /// one of the two may be accepted.
    CounterTwice,
    /// Two assertions for one challenge, each with a counter of its own, sent at the same instant: one
    /// of the two may be accepted.
    ChallengeTwice,
    /// An assertion for a challenge that the same key used before.
    SpentChallenge,
    /// An assertion for a challenge that a key of another account used before.
    BorrowedChallenge,
    /// An assertion by a key of another account than the session's.
    OtherAccount,
    /// An assertion for a challenge whose life is over.
    StaleChallenge,
    /// An assertion whose counter is below the one last accepted.
    CounterBack,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::OtherChallenge,
        Self::OtherRoot,
        Self::AttestUnknownChallenge,
        Self::Replay,
        Self::FlippedSignature,
        Self::OtherAppId,
        Self::EqualCounter,
        Self::AssertUnknownChallenge,
        Self::GarbageAttestation,
        Self::GarbageAssertion,
        Self::OversizeAttestation,
        Self::OversizeAssertion,
        Self::SentTwice,
        Self::CounterTwice,
        Self::ChallengeTwice,
        Self::SpentChallenge,
        Self::BorrowedChallenge,
        Self::OtherAccount,
        Self::StaleChallenge,
        Self::CounterBack,
    ];

    /// The operation that tells it.
    pub fn operation(self) -> Operation {
        match self {
            Self::OtherChallenge
            | Self::OtherRoot
            | Self::AttestUnknownChallenge
            | Self::GarbageAttestation
            | Self::OversizeAttestation => Operation::Attest,
            Self::Replay
            | Self::FlippedSignature
            | Self::OtherAppId
            | Self::EqualCounter
            | Self::AssertUnknownChallenge
            | Self::GarbageAssertion
            | Self::OversizeAssertion
            | Self::SentTwice
            | Self::CounterTwice
            | Self::ChallengeTwice
            | Self::SpentChallenge
            | Self::BorrowedChallenge
            | Self::OtherAccount
            | Self::StaleChallenge
            | Self::CounterBack => Operation::Assert,
        }
    }

    /// The name in profiles.
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherChallenge => "other-challenge",
            Self::OtherRoot => "other-root",
            Self::AttestUnknownChallenge => "attest-unknown-challenge",
            Self::Replay => "replay",
            Self::FlippedSignature => "flipped-signature",
            Self::OtherAppId => "other-app",
            Self::EqualCounter => "equal-counter",
            Self::AssertUnknownChallenge => "assert-unknown-challenge",
            Self::GarbageAttestation => "garbage-attestation",
            Self::GarbageAssertion => "garbage-assertion",
            Self::OversizeAttestation => "oversize-attestation",
            Self::OversizeAssertion => "oversize-assertion",
            Self::SentTwice => "sent-twice",
            Self::CounterTwice => "counter-twice",
            Self::ChallengeTwice => "challenge-twice",
            Self::SpentChallenge => "spent-challenge",
            Self::BorrowedChallenge => "borrowed-challenge",
            Self::OtherAccount => "other-account",
            Self::StaleChallenge => "stale-challenge",
            Self::CounterBack => "counter-back",
        }
    }

    /// The lie of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lie| lie.name() == name)
    }

    /// Whether it floods: it costs its sender next to nothing, so it is told where abuse is asked
    /// for and not beside honest load.
    pub fn floods(self) -> bool {
        match self {
            Self::GarbageAttestation
            | Self::GarbageAssertion
            | Self::OversizeAttestation
            | Self::OversizeAssertion => true,
            Self::OtherChallenge
            | Self::OtherRoot
            | Self::AttestUnknownChallenge
            | Self::Replay
            | Self::FlippedSignature
            | Self::OtherAppId
            | Self::EqualCounter
            | Self::AssertUnknownChallenge
            | Self::SentTwice
            | Self::CounterTwice
            | Self::ChallengeTwice
            | Self::SpentChallenge
            | Self::BorrowedChallenge
            | Self::OtherAccount
            | Self::StaleChallenge
            | Self::CounterBack => false,
        }
    }

    /// Whether it uses up a challenge that somebody must have asked for.
    pub fn takes_challenge(self) -> bool {
        match self {
            Self::OtherChallenge
            | Self::OtherRoot
            | Self::FlippedSignature
            | Self::OtherAppId
            | Self::EqualCounter
            | Self::SentTwice
            | Self::CounterTwice
            | Self::ChallengeTwice
            | Self::OtherAccount
            | Self::CounterBack => true,
            Self::AttestUnknownChallenge
            | Self::Replay
            | Self::AssertUnknownChallenge
            | Self::SpentChallenge
            | Self::BorrowedChallenge
            | Self::StaleChallenge
            | Self::GarbageAttestation
            | Self::GarbageAssertion
            | Self::OversizeAttestation
            | Self::OversizeAssertion => false,
        }
    }

    /// Whether it is told by two requests at once, each of which may be the one that is accepted.
    pub fn is_race(self) -> bool {
        matches!(self, Self::SentTwice | Self::CounterTwice | Self::ChallengeTwice)
    }

    /// What is false in it for the state oracle.
    pub fn sincerity(self) -> Sincerity {
        match self {
            Self::OtherChallenge
            | Self::OtherRoot
            | Self::AttestUnknownChallenge
            | Self::FlippedSignature
            | Self::OtherAppId
            | Self::AssertUnknownChallenge
            | Self::GarbageAttestation
            | Self::GarbageAssertion
            | Self::OversizeAttestation
            | Self::OversizeAssertion => Sincerity::Forged,
            Self::OtherAccount => Sincerity::Foreign,
            // True in themselves: only what the server has stored speaks against them.
            Self::Replay
            | Self::EqualCounter
            | Self::SentTwice
            | Self::CounterTwice
            | Self::ChallengeTwice
            | Self::SpentChallenge
            | Self::BorrowedChallenge
            | Self::StaleChallenge
            | Self::CounterBack => Sincerity::Sincere,
        }
    }

    /// What it is, in words that finish "sent …".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherChallenge => "an attestation made for another challenge",
            Self::OtherRoot => "an attestation under an untrusted root",
            Self::AttestUnknownChallenge => "an attestation for a challenge never issued",
            Self::Replay => "an accepted request a second time",
            Self::FlippedSignature => "an assertion with a flipped bit in its signature",
            Self::OtherAppId => "an assertion by another app",
            Self::EqualCounter => "an assertion with the counter last accepted",
            Self::AssertUnknownChallenge => "an assertion for a challenge never issued",
            Self::GarbageAttestation => "garbage for an attestation",
            Self::GarbageAssertion => "an accepted request with garbage for its assertion",
            Self::OversizeAttestation => "an attestation object of half a megabyte",
            Self::OversizeAssertion => "an accepted request grown by half a megabyte",
            Self::SentTwice => "a request twice at the same instant",
            Self::CounterTwice => "two assertions with one counter at the same instant",
            Self::ChallengeTwice => "two assertions for one challenge at the same instant",
            Self::SpentChallenge => "an assertion for a challenge that its key used before",
            Self::BorrowedChallenge => "an assertion for a challenge that another's key used",
            Self::OtherAccount => "an assertion by another account's key",
            Self::StaleChallenge => "an assertion for a challenge whose life is over",
            Self::CounterBack => "an assertion with a counter below the one last accepted",
        }
    }
}

/// What an answer turned out to be. Every request sent ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The right decision.
    Right,
    /// A lie was accepted.
    FalseAccept,
    /// An honest request was refused.
    FalseReject,
    /// Accepted, but what came with it is wrong: another counter, a challenge given out before.
    WrongOutput,
    /// Turned away for overload: no decision.
    Shed,
    /// The server said that it failed.
    Error,
    /// No answer in time.
    Timeout,
    /// The connection broke off.
    Crash,
    /// An answer that the target file cannot read.
    Unreadable,
    /// No connection.
    Unreachable,
}

impl Class {
    /// The name in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::FalseAccept => "false-accept",
            Self::FalseReject => "false-reject",
            Self::WrongOutput => "wrong-output",
            Self::Shed => "shed",
            Self::Error => "error",
            Self::Timeout => "timeout",
            Self::Crash => "crash",
            Self::Unreadable => "unreadable",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether the answer contradicts what was owed, whatever the load.
    pub fn is_wrong(self) -> bool {
        match self {
            Self::FalseAccept | Self::FalseReject | Self::WrongOutput | Self::Unreadable => true,
            Self::Right
            | Self::Shed
            | Self::Error
            | Self::Timeout
            | Self::Crash
            | Self::Unreachable => false,
        }
    }

    /// Whether the target decided at all.
    pub fn is_decided(self) -> bool {
        match self {
            Self::Right | Self::FalseAccept | Self::FalseReject | Self::WrongOutput => true,
            Self::Shed
            | Self::Error
            | Self::Timeout
            | Self::Crash
            | Self::Unreadable
            | Self::Unreachable => false,
        }
    }

    /// Whether nobody can tell if the server acted on the request.
    pub fn is_indeterminate(self) -> bool {
        match self {
            Self::Error | Self::Timeout | Self::Crash | Self::Unreadable => true,
            Self::Right
            | Self::FalseAccept
            | Self::FalseReject
            | Self::WrongOutput
            | Self::Shed
            | Self::Unreachable => false,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The class of a decision on a request that told `lie`, or none.
///
/// `counter` is the one an honest assertion carried: a server that reports the counter it stored
/// must report this one. A body that is too large is refused well by closing the connection on it.
pub fn judge(lie: Option<Lie>, counter: Option<u32>, decision: &Decision) -> Class {
    match (decision, lie) {
        (Decision::Accepted { .. }, Some(_)) => Class::FalseAccept,
        (Decision::Accepted { outputs }, None) => match (counter, outputs.get("counter")) {
            (Some(sent), Some(reported)) if *reported != sent.to_string() => Class::WrongOutput,
            (Some(_) | None, Some(_) | None) => Class::Right,
        },
        (Decision::Rejected { .. }, Some(_)) => Class::Right,
        (Decision::Rejected { .. }, None) => Class::FalseReject,
        (Decision::Failed, _) => Class::Error,
        (Decision::Throttled { .. }, _) => Class::Shed,
        (Decision::Unreadable { .. }, _) => Class::Unreadable,
        (Decision::Closed { .. }, Some(Lie::OversizeAttestation | Lie::OversizeAssertion)) => {
            Class::Right
        }
        (Decision::Closed { .. }, _) => Class::Crash,
        (Decision::TimedOut, _) => Class::Timeout,
        (Decision::Unreachable { .. }, _) => Class::Unreachable,
    }
}

/// The decision that an answer to a lie amounts to, where the target file reads none: many servers
/// turn garbage and large bodies away in front of the application, in words of their own.
pub fn turned_away(lie: Option<Lie>, status: Option<u16>, decision: Decision) -> Decision {
    match (decision, status) {
        (Decision::Unreadable { .. }, Some(400 | 413 | 414 | 415 | 422 | 431))
            if lie.is_some_and(Lie::floods) =>
        {
            Decision::Rejected { reason: None }
        }
        (decision, Some(_) | None) => decision,
    }
}

/// The class of an answer by what was sent, corrected by what the server may have stored.
pub fn weigh(class: Class, breach: Option<Breach>) -> Class {
    match (class, breach) {
        (Class::Right | Class::FalseAccept | Class::FalseReject, Some(breach))
            if breach.is_acceptance() =>
        {
            Class::FalseAccept
        }
        (Class::FalseReject, Some(_)) => Class::FalseReject,
        // An honest request was refused, and rightly: its challenge had grown old on the way.
        (Class::FalseReject, None) => Class::Right,
        (class, _) => class,
    }
}

/// Of what is held against two answers what weighs more: that one was accepted.
pub fn worse(breaches: [Option<Breach>; 2]) -> Option<Breach> {
    let all = || breaches.into_iter().flatten();
    all().find(|breach| breach.is_acceptance()).or_else(|| all().next())
}

/// The class of two answers to requests of which each might have been the one accepted.
pub fn judge_race(answers: [(&Decision, Option<Breach>); 2]) -> Class {
    match worse(answers.map(|(_, breach)| breach)) {
        Some(breach) if breach.is_acceptance() => return Class::FalseAccept,
        Some(_) => return Class::FalseReject,
        None => {}
    }
    let class = |(decision, _): &(&Decision, Option<Breach>)| judge(None, None, decision);
    let undecided = answers.iter().map(class).find(|class| !class.is_decided());
    undecided.unwrap_or(Class::Right)
}

/// What an answer says of what the server has stored.
pub fn answer(decision: &Decision) -> Answer {
    match decision {
        Decision::Accepted { .. } => Answer::Accepted,
        Decision::Rejected { .. } => Answer::Refused,
        // Also who sends clients away may have acted first.
        Decision::Failed
        | Decision::Throttled { .. }
        | Decision::Unreadable { .. }
        | Decision::Closed { .. }
        | Decision::TimedOut => Answer::Lost,
        Decision::Unreachable { .. } => Answer::Unsent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(counter: Option<&str>) -> Decision {
        let outputs = counter.map(|text| ("counter".to_owned(), text.to_owned()));
        Decision::Accepted { outputs: outputs.into_iter().collect() }
    }

    #[test]
    fn of_two_breaches_an_acceptance_is_told() {
        let (refused, accepted) = (Some(Breach::Refused), Some(Breach::ChallengeTwice));
        assert_eq!(worse([refused, accepted]), accepted);
        assert_eq!(worse([accepted, refused]), accepted);
        assert_eq!(worse([None, refused]), refused);
        assert_eq!(worse([None, None]), None);
    }

    #[test]
    fn honest_requests_must_be_accepted_and_lies_refused() {
        let refused = Decision::Rejected { reason: None };
        assert_eq!(judge(None, None, &accepted(None)), Class::Right);
        assert_eq!(judge(None, None, &refused), Class::FalseReject);
        for lie in Lie::ALL {
            assert_eq!(judge(Some(lie), None, &refused), Class::Right);
            assert_eq!(judge(Some(lie), None, &accepted(None)), Class::FalseAccept);
        }
    }

    #[test]
    fn a_reported_counter_must_be_the_one_that_was_sent() {
        assert_eq!(judge(None, Some(7), &accepted(Some("7"))), Class::Right);
        assert_eq!(judge(None, Some(7), &accepted(None)), Class::Right);
        assert_eq!(judge(None, Some(7), &accepted(Some("8"))), Class::WrongOutput);
        assert_eq!(judge(None, Some(7), &accepted(Some("-1"))), Class::WrongOutput);
    }

    #[test]
    fn the_state_decides_where_it_knows_better() {
        let stored = Some(Breach::CounterStored { stored: 3 });
        assert_eq!(weigh(Class::Right, stored), Class::FalseAccept);
        assert_eq!(weigh(Class::FalseReject, Some(Breach::Refused)), Class::FalseReject);
        let forgotten = weigh(Class::Right, Some(Breach::Refused));
        assert_eq!(forgotten, Class::Right, "what must be refused is, if only the lie knows why");
        assert_eq!(weigh(Class::FalseReject, None), Class::Right, "its challenge was too old");
        assert_eq!(weigh(Class::FalseAccept, None), Class::FalseAccept);
        assert_eq!(weigh(Class::Timeout, None), Class::Timeout);
    }

    #[test]
    fn of_a_race_one_is_accepted() {
        let (yes, no) = (accepted(None), Decision::Rejected { reason: None });
        assert_eq!(judge_race([(&yes, None), (&no, None)]), Class::Right);
        let twice = Some(Breach::ChallengeTwice);
        assert_eq!(judge_race([(&yes, None), (&yes, twice)]), Class::FalseAccept);
        assert_eq!(judge_race([(&no, None), (&no, Some(Breach::Refused))]), Class::FalseReject);
        assert_eq!(judge_race([(&no, None), (&Decision::TimedOut, None)]), Class::Timeout);
    }

    #[test]
    fn what_is_no_decision_is_never_a_wrong_one() {
        let why = || "x".to_owned();
        for (decision, class) in [
            (Decision::Failed, Class::Error),
            (Decision::Throttled { retry_after: None }, Class::Shed),
            (Decision::Unreadable { why: why() }, Class::Unreadable),
            (Decision::Closed { why: why() }, Class::Crash),
            (Decision::TimedOut, Class::Timeout),
            (Decision::Unreachable { why: why() }, Class::Unreachable),
        ] {
            assert_eq!(judge(None, None, &decision), class);
            assert_eq!(judge(Some(Lie::Replay), None, &decision), class);
        }
    }

    #[test]
    fn a_body_too_large_is_refused_by_closing_and_by_a_proxy_in_front() {
        let closed = Decision::Closed { why: String::new() };
        let page = || Decision::Unreadable { why: "no rule reads it".to_owned() };
        for lie in Lie::ALL {
            let large = matches!(lie, Lie::OversizeAttestation | Lie::OversizeAssertion);
            assert_eq!(judge(Some(lie), None, &closed) == Class::Right, large, "{lie:?}");
            let told = turned_away(Some(lie), Some(413), page());
            assert_eq!(judge(Some(lie), None, &told) == Class::Right, lie.floods(), "{lie:?}");
            let odd = turned_away(Some(lie), Some(200), page());
            assert_eq!(judge(Some(lie), None, &odd), Class::Unreadable, "{lie:?}");
        }
        assert_eq!(turned_away(None, Some(413), page()), page());
    }

    #[test]
    fn a_lie_is_found_by_its_name() {
        for lie in Lie::ALL {
            assert_eq!(Lie::from_name(lie.name()), Some(lie));
        }
        assert_eq!(Lie::from_name("white"), None);
    }
}
