//! The target file itself, with comments that say where things come from and questions that stay open.

pub(super) mod conventions;
mod facts;
mod step;
pub(super) mod toml;

use super::answers::{self, ChallengeSource};
use super::bindings::Binder;
use super::evidence::{self, Evidence};
use super::routes::{self, Chosen, Part, Routes};
use super::sighting::Sightings;
use super::{Input, Kind, Proposal};
use crate::facts::CHALLENGE_TEXT;
use conventions::Conventions;
use std::fmt::Write;
use step::Written;

/// A text that grows line by line.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
    questions: usize,
}

impl Page {
    /// A line of the file.
    pub(super) fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
    }

    /// A line with a comment behind it, if there is one.
    pub(super) fn with(&mut self, text: &str, comment: &str) {
        if comment.is_empty() {
            self.line(text);
        } else {
            self.line(&format!("{text}   # {}", toml::line(comment)));
        }
    }

    /// A comment of its own.
    pub(super) fn say(&mut self, text: &str) {
        self.line(&format!("# {}", toml::line(text)));
    }

    /// A question.
    pub(super) fn ask(&mut self, text: &str) {
        self.questions += 1;
        self.line(&format!("# ? {}", toml::line(text)));
    }
}

/// Everything that is known when the page is written.
pub(super) struct Known<'k> {
    pub(super) input: &'k Input<'k>,
    pub(super) kind: Kind,
    pub(super) seen: &'k Sightings,
    pub(super) routes: &'k Routes,
    pub(super) evidence: &'k Evidence,
    pub(super) conventions: &'k Conventions,
    pub(super) challenge: &'k ChallengeSource,
}

/// Writes the proposal.
pub(super) fn proposal(input: &Input<'_>, kind: Kind, seen: &Sightings) -> Proposal {
    let requests = &seen.requests;
    let routes = routes::choose(requests);
    let evidence = evidence::gather(requests, &routes);
    let conventions = Conventions::of(requests, &routes, &evidence);
    let challenge = answers::challenge(requests, &routes, &evidence);
    let known = Known {
        input,
        kind,
        seen,
        routes: &routes,
        evidence: &evidence,
        conventions: &conventions,
        challenge: &challenge,
    };
    let mut binder = Binder::new(&known, facts::prefix(&known));
    // Later steps say what must be kept of earlier answers, so all are bound before any is written.
    let mut steps: Vec<(Part, Option<Written>)> = Vec::new();
    for (part, chosen) in parts(&routes) {
        steps.push((part, chosen.map(|chosen| step::bind(&mut binder, &known, part, chosen.at))));
    }
    let common = step::common_headers(&mut steps);
    let tokens = binder.saves.get(&Part::Login).cloned().unwrap_or_default();
    let of_session = |(_, value): &(String, String)| {
        tokens.keys().any(|name| value.contains(&format!("${{{name}}}")))
    };
    let (then_headers, common): (Vec<_>, Vec<_>) = common.into_iter().partition(of_session);
    let mut page = Page::default();
    facts::head(&mut page, &known);
    facts::target(&mut page, &known);
    facts::policy(&mut page, &known);
    facts::conventions(&mut page, &known);
    client_data(&mut page, &steps);
    if !binder.secrets.is_empty() {
        page.line("\n[secrets]                             # values from the environment, masked wherever they would be shown");
        for (name, variable) in &binder.secrets {
            page.line(&format!("{} = {{ env = {} }}", toml::key(name), toml::text(variable)));
        }
    }
    if !common.is_empty() {
        page.line("\n[headers]                             # of every request");
        for (name, value) in &common {
            page.line(&format!("{} = {}", toml::key(name), toml::text(value)));
        }
    }
    session(&mut page, &known, &binder, &steps, &then_headers);
    for (part, written) in steps.iter().filter(|(part, _)| *part != Part::Login) {
        match written {
            Some(written) => found(&mut page, &known, &binder, *part, written),
            None => missing(&mut page, &known, *part),
        }
    }
    judge(&mut page, &known);
    let complete = [Part::Challenge, Part::Attest, Part::Assert]
        .iter()
        .all(|wanted| steps.iter().any(|(part, step)| part == wanted && step.is_some()));
    let remarks = remarks(&known, page.questions);
    Proposal { text: page.text, remarks, questions: page.questions, complete }
}

/// The steps with their routes; what only some servers have is there only if it was found.
fn parts(routes: &Routes) -> Vec<(Part, Option<&Chosen>)> {
    let login = routes.login.as_ref().map(|login| (Part::Login, Some(login)));
    let mut parts: Vec<_> = login.into_iter().collect();
    parts.extend([
        (Part::Challenge, routes.challenge.as_ref()),
        (Part::Attest, routes.attest.as_ref()),
        (Part::Assert, routes.assert.as_ref()),
    ]);
    parts.extend(routes.revoke.as_ref().map(|revoke| (Part::Revoke, Some(revoke))));
    parts
}

/// `[session]`, if anything hangs on one.
fn session(
    page: &mut Page,
    known: &Known<'_>,
    binder: &Binder<'_>,
    steps: &[(Part, Option<Written>)],
    then_headers: &[(String, String)],
) {
    let login = steps.iter().find(|(part, _)| *part == Part::Login);
    let login = login.and_then(|(_, login)| login.as_ref());
    let saves = binder.saves.get(&Part::Login);
    if binder.cookies.is_none() && saves.is_none() {
        if let Some(login) = login {
            let request = &known.seen.requests[login.request];
            page.line("");
            page.ask(&format!(
                "Must an account log in first, by {} ({})? No request needs what it answers",
                request.shown(),
                request.at
            ));
            page.line("# [[session.setup]]");
            page.line(&format!("# request = {}", toml::table(&login.entries)));
        }
        return;
    }
    page.line("\n[session]");
    if let Some(why) = &binder.cookies {
        page.with("cookies = \"per-account\"", why);
    }
    page.ask("What are accounts called? The harness makes names up unless you say how, with ${n} where each differs");
    page.line("# account = \"qa-${n}\"");
    let Some(login) = login else { return };
    let request = &known.seen.requests[login.request];
    page.line("");
    page.say(&format!("{}, from {}", request.shown(), request.at));
    login.notes.iter().for_each(|note| page.say(&format!("  {note}")));
    login.questions.iter().for_each(|question| page.ask(question));
    page.line("[[session.setup]]");
    page.line(&format!("request = {}", toml::table(&login.entries)));
    if let Some(status) = request.good_answer().and_then(|one| one.status.parse::<u16>().ok()) {
        page.line(&format!("ok = {{ status = {status} }}"));
    }
    let written = |(name, value): (&String, &String)| (name.clone(), toml::text(value));
    if let Some(saves) = saves {
        page.line(&format!(
            "save = {}",
            toml::table(&saves.iter().map(written).collect::<Vec<_>>())
        ));
    }
    if !then_headers.is_empty() {
        let headers = then_headers.iter().map(|(name, value)| written((name, value)));
        page.line(&format!("then_headers = {}", toml::table(&headers.collect::<Vec<_>>())));
    }
}

fn client_data(page: &mut Page, steps: &[(Part, Option<Written>)]) {
    page.line("\n[templates]                           # client data of a protected request: hashed, and sent exactly as hashed");
    let written = steps.iter().find(|(part, _)| *part == Part::Assert);
    match written.and_then(|(_, written)| written.as_ref()?.client_data.as_ref()) {
        Some(data) => {
            data.notes.iter().for_each(|note| page.say(note));
            data.questions.iter().for_each(|question| page.ask(question));
            page.line(&format!("assert = {}", data.toml));
        }
        None => {
            page.ask("Which bytes does the app hash for an assertion? Often JSON with the challenge in it:");
            page.line("assert = '{\"challenge\":\"${challenge_text}\"}'");
        }
    }
}

fn found(page: &mut Page, known: &Known<'_>, binder: &Binder<'_>, part: Part, written: &Written) {
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

/// A route that nobody found: a question, the candidates, and what it would look like.
fn missing(page: &mut Page, known: &Known<'_>, part: Part) {
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
    const MOST: usize = 20;
    for at in shown.iter().take(MOST) {
        page.say(&format!("    {} ({})", requests[*at].shown(), requests[*at].at));
    }
    if shown.len() > MOST {
        page.say(&format!("    and {} more", shown.len() - MOST));
    }
    page.line(&format!("# [step.{}]", part.as_str()));
    page.line(&format!("# {example}"));
}

fn judge(page: &mut Page, known: &Known<'_>) {
    let requests = &known.seen.requests;
    page.line(
        "\n[judge]                               # the first rule that matches reads the answer",
    );
    page.line("rules = [");
    for rule in answers::rules(requests, known.routes) {
        page.with(&format!("  {},", rule.toml), &rule.why);
    }
    page.line("]");
    let outputs = answers::outputs(requests, known.routes);
    if !outputs.is_empty() {
        page.line("\n[outputs]                             # what an accepting answer reports besides, by its names");
        for (name, source) in outputs {
            page.line(&format!("{name} = {}", toml::text(&source)));
        }
    }
    page.line("");
    page.line(
        "# [reasons]                           # what the server's words for a refusal stand for",
    );
    page.line("# map = { \"bad nonce\" = \"att.nonce\" }");
}

fn remarks(known: &Known<'_>, questions: usize) -> Vec<String> {
    let mut remarks: Vec<String> = Vec::new();
    for (part, chosen) in parts(known.routes) {
        let name = part.as_str();
        remarks.push(match chosen.map(|chosen| &known.seen.requests[chosen.at]) {
            Some(request) => toml::line(&format!("{name}: {} ({})", request.shown(), request.at)),
            None => format!("{name}: not found"),
        });
    }
    remarks.extend(known.seen.remarks.iter().map(|remark| toml::line(remark)));
    if questions > 0 {
        let mut last = String::new();
        let (noun, verb) = if questions == 1 { ("question", "is") } else { ("questions", "are") };
        let _ = write!(last, "{questions} {noun} {verb} open: the lines that begin with `# ?`");
        remarks.push(last);
    }
    remarks
}
