//! What a terminal shows at the end of a run: one sentence, three numbers and a coverage.

use crate::Summary;
use crate::summary::Tally;
use crate::text::{count, counted};
use std::fmt::Write;

/// The end of a run in a few lines of plain text, without colour.
pub fn terminal(summary: &Summary) -> String {
    let mut text = summary.sentence.clone();
    text.push('\n');
    if let Some(held) = &summary.gate {
        text.push_str(&super::gate::gate(held));
    }
    if summary.cases.list.is_empty() {
        return text;
    }
    let headline = &summary.headline;
    text.push('\n');
    line(&mut text, "security", headline.security, "let in what they must not");
    line(
        &mut text,
        "interoperability",
        headline.interoperability,
        "refuse or misread what is genuine",
    );
    line(
        &mut text,
        "robustness",
        headline.robustness,
        "end without a decision, or not always the same",
    );
    let coverage = &headline.coverage;
    let _ = writeln!(
        text,
        "  {:<17} {} of {}",
        "coverage",
        count(coverage.covered),
        counted(coverage.named, "clause reached", "clauses reached")
    );
    if let Some(step) = summary.next.first().filter(|_| summary.constant.is_some()) {
        let _ = writeln!(text, "\n{}", step.what);
    } else {
        text.push_str(&super::block::findings(summary));
    }
    text
}

fn line(text: &mut String, name: &str, tally: Tally, what: &str) {
    let known =
        if tally.known > 0 { format!(", and {} known", count(tally.known)) } else { String::new() };
    let decided = counted(tally.of_cases, "case", "cases");
    let _ = if tally.of_cases == 0 {
        writeln!(text, "  {name:<17} no case was decided{known}")
    } else {
        writeln!(text, "  {name:<17} {} of {decided} {what}{known}", count(tally.in_cases))
    };
}
