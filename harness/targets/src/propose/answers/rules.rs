//! The rules that read answers: which say yes, which say no, and where they say why.

use super::{answers_of, good, is_text};
use crate::propose::role::letters;
use crate::propose::routes::Routes;
use crate::propose::sighting::{Answer, Shape, Sighting};
use crate::propose::write::toml;
use serde_json::Value;

/// A rule of the judge, as TOML writes it, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::propose) struct Rule {
    pub(in crate::propose) toml: String,
    pub(in crate::propose) why: String,
}

/// Names of members that say yes or no.
const YES: [&str; 12] = [
    "accepted",
    "ok",
    "success",
    "valid",
    "verified",
    "approved",
    "isvalid",
    "passed",
    "allowed",
    "successful",
    "isverified",
    "authorized",
];

/// Names of members that say why not, the most telling first.
const WHY: [&str; 13] = [
    "rule",
    "errorcode",
    "code",
    "reason",
    "because",
    "why",
    "error",
    "reasoncode",
    "type",
    "title",
    "message",
    "detail",
    "description",
];

/// The rules that read answers to attestations and assertions.
pub(in crate::propose) fn rules(requests: &[Sighting], routes: &Routes) -> Vec<Rule> {
    let asked: Vec<(&str, Vec<&Answer>)> = [("attest", &routes.attest), ("assert", &routes.assert)]
        .into_iter()
        .filter_map(|(name, chosen)| Some((name, answers_of(requests, chosen.as_ref()?.at))))
        .collect();
    let mut rules = Vec::new();
    let verdicts: Vec<(&str, String)> = asked
        .iter()
        .filter_map(|(name, answers)| Some((*name, good(answers).find_map(yes)?)))
        .collect();
    let reason = reason(&asked);
    let reason_part = reason
        .as_ref()
        .map(|(source, _)| format!(", reason = {}", toml::text(source)))
        .unwrap_or_default();
    // Where every answer has the same member, one pair of rules reads them all.
    let shared = match verdicts.as_slice() {
        [(_, one), (_, other)] if one == other => Some(one.clone()),
        _ => None,
    };
    let pairs: Vec<(String, String)> = match &shared {
        Some(pointer) => vec![(String::new(), pointer.clone())],
        None => verdicts
            .iter()
            .map(|(name, pointer)| (format!("on = [\"{name}\"], "), pointer.clone()))
            .collect(),
    };
    for (on, pointer) in pairs {
        let key = toml::key(&pointer);
        let why = format!("`{pointer}` of a good answer, by its name");
        rules.push(Rule {
            toml: format!(
                "{{ {on}status = \"200..=299\", json = {{ {key} = true }}, is = \"accept\" }}"
            ),
            why: why.clone(),
        });
        rules.push(Rule {
            toml: format!("{{ {on}status = \"200..=299\", json = {{ {key} = false }}, is = \"reject\"{reason_part} }}"),
            why,
        });
    }
    let unread: Vec<&str> = asked
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !verdicts.iter().any(|(known, _)| known == name))
        .collect();
    let on = match unread.as_slice() {
        [] => None,
        [one] if asked.len() == 2 => Some(format!("on = [\"{one}\"], ")),
        _ => Some(String::new()),
    };
    if let Some(on) = on {
        rules.push(Rule {
            toml: format!("{{ {on}status = \"200..=299\", is = \"accept\" }}"),
            why: "no member of a good answer says yes or no, so its status does".to_owned(),
        });
    }
    rules
        .push(Rule { toml: "{ status = 429, is = \"throttled\" }".to_owned(), why: String::new() });
    rules
        .push(Rule { toml: "{ status = 503, is = \"throttled\" }".to_owned(), why: String::new() });
    rules.push(Rule {
        toml: format!("{{ status = \"400..=499\", is = \"reject\"{reason_part} }}"),
        why: reason.map_or_else(
            || "no answer that says no was seen".to_owned(),
            |(source, status)| format!("`{source}` of the answer with status {status}"),
        ),
    });
    rules.push(Rule {
        toml: "{ status = \"500..=599\", is = \"error\" }".to_owned(),
        why: String::new(),
    });
    rules
}

/// The member that says yes or no.
fn yes(json: &Shape) -> Option<String> {
    json.leaves().into_iter().find_map(|(pointer, name, leaf)| {
        let known = YES.contains(&letters(name.rsplit('.').next()?).as_str());
        let is_boolean = leaf.value.as_ref().is_some_and(Value::is_boolean)
            || leaf.kind.as_deref() == Some("boolean");
        (known && is_boolean).then_some(pointer)
    })
}

/// Where a refusal says why, and the status of the answer it was seen in.
fn reason(asked: &[(&str, Vec<&Answer>)]) -> Option<(String, String)> {
    let refusals = asked.iter().flat_map(|(_, answers)| answers);
    let refusals =
        refusals.filter(|answer| answer.status.starts_with('4') || answer.status == "DEFAULT");
    let mut best: Option<(usize, String, String)> = None;
    for answer in refusals {
        for (pointer, name, leaf) in answer.json.iter().flat_map(Shape::leaves) {
            let name = letters(name.rsplit('.').next().unwrap_or_default());
            let Some(rank) = WHY.iter().position(|known| *known == name) else { continue };
            if is_text(leaf) && best.as_ref().is_none_or(|(known, ..)| rank < *known) {
                best = Some((rank, format!("json:{pointer}?"), answer.status.clone()));
            }
        }
    }
    best.map(|(_, source, status)| (source, status))
}
