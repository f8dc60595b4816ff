//! What is wrong with the command line, a file or a server is said, and has its exit code.

use crate::context::Context;
use std::io::{Read, Write};

#[test]
fn mistakes_are_named_where_they_are_before_anything_is_sent() {
    let context = Context::new();
    let authority = context.authority();
    let check = |edit: &dyn Fn(String) -> String, words: &[&str]| {
        let target = context.target("http://127.0.0.1:9", edit);
        let ran = context
            .run(&["check", &target, "--authority", &authority, "--out", "out"])
            .ends_with(2);
        for word in words {
            assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
        }
        assert!(!context.path("out").exists(), "nothing is written for a mistake");
    };
    check(&|text| text.replace("app_id", "ap_id"), &["target.toml:", "ap_id", "app_id"]);
    check(&|text| text.replace("schema = 1", "schema = \"1\""), &["target.toml:2:"]);
    check(&|text| text.replace("is = \"accept\"", "is = \"acept\""), &["acept", "accept"]);
    check(&|_| "[target".to_owned(), &["target.toml:1:"]);
}

#[test]
fn a_command_line_that_cannot_be_run_says_what_to_write() {
    let context = Context::new();
    let check = |arguments: &[&str], words: &[&str]| {
        let ran = context.run(arguments).ends_with(2);
        for word in words {
            assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
        }
    };
    check(&["check", "--case", "nonce.othr-challenge"], &["did you mean", "nonce.other-challenge"]);
    check(&["show", "nonce.othr-challenge"], &["nonce.other-challenge"]);
    check(&["check", "--flaw", "drop.att.nonc"], &["did you mean", "drop.att.nonce"]);
    check(&["check", "missing.toml"], &["missing.toml"]);
    check(&["load", "--steady", "100/s"], &["RATE/s:DURATION"]);
    check(&["load", "--steady", "100/s:0s"], &["0 arrivals"]);
    check(&["load", "--users", "3"], &["requests in flight"]);
    check(&["load", "--dishonest", "200"], &["200"]);
    check(&["report", "nowhere"], &["nowhere"]);
    check(&["root", "--authority", "/nowhere/a"], &["/nowhere/a"]);
}

#[test]
fn mistakes_in_cases_of_ones_own_are_named_before_anything_is_sent() {
    let context = Context::new();
    std::fs::create_dir(context.path("own")).unwrap();
    let good = "schema = 1\nfamily = \"own\"\n[[case]]\nid = \"own.case\"\ntitle = \"t\"\n\
        level = \"must\"\nseverity = \"high\"\nclass = \"false-accept\"\nclauses = [\"AV-7\"]\n\
        base = \"attestation.ios27\"\nexpect = \"reject\"\nrules = [\"att.counter\"]\nwhy = \"w\"\n\
        fix = \"f\"\nop = [{ do = \"authdata.counter.set\", to = 1 }]\n";
    let check = |old: &str, new: &str, words: &[&str]| {
        assert!(good.contains(old), "{old}");
        std::fs::write(context.path("own/own.toml"), good.replace(old, new)).unwrap();
        let ran = context.run(&["check", "--cases", "own", "--out", "out"]).ends_with(2);
        for word in words {
            assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
        }
        assert!(!context.path("out").exists(), "nothing is written for a mistake");
    };
    check("level", "levle", &["own.toml:6:1:", "did you mean `level`"]);
    check("counter.set", "count.set", &["own.toml:15:14:", "did you mean `authdata.counter.set`"]);
    check("to = 1", "to = \"1\"", &["own.toml:15:43:", "a whole number"]);
    check("authdata.counter.set\", to = 1", "counter.repeat\"", &["edits nothing"]);
    check("att.counter", "att.conter", &["own.toml:12:10:", "did you mean `att.counter`"]);
    check("AV-7", "AV-77", &["own.toml:9:12:", "did you mean `AV-7`"]);
    check("own.case", "nonce.case", &["own.toml:4:6:", "`own.some-name`"]);
}

#[test]
fn a_server_of_ones_own_needs_an_authority() {
    let context = Context::new();
    let target = context.target("http://127.0.0.1:9", |text| text);
    let ran = context.run(&["check", &target]).ends_with(2);
    assert!(ran.stderr.contains("assay root --authority"), "{}", ran.stderr);
}

#[test]
fn an_unreachable_target_is_told_with_what_was_tried() {
    let context = Context::new();
    let authority = context.authority();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let target = context.target(&format!("http://127.0.0.1:{port}"), |text| text);
    let ran =
        context.run(&["run", &target, "--authority", &authority, "--out", "out"]).ends_with(3);
    assert!(ran.stderr.contains(&port.to_string()), "{}", ran.stderr);
    assert!(context.path("out/report.html").exists(), "what was tried is on record");
}

#[test]
fn nothing_is_sent_to_an_apple_host_or_to_the_public() {
    let context = Context::new();
    let authority = context.authority();
    for node in ["https://data.appattest.apple.com", "https://APPLE.com.", "http://192.0.2.1"] {
        let target = context.target(node, |text| text);
        context.run(&["check", &target, "--authority", &authority, "--out", "out"]).ends_with(10);
        std::fs::remove_dir_all(context.path("out")).unwrap();
    }
    let target = context.target("https://x.apple.com", |text| text);
    context
        .run(&["check", &target, "--authority", &authority, "--allow-public", "--out", "out"])
        .ends_with(10);
}

#[test]
fn a_server_that_answers_with_markup_fails_and_injects_nothing() {
    const ANSWER: &str = "<script>alert(1)</script>\x1b[2J";
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer_with(stream, ANSWER));
        }
    });
    let context = Context::new();
    let authority = context.authority();
    let target = context.target(&format!("http://{address}"), |text| {
        text.replace("ok = { status = 200 }", "").replace("json:/challenge\"", "body\"")
    });
    let ran = context.run(&[
        "check",
        &target,
        "--authority",
        &authority,
        "--case",
        "nonce.*",
        "--out",
        "out",
    ]);
    assert!(matches!(ran.code, Some(1 | 6)), "{:?} {}", ran.code, ran.stderr);
    assert!(!ran.stderr.contains('\x1b'), "{}", ran.stderr);
    for file in ["report.html", "README.md", "junit.xml"] {
        let mut text = context.read(&format!("out/{file}"));
        if file == "README.md" {
            // Inside a fence Markdown takes everything literally, so every other part counts.
            text = text.split("```").step_by(2).collect();
        }
        assert!(!text.contains("<script>alert"), "{file} holds what the server sent");
        assert!(!text.contains('\x1b'), "{file}");
    }
}

fn answer_with(mut stream: std::net::TcpStream, body: &str) {
    let mut request = vec![0; 65536];
    while stream.read(&mut request).is_ok_and(|read| read > 0) {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        if stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.write_all(body.as_bytes()))
            .is_err()
        {
            return;
        }
    }
}
