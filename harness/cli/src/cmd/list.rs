//! `assay list` and `assay show`.

mod coverage;

use crate::args::{ListArgs, ShowArgs};
use crate::cases;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use catalogue::Case;
use std::fmt::Write;

/// Lists the cases, one a line.
pub(crate) fn list(args: &ListArgs) -> Result<ExitCode, Failed> {
    let cases = cases::selected(&args.selection, Vec::new())?;
    if args.coverage {
        return coverage::print(&cases, args.json);
    }
    for case in &cases {
        if args.json {
            print(&json(case).to_string());
        } else {
            print(&format!(
                "{:<44} {:<7} {:<9} {:<7} {}",
                case.id,
                case.expectation.to_string(),
                case.severity.to_string(),
                case.level.to_string(),
                case.title
            ));
        }
    }
    if !args.json {
        print(&format!("{} cases", cases.len()));
    }
    Ok(ExitCode::Ok)
}

/// Shows one case in full.
pub(crate) fn show(args: &ShowArgs) -> Result<ExitCode, Failed> {
    let case = cases::one(&args.case, args.folder.as_deref())?;
    print(&in_words(&case));
    Ok(ExitCode::Ok)
}

fn json(case: &Case) -> serde_json::Value {
    serde_json::json!({
        "id": case.id,
        "title": case.title,
        "catalogue": case.catalogue,
        "expectation": case.expectation.as_str(),
        "level": case.level.as_str(),
        "severity": case.severity.as_str(),
        "class": case.class.as_str(),
        "clauses": case.clauses,
        "rules": case.concerned().iter().map(|rule| rule.id()).collect::<Vec<_>>(),
        "operators": case.operators(),
        "needs": case.needs.iter().map(|need| need.as_str()).collect::<Vec<_>>(),
    })
}

fn in_words(case: &Case) -> String {
    let mut text = format!("{}\n{}\n\n", case.id, case.title);
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "  {name:<10} {value}");
        }
    };
    line("must be", format!("{} ({}, {})", case.expectation, case.level, case.severity));
    line("otherwise", case.class.to_string());
    line("clauses", case.clauses.join("; "));
    line("known as", case.catalogue.join(", "));
    line("twin", case.base.to_string());
    for rule in case.concerned() {
        let verb = if case.rules.is_empty() { "guards" } else { "breaks" };
        line(verb, format!("{rule}: {}", rule.requirement()));
    }
    for need in &case.needs {
        line("needs", format!("{}: {}", need.as_str(), need.words()));
    }
    for (number, step) in case.steps.iter().enumerate() {
        let edits: Vec<String> = step.operators.iter().map(ToString::to_string).collect();
        let edits = if edits.is_empty() {
            String::new()
        } else {
            format!(", edited: {}", edits.join("; "))
        };
        line(
            &format!("step {}", number + 1),
            format!("{} by {} on {}{edits}", step.action.as_str(), step.account, step.device),
        );
    }
    line("why", case.why.clone());
    line("fix", case.fix.clone());
    text
}
