//! Same seed, same bytes; another seed, other keys.

use crate::honest::{app_id, now};
use jiff::SignedDuration;
use protocol::terms::Environment;
use simulator::{Authority, Device, Generation, Seed};

fn everything(seed: &Seed, generation: Generation) -> Vec<Vec<u8>> {
    let authority = Authority::new(seed, now());
    let mut device = Device::new(seed, generation, app_id(), Environment::Production);
    vec![
        authority.root_der().to_vec(),
        authority.intermediate_der().to_vec(),
        authority.receipt_root_der().to_vec(),
        authority.root_pem().into_bytes(),
        device.public_key().to_vec(),
        device.attest(&authority, &[1; 32], now()),
        device.assert(&[2; 32]),
        device.assert(&[2; 32]),
    ]
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_gives_others() {
    for generation in Generation::ALL {
        let first = everything(&Seed::from_text("first"), generation);
        assert_eq!(first, everything(&Seed::from_text("first"), generation));
        let second = everything(&Seed::from_text("second"), generation);
        for (one, other) in first.iter().zip(&second) {
            assert_ne!(one, other);
        }
    }
}

#[test]
fn roots_do_not_depend_on_the_time() {
    let seed = Seed::from_text("roots");
    let today = Authority::new(&seed, now());
    let later = Authority::new(&seed, now() + SignedDuration::from_hours(24 * 365 * 8));
    assert_eq!(today.root_der(), later.root_der());
    assert_eq!(today.receipt_root_der(), later.receipt_root_der());
    assert_ne!(today.intermediate_der(), later.intermediate_der(), "renewed before it expires");
    assert_ne!(today.receipt_chain()[0], later.receipt_chain()[0], "renewed each year");
}

/// Pins the bytes themselves, so that a change of them is never an accident: a case names a seed,
/// and its bytes shall be the same in the next version.
#[test]
fn the_bytes_of_a_seed_are_these() {
    let digest = |parts: &[Vec<u8>]| {
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        hex::encode(&protocol::terms::sha256(&parts)[..8])
    };
    let found = Generation::ALL.map(|one| digest(&everything(&Seed::from_text("pinned"), one)));
    assert_eq!(
        found,
        [
            "9ce2a6ed4a979f31",
            "9733c29f9d455737",
            "0c2eade698628095",
            "2712a6b89454abef",
            "d0f6f87181f34078"
        ]
    );
}
