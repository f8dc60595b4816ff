//! What a user does with a request: it is sent, its answer judged, and its device told.

use super::super::attack::{Door, Hands};
use super::super::fleet::Kept;
use super::super::incident::Answered;
use super::super::oracle::{Class, Lie, answer as told, weigh};
use super::super::stand::Stand;
use super::super::state::{Answer as Told, Ticket};
use super::super::windows::Fate;
use super::deed::{Answer, Deed};
use super::field::{Field, Message};
use super::held::Times;
use super::outbox::{Errand, Parcel};
use super::owed::{Age, Owed, classify, owed, seen};
use super::steps::Keep;
use std::sync::atomic::Ordering;
use std::thread::Thread;
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, Exchange, Operation, Saved};

/// What is this late, or as late as the longest wait for its answer, is given up: sent now, it would
/// be part of another load than was asked for.
const TOO_LATE: Duration = Duration::from_secs(1);

/// An answer, and what it answers.
struct Reply {
    errand: Errand,
    /// What the device held before the answer came.
    before: Saved,
    ticket: Option<Ticket>,
    exchange: Exchange,
    sent: Instant,
    done: Instant,
}

impl Field {
    /// Sends a request, and tells its device and the watcher what came of it.
    async fn see_to(&self, parcel: Parcel, door: &mut Door<'_>) {
        let Parcel { wire, mut errand } = parcel;
        let before = errand.saved.clone();
        let sent = Instant::now();
        let mut ticket = None;
        let too_late = self.desk.dialect.file().timeout.max(TOO_LATE);
        let exchange = if sent.saturating_duration_since(errand.due) > too_late {
            None
        } else {
            if !errand.request.deed.uses_challenge() {
                errand.saved.remove(CHALLENGE_TEXT);
            }
            self.gauge.sent(sent);
            ticket = errand.known.map(|known| self.desk.about_to_send(known));
            let operation = errand.entry.operation;
            let exchange = door.send(&self.desk.dialect, operation, wire, &mut errand.saved).await;
            if exchange.is_none() {
                self.gauge.unsent(sent);
            }
            exchange
        };
        match exchange {
            Some(exchange) => {
                let done = Instant::now();
                self.gauge.answered(done, &exchange.decision);
                self.take(Reply { errand, before, ticket, exchange, sent, done });
            }
            None => self.drop_unsent(&errand, before, ticket),
        }
    }

    /// Tells of a request that was never sent.
    fn drop_unsent(&self, errand: &Errand, before: Saved, ticket: Option<Ticket>) {
        ticket.map(|ticket| self.desk.has_come(ticket, Told::Unsent));
        let device = errand.request.device;
        let mut life = self.life();
        let keep = life.answered(device, self.clock().now(), Answer::NotSent);
        self.held().keep(device, keep, before, None);
        drop(life);
        self.tell(Message::Done(errand.entry, Fate::Dropped, None));
    }

    /// Judges an answer, and lets the device's life go on.
    fn take(&self, reply: Reply) {
        let Reply { errand, before, ticket, exchange, sent, done } = reply;
        let Errand { request, entry, due, known, facts, mut saved, challenge, account } = errand;
        let (device, uses_challenge) = (request.device, request.deed.uses_challenge());
        let age = uses_challenge.then(|| Age {
            least: sent.saturating_duration_since(challenge.there),
            most: done.saturating_duration_since(challenge.asked),
        });
        let owed = owed(request.deed, age, self.lifetime());
        let breach = ticket.and_then(|ticket| self.desk.has_come(ticket, told(&exchange.decision)));
        let counter = matches!(request.deed, Deed::Assert { .. }).then_some(request.counter);
        let mut class = classify(owed, counter, &exchange.decision);
        if known.is_some() {
            class = weigh(class, breach);
        }
        let answer = seen(&exchange);
        if !uses_challenge
            && class == Class::Right
            && let Some(challenge) = saved.get(CHALLENGE_TEXT)
            && !self.desk.is_new(challenge)
        {
            class = Class::WrongOutput;
        }
        // The device's next request may be made as soon as its life goes on: what that needs is put
        // by before.
        let mut life = self.life();
        let keep = life.answered(device, self.clock().model(done), answer);
        let mut held = self.held();
        if !uses_challenge {
            held.note(device, Times { asked: sent, there: done });
        }
        if uses_challenge && keep == Keep::Challenge {
            // What an answer left behind does not replace the challenge that is used again.
            let challenge = before.get(CHALLENGE_TEXT).cloned();
            saved.extend(challenge.map(|text| (CHALLENGE_TEXT.to_owned(), text)));
        }
        let kept = |(facts, request)| Box::new(Kept { facts, saved: before, request });
        let accepted = facts.zip(known).map(kept);
        if let Some(accepted) = &accepted
            && entry.operation == Operation::Assert
            && answer == Answer::Accepted
            && class == Class::Right
        {
            held.keep_for_audit(accepted);
        }
        held.keep(device, keep, saved, accepted);
        drop(held);
        drop(life);
        self.agenda.get().into_iter().for_each(Thread::unpark);
        let answered = Answered {
            class,
            operation: entry.operation,
            lie: (owed == Owed::Refusal).then_some(Lie::Replay),
            breach,
            exchange: &exchange,
            twin: None,
        };
        let incident = self.desk.incidents.write_up(answered, || request.words(age, &account));
        let fate = Fate::Sent {
            class,
            response: done.saturating_duration_since(due),
            service: done - sent,
            lag: sent.saturating_duration_since(due),
        };
        self.tell(Message::Done(entry, fate, incident));
    }
}

impl Hands for Field {
    fn arrived(&self) {
        self.tally.users.fetch_add(1, Ordering::SeqCst);
    }

    fn stand(&self) -> &Stand {
        &self.stand
    }

    async fn turn(&self, door: &mut Door<'_>) {
        if let Some((number, parcel)) = self.outbox.take() {
            self.gauge.taken(number);
            self.see_to(parcel, door).await;
        }
    }
}
