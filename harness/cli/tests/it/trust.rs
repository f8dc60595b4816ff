//! Targets that do not trust the test root: what ships, and what trusts Apple alone.

use crate::context::{Context, Ran};
use std::io::{BufRead, BufReader};
use std::process::Child;

/// A reference server of its own, stopped with the test.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    /// Starts `assay serve` with these options; without a root among them it trusts Apple's alone.
    pub(crate) fn start(context: &Context, options: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
        arguments.extend(options);
        let mut child = context.assay(&arguments).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").expect(&line).to_owned();
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Cases with enrolments that are cut, left out and played whole.
const SOME: [&str; 8] =
    ["--case", "genuine.*", "--case", "nonce.*", "--case", "counter.*", "--case", "untrusted.*"];

fn check(context: &Context, server: &Server, trust: &str, out: &str, options: &[&str]) -> Ran {
    let target = context.target(&server.url, |text| {
        text.replacen("[target]\n", &format!("[target]\ntrust = \"{trust}\"\n"), 1)
    });
    let mut arguments = vec!["check", &target, "--seed", "1", "--session", "0", "--out", out];
    arguments.extend(SOME);
    arguments.extend(options);
    context.run(&arguments)
}

fn verdicts(context: &Context, out: &str) -> Vec<serde_json::Value> {
    let record = context.read(&format!("{out}/record.jsonl"));
    let events = record.lines().map(serde_json::from_str::<serde_json::Value>);
    events.map(Result::unwrap).filter(|event| event["event"] == "case-finished").collect()
}

#[test]
fn what_ships_passes_if_it_trusts_apple_alone() {
    let context = Context::new();
    let server = Server::start(&context, &[]);
    let ran = check(&context, &server, "expect-untrusted", "out", &[]).ends_with(0);
    assert!(ran.stdout.starts_with("Trust mode expect-untrusted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("nothing was accepted"), "{}", ran.stdout);
    assert!(ran.stderr.contains("a throw-away root of this run’s seed"), "{}", ran.stderr);
    let cases = verdicts(&context, "out");
    let of = |word: &str| cases.iter().filter(|case| case["verdict"] == word).count();
    assert!(of("pass") > 20, "{}", of("pass"));
    let without: Vec<_> = cases.iter().filter(|case| case["verdict"] == "not-applicable").collect();
    assert!(!without.is_empty());
    let needs = |case: &&serde_json::Value| {
        case["why"].as_str().unwrap().contains("needs an accepted enrolment")
    };
    assert!(without.iter().any(needs), "{without:?}");
    // Every honest device was sent, and judged by nothing but the root.
    let genuine = cases.iter().filter(|case| case["family"] == "genuine");
    for case in genuine.filter(|case| case["verdict"] == "pass") {
        assert_eq!(case["expectation"], "reject", "{case}");
        assert_eq!(case["clauses"], serde_json::json!(["AV-1"]), "{case}");
    }
    let again = context.run(&["judge", "out"]).ends_with(0);
    assert!(again.stdout.contains("every verdict is the recorded one"), "{}", again.stdout);
}

#[test]
fn a_test_root_that_shipped_is_told_loudly() {
    let context = Context::new();
    let authority = context.authority();
    let root = context.run(&["root", "--authority", &authority, "--pem"]).ends_with(0).stdout;
    assert!(root.to_lowercase().contains("test"), "it says what it is for: {root}");
    let root = context.write("root.pem", &root);
    let server = Server::start(&context, &["--trust-anchor", &root]);
    let options = ["--authority", &authority];
    let ran = check(&context, &server, "expect-untrusted", "out", &options).ends_with(1);
    assert!(ran.stdout.contains("the test trust anchor was shipped"), "{}", ran.stdout);
    assert!(ran.stderr.contains("the test root of "), "{}", ran.stderr);
    let cases = verdicts(&context, "out");
    let accepted: Vec<_> = cases.iter().filter(|case| case["verdict"] == "fail").collect();
    assert!(accepted.len() > 5, "{}", accepted.len());
    for case in accepted {
        assert_eq!(
            (&case["failure"], &case["severity"]),
            (&"false-accept".into(), &"critical".into())
        );
        assert!(case["fix"].as_str().unwrap().contains("Apple's root alone"), "{case}");
    }
    let page = context.read("out/report.html");
    let banner = page.split("</h1>").next().unwrap();
    assert!(banner.contains("expect-untrusted") && banner.contains("was shipped"), "{banner}");
    context.run(&["judge", "out"]).ends_with(1);
}

#[test]
fn a_server_that_checks_no_root_is_caught_with_any_root() {
    let context = Context::new();
    let server = Server::start(&context, &["--flaw", "drop.att.chain.trust-anchor"]);
    let ran = check(&context, &server, "expect-untrusted", "out", &[]).ends_with(1);
    assert!(ran.stdout.contains("or none is checked"), "{}", ran.stdout);
}

#[test]
fn a_refusal_by_apples_root_alone_is_counted_apart() {
    let context = Context::new();
    let server = Server::start(&context, &[]);
    let ran = check(&context, &server, "apple-root", "out", &[]).ends_with(0);
    assert!(ran.stdout.contains("refused without an accepted twin"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Trust mode apple-root"), "{}", ran.stdout);
    let summary: serde_json::Value =
        serde_json::from_str(&context.read("out/summary.json")).unwrap();
    assert!(summary["cases"]["alone"].as_u64().unwrap() > 20, "{}", summary["cases"]["alone"]);
    assert_eq!(summary["headline"]["coverage"]["covered"], 0, "a refusal alone covers no clause");
    assert_eq!(summary["headline"]["security"]["of_cases"], 0);

    let cases = verdicts(&context, "out");
    let published =
        cases.iter().filter(|case| case["id"].as_str().unwrap().contains(".published-"));
    assert_eq!(published.filter(|case| case["verdict"] == "pass").count(), 14);

    let flawed = Server::start(&context, &["--flaw", "drop.att.chain.trust-anchor"]);
    let ran = check(&context, &flawed, "apple-root", "flawed", &[]).ends_with(1);
    assert!(ran.stdout.contains("nobody but Apple"), "{}", ran.stdout);
}

#[test]
fn no_load_is_run_where_no_device_is_let_in() {
    let context = Context::new();
    let target = context.target("http://127.0.0.1:9", |text| {
        text.replacen("[target]\n", "[target]\ntrust = \"apple-root\"\n", 1)
    });
    for verb in ["run", "load"] {
        let ran = context.run(&[verb, &target, "--out", "out"]).ends_with(2);
        assert!(ran.stderr.contains("`assay check` plays the cases"), "{}", ran.stderr);
    }
    assert!(!context.path("out").exists(), "nothing is written for a mistake");
}
