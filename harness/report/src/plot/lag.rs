//! How late the generator itself was.

use super::bins::{bins, runs};
use super::palette::{BLUE, Colour, ORANGE};
use super::panel::{Panel, name_ends};
use super::pen::{Pen, Plot};
use super::scale::Scale;
use crate::summary::Load;

pub(super) const NAME: &str = "lag";
pub(super) const TITLE: &str = "Generator lag over time";
const HEIGHT: u32 = 250;
const LINES: [(f64, Colour, &str); 2] = [(0.5, BLUE, "p50"), (0.99, ORANGE, "p99")];

/// p50 and p99 of the time from intended start to send.
pub(super) fn plot(load: &Load) -> Plot {
    let caption = "From the moment a request should have been sent to the moment it was. \
                   This is the generator’s own delay; response times above contain it, service times do not."
        .to_owned();
    Plot::draw(NAME, TITLE, caption, HEIGHT, |pen| paint(pen, load))
}

fn paint(pen: &Pen<'_>, load: &Load) {
    let bins = bins(load, 300);
    let filled = || bins.iter().filter(|bin| bin.lags.count() > 0);
    let least = filled().map(|bin| bin.lags.quantile(0.5)).min().unwrap_or(1);
    let most = filled().map(|bin| bin.lags.quantile(0.99)).max().unwrap_or(1);
    let panel =
        Panel::over_time(load, &bins, f64::from(HEIGHT), Scale::durations(least.max(10), most));
    panel.draw_phases(pen, load);
    panel.draw_time_axes(pen, "Lag of the send (log scale)");
    let mut ends = Vec::new();
    for (share, colour, name) in LINES {
        let mut end = None;
        for run in runs(&bins) {
            let points: Vec<(f64, f64)> = run
                .iter()
                .filter(|bin| bin.lags.count() > 0)
                .map(|bin| panel.at(bin.middle(), bin.lags.quantile(share) as f64))
                .collect();
            if name == "p99" {
                pen.line(&points, colour, 2.2);
            } else {
                pen.dashed(&points, colour, 2.0);
            }
            if let [only] = points[..] {
                pen.dot(only, 3.0, colour);
            }
            end = points.last().copied().or(end);
        }
        ends.extend(end.map(|(_, y)| (y, name.to_owned(), colour)));
    }
    name_ends(pen, panel.right, ends);
}
