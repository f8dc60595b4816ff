//! What answers report, and what the server's reasons stand for.

use super::Pliable;
use super::edit::Edit;
use super::finding::{Check, Finding, shown};
use super::told::Told;
use super::ward::Ward;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use catalogue::Truth;
use protocol::verify::Rule;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use targets::file::ReasonMode;
use targets::{Decision, TargetFile};

/// Looks for what `[outputs]` names in accepting answers, and for what it could name.
pub(super) fn outputs(file: &TargetFile, answers: &[&Told]) -> Finding {
    let mut seen: BTreeSet<&String> = BTreeSet::new();
    for told in answers {
        let Some(Decision::Accepted { outputs }) = told.decision() else { continue };
        seen.extend(outputs.keys());
        let Some(truth) = &told.truth else { continue };
        let counter = outputs.get("counter");
        if let Some(counter) = counter.filter(|one| **one != truth.counter.to_string()) {
            return Finding::warn(
                Check::Outputs,
                format!(
                    "the counter of {} is reported as {}, and is {}",
                    told.what,
                    shown(counter),
                    truth.counter
                ),
            )
            .at("outputs.counter")
            .detail("another value is taken for the counter, or the server stores another one");
        }
    }
    let lost: Vec<&String> = file.outputs.keys().filter(|name| !seen.contains(name)).collect();
    if let Some(first) = lost.first() {
        let names = lost.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return Finding::warn(Check::Outputs, format!("no accepting answer has {names}"))
            .at(format!("outputs.{first}"));
    }
    if !file.outputs.is_empty() {
        return Finding::ok(
            Check::Outputs,
            format!("{} are found, and what can be compared is true", file.outputs.len()),
        );
    }
    let edits: Vec<Edit> = guessed(answers)
        .into_iter()
        .map(|(name, pointer)| Edit::set(&format!("outputs.{name}"), format!("json:{pointer}?")))
        .collect();
    if edits.is_empty() {
        return Finding::ok(Check::Outputs, "none are declared, and none are found");
    }
    Finding::warn(Check::Outputs, "the answers report more than the file has in [outputs]")
        .detail("what is named there is held against the truth in every case")
        .edits(edits)
}

/// Members of accepting answers that are what their device knows them to be.
fn guessed(answers: &[&Told]) -> BTreeMap<&'static str, String> {
    let mut found = BTreeMap::new();
    for told in answers {
        let (Some(Value::Object(map)), Some(truth)) = (told.json(), &told.truth) else { continue };
        for (key, value) in &map {
            if let Some(name) = name_of(key, value, truth) {
                found.insert(name, format!("/{}", key.replace('~', "~0").replace('/', "~1")));
            }
        }
    }
    found
}

fn name_of(key: &str, value: &Value, truth: &Truth) -> Option<&'static str> {
    let key = key.to_lowercase();
    if key.contains("count") && value.as_u64() == Some(truth.counter.into()) {
        Some("counter")
    } else if value.as_str() == Some(&STANDARD.encode(&truth.key_id)) {
        Some("key_id")
    } else if value.as_str() == Some(truth.environment.as_str()) {
        Some("environment")
    } else {
        None
    }
}

/// Lists the reasons that nobody mapped, with what they were said to.
pub(super) fn reasons<T: Pliable>(ward: &Ward<'_, T>) -> Finding {
    let file = &ward.setting.file;
    let reasons = &file.reasons;
    if ward.heard.is_empty() {
        return Finding::ok(Check::Reasons, "the server gives none that the file finds")
            .detail("say in the rules where it does: reason = \"json:/code?\"");
    }
    let unmapped: Vec<(&String, &Vec<Rule>)> =
        ward.heard.iter().filter(|(words, _)| reasons.code(words).is_none()).collect();
    if unmapped.is_empty() {
        return Finding::ok(Check::Reasons, format!("all {} are known", ward.heard.len()));
    }
    let exact = reasons.mode == ReasonMode::Exact;
    let (mut edits, mut left) = (Vec::new(), Vec::new());
    for (words, rules) in &unmapped {
        match code(rules, exact) {
            Some(code) if lasts(words) => {
                let path = ["reasons", "map", words.as_str()].map(str::to_owned).to_vec();
                edits.push(Edit::Set { path, value: code.into() });
            }
            Some(_) | None => left.push(shown(words)),
        }
    }
    let said = format!("{} of {} stand for nothing yet", unmapped.len(), ward.heard.len());
    let mut finding = Finding::ok(Check::Reasons, said);
    if !edits.is_empty() && reasons.map.is_empty() && reasons.mode == ReasonMode::Ignore {
        // The cases meet words that no lie of ours brought up; comparing would leave those undecided.
        edits.insert(0, Edit::set("reasons.mode", ReasonMode::Ignore.as_str()));
        finding.said.push_str("; none is compared until `mode` under [reasons] is \"class\"");
    }
    if !edits.is_empty() {
        finding = Finding::warn(Check::Reasons, finding.said)
            .at("reasons.map")
            .detail("each follows from the lies it was said to; look through the lines before you paste them")
            .edits(edits);
    }
    if !left.is_empty() {
        finding = finding.detail(format!(
            "said to lies of different kinds, or otherwise each time: {}",
            left.join(", ")
        ));
    }
    finding
}

/// What words stand for that were said to lies about these rules.
fn code(rules: &[Rule], exact: bool) -> Option<String> {
    let class = |rule: &Rule| rule.id().split('.').next().unwrap_or_default();
    match rules {
        [] => None,
        [rule] => Some(rule.id().to_owned()),
        [first, rest @ ..] => {
            let same = rest.iter().all(|rule| class(rule) == class(first));
            (same && !exact).then(|| class(first).to_owned())
        }
    }
}

/// Whether words are likely to be said again: without ids, times and numbers of the moment.
fn lasts(words: &str) -> bool {
    let digits = words.chars().filter(char::is_ascii_digit).count();
    words.len() <= 100 && digits <= 5 && !words.contains('\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_said_to_several_lies_stand_for_their_class_or_nothing() {
        let check = |rules: &[Rule], exact: bool, expected: Option<&str>| {
            assert_eq!(code(rules, exact).as_deref(), expected, "{rules:?}");
        };
        check(&[Rule::Nonce], true, Some("att.nonce"));
        check(&[Rule::Nonce, Rule::Aaguid], false, Some("att"));
        check(&[Rule::Nonce, Rule::Aaguid], true, None);
        check(&[Rule::Nonce, Rule::CounterIncreases], false, None);
        check(&[], false, None);
    }
}
