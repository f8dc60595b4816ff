//! What is known while servers are asked.

use super::bucket::{Bucket, Interest, Signature};
use super::found::{Found, OneSide};
use super::outcome::{Outcome, Progress};
use catalogue::Recipe;
use std::collections::{BTreeMap, BTreeSet};

/// Trials that are kept because a server says something new.
const MOST_NEW: usize = 200;

/// What is known so far.
pub(super) struct Books {
    pub(super) outcome: Outcome,
    /// The place of what explains a bucket.
    pub(super) places: BTreeMap<Bucket, usize>,
    /// What each server has said.
    said: BTreeSet<(usize, Signature)>,
    /// Recipes that were tried to explain others.
    pub(super) simpler: u64,
}

impl Books {
    /// Nothing yet, with so many words to draw from.
    pub(super) fn new(words: usize) -> Self {
        let outcome = Outcome {
            found: Vec::new(),
            progress: Progress::default(),
            words,
            refused: BTreeSet::new(),
            more: 0,
            ended: None,
        };
        Self { outcome, places: BTreeMap::new(), said: BTreeSet::new(), simpler: 0 }
    }

    /// Takes note of what servers say; whether one says something new.
    pub(super) fn hears(&mut self, bucket: &Bucket) -> bool {
        let mut new = false;
        for (place, told) in bucket.told.iter().enumerate() {
            new |= self.said.insert((place, told.signature()));
        }
        self.outcome.progress.said = self.said.len();
        new
    }

    /// Keeps a trial in which a server says something new, while there is room.
    pub(super) fn keep_new(
        &mut self,
        (number, recipe): (u64, &Recipe),
        bucket: Bucket,
        sides: Vec<OneSide>,
    ) {
        let kept = self.outcome.found.iter().filter(|one| one.interest == Interest::New).count();
        let name = bucket.name();
        if kept < MOST_NEW && self.outcome.found.iter().all(|one| one.name() != name) {
            let interest = Interest::New;
            self.outcome.found.push(Found {
                bucket,
                interest,
                recipe: recipe.clone(),
                trial: number,
                count: 1,
                sides,
            });
        }
    }

    /// Keeps what explains a bucket: once, whatever it was found in.
    pub(super) fn keep(&mut self, found: Found, bucket: Bucket) {
        let name = found.name();
        let known = self.outcome.found.iter().position(|one| one.name() == name);
        let place = known.unwrap_or(self.outcome.found.len());
        if let Some(known) = self.outcome.found.get_mut(place) {
            known.count += 1;
        } else {
            self.outcome.progress.wrong += usize::from(found.interest == Interest::Wrong);
            self.places.insert(found.bucket.clone(), place);
            self.outcome.found.push(found);
        }
        self.places.insert(bucket, place);
    }
}
