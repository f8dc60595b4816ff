use super::*;
use crate::facts::Operation;
use protocol::terms::Environment;
use std::time::Duration;

fn parse(text: &str) -> Result<TargetFile, TargetFileError> {
    TargetFile::parse(text, "shop.toml", &|name| {
        (name == "SHOP_API_KEY").then(|| "hunter2".to_owned())
    })
}

/// The reference's file with one text replaced, which must be there.
fn changed(from: &str, to: &str) -> Result<TargetFile, TargetFileError> {
    assert!(TargetFile::REFERENCE.contains(from), "`{from}` is not in the example");
    parse(&TargetFile::REFERENCE.replacen(from, to, 1))
}

#[test]
fn the_reference_is_read_with_every_step_and_its_url() {
    use Operation::{Assert, Attest, Challenge, Revoke};
    let file = TargetFile::reference("http://127.0.0.1:4711", Duration::from_millis(2500)).unwrap();
    assert_eq!(file.nodes, ["http://127.0.0.1:4711".parse().unwrap()]);
    assert_eq!(file.environment, Environment::Production);
    // It has no sessions to leave and is restarted by nobody.
    let steps: Vec<Operation> = file.steps.keys().copied().collect();
    assert_eq!(steps, [Challenge, Attest, Assert, Revoke]);
    assert_eq!(file.policy.challenge_ttl, Some(Duration::from_millis(2500)));
    assert_eq!(file.policy.facts()["validation_category"], "allow-missing 2, 4, 6");
    assert_eq!(file.policy.facts()["receipt"], "require");
}

#[test]
fn the_text_of_the_reference_takes_any_app_id() {
    let app_id = protocol::terms::AppId::parse("P.quote\"d").unwrap();
    let text = TargetFile::reference_text(
        "https://example.org/api",
        Duration::from_secs(9),
        Some(&app_id),
    );
    let file = parse(&text).unwrap();
    assert_eq!(file.app_id, app_id);
    assert_eq!(file.nodes[0].as_str(), "https://example.org/api");
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    let mut missed = Vec::new();
    for (from, to, place_and_words) in [
        ("schema = 1", "schema = 2", ["2:10:", "schema 1"]),
        ("schema = 1", "", ["1:1:", "`schema` is missing"]),
        ("timeout = \"5s\"", "timeuot = \"5s\"", ["9:1:", "did you mean `timeout`"]),
        ("timeout = \"5s\"", "timeout = 5", ["9:11:", "length of time"]),
        ("timeout = \"5s\"", "timeout = \"0s\"", ["9:11:", "length of time"]),
        ("timeout = \"5s\"", "timeout = ", ["9:", "quoted"]),
        ("name = \"reference\"", "", ["4:1:", "`target.name` is missing"]),
        ("name = \"reference\"", "name = [1]", ["5:8:", "must be a text, and is a list"]),
        ("http://127.0.0.1:8080", "127.0.0.1:8080", ["6:10:", "no URL"]),
        ("http://127.0.0.1:8080", "ftp://127.0.0.1", ["6:10:", "http://"]),
        ("[\"http://127.0.0.1:8080\"]", "[]", ["6:9:", "no node"]),
        ("ABCDE12345.com.example.app", "nodot", ["7:10:", "no dot"]),
        ("\"production\"", "\"prod\"", ["8:15:", "`development` nor `production`"]),
        ("allow = [2, 4, 6]", "allow = [2, \"4\"]", ["14:61:", "whole number"]),
        (
            "mode = \"allow-missing\", allow = [2",
            "mode = \"alow\", allow = [2",
            ["14:", "`allow-missing`"],
        ),
        ("key_id = \"b64\"", "key_id = \"base64\"", ["21:10:", "`b64url_nopad`"]),
        (
            "${challenge_text}\",\"item",
            "${challange_text}\",\"item",
            ["26:27:", "did you mean `challenge_text`"],
        ),
        ("${account}\", purpose", "${account|b46}\", purpose", ["did you mean `b64`", "29:"]),
        ("${account}\", purpose", "${account\", purpose", ["29:", "no template"]),
        ("json:/challenge\"", "jason:/challenge\"", ["`json:/pointer`", "31:"]),
        ("json:/challenge\"", "json:challenge\"", ["no JSON pointer", "31:"]),
        ("json:/challenge\"", "json:/~challenge\"", ["no JSON pointer", "31:"]),
        ("save = { challenge_text", "save = { challenge", ["must be kept", "31:"]),
        ("path = \"/v1/challenge\"", "path = \"v1/challenge\"", ["begins with `/`", "29:"]),
        (
            "method = \"POST\", path = \"/v1/challenge\"",
            "method = \"po st\", path = \"/v1/challenge\"",
            ["no method", "29:"],
        ),
        ("[step.assert]", "[step.asert]", ["36:", "did you mean `assert`"]),
        ("body = \"${client_data}\"", "body = \"x\", json = {}", ["only one of", "37:"]),
        ("x-account = ", "\"x account\" = ", ["no name of a header", "37:"]),
        ("\"200..=299\"", "\"200..299\"", ["no range of statuses", "44:"]),
        ("\"200..=299\"", "\"299..=200\"", ["is empty", "44:"]),
        ("status = 429", "status = 42", ["between 100 and 999", "45:"]),
        ("is = \"error\"", "is = \"err\"", ["did you mean `error`", "48:"]),
        ("counter = \"json:/counter?\"", "counter = \"counter\"", ["names no part", "52:"]),
        ("[outputs]", "[output]", ["51:2:", "did you mean `outputs`"]),
        ("mode = \"exact\"", "mode = \"exakt\"", ["57:8:", "did you mean `exact`"]),
        (
            "mode = \"exact\"",
            "mode = \"exact\"\nmap = { \"bad nonce\" = \"att.nonse\" }",
            ["58:23:", "did you mean `att.nonce`"],
        ),
        (
            "mode = \"exact\"",
            "mode = \"exact\"\nmap = { \"no\" = \"att\" }",
            ["58:16:", "`att` is no rule"],
        ),
        ("mode = \"exact\"", "mpa = {}", ["57:1:", "did you mean `map`"]),
        ("[judge] ", "[judge]\nrules = []\n[judge] ", ["44:", ""]),
        (
            "content_type = \"application/json\", body = \"${client_data}\"",
            "multipart = { a = { valeu = \"x\" } }",
            ["37:", "did you mean `value`"],
        ),
        (
            "body = \"${client_data}\"",
            "multipart = { a = \"x\" }",
            ["37:", "names its own media type"],
        ),
        ("json:/challenge\"", "regex:challenge\"", ["31:", "has no group"]),
        ("json:/challenge\"", "regex:(\"", ["31:", "no regular expression"]),
        ("json:/challenge\"", "cbor:challenge\"", ["31:", "no JSON pointer"]),
        ("timeout = \"5s\"", "pacing = { max_rps = 0 }", ["9:22:", "between 1 and"]),
        ("timeout = \"5s\"", "pacing = { on_429 = \"fial\" }", ["9:21:", "did you mean `fail`"]),
        (
            "timeout = \"5s\"",
            "node_select = \"roundrobin\"",
            ["9:15:", "did you mean `round-robin`"],
        ),
        ("timeout = \"5s\"", "restart = { command = [] }", ["9:23:", "a command has a program"]),
        (
            "timeout = \"5s\"",
            "restart = { command = [\"a\"], wait_for = \"/healthz\" }",
            ["9:41:", "GET /healthz 200"],
        ),
        ("status = 429", "hedaer = {}", ["45:", "did you mean `header`"]),
        ("status = 429", "header = { \"x y\" = \"1\" }", ["45:", "no name of a header"]),
        ("status = 429", "body_matches = \"[\"", ["45:", "no regular expression"]),
    ] {
        let error = changed(from, to).expect_err(to).to_string();
        for words in ["shop.toml:"].iter().chain(&place_and_words) {
            if !error.contains(words) {
                missed.push(format!("{to}: `{words}` is not in `{error}`"));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn what_the_example_leaves_out_can_be_said_too() {
    let file = changed(
        "[step.challenge]",
        r#"
[secrets]
api_key = { env = "SHOP_API_KEY" }
[headers]
x-api-key = "${secret.api_key}"
x-request-id = "${opaque_id}"
[step.challenge]
"#,
    )
    .unwrap();
    assert_eq!(file.headers.len(), 2);
    assert_eq!(file.secrets.mask("key=hunter2;"), "key=[secret];");
    assert!(!format!("{file:?}").contains("hunter2"));

    let error =
        changed("[step.challenge]", "[secrets]\nkey = { env = \"ABSENT\" }\n[step.challenge]")
            .unwrap_err();
    assert!(error.what.contains("no variable `ABSENT`"), "{error}");

    let file =
        changed("timeout = \"5s\"", "http = { version = \"2\", tls_ca = \"ca.pem\" }").unwrap();
    assert_eq!(file.http_version, HttpVersion::Http2);
    assert_eq!(file.timeout, Duration::from_secs(5), "the default");

    let file = changed(
        "assert = '{\"challenge\":\"${challenge_text}\",\"item\":\"book\",\"quantity\":1}'",
        "assert = { z = \"${challenge_text}\", a = [1, true] }",
    )
    .unwrap();
    let ClientDataTemplate::Json(json) = file.assert_template else { panic!("it is a table") };
    assert_eq!(json.to_string(), r#"{"z":"${challenge_text}","a":[1,true]}"#);
}

#[test]
fn hostile_files_are_errors_and_no_panics() {
    let deep = format!("x = {}", "[".repeat(100_000));
    for text in [deep.as_str(), "", "\u{feff}", "[[[", "= 1", "a = \"\u{0}\"", "schema = 1e400"] {
        assert!(parse(text).is_err());
    }
}

#[test]
fn reasons_stand_for_what_the_map_says_or_for_themselves() {
    let reasons = |text: &str| changed("mode = \"exact\"", text).unwrap().reasons;
    let exact = reasons("mode = \"exact\"\nmap = { \"bad nonce\" = \"att.nonce\" }");
    assert_eq!(exact.mode, ReasonMode::Exact);
    assert_eq!(exact.code("bad nonce"), Some("att.nonce"));
    assert_eq!(exact.code("asr.counter"), Some("asr.counter"));
    for unknown in ["att", "something else", "att.nonse", ""] {
        assert_eq!(exact.code(unknown), None, "{unknown}");
    }
    let class = reasons("map = { \"bad\" = \"att\", \"att.nonce\" = \"att.chain.signatures\" }");
    assert_eq!(class.mode, ReasonMode::Class, "whoever maps words wants them compared");
    assert_eq!(class.code("bad"), Some("att"));
    assert_eq!(class.code("asr"), Some("asr"));
    assert_eq!(class.code("att.nonce"), Some("att.chain.signatures"), "the map has the last word");
    assert_eq!(reasons("mode = \"ignore\"").mode, ReasonMode::Ignore);
}
