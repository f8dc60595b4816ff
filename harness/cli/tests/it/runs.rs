//! Runs against the reference server, which is started and stopped by the program itself.

use crate::context::{Context, Ran};
use std::time::Duration;

#[test]
fn the_reference_holds_and_its_report_is_complete() {
    let context = Context::new();
    let ran =
        context.run(&["check", "--seed", "1", "--case", "nonce.*", "--out", "out"]).ends_with(0);
    assert!(ran.stdout.contains("applicable cases hold"), "{}", ran.stdout);
    for file in ["record.jsonl", "report.html", "summary.json", "junit.xml", "README.md"] {
        assert!(context.path("out").join(file).metadata().unwrap().len() > 100, "{file}");
    }
}

#[test]
fn a_planted_flaw_is_found_and_its_repeat_command_repeats_it() {
    let context = Context::new();
    let ran = context
        .run(&[
            "check",
            "--seed",
            "1",
            "--flaw",
            "drop.att.nonce",
            "--case",
            "nonce.*",
            "--out",
            "out",
        ])
        .ends_with(1);
    let repeat = ran.stderr.lines().find_map(|line| line.trim().strip_prefix("repeat ")).unwrap();
    let words: Vec<&str> = repeat.split_whitespace().collect();
    assert_eq!(words[0], "assay");
    let mut words = words[1..].to_vec();
    words.extend(["--out", "again"]);
    let again = context.run(&words).ends_with(1);
    assert!(again.stderr.contains("cases: 1 played, 1 failed"), "{}", again.stderr);
}

#[test]
fn the_same_seed_decides_the_same() {
    let context = Context::new();
    let decisions = |out: &str| -> Vec<(String, String)> {
        context.run(&["check", "--seed", "7", "--case", "s*", "--out", out]).ends_with(0);
        let record = context.read(&format!("{out}/record.jsonl"));
        record
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
            .filter(|event| event["event"] == "case-finished")
            .map(|event| (event["id"].to_string(), event["reason"].to_string()))
            .collect()
    };
    let first = decisions("first");
    assert!(first.len() > 10);
    assert_eq!(first, decisions("second"));
}

#[test]
fn a_short_load_is_answered_and_counted() {
    let context = Context::new();
    let ran = context.run(&["load", "--seed", "1", "--steady", "40/s:2s", "--out", "out"]);
    // 9 says that this machine was too busy to measure, which is no fault of the code under test.
    assert!(matches!(ran.code, Some(0 | 9)), "{}\n{}", ran.stdout, ran.stderr);
    let summary: serde_json::Value =
        serde_json::from_str(&context.read("out/summary.json")).unwrap();
    let phases = summary["load"][0].to_string();
    assert!(phases.contains("40/s"), "{phases}");
    assert!(ran.stdout.contains("no wrong answer in 80 requests"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_reports_what_it_had_and_leaves_no_server() {
    let context = Context::new();
    let child = context
        .assay(&["load", "--seed", "1", "--steady", "20/s:60s", "--out", "out"])
        .spawn()
        .unwrap();
    let record = context.path("out/record.jsonl");
    let begun = || {
        std::fs::read_to_string(&record)
            .is_ok_and(|text| text.contains("\"event\":\"load-window\""))
    };
    for _ in 0..600 {
        if begun() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(begun(), "the load never began");
    let killed = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let ran = Ran::of(child.wait_with_output().unwrap()).ends_with(130);
    assert!(ran.stdout.starts_with("The run was interrupted"), "{}", ran.stdout);
    assert!(context.path("out/report.html").exists());
    let text = context.read("out/record.jsonl");
    let line = text.lines().find(|line| line.contains("run-started")).unwrap();
    let header: serde_json::Value = serde_json::from_str(line).unwrap();
    let node = header["target"]["nodes"][0].as_str().unwrap();
    let address = node.strip_prefix("http://").unwrap();
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "the server still listens at {address}"
    );
}
