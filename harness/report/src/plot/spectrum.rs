//! Percentile spectra: small multiples, phase by phase and operation by operation.

use super::csv::{Cell, Csv};
use super::palette::{BLUE, INK, MUTED, ORANGE, VERMILION, WAIT};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot, width_of};
use super::scale::Scale;
use crate::summary::{Load, Row};
use crate::text::{count, plain, shorten};
use record::{Histogram, Promise};

pub(super) const NAME: &str = "percentiles";
pub(super) const TITLE: &str = "Percentile spectrum of response and service time";
/// Rows of panels shown at most: the phases of the highest rates.
const MOST_PHASES: usize = 6;
/// Columns of panels shown at most.
const MOST_OPERATIONS: usize = 4;
const HEAD: f64 = 52.0;
const PANEL: f64 = 118.0;
const FOOT: f64 = 46.0;

/// One panel per phase and operation, all on the same axes.
pub(super) fn plot(load: &Load) -> Plot {
    let grid = Grid::of(load);
    let mut caption = "Honest requests. To the right the slowest 1 in 10, in 100, in 1000. \
                       Service time counts from the send, response time from when the request was due: \
                       the shaded gap between them is time spent waiting to be sent."
        .to_owned();
    if grid.phases.len() < load.phases.len() {
        caption.push_str(" Shown are the ");
        caption.push_str(&count(grid.phases.len() as u64));
        caption.push_str(" phases of the highest rate.");
    }
    if !load.promises.is_empty() {
        caption.push_str(" ⊥ marks a promise: the response must pass below it.");
    }
    if grid.has_earlier() {
        caption.push_str(" The thin grey line is the response time of the earlier run.");
    } else if !load.earlier.is_empty() {
        caption.push_str(" The earlier run had none of these phases and operations.");
    }
    let height = HEAD + FOOT + PANEL * grid.phases.len().max(1) as f64;
    Plot::draw(NAME, TITLE, caption, grid.csv(), height as u32, |pen| grid.paint(pen))
}

struct Grid<'a> {
    phases: Vec<(&'a str, f64)>,
    operations: Vec<&'a str>,
    rows: Vec<&'a Row>,
    /// Those of an earlier run that have a panel here.
    earlier: Vec<&'a Row>,
    promises: &'a [Promise],
    /// Of one in how many requests.
    x: Scale,
}

impl<'a> Grid<'a> {
    fn of(load: &'a Load) -> Self {
        let rows = answered(&load.rows);
        let mut operations: Vec<&str> = Vec::new();
        for row in &rows {
            if !operations.contains(&row.operation.as_str()) {
                operations.push(&row.operation);
            }
        }
        operations.truncate(MOST_OPERATIONS);
        let seen = |name: &str| rows.iter().any(|row| row.phase == name);
        let mut phases: Vec<(usize, &str, f64)> = load
            .phases
            .iter()
            .enumerate()
            .filter(|(_, phase)| seen(&phase.name))
            .map(|(place, phase)| (place, phase.name.as_str(), phase.rate))
            .collect();
        phases.sort_by(|left, right| right.2.total_cmp(&left.2));
        phases.truncate(MOST_PHASES);
        phases.sort_by_key(|phase| phase.0);
        let phases: Vec<_> = phases.into_iter().map(|(_, name, rate)| (name, rate)).collect();
        let slowest = rows.iter().map(|row| row.responses.count()).max().unwrap_or(1);
        let x = Scale::Log(1.0, (slowest as f64).clamp(100.0, 1e6));
        let drawn = |old: &&Row| {
            phases.iter().any(|(name, _)| *name == old.phase)
                && operations.contains(&old.operation.as_str())
                && rows.iter().any(|row| is_same(row, old))
        };
        let earlier = answered(&load.earlier).into_iter().filter(drawn).collect();
        Self { phases, operations, rows, earlier, promises: &load.promises, x }
    }

    /// What an earlier run measured in the same phase for the same operation.
    fn before(&self, row: &Row) -> Option<&'a Row> {
        self.earlier.iter().find(|old| is_same(row, old)).copied()
    }

    fn has_earlier(&self) -> bool {
        !self.earlier.is_empty()
    }

    /// As far as each curve is drawn, at the same shares.
    fn csv(&self) -> Csv {
        let has_earlier = self.has_earlier();
        let mut names = vec!["phase", "operation", "share", "response_us", "service_us"];
        names.extend(has_earlier.then_some("earlier_response_us"));
        let mut csv = Csv::with(&names);
        for (phase, _) in &self.phases {
            for row in self.rows.iter().filter(|row| row.phase == *phase) {
                for slow in shares(self.x, &row.responses) {
                    let share = 1.0 - 1.0 / slow;
                    let head = [row.phase.as_str(), row.operation.as_str()].map(Cell::Text);
                    let times = [&row.responses, &row.services].map(|times| times.quantile(share));
                    let earlier = has_earlier.then(|| match self.before(row) {
                        Some(row) => row.responses.quantile(share).into(),
                        None => Cell::Nothing,
                    });
                    let cells = head.into_iter().chain([share.into()]).chain(times.map(Cell::from));
                    csv.row(cells.chain(earlier));
                }
            }
        }
        csv
    }

    fn paint(&self, pen: &Pen<'_>) {
        let least = self.rows.iter().map(|row| row.services.quantile(0.0)).min().unwrap_or(1);
        let promised = self.promises.iter().map(|promise| promise.within_us);
        let seen = self.rows.iter().chain(&self.earlier).map(|row| row.responses.max());
        let most = seen.chain(promised).max().unwrap_or(1);
        let y = Scale::durations(least, most);
        pen.bold((0.0, 12.0), "Time (log scale)", INK, Anchor::Start);
        legend(pen, self.has_earlier());
        if self.rows.is_empty() {
            let text = "no honest request was answered";
            pen.text((450.0, HEAD + PANEL / 2.0), text, MUTED, Anchor::Middle);
        }
        for (row, (phase, rate)) in self.phases.iter().enumerate() {
            for (column, operation) in self.operations.iter().enumerate() {
                let width = (900.0 - 64.0 - 90.0) / self.operations.len() as f64;
                let left = 64.0 + column as f64 * width;
                let top = HEAD + row as f64 * PANEL;
                let (right, bottom) = (left + width - 18.0, top + PANEL - 20.0);
                let panel = Panel { left, right, top, bottom, x: self.x, y };
                panel.draw_y(pen, column == 0);
                let lowest = row + 1 == self.phases.len();
                panel.draw_x(pen, &marks(self.x, lowest), "");
                if row == 0 {
                    pen.bold((left, HEAD - 14.0), &shorten(operation, 24), INK, Anchor::Start);
                }
                let here = |found: &&&Row| found.phase == *phase && found.operation == *operation;
                if let Some(found) = self.rows.iter().find(here) {
                    if let Some(before) = self.before(found) {
                        pen.line(&points(&panel, &before.responses), MUTED, 1.2);
                    }
                    curve(pen, &panel, found);
                    for promise in self.promises.iter().filter(|one| one.operation == *operation) {
                        bar(pen, &panel, promise);
                    }
                }
            }
            let at = HEAD + row as f64 * PANEL + (PANEL - 20.0) / 2.0;
            pen.bold((818.0, at - 8.0), &shorten(phase, 11), INK, Anchor::Start);
            let rate = format!("{}/s", plain(*rate));
            if rate != *phase {
                pen.text((818.0, at + 8.0), &rate, MUTED, Anchor::Start);
            }
        }
        let foot = HEAD + PANEL * self.phases.len().max(1) as f64 + 22.0;
        let title = "share of requests that were at least as quick";
        pen.text((436.0, foot), title, INK, Anchor::Middle);
    }
}

/// Whether two rows belong into one panel.
fn is_same(row: &Row, other: &Row) -> bool {
    row.phase == other.phase && row.operation == other.operation
}

/// Rows of honest requests with an answer.
fn answered(rows: &[Row]) -> Vec<&Row> {
    rows.iter().filter(|row| row.honest && row.responses.count() > 0).collect()
}

fn curve(pen: &Pen<'_>, panel: &Panel, row: &Row) {
    let response = points(panel, &row.responses);
    let service = points(panel, &row.services);
    let band: Vec<_> = response.iter().chain(service.iter().rev()).copied().collect();
    if band.len() > 3 {
        pen.fill(&band, WAIT);
    }
    pen.line(&response, BLUE, 2.6);
    pen.dashed(&service, ORANGE, 1.8);
    if let [only] = response[..] {
        pen.dot(only, 3.0, BLUE);
    }
}

/// Where the response curve must pass below.
fn bar(pen: &Pen<'_>, panel: &Panel, promise: &Promise) {
    const HALF: f64 = 9.0;
    let (x, y) = panel.at(1.0 / (1.0 - promise.share), promise.within_us as f64);
    if x > panel.right + 0.5 {
        return;
    }
    pen.line(&[(x - HALF, y), (x + HALF, y)], VERMILION, 2.6);
    pen.line(&[(x, y), (x, y - 7.0)], VERMILION, 1.6);
}

fn points(panel: &Panel, times: &Histogram) -> Vec<(f64, f64)> {
    shares(panel.x, times)
        .map(|slow| panel.at(slow, times.quantile(1.0 - 1.0 / slow) as f64))
        .collect()
}

/// One in how many requests, as far as there are requests to speak for: one in n for n requests.
fn shares(x: Scale, times: &Histogram) -> impl Iterator<Item = f64> {
    const STEPS: u32 = 72;
    let (Scale::Log(_, end) | Scale::Linear(_, end)) = x;
    let end = end.min(times.count() as f64).max(1.0);
    let reached = (end.ln() / (f64::ln(10.0) * 6.0) * f64::from(STEPS)).ceil() as u32;
    (0..=reached).map(move |step| end.powf(f64::from(step) / f64::from(reached.max(1))))
}

/// 0 %, 90 %, 99 %, … at each power of ten.
fn marks(x: Scale, labelled: bool) -> Vec<(f64, String)> {
    let (Scale::Log(_, end) | Scale::Linear(_, end)) = x;
    let labels = ["0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"];
    labels
        .into_iter()
        .zip(0..)
        .map(|(label, power)| (10f64.powi(power), label))
        .filter(|(slow, _)| *slow <= end)
        .map(|(slow, label)| (slow, if labelled { label.to_owned() } else { String::new() }))
        .collect()
}

fn legend(pen: &Pen<'_>, has_earlier: bool) {
    let mut x = 804.0;
    let earlier = has_earlier.then_some(("response, earlier run", MUTED));
    for (text, colour) in [("service", ORANGE), ("response", BLUE)].into_iter().chain(earlier) {
        x -= width_of(text);
        pen.text((x, 12.0), text, INK, Anchor::Start);
        x -= 32.0;
        let line = [(x, 12.0), (x + 24.0, 12.0)];
        match text {
            "service" => pen.dashed(&line, colour, 2.2),
            "response" => pen.line(&line, colour, 2.2),
            _earlier => pen.line(&line, colour, 1.2),
        }
        x -= 16.0;
    }
}
