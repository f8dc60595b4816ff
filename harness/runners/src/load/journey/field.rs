//! What the threads of a fleet's run share, and what each user does with a request.

use super::super::attack::{Door, Hands};
use super::super::audit::{Audit, KEYS, Sample};
use super::super::desk::{Desk, issued};
use super::super::fleet::{Kept, Material};
use super::super::generator::Gauge;
use super::super::incident::{Answered, Incident};
use super::super::oracle::{Class, Lie, answer as told, weigh};
use super::super::recruiter::Member;
use super::super::schedule::Deed as Made;
use super::super::stand::Stand;
use super::super::state::{Answer as Told, Request as Known};
use super::super::windows::Fate;
use super::books::Entry;
use super::clock::Clock;
use super::held::{Accepted, Held, Times};
use super::life::{Answer, Deed, Life, Request};
use super::owed::{Age, Owed, classify, owed, seen};
use super::steps::Keep;
use protocol::relying_party::Purpose;
use record::FleetSecond;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, DialectError, Facts, Operation, Saved, WireRequest};

/// What the threads share.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) desk: Arc<Desk>,
    pub(super) life: Mutex<Life>,
    pub(super) clock: OnceLock<Clock>,
    /// How long the target's challenges live, by its own words; of the clock on the wall.
    pub(super) lifetime: Option<Duration>,
    pub(super) tally: Tally,
    pub(super) gauge: Gauge,
    /// Woken when there may be something new on the agenda, and on the way out.
    pub(super) agenda: OnceLock<Thread>,
    pub(super) pacer: OnceLock<Thread>,
    held: Mutex<Held>,
    /// Requests that are made, by their instant.
    outbox: Mutex<BTreeMap<(Instant, u64), Parcel>>,
    /// Requests whose instant has come.
    due: Mutex<VecDeque<Parcel>>,
    stand: Stand,
    number: AtomicU64,
    over: AtomicBool,
    reports: Sender<Message>,
}

/// What was counted besides.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) users: AtomicUsize,
    handed_out: AtomicU64,
    pub(super) enrolled: AtomicU64,
    /// The longest that the pacer was not let run when it was due, in microseconds.
    pub(super) longest_stop: AtomicU64,
    /// Requests that found no user waiting.
    pub(super) no_user: AtomicU64,
}

/// What a run tells whoever watches it.
#[derive(Debug)]
pub(super) enum Message {
    /// A device was enrolled before the start.
    Enrolled,
    /// All of them are.
    Mustered,
    /// A request's instant has come.
    Due(Entry),
    /// It was dealt with.
    Done(Entry, Fate, Option<Box<Incident>>),
    /// A second of the fleet.
    Second(Box<FleetSecond>),
    /// There is nothing more to do for devices.
    Over,
    /// A request could not be written.
    Unwritable(DialectError),
    /// What the target still knew after the load.
    Audited(Box<Audit>),
}

/// A request that waits for its instant.
#[derive(Debug)]
pub(super) struct Parcel {
    request: Request,
    /// Its place among those handed out.
    number: u64,
    entry: Entry,
    due: Instant,
    wire: WireRequest,
    /// What the state oracle knows it by, if it uses a key.
    known: Option<Known>,
    /// What it is made of, if it may be sent again.
    facts: Option<Facts>,
    saved: Saved,
    challenge: Times,
    account: String,
}

/// What is this late, or as late as the longest wait for its answer, is given up: sent now, it would
/// be part of another load than was asked for.
const TOO_LATE: Duration = Duration::from_secs(1);

impl Field {
    pub(super) fn new(desk: Desk, life: Life, reports: Sender<Message>) -> Self {
        let devices = life.devices();
        Self {
            lifetime: desk.dialect.file().policy.challenge_ttl,
            desk: Arc::new(desk),
            life: Mutex::new(life),
            clock: OnceLock::new(),
            tally: Tally::default(),
            gauge: Gauge::default(),
            agenda: OnceLock::new(),
            pacer: OnceLock::new(),
            held: Mutex::new(Held::by(devices)),
            outbox: Mutex::default(),
            due: Mutex::default(),
            stand: Stand::default(),
            number: AtomicU64::new(0),
            over: AtomicBool::new(false),
            reports,
        }
    }

    /// Tells the watcher; if nobody watches any more, nobody wants to know.
    pub(super) fn tell(&self, message: Message) {
        let _ = self.reports.send(message);
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.stand.close();
        self.agenda.get().into_iter().chain(self.pacer.get()).for_each(Thread::unpark);
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        lock(&self.life)
    }

    /// A number that no other request has.
    pub(super) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes a request and puts it out for its instant.
    pub(super) fn make(&self, request: Request, clock: &Clock) -> Result<(), DialectError> {
        let due = clock.instant(request.due);
        let number = self.number();
        let age_at = |at| self.desk.age_at(at);
        let account = self.desk.recruiter.account(request.device);
        let (mut saved, accepted, challenge, key) = {
            let mut held = lock(&self.held);
            let (saved, accepted) = held.take(request.device);
            let key = match request.deed {
                Deed::Enrol { again: false } => held.another_key(request.device),
                Deed::Enrol { again: true }
                | Deed::Assert { .. }
                | Deed::SendAgain
                | Deed::AskToAttest
                | Deed::AskToAssert => held.key(request.device),
            };
            (saved, accepted, held.times(request.device), key)
        };
        let (wire, known, facts) = match request.deed {
            Deed::AskToAttest | Deed::AskToAssert => {
                let purpose = purpose(request.deed);
                (self.desk.mint.challenge(number, purpose, &account, &saved)?, None, None)
            }
            Deed::Enrol { .. } | Deed::Assert { .. } => {
                let mut member = self.desk.recruiter.member(request.device, request.key);
                member.saved.clone_from(&saved);
                member.number = key;
                member.issued = issued(&saved, age_at(challenge.asked), age_at(challenge.there));
                member.device.next_counter = request.counter;
                let deed = match request.deed {
                    Deed::Enrol { .. } => Made::Attest(None),
                    Deed::Assert { .. }
                    | Deed::AskToAttest
                    | Deed::AskToAssert
                    | Deed::SendAgain => Made::Assert(None),
                };
                let ready =
                    self.desk.mint.make(number, deed, Material::Member(Box::new(member)))?;
                (ready.wire, Some(ready.request), Some(ready.facts))
            }
            Deed::SendAgain => {
                let accepted = accepted.expect("life sends again only what it asked to keep");
                saved.clone_from(&accepted.saved);
                let deed = Made::Assert(Some(Lie::Replay));
                let ready = self.desk.mint.make(number, deed, Material::Accepted(accepted))?;
                (ready.wire, Some(ready.request), None)
            }
        };
        let entry = Entry {
            second: clock.second(due),
            phase: clock.phase(request.due),
            operation: operation(request.deed),
            dishonest: matches!(request.deed, Deed::SendAgain | Deed::Assert { stale: true }),
        };
        let parcel = Parcel {
            request,
            number: 0,
            entry,
            due,
            wire,
            known,
            facts,
            saved,
            challenge,
            account,
        };
        let mut outbox = lock(&self.outbox);
        outbox.insert((due, number), parcel);
        let is_first = outbox.first_key_value().is_some_and(|(key, _)| *key == (due, number));
        drop(outbox);
        if is_first {
            self.pacer.get().into_iter().for_each(Thread::unpark);
        }
        Ok(())
    }

    /// Hands out every request whose instant has come. Gives back the next instant.
    pub(super) fn hand_out(&self) -> Option<Instant> {
        loop {
            let mut parcel = {
                let mut outbox = lock(&self.outbox);
                let first = outbox.first_entry()?;
                if first.key().0 > Instant::now() {
                    return Some(first.key().0);
                }
                first.remove()
            };
            self.tell(Message::Due(parcel.entry));
            let free = self.stand.free();
            if free == 0 {
                self.tally.no_user.fetch_add(1, Ordering::Relaxed);
            }
            self.gauge.released(free as u64);
            parcel.number = self.tally.handed_out.fetch_add(1, Ordering::Relaxed);
            let due = parcel.due;
            lock(&self.due).push_back(parcel);
            self.stand.release(due);
        }
    }

    /// Sends a request, and tells its device and the watcher what came of it.
    async fn see_to(&self, parcel: Parcel, door: &mut Door<'_>) {
        let Parcel {
            request,
            number,
            entry,
            due,
            wire,
            known,
            facts,
            mut saved,
            challenge,
            account,
        } = parcel;
        self.gauge.taken(number);
        let clock = self.clock.get().expect("requests are made after the clock was set");
        let device = request.device;
        let before = saved.clone();
        let sent = Instant::now();
        let mut ticket = None;
        let too_late = self.desk.dialect.file().timeout.max(TOO_LATE);
        let exchange = if sent.saturating_duration_since(due) > too_late {
            None
        } else {
            if !uses_challenge(request.deed) {
                saved.remove(CHALLENGE_TEXT);
            }
            self.gauge.sent(sent);
            ticket = known.map(|known| self.desk.about_to_send(known));
            let exchange = door.send(&self.desk.dialect, entry.operation, wire, &mut saved).await;
            if exchange.is_none() {
                self.gauge.unsent(sent);
            }
            exchange
        };
        let Some(exchange) = exchange else {
            ticket.map(|ticket| self.desk.has_come(ticket, Told::Unsent));
            let mut life = self.life();
            let keep = life.answered(device, clock.now(), Answer::NotSent);
            self.keep(device, keep, before, None);
            drop(life);
            self.tell(Message::Done(entry, Fate::Dropped, None));
            return;
        };
        let done = Instant::now();
        self.gauge.answered(done, &exchange.decision);
        let age = uses_challenge(request.deed).then(|| Age {
            least: sent.saturating_duration_since(challenge.there),
            most: done.saturating_duration_since(challenge.asked),
        });
        let owed = owed(request.deed, age, self.lifetime);
        let breach = ticket.and_then(|ticket| self.desk.has_come(ticket, told(&exchange.decision)));
        let counter = matches!(request.deed, Deed::Assert { .. }).then_some(request.counter);
        let mut class = classify(owed, counter, &exchange.decision);
        if known.is_some() {
            class = weigh(class, breach);
        }
        let answer = seen(&exchange);
        if !uses_challenge(request.deed)
            && class == Class::Right
            && let Some(challenge) = saved.get(CHALLENGE_TEXT)
            && !self.desk.is_new(challenge)
        {
            class = Class::WrongOutput;
        }
        // The device's next request may be made as soon as its life goes on: what that needs is put
        // by before.
        let mut life = self.life();
        let keep = life.answered(device, clock.model(done), answer);
        if !uses_challenge(request.deed) {
            lock(&self.held).note(device, Times { asked: sent, there: done });
        }
        if uses_challenge(request.deed) && keep == Keep::Challenge {
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
            lock(&self.held).keep_for_audit(accepted);
        }
        self.keep(device, keep, saved, accepted);
        drop(life);
        self.agenda.get().into_iter().for_each(Thread::unpark);
        let owes_refusal = (owed == Owed::Refusal).then_some(Lie::Replay);
        let what = || describe(&request, age, &account);
        let answered = Answered {
            class,
            operation: entry.operation,
            lie: owes_refusal,
            breach,
            exchange: &exchange,
            twin: None,
        };
        let incident = self.desk.incidents.write_up(answered, what);
        let fate = Fate::Sent {
            class,
            response: done.saturating_duration_since(due),
            service: done - sent,
            lag: sent.saturating_duration_since(due),
        };
        self.tell(Message::Done(entry, fate, incident));
    }

    /// Keeps what a device needs for its next request, and nothing else.
    fn keep(&self, device: u32, keep: Keep, mut saved: Saved, accepted: Option<Accepted>) {
        if keep != Keep::Challenge {
            saved.remove(CHALLENGE_TEXT);
        }
        let accepted = accepted.filter(|_| keep == Keep::Request);
        lock(&self.held).give(device, saved, accepted);
    }

    /// What there is to audit: devices that rest with an enrolled key, and accepted requests if
    /// these journeys send any again.
    pub(super) fn sample(&self) -> Sample {
        let (sends_again, idle) = {
            let life = self.life();
            (life.sends_again(), life.with_an_idle_key(KEYS))
        };
        let mut held = lock(&self.held);
        let accepted = held.take_for_audit();
        let keys = idle.into_iter().map(|(device, key, counter)| {
            let mut member = self.desk.recruiter.member(device, key);
            member.number = held.key(device);
            member.saved = held.take(device).0;
            member.device.next_counter = counter + 1;
            member
        });
        let keys = keys.filter(|member| self.desk.is_enrolled(member.number)).collect();
        let accepted = if sends_again { accepted } else { Vec::new() };
        Sample { keys, accepted, refused: Vec::new() }
    }

    /// A device that is to be enrolled before the start.
    pub(super) fn recruit(&self, device: u32) -> Member {
        let mut member = self.desk.recruiter.member(device, 0);
        member.number = lock(&self.held).another_key(device);
        member
    }

    /// Keeps what a target gave a device that was enrolled before the start.
    pub(super) fn keep_enrolled(&self, device: u32, saved: Saved) {
        self.keep(device, Keep::Nothing, saved, None);
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
        let parcel = lock(&self.due).pop_front();
        if let Some(parcel) = parcel {
            self.see_to(parcel, door).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn uses_challenge(deed: Deed) -> bool {
    match deed {
        Deed::Enrol { .. } | Deed::Assert { .. } | Deed::SendAgain => true,
        Deed::AskToAttest | Deed::AskToAssert => false,
    }
}

fn purpose(deed: Deed) -> Purpose {
    match deed {
        Deed::AskToAttest | Deed::Enrol { .. } => Purpose::Attest,
        Deed::AskToAssert | Deed::Assert { .. } | Deed::SendAgain => Purpose::Assert,
    }
}

fn operation(deed: Deed) -> Operation {
    match deed {
        Deed::AskToAttest | Deed::AskToAssert => Operation::Challenge,
        Deed::Enrol { .. } => Operation::Attest,
        Deed::Assert { .. } | Deed::SendAgain => Operation::Assert,
    }
}

/// A request in words that finish "sent …".
fn describe(request: &Request, age: Option<Age>, account: &str) -> String {
    let what = match request.deed {
        Deed::AskToAttest | Deed::AskToAssert => "a request for a challenge",
        Deed::Enrol { again: false } => "an honest attestation",
        Deed::Enrol { again: true } => "an honest attestation again that was not answered",
        Deed::Assert { stale: false } => "an honest assertion",
        Deed::Assert { stale: true } => "an assertion with an expired challenge",
        Deed::SendAgain => "an accepted request a second time",
    };
    let counter = match request.deed {
        Deed::Assert { .. } | Deed::SendAgain => format!("counter {}, ", request.counter),
        Deed::AskToAttest | Deed::AskToAssert | Deed::Enrol { .. } => String::new(),
    };
    let age = age.map_or_else(String::new, |age| {
        format!(", challenge {:.1} s old", age.least.as_secs_f64())
    });
    format!("{what} ({counter}device {}, account {account}{age})", request.device)
}
