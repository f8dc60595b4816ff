//! Schemas, as far as they say which values a request has.

use super::document::Document;
use super::{items, members, text_of};
use crate::propose::sighting::{Leaf, Shape};
use serde_json::Value;

/// Deepest nesting that is described.
const DEPTH: usize = 12;

/// The schemas around one, so that one that holds itself is described once.
#[derive(Clone, Copy)]
struct Within<'w> {
    schema: &'w Value,
    outer: Option<&'w Within<'w>>,
    depth: usize,
}

impl Within<'_> {
    fn holds(&self, schema: &Value) -> bool {
        std::ptr::eq(self.schema, schema) || self.outer.is_some_and(|outer| outer.holds(schema))
    }
}

/// The body of one media type, by its schema and its examples.
pub(super) fn media(document: &Document<'_>, media: &Value) -> Shape {
    described(document, media)
}

/// A parameter or a header.
pub(super) fn parameter(document: &Document<'_>, parameter: &Value) -> Leaf {
    let mut leaf = match described(document, parameter) {
        Shape::Leaf(leaf) => leaf,
        Shape::List(_) | Shape::Map(_) => Leaf::default(),
    };
    leaf.optional = parameter.get("required") != Some(&Value::Bool(true));
    if let Some(text) = parameter.get("description").and_then(Value::as_str) {
        leaf.hint.push(' ');
        leaf.hint.push_str(&text.to_lowercase());
    }
    leaf
}

/// Something with a `schema` and examples beside it.
fn described(document: &Document<'_>, at: &Value) -> Shape {
    let nothing = Value::Null;
    let schema = at.get("schema").unwrap_or(&nothing);
    let around = Within { schema: at, outer: None, depth: 0 };
    shape(document, schema, example(document, at), &around)
}

/// `example`, or the first of `examples`, which is a map in OpenAPI and a list in a schema.
fn example<'v>(document: &'v Document<'_>, at: &'v Value) -> Option<&'v Value> {
    at.get("example").or_else(|| {
        let examples = at.get("examples")?;
        let first = members(Some(examples)).next();
        first
            .and_then(|(_, example)| document.follow(example).get("value"))
            .or_else(|| items(Some(examples)).next())
    })
}

fn shape(
    document: &Document<'_>,
    schema: &Value,
    example: Option<&Value>,
    outer: &Within<'_>,
) -> Shape {
    let schema = document.follow(schema);
    if outer.depth == DEPTH || outer.holds(schema) || !document.may_go_on() {
        return Shape::Leaf(Leaf::default());
    }
    let within = Within { schema, outer: Some(outer), depth: outer.depth + 1 };
    let own = self::example(document, schema).or_else(|| schema.get("default"));
    let example = example.or(own);
    let mut properties: Vec<(String, Shape)> = Vec::new();
    collect(document, schema, example, &within, &mut properties);
    if !properties.is_empty() {
        return Shape::Map(properties);
    }
    for alternatives in ["oneOf", "anyOf"] {
        let real =
            |one: &&Value| document.follow(one).get("type").is_none_or(|kind| kind != "null");
        if let Some(first) = items(schema.get(alternatives)).find(real) {
            return shape(document, first, example, &within);
        }
    }
    if let Some(of) = schema.get("items") {
        let first = example.and_then(|example| example.get(0));
        return Shape::List(vec![shape(document, of, first, &within)]);
    }
    match example {
        // Without a schema an example is all there is.
        Some(example @ (Value::Object(_) | Value::Array(_))) => Shape::of(example.clone()),
        example => Shape::Leaf(leaf(schema, example)),
    }
}

/// The properties of a schema and of everything that `allOf` adds to it.
fn collect(
    document: &Document<'_>,
    schema: &Value,
    example: Option<&Value>,
    within: &Within<'_>,
    into: &mut Vec<(String, Shape)>,
) {
    for part in items(schema.get("allOf")) {
        let part = document.follow(part);
        if within.depth < DEPTH && !within.holds(part) && document.may_go_on() {
            let example = example.or_else(|| self::example(document, part));
            let within = Within { schema: part, outer: Some(within), depth: within.depth + 1 };
            collect(document, part, example, &within, into);
        }
    }
    let required = |name: &str| {
        // Without the list nobody said what can be left out.
        let list = schema.get("required");
        list.is_none() || items(list).any(|one| one == name)
    };
    for (name, property) in members(schema.get("properties")) {
        let example = example.and_then(|example| example.get(name));
        let mut shape = shape(document, property, example, within);
        if let Shape::Leaf(leaf) = &mut shape {
            leaf.optional = !required(name);
        }
        into.retain(|(known, _)| known != name);
        into.push((name.to_owned(), shape));
    }
}

fn leaf(schema: &Value, example: Option<&Value>) -> Leaf {
    let text = |key: &str| schema.get(key).and_then(Value::as_str).unwrap_or_default();
    let says = ["format", "contentEncoding", "pattern", "title", "description"];
    let hint = says.map(|key| text(key).to_lowercase()).join(" ");
    let choices: Vec<Value> = items(schema.get("enum")).cloned().collect();
    let value = example.or_else(|| schema.get("const")).filter(|value| !value.is_null()).cloned();
    // 3.1 writes `type: [string, "null"]`.
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().map(text_of).find(|kind| kind != "null"),
        other => other.and_then(Value::as_str).map(str::to_owned),
    };
    Leaf {
        value,
        kind,
        choices,
        secret: text("format") == "password",
        hint: hint.trim().to_owned(),
        optional: false,
    }
}
