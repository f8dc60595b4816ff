//! The reference verifier: a list of (rule, check) in Apple's order.
//!
//! `verify_*` stops at the first broken rule, as a server does; `examine_*` runs every check and
//! says of each what came out, which is how a case proves that it tells exactly one lie. Both run
//! the same lists. Checks do not depend on each other's outcome: what a check needs but could not
//! be read makes it [`Outcome::NotReached`], and the rule about reading is the broken one.

mod anchor;
pub(crate) mod assertion;
pub(crate) mod attestation;
pub(crate) mod chain;
pub(crate) mod crypto;
pub(crate) mod finding;
mod known;
mod policy;
pub(crate) mod receipt;
mod rule;
pub(crate) mod signature;

pub use anchor::TrustAnchor;
pub use assertion::{AssertionRequest, VerifiedAssertion, examine_assertion, verify_assertion};
pub use attestation::{
    AttestationRequest, VerifiedAttestation, examine_attestation, verify_attestation,
};
pub use crypto::Crypto;
pub use finding::{Finding, Outcome, Rejection, Unverified};
pub use policy::{AllowedCategories, AllowedVersions, ClientDataConvention, Policy};
pub use receipt::{ReceiptRequest, VerifiedReceipt, examine_receipt, verify_receipt};
pub use rule::{Phase, Rule, RuleSet};
pub use signature::remembering;
