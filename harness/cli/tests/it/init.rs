//! A target file proposed from what there is of a server, and a run with it.

use crate::context::Context;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Stdio};

/// A text that proposals are made of.
fn sample(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../targets/tests/it/propose");
    folder.join(name).display().to_string()
}

/// A reference server of its own, ended with the test.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(context: &Context, arguments: &[&str]) -> Self {
        let mut words = vec!["serve", "--listen", "127.0.0.1:0", "--until-stdin-closes"];
        words.extend(arguments);
        let mut child = context.assay(&words).stdin(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let url = line.split_whitespace().find(|word| word.starts_with("http://"));
        let url = url.unwrap_or_else(|| panic!("the server said `{line}`")).to_owned();
        Self { child, url }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_was_recorded_of_the_reference_is_enough_to_check_it() {
    let context = Context::new();
    let authority = context.authority();
    let root = context.run(&["root", "--authority", &authority]).stdout;
    let root = context.write("root.pem", &root);
    let server = Served::start(
        &context,
        &[
            "--trust-anchor",
            &root,
            "--app-id",
            "TEAM012345.org.example.recorded",
            "--environment",
            "development",
            "--challenge-lifetime",
            "2s",
        ],
    );
    let ran = context
        .run(&["init", "--from", &sample("reference.har"), "--out", "proposed.toml"])
        .ends_with(0);
    assert!(ran.stderr.contains("attest: POST /v1/attest (log.entries["), "{}", ran.stderr);

    // What the file asks, answered: where the server is, and what it claims.
    let proposed = context.read("proposed.toml");
    let filled = proposed
        .replace("http://127.0.0.1:8080", &server.url)
        .replace("challenge_ttl = \"120s\"", "challenge_ttl = \"2s\"")
        .replace("# challenge_spent_by_failure", "challenge_spent_by_failure")
        .replace("# validation_category", "validation_category")
        .replace("# bundle_version", "bundle_version")
        .replace("# receipt", "receipt");
    assert_ne!(filled, proposed);
    let target = context.write("filled.toml", &filled);
    // The recording has a token, so the file names the variable that holds one.
    let ran = context
        .assay(&["check", &target, "--authority", &authority, "--seed", "1", "--out", "out"])
        .env("MY_SERVER_AUTHORIZATION", "a token nobody looks at")
        .output()
        .unwrap();
    let ran = crate::context::Ran::of(ran).ends_with(0);
    assert!(ran.stdout.contains("applicable cases hold"), "{}", ran.stdout);
    assert!(!context.read("out/record.jsonl").contains("nobody looks at"), "secrets are masked");
}

#[test]
fn the_kind_is_told_from_the_text_wherever_it_comes_from() {
    let context = Context::new();
    let ran = context.run(&["init", "--from", &sample("shop.yaml"), "--app-id", "T.b.c"]);
    let ran = ran.ends_with(0);
    assert!(ran.stdout.contains("app_id = \"T.b.c\"   # as you said"), "{}", ran.stdout);

    let command = "curl http://127.0.0.1:9/challenge -d user=ann";
    let ran = context.run(&["init", "--from", command]).ends_with(6);
    assert!(ran.stderr.contains("challenge: POST /challenge (line 1)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("attest: not found"), "{}", ran.stderr);
    assert!(ran.stdout.contains("# [step.attest]"), "{}", ran.stdout);

    let mut child = context.assay(&["init", "--from", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    std::io::copy(&mut command.as_bytes(), &mut child.stdin.take().unwrap()).unwrap();
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6));
    assert!(said.contains("standard input"), "{said}");
}

#[test]
fn what_cannot_be_read_or_written_is_said_before_anything_is_written() {
    let context = Context::new();
    let there = context.write("there.toml", "mine");
    let broken = context.write("broken.yaml", "openapi: 3.1.0\npaths:\n  /a: [\n");
    let check = |arguments: &[&str], words: &[&str]| {
        let ran = context.run(arguments).ends_with(2);
        for word in words {
            assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
        }
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    };
    check(&["init", "--from", "nowhere.yaml"], &["cannot read nowhere.yaml"]);
    check(&["init", "--from", &broken, "--out", "new.toml"], &["broken.yaml:3:7:"]);
    check(&["init", "--from", &sample("shop.yaml"), "--out", &there], &["not written over"]);
    check(&["init", "--from", &sample("shop.yaml"), "--app-id", "nodot"], &["no dot"]);
    check(&["init", "--from", &sample("shop.yaml"), "--har"], &["shop.yaml:1:1:"]);
    check(&["init", "--from", &sample("shop.yaml"), "--har", "--curl"], &["cannot be used with"]);
    check(&["init", "--from", "curl 'http://x"], &["--from:1:6:", "never closed"]);
    assert_eq!(context.read("there.toml"), "mine");
    assert!(!context.path("new.toml").exists());
}
