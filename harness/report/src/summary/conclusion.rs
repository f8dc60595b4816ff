//! What a run comes to in a word, in a sentence, and what to do next.

use super::cases::Side;
use super::{Case, Cases, Completeness, Load};
use crate::text::{count, counted, percent, shorten};
use record::{Failure, Verdict};
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
    /// Everything that was asked for holds.
    Holds,
}

impl Standing {
    pub(super) fn of(cases: &Cases, load: &[Load], completeness: &Completeness) -> Self {
        let decided = cases.passed + cases.failed + cases.advice;
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
            Self::Holds => "Holds",
        }
    }

    /// A symbol that says the same without colour.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Broken => "✕",
            Self::Holds => "✓",
            Self::Invalid | Self::Empty | Self::Incomplete | Self::Undecided | Self::Strained => {
                "!"
            }
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
pub(super) fn statements(cases: &Cases, load: &[Load], completeness: &Completeness) -> Vec<String> {
    let mut statements: Vec<(Gravity, String)> = Vec::new();
    if !completeness.finished {
        let cut = match &completeness.died_in {
            Some(case) => format!("The run ended early, while {case} was in play."),
            None => "The run did not reach its end.".to_owned(),
        };
        statements.push((Gravity::Incomplete, cut));
    } else if completeness.interrupted {
        statements.push((Gravity::Incomplete, "The run was interrupted.".to_owned()));
    }
    statements.extend(about_failures(cases).into_iter().map(|part| (Gravity::Failed, part)));
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
        cases.list.iter().filter(|case| case.side() == Some(side)).collect()
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

fn tally(cases: &Cases) -> Option<String> {
    let applicable = cases.applicable();
    let mut rest: Vec<String> = Vec::new();
    let of = |n: u64, word: &str| (n > 0).then(|| format!("{} {word}", count(n)));
    rest.extend(of(cases.inconclusive, "undecided"));
    rest.extend(of(cases.not_applicable, "not applicable"));
    rest.extend(of(cases.unplayed, "not played"));
    rest.extend(of(cases.advice, "failed as advice only"));
    let rest = if rest.is_empty() { String::new() } else { format!("; {}", rest.join(", ")) };
    match (applicable, cases.passed) {
        (0, _) if cases.list.is_empty() && cases.planned.is_none() => None,
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
    command: &str,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let plain = |what: String| Step { what, case: None, command: None };

    steps.extend(about_everything(cases));
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

/// A server that says the same to everything has one cause, not forty.
fn about_everything(cases: &Cases) -> Option<Step> {
    let decided = |expectation: &str| -> Vec<&Case> {
        cases.list.iter().filter(|case| case.decided() && case.expectation == expectation).collect()
    };
    let all = |list: &[&Case], failure: Failure| {
        list.len() > 1 && list.iter().all(|case| case.failure() == Some(failure))
    };
    let what = if all(&decided("accept"), Failure::FalseReject) {
        "Every genuine object was refused, which has one cause: most often the server does not trust this run's test root, \
         or the App ID or environment of the target file is not its own."
    } else if all(&decided("reject"), Failure::FalseAccept) {
        "Every dishonest object was accepted, which has one cause: either nothing is verified, \
         or the target file reads refusals as acceptance."
    } else {
        return None;
    };
    Some(Step { what: what.to_owned(), case: None, command: None })
}
