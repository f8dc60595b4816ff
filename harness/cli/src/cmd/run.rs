//! `assay run`, `assay check` and `assay load`: the cases, the load, or both, and a report.

use crate::args::{
    self, CheckArgs, Checks, Gated, Load, LoadArgs, ReplayArgs, RunArgs, Selection, Target, Watch,
};
use crate::calibration;
use crate::cases;
use crate::cmd::{adapter, gate, known};
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::interrupt::StopFlag;
use crate::metrics;
use crate::prepared::{Prepared, reach};
use crate::session::Session;
use catalogue::{Case, untrusted};
use jiff::Timestamp;
use judge::known::Known;
use record::EventKind;
use runners::load::journey::{self, JourneyRun};
use runners::load::profile::slo::Held;
use runners::load::validity::Calibrated;
use runners::load::{Arrivals, LoadError, LoadPlan, Mix};
use runners::{conformance, load};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use targets::file::Trust;

/// Challenges of the reference live this long while cases are played, so that expiry can be played.
const SHORT_LIFE: Duration = Duration::from_secs(3);
/// And this long under load, where none should expire by accident.
const LONG_LIFE: Duration = Duration::from_mins(5);

/// Longest wait for a challenge to expire; a target whose challenges live longer is not waited for.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Cases, then load.
pub(crate) fn run(args: &RunArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    let cases = Some((&args.selection, &args.checks, &args.gated));
    let plan = |seed| plan(&args.load, seed).map(Planned::Operations);
    let load = Attack { plan: &plan, watch: &args.load.watch, promise: None };
    play(&args.target, cases, Some(load), "run", stop, now)
}

/// Cases only.
pub(crate) fn check(args: &CheckArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    let cases = Some((&args.selection, &args.checks, &args.gated));
    play(&args.target, cases, None, "check", stop, now)
}

/// One case alone, every request of it told.
pub(crate) fn replay(
    args: &ReplayArgs,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    let case = cases::one(args.id(), args.folder.as_deref())?;
    let keep = conformance::Keep::Everything;
    let asked = Asked { cases: vec![case], known: None, gate: None, times: 1, keep };
    let prepared = Prepared::of(&args.target, now)?;
    let mut session = Session::begin(&prepared, &args.target, "replay", 1, stop, now)?;
    session.tells_all = true;
    let failed = play_cases(&mut session, &prepared, &args.target, &asked).err();
    session.finish(failed)
}

/// Load only: steps of one rate.
pub(crate) fn load(args: &LoadArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    let plan = |seed| plan(&args.load, seed).map(Planned::Operations);
    let load = Attack { plan: &plan, watch: &args.load.watch, promise: None };
    play(&args.target, None, Some(load), "load", stop, now)
}

/// Load only: a plan, made with the seed of the run.
pub(crate) fn attack(
    target: &Target,
    load: Attack<'_>,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    play(target, None, Some(load), "load run", stop, now)
}

/// A load as it is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Attack<'p> {
    /// Makes the plan with the seed of the run, and checks it.
    pub(crate) plan: &'p dyn Fn(simulator::Seed) -> Result<Planned, Failed>,
    pub(crate) watch: &'p Watch,
    /// The service level that it is held to, if one is promised.
    pub(crate) promise: Option<&'p Held>,
}

/// What a load does.
#[derive(Debug, Clone)]
pub(crate) enum Planned {
    /// Operations arrive by themselves.
    Operations(LoadPlan),
    /// Devices wake, and what they do then follows from the answers.
    Journeys(Box<JourneyRun>),
}

fn play(
    target: &Target,
    checks: Option<(&Selection, &Checks, &Gated)>,
    load: Option<Attack<'_>>,
    verb: &str,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    // Everything that can be wrong with what was typed is found before anything is written or sent.
    let prepared = Prepared::of(target, now)?;
    let more = own_cases(&prepared);
    let cases = checks
        .map(|(selection, checks, gated)| {
            let gate = gate::read(gated)?;
            let known = known::read(checks.known.as_deref(), selection.folder.as_deref(), now)?;
            let cases = cases::selected(selection, more.clone())?;
            let times = checks.repeat;
            Ok(Asked { cases, known, gate, times, keep: conformance::EVIDENCE })
        })
        .transpose()?;
    if let Some(Asked { cases, known: Some(known), .. }) = &cases {
        known::hides_something(known, &prepared.file_for_cases(SHORT_LIFE)?, cases)?;
    }
    if let (Some(_), Some(file)) = (load, &prepared.file)
        && file.trust != Trust::SwapRoot
    {
        return Err(Failed::usage(format_args!(
            "`{}` has trust = \"{}\": no device is let in, so there is no load to run; \
             `assay check` plays the cases",
            file.name,
            file.trust.as_str()
        )));
    }
    if let (Some(file), Some(_)) = (prepared.file.as_ref().filter(|f| f.adapter.is_some()), load) {
        return Err(Failed::usage(format_args!(
            "`{}` is an adapter, which takes no load: `assay check` plays the cases",
            file.name
        )));
    }
    let plan = load.map(|attack| (attack.plan)(prepared.seed)).transpose()?;
    let calibrated = match load {
        Some(load) => calibration::known(load.watch.calibration.as_deref(), now)?,
        None => None,
    };
    let dashboard = load.and_then(|load| load.watch.dashboard);
    if let Some(at) = dashboard {
        can_be_shown(at)?;
    }
    let metrics = load.and_then(|load| load.watch.metrics_listen);
    let metrics = metrics.map(|at| metrics::listen(at, target.allow_public)).transpose()?;
    let fits = match (&plan, &prepared.file) {
        (Some(Planned::Operations(_)), Some(file)) => load::fits(file),
        (Some(Planned::Journeys(_)), Some(file)) => journey::fits_journeys(file),
        (None, _) | (_, None) => Ok(()),
    };
    fits.map_err(|error| Failed::usage(chain(&error)))?;
    let count = cases.as_ref().map_or(0, |asked| asked.cases.len());
    let mut session = Session::begin(&prepared, target, verb, count, stop, now)?;
    if let Some(metrics) = metrics {
        session.recorder.tell(metrics);
    }
    if let Some(promise) = load.and_then(|load| load.promise) {
        session.recorder.promise(promise.clone());
    }
    if let Some(Asked { known: Some(known), .. }) = &cases {
        let name = prepared.file.as_ref().map_or("reference", |file| &file.name);
        session.recorder.expect(known, name);
    }
    let mut parts = || {
        if let Some(cases) = &cases {
            play_cases(&mut session, &prepared, target, cases)?;
        }
        match &plan {
            Some(plan) if !session.stopped() => {
                play_load(&mut session, &prepared, target, plan, (calibrated, dashboard))
            }
            Some(_) | None => Ok(()),
        }
    };
    let mut failed = parts().err();
    failed = failed.or(session.recorder.kept().err());
    if let Some(known) = cases.as_ref().and_then(|asked| asked.known.as_ref()) {
        let held = session.hold(known);
        failed = failed.or(held.err());
    }
    if let Some(gate) = cases.as_ref().and_then(|asked| asked.gate.as_ref()) {
        let held = session.hold_gate(gate);
        failed = failed.or(held.err());
    }
    session.finish(failed)
}

/// The cases that there are for the target alone.
fn own_cases(prepared: &Prepared) -> Vec<Case> {
    match prepared.file.as_ref().map_or(Trust::SwapRoot, |file| file.trust) {
        Trust::SwapRoot => Vec::new(),
        Trust::AppleRoot => untrusted::own_cases(true),
        Trust::ExpectUntrusted => untrusted::own_cases(false),
    }
}

/// Which cases are asked for, how often, what is known of them, and what they must hold.
struct Asked {
    cases: Vec<Case>,
    known: Option<Known>,
    gate: Option<gate::Asked>,
    times: u32,
    keep: conformance::Keep,
}

fn play_cases(
    session: &mut Session,
    prepared: &Prepared,
    args: &Target,
    asked: &Asked,
) -> Result<(), Failed> {
    let under_test = prepared.open(SHORT_LIFE, session.folder(), "reference-cases")?;
    session.introduce(&under_test.file);
    let runtime = runtime()?;
    let repeat = session.repeat.clone();
    let plan = conformance::Plan {
        cases: asked.cases.clone(),
        authority: session.authority.clone(),
        seed: session.seed,
        session: session.number,
        times: asked.times,
        replays: conformance::REPLAYS,
        evidence: asked.keep,
        longest_wait: LONGEST_WAIT,
        clock: std::sync::Arc::new(Timestamp::now),
        began: Instant::now(),
        repeat: Box::new(move |id| format!("assay replay {id}{repeat}")),
    };
    runtime.block_on(async {
        if under_test.file.adapter.is_some() {
            let setting = adapter::setting(&session.authority, &session.seed)?;
            let target = adapter::open(&under_test.file, setting).await?;
            conformance::run(&plan, &target, &mut session.recorder, &session.stop).await;
            target.close().await;
        } else {
            let target = reach(&under_test.file, args.allow_public).await?;
            conformance::run(&plan, &target, &mut session.recorder, &session.stop).await;
        }
        Ok(())
    })
}

fn play_load(
    session: &mut Session,
    prepared: &Prepared,
    args: &Target,
    plan: &Planned,
    (calibrated, dashboard): (Option<Calibrated>, Option<SocketAddr>),
) -> Result<(), Failed> {
    let under_test = prepared.open(LONG_LIFE, session.folder(), "reference-load")?;
    session.introduce(&under_test.file);
    // The attack brings a runtime of its own, so this one ends before it.
    runtime()?.block_on(reach(&under_test.file, args.allow_public))?;
    let setting = load::Setting {
        began: Instant::now(),
        session: session.number,
        repeat: session.command.clone(),
        allow_public: args.allow_public,
        calibrated,
        dashboard,
    };
    let (target, authority) = (&under_test.file, &session.authority);
    let (recorder, stop) = (&mut session.recorder, &session.stop);
    if let Some(at) = dashboard {
        let text = format!("goose shows its own view of the load at http://{at}");
        recorder.record(EventKind::Note { text });
    }
    let attack = match plan {
        Planned::Operations(plan) => {
            load::run(plan, target, authority, &setting, recorder, stop, &mut |_progress| {})
        }
        Planned::Journeys(run) => {
            journey::run(run, target, authority, &setting, recorder, stop, &mut |_progress| {})
        }
    };
    attack.map(drop).map_err(|error| {
        let code = match &error {
            LoadError::Plan(_)
            | LoadError::Dialect(_)
            | LoadError::Login
            | LoadError::Method { .. } => ExitCode::Usage,
            LoadError::Open(_) | LoadError::Muster(_) => ExitCode::Unreachable,
            LoadError::Goose(_) | LoadError::System(_) => ExitCode::Internal,
        };
        Failed::new(code, chain(&error))
    })
}

/// Whether goose's own page can be shown there.
fn can_be_shown(at: SocketAddr) -> Result<(), Failed> {
    if !load::attack::HAS_DASHBOARD {
        return Err(Failed::usage(
            "--dashboard: this build of assay does not hold goose’s dashboard; build it with \
             `cargo build --release --features cli/dashboard`",
        ));
    }
    if !at.ip().is_loopback() {
        return Err(Failed::usage(format_args!(
            "--dashboard {at} can be reached from other machines: use 127.0.0.1"
        )));
    }
    Ok(())
}

fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(ExitCode::Internal, error))
}

/// The load plan as asked for, checked.
fn plan(load: &Load, seed: simulator::Seed) -> Result<LoadPlan, Failed> {
    let steps = load.steady.as_ref().unwrap_or(&load.stairs);
    let mut plan = LoadPlan::steps(&steps.0, seed.child("load", 0));
    let [attest, assert, challenge] = load.mix.0;
    plan.mix = Mix { attest, assert, challenge };
    plan.dishonest = load.dishonest / 100.0;
    plan.arrivals = match load.arrivals {
        args::Arrivals::Constant => Arrivals::Constant,
        args::Arrivals::Poisson => Arrivals::Poisson,
    };
    plan.timeout = load.timeout;
    plan.users = load.users.unwrap_or_else(|| plan.users_by_default());
    plan.check()
        .map_err(|error| Failed::usage(format_args!("this load cannot be run: {error}")))?;
    Ok(plan)
}
