//! The part of the page about load.

use super::load_told;
use crate::plot;
use crate::summary::{Kind, Load, Quantiles, Standing, kind_of};
use crate::text::{count, micros, plain, three_digits};
use record::{Assumption, ValidityCheck, WrongAnswer};
use std::collections::BTreeMap;

/// What the template shows of one attack.
pub(super) struct LoadView<'a> {
    pub(super) load: &'a Load,
    pub(super) answers: String,
    pub(super) answers_tone: &'static str,
    pub(super) answers_symbol: &'static str,
    pub(super) wrong: Vec<Wrong<'a>>,
    pub(super) timeout: String,
    pub(super) phases: Vec<PhaseRow>,
    pub(super) rows: Vec<OperationRow<'a>>,
    /// Answers of each class in each phase, if there are several.
    pub(super) classes: Vec<ClassView<'a>>,
    pub(super) figures: Vec<Figure>,
    /// Title of each plot that is not drawn, and why.
    pub(super) absent: Vec<(&'static str, String)>,
    pub(super) checks: Vec<CheckRow<'a>>,
    /// Drops of the rate and trends, a sentence each.
    pub(super) movements: Vec<String>,
    /// How the fleet fared, a sentence each.
    pub(super) fleet: Vec<String>,
    pub(super) assumptions: &'a [Assumption],
}

pub(super) struct CheckRow<'a> {
    pub(super) check: &'a ValidityCheck,
    pub(super) symbol: &'static str,
    pub(super) tone: &'static str,
    pub(super) advice: String,
}

pub(super) struct Wrong<'a> {
    pub(super) answer: &'a WrongAnswer,
    pub(super) arrival: String,
}

pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) caption: String,
    pub(super) svg: String,
}

pub(super) struct PhaseRow {
    pub(super) name: String,
    pub(super) length: String,
    pub(super) cut: bool,
    pub(super) offered: String,
    pub(super) sent: String,
    pub(super) achieved: String,
    pub(super) dropped: String,
    pub(super) short: bool,
    pub(super) others: String,
    pub(super) response: [String; 5],
    pub(super) lag: [String; 2],
}

pub(super) struct ClassView<'a> {
    pub(super) phase: &'a str,
    pub(super) first: bool,
    pub(super) class: &'a str,
    pub(super) count: String,
    pub(super) response: [String; 5],
    pub(super) service: [String; 5],
}

pub(super) struct OperationRow<'a> {
    pub(super) phase: &'a str,
    pub(super) operation: &'a str,
    pub(super) first: bool,
    pub(super) sort: &'static str,
    pub(super) counts: [String; 3],
    pub(super) achieved: String,
    pub(super) others: String,
    pub(super) response: [String; 5],
    pub(super) service: [String; 5],
    pub(super) lag: [String; 2],
}

impl<'a> LoadView<'a> {
    pub(super) fn of(load: &'a Load) -> Self {
        let wrong = load.correctness.wrong() > 0;
        let undecided = load.correctness.undecided > 0;
        let (answers_tone, answers_symbol) = match (wrong, undecided || load.sent == 0) {
            (true, _) => ("bad", "✕"),
            (false, true) => ("part", "!"),
            (false, false) => ("good", "✓"),
        };
        Self {
            answers: load_told::answers(load),
            answers_tone,
            answers_symbol,
            wrong: load
                .wrong
                .iter()
                .map(|answer| Wrong { answer, arrival: count(answer.arrival) })
                .collect(),
            timeout: plain(load.timeout_s),
            phases: load
                .phases
                .iter()
                .map(|phase| PhaseRow {
                    name: phase.name.clone(),
                    length: plain(phase.measured_s),
                    cut: phase.measured_s + 0.001 < phase.for_s,
                    offered: three_digits(phase.offered_per_s),
                    sent: three_digits(phase.sent_per_s),
                    achieved: three_digits(phase.achieved_per_s),
                    dropped: count(phase.dropped),
                    short: phase.dropped > 0,
                    others: others(&phase.classes),
                    response: five(phase.response),
                    lag: two(phase.lag),
                })
                .collect(),
            rows: load
                .rows
                .iter()
                .enumerate()
                .map(|(index, row)| OperationRow {
                    phase: &row.phase,
                    operation: &row.operation,
                    first: index == 0 || load.rows[index - 1].phase != row.phase,
                    sort: if row.honest { "honest" } else { "dishonest" },
                    counts: [count(row.offered), count(row.sent), count(row.dropped)],
                    achieved: three_digits(row.achieved_per_s),
                    others: others(&row.classes),
                    response: five(row.response),
                    service: five(row.service),
                    lag: two(row.lag),
                })
                .collect(),
            classes: load
                .by_class
                .iter()
                .enumerate()
                .map(|(index, row)| ClassView {
                    phase: &row.phase,
                    first: index == 0 || load.by_class[index - 1].phase != row.phase,
                    class: &row.class,
                    count: count(row.response.n),
                    response: five(row.response),
                    service: five(row.service),
                })
                .collect(),
            figures: plot::of_load(load)
                .into_iter()
                .map(|plot| Figure { title: plot.title, svg: plot.inline(), caption: plot.caption })
                .collect(),
            absent: plot::absent(load),
            checks: load
                .checks
                .iter()
                .map(|check| {
                    let (symbol, tone) = load_told::standing(check);
                    CheckRow { check, symbol, tone, advice: load_told::advice(check) }
                })
                .collect(),
            movements: load_told::movements(load),
            fleet: load.fleet.as_ref().map(load_told::fleet).unwrap_or_default(),
            assumptions: load.fleet.as_ref().map_or(&[], |fleet| &fleet.assumptions),
            load,
        }
    }
}

/// Whatever was not right, by name.
fn others(classes: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = classes
        .iter()
        .filter(|(class, n)| kind_of(class) != Kind::Right && **n > 0)
        .map(|(class, n)| format!("{class} {}", count(*n)))
        .collect();
    if parts.is_empty() { "–".to_owned() } else { parts.join(", ") }
}

fn five(times: Quantiles) -> [String; 5] {
    let Quantiles { n, p50_us, p90_us, p99_us, p99_9_us, max_us } = times;
    [p50_us, p90_us, p99_us, p99_9_us, max_us]
        .map(|us| if n == 0 { "–".to_owned() } else { micros(us) })
}

fn two(times: Quantiles) -> [String; 2] {
    [times.p50_us, times.p99_us].map(|us| if times.n == 0 { "–".to_owned() } else { micros(us) })
}

/// The class of colour that goes with a standing.
pub(crate) fn tone(standing: Standing) -> &'static str {
    match standing {
        Standing::Broken => "bad",
        Standing::Holds => "good",
        Standing::Invalid
        | Standing::Empty
        | Standing::Incomplete
        | Standing::Undecided
        | Standing::Strained
        | Standing::Outdated => "part",
    }
}
