//! What happened in a run: the only thing runners write and reports read.
//!
//! A record is a file of JSON lines, one [`Event`] each, flushed as it goes. The first line is
//! [`EventKind::RunStarted`], the last [`EventKind::RunFinished`]; a record without the last is
//! incomplete and still readable. Rules, cases and operations are plain strings here, so that a
//! record outlives the catalogue that made it.

pub mod event;
pub mod evidence;
pub mod gate;
pub mod histogram;
pub mod jsonl;
pub mod known;
pub mod load;
pub mod observed;
pub mod verdict;

pub use event::{
    CaseFinished, CaseStarted, CasesPlanned, Event, EventKind, Header, LoadFinished, LoadStarted,
    LoadWindow, Machine, Phase, RunFinished, TargetInfo, Wording, WrongAnswer,
};
pub use evidence::{ByteDifference, Evidence, PartBytes, SentObject, SentRequest};
pub use gate::{Baseline, BaselineFailure, Because, Borne, Breach, BreachKind, Demands, GateHeld};
pub use histogram::Histogram;
pub use jsonl::{JsonLines, Record, RecordError, Sink};
pub use known::{KnownCase, KnownEntry, KnownFailures, KnownStanding};
pub use load::{
    Assumption, Basis, CheckStanding, ClassTimes, FleetFinished, FleetSecond, LoadSecond, Promise,
    TargetSecond, ValidityCheck,
};
pub use observed::{
    Attempt, CaseObserved, Honest, Observed, ObservedDecision, ReasonMode, Trust, Truth,
    TwinObserved, Unplayed,
};
pub use verdict::{Failure, Verdict};
