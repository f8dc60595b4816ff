//! `assay load plan`: what a profile comes to. Nothing is sent.

use super::profile::{Asked, planned, refused};
use super::{journeys, told};
use crate::args::LoadPlanArgs;
use crate::cmd::run::Planned;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use runners::load::Outlook;
use simulator::Seed;
use std::time::Duration;
use targets::TargetFile;
use targets::lock::{check_address, check_host};

/// Parts of the time that the rate is drawn for.
const BINS: usize = 72;

/// Prints the plan.
pub(super) fn plan(args: &LoadPlanArgs) -> Result<ExitCode, Failed> {
    let asked = Asked { profile: &args.profile, changes: &args.changes };
    let text = args.seed.clone().or(asked.seed()?);
    let seed = Seed::from_text(text.as_deref().unwrap_or_default());
    let profile = asked.read(seed)?;
    let file = match &args.target {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failed::file("read", path, &error))?;
            let file = path.display().to_string();
            let read = TargetFile::parse(&text, &file, &|name| std::env::var(name).ok());
            read.map_err(Failed::usage)?
        }
        None => TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(5))
            .map_err(|error| Failed::new(ExitCode::Internal, error))?,
    };
    let sent = destinations(args, &file)?;
    let plan = match planned(&profile, &args.profile, seed)? {
        Planned::Operations(plan) => plan,
        Planned::Journeys(run) => {
            let foreseen = journeys::Foreseen::of(&profile.about, *run, sent);
            print(&if args.json { foreseen.json().to_string() } else { foreseen.text() });
            return Ok(ExitCode::Ok);
        }
    };
    let outlook =
        Outlook::of(&plan, &file, BINS).map_err(|error| refused(&args.profile, &error))?;
    let told = told::Told {
        profile: &profile,
        plan: &plan,
        outlook: &outlook,
        seed: text.as_deref(),
        sent: &sent,
    };
    print(&if args.json { told.json().to_string() } else { told.text() });
    Ok(ExitCode::Ok)
}

/// Where it would be sent, and what kind of address that is. A host of Apple's is refused already
/// here; a name is resolved by a run, and not before.
fn destinations(args: &LoadPlanArgs, file: &TargetFile) -> Result<Vec<(String, String)>, Failed> {
    if args.target.is_none() {
        let what = "a reference server of the run's own on this machine".to_owned();
        return Ok(vec![("127.0.0.1".to_owned(), what)]);
    }
    file.nodes
        .iter()
        .map(|node| {
            let locked = |error| Failed::new(ExitCode::Locked, error);
            let host = node.host().map_or(url::Host::Domain(""), |host| host);
            check_host(&host).map_err(locked)?;
            let address = match &host {
                url::Host::Ipv4(address) => Some((*address).into()),
                url::Host::Ipv6(address) => Some((*address).into()),
                url::Host::Domain(_) => None,
            };
            let class = match address {
                Some(address) => match check_address(&host.to_string(), address, false) {
                    Ok(()) => "this machine",
                    Err(targets::lock::Refusal::Public { private: true, .. }) => {
                        "a private network: needs --allow-public"
                    }
                    Err(targets::lock::Refusal::Public { private: false, .. }) => {
                        "a public address: needs --allow-public, and must be yours"
                    }
                    Err(error @ targets::lock::Refusal::Apple { .. }) => return Err(locked(error)),
                },
                None => "a name: resolved and checked when the load is run",
            };
            Ok((node.as_str().trim_end_matches('/').to_owned(), class.to_owned()))
        })
        .collect()
}
