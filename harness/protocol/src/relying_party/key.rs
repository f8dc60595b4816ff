//! Enrolled keys: each bound to one account for good, with the counter last seen.

use super::Refusal;
use crate::flaw::{Flaws, Habit};
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
    enrolled: BTreeMap<KeyId, EnrolledKey>,
    /// Look-ups that still find a revoked key alive; only a planted flaw fills it.
    cached: BTreeMap<KeyId, u8>,
}

impl Keys {
    pub(super) fn new(most: usize) -> Self {
        Self { most, enrolled: BTreeMap::new(), cached: BTreeMap::new() }
    }

    pub(super) fn get(&self, key_id: &KeyId) -> Option<&EnrolledKey> {
        self.enrolled.get(key_id)
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
        let enrolled = self.enrolled.len();
        self.make_way(key_id, &new.account, flaws)?;
        match self.enrolled.entry(key_id) {
            std::collections::btree_map::Entry::Vacant(_) if enrolled >= self.most => {
                Err(Refusal::Full("keys"))
            }
            std::collections::btree_map::Entry::Vacant(vacant) => Ok(vacant.insert(new)),
            std::collections::btree_map::Entry::Occupied(occupied) => {
                let key = occupied.into_mut();
                if key.account != new.account && !is_given_away(key, flaws) {
                    unless(flaws, Rule::KeyUnclaimed, "the key belongs to another account")?;
                }
                if key.revoked && !flaws.has(Habit::KeyRevivedByEnrolment) {
                    unless(flaws, Rule::KeyActive, "the key was revoked, which is final")?;
                }
                if flaws.has(Habit::CounterResetByEnrolment) {
                    key.counter = new.counter;
                }
                key.revoked = false;
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
        let Some(key) = self.enrolled.get_mut(key_id) else {
            return unless(flaws, Rule::KeyKnown, "the key was never enrolled").map(|()| None);
        };
        if key.account != account {
            unless(flaws, Rule::KeyOwner, "the key belongs to another account")?;
        }
        if key.revoked && !take_cached(&mut self.cached, key_id) {
            unless(flaws, Rule::KeyActive, "the key was revoked")?;
        }
        Ok(Some(key))
    }

    /// Gives a key up for good.
    pub(super) fn revoke(
        &mut self,
        key_id: KeyId,
        account: &str,
        flaws: &Flaws,
    ) -> Result<(), Rejection> {
        if let Some(key) = self.of(&key_id, account, flaws)? {
            key.revoked = true;
            key.receipt = None;
        }
        if flaws.has(Habit::KeyCachedAfterRevocation) {
            // A request looks its key up twice.
            self.cached.insert(key_id, 2);
        }
        if flaws.has(Habit::KeyForgottenByRevocation) {
            self.enrolled.remove(&key_id);
        }
        Ok(())
    }

    /// The highest counter of all keys of an account.
    pub(super) fn highest_counter_of(&self, account: &str) -> u32 {
        let own = self.enrolled.values().filter(|key| key.account == account);
        own.map(|key| key.counter).max().unwrap_or(0)
    }

    /// Whether another account has the key, as far as anyone looks.
    pub(super) fn claimed(
        &self,
        key_id: &KeyId,
        account: &str,
        flaws: &Flaws,
    ) -> Result<(), Rejection> {
        match self.enrolled.get(key_id) {
            Some(key) if key.account != account => {
                unless(flaws, Rule::KeyUnclaimed, "the key belongs to another account")
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Writes a record whatever is stored.
    pub(super) fn overwrite(&mut self, key_id: KeyId, key: EnrolledKey) -> &EnrolledKey {
        self.enrolled.insert(key_id, key);
        &self.enrolled[&key_id]
    }

    /// What flawed servers do to an account's other keys before they enrol one.
    fn make_way(&mut self, key_id: KeyId, account: &str, flaws: &Flaws) -> Result<(), Rejection> {
        if flaws.is_empty() {
            return Ok(());
        }
        let broken =
            |detail: &str| Err(Rejection { rule: Rule::KeyUnclaimed, detail: detail.to_owned() });
        let owned = self.enrolled.get(&key_id).is_some_and(|key| key.account == account);
        if owned && flaws.has(Habit::KeyEnrolledOnce) {
            return broken("the key is enrolled already");
        }
        let mut others = self
            .enrolled
            .iter_mut()
            .filter(|(id, key)| key.account == account && **id != key_id && !key.revoked);
        if flaws.has(Habit::KeyOneForEachAccount) && others.next().is_some() {
            return broken("the account has a key already");
        }
        if flaws.has(Habit::KeyReplacedByTheNext) {
            others.for_each(|(_, key)| key.revoked = true);
        }
        Ok(())
    }
}

/// Whether a flawed server lets another account have the key.
fn is_given_away(key: &EnrolledKey, flaws: &Flaws) -> bool {
    key.counter == 0 && flaws.has(Habit::KeyRebornUnused)
}

fn take_cached(cached: &mut BTreeMap<KeyId, u8>, key_id: &KeyId) -> bool {
    let Some(left) = cached.get_mut(key_id).filter(|left| **left > 0) else {
        return false;
    };
    *left -= 1;
    true
}

/// The rule is broken, unless it is left out.
fn unless(flaws: &Flaws, rule: Rule, detail: &str) -> Result<(), Rejection> {
    if flaws.drops(rule) { Ok(()) } else { Err(Rejection { rule, detail: detail.to_owned() }) }
}
