//! Folds what an attack tells into events, second by second.

use super::attack;
use super::fleet::LEAD;
use super::generator::{Second, Vitals};
use super::incident::Incident;
use super::muster::spoken_to;
use super::oracle::Class;
use super::plan::LoadPlan;
use super::run::{Engine, LoadReport, Progress, Setting};
use super::schedule::Arrival;
use super::validity::{self, Surroundings, Tallied, Validity};
use super::windows::{Fate, Windows};
use super::work::{Message, Work};
use crate::StopFlag;
use record::{Event, EventKind, LoadFinished, LoadStarted, LoadWindow, Phase, Sink, WrongAnswer};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};
use targets::DialectError;

/// Folds what the attack tells into events.
pub(super) struct Watcher<'a> {
    plan: &'a LoadPlan,
    setting: &'a Setting,
    sink: &'a mut dyn Sink,
    stop: &'a StopFlag,
    progress: &'a mut dyn FnMut(&Progress),
    work: &'a Work,
    windows: Windows,
    validity: Validity,
    report: LoadReport,
    noted: BTreeSet<Class>,
    done: u64,
    around: Surroundings,
    vitals: Vitals,
    longest_stop: Duration,
}

/// How long outcomes gather before they are folded: to be woken by each of twenty thousand a second
/// would cost the users' thread more than the folding.
const GATHERING: Duration = Duration::from_millis(5);
/// How often progress is told and stops are looked for.
const ROUND: Duration = Duration::from_millis(100);
/// Longest wait for the first requests to be made ready.
const LONGEST_STOCKING: Duration = Duration::from_secs(30);
/// How long after its timeout a request in flight may still be told of.
const LONGEST_ECHO: Duration = Duration::from_secs(5);

/// The next message, after a while if there is none yet.
fn next(watch: &Receiver<Message>) -> Result<Message, RecvTimeoutError> {
    watch.try_recv().or_else(|_| {
        std::thread::sleep(GATHERING);
        watch.try_recv().map_err(|none| match none {
            TryRecvError::Empty => RecvTimeoutError::Timeout,
            TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
        })
    })
}

impl<'a> Watcher<'a> {
    pub(super) fn new(
        plan: &'a LoadPlan,
        setting: &'a Setting,
        sink: &'a mut dyn Sink,
        stop: &'a StopFlag,
        progress: &'a mut dyn FnMut(&Progress),
        work: &'a Work,
    ) -> Self {
        let phases = plan.phases.iter().map(|phase| phase.name.clone()).collect();
        Self {
            plan,
            setting,
            sink,
            stop,
            progress,
            work,
            windows: Windows::new(Arc::clone(&work.schedule), phases),
            validity: Validity::new(plan),
            report: LoadReport::default(),
            noted: BTreeSet::new(),
            done: 0,
            around: Surroundings::default(),
            vitals: Vitals::new(&work.dialect.file().nodes),
            longest_stop: Duration::ZERO,
        }
    }

    /// What is known of the machine and of the way to the target.
    pub(super) fn stand_in(&mut self, around: Surroundings) {
        self.around = around;
    }

    /// Waits until the fleet is enrolled; `false` if it never will be.
    pub(super) fn mustered(&mut self, watch: &Receiver<Message>, engine: &Engine<'_>) -> bool {
        let of = spoken_to(self.work, self.plan);
        let mut done = 0;
        loop {
            match watch.recv_timeout(ROUND) {
                Ok(Message::Spoken) => done += 1,
                Ok(Message::Mustered) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => return false,
                Err(RecvTimeoutError::Timeout)
                | Ok(
                    Message::Done(..)
                    | Message::Released(_)
                    | Message::Unwritable(_)
                    | Message::Audited(_),
                ) => {}
            }
            (self.progress)(&Progress::Enrolling { done, of });
        }
    }

    /// Waits until all users stand ready and the first requests are made.
    pub(super) fn wait_for_stock(&self, engine: &Engine<'_>) {
        let begun = Instant::now();
        let ready = || {
            self.work.tally.users.load(Ordering::SeqCst) >= self.plan.users
                && self.work.larder.stocked_until() >= LEAD.min(self.last_offset())
        };
        while !ready() && !engine.is_finished() && !self.stopped() {
            if begun.elapsed() > LONGEST_STOCKING {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn last_offset(&self) -> Duration {
        // The last request within the lead may be due a little before the lead's end.
        let within = self.work.schedule.partition_point(|arrival| arrival.offset() <= LEAD);
        self.work.schedule[..within].last().map_or(Duration::ZERO, Arrival::offset)
    }

    pub(super) fn start(&mut self) {
        let mut from = Duration::ZERO;
        let phases = self.plan.phases.iter().map(|phase| {
            let (from_s, for_s) = (from.as_secs_f64(), phase.length().as_secs_f64());
            from += phase.length();
            Phase { name: phase.name.clone(), from_s, for_s, rate: phase.mean_rate() }
        });
        let started = LoadStarted {
            phases: phases.collect(),
            mix: self.plan.words(),
            arrivals: self.plan.arrivals.as_str().to_owned(),
            users: self.plan.users,
            timeout_s: self.plan.timeout.as_secs_f64(),
            promises: Vec::new(),
        };
        self.emit(EventKind::LoadStarted(started));
        self.vitals.begin();
    }

    /// Folds outcomes until all that was let go is dealt with, or the attack is dead.
    pub(super) fn watch(
        &mut self,
        watch: &Receiver<Message>,
        engine: &Engine<'_>,
    ) -> Option<DialectError> {
        let mut released = None;
        let mut told = Instant::now();
        let mut deadline = None;
        let mut unwritable = None;
        while released.is_none_or(|released| self.done < released) {
            match next(watch) {
                Ok(Message::Done(outcome, incident)) => {
                    self.done += 1;
                    if let Fate::Sent { class, lag, .. } = outcome.fate {
                        self.report.wrong += u64::from(class.is_wrong());
                        let arrival = &self.work.schedule[outcome.arrival as usize];
                        self.validity.sent(arrival.phase(), arrival.offset(), lag);
                        self.count_probe(outcome.arrival, class);
                    }
                    self.windows.add(&outcome);
                    if let Some(incident) = incident {
                        self.show(outcome.arrival, *incident);
                    }
                }
                Ok(Message::Released(paced)) => {
                    released = Some(paced.released);
                    self.longest_stop = paced.longest_stop;
                    // Requests in flight end at the timeout; what is not told by then never is.
                    deadline = Some(Instant::now() + self.plan.timeout + LONGEST_ECHO);
                }
                Ok(Message::Unwritable(error)) => {
                    unwritable.get_or_insert(error);
                    self.stop.store(true, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => break,
                Err(RecvTimeoutError::Timeout)
                | Ok(Message::Spoken | Message::Mustered | Message::Audited(_)) => {}
            }
            if deadline.is_some_and(|deadline| Instant::now() > deadline) {
                break;
            }
            if told.elapsed() >= ROUND {
                told = Instant::now();
                if attack::interrupted() {
                    self.stop.store(true, Ordering::Relaxed);
                }
                let complete = self.windows.take_complete();
                self.close(complete);
                let over = self.work.gauge.take_over();
                self.tell_seconds(&over);
                self.tell_progress();
            }
        }
        unwritable
    }

    /// Counts a decision on what had to be refused.
    fn count_probe(&mut self, arrival: u64, class: Class) {
        if self.work.schedule[arrival as usize].deed.lie().is_none() || !class.is_decided() {
            return;
        }
        self.report.probes += 1;
        if class == Class::FalseAccept {
            self.report.false_accepts += 1;
            self.report.first_false_accept.get_or_insert(self.report.probes);
        }
    }

    /// Takes what the audit found, if there was one.
    pub(super) fn take_audit(&mut self, watch: &Receiver<Message>) {
        let audit = watch.try_iter().find_map(|message| match message {
            Message::Audited(audit) => Some(audit),
            Message::Spoken
            | Message::Mustered
            | Message::Done(..)
            | Message::Released(_)
            | Message::Unwritable(_) => None,
        });
        let text = match audit {
            Some(mut audit) => {
                self.report.wrong += audit.wrong;
                self.report.probes += audit.probes();
                self.report.false_accepts += audit.false_accepts;
                self.report.audited = audit.looked_at();
                for incident in std::mem::take(&mut audit.incidents) {
                    self.show(self.work.schedule.len() as u64, incident);
                }
                audit.words()
            }
            None => "audit: none, since the load was ended early".to_owned(),
        };
        self.emit(EventKind::Note { text });
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Shows an answer: a wrong one as such, one that is none once, as a note.
    fn show(&mut self, arrival: u64, incident: Incident) {
        let Incident { class, operation, what, status } = incident;
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
            let text = format!("the first {class} under load, arrival {arrival}: {what}");
            self.emit(EventKind::Note { text });
        }
    }

    fn tell_progress(&mut self) {
        let elapsed = self.work.elapsed();
        let phase = self.plan.phases[self.plan.phase_at(elapsed)].name.clone();
        let (done, of) = (self.done, self.work.schedule.len() as u64);
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
        let complete = self.windows.take_complete();
        self.close(complete);
        let rest = self.windows.take_rest();
        self.close(rest);
        let seconds = self.work.gauge.take_all();
        self.tell_seconds(&seconds);
        self.tell_progress();
        let tallied = Tallied {
            not_ready: self.work.tally.not_ready.load(Ordering::Relaxed),
            longest_stop: self.longest_stop,
            out_of_sockets: self.work.gauge.out_of_sockets(),
        };
        let checks = self.validity.checks(&tallied, &self.around);
        let server = self.vitals.of_server(self.report.sent);
        let texts = [self.books(), self.probes()].into_iter().chain(server);
        for text in texts.chain(validity::remarks(&checks)) {
            self.emit(EventKind::Note { text });
        }
        let mut report = std::mem::take(&mut self.report);
        report.complete = report.sent + report.dropped == self.work.schedule.len() as u64;
        report.invalid = validity::breaches(&checks);
        report.undecided = [Class::Error, Class::Timeout, Class::Crash, Class::Unreachable]
            .iter()
            .filter_map(|class| report.classes.get(class.as_str()))
            .sum();
        self.emit(EventKind::LoadFinished(LoadFinished {
            complete: report.complete,
            invalid: report.invalid.clone(),
            goose: goose.to_owned(),
            checks,
            interrupted: self.stopped(),
            probes: report.probes,
            false_accepts: report.false_accepts,
            audited: report.audited,
        }));
        report
    }

    /// How often the target was tried, and how sure that makes one.
    fn probes(&self) -> String {
        let LoadReport { probes, false_accepts, first_false_accept, .. } = &self.report;
        match (probes, false_accepts, first_false_accept) {
            (0, 0, _) => "nothing was sent that had to be refused".to_owned(),
            (_, 0, _) => format!(
                "0 wrong accepts in {probes} probes: fewer than 3 in {probes} ({:.1e}) at 95 %",
                3.0 / *probes as f64
            ),
            (_, _, Some(first)) => format!(
                "{false_accepts} wrong accepts in {probes} probes; the first was probe {first}"
            ),
            (_, _, None) => {
                format!("{false_accepts} wrong accepts in {probes} probes, all in the audit")
            }
        }
    }

    /// What was done outside the windows, and how well requests were prepared.
    fn books(&self) -> String {
        let tally = &self.work.tally;
        let count = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let logins = match count(&tally.logins) {
            0 => String::new(),
            logins => format!("{logins} requests of logins were made, "),
        };
        format!(
            "{}outside the windows {logins}{} devices were enrolled and {} challenges fetched before the \
             load and {} during it, and {} requests sent at the same instant as another; {} requests \
             were not ready at their instant, {} arrivals had to wait for a user, {} had no device \
             with a challenge",
            self.vitals.computed().map(|computed| computed + "; ").unwrap_or_default(),
            count(&tally.enrolled),
            count(&tally.fetched_before),
            count(&tally.fetched_during),
            count(&tally.twins),
            count(&tally.not_ready),
            count(&tally.no_user),
            count(&tally.starved),
        )
    }

    fn emit(&mut self, kind: EventKind) {
        let at = self.setting.began.elapsed().as_secs_f64();
        self.sink.emit(&Event { at, kind });
    }
}
