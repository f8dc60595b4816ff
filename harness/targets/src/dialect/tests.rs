use super::*;
use crate::decision::Decision;
use crate::facts::Field;
use http::{HeaderMap, HeaderName, HeaderValue};
use protocol::terms::KeyId;
use std::time::Duration;

const SHOP: &str = r#"
schema = 1
[target]
name = "shop"
nodes = ["http://127.0.0.1:1/api/", "http://127.0.0.1:2"]
app_id = "A.b"
environment = "development"
[conventions]
attest_client_data_hash = "sha256(challenge_bytes)"
challenge = "hex"
key_id = "hex"
attestation = "raw"
[templates]
assert = { challenge = "${challenge_text}", amount = 100, id = "${uuid}" }
[secrets]
token = { env = "TOKEN" }
[headers]
authorization = "Bearer ${secret.token}"
[step.challenge]
request = { method = "GET", path = "/c/${account}?for=${purpose}" }
ok = { status = 200 }
save = { challenge_text = "header:x-challenge", ref = "json:/id?" }
[step.attest]
request = { method = "PUT", path = "/keys/${key_id}", body = "${attestation}", content_type = "application/octet-stream" }
save = { session = "json:/session" }
[step.assert]
request = { method = "POST", path = "/order", form = { data = "${client_data|b64url}", sig = "${assertion}", session = "${session}" } }
[judge]
rules = [
  { on = ["attest"], status = "200..=299", json = { "/ok" = false }, is = "reject", reason = "json:/code" },
  { on = ["attest", "assert"], status = "200..=299", is = "accept" },
  { status = 401, is = "reject", reason = "state.counter-replay" },
  { status = 429, is = "throttled" },
  { status = 500, is = "error" },
]
[outputs]
counter = "json:/counter?"
"#;

fn shop() -> Dialect {
    let lookup = |name: &str| (name == "TOKEN").then(|| "hush".to_owned());
    Dialect::new(&TargetFile::parse(SHOP, "shop.toml", &lookup).unwrap()).unwrap()
}

fn reference() -> Dialect {
    let file = TargetFile::reference("http://127.0.0.1:1", Duration::from_secs(1)).unwrap();
    Dialect::new(&file).unwrap()
}

fn saved(values: &[(&str, &str)]) -> Saved {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Vec<u8>>) -> Answer {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    Answer { status, headers: map, body: body.into().into() }
}

fn rejected(reason: Option<&str>) -> Decision {
    Decision::Rejected { reason: reason.map(str::to_owned) }
}

#[test]
fn the_references_requests_are_as_its_api_says() {
    let dialect = reference();
    let mut facts = Facts::new("alice", "r1");
    facts.key_id = Some(KeyId([0xff; 32]).into());
    facts.attestation = Some(vec![1, 2, 3].into());
    let saved = saved(&[(CHALLENGE_TEXT, "Q2hhbGxlbmdl")]);
    let request = dialect.request(Operation::Attest, &facts, &saved).unwrap();
    assert_eq!(request.method, http::Method::POST);
    assert_eq!(request.url.as_str(), "http://127.0.0.1:1/v1/attest");
    assert_eq!(request.headers["content-type"], "application/json");
    assert_eq!(
        String::from_utf8(request.body).unwrap(),
        r#"{"account":"alice","keyId":"//////////////////////////////////////////8=","challenge":"Q2hhbGxlbmdl","attestation":"AQID"}"#
    );

    facts.assertion = Some(vec![9].into());
    let request = dialect.request(Operation::Assert, &facts, &saved).unwrap();
    assert_eq!(request.headers["x-app-attest-assertion"], "CQ==");
    assert_eq!(request.body, dialect.client_data(&facts, &saved).unwrap());
    assert_eq!(request.body, br#"{"challenge":"Q2hhbGxlbmdl","item":"book","quantity":1}"#);

    facts.client_data = Some(vec![0xff, 0x00]);
    let request = dialect.request(Operation::Assert, &facts, &saved).unwrap();
    assert_eq!(request.body, [0xff, 0x00], "bytes pass unchanged");
}

#[test]
fn values_cannot_break_out_of_where_they_stand() {
    let dialect = reference();
    let mut facts = Facts::new(r#"a","accepted":true,"x":""#, "r1");
    let request = dialect.request(Operation::Challenge, &facts, &Saved::new()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    assert_eq!(json["account"], facts.account.as_str());
    assert!(json.get("accepted").is_none());

    facts.account = "a\r\nx-evil: 1".to_owned();
    facts.key_id = Some(Field::Text("k".to_owned()));
    facts.assertion = Some(Field::Text("s".to_owned()));
    facts.client_data = Some(Vec::new());
    let error = dialect.request(Operation::Assert, &facts, &Saved::new()).unwrap_err();
    assert!(matches!(error, DialectError::Unfit { step: "assert", .. }), "{error}");

    facts.account = "../x?y#z".to_owned();
    let request = shop().request(Operation::Challenge, &facts, &Saved::new()).unwrap();
    assert_eq!(request.url.as_str(), "http://127.0.0.1:1/api/c/..%2Fx%3Fy%23z?for=attest");
}

#[test]
fn another_dialect_is_spoken_by_its_conventions() {
    let dialect = shop();
    let mut facts = Facts::new("alice", "r1");
    facts.node = 3;
    facts.key_id = Some(KeyId([0xab; 32]).into());
    facts.attestation = Some(vec![0xff, 0xfe].into());
    facts.assertion = Some(vec![1].into());
    let saved = saved(&[(CHALLENGE_TEXT, "00ff"), ("session", "a&b")]);
    let request = dialect.request(Operation::Attest, &facts, &saved).unwrap();
    assert_eq!(request.url.as_str(), format!("http://127.0.0.1:2/keys/{}", "ab".repeat(32)));
    assert_eq!(request.headers["authorization"], "Bearer hush");
    assert_eq!(request.body, [0xff, 0xfe], "raw bytes pass unchanged");

    let client_data = String::from_utf8(dialect.client_data(&facts, &saved).unwrap()).unwrap();
    assert!(client_data.starts_with(r#"{"challenge":"00ff","amount":100,"id":""#), "{client_data}");
    let request = dialect.request(Operation::Assert, &facts, &saved).unwrap();
    let form: Vec<_> = url::form_urlencoded::parse(&request.body).into_owned().collect();
    assert_eq!(form[1], ("sig".to_owned(), "AQ==".to_owned()));
    assert_eq!(form[2], ("session".to_owned(), "a&b".to_owned()));
    assert_eq!(request.headers["content-type"], "application/x-www-form-urlencoded");

    assert_eq!(
        dialect.attest_client_data_hash("00ff").unwrap(),
        Sha256::digest([0x00, 0xff]).to_vec()
    );
    assert!(dialect.attest_client_data_hash("zz").is_err());
    assert_eq!(
        reference().attest_client_data_hash("00ff").unwrap(),
        Sha256::digest("00ff").to_vec()
    );
}

#[test]
fn what_a_request_lacks_is_named() {
    let dialect = shop();
    let facts = Facts::new("alice", "r1");
    let error = dialect.request(Operation::Attest, &facts, &Saved::new()).unwrap_err();
    assert!(matches!(error, DialectError::Template { step: "attest", .. }), "{error}");
    assert_eq!(
        dialect.request(Operation::Revoke, &facts, &Saved::new()),
        Err(DialectError::NoStep(Operation::Revoke))
    );
    assert!(!dialect.speaks(Operation::Revoke));
}

#[test]
fn the_first_rule_that_matches_reads_an_answer() {
    let dialect = shop();
    let read = |operation, answer: Answer| dialect.read(operation, &answer, &mut Saved::new());
    let attest = |status, body: &str| read(Operation::Attest, answer(status, &[], body));
    assert_eq!(attest(200, r#"{"ok":false,"code":"nonce"}"#), rejected(Some("nonce")));
    assert!(matches!(attest(200, r#"{"ok":false}"#), Decision::Unreadable { .. }));
    assert!(matches!(attest(200, "{}"), Decision::Unreadable { .. }), "no session to keep");
    assert_eq!(attest(401, ""), rejected(Some("state.counter-replay")));
    assert_eq!(attest(500, ""), Decision::Failed);
    assert!(matches!(attest(404, ""), Decision::Unreadable { .. }));
    let throttled = answer(429, &[("retry-after", "7")], "");
    assert_eq!(
        read(Operation::Assert, throttled),
        Decision::Throttled { retry_after: Some(Duration::from_secs(7)) }
    );
    let outputs = |counter: &str| Decision::Accepted {
        outputs: saved(&[("counter", counter)]).into_iter().collect(),
    };
    assert_eq!(attest(201, r#"{"session":"s","counter":0}"#), outputs("0"));
    let redirect = read(Operation::Assert, answer(302, &[("location", "http://évil/")], ""));
    let Decision::Unreadable { why } = redirect else { panic!("{redirect:?}") };
    assert!(why.contains("not followed"), "{why}");
}

#[test]
fn what_is_accepted_is_kept_and_what_is_not_changes_nothing() {
    let dialect = shop();
    let mut kept = saved(&[("ref", "old")]);
    let good = answer(200, &[("x-challenge", "abcd")], r#"{"id":17}"#);
    assert!(matches!(
        dialect.read(Operation::Challenge, &good, &mut kept),
        Decision::Accepted { .. }
    ));
    assert_eq!(kept, saved(&[("ref", "17"), (CHALLENGE_TEXT, "abcd")]));
    let before = kept.clone();
    let bad = answer(200, &[], r#"{"id":18}"#);
    let decision = dialect.read(Operation::Challenge, &bad, &mut kept);
    assert!(matches!(decision, Decision::Unreadable { .. }), "{decision:?}");
    assert_eq!(kept, before);
}

#[test]
fn hostile_bodies_are_unreadable_and_excerpts_harmless() {
    let dialect = reference();
    let deep = "[".repeat(100_000);
    let html = "<script>alert(1)</script>\u{1b}[2J\u{202e}\0";
    for body in [deep.as_bytes(), html.as_bytes(), &[0xff, 0xfe, 0x80], b"", b"{\"accepted\":1}"] {
        for operation in Operation::ALL {
            let decision = dialect.read(operation, &answer(200, &[], body), &mut Saved::new());
            assert!(matches!(decision, Decision::Unreadable { .. }), "{decision:?}");
        }
        let excerpt = dialect.excerpt(body);
        assert!(excerpt.len() <= 2048 + 16, "{}", excerpt.len());
        assert!(!excerpt.contains(['\u{1b}', '\u{202e}', '\0']), "{excerpt}");
    }
}

#[test]
fn a_secret_said_back_is_masked() {
    let dialect = shop();
    assert_eq!(dialect.excerpt(b"token hush!"), "token [secret]!");
    let mut long = vec![b'a'; 2046];
    long.extend(b"hush");
    assert!(dialect.excerpt(&long).ends_with("aa[s…"), "not even its beginning is shown");
    let answers = [
        answer(302, &[("location", "/login?token=hush")], ""),
        answer(404, &[("content-type", "hush")], ""),
        answer(200, &[], r#"{"ok":false,"code":"bad hush"}"#),
    ];
    for answer in answers {
        let decision = dialect.read(Operation::Attest, &answer, &mut Saved::new());
        let said = format!("{decision:?}");
        assert!(said.contains("[secret]") && !said.contains("hush"), "{said}");
    }
}

const VAULT: &str = r#"
schema = 1
[target]
name = "vault"
nodes = ["http://127.0.0.1:1"]
app_id = "A.b"
environment = "development"
[conventions]
attest_client_data_hash = "sha256(challenge_bytes)"
challenge = "b64url_nopad"
[templates]
assert = "${challenge_text}"
[step.challenge]
request = { method = "POST", path = "/c", cbor = { for = "${purpose}", times = [1, true] } }
save = { challenge_text = "cbor:/0/challenge", reference = "cbor:/0/id?", place = "cookie:place?" }
[step.attest]
request = { method = "POST", path = "/a", cbor = { key = "${key_id}", object = "${attestation|raw}", challenge = "${challenge_text|unb64url}", data = "a${account}" } }
[step.assert]
request = { method = "POST", path = "/o", multipart = { meta = "${account}", signature = { value = "${assertion|raw}", filename = "a.bin", content_type = "application/octet-stream" }, data = "${client_data}" } }
[judge]
rules = [
  { cbor = { "/ok" = true }, is = "accept" },
  { on = ["challenge"], header = { x-state = "fresh" }, is = "accept" },
  { body_contains = "slow down", is = "throttled" },
  { body_matches = "^(no|never):", is = "reject", reason = "regex:^\\w+: (.*)$" },
]
[outputs]
counter = "cbor:/counter?"
"#;

fn vault() -> Dialect {
    Dialect::new(&TargetFile::parse(VAULT, "vault.toml", &|_| None).unwrap()).unwrap()
}

fn cbor_of(json: &serde_json::Value) -> ciborium::Value {
    ciborium::Value::serialized(json).unwrap()
}

#[test]
fn cbor_carries_bytes_as_bytes_and_texts_as_texts() {
    let dialect = vault();
    let mut facts = Facts::new("lice", "r1");
    facts.key_id = Some(KeyId([0xff; 32]).into());
    facts.attestation = Some(b"only text".to_vec().into());
    let saved = saved(&[(CHALLENGE_TEXT, "-_8")]);
    let request = dialect.request(Operation::Attest, &facts, &saved).unwrap();
    assert_eq!(request.headers["content-type"], "application/cbor");
    let sent: ciborium::Value = ciborium::from_reader(request.body.as_slice()).unwrap();
    let at = |name: &str| {
        let entries = sent.as_map().unwrap();
        entries.iter().find(|(key, _)| key.as_text() == Some(name)).unwrap().1.clone()
    };
    assert_eq!(
        at("key"),
        ciborium::Value::Text("//////////////////////////////////////////8=".to_owned())
    );
    assert_eq!(at("object"), ciborium::Value::Bytes(b"only text".to_vec()));
    assert_eq!(at("challenge"), ciborium::Value::Bytes(vec![0xfb, 0xff]));
    assert_eq!(at("data"), ciborium::Value::Text("alice".to_owned()));
    let request = dialect.request(Operation::Challenge, &facts, &saved).unwrap();
    let sent: ciborium::Value = ciborium::from_reader(request.body.as_slice()).unwrap();
    assert_eq!(sent, cbor_of(&serde_json::json!({ "for": "attest", "times": [1, true] })));
    facts.key_id = Some(Field::Json(serde_json::json!([1])));
    let request = dialect.request(Operation::Attest, &facts, &saved).unwrap();
    assert!(request.body.starts_with(b"\xa4\x63key\x81\x01"), "a lie about the type stays one");
}

#[test]
fn parts_of_a_form_go_out_byte_for_byte() {
    let dialect = vault();
    let mut facts = Facts::new("alice", "r1");
    facts.assertion = Some(vec![0xff, 0x00, b'\r', b'\n'].into());
    facts.client_data = Some(b"\x80{}".to_vec());
    let request = dialect.request(Operation::Assert, &facts, &Saved::new()).unwrap();
    let kind = request.headers["content-type"].to_str().unwrap();
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let parts = [
        b"--B\r\nContent-Disposition: form-data; name=\"meta\"\r\n\r\nalice\r\n".to_vec(),
        b"--B\r\nContent-Disposition: form-data; name=\"signature\"; filename=\"a.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\xff\x00\r\n\r\n".to_vec(),
        b"--B\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\n\x80{}\r\n--B--\r\n".to_vec(),
    ];
    let mut expected = Vec::new();
    for byte in parts.concat() {
        if byte == b'B' { expected.extend(boundary.bytes()) } else { expected.push(byte) }
    }
    assert_eq!(request.body, expected);
}

#[test]
fn values_are_taken_from_cbor_cookies_and_patterns() {
    let dialect = vault();
    let challenge = ciborium::Value::Array(vec![ciborium::Value::Map(vec![
        (ciborium::Value::Text("challenge".to_owned()), ciborium::Value::Bytes(vec![0xfb, 0xff])),
        (ciborium::Value::Text("id".to_owned()), ciborium::Value::Bytes(vec![0xfb, 0xff])),
    ])]);
    let headers =
        [("x-state", "stale"), ("x-state", "fresh"), ("set-cookie", "place=here; Path=/other")];
    let mut kept = Saved::new();
    let mut good = answer(200, &[], cbor::bytes(&challenge));
    for (name, value) in headers {
        good.headers.append(name, HeaderValue::from_static(value));
    }
    let decision = dialect.read(Operation::Challenge, &good, &mut kept);
    assert!(matches!(decision, Decision::Accepted { .. }), "{decision:?}");
    let expected = [(CHALLENGE_TEXT, "-_8"), ("reference", "+/8="), ("place", "here")];
    assert_eq!(kept, saved(&expected));

    let read =
        |body: Vec<u8>| dialect.read(Operation::Assert, &answer(200, &[], body), &mut Saved::new());
    let accepted = cbor::bytes(&cbor_of(&serde_json::json!({ "ok": true, "counter": 7 })));
    let outputs = saved(&[("counter", "7")]).into_iter().collect();
    assert_eq!(read(accepted), Decision::Accepted { outputs });
    assert_eq!(read(b"never: a bad nonce".to_vec()), rejected(Some("a bad nonce")));
    assert_eq!(read(b"please slow down".to_vec()), Decision::Throttled { retry_after: None });
    assert!(matches!(read(b"no:".to_vec()), Decision::Unreadable { .. }), "no reason to be found");
    assert!(matches!(read(b"maybe".to_vec()), Decision::Unreadable { .. }));
    let stale = answer(200, &[("x-state", "stale")], cbor::bytes(&challenge));
    let decision = dialect.read(Operation::Challenge, &stale, &mut Saved::new());
    assert!(matches!(decision, Decision::Unreadable { .. }), "{decision:?}");
}

#[test]
fn a_challenge_of_bytes_that_no_encoding_is_given_for_says_so() {
    let text = VAULT.replace("\"b64url_nopad\"", "\"raw\"");
    let dialect = Dialect::new(&TargetFile::parse(&text, "v.toml", &|_| None).unwrap()).unwrap();
    let value = ciborium::Value::Array(vec![ciborium::Value::Map(vec![(
        ciborium::Value::Text("challenge".to_owned()),
        ciborium::Value::Bytes(vec![0xff]),
    )])]);
    let answer = answer(200, &[("x-state", "fresh")], cbor::bytes(&value));
    let decision = dialect.read(Operation::Challenge, &answer, &mut Saved::new());
    let Decision::Unreadable { why } = decision else { panic!("{decision:?}") };
    assert!(why.contains("conventions.challenge"), "{why}");
}
