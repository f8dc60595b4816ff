//! A protected request: key, assertion, challenge, then the counter is moved on.

use super::{EnrolledKey, Purpose, Refusal, RelyingParty, Settings};
use crate::flaw::Habit;
use crate::terms::{KeyId, sha256};
use crate::verify::{
    AssertionRequest, Rejection, Rule, Unverified, VerifiedAssertion, verify_assertion,
};
use crate::wire::Assertion;
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

/// What an assertion is held against.
#[derive(Debug, Clone, Copy)]
struct Known {
    public_key: [u8; 65],
    counter: u32,
}

/// A protected request of a known key. Its challenge is spent; whether that was good comes up
/// after the signature, as Apple orders it.
#[derive(Debug, Clone)]
pub struct PendingAssertion {
    settings: Arc<Settings>,
    account: String,
    key_id: KeyId,
    /// The key; `None` only if that rule is left out.
    known: Option<Known>,
    /// The whole record, if a planted flaw is to write it back.
    record: Option<EnrolledKey>,
    client_data_hash: [u8; 32],
    challenge: Result<(), Rejection>,
    /// The challenge, if it is used up only when all is done.
    unspent: Option<String>,
    lenience: Lenience,
}

/// What a planted flaw does with the counter of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lenience {
    /// Nothing.
    None,
    /// It is not looked at.
    Waved,
    /// It is held against what this node knows.
    OfNode(u64),
}

/// A protected request whose assertion holds.
#[derive(Debug, Clone)]
pub struct ProvenAssertion {
    account: String,
    key_id: KeyId,
    /// The key as it was when its counter was compared.
    known: Option<Known>,
    record: Option<EnrolledKey>,
    verified: VerifiedAssertion,
    unspent: Option<String>,
    lenience: Lenience,
}

/// Of requests with used challenges, every so-manieth is let through by a planted flaw.
const WAVED_THROUGH: u32 = 16;

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
        let mut challenge = match request.challenge {
            Some(text) => self.challenges.spend(text, account, Purpose::Assert, now, flaws),
            None if flaws.drops(Rule::AssertionChallenge) => Ok(()),
            None => Err(Rejection {
                rule: Rule::AssertionChallenge,
                detail: "the client data holds no challenge".to_owned(),
            }),
        };
        let mut lenience = Lenience::None;
        if flaws.has(Habit::ReplayNowAndThen)
            && challenge.as_ref().is_err_and(|broken| broken.rule == Rule::ChallengeUnused)
        {
            self.repeats = self.repeats.wrapping_add(1);
            if self.repeats.is_multiple_of(WAVED_THROUGH) {
                challenge = Ok(());
                lenience = Lenience::Waved;
            }
        }
        let late = flaws.has(Habit::ChallengeSpentBySuccess) || flaws.has(Habit::RaceForChallenge);
        let key = self.keys.of(&request.key_id, account, flaws)?;
        let record = key.as_deref().filter(|_| flaws.has(Habit::RaceForRevocation)).cloned();
        let mut known = key.as_deref().map(Known::of);
        if let Some(key) = key
            && flaws.has(Habit::CounterSavedFirst)
        {
            key.counter = key.counter.max(stated_counter(request.assertion));
        }
        if let Some(known) = &mut known
            && flaws.has(Habit::CounterForEachAccount)
        {
            known.counter = self.keys.highest_counter_of(account);
        }
        if let (Some(known), Lenience::Waved) = (&mut known, lenience) {
            known.counter = 0;
        }
        let client_data_hash = sha256(&[request.client_data]);
        self.shared_buffer = client_data_hash;
        Ok(PendingAssertion {
            known,
            record,
            settings: Arc::clone(&self.settings),
            account: account.to_owned(),
            key_id: request.key_id,
            client_data_hash,
            challenge,
            unspent: request.challenge.filter(|_| late).map(str::to_owned),
            lenience,
        })
    }

    /// What a planted flaw does to a request that came to one of several nodes: it is held against
    /// the counter that this node knows.
    pub fn at_node(&self, node: u64, pending: &mut PendingAssertion) {
        if self.settings.flaws.has(Habit::CounterOnEachNode)
            && let Some(known) = &mut pending.known
        {
            known.counter = self.node_counters.get(&(pending.key_id, node)).copied().unwrap_or(0);
            pending.lenience = Lenience::OfNode(node);
        }
    }

    /// What a planted flaw does to a request that was kept waiting: its hash is now another's.
    pub fn after_the_wait(&self, pending: &mut PendingAssertion) {
        if self.settings.flaws.has(Habit::RaceForBuffer) {
            pending.client_data_hash = self.shared_buffer;
        }
    }

    /// Last step: moves the counter on, if it still does so.
    pub fn finish_assert(&mut self, proven: &ProvenAssertion) -> Result<Accepted, Refusal> {
        let flaws = &self.settings.flaws;
        let counter = proven.verified.counter;
        if let Some(challenge) = &proven.unspent {
            self.challenges.use_up(challenge, flaws);
        }
        if let Some(record) = &proven.record {
            self.keys.overwrite(proven.key_id, EnrolledKey { counter, ..record.clone() });
            return Ok(Accepted { counter });
        }
        // The key may have been revoked meanwhile.
        let key = self.keys.of(&proven.key_id, &proven.account, flaws)?;
        let (Some(key), Some(known)) = (key, &proven.known) else {
            return Ok(Accepted { counter });
        };
        let key_counter = match proven.lenience {
            Lenience::None => &mut key.counter,
            Lenience::Waved => return Ok(Accepted { counter }),
            Lenience::OfNode(node) => self.node_counters.entry((proven.key_id, node)).or_default(),
        };
        if flaws.has(Habit::CounterNotSaved) {
            return Ok(Accepted { counter });
        }
        let unguarded = [Habit::RaceForCounter, Habit::CounterSavedFirst];
        if flaws.spare(Rule::CounterIncreases) || unguarded.iter().any(|habit| flaws.has(*habit)) {
            *key_counter = counter;
        } else if counter > known.counter {
            // AS-5, once more: another request of the same key may have come first.
            if counter <= *key_counter {
                return Err(Refusal::Broken(Rejection {
                    rule: Rule::CounterIncreases,
                    detail: format!("counter {counter} is not greater than {key_counter}"),
                }));
            }
            *key_counter = counter;
        }
        // Otherwise the counter could not be read, and nothing is there to store.
        Ok(Accepted { counter })
    }
}

impl PendingAssertion {
    /// The hash of the client data as received.
    pub fn client_data_hash(&self) -> &[u8; 32] {
        &self.client_data_hash
    }

    /// The stored public key; `None` only if the rule that it must be known is left out.
    pub fn public_key(&self) -> Option<&[u8; 65]> {
        self.known.as_ref().map(|known| &known.public_key)
    }

    /// The counter stored for the key.
    pub fn stored_counter(&self) -> u32 {
        self.known.map_or(0, |known| known.counter)
    }

    /// Second step where another verifier takes it: what that verifier found is taken for true, and
    /// then it is told of the challenge.
    pub fn verified_by_another(
        self,
        verified: VerifiedAssertion,
    ) -> Result<ProvenAssertion, Rejection> {
        self.challenge?;
        Ok(ProvenAssertion {
            account: self.account,
            key_id: self.key_id,
            known: self.known,
            record: self.record,
            verified,
            unspent: self.unspent,
            lenience: self.lenience,
        })
    }

    /// Second step, which needs no state: verifies the assertion, then tells of the challenge.
    pub fn verify(self, assertion: &[u8]) -> Result<ProvenAssertion, Unverified> {
        let mut flaws = Cow::Borrowed(&self.settings.flaws);
        if self.known.is_none() {
            // Without a key there is nothing to check these against.
            flaws.to_mut().drop_too(&[Rule::AssertionSignature, Rule::CounterIncreases]);
        }
        let public_key = self.known.map_or([0; 65], |known| known.public_key);
        let request = AssertionRequest {
            assertion,
            client_data_hash: &self.client_data_hash,
            public_key: &public_key,
            stored_counter: self.known.map_or(0, |known| known.counter),
        };
        let verified = verify_assertion(&request, &self.settings.policy, &flaws)?;
        Ok(self.verified_by_another(verified)?)
    }
}

impl Known {
    fn of(key: &EnrolledKey) -> Self {
        Self { public_key: key.public_key, counter: key.counter }
    }
}

/// The counter that an assertion states, whoever made it; nothing is verified.
pub fn stated_counter(assertion: &[u8]) -> u32 {
    let read = Assertion::decode(assertion);
    let bytes = read.ok().and_then(|read| read.authenticator_data.get(33..37)?.try_into().ok());
    bytes.map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
impl ProvenAssertion {
    /// As if an assertion with this counter had been verified.
    pub(super) fn assume(pending: PendingAssertion, counter: u32) -> Result<Self, Rejection> {
        let known = pending.known;
        if known.as_ref().is_some_and(|key| counter <= key.counter)
            && !pending.settings.flaws.drops(Rule::CounterIncreases)
        {
            return Err(Rejection { rule: Rule::CounterIncreases, detail: String::new() });
        }
        pending.challenge?;
        Ok(Self {
            account: pending.account,
            key_id: pending.key_id,
            known,
            record: pending.record,
            unspent: pending.unspent,
            lenience: pending.lenience,
            verified: VerifiedAssertion {
                counter,
                validation_category: None,
                bundle_version: None,
            },
        })
    }
}
