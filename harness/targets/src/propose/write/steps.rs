//! The `[step.…]` sections: those that were found, and questions about those that were not.

use super::step::Written;
use super::{Known, Page, toml};
use crate::facts::CHALLENGE_TEXT;
use crate::propose::bindings::Binder;
use crate::propose::routes::Part;

/// A step that was found.
pub(super) fn found(
    page: &mut Page,
    known: &Known<'_>,
    binder: &Binder<'_>,
    part: Part,
    written: &Written,
) {
    let request = &known.seen.requests[written.request];
    page.line("");
    page.say(&format!("{}, from {}", request.shown(), request.at));
    for note in &written.notes {
        page.say(&format!("  {note}"));
    }
    let chosen = known.routes.of(part);
    let others = chosen.map(|chosen| chosen.others.as_slice()).unwrap_or_default();
    if !others.is_empty() {
        let others = others.iter().take(8).map(|at| &known.seen.requests[*at]);
        let others: Vec<String> =
            others.map(|one| format!("{} ({})", one.shown(), one.at)).collect();
        page.ask(&format!("Or is it another one? {}", others.join(", ")));
    }
    written.questions.iter().for_each(|question| page.ask(question));
    let challenge_kept = part == Part::Challenge;
    if challenge_kept {
        let source = &known.challenge.source;
        let why = &known.challenge.why;
        if known.challenge.guessed {
            page.ask(&format!("Where in the answer is the challenge? {why}; `json:/pointer`, `header:name` or `body`"));
        } else {
            page.say(&format!("  `{source}` of the answer is the challenge: {why}"));
        }
    }
    page.line(&format!("[step.{}]", part.as_str()));
    page.line(&format!("request = {}", toml::table(&written.entries)));
    if challenge_kept {
        let status = request.good_answer().map_or("200", |answer| answer.status.as_str());
        let status = if status.parse::<u16>().is_ok() { status } else { "\"200..=299\"" };
        page.line(&format!("ok = {{ status = {status} }}"));
    }
    let mut saves: Vec<(String, String)> = Vec::new();
    if challenge_kept {
        saves.push((CHALLENGE_TEXT.to_owned(), toml::text(&known.challenge.source)));
    }
    let kept = binder.saves.get(&part).into_iter().flatten();
    saves.extend(kept.map(|(name, source)| (name.clone(), toml::text(source))));
    if !saves.is_empty() {
        page.line(&format!("save = {}", toml::table(&saves)));
    }
}

/// Requests that are named where a route was not found.
const MOST: usize = 20;

/// A route that nobody found: a question, the candidates, and what it would look like.
pub(super) fn missing(page: &mut Page, known: &Known<'_>, part: Part) {
    let (question, example) = match part {
        Part::Challenge => (
            "hands out a challenge? None is called so, and no answer holds one",
            "request = { method = \"POST\", path = \"/…\", json = { account = \"${account}\" } }\n# save = { challenge_text = \"json:/challenge\" }",
        ),
        Part::Attest => (
            "enrols a key? None carries an attestation object",
            "request = { method = \"POST\", path = \"/…\", json = { keyId = \"${key_id}\", attestation = \"${attestation}\" } }",
        ),
        _ => (
            "is protected by an assertion? None carries one",
            "request = { method = \"POST\", path = \"/…\", content_type = \"application/json\", body = \"${client_data}\", headers = { x-key-id = \"${key_id}\", x-assertion = \"${assertion}\" } }",
        ),
    };
    page.line("");
    page.ask(&format!("Which request {question}. Seen were:"));
    let requests = &known.seen.requests;
    let mut shown: Vec<usize> = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        if !shown.iter().any(|known| requests[*known].same_route(request)) {
            shown.push(at);
        }
    }
    for at in shown.iter().take(MOST) {
        page.say(&format!("    {} ({})", requests[*at].shown(), requests[*at].at));
    }
    if shown.len() > MOST {
        page.say(&format!("    and {} more", shown.len() - MOST));
    }
    page.line(&format!("# [step.{}]", part.as_str()));
    page.line(&format!("# {example}"));
}
