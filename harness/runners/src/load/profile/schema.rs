//! The JSON Schema of profiles, for editors: derived from the types that read them.
//!
//! What it cannot say (that a trace can be read, that a plan can be kept) the reader says.

use super::super::journey::JourneyPlan;
use super::super::oracle::Lie;
use super::kind::Kind;
use super::raw;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// Weights of lies, by their names.
pub(super) struct LieWeights;

impl JsonSchema for LieWeights {
    fn schema_name() -> Cow<'static, str> {
        "LieWeights".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let weight = |lie: Lie| {
            let schema = json!({ "type": "integer", "minimum": 0, "description": lie.as_str() });
            (lie.name().to_owned(), schema)
        };
        let properties: Map<String, Value> = Lie::ALL.into_iter().map(weight).collect();
        json_schema!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The JSON Schema (draft 7) of a profile, held against the JSON value of the same shape.
pub fn profiles() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let mut file = derived::<raw::Head>(&mut generator);
    let common = derived::<raw::Common>(&mut generator);
    let kinds: Vec<Value> = Kind::ALL
        .into_iter()
        .map(|kind| {
            let mut phase = match kind {
                Kind::Steady | Kind::Soak => derived::<raw::Steady>(&mut generator),
                Kind::Ramp => derived::<raw::Ramp>(&mut generator),
                Kind::Stairs => derived::<raw::Stairs>(&mut generator),
                Kind::Overload => derived::<raw::Overload>(&mut generator),
                Kind::Recover => derived::<raw::Recover>(&mut generator),
                Kind::Spike => derived::<raw::Spike>(&mut generator),
                Kind::Herd => derived::<raw::Herd>(&mut generator),
                Kind::Flood => derived::<raw::Flood>(&mut generator),
                Kind::Burst => derived::<raw::Burst>(&mut generator),
                Kind::Replay => derived::<raw::Replay>(&mut generator),
            };
            insert(&mut phase, "kind", json!({ "const": kind.as_str() }));
            if let Some(Value::Array(required)) = phase.get_mut("required") {
                required.insert(0, json!("kind"));
            }
            take_over(&mut phase, &common);
            Value::Object(phase)
        })
        .collect();
    let phases = json!({
        "description": "What happens, one after the other. Operations arrive by themselves.",
        "type": "array",
        "minItems": 1,
        "items": { "oneOf": kinds },
    });
    insert(&mut file, "phase", phases);
    let journeys = derived::<JourneyPlan>(&mut generator);
    take_over(&mut file, &journeys);
    file.insert(
        "oneOf".to_owned(),
        json!([{ "required": ["phase"] }, { "required": ["journeys"] }]),
    );
    let mut definitions = Value::Object(generator.take_definitions(true));
    without_null(&mut definitions);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".to_owned(), json!("Assay: a load profile"));
    schema.extend(file);
    schema.insert("description".to_owned(), json!("A load, in phases or in journeys."));
    schema.insert("definitions".to_owned(), definitions);
    Value::Object(schema)
}

fn derived<T: JsonSchema>(generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut schema = T::json_schema(generator).to_value();
    without_null(&mut schema);
    schema.as_object().cloned().unwrap_or_default()
}

fn insert(schema: &mut Map<String, Value>, name: &str, value: Value) {
    let properties = schema.entry("properties").or_insert_with(|| json!({}));
    if let Value::Object(properties) = properties {
        properties.insert(name.to_owned(), value);
    }
}

fn take_over(schema: &mut Map<String, Value>, other: &Map<String, Value>) {
    if let Some(Value::Object(properties)) = other.get("properties") {
        for (name, value) in properties {
            insert(schema, name, value.clone());
        }
    }
}

/// TOML has no null: what may be left out is left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
            }
            let default = object.get_mut("default");
            if let Some(Value::Object(default)) = default {
                default.retain(|_, value| !value.is_null());
            }
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
