//! The reference relying party as a pure state machine: challenges, keys and counters behind the
//! verifier. Time and entropy are arguments.
//!
//! One machine serves one App ID in one environment, so keys of the two never meet; whoever serves
//! both runs two.
//!
//! Attestations and assertions go through three steps, so that a server can verify signatures
//! without holding its lock: `begin_…` consults and changes the state (a challenge is spent here),
//! `verify` is pure, and `finish_…` compares and sets. [`RelyingParty::attest`] and
//! [`RelyingParty::assert`] do all three.
//!
//! A machine with *flaws* behaves like a server that was built with them, those of the state
//! included.

mod assert;
mod attest;
mod challenge;
mod key;

pub use assert::{Accepted, PendingAssertion, ProtectedRequest, ProvenAssertion, stated_counter};
pub use attest::{Enrolled, Enrolment, PendingAttestation, ProvenAttestation, certified_key};
pub use challenge::{Challenge, Purpose};
pub use key::EnrolledKey;

use crate::flaw::Flaws;
use crate::terms::KeyId;
use crate::verify::{Policy, Rejection, TrustAnchor, Unverified};
use challenge::Challenges;
use jiff::{SignedDuration, Timestamp};
use key::Keys;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a relying party holds its clients to.
#[derive(Debug, Clone)]
pub struct Settings {
    /// App ID, environment, validation categories and bundle versions.
    pub policy: Policy,
    /// The root that attestations must chain to.
    pub trust_anchor: TrustAnchor,
    /// The root that receipts must chain to. Without one, receipts are stored unread and may be missing.
    pub receipt_trust_anchor: Option<TrustAnchor>,
    /// How long a challenge is good.
    pub challenge_lifetime: SignedDuration,
    /// How many challenges are remembered at once.
    pub max_challenges: usize,
    /// How many keys are enrolled at once, revoked ones included.
    pub max_keys: usize,
    /// What is planted in it; [`Flaws::NONE`] in earnest.
    pub flaws: Flaws,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It breaks a rule.
    #[error("{0}")]
    Broken(Rejection),
    /// The server broke down: the fragile flaw of that id is planted in it.
    #[error("the planted flaw {0} broke the server")]
    Failed(&'static str),
    /// There is no room for it: of challenges, or of keys.
    #[error("too many {0}")]
    Full(&'static str),
    /// The caller gave the same entropy twice, which random bytes never are.
    #[error("the entropy of a challenge was given before")]
    RepeatedEntropy,
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        Self::Broken(rejection)
    }
}

impl From<Unverified> for Refusal {
    fn from(unverified: Unverified) -> Self {
        match unverified {
            Unverified::Broken(rejection) => Self::Broken(rejection),
            Unverified::Failed(flaw) => Self::Failed(flaw),
        }
    }
}

/// A relying party: everything it remembers.
#[derive(Debug)]
pub struct RelyingParty {
    settings: Arc<Settings>,
    challenges: Challenges,
    keys: Keys,
    /// The hash of the last client data; only a planted flaw reads it.
    shared_buffer: [u8; 32],
    /// Requests with used challenges; only a planted flaw counts them.
    repeats: u32,
    /// Counters as single nodes know them; only a planted flaw keeps them.
    node_counters: BTreeMap<(KeyId, u64), u32>,
}

impl RelyingParty {
    /// A relying party that remembers nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            challenges: Challenges::new(settings.challenge_lifetime, settings.max_challenges),
            keys: Keys::new(settings.max_keys),
            settings: Arc::new(settings),
            shared_buffer: [0; 32],
            repeats: 0,
            node_counters: BTreeMap::new(),
        }
    }

    /// What it holds its clients to.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Hands out a challenge to one account for one purpose. `entropy` must be random.
    pub fn issue_challenge(
        &mut self,
        account: &str,
        purpose: Purpose,
        entropy: [u8; 32],
        now: Timestamp,
    ) -> Result<Challenge, Refusal> {
        self.challenges.issue(account, purpose, entropy, now, &self.settings.flaws)
    }

    /// Gives a key up, for good. Only its owner can; doing so again is refused.
    pub fn revoke(&mut self, account: &str, key_id: KeyId) -> Result<(), Refusal> {
        self.keys.revoke(key_id, account, &self.settings.flaws)?;
        Ok(())
    }

    /// How many challenges are remembered, of which some may be used or expired.
    pub fn challenges_remembered(&self) -> usize {
        self.challenges.len()
    }

    /// A key as it is remembered.
    pub fn key(&self, key_id: &KeyId) -> Option<&EnrolledKey> {
        self.keys.get(key_id)
    }
}

#[cfg(test)]
mod tests;
