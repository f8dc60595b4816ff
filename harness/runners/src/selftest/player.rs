//! Plays all cases on all mutants, as many at once as there are workers.

use super::constant::Constant;
use super::ground::{Ground, GroundError};
use super::job::{Done, Job};
use super::matrix::{CaseRow, Cell, Column, Matrix};
use super::mutant::{Mutant, Planted};
use crate::StopFlag;
use catalogue::Case;
use protocol::flaw::Flaws;
use record::{CaseFinished, Event, Verdict};
use simulator::Seed;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The cases.
    pub cases: Vec<Case>,
    /// The mutants.
    pub mutants: Vec<Mutant>,
    /// The seed of everything random.
    pub seed: Seed,
    /// With how many seeds the reference is played on each ground; the mutants see the first.
    pub reference_seeds: u64,
    /// How many servers are played at once.
    pub workers: usize,
}

/// How far it is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// Runs that are over.
    pub done: usize,
    /// Runs in all; a run is one server on one ground.
    pub of: usize,
    /// What was played last.
    pub server: &'a str,
    /// How many cases failed on it.
    pub kills: usize,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Played {
    /// The mutants.
    pub matrix: Matrix,
    /// The reference, once a ground and seed.
    pub reference: Vec<ReferenceRun>,
    /// The events of each constant server, as a report would be made of them.
    pub constants: Vec<(Constant, Vec<Event>)>,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// The reference on one ground with one seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceRun {
    /// The ground.
    pub ground: &'static str,
    /// Number of the seed.
    pub seed: u64,
    /// Cases that should have been played.
    pub planned: usize,
    /// Cases that passed.
    pub passed: usize,
    /// The others: id, and what became of it.
    pub wrong: Vec<(String, String)>,
}

/// What a job is for.
enum Purpose {
    Reference(u64),
    Mutant(usize),
}

/// Plays everything. `progress` is told after each run, from any thread. Once `stop` is set, runs
/// under way are cut short and what was not played stays so.
pub fn play(
    plan: &Plan,
    stop: &StopFlag,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Result<Played, GroundError> {
    let grounds = Ground::all()?;
    let homes: Vec<Option<usize>> = plan.cases.iter().map(|case| home(case, &grounds)).collect();
    let jobs = jobs(plan, &grounds, &homes);
    let done = in_parallel(plan, &jobs, stop, progress);
    let mut played = Played {
        matrix: empty(plan, &grounds, &homes),
        reference: Vec::new(),
        constants: Vec::new(),
        interrupted: stop.load(Ordering::Relaxed),
    };
    let places: BTreeMap<&str, usize> =
        plan.cases.iter().enumerate().map(|(place, case)| (case.id.as_str(), place)).collect();
    for ((purpose, job), done) in jobs.iter().zip(done) {
        let Some(done) = done else { continue };
        match purpose {
            Purpose::Reference(seed) => played.reference.push(reference(job, *seed, &done)),
            Purpose::Mutant(number) => {
                let cells = &mut played.matrix.columns[*number].cells;
                for finished in &done.finished {
                    if let Some(place) = places.get(finished.id.as_str()) {
                        cells[*place] = Cell::of(&finished.verdict);
                    }
                }
                if let (Planted::Constant(constant), true) = (job.planted, job.keep_events) {
                    played.constants.push((*constant, done.events));
                }
            }
        }
    }
    Ok(played)
}

/// The first ground where a case applies.
fn home(case: &Case, grounds: &[Ground]) -> Option<usize> {
    grounds.iter().position(|ground| ground.premises.missing(case).is_none())
}

fn empty(plan: &Plan, grounds: &[Ground], homes: &[Option<usize>]) -> Matrix {
    let row = |(case, home): (&Case, &Option<usize>)| {
        CaseRow::of(case, home.map(|ground| grounds[ground].name))
    };
    let cases: Vec<CaseRow> = plan.cases.iter().zip(homes).map(row).collect();
    let columns = plan.mutants.iter().map(|mutant| Column::of(mutant, cases.len())).collect();
    Matrix { cases, columns }
}

/// The reference with every seed on every ground, then each mutant with the cases at home on each.
fn jobs<'p>(
    plan: &'p Plan,
    grounds: &'p [Ground],
    homes: &[Option<usize>],
) -> Vec<(Purpose, Job<'p>)> {
    static REFERENCE: Planted = Planted::Flaws(Flaws::NONE);
    let mut jobs = Vec::new();
    let seed = |number| plan.seed.child("selftest", number);
    for number in 0..plan.reference_seeds {
        for ground in grounds {
            let applies = |case: &&Case| ground.premises.missing(case).is_none();
            let cases: Vec<Case> = plan.cases.iter().filter(applies).cloned().collect();
            let seed = seed(number);
            let job = Job { ground, planted: &REFERENCE, cases, seed, keep_events: false };
            jobs.push((Purpose::Reference(number), job));
        }
    }
    for (number, mutant) in plan.mutants.iter().enumerate() {
        for (place, ground) in grounds.iter().enumerate() {
            let at_home = plan.cases.iter().zip(homes).filter(|(_, home)| **home == Some(place));
            let cases: Vec<Case> = at_home.map(|(case, _)| case.clone()).collect();
            // A report is about one target, and the first ground is where most cases are at home.
            let keep_events = place == 0 && matches!(mutant.planted, Planted::Constant(_));
            let planted = &mutant.planted;
            let job = Job { ground, planted, cases, seed: seed(0), keep_events };
            jobs.push((Purpose::Mutant(number), job));
        }
    }
    jobs.retain(|(_, job)| !job.cases.is_empty());
    jobs
}

fn in_parallel(
    plan: &Plan,
    jobs: &[(Purpose, Job<'_>)],
    stop: &StopFlag,
    progress: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<Option<Done>> {
    let next = AtomicUsize::new(0);
    let over = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Done>>> = Mutex::new(jobs.iter().map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..plan.workers.max(1) {
            let work = || {
                while !stop.load(Ordering::Relaxed) {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some((purpose, job)) = jobs.get(place) else { return };
                    let done = job.play(stop);
                    let failed = |one: &&CaseFinished| matches!(one.verdict, Verdict::Fail { .. });
                    let kills = done.finished.iter().filter(failed).count();
                    results.lock().unwrap_or_else(PoisonError::into_inner)[place] = Some(done);
                    let server = match purpose {
                        Purpose::Reference(_) => "reference",
                        Purpose::Mutant(number) => &plan.mutants[*number].name,
                    };
                    let done = over.fetch_add(1, Ordering::Relaxed) + 1;
                    progress(Progress { done, of: jobs.len(), server, kills });
                }
            };
            // All servers meet the same devices: what was signed and verified once is known.
            scope
                .spawn(move || simulator::key::remembering(|| protocol::verify::remembering(work)));
        }
    });
    results.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn reference(job: &Job<'_>, seed: u64, done: &Done) -> ReferenceRun {
    let (passed, others): (Vec<_>, Vec<_>) =
        done.finished.iter().partition(|one| one.verdict == Verdict::Pass);
    let told = |one: &&CaseFinished| {
        (one.id.clone(), format!("{}: {}", one.verdict.as_str(), one.verdict.why()))
    };
    ReferenceRun {
        ground: job.ground.name,
        seed,
        planned: job.cases.len(),
        passed: passed.len(),
        wrong: others.iter().map(told).collect(),
    }
}
