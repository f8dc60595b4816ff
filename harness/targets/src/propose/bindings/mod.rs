//! What a template puts in the place of each value of a request, and why.

mod named;
mod objects;
mod origin;
mod secret;
mod spelling;

pub(super) use spelling::{literal, snake};

use super::Kind;
use super::encoded;
use super::evidence::{Evidence, ProvenClientData};
use super::role::{self, Role};
use super::routes::{Part, Routes};
use super::sighting::{Body, Leaf, Place, Shape, Sighting};
use super::write::Known;
use super::write::conventions::Conventions;
use serde_json::Value;
use std::collections::BTreeMap;

/// What is written in the place of a value.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::propose) enum Bound {
    /// A template.
    Template(String),
    /// The value itself.
    Fixed(Value),
    /// Nothing: the member is left out.
    Nothing,
}

/// A value of a request.
#[derive(Debug, Clone)]
pub(in crate::propose) struct Spot<'s> {
    /// Of which step.
    pub(in crate::propose) part: Part,
    /// Of which request.
    pub(in crate::propose) request: usize,
    pub(in crate::propose) place: Place,
    pub(in crate::propose) name: String,
    pub(in crate::propose) leaf: &'s Leaf,
}

/// Decides about values, one after the other, and remembers what they need.
pub(in crate::propose) struct Binder<'b> {
    pub(in crate::propose) requests: &'b [Sighting],
    pub(in crate::propose) routes: &'b Routes,
    pub(in crate::propose) evidence: &'b Evidence,
    pub(in crate::propose) conventions: &'b Conventions,
    /// Whether cookies are kept, and why.
    pub(in crate::propose) cookies: Option<String>,
    /// Where the challenge stands in its answer.
    pub(in crate::propose) challenge: &'b str,
    /// Whether requests are recorded in the order they were sent in.
    pub(in crate::propose) recorded: bool,
    /// Begins the names of environment variables.
    pub(in crate::propose) prefix: String,
    /// Secrets and the variables that hold them.
    pub(in crate::propose) secrets: BTreeMap<String, String>,
    /// What later steps need of an answer, by step.
    pub(in crate::propose) saves: BTreeMap<Part, BTreeMap<String, String>>,
    /// What is said about the step being written.
    pub(in crate::propose) notes: Vec<String>,
    /// What is asked about it.
    pub(in crate::propose) questions: Vec<String>,
    known_secrets: Vec<(String, String)>,
    /// Values that are secret somewhere in the text, and so everywhere.
    elsewhere: Vec<String>,
}

impl<'b> Binder<'b> {
    /// Begins with what is known.
    pub(in crate::propose) fn new(known: &Known<'b>, prefix: String) -> Self {
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
            elsewhere: secret::secrets_of(&known.seen.requests),
        }
    }

    /// What stands in the place of a value.
    pub(in crate::propose) fn bind(&mut self, spot: &Spot<'_>) -> Bound {
        self.client_data(spot)
            .or_else(|| self.object(spot))
            .or_else(|| self.seen_before(spot))
            .or_else(|| self.by_role(spot))
            .or_else(|| self.named_like_an_answer(spot))
            .or_else(|| self.looks_secret(spot))
            .unwrap_or_else(|| self.as_it_is(spot))
    }

    fn as_it_is(&mut self, spot: &Spot<'_>) -> Bound {
        let leaf = spot.leaf;
        let value = leaf.value.clone().or_else(|| leaf.choices.first().cloned());
        match value {
            Some(Value::String(text)) => Bound::Fixed(Value::from(literal(&text))),
            Some(value @ (Value::Bool(_) | Value::Number(_))) => Bound::Fixed(value),
            Some(Value::Null | Value::Array(_) | Value::Object(_)) => Bound::Nothing,
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
    pub(in crate::propose) fn json(
        &mut self,
        part: Part,
        request: usize,
        shape: &Shape,
    ) -> Option<Value> {
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

/// Whether the whole body of a request is the client data.
pub(in crate::propose) fn body_is_client_data(evidence: &Evidence, request: &Sighting) -> bool {
    if let Some(proven) = &evidence.client_data {
        return *proven == ProvenClientData::Body;
    }
    // An assertion beside a body speaks about the body.
    let beside = request.headers.iter().chain(&request.query).any(|member| {
        role::of(&member.name, &member.leaf) == Some(Role::Assertion)
            || encoded::assertion(member.leaf.as_str().unwrap_or_default()).is_some()
    });
    beside && !matches!(request.body, Body::Empty | Body::Multipart(_))
}
