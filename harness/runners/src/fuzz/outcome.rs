//! What is asked for, how far it is, and what came of it.

use super::found::Found;
use catalogue::Base;
use simulator::Seed;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long to go on, and with what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The seed of everything random.
    pub seed: Seed,
    /// Tells the keys of runs with one seed apart.
    pub session: u64,
    /// No trial begins after so long.
    pub time: Option<Duration>,
    /// So many trials and no more.
    pub trials: Option<u64>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Trials so far.
    pub trials: u64,
    /// Of these, decided by every server.
    pub decided: u64,
    /// Recipes that could not be sent, because an edit found nothing to edit.
    pub unsent: u64,
    /// Different ways of being wrong so far.
    pub wrong: usize,
    /// Different things said so far.
    pub said: usize,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What is worth keeping, the gravest first.
    pub found: Vec<Found>,
    /// How far it came.
    pub progress: Progress,
    /// Edits there were to draw from.
    pub words: usize,
    /// Bases whose honest devices were not always accepted: nothing on them was decided then.
    pub refused: BTreeSet<Base>,
    /// Wrong trials beyond those that were looked into.
    pub more: u64,
    /// Why it ended before its time, if it did.
    pub ended: Option<String>,
}

impl Outcome {
    /// What came of one recipe that was asked about by itself.
    pub fn of_one(found: Found, progress: Progress) -> Self {
        let (words, refused, more, ended) = (0, BTreeSet::new(), 0, None);
        Self { found: vec![found], progress, words, refused, more, ended }
    }
}
