//! Runs inside a GitHub workflow.

use crate::context::{Context, Ran};

const FLAWED: [&str; 8] =
    ["check", "--seed", "1", "--flaw", "drop.att.nonce", "--case", "nonce.*", "--out"];

fn in_workflow(context: &Context, out: &str, more: &[&str]) -> Ran {
    let arguments = [&FLAWED[..], &[out], more].concat();
    let mut command = context.assay(&arguments);
    command.env("GITHUB_ACTIONS", "true");
    command.env("GITHUB_STEP_SUMMARY", context.path("summary.md"));
    Ran::of(command.output().unwrap()).ends_with(1)
}

#[test]
fn a_workflow_gets_annotations_and_a_summary() {
    let context = Context::new();
    context.write("summary.md", "An earlier command of the step.\n");
    let ran = in_workflow(&context, "out", &[]);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    // What may quote the server stands where commands are not read.
    let word = lines[0].strip_prefix("::stop-commands::").unwrap();
    let end = lines.iter().position(|line| *line == format!("::{word}::")).unwrap();
    assert!(lines[1..end].iter().any(|line| line.contains("hole")), "{}", ran.stdout);
    let errors = lines[end..].iter().filter(|line| line.starts_with("::error title=false-accept"));
    assert!((1..=10).contains(&errors.count()), "{}", ran.stdout);
    let summary = context.read("summary.md");
    assert!(summary.starts_with("An earlier command of the step.\n\n# ✕ Broken: "), "{summary}");
    assert!(summary.contains("In full: `report.html` in `out`."), "{summary}");
}

#[test]
fn data_on_standard_output_stays_data() {
    let context = Context::new();
    let ran = in_workflow(&context, "out", &["--json"]);
    assert_eq!(ran.stdout, context.read("out/record.jsonl"));
    assert!(ran.stderr.contains("::error title=false-accept"), "{}", ran.stderr);
}

#[test]
fn elsewhere_there_is_neither() {
    let context = Context::new();
    let ran = context.run(&[&FLAWED[..], &["out"]].concat()).ends_with(1);
    assert!(!ran.stdout.contains("::"), "{}", ran.stdout);
}

#[test]
fn a_summary_that_cannot_be_written_does_not_change_the_verdict() {
    let context = Context::new();
    let mut command = context.assay(&[&FLAWED[..], &["out"]].concat());
    command.env("GITHUB_STEP_SUMMARY", context.path("no/such/folder"));
    let ran = Ran::of(command.output().unwrap()).ends_with(1);
    assert!(ran.stderr.contains("cannot write the job summary"), "{}", ran.stderr);
}
