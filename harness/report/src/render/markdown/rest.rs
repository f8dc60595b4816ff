//! What was not tested, and how to do it all again.

use super::SHOWN;
use super::page::{Page, code, escape};
use crate::Summary;
use crate::summary::Case;
use crate::text::{count, counted};

/// What was left out, and why.
pub(in crate::render) fn not_tested(page: &mut Page, summary: &Summary) {
    let untested: Vec<&Case> = summary.cases.list.iter().filter(|case| !case.decided()).collect();
    let missing = &summary.headline.coverage.missing;
    page.line("## Not tested, and why");
    let unmapped = &summary.cases.unmapped;
    if untested.is_empty()
        && missing.is_empty()
        && unmapped.is_empty()
        && summary.cases.unplayed == 0
    {
        page.line("Nothing was left out: every case of the selection was decided.");
        return;
    }
    let mut items: Vec<String> = untested
        .iter()
        .take(SHOWN)
        .map(|case| {
            let word = case.verdict.as_str().replace('-', " ");
            format!("- `{}` {word}: {}", code(&case.id), escape(case.verdict.why()))
        })
        .collect();
    if untested.len() > SHOWN {
        let more = (untested.len() - SHOWN) as u64;
        items.push(format!("- … and {} more, in `summary.json`", count(more)));
    }
    if summary.cases.unplayed > 0 {
        let n = counted(summary.cases.unplayed, "planned case was", "planned cases were");
        items.push(format!("- {n} never played: the run ended before"));
    }
    items.extend(unmapped.iter().take(SHOWN).map(|one| {
        format!(
            "- the reason “{}” ({}) stands for no rule: the target file does not map it",
            escape(&one.words),
            counted(one.times, "time", "times")
        )
    }));
    if !missing.is_empty() {
        items.push(format!(
            "- clauses that no decided case reached: {}",
            escape(&missing.join(", "))
        ));
    }
    page.list(items);
}

/// What repeats the run.
pub(in crate::render) fn foot(page: &mut Page, summary: &Summary) {
    let run = &summary.run;
    page.line("## The run");
    for note in &summary.notes {
        page.line(&format!("> {}", escape(note)));
    }
    page.fence(&run.command);
    page.list([
        format!("- seed `{}`", code(&run.seed)),
        format!(
            "- server: {}, App ID {}, {}",
            escape(&run.target.nodes.join(", ")),
            escape(&run.target.app_id),
            escape(&run.target.environment)
        ),
        format!(
            "- machine: {}, {}, {}",
            escape(&run.machine.system),
            escape(&run.machine.cpu),
            counted(run.machine.cores as u64, "core", "cores")
        ),
        format!("- assay {}, record schema {}", escape(&run.assay), run.record_schema),
    ]);
}
