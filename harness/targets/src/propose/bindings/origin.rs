//! Values that an earlier answer gave, and what is kept of answers for them.

use super::spelling::{snake, strip_scheme};
use super::{Binder, Bound, Spot};
use crate::facts::CHALLENGE_TEXT;
use crate::propose::role::letters;
use crate::propose::routes::Part;
use crate::propose::sighting::{Shape, text_of};

/// Names that templates have anyway.
const TAKEN: [&str; 10] = [
    "account",
    "purpose",
    "opaque_id",
    "uuid",
    "key_id",
    "attestation",
    "assertion",
    "client_data",
    "secret",
    "challenge_text",
];

impl Binder<'_> {
    /// Values that an earlier answer gave.
    pub(super) fn seen_before(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let (scheme, text) = strip_scheme(spot.leaf.as_str()?);
        if self.evidence.challenge.as_ref().is_some_and(|challenge| challenge.text == text) {
            self.note(spot, "the challenge, which the recorded attestation answers");
            return Some(Bound::Template(format!("{scheme}${{{CHALLENGE_TEXT}}}")));
        }
        let (from, source, name) = self.origin(text, spot.request)?;
        let of = self.part_of(from)?;
        if of == Part::Challenge && source == self.challenge {
            self.note(spot, "the challenge, seen in the answer before");
            return Some(Bound::Template(format!("{scheme}${{{CHALLENGE_TEXT}}}")));
        }
        if of >= spot.part {
            return None;
        }
        let name = self.keep(of, &name, &source);
        self.note(spot, &format!("`{source}` of the answer to {}", of.as_str()));
        Some(Bound::Template(format!("{scheme}${{{name}}}")))
    }

    /// Which answer gave a text first of all: the latest before a request.
    fn origin(&self, text: &str, before: usize) -> Option<(usize, String, String)> {
        if text.len() < 4 || matches!(text, "true" | "false" | "null" | "attest" | "assert") {
            return None;
        }
        let until = if self.recorded { before } else { self.requests.len() };
        (0..until).rev().find_map(|at| {
            let answer = self.requests[at].good_answer()?;
            let json =
                answer.json.iter().flat_map(Shape::leaves).find_map(|(pointer, name, leaf)| {
                    let same = leaf.value.as_ref().map(text_of).as_deref() == Some(text);
                    same.then(|| (format!("json:{pointer}"), name))
                });
            let header = || {
                let mut headers = answer.headers.iter();
                let header = headers.find(|header| header.leaf.as_str() == Some(text))?;
                Some((format!("header:{}", header.name), header.name.clone()))
            };
            let body = || {
                (answer.text.as_deref() == Some(text))
                    .then(|| ("body".to_owned(), "body".to_owned()))
            };
            let (source, name) = json.or_else(header).or_else(body)?;
            Some((at, source, name))
        })
    }

    /// The part that a request plays.
    fn part_of(&self, request: usize) -> Option<Part> {
        let routes = self.routes;
        let same = |at: Option<usize>| {
            at.is_some_and(|at| self.requests[at].same_route(&self.requests[request]))
        };
        if same(routes.challenge.as_ref().map(|one| one.at)) || same(routes.challenge_for_assert) {
            Some(Part::Challenge)
        } else if same(routes.attest.as_ref().map(|one| one.at)) {
            Some(Part::Attest)
        } else if same(routes.login.as_ref().map(|one| one.at)) {
            Some(Part::Login)
        } else {
            None
        }
    }

    /// Keeps a part of a step's answer and says under which name.
    pub(super) fn keep(&mut self, of: Part, name: &str, source: &str) -> String {
        let saves = self.saves.entry(of).or_default();
        if let Some((known, _)) = saves.iter().find(|(_, known)| *known == source) {
            return known.clone();
        }
        let mut name = snake(name.rsplit('.').next().unwrap_or(name));
        if TAKEN.contains(&name.as_str()) || saves.contains_key(&name) {
            name = format!("{}_{name}", of.as_str());
        }
        saves.insert(name.clone(), source.to_owned());
        name
    }

    /// A value called like one in the answer to the challenge, in a description.
    pub(super) fn named_like_an_answer(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        if self.recorded || spot.name.is_empty() || spot.part == Part::Challenge {
            return None;
        }
        let wanted = letters(spot.name.rsplit('.').next()?);
        let chosen = self.routes.challenge.as_ref()?;
        let answer = self.requests[chosen.at].good_answer()?.json.as_ref()?;
        let source = answer.leaves().into_iter().find_map(|(pointer, name, _)| {
            let name = letters(name.rsplit('.').next()?);
            let same = name == wanted || (name == "id" && wanted == "challengeid");
            same.then(|| format!("json:{pointer}"))
        })?;
        let name = self.keep(Part::Challenge, &spot.name, &source);
        self.note(spot, &format!("`{source}` of the answer to challenge, by its name"));
        Some(Bound::Template(format!("${{{name}}}")))
    }
}
