//! Randomness for reference servers whose runs must repeat.

use protocol::relying_party::Purpose;
use rand_core::Rng;
use simulator::Seed;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use targets::serve::Entropy;

/// Challenges that follow from the seed, the account and how many it asked for: what one account asks
/// for changes nothing for another.
pub fn seeded_entropy(seed: Seed) -> Entropy {
    let asked: Mutex<BTreeMap<String, u64>> = Mutex::default();
    Arc::new(move |account: &str, _purpose: Purpose| {
        let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
        let number = asked.entry(account.to_owned()).or_default();
        *number += 1;
        let mut bytes = [0; 32];
        seed.child(account, *number).stream().fill_bytes(&mut bytes);
        Ok(bytes)
    })
}
