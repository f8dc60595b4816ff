//! A load attack from its plan to its last window.

use super::attack::{self, GooseFailed};
use super::fleet::{Fleet, LEAD, Recruiter};
use super::mint::{Mint, meaningful_lies};
use super::muster::{Muster, MusterError};
use super::oracle::Class;
use super::pacer::pace;
use super::plan::{LoadPlan, PlanError};
use super::schedule::{Arrival, schedule};
use super::validity::Validity;
use super::windows::{Fate, Windows};
use super::work::{Incident, Message, Work};
use crate::StopFlag;
use record::{Event, EventKind, LoadFinished, LoadStarted, LoadWindow, Phase, Sink, WrongAnswer};
use simulator::Authority;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};
use targets::http::OpenError;
use targets::{Dialect, DialectError, TargetFile};

/// What a load attack needs to know besides its plan.
#[derive(Debug, Clone)]
pub struct Setting {
    /// When the run began: events count from it.
    pub began: Instant,
    /// The command that repeats the load; wrong answers name it.
    pub repeat: String,
    /// Whether a target beyond this machine is admitted.
    pub allow_public: bool,
}

/// How far a load attack is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Devices are being enrolled.
    Enrolling {
        /// Enrolled so far.
        done: u64,
        /// How many there will be.
        of: u64,
    },
    /// The schedule runs.
    Attacking {
        /// Time since its start.
        elapsed: Duration,
        /// Name of the phase.
        phase: String,
        /// Arrivals dealt with.
        done: u64,
        /// Arrivals of the whole schedule.
        of: u64,
        /// Answers so far that were wrong.
        wrong: u64,
    },
}

/// What a load attack came to, for the exit code; the record holds the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoadReport {
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up by the generator.
    pub dropped: u64,
    /// Answers per class, by the names of records.
    pub classes: BTreeMap<String, u64>,
    /// Answers that contradict what was owed.
    pub wrong: u64,
    /// Requests that got no decision: error, timeout, crash, unreachable.
    pub undecided: u64,
    /// Whether the whole schedule was dealt with.
    pub complete: bool,
    /// Why the figures say nothing about the target; empty if they do.
    pub invalid: Vec<String>,
}

/// Why there was no load attack.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The plan cannot be kept; nothing was sent.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The target cannot be opened; nothing was sent.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A request cannot be written.
    #[error(transparent)]
    Dialect(#[from] DialectError),
    /// The fleet could not be enrolled.
    #[error(transparent)]
    Muster(#[from] MusterError),
    /// Goose would not run.
    #[error(transparent)]
    Goose(#[from] GooseFailed),
    /// The system gave no thread or no runtime.
    #[error("cannot start the load generator")]
    System(#[from] std::io::Error),
}

/// How often progress is told and stops are looked for.
const ROUND: Duration = Duration::from_millis(100);
/// Longest wait for the first requests to be made ready.
const LONGEST_STOCKING: Duration = Duration::from_secs(30);

/// Runs a load attack and emits its events, in a thread that may block. Setting `stop` ends it
/// early with what was measured.
///
/// Only one attack runs in a process at a time; a second waits for the first.
pub fn run(
    plan: &LoadPlan,
    target: &TargetFile,
    authority: &Authority,
    setting: &Setting,
    sink: &mut dyn Sink,
    stop: &StopFlag,
    progress: &mut dyn FnMut(&Progress),
) -> Result<LoadReport, LoadError> {
    plan.check()?;
    let _alone = attack::alone();
    let mut target = target.clone();
    target.timeout = plan.timeout;
    let dialect = Arc::new(Dialect::new(&target)?);
    let schedule: Arc<[Arrival]> = schedule(plan, &meaningful_lies(&dialect)).into();
    let (reports, watch) = channel();
    let work = Arc::new(Work::new(
        Arc::clone(&dialect),
        Arc::clone(&schedule),
        Recruiter::new(plan, &target),
        Mint::new(dialect, authority, &plan.seed),
        Fleet::new(plan, target.policy.challenge_ttl),
        reports,
    ));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::scope(|scope| {
        let engine = {
            let (work, stop) = (Arc::clone(&work), Arc::clone(stop));
            let (target, allow_public) = (&target, setting.allow_public);
            std::thread::Builder::new().name("load".to_owned()).spawn_scoped(scope, move || {
                let given = runtime.block_on(engine(&work, plan, target, allow_public, &stop));
                // Whatever happened, nobody waits for this work any more.
                work.end();
                given
            })?
        };
        // Whichever way this thread leaves, the others are told that it is over.
        let ending = Ending(&work);
        let mut watcher = Watcher {
            plan,
            setting,
            sink,
            stop,
            progress,
            work: &work,
            windows: Windows::new(
                Arc::clone(&schedule),
                plan.phases.iter().map(|phase| phase.name.clone()).collect(),
            ),
            validity: Validity::new(plan),
            report: LoadReport::default(),
            noted: BTreeSet::new(),
            done: 0,
        };
        if !watcher.mustered(&watch, &engine) {
            drop(ending);
            return Err(joined(engine).err().unwrap_or(LoadError::Muster(MusterError::Stopped)));
        }
        std::thread::Builder::new().name("mint".to_owned()).spawn_scoped(scope, || {
            let work = &*work;
            let filled = work.larder.fill(
                &work.schedule,
                &work.mint,
                work.fleet_lock(),
                || work.recruiter.recruit(),
                || work.elapsed(),
                || work.is_over(),
            );
            if let Err(unwritable) = filled {
                work.tell(Message::Unwritable(unwritable));
            }
        })?;
        watcher.wait_for_stock(&engine);
        watcher.start();
        std::thread::Builder::new().name("pacer".to_owned()).spawn_scoped(scope, || {
            let start = Instant::now() + HEAD_START;
            work.begin(start);
            let offsets = work.schedule.iter().map(Arrival::offset);
            let stopped = || stop.load(Ordering::Relaxed) || work.is_over();
            let released = pace(offsets, start, stopped, || work.release());
            work.tell(Message::Released(released));
        })?;
        let unwritable = watcher.watch(&watch, &engine);
        drop(ending);
        let goose = joined(engine);
        let report = watcher.finish(goose.as_deref().unwrap_or_default());
        if let Some(error) = unwritable {
            return Err(error.into());
        }
        goose.map(|_| report)
    })
}

/// From starting the pacer's thread to the first arrival.
const HEAD_START: Duration = Duration::from_millis(50);

/// Everything that happens in the runtime: enrolment, the reserve, goose.
async fn engine(
    work: &Arc<Work>,
    plan: &LoadPlan,
    target: &TargetFile,
    allow_public: bool,
    stop: &StopFlag,
) -> Result<String, LoadError> {
    let client = targets::http::client_builder(target, allow_public).await?;
    let client = client.build().map_err(OpenError::from)?;
    let muster = Arc::new(Muster::new(Arc::clone(work), client.clone()));
    let stopping = Arc::clone(stop);
    muster.gather(plan, move || stopping.load(Ordering::Relaxed)).await?;
    work.tell(Message::Mustered);
    let reserve = tokio::spawn(Arc::clone(&muster).keep_reserve(plan.clone()));
    let seen = attack::attack(work, plan.users, target.nodes[0].as_str(), &client).await;
    work.end();
    // It looks every round whether the work is over; a failure there has nothing to tell.
    let _ = reserve.await;
    Ok(seen?)
}

/// Ends the work when it goes out of scope.
struct Ending<'w>(&'w Work);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
        attack::end();
    }
}

type Engine<'scope> = ScopedJoinHandle<'scope, Result<String, LoadError>>;

fn joined(engine: Engine<'_>) -> Result<String, LoadError> {
    match engine.join() {
        Ok(given) => given,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Folds what the attack tells into events.
struct Watcher<'a> {
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
}

impl Watcher<'_> {
    /// Waits until the fleet is enrolled; `false` if it never will be.
    fn mustered(&mut self, watch: &Receiver<Message>, engine: &Engine<'_>) -> bool {
        let of = super::fleet::Needs::at(self.plan, self.plan.highest_rate()).devices() as u64;
        let mut done = 0;
        loop {
            match watch.recv_timeout(ROUND) {
                Ok(Message::Enrolled) => done += 1,
                Ok(Message::Mustered) => return true,
                Err(RecvTimeoutError::Disconnected) => return false,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => return false,
                Err(RecvTimeoutError::Timeout)
                | Ok(Message::Done(..) | Message::Released(_) | Message::Unwritable(_)) => {}
            }
            (self.progress)(&Progress::Enrolling { done, of });
        }
    }

    /// Waits until all users stand ready and the first requests are made.
    fn wait_for_stock(&self, engine: &Engine<'_>) {
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

    fn start(&mut self) {
        let mut from = Duration::ZERO;
        let phases = self.plan.phases.iter().map(|phase| {
            let (from_s, for_s) = (from.as_secs_f64(), phase.length.as_secs_f64());
            from += phase.length;
            Phase { name: phase.name.clone(), from_s, for_s, rate: phase.rate }
        });
        let started = LoadStarted {
            phases: phases.collect(),
            mix: format!(
                "{}; {} % dishonest",
                self.plan.mix.words(),
                (self.plan.dishonest * 1e4).round() / 100.0
            ),
            arrivals: self.plan.arrivals.as_str().to_owned(),
            users: self.plan.users,
            timeout_s: self.plan.timeout.as_secs_f64(),
        };
        self.emit(EventKind::LoadStarted(started));
    }

    /// Folds outcomes until all that was let go is dealt with, or the attack is dead.
    fn watch(&mut self, watch: &Receiver<Message>, engine: &Engine<'_>) -> Option<DialectError> {
        let mut released = None;
        let mut told = Instant::now();
        let mut deadline = None;
        let mut unwritable = None;
        while released.is_none_or(|released| self.done < released) {
            match watch.recv_timeout(ROUND) {
                Ok(Message::Done(outcome, incident)) => {
                    self.done += 1;
                    if let Fate::Sent { class, .. } = outcome.fate {
                        self.report.wrong += u64::from(class.is_wrong());
                    }
                    self.windows.add(&outcome);
                    if let Some(incident) = incident {
                        self.show(outcome.arrival, *incident);
                    }
                }
                Ok(Message::Released(all)) => {
                    released = Some(all);
                    // Requests in flight end at the timeout; what is not told by then never is.
                    deadline = Some(Instant::now() + self.plan.timeout + LONGEST_ECHO);
                }
                Ok(Message::Unwritable(error)) => {
                    unwritable.get_or_insert(error);
                    self.stop.store(true, Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) if engine.is_finished() => break,
                Err(RecvTimeoutError::Timeout) | Ok(Message::Enrolled | Message::Mustered) => {}
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
                self.tell_progress();
            }
        }
        unwritable
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
    fn finish(&mut self, goose: &str) -> LoadReport {
        let complete = self.windows.take_complete();
        self.close(complete);
        let rest = self.windows.take_rest();
        self.close(rest);
        self.tell_progress();
        let note = self.books();
        self.emit(EventKind::Note { text: note });
        let mut report = std::mem::take(&mut self.report);
        report.complete = report.sent + report.dropped == self.work.schedule.len() as u64;
        report.invalid = self.validity.breaches();
        report.undecided = [Class::Error, Class::Timeout, Class::Crash, Class::Unreachable]
            .iter()
            .filter_map(|class| report.classes.get(class.as_str()))
            .sum();
        self.emit(EventKind::LoadFinished(LoadFinished {
            complete: report.complete,
            invalid: report.invalid.clone(),
            goose: goose.to_owned(),
        }));
        report
    }

    /// What was done outside the windows, and how well requests were prepared.
    fn books(&self) -> String {
        let tally = &self.work.tally;
        let count = |n: &std::sync::atomic::AtomicU64| n.load(Ordering::Relaxed);
        format!(
            "outside the windows {} devices were enrolled and {} challenges fetched before the \
             load and {} during it; {} requests were not ready at their instant, {} arrivals had \
             to wait for a user, {} were given up because no device held a challenge",
            count(&tally.enrolled),
            count(&tally.fetched_before),
            count(&tally.fetched_during),
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

/// How long after its timeout a request in flight may still be told of.
const LONGEST_ECHO: Duration = Duration::from_secs(5);
