//! All back ends say the same of every signature.

use super::*;
use p384::ecdsa::signature::hazmat::PrehashSigner;
use proptest::prelude::*;
use sha2::{Digest, Sha256, Sha384};
use std::sync::LazyLock;

const SCHEMES: [Scheme; 4] =
    [Scheme::P256Sha256, Scheme::P256Sha384, Scheme::P384Sha256, Scheme::P384Sha384];

/// What each back end says; that of the table where it says anything.
#[track_caller]
fn opinion(scheme: Scheme, point: &[u8], table: &Table, message: &[u8], signature: &[u8]) -> bool {
    let ask = |crypto: Crypto| crypto.backend().verifies(scheme, point, message, signature);
    let opinion = ask(Crypto::AwsLcRs);
    assert_eq!(ask(Crypto::RustCrypto), opinion, "{scheme:?} {}", hex::encode(signature));
    match (scheme, table.verifies(scheme, message, signature)) {
        (Scheme::P256Sha256 | Scheme::P256Sha384, found) => assert_eq!(found, None),
        // A number r below 2^192, which no honest signature has, is left to a library.
        (Scheme::P384Sha256 | Scheme::P384Sha384, None) => assert!(signature[3] <= 25),
        (Scheme::P384Sha256 | Scheme::P384Sha384, found) => {
            assert_eq!(found, Some(opinion), "table {scheme:?} {}", hex::encode(signature));
        }
    }
    opinion
}

struct Keys {
    p256: (p256::ecdsa::SigningKey, Vec<u8>),
    p384: (p384::ecdsa::SigningKey, Vec<u8>),
    table: Table,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let p256 = p256::ecdsa::SigningKey::from_slice(&[0x35; 32]).unwrap();
    let p384 = p384::ecdsa::SigningKey::from_slice(&[0x53; 48]).unwrap();
    let p256_point = p256.verifying_key().to_sec1_point(false).as_bytes().to_vec();
    let p384_point = p384.verifying_key().to_sec1_point(false).as_bytes().to_vec();
    let table = Table::of(&p384_point).unwrap();
    Keys { p256: (p256, p256_point), p384: (p384, p384_point), table }
});

impl Keys {
    fn sign(&self, scheme: Scheme, message: &[u8]) -> (Vec<u8>, &[u8]) {
        let digest = match scheme {
            Scheme::P256Sha256 | Scheme::P384Sha256 => Sha256::digest(message).to_vec(),
            Scheme::P256Sha384 | Scheme::P384Sha384 => Sha384::digest(message).to_vec(),
        };
        match scheme {
            Scheme::P256Sha256 | Scheme::P256Sha384 => {
                let signed: p256::ecdsa::Signature = self.p256.0.sign_prehash(&digest).unwrap();
                (signed.to_der().as_bytes().to_vec(), &self.p256.1)
            }
            Scheme::P384Sha256 | Scheme::P384Sha384 => {
                let signed: p384::ecdsa::Signature = self.p384.0.sign_prehash(&digest).unwrap();
                (signed.to_der().as_bytes().to_vec(), &self.p384.1)
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn back_ends_agree_on_honest_and_on_damaged_signatures(
        which in 0..SCHEMES.len(),
        message in proptest::collection::vec(any::<u8>(), 0..80),
        at: prop::sample::Index,
        bits in 1u8..,
        cut in 0usize..4,
    ) {
        let keys = &*KEYS;
        let scheme = SCHEMES[which];
        let (signature, point) = keys.sign(scheme, &message);
        prop_assert!(opinion(scheme, point, &keys.table, &message, &signature));
        let mut other = message.clone();
        other.push(0);
        prop_assert!(!opinion(scheme, point, &keys.table, &other, &signature));
        let mut damaged = signature.clone();
        damaged[at.index(signature.len())] ^= bits;
        prop_assert!(!opinion(scheme, point, &keys.table, &message, &damaged));
        opinion(scheme, point, &keys.table, &message, &signature[..signature.len() - 1 - cut]);
    }

    #[test]
    fn back_ends_agree_on_any_numbers(
        which in 0..SCHEMES.len(),
        r in proptest::collection::vec(any::<u8>(), 0..50),
        s in proptest::collection::vec(any::<u8>(), 0..50),
        extra in proptest::collection::vec(any::<u8>(), 0..2),
    ) {
        let keys = &*KEYS;
        let scheme = SCHEMES[which];
        let (_, point) = keys.sign(scheme, &[]);
        let integer = |content: &[u8]| [&[2, content.len() as u8], content].concat();
        let content = [integer(&r), integer(&s), extra].concat();
        let signature = [&[0x30, content.len() as u8], &content[..]].concat();
        prop_assert!(!opinion(scheme, point, &keys.table, b"message", &signature));
    }
}

#[test]
fn back_ends_agree_that_numbers_outside_the_group_are_none() {
    let keys = &*KEYS;
    let order = hex::decode("00ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973").unwrap();
    let mut below = order.clone();
    *below.last_mut().unwrap() -= 1;
    let integer = |content: &[u8]| [&[2, content.len() as u8], content].concat();
    for (r, s) in [
        (&order, &below),
        (&below, &order),
        (&vec![0], &below),
        (&below, &vec![0]),
        (&below, &below),
    ] {
        let content = [integer(r), integer(s)].concat();
        let signature = [&[0x30, content.len() as u8], &content[..]].concat();
        let (_, point) = keys.sign(Scheme::P384Sha256, &[]);
        assert!(!opinion(Scheme::P384Sha256, point, &keys.table, b"message", &signature));
    }
}

#[test]
fn a_small_r_is_left_to_a_library() {
    // What was cut off at the order has a small r, and so may have others.
    let keys = &*KEYS;
    let signature = [&[0x30, 6, 2, 1, 5, 2, 1, 7][..]].concat();
    assert_eq!(keys.table.verifies(Scheme::P384Sha256, b"message", &signature), None);
}

#[test]
fn names_are_read_back() {
    for crypto in Crypto::ALL {
        assert_eq!(crypto.to_string().parse(), Ok(crypto));
    }
    assert!("openssl".parse::<Crypto>().unwrap_err().contains("openssl"));
}

#[test]
fn a_key_in_hybrid_form_is_none() {
    for scheme in SCHEMES {
        let (signature, point) = KEYS.sign(scheme, b"message");
        let mut hybrid = point.to_vec();
        hybrid[0] = 6 | (point[point.len() - 1] & 1);
        for crypto in Crypto::ALL {
            let says = |point| crypto.backend().verifies(scheme, point, b"message", &signature);
            assert!(says(point), "{crypto} {scheme:?}");
            assert!(!says(&hybrid), "{crypto} {scheme:?}");
        }
    }
}
