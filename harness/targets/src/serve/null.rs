//! A server that says yes to everything at once and checks nothing: what a measurement against it
//! shows is the generator and the way to a server.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::routing::{get, post};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Headers and body of an answer.
type Answer<B> = ([(HeaderName, &'static str); 2], B);

const HEADERS: [(HeaderName, &str); 2] =
    [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];

/// The reference server's routes, with answers that are right for every honest request. Lies are
/// accepted as well, so it is for load without any.
pub fn null_router() -> Router {
    Router::new()
        .route("/v1/challenge", post(challenge))
        .route("/v1/attest", post(accept))
        .route("/v1/orders", post(accept))
        .route("/v1/revoke", post(accept))
        .route("/healthz", get(ready))
        .with_state(Arc::new(AtomicU64::new(0)))
}

/// A challenge that was never given before: its number, as 32 bytes are written in base64.
async fn challenge(State(given): State<Arc<AtomicU64>>, _sent: Bytes) -> Answer<String> {
    let number = given.fetch_add(1, Ordering::Relaxed);
    // 43 characters stand for 32 bytes if the last leaves no bits over, which 0 does.
    (HEADERS, format!(r#"{{"challenge":"{number:042}0","expiresIn":300}}"#))
}

async fn accept(_sent: Bytes) -> Answer<&'static str> {
    (HEADERS, r#"{"accepted":true}"#)
}

async fn ready() -> Answer<&'static str> {
    (HEADERS, r#"{"ready":true}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::Request;
    use http_body_util::BodyExt;
    use std::collections::BTreeSet;
    use tower::ServiceExt;

    async fn answer(router: &Router, path: &str) -> String {
        let request = Request::post(path).body(Body::from("{}")).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    #[tokio::test]
    async fn every_challenge_is_new_and_stands_for_32_bytes() {
        let router = null_router();
        let mut given = BTreeSet::new();
        for _ in 0..20 {
            let text = answer(&router, "/v1/challenge").await;
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            let challenge = json["challenge"].as_str().unwrap().to_owned();
            let encoding = crate::TargetFile::reference(
                "http://127.0.0.1:1",
                std::time::Duration::from_mins(5),
            )
            .unwrap()
            .conventions
            .challenge;
            assert_eq!(encoding.decode(&challenge).unwrap().len(), 32, "{challenge}");
            given.insert(challenge);
        }
        assert_eq!(given.len(), 20);
    }

    #[tokio::test]
    async fn everything_else_is_accepted() {
        for path in ["/v1/attest", "/v1/orders", "/v1/revoke"] {
            assert_eq!(answer(&null_router(), path).await, r#"{"accepted":true}"#);
        }
    }
}
