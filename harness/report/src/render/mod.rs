//! Renderings of a summary: for people, for repositories, and for machines.

mod badge;
mod block;
mod finding;
mod gate;
mod github;
mod html;
mod html_cases;
mod html_load;
mod html_untested;
mod json;
mod junit;
mod load_told;
pub(crate) mod markdown;
mod matrix;
mod sarif;
mod terminal;

use crate::{Summary, plot};
use record::Record;

pub use badge::{badge_json, badge_svg};
pub use block::finding;
pub use finding::evidence_folder;
pub use gate::gate;
pub use github::{JOB_SUMMARY_LIMIT, annotations, job_summary};
pub use html::html;
pub(crate) use html_load::tone;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use matrix::matrix;
pub use sarif::sarif;
pub use terminal::terminal;

/// A file of the report: its name, with `/` between folders, and what is in it.
pub type RenderedFile = (String, Vec<u8>);

/// Every file of the report of a record: `report.html`, `README.md`, `summary.json`, `junit.xml`,
/// `report.sarif`, `badge.json`, `badge.svg`, `plots/*.svg` and `plots/*.csv`. Writing them is the caller's part.
pub fn render_all(record: &Record) -> Vec<RenderedFile> {
    render_summary(&Summary::fold(record))
}

/// As [`render_all`], for a record that was already folded.
pub fn render_summary(summary: &Summary) -> Vec<RenderedFile> {
    let plots = plot::all(summary);
    let mut files = vec![
        ("report.html".to_owned(), html(summary).into_bytes()),
        ("README.md".to_owned(), markdown(summary).into_bytes()),
        ("summary.json".to_owned(), json(summary).into_bytes()),
        ("junit.xml".to_owned(), junit(summary).into_bytes()),
        ("report.sarif".to_owned(), sarif(summary).into_bytes()),
        ("badge.json".to_owned(), badge_json(summary).into_bytes()),
        ("badge.svg".to_owned(), badge_svg(summary).into_bytes()),
    ];
    for plot in plots {
        files.push((format!("plots/{}.svg", plot.name), plot.standalone().into_bytes()));
        files.push((format!("plots/{}.csv", plot.name), plot.csv.into_bytes()));
    }
    files
}
