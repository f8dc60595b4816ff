//! What is wrong with one request, as the reference verifier sees it: every rule, not the first.
//!
//! The oracle knows what the server knows: which challenge it issued, which key it stored. It looks
//! at the bytes that were sent and at nothing that says what they were meant to be.

use crate::need::{Listed, Premises};
use jiff::Timestamp;
use protocol::relying_party::certified_key;
use protocol::terms::{KeyId, sha256};
use protocol::verify::{
    AllowedCategories, AllowedVersions, AssertionRequest, AttestationRequest, Finding, Outcome,
    Policy, ReceiptRequest, Rule, TrustAnchor, examine_assertion, examine_attestation,
    examine_receipt,
};
use protocol::wire::{AttestationObject, Malformed};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use simulator::Authority;
use std::collections::BTreeSet;

/// Bytes of an object that every server should read; above it may say that it is too much.
pub const LARGEST: usize = 48 << 10;

/// The verifier with a policy and its trust anchors.
#[derive(Debug, Clone)]
pub struct Oracle {
    policy: Policy,
    anchor: TrustAnchor,
    receipt_anchor: TrustAnchor,
    receipt_required: bool,
}

/// A request to enrol a key, as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct SentAttestation<'a> {
    /// The key id that the app names.
    pub key_id: &'a [u8],
    /// The attestation object.
    pub object: &'a [u8],
    /// The client data hash that the server computes from the challenge in the request.
    pub client_data_hash: &'a [u8],
    /// Whether that challenge is the one it issued, for this account.
    pub challenge_issued: bool,
}

/// A protected request, as it was sent.
#[derive(Debug, Clone, Copy)]
pub struct SentAssertion<'a> {
    /// The key id that the app names.
    pub key_id: &'a [u8],
    /// The assertion object.
    pub object: &'a [u8],
    /// The client data.
    pub client_data: &'a [u8],
    /// What is known of the challenge.
    pub challenge: Challenge<'a>,
    /// The enrolled key: its id, and `04‖X‖Y`.
    pub enrolled: (&'a [u8], &'a [u8]),
    /// The counter stored for it.
    pub stored_counter: u32,
}

/// The challenge of a protected request.
#[derive(Debug, Clone, Copy)]
pub struct Challenge<'a> {
    /// The text that the server issued.
    pub issued: &'a str,
    /// The text that the request was made with.
    pub used: &'a str,
    /// Whether client data is a JSON object that embeds it; otherwise the request names it elsewhere.
    pub in_json: bool,
}

/// What the oracle sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The rules that are broken.
    pub broken: BTreeSet<Rule>,
    /// Rules that are broken and that this server need not hold: those of receipts, where it
    /// demands none.
    pub optional: BTreeSet<Rule>,
    /// Why nothing sure can be said about what a server makes of it, beyond the rules broken.
    pub unsure: Option<&'static str>,
}

impl Oracle {
    /// The verifier of a server of which that is known, and which trusts that authority.
    pub fn new(premises: &Premises, authority: &Authority) -> Result<Self, Malformed> {
        Ok(Self {
            policy: policy(premises),
            anchor: TrustAnchor::from_der(authority.root_der())?,
            receipt_anchor: TrustAnchor::from_der(authority.receipt_root_der())?,
            receipt_required: premises.receipt_required,
        })
    }

    /// What is wrong with a request to enrol a key, at that time.
    pub fn attestation(&self, sent: &SentAttestation<'_>, now: Timestamp) -> Seen {
        let mut seen = Seen { unsure: unsure(sent.key_id, sent.object), ..Seen::default() };
        let Ok(key_id) = sent.key_id.try_into() else { return seen };
        seen.broken.extend((!sent.challenge_issued).then_some(Rule::ChallengeIssued));
        let request = AttestationRequest {
            object: sent.object,
            key_id: KeyId(key_id),
            client_data_hash: sent.client_data_hash,
        };
        seen.broken.extend(broken(examine_attestation(&request, &self.anchor, &self.policy, now)));
        let receipt = self.receipt(sent, now);
        if self.receipt_required {
            seen.broken.extend(receipt);
        } else {
            seen.optional = receipt;
        }
        seen
    }

    /// What is wrong with a protected request.
    pub fn assertion(&self, sent: &SentAssertion<'_>) -> Seen {
        let mut seen = Seen { unsure: unsure(sent.key_id, sent.object), ..Seen::default() };
        let (enrolled, public_key) = sent.enrolled;
        if sent.key_id != enrolled {
            seen.broken.insert(Rule::KeyKnown);
        }
        seen.challenge(sent);
        let hash = sha256(&[sent.client_data]);
        let request = AssertionRequest {
            assertion: sent.object,
            client_data_hash: &hash,
            public_key,
            stored_counter: sent.stored_counter,
        };
        seen.broken.extend(broken(examine_assertion(&request, &self.policy)));
        seen
    }

    fn receipt(&self, sent: &SentAttestation<'_>, now: Timestamp) -> BTreeSet<Rule> {
        let Ok(object) = AttestationObject::decode(sent.object) else { return BTreeSet::new() };
        let Some(receipt) = object.receipt else { return BTreeSet::from([Rule::ReceiptSyntax]) };
        let key = certified_key(sent.object);
        let request = ReceiptRequest {
            receipt,
            public_key: key.as_ref().map(<[u8; 65]>::as_slice),
            client_data_hash: Some(sent.client_data_hash),
        };
        broken(examine_receipt(&request, &self.receipt_anchor, &self.policy, now))
    }
}

impl Seen {
    /// Whether a server that holds every rule accepts it, as far as rules can say.
    pub fn is_honest(&self) -> bool {
        self.broken.is_empty() && self.optional.is_empty() && self.unsure.is_none()
    }

    fn challenge(&mut self, sent: &SentAssertion<'_>) {
        let Challenge { issued, used, in_json } = sent.challenge;
        if in_json {
            let Some(Members(all)) = members(sent.client_data) else {
                self.broken.insert(Rule::AssertionChallenge);
                return;
            };
            let names: BTreeSet<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
            if names.len() < all.len() {
                self.unsure = Some("its client data has a member twice");
            } else if !all.iter().any(|(_, value)| value == used) {
                self.broken.insert(Rule::AssertionChallenge);
                return;
            }
        }
        if issued != used {
            self.broken.insert(Rule::ChallengeIssued);
        }
    }
}

/// Why a server may not come as far as the rules.
fn unsure(key_id: &[u8], object: &[u8]) -> Option<&'static str> {
    if key_id.len() != 32 {
        Some("its key id has not 32 bytes")
    } else if object.len() >= LARGEST {
        Some("its object is larger than servers need to read")
    } else {
        None
    }
}

/// The policy that a target declares.
pub(crate) fn policy(premises: &Premises) -> Policy {
    let mut policy = Policy::new(premises.app_id.clone(), premises.environment);
    if let Some(Listed { values, absent_allowed }) = premises.categories.clone() {
        policy.categories = AllowedCategories::Listed { categories: values, absent_allowed };
    }
    if let Some(Listed { values, absent_allowed }) = premises.bundle_versions.clone() {
        policy.bundle_versions = AllowedVersions::Listed { versions: values, absent_allowed };
    }
    policy
}

fn broken(findings: Vec<Finding>) -> BTreeSet<Rule> {
    let broken =
        |finding: Finding| matches!(finding.outcome, Outcome::Broken(_)).then_some(finding.rule);
    findings.into_iter().filter_map(broken).collect()
}

/// The members of a JSON object, those that come again included.
struct Members(Vec<(String, serde_json::Value)>);

/// The members of the JSON object that client data begins with.
fn members(data: &[u8]) -> Option<Members> {
    serde_json::Deserializer::from_slice(data).into_iter().next()?.ok()
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a JSON object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut all = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    all.push(entry);
                }
                Ok(Members(all))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}
