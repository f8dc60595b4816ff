//! The schema that editors use agrees with the reader: what one takes, the other takes.

use catalogue::{Operator, builtin::FILES, parse, schema};
use jsonschema::Validator;
use serde_json::Value;
use std::collections::BTreeSet;

const COMMITTED: &str = include_str!("../../../../corpora/schema/cases.schema.json");

fn validator() -> Validator {
    let schema = schema::case_files();
    jsonschema::draft7::meta::validate(&schema).expect("it is a schema of draft 7");
    jsonschema::draft7::new(&schema).unwrap()
}

/// What a schema sees of a TOML file.
fn as_json(text: &str) -> Value {
    serde_json::to_value(toml::from_str::<toml::Table>(text).unwrap()).unwrap()
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    let generated = schema::case_files();
    let committed: Value = serde_json::from_str(COMMITTED).unwrap();
    assert!(
        committed == generated,
        "write it again: cargo run -- schema cases > corpora/schema/cases.schema.json"
    );
}

#[test]
fn every_case_file_is_valid() {
    let validator = validator();
    for (name, text) in FILES {
        let file = as_json(text);
        let wrong: Vec<String> = validator
            .iter_errors(&file)
            .map(|error| format!("{name}: {} at {}", error, error.instance_path()))
            .collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

#[test]
fn every_operator_is_in_the_schema_with_what_it_does() {
    let schema = schema::case_files();
    let operators = schema["definitions"]["Operator"]["oneOf"].as_array().unwrap();
    let names: Vec<&str> =
        operators.iter().map(|one| one["properties"]["do"]["const"].as_str().unwrap()).collect();
    let told_apart: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(told_apart.len(), names.len(), "an operator is there twice");
    let known = Operator::names();
    assert_eq!(told_apart, known.iter().map(String::as_str).collect());
    for entry in Operator::vocabulary() {
        let names = entry.names();
        let found = operators.iter().find(|one| {
            one["properties"]["do"]["const"]
                .as_str()
                .is_some_and(|name| names.contains(&name.to_owned()))
                && one["description"] == entry.words
        });
        let found = found.unwrap_or_else(|| panic!("{} is described otherwise", entry.name));
        let takes: Vec<&str> =
            found["properties"].as_object().unwrap().keys().skip(1).map(String::as_str).collect();
        assert_eq!(takes, entry.fields, "{}", entry.name);
    }
}

const GOOD: &str = r#"schema = 1
family = "some"

[[case]]
id = "some.case"
title = "t"
level = "must"
severity = "high"
class = "false-accept"
clauses = ["AV-7"]
base = "attestation.ios27"
expect = "reject"
rules = ["att.counter"]
why = "w"
fix = "f"
[[case.op]]
do = "authdata.counter.set"
to = 1
"#;

const STEPS: &str = r#"[[case.step]]
do = "challenge"
purpose = "attest"
name = "c1"
[[case.step]]
do = "attest"
challenge = "c1"
[[case.step.op]]
do = "authdata.append"
bytes = "00 ff"
"#;

#[test]
fn broken_files_are_refused_by_reader_and_schema_alike() {
    let validator = validator();
    let steps = format!("{}{STEPS}", GOOD.split("[[case.op]]").next().unwrap());
    for good in [GOOD, &steps] {
        parse("some.toml", good).unwrap();
        assert!(validator.is_valid(&as_json(good)), "{good}");
    }
    let edits = [
        (GOOD, "schema = 1", "schema = 2"),
        (GOOD, "schema = 1\n", ""),
        (GOOD, "family = \"some\"", "family = \"Some\""),
        (GOOD, "id = \"some.case\"", "id = \"Some.case\""),
        (GOOD, "title = \"t\"\n", ""),
        (GOOD, "title = \"t\"", "title = 1"),
        (GOOD, "severity", "severety"),
        (GOOD, "\"must\"", "\"most\""),
        (GOOD, "\"false-accept\"", "\"falseaccept\""),
        (GOOD, "attestation.ios27", "attestation.ios72"),
        (GOOD, "[\"att.counter\"]", "[\"att.conter\"]"),
        (GOOD, "[\"att.counter\"]", "[]"),
        (GOOD, "\"reject\"", "\"accept\""),
        (GOOD, "why = \"w\"", "why = \"w\"\nneeds = [\"clok\"]"),
        (GOOD, "authdata.counter.set", "authdata.conter.set"),
        (GOOD, "to = 1", "too = 1"),
        (GOOD, "to = 1", "to = 1\nand = 2"),
        (GOOD, "to = 1", "to = \"one\""),
        (GOOD, "to = 1", "to = -1"),
        (GOOD, "to = 1", "to = 4294967296"),
        (GOOD, "to = 1\n", ""),
        (&steps, "\"challenge\"", "\"chalenge\""),
        (&steps, "purpose = \"attest\"", "purpose = \"enrol\""),
        (&steps, "challenge = \"c1\"", "chalenge = \"c1\""),
        (&steps, "00 ff", "00 f"),
        (&steps, "00 ff", "0g"),
    ];
    for (good, old, new) in edits {
        assert!(good.contains(old), "{old}");
        let broken = good.replacen(old, new, 1);
        assert!(parse("some.toml", &broken).is_err(), "the reader takes {new:?} for {old:?}");
        assert!(!validator.is_valid(&as_json(&broken)), "the schema takes {new:?} for {old:?}");
    }
}
