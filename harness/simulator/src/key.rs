//! Signing keys of both curves, and ECDSA with a chosen outcome.

mod foreseen;
mod search;
pub(crate) mod walk;

pub use foreseen::{Foreseen, OneSignature};
pub use search::{Candidate, KeyWalk, candidates, key_of_walk, walk_from};

use crate::seed::Seed;
use p256::ecdsa::signature::hazmat::PrehashSigner;
use p256::elliptic_curve::{PrimeField, scalar::IsHigh};
use protocol::memory::{Memory, Remembered};
use protocol::terms::sha256;
use std::cell::RefCell;

/// A private key on P-256 or P-384. It follows from a seed and protects nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// As devices and receipt signers have.
    P256(Box<p256::ecdsa::SigningKey>),
    /// As the attestation CAs have.
    P384(Box<p384::ecdsa::SigningKey>),
    /// One on P-256 that was met on a walk: its public half came with it and costs no multiplication.
    Walked(Box<Candidate>),
    /// A point on P-256 whose private half nobody knows, and the one signature it has.
    Recovered(Box<OneSignature>),
}

thread_local! {
    static SIGNED: Remembered<Integers> = const { RefCell::new(None) };
}

const SIGNED_BEFORE: Memory<Integers> = Memory::new(&SIGNED);

/// Remembers signatures on this thread, for as long as `work` runs.
pub fn remembering<T>(work: impl FnOnce() -> T) -> T {
    SIGNED_BEFORE.during(work)
}

/// What a signature shall look like; ECDSA leaves it to chance, a test does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wish {
    /// `s` above half the group order, or not. Costs nothing: `s` and `n − s` both verify.
    pub high_s: Option<bool>,
    /// Which half begins with that many zero bytes or more when written in the curve's full width:
    /// of `r` up to 4 on P-256, of `s` 1 in a moment and 2 in some.
    pub leading_zeros: Option<(Half, usize)>,
    /// Exact number of bytes of the DER form. On P-256 72, 71 and 70 are common; 69, 68 and 67 are
    /// rare among honest signatures, but made here from nonces that were searched for once.
    pub der_length: Option<usize>,
}

/// One of the two numbers of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// The nonce point's x-coordinate.
    R,
    /// The proof.
    S,
}

/// The two numbers of a signature, big-endian and as wide as the curve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Integers {
    /// `r`
    pub r: Vec<u8>,
    /// `s`
    pub s: Vec<u8>,
}

impl Key {
    /// The P-256 key of a seed.
    pub fn p256(seed: &Seed) -> Self {
        let key = (0..).find_map(|attempt| {
            let scalar: [u8; 32] = seed.child("p256 scalar", attempt).bytes();
            p256::ecdsa::SigningKey::from_slice(&scalar).ok()
        });
        Self::P256(Box::new(key.expect("almost every 32 bytes are a scalar of P-256")))
    }

    /// The P-384 key of a seed.
    pub fn p384(seed: &Seed) -> Self {
        let key = (0..).find_map(|attempt| {
            let scalar: [u8; 48] = seed.child("p384 scalar", attempt).bytes();
            p384::ecdsa::SigningKey::from_slice(&scalar).ok()
        });
        Self::P384(Box::new(key.expect("almost every 48 bytes are a scalar of P-384")))
    }

    /// The public key as an uncompressed point, `04‖X‖Y`.
    pub fn point(&self) -> Vec<u8> {
        match self {
            Self::P256(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::P384(key) => key.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
            Self::Walked(pair) => pair.point.to_vec(),
            Self::Recovered(one) => one.point.to_vec(),
        }
    }

    /// The curve's object identifier as dotted text.
    pub fn curve(&self) -> &'static str {
        match self {
            Self::P256(_) | Self::Walked(_) | Self::Recovered(_) => "1.2.840.10045.3.1.7",
            Self::P384(_) => "1.3.132.0.34",
        }
    }

    /// Signs a digest. Without a wish that needs a search the nonce is that of RFC 6979. A recovered
    /// key gives its one signature, whatever the digest and the wish.
    ///
    /// # Panics
    /// If no signature of the wished length is found within 2²⁶ nonces.
    pub fn sign(&self, digest: &[u8], wish: Wish) -> Integers {
        SIGNED_BEFORE.recall(|| self.question(digest, wish), || self.sign_anew(digest, wish))
    }

    /// Everything that a signature depends on.
    fn question(&self, digest: &[u8], wish: Wish) -> [u8; 32] {
        let secret = match self {
            Self::P256(key) => key.to_bytes().to_vec(),
            Self::P384(key) => key.to_bytes().to_vec(),
            Self::Walked(pair) => pair.scalar.to_repr().to_vec(),
            Self::Recovered(one) => [&one.point[..], &one.integers.r, &one.integers.s].concat(),
        };
        sha256(&[self.curve().as_bytes(), format!("{wish:?}").as_bytes(), &secret, b"/", digest])
    }

    fn sign_anew(&self, digest: &[u8], wish: Wish) -> Integers {
        let mut found = if wish.needs_search() {
            match self {
                Self::P256(key) => search::p256(key, digest, wish),
                Self::P384(key) => search::p384(key, digest, wish),
                Self::Walked(pair) => search::p256(&pair.signing_key(), digest, wish),
                Self::Recovered(one) => one.integers.clone(),
            }
        } else {
            self.sign_rfc6979(digest)
        };
        if let Some(high) = wish.high_s
            && !matches!(self, Self::Recovered(_))
            && self.is_high(&found.s) != high
        {
            found.s = self.negate(&found.s);
        }
        found
    }

    fn sign_rfc6979(&self, digest: &[u8]) -> Integers {
        const ANY_DIGEST: &str = "a digest of 32 to 64 bytes can be signed";
        match self {
            Self::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign_prehash(digest).expect(ANY_DIGEST);
                let (r, s) = signature.split_bytes();
                Integers { r: r.to_vec(), s: s.to_vec() }
            }
            Self::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign_prehash(digest).expect(ANY_DIGEST);
                let (r, s) = signature.split_bytes();
                Integers { r: r.to_vec(), s: s.to_vec() }
            }
            Self::Walked(pair) => {
                let key = Self::P256(Box::new(pair.signing_key()));
                key.sign_rfc6979(digest)
            }
            Self::Recovered(one) => one.integers.clone(),
        }
    }

    /// The order of the curve's group, big-endian.
    pub fn order(&self) -> Vec<u8> {
        // n − 1 is the largest canonical scalar; n itself differs in the last bit only.
        let mut order = match self {
            Self::P256(_) | Self::Walked(_) | Self::Recovered(_) => {
                (-p256::Scalar::ONE).to_repr().to_vec()
            }
            Self::P384(_) => (-p384::Scalar::ONE).to_repr().to_vec(),
        };
        if let Some(last) = order.last_mut() {
            *last += 1;
        }
        order
    }

    /// The private half on P-256; none on another curve, or where nobody knows it.
    pub(crate) fn p256_scalar(&self) -> Option<p256::Scalar> {
        match self {
            Self::P256(key) => Some(**key.as_nonzero_scalar()),
            Self::Walked(pair) => Some(pair.scalar),
            Self::P384(_) | Self::Recovered(_) => None,
        }
    }

    /// The private half on P-384; none on another curve.
    pub(crate) fn p384_scalar(&self) -> Option<p384::Scalar> {
        match self {
            Self::P384(key) => Some(**key.as_nonzero_scalar()),
            Self::P256(_) | Self::Walked(_) | Self::Recovered(_) => None,
        }
    }

    fn is_high(&self, s: &[u8]) -> bool {
        match self {
            Self::P256(_) | Self::Walked(_) | Self::Recovered(_) => p256_scalar(s).is_high().into(),
            Self::P384(_) => p384_scalar(s).is_high().into(),
        }
    }

    fn negate(&self, s: &[u8]) -> Vec<u8> {
        match self {
            Self::P256(_) | Self::Walked(_) | Self::Recovered(_) => {
                (-p256_scalar(s)).to_repr().to_vec()
            }
            Self::P384(_) => (-p384_scalar(s)).to_repr().to_vec(),
        }
    }
}

impl Wish {
    fn needs_search(&self) -> bool {
        self.leading_zeros.is_some() || self.der_length.is_some()
    }

    fn is_granted_by(&self, r: &[u8], s: &[u8], s_is_high: bool) -> bool {
        let zeros = match self.leading_zeros {
            None => true,
            Some((Half::R, count)) => leading_zeros(r) >= count,
            Some((Half::S, count)) => leading_zeros(s) >= count,
        };
        zeros
            && self.high_s.is_none_or(|high| high == s_is_high)
            && self.der_length.is_none_or(|length| der_length(r, s) == length)
    }
}

/// Bytes of `SEQUENCE { INTEGER r, INTEGER s }` while it stays below 128 bytes of content.
fn der_length(r: &[u8], s: &[u8]) -> usize {
    6 + integer_length(r) + integer_length(s)
}

fn integer_length(number: &[u8]) -> usize {
    let zeros = leading_zeros(number);
    let pad = number.get(zeros).is_none_or(|first| first & 0x80 != 0);
    number.len() - zeros + usize::from(pad)
}

fn leading_zeros(number: &[u8]) -> usize {
    number.iter().take_while(|byte| **byte == 0).count()
}

fn p256_scalar(bytes: &[u8]) -> p256::Scalar {
    let repr = p256::FieldBytes::try_from(bytes).expect("a P-256 scalar has 32 bytes");
    p256::Scalar::from_repr(repr).expect("our own scalars are canonical")
}

fn p384_scalar(bytes: &[u8]) -> p384::Scalar {
    let repr = p384::FieldBytes::try_from(bytes).expect("a P-384 scalar has 48 bytes");
    p384::Scalar::from_repr(repr).expect("our own scalars are canonical")
}

#[cfg(test)]
mod tests {
    use super::{Half, Key, Wish, der_length};
    use crate::seed::Seed;
    use p256::ecdsa::signature::hazmat::PrehashVerifier;

    #[track_caller]
    fn check(wish: Wish) -> (Vec<u8>, Vec<u8>) {
        let seed = Seed::from_text("signature outcomes");
        let digest = protocol::terms::sha256(&[b"digest"]);
        let key = Key::p256(&seed);
        let found = key.sign(&digest, wish);
        assert_eq!(found, key.sign(&digest, wish), "the search starts from key and digest alone");
        let Key::P256(signer) = &key else { unreachable!("a P-256 key was asked for") };
        let signature =
            p256::ecdsa::Signature::from_slice(&[found.r.clone(), found.s.clone()].concat());
        signer.verifying_key().verify_prehash(&digest, &signature.unwrap()).unwrap();
        (found.r, found.s)
    }

    #[test]
    fn s_is_high_or_low_as_wished() {
        for high in [true, false] {
            let (_, s) = check(Wish { high_s: Some(high), ..Wish::default() });
            assert_eq!(Key::p256(&Seed::from_text("any")).is_high(&s), high);
        }
    }

    #[test]
    fn either_half_can_begin_with_zero_bytes() {
        let wish = |half, count| Wish { leading_zeros: Some((half, count)), ..Wish::default() };
        for count in 1..=4 {
            let (r, _) = check(wish(Half::R, count));
            assert_eq!(r[..count], [0; 4][..count]);
        }
        for count in 1..=2 {
            let (_, s) = check(wish(Half::S, count));
            assert_eq!(s[..count], [0; 2][..count]);
        }
    }

    #[test]
    fn the_length_of_the_der_form_can_be_chosen() {
        for length in [72, 71, 70, 69, 68, 67] {
            let (r, s) = check(Wish { der_length: Some(length), ..Wish::default() });
            assert_eq!(der_length(&r, &s), length);
        }
    }

    #[test]
    fn a_p384_key_grants_wishes_too() {
        let key = Key::p384(&Seed::from_text("p384"));
        let digest = protocol::terms::sha256(&[b"digest"]);
        let leading_zeros = Some((Half::R, 1));
        let wish = Wish { high_s: Some(true), leading_zeros, der_length: None };
        let found = key.sign(&digest, wish);
        let Key::P384(signer) = &key else { unreachable!("a P-384 key was asked for") };
        let signature =
            p384::ecdsa::Signature::from_slice(&[found.r.clone(), found.s.clone()].concat());
        signer.verifying_key().verify_prehash(&digest, &signature.unwrap()).unwrap();
        assert_eq!(found.r[0], 0);
        assert!(key.is_high(&found.s));
    }

    #[test]
    fn the_order_is_the_published_one() {
        let key = Key::p256(&Seed::from_text("any"));
        let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
        assert_eq!(hex::encode(key.order()), order);
    }
}
