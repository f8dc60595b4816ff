//! Target files, lines of adapters, answers of servers, and choices.

use super::Add;
use crate::structured;
use targets::TargetFile;

/// What the format's description and the templates of adapters show, whole.
pub(super) fn target_files(add: &mut Add<'_>) {
    let documented = include_str!("../../../targets/TARGET-FILE.md");
    let blocks = documented.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    for (number, block) in blocks.enumerate() {
        add(format!("documented-{number:02}"), block.as_bytes().to_vec());
    }
    add("reference".to_owned(), TargetFile::REFERENCE.as_bytes().to_vec());
    add("shop".to_owned(), include_str!("../answer/shop.toml").as_bytes().to_vec());
    // One slip in each line of the reference's: left out, or its first letter twice.
    let lines: Vec<&str> = TargetFile::REFERENCE.lines().collect();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let with = |text: &str| {
            let mut lines = lines.clone();
            lines[number] = text;
            lines.join("\n").into_bytes()
        };
        add(format!("without-{number:02}"), with(""));
        add(format!("slip-{number:02}"), with(&format!("{}{line}", &line[..1])));
    }
}

/// A line for each operation and each kind of answer to it.
pub(super) fn lines(add: &mut Add<'_>) {
    let hello = r#"{"id":"0","proto":1,"profile":"verifier","sut":{"name":"lib","version":"1.0","language":"rust"},"caps":{"ops":["verify_attestation"],"trust":"per_call","clock":"configure","environments":["production"],"checks_not_done":["att.chain","rcp"],"concurrency":4}}"#;
    let decided = [
        r#"{"id":"0","verdict":"accept","outputs":{"public_key":"BAAB","counter":7,"key_id":"AAEC","environment":"production","receipt":"MIAA"},"state":"s"}"#,
        r#"{"id":"0","verdict":"reject","reason":"att.nonce"}"#,
        r#"{"id":"0","verdict":"reject","reason":{"code":"E17","text":"nonce mismatch"}}"#,
        r#"{"id":"0","verdict":"error","text":"out of memory"}"#,
        r#"{"id":"0","verdict":"maybe"}"#,
        r#"{"id":"0","verdict":"accept","outputs":{"counter":-1}}"#,
        r#"{"id":"0","verdict":"accept","outputs":{"public_key":"no base64"}}"#,
    ];
    let common = [
        hello,
        r#"{"id":"0","proto":9,"profile":"relying-party","sut":{"name":"x"}}"#,
        r#"{"id":"0","ok":true}"#,
        r#"{"id":"0","ok":false,"text":"no such key"}"#,
        r#"{"id":"0","challenge":"Q2hhbGxlbmdl"}"#,
        r#"{"id":"0","unsupported":true,"why":"no receipts","issue":"https://example.test/1"}"#,
        r#"{"id":"0","unsupported":false}"#,
        r#"{"id":7}"#,
        r#"{"verdict":"accept"}"#,
        "[1,2.5e300,null,\"\\ud800\"]",
        "warning: \u{1b}[31mdeprecated\u{1b}[0m",
        "{\"id\":\"0\",\"verdict\":\"\\u001b[2J\\u202e\"}",
    ];
    for operation in 0..5u8 {
        for (number, line) in common.iter().chain(&decided).enumerate() {
            let bytes = [&[operation], line.as_bytes()].concat();
            add(format!("line-{operation}-{number:02}"), bytes);
        }
    }
    add("no-utf8".to_owned(), b"\x03{\"id\":\"0\",\"verdict\":\"\xff\"}".to_vec());
}

/// Answers that some rule reads, and some that none does, for every step of both dialects.
pub(super) fn answers(add: &mut Add<'_>) {
    let answers: [(u16, &str, &[u8]); 17] = [
        (200, "content-type: application/json\n", b"{\"challenge\":\"Q2hhbGxlbmdl\"}"),
        (
            200,
            "",
            b"{\"accepted\":true,\"counter\":3,\"keyId\":\"AA==\",\"environment\":\"production\"}",
        ),
        (200, "", b"{\"ok\":false,\"n\":[1,7],\"code\":\"E1\"}"),
        (200, "etag: \"1\"\n", b"\xa2\x62ok\xf5\x69challenge\x44\x01\x02\x03\x04"),
        (200, "", b"\xa2\x62ok\xf4\x63why\x65nonce"),
        (200, "x-verdict: ok\nx-environment: production\n", b"hush-hush"),
        (200, "set-cookie: visit=abcdefgh; Path=/\n", b"<input name=\"csrf\" value=\"tok-1234\">"),
        (200, "", b"OK then"),
        (200, "cache-control: no-store\nexpires: 0\n", b"down for maintenance"),
        (204, "date: Tue, 24 Nov 2026 10:20:30 GMT\n", b""),
        (302, "location: /login?next=\x1b[2J\n", b""),
        (400, "", b"<p class=\"error\">bad \xe2\x80\xae nonce</p>"),
        (401, "set-cookie: why=expired\n", b""),
        (403, "", b"{\"accepted\":false,\"rule\":\"att.nonce\"}"),
        (429, "retry-after: 17\n", b""),
        (500, "content-type: text/html\n", b"<html>\x00\x01\xff"),
        (999, "retry-after: 99999999999999999999\n", &[0x9f; 200]),
    ];
    for dialect in 0..2u8 {
        for operation in 0..8u8 {
            for (number, (status, headers, body)) in answers.iter().enumerate() {
                let status = (status - 100).to_be_bytes();
                let start = [dialect, operation, status[0], status[1]];
                let bytes = [&start[..], headers.as_bytes(), b"\n", body].concat();
                add(format!("answer-{dialect}-{operation}-{number:02}"), bytes);
            }
        }
    }
}

/// Every base untouched and edited by each operator, and every built-in case.
pub(super) fn choices(add: &mut Add<'_>) {
    structured::choices(add);
}
