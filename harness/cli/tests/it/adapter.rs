//! `assay adapter check`, and cases played with an adapter.

use crate::context::Context;

/// An adapter that accepts whatever it is shown.
const CREDULOUS: &str = r#"
while IFS= read -r line; do
  id=${line#*\"id\":\"}; id=${id%%\"*}
  case $line in
    *'"op":"hello"'*) echo "{\"id\":\"$id\",\"proto\":1,\"profile\":\"verifier\",\"sut\":{\"name\":\"credulous\",\"version\":\"7\"}}" ;;
    *'"op":"configure"'*) echo "{\"id\":\"$id\",\"ok\":true}" ;;
    *) echo "{\"id\":\"$id\",\"verdict\":\"accept\"}" ;;
  esac
done
"#;

const TARGET: &str = r#"schema = 1
[target]
name = "credulous"
app_id = "ABCDE12345.com.example.app"
environment = "production"
[adapter]
command = ["sh", "adapter.sh"]
"#;

#[test]
fn an_adapter_that_accepts_everything_is_told_what_to_mend() {
    let context = Context::new();
    context.write("adapter.sh", CREDULOUS);
    let file = context.write("target.toml", TARGET);
    for arguments in
        [vec!["adapter", "check", "--", "sh", "adapter.sh"], vec!["adapter", "check", &file]]
    {
        let told = context.run(&arguments).ends_with(3).stdout;
        for words in [
            "ok    hello: credulous 7 (verifier)",
            "ok    an honest assertion of ios27, counter 2",
            "ok    started again after a crash it goes on",
            "mend  an empty attestation is refused: accept",
            "mend  an assertion of random bytes is refused: accept",
            "ok    every line is as the schema says",
            "to mend",
        ] {
            assert!(told.contains(words), "no `{words}` in:\n{told}");
        }
    }
}

#[test]
fn cases_are_played_with_an_adapter_and_those_about_the_harness_do_not_apply() {
    let context = Context::new();
    context.write("adapter.sh", CREDULOUS);
    let file = context.write("target.toml", TARGET);
    let ran = context.run(&[
        "check",
        &file,
        "--seed",
        "1",
        "--out",
        "out",
        "--case",
        "nonce.other-challenge",
        "--case",
        "registration.claimed",
        "--case",
        "genuine.ios27",
    ]);
    ran.ends_with(1);
    let record = context.read("out/record.jsonl");
    let verdict = |id: &str| {
        let events = record.lines().map(|line| serde_json::from_str(line).unwrap());
        let mut finished =
            events.filter(|event: &serde_json::Value| event["event"] == "case-finished");
        finished.find(|event| event["id"] == id).unwrap()["verdict"].to_string()
    };
    assert!(verdict("nonce.other-challenge").contains("fail"));
    assert!(verdict("registration.claimed").contains("not-applicable"));
    assert!(verdict("genuine.ios27").contains("pass"));
    assert!(record.lines().next().unwrap().contains("sh adapter.sh"), "the command is recorded");
    assert!(!record.contains("127.0.0.1"), "an adapter listens nowhere");
}

#[test]
fn what_cannot_be_done_with_an_adapter_is_told_before_it_is_started() {
    let context = Context::new();
    let file = context.write("target.toml", TARGET);
    let ran = context.run(&["load", &file, "--out", "out"]).ends_with(2);
    assert!(ran.stderr.contains("takes no load"), "{}", ran.stderr);
    assert!(!context.path("out").exists());
    let ran =
        context.run(&["check", &file, "--case", "genuine.ios27", "--out", "out"]).ends_with(3);
    assert!(ran.stderr.contains("did not come up"), "{}", ran.stderr);
    let server = context.target("http://127.0.0.1:1", |text| text);
    let ran = context.run(&["adapter", "check", &server]).ends_with(2);
    assert!(ran.stderr.contains("`[adapter]`"), "{}", ran.stderr);
    context.run(&["adapter", "check"]).ends_with(2);
}

#[test]
fn the_schema_of_adapters_is_printed_as_it_is_committed() {
    let told = Context::new().run(&["schema", "adapter"]).ends_with(0).stdout;
    let committed = include_str!("../../../../corpora/schema/adapter.schema.json");
    assert!(told == committed, "cargo run -- schema adapter > corpora/schema/adapter.schema.json");
}
