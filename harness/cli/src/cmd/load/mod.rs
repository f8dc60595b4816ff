//! `assay load`: steps of one rate, or a profile planned, run or listed.

mod calibrate;
mod drawn;
mod journeys;
mod list;
mod plan;
mod profile;
mod told;

use crate::args::{LoadArgs, LoadCommand, LoadRunArgs};
use crate::cmd::run;
use crate::exit_code::{ExitCode, Failed};
use crate::interrupt::StopFlag;
use jiff::Timestamp;
use profile::{Asked, planned};

/// Whichever is asked for.
pub(crate) fn load(args: &LoadArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    match &args.command {
        None => run::load(args, stop, now),
        Some(LoadCommand::Plan(args)) => plan::plan(args),
        Some(LoadCommand::Run(args)) => run_profile(args, stop, now),
        Some(LoadCommand::List(args)) => list::list(args),
        Some(LoadCommand::Calibrate(args)) => calibrate::calibrate(args, stop, now),
    }
}

fn run_profile(args: &LoadRunArgs, stop: &StopFlag, now: Timestamp) -> Result<ExitCode, Failed> {
    let asked = Asked { profile: &args.profile, changes: &args.changes };
    let mut target = args.target.clone();
    // What the command line says wins over the profile, and both over chance.
    target.seed = target.seed.or(asked.seed()?);
    let plan = |seed| planned(&asked.read(seed)?, asked.profile, seed);
    let promise = asked.promise()?;
    let promise = promise.as_ref();
    run::attack(&target, run::Attack { plan: &plan, watch: &args.watch, promise }, stop, now)
}
