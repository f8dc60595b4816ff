//! The reference relying party over HTTP/1.1 and HTTP/2, in clear.
//!
//! It says why it refuses, which a server in earnest should tell its log and not its clients.

mod api;
mod body;
mod client_data;
mod connection;
mod null;
mod refusal;

pub use connection::{serve, serve_router};
pub use null::null_router;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{any, get, post};
use jiff::Timestamp;
use protocol::flaw::{Flaws, Habit};
use protocol::relying_party::{self, Purpose, RelyingParty};
use refusal::No;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// The API, in words.
pub const API: &str = "\
API (JSON; binary values in standard base64; bodies up to 256 KiB):
  POST /v1/challenge  {account, purpose: \"attest\" | \"assert\"}
                      -> {challenge, expiresIn}            expiresIn in seconds
  POST /v1/attest     {account, keyId, challenge, attestation}
                      -> {accepted: true, keyId, counter, environment}
  POST /v1/orders     a sample protected request; the body is the client data, hashed exactly
                      as received, a JSON object with the member `challenge`
                      headers: x-account, x-app-attest-key-id, x-app-attest-assertion
                      -> {accepted: true, counter}
  POST /v1/revoke     {account, keyId} -> {accepted: true}
  GET  /healthz       -> {ready: true}
  The client data hash of an attestation is SHA-256 of the challenge's text. A challenge is good
  for one attempt, by the account and for the purpose it was issued to. Enrolling a key again
  with its own account renews its receipt and keeps its counter.
  Refusals are {accepted: false, rule, reason}, with status 401 for a protected request, 403 for
  an enrolment, 409 for a key of another account; 400 if the request itself cannot be read, 413
  if it is too large, 415 if it says that it is no JSON in UTF-8, 503 if a store is full.";

/// How long a racy server dawdles: longer than requests sent together take to arrive.
const WINDOW: Duration = Duration::from_millis(100);

/// How long the store of a server that fails open takes for one request, one after the other.
const STORE_TIME: Duration = Duration::from_millis(20);
/// How long such a server waits for it.
const STORE_PATIENCE: Duration = Duration::from_millis(500);

/// Where a server takes the time from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where a server takes the 32 bytes of a challenge from, given the account that asks and what for.
pub type Entropy = Arc<dyn Fn(&str, Purpose) -> io::Result<[u8; 32]> + Send + Sync>;

/// What the reference server is started with.
#[derive(Clone)]
pub struct Settings {
    /// What it holds its clients to.
    pub relying_party: relying_party::Settings,
    /// Its clock; [`system_clock`] in earnest, another in tests.
    pub clock: Clock,
    /// Its randomness; [`system_entropy`] in earnest, a seeded one where runs must repeat.
    pub entropy: Entropy,
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("relying_party", &self.relying_party)
            .finish_non_exhaustive()
    }
}

/// The machine's own clock.
pub fn system_clock() -> Clock {
    Arc::new(Timestamp::now)
}

/// The operating system's randomness.
pub fn system_entropy() -> Entropy {
    Arc::new(|_, _| {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(bytes)
    })
}

/// The state behind a router: one relying party, locked for as long as it looks something up.
#[derive(Clone)]
pub struct Shared(Arc<Server>);

struct Server {
    party: Mutex<RelyingParty>,
    clock: Clock,
    entropy: Entropy,
    flaws: Flaws,
    /// The store that a planted flaw waits for.
    store: Semaphore,
}

impl Shared {
    /// A server that remembers nothing yet.
    pub fn new(settings: Settings) -> Self {
        let flaws = settings.relying_party.flaws.clone();
        let party = Mutex::new(RelyingParty::new(settings.relying_party));
        let Settings { clock, entropy, .. } = settings;
        Self(Arc::new(Server { party, clock, entropy, flaws, store: Semaphore::new(1) }))
    }

    /// The relying party, for as long as the guard is held. Never verify under it.
    fn party(&self) -> MutexGuard<'_, RelyingParty> {
        // Every step of the machine either happens or does not, so a panic elsewhere leaves it whole.
        self.0.party.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is planted in it; nothing in earnest.
    fn flaws(&self) -> &Flaws {
        &self.0.flaws
    }

    /// The time between looking and acting in a server with a racy flaw; the reference has none.
    async fn window(&self) {
        if self.0.flaws.has_window() {
            tokio::time::sleep(WINDOW).await;
        }
    }

    /// Whether the store answers in time; that of the reference always does, at once.
    async fn store_answers(&self) -> bool {
        if !self.0.flaws.has(Habit::StoreFailsOpen) {
            return true;
        }
        let answer = async {
            let _turn = self.0.store.acquire().await;
            tokio::time::sleep(STORE_TIME).await;
        };
        tokio::time::timeout(STORE_PATIENCE, answer).await.is_ok()
    }

    fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    fn entropy(&self, account: &str, purpose: Purpose) -> io::Result<[u8; 32]> {
        (self.0.entropy)(account, purpose)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The routes.
pub fn router(shared: Shared) -> Router {
    let any_method = shared.flaws().has(Habit::BodyAnyMethod);
    Router::new()
        .route("/v1/challenge", post(api::challenge))
        .route("/v1/attest", if any_method { any(api::attest) } else { post(api::attest) })
        .route("/v1/orders", post(api::order))
        .route("/v1/revoke", post(api::revoke))
        .route("/healthz", get(api::healthz))
        .fallback(api::unknown_path)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(middleware::from_fn_with_state(shared.clone(), only_json))
        .layer(middleware::map_response(do_not_store))
        .with_state(shared)
}

/// A page of another origin may send forms and plain text with its user's cookies, but not JSON.
async fn only_json(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, No> {
    let flaws = shared.flaws();
    let any_charset = flaws.has(Habit::BodyAnyCharset);
    if !body::is_json(request.headers(), any_charset) && !flaws.has(Habit::BodyAnyMediaType) {
        return Err(No::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE, "bodies are JSON in UTF-8"));
    }
    let request = if any_charset { body::in_utf8(request).await? } else { request };
    Ok(next.run(request).await)
}

/// No answer of this API is good twice.
async fn do_not_store(mut response: Response) -> Response {
    let caching = response.headers_mut().entry(header::CACHE_CONTROL);
    caching.or_insert(HeaderValue::from_static("no-store"));
    response
}
