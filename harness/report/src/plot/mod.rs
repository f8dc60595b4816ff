//! Plots of a load attack: functions from a summary to SVG text.
//!
//! One style for all: colours that colour-blind readers tell apart, every line named where it ends,
//! nothing connected across phases. plotters draws; no font is loaded, text stays text.

mod bins;
mod heatmap;
mod lag;
mod palette;
mod panel;
mod pen;
mod rate;
mod scale;
mod spectrum;

pub use palette::dark_style;
pub use pen::Plot;

use crate::Summary;
use crate::summary::Load;

/// File stem and title of each plot of an attack, in the order shown.
pub const TITLES: [(&str, &str); 4] = [
    (rate::NAME, rate::TITLE),
    (heatmap::NAME, heatmap::TITLE),
    (spectrum::NAME, spectrum::TITLE),
    (lag::NAME, lag::TITLE),
];

/// The plots of one attack; none if it holds no second.
pub fn of_load(load: &Load) -> Vec<Plot> {
    if load.seconds.is_empty() {
        return Vec::new();
    }
    vec![rate::plot(load), heatmap::plot(load), spectrum::plot(load), lag::plot(load)]
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
