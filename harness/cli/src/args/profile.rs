//! What `assay load` is told when it runs a profile.

use super::values::{duration, rate};
use super::{Arrivals, Mix, Target, Watch};
use clap::{Args, Subcommand};
use std::path::PathBuf;
use std::time::Duration;

/// `assay load` with a verb of its own.
#[derive(Debug, Subcommand)]
pub(crate) enum LoadCommand {
    /// Show what a profile comes to, and what it needs; nothing is sent
    Plan(LoadPlanArgs),
    /// Run a profile against a server, and write a report
    Run(LoadRunArgs),
    /// List the profiles that come with Assay
    List(LoadListArgs),
    /// Measure what this machine's load generator can do, against a server that does nothing
    ///
    /// The floor is the response time of the way there and back, the ceiling the highest rate
    /// that is kept with a valid verdict: found by doubling, then by bisection to a tenth. Both
    /// are kept in a file, and later loads above half of the ceiling are told so.
    Calibrate(CalibrateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct LoadPlanArgs {
    /// Name of a profile (`assay load list`), or a file (TOML)
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: String,
    /// Target file (TOML) of the server under test; without it the embedded reference server
    #[arg(value_name = "TARGET")]
    pub(crate) target: Option<PathBuf>,
    /// Seed of everything random, any text
    #[arg(long, value_name = "TEXT")]
    pub(crate) seed: Option<String>,
    /// Print one JSON object instead
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

#[derive(Debug, Args)]
pub(crate) struct LoadRunArgs {
    /// Name of a profile (`assay load list`), or a file (TOML)
    #[arg(value_name = "PROFILE")]
    pub(crate) profile: String,
    #[command(flatten)]
    pub(crate) target: Target,
    #[command(flatten)]
    pub(crate) changes: Changes,
    #[command(flatten)]
    pub(crate) watch: Watch,
}

#[derive(Debug, Args)]
pub(crate) struct LoadListArgs {
    /// Print JSON lines instead
    #[arg(long)]
    pub(crate) json: bool,
}

/// Changes to a profile.
#[derive(Debug, Clone, Args)]
pub(crate) struct Changes {
    /// Highest rate of the first measured phase; all rates change in proportion
    #[arg(long, value_name = "RATE/s", value_parser = rate)]
    pub(crate) rate: Option<f64>,
    /// Length of the whole; every part changes in proportion
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) length: Option<Duration>,
    /// Multiply all rates, and the number of devices that come
    #[arg(long, value_name = "FACTOR")]
    pub(crate) scale: Option<f64>,
    /// How arrivals are spaced
    #[arg(long, value_enum)]
    pub(crate) arrivals: Option<Arrivals>,
    /// Share of dishonest requests beside honest load, in per cent
    #[arg(long, value_name = "PERCENT")]
    pub(crate) dishonest: Option<f64>,
    /// Time after which an answer counts as none
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Users that wait for arrivals, hence the most requests in flight
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct CalibrateArgs {
    /// File to keep the figures in [default: assay/calibration.json in the user's cache]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Attestations : assertions : challenges, all honest
    #[arg(long, value_name = "A:B:C", default_value = "1:4:5")]
    pub(crate) mix: Mix,
    /// How long each rate is held
    #[arg(long = "hold", value_name = "DURATION", default_value = "3s", value_parser = duration)]
    pub(crate) hold: Duration,
    /// Rate beyond which nobody wants to know
    #[arg(long, value_name = "RATE", default_value_t = 50_000.0, value_parser = rate)]
    pub(crate) highest: f64,
    /// Print the figures as JSON
    #[arg(long)]
    pub(crate) json: bool,
}
