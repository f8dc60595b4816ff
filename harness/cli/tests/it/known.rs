//! Known failures: listed, excused, expired, and taken off again.

use crate::context::{Context, Ran};

/// The cases of the nonce against the reference, with a flaw or without, held against `known.toml`.
fn check(context: &Context, flaw: bool, out: &str) -> Ran {
    let mut arguments = vec!["check", "--seed", "1", "--case", "nonce.*", "--out", out];
    if flaw {
        arguments.extend(["--flaw", "drop.att.nonce"]);
    }
    if context.path("known.toml").exists() {
        arguments.extend(["--known", "known.toml"]);
    }
    context.run(&arguments)
}

#[test]
fn a_list_of_known_failures_is_written_used_and_outlived() {
    let context = Context::new();
    check(&context, true, "red").ends_with(1);
    let update = ["known", "update", "known.toml", "red", "--owner", "identity"];
    let ran = context.run(&update).ends_with(1);
    assert!(ran.stdout.contains("--accept-critical"), "{}", ran.stdout);
    let mut all = update.to_vec();
    all.push("--accept-critical");
    let ran = context.run(&all).ends_with(0);
    assert!(ran.stdout.contains("added  nonce."), "{}", ran.stdout);
    let list = context.read("known.toml");
    assert!(list.contains("owner = \"identity\""), "{list}");

    // Excused, in every report.
    let ran = check(&context, true, "known").ends_with(0);
    assert!(
        ran.stderr.contains("known nonce.") && !ran.stderr.contains("critical"),
        "{}",
        ran.stderr
    );
    assert!(ran.stdout.contains("failed as known"), "{}", ran.stdout);
    for (file, words) in [
        ("report.html", "Known failures"),
        ("README.md", "## Known failures"),
        ("junit.xml", "known failure (identity until"),
        ("summary.json", "\"excused\""),
    ] {
        let text = context.read(&format!("known/{file}"));
        assert!(text.contains(words), "no `{words}` in {file}");
    }
    let again = context.run(&["judge", "known"]).ends_with(0);
    assert!(again.stdout.contains("failed as known"), "{}", again.stdout);
    assert_eq!(context.run(&all).ends_with(0).stdout.matches("added").count(), 1, "0 added");
    assert_eq!(context.read("known.toml"), list, "nothing new, no byte changed");

    // The server was mended: the list is out of date, and nothing else is wrong.
    let ran = check(&context, false, "green").ends_with(5);
    assert!(ran.stdout.contains("taken off the list"), "{}", ran.stdout);
    // A day too late is no worse.
    let expired: Vec<String> = list
        .lines()
        .map(|line| if line.starts_with("expires") { "expires = 2026-01-01" } else { line })
        .map(str::to_owned)
        .collect();
    context.write("known.toml", &expired.join("\n"));
    let ran = check(&context, true, "late").ends_with(5);
    assert!(ran.stdout.contains("expired"), "{}", ran.stdout);

    context.write("known.toml", &list);
    let ran = context.run(&["known", "update", "known.toml", "green", "--owner", "x"]).ends_with(0);
    assert!(ran.stdout.contains("removed  nonce."), "{}", ran.stdout);
    assert_eq!(context.read("known.toml").trim(), "");
    check(&context, false, "done").ends_with(0);
}

#[test]
fn another_way_of_failing_is_not_excused() {
    let context = Context::new();
    context.write(
        "known.toml",
        "[[known]]\ncase = \"nonce.other-challenge\"\nkind = \"crash\"\nreason = \"r\"\n\
         owner = \"o\"\nexpires = 2026-01-01\n",
    );
    let ran = check(&context, true, "out").ends_with(1);
    assert!(ran.stderr.contains("FAIL  nonce.other-challenge"), "{}", ran.stderr);
}

#[test]
fn mistakes_in_the_list_are_found_before_anything_is_sent() {
    let context = Context::new();
    let list = |case: &str| {
        format!(
            "[[known]]\ncase = \"{case}\"\nkind = \"crash\"\nreason = \"r\"\nowner = \"o\"\nexpires = 2026-01-01\n"
        )
    };
    let development = context
        .run(&["list", "--json"])
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .find(|case| case["needs"].to_string().contains("environment.development"))
        .unwrap();
    let hidden = development["id"].as_str().unwrap();
    for (text, words) in [
        (list("nonce.othr-challenge"), "did you mean `nonce.other-challenge`"),
        (list("*"), "one entry may excuse 20"),
        (list(hidden), "does not apply to this target"),
        (list("nonce.other-challenge").replace("crash", "crush"), "did you mean `crash`"),
    ] {
        context.write("known.toml", &text);
        let ran = context
            .run(&["check", "--seed", "1", "--known", "known.toml", "--out", "out"])
            .ends_with(2);
        assert!(ran.stderr.contains("known.toml:") && ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!context.path("out").exists(), "nothing is written for a mistake");
    }
}
