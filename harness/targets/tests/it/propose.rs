//! What a recording of a real conversation proves, and that the proposed file holds one.

use axum::Router;
use axum::body::{Body, to_bytes};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party::{self, Purpose};
use protocol::terms::{AppId, Environment, sha256};
use protocol::verify::{Policy, TrustAnchor};
use serde_json::{Value, json};
use simulator::{Authority, Device, Generation, Seed};
use std::sync::Arc;
use std::time::Duration;
use targets::encoding::Encoding;
use targets::file::Challenge;
use targets::propose::{Input, Proposal, propose};
use targets::serve::{self, Settings, Shared};
use targets::{Answer, Decision, Dialect, Facts, Operation, Saved, TargetFile, WireRequest};
use tower::ServiceExt;

const APP_ID: &str = "TEAM012345.org.example.recorded";

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn authority() -> Authority {
    Authority::new(&Seed::from_text("propose"), now())
}

fn device(name: &str) -> Device {
    let app_id = AppId::parse(APP_ID).unwrap();
    Device::new(&Seed::from_text(name), Generation::Ios27, app_id, Environment::Development)
}

/// The reference server, for another app and environment than its example file names.
fn server() -> Router {
    let settings = Settings {
        relying_party: relying_party::Settings {
            policy: Policy::new(AppId::parse(APP_ID).unwrap(), Environment::Development),
            trust_anchor: TrustAnchor::from_der(authority().root_der()).unwrap(),
            receipt_trust_anchor: None,
            challenge_lifetime: SignedDuration::from_mins(2),
            max_challenges: 100,
            max_keys: 100,
            flaws: Flaws::NONE,
        },
        clock: Arc::new(now),
        entropy: serve::system_entropy(),
    };
    serve::router(Shared::new(settings))
}

/// A browser between a dialect and a server that writes down what it sees.
struct Recorder {
    router: Router,
    dialect: Dialect,
    saved: Saved,
    entries: Vec<Value>,
    last: Option<WireRequest>,
}

impl Recorder {
    fn new(file: &TargetFile) -> Self {
        let dialect = Dialect::new(file).unwrap();
        Self { router: server(), dialect, saved: Saved::new(), entries: Vec::new(), last: None }
    }

    async fn send(&mut self, operation: Operation, facts: &Facts) -> Decision {
        let wire = self.dialect.request(operation, facts, &self.saved).unwrap();
        let answer = self.exchange(wire).await;
        self.dialect.read(operation, &answer, &mut self.saved)
    }

    async fn exchange(&mut self, wire: WireRequest) -> Answer {
        let mut request = http::Request::builder().method(wire.method.clone()).uri(wire.url.path());
        *request.headers_mut().unwrap() = wire.headers.clone();
        let request = request.body(Body::from(wire.body.clone())).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let pairs = |headers: &http::HeaderMap| -> Vec<Value> {
            let pair = |(name, value): (&http::HeaderName, &http::HeaderValue)| json!({ "name": name.as_str(), "value": value.to_str().unwrap() });
            headers.iter().map(pair).collect()
        };
        let mut sent = pairs(&wire.headers);
        // What browsers and the people in front of them add.
        sent.push(json!({ "name": "User-Agent", "value": "Mozilla/5.0" }));
        sent.push(
            json!({ "name": "Authorization", "value": "Bearer eyJhbGciOiJub25lIn0.e30.secret" }),
        );
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        self.last = Some(wire.clone());
        self.entries.push(json!({
            "startedDateTime": "2026-11-23T12:00:00.000Z", "time": 3,
            "request": {
                "method": wire.method.as_str(), "url": wire.url.as_str(), "httpVersion": "HTTP/2",
                "headers": sent, "queryString": [], "cookies": [],
                "postData": { "mimeType": "application/json", "text": text(&wire.body) },
            },
            "response": {
                "status": parts.status.as_u16(), "headers": pairs(&parts.headers), "cookies": [],
                "content": { "mimeType": "application/json", "text": text(&body) },
            },
        }));
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    /// What the browser saves.
    fn har(&self) -> String {
        let page = json!({
            "request": { "method": "GET", "url": "http://127.0.0.1:8080/app.js", "headers": [] },
            "response": { "status": 200, "content": { "text": "let challenge" } },
        });
        let entries: Vec<&Value> = std::iter::once(&page).chain(&self.entries).collect();
        format!("{:#}", json!({ "log": { "version": "1.2", "entries": entries } }))
    }

    /// One enrolment and one order, honest both.
    async fn conversation(&mut self, device: &mut Device, account: &str) {
        let mut facts = Facts::new(account, "r1");
        facts.key_id = Some(device.key_id().into());
        for purpose in [Purpose::Attest, Purpose::Assert] {
            facts.purpose = purpose;
            let given = self.send(Operation::Challenge, &facts).await;
            assert!(matches!(given, Decision::Accepted { .. }), "{given:?}");
            let operation = if purpose == Purpose::Attest {
                let text = self.dialect.challenge(&self.saved).unwrap();
                let hash = self.dialect.attest_client_data_hash(text).unwrap();
                facts.attestation = Some(device.attest(&authority(), &hash, now()).into());
                Operation::Attest
            } else {
                let data = self.dialect.client_data(&facts, &self.saved).unwrap();
                facts.assertion = Some(device.assert(&sha256(&[&data])).into());
                facts.client_data = Some(data);
                Operation::Assert
            };
            let decision = self.send(operation, &facts).await;
            assert!(matches!(decision, Decision::Accepted { .. }), "{decision:?}");
        }
    }
}

fn proposed(text: &str) -> Proposal {
    propose(&Input { text, name: "traffic.har", kind: None, app_id: None }).unwrap()
}

fn parsed(proposal: &Proposal) -> TargetFile {
    TargetFile::parse(&proposal.text, "proposed.toml", &|_| Some("value".to_owned()))
        .unwrap_or_else(|error| panic!("{error}\n{}", proposal.text))
}

#[tokio::test]
async fn a_recorded_conversation_becomes_a_file_that_holds_the_next_one() {
    let reference = TargetFile::reference("http://127.0.0.1:8080", Duration::from_mins(1)).unwrap();
    let mut recorder = Recorder::new(&reference);
    // Somebody tries a second time what is refused then: the refusal is seen too.
    recorder.conversation(&mut device("first"), "ann").await;
    let again = recorder.last.clone().unwrap();
    recorder.exchange(again).await;

    let har = recorder.har();
    // The recording beside this file was written so.
    if let Ok(path) = std::env::var("ASSAY_RECORD_HAR") {
        std::fs::write(path, &har).unwrap();
    }
    let proposal = proposed(&har);
    assert!(proposal.complete, "{:?}", proposal.remarks);
    let file = parsed(&proposal);
    assert_eq!(file.app_id.as_str(), APP_ID, "the attestation says whose app it was");
    assert_eq!(file.environment, Environment::Development);
    assert_eq!(file.conventions, reference.conventions);
    assert_eq!(file.policy.challenge_ttl, Some(Duration::from_mins(2)));
    for secret in ["eyJ", "Mozilla"] {
        assert!(!proposal.text.contains(secret), "{}", proposal.text);
    }
    for proven in [
        "# the nonce of the recorded attestation proves it",
        "# the recorded assertion signs the whole body",
        "`json:/challenge` of the answer is the challenge: the recorded attestation answers it",
        "reason = \"json:/rule?\"",
    ] {
        assert!(proposal.text.contains(proven), "no `{proven}` in\n{}", proposal.text);
    }

    let mut next = Recorder::new(&file);
    next.conversation(&mut device("next"), "bob").await;
}

/// A recording of a server whose conventions are others.
fn foreign(convention: Challenge, encoding: Encoding) -> String {
    let mut device = device("foreign");
    let written = |bytes: &[u8]| encoding.encode(bytes).unwrap();
    let bytes = sha256(&[b"a challenge"]);
    let challenge = written(&bytes);
    let hash = match convention {
        Challenge::Sha256OfText => sha256(&[challenge.as_bytes()]).to_vec(),
        Challenge::Sha256OfBytes => sha256(&[&bytes]).to_vec(),
        Challenge::Text => challenge.as_bytes().to_vec(),
        Challenge::Bytes => bytes.to_vec(),
    };
    let attestation = device.attest(&authority(), &hash, now());
    let data = json!({ "amount": 7, "nonce": challenge }).to_string();
    let assertion = device.assert(&sha256(&[data.as_bytes()]));
    let key_id = device.key_id().0;
    let post = |path: &str, body: Value, answer: Value| {
        json!({
            "request": { "method": "POST", "url": format!("http://localhost:9{path}"),
                "postData": { "mimeType": "application/json", "text": body.to_string() } },
            "response": { "status": 200, "content": { "text": answer.to_string() } },
        })
    };
    let entries = json!([
        post(
            "/hello",
            json!({ "who": "ann" }),
            json!({ "a": "b", "c": { "d": challenge }, "ticket": "t-4711" })
        ),
        post(
            "/enter",
            json!({ "k": written(&key_id), "o": written(&attestation), "t": "t-4711" }),
            json!({ "ok": true })
        ),
        post(
            "/do",
            json!({ "k": written(&key_id), "p": written(&assertion), "x": written(data.as_bytes()) }),
            json!({ "ok": true })
        ),
    ]);
    json!({ "log": { "entries": entries } }).to_string()
}

#[test]
fn conventions_are_proven_by_the_objects_whatever_members_are_called() {
    for convention in Challenge::ALL {
        for encoding in [Encoding::B64, Encoding::B64UrlNoPad, Encoding::Hex] {
            let proposal = proposed(&foreign(convention, encoding));
            // The first request is called nothing like a challenge: it is asked for, and the proof is told.
            let place = format!("{convention:?} in {encoding:?}:\n{}", proposal.text);
            let name = encoding.as_str();
            for line in [
                format!("attest_client_data_hash = \"{}\"   # the nonce", convention.as_str()),
                format!("key_id = \"{name}\"   # as the value seen"),
                format!("attestation = \"{name}\"   # as the value seen"),
                format!("assertion = \"{name}\"   # as the value seen"),
                "k = \"${key_id}\", o = \"${attestation}\"".to_owned(),
                "t = \"${ticket}\"".to_owned(),
                format!("x = \"${{client_data|{name}}}\""),
                "assert = { amount = 7, nonce = \"${challenge_text}\" }".to_owned(),
                "save = { challenge_text = \"json:/c/d\", ticket = \"json:/ticket\" }".to_owned(),
            ] {
                assert!(proposal.text.contains(&line), "no `{line}` for {place}");
            }
            assert!(proposal.complete, "{place}");
            parsed(&proposal);
        }
    }
}
