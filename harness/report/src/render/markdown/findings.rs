//! Findings, one block each.

use super::SHOWN;
use super::page::{Page, code, escape};
use crate::Summary;
use crate::render::finding::{evidence_folder, text};
use crate::summary::Case;
use crate::text::{count, shorten, three_digits};
use record::{Evidence, Verdict};

/// Characters of an answer that are shown.
const EXCERPT_SHOWN: usize = 600;

/// The findings, the most pressing in full.
pub(super) fn findings(page: &mut Page, summary: &Summary) {
    let findings = summary.cases.findings();
    if findings.is_empty() {
        return;
    }
    page.line(&format!("## Findings ({})", findings.len()));
    for case in findings.iter().take(SHOWN) {
        finding(page, case, summary.evidence.get(&case.id), Beside::Files);
    }
    if findings.len() > SHOWN {
        let more = (findings.len() - SHOWN) as u64;
        page.line(&format!("… and {} more, in `summary.json`.", count(more)));
    }
}

/// Whether the files of the report lie beside the page, so that it can lead to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::render) enum Beside {
    Files,
    Nothing,
}

/// One finding: what was expected and observed, the rule, the bytes, and what repeats it.
pub(in crate::render) fn finding(
    page: &mut Page,
    case: &Case,
    evidence: Option<&Evidence>,
    beside: Beside,
) {
    let failure = match &case.verdict {
        Verdict::Fail { failure, .. } => failure.as_str(),
        Verdict::Pass | Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => return,
    };
    let grade = if case.binding { "✕" } else { "advice:" };
    page.line(&format!("### {grade} `{}` {}", code(&case.id), escape(&case.title)));
    let status = case.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
    let reason = case.reason.as_ref().map(|reason| format!(", “{}”", escape(reason)));
    let mut items = vec![
        format!("- **{failure}**, {}, {}", escape(&case.severity), escape(&case.level)),
        format!(
            "- expected **{}**, observed **{}**{status} in {} ms{}",
            escape(&case.expectation),
            escape(&case.decision),
            three_digits(case.elapsed_ms),
            reason.unwrap_or_default()
        ),
        format!("- {}", escape(case.verdict.why())),
    ];
    for demand in case.rules.iter().chain(&case.clauses) {
        items.push(format!("- `{}` {}", code(&demand.id), escape(&demand.words)));
    }
    if !case.matters.is_empty() {
        items.push(format!("- why it matters: {}", escape(&case.matters)));
    }
    if !case.fix.is_empty() {
        items.push(format!("- how to mend it: {}", escape(&case.fix)));
    }
    page.list(items);
    if let Some(evidence) = evidence {
        page.line("The bytes, those that differ in brackets:");
        page.fence(&text(evidence));
    }
    if !case.repeat.is_empty() {
        page.fence(&case.repeat);
    }
    if let Some(evidence) = evidence
        && beside == Beside::Files
    {
        let file = format!("{}/{}", evidence_folder(&case.id), evidence.file());
        page.line(&format!("The request and its objects: [`{file}`]({file})"));
    }
    if !case.excerpt.trim().is_empty() {
        page.fence(&shorten(&case.excerpt, EXCERPT_SHOWN));
    }
}
