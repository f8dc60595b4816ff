//! The names that a case file may use, as an editor offers them.

use crate::base::{Base, Kind};
use crate::clause::clauses;
use crate::file::{LINE, SCHEMA};
use crate::need::Need;
use protocol::verify::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A type that stands in no program, only in the schema.
macro_rules! names {
    ($( $(#[$meta:meta])* $name:ident => $schema:expr; )*) => { $(
        $(#[$meta])*
        pub(crate) struct $name;

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )* };
}

names! {
    /// The version that this program reads.
    SchemaVersion => json_schema!({ "const": SCHEMA });
    /// A name of a family.
    Slug => json_schema!({ "type": "string", "pattern": "^[a-z0-9.-]+$" });
    /// The id of a case.
    CaseId => json_schema!({ "type": "string", "pattern": r"^[a-z0-9.-]+\.[a-z0-9.-]+$" });
    /// A text for people.
    Line => json_schema!({ "type": "string", "minLength": 1, "maxLength": LINE });
    /// An id of the list of known cases.
    CatalogueId => json_schema!({ "type": "string", "pattern": "^[A-Z0-9]{3}-[0-9]{3}$" });
    /// A rule of the reference verifier.
    RuleId => one_of(Rule::ALL.iter().map(|rule| (rule.id().to_owned(), rule.requirement().to_owned())));
    /// What a server must have or declare.
    NeedName => one_of(Need::ALL.iter().map(|need| (need.as_str().to_owned(), need.words().to_owned())));
    /// A valid exchange.
    BaseName => one_of(Base::all().map(|base| (base.to_string(), exchange(base))));
    /// A clause of the register.
    ClauseId => one_of(clauses().into_iter().flatten().map(|clause| (clause.id, clause.words)));
}

/// One of these texts, each with what it means.
fn one_of(names: impl Iterator<Item = (String, String)>) -> Schema {
    let each: Vec<Value> = names
        .map(|(name, words)| json!({ "description": words, "type": "string", "const": name }))
        .collect();
    json_schema!({ "oneOf": each })
}

fn exchange(base: Base) -> String {
    let generation = base.generation;
    match base.kind {
        Kind::Attestation => format!("A device of {generation} enrols a key."),
        Kind::Assertion => {
            format!("A device of {generation} enrols a key and sends a protected request.")
        }
    }
}
