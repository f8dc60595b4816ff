//! What the harness and an adapter say to each other: the words of the protocol.

use super::Base64;
use super::caps::Hello;
use super::trouble::Trouble;
use crate::dialect::printable;
use protocol::relying_party::Purpose;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// A line from the harness to an adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Message {
    /// Tells this operation from all others; the answer repeats it.
    pub id: String,
    /// The operation.
    #[serde(flatten)]
    pub ask: Ask,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Ask {
    /// The first line: who asks. The answer says what the adapter can do.
    Hello {
        /// The version of the protocol.
        proto: u32,
        /// Name and version of the harness.
        harness: String,
    },
    /// What holds for everything that follows; sent after `hello`, and again after a restart.
    Configure(Configuration),
    /// Verify an attestation.
    VerifyAttestation(AttestationAsked),
    /// Verify an assertion.
    VerifyAssertion(AssertionAsked),
    /// Forget every challenge and key (relying parties only).
    Reset,
    /// Issue a challenge (relying parties only).
    Challenge {
        /// The user who asks.
        account: String,
        /// What for: `attest` or `assert`.
        purpose: PurposeName,
    },
    /// Enrol a key (relying parties only).
    Attest(EnrolmentAsked),
    /// Accept or refuse a protected request (relying parties only).
    Assert(RequestAsked),
    /// Give a key up (relying parties only).
    Revoke {
        /// The user whose key it is.
        account: String,
        /// The key id.
        key_id: Base64,
    },
}

impl Ask {
    /// The name of the operation.
    pub fn op(&self) -> &'static str {
        match self {
            Self::Hello { .. } => "hello",
            Self::Configure(_) => "configure",
            Self::VerifyAttestation(_) => "verify_attestation",
            Self::VerifyAssertion(_) => "verify_assertion",
            Self::Reset => "reset",
            Self::Challenge { .. } => "challenge",
            Self::Attest(_) => "attest",
            Self::Assert(_) => "assert",
            Self::Revoke { .. } => "revoke",
        }
    }

    /// Whether it may be asked once more: it changes nothing.
    pub(super) fn changes_nothing(&self) -> bool {
        matches!(self, Self::VerifyAttestation(_) | Self::VerifyAssertion(_))
    }
}

/// What a challenge is for, as the protocol writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PurposeName {
    /// To enrol a key.
    Attest,
    /// For a protected request.
    Assert,
}

impl From<Purpose> for PurposeName {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Attest => Self::Attest,
            Purpose::Assert => Self::Assert,
        }
    }
}

/// Where a key lives, as the protocol writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// The sandbox.
    Development,
    /// Released apps.
    Production,
}

impl Environment {
    /// `development` or `production`.
    pub fn as_str(self) -> &'static str {
        protocol::terms::Environment::from(self).as_str()
    }
}

impl From<protocol::terms::Environment> for Environment {
    fn from(environment: protocol::terms::Environment) -> Self {
        match environment {
            protocol::terms::Environment::Development => Self::Development,
            protocol::terms::Environment::Production => Self::Production,
        }
    }
}

impl From<Environment> for protocol::terms::Environment {
    fn from(environment: Environment) -> Self {
        match environment {
            Environment::Development => Self::Development,
            Environment::Production => Self::Production,
        }
    }
}

/// What holds for everything that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Configuration {
    /// The roots that attestations must chain to, DER.
    pub trust_roots: Vec<Base64>,
    /// The roots that receipts must chain to, DER; another authority's.
    pub receipt_trust_roots: Vec<Base64>,
    /// The App IDs served.
    pub app_ids: Vec<String>,
    /// The environment served.
    pub environment: Environment,
    /// The time, RFC 3339 in UTC.
    pub clock: String,
    /// What the target file declares under `[policy]`, as it would be said in words.
    pub policy: Map<String, Value>,
}

/// An attestation, with everything a verifier needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttestationAsked {
    /// The attestation object as it came.
    pub attestation: Base64,
    /// The key id as the app sent it: 32 bytes.
    pub key_id: Base64,
    /// The challenge that was issued; its SHA-256 is the client data hash.
    pub challenge: Base64,
    /// SHA-256 of the challenge.
    pub client_data_hash: Base64,
    /// The App ID served.
    pub app_id: String,
    /// The environment served.
    pub environment: Environment,
    /// The time, RFC 3339 in UTC.
    pub now: String,
    /// The roots that attestations must chain to, DER.
    pub trust_roots: Vec<Base64>,
}

/// An assertion, with everything a verifier needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AssertionAsked {
    /// The assertion as it came.
    pub assertion: Base64,
    /// The client data as they came.
    pub client_data: Base64,
    /// SHA-256 of the client data.
    pub client_data_hash: Base64,
    /// The key id: 32 bytes.
    pub key_id: Base64,
    /// The stored public key: an uncompressed X9.62 point of 65 bytes.
    pub public_key: Base64,
    /// The same as `SubjectPublicKeyInfo`, DER.
    pub public_key_spki: Base64,
    /// The counter stored for the key.
    pub previous_counter: u32,
    /// The challenge found in the client data, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<Base64>,
    /// What the adapter's last answer about this key kept as `state`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The App ID served.
    pub app_id: String,
    /// The environment served.
    pub environment: Environment,
    /// The time, RFC 3339 in UTC.
    pub now: String,
}

/// An enrolment, as a relying party gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EnrolmentAsked {
    /// The user.
    pub account: String,
    /// The key id: 32 bytes.
    pub key_id: Base64,
    /// The attestation object as it came.
    pub attestation: Base64,
    /// The challenge that the client names, as text.
    pub challenge: String,
}

/// A protected request, as a relying party gets it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RequestAsked {
    /// The user.
    pub account: String,
    /// The key id: 32 bytes.
    pub key_id: Base64,
    /// The assertion as it came.
    pub assertion: Base64,
    /// The client data as they came; the challenge is a member of this JSON object.
    pub client_data: Base64,
    /// The challenge found in the client data, as text, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<String>,
}

/// What an answer says, once it is known which operation it answers.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// To `hello`.
    Hello(Box<Hello>),
    /// To `configure`, `reset` and `revoke`.
    Done(Done),
    /// To `challenge`.
    Challenge(Issued),
    /// To whatever is verified.
    Decided(Decided),
}

/// That something was done, or not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Whether it was done.
    pub ok: bool,
    /// What went wrong, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A challenge that was issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Issued {
    /// The challenge as text, which client data embed and whose SHA-256 attestations bind.
    pub challenge: String,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// What was decided.
    pub verdict: Verdict,
    /// What it found, if it accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Outputs>,
    /// Why it refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the next operation with this key is given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What went wrong, if it came to no decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Decided {
    /// It accepted, and found this.
    pub fn accept(outputs: Outputs) -> Self {
        Self { outputs: Some(outputs), ..Self::new(Verdict::Accept) }
    }

    /// It refused: in a rule's id where it has one, in words otherwise.
    pub fn reject(reason: impl Into<String>) -> Self {
        Self { reason: Some(Reason::Text(reason.into())), ..Self::new(Verdict::Reject) }
    }

    /// It came to no decision.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::new(Verdict::Error) }
    }

    fn new(verdict: Verdict) -> Self {
        Self { verdict, outputs: None, reason: None, state: None, text: None }
    }
}

/// What was decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The object is good.
    Accept,
    /// The object is not.
    Reject,
    /// No decision: something failed that should not.
    Error,
}

/// What was found in an object that was accepted; what is left out is not compared.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Outputs {
    /// The attested public key: an uncompressed X9.62 point of 65 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Base64>,
    /// The counter to store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<u32>,
    /// The key id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<Base64>,
    /// Where the key lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// The receipt to store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Base64>,
}

/// Why an object was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Reason {
    /// In words, or as the id of a rule.
    Text(String),
    /// As a code, with words.
    Coded {
        /// The code, which `[reasons]` of the target file maps to a rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

impl Reason {
    /// The code, or the words where there is none.
    pub fn words(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Coded { code, text } => code.as_deref().or(text.as_deref()),
        }
    }
}

/// That an operation is not supported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unsupported {
    /// Always true.
    pub unsupported: bool,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where that is tracked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
}

impl Answer {
    /// Reads the answer to an operation; the error says which member is wrong.
    pub(super) fn read(ask: &Ask, value: Value) -> Result<Self, Unread> {
        let wrong = |error: serde_json::Error| {
            // It says back what stands in the answer.
            Unread::Wrong(printable(&format!("the answer to `{}`: {error}", ask.op())))
        };
        if value.get("unsupported").is_some() {
            let said: Unsupported = serde_json::from_value(value).map_err(wrong)?;
            if said.unsupported {
                return Err(Unread::Unsupported(said.why.unwrap_or_default()));
            }
            return Err(Unread::Wrong("`unsupported` is true or left out".to_owned()));
        }
        let read = match ask {
            Ask::Hello { .. } => serde_json::from_value(value).map(Self::Hello),
            Ask::Configure(_) | Ask::Reset | Ask::Revoke { .. } => {
                serde_json::from_value(value).map(Self::Done)
            }
            Ask::Challenge { .. } => serde_json::from_value(value).map(Self::Challenge),
            Ask::VerifyAttestation(_)
            | Ask::VerifyAssertion(_)
            | Ask::Attest(_)
            | Ask::Assert(_) => serde_json::from_value(value).map(Self::Decided),
        };
        read.map_err(wrong)
    }
}

/// Why an answer says nothing about what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is none.
    Wrong(String),
    /// It says that the operation is not supported, and why.
    Unsupported(String),
}

impl Unread {
    /// What a record shows for it.
    pub(super) fn trouble(self) -> Trouble {
        match self {
            Self::Wrong(why) => Trouble::Unreadable(why),
            Self::Unsupported(why) => Trouble::Unsupported(why),
        }
    }
}
