//! A protected request: key, assertion, challenge, then the counter is moved on.

use super::{Purpose, Refusal, RelyingParty, Settings};
use crate::terms::{KeyId, sha256};
use crate::verify::{AssertionRequest, Rejection, Rule, VerifiedAssertion, verify_assertion};
use jiff::Timestamp;
use std::borrow::Cow;
use std::sync::Arc;

/// What a client sends along with a protected request.
#[derive(Debug, Clone, Copy)]
pub struct ProtectedRequest<'a> {
    /// The key it asserts with.
    pub key_id: KeyId,
    /// The client data, byte for byte as received.
    pub client_data: &'a [u8],
    /// The assertion.
    pub assertion: &'a [u8],
    /// The challenge as it was found in the client data; how is for the caller to know.
    pub challenge: Option<&'a str>,
}

/// A protected request that may be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The counter as it is now stored.
    pub counter: u32,
}

/// A protected request of a known key. Its challenge is spent; whether that was good comes up
/// after the signature, as Apple orders it.
#[derive(Debug, Clone)]
pub struct PendingAssertion {
    settings: Arc<Settings>,
    account: String,
    key_id: KeyId,
    /// Public key and counter; `None` only if that rule is left out.
    known: Option<([u8; 65], u32)>,
    client_data_hash: [u8; 32],
    challenge: Result<(), Rejection>,
}

/// A protected request whose assertion holds.
#[derive(Debug, Clone)]
pub struct ProvenAssertion {
    account: String,
    key_id: KeyId,
    /// The counter that was compared with.
    compared: Option<u32>,
    verified: VerifiedAssertion,
}

impl RelyingParty {
    /// Accepts or refuses a protected request.
    pub fn assert(
        &mut self,
        account: &str,
        request: &ProtectedRequest<'_>,
        now: Timestamp,
    ) -> Result<Accepted, Refusal> {
        let proven = self.begin_assert(account, request, now)?.verify(request.assertion)?;
        self.finish_assert(&proven)
    }

    /// First step: spends the challenge and finds the key.
    pub fn begin_assert(
        &mut self,
        account: &str,
        request: &ProtectedRequest<'_>,
        now: Timestamp,
    ) -> Result<PendingAssertion, Refusal> {
        let flaws = &self.settings.flaws;
        let challenge = match request.challenge {
            Some(text) => self.challenges.spend(text, account, Purpose::Assert, now, flaws),
            None if flaws.drops(Rule::AssertionChallenge) => Ok(()),
            None => Err(Rejection {
                rule: Rule::AssertionChallenge,
                detail: "the client data holds no challenge".to_owned(),
            }),
        };
        let key = self.keys.of(&request.key_id, account, flaws)?;
        Ok(PendingAssertion {
            known: key.map(|key| (key.public_key, key.counter)),
            settings: Arc::clone(&self.settings),
            account: account.to_owned(),
            key_id: request.key_id,
            client_data_hash: sha256(&[request.client_data]),
            challenge,
        })
    }

    /// Last step: moves the counter on, if it still does so.
    pub fn finish_assert(&mut self, proven: &ProvenAssertion) -> Result<Accepted, Refusal> {
        let flaws = &self.settings.flaws;
        let counter = proven.verified.counter;
        // The key may have been revoked meanwhile.
        let key = self.keys.of(&proven.key_id, &proven.account, flaws)?;
        let (Some(key), Some(compared)) = (key, proven.compared) else {
            return Ok(Accepted { counter });
        };
        if flaws.drops(Rule::CounterIncreases) {
            key.counter = counter;
        } else if counter > compared {
            // AS-5, once more: another request of the same key may have come first.
            if counter <= key.counter {
                return Err(Refusal::Broken(Rejection {
                    rule: Rule::CounterIncreases,
                    detail: format!("counter {counter} is not greater than {}", key.counter),
                }));
            }
            key.counter = counter;
        }
        // Otherwise the counter could not be read, and nothing is there to store.
        Ok(Accepted { counter })
    }
}

impl PendingAssertion {
    /// Second step, which needs no state: verifies the assertion, then tells of the challenge.
    pub fn verify(self, assertion: &[u8]) -> Result<ProvenAssertion, Rejection> {
        let mut flaws = Cow::Borrowed(&self.settings.flaws);
        if self.known.is_none() {
            // Without a key there is nothing to check these against.
            flaws.to_mut().drop_too(&[Rule::AssertionSignature, Rule::CounterIncreases]);
        }
        let (public_key, stored_counter) = self.known.unwrap_or(([0; 65], 0));
        let request = AssertionRequest {
            assertion,
            client_data_hash: &self.client_data_hash,
            public_key: &public_key,
            stored_counter,
        };
        let verified = verify_assertion(&request, &self.settings.policy, &flaws)?;
        self.challenge?;
        Ok(ProvenAssertion {
            account: self.account,
            key_id: self.key_id,
            compared: self.known.map(|(_, counter)| counter),
            verified,
        })
    }
}

#[cfg(test)]
impl ProvenAssertion {
    /// As if an assertion with this counter had been verified.
    pub(super) fn assume(pending: PendingAssertion, counter: u32) -> Result<Self, Rejection> {
        let compared = pending.known.map(|(_, counter)| counter);
        if compared.is_some_and(|stored| counter <= stored)
            && !pending.settings.flaws.drops(Rule::CounterIncreases)
        {
            return Err(Rejection { rule: Rule::CounterIncreases, detail: String::new() });
        }
        pending.challenge?;
        Ok(Self {
            account: pending.account,
            key_id: pending.key_id,
            compared,
            verified: VerifiedAssertion {
                counter,
                validation_category: None,
                bundle_version: None,
            },
        })
    }
}
