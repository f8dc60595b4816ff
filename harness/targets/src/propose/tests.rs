use super::*;
use crate::TargetFile;
use crate::facts::Operation;
use crate::file::Body;

const SHOP: &str = include_str!("../../tests/it/propose/shop.yaml");

fn proposed(text: &str, name: &str) -> Proposal {
    propose(&Input { text, name, kind: None, app_id: None }).unwrap()
}

fn failed(text: &str) -> String {
    propose(&Input { text, name: "in", kind: None, app_id: None }).unwrap_err().to_string()
}

/// The target file that a proposal is, whatever variables it names.
fn parsed(proposal: &Proposal) -> TargetFile {
    assert!(proposal.complete, "{:?}", proposal.remarks);
    TargetFile::parse(&proposal.text, "proposed.toml", &|_| Some("from-the-environment".to_owned()))
        .unwrap_or_else(|error| panic!("{error}\n{}", proposal.text))
}

/// Every text that must and must not be in a proposal.
fn holds(proposal: &Proposal, wanted: &[&str], unwanted: &[&str]) {
    for text in wanted {
        assert!(proposal.text.contains(text), "no `{text}` in\n{}", proposal.text);
    }
    for text in unwanted {
        assert!(!proposal.text.contains(text), "`{text}` in\n{}", proposal.text);
    }
}

#[test]
fn an_openapi_document_becomes_a_file_that_parses() {
    let proposal = proposed(SHOP, "shop.yaml");
    let file = parsed(&proposal);
    assert_eq!(file.name, "corner-shop");
    assert_eq!(file.nodes[0].as_str(), "http://127.0.0.1:8080/api");
    assert_eq!(file.steps.len(), 4, "{}", proposal.text);
    assert_eq!(file.steps[&Operation::Challenge].ok.map(|ok| ok.from), Some(201));
    assert!(proposal.text.starts_with("#:schema "));
    holds(
        &proposal,
        &[
            // Schemas are joined by `allOf`, references followed, and words of the server's kept.
            "usage = \"${'attestation' if purpose == 'attest' else 'assertion'}\"",
            "save = { challenge_text = \"json:/challenge\", challenge_id = \"json:/challengeId\" }",
            "challengeId = \"${challenge_id}\"",
            "device = { model = \"iPhone17,1\", beta = false }",
            "x-shop-customer-id = \"${account}\"",
            "x-request-id = \"${uuid}\"",
            "assert = { challenge = \"${challenge_text}\", item = \"book\", quantity = 1 }",
            "key_id = \"b64url_nopad\"   # as its description says",
            "challenge = \"b64url_nopad\"   # as its description says",
            "challenge_ttl = \"90s\"   # `/expiresIn` of the answer to challenge",
            "reason = \"json:/error/code?\"",
            "counter = \"json:/signCount?\"",
            "x-api-key = \"${secret.api_key}\"",
            "api_key = { env = \"CORNER_SHOP_API_KEY\" }",
            "from paths./v2/device/keys.post",
            "path = \"/v2/device/keys/${key_id}\"",
            "# ? `/quantity` which value does the server want here? 1 is made up",
        ],
        &["nickname", "previous"],
    );
    assert_eq!(proposal.questions, proposal.text.matches("\n# ? ").count());
}

#[test]
fn yaml_and_json_say_the_same() {
    let json: serde_json::Value = serde_saphyr::from_str(SHOP).unwrap();
    let from_json = proposed(&json.to_string(), "shop");
    assert_eq!(from_json, proposed(SHOP, "shop"));
}

#[test]
fn a_route_that_is_not_there_is_asked_for_and_not_made_up() {
    let text = SHOP.replace("X-App-Attest-Assertion", "X-Something");
    let proposal = proposed(&text, "shop.yaml");
    assert!(!proposal.complete);
    holds(
        &proposal,
        &[
            "# ? Which request is protected by an assertion?",
            "#     POST /v2/orders (paths./v2/orders.post)",
            "# [step.assert]",
        ],
        &["\n[step.assert]"],
    );
    assert!(proposal.remarks.contains(&"assert: not found".to_owned()), "{:?}", proposal.remarks);
}

#[test]
fn other_requests_that_could_be_meant_are_named() {
    let second = SHOP.replace(
        "components:\n",
        "  /v2/refunds:\n    post:\n      parameters:\n        - { name: X-Assertion, in: header, schema: { type: string } }\n      responses: { 200: { description: ok } }\ncomponents:\n",
    );
    let proposal = proposed(&second, "shop.yaml");
    holds(&proposal, &["# ? Or is it another one? POST /v2/refunds (paths./v2/refunds.post)"], &[]);
    parsed(&proposal);
}

#[test]
fn a_route_for_each_purpose_becomes_one() {
    let text = r#"{"openapi":"3.0.0","paths":{
        "/attest/challenge":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"properties":{"nonce":{"type":"string"}}}}}}}}},
        "/assertion/challenge":{"get":{"responses":{"200":{"content":{"application/json":{"schema":{"properties":{"nonce":{"type":"string"}}}}}}}}},
        "/attest":{"post":{"requestBody":{"content":{"multipart/form-data":{"schema":{"properties":{"keyId":{},"attestation":{}}}}}}}},
        "/pay":{"post":{"requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"properties":{
            "key_id":{},"assertion":{},"client_data":{"type":"string","format":"byte"}}}}}}}}}}"#;
    let proposal = proposed(text, "two.json");
    parsed(&proposal);
    holds(
        &proposal,
        &[
            "path = \"/${'attest' if purpose == 'attest' else 'assertion'}/challenge\"",
            "multipart = { keyId = \"${key_id}\", attestation = \"${attestation}\" }",
            "form = { key_id = \"${key_id}\", assertion = \"${assertion}\", client_data = \"${client_data|b64}\" }",
            "save = { challenge_text = \"json:/nonce\" }",
        ],
        &[],
    );
}

#[test]
fn what_is_wrong_with_a_text_is_said_with_its_place() {
    for (text, words) in [
        ("", vec!["in: neither an OpenAPI document", "--openapi"]),
        ("hello", vec!["--curl"]),
        ("{\"a\": 1}", vec!["neither `openapi`", "nor `log`"]),
        ("{\n  \"log\": }", vec!["in:2:10:"]),
        ("openapi: 3.0.0\npaths:\n  a: [\n", vec!["in:3:6:"]),
        ("openapi: 3.0.0\npaths: 1\n a: b", vec!["in:3:"]),
        ("openapi: 3.0.0\ninfo: {}\ninfo: {}", vec!["in:3:1:", "info"]),
        ("openapi: 2.9.0", vec!["3.0 or 3.1", "2.9.0"]),
        ("swagger: '2.0'", vec!["Swagger 2.0", "convert"]),
        ("openapi: 3.0.0", vec!["no request"]),
        ("{\"log\": {}}", vec!["no request"]),
        ("{\"log\": {\"entries\": [{}]}}", vec!["in:1:", "request"]),
    ] {
        let said = failed(text);
        for word in words {
            assert!(said.contains(word), "no `{word}` in `{said}`");
        }
    }
}

#[test]
fn hostile_documents_end_soon_and_write_nothing_of_their_own() {
    let mut bomb = "openapi: 3.0.0\na0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for n in 1..12 {
        let inner = format!("*a{},", n - 1).repeat(9);
        bomb.extend([format!("a{n}: &a{n} [{inner}]\n")]);
    }
    assert!(failed(&bomb).contains("budget"), "{}", failed(&bomb));
    assert!(!failed(&format!("openapi: 3.0.0\na: {}", "[".repeat(100_000))).is_empty());
    assert!(!failed(&format!("{{\"openapi\":{}", "[".repeat(100_000))).is_empty());

    // References that lead to themselves, and schemas that hold themselves many times over.
    let cycle = r##"{"openapi":"3.1.0","paths":{"/attest":{"post":{"requestBody":{"$ref":"#/a"},
        "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/s"}}}}}}}},
        "a":{"$ref":"#/b"},"b":{"$ref":"#/a"},
        "s":{"properties":{"one":{"$ref":"#/s"},"two":{"allOf":[{"$ref":"#/s"},{"$ref":"#/t"}]}}},
        "t":{"allOf":[{"$ref":"#/t"},{"$ref":"#/s"}],"properties":{"x":{"items":{"$ref":"#/t"}}}}}"##;
    let proposal = proposed(cycle, "cycle.json");
    assert!(!proposal.complete);
    assert!(
        proposal.remarks.iter().any(|one| one.contains("never ends")),
        "{:?}",
        proposal.remarks
    );

    // Names and titles are other people's: none may end a comment or a text, or move a terminal.
    let evil = "x\\n[judge]\\u001b[31m\\\"'${uuid}\\u202e";
    let text = format!(
        r#"{{"openapi":"3.0.0","info":{{"title":"{evil}"}},"paths":{{
        "/challenge/{evil}":{{"post":{{"operationId":"{evil}"}}}},
        "/attest":{{"post":{{"requestBody":{{"content":{{"application/json":{{"schema":{{"properties":{{
            "attestation":{{}},"{evil}":{{"example":"{evil}"}}}}}}}}}}}}}}}},
        "/pay":{{"post":{{"parameters":[{{"in":"header","name":"x-assertion"}},{{"in":"header","name":"{evil}"}}]}}}}}}}}"#
    );
    let proposal = proposed(&text, "evil.json");
    let file = parsed(&proposal);
    let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    for text in proposal.remarks.iter().chain([&proposal.text]) {
        let comments = text.lines().filter(|line| line.starts_with('#') || !line.contains('='));
        assert!(!comments.into_iter().any(|line| line.contains(hostile)), "{text:?}");
    }
    let Body::Json(json) = &file.steps[&Operation::Attest].request.body else { panic!("JSON") };
    assert!(json.to_string().contains("${'${'}uuid}"), "what looks like a template is none");
}

/// What a person kept while trying an API out: one login and three requests.
const LINES: &str = r#"
# the token comes from a password manager
curl https://shop.example.test/v1/challenge -H "Authorization: Bearer $SHOP_TOKEN" \
  --json '{"username":"ann","purpose":"attest"}'
curl 'https://shop.example.test/v1/attest' -X POST -H "Authorization: Bearer $SHOP_TOKEN" \
  -H 'Content-Type: application/json' -H 'X-Tenant: blue' -b 'sid=3f9a77c01be24d55' \
  --data-raw '{"username":"ann","key_id":"+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=","attestation_object":"…"}'
curl 'https://shop.example.test/v1/pay?api_key=hunter2hunter2' -H "Authorization: Bearer $SHOP_TOKEN" \
  -d 'client_data={"challenge":"c","amount":5}' -d assertion=YQ -d 'note=hunter2hunter2 again'
"#;

#[test]
fn commands_become_a_file_without_their_secrets() {
    let proposal = proposed(LINES, "lines.sh");
    let file = parsed(&proposal);
    assert_eq!(file.nodes[0].as_str(), "https://shop.example.test/");
    holds(
        &proposal,
        &[
            "name = \"shop-example-test\"",
            "# ? Is this the server to be tested?",
            // A variable of the shell is one of the target file's.
            "authorization = { env = \"SHOP_TOKEN\" }",
            "authorization = \"Bearer ${secret.authorization}\"",
            "api_key = { env = \"SHOP_EXAMPLE_TEST_API_KEY\" }",
            "cookie = \"sid=${secret.sid}\"",
            "x-tenant = \"blue\"",
            "key_id = \"b64\"   # as the value seen is written",
            "purpose = \"${purpose}\"",
            "# ? Where in the answer is the challenge? no answer was seen",
            "client_data = \"${client_data}\"",
            "assert = { challenge = \"${challenge_text}\", amount = 5 }",
            "POST /v1/attest, from line 5",
        ],
        &["hunter2", "3f9a77c01be24d55", "SHOP_TOKEN\"   ", "+/v7"],
    );
}

/// A recording of somebody who logs in and asks for a challenge; `with` is added to each request.
fn recorded_login(cookie: bool) -> String {
    let post = |path: &str, body: serde_json::Value, answer: serde_json::Value| {
        let login = path == "/login";
        let token =
            serde_json::json!({ "name": "Authorization", "value": "Bearer tok-0123456789" });
        let sid = serde_json::json!({ "name": "Cookie", "value": "theme=dark; sid=s-0123456789" });
        let set = serde_json::json!({ "name": "Set-Cookie", "value": "sid=s-0123456789; Path=/" });
        let headers = if login {
            vec![]
        } else if cookie {
            vec![sid]
        } else {
            vec![token]
        };
        serde_json::json!({
            "request": { "method": "POST", "url": format!("http://127.0.0.1:9{path}"), "headers": headers,
                "postData": { "mimeType": "application/json", "text": body.to_string() } },
            "response": { "status": 200, "headers": if login && cookie { vec![set] } else { vec![] },
                "content": { "text": answer.to_string() } },
        })
    };
    let token = if cookie {
        serde_json::json!({})
    } else {
        serde_json::json!({ "access_token": "tok-0123456789" })
    };
    let entries = serde_json::json!([
        post("/login", serde_json::json!({ "user": "ann", "password": "opensesame" }), token),
        post(
            "/challenge",
            serde_json::json!({ "for": "attest" }),
            serde_json::json!({ "challenge": "c-1" })
        ),
        post(
            "/attest",
            serde_json::json!({ "keyId": "k", "attestation": "a", "challenge": "c-1" }),
            serde_json::json!({})
        ),
        post(
            "/challenge",
            serde_json::json!({ "for": "assert" }),
            serde_json::json!({ "challenge": "c-2" })
        ),
        post(
            "/order",
            serde_json::json!({ "keyId": "k", "assertion": "a", "clientData": "{\"challenge\":\"c-2\"}" }),
            serde_json::json!({})
        ),
    ]);
    serde_json::json!({ "log": { "entries": entries } }).to_string()
}

#[test]
fn a_login_becomes_a_session_and_its_token_no_secret() {
    let proposal = proposed(&recorded_login(false), "traffic.har");
    let file = parsed(&proposal);
    assert_eq!(file.session.setup.len(), 1);
    holds(
        &proposal,
        &[
            "json = { user = \"${account}\", password = \"${secret.password}\" }",
            "password = { env = \"MY_SERVER_PASSWORD\" }",
            "save = { access_token = \"json:/access_token\" }",
            "then_headers = { authorization = \"Bearer ${access_token}\" }",
        ],
        &["tok-0123456789", "opensesame", "cookies = ", "[headers]"],
    );
}

#[test]
fn a_cookie_that_an_answer_set_is_kept_and_another_is_a_secret() {
    let proposal = proposed(&recorded_login(true), "traffic.har");
    let file = parsed(&proposal);
    assert_eq!(file.session.cookies, crate::file::CookiePolicy::PerAccount);
    holds(
        &proposal,
        &[
            "cookies = \"per-account\"   # `sid` is set by POST /login (log.entries[0])",
            "cookie = \"theme=${secret.theme}\"",
            // The words before the attestation and before the assertion tell the purpose.
            "for = \"${purpose}\"",
            "clientData = \"${client_data}\"",
        ],
        &["s-0123456789", "opensesame"],
    );
}
