//! The search for a key or a nonce whose outcome looks as wished.

use super::walk::{Walk, inverted};
use super::{Half, Integers, Key, Wish, p256_scalar, p384_scalar};
use crate::seed::Seed;
use p256::elliptic_curve::{
    Field, PrimeField, hazmat::FieldArithmetic, point::AffineCoordinates, scalar::IsHigh,
    sec1::ToSec1Point,
};
use protocol::terms::sha256;

/// Nonces whose inverses are computed at once.
const BATCH: usize = 256;
/// Batches after which a wish counts as beyond reach.
const BATCHES: usize = 1 << 18;

/// Low halves of P-256 nonces whose `r` has 31, 30, 29 and 28 bytes, found on walks of 14 million
/// steps from SHA-256 of "assay: short nonces" and, for the last, of two thousand million from
/// that of "assay: nonces of short r". Which `r` a nonce has does not depend on key or message, so
/// that they serve all of them; that they give the key away does not matter here.
const SHORT_NONCES: [u128; 4] = [
    0x2377_dc3b_e6e3_2f29_1724_892f_1b7a_55af,
    0x2377_dc3b_e6e3_2f29_1724_892f_1b7b_17cb,
    0x2377_dc3b_e6e3_2f29_1724_892f_1c50_b105,
    0x859a_5b98_144d_a7a7_e80c_0e4e_7d87_d5ab,
];

/// A key pair met on a walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub(super) scalar: p256::Scalar,
    /// The public key, `04‖X‖Y`.
    pub point: [u8; 65],
}

impl Candidate {
    /// The pair as a key that signs.
    pub fn key(&self) -> Key {
        Key::P256(Box::new(self.signing_key()))
    }

    /// The pair as a key whose public half need not be computed again.
    pub fn into_walked(self) -> Key {
        Key::Walked(Box::new(self))
    }

    pub(super) fn signing_key(&self) -> p256::ecdsa::SigningKey {
        let key = p256::ecdsa::SigningKey::from_slice(&self.scalar.to_repr());
        key.expect("a walk among half the bits meets no multiple of the order")
    }
}

/// P-256 key pairs without end, each one step from the one before. A step costs a hundredth of a
/// key of its own, so that one among 65 536 is found in a moment.
#[derive(Debug, Clone)]
pub struct KeyWalk {
    scalar: p256::Scalar,
    walk: Walk<<p256::NistP256 as FieldArithmetic>::FieldElement>,
}

impl Iterator for KeyWalk {
    type Item = Candidate;

    fn next(&mut self) -> Option<Candidate> {
        let (x, y) = self.walk.next()?;
        let mut point = [4; 65];
        point[1..33].copy_from_slice(&x.to_repr());
        point[33..].copy_from_slice(&y.to_repr());
        let candidate = Candidate { scalar: self.scalar, point };
        self.scalar += p256::Scalar::ONE;
        Some(candidate)
    }
}

/// The walk of a seed.
pub fn candidates(seed: &Seed) -> KeyWalk {
    walk_from(seed, 0)
}

/// [`candidates`] from that place on, without a step over those before it. To find the place costs
/// 256 additions of points, so it pays for whoever takes dozens.
pub fn walk_from(seed: &Seed, place: u64) -> KeyWalk {
    let scalar = scalar_at(seed, place);
    KeyWalk { scalar, walk: Walk::from::<p256::NistP256>(&scalar) }
}

/// The key at that place of [`candidates`] alone, for one multiplication of the generator.
pub fn key_of_walk(seed: &Seed, place: u64) -> Candidate {
    let scalar = scalar_at(seed, place);
    let public = (p256::ProjectivePoint::GENERATOR * scalar).to_affine();
    let point = public.to_sec1_point(false);
    let point = point.as_bytes().try_into().expect("an uncompressed point of P-256 has 65 bytes");
    Candidate { scalar, point }
}

fn scalar_at(seed: &Seed, place: u64) -> p256::Scalar {
    p256_scalar(&widened(seed.child("walk of keys", 0).bytes(), 32)) + p256::Scalar::from(place)
}

/// A P-256 signature that grants the wish.
pub(super) fn p256(key: &p256::ecdsa::SigningKey, digest: &[u8], wish: Wish) -> Integers {
    let secret = **key.as_nonzero_scalar();
    let z = reduced_digest(digest, 32, p256_scalar);
    // What chance gives often is not taken from the list, so that it keeps looking like chance.
    let rare = wish.der_length.is_some_and(|length| length < 70)
        || matches!(wish.leading_zeros, Some((Half::R, 2..)));
    let short = SHORT_NONCES.into_iter().filter(|_| rare).find_map(|nonce| {
        let nonce = p256_scalar(&widened(nonce.to_be_bytes(), 32));
        let x = (p256::ProjectivePoint::GENERATOR * nonce).to_affine().x();
        let r: p256::Scalar = Option::from(p256::Scalar::from_repr(x))?;
        let inverse: p256::Scalar = Option::from(nonce.invert())?;
        granted_p256(r, inverse * (z + r * secret), wish)
    });
    short.unwrap_or_else(|| walk_p256(secret, z, digest, wish))
}

/// A P-384 signature that grants the wish.
pub(super) fn p384(key: &p384::ecdsa::SigningKey, digest: &[u8], wish: Wish) -> Integers {
    let z = reduced_digest(digest, 48, p384_scalar);
    walk_p384(**key.as_nonzero_scalar(), z, digest, wish)
}

macro_rules! walk {
    ($walk:ident, $granted:ident, $curve:ident, $name:ident, $scalar:ident) => {
        /// Walks nonces k, k+1, … from one that follows from key and digest, until one grants the
        /// wish.
        fn $walk(secret: $curve::Scalar, z: $curve::Scalar, digest: &[u8], wish: Wish) -> Integers {
            use $curve::Scalar;
            let secret_bytes = secret.to_repr();
            let start = sha256(&[b"nonces of", &secret_bytes, digest]);
            // Half the bits are left free, so that no carry can reach the order.
            let start: [u8; 16] = start[..16].try_into().expect("a digest has 32 bytes");
            let mut nonce = $scalar(&widened(start, secret_bytes.len()));
            let mut walk = Walk::from::<$curve::$name>(&nonce);
            let mut nonces = Vec::with_capacity(BATCH);
            for _ in 0..BATCHES {
                nonces.clear();
                for _ in 0..BATCH {
                    nonces.push(nonce);
                    nonce += Scalar::ONE;
                }
                for (inverse, (x, _)) in inverted(&nonces).into_iter().zip(&mut walk) {
                    // An x-coordinate at or above the order is rarer than one in 2^32: skipped.
                    let r: Option<Scalar> = Scalar::from_repr(x.to_repr()).into();
                    let found = r.and_then(|r| $granted(r, inverse * (z + r * secret), wish));
                    if let Some(found) = found {
                        return found;
                    }
                }
            }
            panic!("no signature with {wish:?} among {} nonces", BATCHES * BATCH);
        }

        /// The signature with `s` or with `n − s`, if one of them grants the wish.
        fn $granted(r: $curve::Scalar, s: $curve::Scalar, wish: Wish) -> Option<Integers> {
            [s, -s].into_iter().find_map(|s| {
                let (r, bytes) = (r.to_repr(), s.to_repr());
                let granted = wish.is_granted_by(&r, &bytes, s.is_high().into());
                granted.then(|| Integers { r: r.to_vec(), s: bytes.to_vec() })
            })
        }
    };
}

walk!(walk_p256, granted_p256, p256, NistP256, p256_scalar);
walk!(walk_p384, granted_p384, p384, NistP384, p384_scalar);

/// A small number in the full width of a scalar.
fn widened(number: [u8; 16], width: usize) -> Vec<u8> {
    let mut wide = vec![0; width];
    wide[width - 16..].copy_from_slice(&number);
    wide
}

/// The digest as a number below the order: cut to the curve's width, then folded once.
fn reduced_digest<S: Field>(digest: &[u8], width: usize, scalar: fn(&[u8]) -> S) -> S {
    let digest = &digest[..digest.len().min(width)];
    let mut high = vec![0; width];
    let mut low = vec![0; width];
    // Two halves, each surely canonical: digest = high · 2^(4·length) + low.
    let split = digest.len() / 2;
    high[width - split..].copy_from_slice(&digest[..split]);
    low[width - (digest.len() - split)..].copy_from_slice(&digest[split..]);
    let shift = 8 * (digest.len() - split);
    let mut high = scalar(&high);
    for _ in 0..shift {
        high = high.double();
    }
    high + scalar(&low)
}
