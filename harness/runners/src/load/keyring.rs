//! The keys of devices that have a number, without anybody having to remember them all.
//!
//! A device of a journey signs two or three times, minutes apart, among thousands of others, and a
//! public key costs a multiplication on the curve each time. On a walk it costs a fiftieth of that,
//! and whose neighbours come too will need it.

use super::lock;
use simulator::Seed;
use simulator::key::{Candidate, Key, key_of_walk, walk_from};
use std::collections::HashMap;
use std::sync::Mutex;

/// Keys that follow from a seed, a device's number and how many keys it had before.
#[derive(Debug)]
pub(super) struct Keyring {
    seed: Seed,
    met: Mutex<HashMap<Walk, Box<[Candidate]>>>,
}

/// How many keys its devices had before, and its place among the walks of such.
type Walk = (u16, u32);

/// Devices whose keys are met on one walk: as many as a walk finds at once.
const WALK: u32 = 256;
/// Walks that are kept, 25 kB each. A crowd beyond their quarter of a million keys comes back in an
/// order that no memory of this size helps with.
const KEPT: usize = 1 << 10;
/// So many keys of a device are met on walks. Few devices lose more, and a walk for one of them
/// would cost eight times its key.
const COMMON: u16 = 2;

/// Bytes that the keys of a fleet take at most.
pub fn key_bytes(devices: u32) -> usize {
    let walks = devices.div_ceil(WALK) as usize * usize::from(COMMON);
    walks.min(KEPT) * WALK as usize * size_of::<Candidate>()
}

impl Keyring {
    pub(super) fn new(seed: Seed) -> Self {
        Self { seed, met: Mutex::default() }
    }

    /// The key that a device has after so many others.
    pub(super) fn key(&self, device: u32, keys: u16) -> Key {
        let seed = self.seed.child("keys of devices", keys.into());
        let (walk, place) = (device / WALK, (device % WALK) as usize);
        let mut met = lock(&self.met);
        let known = if met.len() < KEPT && keys < COMMON {
            let first = u64::from(walk) * u64::from(WALK);
            let on_the_way = || walk_from(&seed, first).take(WALK as usize).collect();
            Some(&*met.entry((keys, walk)).or_insert_with(on_the_way))
        } else {
            met.get(&(keys, walk))
        };
        match known.map(|walk| walk[place].clone()) {
            Some(key) => key.into_walked(),
            None => key_of_walk(&seed, device.into()).into_walked(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_whether_it_was_met_on_a_walk_or_made_alone() {
        let ring = Keyring::new(Seed::from_text("keyring"));
        for device in [0, 255, 256, 70_000] {
            for keys in 0..COMMON {
                let seed = ring.seed.child("keys of devices", keys.into());
                let alone = key_of_walk(&seed, device.into()).into_walked();
                assert_eq!(ring.key(device, keys), alone);
                assert_eq!(ring.key(device, keys), alone, "and so it is the second time");
            }
        }
        let kept = ring.met.lock().unwrap().len();
        assert_eq!(kept, 6, "three walks of each of two keys");
        let rare = ring.key(0, COMMON);
        assert!((0..COMMON).all(|keys| ring.key(0, keys) != rare));
        assert_eq!(ring.met.lock().unwrap().len(), kept);
    }

    #[test]
    fn keys_of_any_fleet_fit_into_some_megabytes() {
        assert_eq!((key_bytes(0), key_bytes(256)), (0, key_bytes(1)));
        assert!(key_bytes(1_000_000) < 30_000_000, "{}", key_bytes(1_000_000));
        assert_eq!(key_bytes(1_000_000), key_bytes(u32::MAX));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let ring = Keyring::new(Seed::from_text("keyring"));
        {
            let mut met = ring.met.lock().unwrap();
            met.extend((0..KEPT as u32).map(|walk| ((COMMON, walk), Box::default())));
        }
        let again = Keyring::new(Seed::from_text("keyring"));
        assert_eq!(ring.key(9, 0), again.key(9, 0));
        assert_eq!(ring.met.lock().unwrap().len(), KEPT);
    }
}
