//! Asks servers about one recipe after the other, between honest devices.

use super::books::Books;
use super::bucket::{Bucket, Interest, Told};
use super::draw::Draw;
use super::found::{Found, OneSide};
use super::lexicon::Lexicon;
use super::outcome::{Outcome, Plan, Progress};
use super::shrink::{Shown, Shrink};
use super::side::{Side, Tried, is_accepted};
use crate::StopFlag;
use crate::conformance::evidence;
use catalogue::{Base, Recipe};
use record::Honest;
use simulator::Seed;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Instant;
use targets::Target;

/// Trials between two honest devices of each base that they used.
const BATCH: u64 = 40;
/// Other recipes that are tried to find a simpler one.
const SIMPLER: u32 = 40;
/// Times that two servers must differ once more, with other keys.
const AGAIN: u32 = 3;
/// Buckets that are made simple; more are counted.
const MOST_BUCKETS: usize = 50;

/// The servers that are asked: one, or two that are compared.
pub(super) struct Arena<'a, T, U> {
    pub(super) lexicon: &'a Lexicon,
    pub(super) first: Side<'a, T>,
    pub(super) second: Option<Side<'a, U>>,
}

/// One recipe and what each server made of it.
struct Trial {
    number: u64,
    recipe: Recipe,
    tried: Vec<Tried>,
}

impl<T: Target, U: Target> Arena<'_, T, U> {
    /// Goes on until the plan is done, somebody stops it, or there is nobody left to ask.
    pub(super) async fn run(
        &mut self,
        plan: &Plan,
        stop: &StopFlag,
        tell: &mut dyn FnMut(&Progress),
    ) -> Outcome {
        let mut premises = vec![self.first.stage.premises];
        premises.extend(self.second.as_ref().map(|side| side.stage.premises));
        let draw = Draw::new(self.lexicon, &premises);
        let began = Instant::now();
        let mut books = Books::new(draw.words());
        let mut number = 0;
        let goes_on = |number: u64| {
            plan.trials.is_none_or(|most| number < most)
                && plan.time.is_none_or(|most| began.elapsed() < most)
                && !stop.load(Ordering::Relaxed)
        };
        while goes_on(number) && books.outcome.ended.is_none() {
            let mut batch = Vec::new();
            let mut before: BTreeMap<Base, Vec<Honest>> = BTreeMap::new();
            while goes_on(number) && (batch.len() as u64) < BATCH {
                let seed = plan.seed.child("trial", number);
                number += 1;
                books.outcome.progress.trials += 1;
                let Some(recipe) = draw.recipe(&seed) else {
                    books.outcome.progress.unsent += 1;
                    if draw.bases().is_empty() {
                        books.outcome.ended = Some("no base applies to the target".to_owned());
                        break;
                    }
                    continue;
                };
                if let Entry::Vacant(none) = before.entry(recipe.base) {
                    none.insert(self.known_twins(recipe.base, &plan.seed).await);
                }
                match self.ask(&recipe, &seed).await {
                    Ok(tried) => batch.push(Trial { number: number - 1, recipe, tried }),
                    Err(_unsendable) => books.outcome.progress.unsent += 1,
                }
                tell(&books.outcome.progress);
                if let Some(why) = self.given_up() {
                    books.outcome.ended = Some(why);
                    break;
                }
            }
            self.finish(batch, &before, plan, &mut books).await;
            tell(&books.outcome.progress);
            let refused = books.outcome.refused.len();
            if refused > 0 && refused == draw.bases().len() {
                let why = "no honest device is accepted, so that nothing can be said of others";
                books.outcome.ended.get_or_insert(why.to_owned());
            }
        }
        let mut outcome = books.outcome;
        outcome.found.sort_by_cached_key(|one| (one.interest, one.name()));
        outcome
    }

    /// Plays one recipe between honest devices.
    pub(super) async fn once(&mut self, recipe: &Recipe, plan: &Plan) -> Result<Found, String> {
        let seed = recipe.seed.as_deref().map_or(plan.seed, Seed::from_text);
        let before = self.twins(recipe.base, &plan.seed).await;
        let tried = self.ask(recipe, &seed).await?;
        let after = self.twins(recipe.base, &plan.seed).await;
        let trial = Trial { number: 0, recipe: recipe.clone(), tried };
        let (bucket, sides) = self.judged(&trial, &before, &after);
        let interest = bucket.interest().unwrap_or(Interest::New);
        Ok(Found { bucket, interest, recipe: recipe.clone(), trial: 0, count: 1, sides })
    }

    /// Asks every server about a recipe.
    async fn ask(&self, recipe: &Recipe, seed: &Seed) -> Result<Vec<Tried>, String> {
        let mut tried = vec![self.first.ask(self.lexicon, recipe, seed).await?];
        if let Some(second) = &self.second {
            tried.push(second.ask(self.lexicon, recipe, seed).await?);
        }
        Ok(tried)
    }

    /// What became of an honest device of that base, sent to every server now.
    async fn twins(&mut self, base: Base, seed: &Seed) -> Vec<Honest> {
        let mut twins = vec![self.first.twin(base, seed).await];
        if let Some(second) = &mut self.second {
            twins.push(second.twin(base, seed).await);
        }
        twins
    }

    /// What became of the last honest device of that base, which is sent if there was none.
    async fn known_twins(&mut self, base: Base, seed: &Seed) -> Vec<Honest> {
        let first = self.first.honest.get(&base).cloned();
        let second = self.second.as_ref().map(|side| side.honest.get(&base).cloned());
        match (first, second) {
            (Some(first), None) => vec![first],
            (Some(first), Some(Some(second))) => vec![first, second],
            (None, _) | (Some(_), Some(None)) => self.twins(base, seed).await,
        }
    }

    fn given_up(&self) -> Option<String> {
        let second = || self.second.as_ref().and_then(|side| side.breaker.given_up());
        self.first.breaker.given_up().or_else(second)
    }

    /// Judges the trials of a batch, once it is known that honest devices are still accepted.
    async fn finish(
        &mut self,
        batch: Vec<Trial>,
        before: &BTreeMap<Base, Vec<Honest>>,
        plan: &Plan,
        books: &mut Books,
    ) {
        let mut after = BTreeMap::new();
        for base in before.keys() {
            let twins = self.twins(*base, &plan.seed).await;
            if !before[base].iter().chain(&twins).all(is_accepted) {
                books.outcome.refused.insert(*base);
            }
            after.insert(*base, twins);
        }
        for trial in batch {
            let base = trial.recipe.base;
            let (bucket, sides) = self.judged(&trial, &before[&base], &after[&base]);
            let decided = bucket.told.iter().all(|told| told.decided);
            books.outcome.progress.decided += u64::from(decided);
            let new = books.hears(&bucket);
            match bucket.interest() {
                Some(interest) => {
                    self.explain(trial, (bucket, interest, sides), plan, books).await;
                }
                None if new && decided => {
                    books.keep_new((trial.number, &trial.recipe), bucket, sides);
                }
                None => {}
            }
        }
    }

    /// Keeps a trial that shows something, made as simple as it goes.
    async fn explain(
        &mut self,
        trial: Trial,
        (bucket, interest, sides): (Bucket, Interest, Vec<OneSide>),
        plan: &Plan,
        books: &mut Books,
    ) {
        if let Some(place) = books.places.get(&bucket) {
            books.outcome.found[*place].count += 1;
            return;
        }
        let kept = books.outcome.found.iter().filter(|one| one.interest != Interest::New).count();
        if kept >= MOST_BUCKETS {
            books.outcome.more += 1;
            return;
        }
        let Trial { number, recipe, .. } = trial;
        let base = recipe.base;
        let known = self.known_twins(base, &plan.seed).await;
        if interest == Interest::Difference
            && !self.repeats(&recipe, &bucket, &known, plan, books).await
        {
            return;
        }
        let mut best = (bucket.clone(), sides);
        let mut shrink = Shrink::new(recipe, SIMPLER);
        while let Some(mut candidate) = shrink.candidate() {
            books.simpler += 1;
            let seed = plan.seed.child("simpler", books.simpler);
            candidate.seed = Some(seed.to_hex());
            let shown = match self.ask(&candidate, &seed).await {
                Ok(tried) if self.given_up().is_none() => {
                    let trial = Trial { number, recipe: candidate.clone(), tried };
                    let (simpler, sides) = self.judged(&trial, &known, &known);
                    if best.0.is_shown_by(&simpler) {
                        best = (simpler, sides);
                        Shown::Same
                    } else {
                        Shown::Other
                    }
                }
                Ok(_) | Err(_) => Shown::Other,
            };
            shrink.tell(candidate, shown);
        }
        // What it rests on are honest devices before and after all this.
        let after = self.twins(base, &plan.seed).await;
        let (simple, mut sides) = best;
        for (side, after) in sides.iter_mut().zip(&after) {
            if side.observed.twin.before != Honest::Unneeded {
                side.observed.twin.after = after.clone();
                side.verdict = judge::judge(&side.observed);
            }
        }
        let recipe = shrink.into_best();
        books.keep(
            Found { bucket: simple, interest, recipe, trial: number, count: 1, sides },
            bucket,
        );
    }

    /// Whether servers differ on a recipe with other keys and challenges too: how long a signature
    /// is written, and hence how it is padded, is chance.
    async fn repeats(
        &self,
        recipe: &Recipe,
        bucket: &Bucket,
        known: &[Honest],
        plan: &Plan,
        books: &mut Books,
    ) -> bool {
        for _ in 0..AGAIN {
            books.simpler += 1;
            let seed = plan.seed.child("simpler", books.simpler);
            let Ok(tried) = self.ask(recipe, &seed).await else { return false };
            let trial = Trial { number: 0, recipe: recipe.clone(), tried };
            if !bucket.is_shown_by(&self.judged(&trial, known, known).0) {
                return false;
            }
        }
        true
    }

    /// The bucket of a trial, and what each server made of it.
    fn judged(&self, trial: &Trial, before: &[Honest], after: &[Honest]) -> (Bucket, Vec<OneSide>) {
        let names = [Some(self.first.name()), self.second.as_ref().map(Side::name)];
        let mut sides = Vec::new();
        let mut told = Vec::new();
        for (place, tried) in trial.tried.iter().enumerate() {
            let (case, observed, verdict) = tried.judged(&before[place], &after[place]);
            told.push(Told::of(&observed, &verdict));
            let target = names[place].clone().unwrap_or_default();
            let evidence = match (place, &self.second) {
                (1, Some(second)) => {
                    evidence(&case.id, &tried.played, second.stage.target.dialect())
                }
                _ => evidence(&case.id, &tried.played, self.first.stage.target.dialect()),
            };
            sides.push(OneSide { target, case, observed, verdict, evidence });
        }
        let expectations: BTreeSet<&str> =
            sides.iter().map(|side| side.case.expectation.as_str()).collect();
        let expectation = match expectations.len() {
            1 => sides[0].case.expectation.as_str(),
            _ => "varies",
        };
        let broken = |tried: &Tried| tried.seen.clone().map(|seen| seen.broken);
        let rules = trial.tried.iter().filter_map(broken).flatten().collect();
        (Bucket { expectation, rules, told }, sides)
    }
}

impl<T: Target> Side<'_, T> {
    /// What its target file calls it.
    fn name(&self) -> String {
        self.stage.target.dialect().file().name.clone()
    }
}
