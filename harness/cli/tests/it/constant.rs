//! Servers that do the same to everything, over real sockets: each gets its own banner, soon.

use crate::context::{Context, Ran};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

/// Plays a few cases on a server that treats every connection like that.
fn against(treat: fn(TcpStream)) -> (Ran, Context) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || treat(stream));
        }
    });
    let context = Context::new();
    let authority = context.authority();
    let target = context.target(&format!("http://{address}"), |text| {
        text.replace("timeout = \"5s\"", "timeout = \"300ms\"")
    });
    let ran = context.run(&[
        "check",
        &target,
        "--authority",
        &authority,
        "--case",
        "nonce.*",
        "--case",
        "genuine.*",
        "--out",
        "out",
    ]);
    (ran, context)
}

/// Answers every request the same.
fn always(mut stream: TcpStream, status: &str, body: &str) {
    let mut request = vec![0; 65536];
    while stream.read(&mut request).is_ok_and(|read| read > 0) {
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

#[track_caller]
fn check(treat: fn(TcpStream), constant: &str, words: &str) -> Ran {
    let (ran, context) = against(treat);
    let ran = ran.ends_with(1);
    let summary: serde_json::Value =
        serde_json::from_str(&context.read("out/summary.json")).unwrap();
    assert_eq!(summary["constant"], constant, "{}", ran.stdout);
    assert!(ran.stdout.contains(words), "{}", ran.stdout);
    assert!(context.read("out/report.html").contains(words));
    assert!(context.read("out/README.md").contains(words));
    ran
}

#[test]
fn a_server_that_hangs_is_given_up_within_seconds() {
    let ran = check(
        |stream| {
            std::thread::sleep(Duration::from_mins(1));
            drop(stream);
        },
        "hangs",
        "The server answers nothing in time",
    );
    assert!(ran.stderr.contains("it was not sent"), "{}", ran.stderr);
}

#[test]
fn a_server_that_closes_has_its_own_banner() {
    check(drop, "closes", "The server closes every connection without an answer");
}

#[test]
fn a_server_that_fails_has_its_own_banner() {
    check(
        |stream| always(stream, "500 Oops", "{}"),
        "fails",
        "The server answers everything with an error of its own",
    );
}

#[test]
fn a_server_that_echoes_has_its_own_banner() {
    check(
        |mut stream| {
            let mut request = vec![0; 65536];
            while let Ok(read @ 1..) = stream.read(&mut request) {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {read}\r\n\r\n");
                if stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&request[..read]))
                    .is_err()
                {
                    return;
                }
            }
        },
        "unreadable",
        "answers are none that the target file can read",
    );
}

#[test]
fn a_server_that_accepts_everything_has_its_own_banner() {
    check(
        |stream| always(stream, "200 OK", r#"{"accepted":true,"challenge":"c29tZSBjaGFsbGVuZ2U"}"#),
        "accepts-everything",
        "The server accepts everything, forged requests included",
    );
}

#[test]
fn a_server_that_refuses_everything_has_its_own_banner() {
    let (ran, context) = against(|mut stream| {
        let mut request = vec![0; 65536];
        while let Ok(read @ 1..) = stream.read(&mut request) {
            let asks = request[..read].starts_with(b"POST /v1/challenge");
            let (status, body) = if asks {
                ("200 OK", r#"{"challenge":"c29tZSBjaGFsbGVuZ2U"}"#)
            } else {
                ("403 No", r#"{"accepted":false}"#)
            };
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
            if stream.write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    });
    let ran = ran.ends_with(1);
    let summary: serde_json::Value =
        serde_json::from_str(&context.read("out/summary.json")).unwrap();
    assert_eq!(summary["constant"], "refuses-everything", "{}", ran.stdout);
    let genuine = &summary["headline"]["interoperability"];
    assert_eq!(genuine["in_cases"], genuine["of_cases"], "it scores nothing: {genuine}");
    assert!(ran.stdout.contains("test root"), "{}", ran.stdout);
}
