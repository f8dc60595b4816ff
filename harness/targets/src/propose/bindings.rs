//! What a template puts in the place of each value of a request, and why.

use super::Kind;
use super::encoded;
use super::evidence::{Evidence, ProvenClientData};
use super::role::{self, Role, letters};
use super::routes::{Part, Routes};
use super::sighting::{Body, Leaf, Member, Place, Shape, Sighting, text_of};
use super::write::Known;
use super::write::conventions::Conventions;
use crate::encoding::Encoding;
use crate::facts::CHALLENGE_TEXT;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is written in the place of a value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound {
    /// A template.
    Template(String),
    /// The value itself.
    Fixed(Value),
    /// Nothing: the member is left out.
    Nothing,
}

/// A value of a request.
#[derive(Debug, Clone)]
pub(super) struct Spot<'s> {
    /// Of which step.
    pub(super) part: Part,
    /// Of which request.
    pub(super) request: usize,
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) leaf: &'s Leaf,
}

/// Decides about values, one after the other, and remembers what they need.
pub(super) struct Binder<'b> {
    pub(super) requests: &'b [Sighting],
    pub(super) routes: &'b Routes,
    pub(super) evidence: &'b Evidence,
    pub(super) conventions: &'b Conventions,
    /// Whether cookies are kept, and why.
    pub(super) cookies: Option<String>,
    /// Where the challenge stands in its answer.
    pub(super) challenge: &'b str,
    /// Whether requests are recorded in the order they were sent in.
    pub(super) recorded: bool,
    /// Begins the names of environment variables.
    pub(super) prefix: String,
    /// Secrets and the variables that hold them.
    pub(super) secrets: BTreeMap<String, String>,
    /// What later steps need of an answer, by step.
    pub(super) saves: BTreeMap<Part, BTreeMap<String, String>>,
    /// What is said about the step being written.
    pub(super) notes: Vec<String>,
    /// What is asked about it.
    pub(super) questions: Vec<String>,
    known_secrets: Vec<(String, String)>,
    /// Values that are secret somewhere in the text, and so everywhere.
    elsewhere: Vec<String>,
}

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

/// Words in front of a credential.
const SCHEMES: [&str; 4] = ["Bearer ", "Basic ", "Token ", "Digest "];

impl<'b> Binder<'b> {
    /// Begins with what is known.
    pub(super) fn new(known: &Known<'b>, prefix: String) -> Self {
        Self {
            requests: &known.seen.requests,
            routes: known.routes,
            evidence: known.evidence,
            conventions: known.conventions,
            challenge: &known.challenge.source,
            cookies: None,
            recorded: known.kind != Kind::OpenApi,
            prefix,
            secrets: BTreeMap::new(),
            saves: BTreeMap::new(),
            notes: Vec::new(),
            questions: Vec::new(),
            known_secrets: Vec::new(),
            elsewhere: secrets_of(&known.seen.requests),
        }
    }

    /// What stands in the place of a value.
    pub(super) fn bind(&mut self, spot: &Spot<'_>) -> Bound {
        self.client_data(spot)
            .or_else(|| self.object(spot))
            .or_else(|| self.seen_before(spot))
            .or_else(|| self.by_role(spot))
            .or_else(|| self.named_like_an_answer(spot))
            .or_else(|| self.looks_secret(spot))
            .unwrap_or_else(|| self.as_it_is(spot))
    }

    /// The value that the recorded assertion signs.
    fn client_data(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let Some(ProvenClientData::Value(place, encoding)) = &self.evidence.client_data else {
            return None;
        };
        if spot.part != Part::Assert || spot.place != *place {
            return None;
        }
        let encoding = *encoding;
        self.note(spot, "the client data, which the recorded assertion signs");
        Some(Bound::Template(written("client_data", encoding, Encoding::Raw)))
    }

    /// Attestations, assertions and key ids, by their bytes where there are any.
    fn object(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let text = spot.leaf.as_str().unwrap_or_default();
        let text = strip_scheme(text).1;
        let named = role::of(&spot.name, spot.leaf);
        let conventions = self.conventions;
        let is_key_id = |found: &encoded::Encoded| {
            named == Some(Role::KeyId) || self.evidence.key_id.as_ref() == Some(&found.bytes)
        };
        let (name, convention, found, what) = if let Some(found) = encoded::attestation(text) {
            (
                "attestation",
                conventions.attestation.encoding,
                Some(found),
                "the attestation object, by its bytes",
            )
        } else if let Some(found) = encoded::assertion(text) {
            (
                "assertion",
                conventions.assertion.encoding,
                Some(found),
                "the assertion, by its bytes",
            )
        } else if let Some(found) = encoded::key_id(text).filter(is_key_id) {
            ("key_id", conventions.key_id.encoding, Some(found), "the key id, by its bytes")
        } else {
            match named? {
                Role::Attestation => (
                    "attestation",
                    conventions.attestation.encoding,
                    None,
                    "the attestation object, by its name",
                ),
                Role::Assertion => (
                    "assertion",
                    conventions.assertion.encoding,
                    None,
                    "the assertion, by its name",
                ),
                Role::KeyId => {
                    ("key_id", conventions.key_id.encoding, None, "the key id, by its name")
                }
                _ => return None,
            }
        };
        let fits = match name {
            "attestation" => spot.part == Part::Attest,
            "assertion" => spot.part == Part::Assert,
            _ => spot.part != Part::Challenge,
        };
        if !fits {
            self.ask(spot, &format!("looks like {what}; what does it do in this step?"));
            return Some(Bound::Template(format!("${{{name}}}")).filter_in(name == "key_id"));
        }
        let encoding = match found {
            Some(found) => found
                .encodings
                .iter()
                .find(|one| **one == convention)
                .or(found.encodings.first())
                .copied(),
            None => encoded::described(spot.leaf),
        };
        self.note(spot, what);
        Some(Bound::Template(written(name, encoding.unwrap_or(convention), convention)))
    }

    /// Values that an earlier answer gave.
    fn seen_before(&mut self, spot: &Spot<'_>) -> Option<Bound> {
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
    fn keep(&mut self, of: Part, name: &str, source: &str) -> String {
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

    fn by_role(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let leaf = spot.leaf;
        let template = match role::of(&spot.name, leaf)? {
            Role::Challenge if spot.part != Part::Challenge => {
                self.note(spot, "the challenge, by its name");
                format!("${{{CHALLENGE_TEXT}}}")
            }
            Role::ClientData if spot.part == Part::Assert => {
                self.note(spot, "the client data, by its name");
                let text = leaf.as_str().unwrap_or_default();
                let found = encoded::client_data(text).map(|found| found.encodings[0]);
                let encoding = found.or_else(|| encoded::described(leaf)).unwrap_or(Encoding::Raw);
                written("client_data", encoding, Encoding::Raw)
            }
            Role::ClientDataHash if spot.part != Part::Challenge => {
                self.note(spot, "a hash of the client data, by its name");
                let what = if spot.part == Part::Assert { "client_data" } else { CHALLENGE_TEXT };
                let encoding = encoded::described(leaf).unwrap_or(Encoding::B64);
                format!("${{{what}|sha256|{}}}", encoding.as_str())
            }
            Role::Account => {
                self.note(spot, "the user, by its name");
                let is_mail = leaf.as_str().is_some_and(|text| text.contains('@'))
                    || leaf.hint.split_whitespace().any(|word| word == "email");
                if is_mail { "${account}@example.com" } else { "${account}" }.to_owned()
            }
            Role::Purpose => self.purpose(spot)?,
            Role::RequestId => {
                self.note(spot, "an id of the request, by its name");
                let is_uuid =
                    leaf.hint.contains("uuid") || leaf.as_str().is_some_and(looks_like_uuid);
                if is_uuid { "${uuid}" } else { "${opaque_id}" }.to_owned()
            }
            Role::Secret => return Some(self.token(spot).unwrap_or_else(|| self.secret(spot))),
            _ => return None,
        };
        Some(Bound::Template(template))
    }

    /// What a challenge is for, in the server's words.
    fn purpose(&mut self, spot: &Spot<'_>) -> Option<String> {
        if spot.part != Part::Challenge {
            return None;
        }
        let words: Vec<&str> = spot.leaf.choices.iter().filter_map(Value::as_str).collect();
        let starts = |beginnings: &[&str]| {
            words.iter().copied().find(|word| {
                let word = letters(word);
                beginnings.iter().any(|beginning| word.starts_with(beginning))
            })
        };
        let recorded = || self.recorded_purposes(spot);
        let lone = matches!(spot.leaf.as_str(), Some("attest" | "assert"));
        let same = || lone.then(|| ("attest".to_owned(), "assert".to_owned()));
        let (attest, assert) = starts(&["attest", "enrol", "regist"])
            .zip(starts(&["assert", "auth", "login", "verif", "sign"]))
            .map(|(attest, assert)| (attest.to_owned(), assert.to_owned()))
            .or_else(recorded)
            .or_else(same)?;
        self.note(spot, "what the challenge is for");
        if (attest.as_str(), assert.as_str()) == ("attest", "assert") {
            return Some("${purpose}".to_owned());
        }
        let plain =
            |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        (plain(&attest) && plain(&assert))
            .then(|| format!("${{'{attest}' if purpose == 'attest' else '{assert}'}}"))
    }

    /// The word in the challenge request before the attestation, and in that before the assertion.
    fn recorded_purposes(&self, spot: &Spot<'_>) -> Option<(String, String)> {
        let word_before = |until: Option<usize>| {
            let until = until?;
            let mut before = self.requests[..until].iter().rev();
            let request = before.find(|one| one.same_route(&self.requests[spot.request]))?;
            let leaves = request.leaves();
            let leaf = leaves.iter().find(|(place, ..)| *place == spot.place)?.2;
            leaf.as_str().map(str::to_owned)
        };
        let attest = word_before(self.routes.attest.as_ref().map(|one| one.at))?;
        let assert = word_before(self.routes.assert.as_ref().map(|one| one.at))?;
        (attest != assert).then_some((attest, assert))
    }

    /// A value called like one in the answer to the challenge, in a description.
    fn named_like_an_answer(&mut self, spot: &Spot<'_>) -> Option<Bound> {
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

    /// Recorded values that nobody can have made up.
    fn looks_secret(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let text = spot.leaf.as_str()?;
        let known = self.elsewhere.iter().any(|secret| text.contains(secret));
        if !(known || self.recorded && looks_random(text)) {
            return None;
        }
        let bound = self.secret(spot);
        if !known {
            self.ask(spot, "looks random and is not copied; where does it come from?");
        }
        Some(bound)
    }

    /// The token that a login gives, in a description that has both.
    fn token(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let scheme = spot.leaf.as_str().filter(|scheme| *scheme == "Bearer ")?;
        if self.recorded || spot.part == Part::Login {
            return None;
        }
        let login = self.routes.login.as_ref()?;
        let answer = self.requests[login.at].good_answer()?.json.as_ref()?;
        let (pointer, name) = answer.leaves().into_iter().find_map(|(pointer, name, leaf)| {
            let is_token =
                role::of(&name, leaf) == Some(Role::Secret) && !letters(&name).contains("refresh");
            is_token.then_some((pointer, name))
        })?;
        let source = format!("json:{pointer}");
        let name = self.keep(Part::Login, &name, &source);
        self.note(spot, &format!("`{source}` of the answer to login"));
        Some(Bound::Template(format!("{scheme}${{{name}}}")))
    }

    /// Whether a cookie comes from an answer, and is kept as browsers do.
    pub(super) fn is_of_session(&mut self, request: usize, cookie: &Member) -> bool {
        let until = if self.recorded { request } else { self.requests.len() };
        let sets = |one: &Sighting| {
            one.answers.iter().flat_map(|answer| &answer.cookies).any(|set| set.name == cookie.name)
        };
        let set = (0..until).rev().find(|at| sets(&self.requests[*at])).or_else(|| {
            // A description seldom names the cookies of an answer.
            self.routes.login.as_ref().map(|login| login.at).filter(|_| !self.recorded)
        });
        let Some(from) = set else { return false };
        let from = &self.requests[from];
        self.cookies = Some(format!("`{}` is set by {} ({})", cookie.name, from.shown(), from.at));
        true
    }

    /// A secret, by the name of an environment variable.
    fn secret(&mut self, spot: &Spot<'_>) -> Bound {
        let value = spot.leaf.as_str().unwrap_or_default();
        let (scheme, value) = strip_scheme(value);
        if let Some((_, name)) =
            self.known_secrets.iter().find(|(known, _)| !value.is_empty() && known == value)
        {
            return Bound::Template(format!("{scheme}${{secret.{name}}}"));
        }
        let last = spot.name.rsplit('.').next().unwrap_or_default();
        let last = last.strip_prefix("x-").or_else(|| last.strip_prefix("X-")).unwrap_or(last);
        let plain = match (snake(last), &spot.place) {
            (name, Place::Path(at)) if name.is_empty() => format!("path_{at}"),
            (name, _) if name.is_empty() => "value".to_owned(),
            (name, _) => name,
        };
        let mut name = plain.clone();
        // Another secret of the same name is another secret only if it has another value.
        let mut number = 2;
        while self.secrets.contains_key(&name) && !value.is_empty() {
            name = format!("{plain}_{number}");
            number += 1;
        }
        // `$TOKEN` in a command line is the name of a variable already.
        let variable = value.strip_prefix('$').map(|name| name.trim_matches(['{', '}']));
        let variable = variable.filter(|name| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        });
        let variable = variable
            .map_or_else(|| format!("{}_{}", self.prefix, name.to_uppercase()), str::to_owned);
        if !value.is_empty() {
            self.known_secrets.push((value.to_owned(), name.clone()));
        }
        self.note(spot, &format!("secret: taken from the variable {variable}"));
        self.secrets.insert(name.clone(), variable);
        Bound::Template(format!("{scheme}${{secret.{name}}}"))
    }

    fn as_it_is(&mut self, spot: &Spot<'_>) -> Bound {
        let leaf = spot.leaf;
        let value = leaf.value.clone().or_else(|| leaf.choices.first().cloned());
        match value {
            Some(Value::Null) => Bound::Nothing,
            Some(Value::String(text)) => Bound::Fixed(Value::from(literal(&text))),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Bound::Fixed(value),
            Some(Value::Array(_) | Value::Object(_)) => Bound::Nothing,
            None if leaf.optional => Bound::Nothing,
            None => {
                let value = match leaf.kind.as_deref() {
                    Some("integer" | "number") => Value::from(1),
                    Some("boolean") => Value::from(true),
                    _ => Value::from("x"),
                };
                self.ask(
                    spot,
                    &format!("which value does the server want here? {value} is made up"),
                );
                Bound::Fixed(value)
            }
        }
    }

    /// The body with every value bound.
    pub(super) fn json(&mut self, part: Part, request: usize, shape: &Shape) -> Option<Value> {
        self.json_at(part, request, shape, "", "")
    }

    fn json_at(
        &mut self,
        part: Part,
        request: usize,
        shape: &Shape,
        at: &str,
        name: &str,
    ) -> Option<Value> {
        match shape {
            Shape::Leaf(leaf) => {
                let spot = Spot {
                    part,
                    request,
                    place: Place::Json(at.to_owned()),
                    name: name.to_owned(),
                    leaf,
                };
                match self.bind(&spot) {
                    Bound::Template(text) => Some(Value::from(text)),
                    Bound::Fixed(value) => Some(value),
                    Bound::Nothing => None,
                }
            }
            Shape::List(list) => {
                let items = list.iter().enumerate().filter_map(|(index, shape)| {
                    self.json_at(part, request, shape, &format!("{at}/{index}"), name)
                });
                Some(Value::Array(items.collect()))
            }
            Shape::Map(map) => {
                let mut object = serde_json::Map::new();
                for (key, shape) in map {
                    let step = key.replace('~', "~0").replace('/', "~1");
                    let inner = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                    let value = self.json_at(part, request, shape, &format!("{at}/{step}"), &inner);
                    object.extend(value.map(|value| (key.clone(), value)));
                }
                Some(Value::Object(object))
            }
        }
    }

    fn note(&mut self, spot: &Spot<'_>, what: &str) {
        self.notes.push(format!("{}: {what}", spot.called()));
    }

    fn ask(&mut self, spot: &Spot<'_>, what: &str) {
        self.questions.push(format!("{} {what}", spot.called()));
    }
}

impl Bound {
    /// Itself, or nothing.
    fn filter_in(self, keep: bool) -> Self {
        if keep { self } else { Self::Nothing }
    }
}

impl Spot<'_> {
    fn called(&self) -> String {
        match &self.place {
            Place::Path(at) if self.name.is_empty() => format!("part {} of the path", at + 1),
            Place::Path(_) => format!("`{}` in the path", self.name),
            Place::Query(name) => format!("`{name}` in the query"),
            Place::Header(name) => format!("header `{name}`"),
            Place::Cookie(name) => format!("cookie `{name}`"),
            Place::Field(name) => format!("field `{name}`"),
            Place::Json(at) if at.is_empty() => "the body".to_owned(),
            Place::Json(at) => format!("`{at}`"),
            Place::Body => "the body".to_owned(),
        }
    }
}

/// The values that are called secret somewhere; short ones may be anything.
fn secrets_of(requests: &[Sighting]) -> Vec<String> {
    let mut secrets = Vec::new();
    for (place, name, leaf) in requests.iter().flat_map(Sighting::leaves) {
        let is_secret =
            matches!(place, Place::Cookie(_)) || role::of(&name, leaf) == Some(Role::Secret);
        let value = strip_scheme(leaf.as_str().unwrap_or_default()).1;
        if is_secret && value.len() >= 6 {
            secrets.push(value.to_owned());
        }
    }
    secrets
}

/// Whether the whole body of a request is the client data.
pub(super) fn body_is_client_data(evidence: &Evidence, request: &Sighting) -> bool {
    match &evidence.client_data {
        Some(proven) => *proven == ProvenClientData::Body,
        // An assertion beside a body speaks about the body.
        None => {
            let beside = request.headers.iter().chain(&request.query).any(|member| {
                role::of(&member.name, &member.leaf) == Some(Role::Assertion)
                    || encoded::assertion(member.leaf.as_str().unwrap_or_default()).is_some()
            });
            beside && !matches!(request.body, Body::Empty | Body::Multipart(_))
        }
    }
}

/// `${name}`, with a filter if it is written in another way than by convention.
fn written(name: &str, encoding: Encoding, convention: Encoding) -> String {
    if encoding == convention {
        format!("${{{name}}}")
    } else {
        format!("${{{name}|{}}}", encoding.as_str())
    }
}

/// A text that a template writes as it is.
pub(super) fn literal(text: &str) -> String {
    text.replace("${", "${'${'}")
}

/// The word in front of a credential, and the credential.
fn strip_scheme(text: &str) -> (&str, &str) {
    let length = SCHEMES
        .iter()
        .find(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map_or(0, |scheme| scheme.len());
    text.split_at(length)
}

/// `challengeId` as `challenge_id`.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut after_small = false;
    for c in name.chars() {
        if c.is_ascii_alphanumeric() {
            if c.is_ascii_uppercase() && after_small {
                snake.push('_');
            }
            after_small = c.is_ascii_lowercase() || c.is_ascii_digit();
            snake.push(c.to_ascii_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
            after_small = false;
        }
    }
    let snake = snake.trim_end_matches('_').to_owned();
    // A name does not begin with a digit.
    if snake.starts_with(|c: char| c.is_ascii_digit()) { format!("value_{snake}") } else { snake }
}

fn looks_like_uuid(text: &str) -> bool {
    let parts: Vec<usize> = text.split('-').map(str::len).collect();
    parts == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Whether a text is one long word of letters and digits mixed, as tokens and ids are.
fn looks_random(text: &str) -> bool {
    text.len() >= 16
        && !text.chars().any(char::is_whitespace)
        && text.chars().any(|c| c.is_ascii_digit())
        && text.chars().any(|c| c.is_ascii_alphabetic())
        && text.chars().filter(|c| c.is_ascii_digit()).count() >= 3
        && !text.contains("://")
        && text.parse::<jiff::Timestamp>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_variables() {
        for (name, snaked) in [
            ("challengeId", "challenge_id"),
            ("X-Api-Key", "x_api_key"),
            ("userID", "user_id"),
            ("2fa", "value_2fa"),
            ("--", ""),
        ] {
            assert_eq!(snake(name), snaked);
        }
    }

    #[test]
    fn tokens_look_random_and_words_do_not() {
        for (text, random) in [
            ("8f14e45fceea167a5a36dedd4bea2543", true),
            ("eyJhbGciOiJIUzI1NiJ9.e30.x9", true),
            ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", true),
            ("a book about cooking, 3rd edition", false),
            ("com.example.application", false),
            ("2026-11-28T12:00:00.000Z", false),
        ] {
            assert_eq!(looks_random(text), random, "{text}");
        }
    }
}
