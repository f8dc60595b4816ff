//! Same seed, same bytes, whatever the seed and whatever was made before.

use crate::{app_id, now};
use jiff::SignedDuration;
use proptest::prelude::*;
use proptest::sample::select;
use protocol::terms::Environment;
use simulator::{Authority, Device, Generation, Seed};

fn attested(seed: &Seed, generation: Generation, hash: &[u8], after: i64) -> Vec<Vec<u8>> {
    let now = now() + SignedDuration::from_hours(24 * after);
    let authority = Authority::new(seed, now);
    let mut device = Device::new(seed, generation, app_id(), Environment::Production);
    vec![
        authority.root_der().to_vec(),
        authority.receipt_root_der().to_vec(),
        device.public_key().to_vec(),
        device.attest(&authority, hash, now),
        device.assert(hash),
        device.assert(hash),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases / 4))]

    #[test]
    fn what_is_made_depends_on_the_seed_and_on_nothing_made_before(
        text in ".{0,40}",
        other in ".{0,40}",
        generation in select(Generation::ALL.to_vec()),
        hash in prop::collection::vec(any::<u8>(), 0..40),
        after in 0..3000i64,
    ) {
        let (seed, other_seed) = (Seed::from_text(&text), Seed::from_text(&other));
        let first = attested(&seed, generation, &hash, after);
        let between = attested(&other_seed, generation, &hash, after);
        prop_assert_eq!(&attested(&seed, generation, &hash, after), &first);
        // On another thread too, which has made nothing.
        let elsewhere = std::thread::scope(|scope| {
            scope.spawn(|| attested(&seed, generation, &hash, after)).join().unwrap()
        });
        prop_assert_eq!(&elsewhere, &first);
        for (one, other_one) in first.iter().zip(&between) {
            prop_assert_eq!(one == other_one, seed == other_seed);
        }
    }
}
