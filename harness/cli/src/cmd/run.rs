//! `assay run`, `assay check` and `assay load`: the cases, the load, or both, and a report.

use crate::args::{self, CheckArgs, Load, LoadArgs, RunArgs, Selection, Target};
use crate::cases;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::interrupt::StopFlag;
use crate::prepared::{Prepared, reach};
use crate::session::Session;
use catalogue::Case;
use jiff::Timestamp;
use runners::load::{Arrivals, LoadError, LoadPlan, Mix};
use runners::{conformance, load};
use std::time::{Duration, Instant};

/// Challenges of the reference live this long while cases are played, so that expiry can be played.
const SHORT_LIFE: Duration = Duration::from_secs(3);
/// And this long under load, where none should expire by accident.
const LONG_LIFE: Duration = Duration::from_mins(5);

/// Longest wait for a challenge to expire; a target whose challenges live longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// Cases, then load.
pub(crate) fn run(args: &RunArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    play(&args.target, Some(&args.selection), Some(&args.load), "run", stop, now)
}

/// Cases only.
pub(crate) fn check(args: &CheckArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    play(&args.target, Some(&args.selection), None, "check", stop, now)
}

/// Load only.
pub(crate) fn load(args: &LoadArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    play(&args.target, None, Some(&args.load), "load", stop, now)
}

fn play(
    target: &Target,
    selection: Option<&Selection>,
    load: Option<&Load>,
    verb: &str,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    // Everything that can be wrong with what was typed is found before anything is written or sent.
    let cases = selection.map(cases::selected).transpose()?;
    let prepared = Prepared::of(target, now)?;
    let plan = load.map(|load| plan(load, prepared.seed)).transpose()?;
    let count = cases.as_ref().map_or(0, Vec::len);
    let mut session = Session::begin(&prepared, target, verb, count, stop, now)?;
    let mut parts = || {
        if let Some(cases) = &cases {
            play_cases(&mut session, &prepared, target, cases)?;
        }
        match &plan {
            Some(plan) if !session.stopped() => play_load(&mut session, &prepared, target, plan),
            Some(_) | None => Ok(()),
        }
    };
    let failed = parts().err();
    session.finish(failed)
}

fn play_cases(
    session: &mut Session,
    prepared: &Prepared,
    args: &Target,
    cases: &[Case],
) -> Result<(), Failed> {
    let under_test = prepared.open(SHORT_LIFE, session.folder(), "reference-cases")?;
    session.introduce(&under_test.file);
    let runtime = runtime()?;
    let repeat = session.repeat.clone();
    let plan = conformance::Plan {
        cases: cases.to_vec(),
        authority: session.authority.clone(),
        seed: session.seed,
        session: session.number,
        times: 1,
        replays: conformance::REPLAYS,
        longest_wait: LONGEST_WAIT,
        clock: std::sync::Arc::new(Timestamp::now),
        began: Instant::now(),
        repeat: Box::new(move |id| format!("{repeat} --case {id}")),
    };
    runtime.block_on(async {
        let target = reach(&under_test.file, args.allow_public).await?;
        conformance::run(&plan, &target, &mut session.recorder, &session.stop).await;
        Ok(())
    })
}

fn play_load(
    session: &mut Session,
    prepared: &Prepared,
    args: &Target,
    plan: &LoadPlan,
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
    };
    let recorder = &mut session.recorder;
    let attack = load::run(
        plan,
        &under_test.file,
        &session.authority,
        &setting,
        recorder,
        &session.stop,
        &mut |_progress| {},
    );
    attack.map(drop).map_err(|error| {
        let code = match &error {
            LoadError::Plan(_) | LoadError::Dialect(_) | LoadError::Method { .. } => {
                ExitCode::Usage
            }
            LoadError::Open(_) | LoadError::Muster(_) => ExitCode::Unreachable,
            LoadError::Goose(_) | LoadError::System(_) => ExitCode::Internal,
        };
        Failed::new(code, chain(&error))
    })
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
