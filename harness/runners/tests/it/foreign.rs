//! A server with habits of its own, as those that people write.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::terms::{AppId, Environment, KeyId};
use protocol::verify::{
    AllowedCategories, AssertionRequest, AttestationRequest, Policy, ReceiptRequest, TrustAnchor,
    Unverified, verify_assertion, verify_attestation, verify_receipt,
};
use runners::conversation::Clock;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use targets::encoding::Encoding;
use targets::file::Challenge;

/// How the server does things.
#[derive(Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a habit, and they go together as one likes"
)]
pub(crate) struct Habits {
    pub(crate) app_id: AppId,
    pub(crate) environment: Environment,
    pub(crate) root: Vec<u8>,
    /// Receipts are verified under this root, if one is given.
    pub(crate) receipt_root: Option<Vec<u8>>,
    pub(crate) clock: Clock,
    pub(crate) ahead: SignedDuration,
    pub(crate) hash: Challenge,
    pub(crate) challenge: Encoding,
    pub(crate) challenge_bytes: usize,
    pub(crate) constant_challenge: bool,
    pub(crate) key_id: Encoding,
    /// As the key id is written in a protected request.
    pub(crate) assert_key_id: Encoding,
    pub(crate) attestation: Encoding,
    pub(crate) assertion: Encoding,
    pub(crate) category_required: bool,
    pub(crate) client_data: ClientData,
    pub(crate) answers: Answers,
    pub(crate) verifies: bool,
    pub(crate) remembers: bool,
    /// Challenges after which it throttles, and for how many.
    pub(crate) throttles: Option<(u64, u64)>,
}

/// What is hashed for an assertion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientData {
    /// The body.
    Body,
    /// The challenge in it alone.
    ChallengeOfBody,
}

/// How the server says yes and no.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// By status, with a word of its own for each thing.
    Words,
    /// By status and nothing else.
    Curt,
    /// Always with status 200, and a flag in the body.
    Flag,
}

struct Server {
    habits: Habits,
    state: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    drawn: u64,
    asked: u64,
    challenges: Vec<String>,
    keys: BTreeMap<Vec<u8>, ([u8; 65], u32)>,
}

type Refused = (StatusCode, String);

/// The server as a router.
pub(crate) fn router(habits: Habits) -> Router {
    let server = Arc::new(Server { habits, state: Mutex::default() });
    Router::new()
        .route("/challenge", post(challenge))
        .route("/enrol", post(enrol))
        .route("/order", post(order))
        .with_state(server)
}

async fn challenge(State(server): State<Arc<Server>>) -> Response {
    let habits = &server.habits;
    let mut memory = server.state.lock().unwrap();
    memory.asked += 1;
    if habits
        .throttles
        .is_some_and(|(after, so_many)| memory.asked > after && memory.asked <= after + so_many)
    {
        let wait = (header::RETRY_AFTER, "2");
        return (StatusCode::TOO_MANY_REQUESTS, [wait], "slower").into_response();
    }
    memory.drawn += u64::from(!habits.constant_challenge);
    let bytes = Sha256::digest(memory.drawn.to_be_bytes());
    let text = habits.challenge.encode(&bytes[..habits.challenge_bytes]).unwrap();
    memory.challenges.push(text.clone());
    answer(habits, StatusCode::OK, json!({ "id": memory.drawn, "nonce": text }))
}

async fn enrol(State(server): State<Arc<Server>>, body: String) -> Response {
    done(&server, server.attest(&body))
}

async fn order(State(server): State<Arc<Server>>, headers: HeaderMap, body: String) -> Response {
    done(&server, server.assert(&headers, &body))
}

fn done(server: &Server, outcome: Result<u32, Refused>) -> Response {
    let habits = &server.habits;
    match (outcome, habits.answers) {
        (Ok(counter), _) => {
            answer(habits, StatusCode::OK, json!({ "ok": true, "counter": counter }))
        }
        (Err((_, why)), Answers::Flag) => {
            answer(habits, StatusCode::OK, json!({ "ok": false, "error": why }))
        }
        (Err((status, why)), Answers::Words) => answer(habits, status, json!({ "error": why })),
        (Err(_), Answers::Curt) => answer(habits, StatusCode::FORBIDDEN, json!({ "error": "no" })),
    }
}

fn answer(habits: &Habits, status: StatusCode, body: Value) -> Response {
    let now = (habits.clock)() + habits.ahead;
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&now);
    (status, [(header::DATE, date.unwrap())], axum::Json(body)).into_response()
}

fn refused<T>(status: u16, why: &str) -> Result<T, Refused> {
    Err((StatusCode::from_u16(status).unwrap(), why.to_owned()))
}

/// The words of this server for what the reference found.
fn words(unverified: &Unverified) -> String {
    match unverified {
        Unverified::Broken(rejection) => format!("E-{}", rejection.rule.id().replace('.', "-")),
        Unverified::Failed(flaw) => (*flaw).to_owned(),
    }
}

impl Server {
    fn now(&self) -> Timestamp {
        (self.habits.clock)() + self.habits.ahead
    }

    fn policy(&self) -> Policy {
        let habits = &self.habits;
        let mut policy = Policy::new(habits.app_id.clone(), habits.environment);
        if habits.category_required {
            policy.categories =
                AllowedCategories::Listed { categories: vec![4], absent_allowed: false };
        }
        policy
    }

    fn spend(&self, challenge: &str) -> Result<(), Refused> {
        if !self.habits.remembers {
            return Ok(());
        }
        let mut memory = self.state.lock().unwrap();
        match memory.challenges.iter().position(|one| one == challenge) {
            Some(place) => {
                memory.challenges.swap_remove(place);
                Ok(())
            }
            None => refused(409, "unknown challenge"),
        }
    }

    fn attest(&self, body: &str) -> Result<u32, Refused> {
        let habits = &self.habits;
        if !habits.verifies {
            return Ok(0);
        }
        let body: Value =
            serde_json::from_str(body).or_else(|_| refused(400, "the body is no JSON"))?;
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let challenge = text("challenge");
        self.spend(&challenge)?;
        let key_id = habits.key_id.decode(&text("key"));
        let key_id: [u8; 32] = key_id
            .and_then(|bytes| bytes.try_into().ok())
            .map_or_else(|| refused(400, "the key cannot be decoded"), Ok)?;
        let object = habits.attestation.decode(&text("attestation"));
        let object = object.map_or_else(|| refused(400, "the object cannot be decoded"), Ok)?;
        let bytes = habits.challenge.decode(&challenge).unwrap_or_default();
        let hash = match habits.hash {
            Challenge::Sha256OfText => Sha256::digest(&challenge).to_vec(),
            Challenge::Sha256OfBytes => Sha256::digest(bytes).to_vec(),
            Challenge::Text => challenge.into_bytes(),
            Challenge::Bytes => bytes,
        };
        let request =
            AttestationRequest { object: &object, key_id: KeyId(key_id), client_data_hash: &hash };
        let anchor = TrustAnchor::from_der(&habits.root).unwrap();
        let (policy, now) = (self.policy(), self.now());
        let verified = verify_attestation(&request, &anchor, &policy, now, &Flaws::NONE)
            .or_else(|why| refused(403, &words(&why)))?;
        let public_key = verified.public_key.unwrap();
        if let Some(root) = &habits.receipt_root {
            let receipt = verified.receipt.unwrap_or_default();
            let request = ReceiptRequest {
                receipt: &receipt,
                public_key: Some(&public_key),
                client_data_hash: Some(&hash),
            };
            let anchor = TrustAnchor::from_der(root).unwrap();
            verify_receipt(&request, &anchor, &policy, now, &Flaws::NONE)
                .or_else(|why| refused(403, &words(&why)))?;
        }
        self.state.lock().unwrap().keys.insert(key_id.to_vec(), (public_key, 0));
        Ok(0)
    }

    fn assert(&self, headers: &HeaderMap, body: &str) -> Result<u32, Refused> {
        let habits = &self.habits;
        if !habits.verifies {
            return Ok(1);
        }
        let header = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let sent: Value =
            serde_json::from_str(body).or_else(|_| refused(400, "the body is no JSON"))?;
        let challenge = sent["challenge"].as_str().unwrap_or_default();
        self.spend(challenge)?;
        let key_id = habits.assert_key_id.decode(&header("x-key")).unwrap_or_default();
        let known = self.state.lock().unwrap().keys.get(&key_id).copied();
        let (public_key, stored_counter) = known.map_or_else(|| refused(404, "unknown key"), Ok)?;
        let assertion = habits.assertion.decode(&header("x-assertion"));
        let assertion =
            assertion.map_or_else(|| refused(400, "the assertion cannot be decoded"), Ok)?;
        let hash = match habits.client_data {
            ClientData::Body => Sha256::digest(body),
            ClientData::ChallengeOfBody => Sha256::digest(challenge),
        };
        let request = AssertionRequest {
            assertion: &assertion,
            client_data_hash: &hash,
            public_key: &public_key,
            stored_counter,
        };
        let verified = verify_assertion(&request, &self.policy(), &Flaws::NONE)
            .or_else(|why| refused(401, &words(&why)))?;
        if habits.remembers {
            let mut memory = self.state.lock().unwrap();
            memory.keys.insert(key_id, (public_key, verified.counter));
        }
        Ok(verified.counter)
    }
}
