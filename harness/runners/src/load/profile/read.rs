//! Reads a profile, and points at the line and column of whatever is wrong with it.

use super::super::course::Course;
use super::super::journey::JourneyPlan;
use super::super::oracle::Lie;
use super::super::plan::{Arrivals, LoadPlan, Mix, PhasePlan};
use super::super::terms::{Lies, Own};
use super::error::{Problem, suggestion};
use super::kind::{Kind, Stage};
use super::raw::{self, COMMON, Common, Head, Law, LiesRaw, MixRaw};
use super::{JourneyLoad, Load, Operations, Profile, ProfileError, TraceError, trace};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use simulator::Seed;
use std::ops::Range;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer, ValueDeserializer};

/// Version of the format.
const SCHEMA: u32 = 1;
/// Tables of a profile whose devices wake.
const JOURNEYS: [&str; 5] = ["journeys", "fleet", "apple", "retry", "model"];
/// Longest seed, name or sentence.
const LONGEST_TEXT: usize = 200;
/// Most steps of one phase.
const MOST_STAGES: u32 = 1000;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const DEFAULT_JOURNEY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a profile cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileFault {
    /// The profile is wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A trace that it names is wrong.
    #[error(transparent)]
    Trace(#[from] TraceError),
}

enum Fault {
    Here(Problem),
    Trace(TraceError),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Here(problem)
    }
}

/// Reads a file that a profile names, or says why it cannot.
pub(super) type Files<'f> = &'f dyn Fn(&str) -> Result<String, String>;

impl Profile {
    /// Reads a profile. `file` is its name as messages shall give it, `seed` that of the run, and
    /// `files` reads the traces that it names.
    pub fn parse(
        file: &str,
        text: &str,
        seed: Seed,
        files: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, ProfileFault> {
        read(text, seed, files).map_err(|fault| match fault {
            Fault::Here(problem) => problem.within(file, text).into(),
            Fault::Trace(error) => error.into(),
        })
    }
}

fn read(text: &str, seed: Seed, files: Files<'_>) -> Result<Profile, Fault> {
    let whole = 0..0;
    let document = DeTable::parse(text).map_err(|error| Problem::of(&error, whole.clone(), &[]))?;
    let span = document.span();
    let mut table = document.into_inner();
    let phases = table.remove("phase");
    let mut journeys = DeTable::new();
    let mut first = None;
    for name in JOURNEYS {
        if let Some((key, value)) = table.remove_entry(name) {
            first.get_or_insert(value.span());
            journeys.insert(key, value);
        }
    }
    if let (Some(span), false) = (&first, journeys.contains_key("journeys")) {
        let what = "devices need to wake: a profile with this table has [journeys] as well";
        return Err(Problem::new(span.clone(), what).into());
    }
    let others: Vec<&str> = ["phase"].into_iter().chain(JOURNEYS).collect();
    let head = Head::deserialize(Deserializer::from(Spanned::new(span, table)))
        .map_err(|error| Problem::of(&error, whole, &others))?;
    check_head(&head)?;
    let load = match (phases, first) {
        (None, None) => {
            let what = "nothing happens: a profile has a [[phase]] or more, or [journeys]";
            return Err(Problem::new(head.name.span(), what).into());
        }
        (Some(phases), Some(_)) => {
            let what = "a profile has either phases, in which operations arrive by themselves, or \
                        [journeys] with its [fleet], [apple], [retry] and [model]";
            return Err(Problem::new(phases.span(), what).into());
        }
        (Some(phases), None) => Load::Operations(operations(&head, phases, seed, files)?),
        (None, Some(first)) => Load::Journeys(Box::new(journey_load(&head, journeys, first)?)),
    };
    Ok(Profile {
        name: head.name.into_inner(),
        about: head.about,
        seed: head.seed,
        slo: head.slo.map(Spanned::into_inner),
        load,
    })
}

fn check_head(head: &Head) -> Result<(), Problem> {
    if *head.schema.get_ref() != SCHEMA {
        let what = format!("this version reads schema {SCHEMA}");
        return Err(Problem::new(head.schema.span(), what));
    }
    let name = head.name.get_ref();
    let is_plain = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '-' | '.');
    if name.is_empty() || name.len() > LONGEST_TEXT || !name.chars().all(is_plain) {
        return Err(Problem::new(head.name.span(), "a name is made of a-z, 0-9, `-` and `.`"));
    }
    match &head.slo {
        Some(slo) => slo.get_ref().check(slo.span()),
        None => Ok(()),
    }
}

fn journey_load(
    head: &Head,
    tables: DeTable<'_>,
    span: Range<usize>,
) -> Result<JourneyLoad, Problem> {
    let misplaced = [
        head.arrival.is_some().then_some("arrival"),
        head.mix.is_some().then_some("mix"),
        head.dishonest.is_some().then_some("dishonest"),
        head.lies.is_some().then_some("lies"),
        head.devices.is_some().then_some("devices"),
    ];
    if let Some(key) = misplaced.into_iter().flatten().next() {
        let what =
            format!("`{key}` is for profiles with phases; journeys have tables of their own");
        return Err(Problem::new(head.name.span(), what));
    }
    let plan = JourneyPlan::deserialize(Deserializer::from(Spanned::new(span.clone(), tables)))
        .map_err(|error| Problem::of(&error, span.clone(), &[]))?;
    plan.check().map_err(|error| Problem::new(span, error.to_string()))?;
    Ok(JourneyLoad {
        plan,
        users: head.max_in_flight.map(|users| users as usize),
        timeout: head.timeout.map_or(DEFAULT_JOURNEY_TIMEOUT, |timeout| timeout.0),
    })
}

fn operations(
    head: &Head,
    phases: Spanned<DeValue<'_>>,
    seed: Seed,
    files: Files<'_>,
) -> Result<Operations, Fault> {
    let span = phases.span();
    let DeValue::Array(tables) = phases.into_inner() else {
        return Err(Problem::new(span, "phases are written [[phase]], each with its keys").into());
    };
    let mut plan = LoadPlan::steps(&[], seed);
    plan.arrivals = law(head.arrival.unwrap_or(Law::Poisson));
    plan.timeout = head.timeout.map_or(DEFAULT_TIMEOUT, |timeout| timeout.0);
    plan.devices = head.devices.map(|devices| devices as usize);
    plan.mix = head.mix.map_or(plan.mix, mix);
    plan.dishonest = head.dishonest.as_ref().map_or(plan.dishonest, |share| share.get_ref().0);
    if let Some(given) = &head.lies {
        plan.lies = lies(given)?;
    }
    let mut kinds = Vec::new();
    for table in tables {
        let (kind, added) = phase(table, files)?;
        for mut phase in added {
            phase.name = unique(phase.name, &plan.phases);
            plan.phases.push(phase);
            kinds.push(kind);
        }
    }
    plan.users = head.max_in_flight.map_or_else(|| plan.users_by_default(), |users| users as usize);
    Ok(Operations { plan, kinds, users_by_default: head.max_in_flight.is_none() })
}

/// A name that no phase before has.
fn unique(name: String, phases: &[PhasePlan]) -> String {
    let taken = |name: &str| phases.iter().any(|phase| phase.name == name);
    if !taken(&name) {
        return name;
    }
    // Among one name more than there are phases one is free.
    let mut others = (2..=phases.len() + 2).map(|number| format!("{name} #{number}"));
    others.find(|name| !taken(name)).unwrap_or(name)
}

/// The phases of the plan that one of the profile comes to.
fn phase(value: Spanned<DeValue<'_>>, files: Files<'_>) -> Result<(Kind, Vec<PhasePlan>), Fault> {
    let span = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        return Err(Problem::new(span, "a phase is a table: write [[phase]]").into());
    };
    let names = Kind::ALL.map(Kind::as_str);
    let word = table.remove("kind").ok_or_else(|| {
        Problem::new(span.clone(), format!("`kind` is missing{}", suggestion("", &names)))
    })?;
    let kind = match word.get_ref() {
        DeValue::String(name) => Kind::from_name(name).ok_or_else(|| {
            let hint = match &**name {
                "outage" | "churn" => {
                    "; what befalls devices is told in [journeys], [fleet] and [apple]".to_owned()
                }
                name => suggestion(name, &names),
            };
            Problem::new(word.span(), format!("`{name}` is no kind of phase{hint}"))
        })?,
        _other => return Err(Problem::new(word.span(), "`kind` must be a text").into()),
    };
    let mut common = DeTable::new();
    for name in COMMON {
        if let Some((key, value)) = table.remove_entry(name) {
            common.insert(key, value);
        }
    }
    let common: Common = body(&span, common, &[])?;
    let mut own = Own {
        mix: common.mix.map(mix),
        dishonest: common.dishonest.as_ref().map(|share| share.get_ref().0),
        lies: common.lies.as_ref().map(lies).transpose()?,
        arrivals: common.arrival.map(law),
        flood: 0.0,
        unmeasured: common.measure == Some(false),
    };
    let stages = match kind {
        Kind::Steady | Kind::Soak => body::<raw::Steady>(&span, table, &COMMON)?.stages(),
        Kind::Ramp => body::<raw::Ramp>(&span, table, &COMMON)?.stages(),
        Kind::Stairs => {
            let stairs: raw::Stairs = body(&span, table, &COMMON)?;
            if !(1..=MOST_STAGES).contains(&stairs.levels) {
                let what = format!("`levels` is {}; it is from 1 to {MOST_STAGES}", stairs.levels);
                return Err(Problem::new(span, what).into());
            }
            stairs.stages()
        }
        Kind::Overload => {
            let overload: raw::Overload = body(&span, table, &COMMON)?;
            if overload.multiples.is_empty() {
                let what = "`multiples` is empty; write [1.5, 2, 3]";
                return Err(Problem::new(span, what).into());
            }
            overload.stages()
        }
        Kind::Recover => body::<raw::Recover>(&span, table, &COMMON)?.stages(),
        Kind::Spike => body::<raw::Spike>(&span, table, &COMMON)?.stages(),
        Kind::Herd => body::<raw::Herd>(&span, table, &COMMON)?.stages(),
        Kind::Flood => {
            let flood: raw::Flood = body(&span, table, &COMMON)?;
            own.flood = flood.times;
            own.dishonest.get_or_insert(0.0);
            own.lies.get_or_insert_with(Lies::of_a_flood);
            flood.stages()
        }
        Kind::Burst => body::<raw::Burst>(&span, table, &COMMON)?.stages(),
        Kind::Replay => replay(&body(&span, table, &COMMON)?, files)?,
    };
    let name = common.name.unwrap_or_else(|| kind.as_str().to_owned());
    if name.is_empty() || name.len() > LONGEST_TEXT || name.chars().any(char::is_control) {
        return Err(Problem::new(span, "a phase's name is a short line of text").into());
    }
    let aside = if own.unmeasured { " (not measured)" } else { "" };
    let phase = |stage: Stage| PhasePlan {
        name: match stage.step {
            Some(step) => format!("{name} {step}{aside}"),
            None => format!("{name}{aside}"),
        },
        course: stage.course,
        own: own.clone(),
    };
    Ok((kind, stages.into_iter().map(phase).collect()))
}

fn replay(replay: &raw::Replay, files: Files<'_>) -> Result<Vec<Stage>, Fault> {
    let name = replay.file.get_ref();
    let text = files(name).map_err(|why| {
        Problem::new(replay.file.span(), format!("the trace `{name}` cannot be read: {why}"))
    })?;
    let trace = trace::read(name, &text, replay.speed.unwrap_or(1.0)).map_err(Fault::Trace)?;
    Ok(vec![Stage { step: None, course: Course::Trace(trace) }])
}

fn body<T: DeserializeOwned>(
    span: &Range<usize>,
    table: DeTable<'_>,
    others: &[&str],
) -> Result<T, Problem> {
    let value = Spanned::new(span.clone(), DeValue::Table(table));
    T::deserialize(ValueDeserializer::from(value))
        .map_err(|error| Problem::of(&error, span.clone(), others))
}

fn law(law: Law) -> Arrivals {
    match law {
        Law::Constant => Arrivals::Constant,
        Law::Poisson => Arrivals::Poisson,
    }
}

fn mix(mix: MixRaw) -> Mix {
    Mix { attest: mix.attest, assert: mix.assert, challenge: mix.challenge }
}

fn lies(given: &LiesRaw) -> Result<Lies, Problem> {
    let lie = |(name, weight): (&String, &u32)| {
        let lie = Lie::from_name(name).ok_or_else(|| {
            let known = Lie::ALL.map(Lie::name);
            Problem::new(given.span(), format!("`{name}` is no lie{}", suggestion(name, &known)))
        })?;
        Ok((lie, *weight))
    };
    given.get_ref().iter().map(lie).collect::<Result<_, _>>().map(Lies)
}
