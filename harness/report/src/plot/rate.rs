//! Offered against achieved rate over time.

use super::bins::{bins, runs};
use super::palette::{Colour, INK, MUTED, ORANGE, RIGHT, SHED, VERMILION};
use super::panel::{Panel, name_ends};
use super::pen::{Anchor, Pen, Plot, width_of};
use super::scale::Scale;
use crate::summary::{Kind, Load, of_kind};
use crate::text::count;

pub(super) const NAME: &str = "rate";
pub(super) const TITLE: &str = "Offered and achieved rate over time";
const HEIGHT: u32 = 330;

/// Columns of what became of each second's arrivals under the line of what was offered.
pub(super) fn plot(load: &Load) -> Plot {
    let caption = "Each column is one second’s arrivals by intended start, by what became of them. \
                   Where the columns reach the line, the server kept up; hollow parts were never sent, \
                   which is the generator’s fault; a cross marks a wrong answer."
        .to_owned();
    Plot::draw(NAME, TITLE, caption, HEIGHT, |pen| paint(pen, load))
}

const STACK: [(Kind, Colour); 4] =
    [(Kind::Right, RIGHT), (Kind::Shed, SHED), (Kind::Undecided, ORANGE), (Kind::Wrong, VERMILION)];

fn paint(pen: &Pen<'_>, load: &Load) {
    let bins = bins(load, 180);
    let peak = bins.iter().map(|bin| {
        let answered: u64 = STACK.iter().map(|(kind, _)| bin.of_kind(*kind)).sum();
        bin.per_second(bin.offered.max(answered + bin.dropped))
    });
    let top = peak.fold(1.0, f64::max);
    let panel = Panel::over_time(load, &bins, f64::from(HEIGHT), Scale::from_zero(top * 1.04));
    panel.draw_phases(pen, load);
    panel.draw_time_axes(pen, "Requests per second");
    let gap = if bins.len() > 90 { 0.0 } else { 0.75 };
    for bin in &bins {
        let (x0, x1) = (panel.across(bin.from) + gap, panel.across(bin.to) - gap);
        let mut base = 0.0;
        for (kind, colour) in STACK {
            let rate = bin.per_second(bin.of_kind(kind));
            if rate > 0.0 {
                pen.bar((x0, panel.up(base + rate)), (x1, panel.up(base)), colour);
                base += rate;
            }
        }
        if bin.dropped > 0 {
            let rate = bin.per_second(bin.dropped);
            pen.hollow((x0, panel.up(base + rate)), (x1, panel.up(base)), MUTED);
            base += rate;
        }
        if bin.of_kind(Kind::Wrong) > 0 {
            pen.cross((f64::midpoint(x0, x1), panel.up(base) - 9.0), VERMILION);
        }
    }
    let mut end = None;
    for run in runs(&bins) {
        let steps: Vec<(f64, f64)> = run
            .iter()
            .flat_map(|bin| {
                let rate = bin.per_second(bin.offered);
                [panel.at(bin.from, rate), panel.at(bin.to, rate)]
            })
            .collect();
        pen.line(&steps, INK, 1.6);
        end = steps.last().copied();
    }
    if let Some((x, y)) = end {
        name_ends(pen, x, vec![(y, "offered".to_owned(), INK)]);
    }
    legend(pen, load, panel.right);
}

/// Right-aligned on the title's line, with the totals; only what occurred.
fn legend(pen: &Pen<'_>, load: &Load, right: f64) {
    let names = ["right", "shed", "no decision", "wrong"];
    let mut entries: Vec<(String, Option<Colour>)> = STACK
        .iter()
        .zip(names)
        .map(|((kind, colour), name)| (of_kind(&load.classes, *kind), name, *colour))
        .filter(|(n, name, _)| *n > 0 || *name == "right")
        .map(|(n, name, colour)| (format!("{name} {}", count(n)), Some(colour)))
        .collect();
    if load.dropped > 0 {
        entries.push((format!("not sent {}", count(load.dropped)), None));
    }
    let mut x = right;
    for (text, colour) in entries.into_iter().rev() {
        x -= width_of(&text);
        pen.text((x, 12.0), &text, INK, Anchor::Start);
        x -= 17.0;
        match colour {
            Some(colour) => pen.bar((x, 6.0), (x + 12.0, 18.0), colour),
            None => pen.hollow((x, 6.0), (x + 12.0, 18.0), MUTED),
        }
        x -= 14.0;
    }
}
