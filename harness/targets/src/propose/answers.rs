//! How answers say yes and no, and where they keep what is needed.

mod rules;

pub(super) use rules::rules;

use super::encoded;
use super::evidence::Evidence;
use super::role::{self, Role, letters};
use super::routes::Routes;
use super::sighting::{Answer, Leaf, Shape, Sighting, text_of};
use crate::encoding::Encoding;

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

/// How the challenge's text is written, by the texts that were seen and else by what is said of them.
pub(super) fn challenge_encoding(
    requests: &[Sighting],
    routes: &Routes,
    source: &str,
) -> Option<(Encoding, &'static str)> {
    let chosen = routes.challenge.as_ref()?.at;
    let answers = answers_of(requests, chosen);
    let seen = answers.iter().flat_map(|answer| values(answer));
    let mut seen = seen.filter(|(found, ..)| found == source).map(|(_, _, text)| text);
    if let Some(encoding) = seen.find_map(|text| encoded::challenge(&text)) {
        return Some((encoding, "as the challenge seen is written"));
    }
    let pointer = source.strip_prefix("json:")?;
    let described = good(&answers).find_map(|json| {
        let leaves = json.leaves();
        let (_, _, leaf) = leaves.iter().find(|(at, ..)| at == pointer)?;
        encoded::described(leaf)
    });
    described.map(|encoding| (encoding, "as its description says"))
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

/// Whether an answer gives a text, alone.
pub(super) fn gives(answer: &Answer, text: &str) -> bool {
    values(answer).iter().any(|(_, _, value)| value == text)
}

/// Whether a request carries a text, alone or within its body.
fn repeats(request: &Sighting, text: &str) -> bool {
    request.text.as_ref().is_some_and(|body| body.contains(text))
        || request.leaves().iter().any(|(_, _, leaf)| {
            leaf.as_str().is_some_and(|value| {
                value == text
                    || encoded::client_data(value)
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
