//! Verification under one P-384 key with a table of its multiples.
//!
//! `u₁·G + u₂·Q` is a sum of entries, one for each digit of the two factors: no doubling is left.
//! All of it is public, so nothing here takes care to take as long for one signature as for
//! another. Neighbouring entries are added in affine coordinates with one inversion for all pairs,
//! and the rest in Jacobian ones, whose last step needs none. The formulas are those of points that
//! differ; where two points are equal or opposite, as chance never has it, nothing is said, and a
//! library is asked.

use super::Scheme;
use p384::elliptic_curve::{
    Group, PrimeField,
    hazmat::FieldArithmetic,
    ops::Reduce,
    point::{AffineCoordinates, BatchNormalize},
    sec1::FromSec1Point,
};
use p384::{AffinePoint, FieldBytes, NistP384, ProjectivePoint, Scalar};
use sha2::{Digest, Sha256, Sha384};
use std::sync::LazyLock;

type Field = <NistP384 as FieldArithmetic>::FieldElement;
/// A point in affine coordinates.
type Point = (Field, Field);

/// Digits of a factor are bytes with a sign: −127 to 128.
const LARGEST: usize = 128;
/// Bytes of a factor, and a carry.
const DIGITS: usize = 49;
/// Points above which adding pairs with a shared inversion is cheaper than one after the other.
const FEW: usize = 50;

/// Multiples of one point on P-384: half a megabyte, made in the time of a hundred verifications.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// `d·256ⁱ·P` at `128·i + d − 1`, for d from 1 to 128; of the last digit only 1.
    multiples: Vec<Point>,
}

impl Table {
    /// The table of an uncompressed point; nothing if it is none.
    pub(crate) fn of(point: &[u8]) -> Option<Self> {
        let encoded = p384::Sec1Point::from_bytes(point).ok()?;
        let point: Option<AffinePoint> = AffinePoint::from_sec1_point(&encoded).into();
        Some(Self::of_point(point?.into()))
    }

    fn of_point(point: ProjectivePoint) -> Self {
        let mut multiples = Vec::with_capacity((DIGITS - 1) * LARGEST + 1);
        let mut base = point;
        let mut window = Vec::with_capacity(LARGEST);
        for _ in 0..DIGITS - 1 {
            window.clear();
            let mut multiple = base;
            for _ in 1..LARGEST {
                window.push(multiple);
                multiple += base;
            }
            window.push(multiple);
            multiples.extend(affine(&window));
            base = multiple.double();
        }
        multiples.extend(affine(&[base]));
        Self { multiples }
    }

    fn of_generator() -> &'static Self {
        static GENERATOR: LazyLock<Table> =
            LazyLock::new(|| Table::of_point(ProjectivePoint::GENERATOR));
        &GENERATOR
    }

    /// Whether the signature over the message is valid under the key of the table; nothing where
    /// another has to be asked.
    pub(crate) fn verifies(
        &self,
        scheme: Scheme,
        message: &[u8],
        signature: &[u8],
    ) -> Option<bool> {
        let mut digest = FieldBytes::default();
        match scheme {
            Scheme::P384Sha256 => digest[16..].copy_from_slice(&Sha256::digest(message)),
            Scheme::P384Sha384 => digest.copy_from_slice(&Sha384::digest(message)),
            Scheme::P256Sha256 | Scheme::P256Sha384 => return None,
        }
        let Ok(signature) = p384::ecdsa::Signature::from_der(signature) else {
            return Some(false);
        };
        let (r, s) = signature.split_scalars();
        let (r, s): (Scalar, Scalar) = (*r, *s);
        let inverse: Scalar = Option::from(s.invert_vartime())?;
        let mut points = Vec::with_capacity(2 * DIGITS);
        Self::of_generator().gather(&(Scalar::reduce(&digest) * inverse), &mut points);
        self.gather(&(r * inverse), &mut points);
        while points.len() > FEW {
            points = added_in_pairs(&points)?;
        }
        let (x, z) = sum(&points)?;
        let squared = z.square();
        let claimed: Field = Option::from(Field::from_repr(r.to_repr()))?;
        if claimed * squared == x {
            return Some(true);
        }
        // The x-coordinate may lie between order and prime, which are 2^190 apart; then r is what is left of it.
        if r.to_repr()[..24].iter().all(|byte| *byte == 0) { None } else { Some(false) }
    }

    /// Adds the entries whose sum is `factor` times the point.
    fn gather(&self, factor: &Scalar, points: &mut Vec<Point>) {
        for (place, digit) in digits(factor).into_iter().enumerate() {
            let Some(entry) = usize::from(digit.unsigned_abs()).checked_sub(1) else { continue };
            let (x, y) = self.multiples[place * LARGEST + entry];
            points.push((x, if digit < 0 { -y } else { y }));
        }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({} points)", self.multiples.len())
    }
}

/// The factor in base 256 with digits from −127 to 128, the lowest first.
fn digits(factor: &Scalar) -> [i16; DIGITS] {
    let mut digits = [0; DIGITS];
    let mut carry = 0;
    for (digit, byte) in digits.iter_mut().zip(factor.to_repr().iter().rev()) {
        let value = i16::from(*byte) + carry;
        carry = i16::from(value > 128);
        *digit = value - 256 * carry;
    }
    digits[DIGITS - 1] = carry;
    digits
}

fn affine(points: &[ProjectivePoint]) -> impl Iterator<Item = Point> {
    let points = <ProjectivePoint as BatchNormalize<[_]>>::batch_normalize(points);
    points.into_iter().map(|point| {
        let element = |bytes| {
            Option::from(Field::from_repr(bytes)).expect("a coordinate is an element of the field")
        };
        (element(point.x()), element(point.y()))
    })
}

/// The sums of neighbours, and a last one without; nothing if two of them share an x-coordinate.
fn added_in_pairs(points: &[Point]) -> Option<Vec<Point>> {
    let pairs = points.chunks_exact(2);
    let mut sums = Vec::with_capacity(points.len() / 2 + 1);
    let mut products = Vec::with_capacity(points.len() / 2);
    let mut product = Field::ONE;
    for pair in pairs.clone() {
        products.push(product);
        product *= pair[1].0 - pair[0].0;
    }
    let mut inverse: Field = Option::from(product.invert_vartime())?;
    sums.extend(pairs.remainder());
    for (pair, product) in pairs.zip(products).rev() {
        let [(x, y), (other_x, other_y)] = *pair else { continue };
        let difference = other_x - x;
        let slope = (other_y - y) * (inverse * product);
        inverse *= difference;
        let sum_x = slope.square() - x - other_x;
        sums.push((sum_x, slope * (x - sum_x) - y));
    }
    Some(sums)
}

/// The sum as x and z in Jacobian coordinates; nothing if an addition meets equal or opposite points.
fn sum(points: &[Point]) -> Option<(Field, Field)> {
    let (first, rest) = points.split_first()?;
    let (mut x, mut y, mut z) = (first.0, first.1, Field::ONE);
    for (other_x, other_y) in rest {
        let squared = z.square();
        let run = *other_x * squared - x;
        if bool::from(run.is_zero()) {
            return None;
        }
        let rise = *other_y * (squared * z) - y;
        let run_squared = run.square();
        let run_cubed = run_squared * run;
        let shifted = x * run_squared;
        x = rise.square() - run_cubed - shifted.double();
        y = rise * (shifted - x) - y * run_cubed;
        z *= run;
    }
    Some((x, z))
}

#[cfg(test)]
mod tests {
    use super::*;
    use p384::elliptic_curve::sec1::ToSec1Point;

    fn table(secret: Scalar) -> (Table, Vec<u8>) {
        let point = (ProjectivePoint::GENERATOR * secret).to_affine().to_sec1_point(false);
        (Table::of(point.as_bytes()).unwrap(), point.as_bytes().to_vec())
    }

    #[test]
    fn entries_add_up_to_the_multiple() {
        let (table, _) = table(Scalar::from(0x1357_9bdf_u64));
        let base = ProjectivePoint::GENERATOR * Scalar::from(0x1357_9bdf_u64);
        let edges = [Scalar::ONE, -Scalar::ONE, Scalar::from(128u64), Scalar::from(129u64)];
        let powers =
            std::iter::successors(Some(Scalar::from(0x8081_7f80_u64)), |one| Some(one.square()));
        for factor in powers.take(20).chain(edges) {
            let mut points = Vec::new();
            table.gather(&factor, &mut points);
            let expected = affine(&[base * factor]).next().unwrap();
            let (x, z) = sum(&points).unwrap();
            assert_eq!(x, expected.0 * z.square());
            while points.len() > 1 {
                points = added_in_pairs(&points).unwrap();
            }
            assert_eq!(points, [expected]);
        }
    }

    /// Under the generator itself, digest and r can be chosen so that summands are equal or cancel.
    #[test]
    fn equal_and_opposite_points_are_left_to_a_library() {
        let one = affine(&[ProjectivePoint::GENERATOR]).next().unwrap();
        for points in [[one, one], [one, (one.0, -one.1)]] {
            assert_eq!(added_in_pairs(&points), None);
            assert_eq!(sum(&points), None);
        }
    }

    #[test]
    fn what_is_no_point_has_no_table() {
        let (_, mut point) = table(Scalar::from(7u64));
        assert!(Table::of(&point[..96]).is_none());
        point[50] ^= 1;
        assert!(Table::of(&point).is_none());
        assert!(Table::of(&[]).is_none());
    }
}
