//! Offered against achieved rate over time.

use super::bins::{Bin, bins, runs};
use super::csv::{Cell, Csv};
use super::palette::{INK, MUTED, ORANGE, RIGHT, SHED, VERMILION};
use super::panel::{Panel, name_ends};
use super::pen::{Anchor, Pen, Plot, width_of};
use super::scale::Scale;
use super::texture::{Bar, Fill, Texture, fill, swatch};
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
    let bins = bins(load, COLUMNS);
    Plot::draw(NAME, TITLE, caption, csv(load, &bins), HEIGHT, |pen| paint(pen, load, &bins))
}

const COLUMNS: usize = 180;

const STACK: [(Kind, Fill); 4] = [
    (Kind::Right, Fill::light(RIGHT, Texture::Plain)),
    (Kind::Shed, Fill::light(SHED, Texture::Level)),
    (Kind::Undecided, Fill::light(ORANGE, Texture::Upright)),
    (Kind::Wrong, Fill::dark(VERMILION, Texture::Plain)),
];

fn csv(load: &Load, bins: &[Bin]) -> Csv {
    let head = ["phase", "from_s", "to_s", "offered", "sent", "not_sent"];
    let kinds = ["right", "shed", "no_decision", "wrong"];
    let mut csv = Csv::with(&[&head[..], &kinds[..]].concat());
    for bin in bins {
        let answers = STACK.iter().map(|(kind, _)| bin.of_kind(*kind).into());
        let counts = [bin.offered, bin.sent, bin.dropped].map(Cell::from);
        let place = [bin.from, bin.to].map(Cell::from);
        let phase = Cell::Text(&load.phases[bin.phase].name);
        csv.row(std::iter::once(phase).chain(place).chain(counts).chain(answers));
    }
    csv
}

fn paint(pen: &Pen<'_>, load: &Load, bins: &[Bin]) {
    let peak = bins.iter().map(|bin| {
        let answered: u64 = STACK.iter().map(|(kind, _)| bin.of_kind(*kind)).sum();
        bin.per_second(bin.offered.max(answered + bin.dropped))
    });
    let top = peak.fold(1.0, f64::max);
    let panel = Panel::over_time(load, bins, f64::from(HEIGHT), Scale::from_zero(top * 1.04));
    panel.draw_phases(pen, load);
    panel.draw_time_axes(pen, "Requests per second");
    let gap = if bins.len() > 90 { 0.0 } else { 0.75 };
    let mut feet = vec![0.0; bins.len()];
    let mut layer = |count: &dyn Fn(&Bin) -> u64| -> Vec<Bar> {
        let mut bars = Vec::new();
        for (bin, foot) in bins.iter().zip(&mut feet) {
            let head = *foot + bin.per_second(count(bin));
            let (left, right) = (panel.across(bin.from) + gap, panel.across(bin.to) - gap);
            if head > *foot {
                bars.push(Bar { left, right, top: panel.up(head), bottom: panel.up(*foot) });
            }
            *foot = head;
        }
        bars
    };
    for (kind, look) in STACK {
        let bars = layer(&|bin| bin.of_kind(kind));
        fill(pen, &bars, look);
    }
    for bar in layer(&|bin| bin.dropped) {
        pen.hollow((bar.left, bar.top), (bar.right, bar.bottom), MUTED);
    }
    for (bin, foot) in bins.iter().zip(&feet).filter(|(bin, _)| bin.of_kind(Kind::Wrong) > 0) {
        pen.cross((panel.across(bin.middle()), panel.up(*foot) - 9.0), VERMILION);
    }
    let mut end = None;
    for run in runs(bins) {
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
        name_ends(pen, x, panel.bottom, vec![(y, "offered".to_owned(), INK)]);
    }
    legend(pen, load, panel.right);
}

/// Right-aligned on the title's line, with the totals; only what occurred.
fn legend(pen: &Pen<'_>, load: &Load, right: f64) {
    let names = ["right", "shed", "no decision", "wrong"];
    let mut entries: Vec<(String, Option<Fill>)> = STACK
        .iter()
        .zip(names)
        .map(|((kind, look), name)| (of_kind(&load.classes, *kind), name, *look))
        .filter(|(n, name, _)| *n > 0 || *name == "right")
        .map(|(n, name, look)| (format!("{name} {}", count(n)), Some(look)))
        .collect();
    if load.dropped > 0 {
        entries.push((format!("not sent {}", count(load.dropped)), None));
    }
    let mut x = right;
    for (text, look) in entries.into_iter().rev() {
        x -= width_of(&text);
        pen.text((x, 12.0), &text, INK, Anchor::Start);
        x -= 17.0;
        match look {
            Some(look) => swatch(pen, (x - 2.0, 12.0), look),
            None => pen.hollow((x, 6.0), (x + 12.0, 18.0), MUTED),
        }
        x -= 14.0;
    }
}
