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
    let flaw = ["--seed", "1", "--flaw", "drop.asr.signature"];
    let run = [&["fuzz", "--trials", "60", "--out", "out"], &flaw[..]].concat();
    let ran = context.run(&run).ends_with(1);
    assert!(ran.stderr.contains("60 trials"), "{}", ran.stderr);
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
