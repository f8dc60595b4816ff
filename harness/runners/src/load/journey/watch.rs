//! Folds what a fleet's run tells into events, second by second.

use super::super::attack;
use super::super::oracle::Class;
use super::super::plan::LoadPlan;
use super::super::run::{Engine, LoadReport, Progress};
use super::super::teller::Teller;
use super::super::validity::Tallied;
use super::super::windows::Fate;
use super::books::Books;
use super::config::{JourneyPlan, Waking};
use super::field::{Field, Message};
use super::phases::{Stretch, phases};
use super::run::JourneyRun;
use record::{EventKind, FleetSecond, LoadStarted, Phase};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use targets::DialectError;

/// Folds what a run tells into events.
pub(super) struct Watch<'a> {
    asked: &'a JourneyRun,
    plan: &'a JourneyPlan,
    field: &'a Field,
    teller: Teller<'a>,
    phases: Vec<Stretch>,
    names: Vec<String>,
    books: Books,
    over: bool,
}

/// How often progress is told and stops are looked for.
const ROUND: Duration = Duration::from_millis(100);
/// Longest wait for all users to stand ready.
const LONGEST_MUSTERING: Duration = Duration::from_secs(30);
/// How long after its timeout a request in flight may still be told of.
const LONGEST_ECHO: Duration = Duration::from_secs(5);

impl<'a> Watch<'a> {
    pub(super) fn new(
        asked: &'a JourneyRun,
        plan: &'a JourneyPlan,
        field: &'a Field,
        teller: Teller<'a>,
    ) -> Self {
        let phases = phases(&asked.name, plan);
        let names = phases.iter().map(|phase| phase.name.clone()).collect();
        let books = Books::default();
        Self { asked, plan, field, teller, phases, names, books, over: false }
    }

    /// Waits until those are enrolled that must be; `false` if they never will be.
    pub(super) fn mustered(&mut self, watch: &Receiver<Message>, engine: &Engine<'_>) -> bool {
        let of = self.field.life().enrolled_before().count() as u64;
        let mut done = 0;
        loop {
            match watch.recv_timeout(ROUND) {
                Ok(Message::Enrolled) => done += 1,
                Ok(Message::Mustered) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => return false,
                Err(RecvTimeoutError::Timeout)
                | Ok(
                    Message::Due(_)
                    | Message::Done(..)
                    | Message::Second(_)
                    | Message::Over
                    | Message::Unwritable(_)
                    | Message::Audited(_),
                ) => {}
            }
            self.teller.progress(&Progress::Enrolling { done, of });
        }
    }

    /// Waits until all users stand ready.
    pub(super) fn wait_for_users(&self, engine: &Engine<'_>) {
        let begun = Instant::now();
        let ready = || self.field.tally.users.load(Ordering::SeqCst) >= self.asked.users;
        while !ready() && !engine.is_finished() && !self.teller.is_stopped() {
            if begun.elapsed() > LONGEST_MUSTERING {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(super) fn start(&mut self) {
        let journeys = &self.plan.journeys;
        let speed = journeys.speed;
        let phases = self.phases.iter().map(|phase| {
            let seconds = |time: Duration| time.as_secs_f64() / speed;
            let (from_s, for_s) = (seconds(phase.from), seconds(phase.length));
            let rate = self.plan.mean_wakes_per_second() * speed;
            let apple_down = phase.apple_down;
            Phase { name: phase.name.clone(), from_s, for_s, rate, apple_down }
        });
        let started = LoadStarted {
            phases: phases.collect(),
            mix: format!(
                "journeys of {} devices, {} protected requests a session, time × {speed}",
                self.plan.fleet.devices, journeys.assertions
            ),
            arrivals: match journeys.waking {
                Waking::Herd => "devices wake as a herd",
                Waking::Spread => "devices wake evenly, each on its own",
                Waking::Steady => "devices wake at a steady rate, each on its own",
                Waking::Churn => "an update wakes devices whose keys are lost",
            }
            .to_owned(),
            users: self.asked.users,
            timeout_s: self.asked.timeout.as_secs_f64(),
            promises: Vec::new(),
        };
        self.teller.emit(EventKind::LoadStarted(started));
        self.teller.vitals.begin();
    }

    /// Folds what is told until the end, and until all that was due is dealt with.
    pub(super) fn watch(
        &mut self,
        watch: &Receiver<Message>,
        engine: &Engine<'_>,
    ) -> Option<DialectError> {
        let mut told = Instant::now();
        let mut deadline = None;
        let mut unwritable = None;
        loop {
            match watch.recv_timeout(ROUND) {
                Ok(Message::Due(entry)) => self.books.offer(entry),
                Ok(Message::Done(entry, fate, incident)) => {
                    self.books.settle(entry, fate);
                    if let Fate::Sent { class, .. } = fate {
                        self.teller.report.wrong += u64::from(class.is_wrong());
                        if entry.dishonest && class.is_decided() {
                            self.teller.report.count_probe(class);
                        } else if class == Class::FalseAccept {
                            self.teller.report.false_accepts += 1;
                        }
                    }
                    if let Some(incident) = incident {
                        let (_, arrival) = self.books.counts();
                        self.teller.show(arrival, *incident);
                    }
                }
                Ok(Message::Second(second)) => self.fleet_second(second),
                Ok(Message::Over) => {
                    self.over = true;
                    deadline = Some(Instant::now() + self.asked.timeout + LONGEST_ECHO);
                }
                Ok(Message::Unwritable(error)) => {
                    unwritable.get_or_insert(error);
                    self.teller.stop();
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => break,
                Err(RecvTimeoutError::Timeout) => {
                    // Nothing was told for a while: all that was let go has come back.
                    let (offered, dealt_with) = self.books.counts();
                    if self.over && offered == dealt_with {
                        break;
                    }
                }
                Ok(Message::Enrolled | Message::Mustered | Message::Audited(_)) => {}
            }
            if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                break;
            }
            if told.elapsed() >= ROUND {
                told = Instant::now();
                if attack::interrupted() {
                    self.teller.stop();
                }
                let before = self.elapsed().as_secs().saturating_sub(1);
                let complete = self.books.take_before(before, &self.names);
                self.teller.windows(complete);
                self.teller.seconds(&self.field.gauge.take_over());
                self.tell_progress();
            }
        }
        unwritable
    }

    fn elapsed(&self) -> Duration {
        let speed = self.plan.journeys.speed;
        self.field.clock.get().map_or(Duration::ZERO, |clock| clock.now().div_f64(speed))
    }

    /// Takes what the audit found, if there was one.
    pub(super) fn take_audit(&mut self, watch: &Receiver<Message>) {
        let audit = watch.try_iter().find_map(|message| match message {
            Message::Audited(audit) => Some(*audit),
            Message::Enrolled
            | Message::Mustered
            | Message::Due(_)
            | Message::Done(..)
            | Message::Second(_)
            | Message::Over
            | Message::Unwritable(_) => None,
        });
        let (_, dealt_with) = self.books.counts();
        self.teller.audit(audit, dealt_with);
    }

    fn fleet_second(&mut self, second: Box<FleetSecond>) {
        self.teller.emit(EventKind::FleetSecond(second));
    }

    fn tell_progress(&mut self) {
        let elapsed = self.elapsed();
        let at = elapsed.mul_f64(self.plan.journeys.speed);
        let running = self.phases.iter().rev().find(|phase| phase.from <= at);
        let phase = running.map(|phase| phase.name.clone()).unwrap_or_default();
        let (of, done) = self.books.counts();
        let wrong = self.teller.report.wrong;
        self.teller.progress(&Progress::Attacking { elapsed, phase, done, of, wrong });
    }

    /// Emits what is left, and how it went.
    pub(super) fn finish(&mut self, goose: &str) -> LoadReport {
        let interrupted = self.teller.is_stopped();
        let rest = self.books.take_rest(&self.names);
        self.teller.windows(rest);
        self.teller.seconds(&self.field.gauge.take_all());
        self.tell_progress();
        let end = if interrupted {
            self.field.clock.get().map_or(Duration::ZERO, super::clock::Clock::now)
        } else {
            self.plan.journeys.length.0
        };
        let mut seconds = Vec::new();
        let mut finished =
            self.field.life().finish(end, &mut |second| seconds.push(Box::new(second)));
        for second in seconds {
            self.fleet_second(second);
        }
        if self.field.lifetime().is_none() {
            finished.challenge_lifetime_ms = None;
        }
        self.teller.emit(EventKind::FleetFinished(Box::new(finished)));
        let tallied = Tallied {
            not_ready: 0,
            longest_stop: Duration::from_micros(
                self.field.tally.longest_stop.load(Ordering::Relaxed),
            ),
            out_of_sockets: self.field.gauge.out_of_sockets(),
        };
        let wakeless = self.field.life().wakes_without_device();
        let wakeless = (wakeless > 0).then(|| {
            format!("{wakeless} wakes found no device at rest: the fleet is too small for its rate")
        });
        let notes = [self.outside()].into_iter().chain(wakeless);
        let (offered, dealt_with) = self.books.counts();
        let complete = self.over && !interrupted && offered == dealt_with;
        self.teller.finish(goose, &tallied, notes, complete)
    }

    /// What was done outside the windows, and how well requests were served.
    fn outside(&self) -> String {
        let tally = &self.field.tally;
        format!(
            "outside the windows {} devices were enrolled before the load; {} requests had to wait \
             for a user",
            tally.enrolled.load(Ordering::Relaxed),
            tally.no_user.load(Ordering::Relaxed),
        )
    }
}

/// The plan of a load with the same phases, for what is checked of every load.
pub(super) fn as_load(asked: &JourneyRun, plan: &JourneyPlan) -> LoadPlan {
    let phases = phases(&asked.name, plan);
    let speed = plan.journeys.speed;
    let rate = plan.mean_wakes_per_second() * speed;
    let steps: Vec<_> = phases.iter().map(|phase| (rate, phase.length.div_f64(speed))).collect();
    let mut load = LoadPlan::steps(&steps, asked.seed);
    for (step, phase) in load.phases.iter_mut().zip(&phases) {
        step.name.clone_from(&phase.name);
    }
    load.users = asked.users;
    load.timeout = asked.timeout;
    load
}
