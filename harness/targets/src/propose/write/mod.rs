//! The target file itself, with comments that say where things come from and questions that stay open.

mod body;
mod client_data;
pub(super) mod conventions;
mod facts;
mod session;
mod step;
mod steps;
pub(super) mod toml;

use super::answers::{self, ChallengeSource};
use super::bindings::Binder;
use super::evidence::{self, Evidence};
use super::routes::{self, Chosen, Part, Routes};
use super::sighting::Sightings;
use super::{Input, Kind, Proposal};
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
    let mut routes = routes::choose(requests);
    let evidence = evidence::gather(requests, &routes);
    if let Some(challenge) = &evidence.challenge {
        routes.settle(requests, &challenge.text);
    }
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
    templates(&mut page, &steps);
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
    session::session(&mut page, &known, &binder, &steps, &then_headers);
    for (part, written) in steps.iter().filter(|(part, _)| *part != Part::Login) {
        match written {
            Some(written) => steps::found(&mut page, &known, &binder, *part, written),
            None => steps::missing(&mut page, &known, *part),
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

fn templates(page: &mut Page, steps: &[(Part, Option<Written>)]) {
    page.line("\n[templates]                           # client data of a protected request: hashed, and sent exactly as hashed");
    let written = steps.iter().find(|(part, _)| *part == Part::Assert);
    let data = written.and_then(|(_, written)| written.as_ref()?.client_data.as_ref());
    if let Some(data) = data {
        data.notes.iter().for_each(|note| page.say(note));
        data.questions.iter().for_each(|question| page.ask(question));
        page.line(&format!("assert = {}", data.toml));
    } else {
        page.ask("Which bytes does the app hash for an assertion? Often JSON with the challenge:");
        page.line("assert = '{\"challenge\":\"${challenge_text}\"}'");
    }
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
