//! What a record comes to: counts, groups, and one sentence.
//!
//! Written as `summary.json`; fields are added, never renamed, within schema 1.

mod attack;
mod case;
mod cases;
mod conclusion;
mod constant;
mod evidence;
mod fleet;
pub(crate) mod gate;
mod generator;
mod headline;
pub(crate) mod known;
mod load;
mod recovery;
mod trend;
mod trust;

pub use case::{Case, Excuse, Side, Worded};
pub use cases::{Cases, Clause, Unmapped};
pub use conclusion::{Standing, Step};
pub use constant::Constant;
pub use fleet::{Fleet, MillisQuantiles};
pub use generator::GeneratorSecond;
pub use headline::{Coverage, Headline, Tally};
pub(crate) use load::of_kind;
pub use load::{ClassRow, Correctness, Kind, Load, PhaseSummary, Quantiles, Row, Second, kind_of};
pub use recovery::{Recovery, Turn};
pub(crate) use trend::LEAST_S;
pub use trend::{Figure, Trend};

use crate::text::{clean, clean_block};
use record::{EventKind, Evidence, GateHeld, Header, KnownFailures, Machine, Record, TargetInfo};
use serde::Serialize;
use std::collections::BTreeMap;

/// Everything a report shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// Version of this format.
    pub schema: u32,
    /// What the run comes to, in a word.
    pub standing: Standing,
    /// What the run comes to, in the sentence that every rendering begins with.
    pub sentence: String,
    /// The parts of that sentence, the gravest first.
    pub statements: Vec<String>,
    /// What the server does whatever it is sent, if it always does the same.
    pub constant: Option<Constant>,
    /// Three numbers and a coverage; there is no single percentage.
    pub headline: Headline,
    /// What to do next, most pressing first.
    pub next: Vec<Step>,
    /// Whether the record is whole.
    pub completeness: Completeness,
    /// Who ran what against whom, where.
    pub run: Run,
    /// The cases, if any were played or planned.
    pub cases: Cases,
    /// The failures that were known before, if the run was held against any.
    pub known: Option<KnownFailures>,
    /// What the gate found, if the run was held against one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<GateHeld>,
    /// The load attacks, in order.
    pub load: Vec<Load>,
    /// Warnings, and parts that could not be done, in order.
    pub notes: Vec<String>,
    /// What failing cases sent, by case. The record holds it; `summary.json` would only repeat it.
    #[serde(skip)]
    pub evidence: BTreeMap<String, Evidence>,
}

/// Whether the record is whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Completeness {
    /// The run reached its end, nobody cut it short, and each load attack dealt with every arrival.
    pub complete: bool,
    /// The last line of the record is there.
    pub finished: bool,
    /// The user cut the run short.
    pub interrupted: bool,
    /// The exit code the command ended with, if it reached its end.
    pub exit_code: Option<u8>,
    /// The case that was in play when the run ended, if one was.
    pub died_in: Option<String>,
}

/// Who ran what against whom, where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Run {
    /// Version of the record's format.
    pub record_schema: u32,
    /// Version of the harness.
    pub assay: String,
    /// The command line that repeats the run.
    pub command: String,
    /// The seed of everything random.
    pub seed: String,
    /// Wall-clock start, RFC 3339 in UTC.
    pub started: String,
    /// Seconds from the first event to the last.
    pub lasted_s: f64,
    /// The server under test.
    pub target: TargetInfo,
    /// The machine that ran the harness.
    pub machine: Machine,
}

impl Summary {
    /// Version of the format of `summary.json`.
    pub const SCHEMA: u32 = 1;

    /// Lays the load of an earlier run beneath this one's, first to first, for plots to draw.
    pub fn beside(&mut self, earlier: &Self) {
        for (load, before) in self.load.iter_mut().zip(&earlier.load) {
            load.earlier.clone_from(&before.rows);
        }
    }

    /// Folds a record. Pure: the same record gives the same summary.
    pub fn fold(record: &Record) -> Self {
        let cases = Cases::fold(record);
        let load = attack::fold(record);
        let completeness = completeness(record, &load);
        let headline = Headline::of(&cases, &load);
        let standing = Standing::of(&cases, &load, &completeness);
        let constant = Constant::of(record);
        let statements = conclusion::statements(
            &cases,
            &load,
            &completeness,
            constant,
            record.header.target.trust,
        );
        let run = run(record);
        Self {
            schema: Self::SCHEMA,
            standing,
            sentence: statements.join(" "),
            statements,
            next: conclusion::next(&cases, &load, &completeness, constant, &run.command),
            constant,
            headline,
            completeness,
            run,
            cases,
            known: known::of(record),
            gate: gate::of(record),
            load,
            notes: record.events.iter().filter_map(note).collect(),
            evidence: evidence::fold(&record.events),
        }
    }

    /// What the run comes to apart from cases that failed or could not be decided, about which a
    /// gate has decided.
    pub fn standing_beside_gate(&self) -> Standing {
        let Cases { known, failed, inconclusive, .. } = self.cases;
        let known = known + failed + inconclusive;
        let cases = Cases { known, failed: 0, inconclusive: 0, ..self.cases.clone() };
        Standing::of(&cases, &self.load, &self.completeness)
    }
}

fn note(event: &record::Event) -> Option<String> {
    match &event.kind {
        EventKind::Note { text } => Some(clean(text)),
        EventKind::RunStarted(_)
        | EventKind::CasesPlanned(_)
        | EventKind::CaseStarted(_)
        | EventKind::Evidence(_)
        | EventKind::CaseObserved(_)
        | EventKind::CaseFinished(_)
        | EventKind::KnownFailures(_)
        | EventKind::GateHeld(_)
        | EventKind::LoadStarted(_)
        | EventKind::LoadWindow(_)
        | EventKind::WrongAnswer(_)
        | EventKind::LoadSecond(_)
        | EventKind::TargetSecond(_)
        | EventKind::FleetSecond(_)
        | EventKind::FleetFinished(_)
        | EventKind::LoadFinished(_)
        | EventKind::RunFinished(_) => None,
    }
}

fn completeness(record: &Record, load: &[Load]) -> Completeness {
    let finished = record.finished.as_ref();
    let mut in_play = None;
    for event in &record.events {
        match &event.kind {
            EventKind::CaseStarted(case) => in_play = Some(case.id.as_str()),
            EventKind::CaseFinished(case) if in_play == Some(case.id.as_str()) => in_play = None,
            _other => {}
        }
    }
    let interrupted = finished.is_some_and(|finished| finished.interrupted);
    Completeness {
        complete: finished.is_some() && !interrupted && load.iter().all(|load| load.complete),
        finished: finished.is_some(),
        interrupted,
        exit_code: finished.map(|finished| finished.exit_code),
        died_in: in_play.map(clean),
    }
}

fn run(record: &Record) -> Run {
    let Header { schema, assay, command, seed, started, target, machine } = &record.header;
    Run {
        record_schema: *schema,
        assay: clean(assay),
        command: clean_block(command),
        seed: clean(seed),
        started: clean(started),
        lasted_s: record.events.iter().map(|event| event.at).fold(0.0, f64::max),
        target: TargetInfo {
            name: clean(&target.name),
            nodes: target.nodes.iter().map(|node| clean(node)).collect(),
            app_id: clean(&target.app_id),
            environment: clean(&target.environment),
            trust: target.trust,
            policy: target.policy.iter().map(|(name, value)| (clean(name), clean(value))).collect(),
        },
        machine: Machine {
            system: clean(&machine.system),
            cpu: clean(&machine.cpu),
            cores: machine.cores,
        },
    }
}
