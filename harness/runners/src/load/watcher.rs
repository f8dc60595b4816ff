//! Folds what an attack tells into events, second by second.

use super::attack;
use super::fleet::LEAD;
use super::muster::spoken_to;
use super::oracle::Class;
use super::plan::LoadPlan;
use super::run::{Engine, LoadReport, Progress};
use super::schedule::Arrival;
use super::teller::Teller;
use super::validity::Tallied;
use super::windows::{Fate, Windows};
use super::work::{Message, Work};
use record::{EventKind, LoadStarted, Phase};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};
use targets::DialectError;

/// Folds what the attack tells into events.
pub(super) struct Watcher<'a> {
    plan: &'a LoadPlan,
    work: &'a Work,
    teller: Teller<'a>,
    windows: Windows,
    done: u64,
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
    pub(super) fn new(plan: &'a LoadPlan, work: &'a Work, teller: Teller<'a>) -> Self {
        let phases = plan.phases.iter().map(|phase| phase.name.clone()).collect();
        Self {
            plan,
            work,
            teller,
            windows: Windows::new(Arc::clone(&work.schedule), phases),
            done: 0,
            longest_stop: Duration::ZERO,
        }
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
            self.teller.progress(&Progress::Enrolling { done, of });
        }
    }

    /// Waits until all users stand ready and the first requests are made.
    pub(super) fn wait_for_stock(&self, engine: &Engine<'_>) {
        let begun = Instant::now();
        let ready = || {
            self.work.tally.users.load(Ordering::SeqCst) >= self.plan.users
                && self.work.larder.stocked_until() >= LEAD.min(self.last_offset())
        };
        while !ready() && !engine.is_finished() && !self.teller.is_stopped() {
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
            let rate = phase.mean_rate();
            Phase { name: phase.name.clone(), from_s, for_s, rate, apple_down: false }
        });
        let started = LoadStarted {
            phases: phases.collect(),
            mix: self.plan.words(),
            arrivals: self.plan.arrivals.as_str().to_owned(),
            users: self.plan.users,
            timeout_s: self.plan.timeout.as_secs_f64(),
            promises: Vec::new(),
        };
        self.teller.emit(EventKind::LoadStarted(started));
        self.teller.vitals.begin();
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
                        self.teller.report.wrong += u64::from(class.is_wrong());
                        let arrival = &self.work.schedule[outcome.arrival as usize];
                        self.teller.validity.sent(arrival.phase(), arrival.offset(), lag);
                        self.count_probe(outcome.arrival, class);
                    }
                    self.windows.add(&outcome);
                    if let Some(incident) = incident {
                        self.teller.show(outcome.arrival, *incident);
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
                    self.teller.stop();
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
                    self.teller.stop();
                }
                let complete = self.windows.take_complete();
                self.teller.windows(complete);
                self.teller.seconds(&self.work.gauge.take_over());
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
        self.teller.report.count_probe(class);
    }

    /// Takes what the audit found, if there was one.
    pub(super) fn take_audit(&mut self, watch: &Receiver<Message>) {
        let audit = watch.try_iter().find_map(|message| match message {
            Message::Audited(audit) => Some(*audit),
            Message::Spoken
            | Message::Mustered
            | Message::Done(..)
            | Message::Released(_)
            | Message::Unwritable(_) => None,
        });
        self.teller.audit(audit, self.work.schedule.len() as u64);
    }

    fn tell_progress(&mut self) {
        let elapsed = self.work.elapsed();
        let phase = self.plan.phases[self.plan.phase_at(elapsed)].name.clone();
        let (done, of) = (self.done, self.work.schedule.len() as u64);
        let wrong = self.teller.report.wrong;
        self.teller.progress(&Progress::Attacking { elapsed, phase, done, of, wrong });
    }

    /// Emits what is left, and how it went.
    pub(super) fn finish(&mut self, goose: &str) -> LoadReport {
        let complete = self.windows.take_complete();
        self.teller.windows(complete);
        self.teller.windows(self.windows.take_rest());
        self.teller.seconds(&self.work.gauge.take_all());
        self.tell_progress();
        let tallied = Tallied {
            not_ready: self.work.tally.not_ready.load(Ordering::Relaxed),
            longest_stop: self.longest_stop,
            out_of_sockets: self.work.gauge.out_of_sockets(),
        };
        let LoadReport { sent, dropped, .. } = self.teller.report;
        let complete = sent + dropped == self.work.schedule.len() as u64;
        let books = self.books();
        self.teller.finish(goose, &tallied, [books], complete)
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
            "outside the windows {logins}{} devices were enrolled and {} challenges fetched before the \
             load and {} during it, and {} requests sent at the same instant as another; {} requests \
             were not ready at their instant, {} arrivals had to wait for a user, {} had no device \
             with a challenge",
            count(&tally.enrolled),
            count(&tally.fetched_before),
            count(&tally.fetched_during),
            count(&tally.twins),
            count(&tally.not_ready),
            count(&tally.no_user),
            count(&tally.starved),
        )
    }
}
