//! One server, asked about recipes: what it decides, and what the oracle sees in what was sent.

use super::lexicon::Lexicon;
use super::worth::worth;
use crate::conformance::{Breaker, Observer, honest};
use crate::conversation::{Made, Played, Stage, Turn};
use catalogue::oracle::{Challenge, SentAssertion, SentAttestation};
use catalogue::{Base, Case, Class, Expectation, Kind, Level, Oracle, Recipe, Seen, Severity};
use jiff::SignedDuration;
use record::{
    CaseObserved, Failure, Honest, ObservedDecision, ReasonMode, TwinObserved, Unplayed, Verdict,
};
use simulator::Seed;
use std::collections::BTreeMap;
use targets::{Field, Target};

/// What every trial is called while it is played: keys and accounts follow from its seed alone.
const TRIAL: &str = "fuzz.trial";

/// How far the clocks of devices and servers may be apart.
const APART: SignedDuration = SignedDuration::from_secs(2);

/// One server under test.
pub(super) struct Side<'a, T> {
    pub(super) stage: Stage<'a, T>,
    pub(super) breaker: Breaker,
    /// What became of the last honest device of each base.
    pub(super) honest: BTreeMap<Base, Honest>,
    observer: Observer<'a>,
    oracle: Oracle,
    session: u64,
    twins: u64,
}

/// What one server made of a recipe.
#[derive(Debug, Clone)]
pub(super) struct Tried {
    /// The recipe as a case, with what is expected.
    pub(super) case: Case,
    /// What was observed; twins are not part of it yet.
    pub(super) observed: CaseObserved,
    /// What went out and came back.
    pub(super) played: Played,
    /// What the oracle sees in it; `None` where it could not look.
    pub(super) seen: Option<Seen>,
}

impl<'a, T: Target> Side<'a, T> {
    pub(super) fn new(stage: Stage<'a, T>, oracle: Oracle, session: u64) -> Self {
        Self {
            observer: Observer::new(stage.target.dialect().file()),
            stage,
            breaker: Breaker::default(),
            honest: BTreeMap::new(),
            oracle,
            session,
            twins: 0,
        }
    }

    /// Asks about a recipe; an error says why it could not be sent.
    pub(super) async fn ask(
        &self,
        lexicon: &Lexicon,
        recipe: &Recipe,
        seed: &Seed,
    ) -> Result<Tried, String> {
        let case = recipe.case(TRIAL);
        let own = seed.child("session", self.session);
        let played = self.stage.play(&case, &own).await.map_err(|error| error.to_string())?;
        let attempt = self.observer.attempt(&played);
        self.breaker.note(&attempt);
        self.revive().await;
        let sight = self.look(recipe.base, &played);
        let case = worth(lexicon, recipe, sight.as_ref()).applied(case, sight.as_ref());
        let mut observed =
            CaseObserved { attempts: vec![attempt], ..self.observer.unobserved(&case) };
        // What lies around the values, or is at the edge of a rule, is a reason of its own.
        let around = recipe.edits.iter().any(|edit| edit.name().starts_with("wire."));
        if around || sight.as_ref().is_some_and(|sight| sight.unsure.is_some()) {
            observed.reason_mode = ReasonMode::Ignore;
        }
        Ok(Tried { case, observed, played, seen: sight })
    }

    /// Sends an honest device of that base, and keeps what became of it.
    pub(super) async fn twin(&mut self, base: Base, seed: &Seed) -> Honest {
        self.twins += 1;
        let seed = seed.child("session", self.session).child("twin", self.twins);
        let became = match self.stage.play(&Case::twin(base), &seed).await {
            Err(error) => Honest::NotPlayed { why: error.to_string() },
            Ok(played) => {
                let attempt = self.observer.attempt(&played);
                self.breaker.note(&attempt);
                self.revive().await;
                honest(&attempt)
            }
        };
        self.honest.insert(base, became.clone());
        became
    }

    /// Restarts a server that died, if its target file says how.
    async fn revive(&self) {
        let is_known = self.stage.target.dialect().file().restart.is_some();
        if is_known
            && self.breaker.wants_restart()
            && let Err(why) = self.stage.target.restart().await
        {
            self.breaker.bar(format!("the server died and could not be restarted: {why}"));
        }
    }

    /// What the oracle sees in the last request.
    fn look(&self, base: Base, played: &Played) -> Option<Seen> {
        let kept = played.last.first()?.kept.as_deref()?;
        let made = kept.made.as_ref()?;
        let key_id = bytes(kept.facts.key_id.as_ref())?;
        match base.kind {
            Kind::Attestation => {
                let sent = SentAttestation {
                    key_id,
                    object: bytes(kept.facts.attestation.as_ref())?,
                    client_data_hash: made.hash.as_deref()?,
                    challenge_issued: made.issued == made.used,
                };
                Some(about_now(made, &|at| self.oracle.attestation(&sent, at)))
            }
            Kind::Assertion => {
                let enrolled = played.before.iter().find_map(|turn: &Turn| turn.truth.as_ref())?;
                Some(self.oracle.assertion(&SentAssertion {
                    key_id,
                    object: bytes(kept.facts.assertion.as_ref())?,
                    client_data: kept.facts.client_data.as_deref()?,
                    challenge: Challenge {
                        issued: &made.issued,
                        used: &made.used,
                        in_json: self.stage.premises.client_data_is_json,
                    },
                    enrolled: (&enrolled.key_id, &enrolled.public_key),
                    stored_counter: enrolled.counter,
                }))
            }
        }
    }
}

/// What is seen whatever the server's clock shows, within reason.
fn about_now(made: &Made, look: &dyn Fn(jiff::Timestamp) -> Seen) -> Seen {
    let now = look(made.at);
    let around = [made.at.checked_sub(APART), made.at.checked_add(APART)];
    around.into_iter().flatten().map(look).fold(now, |seen, other| {
        let same = seen.broken == other.broken && seen.optional == other.optional;
        Seen {
            broken: seen.broken.intersection(&other.broken).copied().collect(),
            optional: &seen.optional | &other.optional,
            unsure: seen.unsure.or((!same).then_some("a second more or less decides about it")),
        }
    })
}

fn bytes(field: Option<&Field>) -> Option<&[u8]> {
    match field? {
        Field::Bytes(bytes) => Some(bytes),
        Field::Text(_) | Field::Json(_) => None,
    }
}

impl Tried {
    /// The verdict between two honest devices, with all that it rests on. What kept a server from
    /// any decision is graver than what it was asked.
    pub(super) fn judged(&self, before: &Honest, after: &Honest) -> (Case, CaseObserved, Verdict) {
        let mut observed = self.observed.clone();
        match self.case.expectation {
            Expectation::Reject => {
                observed.twin = TwinObserved { before: before.clone(), after: after.clone() };
            }
            Expectation::Accept | Expectation::Either | Expectation::One => {
                // Whoever lets nobody in decides nothing; whoever breaks down does so all the same.
                let decision = observed.deciding().map(|turn| &turn.decision);
                let said = matches!(
                    decision,
                    Some(ObservedDecision::Accept { .. } | ObservedDecision::Reject { .. })
                );
                if said && !(is_accepted(before) && is_accepted(after)) {
                    let why = "an honest device was not accepted beside it".to_owned();
                    observed.unplayed = Some(Unplayed::NotSent { why });
                }
            }
        }
        let verdict = judge::judge(&observed);
        let mut case = self.case.clone();
        if let Verdict::Fail { failure: Failure::Crash | Failure::Timeout, .. } = verdict {
            case.level = Level::Must;
            case.severity = Severity::High;
            case.class = Class::Crash;
        }
        (case, observed, verdict)
    }
}

/// Whether an honest device was accepted.
pub(super) fn is_accepted(honest: &Honest) -> bool {
    matches!(honest, Honest::Played { decision: ObservedDecision::Accept { .. }, .. })
}
