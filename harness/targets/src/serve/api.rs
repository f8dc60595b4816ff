//! The handlers: each reads its request, asks the relying party, and answers.

use super::client_data::ClientData;
use super::refusal::No;
use super::{Shared, body};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, HOST, HeaderName};
use axum::http::{HeaderMap, StatusCode, Uri};
use protocol::flaw::Habit;
use protocol::relying_party::{Enrolment, ProtectedRequest, Purpose, Refusal, stated_counter};
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hash, Hasher};

/// What caches may do with an answer.
type Caching = [(HeaderName, &'static str); 1];

#[derive(Deserialize)]
pub(super) struct ChallengeRequest {
    account: String,
    purpose: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChallengeAnswer {
    challenge: String,
    expires_in: f64,
}

pub(super) async fn challenge(
    State(shared): State<Shared>,
    sent: Body,
) -> Result<(Caching, Json<ChallengeAnswer>), No> {
    let flaws = shared.flaws();
    let uncaught = |no: No| no.unless_uncaught(flaws, Habit::BodyUncaught);
    let request: ChallengeRequest = body::json(sent).await.map_err(uncaught)?;
    let account = body::account(&request.account)?;
    let purpose: Purpose = request.purpose.parse().map_err(No::malformed)?;
    let entropy = shared
        .entropy(account, purpose)
        .map_err(|error| No::plain(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let now = shared.now();
    let challenge = shared
        .party()
        .issue_challenge(account, purpose, entropy, now)
        .map_err(|refusal| No::refused(refusal, StatusCode::FORBIDDEN))?;
    let expires_in = challenge.expires.duration_since(now).as_secs_f64();
    let caching = if flaws.has(Habit::ChallengeCached) { "max-age=60" } else { "no-store" };
    let answer = ChallengeAnswer { challenge: challenge.text, expires_in };
    Ok(([(CACHE_CONTROL, caching)], Json(answer)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestRequest {
    account: String,
    key_id: String,
    challenge: String,
    attestation: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AttestAnswer {
    accepted: bool,
    key_id: String,
    counter: u32,
    environment: &'static str,
}

pub(super) async fn attest(
    State(shared): State<Shared>,
    sent: Body,
) -> Result<Json<AttestAnswer>, No> {
    let flaws = shared.flaws();
    let uncaught = |no: No| no.unless_uncaught(flaws, Habit::BodyUncaught);
    let request: AttestRequest = body::json(sent).await.map_err(uncaught)?;
    let undecoded = |no: No| no.unless_uncaught(flaws, Habit::BodyBase64Uncaught);
    let attestation = body::base64(&request.attestation, "attestation").map_err(undecoded)?;
    let enrolment = Enrolment {
        key_id: body::key_id(&request.key_id).map_err(undecoded)?,
        challenge: &request.challenge,
        attestation: &attestation,
    };
    let enrol = async {
        let now = shared.now();
        let account = &request.account;
        let pending = shared.party().begin_attest(account, &enrolment, now)?;
        shared.window().await;
        let proven = pending.verify(&attestation, now)?;
        shared.party().finish_attest(proven)
    };
    body::account(&request.account)?;
    let enrolled =
        enrol.await.map_err(|refusal: Refusal| No::refused(refusal, StatusCode::FORBIDDEN))?;
    Ok(Json(AttestAnswer {
        accepted: true,
        key_id: enrolled.key_id.to_base64(),
        counter: enrolled.counter,
        environment: enrolled.environment.as_str(),
    }))
}

#[derive(Serialize)]
pub(super) struct OrderAnswer {
    accepted: bool,
    counter: u32,
}

pub(super) async fn order(
    State(shared): State<Shared>,
    uri: Uri,
    headers: HeaderMap,
    sent: Body,
) -> Result<Json<OrderAnswer>, No> {
    // What counts is signed; parameters of the path are not.
    if uri.query().is_some() {
        return Err(No::malformed("an order takes no parameters in its path"));
    }
    let account = body::account(body::header(&headers, "x-account")?)?;
    let undecoded = |no: No| no.unless_uncaught(shared.flaws(), Habit::BodyBase64Uncaught);
    let key_id = body::header(&headers, "x-app-attest-key-id")?;
    let key_id = body::key_id(key_id).map_err(undecoded)?;
    let assertion = body::header(&headers, "x-app-attest-assertion")?;
    let assertion = body::base64(assertion, "assertion").map_err(undecoded)?;
    let client_data = body::read(sent).await?;
    let client_data = ClientData::read(&client_data, shared.flaws())?;
    let request = ProtectedRequest {
        key_id,
        client_data: &client_data.hashed,
        assertion: &assertion,
        challenge: client_data.challenge.as_deref(),
    };
    if !shared.store_answers().await {
        return Ok(Json(OrderAnswer { accepted: true, counter: stated_counter(&assertion) }));
    }
    let assert = async {
        let mut pending = shared.party().begin_assert(account, &request, shared.now())?;
        shared.party().at_node(node(&headers), &mut pending);
        shared.window().await;
        shared.party().after_the_wait(&mut pending);
        let proven = pending.verify(&assertion)?;
        shared.party().finish_assert(&proven)
    };
    let accepted =
        assert.await.map_err(|refusal: Refusal| No::refused(refusal, StatusCode::UNAUTHORIZED))?;
    Ok(Json(OrderAnswer { accepted: true, counter: accepted.counter }))
}

/// A number for the name that a request was sent to.
fn node(headers: &HeaderMap) -> u64 {
    let mut hasher = DefaultHasher::new();
    headers.get(HOST).hash(&mut hasher);
    hasher.finish()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RevokeRequest {
    account: String,
    key_id: String,
}

#[derive(Serialize)]
pub(super) struct RevokeAnswer {
    accepted: bool,
}

pub(super) async fn revoke(
    State(shared): State<Shared>,
    sent: Body,
) -> Result<Json<RevokeAnswer>, No> {
    let request: RevokeRequest = body::json(sent).await?;
    let key_id = body::key_id(&request.key_id)?;
    let account = body::account(&request.account)?;
    shared
        .party()
        .revoke(account, key_id)
        .map_err(|refusal| No::refused(refusal, StatusCode::FORBIDDEN))?;
    Ok(Json(RevokeAnswer { accepted: true }))
}

#[derive(Serialize)]
pub(super) struct Health {
    ready: bool,
}

pub(super) async fn healthz() -> Json<Health> {
    Json(Health { ready: true })
}

pub(super) async fn unknown_path() -> No {
    No::plain(StatusCode::NOT_FOUND, "no such path")
}

pub(super) async fn wrong_method() -> No {
    No::plain(StatusCode::METHOD_NOT_ALLOWED, "this path knows another method")
}
