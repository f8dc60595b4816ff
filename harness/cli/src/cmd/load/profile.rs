//! The profile that is asked for: one that comes with Assay, or a file.

use crate::args::{self, Changes};
use crate::cmd::run::Planned;
use crate::exit_code::Failed;
use crate::folder::chain;
use runners::load::Arrivals;
use runners::load::journey::JourneyRun;
use runners::load::profile::slo::Held;
use runners::load::profile::{self, JourneyLoad, Load, Profile, builtin};
use simulator::Seed;
use std::path::Path;

/// Which profile, and what is changed of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) profile: &'a str,
    pub(super) changes: &'a Changes,
}

impl Asked<'_> {
    /// The text of the profile's own seed, if it has one.
    pub(super) fn seed(&self) -> Result<Option<String>, Failed> {
        Ok(self.read(Seed::from_text(""))?.seed)
    }

    /// The service level that the profile promises, if any, with nothing measured yet.
    pub(super) fn promise(&self) -> Result<Option<Held>, Failed> {
        let profile = self.read(Seed::from_text(""))?;
        let aside = profile.unmeasured();
        Ok(profile.slo.map(|slo| Held::new(slo, aside)))
    }

    /// The profile with its changes, in a run of this seed.
    pub(super) fn read(&self, seed: Seed) -> Result<Profile, Failed> {
        let mut profile = found(self.profile, seed.child("load", 0))?;
        let Changes { rate, length, scale, arrivals, dishonest, timeout, users } =
            self.changes.clone();
        let changes = profile::Changes {
            rate,
            length,
            scale,
            arrivals: arrivals.map(law),
            dishonest: dishonest.map(|percent| percent / 100.0),
            timeout,
            users,
        };
        profile.change(&changes).map_err(|error| refused(self.profile, &error))?;
        Ok(profile)
    }
}

/// What a profile asks for, checked.
pub(super) fn planned(profile: &Profile, name: &str, seed: Seed) -> Result<Planned, Failed> {
    match &profile.load {
        Load::Operations(operations) => {
            operations.plan.check().map_err(|error| refused(name, &error))?;
            Ok(Planned::Operations(operations.plan.clone()))
        }
        Load::Journeys(journeys) => {
            let JourneyLoad { plan, users, timeout } = &**journeys;
            plan.check().map_err(|error| refused(name, &error))?;
            Ok(Planned::Journeys(Box::new(JourneyRun {
                name: profile.name.clone(),
                journeys: plan.clone(),
                users: users.unwrap_or_else(|| plan.users_by_default(*timeout)),
                timeout: *timeout,
                seed: seed.child("load", 0),
            })))
        }
    }
}

/// A load that cannot be run.
pub(super) fn refused(name: &str, why: &dyn std::fmt::Display) -> Failed {
    Failed::usage(format_args!("{name}: this load cannot be run: {why}"))
}

fn law(arrivals: args::Arrivals) -> Arrivals {
    match arrivals {
        args::Arrivals::Constant => Arrivals::Constant,
        args::Arrivals::Poisson => Arrivals::Poisson,
    }
}

fn found(name: &str, seed: Seed) -> Result<Profile, Failed> {
    if let Some(builtin) = builtin::find(name, seed) {
        // That they can all be read is tested.
        return builtin.map_err(|error| Failed::new(crate::exit_code::ExitCode::Internal, error));
    }
    let path = Path::new(name);
    let text = std::fs::read_to_string(path).map_err(|error| {
        let is_name = !name.contains(['/', '\\', '.']);
        if is_name && error.kind() == std::io::ErrorKind::NotFound {
            Failed::usage(format_args!("there is no profile and no file `{name}`{}", hint(name)))
        } else {
            Failed::file("read", path, &error)
        }
    })?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let files =
        |file: &str| std::fs::read_to_string(folder.join(file)).map_err(|error| error.to_string());
    Profile::parse(name, &text, seed, &files).map_err(|error| Failed::usage(chain(&error)))
}

/// The name that was meant, or all there are.
fn hint(typed: &str) -> String {
    let names = builtin::FILES.iter().map(|(name, _)| *name);
    let likeness = |name: &str| strsim::normalized_damerau_levenshtein(typed, name);
    match names.clone().max_by(|one, other| likeness(one).total_cmp(&likeness(other))) {
        Some(name) if likeness(name) > 0.5 => format!("; did you mean `{name}`?"),
        _none_close => format!("; known are {}", names.collect::<Vec<_>>().join(", ")),
    }
}
