//! The events of a run. They carry facts, never how to show them.

use crate::{
    CaseObserved, ClassTimes, Evidence, FleetFinished, FleetSecond, GateHeld, Histogram,
    KnownFailures, LoadSecond, Promise, TargetSecond, Trust, ValidityCheck, Verdict,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Seconds since the run started.
    pub at: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum EventKind {
    /// First line of every record.
    RunStarted(Header),
    /// Cases are about to be played: how many, and what their clauses and rules say.
    CasesPlanned(CasesPlanned),
    /// A case is about to be played; the last one without a `CaseFinished` is where a run died.
    CaseStarted(CaseStarted),
    /// What a failing case sent, beside what its twin would have sent.
    Evidence(Box<Evidence>),
    /// What was observed while a case was played; its verdict follows in `CaseFinished`.
    CaseObserved(Box<CaseObserved>),
    /// A case was played and judged.
    CaseFinished(Box<CaseFinished>),
    /// The failures that were known before, and what became of them.
    KnownFailures(Box<KnownFailures>),
    /// The gate that the run was held against, and what it found.
    GateHeld(Box<GateHeld>),
    /// A load attack begins.
    LoadStarted(LoadStarted),
    /// One second of one kind of operation under load.
    LoadWindow(Box<LoadWindow>),
    /// An answer under load that was wrong, with what repeats it. At most a few are kept of each kind.
    WrongAnswer(WrongAnswer),
    /// One second of the generator under load.
    LoadSecond(Box<LoadSecond>),
    /// One second of the process of the server under test, where it can be seen.
    TargetSecond(TargetSecond),
    /// One second of a fleet of devices.
    FleetSecond(Box<FleetSecond>),
    /// What became of a fleet; stands before the end of its attack.
    FleetFinished(Box<FleetFinished>),
    /// A load attack ended.
    LoadFinished(LoadFinished),
    /// Something the reader should know: a warning, or a part that could not be done.
    Note {
        /// One sentence.
        text: String,
    },
    /// Last line of a complete record.
    RunFinished(RunFinished),
}

/// Who ran what against whom, where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of this format: [`Header::SCHEMA`] when it was written.
    pub schema: u32,
    /// Version of the harness.
    pub assay: String,
    /// The command line that repeats the run, seed included.
    pub command: String,
    /// The seed of everything random, 64 hex digits.
    pub seed: String,
    /// Wall-clock start, RFC 3339 in UTC.
    pub started: String,
    /// The server under test.
    pub target: TargetInfo,
    /// The machine that ran the harness.
    pub machine: Machine,
}

impl Header {
    /// Version of the format that this build writes. Since 2 a record holds what was observed.
    pub const SCHEMA: u32 = 2;
}

/// The server under test, as its target file describes it. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TargetInfo {
    /// Name from the target file.
    pub name: String,
    /// Base URLs of its nodes.
    pub nodes: Vec<String>,
    /// The App ID it serves.
    pub app_id: String,
    /// The environment it serves.
    pub environment: String,
    /// Which roots it trusts.
    #[serde(default, skip_serializing_if = "Trust::is_default")]
    pub trust: Trust,
    /// Declared policy, one `name: value` each, as expectations follow it.
    pub policy: BTreeMap<String, String>,
}

/// The machine that ran the harness.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system and architecture.
    pub system: String,
    /// CPU model, if it can be read.
    pub cpu: String,
    /// Logical cores available.
    pub cores: usize,
}

/// Cases are about to be played.
///
/// A report needs it to say how much of the plan a killed run left undone, which clauses no case
/// reached, and what a clause or rule demands. Optional: without it a report names ids only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CasesPlanned {
    /// How many cases were selected.
    pub cases: u64,
    /// Every clause of the register in its own order, those without a case included.
    pub clauses: Vec<Wording>,
    /// Every rule that cases may break, in the order they are applied.
    pub rules: Vec<Wording>,
}

/// A clause or a rule and what it demands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    /// Its id, as cases name it.
    pub id: String,
    /// What it demands, in one sentence.
    pub words: String,
}

/// A case is about to be played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseStarted {
    /// The case's permanent id.
    pub id: String,
}

/// A case was played and judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseFinished {
    /// The case's permanent id.
    pub id: String,
    /// One line that says what it is about.
    pub title: String,
    /// The family (file) it belongs to.
    pub family: String,
    /// The rules that the lie breaks; for an accept case the rule whose over-strict reading it would catch.
    pub rules: Vec<String>,
    /// The clauses it exercises.
    pub clauses: Vec<String>,
    /// must, should, may or info.
    pub level: String,
    /// critical, high, medium or low.
    pub severity: String,
    /// What failing it would be: false-accept, false-reject, crash, …
    pub class: String,
    /// accept, reject, either, or one of those sent together.
    pub expectation: String,
    /// What the target decided, in the words of the decision type.
    pub decision: String,
    /// The reason the target gave, if any.
    pub reason: Option<String>,
    /// HTTP status of the deciding answer.
    pub status: Option<u16>,
    /// Milliseconds from request to decision.
    pub elapsed_ms: f64,
    /// The beginning of the deciding answer, printable, secrets masked.
    pub excerpt: String,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Why it matters.
    pub matters: String,
    /// How to mend it.
    pub fix: String,
    /// The command that repeats this case alone.
    pub repeat: String,
}

impl CaseFinished {
    /// Whether failing it is a failure of the server; otherwise it is advice. An unknown level
    /// binds: better a failure too many than one overlooked.
    pub fn binds(&self) -> bool {
        !matches!(self.level.as_str(), "should" | "may" | "info")
    }
}

/// One phase of a load plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Its name, unique in the plan.
    pub name: String,
    /// Seconds from the start of the attack.
    pub from_s: f64,
    /// Its length in seconds.
    pub for_s: f64,
    /// Arrivals a second.
    pub rate: f64,
    /// Whether Apple's simulated service is away meanwhile.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub apple_down: bool,
}

/// A load attack begins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadStarted {
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// Which share of arrivals is which operation, and how many are dishonest, in words.
    pub mix: String,
    /// The arrival law: `constant` or `poisson`.
    pub arrivals: String,
    /// Users that wait for arrivals, hence the most requests in flight.
    pub users: usize,
    /// Seconds after which an answer counts as a timeout.
    pub timeout_s: f64,
    /// How soon honest requests are promised to be answered; empty if nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub promises: Vec<Promise>,
}

/// One second of one kind of operation under load, by intended start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LoadWindow {
    /// Name of the phase.
    pub phase: String,
    /// Second since the start of the attack.
    pub second: u64,
    /// challenge, attest or assert.
    pub operation: String,
    /// Whether the requests were honest; a dishonest one is right when it is refused.
    pub honest: bool,
    /// Arrivals the schedule held for this second.
    pub offered: u64,
    /// Arrivals that were sent.
    pub sent: u64,
    /// Arrivals given up because no user was free: the generator's fault.
    pub dropped: u64,
    /// Arrivals per class: `right`, `false-accept`, `false-reject`, `shed`, `error`, `timeout`, `crash`, `unreadable`, `unreachable`.
    pub classes: BTreeMap<String, u64>,
    /// Microseconds from intended start to the end of the answer.
    pub response: Histogram,
    /// Microseconds from the actual send to the end of the answer.
    pub service: Histogram,
    /// Microseconds from intended start to the actual send.
    pub lag: Histogram,
    /// Response and service times of each class, where a second holds several: what was refused at
    /// once must not make what was served look fast. Those of one class alone stand above.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub by_class: BTreeMap<String, ClassTimes>,
}

impl LoadWindow {
    /// Each class with its response and service times; none if the record does not tell them apart.
    pub fn class_times(&self) -> impl Iterator<Item = (&str, &Histogram, &Histogram)> {
        let only = (self.by_class.is_empty() && self.classes.len() == 1)
            .then(|| self.classes.keys().map(|class| (&**class, &self.response, &self.service)));
        let several = self.by_class.iter().map(|(class, of)| (&**class, &of.response, &of.service));
        only.into_iter().flatten().chain(several)
    }
}

/// An answer under load that was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrongAnswer {
    /// Number of the arrival in the schedule.
    pub arrival: u64,
    /// challenge, attest or assert.
    pub operation: String,
    /// Class of the answer: false-accept, false-reject, …
    pub class: String,
    /// What was sent and what came back, in one sentence.
    pub what: String,
    /// HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// The command that repeats it.
    pub repeat: String,
}

/// A load attack ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LoadFinished {
    /// Whether every planned arrival was dealt with.
    pub complete: bool,
    /// Why the measurement says nothing about the target, one sentence each; empty if it is valid.
    pub invalid: Vec<String>,
    /// Service time as goose saw it, in its own words, for comparison only.
    pub goose: String,
    /// What must hold for the measurement to be valid, and how it came out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<ValidityCheck>,
    /// Dishonest requests that were decided, those of the audit included; 0 if nobody counted.
    #[serde(default)]
    pub probes: u64,
    /// Of these, accepted.
    #[serde(default)]
    pub false_accepts: u64,
    /// Keys that were asked once more after the load.
    #[serde(default)]
    pub audited: u64,
    /// Whether the user cut the attack short.
    #[serde(default)]
    pub interrupted: bool,
}

/// Last line of a complete record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFinished {
    /// Whether the run was cut short by the user.
    pub interrupted: bool,
    /// The exit code that the command ends with.
    pub exit_code: u8,
}
