//! Folds what a fleet's run tells into events, second by second.

use super::super::attack;
use super::super::generator::{Second, Vitals};
use super::super::incident::Incident;
use super::super::oracle::Class;
use super::super::plan::LoadPlan;
use super::super::run::{Engine, LoadReport, Progress, Setting};
use super::super::validity::{self, Surroundings, Tallied, Validity};
use super::super::windows::Fate;
use super::books::Books;
use super::config::{JourneyPlan, Waking};
use super::field::{Field, Message};
use super::phases::{Stretch, phases};
use super::run::JourneyRun;
use crate::StopFlag;
use record::{
    Event, EventKind, FleetSecond, LoadFinished, LoadStarted, LoadWindow, Phase, Sink, WrongAnswer,
};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};
use targets::DialectError;

/// Folds what a run tells into events.
pub(super) struct Watch<'a> {
    asked: &'a JourneyRun,
    plan: &'a JourneyPlan,
    setting: &'a Setting,
    sink: &'a mut dyn Sink,
    stop: &'a StopFlag,
    progress: &'a mut dyn FnMut(&Progress),
    field: &'a Field,
    phases: Vec<Stretch>,
    names: Vec<String>,
    books: Books,
    validity: Validity,
    report: LoadReport,
    noted: BTreeSet<Class>,
    over: bool,
    probes: u64,
    around: Surroundings,
    vitals: Vitals,
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
        setting: &'a Setting,
        sink: &'a mut dyn Sink,
        stop: &'a StopFlag,
        progress: &'a mut dyn FnMut(&Progress),
        field: &'a Field,
    ) -> Self {
        let phases = phases(&asked.name, plan);
        let names: Vec<String> = phases.iter().map(|phase| phase.name.clone()).collect();
        Self {
            validity: Validity::new(&as_load(asked, &phases, plan)),
            asked,
            plan,
            setting,
            sink,
            stop,
            progress,
            field,
            phases,
            names,
            books: Books::default(),
            report: LoadReport::default(),
            noted: BTreeSet::new(),
            over: false,
            probes: 0,
            around: Surroundings::default(),
            vitals: Vitals::new(&field.dialect.file().nodes),
        }
    }

    /// What is known of the machine and of the way to the target.
    pub(super) fn stand_in(&mut self, around: Surroundings) {
        self.around = around;
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
                    | Message::Unwritable(_),
                ) => {}
            }
            (self.progress)(&Progress::Enrolling { done, of });
        }
    }

    /// Waits until all users stand ready.
    pub(super) fn wait_for_users(&self, engine: &Engine<'_>) {
        let begun = Instant::now();
        let ready = || self.field.tally.users.load(Ordering::SeqCst) >= self.asked.users;
        while !ready() && !engine.is_finished() && !self.stopped() {
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
            Phase { name: phase.name.clone(), from_s, for_s, rate }
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
        self.emit(EventKind::LoadStarted(started));
        self.vitals.begin();
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
                        self.report.wrong += u64::from(class.is_wrong());
                        self.probes += u64::from(entry.dishonest && class.is_decided());
                    }
                    if let Some(incident) = incident {
                        self.show(*incident);
                    }
                }
                Ok(Message::Second(second)) => self.fleet_second(second),
                Ok(Message::Over) => {
                    self.over = true;
                    deadline = Some(Instant::now() + self.asked.timeout + LONGEST_ECHO);
                }
                Ok(Message::Unwritable(error)) => {
                    unwritable.get_or_insert(error);
                    self.stop.store(true, Ordering::Relaxed);
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
                Ok(Message::Enrolled | Message::Mustered) => {}
            }
            if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                break;
            }
            if told.elapsed() >= ROUND {
                told = Instant::now();
                if attack::interrupted() {
                    self.stop.store(true, Ordering::Relaxed);
                }
                let before = self.elapsed().as_secs().saturating_sub(1);
                let complete = self.books.take_before(before, &self.names);
                self.close(complete);
                let over = self.field.gauge.take_over();
                self.tell_seconds(&over);
                self.tell_progress();
            }
        }
        unwritable
    }

    fn elapsed(&self) -> Duration {
        let speed = self.plan.journeys.speed;
        self.field.clock.get().map_or(Duration::ZERO, |clock| clock.now().div_f64(speed))
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Shows an answer: a wrong one as such, one that is none once, as a note.
    fn show(&mut self, incident: Incident) {
        let Incident { class, operation, what, status } = incident;
        let (_, arrival) = self.books.counts();
        if class.is_wrong() {
            self.emit(EventKind::WrongAnswer(WrongAnswer {
                arrival,
                operation: operation.as_str().to_owned(),
                class: class.as_str().to_owned(),
                what,
                status,
                repeat: self.setting.repeat.clone(),
            }));
        } else if self.noted.insert(class) {
            let text = format!("the first {class} under load: {what}");
            self.emit(EventKind::Note { text });
        }
    }

    fn fleet_second(&mut self, second: Box<FleetSecond>) {
        self.emit(EventKind::FleetSecond(second));
    }

    fn tell_progress(&mut self) {
        let elapsed = self.elapsed();
        let at = elapsed.mul_f64(self.plan.journeys.speed);
        let running = self.phases.iter().rev().find(|phase| phase.from <= at);
        let phase = running.map(|phase| phase.name.clone()).unwrap_or_default();
        let (of, done) = self.books.counts();
        let wrong = self.report.wrong;
        (self.progress)(&Progress::Attacking { elapsed, phase, done, of, wrong });
    }

    /// Tells of seconds that are over.
    fn tell_seconds(&mut self, over: &[Second]) {
        let Some((strain, events)) = self.vitals.tell(over) else { return };
        for second in over {
            self.validity.add_second(second, &strain);
        }
        for event in events {
            self.emit(event);
        }
    }

    fn close(&mut self, windows: Vec<LoadWindow>) {
        for window in windows {
            self.validity.add(&window);
            self.report.sent += window.sent;
            self.report.dropped += window.dropped;
            for (class, n) in &window.classes {
                *self.report.classes.entry(class.clone()).or_default() += n;
            }
            self.emit(EventKind::LoadWindow(Box::new(window)));
        }
    }

    /// Emits what is left, and how it went.
    pub(super) fn finish(&mut self, goose: &str) -> LoadReport {
        let interrupted = self.stopped();
        let rest = self.books.take_rest(&self.names);
        self.close(rest);
        let over = self.field.gauge.take_all();
        self.tell_seconds(&over);
        self.tell_progress();
        let tallied = Tallied {
            not_ready: 0,
            longest_stop: Duration::from_micros(
                self.field.tally.longest_stop.load(Ordering::Relaxed),
            ),
            out_of_sockets: self.field.gauge.out_of_sockets(),
        };
        let checks = self.validity.checks(&tallied, &self.around);
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
        if self.field.lifetime.is_none() {
            finished.challenge_lifetime_ms = None;
        }
        let wakeless = self.field.life().wakes_without_device();
        let notes = [
            Some(self.outside()),
            self.vitals.of_server(self.report.sent),
            (wakeless > 0).then(|| {
                format!(
                    "{wakeless} wakes found no device at rest: the fleet is too small for its rate"
                )
            }),
        ];
        for text in notes.into_iter().flatten().chain(validity::remarks(&checks)) {
            self.emit(EventKind::Note { text });
        }
        self.emit(EventKind::FleetFinished(Box::new(finished)));
        let mut report = std::mem::take(&mut self.report);
        let (offered, dealt_with) = self.books.counts();
        report.complete = self.over && !interrupted && offered == dealt_with;
        report.invalid = validity::breaches(&checks);
        report.undecided = [Class::Error, Class::Timeout, Class::Crash, Class::Unreachable]
            .iter()
            .filter_map(|class| report.classes.get(class.as_str()))
            .sum();
        let false_accepts = report.classes.get(Class::FalseAccept.as_str());
        self.emit(EventKind::LoadFinished(LoadFinished {
            complete: report.complete,
            invalid: report.invalid.clone(),
            goose: goose.to_owned(),
            checks,
            probes: self.probes,
            false_accepts: false_accepts.copied().unwrap_or(0),
            interrupted,
            ..LoadFinished::default()
        }));
        report
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

    fn emit(&mut self, kind: EventKind) {
        let at = self.setting.began.elapsed().as_secs_f64();
        self.sink.emit(&Event { at, kind });
    }
}

/// The plan of a load with the same phases, for what is checked of every load.
fn as_load(asked: &JourneyRun, phases: &[Stretch], plan: &JourneyPlan) -> LoadPlan {
    let speed = plan.journeys.speed;
    let rate = plan.mean_wakes_per_second() * speed;
    let steps: Vec<_> = phases.iter().map(|phase| (rate, phase.length.div_f64(speed))).collect();
    let mut load = LoadPlan::steps(&steps, asked.seed);
    for (step, phase) in load.phases.iter_mut().zip(phases) {
        step.name.clone_from(&phase.name);
    }
    load.users = asked.users;
    load.timeout = asked.timeout;
    load
}
