//! What a request asks for, read as the reference server reads it.

use super::message::PurposeName;
use crate::dialect::WireRequest;
use crate::encoding::Encoding;
use crate::facts::Operation;
use protocol::relying_party::Purpose;
use protocol::terms::KeyId;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Request {
    Challenge { account: String, purpose: Purpose },
    Attest { account: String, key_id: KeyId, challenge: String, attestation: Vec<u8> },
    Assert(Protected),
    Revoke { account: String, key_id: KeyId },
}

/// A protected request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Protected {
    pub(super) account: String,
    pub(super) key_id: KeyId,
    pub(super) assertion: Vec<u8>,
    pub(super) client_data: Vec<u8>,
    pub(super) challenge: Option<String>,
}

#[derive(Deserialize)]
struct ChallengeBody {
    account: String,
    purpose: PurposeName,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttestBody {
    account: String,
    key_id: String,
    challenge: String,
    attestation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RevokeBody {
    account: String,
    key_id: String,
}

#[derive(Deserialize)]
struct Embedded {
    challenge: String,
}

/// Reads a request; the error says why nobody could.
pub(super) fn read(operation: Operation, wire: WireRequest) -> Result<Request, String> {
    Ok(match operation {
        Operation::Challenge => {
            let ChallengeBody { account, purpose } = object(&wire.body)?;
            let purpose = match purpose {
                PurposeName::Attest => Purpose::Attest,
                PurposeName::Assert => Purpose::Assert,
            };
            Request::Challenge { account, purpose }
        }
        Operation::Attest => {
            let AttestBody { account, key_id, challenge, attestation } = object(&wire.body)?;
            let (key_id, attestation) = (named(&key_id)?, bytes(&attestation)?);
            Request::Attest { account, key_id, challenge, attestation }
        }
        Operation::Assert => {
            let embedded: Result<Embedded, String> = object(&wire.body);
            Request::Assert(Protected {
                account: header(&wire, "x-account")?.to_owned(),
                key_id: named(header(&wire, "x-app-attest-key-id")?)?,
                assertion: bytes(header(&wire, "x-app-attest-assertion")?)?,
                challenge: embedded.ok().map(|embedded| embedded.challenge),
                client_data: wire.body,
            })
        }
        Operation::Revoke => {
            let RevokeBody { account, key_id } = object(&wire.body)?;
            Request::Revoke { account, key_id: named(&key_id)? }
        }
        Operation::Logout | Operation::Restart | Operation::Reset | Operation::Login => {
            return Err(format!("an adapter has no `{}`", operation.as_str()));
        }
    })
}

fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err("the body is no JSON object".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| format!("the body cannot be read: {error}"))
}

fn header<'w>(wire: &'w WireRequest, name: &str) -> Result<&'w str, String> {
    let mut values = wire.headers.get_all(name).iter();
    match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
        (Some(value), None) => Ok(value),
        _ => Err(format!("header {name} is not there once")),
    }
}

fn named(text: &str) -> Result<KeyId, String> {
    KeyId::from_base64(text).ok_or_else(|| "the key id is not 32 bytes in base64".to_owned())
}

fn bytes(text: &str) -> Result<Vec<u8>, String> {
    Encoding::B64.decode(text).ok_or_else(|| "an object is not in base64".to_owned())
}
