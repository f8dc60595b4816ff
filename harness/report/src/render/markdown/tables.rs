//! Tables and lists that sum a run up.

use super::page::{Page, code, escape};
use crate::Summary;
use crate::summary::Tally;
use crate::summary::known::lines;
use crate::text::count;

/// Three numbers and a coverage.
pub(in crate::render) fn headline(page: &mut Page, summary: &Summary) {
    let headline = &summary.headline;
    let row = |name: &str, what: &str, tally: Tally| {
        format!(
            "| {name} | {what} | {}{} of {} | {} of {} |",
            count(tally.in_cases),
            if tally.known > 0 {
                format!(" (and {} known)", count(tally.known))
            } else {
                String::new()
            },
            count(tally.of_cases),
            count(tally.under_load),
            count(tally.of_requests)
        )
    };
    page.list([
        "| | faults | in cases | under load |".to_owned(),
        "|---|---|--:|--:|".to_owned(),
        row("Security", "false accepts", headline.security),
        row("Interoperability", "false rejects, wrong outputs", headline.interoperability),
        row("Robustness", "no decision", headline.robustness),
        format!(
            "| Coverage | clauses reached | {} of {} | |",
            count(headline.coverage.covered),
            count(headline.coverage.named)
        ),
    ]);
}

/// What to do next.
pub(in crate::render) fn next(page: &mut Page, summary: &Summary) {
    page.line("## What to do next");
    page.list(summary.next.iter().enumerate().map(|(index, step)| {
        let case = step.case.as_ref().map(|case| format!(" (`{}`)", code(case)));
        format!("{}. {}{}", index + 1, escape(&step.what), case.unwrap_or_default())
    }));
}

/// What became of the known failures.
pub(in crate::render) fn known(page: &mut Page, summary: &Summary) {
    let Some(known) = &summary.known else { return };
    page.line("## Known failures");
    page.line(&format!("As listed in `{}` on {}.", code(&known.file), escape(&known.today)));
    let mut rows = vec![
        "| case | fails with | became | owner | until | why |".to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    rows.extend(lines(known).iter().map(|line| {
        let entry = line.entry;
        let issue = entry.issue.as_deref().map(|issue| format!(" ({})", escape(issue)));
        format!(
            "| `{}` | {} | {}{} | {} | {} | {}{} |",
            code(line.case),
            line.kind,
            if line.needs_care { "**!** " } else { "" },
            line.became,
            escape(&entry.owner),
            escape(&entry.expires),
            escape(&entry.reason),
            issue.unwrap_or_default()
        )
    }));
    page.list(rows);
}

/// Each clause and how its cases went.
pub(in crate::render) fn clauses(page: &mut Page, summary: &Summary) {
    if summary.cases.clauses.is_empty() {
        return;
    }
    page.line("## By clause");
    let mut rows = vec![
        "| clause | demands | holds | fails | undecided | not applicable |".to_owned(),
        "|---|---|--:|--:|--:|--:|".to_owned(),
    ];
    rows.extend(summary.cases.clauses.iter().map(|clause| {
        format!(
            "| {} | {} | {} | {} | {} | {} |",
            escape(&clause.id),
            escape(&clause.words),
            count(clause.passed),
            count(clause.failed),
            count(clause.inconclusive),
            count(clause.not_applicable)
        )
    }));
    page.list(rows);
}
