//! A load attack from its plan to its last window.

use super::attack::{self, GooseFailed};
use super::audit::{Audit, Sample};
use super::desk::Desk;
use super::envoy::MusterError;
use super::fleet::Fleet;
use super::generator::probe::is_here;
use super::generator::{Probe, Vitals};
use super::mint::meaningful_lies;
use super::muster::Muster;
use super::oracle::Class;
use super::pacer::pace;
use super::plan::{LoadPlan, PlanError};
use super::schedule::{Arrival, schedule};
use super::teller::Teller;
use super::validity::{Calibrated, Surroundings, Validity};
use super::watcher::Watcher;
use super::work::{Message, Work};
use crate::StopFlag;
use record::Sink;
use simulator::Authority;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::thread::ScopedJoinHandle;
use std::time::{Duration, Instant};
use targets::http::OpenError;
use targets::{Dialect, DialectError, Operation, TargetFile};

/// What a load attack needs to know besides its plan.
#[derive(Debug, Clone)]
pub struct Setting {
    /// When the run began: events count from it.
    pub began: Instant,
    /// Tells the keys and accounts of this run from those of others with the same seed. A server
    /// that starts empty needs no other number than 0.
    pub session: u64,
    /// The command that repeats the load; wrong answers name it.
    pub repeat: String,
    /// Whether a target beyond this machine is admitted.
    pub allow_public: bool,
    /// What this machine's generator can do at most, if that was measured.
    pub calibrated: Option<Calibrated>,
    /// Where goose shows its own view of the attack, if anywhere.
    pub dashboard: Option<SocketAddr>,
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
    /// Dishonest requests that were decided on.
    pub probes: u64,
    /// Those among them that were accepted.
    pub false_accepts: u64,
    /// The probe, counted from 1, that was the first to be accepted.
    pub first_false_accept: Option<u64>,
    /// Devices and requests that were looked at once more after the load.
    pub audited: u64,
    /// Requests that got no decision: error, timeout, crash, unreachable.
    pub undecided: u64,
    /// Whether the whole schedule was dealt with.
    pub complete: bool,
    /// Why the figures say nothing about the target; empty if they do.
    pub invalid: Vec<String>,
}

impl LoadReport {
    /// Counts a decision on what had to be refused.
    pub(super) fn count_probe(&mut self, class: Class) {
        self.probes += 1;
        if class == Class::FalseAccept {
            self.false_accepts += 1;
            self.first_false_accept.get_or_insert(self.probes);
        }
    }

    /// Takes what the audit found.
    pub(super) fn take(&mut self, audit: &Audit) {
        self.wrong += audit.wrong;
        self.probes += audit.probes();
        self.false_accepts += audit.false_accepts;
        self.audited = audit.looked_at();
    }

    /// How often the target was tried, and how sure that makes one.
    pub(super) fn sureness(&self) -> String {
        let Self { probes, false_accepts, first_false_accept, .. } = self;
        match (probes, false_accepts, first_false_accept) {
            (0, 0, _) => "nothing was sent that had to be refused".to_owned(),
            (_, 0, _) => format!(
                "0 wrong accepts in {probes} probes: fewer than 3 in {probes} ({:.1e}) at 95 %",
                3.0 / *probes as f64
            ),
            (_, _, Some(first)) => format!(
                "{false_accepts} wrong accepts in {probes} probes; the first was probe {first}"
            ),
            (_, _, None) => format!(
                "{false_accepts} wrong accepts, none of them a probe of the load’s own; {probes} probes \
                 with those of the audit"
            ),
        }
    }
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
    /// A step of the target file uses a method that goose does not know.
    #[error("step `{step}` uses the method {method}, which the load generator cannot send")]
    Method {
        /// The step.
        step: &'static str,
        /// Its method.
        method: String,
    },
    /// Users must log in first.
    #[error(
        "the target file logs its users in (`[[session.setup]]`), which the devices of a profile with \
         journeys cannot do: each comes at its own time, and its login would be load that nobody \
         asked for; drive it with a profile of plain operations, whose devices log in before the \
         load, or give the journeys a target file whose requests need no login"
    )]
    Login,
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
    fits(target)?;
    let _alone = attack::alone();
    let mut target = target.clone();
    target.timeout = plan.timeout;
    let dialect = Arc::new(Dialect::new(&target)?);
    let meaningful = meaningful_lies(&dialect, plan.length());
    plan.check_lies(&meaningful)?;
    let schedule: Arc<[Arrival]> = schedule(plan, &meaningful).into();
    let desk = Desk::new(dialect, plan, authority, setting.session);
    let (reports, watch) = channel();
    let work = Arc::new(Work::new(
        desk,
        Arc::clone(&schedule),
        Fleet::new(plan, target.policy.challenge_ttl, &meaningful),
        reports,
    ));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::scope(|scope| {
        let engine = {
            let (work, stop) = (Arc::clone(&work), Arc::clone(stop));
            let target = &target;
            std::thread::Builder::new().name("load".to_owned()).spawn_scoped(scope, move || {
                let given = runtime.block_on(engine(&work, plan, target, setting, &stop));
                // Whatever happened, nobody waits for this work any more.
                work.end();
                given
            })?
        };
        // Whichever way this thread leaves, the others are told that it is over.
        let ending = Ending(&work);
        let (validity, vitals) = (Validity::new(plan), Vitals::new(&target.nodes));
        let around = surroundings(plan.highest_rate(), &target, setting);
        let teller = Teller::new(setting, sink, stop, progress, validity, vitals, around);
        let mut watcher = Watcher::new(plan, &work, teller);
        if !watcher.mustered(&watch, &engine) {
            drop(ending);
            return Err(joined(engine).err().unwrap_or(LoadError::Muster(MusterError::Stopped)));
        }
        std::thread::Builder::new().name("mint".to_owned()).spawn_scoped(scope, || {
            let work = &*work;
            let filled = work.larder.fill(
                &work.schedule,
                &work.desk.mint,
                work.fleet_lock(),
                || (!work.logs_in()).then(|| work.desk.recruiter.recruit()),
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
            let paced = pace(offsets, start, stopped, |due| work.release(due));
            work.tell(Message::Released(paced));
        })?;
        let unwritable = watcher.watch(&watch, &engine);
        drop(ending);
        let goose = joined(engine);
        watcher.take_audit(&watch);
        let report = watcher.finish(goose.as_deref().unwrap_or_default());
        if let Some(error) = unwritable {
            return Err(error.into());
        }
        goose.map(|_| report)
    })
}

/// From starting the pacer's thread to the first arrival.
const HEAD_START: Duration = Duration::from_millis(50);

/// What is known of the machine and of the way to the target before anything is sent.
pub(super) fn surroundings(
    highest_rate: f64,
    target: &TargetFile,
    setting: &Setting,
) -> Surroundings {
    let probe = Probe::new();
    Surroundings {
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        open_files: probe.open_files,
        ports: probe.ports,
        same_host: is_here(&target.nodes),
        highest_rate,
        calibrated: setting.calibrated,
    }
}

/// Whether the load generator can do what a target file asks of it.
pub fn fits(target: &TargetFile) -> Result<(), LoadError> {
    unfit_method(target).map_or(Ok(()), Err)
}

/// The first step of the load whose method the load generator does not speak.
fn unfit_method(target: &TargetFile) -> Option<LoadError> {
    let load = [Operation::Challenge, Operation::Attest, Operation::Assert];
    let steps = target.steps.iter().filter(|(operation, _)| load.contains(operation));
    steps
        .map(|(operation, step)| (operation, &step.request.method))
        .find(|(_, method)| !attack::can_send(method))
        .map(|(operation, method)| LoadError::Method {
            step: operation.as_str(),
            method: method.to_string(),
        })
}

/// Everything that happens in the runtime: enrolment, the reserve, goose.
async fn engine(
    work: &Arc<Work>,
    plan: &LoadPlan,
    target: &TargetFile,
    setting: &Setting,
    stop: &StopFlag,
) -> Result<String, LoadError> {
    let client = targets::http::client_builder(target, setting.allow_public).await?;
    let client = client.build().map_err(OpenError::from)?;
    // A second call would find the same client.
    let _ = work.client.set(client.clone());
    let muster = Arc::new(Muster::new(Arc::clone(work), client.clone()));
    let stopping = Arc::clone(stop);
    muster.gather(plan, move || stopping.load(Ordering::Relaxed)).await?;
    work.tell(Message::Mustered);
    let reserve = tokio::spawn(Arc::clone(&muster).keep_reserve(plan.clone()));
    let host = target.nodes[0].as_str();
    let seen = attack::attack(work, plan.users, host, &client, setting.dashboard).await;
    work.end();
    // It looks every round whether the work is over; a failure there has nothing to tell.
    let _ = reserve.await;
    let seen = seen?;
    if !stop.load(Ordering::Relaxed) {
        let lies = work.schedule.iter().any(|arrival| arrival.deed.lie().is_some());
        let sample = Sample::of(&mut work.fleet(), lies);
        match Audit::of(&muster.envoy, sample).await {
            Ok(audit) => work.tell(Message::Audited(Box::new(audit))),
            Err(unwritable) => work.tell(Message::Unwritable(unwritable)),
        }
    }
    Ok(seen)
}

/// Ends the work when it goes out of scope.
struct Ending<'w>(&'w Work);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// The thread of the runtime.
pub(super) type Engine<'scope> = ScopedJoinHandle<'scope, Result<String, LoadError>>;

/// Ends goose and waits for it.
pub(super) fn joined(engine: Engine<'_>) -> Result<String, LoadError> {
    // Goose forgets at its start that it was told to end: it is told until it has.
    while !engine.is_finished() {
        attack::end();
        std::thread::sleep(Duration::from_millis(10));
    }
    attack::forget_end();
    match engine.join() {
        Ok(given) => given,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
