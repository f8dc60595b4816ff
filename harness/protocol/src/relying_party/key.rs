//! Enrolled keys: each bound to one account for good, with the counter last seen.

use super::Refusal;
use crate::flaw::Flaws;
use crate::terms::KeyId;
use crate::verify::{Rejection, Rule};
use std::collections::BTreeMap;

/// A key that an account enrolled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnrolledKey {
    /// The account it belongs to.
    pub account: String,
    /// The attested public key, `04‖X‖Y`.
    pub public_key: [u8; 65],
    /// The counter of the last assertion that was accepted, 0 before the first.
    pub counter: u32,
    /// The receipt of the last attestation, for Apple's risk metric; dropped on revocation.
    pub receipt: Option<Vec<u8>>,
    /// Whether its owner gave it up. A revoked key is remembered, so that it never comes back.
    pub revoked: bool,
}

/// The enrolled keys of one environment.
#[derive(Debug)]
pub(super) struct Keys {
    most: usize,
    keys: BTreeMap<KeyId, EnrolledKey>,
}

impl Keys {
    pub(super) fn new(most: usize) -> Self {
        Self { most, keys: BTreeMap::new() }
    }

    pub(super) fn get(&self, key_id: &KeyId) -> Option<&EnrolledKey> {
        self.keys.get(key_id)
    }

    /// Binds a key to an account, and returns it as it now stands.
    ///
    /// The same account may enrol its key again: the receipt is renewed and nothing else changes,
    /// least of all the counter, or old assertions would be good once more. A revoked key is not
    /// enrolled again.
    pub(super) fn enrol(
        &mut self,
        key_id: KeyId,
        new: EnrolledKey,
        flaws: &Flaws,
    ) -> Result<&EnrolledKey, Refusal> {
        let enrolled = self.keys.len();
        match self.keys.entry(key_id) {
            std::collections::btree_map::Entry::Vacant(_) if enrolled >= self.most => {
                Err(Refusal::Full("keys"))
            }
            std::collections::btree_map::Entry::Vacant(vacant) => Ok(vacant.insert(new)),
            std::collections::btree_map::Entry::Occupied(occupied) => {
                let key = occupied.into_mut();
                if key.account != new.account {
                    unless(flaws, Rule::KeyUnclaimed, "the key belongs to another account")?;
                }
                if key.revoked {
                    unless(flaws, Rule::KeyActive, "the key was revoked, which is final")?;
                }
                key.account = new.account;
                key.receipt = new.receipt;
                Ok(key)
            }
        }
    }

    /// The key that an account asserts with; `None` if it is unknown and that rule is left out.
    pub(super) fn of(
        &mut self,
        key_id: &KeyId,
        account: &str,
        flaws: &Flaws,
    ) -> Result<Option<&mut EnrolledKey>, Rejection> {
        let Some(key) = self.keys.get_mut(key_id) else {
            return unless(flaws, Rule::KeyKnown, "the key was never enrolled").map(|()| None);
        };
        if key.account != account {
            unless(flaws, Rule::KeyOwner, "the key belongs to another account")?;
        }
        if key.revoked {
            unless(flaws, Rule::KeyActive, "the key was revoked")?;
        }
        Ok(Some(key))
    }
}

/// The rule is broken, unless it is left out.
fn unless(flaws: &Flaws, rule: Rule, detail: &str) -> Result<(), Rejection> {
    if flaws.drops(rule) { Ok(()) } else { Err(Rejection { rule, detail: detail.to_owned() }) }
}
