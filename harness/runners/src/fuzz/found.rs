//! What fuzzing found, as cases of a record.

use super::bucket::{Bucket, Interest};
use crate::conformance::{finished, planned};
use catalogue::{Case, EditText, Recipe};
use record::{CaseObserved, CaseStarted, Event, EventKind, Evidence, Sink, Verdict};

/// A trial worth keeping, as simple as it came to be.
#[derive(Debug, Clone)]
pub struct Found {
    /// What it has in common with others.
    pub bucket: Bucket,
    /// Why it is kept.
    pub interest: Interest,
    /// The recipe; its seed gives the same bytes again.
    pub recipe: Recipe,
    /// The number of the trial it was first seen in.
    pub trial: u64,
    /// How many trials came to the same.
    pub count: u64,
    /// What each server made of it.
    pub sides: Vec<OneSide>,
}

/// What one server made of a trial that is kept.
#[derive(Debug, Clone)]
pub struct OneSide {
    /// The server, by its target file.
    pub target: String,
    /// The recipe as a case, with what is expected.
    pub case: Case,
    /// What was observed.
    pub observed: CaseObserved,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What went out, and the objects beside honest ones.
    pub evidence: Evidence,
}

impl Found {
    /// The name of its folder.
    pub fn name(&self) -> String {
        self.bucket.name()
    }

    /// Its cases: the name stands for the first server, and for others with their place behind it.
    pub fn cases(&self) -> impl Iterator<Item = (String, &OneSide)> {
        let name = self.name();
        self.sides.iter().enumerate().map(move |(place, side)| {
            let behind = if place == 0 { String::new() } else { format!(".{}", place + 1) };
            (format!("fuzz.{name}{behind}"), side)
        })
    }

    /// One line about it.
    pub fn title(&self, target: Option<&str>) -> String {
        let edits: Vec<&str> = self.recipe.edits.iter().map(EditText::name).collect();
        let edits = edits.join(", ");
        let on = target.map_or_else(String::new, |name| format!(" on {name}"));
        format!("{} with {edits}{on}", self.recipe.base)
    }
}

/// Emits what was found as cases that were played and judged. `repeat` gives the command that
/// repeats what stands in the folder of that name.
pub fn emit(found: &[Found], repeat: &dyn Fn(&Found) -> String, at: f64, sink: &mut impl Sink) {
    let mut emit = |kind| sink.emit(&Event { at, kind });
    let cases: usize = found.iter().map(|one| one.sides.len()).sum();
    emit(EventKind::CasesPlanned(planned(cases)));
    for one in found {
        for (place, (id, side)) in one.cases().enumerate() {
            emit(EventKind::CaseStarted(CaseStarted { id: id.clone() }));
            let target = (place > 0).then_some(side.target.as_str());
            let case = Case {
                id: id.clone(),
                family: "fuzz".to_owned(),
                title: one.title(target),
                ..side.case.clone()
            };
            let observed = CaseObserved { id: id.clone(), ..side.observed.clone() };
            if matches!(side.verdict, Verdict::Fail { .. }) {
                let evidence = Evidence { id, ..side.evidence.clone() };
                emit(EventKind::Evidence(Box::new(evidence)));
            }
            let finished = finished(&case, &observed, repeat(one));
            emit(EventKind::CaseObserved(Box::new(observed)));
            emit(EventKind::CaseFinished(Box::new(finished)));
        }
    }
}
