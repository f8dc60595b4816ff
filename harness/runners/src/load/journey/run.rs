//! A fleet against a real server, from its plan to its last second.

use super::super::attack;
use super::super::audit::Audit;
use super::super::desk::Desk;
use super::super::envoy::{Envoy, MusterError, many};
use super::super::generator::Vitals;
use super::super::mint::meaningful_lies;
use super::super::oracle::Lie;
use super::super::pacer::ask_for_fine_timers;
use super::super::plan::LoadPlan;
use super::super::run::{LoadError, LoadReport, Progress, Setting, fits, joined, surroundings};
use super::super::teller::Teller;
use super::super::validity::Validity;
use super::clock::Clock;
use super::config::JourneyPlan;
use super::field::{Field, Message};
use super::life::Life;
use super::phases::phases;
use super::simulate::seed_of;
use super::watch::{Watch, as_load};
use crate::StopFlag;
use record::Sink;
use simulator::{Authority, Seed};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::channel;
use std::time::{Duration, Instant};
use targets::http::OpenError;
use targets::{Dialect, TargetFile};

/// A run of journeys as it is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct JourneyRun {
    /// Its name, which its phases bear.
    pub name: String,
    /// What devices, Apple and the app do.
    pub journeys: JourneyPlan,
    /// Users that wait for requests, hence the most in flight.
    pub users: usize,
    /// Time from sending a request after which its answer counts as none.
    pub timeout: Duration,
    /// Where all that looks random comes from.
    pub seed: Seed,
}

/// How long ahead of its instant a request is made.
const LEAD: Duration = Duration::from_millis(20);
/// From starting the threads to the first instant.
const HEAD_START: Duration = Duration::from_millis(100);
/// Longest nap of a thread that has nothing to do.
const NAP: Duration = Duration::from_millis(50);

/// Whether the devices of journeys can do what a target file asks of them.
pub fn fits_journeys(target: &TargetFile) -> Result<(), LoadError> {
    if !target.session.setup.is_empty() {
        return Err(LoadError::Login);
    }
    fits(target)
}

/// Runs a fleet against a target and emits its events, in a thread that may block. Setting `stop`
/// ends it early with what was measured. The plan must have been checked.
///
/// Only one attack runs in a process at a time; a second waits for the first.
pub fn run(
    asked: &JourneyRun,
    target: &TargetFile,
    authority: &Authority,
    setting: &Setting,
    sink: &mut dyn Sink,
    stop: &StopFlag,
    progress: &mut dyn FnMut(&Progress),
) -> Result<LoadReport, LoadError> {
    fits_journeys(target)?;
    let _alone = attack::alone();
    let mut target = target.clone();
    target.timeout = asked.timeout;
    let dialect = Arc::new(Dialect::new(&target)?);
    let mut plan = asked.journeys.clone();
    let speed = plan.journeys.speed;
    let lifetime = target.policy.challenge_ttl;
    let bound = meaningful_lies(&dialect, Duration::ZERO).contains(&Lie::AssertUnknownChallenge);
    if lifetime.is_none() || !bound {
        // A server that says nothing of lifetimes, or does not see which challenge it is, owes no
        // refusal.
        plan.journeys.stale.0 = 0.0;
    }
    let of_devices = lifetime.map_or(plan.fleet.challenge_lifetime.0, |life| life.mul_f64(speed));
    let life = Life::new(&plan, seed_of(&asked.seed, "fleet life"), of_devices);
    let load = LoadPlan::steady(1.0, plan.journeys.length.0.div_f64(speed), asked.seed);
    let desk = Desk::new(dialect, &load, authority, setting.session);
    let (reports, watch) = channel();
    let field = Arc::new(Field::new(desk, life, reports));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::scope(|scope| {
        let engine = {
            let (field, stop) = (Arc::clone(&field), Arc::clone(stop));
            let target = &target;
            std::thread::Builder::new().name("load".to_owned()).spawn_scoped(scope, move || {
                let given = runtime.block_on(engine(&field, asked.users, target, setting, &stop));
                field.end();
                given
            })?
        };
        let ending = Ending(&field);
        let validity = Validity::new(&as_load(asked, &plan));
        let vitals = Vitals::new(&target.nodes);
        let around = surroundings(asked.journeys.highest_rate(), &target, setting);
        let teller = Teller::new(setting, sink, stop, progress, validity, vitals, around);
        let mut watcher = Watch::new(asked, &plan, &field, teller);
        if !watcher.mustered(&watch, &engine) {
            drop(ending);
            return Err(joined(engine).err().unwrap_or(LoadError::Muster(MusterError::Stopped)));
        }
        watcher.wait_for_users(&engine);
        watcher.start();
        let begins = phases(&asked.name, &plan).into_iter().map(|phase| phase.from).collect();
        let start = Instant::now() + HEAD_START;
        field.gauge.begin(start);
        let clock = Clock::new(start, speed, begins);
        let clock = field.clock.get_or_init(|| clock);
        let pacer = std::thread::Builder::new()
            .name("pacer".to_owned())
            .spawn_scoped(scope, || hand_out(&field))?;
        field.outbox.paced_by(pacer.thread().clone());
        let (end, shared) = (plan.journeys.length.0, &field);
        let agenda = std::thread::Builder::new().name("agenda".to_owned()).spawn_scoped(
            scope,
            move || {
                live(shared, clock, end, || stop.load(Ordering::Relaxed));
                shared.tell(Message::Over);
            },
        )?;
        let _ = field.agenda.set(agenda.thread().clone());
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

/// Lets life go on and makes the requests that come of it, until the end.
fn live(field: &Field, clock: &Clock, end: Duration, stopped: impl Fn() -> bool) {
    let lead = clock.stretched(LEAD);
    loop {
        let now = clock.now();
        if stopped() || field.is_over() || now >= end {
            return;
        }
        let (requests, seconds, next) = {
            let mut life = field.life();
            let mut requests = Vec::new();
            while let Some(request) = life.next(now, lead) {
                requests.push(request);
                if requests.len() == MADE_AT_ONCE {
                    break;
                }
            }
            (requests, life.take_seconds(), life.next_at(lead))
        };
        for second in seconds {
            field.tell(Message::Second(Box::new(second)));
        }
        let more = requests.len() == MADE_AT_ONCE;
        for request in requests.into_iter().filter(|request| request.due < end) {
            if let Err(unwritable) = field.make(request, clock) {
                field.tell(Message::Unwritable(unwritable));
                return;
            }
        }
        if !more {
            let until = next.map_or(NAP, |at| {
                clock.instant(at).saturating_duration_since(Instant::now()).min(NAP)
            });
            std::thread::park_timeout(until);
        }
    }
}

/// Requests made before life goes on: it waits for nobody long.
const MADE_AT_ONCE: usize = 32;

/// Hands out requests at their instants.
fn hand_out(field: &Field) {
    ask_for_fine_timers();
    while !field.is_over() {
        let next = field.hand_out();
        let now = Instant::now();
        let until = next.map_or(NAP, |at| at.saturating_duration_since(now).min(NAP));
        std::thread::park_timeout(until);
        // Whatever wakes it sooner, nothing but our own machine lets it sleep longer.
        let over = now.elapsed().saturating_sub(until).as_micros() as u64;
        field.tally.longest_stop.fetch_max(over, Ordering::Relaxed);
    }
}

/// Everything that happens in the runtime: enrolment before the start, goose.
async fn engine(
    field: &Arc<Field>,
    users: usize,
    target: &TargetFile,
    setting: &Setting,
    stop: &StopFlag,
) -> Result<String, LoadError> {
    let client = targets::http::client_builder(target, setting.allow_public).await?;
    let client = client.build().map_err(OpenError::from)?;
    let envoy = Arc::new(Envoy::new(Arc::clone(&field.desk), client.clone()));
    enrol_before(field, &envoy, stop).await?;
    field.tell(Message::Mustered);
    let host = target.nodes[0].as_str();
    let seen = attack::attack(field, users, host, &client, setting.dashboard).await;
    field.end();
    let seen = seen?;
    if !stop.load(Ordering::Relaxed) {
        match Audit::of(&envoy, field.sample()).await {
            Ok(audit) => field.tell(Message::Audited(Box::new(audit))),
            Err(unwritable) => field.tell(Message::Unwritable(unwritable)),
        }
    }
    Ok(seen)
}

/// Enrols the devices that the server must know before the start.
async fn enrol_before(
    field: &Arc<Field>,
    envoy: &Arc<Envoy>,
    stop: &StopFlag,
) -> Result<(), MusterError> {
    let devices: Arc<[u32]> = field.life().enrolled_before().collect();
    let (of, stopping) = (devices.len() as u64, Arc::clone(stop));
    let field = Arc::clone(field);
    many(envoy, of, &move || stopping.load(Ordering::Relaxed), move |envoy, index| {
        let (device, field) = (devices[index as usize], Arc::clone(&field));
        async move {
            let member = envoy.enrol(Box::new(field.recruit(device))).await?;
            field.keep_enrolled(device, member.saved);
            field.tally.enrolled.fetch_add(1, Ordering::Relaxed);
            field.tell(Message::Enrolled);
            Ok(())
        }
    })
    .await
}

/// Ends the work when it goes out of scope.
struct Ending<'f>(&'f Field);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}
