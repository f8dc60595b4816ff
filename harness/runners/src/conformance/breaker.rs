//! Gives a target up that never says anything.

use catalogue::Action;
use protocol::relying_party::Purpose;
use record::{Attempt, ObservedDecision};
use std::sync::Mutex;
use targets::Operation;

/// Requests in a row that came to nothing before a target is given up.
const PATIENCE: u32 = 3;
/// Times that a server is restarted in a run: one that keeps dying is not kept alive for ever.
const RESTARTS: u32 = 10;

/// Counts requests that cost time and brought no decision.
///
/// Each of them takes as long as the target file's timeout, so that without this a server that
/// hangs would be played with for an hour. A server that ever accepted anything is given up only
/// once it cannot be reached any more.
#[derive(Debug, Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// Requests in a row without a decision.
    silent: u32,
    /// The last of them, in a word.
    word: &'static str,
    has_accepted: bool,
    /// Requests in a row for which no connection could be made, and what was said of the last.
    dead: u32,
    why: String,
    restarts: u32,
    /// Why nothing more is sent, whatever came before.
    barred: Option<String>,
}

impl Breaker {
    /// Takes note of what became of a case.
    pub(crate) fn note(&self, attempt: &Attempt) {
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
            ObservedDecision::Unreachable { why } => {
                state.dead += 1;
                state.why.clone_from(why);
            }
            ObservedDecision::Accept { .. }
            | ObservedDecision::Timeout
            | ObservedDecision::Throttled
            | ObservedDecision::Reject { .. }
            | ObservedDecision::Error
            | ObservedDecision::Unreadable { .. }
            | ObservedDecision::Crash { .. } => state.dead = 0,
        }
        match decision {
            ObservedDecision::Accept { .. } => {
                state.has_accepted = true;
                state.silent = 0;
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
    pub(crate) fn given_up(&self) -> Option<String> {
        let state = self.state();
        if let Some(why) = &state.barred {
            return Some(format!("it was not sent: {why}"));
        }
        if state.dead >= PATIENCE && state.has_accepted {
            return Some(format!(
                "it was not sent: the server cannot be reached any more; {} requests in a row found \
                 nobody ({}). Start it again, or say how with `restart` in `[target]`",
                state.dead, state.why
            ));
        }
        (state.silent >= PATIENCE && !state.has_accepted).then(|| {
            format!(
                "it was not sent: {} requests in a row ended without a decision ({}), and none \
                 was ever accepted",
                state.silent, state.word
            )
        })
    }

    /// Takes note that the server died, if that is so and it may be restarted: whoever is told so
    /// restarts it.
    pub(crate) fn wants_restart(&self) -> bool {
        let mut state = self.state();
        let is_dead = state.dead >= PATIENCE && state.barred.is_none();
        if is_dead && state.restarts < RESTARTS {
            state.restarts += 1;
            state.dead = 0;
            state.silent = 0;
            return true;
        }
        false
    }

    /// Sends nothing more, and says why.
    pub(crate) fn bar(&self, why: String) {
        self.state().barred.get_or_insert(why);
    }

    /// Whether the last request brought something.
    pub(crate) fn hears(&self) -> bool {
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

    #[test]
    fn a_server_that_dies_is_given_up_though_it_once_accepted() {
        let gone = || ObservedDecision::Unreachable { why: "connection refused".to_owned() };
        let yes = || ObservedDecision::Accept { outputs: BTreeMap::new() };
        assert!(!after(&[yes(), gone(), gone()]));
        assert!(!after(&[yes(), gone(), gone(), yes(), gone()]));
        assert!(!after(&[yes(), gone(), ObservedDecision::Timeout, gone(), gone()]));
        assert!(after(&[yes(), gone(), gone(), gone()]));
    }

    #[test]
    fn a_dead_server_is_restarted_so_many_times_and_no_more() {
        let breaker = Breaker::default();
        let mut restarts = 0;
        for _ in 0..100 {
            breaker.note_one(&ObservedDecision::Unreachable { why: String::new() });
            restarts += u32::from(breaker.wants_restart());
        }
        assert_eq!(restarts, RESTARTS);
        assert!(breaker.given_up().is_some());
        let barred = Breaker::default();
        barred.bar("the reset failed".to_owned());
        assert_eq!(barred.given_up().unwrap(), "it was not sent: the reset failed");
    }
}
