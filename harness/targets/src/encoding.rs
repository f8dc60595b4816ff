//! How binary values are written as text.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

/// A way to write bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Standard base64 with padding.
    B64,
    /// URL-safe base64 with padding.
    B64Url,
    /// URL-safe base64 without padding.
    B64UrlNoPad,
    /// Lower-case hex.
    Hex,
    /// The bytes themselves; in text only if they are UTF-8.
    Raw,
}

impl Encoding {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::B64, Self::B64Url, Self::B64UrlNoPad, Self::Hex, Self::Raw];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::B64 => "b64",
            Self::B64Url => "b64url",
            Self::B64UrlNoPad => "b64url_nopad",
            Self::Hex => "hex",
            Self::Raw => "raw",
        }
    }

    /// The encoding of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.as_str() == name)
    }

    /// The bytes written this way; `None` if they are raw and no UTF-8.
    pub fn encode(self, bytes: &[u8]) -> Option<String> {
        Some(match self {
            Self::B64 => STANDARD.encode(bytes),
            Self::B64Url => URL_SAFE.encode(bytes),
            Self::B64UrlNoPad => URL_SAFE_NO_PAD.encode(bytes),
            Self::Hex => hex::encode(bytes),
            Self::Raw => return String::from_utf8(bytes.to_vec()).ok(),
        })
    }

    /// The bytes that a text written this way stands for.
    pub fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::B64 => STANDARD.decode(text).ok(),
            Self::B64Url => URL_SAFE.decode(text).ok(),
            Self::B64UrlNoPad => URL_SAFE_NO_PAD.decode(text).ok(),
            Self::Hex => hex::decode(text).ok(),
            Self::Raw => Some(text.as_bytes().to_vec()),
        }
    }
}
