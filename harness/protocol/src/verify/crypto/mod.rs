//! The libraries that check signatures, behind one small trait.

mod aws;
mod pure;
mod table;

use crate::wire::{Curve, SignatureAlgorithm};
use std::fmt;
use std::str::FromStr;

pub(crate) use aws::is_p256_point;
pub(crate) use table::Table;

/// Who checks signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Crypto {
    /// aws-lc-rs: the fastest of the maintained libraries.
    #[default]
    AwsLcRs,
    /// The crates p256 and p384: slower, and of other authors, so that the two cannot share a mistake.
    RustCrypto,
    /// aws-lc-rs, but tables for the keys of intermediates that many leaves came from. Only a
    /// [`TrustAnchor`](super::TrustAnchor) that remembers has any.
    Tables,
}

/// What a library is asked.
pub(crate) trait Backend {
    /// Whether `signature`, ECDSA in strict DER with s in either half, over `message` is valid under
    /// the key at `point`.
    fn verifies(&self, scheme: Scheme, point: &[u8], message: &[u8], signature: &[u8]) -> bool;
}

/// A curve and a hash that App Attest uses together. They need not match in strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Of devices and receipts.
    P256Sha256,
    /// Nowhere seen, and no worse.
    P256Sha384,
    /// Of genuine leaves.
    P384Sha256,
    /// Of intermediates.
    P384Sha384,
}

impl Crypto {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::AwsLcRs, Self::RustCrypto, Self::Tables];

    /// `aws-lc-rs`, `rustcrypto` or `tables`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwsLcRs => "aws-lc-rs",
            Self::RustCrypto => "rustcrypto",
            Self::Tables => "tables",
        }
    }

    /// The library that answers where no table does.
    pub(crate) fn backend(self) -> &'static dyn Backend {
        match self {
            Self::AwsLcRs | Self::Tables => &aws::AwsLcRs,
            Self::RustCrypto => &pure::RustCrypto,
        }
    }
}

impl fmt::Display for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Crypto {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|crypto| crypto.as_str() == text);
        found.ok_or_else(|| {
            format!("`{text}` checks no signatures (known: aws-lc-rs, rustcrypto, tables)")
        })
    }
}

impl Scheme {
    /// The scheme of a signature by this algorithm under a key of this curve, if App Attest has it.
    pub(crate) fn of(curve: Curve<'_>, algorithm: SignatureAlgorithm<'_>) -> Option<Self> {
        match (curve, algorithm) {
            (Curve::P256, SignatureAlgorithm::EcdsaSha256) => Some(Self::P256Sha256),
            (Curve::P256, SignatureAlgorithm::EcdsaSha384) => Some(Self::P256Sha384),
            (Curve::P384, SignatureAlgorithm::EcdsaSha256) => Some(Self::P384Sha256),
            (Curve::P384, SignatureAlgorithm::EcdsaSha384) => Some(Self::P384Sha384),
            (Curve::Other(_), _) | (_, SignatureAlgorithm::Other(_)) => None,
        }
    }
}

#[cfg(test)]
mod tests;
