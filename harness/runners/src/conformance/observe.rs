//! What a conversation leaves for the record: facts, in the record's words.

use crate::conversation::{Played, Turn};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Case;
use record::{
    Attempt, CaseObserved, Honest, Observed, ObservedDecision, ReasonMode, Trust, Truth,
    TwinObserved, Unplayed,
};
use targets::file::{self, Reasons};
use targets::{Decision, TargetFile};

/// Puts what happened into the record's words, as one target file reads reasons.
pub(crate) struct Observer<'a> {
    reasons: &'a Reasons,
    trust: Trust,
}

impl<'a> Observer<'a> {
    pub(crate) fn new(file: &'a TargetFile) -> Self {
        Self { reasons: &file.reasons, trust: trust(file) }
    }

    /// A case of which nothing is known yet.
    pub(crate) fn unobserved(&self, case: &Case) -> CaseObserved {
        CaseObserved {
            id: case.id.clone(),
            expectation: case.expectation.to_string(),
            reasons: match self.trust {
                Trust::SwapRoot => case.rules.iter().map(|rule| rule.id().to_owned()).collect(),
                // Whatever else a request breaks may well be found first.
                Trust::AppleRoot | Trust::ExpectUntrusted => Vec::new(),
            },
            trust: self.trust,
            reason_mode: match self.reasons.mode {
                file::ReasonMode::Ignore => ReasonMode::Ignore,
                file::ReasonMode::Class => ReasonMode::Class,
                file::ReasonMode::Exact => ReasonMode::Exact,
            },
            attempts: Vec::new(),
            unplayed: None,
            twin: TwinObserved::default(),
        }
    }

    /// A case that is not played.
    pub(crate) fn unplayed(&self, case: &Case, why: Unplayed) -> CaseObserved {
        CaseObserved { unplayed: Some(why), ..self.unobserved(case) }
    }

    /// One time that a case was played.
    pub(crate) fn attempt(&self, played: &Played) -> Attempt {
        let mut turns: Vec<Observed> = played.before.iter().map(|turn| self.turn(turn)).collect();
        let mut judged = Vec::new();
        for last in &played.last {
            judged.push(turns.len());
            turns.push(Observed { truth: last.truth.as_ref().map(truth), ..self.turn(last) });
        }
        Attempt { turns, judged }
    }

    fn turn(&self, turn: &Turn) -> Observed {
        let exchange = &turn.exchange;
        Observed {
            what: turn.what.clone(),
            expectation: turn.expectation.to_string(),
            decision: self.decision(&exchange.decision),
            status: exchange.status,
            // Whole microseconds: more digits would not survive being written and read.
            elapsed_ms: (exchange.elapsed.as_secs_f64() * 1e6).round() / 1e3,
            excerpt: exchange.excerpt.clone(),
            truth: None,
            broken: turn.broken.clone(),
        }
    }

    fn decision(&self, decision: &Decision) -> ObservedDecision {
        match decision {
            Decision::Accepted { outputs } => ObservedDecision::Accept { outputs: outputs.clone() },
            Decision::Rejected { reason } => ObservedDecision::Reject {
                code: reason
                    .as_deref()
                    .and_then(|words| self.reasons.code(words))
                    .map(str::to_owned),
                reason: reason.clone(),
            },
            Decision::Failed => ObservedDecision::Error,
            Decision::Throttled { .. } => ObservedDecision::Throttled,
            Decision::Unreadable { why } => ObservedDecision::Unreadable { why: why.clone() },
            Decision::Closed { why } => ObservedDecision::Crash { why: why.clone() },
            Decision::TimedOut => ObservedDecision::Timeout,
            Decision::Unreachable { why } => ObservedDecision::Unreachable { why: why.clone() },
        }
    }
}

/// Which roots a target trusts, as its file says.
pub fn trust(file: &TargetFile) -> Trust {
    match file.trust {
        file::Trust::SwapRoot => Trust::SwapRoot,
        file::Trust::AppleRoot => Trust::AppleRoot,
        file::Trust::ExpectUntrusted => Trust::ExpectUntrusted,
    }
}

/// What became of an honest exchange.
pub(crate) fn honest(attempt: &Attempt) -> Honest {
    let accepted = |turn: &Observed| matches!(turn.decision, ObservedDecision::Accept { .. });
    match attempt.turns.last() {
        // Accepted steps on the way are no accepted exchange.
        Some(turn) if attempt.judged.is_empty() && accepted(turn) => {
            Honest::NotPlayed { why: "its last request was never sent".to_owned() }
        }
        Some(turn) => Honest::Played { what: turn.what.clone(), decision: turn.decision.clone() },
        None => Honest::NotPlayed { why: "nothing was sent".to_owned() },
    }
}

fn truth(truth: &catalogue::Truth) -> Truth {
    Truth {
        counter: truth.counter,
        key_id: STANDARD.encode(&truth.key_id),
        public_key: STANDARD.encode(&truth.public_key),
        environment: truth.environment.as_str().to_owned(),
    }
}
