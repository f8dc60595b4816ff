//! ECDSA nonces made in batches, each for one signature.

use crate::key::walk::{Walk, inverted};
use crate::seed::Seed;
use p256::elliptic_curve::PrimeField;

/// Nonces that share an inversion.
const BATCH: usize = 256;

/// Nonces of one curve, ready to sign with. A lane of a seed hands out each of its nonces once, and
/// no two lanes of a seed have one in common.
#[derive(Debug)]
pub(super) struct Nonces<F, S> {
    walk: Walk<F>,
    next: S,
    /// The inverse of a nonce, and the x-coordinate of its point as a scalar.
    ready: Vec<(S, S)>,
}

/// Of devices and receipt signers.
pub(super) type P256Nonces = Nonces<
    <p256::NistP256 as p256::elliptic_curve::hazmat::FieldArithmetic>::FieldElement,
    p256::Scalar,
>;
/// Of attestation CAs.
pub(super) type P384Nonces = Nonces<
    <p384::NistP384 as p384::elliptic_curve::hazmat::FieldArithmetic>::FieldElement,
    p384::Scalar,
>;

impl P256Nonces {
    pub(super) fn p256(seed: &Seed, lane: u32) -> Self {
        let start = scalar(&first(seed, lane));
        Self { walk: Walk::from::<p256::NistP256>(&start), next: start, ready: Vec::new() }
    }
}

impl P384Nonces {
    pub(super) fn p384(seed: &Seed, lane: u32) -> Self {
        let start = scalar(&first(seed, lane));
        Self { walk: Walk::from::<p384::NistP384>(&start), next: start, ready: Vec::new() }
    }
}

/// The first nonce of a lane: the lane, 96 bits of the seed, and 64 bits to count in. So lanes
/// never meet, and no nonce comes near the order of either group.
fn first(seed: &Seed, lane: u32) -> [u8; 24] {
    let mut number = [0; 24];
    number[..4].copy_from_slice(&lane.to_be_bytes());
    number[4..16].copy_from_slice(&seed.child("nonces", 0).bytes::<12>());
    number
}

/// A number of 24 bytes or of the whole width as a scalar; it must be below the order.
pub(super) fn scalar<S: PrimeField>(number: &[u8]) -> S {
    let mut repr = S::Repr::default();
    let width = repr.as_ref().len();
    repr.as_mut()[width - number.len()..].copy_from_slice(number);
    Option::from(S::from_repr(repr)).expect("the number is below the order")
}

impl<F: PrimeField, S: PrimeField<Repr = F::Repr>> Nonces<F, S> {
    /// Signs a digest, given as a scalar, with the next nonce: two multiplications.
    pub(super) fn sign(&mut self, secret: &S, digest: &S) -> (S, S) {
        loop {
            let (inverse, r) = self.take();
            let s = inverse * (*digest + r * secret);
            if !bool::from(s.is_zero()) {
                return (r, s);
            }
        }
    }

    fn take(&mut self) -> (S, S) {
        loop {
            if let Some(nonce) = self.ready.pop() {
                return nonce;
            }
            self.refill();
        }
    }

    fn refill(&mut self) {
        let mut nonces = Vec::with_capacity(BATCH);
        for _ in 0..BATCH {
            nonces.push(self.next);
            self.next += S::ONE;
        }
        for (inverse, (x, _)) in inverted(&nonces).into_iter().zip(&mut self.walk) {
            // An x-coordinate that is 0 or not below the order is rarer than one in 2^32: skipped.
            let r: Option<S> = S::from_repr(x.to_repr()).into();
            self.ready.extend(r.filter(|r| !bool::from(r.is_zero())).map(|r| (inverse, r)));
        }
        self.ready.reverse();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use p384::elliptic_curve::point::AffineCoordinates;
    use std::collections::HashSet;

    #[test]
    fn a_nonce_is_the_inverse_of_what_its_point_was_made_with() {
        let mut nonces = P384Nonces::p384(&Seed::from_text("nonces"), 3);
        for _ in 0..BATCH + 2 {
            let (inverse, r) = nonces.take();
            let nonce = Option::<p384::Scalar>::from(inverse.invert()).unwrap();
            let point = (p384::ProjectivePoint::GENERATOR * nonce).to_affine();
            assert_eq!(point.x(), r.to_repr());
        }
    }

    #[test]
    fn no_nonce_comes_twice_in_any_lane() {
        let seed = Seed::from_text("nonces");
        let mut met = HashSet::new();
        for lane in [0, 1, 2, u32::MAX] {
            let mut nonces = P256Nonces::p256(&seed, lane);
            for _ in 0..5 * BATCH {
                // A nonce and its negative have the same r, so this finds both.
                assert!(met.insert(nonces.take().1.to_repr()), "lane {lane}");
            }
        }
    }
}
