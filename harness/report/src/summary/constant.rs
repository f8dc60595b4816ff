//! Servers that say the same to everything.
//!
//! One cause, not forty: such a server gets one sentence and what to do about it.

use record::{Attempt, EventKind, Honest, ObservedDecision as Decision, Record};
use serde::Serialize;

/// What a server does whatever it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constant {
    /// It accepts.
    AcceptsEverything,
    /// It refuses.
    RefusesEverything,
    /// It says that it failed (5xx).
    Fails,
    /// It answers nothing in time.
    Hangs,
    /// It closes the connection.
    Closes,
    /// It answers what no rule of the target file reads: an echo, another format, nothing.
    Unreadable,
}

/// Fewer requests than this are no everything.
const LEAST: usize = 3;

impl Constant {
    /// `accepts-everything`, `refuses-everything`, `fails`, `hangs`, `closes` or `unreadable`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AcceptsEverything => "accepts-everything",
            Self::RefusesEverything => "refuses-everything",
            Self::Fails => "fails",
            Self::Hangs => "hangs",
            Self::Closes => "closes",
            Self::Unreadable => "unreadable",
        }
    }

    /// What it does, in one sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::AcceptsEverything => "The server accepts everything, forged requests included.",
            Self::RefusesEverything => "The server refuses everything, genuine requests included.",
            Self::Fails => "The server answers everything with an error of its own (5xx).",
            Self::Hangs => "The server answers nothing in time.",
            Self::Closes => "The server closes every connection without an answer.",
            Self::Unreadable => {
                "The server’s answers are none that the target file can read, not one of them."
            }
        }
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::AcceptsEverything => {
                "Every dishonest object was accepted, which has one cause: either nothing is verified, \
                 or the rules under [judge] read refusals as acceptance."
            }
            Self::RefusesEverything => {
                "Every genuine object was refused, which has one cause: most often the server does not \
                 trust this run’s test root, or the App ID or environment of the target file is not its \
                 own. Refusals prove nothing until honest devices are let in."
            }
            Self::Fails => {
                "Look into the server’s log for the first request of this run: a missing database, \
                 secret or root is likelier than forty defects."
            }
            Self::Hangs => {
                "Find what the server waits for (a lock, a database, a host it cannot reach), or give it \
                 more time under `timeout` in the target file."
            }
            Self::Closes => {
                "Look for a crash in the server’s log, and check that it speaks the HTTP version and the \
                 TLS that the target file says."
            }
            Self::Unreadable => {
                "Compare one answer below with the rules under [judge] in the target file, and check the \
                 paths of its steps: a page, a proxy or another service may be what answers."
            }
        }
    }

    /// What a record shows of it, if the server is one of these.
    pub(super) fn of(record: &Record) -> Option<Self> {
        let mut seen = Seen::default();
        for event in &record.events {
            if let EventKind::CaseObserved(case) = &event.kind {
                case.attempts.iter().for_each(|attempt| seen.attempt(attempt));
                for honest in [&case.twin.before, &case.twin.after] {
                    if let Honest::Played { what, decision } = honest {
                        seen.count(what, "accept", decision);
                    }
                }
            }
        }
        seen.constant()
    }
}

/// What became of requests, by what was due.
#[derive(Default)]
struct Seen {
    all: usize,
    accepted: usize,
    refused: usize,
    failed: usize,
    silent: usize,
    closed: usize,
    unreadable: usize,
    /// Requests that must be accepted, and those of them that were.
    genuine: (usize, usize),
    /// Requests that must be refused, and those of them that were not.
    forged: (usize, usize),
}

impl Seen {
    fn attempt(&mut self, attempt: &Attempt) {
        for turn in &attempt.turns {
            self.count(&turn.what, &turn.expectation, &turn.decision);
        }
    }

    fn count(&mut self, what: &str, expectation: &str, decision: &Decision) {
        let accepted = matches!(decision, Decision::Accept { .. });
        // Handing out challenges and taking back keys verifies nothing.
        let hands_out = what.starts_with("challenge") || what.contains(" challenges ");
        if accepted && (hands_out || what.starts_with("revoke")) {
            return;
        }
        self.all += 1;
        match decision {
            Decision::Accept { .. } => self.accepted += 1,
            Decision::Reject { .. } => self.refused += 1,
            Decision::Error => self.failed += 1,
            Decision::Timeout => self.silent += 1,
            Decision::Crash { .. } => self.closed += 1,
            Decision::Unreadable { .. } => self.unreadable += 1,
            Decision::Throttled | Decision::Unreachable { .. } => {}
        }
        let due = match expectation {
            "accept" => Some(&mut self.genuine),
            "reject" => Some(&mut self.forged),
            _either => None,
        };
        if let Some((all, taken)) = due {
            *all += 1;
            *taken += usize::from(accepted);
        }
    }

    fn constant(&self) -> Option<Constant> {
        let (genuine, let_in) = self.genuine;
        let (forged, taken_in) = self.forged;
        // A framework may refuse what is no request at all before anything is decided.
        let nearly_all = |part: usize, of: usize| of > 0 && part * 10 >= of * 9;
        if self.all < LEAST {
            None
        } else if nearly_all(self.accepted, self.all)
            && let_in == genuine
            && nearly_all(taken_in, forged)
        {
            Some(Constant::AcceptsEverything)
        } else if nearly_all(self.refused, self.all) && genuine > 0 && let_in == 0 {
            Some(Constant::RefusesEverything)
        } else if self.failed == self.all {
            Some(Constant::Fails)
        } else if self.silent == self.all {
            Some(Constant::Hangs)
        } else if self.closed == self.all {
            Some(Constant::Closes)
        } else if self.unreadable == self.all {
            Some(Constant::Unreadable)
        } else {
            None
        }
    }
}
