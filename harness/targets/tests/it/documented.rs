//! The page on target files, the schema, and the reader agree.

use jsonschema::Validator;
use targets::TargetFile;
use toml::{Table, Value};

const PAGE: &str = include_str!("../../TARGET-FILE.md");
const SCHEMA: &str = include_str!("../../../../corpora/schema/target.schema.json");

fn validator() -> Validator {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

fn parse(text: &str) -> Result<TargetFile, String> {
    let parsed = TargetFile::parse(text, "page.toml", &|_| Some("from the environment".to_owned()));
    parsed.map_err(|error| error.to_string())
}

fn fits(validator: &Validator, text: &str) -> Result<(), String> {
    let table: Table = text.parse().unwrap();
    let json = serde_json::to_value(table).unwrap();
    validator.validate(&json).map_err(|error| format!("{error} at {}", error.instance_path()))
}

/// The TOML blocks of the page.
fn blocks() -> Vec<&'static str> {
    PAGE.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A part of a file put into the example, in place of what is there.
fn completed(part: &str) -> String {
    fn merge(into: &mut Table, from: Table) {
        for (key, value) in from {
            match (into.get_mut(&key), value) {
                (Some(Value::Table(known)), Value::Table(table))
                    if key != "request" && !table.contains_key("mode") =>
                {
                    merge(known, table);
                }
                (_, value) => {
                    into.insert(key, value);
                }
            }
        }
    }
    let mut whole: Table = TargetFile::REFERENCE.parse().unwrap();
    merge(&mut whole, part.parse().unwrap());
    whole.to_string()
}

#[test]
fn every_block_of_the_page_is_read_and_fits_the_schema() {
    let validator = validator();
    let blocks = blocks();
    let complete = blocks.iter().filter(|block| block.starts_with("schema = 1")).count();
    assert_eq!(complete, 4, "four kinds of servers");
    for block in blocks {
        let whole =
            if block.starts_with("schema = 1") { block.to_owned() } else { completed(block) };
        parse(&whole).unwrap_or_else(|error| panic!("{error}\n{block}"));
        fits(&validator, &whole).unwrap_or_else(|error| panic!("{error}\n{block}"));
    }
}

#[test]
fn the_committed_schema_is_the_one_that_is_printed() {
    let printed = format!("{:#}\n", targets::schema::target_files());
    assert!(
        printed == SCHEMA,
        "write it anew: assay schema target > corpora/schema/target.schema.json"
    );
    assert!(fits(&validator(), TargetFile::REFERENCE).is_ok());
}

/// Every table of a file, by the keys that lead to it.
fn tables(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match value {
        Value::Table(table) => {
            found.push(path.clone());
            for (key, value) in table {
                path.push(key.clone());
                tables(value, path, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                path.push(index.to_string());
                tables(value, path, found);
                path.pop();
            }
        }
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(value, |value, key| match value {
        Value::Array(items) => &mut items[key.parse::<usize>().unwrap()],
        value => &mut value[key.as_str()],
    })
}

#[test]
fn reader_and_schema_refuse_the_same_keys_in_every_table() {
    let validator = validator();
    let mut refused = 0;
    for block in blocks() {
        let whole =
            if block.starts_with("schema = 1") { block.to_owned() } else { completed(block) };
        let whole: Table = whole.parse().unwrap();
        let mut paths = Vec::new();
        tables(&Value::Table(whole.clone()), &mut Vec::new(), &mut paths);
        for path in paths {
            let mut edited = Value::Table(whole.clone());
            let Value::Table(table) = at(&mut edited, &path) else { panic!("{path:?}") };
            table.insert("no such key".to_owned(), Value::Boolean(true));
            let text = edited.as_table().unwrap().to_string();
            let (read, fits) = (parse(&text), fits(&validator, &text));
            assert_eq!(read.is_err(), fits.is_err(), "{path:?}: {read:?}, {fits:?}");
            refused += usize::from(fits.is_err());
        }
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn reader_and_schema_agree_on_values() {
    let validator = validator();
    for (from, to, good) in [
        ("schema = 1", "schema = 2", false),
        ("timeout = \"5s\"", "timeout = 5", false),
        ("timeout = \"5s\"", "timeout = \"0s\"", false),
        ("timeout = \"5s\"", "node_select = \"per-step\"", true),
        ("timeout = \"5s\"", "node_select = \"any\"", false),
        ("timeout = \"5s\"", "pacing = { max_rps = 0 }", false),
        ("timeout = \"5s\"", "pacing = { on_429 = \"wait\" }", false),
        ("timeout = \"5s\"", "restart = { command = [] }", false),
        ("timeout = \"5s\"", "restart = { command = [\"a\"], wait_for = \"/healthz\" }", false),
        ("timeout = \"5s\"", "http = { version = \"3\" }", false),
        ("\"http://127.0.0.1:8080\"", "\"ftp://127.0.0.1\"", false),
        ("[\"http://127.0.0.1:8080\"]", "[]", false),
        ("\"production\"", "\"prod\"", false),
        ("receipt = \"require\"", "receipt = \"ignore\"", true),
        ("receipt = \"require\"", "receipt = true", false),
        ("mode = \"allow-missing\", allow = [2", "mode = \"require\", allow = [2", true),
        ("allow = [2, 4, 6]", "allow = []", false),
        ("mode = \"allow-missing\", allow = [2", "mode = \"ignore\", allow = [2", false),
        ("{ mode = \"allow-missing\", allow = [2, 4, 6] }", "{ mode = \"ignore\" }", true),
        ("{ mode = \"allow-missing\", allow = [2, 4, 6] }", "{ mode = \"require\" }", false),
        ("key_id = \"b64\"", "key_id = \"base64\"", false),
        ("json:/challenge\"", "jason:/challenge\"", false),
        ("json:/challenge\"", "regex:challenge\"", false),
        ("json:/challenge\"", "cbor:/challenge\"", true),
        ("save = { challenge_text", "save = { challenge", false),
        ("path = \"/v1/challenge\"", "path = \"v1/challenge\"", false),
        ("body = \"${client_data}\"", "body = \"x\", json = {}", false),
        ("body = \"${client_data}\"", "multipart = { a = \"x\" }", false),
        ("status = 429", "status = 42", false),
        ("\"200..=299\"", "\"200..299\"", false),
        ("is = \"error\"", "is = \"err\"", false),
        ("mode = \"exact\"", "mode = \"exakt\"", false),
        ("[outputs]", "[session]\ncookies = \"shared\"\n[outputs]", true),
        ("[outputs]", "[session]\ncookies = \"mine\"\n[outputs]", false),
        ("[outputs]", "[session]\naccount = \"qa\"\n[outputs]", false),
    ] {
        let text = TargetFile::REFERENCE.replacen(from, to, 1);
        assert_ne!(text, TargetFile::REFERENCE, "{from}");
        assert_eq!(parse(&text).is_ok(), good, "the reader, {to}: {:?}", parse(&text).err());
        assert_eq!(fits(&validator, &text).is_ok(), good, "the schema, {to}");
    }
}
