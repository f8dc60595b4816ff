//! What the threads of a fleet's run share.

use super::super::audit::{Audit, KEYS, Sample};
use super::super::desk::Desk;
use super::super::generator::Gauge;
use super::super::incident::Incident;
use super::super::lock;
use super::super::recruiter::Member;
use super::super::stand::Stand;
use super::super::windows::Fate;
use super::books::Entry;
use super::clock::Clock;
use super::held::Held;
use super::life::Life;
use super::outbox::{Errand, Outbox};
use super::steps::Keep;
use record::FleetSecond;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};
use targets::{DialectError, Saved};

/// What the threads share.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) desk: Arc<Desk>,
    pub(super) life: Mutex<Life>,
    pub(super) clock: OnceLock<Clock>,
    pub(super) tally: Tally,
    pub(super) gauge: Gauge,
    /// Woken when there may be something new on the agenda, and on the way out.
    pub(super) agenda: OnceLock<Thread>,
    pub(super) outbox: Outbox,
    pub(super) stand: Stand,
    held: Mutex<Held>,
    number: AtomicU64,
    over: AtomicBool,
    reports: Sender<Message>,
}

/// What was counted besides.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) users: AtomicUsize,
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

impl Field {
    pub(super) fn new(desk: Desk, life: Life, reports: Sender<Message>) -> Self {
        let devices = life.devices();
        Self {
            desk: Arc::new(desk),
            life: Mutex::new(life),
            clock: OnceLock::new(),
            tally: Tally::default(),
            gauge: Gauge::default(),
            agenda: OnceLock::new(),
            outbox: Outbox::default(),
            stand: Stand::default(),
            held: Mutex::new(Held::by(devices)),
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
        self.agenda.get().into_iter().for_each(Thread::unpark);
        self.outbox.wake();
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    pub(super) fn life(&self) -> MutexGuard<'_, Life> {
        lock(&self.life)
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }

    /// The clock of the run, which was set before its first request.
    pub(super) fn clock(&self) -> &Clock {
        self.clock.get().expect("requests are made after the clock was set")
    }

    /// How long the target's challenges live, by its own words; of the clock on the wall.
    pub(super) fn lifetime(&self) -> Option<Duration> {
        self.desk.dialect.file().policy.challenge_ttl
    }

    /// A number that no other request has.
    pub(super) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Hands out every request whose instant has come. Gives back the next instant.
    pub(super) fn hand_out(&self) -> Option<Instant> {
        loop {
            let parcel = match self.outbox.next(Instant::now()) {
                Ok(parcel) => parcel,
                Err(next) => return next,
            };
            let Errand { entry, due, .. } = parcel.errand;
            self.tell(Message::Due(entry));
            let free = self.stand.free();
            if free == 0 {
                self.tally.no_user.fetch_add(1, Ordering::Relaxed);
            }
            self.gauge.released(free as u64);
            self.outbox.hand_out(parcel);
            self.stand.release(due);
        }
    }

    /// What there is to audit: devices that rest with an enrolled key, and accepted requests if
    /// these journeys send any again.
    pub(super) fn sample(&self) -> Sample {
        let (sends_again, idle) = {
            let life = self.life();
            (life.sends_again(), life.with_an_idle_key(KEYS))
        };
        let mut held = self.held();
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
        member.number = self.held().another_key(device);
        member
    }

    /// Keeps what a target gave a device that was enrolled before the start.
    pub(super) fn keep_enrolled(&self, device: u32, saved: Saved) {
        self.held().keep(device, Keep::Nothing, saved, None);
    }
}
