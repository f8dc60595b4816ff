//! Plays cases against a target, family by family, and emits what came of each.

mod breaker;
mod evidence;
mod finished;
mod observe;
mod player;
mod premises;

pub(crate) use breaker::Breaker;
pub(crate) use evidence::evidence;
pub(crate) use finished::finished;
pub use observe::trust;
pub(crate) use observe::{Observer, honest};
pub use premises::premises;

use crate::StopFlag;
use crate::conversation::{Clock, Stage};
use catalogue::{Action, Base, Case, Premises};
use player::Player;
use protocol::verify::Rule;
use record::{
    CaseObserved, CaseStarted, CasesPlanned, Event, EventKind, Honest, Sink, TwinObserved,
    Unplayed, Wording,
};
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
    /// How many times each case is played, each time with other keys.
    pub times: u32,
    /// If each is played once: how many failing cases are played a second time, so that what comes
    /// out otherwise is found to be unstable.
    pub replays: u32,
    /// Of which cases the bytes are recorded.
    pub evidence: Keep,
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

/// Of which cases the bytes are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Of none, which saves making their twins.
    Nothing,
    /// Of so many cases that fail.
    Failing(u32),
    /// Of every case.
    Everything,
}

/// Failing cases whose bytes are recorded, unless the plan says otherwise: more are not read.
pub const EVIDENCE: Keep = Keep::Failing(100);

/// Failing cases that are played a second time, unless the plan says otherwise.
pub const REPLAYS: u32 = 20;

/// Plays the cases of a plan one after the other; those that wait for a challenge to expire wait
/// all at once and beside the others, and are finished last.
///
/// A case is finished when its family is: only then is it known whether honest devices are still
/// accepted, without which no refusal is evidence. Once `stop` is set no further case begins, and
/// refusals that still want their second twin are inconclusive. A target that never says anything
/// is given up: the rest is inconclusive and not sent.
pub async fn run<T: Target>(plan: &Plan, target: &T, sink: &mut impl Sink, stop: &StopFlag) {
    let premises = premises(target.dialect(), plan.longest_wait);
    let stage = Stage {
        target,
        premises: &premises,
        authority: &plan.authority,
        clock: &plan.clock,
        keeps: plan.evidence != Keep::Nothing,
    };
    let player = Player::new(plan, stage);
    player.reset().await;
    let mut run = Run { player: &player, plan, sink, stop, twins: 0, before: BTreeMap::new() };
    let cases = as_played(&plan.cases, &premises);
    run.emit(EventKind::CasesPlanned(planned(cases.len())));
    let (waiting, others): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| waits(case) && premises.missing(case).is_none());
    for case in waiting.iter().filter(|case| player.needs_twin(case)) {
        run.twin_before(case.base).await;
    }
    let beside = futures_util::future::join_all(
        waiting.iter().map(|case| async { (*case, player.play_times(case).await) }),
    );
    let in_turn = async {
        for family in families(&others) {
            run.family(&family).await;
        }
    };
    let patient = async {
        tokio::select! {
            waited = beside => waited,
            () = stopped(stop) => Vec::new(),
        }
    };
    let (waited, ()) = tokio::join!(patient, in_turn);
    run.conclude(waited).await;
}

/// The cases as they are played: where no simulated device may be let in, what is left of them.
fn as_played(cases: &[Case], premises: &Premises) -> Vec<Case> {
    let bare = |case: &Case| case.untrusted().unwrap_or_else(|| case.clone());
    cases
        .iter()
        .map(|case| if premises.trusts_test_root { case.clone() } else { bare(case) })
        .collect()
}

/// Returns once somebody wants the run to end.
async fn stopped(stop: &StopFlag) {
    while !stop.load(Ordering::Relaxed) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The cases by family, each family where its first case stands.
fn families<'c>(cases: &[&'c Case]) -> Vec<Vec<&'c Case>> {
    let mut families: Vec<Vec<&Case>> = Vec::new();
    for case in cases {
        match families.iter_mut().find(|family| family[0].family == case.family) {
            Some(family) => family.push(case),
            None => families.push(vec![case]),
        }
    }
    families
}

/// What a report says about clauses and rules, and of how many cases.
pub(crate) fn planned(cases: usize) -> CasesPlanned {
    let wording = |id: &str, words: &str| Wording { id: id.to_owned(), words: words.to_owned() };
    // The register is part of the build and tested; without it a report names ids only.
    let clauses = catalogue::clauses().unwrap_or_default();
    CasesPlanned {
        cases: cases as u64,
        clauses: clauses.iter().map(|clause| wording(&clause.id, &clause.words)).collect(),
        rules: Rule::ALL.iter().map(|rule| wording(rule.id(), rule.requirement())).collect(),
    }
}

struct Run<'a, T, S> {
    player: &'a Player<'a, T>,
    plan: &'a Plan,
    sink: &'a mut S,
    stop: &'a StopFlag,
    /// Twins played so far: each has a device of its own.
    twins: u64,
    /// What became of the first twin of each base.
    before: BTreeMap<Base, Honest>,
}

impl<'c, T: Target, S: Sink> Run<'_, T, S> {
    async fn family(&mut self, cases: &[&'c Case]) {
        let mut played = Vec::new();
        for case in cases {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            self.emit(EventKind::CaseStarted(CaseStarted { id: case.id.clone() }));
            if let Some(why) = self.player.stage.premises.missing(case) {
                let why = Unplayed::NotApplicable { why };
                self.finish(case, &self.player.observer.unplayed(case, why));
                continue;
            }
            let before = if self.player.needs_twin(case) {
                self.twin_before(case.base).await
            } else {
                Honest::Unneeded
            };
            let observed = self.player.play(case, &before).await;
            if self.player.needs_twin(case) {
                played.push((*case, observed));
            } else {
                self.finish(case, &observed);
            }
        }
        self.finish_between_twins(played).await;
    }

    /// Finishes the cases that waited beside the others.
    async fn conclude(&mut self, waited: Vec<(&'c Case, CaseObserved)>) {
        for (case, _) in &waited {
            self.emit(EventKind::CaseStarted(CaseStarted { id: case.id.clone() }));
        }
        self.finish_between_twins(waited).await;
    }

    /// Plays the second twin of each base, then finishes the cases.
    async fn finish_between_twins(&mut self, played: Vec<(&'c Case, CaseObserved)>) {
        let needing = played.iter().filter(|(case, _)| self.player.needs_twin(case));
        let bases: BTreeSet<Base> = needing.map(|(case, _)| case.base).collect();
        let mut after = BTreeMap::new();
        for base in bases {
            let twin = if self.stop.load(Ordering::Relaxed) {
                let why = "the run was interrupted before it was played".to_owned();
                Honest::NotPlayed { why }
            } else {
                self.twin(base).await
            };
            after.insert(base, twin);
        }
        for (case, mut observed) in played {
            if self.player.needs_twin(case) {
                let of = |twins: &BTreeMap<Base, Honest>| {
                    twins.get(&case.base).cloned().unwrap_or_default()
                };
                observed.twin = TwinObserved { before: of(&self.before), after: of(&after) };
            }
            self.finish(case, &observed);
        }
    }

    /// What became of the first twin of a base, which is played if it has not been.
    async fn twin_before(&mut self, base: Base) -> Honest {
        if let Some(known) = self.before.get(&base) {
            return known.clone();
        }
        let twin = self.twin(base).await;
        self.before.insert(base, twin.clone());
        twin
    }

    async fn twin(&mut self, base: Base) -> Honest {
        self.twins += 1;
        self.player.twin(base, self.twins).await
    }

    fn finish(&mut self, case: &Case, observed: &CaseObserved) {
        let finished = finished(case, observed, (self.plan.repeat)(&case.id));
        if let Some(evidence) = self.player.evidence(&case.id, &finished.verdict) {
            self.emit(EventKind::Evidence(Box::new(evidence)));
        }
        self.emit(EventKind::CaseObserved(Box::new(observed.clone())));
        self.emit(EventKind::CaseFinished(Box::new(finished)));
    }

    fn emit(&mut self, kind: EventKind) {
        self.sink.emit(&Event { at: self.plan.began.elapsed().as_secs_f64(), kind });
    }
}

/// Whether a case lets the lifetime of a challenge pass.
fn waits(case: &Case) -> bool {
    case.steps.iter().any(|step| step.action == Action::Wait)
}
