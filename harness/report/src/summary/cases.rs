//! The cases of a run, and what they say about each clause.

use super::case::{Case, Excuse, Words};
use crate::text::clean;
use record::{
    CaseObserved, EventKind, KnownFailures, KnownStanding, ObservedDecision, ReasonMode, Record,
    Trust, Verdict,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The cases of a run.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Cases {
    /// How many were selected, if the record says.
    pub planned: Option<u64>,
    /// How many passed.
    pub passed: u64,
    /// How many refusals are right and backed by no accepted twin; not counted above.
    #[serde(skip_serializing_if = "is_none")]
    pub alone: u64,
    /// How many failed that bind the server.
    pub failed: u64,
    /// How many failed at a level (should, may, info) that is advice.
    pub advice: u64,
    /// How many could not be decided.
    pub inconclusive: u64,
    /// How many do not apply to this target.
    pub not_applicable: u64,
    /// How many failed as was known before, which excuses them.
    pub known: u64,
    /// How many failed as was known before, but longer than was agreed.
    pub expired: u64,
    /// How many pass that are listed as known failures.
    pub stale: u64,
    /// How many were planned and never finished.
    pub unplayed: u64,
    /// Reasons of the server that nobody mapped to a rule, where reasons are compared.
    pub unmapped: Vec<Unmapped>,
    /// Each of them, in the order played.
    pub list: Vec<Case>,
    /// Every clause that the register or a case names.
    pub clauses: Vec<Clause>,
}

/// A reason in the server's words that its target file does not map to a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmapped {
    /// The words.
    pub words: String,
    /// How many requests were refused with them.
    pub times: u64,
}

/// A clause and how its cases went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clause {
    /// Its id; `unnamed` for cases that name none.
    pub id: String,
    /// What it demands; empty if the record does not say.
    pub words: String,
    /// Whether at least one of its cases was decided, either way.
    pub covered: bool,
    /// Places in the list of cases of those that exercise it.
    pub cases: Vec<usize>,
    /// How many passed.
    pub passed: u64,
    /// How many failed, advice included.
    pub failed: u64,
    /// How many could not be decided.
    pub inconclusive: u64,
    /// How many do not apply.
    pub not_applicable: u64,
}

impl Clause {
    /// Stands for the clause of cases that name none.
    pub const UNNAMED: &str = "unnamed";
}

impl Cases {
    pub(super) fn fold(record: &Record) -> Self {
        let mut cases = Self::default();
        let mut words = Words::default();
        for event in &record.events {
            match &event.kind {
                EventKind::CasesPlanned(planned) => {
                    cases.planned = Some(cases.planned.unwrap_or(0) + planned.cases);
                    for clause in &planned.clauses {
                        words.clauses.insert(clean(&clause.id), clean(&clause.words));
                        cases.clause(&clean(&clause.id), &clean(&clause.words));
                    }
                    for rule in &planned.rules {
                        words.rules.insert(clean(&rule.id), clean(&rule.words));
                    }
                }
                EventKind::CaseObserved(observed) => cases.note_unmapped(observed),
                EventKind::CaseFinished(finished) => {
                    let mut case = Case::of(finished, &words);
                    case.alone = is_alone(record.header.target.trust, &case);
                    cases.count(case);
                }
                _other => {}
            }
        }
        if let Some(known) = super::known::of(record) {
            cases.excuse(&known);
        }
        let played = cases.list.len() as u64;
        cases.unplayed = cases.planned.unwrap_or(0).saturating_sub(played);
        cases.name_clauses();
        cases
    }

    /// Failures that were known are counted for themselves.
    fn excuse(&mut self, known: &KnownFailures) {
        for (entry, became) in
            known.entries.iter().flat_map(|entry| entry.cases.iter().map(move |one| (entry, one)))
        {
            self.stale += u64::from(became.standing == KnownStanding::Stale);
            let excuses = matches!(
                became.standing,
                KnownStanding::Excused | KnownStanding::Tolerated | KnownStanding::Expired
            );
            let failed = |case: &&mut Case| {
                case.id == became.id && matches!(case.verdict, Verdict::Fail { .. })
            };
            let Some(case) = self.list.iter_mut().find(failed).filter(|_| excuses) else {
                continue;
            };
            // Of two entries for one case the one that has not expired counts.
            let better = case.excuse.as_ref().is_none_or(|one| became.standing < one.standing);
            if better {
                case.excuse = Some(Excuse {
                    standing: became.standing,
                    owner: entry.owner.clone(),
                    expires: entry.expires.clone(),
                });
            }
        }
        for case in self.list.iter().filter(|case| case.excuse.is_some()) {
            *if case.binding { &mut self.failed } else { &mut self.advice } -= 1;
            *if case.excused() { &mut self.known } else { &mut self.expired } += 1;
        }
    }

    fn note_unmapped(&mut self, observed: &CaseObserved) {
        if observed.reason_mode == ReasonMode::Ignore {
            return;
        }
        let turns = observed.attempts.iter().flat_map(|attempt| &attempt.turns);
        for turn in turns {
            let ObservedDecision::Reject { reason: Some(words), code: None } = &turn.decision
            else {
                continue;
            };
            let words = clean(words);
            match self.unmapped.iter_mut().find(|known| known.words == words) {
                Some(known) => known.times += 1,
                None => self.unmapped.push(Unmapped { words, times: 1 }),
            }
        }
    }

    /// Cases that apply to the target, decided or not.
    pub fn applicable(&self) -> u64 {
        self.list.len() as u64 - self.not_applicable
    }

    /// Failed cases that nothing excuses, the most severe first, holes before refusals before silence, otherwise in the order played; advice comes last.
    pub fn findings(&self) -> Vec<&Case> {
        let is_finding =
            |case: &&Case| matches!(case.verdict, Verdict::Fail { .. }) && !case.excused();
        let mut findings: Vec<&Case> = self.list.iter().filter(is_finding).collect();
        findings.sort_by_key(|case| (case.rank(), case.fails()));
        findings
    }

    fn count(&mut self, case: Case) {
        *match &case.verdict {
            Verdict::Pass if case.alone => &mut self.alone,
            Verdict::Pass => &mut self.passed,
            Verdict::NotApplicable { .. } => &mut self.not_applicable,
            Verdict::Inconclusive { .. } => &mut self.inconclusive,
            Verdict::Fail { .. } if case.binding => &mut self.failed,
            Verdict::Fail { .. } => &mut self.advice,
        } += 1;
        self.list.push(case);
    }

    fn clause(&mut self, id: &str, words: &str) {
        self.clauses.push(Clause {
            id: id.to_owned(),
            words: words.to_owned(),
            covered: false,
            cases: Vec::new(),
            passed: 0,
            failed: 0,
            inconclusive: 0,
            not_applicable: 0,
        });
    }

    /// Clauses of the register keep its order; those only cases name follow, by kind and number.
    fn name_clauses(&mut self) {
        let mut by_id: BTreeMap<String, usize> = BTreeMap::new();
        let registered = std::mem::take(&mut self.clauses);
        for clause in registered {
            if !by_id.contains_key(&clause.id) {
                by_id.insert(clause.id.clone(), self.clauses.len());
                self.clauses.push(clause);
            }
        }
        let unnamed = || Clause::UNNAMED.to_owned();
        let named: BTreeSet<(String, u64, String)> = self
            .list
            .iter()
            .flat_map(|case| {
                let ids: Vec<String> =
                    case.clauses.iter().map(|clause| clause.id.clone()).collect();
                if ids.is_empty() { vec![unnamed()] } else { ids }
            })
            .map(natural)
            .collect();
        for (_, _, id) in named {
            if !by_id.contains_key(&id) {
                by_id.insert(id.clone(), self.clauses.len());
                self.clause(&id, "");
            }
        }
        for (place, case) in self.list.iter().enumerate() {
            let mut ids: BTreeSet<&str> =
                case.clauses.iter().map(|clause| clause.id.as_str()).collect();
            if ids.is_empty() {
                ids.insert(Clause::UNNAMED);
            }
            for id in ids {
                let clause = &mut self.clauses[by_id[id]];
                clause.cases.push(place);
                clause.covered |= case.decided() && !case.alone;
                *match &case.verdict {
                    Verdict::Pass => &mut clause.passed,
                    Verdict::Fail { .. } => &mut clause.failed,
                    Verdict::Inconclusive { .. } => &mut clause.inconclusive,
                    Verdict::NotApplicable { .. } => &mut clause.not_applicable,
                } += 1;
            }
        }
    }
}

/// Whether a case passes by a refusal only, where the target accepts nothing it could be held
/// against. What ships and must refuse everything is asked for nothing else.
fn is_alone(trust: Trust, case: &Case) -> bool {
    trust == Trust::AppleRoot
        && case.verdict == Verdict::Pass
        && matches!(case.expectation.as_str(), "reject" | "one")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_none(number: &u64) -> bool {
    *number == 0
}

/// `AV-10` after `AV-9`: the part before the last number, the number, and the id itself.
fn natural(id: String) -> (String, u64, String) {
    let stem = id.trim_end_matches(|char: char| char.is_ascii_digit());
    let number = id[stem.len()..].parse().unwrap_or(0);
    (stem.to_owned(), number, id)
}
