//! Panels one above the other, all over the same seconds.

use super::csv::{Cell, Csv};
use super::palette::Colour;
use super::palette::INK;
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot};
use super::scale::Scale;
use super::series::{Series, Stroke};
use crate::summary::Load;

/// Room for the names of the phases.
const HEAD: f64 = 26.0;
/// Room for the title of a panel.
const TITLE: f64 = 24.0;
const BODY: f64 = 86.0;
const GAP: f64 = 8.0;
const FOOT: f64 = 44.0;

/// One panel: what it measures, and its lines.
pub(super) struct Track {
    /// What it measures, with unit.
    pub(super) title: String,
    pub(super) scale: Axis,
    pub(super) series: Vec<Series>,
    /// Whether the field between the first two lines is shaded.
    pub(super) shaded: Option<Colour>,
}

/// Which upright axis a panel has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    /// Durations in µs, by powers of ten.
    Durations,
    /// From zero.
    FromZero,
}

/// A moment that is marked across all panels.
pub(super) struct Moment {
    pub(super) at: f64,
    pub(super) words: String,
    pub(super) colour: Colour,
}

/// Panels over the seconds between two moments.
pub(super) struct Strip {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) tracks: Vec<Track>,
    pub(super) moments: Vec<Moment>,
}

impl Strip {
    /// Over the whole attack.
    pub(super) fn over_all(load: &Load, tracks: Vec<Track>) -> Self {
        let planned = load.phases.iter().map(|phase| phase.from_s + phase.for_s);
        let seen = load.seconds.iter().map(|second| second.second as f64 + 1.0);
        let ends = tracks.iter().flat_map(|track| &track.series);
        let drawn = ends.flat_map(|series| series.points.iter().map(|point| point.1));
        let to = planned.filter(|end| end.is_finite()).chain(seen).chain(drawn).fold(1.0, f64::max);
        Self { from: 0.0, to, tracks, moments: Vec::new() }
    }

    /// The drawing, with its data.
    pub(super) fn plot(
        self,
        (name, title): (&str, &'static str),
        caption: String,
        load: &Load,
    ) -> Plot {
        let height = HEAD + self.tracks.len() as f64 * (TITLE + BODY + GAP) - GAP + FOOT;
        let csv = self.csv(load);
        Plot::draw(name, title, caption, csv, height as u32, |pen| self.paint(pen, load))
    }

    fn paint(&self, pen: &Pen<'_>, load: &Load) {
        let panels: Vec<Panel> = (0..self.tracks.len()).map(|place| self.panel(place)).collect();
        let Some(lowest) = panels.last() else { return };
        lowest.draw_phases_from(pen, load, 2.0);
        for (track, panel) in self.tracks.iter().zip(&panels) {
            panel.draw_y_sparsely(pen);
            pen.bold((panel.left, panel.top - 11.0), &track.title, INK, Anchor::Start);
            if let (Some(colour), [first, second, ..]) = (track.shaded, &track.series[..]) {
                shade(pen, panel, first, second, colour);
            }
            Series::draw_all(pen, panel, &track.series, false);
            panel.draw_x(pen, &[], "");
        }
        for (row, moment) in self.moments.iter().enumerate() {
            mark(pen, &panels, moment, row, row + 1 == self.moments.len());
        }
        lowest.draw_x(pen, &lowest.x.ticks(), "seconds since the start of the load");
    }

    fn panel(&self, place: usize) -> Panel {
        let track = &self.tracks[place];
        let values = || track.series.iter().flat_map(|one| one.points.iter().map(|point| point.2));
        let most = Series::most(&track.series).unwrap_or(1.0);
        let y = match track.scale {
            Axis::Durations => {
                let least = values().fold(most, f64::min).max(10.0);
                Scale::durations(least as u64, most as u64)
            }
            Axis::FromZero => Scale::from_zero(most * 1.04),
        };
        let top = HEAD + place as f64 * (TITLE + BODY + GAP) + TITLE;
        let x = Scale::Linear(self.from, self.to.max(self.from + 1.0));
        Panel { left: 64.0, right: 800.0, top, bottom: top + BODY, x, y }
    }

    fn csv(&self, load: &Load) -> Csv {
        let mut csv = Csv::with(&["panel", "line", "phase", "at_s", "value"]);
        for track in &self.tracks {
            for series in &track.series {
                for (phase, at, value) in &series.points {
                    let phase = load.phases.get(*phase).map(|phase| phase.name.as_str());
                    let head = [Cell::Text(&track.title), series.name.into(), phase.into()];
                    csv.row(head.into_iter().chain([(*at).into(), (*value).into()]));
                }
            }
        }
        csv
    }
}

impl Track {
    pub(super) fn new(title: &str, scale: Axis, series: Vec<Series>) -> Self {
        let series = series.into_iter().filter(|one| !one.points.is_empty()).collect();
        Self { title: title.to_owned(), scale, series, shaded: None }
    }

    /// Whether there is anything to draw.
    pub(super) fn is_empty(&self) -> bool {
        self.series.is_empty()
    }
}

/// A line through all panels; the words of each moment have a row of their own. The last one's words
/// follow its line, those of others end at theirs: so none cross another's. Without room there they
/// change sides.
fn mark(pen: &Pen<'_>, panels: &[Panel], moment: &Moment, row: usize, is_last: bool) {
    for panel in panels {
        let x = panel.across(moment.at);
        pen.dashed(&[(x, panel.top), (x, panel.bottom)], moment.colour, 1.4);
    }
    let first = &panels[0];
    let x = first.across(moment.at);
    let width = BESIDE + moment.words.chars().count() as f64 * WIDE;
    let room_before = x - width >= first.left;
    let stands_after = if is_last { x + width <= first.right } else { !room_before };
    let (x, anchor) =
        if stands_after { (x + BESIDE, Anchor::Start) } else { (x - BESIDE, Anchor::End) };
    pen.bold((x, first.top + 8.0 + row as f64 * 15.0), &moment.words, moment.colour, anchor);
}

/// From a line to its words.
const BESIDE: f64 = 5.0;
/// A bold letter, at most of the time.
const WIDE: f64 = 7.0;

/// The field between two lines, phase by phase.
fn shade(pen: &Pen<'_>, panel: &Panel, first: &Series, second: &Series, colour: Colour) {
    for run in first.points.chunk_by(|one, next| one.0 == next.0) {
        let other = second.points.iter().filter(|point| point.0 == run[0].0);
        let place = |point: &(usize, f64, f64)| panel.at(point.1, point.2);
        let back: Vec<(f64, f64)> = other.map(place).collect();
        let outline: Vec<(f64, f64)> =
            run.iter().map(place).chain(back.into_iter().rev()).collect();
        if outline.len() > 3 {
            pen.fill(&outline, colour);
        }
    }
}

/// A line over time from columns of anything.
pub(super) fn line(
    name: &'static str,
    colour: Colour,
    stroke: Stroke,
    points: impl Iterator<Item = (usize, f64, Option<f64>)>,
) -> Series {
    let points = points
        .filter_map(|(phase, at, value)| value.map(|value| (phase, at, value)))
        .filter(|(_, at, value)| at.is_finite() && value.is_finite())
        .collect();
    Series { name, colour, stroke, points }
}
