//! Gives a target up that never says anything.

use catalogue::Action;
use protocol::relying_party::Purpose;
use record::{Attempt, ObservedDecision};
use std::sync::Mutex;
use targets::Operation;

/// Requests in a row that came to nothing before a target is given up.
const PATIENCE: u32 = 3;

/// Counts requests that cost time and brought no decision.
///
/// Each of them takes as long as the target file's timeout, so that without this a server that
/// hangs would be played with for an hour. A server that ever accepted anything is never given up.
#[derive(Debug, Default)]
pub(super) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Requests in a row without a decision.
    silent: u32,
    /// The last of them, in a word.
    word: &'static str,
    has_accepted: bool,
}

impl Breaker {
    /// Takes note of what became of a case.
    pub(super) fn note(&self, attempt: &Attempt) {
        for turn in &attempt.turns {
            // A server may log people in and hand out challenges as fast as it likes, and never verify anything.
            let is_mere = [Action::Challenge(Purpose::Attest).as_str(), Operation::Login.as_str()]
                .iter()
                .any(|word| turn.what.starts_with(word));
            if !(is_mere && matches!(turn.decision, ObservedDecision::Accept { .. })) {
                self.note_one(&turn.decision);
            }
        }
    }

    fn note_one(&self, decision: &ObservedDecision) {
        let mut state = self.state();
        match decision {
            ObservedDecision::Accept { .. } => {
                *state = State { has_accepted: true, ..State::default() }
            }
            ObservedDecision::Timeout
            | ObservedDecision::Throttled
            | ObservedDecision::Unreachable { .. } => {
                state.silent += 1;
                state.word = decision.as_str();
            }
            // These are no decisions either, but they come at once, and each case has its own.
            ObservedDecision::Reject { .. }
            | ObservedDecision::Error
            | ObservedDecision::Unreadable { .. }
            | ObservedDecision::Crash { .. } => state.silent = 0,
        }
    }

    /// Why nothing more is sent, if the target was given up.
    pub(super) fn given_up(&self) -> Option<String> {
        let state = self.state();
        (state.silent >= PATIENCE && !state.has_accepted).then(|| {
            format!(
                "it was not sent: {} requests in a row ended without a decision ({}), and none \
                 was ever accepted",
                state.silent, state.word
            )
        })
    }

    /// Whether the last request brought something.
    pub(super) fn hears(&self) -> bool {
        self.state().silent == 0
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn after(decisions: &[ObservedDecision]) -> bool {
        let breaker = Breaker::default();
        for decision in decisions {
            breaker.note_one(decision);
        }
        breaker.given_up().is_some()
    }

    #[test]
    fn only_a_server_that_never_says_anything_is_given_up() {
        let silent = || ObservedDecision::Timeout;
        let yes = || ObservedDecision::Accept { outputs: BTreeMap::new() };
        let no = || ObservedDecision::Reject { reason: None, code: None };
        assert!(!after(&[silent(), silent()]));
        assert!(after(&[silent(), ObservedDecision::Throttled, silent()]));
        assert!(!after(&[silent(), silent(), no(), silent()]));
        assert!(
            after(&[no(), silent(), silent(), silent()]),
            "a refusal is no sign of life to come"
        );
        assert!(!after(&[yes(), silent(), silent(), silent(), silent()]));
        assert!(!after(&[silent(), silent(), ObservedDecision::Error, silent()]));
    }
}
