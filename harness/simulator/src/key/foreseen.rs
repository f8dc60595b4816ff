//! Keys that are made to fit one signature.
//!
//! A verifier computes `R = (z/s)·G + (r/s)·Q` and compares its x-coordinate with `r`. Whoever may
//! choose `Q` after the digest `z` is known can have any `R` and `s`, also those that no search
//! would find: `Q = (s·R − z·G)/r`. Nobody knows the private half of such a key, and for `R` of a
//! chosen x-coordinate nobody can; it has this one signature, which is as valid as any.

use super::Integers;
use crate::seed::Seed;
use p256::elliptic_curve::{
    Field, Group, PrimeField, ops::Reduce, point::AffineCoordinates, point::DecompressPoint,
    subtle::Choice,
};
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar};

/// A public key and the one signature that is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OneSignature {
    /// The public key, `04‖X‖Y`.
    pub point: [u8; 65],
    /// The digest that is signed.
    pub digest: [u8; 32],
    /// The signature.
    pub integers: Integers,
}

/// What the one signature of a key shall be. All but [`Foreseen::Infinity`] are valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Foreseen {
    /// `r` and `s` whose INTEGERs have so many content bytes: 1 to 33.
    Lengths {
        /// Of `r`.
        r: usize,
        /// Of `s`.
        s: usize,
    },
    /// These numbers, big-endian; `r` is the x-coordinate of some point, `s` is below the order.
    Numbers {
        /// The x-coordinate.
        r: Vec<u8>,
        /// The proof.
        s: Vec<u8>,
    },
    /// The x-coordinate of `R` is not below the group's order, so that `r` is what is left of it.
    AboveOrder,
    /// `s` is the digest, so that the factor of the generator is 1.
    DigestAsS,
    /// `s` is `r`, so that the factor of the public key is 1.
    EqualNumbers,
    /// Both summands of `R` are the same point: adding them is doubling one.
    Doubling,
    /// Both summands cancel each other, so that `R` has no x-coordinate. Never valid.
    Infinity,
}

impl Foreseen {
    /// A key with such a signature over the digest; none if there is no such key, as for an `r`
    /// that is no x-coordinate.
    pub fn key(&self, digest: &[u8; 32], seed: &Seed) -> Option<OneSignature> {
        let z = reduced(digest);
        let draw = |label: &'static str, index| seed.child(label, index).bytes::<32>();
        let any = |label| reduced(&draw(label, 0));
        match self {
            Self::Lengths { r, s } => {
                let s = (0..).map(|index| of_length(draw("s", index), *s)).find_map(canonical)?;
                (0..1000)
                    .map(|index| of_length(draw("r", index), *r))
                    .find_map(|x| recovered(&at(&x)?, canonical(x)?, s, z, digest))
            }
            Self::Numbers { r, s } => {
                let (r, s) = (wide(r)?, wide(s)?);
                recovered(&at(&r)?, canonical(r)?, canonical(s)?, z, digest)
            }
            Self::AboveOrder => (0..1000).find_map(|index| {
                // The gap between order and prime has 127 bits.
                let mut rest = [0; 32];
                rest[17..].copy_from_slice(&draw("rest", index)[..15]);
                let x = beyond_the_order(rest);
                recovered(&at(&x)?, canonical(rest)?, any("s"), z, digest)
            }),
            Self::DigestAsS => {
                let point = ProjectivePoint::GENERATOR * any("nonce");
                recovered(&point, r_of(&point)?, z, z, digest)
            }
            Self::EqualNumbers => {
                let point = ProjectivePoint::GENERATOR * any("nonce");
                let r = r_of(&point)?;
                recovered(&point, r, r, z, digest)
            }
            Self::Doubling => {
                let nonce = any("nonce");
                let r = r_of(&(ProjectivePoint::GENERATOR * nonce))?;
                let s = z.double() * inverse(nonce)?;
                one(&(ProjectivePoint::GENERATOR * (z * inverse(r)?)), r, s, digest)
            }
            Self::Infinity => {
                let (r, s) = (any("r"), any("s"));
                one(&(ProjectivePoint::GENERATOR * -(z * inverse(r)?)), r, s, digest)
            }
        }
    }
}

/// `Q = (s·R − z·G)/r`
fn recovered(
    point: &ProjectivePoint,
    r: Scalar,
    s: Scalar,
    z: Scalar,
    digest: &[u8; 32],
) -> Option<OneSignature> {
    let key = (*point * s - ProjectivePoint::GENERATOR * z) * inverse(r)?;
    one(&key, r, s, digest)
}

fn one(key: &ProjectivePoint, r: Scalar, s: Scalar, digest: &[u8; 32]) -> Option<OneSignature> {
    if bool::from(key.is_identity()) || bool::from(s.is_zero()) {
        return None;
    }
    let integers = Integers { r: r.to_repr().to_vec(), s: s.to_repr().to_vec() };
    Some(OneSignature { point: uncompressed(&key.to_affine()), digest: *digest, integers })
}

/// `04‖X‖Y`
fn uncompressed(point: &AffinePoint) -> [u8; 65] {
    let mut bytes = [4; 65];
    bytes[1..33].copy_from_slice(&point.x());
    bytes[33..].copy_from_slice(&point.y());
    bytes
}

/// The point of that x-coordinate whose y is even, if there is one.
fn at(x: &[u8; 32]) -> Option<ProjectivePoint> {
    let x = FieldBytes::from(*x);
    Option::<AffinePoint>::from(AffinePoint::decompress(&x, Choice::from(0))).map(Into::into)
}

fn r_of(point: &ProjectivePoint) -> Option<Scalar> {
    Scalar::from_repr(point.to_affine().x()).into()
}

fn canonical(bytes: [u8; 32]) -> Option<Scalar> {
    Option::<Scalar>::from(Scalar::from_repr(bytes.into())).filter(|one| !bool::from(one.is_zero()))
}

fn inverse(scalar: Scalar) -> Option<Scalar> {
    scalar.invert().into()
}

fn reduced(bytes: &[u8; 32]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(*bytes))
}

fn wide(number: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    bytes.get_mut(32usize.checked_sub(number.len())?..)?.copy_from_slice(number);
    Some(bytes)
}

/// Cuts a number so that its INTEGER has that many content bytes, 1 to 33: the first of them is
/// from 1 to 7f, or a zero before 32 others.
fn of_length(mut number: [u8; 32], length: usize) -> [u8; 32] {
    let length = length.clamp(1, 33);
    if length == 33 {
        number[0] |= 0x80;
        return number;
    }
    let zeros = 32 - length;
    number[..zeros].fill(0);
    number[zeros] &= 0x7f;
    if number[zeros] == 0 {
        number[zeros] = 1;
    }
    number
}

/// The order and a number below 2^120 more.
fn beyond_the_order(rest: [u8; 32]) -> [u8; 32] {
    let last: [u8; 32] = (-Scalar::ONE).to_repr().into();
    let mut sum = [0; 32];
    let mut carry = 1;
    for index in (0..32).rev() {
        let digit = u16::from(last[index]) + u16::from(rest[index]) + carry;
        sum[index] = digit as u8;
        carry = digit >> 8;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::{Foreseen, OneSignature};
    use crate::key::{der_length, p256_scalar};
    use crate::seed::Seed;
    use p256::ecdsa::{Signature, VerifyingKey, signature::hazmat::PrehashVerifier};

    fn found(wish: &Foreseen, index: u64) -> OneSignature {
        let seed = Seed::from_text("foreseen").child("one", index);
        let digest = protocol::terms::sha256(&[b"digest", &index.to_be_bytes()]);
        wish.key(&digest, &seed).unwrap_or_else(|| panic!("{wish:?} has a key"))
    }

    fn verifies(one: &OneSignature) -> bool {
        let key = VerifyingKey::from_sec1_bytes(&one.point).expect("the point is on the curve");
        let bytes = [&one.integers.r[..], &one.integers.s].concat();
        let signature = Signature::from_slice(&bytes).expect("both numbers are in range");
        key.verify_prehash(&one.digest, &signature).is_ok()
    }

    #[test]
    fn every_length_of_both_numbers_can_be_had() {
        for length in 1..=33 {
            let one = found(&Foreseen::Lengths { r: length, s: 34 - length }, length as u64);
            assert!(verifies(&one), "{length}");
            assert_eq!(der_length(&one.integers.r, &one.integers.s), 6 + 34, "{length}");
        }
    }

    #[test]
    fn chosen_relations_hold_and_verify() {
        for (index, wish) in [
            Foreseen::AboveOrder,
            Foreseen::DigestAsS,
            Foreseen::EqualNumbers,
            Foreseen::Doubling,
            Foreseen::Numbers { r: vec![5], s: vec![1] },
        ]
        .iter()
        .enumerate()
        {
            assert!(verifies(&found(wish, index as u64)), "{wish:?}");
        }
        let rest = found(&Foreseen::AboveOrder, 9).integers.r;
        assert_eq!(rest[..17], [0; 17], "r is what is left above the order");
        let doubled = found(&Foreseen::Doubling, 9);
        let (r, s) = (p256_scalar(&doubled.integers.r), p256_scalar(&doubled.integers.s));
        let z = p256_scalar(&doubled.digest);
        let inverse = s.invert().unwrap();
        let key: p256::ProjectivePoint = p256::AffinePoint::from(
            p256::PublicKey::from_sec1_bytes(&doubled.point).expect("it is on the curve"),
        )
        .into();
        assert_eq!(p256::ProjectivePoint::GENERATOR * (z * inverse), key * (r * inverse));
    }

    #[test]
    fn summands_that_cancel_never_verify() {
        assert!(!verifies(&found(&Foreseen::Infinity, 0)));
    }

    #[test]
    fn an_r_that_is_no_coordinate_has_no_key() {
        let wish = Foreseen::Numbers { r: vec![0], s: vec![1] };
        assert_eq!(wish.key(&[7; 32], &Seed::from_text("none")), None);
    }
}
