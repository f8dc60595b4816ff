//! Records are read back and rendered again.

use crate::context::Context;

#[test]
fn a_record_renders_again_to_the_same_bytes() {
    let context = Context::new();
    context.run(&["check", "--seed", "1", "--case", "counter.*", "--out", "out"]).ends_with(0);
    context.run(&["report", "out", "--out", "again"]).ends_with(0);
    for file in [
        "report.html",
        "summary.json",
        "junit.xml",
        "report.sarif",
        "badge.json",
        "badge.svg",
        "README.md",
    ] {
        assert_eq!(
            context.read(&format!("out/{file}")),
            context.read(&format!("again/{file}")),
            "{file}"
        );
    }
}

#[test]
fn a_killed_run_leaves_a_record_that_says_it_is_incomplete() {
    let context = Context::new();
    context.run(&["check", "--seed", "1", "--case", "counter.*", "--out", "out"]).ends_with(0);
    let record = context.read("out/record.jsonl");
    let half = &record[..record.len() / 2];
    std::fs::create_dir(context.path("killed")).unwrap();
    context.write("killed/record.jsonl", half);
    let ran = context.run(&["report", "killed"]).ends_with(0);
    // Which of the two depends on where the half ends: between two cases, or within one.
    let told = ["The run did not reach its end", "The run ended early, while counter."];
    assert!(told.iter().any(|words| ran.stdout.starts_with(words)), "{}", ran.stdout);
}

#[test]
fn a_folder_with_a_record_is_not_written_over() {
    let context = Context::new();
    context.run(&["check", "--seed", "1", "--case", "counter.first*", "--out", "out"]);
    let ran = context.run(&["check", "--seed", "1", "--out", "out"]).ends_with(2);
    assert!(ran.stderr.contains("already holds a record"), "{}", ran.stderr);
}

#[test]
fn events_go_to_standard_output_as_they_happen() {
    let context = Context::new();
    let ran = context
        .run(&["check", "--seed", "1", "--case", "counter.*", "--json", "--out", "out"])
        .ends_with(0);
    assert_eq!(ran.stdout, context.read("out/record.jsonl"));
}
