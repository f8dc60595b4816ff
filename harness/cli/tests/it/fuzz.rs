//! `assay fuzz`, against the reference and against servers that are wrong on purpose.

use crate::context::{Context, Ran};

/// The line that a failure ends with, as arguments.
fn repeat(ran: &Ran) -> Vec<String> {
    let line = ran.stderr.lines().find_map(|line| line.trim().strip_prefix("repeat "));
    let words = line.unwrap().split_whitespace().map(str::to_owned);
    let words: Vec<String> = words.collect();
    assert_eq!(words[..2], ["assay", "fuzz"]);
    words[1..].to_vec()
}

#[test]
fn a_planted_flaw_is_found_kept_and_repeated() {
    let context = Context::new();
    let flaw = ["--seed", "2", "--flaw", "drop.asr.signature"];
    let run = [&["fuzz", "--trials", "240", "--out", "out"], &flaw[..]].concat();
    let ran = context.run(&run).ends_with(1);
    assert!(ran.stderr.contains("240 trials"), "{}", ran.stderr);
    let kept: Vec<_> = std::fs::read_dir(context.path("out/regressions")).unwrap().collect();
    assert!(!kept.is_empty());
    for folder in kept {
        let folder = folder.unwrap().path();
        let recipe = std::fs::read_to_string(folder.join("recipe.toml")).unwrap();
        assert!(recipe.contains("# rules broken: ") && recipe.contains("[[op]]"), "{recipe}");
        assert!(folder.join("assertion.bin").metadata().unwrap().len() > 50);
    }
    let mut again = repeat(&ran);
    again.extend(["--out".to_owned(), "again".to_owned()]);
    let words: Vec<&str> = again.iter().map(String::as_str).collect();
    context.run(&words).ends_with(1);
    // The server that is right passes what the other was kept for.
    let right: Vec<&str> = words
        .iter()
        .copied()
        .filter(|one| *one != "--flaw" && *one != "drop.asr.signature")
        .collect();
    let right: Vec<&str> =
        right.iter().map(|one| if *one == "again" { "right" } else { *one }).collect();
    context.run(&right).ends_with(0);
}

#[test]
fn a_server_that_lets_nobody_in_is_not_called_right() {
    let context = Context::new();
    // It trusts the root of its own seed, and what is sent is made under another.
    let authority = context.authority();
    let server = context.assay(&["serve", "--listen", "127.0.0.1:0"]).spawn();
    let mut server = server.unwrap();
    let mut line = String::new();
    let stdout = server.stdout.take().unwrap();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(stdout), &mut line).unwrap();
    let url = line.split_whitespace().last().unwrap().to_owned();
    let file = context.target(&url, |text| text);
    let run = ["fuzz", &file, "--authority", &authority, "--trials", "300", "--out", "out"];
    let ran = context.run(&run);
    server.kill().unwrap();
    server.wait().unwrap();
    let ran = ran.ends_with(6);
    assert!(ran.stderr.contains("nothing was decided: no honest device"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_asked_is_told_before_anything_is_sent() {
    let context = Context::new();
    let recipe = context.write(
        "recipe.toml",
        "schema = 1\nbase = \"attestation.ios27\"\n[[op]]\ndo = \"authdata.conter.set\"\nto = 1\n",
    );
    let ran = context.run(&["fuzz", "--recipe", &recipe, "--out", "out"]).ends_with(2);
    assert!(ran.stderr.contains("recipe.toml:4:6: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("did you mean `authdata.counter.set`"), "{}", ran.stderr);
    let file = context.target("http://127.0.0.1:9", |text| {
        text.replace("[target]\n", "[target]\ntrust = \"expect-untrusted\"\n")
    });
    let ran = context.run(&["fuzz", &file, "--out", "out"]).ends_with(2);
    assert!(ran.stderr.contains("every device is refused"), "{}", ran.stderr);
    let file = context.target("http://127.0.0.1:9", |text| text);
    let ran = context.run(&["fuzz", "--target", &file, "--out", "out"]).ends_with(2);
    assert!(ran.stderr.contains("the same test root"), "{}", ran.stderr);
    let authority = context.authority();
    let one = ["fuzz", &file, "--authority", &authority, "--trials", "1", "--out", "out"];
    context.run(&one).ends_with(3);
    assert!(!context.path("out/regressions").exists());
}

#[test]
fn a_recipe_becomes_a_draft_that_reads_as_a_case() {
    let context = Context::new();
    let recipe = |edit: &str| {
        let text = format!("schema = 1\nbase = \"attestation.ios27\"\n[[op]]\n{edit}\n");
        context.write("recipe.toml", &text)
    };
    let counter = recipe("do = \"authdata.counter.set\"\nto = 3");
    let ran = context.run(&["promote", &counter]).ends_with(0);
    assert!(ran.stdout.contains("rules = [\"att.counter\"]"), "{}", ran.stdout);
    assert!(ran.stderr.contains("breaks `att.counter` alone"), "{}", ran.stderr);
    let family = ran.stderr.split_once("family = \"").unwrap().1.split_once('"').unwrap().0;
    std::fs::create_dir(context.path("cases")).unwrap();
    let text = format!("schema = 1\nfamily = \"{family}\"\n\n{}", ran.stdout);
    context.write(&format!("cases/{family}.toml"), &text);
    let id = ran.stdout.split_once("id = \"").unwrap().1.split_once('"').unwrap().0;
    let shown = context.run(&["show", id, "--cases", "cases"]).ends_with(0);
    assert!(shown.stdout.contains("FILL-IN"), "{}", shown.stdout);
    let played = ["check", "--case", id, "--cases", "cases", "--out", "out"];
    context.run(&played).ends_with(0);

    let harmless = recipe("do = \"container.reverse\"");
    let ran = context.run(&["promote", &harmless]).ends_with(0);
    assert!(ran.stdout.contains("expect = \"accept\""), "{}", ran.stdout);
    assert!(ran.stderr.contains("There is a case that sends the same"), "{}", ran.stderr);
    let around = recipe("do = \"wire.body.utf16\"");
    let ran = context.run(&["promote", &around]).ends_with(6);
    assert!(ran.stderr.contains("Nothing can be said of it on paper"), "{}", ran.stderr);
}

#[test]
fn exported_vectors_are_the_same_each_time_and_their_hashes_are_printed() {
    let context = Context::new();
    let one = context.run(&["export", "--out", "one"]).ends_with(0);
    let other = context.run(&["export", "--out", "other"]).ends_with(0);
    assert_eq!(one.stdout, other.stdout);
    assert!(one.stdout.lines().count() >= 11, "{}", one.stdout);
    for line in one.stdout.lines() {
        let (hash, name) = line.split_once("  ").unwrap();
        assert_eq!(hash.len(), 64);
        assert_eq!(context.read(&format!("one/{name}")), context.read(&format!("other/{name}")));
    }
    let another = context.run(&["export", "--out", "one", "--seed", "another"]).ends_with(0);
    assert_ne!(one.stdout, another.stdout);
    let file = context.write("file", "");
    context.run(&["export", "--out", &file]).ends_with(2);
}
