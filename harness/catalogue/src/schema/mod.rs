//! The JSON Schema of case files, for editors: derived from the types that read them.
//!
//! It is written in draft 7, which editors know best. What it cannot say (that an operator fits its
//! step, that a name was given before) the reader says, with line and column.

mod names;

pub(crate) use names::{
    BaseName, CaseId, CatalogueId, ClauseId, Line, NeedName, RuleId, SchemaVersion, Slug,
};

use crate::file::raw::{Body, Head, StepBody};
use crate::operator::{Entry, Operator};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// The JSON Schema (draft 7) of a case file.
///
/// A TOML file is held against it as the JSON value of the same shape.
pub fn case_files() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut file = derived::<Head>(&mut generator);
    let mut case = derived::<Body>(&mut generator);
    let mut step = derived::<StepBody>(&mut generator);
    let operators = operators(&mut generator);

    let operator_list = |words: &str| json!({ "description": words, "type": "array", "items": { "$ref": "#/definitions/Operator" } });
    insert(&mut step, "op", operator_list("Edits of what the step sends, in order."));
    insert(&mut case, "op", operator_list("Edits of the last request of the base, in order."));
    let steps = json!({
        "description": "The conversation, where it is not that of the base; the last step is judged.",
        "type": "array",
        "items": { "$ref": "#/definitions/Step" },
    });
    insert(&mut case, "step", steps);
    case.insert("allOf".to_owned(), json!(together()));
    let cases = json!({ "type": "array", "items": { "$ref": "#/definitions/Case" } });
    insert(&mut file, "case", cases);

    let mut definitions = generator.take_definitions(true);
    for (name, value) in [
        ("Case", Value::Object(case)),
        ("Step", Value::Object(step)),
        ("Operator", json!({ "oneOf": operators })),
    ] {
        definitions.insert(name.to_owned(), value);
    }
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("Assay: a file of cases"));
    schema.extend(file);
    schema.insert("description".to_owned(), json!("Cases of one family."));
    schema.insert("definitions".to_owned(), Value::Object(definitions));
    Value::Object(schema)
}

/// What the reader demands of members together.
fn together() -> Vec<Value> {
    let expects = |word: &str| json!({ "required": ["expect"], "properties": { "expect": { "const": word } } });
    let some =
        |name: &str| json!({ "required": [name], "properties": { name: { "minItems": 1 } } });
    let none = |name: &str| json!({ "properties": { name: { "maxItems": 0 } } });
    let breaks_rules = json!({ "properties": { "fault": { "const": "rules" } } });
    vec![
        json!({ "if": expects("reject"), "then": none("guards") }),
        json!({ "if": { "allOf": [expects("reject"), breaks_rules] }, "then": some("rules") }),
        json!({ "if": { "not": breaks_rules }, "then": none("rules") }),
        json!({ "if": { "not": breaks_rules }, "then": { "not": expects("accept") } }),
        json!({ "if": expects("accept"), "then": { "allOf": [none("rules"), some("guards")] } }),
        json!({ "if": some("step"), "then": none("op") }),
    ]
}

fn derived<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut schema = T::json_schema(generator).to_value();
    for_toml(&mut schema);
    schema.as_object().cloned().unwrap_or_default()
}

/// What deriving leaves to be said of TOML, which has no null (an optional member is left out) and
/// whose numbers are held to the widths of ours.
fn for_toml(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("type").is_some_and(|one| one == "integer")
                && members.shift_remove("format").is_some_and(|width| width == "uint32")
            {
                members.insert("maximum".to_owned(), json!(u32::MAX));
            }
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|one| one != "null");
                if let [only] = &types[..] {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(alternatives)) = members.get_mut("anyOf") {
                alternatives.retain(|one| one["type"] != "null");
            }
            members.values_mut().for_each(for_toml);
        }
        Value::Array(items) => items.iter_mut().for_each(for_toml),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn insert(schema: &mut Map<String, Value>, member: &str, value: Value) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.insert(member.to_owned(), value);
    }
}

/// Every operator, told apart by `do`, with exactly what it takes.
fn operators(generator: &mut SchemaGenerator) -> Vec<Value> {
    let mut all = Vec::new();
    for (name, mut variant) in Operator::schemas(generator).iter().flat_map(variants) {
        for_toml(&mut variant);
        let entry = Operator::vocabulary().find(|entry| entry.name == name);
        let names = entry.map_or_else(Vec::new, Entry::names);
        all.extend(names.iter().map(|name| named(name, &variant)));
    }
    all
}

/// The variants of an enum as it is derived: each an object whose only member is the name.
fn variants(group: &Value) -> Vec<(String, Value)> {
    let variant = |one: &Value| {
        let (name, _) = one["properties"].as_object()?.iter().next()?;
        Some((name.clone(), one.clone()))
    };
    group["oneOf"].as_array().into_iter().flatten().filter_map(variant).collect()
}

/// An operator as it is written: its name beside what it takes.
fn named(name: &str, variant: &Value) -> Value {
    let inner = variant["properties"].as_object().and_then(|members| members.values().next());
    let takes = inner.and_then(|inner| inner["properties"].as_object());
    let mut properties = Map::from_iter([("do".to_owned(), json!({ "const": name }))]);
    properties.extend(takes.cloned().unwrap_or_default());
    let mut required = vec![json!("do")];
    required.extend(
        inner.and_then(|inner| inner["required"].as_array()).into_iter().flatten().cloned(),
    );
    json!({
        "description": variant["description"],
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}
