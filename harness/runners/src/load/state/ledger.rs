//! Requests and their answers, in the order they were sent and came.

use super::challenge::{Challenges, Misuse, Reason, Try};
use super::key::{Act, Attempt, Flight, Key, Place, Unexplained};
use std::collections::HashMap;
use std::time::Duration;

/// A request as the oracle needs to know it.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    /// Number of the key; numbers are dense, since memory goes with the highest.
    pub key: u32,
    /// What it does.
    pub act: Act,
    /// The challenge it was made for, if the server issued it.
    pub challenge: Option<Issued>,
    /// Whether there is something false in it.
    pub sincerity: Sincerity,
}

impl Request {
    fn attempt(&self) -> Attempt {
        Attempt { act: self.act, challenge: self.challenge.map(|challenge| challenge.print) }
    }
}

/// A challenge that the server handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issued {
    /// A hash of its text.
    pub print: u64,
    /// When it was asked for.
    pub asked: Duration,
    /// When it had come.
    pub came: Duration,
}

/// Whether a request may be accepted at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sincerity {
    /// Whether it may depends on what the server has stored.
    Sincere,
    /// It is forged: whatever is stored, it must be refused.
    Forged,
    /// It is sent in the session of an account that the key does not belong to.
    Foreign,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The server said yes.
    Accepted,
    /// The server said no.
    Refused,
    /// Nobody knows what the server did with it, or yet will.
    Lost,
    /// It never left.
    Unsent,
}

/// A request under way.
#[derive(Debug, Clone, Copy)]
#[must_use = "a request that is never answered stays under way"]
pub struct Ticket {
    request: Request,
    /// `None` for what no honest server would act on.
    place: Option<Place>,
    /// The try of its challenge, if it has one.
    one: Option<Try>,
    sent: Duration,
}

/// An answer that contradicts what the server must have stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// A forged request was accepted.
    #[error("it is forged")]
    Forged,
    /// A key was accepted in the session of another account.
    #[error("the key belongs to another account")]
    Foreign,
    /// A challenge was accepted after the end of its life.
    #[error("its challenge had expired")]
    Expired,
    /// A challenge was accepted that was used up.
    #[error("its challenge was used up before")]
    ChallengeTwice,
    /// A key was accepted that no accepted enrolment brought.
    #[error("its key was never enrolled")]
    NotEnrolled,
    /// A counter was accepted that is not above the stored one.
    #[error("a counter of {stored} or more was accepted before")]
    CounterStored {
        /// The lowest that may be stored.
        stored: u32,
    },
    /// The first assertion of an enrolled key was refused.
    #[error(
        "the enrolment of its key was acknowledged before, and nothing else explains a refusal"
    )]
    UnreadWrite,
    /// An honest request was refused.
    #[error("nothing that the server may have stored explains a refusal")]
    Refused,
    /// Each of several requests with one challenge was refused as if another had used it up.
    #[error(
        "each request with its challenge was refused, though one of them must have been the first"
    )]
    NoneAccepted,
}

impl Breach {
    /// Whether something was accepted that must not be; otherwise something was refused.
    pub fn is_acceptance(self) -> bool {
        match self {
            Self::Forged
            | Self::Foreign
            | Self::Expired
            | Self::ChallengeTwice
            | Self::NotEnrolled
            | Self::CounterStored { .. } => true,
            Self::UnreadWrite | Self::Refused | Self::NoneAccepted => false,
        }
    }
}

/// What is known of every key and challenge.
#[derive(Debug, Default)]
pub struct Ledger {
    keys: Vec<Key>,
    flights: HashMap<u32, Flight>,
    challenges: Challenges,
    lifetime: Option<Duration>,
}

/// Tolerance for clocks that count whole seconds.
const GRACE: Duration = Duration::from_secs(1);

impl Ledger {
    /// Nothing known yet. Challenges live for `lifetime`, if that is known.
    pub fn new(lifetime: Option<Duration>) -> Self {
        Self { lifetime, ..Self::default() }
    }

    /// Notes a request that is about to be sent. The order of calls is the order of things: a call
    /// before the send and a call after the answer can only make requests overlap that did not.
    pub fn sent(&mut self, request: Request, at: Duration) -> Ticket {
        let attempt = request.attempt();
        let challenge = attempt.challenge;
        let one = challenge.map(|print| self.challenges.sent(print, request.key, request.act));
        let place = match request.sincerity {
            Sincerity::Sincere => Some(self.flight(request.key).sent(attempt)),
            Sincerity::Forged | Sincerity::Foreign => None,
        };
        Ticket { request, place, one, sent: at }
    }

    /// Notes what became of a request, and says what is wrong with that.
    pub fn answered(&mut self, ticket: Ticket, answer: Answer, at: Duration) -> Option<Breach> {
        let breach = match answer {
            Answer::Accepted => self.accepted(&ticket),
            Answer::Refused => self.refused(&ticket, at),
            Answer::Lost => self.lost(&ticket),
            Answer::Unsent => self.unsent(&ticket),
        };
        self.land(ticket.request.key);
        breach.err()
    }

    /// Whether a key is enrolled, whatever came of requests without an answer.
    pub fn is_enrolled(&self, key: u32) -> bool {
        self.keys.get(key as usize).is_some_and(Key::is_enrolled)
    }

    fn accepted(&mut self, ticket: &Ticket) -> Result<(), Breach> {
        let Request { key, act, sincerity, .. } = ticket.request;
        // Every part takes note, whichever of them objects.
        let used = ticket.one.as_ref().map_or(Ok(()), |one| self.challenges.accepted(one));
        let stored = match ticket.place {
            Some(place) => self.flight(key).accepted(place, act),
            None => Ok(()),
        };
        match sincerity {
            Sincerity::Forged => return Err(Breach::Forged),
            Sincerity::Foreign => return Err(Breach::Foreign),
            Sincerity::Sincere => {}
        }
        used?;
        stored?;
        if ticket.one.as_ref().is_some_and(|one| one.is_late) {
            return Err(Breach::ChallengeTwice);
        }
        if self.has_expired(ticket) { Err(Breach::Expired) } else { Ok(()) }
    }

    fn refused(&mut self, ticket: &Ticket, at: Duration) -> Result<(), Breach> {
        let (key, attempt) = (ticket.request.key, ticket.request.attempt());
        let one = ticket.one.as_ref();
        let tried = one.is_some_and(|one| self.challenges.explains_refusal(one));
        let aged = self.may_have_expired(ticket, at);
        let (reason, stored) = match ticket.place {
            Some(place) => {
                let flight = self.flight(key);
                let reason = if aged { Reason::Passing } else { flight.reason(place, attempt) };
                (reason, flight.refused(place, attempt, tried || aged))
            }
            None => (Reason::Passing, Ok(())),
        };
        let Some(one) = one else { return Ok(stored?) };
        if stored.is_ok() {
            return Ok(self.challenges.refused(one, reason)?);
        }
        // What nothing explains is told once.
        let doubtful = self.challenges.is_on_credit(one);
        let _ = self.challenges.refused(one, Reason::Passing);
        if doubtful { Err(Breach::NoneAccepted) } else { Ok(stored?) }
    }

    fn lost(&mut self, ticket: &Ticket) -> Result<(), Breach> {
        let Request { key, act, .. } = ticket.request;
        let used = ticket.one.as_ref().map_or(Ok(()), |one| self.challenges.lost(one));
        if let Some(place) = ticket.place {
            self.flight(key).lost(place, act);
        }
        Ok(used?)
    }

    fn unsent(&mut self, ticket: &Ticket) -> Result<(), Breach> {
        let used = ticket.one.as_ref().map_or(Ok(()), |one| self.challenges.unsent(one));
        if let Some(place) = ticket.place {
            self.flight(ticket.request.key).unsent(place)?;
        }
        Ok(used?)
    }

    /// Whether the challenge was too old before the request was sent, however long it took to come.
    fn has_expired(&self, ticket: &Ticket) -> bool {
        let old = |(issued, lifetime): (Issued, Duration)| {
            ticket.sent >= issued.came.saturating_add(lifetime).saturating_add(GRACE)
        };
        ticket.request.challenge.zip(self.lifetime).is_some_and(old)
    }

    /// Whether the challenge may have been too old when the server looked at it.
    fn may_have_expired(&self, ticket: &Ticket, at: Duration) -> bool {
        let old = |(issued, lifetime): (Issued, Duration)| {
            at.saturating_add(GRACE) >= issued.asked.saturating_add(lifetime)
        };
        ticket.request.challenge.zip(self.lifetime).is_some_and(old)
    }

    fn flight(&mut self, key: u32) -> &mut Flight {
        let settled = self.keys.get(key as usize).copied().unwrap_or_default();
        self.flights.entry(key).or_insert_with(|| settled.take_off())
    }

    fn land(&mut self, key: u32) {
        if let Some(landed) = self.flights.get(&key).and_then(Flight::landed) {
            self.flights.remove(&key);
            let index = key as usize;
            if self.keys.len() <= index {
                self.keys.resize(index + 1, Key::default());
            }
            self.keys[index] = landed;
        }
    }
}

impl From<Unexplained> for Breach {
    fn from(unexplained: Unexplained) -> Self {
        match unexplained {
            Unexplained::NotEnrolled => Self::NotEnrolled,
            Unexplained::CounterStored(stored) => Self::CounterStored { stored },
            Unexplained::FirstRefused => Self::UnreadWrite,
            Unexplained::Refused => Self::Refused,
        }
    }
}

impl From<Misuse> for Breach {
    fn from(misuse: Misuse) -> Self {
        match misuse {
            Misuse::Twice => Self::ChallengeTwice,
            Misuse::Never => Self::NoneAccepted,
        }
    }
}
