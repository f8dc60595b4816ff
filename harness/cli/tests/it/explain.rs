//! `assay explain` on genuine objects, damaged ones, and pairs.

use crate::context::Context;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

/// One of Apple's published samples, and the object in it.
fn sample() -> (String, Vec<u8>) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../protocol/tests/data/guide-2026.json");
    let json: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let object = STANDARD.decode(json["attestationObject"].as_str().unwrap()).unwrap();
    (path.to_owned(), object)
}

#[test]
fn every_form_of_an_object_is_explained_alike() {
    let context = Context::new();
    let (path, object) = sample();
    std::fs::write(context.path("object.bin"), &object).unwrap();
    let text = STANDARD.encode(&object);
    let lines: Vec<&[u8]> = text.as_bytes().chunks(64).collect();
    context.write("object.b64", &String::from_utf8(lines.join(&b'\n')).unwrap());
    let told = |file: &str| {
        let ran = context.run(&["explain", file]).ends_with(0);
        let (head, tree) = ran.stdout.split_once('\n').unwrap();
        assert_eq!(head, format!("{file}: attestation object, {} bytes", object.len()));
        tree.to_owned()
    };
    let tree = told("object.bin");
    assert_eq!((told(&path), told("object.b64")), (tree.clone(), tree.clone()));
    for line in [
        "    0  a3                 attestation object: map of 3",
        "flags: AT attested credential data",
        "AAGUID: \"appattest\" and 7 zero bytes (production)",
        "field 21: expiration time: \"2026-07-20T18:13:12.153Z\"",
        "[1204] App ID in clear: \"1234567890.com.example.myapp\"",
    ] {
        assert!(tree.contains(line), "no {line} in\n{tree}");
    }
    assert!(tree.lines().count() > 300, "{tree}");
}

#[test]
fn as_json_every_byte_is_there_once() {
    let context = Context::new();
    let (path, object) = sample();
    let ran = context.run(&["explain", &path, "--json"]).ends_with(0);
    let json: Value = serde_json::from_str(&ran.stdout).unwrap();
    let own = |node: &Value| {
        let ranges = node["own"].as_array().unwrap().clone();
        ranges.into_iter().map(|range| range[1].as_u64().unwrap() - range[0].as_u64().unwrap())
    };
    let nodes = json["nodes"].as_array().unwrap();
    let bytes: u64 = nodes.iter().flat_map(own).sum();
    assert_eq!(bytes, object.len() as u64);
}

#[test]
fn a_pair_is_told_by_what_differs() {
    let context = Context::new();
    let (path, mut object) = sample();
    let at = object.windows(8).rposition(|bytes| bytes == b"authData").unwrap() + 8 + 2 + 32;
    assert_eq!(object[at], 0x40, "the flags");
    object[at] = 0xc5;
    std::fs::write(context.path("other.bin"), &object).unwrap();
    let ran = context.run(&["explain", "other.bin", "--against", &path]).ends_with(0);
    assert!(ran.stdout.contains("1 part of it differs\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n  authData.flags  flags\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("    twin {at:>5}  40\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("    sent {at:>5}  c5\n")), "{}", ran.stdout);
    assert!(ran.stdout.contains("UP user present, UV user verified"), "{}", ran.stdout);
    let same = context.run(&["explain", &path, "--against", &path]).ends_with(0);
    assert!(same.stdout.ends_with("attestation object: the same bytes\n"), "{}", same.stdout);
}

#[test]
fn damage_is_told_and_what_is_no_object_is_a_usage_error() {
    let context = Context::new();
    let (path, object) = sample();
    std::fs::write(context.path("cut.bin"), &object[..object.len() - 50]).unwrap();
    let ran = context.run(&["explain", "cut.bin"]).ends_with(0);
    assert!(ran.stdout.contains("<- says 226 bytes where 176 are left"), "{}", ran.stdout);
    context.write("what.txt", "no object at all!");
    context.write("other.json", "{\"a\": 1}");
    let ran = context.run(&["explain", "what.txt", "other.json", "nowhere", &path]).ends_with(2);
    for why in ["neither binary nor base64", "expected a member attestationObject", "No such file"]
    {
        assert!(ran.stdout.contains(why), "no {why} in\n{}", ran.stdout);
    }
    // One bad file does not hide the others.
    assert!(ran.stdout.contains("attestation object: map of 3"), "{}", ran.stdout);
}
