//! Where requests are made and their answers judged, whoever sends them: the users of an attack, the
//! devices of journeys, and all that happens before and after either.

use super::incident::Incidents;
use super::lock;
use super::mint::Mint;
use super::plan::LoadPlan;
use super::recruiter::Recruiter;
use super::state::{Answer, Breach, Issued, Ledger, Request, Ticket};
use simulator::Authority;
use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, Dialect, Saved};

/// What requests are made with, and what is known of their answers.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) dialect: Arc<Dialect>,
    pub(super) recruiter: Recruiter,
    pub(super) mint: Mint,
    pub(super) incidents: Incidents,
    ledger: Mutex<Ledger>,
    /// Prints of the challenges that were handed out.
    challenges: Mutex<HashSet<u64>>,
    born: Instant,
}

impl Desk {
    /// Nothing was sent yet. What is made in another `session` has other keys and nonces.
    pub(super) fn new(
        dialect: Arc<Dialect>,
        plan: &LoadPlan,
        authority: &Authority,
        session: u64,
    ) -> Self {
        Self {
            ledger: Mutex::new(Ledger::new(dialect.file().policy.challenge_ttl)),
            recruiter: Recruiter::new(plan, dialect.file(), session),
            mint: Mint::new(Arc::clone(&dialect), authority, &plan.seed, session),
            dialect,
            incidents: Incidents::default(),
            // A set that grows stops the users' thread for milliseconds.
            challenges: Mutex::new(HashSet::with_capacity(expected(plan))),
            born: Instant::now(),
        }
    }

    /// Time since the desk came to be: challenges are older than the attack.
    pub(super) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// The age that the desk had at an instant.
    pub(super) fn age_at(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.born)
    }

    /// Tells the state oracle that a request is about to be sent.
    pub(super) fn about_to_send(&self, request: Request) -> Ticket {
        self.ledger().sent(request, self.age())
    }

    /// Tells the state oracle what came of it.
    pub(super) fn has_come(&self, ticket: Ticket, answer: Answer) -> Option<Breach> {
        self.ledger().answered(ticket, answer, self.age())
    }

    /// Whether a key is enrolled, whatever came of requests without an answer.
    pub(super) fn is_enrolled(&self, key: u32) -> bool {
        self.ledger().is_enrolled(key)
    }

    /// Notes a challenge that was handed out; `false` if it was handed out before.
    pub(super) fn is_new(&self, challenge: &str) -> bool {
        lock(&self.challenges).insert(print_of(challenge))
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }
}

/// Challenges that the plan will ask for, as far as room is made for them beforehand.
fn expected(plan: &LoadPlan) -> usize {
    let arrivals: f64 = plan.phases.iter().map(|phase| phase.course.expected()).sum();
    (arrivals as usize).min(MOST_EXPECTED)
}

/// Room for so many costs 18 MB.
const MOST_EXPECTED: usize = 1 << 20;

/// The challenge among what a target gave, which was asked for and came then.
pub(super) fn issued(saved: &Saved, asked: Duration, came: Duration) -> Option<Issued> {
    let print = print_of(saved.get(CHALLENGE_TEXT)?);
    Some(Issued { print, asked, came })
}

/// A challenge's text, for those who only compare.
fn print_of(challenge: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    challenge.hash(&mut hasher);
    hasher.finish()
}
