//! Plays cases against a target, family by family, and emits what came of each.

mod finished;
mod premises;

pub use premises::premises;

use crate::StopFlag;
use crate::conversation::{Clock, PlayError, Played, Stage};
use crate::judge::{Twin, is_accepted};
use catalogue::{Base, Case, Expectation};
use finished::{not_applicable, verdict_on};
use protocol::verify::Rule;
use record::{CaseFinished, CaseStarted, CasesPlanned, Event, EventKind, Sink, Wording};
use simulator::{Authority, Seed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use targets::Target;

/// Which cases are played, and with what.
pub struct Plan {
    /// The cases; families are played in the order of their first case.
    pub cases: Vec<Case>,
    /// The test authority whose roots the target trusts.
    pub authority: Authority,
    /// The seed of the run.
    pub seed: Seed,
    /// Tells the keys and accounts of this run from those of others with the same seed. A server
    /// that starts empty needs no other number than 0.
    pub session: u64,
    /// The longest lifetime of a challenge that is waited for.
    pub longest_wait: Duration,
    /// Tells the time to the devices.
    pub clock: Clock,
    /// When the run began: events count from it.
    pub began: Instant,
    /// The command that repeats the case of that id alone.
    pub repeat: Box<dyn Fn(&str) -> String + Send + Sync>,
}

impl std::fmt::Debug for Plan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plan")
            .field("cases", &self.cases.len())
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Plays the cases of a plan one after the other.
///
/// A case is finished when its family is: only then is it known whether honest devices are still
/// accepted, without which no refusal is evidence. Once `stop` is set no further case begins, and
/// refusals that still want their second twin are inconclusive.
pub async fn run<T: Target>(plan: &Plan, target: &T, sink: &mut impl Sink, stop: &StopFlag) {
    let premises = premises(target.dialect(), plan.longest_wait);
    let seed = plan.seed.child("session", plan.session);
    let mut run = Run {
        stage: Stage {
            target,
            premises: &premises,
            authority: &plan.authority,
            clock: &plan.clock,
        },
        plan,
        sink,
        seed,
        twins: 0,
        before: BTreeMap::new(),
    };
    run.emit(EventKind::CasesPlanned(planned(&plan.cases)));
    for family in families(&plan.cases) {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        run.family(&family, stop).await;
    }
}

/// The cases by family, each family where its first case stands.
fn families(cases: &[Case]) -> Vec<Vec<&Case>> {
    let mut families: Vec<Vec<&Case>> = Vec::new();
    for case in cases {
        match families.iter_mut().find(|family| family[0].family == case.family) {
            Some(family) => family.push(case),
            None => families.push(vec![case]),
        }
    }
    families
}

fn planned(cases: &[Case]) -> CasesPlanned {
    let wording = |id: &str, words: &str| Wording { id: id.to_owned(), words: words.to_owned() };
    // The register is part of the build and tested; without it a report names ids only.
    let clauses = catalogue::clauses().unwrap_or_default();
    CasesPlanned {
        cases: cases.len() as u64,
        clauses: clauses.iter().map(|clause| wording(&clause.id, &clause.words)).collect(),
        rules: Rule::ALL.iter().map(|rule| wording(rule.id(), rule.requirement())).collect(),
    }
}

struct Run<'a, T, S> {
    stage: Stage<'a, T>,
    plan: &'a Plan,
    sink: &'a mut S,
    seed: Seed,
    /// Twins played so far: each has a device of its own.
    twins: u64,
    /// What became of the first twin of each base.
    before: BTreeMap<Base, Option<String>>,
}

/// A case that was played and waits for its family to end.
struct Waiting<'a> {
    case: &'a Case,
    result: Result<Played, PlayError>,
}

impl<T: Target, S: Sink> Run<'_, T, S> {
    async fn family(&mut self, cases: &[&Case], stop: &StopFlag) {
        let mut waiting = Vec::new();
        for case in cases {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            self.emit(EventKind::CaseStarted(CaseStarted { id: case.id.clone() }));
            if let Some(why) = self.stage.premises.missing(case) {
                self.finish(not_applicable(case, why, &self.plan.repeat));
                continue;
            }
            if needs_twin(case) && !self.before.contains_key(&case.base) {
                let twin = self.twin(case.base).await;
                self.before.insert(case.base, twin);
            }
            let result = self.stage.play(case, &self.seed).await;
            let waits = needs_twin(case);
            let played = Waiting { case, result };
            if waits {
                waiting.push(played);
            } else {
                self.conclude(&played, &Twin::default());
            }
        }
        let bases: BTreeSet<Base> = waiting.iter().map(|played| played.case.base).collect();
        let mut after = BTreeMap::new();
        for base in bases {
            let twin = if stop.load(Ordering::Relaxed) {
                Some("the run was interrupted before it was played".to_owned())
            } else {
                self.twin(base).await
            };
            after.insert(base, twin);
        }
        for played in &waiting {
            let of = |twins: &BTreeMap<Base, Option<String>>| {
                twins.get(&played.case.base).cloned().flatten()
            };
            self.conclude(played, &Twin { before: of(&self.before), after: of(&after) });
        }
    }

    /// Plays an honest exchange; why it was not accepted, if it was not.
    async fn twin(&mut self, base: Base) -> Option<String> {
        self.twins += 1;
        let seed = self.seed.child("twin", self.twins);
        match self.stage.play(&Case::twin(base), &seed).await {
            Err(error) => Some(error.to_string()),
            Ok(played) => match played.deciding() {
                Some(turn) if played.last.is_some() && is_accepted(&turn.exchange.decision) => None,
                Some(turn) => {
                    let Some(word) = finished::words(&turn.exchange.decision) else {
                        return Some(format!("{}: no decision", turn.what));
                    };
                    Some(format!("{}: {word}", turn.what))
                }
                None => Some("nothing was sent".to_owned()),
            },
        }
    }

    fn conclude(&mut self, waiting: &Waiting<'_>, twin: &Twin) {
        self.finish(verdict_on(waiting.case, &waiting.result, twin, &self.plan.repeat));
    }

    fn finish(&mut self, finished: CaseFinished) {
        self.emit(EventKind::CaseFinished(Box::new(finished)));
    }

    fn emit(&mut self, kind: EventKind) {
        self.sink.emit(&Event { at: self.plan.began.elapsed().as_secs_f64(), kind });
    }
}

/// Whether the verdict on a case may rest on a refusal.
fn needs_twin(case: &Case) -> bool {
    case.expectation == Expectation::Reject
}
