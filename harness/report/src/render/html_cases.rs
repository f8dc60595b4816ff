//! The part of the page about cases: permalinks, what a filter goes by, tables by clause.

use crate::summary::{Case, Cases, Clause};
use crate::text::{count, three_digits};
use record::Verdict;
use std::collections::BTreeSet;

/// Cases of other clauses that a clause names.
const ELSEWHERE_SHOWN: usize = 12;

/// What the filters of the page go by.
pub(super) struct Tags<'a> {
    pub(super) case: &'a Case,
    pub(super) verdict: &'static str,
    pub(super) clauses: String,
}

impl<'a> Tags<'a> {
    pub(super) fn of(case: &'a Case) -> Self {
        let clauses: Vec<&str> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
        let clauses = if clauses.is_empty() { vec![Clause::UNNAMED] } else { clauses };
        Self { case, verdict: verdict(case), clauses: format!("|{}|", clauses.join("|")) }
    }
}

/// What the filters offer: whatever there is.
pub(super) struct Choices<'a> {
    pub(super) verdicts: Vec<&'static str>,
    pub(super) families: BTreeSet<&'a str>,
    pub(super) levels: BTreeSet<&'a str>,
    pub(super) severities: BTreeSet<&'a str>,
}

impl<'a> Choices<'a> {
    pub(super) fn of(cases: &'a Cases) -> Self {
        let there: BTreeSet<&str> = cases.list.iter().map(verdict).collect();
        let all = ["fail", "advice", "known", "undecided", "not-applicable", "hold"];
        let of = |part: fn(&Case) -> &str| cases.list.iter().map(part).collect();
        Self {
            verdicts: all.into_iter().filter(|word| there.contains(word)).collect(),
            families: of(|case| &case.family),
            levels: of(|case| &case.level),
            severities: of(|case| &case.severity),
        }
    }
}

fn verdict(case: &Case) -> &'static str {
    match &case.verdict {
        Verdict::Pass => "hold",
        Verdict::NotApplicable { .. } => "not-applicable",
        Verdict::Inconclusive { .. } => "undecided",
        Verdict::Fail { .. } if case.excused() => "known",
        Verdict::Fail { .. } if case.binding => "fail",
        Verdict::Fail { .. } => "advice",
    }
}

/// A clause in the table of clauses and verdicts.
pub(super) struct ClauseRow<'a> {
    pub(super) clause: &'a Clause,
    pub(super) anchor: String,
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    /// The verdict as filters name it, how many cases, and its colour if there are any.
    pub(super) counts: Vec<(&'static str, u64, &'static str)>,
}

/// Each clause with the verdicts of its cases.
pub(super) fn clause_rows(cases: &Cases) -> Vec<ClauseRow<'_>> {
    let tones = [
        ("fail", "bad"),
        ("advice", "part"),
        ("known", "part"),
        ("undecided", "part"),
        ("not-applicable", "none"),
        ("hold", "good"),
    ];
    let rows = cases.clauses.iter().map(|clause| {
        let of = |word: &str| {
            let is = |place: &&usize| verdict(&cases.list[**place]) == word;
            clause.cases.iter().filter(is).count() as u64
        };
        let counts = tones.map(|(word, tone)| match of(word) {
            0 => (word, 0, "none"),
            n => (word, n, tone),
        });
        let (tone, symbol) = tone(clause);
        let anchor = clause_anchor(&clause.id);
        ClauseRow { clause, anchor, tone, symbol, counts: counts.into() }
    });
    rows.collect()
}

fn tone(clause: &Clause) -> (&'static str, &'static str) {
    match clause {
        Clause { failed: 1.., .. } => ("bad", "✕"),
        Clause { inconclusive: 1.., .. } => ("part", "?"),
        Clause { passed: 1.., .. } => ("good", "✓"),
        _nothing_decided => ("none", "–"),
    }
}

/// The cases whose first clause is this one.
pub(super) struct Group<'a> {
    pub(super) anchor: String,
    pub(super) clause: &'a Clause,
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    pub(super) open: bool,
    pub(super) tally: Vec<(String, &'static str)>,
    pub(super) rows: Vec<CaseRow<'a>>,
    /// Cases listed under another clause that exercise this one too.
    pub(super) elsewhere: Vec<CaseRow<'a>>,
    pub(super) more: String,
}

/// A case in a table.
pub(super) struct CaseRow<'a> {
    pub(super) tags: Tags<'a>,
    /// Whether the row is where the permalink leads.
    pub(super) told_here: bool,
    pub(super) case: &'a Case,
    pub(super) tone: &'static str,
    pub(super) symbol: &'static str,
    pub(super) word: &'static str,
    pub(super) anchor: String,
    pub(super) decision: String,
    pub(super) elapsed: String,
    pub(super) also: String,
    pub(super) why: String,
}

/// Each case once, under the first clause it names; the tallies count it under every one.
///
/// `told` are the permalinks of cases that are told in full elsewhere on the page.
pub(super) fn groups<'a>(
    cases: &'a Cases,
    anchors: &[String],
    told: &BTreeSet<&str>,
) -> Vec<Group<'a>> {
    let belongs = |case: &Case, clause: &Clause| {
        let first = case.clauses.first().map_or(Clause::UNNAMED, |first| first.id.as_str());
        first == clause.id
    };
    cases
        .clauses
        .iter()
        .map(|clause| {
            let (tone, symbol) = tone(clause);
            let tally = [
                (clause.passed, "hold"),
                (clause.failed, "fail"),
                (clause.inconclusive, "undecided"),
                (clause.not_applicable, "not applicable"),
            ];
            let listed = clause.cases.iter().map(|place| (*place, &cases.list[*place]));
            let (own, others): (Vec<_>, Vec<_>) =
                listed.partition(|(_, case)| belongs(case, clause));
            let row = |(place, case): &(usize, &'a Case)| CaseRow::of(case, &anchors[*place], told);
            let more = others.len().saturating_sub(ELSEWHERE_SHOWN);
            Group {
                anchor: clause_anchor(&clause.id),
                clause,
                tone,
                symbol,
                open: clause.failed > 0,
                tally: tally
                    .into_iter()
                    .filter(|(n, _)| *n > 0)
                    .map(|(n, word)| (count(n), word))
                    .collect(),
                rows: own.iter().map(row).collect(),
                elsewhere: others.iter().take(ELSEWHERE_SHOWN).map(row).collect(),
                more: if more == 0 { String::new() } else { count(more as u64) },
            }
        })
        .collect()
}

impl<'a> CaseRow<'a> {
    pub(super) fn of(case: &'a Case, anchor: &str, told: &BTreeSet<&str>) -> Self {
        let (tone, symbol, word) = mark(case);
        let others: Vec<&str> = case.clauses.iter().skip(1).map(|one| one.id.as_str()).collect();
        let status = case.status.map(|status| format!(" {status}")).unwrap_or_default();
        Self {
            tone,
            symbol,
            word,
            tags: Tags::of(case),
            told_here: !told.contains(anchor),
            anchor: anchor.to_owned(),
            decision: format!("{}{status}", case.decision),
            elapsed: if case.decided() { three_digits(case.elapsed_ms) } else { String::new() },
            also: others.join(", "),
            why: match (&case.reason, case.verdict.why()) {
                (Some(reason), "") => format!("“{reason}”"),
                (Some(reason), why) => format!("{why} (“{reason}”)"),
                (None, why) => why.to_owned(),
            },
            case,
        }
    }
}

pub(super) fn mark(case: &Case) -> (&'static str, &'static str, &'static str) {
    match &case.verdict {
        Verdict::Pass => ("good", "✓", "holds"),
        Verdict::NotApplicable { .. } => ("none", "–", "not applicable"),
        Verdict::Inconclusive { .. } => ("part", "?", "undecided"),
        Verdict::Fail { .. } if case.excused() => ("part", "!", "known"),
        Verdict::Fail { failure, .. } if case.binding => ("bad", "✕", failure.as_str()),
        Verdict::Fail { .. } => ("part", "!", "advice"),
    }
}

/// The permalink of each case, in their order.
pub(super) fn anchors(cases: &[Case]) -> Vec<String> {
    let mut taken = BTreeSet::new();
    cases.iter().map(|case| anchor(&case.id, &mut taken)).collect()
}

/// A permalink made of the id's harmless characters, numbered if it is taken.
fn anchor(id: &str, taken: &mut BTreeSet<String>) -> String {
    let slug = slug(id);
    let mut anchor = format!("case-{slug}");
    let mut number = 2;
    while !taken.insert(anchor.clone()) {
        anchor = format!("case-{slug}-{number}");
        number += 1;
    }
    anchor
}

fn clause_anchor(id: &str) -> String {
    format!("clause-{}", slug(id))
}

fn slug(id: &str) -> String {
    let harmless = |char: char| char.is_ascii_alphanumeric() || char == '.' || char == '-';
    id.chars().take(120).map(|char| if harmless(char) { char } else { '-' }).collect()
}
