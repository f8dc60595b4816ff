//! The doctor: finds what is wrong with a target file, or with the server it is about, before any
//! case is played.
//!
//! Most wrong results are wrong configuration. The checks go from the file to the network to what
//! the server accepts; each stops what depends on it. Where an honest request is refused, other
//! conventions are tried, the likeliest first, and then single things about the device, until one
//! is accepted; what was found is told as lines to paste. From there on the changed file is used, so
//! that one examination finds everything.

mod answers;
mod apply;
mod around;
mod cause;
mod challenge;
mod conventions;
mod coverage;
mod diagnosis;
mod edit;
mod finding;
mod misread;
mod nodes;
mod phase;
mod probes;
mod quest;
mod rules;
mod told;
mod ward;

pub use apply::{ApplyError, apply, line_of};
pub use edit::Edit;
pub use finding::{Check, Finding, Standing};
pub use nodes::reach;

use crate::StopFlag;
use crate::conversation::Clock;
use catalogue::{Base, Case, Kind};
use serde::Serialize;
use simulator::{Authority, Generation, Seed};
use std::time::Duration;
use targets::{DialectError, HttpTarget, InProcess, Target, TargetFile};
use ward::Ward;

/// A server that can be spoken to in another way: what the doctor needs to try conventions.
pub trait Pliable: Target + Sized {
    /// The same server, spoken to as another file says.
    fn speaking(&self, file: &TargetFile) -> Result<Self, DialectError>;
}

impl Pliable for HttpTarget {
    fn speaking(&self, file: &TargetFile) -> Result<Self, DialectError> {
        self.speaking(file)
    }
}

impl Pliable for InProcess {
    fn speaking(&self, file: &TargetFile) -> Result<Self, DialectError> {
        self.speaking(file)
    }
}

/// What an examination is made with.
pub struct Plan {
    /// The authority whose root the server should trust.
    pub authority: Authority,
    /// Devices, accounts and their keys follow from it.
    pub seed: Seed,
    /// Tells the keys of examinations with one seed apart.
    pub session: u64,
    /// Tells the time to the devices.
    pub clock: Clock,
    /// The cases that somebody wants to run.
    pub cases: Vec<Case>,
    /// The longest lifetime of a challenge that a run waits for.
    pub longest_wait: Duration,
    /// Requests sent at once to see whether the server throttles; 0 for none.
    pub burst: u32,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("cases", &self.cases.len())
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Cases that cannot run for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unplayable {
    /// The reason.
    pub why: String,
    /// How many.
    pub cases: usize,
    /// The line of the target file that would let them run, if one would.
    pub line: Option<&'static str>,
}

/// What an examination came to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// Everything that was found, in order.
    pub findings: Vec<Finding>,
    /// How many cases can run, with the changes that were found.
    pub can_run: usize,
    /// The others.
    pub cannot_run: Vec<Unplayable>,
    /// Trials made; each is one to four requests.
    pub trials: u64,
}

impl Outcome {
    /// Whether nothing is broken.
    pub fn is_ready(&self) -> bool {
        self.findings.iter().all(|finding| finding.standing != Standing::Broken)
    }

    /// The changes that were found.
    pub fn edits(&self) -> impl Iterator<Item = &Edit> {
        self.findings.iter().flat_map(|finding| &finding.edits)
    }
}

/// Examines a server; what is found is told as it comes. Once `stop` is set nothing more is sent.
pub async fn examine<T: Pliable>(
    plan: &Plan,
    door: &T,
    stop: &StopFlag,
    tell: &mut dyn FnMut(&Finding),
) -> Outcome {
    // Its many conversations are a large future, which callers need not carry.
    Box::pin(examination(Ward::new(plan, door, stop), tell)).await
}

async fn examination<T: Pliable>(mut ward: Ward<'_, T>, tell: &mut dyn FnMut(&Finding)) -> Outcome {
    let mut told = Telling { findings: Vec::new(), next: 0, tell };
    told.findings.extend(rules::look(&mut ward.setting.file));
    told.tell();
    let accepted = accepts(&mut ward, &mut told).await;
    told.findings.push(around::clock(&ward.dates));
    told.tell();
    if accepted {
        told.findings.push(around::rate(&mut ward).await);
        told.findings.push(answers::reasons(&ward));
        told.tell();
    }
    let (can_run, cannot_run) = coverage::count(&ward);
    let Telling { findings, .. } = told;
    Outcome { findings, can_run, cannot_run, trials: ward.trials() }
}

/// Findings, of which some were told already.
struct Telling<'t> {
    findings: Vec<Finding>,
    next: usize,
    tell: &'t mut dyn FnMut(&Finding),
}

impl Telling<'_> {
    fn tell(&mut self) {
        for finding in &self.findings[self.next..] {
            (self.tell)(finding);
        }
        self.next = self.findings.len();
    }

    fn skip(&mut self, checks: &[Check], why: &str) {
        let skipped = checks.iter().map(|check| Finding::skipped(*check, why));
        self.findings.extend(skipped);
        self.tell();
    }
}

/// The checks that depend on each other; true if they all could be made.
async fn accepts<T: Pliable>(ward: &mut Ward<'_, T>, told: &mut Telling<'_>) -> bool {
    use Check::{Assertion, Attestation, Challenge, Garbage, Outputs, Rate, Reasons, Replay};
    let all = [Challenge, Attestation, Assertion, Garbage, Replay, Outputs, Rate, Reasons];
    if !challenge::nodes(ward, &mut told.findings).await {
        told.skip(&all, "a node does not answer");
        return false;
    }
    told.tell();
    let Some(challenge) = challenge::look(ward, &mut told.findings).await else {
        told.skip(&all[1..], "there is no challenge to go on with");
        return false;
    };
    told.tell();
    ward.setting.generation = generation(ward);
    let attested = phase::look(ward, Kind::Attestation, &challenge, &mut told.findings).await;
    told.tell();
    let Some(attested) = attested else {
        told.skip(&all[2..], "no key can be enrolled");
        return false;
    };
    let asserted = phase::look(ward, Kind::Assertion, &challenge, &mut told.findings).await;
    told.tell();
    let mut answers = vec![(Kind::Attestation, &attested)];
    answers.extend(asserted.iter().map(|told| (Kind::Assertion, told)));
    phase::garbage(ward, &answers, &mut told.findings).await;
    told.tell();
    let Some(asserted) = &asserted else {
        told.skip(&[Replay, Outputs, Rate, Reasons], "no request is accepted");
        return false;
    };
    told.findings.push(phase::replay(ward, asserted).await);
    told.findings.push(answers::outputs(&ward.setting.file, &[&attested, asserted]));
    coverage::policy(ward, &mut told.findings).await;
    told.tell();
    true
}

/// The shape of a device that the declared policy lets pass.
fn generation<T: Pliable>(ward: &Ward<'_, T>) -> Generation {
    let usual = [Generation::Ios26, Generation::Ios27, Generation::Ios17, Generation::Macos27];
    let Ok(dialect) = targets::Dialect::new(&ward.setting.file) else { return usual[0] };
    let premises = crate::conformance::premises(&dialect, ward.plan.longest_wait);
    let passes = |generation: &Generation| {
        let base = Base { kind: Kind::Attestation, generation: *generation };
        premises.missing(&Case::twin(base)).is_none()
    };
    usual.into_iter().find(passes).unwrap_or(usual[0])
}
