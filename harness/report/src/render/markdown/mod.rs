//! `README.md`: what a repository shows.

pub(super) mod findings;
pub(super) mod load;
pub(super) mod page;
pub(super) mod rest;
pub(super) mod tables;

use crate::Summary;
pub(crate) use page::{Page, code, escape};

/// Entries of a list shown; the rest is in `report.html` and `summary.json`.
const SHOWN: usize = 50;

/// The report as Markdown.
pub fn markdown(summary: &Summary) -> String {
    let mut page = Page::default();
    title(&mut page, summary);
    page.line(&format!(
        "`{}` at {}, {}. The same in full: [report.html](report.html).",
        code(&summary.run.target.name),
        escape(&summary.run.started),
        escape(&format!("assay {}", summary.run.assay)),
    ));
    tables::headline(&mut page, summary);
    if let Some(held) = &summary.gate {
        super::gate::section(&mut page, held);
    }
    tables::next(&mut page, summary);
    findings::findings(&mut page, summary);
    for (index, load) in summary.load.iter().enumerate() {
        load::load_section(&mut page, load);
        load::plots(&mut page, load, index);
    }
    tables::known(&mut page, summary);
    tables::clauses(&mut page, summary);
    rest::not_tested(&mut page, summary);
    rest::foot(&mut page, summary);
    page.0
}

/// The verdict, with which every rendering begins.
pub(super) fn title(page: &mut Page, summary: &Summary) {
    page.line(&format!(
        "# {} {}: {}",
        summary.standing.symbol(),
        summary.standing.word(),
        escape(&summary.sentence)
    ));
}
