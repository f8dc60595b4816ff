//! What was found, for people and for programs.

use crate::output::print;
use report::text::clean;
use runners::doctor::{Edit, Finding, Outcome, Standing, line_of};
use std::path::Path;

/// Reasons for which cases cannot run that are listed.
const LISTED: usize = 12;

/// Where the text of a line begins.
const INDENT: usize = 14;

/// Prints one finding.
pub(super) fn finding(path: &Path, text: &str, finding: &Finding) {
    let mark = match finding.standing {
        Standing::Ok => '✓',
        Standing::Warn => '!',
        Standing::Broken => '✗',
        Standing::Skipped => '-',
    };
    print(&format!("{mark} {:<11} {}", finding.check.as_str(), clean(&finding.said)));
    let more = |line: &str| print(&format!("{:INDENT$}{}", "", clean(line)));
    finding.details.iter().for_each(|detail| more(detail));
    if let Some(member) = &finding.look_at {
        let place = match line_of(text, member) {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        };
        more(&format!("look at {place} ({member})"));
    }
}

/// Prints that lines were put into the file.
pub(super) fn wrote(path: &Path, edits: &[&Edit]) {
    let count = match edits.len() {
        1 => "one change".to_owned(),
        count => format!("{count} changes"),
    };
    print(&format!("\n{count} written into {}:", path.display()));
    print(&format!("\n{}", lines(edits.iter().copied())));
    print("\nlooking again:");
}

/// Prints what to paste, and what it all comes to.
pub(super) fn end(path: &Path, outcome: &Outcome) {
    if outcome.edits().next().is_some() {
        print(&format!("\npaste this into {} (or run again with --write):", path.display()));
        print(&format!("\n{}", lines(outcome.edits())));
    }
    print("");
    for one in outcome.cannot_run.iter().take(LISTED) {
        let line = one.line.map_or_else(String::new, |line| format!("; {line}"));
        print(&format!(
            "- {} cannot run: {}{line}",
            cases(one.cases),
            clean(one.why.trim_end_matches('.'))
        ));
    }
    if outcome.cannot_run.len() > LISTED {
        print(&format!("- and {} reasons more", outcome.cannot_run.len() - LISTED));
    }
    print(&verdict(outcome));
}

/// The last line.
fn verdict(outcome: &Outcome) -> String {
    let cannot: usize = outcome.cannot_run.iter().map(|one| one.cases).sum();
    let broken = outcome.findings.iter().filter(|one| one.standing == Standing::Broken);
    let mut broken = broken.map(|one| one.check.as_str()).collect::<Vec<_>>();
    broken.dedup();
    if broken.is_empty() {
        format!("ready: {} can run, {cannot} cannot", cases(outcome.can_run))
    } else {
        format!("not ready: {}", broken.join(", "))
    }
}

fn cases(count: usize) -> String {
    if count == 1 { "1 case".to_owned() } else { format!("{count} cases") }
}

/// Changes as sections of a target file, each once.
fn lines<'e>(edits: impl Iterator<Item = &'e Edit>) -> String {
    let mut sections: Vec<(String, Vec<String>)> = Vec::new();
    for edit in edits {
        let (section, line) = edit.lines();
        let known = sections.iter().position(|(known, _)| *known == section);
        let place = known.unwrap_or_else(|| {
            sections.push((section, Vec::new()));
            sections.len() - 1
        });
        let own = &mut sections[place].1;
        // What is said of one member later is what holds.
        let member = |line: &str| line.split_once(" = ").map(|(name, _)| name.to_owned());
        if !line.starts_with('#') {
            own.retain(|known| known.starts_with('#') || member(known) != member(&line));
        }
        if !own.contains(&line) {
            own.push(line);
        }
    }
    let mut text = String::new();
    for (section, lines) in sections {
        text.push_str(&clean(&section));
        text.push('\n');
        for line in lines {
            text.push_str(&clean(&line));
            text.push('\n');
        }
        text.push('\n');
    }
    text.trim_end().to_owned() + "\n"
}

/// Everything as one JSON object.
pub(super) fn json(outcome: &Outcome, written: usize) -> serde_json::Value {
    serde_json::json!({
        "ready": outcome.is_ready(),
        "findings": outcome.findings,
        "paste": lines(outcome.edits()).trim(),
        "written": written,
        "canRun": outcome.can_run,
        "cannotRun": outcome.cannot_run,
        "trials": outcome.trials,
    })
}
