//! `assay load list`: the profiles that come with Assay.

use crate::args::LoadListArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use runners::load::profile::{Load, Profile, builtin};
use serde_json::json;
use simulator::Seed;
use std::time::Duration;

/// Prints them, a line each.
pub(super) fn list(args: &LoadListArgs) -> Result<ExitCode, Failed> {
    for (name, _) in builtin::FILES {
        let read = builtin::find(name, Seed::from_text("")).transpose();
        let profile = read.map_err(|error| Failed::new(ExitCode::Internal, error))?;
        let Some(profile) = profile else { continue };
        let (unit, length) = measure(&profile);
        let seconds = length.as_secs_f64();
        print(&if args.json {
            let (name, about) = (&profile.name, &profile.about);
            json!({ "name": name, "about": about, "unit": unit, "seconds": seconds }).to_string()
        } else {
            format!("{name:<10} {seconds:>3.0} s  {unit:<10}  {}", profile.about)
        });
    }
    Ok(ExitCode::Ok)
}

/// What arrives, and for how long.
fn measure(profile: &Profile) -> (&'static str, Duration) {
    match &profile.load {
        Load::Operations(operations) => ("operations", operations.plan.length()),
        Load::Journeys(load) => {
            let journeys = &load.plan.journeys;
            ("journeys", journeys.length.0.div_f64(journeys.speed))
        }
    }
}
