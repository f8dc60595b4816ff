//! One finding as a block of plain text, for terminals and logs.

use super::finding::{evidence_folder, text};
use crate::Summary;
use crate::summary::{Case, Worded};
use crate::text::{count, shorten, three_digits};
use record::Verdict;
use std::fmt::Write as _;

/// Findings that a terminal shows; the rest is in the report.
const SHOWN: usize = 3;
/// Columns of a line.
const WIDTH: usize = 100;
/// Where the second column begins.
const INDENT: usize = 13;
/// Characters of an answer that are shown.
const EXCERPT_SHOWN: usize = 300;

/// The first findings of a run, a block each.
pub(super) fn findings(summary: &Summary) -> String {
    let findings = summary.cases.findings();
    let mut text = String::new();
    for case in findings.iter().take(SHOWN) {
        text.push('\n');
        text.push_str(&finding(summary, case));
    }
    if findings.len() > SHOWN {
        let _ = writeln!(
            text,
            "\n… and {} more findings in the report",
            count((findings.len() - SHOWN) as u64)
        );
    }
    text
}

/// One case that did not pass: what was expected and observed, the bytes, why it matters, what to do.
pub fn finding(summary: &Summary, case: &Case) -> String {
    let mut block = Block(String::new());
    let (mark, failure) = match &case.verdict {
        Verdict::Fail { failure, .. } if case.binding => ("FAIL", failure.as_str()),
        Verdict::Fail { failure, .. } => ("advice", failure.as_str()),
        Verdict::Pass => ("holds", ""),
        Verdict::Inconclusive { .. } => ("undecided", ""),
        Verdict::NotApplicable { .. } => ("not applicable", ""),
    };
    let grades = [mark, &case.id, failure, &case.severity, &case.level];
    let grades: Vec<&str> = grades.into_iter().filter(|word| !word.is_empty()).collect();
    let _ = writeln!(block.0, "{}", grades.join("  "));
    block.line("", &case.title);
    block.line("expected", &case.expectation);
    let status = case.status.map(|status| format!(", HTTP {status}")).unwrap_or_default();
    let reason = case.reason.as_ref().map(|reason| format!(", “{reason}”")).unwrap_or_default();
    let elapsed = three_digits(case.elapsed_ms);
    block.line("observed", &format!("{}{status} in {elapsed} ms{reason}", case.decision));
    block.line("", case.verdict.why());
    if !case.excerpt.trim().is_empty() {
        let excerpt: String = case.excerpt.split_whitespace().collect::<Vec<_>>().join(" ");
        block.line("answer", &shorten(&excerpt, EXCERPT_SHOWN));
    }
    for (place, Worded { id, words }) in case.clauses.iter().chain(&case.rules).enumerate() {
        block.line(if place == 0 { "the rule" } else { "" }, &format!("{id}  {words}"));
    }
    if let Some(evidence) = summary.evidence.get(&case.id) {
        for (place, line) in text(evidence).lines().enumerate() {
            let name = if place == 0 { "the bytes" } else { "" };
            let _ = writeln!(block.0, "  {name:<INDENT$}{line}", INDENT = INDENT - 2);
        }
    }
    block.line("why", &case.matters);
    block.line("mend", &case.fix);
    block.verbatim("replay", &case.repeat);
    if let Some(evidence) = summary.evidence.get(&case.id) {
        let name = if evidence.file() == "curl.sh" { "curl" } else { "requests" };
        block.verbatim(name, &format!("{}/{}", evidence_folder(&case.id), evidence.file()));
    }
    block.0
}

struct Block(String);

impl Block {
    /// Words under a name, broken into lines.
    fn line(&mut self, name: &str, words: &str) {
        let mut rest = words.trim();
        let mut name = name;
        while !rest.is_empty() {
            let (line, after) = broken(rest, WIDTH - INDENT);
            self.verbatim(name, line);
            (rest, name) = (after.trim_start(), "");
        }
    }

    fn verbatim(&mut self, name: &str, line: &str) {
        if !line.is_empty() {
            let _ = writeln!(self.0, "  {name:<INDENT$}{line}", INDENT = INDENT - 2);
        }
    }
}

/// As many words as fit, and the rest; a longer word stays whole.
fn broken(words: &str, width: usize) -> (&str, &str) {
    let Some((limit, _)) = words.char_indices().nth(width) else { return (words, "") };
    let at = words[..=limit].rfind(' ').or_else(|| words.find(' ')).unwrap_or(words.len());
    words.split_at(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(broken("ab cd ef", 5), ("ab cd", " ef"));
        assert_eq!(broken("ab cd", 5), ("ab cd", ""));
        assert_eq!(broken("abcdefgh ij", 5), ("abcdefgh", " ij"));
        assert_eq!(broken("abcdefgh", 5), ("abcdefgh", ""));
        assert_eq!(broken("häßlich ist", 4), ("häßlich", " ist"));
    }
}
