//! Response times over time: where they lie, not only their average.

use super::bins::{Bin, bins};
use super::csv::{Cell, Csv};
use super::palette::{INK, MUTED, RAMP, VERMILION};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot};
use super::scale::Scale;
use super::series::{Series, Stroke};
use super::strip::line;
use crate::summary::Load;
use crate::text::{count, micros, plain};
use record::Promise;
use std::collections::BTreeMap;

pub(super) const NAME: &str = "latency";
pub(super) const TITLE: &str = "Response time over time";
const HEIGHT: u32 = 360;
const ROWS: f64 = 48.0;

/// A column of cells per second, darker where more answers lie, with p50 and p99 over it.
pub(super) fn plot(load: &Load) -> Plot {
    let caption = "From the intended start of a request to the end of its answer, all operations. \
                   The darker a cell, the more answers took that long in that second; \
                   lines give the time below which half and 99 % of them lie."
        .to_owned();
    let caption = match load.promises[..] {
        [] => caption,
        [..] => caption + " Dotted: what the profile promises of each operation.",
    };
    let bins = bins(load, 150);
    let scale = scale(&bins, load);
    let csv = csv(load, &bins, scale);
    Plot::draw(NAME, TITLE, caption, csv, HEIGHT, |pen| paint(pen, load, &bins, scale))
}

fn filled(bins: &[Bin]) -> impl Iterator<Item = &Bin> {
    bins.iter().filter(|bin| bin.responses.count() > 0)
}

fn scale(bins: &[Bin], load: &Load) -> Scale {
    let promised = load.promises.iter().map(|promise| promise.within_us);
    let least = filled(bins).map(|bin| bin.responses.quantile(0.0)).min().unwrap_or(1);
    let seen = filled(bins).map(|bin| bin.responses.max());
    let most = seen.chain(promised).max().unwrap_or(1);
    Scale::durations(least, most)
}

/// The cells that hold something, each with the quantiles of its column.
fn csv(load: &Load, bins: &[Bin], scale: Scale) -> Csv {
    let (Scale::Log(from, to) | Scale::Linear(from, to)) = scale;
    let edge = |row: u32| from * (to / from).powf(f64::from(row) / ROWS);
    let columns = [
        "phase",
        "from_s",
        "to_s",
        "from_us",
        "to_us",
        "answers",
        "column_p50_us",
        "column_p99_us",
    ];
    let mut csv = Csv::with(&columns);
    for bin in filled(bins) {
        for (row, n) in rows(bin, scale) {
            let place = [bin.from, bin.to, edge(row).round(), edge(row + 1).round()];
            let quantiles = [0.5, 0.99].map(|share| bin.responses.quantile(share));
            let phase = Cell::Text(&load.phases[bin.phase].name);
            let cells = std::iter::once(phase).chain(place.map(Cell::from));
            csv.row(cells.chain([n.into()]).chain(quantiles.map(Cell::from)));
        }
    }
    csv
}

fn paint(pen: &Pen<'_>, load: &Load, bins: &[Bin], scale: Scale) {
    let panel = Panel::over_time(load, bins, f64::from(HEIGHT), scale);
    panel.draw_phases(pen, load);
    panel.draw_time_axes(pen, "Response time (log scale)");
    let columns: Vec<(&Bin, BTreeMap<u32, u64>)> =
        filled(bins).map(|bin| (bin, rows(bin, panel.y))).collect();
    let fullest = columns.iter().flat_map(|(_, rows)| rows.values()).max().copied().unwrap_or(1);
    let height = (panel.bottom - panel.top) / ROWS;
    for (bin, rows) in &columns {
        let (x0, x1) = (panel.across(bin.from), panel.across(bin.to));
        for (row, n) in rows {
            let y = panel.bottom - f64::from(*row) * height;
            pen.bar((x0, y - height), (x1, y), RAMP[level(*n, fullest)]);
        }
    }
    let quantile = |share: f64| {
        filled(bins)
            .map(move |bin| (bin.phase, bin.middle(), Some(bin.responses.quantile(share) as f64)))
    };
    let lines = [
        line("p50", INK, Stroke::Dashed, quantile(0.5)),
        line("p99", VERMILION, Stroke::Solid, quantile(0.99)),
    ];
    Series::draw_all(pen, &panel, &lines, true);
    promises(pen, &panel, load);
    legend(pen, fullest, panel.right);
}

/// A line for each limit, named at its left end; what shares a limit shares a line.
fn promises(pen: &Pen<'_>, panel: &Panel, load: &Load) {
    let mut lines: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for Promise { operation, share, within_us } in &load.promises {
        let name = format!("p{} of {operation}", plain(share * 100.0));
        lines.entry(*within_us).or_default().push(name);
    }
    for (limit, names) in lines {
        let y = panel.up(limit as f64);
        pen.dotted(&[(panel.left, y), (panel.right, y)], INK, 1.4);
        let text = format!("{} ≤ {}", names.join(", "), micros(limit));
        pen.text((panel.left + 6.0, y - 8.0), &text, INK, Anchor::Start);
    }
}

/// Counts of a column by row of the upright axis.
fn rows(bin: &Bin, scale: Scale) -> BTreeMap<u32, u64> {
    let mut rows = BTreeMap::new();
    for (us, n) in bin.responses.cells() {
        let row = (scale.share(us as f64) * ROWS).min(ROWS - 1.0) as u32;
        *rows.entry(row).or_default() += n;
    }
    rows
}

/// Logarithmic, so that single slow answers show beside thousands of quick ones.
fn level(n: u64, fullest: u64) -> usize {
    let share = (1.0 + n as f64).ln() / (1.0 + fullest as f64).ln();
    ((share * RAMP.len() as f64).ceil() as usize).clamp(1, RAMP.len()) - 1
}

fn legend(pen: &Pen<'_>, fullest: u64, right: f64) {
    const CELL: f64 = 18.0;
    let text = format!("{} answers a cell", count(fullest));
    let ramp = right - super::pen::width_of(&text) - 8.0;
    pen.text((right, 12.0), &text, MUTED, Anchor::End);
    for (step, colour) in RAMP.into_iter().rev().enumerate() {
        let x = ramp - step as f64 * CELL;
        pen.bar((x - CELL, 6.0), (x, 18.0), colour);
    }
    pen.text((ramp - RAMP.len() as f64 * CELL - 6.0, 12.0), "1", MUTED, Anchor::End);
}
