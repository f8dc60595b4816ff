//! `report.sarif`: SARIF 2.1.0, as code scanning reads it.
//!
//! A case is a rule, a failure a result. Nothing in it depends on the machine or the hour, so that
//! the same failure has the same identity in every run: the fingerprint is the case and the way it
//! failed. Known failures are there, suppressed. What could not be decided is a notification: no
//! result must not read as no fault.

mod rule;

use super::html_load::tone;
use crate::Summary;
use crate::summary::{Case, Load};
use crate::text::{count, counted, shorten};
use record::{KnownEntry, Verdict};
use rule::Rules;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Characters of a text that code scanning keeps.
const TEXT_SHOWN: usize = 1000;

/// The report as SARIF.
pub fn sarif(summary: &Summary) -> String {
    let mut rules = Rules::default();
    // Those that hold would only make the file long: code scanning shows rules by their results.
    let failed = |case: &&Case| matches!(case.verdict, Verdict::Fail { .. });
    for case in summary.cases.list.iter().filter(failed) {
        rules.of_case(case);
    }
    let place = place(summary);
    let mut results: Vec<Value> = Vec::new();
    for case in &summary.cases.list {
        results.extend(of_case(summary, case, &rules, &place));
    }
    for load in &summary.load {
        results.extend(of_load(load, &mut rules, &place));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "Assay",
                    "version": summary.run.assay,
                    "rules": rules.list,
                }
            },
            "automationDetails": { "id": format!("assay/{}/", slug(&summary.run.target.name)) },
            "invocations": [{
                "executionSuccessful": summary.completeness.complete && summary.cases.unplayed == 0,
                "toolExecutionNotifications": notifications(summary),
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}\n")
}

/// The result of a case that failed, be it advice or known; none for any other.
fn of_case(summary: &Summary, case: &Case, rules: &Rules, place: &str) -> Option<Value> {
    let Verdict::Fail { failure, why } = &case.verdict else { return None };
    let mut words = vec![
        format!("{}: expected {}, observed {}", case.title, case.expectation, case.decision),
        case.status.map_or_else(String::new, |status| format!(" (HTTP {status})")),
        case.reason.as_ref().map_or_else(String::new, |reason| format!(", “{reason}”")),
        format!(". {why}"),
    ];
    if let Some(excuse) = case.excuse.as_ref().filter(|_| !case.excused()) {
        words.push(format!(" Known to {}, but expired on {}.", excuse.owner, excuse.expires));
    }
    let mut result = json!({
        "ruleId": case.id,
        "ruleIndex": rules.place(&case.id),
        "kind": "fail",
        "level": rule::level(case),
        "message": { "text": message(&words.concat()) },
        "locations": [location(place, &case.family, &case.id)],
        "partialFingerprints": fingerprints(&case.id, failure.as_str()),
        "properties": {
            "failure": failure.as_str(),
            "expected": case.expectation,
            "observed": case.decision,
        },
    });
    if case.excused() {
        result["suppressions"] = json!([suppression(summary, case)]);
    }
    Some(result)
}

/// Why a known failure does not count, in the words of the list it stands in.
fn suppression(summary: &Summary, case: &Case) -> Value {
    let entries = summary.known.iter().flat_map(|known| &known.entries);
    let is = |entry: &&KnownEntry| {
        let same = case.excuse.as_ref().is_some_and(|excuse| {
            (&excuse.owner, &excuse.expires) == (&entry.owner, &entry.expires)
        });
        same && entry.cases.iter().any(|one| one.id == case.id)
    };
    let words = entries.into_iter().find(is).map_or_else(String::new, |entry| {
        let issue = entry.issue.as_deref().map(|issue| format!(" ({issue})")).unwrap_or_default();
        format!("{}{issue}; {} until {}", entry.reason, entry.owner, entry.expires)
    });
    json!({ "kind": "external", "status": "accepted", "justification": shorten(&words, TEXT_SHOWN) })
}

/// Wrong answers under load: one result for each way of being wrong.
fn of_load(load: &Load, rules: &mut Rules, place: &str) -> Vec<Value> {
    let right = &load.correctness;
    let ways = [
        (right.false_accepts, right.dishonest, "false-accept"),
        (right.false_rejects, right.honest, "false-reject"),
        (right.unreadable, load.sent, "unreadable"),
    ];
    let mut results = Vec::new();
    for (wrong, of, class) in ways.into_iter().filter(|(wrong, ..)| *wrong > 0) {
        let example = load.wrong.iter().find(|one| one.class == class);
        let id = format!("load.{class}");
        let words = format!(
            "{} wrong in {} under load ({class}). {}",
            count(wrong),
            counted(of, "request", "requests"),
            example.map_or("", |one| &one.what)
        );
        results.push(json!({
            "ruleId": id,
            "ruleIndex": rules.of_load(class),
            "kind": "fail",
            "level": "error",
            "message": { "text": message(words.trim()) },
            "locations": [location(place, "load", &id)],
            "partialFingerprints": fingerprints(&id, class),
        }));
    }
    results
}

/// What the run could not say, so that a short list of results is not mistaken for a good one.
fn notifications(summary: &Summary) -> Vec<Value> {
    let level = |tone: &str| if tone == "good" { "note" } else { "warning" };
    let told =
        |level: &str, words: &str| json!({ "level": level, "message": { "text": message(words) } });
    let mut list = vec![told(level(tone(summary.standing)), &summary.sentence)];
    for case in &summary.cases.list {
        if let Verdict::Inconclusive { why } = &case.verdict {
            list.push(told("warning", &format!("{} could not be decided: {why}", case.id)));
        }
    }
    for load in &summary.load {
        let invalid = |why| told("warning", &format!("the load measurement is invalid: {why}"));
        list.extend(load.invalid.iter().map(invalid));
    }
    list
}

/// The same failure of the same case is the same in every run. The first name is the one that code
/// scanning goes by, the second says what it stands for.
fn fingerprints(id: &str, failure: &str) -> Value {
    use std::fmt::Write as _;
    let mut hash = String::new();
    for byte in &Sha256::digest(format!("{id}\n{failure}"))[..8] {
        let _ = write!(hash, "{byte:02x}");
    }
    json!({ "primaryLocationLineHash": format!("{hash}:1"), "caseAndFailure/v1": format!("{id}:{failure}") })
}

fn location(place: &str, family: &str, id: &str) -> Value {
    json!({
        "physicalLocation": {
            "artifactLocation": { "uri": place },
            "region": { "startLine": 1 },
        },
        "logicalLocations": [{ "name": shorten(id, TEXT_SHOWN), "fullyQualifiedName": format!("{family}/{id}") }],
    })
}

/// Where a finding is shown: the target file as it was given on the command line, because that is
/// the one file of the server's repository that a run knows; only its name if it lay elsewhere.
fn place(summary: &Summary) -> String {
    let typed = summary.cases.list.iter().find_map(|case| target_file(&case.id, &case.repeat));
    let path = typed.unwrap_or_else(|| format!("{}.toml", slug(&summary.run.target.name)));
    let within = !path.starts_with(['/', '\\', '~']) && !path.contains([':', '\\']);
    let parts = path.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".");
    let mut parts: Vec<String> = parts.map(encoded).collect();
    if !within || parts.iter().any(|part| part == "..") {
        parts = parts.split_off(parts.len().saturating_sub(1));
    }
    match parts.join("/") {
        empty if empty.is_empty() || empty == ".." => "target.toml".to_owned(),
        path => path,
    }
}

/// The word after the case's id in the command that repeats it, if it is no option.
fn target_file(id: &str, repeat: &str) -> Option<String> {
    let rest = repeat.strip_prefix("assay replay ")?.strip_prefix(id)?.strip_prefix(' ')?;
    let word = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.split('\'').next()?,
        None => rest.split(' ').next()?,
    };
    (!word.is_empty() && !word.starts_with('-')).then(|| word.to_owned())
}

/// A part of a path as an address writes it.
fn encoded(part: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for byte in part.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

fn slug(name: &str) -> String {
    let harmless = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
    name.chars().take(60).map(harmless).collect::<String>().to_ascii_lowercase()
}

/// Foreign text in a message: brackets would make links of it.
fn message(text: &str) -> String {
    shorten(text, TEXT_SHOWN).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_file_is_found_in_the_command_that_repeats_a_case() {
        let check = |repeat: &str, file: Option<&str>| {
            assert_eq!(target_file("a.b", repeat).as_deref(), file, "{repeat}");
        };
        check("assay replay a.b ci/shop.toml --seed 1", Some("ci/shop.toml"));
        check("assay replay a.b 'my shop.toml' --seed 1", Some("my shop.toml"));
        check("assay replay a.b --seed 1", None);
        check("assay replay a.bc shop.toml --seed 1", None);
        check("something else", None);
    }

    #[test]
    fn words_in_brackets_are_no_links() {
        assert_eq!(message(r"[a](b) \["), r"\[a\](b) \\\[");
    }
}
