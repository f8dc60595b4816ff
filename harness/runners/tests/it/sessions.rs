//! Cases against a server whose users must log in first.

use crate::conformance::{clock, file, json, plan, reference};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use catalogue::{Case, builtin, select};
use protocol::terms::Environment;
use protocol::verify::Rule;
use record::{CaseObserved, Event, EventKind, Verdict};
use runners::StopFlag;
use runners::conformance::{Keep, Plan, run};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use targets::{InProcess, TargetFile};

/// Who is logged in, by cookie: account and token.
#[derive(Clone, Default)]
pub(crate) struct Door(Arc<Mutex<BTreeMap<String, (String, String)>>>);

impl Door {
    pub(crate) fn accounts(&self) -> Vec<String> {
        self.0.lock().unwrap().values().map(|(account, _)| account.clone()).collect()
    }

    /// A server that is reached through this door only.
    pub(crate) fn before(self, server: Router) -> Router {
        Router::new()
            .route("/login", post(login))
            .with_state(self.clone())
            .fallback_service(server)
            .layer(middleware::from_fn_with_state(self, guard))
    }
}

async fn login(State(door): State<Door>, body: String) -> Response {
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    if body["password"] != "open-sesame" {
        return json(StatusCode::UNAUTHORIZED, r#"{"accepted":false,"rule":"who are you"}"#);
    }
    let mut sessions = door.0.lock().unwrap();
    let (cookie, token) =
        (format!("cookie-{}", sessions.len()), format!("token-{}", sessions.len()));
    let account = body["user"].as_str().unwrap().to_owned();
    sessions.insert(cookie.clone(), (account, token.clone()));
    let body = format!(r#"{{"token":"{token}"}}"#);
    ([(header::SET_COOKIE, format!("sid={cookie}; Path=/"))], body).into_response()
}

/// Lets only those in who are logged in, and only for themselves; says their secrets back.
async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    if request.uri().path() == "/login" {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let cookie = header(header::COOKIE).unwrap_or_default().replace("sid=", "");
    let bearer = header(header::AUTHORIZATION).unwrap_or_default().replace("Bearer ", "");
    let session = door.0.lock().unwrap().get(&cookie).cloned();
    let Some((account, token)) = session else {
        return json(StatusCode::UNAUTHORIZED, r#"{"accepted":false,"rule":"no session"}"#);
    };
    let named = header(header::HeaderName::from_static("x-account"));
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let named = named.or_else(|| {
        let json: serde_json::Value = serde_json::from_slice(&body).ok()?;
        Some(json["account"].as_str()?.to_owned())
    });
    if token != bearer || named.is_some_and(|named| named != account) {
        return json(StatusCode::FORBIDDEN, r#"{"accepted":false,"rule":"another's session"}"#);
    }
    let response = next.run(Request::from_parts(parts, Body::from(body))).await;
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let said = String::from_utf8_lossy(&body).replacen(
        '{',
        &format!("{{\"debug\":\"{cookie} {token}\","),
        1,
    );
    (parts.status, said).into_response()
}

const SESSION: &str = r#"
[secrets]
password = { env = "PASSWORD" }

[session]
cookies = "per-account"
account = "user+${n}@example.org"

[[session.setup]]
request = { method = "POST", path = "/login", json = { user = "${account}", password = "${secret.password}" } }
save = { token = "json:/token" }
then_headers = { authorization = "Bearer ${token}" }

[step.challenge]"#;

pub(crate) fn session_file(password: &str, cookies: &str) -> TargetFile {
    let text = TargetFile::reference_text("http://127.0.0.1:1", crate::conformance::LIFETIME, None)
        .replacen("[step.challenge]", SESSION, 1)
        .replace("per-account", cookies);
    let parsed = TargetFile::parse(&text, "shop.toml", &|_| Some(password.to_owned())).unwrap();
    TargetFile { policy: file(Environment::Production).policy, ..parsed }
}

async fn events(plan: &Plan, file: &TargetFile, left_out: Option<Rule>) -> (Vec<Event>, Door) {
    let door = Door::default();
    let inner = reference(plan, Environment::Production, left_out).router().clone();
    let target = InProcess::new(file, door.clone().before(inner)).unwrap();
    let mut events = Vec::new();
    run(plan, &target, &mut events, &StopFlag::default()).await;
    (events, door)
}

fn cases(patterns: &[&str]) -> Vec<Case> {
    let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    let cases = select(builtin().unwrap(), &patterns);
    assert!(!cases.is_empty());
    cases
}

fn verdicts(events: &[Event]) -> Vec<(String, Verdict)> {
    let finished = events.iter().filter_map(|event| match &event.kind {
        EventKind::CaseFinished(finished) => Some((finished.id.clone(), finished.verdict.clone())),
        _ => None,
    });
    finished.collect()
}

#[tokio::test(start_paused = true)]
async fn a_server_behind_a_login_is_judged_like_any_other() {
    for cookies in ["per-account", "per-device"] {
        let plan =
            plan(cases(&["nonce.*", "counter.*", "registration.*", "challenge.*"]), &clock());
        let (events, door) = events(&plan, &session_file("open-sesame", cookies), None).await;
        let verdicts = verdicts(&events);
        for (id, verdict) in &verdicts {
            let fine = matches!(verdict, Verdict::Pass | Verdict::NotApplicable { .. });
            assert!(fine, "{cookies}: {id}: {verdict:?}");
        }
        assert!(verdicts.iter().filter(|(_, verdict)| *verdict == Verdict::Pass).count() > 20);
        let mut accounts = door.accounts();
        let logins = accounts.len();
        accounts.sort();
        accounts.dedup();
        assert!(accounts[0].starts_with("user+") && accounts[0].ends_with("@example.org"));
        // Each account logs in once, unless each device of an account does.
        assert_eq!(accounts.len() == logins, cookies == "per-account");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_login_is_what_became_of_the_case() {
    let plan = plan(cases(&["nonce.other-challenge"]), &clock());
    let (events, door) = events(&plan, &session_file("guess", "per-account"), None).await;
    assert!(door.accounts().is_empty());
    let observed: Vec<&CaseObserved> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::CaseObserved(observed) => Some(observed.as_ref()),
            _ => None,
        })
        .collect();
    let turns = &observed[0].attempts[0].turns;
    assert_eq!(turns.len(), 1, "{turns:?}");
    assert_eq!(turns[0].what, "login 1 of 1 (before step 1)");
    let verdicts = verdicts(&events);
    let [(_, Verdict::Inconclusive { why })] = verdicts.as_slice() else {
        panic!("a login that is refused says nothing of the case: {verdicts:?}");
    };
    assert!(why.contains("login 1 of 1") && why.contains("who are you"), "{why}");
}

#[tokio::test(start_paused = true)]
async fn nothing_that_is_recorded_shows_what_a_session_is_made_of() {
    let mut plan = plan(cases(&["nonce.other-challenge", "counter.*"]), &clock());
    plan.evidence = Keep::Everything;
    let file = session_file("open-sesame", "per-account");
    let (events, door) = events(&plan, &file, Some(Rule::Nonce)).await;
    assert!(!door.accounts().is_empty());
    let record: String = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let bodies: String = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Evidence(evidence) => Some(evidence),
            _ => None,
        })
        .flat_map(|evidence| &evidence.requests)
        .map(|request| {
            use base64::Engine;
            let body = base64::engine::general_purpose::STANDARD.decode(&request.body).unwrap();
            String::from_utf8_lossy(&body).into_owned()
        })
        .collect();
    for secret in ["open-sesame", "cookie-", "token-"] {
        assert!(!record.contains(secret), "the record shows `{secret}`");
        assert!(!bodies.contains(secret), "a body shows `{secret}`");
    }
    assert!(record.contains("sid=${secret.cookie.sid}"), "the evidence names what it leaves out");
    assert!(record.contains("Bearer ${secret.session.token}"));
    assert!(bodies.contains("${secret.password}"));
    assert!(record.contains("[secret]"), "excerpts are masked");
}
