//! `report.html`: one file that opens offline and fetches nothing.
//!
//! Everything stands in plain HTML; the page's one script only hides what is filtered out and opens
//! what a link names. Policy allows that script and the one style sheet by hash, and nothing else, so
//! that markup that slipped through escaping could neither run nor load nor restyle.

use super::finding::{ObjectView, evidence_folder, nothing_compared, objects};
use super::gate::GateView;
use super::html_cases::{Choices, ClauseRow, Group, Tags, anchors, clause_rows, groups};
use super::html_load::LoadView;
use super::html_untested::Untested;
use crate::plot;
use crate::summary::known::{Line, lines};
use crate::summary::{Case, Clause, Step, Summary, Tally, Worded};
use crate::text::{count, counted, percent, shorten, three_digits};
use askama::Template;
use base64::{Engine, engine::general_purpose::STANDARD};
use record::{Evidence, Verdict};
use sha2::{Digest, Sha256};

/// Findings shown in full; the rest is in the tables and in `summary.json`.
const FINDINGS_SHOWN: usize = 1200;
/// Characters of an answer that are shown.
const EXCERPT_SHOWN: usize = 2048;

const SCRIPT: &str = include_str!("../../templates/report.js");

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
    script: &'static str,
    script_hash: String,
    tone: &'static str,
    warnings: Vec<String>,
    tiles: Vec<Tile>,
    steps: Vec<StepView<'a>>,
    findings: Vec<Finding<'a>>,
    more_findings: String,
    loads: Vec<LoadView<'a>>,
    cases: String,
    choices: Choices<'a>,
    clauses: Vec<ClauseRow<'a>>,
    groups: Vec<Group<'a>>,
    untested: Untested<'a>,
    known: Vec<Line<'a>>,
    gate: Option<GateView<'a>>,
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
    tags: Tags<'a>,
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
    /// The file that its evidence begins with, if there is any.
    evidence: String,
}

impl<'a> Page<'a> {
    fn of(summary: &'a Summary) -> Self {
        let style = format!(
            "{}@media screen and (prefers-color-scheme:dark){{\n{}}}\n",
            include_str!("../../templates/report.css"),
            plot::dark_style(".plot ")
        );
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
        let cases = &summary.cases;
        let all_findings = cases.findings();
        let shown = &all_findings[..all_findings.len().min(FINDINGS_SHOWN)];
        let anchors = anchors(&cases.list);
        let place = |case: &Case| cases.list.iter().position(|one| std::ptr::eq(one, case));
        let findings: Vec<Finding<'a>> = shown
            .iter()
            .map(|case| {
                let anchor = place(case).map(|place| anchors[place].clone()).unwrap_or_default();
                Finding::of(case, summary.evidence.get(&case.id), anchor)
            })
            .collect();
        let linked = |id: &str| {
            let place = cases.list.iter().position(|case| case.id == id);
            place.map(|place| anchors[place].clone())
        };
        let more = all_findings.len() - shown.len();
        Self {
            style_hash: hash(&style),
            style,
            script: SCRIPT,
            script_hash: hash(SCRIPT),
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
            choices: Choices::of(cases),
            clauses: clause_rows(cases),
            groups: groups(
                cases,
                &anchors,
                &findings.iter().map(|one| one.anchor.as_str()).collect(),
            ),
            findings,
            more_findings: if more == 0 { String::new() } else { count(more as u64) },
            loads: summary.load.iter().map(LoadView::of).collect(),
            cases: count(cases.list.len() as u64),
            untested: Untested::of(cases, &anchors),
            known: summary.known.as_ref().map(lines).unwrap_or_default(),
            gate: summary.gate.as_ref().map(GateView::of),
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
            tags: Tags::of(case),
            tone: if case.binding { "bad" } else { "part" },
            symbol: if case.binding { "✕" } else { "!" },
            failure,
            observed: format!("{status} · {} ms", three_digits(case.elapsed_ms)),
            demands: case.rules.iter().chain(&case.clauses).collect(),
            excerpt: shorten(&case.excerpt, EXCERPT_SHOWN),
            objects: evidence.map_or_else(Vec::new, objects),
            no_objects: evidence.and_then(nothing_compared).unwrap_or_default(),
            evidence: evidence.map_or_else(String::new, |evidence| {
                format!("{}/{}", evidence_folder(&case.id), evidence.file())
            }),
            case,
        }
    }
}
