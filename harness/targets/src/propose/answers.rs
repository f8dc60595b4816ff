//! How answers say yes and no, and where they keep what is needed.

use super::evidence::Evidence;
use super::role::{self, Role, letters};
use super::routes::Routes;
use super::sighting::{Answer, Leaf, Shape, Sighting, text_of};
use serde_json::Value;

/// Where the challenge stands in its answer, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ChallengeSource {
    pub(super) source: String,
    pub(super) why: String,
    /// Whether it is a guess that must be asked about.
    pub(super) guessed: bool,
}

/// Finds the challenge in the answers of its route.
pub(super) fn challenge(
    requests: &[Sighting],
    routes: &Routes,
    evidence: &Evidence,
) -> ChallengeSource {
    let found =
        |source: String, why: &str| ChallengeSource { source, why: why.to_owned(), guessed: false };
    let guess = ChallengeSource {
        source: "json:/challenge".to_owned(),
        why: "no answer was seen".to_owned(),
        guessed: true,
    };
    let Some(chosen) = routes.challenge.as_ref().map(|one| one.at) else { return guess };
    let answers: Vec<(usize, &Answer)> = requests
        .iter()
        .enumerate()
        .filter(|(_, one)| one.same_route(&requests[chosen]))
        .filter_map(|(at, one)| Some((at, one.good_answer()?)))
        .collect();
    let proven = evidence.challenge.as_ref().map(|challenge| challenge.text.as_str());
    for (at, answer) in &answers {
        for (source, _, text) in values(answer) {
            if proven == Some(text.as_str()) {
                return found(source, "the recorded attestation answers it");
            }
            let later = requests[at + 1..].iter().any(|one| repeats(one, &text));
            if text.len() >= 8 && later {
                return found(source, "a later request repeats it");
            }
        }
    }
    let Some((_, answer)) = answers.first() else { return guess };
    if let Some(json) = &answer.json {
        let leaves = json.leaves();
        let named =
            leaves.iter().find(|(_, name, leaf)| role::of(name, leaf) == Some(Role::Challenge));
        if let Some((pointer, ..)) = named {
            return found(format!("json:{pointer}"), "by its name");
        }
        let texts: Vec<_> = leaves.iter().filter(|(_, _, leaf)| is_text(leaf)).collect();
        if let [(pointer, ..)] = texts.as_slice() {
            return found(format!("json:{pointer}"), "the only text in the answer");
        }
    }
    let headers = answer.headers.iter();
    let mut named = headers.filter(|one| role::of(&one.name, &one.leaf) == Some(Role::Challenge));
    if let Some(header) = named.next() {
        return found(format!("header:{}", header.name), "by its name");
    }
    if answer.text.is_some() {
        return found("body".to_owned(), "the answer is nothing but a text");
    }
    ChallengeSource { why: "nothing in the answer is called a challenge".to_owned(), ..guess }
}

fn is_text(leaf: &Leaf) -> bool {
    match &leaf.value {
        Some(value) => value.is_string(),
        None => leaf.kind.as_deref().is_none_or(|kind| kind == "string"),
    }
}

/// Every text of an answer with its source and its name.
fn values(answer: &Answer) -> Vec<(String, String, String)> {
    let json = answer.json.iter().flat_map(Shape::leaves).filter_map(|(pointer, name, leaf)| {
        Some((format!("json:{pointer}"), name, leaf.value.as_ref().map(text_of)?))
    });
    let headers = answer.headers.iter().filter_map(|header| {
        let text = header.leaf.as_str()?.to_owned();
        Some((format!("header:{}", header.name), header.name.clone(), text))
    });
    let body = answer.text.clone().filter(|text| !text.is_empty() && text.len() < 512);
    let body = body.map(|text| ("body".to_owned(), String::new(), text));
    json.chain(headers).chain(body).collect()
}

/// Whether a request carries a text, alone or within its body.
fn repeats(request: &Sighting, text: &str) -> bool {
    request.text.as_ref().is_some_and(|body| body.contains(text))
        || request.leaves().iter().any(|(_, _, leaf)| {
            leaf.as_str().is_some_and(|value| {
                value == text
                    || super::encoded::client_data(value)
                        .is_some_and(|data| String::from_utf8_lossy(&data.bytes).contains(text))
            })
        })
}

/// How long a challenge lives, if its answer says so in seconds.
pub(super) fn lifetime(requests: &[Sighting], routes: &Routes) -> Option<(u64, String)> {
    let answer = requests[routes.challenge.as_ref()?.at].good_answer()?;
    answer.json.as_ref()?.leaves().into_iter().find_map(|(pointer, name, leaf)| {
        let name = letters(name.rsplit('.').next()?);
        let says = [
            "expiresin",
            "ttl",
            "validfor",
            "lifetime",
            "maxage",
            "expiresinseconds",
            "ttlseconds",
        ];
        let seconds = leaf.value.as_ref()?.as_f64()?;
        let plausible = says.contains(&name.as_str()) && (1.0..=86_400.0).contains(&seconds);
        plausible.then(|| (seconds.round() as u64, pointer))
    })
}

/// Every answer that was seen to a route.
fn answers_of(requests: &[Sighting], at: usize) -> Vec<&Answer> {
    let same = requests.iter().filter(|one| one.same_route(&requests[at]));
    same.flat_map(|one| &one.answers).collect()
}

/// The JSON of the answers that say yes.
fn good<'a>(answers: &[&'a Answer]) -> impl Iterator<Item = &'a Shape> + use<'a> {
    let good: Vec<&Shape> = answers
        .iter()
        .filter(|answer| answer.status.starts_with('2'))
        .filter_map(|answer| answer.json.as_ref())
        .collect();
    good.into_iter()
}

/// A rule of the judge, as TOML writes it, and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) toml: String,
    pub(super) why: String,
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
const WHY: [&str; 11] = [
    "rule",
    "errorcode",
    "code",
    "reason",
    "error",
    "reasoncode",
    "type",
    "title",
    "message",
    "detail",
    "description",
];

/// The rules that read answers to attestations and assertions.
pub(super) fn rules(requests: &[Sighting], routes: &Routes) -> Vec<Rule> {
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
        .map(|(source, _)| format!(", reason = {}", super::write::toml::text(source)))
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
        let key = super::write::toml::key(&pointer);
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

/// What accepting answers report besides, under the names that are compared.
pub(super) fn outputs(requests: &[Sighting], routes: &Routes) -> Vec<(&'static str, String)> {
    const NAMES: [(&str, &[&str]); 4] = [
        ("counter", &["counter", "signcount", "signcounter"]),
        ("key_id", &["keyid", "credentialid"]),
        ("public_key", &["publickey"]),
        ("environment", &["environment"]),
    ];
    let asked = [&routes.attest, &routes.assert];
    let answers: Vec<&Shape> = asked
        .into_iter()
        .flatten()
        .flat_map(|chosen| good(&answers_of(requests, chosen.at)).collect::<Vec<_>>())
        .collect();
    let mut found = Vec::new();
    for (output, names) in NAMES {
        let pointer =
            answers.iter().flat_map(|json| json.leaves()).find_map(|(pointer, name, leaf)| {
                let name = letters(name.rsplit('.').next()?);
                let own_words = output != "environment"
                    || leaf
                        .as_str()
                        .is_none_or(|text| matches!(text, "production" | "development"));
                (names.contains(&name.as_str()) && own_words).then_some(pointer)
            });
        found.extend(pointer.map(|pointer| (output, format!("json:{pointer}?"))));
    }
    found
}
