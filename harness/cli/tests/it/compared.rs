//! Records of several runs, compared and put on one board.

use crate::context::Context;

/// A run of a few cases against the reference, with a flaw or without.
fn run(context: &Context, out: &str, flaw: Option<&str>) {
    let mut arguments = vec!["check", "--seed", "1", "--case", "nonce.*", "--out", out];
    if let Some(flaw) = flaw {
        arguments.extend(["--flaw", flaw]);
    }
    context.run(&arguments).ends_with(i32::from(flaw.is_some()));
}

#[test]
fn only_failures_that_were_not_there_before_end_with_1() {
    let context = Context::new();
    run(&context, "sound", None);
    run(&context, "flawed", Some("drop.att.nonce"));
    let worse = context.run(&["compare", "sound", "flawed"]).ends_with(1);
    assert!(
        worse.stdout.contains("nonce.missing  holds → false-accept  critical"),
        "{}",
        worse.stdout
    );
    let better = context.run(&["compare", "flawed", "sound"]).ends_with(0);
    assert!(better.stdout.contains("No new failure"), "{}", better.stdout);
    let same = context.run(&["compare", "flawed", "flawed/record.jsonl"]).ends_with(0);
    assert!(same.stdout.contains("still fail"), "{}", same.stdout);
    let json = context.run(&["compare", "sound", "flawed", "--json"]).ends_with(1);
    let value: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(value["groups"][0]["change"], "new-failure");
    let markdown = context.run(&["compare", "sound", "flawed", "--markdown"]).ends_with(1);
    assert!(markdown.stdout.starts_with("# ✕ "), "{}", markdown.stdout);
}

#[test]
fn a_later_run_that_says_little_is_no_success() {
    let context = Context::new();
    run(&context, "sound", None);
    let record = context.read("sound/record.jsonl");
    let lines: Vec<&str> = record.lines().collect();
    context.write("killed.jsonl", &lines[..lines.len() - 1].join("\n"));
    context.run(&["compare", "sound", "killed.jsonl"]).ends_with(6);
    context.write("empty.jsonl", &[lines[0], lines[lines.len() - 1]].join("\n"));
    context.run(&["compare", "sound", "empty.jsonl"]).ends_with(4);
}

#[test]
fn what_cannot_be_read_is_told_and_ends_with_2() {
    let context = Context::new();
    run(&context, "sound", None);
    context.write("other.jsonl", "{\"name\": \"package\",\n\"version\": 1}\n");
    for arguments in [
        ["compare", "sound", "nowhere"],
        ["compare", "other.jsonl", "sound"],
        ["merge", "sound", "other.jsonl"],
    ] {
        let ran = context.run(&arguments).ends_with(2);
        let file = if arguments.contains(&"nowhere") { "nowhere" } else { "other.jsonl:1" };
        assert!(ran.stderr.contains(file), "{}", ran.stderr);
    }
    context.run(&["merge", "sound"]).ends_with(2);
    context.run(&["compare", "sound"]).ends_with(2);
}

#[test]
fn several_runs_make_a_board() {
    let context = Context::new();
    run(&context, "sound", None);
    run(&context, "flawed", Some("drop.att.nonce"));
    let ran = context.run(&["merge", "sound", "flawed", "--out", "board"]).ends_with(0);
    assert!(ran.stdout.contains("✓ Holds") && ran.stdout.contains("✕ Broken"), "{}", ran.stdout);
    let page = context.read("board/scoreboard.html");
    assert!(page.contains("<th scope=\"row\">nonce</th>"), "{page}");
    let markdown = context.run(&["merge", "sound", "flawed", "--markdown"]).ends_with(0);
    assert_eq!(markdown.stdout.trim_end(), context.read("board/scoreboard.md").trim_end());
    let json = context.run(&["merge", "sound", "flawed", "--json"]).ends_with(0);
    assert_eq!(json.stdout, context.read("board/scoreboard.json"));
}
