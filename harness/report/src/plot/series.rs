//! Lines over time: named where they end, never drawn from one phase into the next.

use super::palette::{Colour, PAPER};
use super::panel::{Panel, name_ends};
use super::pen::Pen;

/// How a line is drawn, for readers without colour too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    Solid,
    Thin,
    Dashed,
    Dotted,
}

/// A line over time.
pub(super) struct Series {
    pub(super) name: &'static str,
    pub(super) colour: Colour,
    pub(super) stroke: Stroke,
    /// Phase, seconds since the start, value; in order of time.
    pub(super) points: Vec<(usize, f64, f64)>,
}

impl Series {
    /// Draws lines on a panel and names each where it ends.
    pub(super) fn draw_all(pen: &Pen<'_>, panel: &Panel, all: &[Self], halo: bool) {
        let mut ends = Vec::new();
        for series in all {
            for run in series.points.chunk_by(|one, next| one.0 == next.0) {
                let places: Vec<(f64, f64)> =
                    run.iter().map(|(_, at, value)| panel.at(*at, *value)).collect();
                if halo {
                    pen.line(&places, PAPER, 4.0);
                }
                draw(pen, &places, series.colour, series.stroke);
            }
            if let Some((_, at, value)) = series.points.last() {
                let (_, y) = panel.at(*at, *value);
                ends.push((y, series.name.to_owned(), series.colour));
            }
        }
        name_ends(pen, panel.right, panel.bottom, ends);
    }

    /// The largest value, if there is one.
    pub(super) fn most(all: &[Self]) -> Option<f64> {
        all.iter().flat_map(|series| series.points.iter().map(|point| point.2)).reduce(f64::max)
    }
}

/// A line of the given stroke; a dot where it has one point.
pub(super) fn draw(pen: &Pen<'_>, places: &[(f64, f64)], colour: Colour, stroke: Stroke) {
    match stroke {
        Stroke::Solid => pen.line(places, colour, 2.2),
        Stroke::Thin => pen.line(places, colour, 1.2),
        Stroke::Dashed => pen.dashed(places, colour, 2.0),
        Stroke::Dotted => pen.dotted(places, colour, 1.8),
    }
    if let [only] = places {
        pen.dot(*only, 2.5, colour);
    }
}
