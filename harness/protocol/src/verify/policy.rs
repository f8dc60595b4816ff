use super::{Crypto, Outcome};
use crate::terms::{AppId, Environment, sha256};
use jiff::SignedDuration;

/// What the relying party has decided beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The server's own app.
    pub app_id: AppId,
    /// The environment it serves.
    pub environment: Environment,
    /// How its app is distributed.
    pub categories: AllowedCategories,
    /// Which versions it has released.
    pub bundle_versions: AllowedVersions,
    /// How old a receipt may be when it arrives; Apple's text says five minutes.
    pub receipt_max_age: SignedDuration,
    /// Who checks signatures; changes how long it takes and nothing else.
    pub crypto: Crypto,
}

impl Policy {
    /// Apple's text for an app that accepts devices of every generation and category.
    pub fn new(app_id: AppId, environment: Environment) -> Self {
        Self {
            app_id,
            environment,
            categories: AllowedCategories::Any,
            bundle_versions: AllowedVersions::Any,
            receipt_max_age: SignedDuration::from_mins(5),
            crypto: Crypto::default(),
        }
    }
}

/// Which validation categories are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedCategories {
    /// Every one, and none.
    Any,
    /// Only those listed.
    Listed {
        /// The accepted ones.
        categories: Vec<u32>,
        /// Whether devices before OS 27, which state none, are accepted.
        absent_allowed: bool,
    },
}

/// Which bundle versions are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedVersions {
    /// Every one, and none.
    Any,
    /// Only those listed.
    Listed {
        /// The accepted ones.
        versions: Vec<String>,
        /// Whether devices before OS 27, and Macs, which state none, are accepted.
        absent_allowed: bool,
    },
}

/// How client data becomes the client data hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientDataConvention {
    /// SHA-256, as Apple's text says.
    Sha256,
    /// The bytes themselves, as in Apple's published samples.
    Raw,
}

impl ClientDataConvention {
    /// The client data hash of `data`.
    pub fn hash(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha256 => sha256(&[data]).to_vec(),
            Self::Raw => data.to_vec(),
        }
    }
}

impl AllowedCategories {
    pub(crate) fn judge(&self, found: Option<u32>) -> Outcome {
        match (self, found) {
            (Self::Any, _) | (Self::Listed { absent_allowed: true, .. }, None) => Outcome::Held,
            (Self::Listed { absent_allowed: false, .. }, None) => {
                Outcome::Broken("no validation category is stated".to_owned())
            }
            (Self::Listed { categories, .. }, Some(category)) => {
                Outcome::holds(categories.contains(&category), || {
                    format!("validation category {category} is none of {categories:?}")
                })
            }
        }
    }
}

impl AllowedVersions {
    pub(crate) fn judge(&self, found: Option<&str>) -> Outcome {
        match (self, found) {
            (Self::Any, _) | (Self::Listed { absent_allowed: true, .. }, None) => Outcome::Held,
            (Self::Listed { absent_allowed: false, .. }, None) => {
                Outcome::Broken("no bundle version is stated".to_owned())
            }
            (Self::Listed { versions, .. }, Some(version)) => {
                Outcome::holds(versions.iter().any(|allowed| allowed == version), || {
                    let shown: String = version.chars().take(40).collect();
                    format!("bundle version {shown:?} is none of {versions:?}")
                })
            }
        }
    }
}
