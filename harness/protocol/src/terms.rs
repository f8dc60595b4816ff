//! The nouns of App Attest, each parsed once so that it cannot be wrong later.
//!
//! Times are [`jiff::Timestamp`]: an instant in UTC, always passed in, never fetched.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use std::fmt;

/// SHA-256 of the concatenated parts, as Apple's steps use it for nonce, key id and RP ID hash.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize().into()
}

/// App ID prefix, a dot, and the bundle identifier: `ABCDE12345.com.example.app`.
///
/// On macOS the second part is the signing identifier (validation guide, "App ID").
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "RP ID")]
pub struct AppId(String);

/// Why a text is no App ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is no App ID: {why} (expected `PREFIX.bundle.identifier`)")]
pub struct BadAppId {
    text: String,
    why: &'static str,
}

impl AppId {
    /// Accepts any text of two non-empty parts around the first dot; prefixes are not always ten characters.
    pub fn parse(text: &str) -> Result<Self, BadAppId> {
        let bad = |why| Err(BadAppId { text: text.chars().take(200).collect(), why });
        match text.split_once('.') {
            _ if text.len() > 255 => bad("longer than 255 bytes"),
            Some((prefix, bundle)) if !prefix.is_empty() && !bundle.is_empty() => {
                Ok(Self(text.to_owned()))
            }
            Some(_) => bad("an empty part"),
            None => bad("no dot"),
        }
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text in UTF-8, without terminator: the first 32 bytes of authenticator data.
    pub fn rp_id_hash(&self) -> [u8; 32] {
        sha256(&[self.0.as_bytes()])
    }
}

impl fmt::Display for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AppId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AppId({})", self.0)
    }
}

/// SHA-256 of the public key as an uncompressed X9.62 point (65 bytes, `04‖X‖Y`).
///
/// As text it is standard base64 with padding, 44 characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "credentialId")]
pub struct KeyId(pub [u8; 32]);

impl KeyId {
    /// The key id of a public key given as `04‖X‖Y`.
    pub fn of_public_key(point: &[u8]) -> Self {
        Self(sha256(&[point]))
    }

    /// Reads the 44 characters a device sends; nothing but standard base64 of 32 bytes will do.
    pub fn from_base64(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Standard base64 with padding, as `generateKey` hands it to the app.
    pub fn to_base64(self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({})", self.to_base64())
    }
}

/// Where a key lives. Keys and receipts never cross.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Environment {
    /// The sandbox: builds signed for development, unless their entitlement says otherwise.
    Development,
    /// App Store, TestFlight and enterprise builds.
    Production,
}

impl Environment {
    /// The AAGUID that authenticator data carries for it (validation step 8).
    pub fn aaguid(self) -> [u8; 16] {
        match self {
            Self::Development => *b"appattestdevelop",
            Self::Production => *b"appattest\0\0\0\0\0\0\0",
        }
    }

    /// `development` or `production`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }

    /// The environment as a receipt writes it in field 7.
    pub fn receipt_name(self) -> &'static str {
        match self {
            Self::Development => "sandbox",
            Self::Production => "production",
        }
    }
}

impl std::str::FromStr for Environment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            other => Err(format!("`{other}` is neither `development` nor `production`")),
        }
    }
}

/// `SHA-256(authenticator data ‖ client data hash)`: what the certificate and each signature bind.
pub fn nonce(authenticator_data: &[u8], client_data_hash: &[u8]) -> [u8; 32] {
    sha256(&[authenticator_data, client_data_hash])
}

/// Object identifiers of App Attest, as dotted text; `wire` and the simulator share them.
pub mod oid {
    /// The nonce extension of the credential certificate.
    pub const NONCE: &str = "1.2.840.113635.100.8.2";
    /// Application and key properties; `[1204]` is the App ID in clear.
    pub const KEY_PROPERTIES: &str = "1.2.840.113635.100.8.5";
    /// Access-control list of the key; documented for macOS only.
    pub const ACCESS_CONTROL: &str = "1.2.840.113635.100.8.6";
    /// Operating system properties.
    pub const OS_PROPERTIES: &str = "1.2.840.113635.100.8.7";
    /// The extended key usage of leaves issued since 2026.
    pub const APP_ATTEST_EKU: &str = "1.2.840.113635.100.4.24";
    /// Basic constraints.
    pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
    /// Key usage.
    pub const KEY_USAGE: &str = "2.5.29.15";
    /// Extended key usage.
    pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    /// Authority key identifier.
    pub const AUTHORITY_KEY_ID: &str = "2.5.29.35";
    /// Subject key identifier.
    pub const SUBJECT_KEY_ID: &str = "2.5.29.14";
}
