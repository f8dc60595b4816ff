//! `report.html`: one file that opens offline and fetches nothing.
//!
//! The page has no script. Its policy allows the one style sheet it carries, by hash, and nothing
//! else, so that markup that slipped through escaping could neither run nor load nor restyle.

use super::finding::{ObjectView, evidence_folder, nothing_compared, objects};
use super::html_load::LoadView;
use crate::plot;
use crate::summary::known::{Line, lines};
use crate::summary::{Case, Clause, Step, Summary, Tally, Worded};
use crate::text::{count, counted, percent, shorten, three_digits};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use record::{Evidence, Verdict};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Findings shown in full; the rest is in the tables and in `summary.json`.
const FINDINGS_SHOWN: usize = 200;
/// Characters of an answer that are shown.
const EXCERPT_SHOWN: usize = 2048;
/// Cases of other clauses that a clause names.
const ELSEWHERE_SHOWN: usize = 12;

/// The report as a page.
pub fn html(summary: &Summary) -> String {
    Page::of(summary).render().expect("a page of strings renders to a string")
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    summary: &'a Summary,
    style: String,
    style_hash: String,
    tone: &'static str,
    warnings: Vec<String>,
    tiles: Vec<Tile>,
    steps: Vec<StepView<'a>>,
    findings: Vec<Finding<'a>>,
    more_findings: String,
    loads: Vec<LoadView<'a>>,
    cases: String,
    groups: Vec<Group<'a>>,
    untested: Vec<Untested<'a>>,
    known: Vec<Line<'a>>,
    unplayed: String,
    unreached: Vec<&'a Clause>,
    lasted: String,
}

struct Tile {
    name: &'static str,
    tone: &'static str,
    symbol: &'static str,
    number: String,
    of: String,
    what: &'static str,
    details: Vec<String>,
}

struct StepView<'a> {
    step: &'a Step,
    anchor: String,
}

struct Finding<'a> {
    case: &'a Case,
    anchor: String,
    tone: &'static str,
    symbol: &'static str,
    failure: &'static str,
    observed: String,
    demands: Vec<&'a Worded>,
    excerpt: String,
    /// What was sent beside the honest twin's.
    objects: Vec<ObjectView>,
    /// Why nothing is compared, if nothing is.
    no_objects: &'static str,
    /// The folder of its evidence, if there is any.
    folder: String,
}

/// The cases whose first clause is this one.
struct Group<'a> {
    clause: &'a Clause,
    tone: &'static str,
    symbol: &'static str,
    open: bool,
    tally: Vec<(String, &'static str)>,
    rows: Vec<CaseRow<'a>>,
    /// Cases listed under another clause that exercise this one too.
    elsewhere: Vec<CaseRow<'a>>,
    more: String,
}

struct CaseRow<'a> {
    case: &'a Case,
    tone: &'static str,
    symbol: &'static str,
    word: &'static str,
    anchor: String,
    decision: String,
    elapsed: String,
    also: String,
    why: String,
}

struct Untested<'a> {
    case: &'a Case,
    symbol: &'static str,
    word: &'static str,
    tone: &'static str,
}

impl<'a> Page<'a> {
    fn of(summary: &'a Summary) -> Self {
        let style = format!(
            "{}@media screen and (prefers-color-scheme:dark){{\n{}}}\n",
            include_str!("../../templates/report.css"),
            plot::dark_style(".plot ")
        );
        let style_hash = STANDARD.encode(Sha256::digest(style.as_bytes()));
        let cases = &summary.cases;
        let all_findings = cases.findings();
        let shown = &all_findings[..all_findings.len().min(FINDINGS_SHOWN)];
        let mut anchors = BTreeSet::new();
        let findings: Vec<Finding<'a>> = shown
            .iter()
            .map(|case| {
                Finding::of(case, summary.evidence.get(&case.id), anchor(&case.id, &mut anchors))
            })
            .collect();
        let linked = |id: &str| {
            findings.iter().find(|finding| finding.case.id == id).map(|found| found.anchor.clone())
        };
        let more = all_findings.len() - shown.len();
        Self {
            style_hash,
            style,
            tone: super::html_load::tone(summary.standing),
            warnings: warnings(summary),
            tiles: tiles(summary),
            steps: summary
                .next
                .iter()
                .map(|step| StepView {
                    step,
                    anchor: step.case.as_deref().and_then(linked).unwrap_or_default(),
                })
                .collect(),
            groups: groups(summary, &findings),
            findings,
            more_findings: if more == 0 { String::new() } else { count(more as u64) },
            loads: summary.load.iter().map(LoadView::of).collect(),
            cases: count(cases.list.len() as u64),
            untested: cases.list.iter().filter(|case| !case.decided()).map(Untested::of).collect(),
            known: summary.known.as_ref().map(lines).unwrap_or_default(),
            unplayed: match cases.unplayed {
                0 => String::new(),
                n => counted(n, "planned case was", "planned cases were"),
            },
            unreached: cases
                .clauses
                .iter()
                .filter(|clause| !clause.covered && clause.id != Clause::UNNAMED)
                .collect(),
            lasted: three_digits(summary.run.lasted_s),
            summary,
        }
    }
}

fn warnings(summary: &Summary) -> Vec<String> {
    let whole = &summary.completeness;
    let mut warnings = Vec::new();
    if !whole.finished {
        let case = whole.died_in.as_ref().map(|case| format!(" The case in play was {case}."));
        warnings.push(format!(
            "This record has no end: the run was killed or is still going.{}",
            case.unwrap_or_default()
        ));
    } else if whole.interrupted {
        warnings.push("The run was interrupted; this covers what was reached.".to_owned());
    }
    for load in &summary.load {
        warnings.extend(load.invalid.iter().map(|why| format!("Invalid load measurement: {why}")));
    }
    warnings.extend(summary.notes.iter().cloned());
    warnings
}

fn tiles(summary: &Summary) -> Vec<Tile> {
    let headline = &summary.headline;
    let bound = summary.load.iter().find_map(|load| load.correctness.false_accepts_below);
    let mut security = tile("Security", "false accepts", headline.security, "dishonest");
    if let (Some(below), 1) = (bound, summary.load.len()) {
        security.details.push(format!("hence below {} at 95 % confidence", percent(below)));
    }
    let coverage = &headline.coverage;
    let whole = coverage.covered == coverage.named;
    let untested = summary.cases.list.iter().filter(|case| !case.decided()).count() as u64;
    vec![
        security,
        tile(
            "Interoperability",
            "false rejects and wrong outputs",
            headline.interoperability,
            "genuine",
        ),
        tile("Robustness", "requests without a decision", headline.robustness, ""),
        Tile {
            name: "Coverage",
            tone: if coverage.named == 0 {
                "none"
            } else if whole {
                "good"
            } else {
                "part"
            },
            symbol: if coverage.named == 0 {
                "–"
            } else if whole {
                "✓"
            } else {
                "◐"
            },
            number: if coverage.named == 0 { "–".to_owned() } else { count(coverage.covered) },
            of: if coverage.named == 0 {
                String::new()
            } else {
                format!("of {}", count(coverage.named))
            },
            what: "clauses reached by a decided case",
            details: match (coverage.named, untested + summary.cases.unplayed) {
                (0, _) => vec!["no case was played".to_owned()],
                (_, 0) => vec!["no case left out".to_owned()],
                (_, n) => vec![format!("{} left out", counted(n, "case", "cases"))],
            },
        },
    ]
}

fn tile(name: &'static str, what: &'static str, tally: Tally, sort: &str) -> Tile {
    let tested = tally.of_cases + tally.of_requests > 0;
    let total = tally.total();
    let sort = if sort.is_empty() { String::new() } else { format!("{sort} ") };
    let mut details = Vec::new();
    if tally.of_cases > 0 || tally.in_cases > 0 {
        let n = counted(tally.of_cases, "case", "cases");
        details.push(format!(
            "{} in {}",
            count(tally.in_cases),
            n.replacen(' ', &format!(" {sort}"), 1)
        ));
    }
    if tally.of_requests > 0 {
        let n = counted(tally.of_requests, "request", "requests");
        details.push(format!(
            "{} in {} under load",
            count(tally.under_load),
            n.replacen(' ', &format!(" {sort}"), 1)
        ));
    }
    if tally.known > 0 {
        details.push(format!("{} more as known", count(tally.known)));
    }
    if !tested {
        details.push("not tested".to_owned());
    }
    let (tone, symbol) = match (total, tested) {
        // Agreed upon is not the same as well.
        (0, true) if tally.known > 0 => ("part", "!"),
        (0, true) => ("good", "✓"),
        (0, false) => ("none", "–"),
        _faults => ("bad", "✕"),
    };
    let number = if tested || total > 0 { count(total) } else { "–".to_owned() };
    Tile { name, tone, symbol, number, of: String::new(), what, details }
}

impl<'a> Finding<'a> {
    fn of(case: &'a Case, evidence: Option<&Evidence>, anchor: String) -> Self {
        let failure = match &case.verdict {
            Verdict::Fail { failure, .. } => failure.as_str(),
            Verdict::Pass | Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => "",
        };
        let status = case.status.map(|status| format!(" · HTTP {status}")).unwrap_or_default();
        Self {
            anchor,
            tone: if case.binding { "bad" } else { "part" },
            symbol: if case.binding { "✕" } else { "!" },
            failure,
            observed: format!("{status} · {} ms", three_digits(case.elapsed_ms)),
            demands: case.rules.iter().chain(&case.clauses).collect(),
            excerpt: shorten(&case.excerpt, EXCERPT_SHOWN),
            objects: evidence.map_or_else(Vec::new, objects),
            no_objects: evidence.and_then(nothing_compared).unwrap_or_default(),
            folder: evidence.map_or_else(String::new, |_| evidence_folder(&case.id)),
            case,
        }
    }
}

/// Each case once, under the first clause it names; the tallies count it under every one.
fn groups<'a>(summary: &'a Summary, findings: &[Finding<'a>]) -> Vec<Group<'a>> {
    let cases = &summary.cases;
    let mut links: Vec<&str> = vec![""; cases.list.len()];
    for finding in findings {
        let place = cases.list.iter().position(|case| std::ptr::eq(case, finding.case));
        if let Some(place) = place {
            links[place] = &finding.anchor;
        }
    }
    let belongs = |case: &Case, clause: &Clause| {
        let first = case.clauses.first().map_or(Clause::UNNAMED, |first| first.id.as_str());
        first == clause.id
    };
    cases
        .clauses
        .iter()
        .map(|clause| {
            let (tone, symbol) = match clause {
                Clause { failed: 1.., .. } => ("bad", "✕"),
                Clause { inconclusive: 1.., .. } => ("part", "?"),
                Clause { passed: 1.., .. } => ("good", "✓"),
                _nothing_decided => ("none", "–"),
            };
            let tally = [
                (clause.passed, "hold"),
                (clause.failed, "fail"),
                (clause.inconclusive, "undecided"),
                (clause.not_applicable, "not applicable"),
            ];
            let listed = clause.cases.iter().map(|place| (*place, &cases.list[*place]));
            let (own, others): (Vec<_>, Vec<_>) =
                listed.partition(|(_, case)| belongs(case, clause));
            let row = |(place, case): &(usize, &'a Case)| CaseRow::of(case, links[*place]);
            let more = others.len().saturating_sub(ELSEWHERE_SHOWN);
            Group {
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
    fn of(case: &'a Case, anchor: &str) -> Self {
        let (tone, symbol, word) = mark(case);
        let others: Vec<&str> = case.clauses.iter().skip(1).map(|one| one.id.as_str()).collect();
        let status = case.status.map(|status| format!(" {status}")).unwrap_or_default();
        Self {
            tone,
            symbol,
            word,
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

impl<'a> Untested<'a> {
    fn of(case: &'a Case) -> Self {
        let (tone, symbol, word) = mark(case);
        Self { case, symbol, word, tone }
    }
}

fn mark(case: &Case) -> (&'static str, &'static str, &'static str) {
    match &case.verdict {
        Verdict::Pass => ("good", "✓", "holds"),
        Verdict::NotApplicable { .. } => ("none", "–", "not applicable"),
        Verdict::Inconclusive { .. } => ("part", "?", "undecided"),
        Verdict::Fail { failure, .. } if case.binding => ("bad", "✕", failure.as_str()),
        Verdict::Fail { .. } => ("part", "!", "advice"),
    }
}

/// A permalink made of the id's harmless characters, numbered if it is taken.
fn anchor(id: &str, taken: &mut BTreeSet<String>) -> String {
    let slug: String =
        id.chars()
            .take(120)
            .map(|char| {
                if char.is_ascii_alphanumeric() || char == '.' || char == '-' { char } else { '-' }
            })
            .collect();
    let mut anchor = format!("case-{slug}");
    let mut number = 2;
    while !taken.insert(anchor.clone()) {
        anchor = format!("case-{slug}-{number}");
        number += 1;
    }
    anchor
}
