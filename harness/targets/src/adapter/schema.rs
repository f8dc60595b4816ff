//! The JSON Schema of the protocol, derived from the types that speak it.

use super::caps::Hello;
use super::message::{Decided, Done, Issued, Message, Unsupported};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

/// The JSON Schema (draft 7) of one line, in either direction: `#/definitions/Message` is what the
/// harness says, `#/definitions/Reply` what an adapter answers.
pub fn lines() -> Value {
    let mut generator = SchemaSettings::draft07().into_generator();
    let message = generator.subschema_for::<Message>().to_value();
    let replies = [
        answer::<Hello>(&mut generator),
        answer::<Done>(&mut generator),
        answer::<Issued>(&mut generator),
        answer::<Decided>(&mut generator),
        answer::<Unsupported>(&mut generator),
    ];
    let mut definitions = generator.take_definitions(true);
    definitions.insert(
        "Reply".to_owned(),
        json!({
            "description": "A line from an adapter to the harness: the id of the operation it answers, and the answer. Other members are ignored.",
            "type": "object",
            "required": ["id"],
            "properties": { "id": { "type": "string" } },
            "anyOf": replies,
        }),
    );
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Assay: a line between the harness and an adapter",
        "anyOf": [message, { "$ref": "#/definitions/Reply" }],
        "definitions": definitions,
    })
}

fn answer<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}
