//! Logins and cookies, with a real server on a loopback address.

use axum::Json;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{any, post};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use targets::{Decision, Exchange, Facts, HttpTarget, Operation, Saved, Target, TargetFile};
use tokio::net::TcpListener;

/// What a server saw of each request besides the login: path, cookies and authorization.
type Seen = Arc<Mutex<Vec<(String, String, String)>>>;

#[derive(Clone, Default)]
struct Shop {
    logins: Arc<AtomicU64>,
    seen: Seen,
}

/// Logs in whoever knows the password: a token in the body, and cookies of every kind.
async fn login(State(shop): State<Shop>, Json(body): Json<Value>) -> Response {
    if body["password"] != "hunter2-hunter2" {
        let words = json!({ "error": "wrong password", "sent": body["password"] });
        return (StatusCode::UNAUTHORIZED, Json(words)).into_response();
    }
    let number = shop.logins.fetch_add(1, Ordering::Relaxed);
    let cookies = AppendHeaders([
        (header::SET_COOKIE, format!("sid=session-{number}-of-user; Path=/; HttpOnly")),
        (header::SET_COOKIE, "deep=only-for-orders; Path=/v1/orders".to_owned()),
        (header::SET_COOKIE, "alien=for-another-host; Path=/; Domain=example.org".to_owned()),
        (header::SET_COOKIE, "gone=expired-at-once; Path=/; Max-Age=0".to_owned()),
    ]);
    (cookies, Json(json!({ "access_token": format!("token-{number}-of-user") }))).into_response()
}

async fn profile(headers: HeaderMap) -> Response {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    (StatusCode::OK, Json(json!({ "tenant": "north-region", "token": token }))).into_response()
}

/// Says back what it was sent, as careless servers do.
async fn other(State(shop): State<Shop>, request: Request) -> Response {
    let of = |name: header::HeaderName| {
        let value = request.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    };
    let (cookies, authorization) = (of(header::COOKIE), of(header::AUTHORIZATION));
    let path = request.uri().path().to_owned();
    let said = json!({ "challenge": "abc", "accepted": true, "debug": [&cookies, &authorization] });
    shop.seen.lock().unwrap().push((path, cookies, authorization));
    Json(said).into_response()
}

async fn served() -> (String, Shop) {
    let shop = Shop::default();
    let router = Router::new()
        .route("/login", post(login))
        .route("/profile", post(profile))
        .fallback(any(other))
        .with_state(shop.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, shop)
}

const SESSION: &str = r#"
[secrets]
password = { env = "PASSWORD" }

[session]
cookies = "per-account"

[[session.setup]]
request = { method = "POST", path = "/login", json = { user = "${account}", password = "${secret.password}" } }
save = { token = "json:/access_token" }
then_headers = { authorization = "Bearer ${token}" }

[[session.setup]]
request = { method = "POST", path = "/profile" }
save = { tenant = "json:/tenant" }

[step.challenge]"#;

fn file(url: &str, password: &str, cookies: &str) -> TargetFile {
    let text = TargetFile::reference_text(url, Duration::from_mins(1), None)
        .replacen("[step.challenge]", SESSION, 1)
        .replace("per-account", cookies)
        .replace("path = \"/v1/challenge\"", "path = \"/v1/challenge/${tenant}\"");
    TargetFile::parse(&text, "shop.toml", &|_| Some(password.to_owned())).unwrap()
}

async fn send(target: &HttpTarget, operation: Operation, saved: &mut Saved) -> Exchange {
    let mut facts = Facts::new("alice", "r1");
    facts.key_id = Some(vec![1].into());
    facts.assertion = Some(vec![2].into());
    target.perform(operation, &facts, saved).await.unwrap()
}

/// Logs in completely.
async fn logged_in(target: &HttpTarget) -> Saved {
    let mut saved = Saved::new();
    for done in 1..=2 {
        let exchange = send(target, Operation::Login, &mut saved).await;
        assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
        assert_eq!(saved.session().logins(), done);
    }
    saved
}

#[tokio::test]
async fn a_login_gives_later_requests_their_headers_values_and_cookies() {
    let (url, shop) = served().await;
    let target =
        HttpTarget::open(&file(&url, "hunter2-hunter2", "per-account"), false).await.unwrap();
    let mut saved = logged_in(&target).await;
    send(&target, Operation::Challenge, &mut saved).await;
    send(&target, Operation::Assert, &mut saved).await;
    let seen = shop.seen.lock().unwrap().clone();
    let [challenge, order] = seen.as_slice() else { panic!("{seen:?}") };
    let row = |path: &str, cookies: &str| {
        (path.to_owned(), cookies.to_owned(), "Bearer token-0-of-user".to_owned())
    };
    assert_eq!(*challenge, row("/v1/challenge/north-region", "sid=session-0-of-user"));
    assert_eq!(*order, row("/v1/orders", "deep=only-for-orders; sid=session-0-of-user"));
}

#[tokio::test]
async fn what_a_session_is_made_of_is_said_back_masked() {
    let (url, _shop) = served().await;
    let target =
        HttpTarget::open(&file(&url, "hunter2-hunter2", "per-account"), false).await.unwrap();
    let mut saved = Saved::new();
    for operation in [Operation::Login, Operation::Login, Operation::Challenge, Operation::Assert] {
        let exchange = send(&target, operation, &mut saved).await;
        let told = format!("{exchange:?} {:?}", saved.session());
        for secret in ["hunter2", "token-0", "session-0", "only-for", "north-region"] {
            assert!(!told.contains(secret), "`{secret}` is shown: {told}");
        }
        assert!(exchange.excerpt.contains("[secret]"), "{exchange:?}");
    }
}

#[tokio::test]
async fn a_refused_login_is_a_decision_and_leaves_nothing() {
    let (url, _shop) = served().await;
    let target =
        HttpTarget::open(&file(&url, "wrong-password", "per-account"), false).await.unwrap();
    let mut saved = Saved::new();
    let exchange = send(&target, Operation::Login, &mut saved).await;
    // The judge's rules read what `ok` does not; this answer says nothing that they know.
    assert!(matches!(exchange.decision, Decision::Unreadable { .. }), "{exchange:?}");
    assert_eq!(exchange.status, Some(401));
    assert!(!exchange.excerpt.contains("wrong-password"), "{exchange:?}");
    assert_eq!(saved, Saved::new());
}

#[tokio::test]
async fn cookies_are_shared_as_far_as_the_file_says() {
    for (policy, expected) in [
        ("none", ["", ""]),
        ("per-account", ["sid=session-0-of-user", "sid=session-1-of-user"]),
        // One jar for all: the later login's cookie has taken the place of the first.
        ("shared", ["sid=session-1-of-user", "sid=session-1-of-user"]),
    ] {
        let (url, shop) = served().await;
        let target = HttpTarget::open(&file(&url, "hunter2-hunter2", policy), false).await.unwrap();
        let mut sessions = [logged_in(&target).await, logged_in(&target).await];
        for saved in &mut sessions {
            send(&target, Operation::Challenge, saved).await;
        }
        let seen = shop.seen.lock().unwrap().clone();
        let cookies: Vec<&str> = seen.iter().map(|(_, cookies, _)| cookies.as_str()).collect();
        assert_eq!(cookies, expected, "{policy}");
    }
}
