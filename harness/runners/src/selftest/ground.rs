//! What the servers of the selftest declare: the grounds on which cases are played.

use catalogue::Premises;
use jiff::SignedDuration;
use protocol::flaw::Flaws;
use protocol::relying_party;
use protocol::terms::Environment;
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, TrustAnchor};
use simulator::Authority;
use std::time::Duration;
use targets::file::{Declared, HttpVersion, ReceiptDemand, TargetFileError};
use targets::{Dialect, DialectError, TargetFile};

/// How long a challenge lives on every ground; the clock is stopped, so waiting costs nothing.
const LIFETIME: Duration = Duration::from_mins(1);

/// A declared policy and environment. Every case is played on the first ground where it applies.
#[derive(Debug, Clone)]
pub struct Ground {
    /// What it is called.
    pub name: &'static str,
    /// How its servers are spoken to, and what they declare.
    pub file: TargetFile,
    /// What cases adapt to.
    pub premises: Premises,
    dialect: Dialect,
}

/// Why the grounds cannot be laid out: this build is broken.
#[derive(Debug, thiserror::Error)]
pub enum GroundError {
    /// The target file of the reference cannot be read.
    #[error(transparent)]
    File(#[from] TargetFileError),
    /// Its templates cannot be read.
    #[error(transparent)]
    Dialect(#[from] DialectError),
}

impl Ground {
    /// All grounds, the one with the most cases first.
    pub fn all() -> Result<Vec<Self>, GroundError> {
        let listed = |values: &[u32]| Some(Declared::AllowMissing(values.to_vec()));
        let versions = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
        Ok(vec![
            Self::new("production", |_| {})?,
            Self::new("development", |file| {
                file.environment = Environment::Development;
                file.policy.validation_category = listed(&[3]);
            })?,
            Self::new("required", |file| {
                file.policy.validation_category = Some(Declared::Require(vec![4]));
                file.policy.bundle_version = Some(Declared::Require(versions(&["1", "1.0.7"])));
            })?,
            Self::new("enterprise", |file| {
                file.policy.validation_category = listed(&[5]);
                file.policy.bundle_version = Some(Declared::AllowMissing(versions(&["2.4"])));
            })?,
            Self::new("cluster", |file| {
                file.nodes.extend(file.nodes.clone());
                file.http_version = HttpVersion::Http2;
            })?,
            Self::new("undeclared", |file| {
                file.policy.validation_category = None;
                file.policy.bundle_version = Some(Declared::Ignore);
                file.policy.receipt = Some(ReceiptDemand::Ignore);
            })?,
        ])
    }

    fn new(name: &'static str, declare: impl FnOnce(&mut TargetFile)) -> Result<Self, GroundError> {
        let mut file = TargetFile::reference("http://127.0.0.1:1", LIFETIME)?;
        declare(&mut file);
        let dialect = Dialect::new(&file)?;
        let premises = crate::conformance::premises(&dialect, LIFETIME);
        Ok(Self { name, file, premises, dialect })
    }

    /// How its servers are spoken to.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// What the reference is held to here, with these flaws: what the target file declares.
    pub(super) fn settings(&self, authority: &Authority, flaws: Flaws) -> relying_party::Settings {
        let root = |der| TrustAnchor::from_der(der).expect("a test authority's root is a root");
        let policy = &self.file.policy;
        let categories = match &policy.validation_category {
            None | Some(Declared::Ignore) => AllowedCategories::Any,
            Some(Declared::AllowMissing(categories) | Declared::Require(categories)) => {
                AllowedCategories::Listed {
                    categories: categories.clone(),
                    absent_allowed: is_optional(policy.validation_category.as_ref()),
                }
            }
        };
        let bundle_versions = match &policy.bundle_version {
            None | Some(Declared::Ignore) => AllowedVersions::Any,
            Some(Declared::AllowMissing(versions) | Declared::Require(versions)) => {
                AllowedVersions::Listed {
                    versions: versions.clone(),
                    absent_allowed: is_optional(policy.bundle_version.as_ref()),
                }
            }
        };
        relying_party::Settings {
            policy: Policy {
                categories,
                bundle_versions,
                ..Policy::new(self.file.app_id.clone(), self.file.environment)
            },
            trust_anchor: root(authority.root_der()),
            receipt_trust_anchor: (policy.receipt == Some(ReceiptDemand::Require))
                .then(|| root(authority.receipt_root_der())),
            challenge_lifetime: SignedDuration::try_from(LIFETIME)
                .expect("a minute is a length of time"),
            max_challenges: 100_000,
            max_keys: 100_000,
            flaws,
        }
    }
}

fn is_optional<T>(declared: Option<&Declared<T>>) -> bool {
    !matches!(declared, Some(Declared::Require(_)))
}
