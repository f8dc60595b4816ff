//! The doctor against the reference server as a process, and against servers that mean no good.

use crate::context::{Context, Ran};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

/// The reference server, for as long as this lives.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    /// One that trusts the authority of the context, or Apple.
    fn start(context: &Context, more: &[&str]) -> Self {
        let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--until-stdin-closes"];
        arguments.extend(more);
        let mut child =
            context.assay(&arguments).stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url }
    }

    fn trusting(context: &Context, authority: &str, more: &[&str]) -> Self {
        let root = context.run(&["root", "--authority", authority]).stdout;
        let receipt = context.run(&["root", "--authority", authority, "--receipt"]).stdout;
        let root = context.write("root.pem", &root);
        let receipt = context.write("receipt-root.pem", &receipt);
        let mut arguments = vec!["--trust-anchor", &root, "--receipt-trust-anchor", &receipt];
        arguments.extend(more);
        Self::start(context, &arguments)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn doctor(context: &Context, target: &str, authority: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["doctor", target, "--authority", authority];
    arguments.extend(more);
    context.run(&arguments)
}

#[track_caller]
fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stdout.contains(word), "no `{word}` in:\n{}", ran.stdout);
    }
}

#[test]
fn a_file_that_fits_is_ready_and_one_that_does_not_is_mended() {
    let context = Context::new();
    let authority = context.authority();
    let server = Server::trusting(
        &context,
        &authority,
        &["--require-receipt", "--environment", "development"],
    );
    let target = context.target(&server.url, |text| {
        text.replace("allow = [2, 4, 6]", "allow = [3]")
            .replace("key_id = \"b64\"", "key_id = \"hex\"   # mine")
            .replace("assertion = \"b64\"", "assertion = \"b64url\"")
            .replace("\"sha256(challenge_text)\"", "\"challenge_bytes\"")
            .replace("environment = \"production\" ", "environment = \"development\"")
    });
    let ran = doctor(&context, &target, &authority, &[]).ends_with(3);
    says(
        &ran,
        &[
            "✗ attestation",
            "target.toml:19 (conventions.attest_client_data_hash)",
            "not ready: attestation",
        ],
    );
    says(&ran, &["[conventions]\n", "key_id = \"b64\"\n", "✓ nodes", "✓ challenge"]);
    let before = context.read("target.toml");
    let ran = doctor(&context, &target, &authority, &["--write"]).ends_with(0);
    says(&ran, &["looking again", "✓ attestation", "✓ assertion", "\nready: "]);
    let after = context.read("target.toml");
    assert!(after.contains("key_id = \"b64\"   # mine"), "{after}");
    assert_eq!(before.lines().count(), after.lines().count(), "only values change");
    let ran = doctor(&context, &target, &authority, &["--json"]).ends_with(0);
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["ready"], true);
    assert!(json["canRun"].as_u64().unwrap() > 200, "{}", json["canRun"]);
    assert_eq!(json["paste"], "");
}

#[test]
fn what_no_line_mends_is_named() {
    let context = Context::new();
    let authority = context.authority();
    let apple = Server::start(&context, &[]);
    let target = context.target(&apple.url, |text| text);
    let ran = doctor(&context, &target, &authority, &[]).ends_with(3);
    says(&ran, &["att.chain", "test root is not installed", "- assertion   no key", "not ready"]);
    drop(apple);
    let ran = doctor(&context, &target, &authority, &[]).ends_with(3);
    says(&ran, &["✗ nodes", "nobody listens", "look at", "(target.nodes)"]);
    let public = context.target("http://10.1.2.3", |text| text);
    let ran = doctor(&context, &public, &authority, &[]).ends_with(10);
    assert!(ran.stderr.contains("--allow-public"), "{}", ran.stderr);
    let wrong = context.target("http://127.0.0.1:9", |text| text.replace("key_id =", "keyid ="));
    let ran = doctor(&context, &wrong, &authority, &[]).ends_with(2);
    assert!(ran.stderr.contains("did you mean `key_id`"), "{}", ran.stderr);
}

/// Examines a server that treats every connection like that.
fn examined(answer: fn(TcpStream), edit: fn(String) -> String) -> Ran {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || answer(stream));
        }
    });
    let context = Context::new();
    let authority = context.authority();
    let target = context.target(&url, |text| edit(text.replace("\"5s\"", "\"500ms\"")));
    let began = Instant::now();
    let ran = doctor(&context, &target, &authority, &[]).ends_with(3);
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
    assert!(ran.stdout.len() < 20_000, "{} bytes", ran.stdout.len());
    let harmless = |c: char| c == '\n' || !c.is_control();
    assert!(ran.stdout.chars().all(harmless), "{:?}", ran.stdout);
    ran
}

fn respond(mut stream: TcpStream, head: &str, body: &[u8]) {
    let mut request = vec![0; 1 << 16];
    let _ = stream.read(&mut request);
    let head =
        format!("HTTP/1.1 {head}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}

#[test]
fn hostile_answers_neither_hang_nor_act() {
    let ran = examined(
        |stream| {
            respond(
                stream,
                "200 OK\r\ncontent-type: text/html",
                b"<html>\x1b[2J<script>alert(1)</script>`paste`\xe2\x80\xae\n[judge]\n",
            );
        },
        |text| text,
    );
    says(&ran, &["✗ challenge", "(step.challenge.save)", "not ready: challenge"]);
    let ran = examined(|stream| respond(stream, "200 OK", &vec![b'x'; 4 << 20]), |text| text);
    says(&ran, &["✗ challenge", "larger than"]);
    let ran = examined(
        |stream| {
            let mut stream = stream;
            // An answer before its question would be another fault.
            let _ = stream.read(&mut vec![0; 1 << 16]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
            while stream.write_all(b"x: y\r\n").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        },
        |text| text,
    );
    says(&ran, &["✗ nodes", "no answer within"]);
    let ran = examined(drop, |text| text);
    says(&ran, &["✗ nodes", "write https:// for http://"]);
    let ran = examined(
        |stream| respond(stream, "302 Found\r\nlocation: https://example.test/", b""),
        |text| text,
    );
    says(&ran, &["✗ challenge", "redirect"]);
    let ran = examined(
        |stream| respond(stream, "400 Bad Request", b"no TLS here"),
        |text| text.replace("\"http://", "\"https://"),
    );
    says(&ran, &["✗ nodes", "write http:// for https://"]);
}
