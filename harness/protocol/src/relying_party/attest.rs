//! Enrolling a key: challenge, attestation, receipt, then the key is bound to the account.

use super::{EnrolledKey, Purpose, Refusal, RelyingParty, Settings};
use crate::flaw::{Flaws, Habit};
use crate::terms::{Environment, KeyId, sha256};
use crate::verify::{
    AttestationRequest, ReceiptRequest, Rejection, Rule, Unverified, VerifiedAttestation,
    verify_attestation, verify_receipt,
};
use crate::wire::{AttestationObject, Certificate};
use jiff::Timestamp;
use std::sync::Arc;

/// What a client sends to enrol a key.
#[derive(Debug, Clone, Copy)]
pub struct Enrolment<'a> {
    /// The key id that the app got from `generateKey`.
    pub key_id: KeyId,
    /// The challenge that the server handed out for this, as text.
    pub challenge: &'a str,
    /// The attestation object.
    pub attestation: &'a [u8],
}

/// A key that is now enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Which.
    pub key_id: KeyId,
    /// The counter as it is stored: 0, unless the key was enrolled before.
    pub counter: u32,
    /// Where the key lives.
    pub environment: Environment,
}

/// An enrolment whose challenge was good and is spent.
#[derive(Debug, Clone)]
pub struct PendingAttestation {
    settings: Arc<Settings>,
    account: String,
    /// The challenge, if it is used up only when all is done.
    unspent: Option<String>,
    key_id: KeyId,
    client_data_hash: [u8; 32],
}

/// An enrolment whose attestation holds.
#[derive(Debug, Clone)]
pub struct ProvenAttestation {
    account: String,
    /// The challenge, if it is used up only when all is done.
    unspent: Option<String>,
    key_id: KeyId,
    verified: VerifiedAttestation,
}

impl RelyingParty {
    /// Enrols a key.
    pub fn attest(
        &mut self,
        account: &str,
        enrolment: &Enrolment<'_>,
        now: Timestamp,
    ) -> Result<Enrolled, Refusal> {
        let proven =
            self.begin_attest(account, enrolment, now)?.verify(enrolment.attestation, now)?;
        self.finish_attest(proven)
    }

    /// First step: spends the challenge.
    pub fn begin_attest(
        &mut self,
        account: &str,
        enrolment: &Enrolment<'_>,
        now: Timestamp,
    ) -> Result<PendingAttestation, Refusal> {
        let flaws = &self.settings.flaws;
        self.challenges.spend(enrolment.challenge, account, Purpose::Attest, now, flaws)?;
        let late = flaws.has(Habit::ChallengeSpentBySuccess) || flaws.has(Habit::RaceForChallenge);
        if flaws.has(Habit::RaceForKey) {
            self.keys.claimed(&enrolment.key_id, account, flaws)?;
        }
        if flaws.has(Habit::KeySavedFirst)
            && self.keys.get(&enrolment.key_id).is_none()
            && let Some(key) = unverified_key(account, enrolment.attestation)
        {
            self.keys.enrol(enrolment.key_id, key, flaws)?;
        }
        Ok(PendingAttestation {
            settings: Arc::clone(&self.settings),
            account: account.to_owned(),
            unspent: late.then(|| enrolment.challenge.to_owned()),
            key_id: enrolment.key_id,
            // AV-2: the hash of the challenge as the server sent it. Both texts are equal here.
            client_data_hash: sha256(&[enrolment.challenge.as_bytes()]),
        })
    }

    /// Last step: binds the key to the account.
    pub fn finish_attest(&mut self, proven: ProvenAttestation) -> Result<Enrolled, Refusal> {
        let ProvenAttestation { account, unspent, key_id, verified } = proven;
        let flaws = &self.settings.flaws;
        if let Some(challenge) = unspent {
            self.challenges.use_up(&challenge, flaws);
        }
        let environment = verified.environment;
        let Some(public_key) = verified.public_key else {
            // Only without a structural rule is there no key: such a server accepts, and has nothing to store.
            return Ok(Enrolled { key_id, counter: verified.counter, environment });
        };
        let new = EnrolledKey {
            account,
            public_key,
            counter: verified.counter,
            receipt: verified.receipt,
            revoked: false,
        };
        let key = if flaws.has(Habit::RaceForKey) {
            self.keys.overwrite(key_id, new)
        } else {
            self.keys.enrol(key_id, new, flaws)?
        };
        Ok(Enrolled { key_id, counter: key.counter, environment })
    }
}

impl PendingAttestation {
    /// The key id the app sent along.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What the attestation must bind: the hash of the challenge as it was issued.
    pub fn client_data_hash(&self) -> &[u8; 32] {
        &self.client_data_hash
    }

    /// Second step where another verifier takes it: what that verifier found is taken for true.
    pub fn verified_by_another(self, verified: VerifiedAttestation) -> ProvenAttestation {
        let Self { account, unspent, key_id, .. } = self;
        ProvenAttestation { account, unspent, key_id, verified }
    }

    /// Second step, which needs no state: verifies the attestation and the receipt in it.
    pub fn verify(
        self,
        attestation: &[u8],
        now: Timestamp,
    ) -> Result<ProvenAttestation, Unverified> {
        let Self { settings, account, unspent, key_id, client_data_hash } = self;
        let request =
            AttestationRequest { object: attestation, key_id, client_data_hash: &client_data_hash };
        let Settings { policy, trust_anchor, flaws, .. } = &*settings;
        let verified = verify_attestation(&request, trust_anchor, policy, now, flaws)?;
        if let (Some(anchor), Some(public_key)) =
            (&settings.receipt_trust_anchor, &verified.public_key)
        {
            match &verified.receipt {
                Some(receipt) => {
                    let request = ReceiptRequest {
                        receipt,
                        public_key: Some(public_key),
                        client_data_hash: Some(&client_data_hash),
                    };
                    verify_receipt(&request, anchor, policy, now, flaws)?;
                }
                None => without_receipt(flaws)?,
            }
        }
        Ok(ProvenAttestation { account, unspent, key_id, verified })
    }
}

fn without_receipt(flaws: &Flaws) -> Result<(), Unverified> {
    if flaws.drops(Rule::ReceiptSyntax) || flaws.has(Habit::ReceiptOptional) {
        return Ok(());
    }
    if let Some(flaw) = flaws.with(Habit::ReceiptExpected) {
        return Err(Unverified::Failed(flaw.id));
    }
    Err(Unverified::Broken(Rejection {
        rule: Rule::ReceiptSyntax,
        detail: "the attestation carries no receipt".to_owned(),
    }))
}

/// The key in the leaf of an attestation, whoever made it; nothing is verified.
pub fn certified_key(attestation: &[u8]) -> Option<[u8; 65]> {
    let object = AttestationObject::decode(attestation).ok()?;
    let leaf = Certificate::decode(object.certificates.first()?).ok()?;
    leaf.point.try_into().ok()
}

/// What a server stores that verifies afterwards: whatever key the leaf has.
fn unverified_key(account: &str, attestation: &[u8]) -> Option<EnrolledKey> {
    Some(EnrolledKey {
        account: account.to_owned(),
        public_key: certified_key(attestation)?,
        counter: 0,
        receipt: None,
        revoked: false,
    })
}

#[cfg(test)]
impl ProvenAttestation {
    /// As if an attestation had been verified.
    pub(super) fn assume(
        pending: PendingAttestation,
        public_key: [u8; 65],
        environment: Environment,
    ) -> Self {
        Self {
            account: pending.account,
            unspent: pending.unspent,
            key_id: pending.key_id,
            verified: VerifiedAttestation {
                public_key: Some(public_key),
                environment,
                counter: 0,
                receipt: Some(b"receipt".to_vec()),
                validation_category: None,
                bundle_version: None,
            },
        }
    }
}
