//! Plays single cases, as often as asked, and keeps an eye on the target.

use super::breaker::Breaker;
use super::evidence::evidence;
use super::observe::{Observer, honest};
use super::{Keep, Plan};
use crate::conversation::{Played, Stage};
use catalogue::Expectation;
use catalogue::{Base, Case};
use record::{Attempt, CaseObserved, Evidence, Honest, TwinObserved, Unplayed, Verdict};
use simulator::Seed;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use targets::{Decision, Facts, Operation, Saved, Target};

/// Plays single cases.
pub(super) struct Player<'a, T> {
    pub(super) stage: Stage<'a, T>,
    pub(super) observer: Observer<'a>,
    pub(super) seed: Seed,
    pub(super) breaker: Breaker,
    /// Times that each case is played.
    times: u32,
    /// Failing cases that may still be played again.
    replays: AtomicU32,
    /// The first time each case was played, until it is judged, if evidence is wanted.
    kept: Mutex<BTreeMap<String, Played>>,
    /// Failing cases whose evidence may still be recorded.
    evidence: AtomicU32,
    keep: Keep,
}

impl<'a, T: Target> Player<'a, T> {
    pub(super) fn new(plan: &Plan, stage: Stage<'a, T>) -> Self {
        Self {
            observer: Observer::new(stage.target.dialect().file()),
            stage,
            seed: plan.seed.child("session", plan.session),
            breaker: Breaker::default(),
            times: plan.times.max(1),
            replays: AtomicU32::new(plan.replays),
            kept: Mutex::new(BTreeMap::new()),
            evidence: AtomicU32::new(match plan.evidence {
                Keep::Failing(most) => most,
                Keep::Nothing | Keep::Everything => 0,
            }),
            keep: plan.evidence,
        }
    }

    /// Plays a case as often as the plan asks. A case that fails is played once more with other
    /// keys, as long as there are replays left: what comes out otherwise is unstable.
    ///
    /// `before` is what became of its honest twin.
    pub(super) async fn play(&self, case: &Case, before: &Honest) -> CaseObserved {
        let mut observed = self.play_times(case).await;
        if self.times == 1 && fails(self.needs_twin(case), &observed, before) && self.may_replay() {
            self.play_once(case, 1, &mut observed).await;
        }
        observed
    }

    /// Plays a case as often as the plan asks and no more.
    pub(super) async fn play_times(&self, case: &Case) -> CaseObserved {
        let mut observed = self.observer.unobserved(case);
        for number in 0..self.times {
            if let Some(why) = self.breaker.given_up() {
                if number == 0 {
                    observed.unplayed = Some(Unplayed::NotSent { why });
                }
                break;
            }
            self.play_once(case, number, &mut observed).await;
        }
        observed
    }

    /// Plays an honest exchange, the `number`th of the run.
    pub(super) async fn twin(&self, base: Base, number: u64) -> Honest {
        if let Some(why) = self.breaker.given_up() {
            return Honest::NotPlayed { why };
        }
        match self.stage.play(&Case::twin(base), &self.seed.child("twin", number)).await {
            Err(error) => Honest::NotPlayed { why: error.to_string() },
            Ok(played) => {
                let attempt: Attempt = self.observer.attempt(&played);
                self.breaker.note(&attempt);
                self.revive().await;
                honest(&attempt)
            }
        }
    }

    async fn play_once(&self, case: &Case, number: u32, observed: &mut CaseObserved) {
        let seed = match number {
            0 => self.seed,
            again => self.seed.child("again", u64::from(again)),
        };
        match self.stage.play(case, &seed).await {
            Ok(played) => {
                let attempt = self.observer.attempt(&played);
                self.breaker.note(&attempt);
                self.revive().await;
                observed.attempts.push(attempt);
                if number == 0 && self.stage.keeps {
                    self.kept().insert(case.id.clone(), played);
                }
            }
            Err(error) => {
                let why = format!("it could not be played: {error}");
                observed.unplayed = Some(Unplayed::NotSent { why });
            }
        }
    }

    /// Restarts a server that died, if the target file says how.
    async fn revive(&self) {
        let is_known = self.stage.target.dialect().file().restart.is_some();
        if is_known
            && self.breaker.wants_restart()
            && let Err(why) = self.stage.target.restart().await
        {
            self.breaker.bar(format!("the server died and could not be restarted: {why}"));
        }
    }

    /// Resets every node, if the target file spells how: nothing is played on what an earlier run left.
    pub(super) async fn reset(&self) {
        let dialect = self.stage.target.dialect();
        if !dialect.speaks(Operation::Reset) {
            return;
        }
        for node in 0..dialect.file().nodes.len() {
            let mut facts = Facts::new("assay-reset", format!("assay-reset-{node}"));
            facts.node = node;
            let mut saved = Saved::new();
            let sent = self.stage.target.perform(Operation::Reset, &facts, &mut saved).await;
            let why = match sent {
                Ok(exchange) if matches!(exchange.decision, Decision::Accepted { .. }) => continue,
                Ok(exchange) => {
                    let status = exchange.status.map(|status| format!(", status {status}"));
                    let word = exchange.decision.as_str();
                    format!("{word}{} {}", status.unwrap_or_default(), exchange.excerpt)
                }
                Err(error) => error.to_string(),
            };
            let why = why.trim_end();
            return self.breaker.bar(format!("the reset before the first case failed ({why})"));
        }
    }

    /// What a case sent, if that is wanted: of failing cases while there is room. Forgets it either way.
    pub(super) fn evidence(&self, id: &str, verdict: &Verdict) -> Option<Evidence> {
        let played = self.kept().remove(id)?;
        let fails = matches!(verdict, Verdict::Fail { .. });
        (self.keep == Keep::Everything || fails && one_less(&self.evidence))
            .then(|| evidence(id, &played, self.stage.target.dialect()))
    }

    /// Whether the verdict on a case may rest on a refusal that a twin must back.
    pub(super) fn needs_twin(&self, case: &Case) -> bool {
        case.expectation == Expectation::Reject && self.stage.premises.trusts_test_root
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Played>> {
        // Nothing is done under the lock that could leave the map half changed.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn may_replay(&self) -> bool {
        self.breaker.hears() && one_less(&self.replays)
    }
}

/// Whether a case fails as far as can be told before its second twin was played.
fn fails(needs_twin: bool, observed: &CaseObserved, before: &Honest) -> bool {
    let twin = if needs_twin {
        TwinObserved { before: before.clone(), after: before.clone() }
    } else {
        TwinObserved::default()
    };
    let verdict = judge::judge(&CaseObserved { twin, ..observed.clone() });
    matches!(verdict, Verdict::Fail { .. })
}

/// Takes one, if any is left.
fn one_less(left: &AtomicU32) -> bool {
    let less = |left: u32| left.checked_sub(1);
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
}
