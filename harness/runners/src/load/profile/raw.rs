//! A profile as it is typed. What is said of a key here is what an editor shows beside it: the
//! JSON Schema is derived from these types.

use super::super::journey::{Lasting, Rate, Share};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// Everything but phases and journeys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    /// Version of the format.
    #[schemars(with = "u32", extend("const" = 1))]
    pub(super) schema: Spanned<u32>,
    /// Its name in reports.
    #[schemars(with = "String", regex(pattern = r"^[a-z0-9.-]+$"))]
    pub(super) name: Spanned<String>,
    /// What it asks, in one sentence.
    pub(super) about: String,
    /// Seed of everything random in the schedule, any text; that of the run unless given.
    pub(super) seed: Option<String>,
    /// How arrivals are spaced; `poisson` unless given.
    pub(super) arrival: Option<Law>,
    /// Attestations, assertions and challenges in whole parts; 1 : 4 : 5 unless given.
    pub(super) mix: Option<MixRaw>,
    /// Share of the arrivals that lie and must be refused; 0.05 unless given.
    #[schemars(with = "Option<f64>", extend("minimum" = 0, "maximum" = 1))]
    pub(super) dishonest: Option<Spanned<Share>>,
    /// Which lies, with weights; each that is no flood alike unless given.
    #[schemars(with = "Option<super::schema::LieWeights>")]
    pub(super) lies: Option<LiesRaw>,
    /// Time from sending a request after which its answer counts as none; 1s unless given.
    pub(super) timeout: Option<Lasting>,
    /// Most requests in flight: at least the highest rate times the timeout, and a tenth more
    /// unless given.
    pub(super) max_in_flight: Option<u32>,
    /// Devices enrolled beforehand; as many as the load needs unless given.
    pub(super) devices: Option<u32>,
    /// What is promised; missed, the run ends with 8.
    #[schemars(with = "Option<super::slo::ServiceLevel>")]
    pub(super) slo: Option<Spanned<super::slo::ServiceLevel>>,
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Law {
    /// Evenly.
    Constant,
    /// Independently of each other, as many users are.
    Poisson,
}

/// The operations in whole parts.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MixRaw {
    /// Attestations.
    #[serde(default)]
    pub(super) attest: u32,
    /// Assertions, each with a protected request.
    #[serde(default)]
    pub(super) assert: u32,
    /// Challenges.
    #[serde(default)]
    pub(super) challenge: u32,
}

/// Lies and their weights.
pub(super) type LiesRaw = Spanned<BTreeMap<String, u32>>;

/// What any phase may say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Common {
    /// Its name in reports, the kind unless given. Phases of several steps add the step.
    pub(super) name: Option<String>,
    /// Whether its figures count; `false` for a warm-up. A wrong answer always counts.
    pub(super) measure: Option<bool>,
    /// How its arrivals are spaced.
    pub(super) arrival: Option<Law>,
    /// Its mix.
    pub(super) mix: Option<MixRaw>,
    /// Its share of lies.
    #[schemars(with = "Option<f64>", extend("minimum" = 0, "maximum" = 1))]
    pub(super) dishonest: Option<Spanned<Share>>,
    /// Its lies, with weights.
    #[schemars(with = "Option<super::schema::LieWeights>")]
    pub(super) lies: Option<LiesRaw>,
}

/// Keys of [`Common`].
pub(super) const COMMON: [&str; 6] = ["name", "measure", "arrival", "mix", "dishonest", "lies"];

/// One rate.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Steady {
    /// Arrivals a second.
    pub(super) rate: Rate,
    /// How long.
    #[serde(rename = "for")]
    pub(super) length: Lasting,
}

/// A rate that changes evenly.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Ramp {
    /// The rate at the beginning.
    pub(super) from: Rate,
    /// The rate at the end.
    pub(super) to: Rate,
    /// How long.
    pub(super) over: Lasting,
}

/// Levels that rise by steps; each is a phase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Stairs {
    /// The rate of the first level.
    pub(super) from: Rate,
    /// What each level adds.
    pub(super) step: Rate,
    /// How many levels.
    #[schemars(range(min = 1, max = 1000))]
    pub(super) levels: u32,
    /// How long each is held.
    pub(super) hold: Lasting,
    /// How long the way from one level to the next takes; no time unless given.
    pub(super) climb: Option<Lasting>,
}

/// Multiples of a rate that the server can bear; each is a phase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Overload {
    /// The rate that it can bear.
    pub(super) base: Rate,
    /// The multiples, in order.
    #[schemars(length(min = 1))]
    pub(super) multiples: Vec<f64>,
    /// How long each is held.
    pub(super) hold: Lasting,
}

/// Too much, and then less than it can bear; each is a phase.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Recover {
    /// The rate that it can bear.
    pub(super) rate: Rate,
    /// How many times that it gets at first; 2 unless given.
    pub(super) over: Option<f64>,
    /// For how long.
    pub(super) hold: Lasting,
    /// How many times that it gets afterwards; 0.8 unless given.
    pub(super) under: Option<f64>,
    /// How long it is watched afterwards.
    #[serde(rename = "for")]
    pub(super) length: Lasting,
}

/// A sudden rise, held, and back.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Spike {
    /// The rate before and after.
    pub(super) base: Rate,
    /// The rate at the top.
    pub(super) peak: Rate,
    /// How long the way up takes, and the way down.
    pub(super) rise: Lasting,
    /// How long the peak is held.
    pub(super) hold: Lasting,
}

/// A crowd that comes once, log-normally after the beginning.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Herd {
    /// How many come.
    pub(super) devices: u64,
    /// When half of them have come.
    pub(super) p50: Lasting,
    /// When 95 % of them have come; five times `p50` unless given.
    pub(super) p95: Option<Lasting>,
    /// How long the phase lasts; all of them come within it.
    #[serde(rename = "for")]
    pub(super) length: Lasting,
}

/// Abuse beside honest load.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Flood {
    /// Arrivals a second of the honest load.
    pub(super) rate: Rate,
    /// How many times as many lies there are beside it.
    pub(super) times: f64,
    /// How long.
    #[serde(rename = "for")]
    pub(super) length: Lasting,
}

/// Two rates in turn, each for a random while; independent arrivals in both.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Burst {
    /// The rate while it is quiet, as it is at first.
    pub(super) quiet: Rate,
    /// The rate while it is busy.
    pub(super) busy: Rate,
    /// How long it is quiet on average.
    pub(super) quiet_for: Lasting,
    /// How long it is busy on average.
    pub(super) busy_for: Lasting,
    /// How long all of it lasts.
    #[serde(rename = "for")]
    pub(super) length: Lasting,
}

/// What was recorded, as CSV: `t,device,op`, in seconds, any text, and challenge, attest or assert.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    /// The file, as seen from the profile.
    #[schemars(with = "String")]
    pub(super) file: Spanned<String>,
    /// How many seconds of it are played in one; 1 unless given.
    pub(super) speed: Option<f64>,
}
