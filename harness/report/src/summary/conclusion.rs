//! What a run comes to in a word, in a sentence, and what to do next.

use super::case::Side;
use super::{Case, Cases, Completeness, Constant, Load};
use crate::text::{count, counted, percent, shorten};
use record::{Trust, Verdict};
use serde::Serialize;

/// What a run comes to, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// A binding case failed, or an answer under load was wrong or unreadable.
    Broken,
    /// The load measurement says nothing about the target; decisions were right.
    Invalid,
    /// No case was decided and no request sent.
    Empty,
    /// The run did not reach its end.
    Incomplete,
    /// Some cases could not be decided.
    Undecided,
    /// Every decision was right, but under load some requests got none.
    Strained,
    /// All that is wrong is a list of known failures that is out of date.
    Outdated,
    /// Everything that was asked for holds.
    Holds,
}

impl Standing {
    pub(super) fn of(cases: &Cases, load: &[Load], completeness: &Completeness) -> Self {
        let right = cases.passed + cases.alone;
        let decided = right + cases.failed + cases.advice + cases.known + cases.expired;
        if cases.failed > 0 || load.iter().any(|load| load.correctness.wrong() > 0) {
            Self::Broken
        } else if load.iter().any(|load| !load.invalid.is_empty()) {
            Self::Invalid
        } else if decided == 0 && load.iter().all(|load| load.sent == 0) {
            Self::Empty
        } else if !completeness.complete || cases.unplayed > 0 {
            Self::Incomplete
        } else if cases.inconclusive > 0 {
            Self::Undecided
        } else if load.iter().any(|load| load.correctness.undecided > 0) {
            Self::Strained
        } else if cases.stale + cases.expired > 0 {
            Self::Outdated
        } else {
            Self::Holds
        }
    }

    /// The word that stands beside its colour and symbol.
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "Broken",
            Self::Invalid => "Invalid measurement",
            Self::Empty => "Nothing tested",
            Self::Incomplete => "Incomplete",
            Self::Undecided => "Undecided",
            Self::Strained => "Strained",
            Self::Outdated => "Outdated list",
            Self::Holds => "Holds",
        }
    }

    /// A symbol that says the same without colour.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Broken => "✕",
            Self::Holds => "✓",
            Self::Invalid
            | Self::Empty
            | Self::Incomplete
            | Self::Undecided
            | Self::Strained
            | Self::Outdated => "!",
        }
    }
}

/// One thing to do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What, in a sentence or two.
    pub what: String,
    /// The case it is about.
    pub case: Option<String>,
    /// The command that does or repeats it.
    pub command: Option<String>,
}

/// The sentences every rendering begins with, the gravest first.
pub(super) fn statements(
    cases: &Cases,
    load: &[Load],
    completeness: &Completeness,
    constant: Option<Constant>,
    trust: Trust,
) -> Vec<String> {
    let mut statements: Vec<(Gravity, String)> = Vec::new();
    statements.extend(super::trust::statement(trust, cases).map(|part| (Gravity::Failed, part)));
    if !completeness.finished {
        let cut = match &completeness.died_in {
            Some(case) => format!("The run ended early, while {case} was in play."),
            None => "The run did not reach its end.".to_owned(),
        };
        statements.push((Gravity::Incomplete, cut));
    } else if completeness.interrupted {
        statements.push((Gravity::Incomplete, "The run was interrupted.".to_owned()));
    }
    // Forty failures of one cause are told as the cause.
    let failures = match constant {
        Some(constant) => vec![constant.sentence().to_owned()],
        None => about_failures(cases),
    };
    statements.extend(failures.into_iter().map(|part| (Gravity::Failed, part)));
    statements.extend(about_known(cases).into_iter().map(|part| (Gravity::Incomplete, part)));
    statements.extend(tally(cases).map(|part| (Gravity::Rest, part)));
    statements.extend(load.iter().map(|load| {
        let wrong = load.correctness.wrong() > 0;
        (if wrong { Gravity::Failed } else { Gravity::Rest }, about_load(load))
    }));
    if cases.list.is_empty() && load.is_empty() {
        statements.push((Gravity::Rest, "Nothing was tested.".to_owned()));
    }
    statements.sort_by_key(|(gravity, _)| *gravity);
    statements.into_iter().map(|(_, statement)| statement).collect()
}

/// What is said first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gravity {
    Failed,
    Incomplete,
    Rest,
}

fn about_failures(cases: &Cases) -> Vec<String> {
    let mut parts = Vec::new();
    let failed = |side: Side| -> Vec<&Case> {
        let is = |case: &&Case| case.side() == Some(side) && case.excuse.is_none();
        cases.list.iter().filter(is).collect()
    };
    let holes = failed(Side::Security);
    if !holes.is_empty() {
        let n = holes.len() as u64;
        parts.push(format!("{}: {}.", counted(n, "hole", "holes"), names(&holes)));
    }
    let refused = failed(Side::Interoperability);
    if !refused.is_empty() {
        let n = refused.len() as u64;
        parts.push(format!(
            "{} refused or misread: {}.",
            counted(n, "genuine object", "genuine objects"),
            names(&refused)
        ));
    }
    let silent = failed(Side::Robustness);
    if !silent.is_empty() {
        let n = silent.len() as u64;
        parts.push(format!(
            "{} without a decision: {}.",
            counted(n, "case", "cases"),
            names(&silent)
        ));
    }
    parts
}

/// Entries of the list of known failures that somebody must look at.
fn about_known(cases: &Cases) -> Vec<String> {
    let mut parts = Vec::new();
    let expired: Vec<&Case> =
        cases.list.iter().filter(|case| case.excuse.is_some() && !case.excused()).collect();
    if !expired.is_empty() {
        let n = counted(cases.expired, "known failure has", "known failures have");
        parts.push(format!("{n} expired: {}.", names(&expired)));
    }
    if cases.stale > 0 {
        let n = counted(cases.stale, "known failure passes", "known failures pass");
        parts.push(format!("{n} and must be taken off the list."));
    }
    parts
}

fn tally(cases: &Cases) -> Option<String> {
    let applicable = cases.applicable() - cases.alone;
    let mut rest: Vec<String> = Vec::new();
    let of = |n: u64, word: &str| (n > 0).then(|| format!("{} {word}", count(n)));
    rest.extend(of(cases.alone, "refused without an accepted twin"));
    rest.extend(of(cases.inconclusive, "undecided"));
    rest.extend(of(cases.not_applicable, "not applicable"));
    rest.extend(of(cases.unplayed, "not played"));
    rest.extend(of(cases.advice, "failed as advice only"));
    rest.extend(of(cases.known, "failed as known"));
    let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(", ")) };
    match (applicable, cases.passed) {
        (0, _) if cases.list.is_empty() && cases.planned.is_none() => None,
        (0, _) if cases.alone > 0 => Some(format!("No case is proven to hold{rest}.")),
        (0, _) => Some(format!("No case was applicable{rest}.")),
        (1, 1) => Some(format!("The one applicable case holds{rest}.")),
        (all, passed) if passed == all => {
            Some(format!("All {} applicable cases hold{rest}.", count(all)))
        }
        (all, passed) => {
            Some(format!("{} of {} applicable cases hold{rest}.", count(passed), count(all)))
        }
    }
}

fn names(cases: &[&Case]) -> String {
    const SHOWN: usize = 3;
    let mut ids: Vec<&str> = cases.iter().take(SHOWN).map(|case| case.id.as_str()).collect();
    let more = format!("{} more", cases.len().saturating_sub(SHOWN));
    if cases.len() > SHOWN {
        ids.push(&more);
    }
    match ids.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn about_load(load: &Load) -> String {
    let right = &load.correctness;
    let mut faults = Vec::new();
    if right.false_accepts > 0 {
        faults.push(format!(
            "{} of {} dishonest requests accepted",
            count(right.false_accepts),
            count(right.dishonest)
        ));
    }
    if right.false_rejects > 0 {
        faults.push(format!(
            "{} of {} honest requests refused",
            count(right.false_rejects),
            count(right.honest)
        ));
    }
    if right.unreadable > 0 {
        let n = counted(right.unreadable, "answer", "answers");
        faults.push(format!("{n} that no rule of the target file reads"));
    }
    if faults.is_empty() && load.sent > 0 {
        faults.push(format!("no wrong answer in {}", counted(load.sent, "request", "requests")));
    }
    if load.sent == 0 {
        faults.push("nothing was sent".to_owned());
    }
    let silent = right.undecided - right.unreadable;
    if silent > 0 {
        faults.push(format!(
            "{} of {} requests without a decision",
            count(silent),
            count(load.sent)
        ));
    }
    if !load.complete {
        faults.push("cut short".to_owned());
    }
    if !load.invalid.is_empty() {
        faults.push(
            "the measurement is invalid and says nothing about the server’s speed".to_owned(),
        );
    }
    format!("Load: {}.", faults.join("; "))
}

/// What to do next, most pressing first, at most six steps.
pub(super) fn next(
    cases: &Cases,
    load: &[Load],
    completeness: &Completeness,
    constant: Option<Constant>,
    command: &str,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let plain = |what: String| Step { what, case: None, command: None };

    steps.extend(constant.map(|constant| plain(constant.advice().to_owned())));
    for case in cases.findings().into_iter().filter(|case| case.binding).take(3) {
        steps.push(Step {
            what: if case.fix.is_empty() { case.title.clone() } else { case.fix.clone() },
            case: Some(case.id.clone()),
            command: Some(case.repeat.clone()).filter(|command| !command.is_empty()),
        });
    }
    let more = cases.failed.saturating_sub(3);
    if more > 0 {
        steps.push(plain(format!(
            "Then see the {} below.",
            counted(more, "other finding", "other findings")
        )));
    }
    for wrong in load.iter().filter_map(|load| load.wrong.first()) {
        steps.push(Step {
            what: format!("Repeat the first wrong answer under load: {}", wrong.what),
            case: None,
            command: Some(wrong.repeat.clone()).filter(|command| !command.is_empty()),
        });
    }
    if cases.stale > 0 {
        steps.push(plain(
            "Take what passes off the list of known failures: `assay known update FILE RECORD` does it."
                .to_owned(),
        ));
    }
    if !completeness.complete {
        steps.push(Step {
            what: "Run again to the end; what is below covers only what was reached.".to_owned(),
            case: None,
            command: Some(command.to_owned()),
        });
    }
    for load in load {
        if let Some(why) = load.invalid.first() {
            steps.push(plain(format!(
                "Measure the load again, with this mended: {}",
                shorten(why, 240)
            )));
        }
        if load.invalid.is_empty() && load.correctness.undecided > 0 {
            steps.push(plain(format!(
                "Find out why {} of the requests under load got no decision; the rates below show from which phase on.",
                percent(load.correctness.undecided as f64 / load.sent.max(1) as f64)
            )));
        }
    }
    if !cases.unmapped.is_empty() {
        let words: Vec<String> = cases
            .unmapped
            .iter()
            .take(3)
            .map(|one| format!("“{}”", shorten(&one.words, 60)))
            .collect();
        steps.push(plain(format!(
            "Say under [reasons] in the target file which rules {} of the server stand for: {}{}",
            counted(cases.unmapped.len() as u64, "reason", "reasons"),
            words.join(", "),
            if cases.unmapped.len() > words.len() { " …" } else { "." },
        )));
    }
    if let Some(case) =
        cases.list.iter().find(|case| matches!(case.verdict, Verdict::Inconclusive { .. }))
    {
        steps.push(Step {
            what: format!(
                "Clear the way for {}: {}",
                counted(cases.inconclusive, "undecided case", "undecided cases"),
                shorten(case.verdict.why(), 240)
            ),
            case: Some(case.id.clone()),
            command: None,
        });
    }
    if steps.is_empty() {
        steps.push(Step {
            what: "Nothing to mend. Run the same command in continuous integration, so that it stays so.".to_owned(),
            case: None,
            command: Some(command.to_owned()),
        });
        if cases.not_applicable > 0 {
            steps.push(plain(format!(
                "Read why {} not apply, under “Not tested, and why”: a capability declared in the target file may bring them in.",
                if cases.not_applicable == 1 { "one case does".to_owned() } else { format!("{} cases do", count(cases.not_applicable)) },
            )));
        }
    }
    steps
}
