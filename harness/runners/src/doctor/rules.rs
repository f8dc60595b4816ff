//! Rules that never get to read what they are for, found without sending anything.

use super::edit::Edit;
use super::finding::{Check, Finding};
use targets::file::{AnswerRule, Judged};
use targets::{Operation, TargetFile};

/// A rule that an earlier one takes everything from.
struct Shadowed {
    /// The places of the rule, and of what comes before it: `None` is the `ok` of the step.
    rule: usize,
    by: Option<usize>,
    on: Operation,
    meant: Judged,
    read: Judged,
}

/// Looks at the rules of a file, and puts them in an order in which each is of use.
pub(super) fn look(file: &mut TargetFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    // Each round moves one rule before another of the same list: more than its length are a circle.
    for _ in 0..file.judge.len() {
        let wrong = |one: &Shadowed| one.meant != one.read && one.by.is_some();
        let Some(found) = shadowed(file).into_iter().find(wrong) else { break };
        let Some(by) = found.by else { break };
        findings.push(told(&found).edits([Edit::MoveRule { from: found.rule, to: by }]));
        let rule = file.judge.remove(found.rule);
        file.judge.insert(by, rule);
    }
    for found in shadowed(file) {
        if found.by.is_none() && found.meant != found.read {
            findings.push(told(&found).at(format!("step.{}.ok", found.on.as_str())).detail(
                format!(
                    "take `ok` out of [step.{}], or leave it the statuses that always mean yes",
                    found.on.as_str()
                ),
            ));
        }
    }
    if findings.is_empty() {
        let (steps, rules) = (file.steps.len(), file.judge.len());
        findings.push(Finding::ok(
            Check::File,
            format!(
                "{steps} steps are spelled, {rules} rules read the answers, and each can be reached"
            ),
        ));
    }
    findings
}

fn told(found: &Shadowed) -> Finding {
    let (number, on) = (found.rule + 1, found.on.as_str());
    let by = match found.by {
        Some(by) => format!("rule {}", by + 1),
        None => format!("the `ok` of [step.{on}]"),
    };
    let said = format!(
        "rule {number} ({}) never reads an answer to `{on}`: {by} comes before it and reads the same as {}",
        found.meant.as_str(),
        found.read.as_str(),
    );
    Finding::broken(Check::File, said).at(format!("judge.rules.{}", found.rule))
}

/// Every rule that can read nothing of some step because of an earlier rule, or nothing at all.
fn shadowed(file: &TargetFile) -> Vec<Shadowed> {
    let mut found = Vec::new();
    for (place, rule) in file.judge.iter().enumerate() {
        let steps: Vec<_> = file.steps.iter().filter(|(on, _)| concerns(rule, **on)).collect();
        let by = steps.iter().find_map(|(on, _)| {
            let by = file.judge[..place]
                .iter()
                .position(|earlier| concerns(earlier, **on) && covers(earlier, rule))?;
            let read = file.judge[by].is;
            Some(Shadowed { rule: place, by: Some(by), on: **on, meant: rule.is, read })
        });
        let hidden = |step: &targets::file::Step| {
            step.ok.is_some_and(|ok| ok.from <= rule.status.from && rule.status.to <= ok.to)
        };
        if let Some(by) = by {
            found.push(by);
        } else if let Some((on, _)) = steps.first()
            && steps.iter().all(|(_, step)| hidden(step))
        {
            let (meant, read) = (rule.is, Judged::Accept);
            found.push(Shadowed { rule: place, by: None, on: **on, meant, read });
        }
    }
    found
}

fn concerns(rule: &AnswerRule, on: Operation) -> bool {
    rule.on.is_empty() || rule.on.contains(&on)
}

/// Whether whatever the other rule reads is read by this one.
fn covers(rule: &AnswerRule, other: &AnswerRule) -> bool {
    rule.status.from <= other.status.from
        && other.status.to <= rule.status.to
        && rule.json.iter().all(|condition| other.json.contains(condition))
        && rule.cbor.iter().all(|condition| other.cbor.contains(condition))
        && rule.header.iter().all(|condition| other.header.contains(condition))
        && (rule.body_contains.is_none() || rule.body_contains == other.body_contains)
        && (rule.body_matches.is_none() || rule.body_matches == other.body_matches)
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::doctor::{Edit, Standing};
    use std::time::Duration;
    use targets::TargetFile;
    use targets::file::{Judged, StatusRange};

    fn file(rules: &str) -> TargetFile {
        let text = TargetFile::reference_text("http://127.0.0.1:1", Duration::from_mins(1), None);
        let (before, after) = text.split_once("rules = [").unwrap();
        let (_, after) = after.split_once("\n]").unwrap();
        let text = format!("{before}rules = [\n{rules}\n]{after}");
        TargetFile::parse(&text, "t.toml", &|_| None).unwrap()
    }

    #[test]
    fn a_plain_accept_before_a_finer_reject_is_moved_behind_it() {
        let mut file = file(
            r#"{ on = ["attest", "assert"], status = "200..=299", is = "accept" },
            { status = "200..=299", json = { "/ok" = false }, is = "reject" },
            { status = "400..=499", is = "reject" },"#,
        );
        let found = look(&mut file);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].standing, Standing::Broken);
        assert!(
            found[0].said.contains("rule 2 (reject) never reads an answer to `attest`: rule 1")
        );
        assert_eq!(found[0].edits, [Edit::MoveRule { from: 1, to: 0 }]);
        assert_eq!(file.judge[0].is, Judged::Reject);
        assert_eq!(look(&mut file)[0].standing, Standing::Ok);
    }

    #[test]
    fn the_ok_of_a_step_hides_rules_as_well() {
        let mut file = file(
            r#"{ on = ["attest"], status = "200..=299", json = { "/accepted" = false }, is = "reject" },
            { status = "200..=299", is = "accept" },"#,
        );
        let attest = file.steps.get_mut(&targets::Operation::Attest).unwrap();
        attest.ok = Some(StatusRange { from: 200, to: 299 });
        let found = look(&mut file);
        assert_eq!(found[0].standing, Standing::Broken);
        assert!(found[0].said.contains("the `ok` of [step.attest]"), "{found:?}");
    }

    #[test]
    fn rules_that_say_the_same_or_read_something_else_are_left_alone() {
        let mut file = file(
            r#"{ status = "200..=299", json = { "/ok" = false }, is = "reject" },
            { status = 200, is = "accept" },
            { status = 429, is = "throttled" },
            { status = "200..=299", is = "accept" },
            { status = "400..=499", is = "reject" },"#,
        );
        let found = look(&mut file);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].standing, Standing::Ok, "{found:?}");
    }
}
