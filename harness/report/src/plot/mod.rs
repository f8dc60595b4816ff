//! Plots of a load attack: functions from a summary to SVG text.
//!
//! One style for all: colours that colour-blind readers tell apart, every line named where it ends,
//! nothing connected across phases, fields told apart by pattern too. plotters draws; no font is loaded,
//! text stays text. Beside each plot goes its data; a plot that cannot be drawn says why.

mod attested;
mod bins;
mod columns;
mod csv;
mod generator;
mod heatmap;
mod palette;
mod panel;
mod pen;
mod rate;
mod recovery;
mod retries;
mod scale;
mod series;
mod soak;
mod spectrum;
mod states;
mod strip;
mod texture;
mod wrong;

pub use palette::dark_style;
pub use pen::Plot;
pub(crate) use soak::slope;

use crate::Summary;
use crate::summary::Load;

/// A plot that a load may have.
struct Kind {
    name: &'static str,
    title: &'static str,
    /// Why it cannot be drawn, if it cannot.
    absent: fn(&Load) -> Option<String>,
    draw: fn(&Load) -> Plot,
}

/// In the order shown: what was answered, how fast, how it held, and who asked.
const KINDS: [Kind; 10] = [
    Kind { name: rate::NAME, title: rate::TITLE, absent: |_| None, draw: rate::plot },
    Kind {
        name: wrong::NAME,
        title: wrong::TITLE,
        absent: |load| wrong::absent(load).map(ToOwned::to_owned),
        draw: wrong::plot,
    },
    Kind { name: heatmap::NAME, title: heatmap::TITLE, absent: |_| None, draw: heatmap::plot },
    Kind { name: spectrum::NAME, title: spectrum::TITLE, absent: |_| None, draw: spectrum::plot },
    Kind {
        name: generator::NAME,
        title: generator::TITLE,
        absent: |_| None,
        draw: generator::plot,
    },
    Kind {
        name: recovery::NAME,
        title: recovery::TITLE,
        absent: |load| recovery::absent(load).map(ToOwned::to_owned),
        draw: recovery::plot,
    },
    Kind { name: soak::NAME, title: soak::TITLE, absent: soak::absent, draw: soak::plot },
    Kind {
        name: states::NAME,
        title: states::TITLE,
        absent: |load| states::absent(load).map(ToOwned::to_owned),
        draw: states::plot,
    },
    Kind {
        name: attested::NAME,
        title: attested::TITLE,
        absent: |load| attested::absent(load).map(ToOwned::to_owned),
        draw: attested::plot,
    },
    Kind {
        name: retries::NAME,
        title: retries::TITLE,
        absent: |load| retries::absent(load).map(ToOwned::to_owned),
        draw: retries::plot,
    },
];

const NO_FLEET: &str = "no fleet of devices in this run";

/// The plots of one attack; none if it holds no second.
pub fn of_load(load: &Load) -> Vec<Plot> {
    drawn(load).map(|kind| (kind.draw)(load)).collect()
}

/// Name and title of each plot of one attack, in the order shown.
pub fn titles(load: &Load) -> Vec<(&'static str, &'static str)> {
    drawn(load).map(|kind| (kind.name, kind.title)).collect()
}

/// Title of each plot that one attack cannot have, and why; none if it holds no second at all.
pub fn absent(load: &Load) -> Vec<(&'static str, String)> {
    if load.seconds.is_empty() {
        return Vec::new();
    }
    KINDS.iter().filter_map(|kind| (kind.absent)(load).map(|why| (kind.title, why))).collect()
}

fn drawn(load: &Load) -> impl Iterator<Item = &'static Kind> {
    let whole = if load.seconds.is_empty() { &[][..] } else { &KINDS[..] };
    whole.iter().filter(|kind| (kind.absent)(load).is_none())
}

/// The plots of every attack, under the names of their files.
pub fn all(summary: &Summary) -> Vec<Plot> {
    let numbered = summary.load.iter().enumerate();
    numbered
        .flat_map(|(index, load)| {
            of_load(load).into_iter().map(move |mut plot| {
                plot.name = file_name(&plot.name, index);
                plot
            })
        })
        .collect()
}

/// The file stem of a plot of the attack at that place: the first has no number.
pub fn file_name(name: &str, index: usize) -> String {
    if index == 0 { name.to_owned() } else { format!("{name}-{}", index + 1) }
}
