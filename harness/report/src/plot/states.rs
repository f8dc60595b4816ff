//! The fleet over time: how many devices are in which state of life.

use super::columns::{Column, columns};
use super::csv::{Cell, Csv};
use super::palette::{
    BLUE, GREEN, INK, MUTED, ORANGE, PURPLE, RIGHT, SAND, SHED, VERMILION, WAIT, YELLOW,
};
use super::panel::Panel;
use super::pen::{Anchor, Pen, Plot};
use super::scale::Scale;
use super::texture::{Bar, Fill, Texture, fill, swatch};
use crate::summary::Load;
use crate::text::{count, shorten};
use record::FleetSecond;

pub(super) const NAME: &str = "fleet";
pub(super) const TITLE: &str = "Devices by state of life over time";
const HEIGHT: u32 = 360;

/// From the foot upwards: those that are well, those on their way, those that are not.
const ORDER: [&str; 12] = [
    "registered",
    "asserting",
    "enrolling",
    "indeterminate",
    "at-apple",
    "asking",
    "backing-off",
    "key-lost",
    "stuck",
    "gave-up",
    "no-key",
    "unsupported",
];

/// Neighbours differ in lightness, and most in pattern too.
const FILLS: [Fill; 12] = [
    Fill::light(RIGHT, Texture::Plain),
    Fill::dark(BLUE, Texture::Plain),
    Fill::light(WAIT, Texture::Upright),
    Fill::dark(PURPLE, Texture::Level),
    Fill::light(YELLOW, Texture::Plain),
    Fill::dark(GREEN, Texture::Dots),
    Fill::light(ORANGE, Texture::Upright),
    Fill::dark(VERMILION, Texture::Plain),
    Fill::light(SAND, Texture::Grid),
    Fill::dark(MUTED, Texture::Level),
    Fill::light(SHED, Texture::Dots),
    Fill::dark(INK, Texture::Plain),
];

/// Why there is nothing to draw.
pub(super) fn absent(load: &Load) -> Option<&'static str> {
    let seconds = load.fleet.as_ref().map_or(&[][..], |fleet| &fleet.seconds);
    (!seconds.iter().any(|second| second.states.values().any(|n| *n > 0)))
        .then_some(super::NO_FLEET)
}

/// Stacked: the whole height is the fleet.
pub(super) fn plot(load: &Load) -> Plot {
    let seconds = load.fleet.as_ref().map_or(&[][..], |fleet| &fleet.seconds);
    let columns = columns(load, seconds, |second| second.second, 180);
    let states = states(seconds);
    let mut csv = Csv::with(&["phase", "from_s", "to_s", "state", "devices"]);
    for column in &columns {
        let phase = load.phases.get(column.phase).map(|phase| phase.name.as_str());
        for (state, _) in &states {
            let head = [Cell::from(phase), column.from.into(), column.to.into()];
            csv.row(head.into_iter().chain([Cell::Text(state), devices(column, state).into()]));
        }
    }
    let caption =
        "Each device is in one state at a time; at the foot those that can assert, above \
                   them those on their way, at the top those that cannot or do not yet want to."
            .to_owned();
    Plot::draw(NAME, TITLE, caption, csv, HEIGHT, |pen| paint(pen, load, &columns, &states))
}

/// The states that occur, from the foot upwards, each with its fill; unknown ones last.
fn states(seconds: &[FleetSecond]) -> Vec<(&str, Fill)> {
    let mut seen: Vec<&str> = Vec::new();
    for (state, n) in seconds.iter().flat_map(|second| &second.states) {
        if *n > 0 && !seen.contains(&state.as_str()) {
            seen.push(state);
        }
    }
    let rank = |state: &str| ORDER.iter().position(|known| *known == state);
    seen.sort_by_key(|state| (rank(state).unwrap_or(ORDER.len()), *state));
    seen.truncate(FILLS.len());
    let mut free = ORDER.len();
    seen.into_iter()
        .map(|state| {
            let place = rank(state).unwrap_or_else(|| {
                free -= 1;
                free
            });
            (state, FILLS[place])
        })
        .collect()
}

/// Devices of a state at the end of a column.
fn devices(column: &Column<'_, FleetSecond>, state: &str) -> u64 {
    let last = column.seconds.last();
    last.and_then(|second| second.states.get(state)).copied().unwrap_or_default()
}

fn paint(pen: &Pen<'_>, load: &Load, columns: &[Column<'_, FleetSecond>], states: &[(&str, Fill)]) {
    let whole = |column: &Column<'_, FleetSecond>| {
        states.iter().map(|(state, _)| devices(column, state) as f64).sum::<f64>()
    };
    let most = columns.iter().map(whole).fold(1.0, f64::max);
    let planned = load.phases.iter().map(|phase| phase.from_s + phase.for_s);
    let to = columns.iter().map(|column| column.to).chain(planned).fold(1.0, f64::max);
    let panel = Panel {
        left: 64.0,
        right: 704.0,
        top: 62.0,
        bottom: f64::from(HEIGHT) - 44.0,
        x: Scale::Linear(0.0, to),
        y: Scale::from_zero(most),
    };
    panel.draw_phases(pen, load);
    panel.draw_time_axes(pen, "Devices");
    let mut feet: Vec<f64> = vec![0.0; columns.len()];
    for (state, look) in states {
        let mut bars = Vec::new();
        for (column, foot) in columns.iter().zip(&mut feet) {
            let head = *foot + devices(column, state) as f64;
            let (left, right) = (panel.across(column.from), panel.across(column.to));
            if head > *foot {
                bars.push(Bar { left, right, top: panel.up(head), bottom: panel.up(*foot) });
            }
            *foot = head;
        }
        fill(pen, &bars, *look);
    }
    legend(pen, &panel, columns, states);
}

/// In the order of the stack, with how many there are at the end.
fn legend(
    pen: &Pen<'_>,
    panel: &Panel,
    columns: &[Column<'_, FleetSecond>],
    states: &[(&str, Fill)],
) {
    pen.text((892.0, panel.top - 12.0), "at the end", MUTED, Anchor::End);
    for (row, (state, look)) in states.iter().rev().enumerate() {
        let y = panel.top + 8.0 + row as f64 * 20.0;
        swatch(pen, (716.0, y), *look);
        pen.text((736.0, y), &shorten(state, 14), INK, Anchor::Start);
        let last = columns.last().map_or(0, |column| devices(column, state));
        pen.text((892.0, y), &count(last), MUTED, Anchor::End);
    }
}
