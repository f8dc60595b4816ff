//! Evidence of failures as files, and a case played alone.

use crate::context::Context;

const CASE: &str = "nonce.other-challenge";

#[test]
fn a_failing_case_leaves_its_bytes_and_a_request_to_send_again() {
    let context = Context::new();
    let check = |flaw: &[&str], out: &str, code: i32| {
        let cases = ["--case", "nonce.*", "--case", "counter.*"];
        let plain = [&["check", "--seed", "1", "--out", out][..], &cases].concat();
        context.run(&[&plain[..], flaw].concat()).ends_with(code)
    };
    check(&[], "sound", 0);
    assert!(!context.path("sound/evidence").exists(), "nothing failed");
    let ran = check(&["--flaw", "drop.att.nonce"], "flawed", 1);
    let folder = format!("flawed/evidence/{CASE}");
    let read = |name: &str| std::fs::read(context.path(&format!("{folder}/{name}"))).unwrap();
    let (sent, twin) = (read("attestation.bin"), read("attestation.twin.bin"));
    assert!(sent != twin && sent.starts_with(&[0xa3]) && twin.starts_with(&[0xa3]));
    let body = String::from_utf8(read("body.bin")).unwrap();
    assert!(body.starts_with('{') && body.contains("attestation"), "{body}");
    let script = String::from_utf8(read("curl.sh")).unwrap();
    assert!(script.contains("--data-binary @body.bin"), "{script}");
    let annotated = String::from_utf8(read("attestation.annotated.txt")).unwrap();
    assert!(annotated.contains("attestation object: map of 3"), "{annotated}");
    // The same block in the terminal and in Markdown, and what `explain` says of the files.
    let lie = "attStmt.x5c[0].tbs.extensions.nonce.nonce";
    let markdown = context.read("flawed/README.md");
    for text in [&ran.stdout, &markdown, &annotated] {
        assert!(text.contains(lie), "no {lie} in\n{text}");
    }
    let sent = format!("{folder}/attestation.bin");
    let twin = format!("{folder}/attestation.twin.bin");
    let explained = context.run(&["explain", &sent, "--against", &twin]).ends_with(0);
    assert!(explained.stdout.contains("1 part of it differs, and"), "{}", explained.stdout);
    let html = context.read("flawed/report.html");
    assert!(html.contains(&format!("href=\"evidence/{CASE}/curl.sh\"")), "no link to the evidence");
}

#[test]
fn a_case_is_played_alone_by_its_id_or_its_evidence() {
    let context = Context::new();
    let flawed = ["--seed", "1", "--flaw", "drop.att.nonce"];
    let first = [&["check", "--case", CASE, "--out", "first"], &flawed[..]].concat();
    context.run(&first).ends_with(1);
    let folder = format!("first/evidence/{CASE}");
    for (name, out) in [(CASE, "by-id"), (folder.as_str(), "by-folder")] {
        let ran = context.run(&[&["replay", name, "--out", out], &flawed[..]].concat());
        let ran = ran.ends_with(1);
        for line in [
            "1. challenge (step 1)\nPOST http://127.0.0.1:",
            "2. attest (step 1)  <- decides\n",
            "-> accept, HTTP 200\n",
            "FAIL  nonce.other-challenge  false-accept",
            "attestation: 1 part differs from the honest twin’s\n",
            "replay     assay replay nonce.other-challenge --seed 1 --flaw drop.att.nonce\n",
        ] {
            assert!(ran.stdout.contains(line), "no {line:?} in\n{}", ran.stdout);
        }
        // The same device sends the same lie; only the challenges are the server's own.
        let key_id = |out: &str| {
            std::fs::read(context.path(&format!("{out}/evidence/{CASE}/key-id.bin"))).unwrap()
        };
        assert_eq!(key_id("first"), key_id(out));
    }
    let ran = context.run(&["replay", CASE, "--seed", "1", "--out", "sound"]).ends_with(0);
    assert!(ran.stdout.contains("holds  nonce.other-challenge"), "{}", ran.stdout);
    let ran = context.run(&["replay", "nonce.othr-challenge"]).ends_with(2);
    assert!(ran.stderr.contains("did you mean"), "{}", ran.stderr);
}
