//! `assay verify` on genuine objects, and on what is none.

use crate::context::Context;
use std::path::PathBuf;

/// Apple's published samples, embedded with the verifier's tests.
fn samples() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../protocol/tests/data");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

#[test]
fn the_published_samples_are_as_they_say() {
    let context = Context::new();
    let files = samples();
    assert_eq!(files.len(), 2, "{files:?}");
    let mut arguments = vec!["verify"];
    arguments.extend(files.iter().map(|path| path.to_str().unwrap()));
    let ran = context.run(&arguments).ends_with(0);
    assert!(
        ran.stdout.ends_with("2 of 2 files are as they say they should be\n"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("held   att.nonce"), "{}", ran.stdout);
}

#[test]
fn a_sample_is_refused_when_it_is_expected_to_be_something_else() {
    let context = Context::new();
    let sample = samples().remove(0);
    let sample = sample.to_str().unwrap();
    context.run(&["verify", sample, "--expect", "reject"]).ends_with(1);
    let ran = context.run(&["verify", sample, "--app-id", "X.other"]).ends_with(1);
    assert!(ran.stdout.contains("BROKEN att.rp-id"), "{}", ran.stdout);
    let ran = context.run(&["verify", sample, "--at", "2030-01-01T00:00:00Z"]).ends_with(1);
    assert!(ran.stdout.contains("BROKEN att.chain.validity"), "{}", ran.stdout);
    context
        .run(&["verify", sample, "--at", "2030-01-01T00:00:00Z", "--expect", "reject"])
        .ends_with(0);
}

#[test]
fn raw_bytes_and_base64_are_taken_as_well() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let context = Context::new();
    let text = std::fs::read_to_string(samples().remove(0)).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let member = |name: &str| json[name].as_str().unwrap().to_owned();
    let object = member("attestationObject");
    context.write("object.b64", &object);
    std::fs::write(context.path("object.bin"), STANDARD.decode(&object).unwrap()).unwrap();
    let (app_id, hash, at) = (member("appId"), member("clientDataHash"), member("verifyAt"));
    let options = [
        "--app-id",
        &app_id,
        "--client-data-hash",
        &hash,
        "--at",
        &at,
        "--environment",
        "production",
    ];
    for file in ["object.b64", "object.bin"] {
        let mut arguments = vec!["verify", file];
        arguments.extend(options);
        let ran = context.run(&arguments).ends_with(0);
        assert!(ran.stdout.contains("no key id given"), "{}", ran.stdout);
    }
    let ran = context.run(&["verify", "object.bin"]).ends_with(2);
    assert!(ran.stdout.contains("--client-data"), "{}", ran.stdout);
}

#[test]
fn what_is_no_object_is_told_and_does_not_hide_the_others() {
    let context = Context::new();
    context.write("empty", "");
    context.write("text", "not base64 at all!");
    context.write("json", "{\"kind\": \"attestation\"}");
    context.write("torn", "{\"kind\":");
    let sample = samples().remove(0);
    let ran = context
        .run(&["verify", "empty", "text", "json", "torn", "missing", sample.to_str().unwrap()])
        .ends_with(2);
    assert!(ran.stdout.contains("1 of 6 files"), "{}", ran.stdout);
    for name in ["empty", "text", "json", "torn", "missing"] {
        assert!(
            ran.stdout.contains(&format!("{name}: cannot be verified")),
            "{name}: {}",
            ran.stdout
        );
    }
}

#[test]
fn every_genuine_object_is_as_it_says() {
    let Ok(folder) = std::env::var("ASSAY_FIXTURES") else {
        println!("skipped: ASSAY_FIXTURES is not set");
        return;
    };
    let context = Context::new();
    let mut files = Vec::new();
    for kind in ["attestations", "assertions", "receipts"] {
        let entries = std::fs::read_dir(PathBuf::from(&folder).join(kind)).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path().display().to_string()));
    }
    let mut arguments = vec!["verify"];
    arguments.extend(files.iter().map(String::as_str));
    let ran = context.run(&arguments).ends_with(0);
    let last = format!("{0} of {0} files are as they say they should be\n", files.len());
    assert!(files.len() >= 50 && ran.stdout.ends_with(&last), "{}", ran.stdout);
}
