//! What a file says about the object in it: from its JSON members, or from the command line.

use crate::args::{Expect, ObjectKind, VerifyArgs};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use protocol::terms::{AppId, Environment, KeyId};
use protocol::verify::ClientDataConvention;
use serde::Deserialize;

/// An object with everything that is needed to verify it, as far as it was said.
#[derive(Debug, Clone)]
pub(crate) struct Stated {
    pub(crate) kind: StatedKind,
    pub(crate) object: Vec<u8>,
    pub(crate) app_id: Option<AppId>,
    pub(crate) environment: Option<Environment>,
    pub(crate) key_id: Option<KeyId>,
    pub(crate) public_key: Option<Vec<u8>>,
    pub(crate) client_data_hash: Option<Vec<u8>>,
    pub(crate) stored_counter: u32,
    pub(crate) at: Option<jiff::Timestamp>,
    pub(crate) expect: Option<Expect>,
}

/// Kinds of objects; authenticator data has no signature and can only be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatedKind {
    Attestation,
    Assertion,
    Receipt,
    /// Authenticator data of an attestation in the object; of an assertion in `second`.
    AuthenticatorData,
}

/// The members of a fixture that matter here; others are comments.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    kind: Option<String>,
    app_id: Option<String>,
    key_id: Option<String>,
    environment: Option<String>,
    client_data: Option<String>,
    client_data_hash: Option<String>,
    public_key_x962: Option<String>,
    previous_counter: Option<u32>,
    verify_at: Option<String>,
    expected: Option<String>,
    verified: Option<serde_json::Value>,
    attestation_object: Option<String>,
    attestation: Option<String>,
    assertion: Option<String>,
    receipt: Option<String>,
    attestation_auth_data: Option<String>,
}

/// Reads one file: JSON, raw bytes or base64. The error says what is wrong with it.
pub(crate) fn read(bytes: &[u8], args: &VerifyArgs) -> Result<Stated, String> {
    let text = std::str::from_utf8(bytes).map(str::trim).ok();
    match text {
        Some(text) if text.starts_with('{') => from_json(text, args),
        _ => from_object(bytes, text, args),
    }
}

fn from_json(text: &str, args: &VerifyArgs) -> Result<Stated, String> {
    let json: Json = serde_json::from_str(text)
        .map_err(|error| format!("not the JSON of a fixture: {error}"))?;
    let member = |name: &str, value: &Option<String>| {
        value.as_deref().map(|text| base64_of(name, text)).transpose()
    };
    let (kind, object) = if let Some(object) =
        member("attestationObject", &json.attestation_object)?
            .or(member("attestation", &json.attestation)?)
    {
        (StatedKind::Attestation, object)
    } else if let Some(object) = member("assertion", &json.assertion)? {
        (StatedKind::Assertion, object)
    } else if let Some(object) = member("receipt", &json.receipt)? {
        (StatedKind::Receipt, object)
    } else if let Some(object) = member("attestationAuthData", &json.attestation_auth_data)? {
        (StatedKind::AuthenticatorData, object)
    } else {
        return Err(format!(
            "no object in it: expected a member attestationObject, assertion or receipt{}",
            json.kind.map(|kind| format!(" (kind is `{kind}`)")).unwrap_or_default()
        ));
    };
    let mut stated = from_args(kind, object, args)?;
    if stated.app_id.is_none() {
        stated.app_id = json.app_id.as_deref().map(app_id).transpose()?;
    }
    if stated.environment.is_none() {
        stated.environment = json.environment.as_deref().map(str::parse).transpose()?;
    }
    if stated.key_id.is_none() {
        stated.key_id = json.key_id.as_deref().map(key_id).transpose()?;
    }
    if stated.public_key.is_none() {
        stated.public_key = member("publicKeyX962", &json.public_key_x962)?;
    }
    if stated.client_data_hash.is_none() {
        stated.client_data_hash = match member("clientDataHash", &json.client_data_hash)? {
            Some(hash) => Some(hash),
            None => member("clientData", &json.client_data)?
                .map(|data| ClientDataConvention::Sha256.hash(&data)),
        };
    }
    if let Some(counter) = json.previous_counter {
        stated.stored_counter = counter;
    }
    if stated.at.is_none() {
        stated.at = json
            .verify_at
            .as_deref()
            .map(|at| at.parse().map_err(|error| format!("verifyAt `{at}`: {error}")))
            .transpose()?;
    }
    if stated.expect.is_none() {
        stated.expect = expectation(json.expected.as_deref(), json.verified.as_ref());
    }
    Ok(stated)
}

/// `expected: "accept …"` or `"reject …"`; failing that `verified`, true throughout or not.
fn expectation(expected: Option<&str>, verified: Option<&serde_json::Value>) -> Option<Expect> {
    match expected {
        Some(text) if text.starts_with("accept") => return Some(Expect::Accept),
        Some(text) if text.starts_with("reject") => return Some(Expect::Reject),
        Some(_) | None => {}
    }
    let holds = match verified? {
        serde_json::Value::Bool(holds) => *holds,
        serde_json::Value::Object(checks) => checks.values().all(|check| check == true),
        _ => return None,
    };
    Some(if holds { Expect::Accept } else { Expect::Reject })
}

fn from_object(bytes: &[u8], text: Option<&str>, args: &VerifyArgs) -> Result<Stated, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    // Objects are never printable text, so whatever is text can only be an encoding of one.
    let object = match text {
        Some(text) => base64_of("the file", text)?,
        None => bytes.to_vec(),
    };
    let kind = match args.kind {
        Some(ObjectKind::Attestation) => StatedKind::Attestation,
        Some(ObjectKind::Assertion) => StatedKind::Assertion,
        Some(ObjectKind::Receipt) => StatedKind::Receipt,
        None => kind_by_first_bytes(&object)
            .ok_or("cannot tell what kind of object it is; say --kind")?,
    };
    from_args(kind, object, args)
}

/// A CBOR map of three or two, or a DER/BER sequence.
fn kind_by_first_bytes(object: &[u8]) -> Option<StatedKind> {
    match object.first()? {
        0xa3 => Some(StatedKind::Attestation),
        0xa2 => Some(StatedKind::Assertion),
        0x30 => Some(StatedKind::Receipt),
        _ => None,
    }
}

fn from_args(kind: StatedKind, object: Vec<u8>, args: &VerifyArgs) -> Result<Stated, String> {
    let client_data_hash = match (&args.client_data, &args.client_data_file, &args.client_data_hash)
    {
        (Some(text), _, _) => Some(ClientDataConvention::Sha256.hash(text.as_bytes())),
        (None, Some(path), _) => {
            let data = std::fs::read(path)
                .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Some(ClientDataConvention::Sha256.hash(&data))
        }
        (None, None, Some(hash)) => Some(base64_of("--client-data-hash", hash)?),
        (None, None, None) => None,
    };
    Ok(Stated {
        kind,
        object,
        app_id: args.app_id.as_deref().map(app_id).transpose()?,
        environment: args.environment,
        key_id: args.key_id.as_deref().map(key_id).transpose()?,
        public_key: args
            .public_key
            .as_deref()
            .map(|text| base64_of("--public-key", text))
            .transpose()?,
        client_data_hash,
        stored_counter: args.counter,
        at: args.at,
        expect: args.expect,
    })
}

fn app_id(text: &str) -> Result<AppId, String> {
    AppId::parse(text).map_err(|error| error.to_string())
}

fn key_id(text: &str) -> Result<KeyId, String> {
    KeyId::from_base64(text)
        .ok_or_else(|| format!("`{text}` is no key id: expected 44 characters of standard base64"))
}

/// Any of the four alphabets people paste; line breaks and spaces do not matter.
fn base64_of(what: &str, text: &str) -> Result<Vec<u8>, String> {
    let text: String = text.split_whitespace().collect();
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| alphabet.decode(&text).ok())
        .ok_or_else(|| format!("{what} is neither binary nor base64"))
}
