//! What creeps over a long phase at one rate.

use super::csv::{Cell, Csv};
use super::palette::{BLUE, INK, MUTED, VERMILION};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot};
use super::scale::Scale;
use crate::summary::{LEAST_S, Load, Trend};
use crate::text::three_digits;

pub(super) const NAME: &str = "soak";
pub(super) const TITLE: &str = "Trends over a long phase at one rate";
const ROW: f64 = 128.0;
const FOOT: f64 = 44.0;

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<String> {
    load.trends
        .is_empty()
        .then(|| format!("no phase kept one rate for at least {LEAST_S} s of measured seconds"))
}

/// A panel for each figure: its points, unconnected, and the line of its slope.
pub(super) fn plot(load: &Load) -> Plot {
    let mut csv = Csv::with(&["figure", "phase", "at_s", "value", "line"]);
    for trend in &load.trends {
        for (at, value) in &trend.points {
            let head = [Cell::Text(trend.what.words()), Cell::Text(&trend.phase)];
            let line = on_line(trend, *at);
            csv.row(head.into_iter().chain([(*at).into(), (*value).into(), line.into()]));
        }
    }
    let phase = load.trends.first().map_or("", |trend| trend.phase.as_str());
    let mut caption = format!(
        "Phase “{phase}”. The line has Theil and Sen’s slope, the median of the slopes between all pairs \
         of points; in brackets its interval of 95 %, which takes points as independent. \
         Axes need not begin at zero."
    );
    if load.target.is_empty() {
        caption.push_str(" The server’s own process was not watched in this run.");
    }
    let height = ROW * load.trends.len() as f64 + FOOT;
    Plot::draw(NAME, TITLE, caption, csv, height as u32, |pen| paint(pen, load))
}

fn on_line(trend: &Trend, at: f64) -> f64 {
    trend.middle + trend.per_hour / 3600.0 * (at - f64::midpoint(trend.from_s, trend.to_s))
}

fn paint(pen: &Pen<'_>, load: &Load) {
    for (row, trend) in load.trends.iter().enumerate() {
        let values = || trend.points.iter().map(|point| point.1);
        let (least, most) =
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let top = row as f64 * ROW + 30.0;
        let panel = Panel {
            left: 64.0,
            right: 892.0,
            top,
            bottom: top + ROW - 38.0,
            x: Scale::Linear(trend.from_s, trend.to_s.max(trend.from_s + 1.0)),
            y: Scale::around(least, most),
        };
        panel.draw_y_sparsely(pen);
        pen.bold((panel.left, top - 13.0), trend.what.words(), INK, Anchor::Start);
        let colour = if trend.is_sure() { VERMILION } else { MUTED };
        pen.bold((panel.right, top - 13.0), &slope(trend), colour, Anchor::End);
        for (at, value) in &trend.points {
            pen.dot(panel.at(*at, *value), 2.0, BLUE);
        }
        let ends = [trend.from_s, trend.to_s].map(|at| panel.at(at, on_line(trend, at)));
        if trend.is_sure() {
            pen.line(&ends, colour, 2.2);
        } else {
            pen.dashed(&ends, colour, 2.0);
        }
        let lowest = row + 1 == load.trends.len();
        let ticks = if lowest { panel.x.ticks() } else { Vec::new() };
        let title = if lowest { "seconds since the start of the load" } else { "" };
        panel.draw_x(pen, &ticks, title);
    }
}

/// Two digits that count, also of what is small.
fn two_digits(value: f64) -> String {
    if value >= 10.0 || value <= 0.0 {
        return three_digits(value);
    }
    let decimals = (1.0 - value.log10().floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

/// `+1.2 ms an hour (+0.80 to +1.6)`, and whether that is a trend.
pub(crate) fn slope(trend: &Trend) -> String {
    let signed = |value: f64| {
        let sign = if value < 0.0 { "−" } else { "+" };
        format!("{sign}{}", two_digits(value.abs()))
    };
    let Trend { per_hour, low, high, what, .. } = trend;
    let verdict = if trend.is_sure() { "" } else { ": no trend seen" };
    format!(
        "{} {} an hour ({} to {}){verdict}",
        signed(*per_hour),
        what.unit(),
        signed(*low),
        signed(*high)
    )
}
