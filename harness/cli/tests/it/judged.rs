//! Records are judged again.

use crate::context::{Context, Ran};
use std::fmt::Write as _;

/// A run of a few cases against a server that forgets the nonce: some fail.
fn flawed(context: &Context) -> Ran {
    let arguments =
        ["check", "--seed", "1", "--flaw", "drop.att.nonce", "--case", "nonce.*", "--out", "out"];
    context.run(&arguments).ends_with(1)
}

#[test]
fn a_record_comes_to_the_same_when_it_is_judged_again() {
    let context = Context::new();
    flawed(&context);
    let ran = context.run(&["judge", "out", "--out", "again"]).ends_with(1);
    assert!(ran.stdout.contains("every verdict is the recorded one"), "{}", ran.stdout);
    assert!(ran.stdout.contains("security"), "{}", ran.stdout);
    for file in ["record.jsonl", "report.html", "summary.json", "junit.xml", "README.md"] {
        assert_eq!(
            context.read(&format!("out/{file}")),
            context.read(&format!("again/{file}")),
            "{file}"
        );
    }
}

#[test]
fn a_verdict_that_was_doctored_is_found_by_its_observation() {
    let context = Context::new();
    flawed(&context);
    let mut doctored = String::new();
    for line in context.read("out/record.jsonl").lines() {
        let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
        if event["event"] == "case-finished" && event["verdict"] == "fail" {
            event["verdict"] = "pass".into();
        }
        writeln!(doctored, "{event}").unwrap();
    }
    std::fs::create_dir(context.path("doctored")).unwrap();
    context.write("doctored/record.jsonl", &doctored);
    let report = context.run(&["report", "doctored"]).ends_with(0);
    assert!(report.stdout.contains("applicable cases hold"), "{}", report.stdout);
    let ran = context.run(&["judge", "doctored"]).ends_with(1);
    assert!(ran.stdout.contains("recorded pass, now false-accept"), "{}", ran.stdout);
}

#[test]
fn files_that_are_no_records_are_told_with_the_line() {
    let context = Context::new();
    context.run(&["check", "--seed", "1", "--case", "nonce.o*", "--out", "out"]).ends_with(0);
    let record = context.read("out/record.jsonl");
    let check = |text: &str, words: &[&str]| {
        context.write("x.jsonl", text);
        let ran = context.run(&["judge", "x.jsonl"]).ends_with(2);
        for word in words {
            assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
        }
    };
    let lines: Vec<&str> = record.lines().collect();
    let mut damaged = lines.clone();
    damaged[2] = &lines[2][..lines[2].len() / 2];
    check(&damaged.join("\n"), &["x.jsonl:3:", "not an event"]);
    check("{\"name\": \"package\",\n\"version\": 1}\n", &["x.jsonl:1:"]);
    check("", &["run-started"]);
    check(&lines[1..].join("\n"), &["run-started"]);
    check(&record.replacen("\"schema\":2", "\"schema\":1", 1), &["schema 1", "assay report"]);
    check(&record.replacen("\"schema\":2", "\"schema\":3", 1), &["schema 3", "newer"]);
    check(&lines[..2].join("\n"), &["no case was observed"]);
    // A run that was killed is judged as far as it went, and is not taken for a whole one.
    context.write("x.jsonl", &lines[..lines.len() - 1].join("\n"));
    let ran = context.run(&["judge", "x.jsonl"]).ends_with(6);
    assert!(ran.stdout.contains("did not reach its end"), "{}", ran.stdout);
}
