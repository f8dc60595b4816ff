//! Gates: held against a run as it ends, and against one that is over.

use crate::context::{Context, Ran};

/// The cases of the nonce against the reference, with a flaw or without, and these options.
fn check(context: &Context, flaw: bool, out: &str, options: &[&str]) -> Ran {
    let mut arguments = vec!["check", "--seed", "1", "--case", "nonce.*", "--out", out];
    if flaw {
        arguments.extend(["--flaw", "drop.att.nonce"]);
    }
    arguments.extend(options);
    context.run(&arguments)
}

/// Everything a run leaves is there, and ends with this exit code.
#[track_caller]
fn is_whole(context: &Context, out: &str, code: u8) {
    for file in ["report.html", "README.md", "summary.json", "junit.xml"] {
        let text = context.read(&format!("{out}/{file}"));
        assert!(text.contains("ate"), "{file} says nothing");
    }
    let record = context.read(&format!("{out}/record.jsonl"));
    let last: serde_json::Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"run-finished".into(), &code.into()));
    assert!(record.contains("\"event\":\"gate-held\""), "what the gate found is on record");
}

#[test]
fn a_broken_gate_ends_the_run_with_its_code_and_the_report_is_there() {
    let context = Context::new();
    for (name, gate, code, words) in [
        ("few", "min_cases = 10000\n", 4, "the gate demands 10000"),
        ("beside", "max_not_applicable = 0\n", 0, "The gate holds (gate.toml)."),
        ("clause", "clauses = [\"AS-5\"]\n", 6, "no case of clause `AS-5`"),
        ("both", "min_cases = 10000\nclauses = [\"AS-5\"]\n", 4, "2 breaches"),
        ("none", "", 0, "The gate holds"),
    ] {
        context.write("gate.toml", gate);
        let ran = check(&context, false, name, &["--gate", "gate.toml"]).ends_with(code);
        assert!(ran.stdout.contains(words), "no `{words}` in {}", ran.stdout);
        is_whole(&context, name, u8::try_from(code).unwrap());
    }
    // A failure is graver than too few cases.
    context.write("gate.toml", "min_cases = 10000\n");
    let ran = check(&context, true, "wrong", &["--gate", "gate.toml"]).ends_with(1);
    assert!(ran.stdout.contains("mend: "), "{}", ran.stdout);
    is_whole(&context, "wrong", 1);
}

#[test]
fn a_gate_may_bear_what_is_not_grave_and_what_an_earlier_run_had() {
    let context = Context::new();
    check(&context, true, "red", &[]).ends_with(1);
    // The earlier run failed alike: borne, listed, and the server is called what it is.
    let ran = check(&context, true, "same", &["--baseline", "red"]).ends_with(0);
    assert!(ran.stdout.contains("as in the baseline"), "{}", ran.stdout);
    assert!(ran.stdout.contains("hole"), "{}", ran.stdout);
    is_whole(&context, "same", 0);
    // One that held bears nothing.
    check(&context, false, "green", &[]).ends_with(0);
    check(&context, true, "new", &["--baseline", "green/record.jsonl"]).ends_with(1);
    // A file names its baseline as seen from its own folder.
    std::fs::create_dir(context.path("ci")).unwrap();
    context.write("ci/gate.toml", "[baseline]\nrecord = \"../red\"\n");
    check(&context, true, "named", &["--gate", "ci/gate.toml"]).ends_with(0);
}

#[test]
fn a_run_that_is_over_is_held_and_judged_again_to_the_same_end() {
    let context = Context::new();
    check(&context, true, "red", &[]).ends_with(1);
    context.write("gate.toml", "fail_on = { severity = \"low\" }\n");
    let ran = context.run(&["gate", "red", "--gate", "gate.toml"]).ends_with(1);
    assert!(ran.stdout.contains("The gate is broken (gate.toml)"), "{}", ran.stdout);
    let before = context.read("red/record.jsonl");
    context.run(&["gate", "red", "--baseline", "red", "--out", "held"]).ends_with(0);
    assert_eq!(context.read("red/record.jsonl"), before, "a record is never changed");
    is_whole(&context, "held", 0);
    let again = context.run(&["judge", "held"]).ends_with(0);
    assert!(again.stdout.contains("The gate holds"), "{}", again.stdout);
    let ran = context.run(&["gate", "red", "--strict", "--json"]).ends_with(1);
    let held: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(held["demands"]["level"], "should");
    assert!(!held["breaches"].as_array().unwrap().is_empty());
}

#[test]
fn mistakes_in_a_gate_are_found_before_anything_is_sent() {
    let context = Context::new();
    context.write("empty.jsonl", "");
    let cases: [(&str, &[&str], &str); 5] = [
        ("clauses = [\"AS-55\"]\n", &["--gate", "gate.toml"], "gate.toml:1:12: there is no clause"),
        ("min_case = 1\n", &["--gate", "gate.toml"], "did you mean `min_cases`"),
        ("[baseline]\nrecord = \"gone\"\n", &["--gate", "gate.toml"], "gone"),
        ("", &["--gate", "missing.toml"], "missing.toml"),
        ("", &["--baseline", "empty.jsonl"], "empty.jsonl"),
    ];
    for (text, options, words) in cases {
        context.write("gate.toml", text);
        let ran = check(&context, false, "out", options).ends_with(2);
        assert!(ran.stderr.contains(words), "no `{words}` in {}", ran.stderr);
        assert!(!context.path("out").exists(), "nothing is written for a mistake");
    }
    check(&context, false, "out", &[]).ends_with(0);
    let ran = context.run(&["gate", "out"]).ends_with(2);
    assert!(ran.stderr.contains("--gate FILE"), "{}", ran.stderr);
}
