//! The summary of a job: the report as Markdown, in the room that a workflow gives it.

use crate::Summary;
use crate::render::markdown::findings::{Beside, finding};
use crate::render::markdown::{Page, code, escape, load, rest, tables, title};
use crate::text::{count, counted};

/// Bytes that one step may leave in its summary; of more than that nothing is shown at all.
pub const JOB_SUMMARY_LIMIT: usize = 1024 * 1024;

/// Bytes kept for saying what is left out.
const NOTICE: usize = 1024;

/// The report for a job summary, in `room` bytes at most; what is left out lies in `folder`.
///
/// What is left out is left out whole: findings from the least pressing, then other parts.
pub fn job_summary(summary: &Summary, folder: &str, room: usize) -> String {
    let start = part(|page| {
        title(page, summary);
        page.line(&format!(
            "`{}` at {}, {}. In full: `report.html` in `{}`.",
            code(&summary.run.target.name),
            escape(&summary.run.started),
            escape(&format!("assay {}", summary.run.assay)),
            code(folder),
        ));
        tables::headline(page, summary);
        tables::next(page, summary);
    });
    let Some(left) = room.checked_sub(start.len() + NOTICE) else {
        return least(summary, room);
    };
    let (rest, without) = parts(summary, left / 2);
    let (findings, shown) = findings(summary, left - rest.len());
    let mut page = Page(start);
    page.0.push_str(&findings);
    let all = summary.cases.findings().len();
    if shown < all {
        page.line(&format!(
            "… and {} left out here for want of room: see `report.html` and `summary.json` in `{}`.",
            counted((all - shown) as u64, "more finding is", "more findings are"),
            in_place(folder),
        ));
    }
    page.0.push_str(&rest);
    if without > 0 {
        page.line(&format!(
            "{} left out here for want of room: see `report.html` in `{}`.",
            counted(without, "other part is", "other parts are"),
            in_place(folder),
        ));
    }
    page.0
}

/// The findings that fit, the most pressing first, and how many those are.
fn findings(summary: &Summary, room: usize) -> (String, usize) {
    let findings = summary.cases.findings();
    if findings.is_empty() {
        return (String::new(), 0);
    }
    let mut text = format!("## Findings ({})\n\n", count(findings.len() as u64));
    for (shown, case) in findings.iter().enumerate() {
        let block =
            part(|page| finding(page, case, summary.evidence.get(&case.id), Beside::Nothing));
        if text.len() + block.len() > room {
            return (if shown == 0 { String::new() } else { text }, shown);
        }
        text.push_str(&block);
    }
    (text, findings.len())
}

/// The other parts that fit, and how many do not.
fn parts(summary: &Summary, room: usize) -> (String, u64) {
    let mut parts: Vec<String> = vec![
        part(|page| rest::not_tested(page, summary)),
        part(|page| tables::known(page, summary)),
    ];
    parts.extend(summary.load.iter().map(|load| part(|page| load::load_section(page, load))));
    parts.push(part(|page| tables::clauses(page, summary)));
    parts.push(part(|page| rest::foot(page, summary)));
    let (mut text, mut without) = (String::new(), 0);
    for part in parts {
        if text.len() + part.len() <= room {
            text.push_str(&part);
        } else {
            without += 1;
        }
    }
    (text, without)
}

/// Where there is no room even for the beginning: the verdict in a word, or nothing.
fn least(summary: &Summary, room: usize) -> String {
    let word = format!("# {} {}\n\n", summary.standing.symbol(), summary.standing.word());
    if word.len() <= room { word } else { String::new() }
}

/// The folder in a notice, of which the end says most.
fn in_place(folder: &str) -> String {
    let from = folder.char_indices().rev().nth(160).map_or(0, |(at, _)| at);
    code(&folder[from..])
}

fn part(fill: impl FnOnce(&mut Page)) -> String {
    let mut page = Page::default();
    fill(&mut page);
    page.0
}
