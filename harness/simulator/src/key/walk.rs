//! Walks along multiples of the generator.

use p256::elliptic_curve::{
    Field, Group, PrimeField,
    hazmat::FieldArithmetic,
    point::{AffineCoordinates, BatchNormalize},
};
use std::ops::Mul;

/// Points walked side by side, so that one inversion serves all of them.
const LANES: usize = 256;

/// The points `k·G`, `(k+1)·G`, … in coordinates of the field.
///
/// Adding affine points with a shared inversion costs six multiplications a step. Nothing here is
/// constant-time or looks out for equal points: `k` is random, and a walk is for searching.
#[derive(Debug, Clone)]
pub(crate) struct Walk<F> {
    lanes: Vec<(F, F)>,
    stride: (F, F),
    next: usize,
}

impl<F: PrimeField> Walk<F> {
    /// The walk from `start·G`; `start` must be far from zero and from the group's order.
    pub(crate) fn from<C>(start: &C::Scalar) -> Self
    where
        C: FieldArithmetic<FieldElement = F>,
        C::AffinePoint: AffineCoordinates<FieldRepr = F::Repr>,
        C::ProjectivePoint: BatchNormalize<[C::ProjectivePoint], Output = Vec<C::AffinePoint>>
            + Mul<C::Scalar, Output = C::ProjectivePoint>,
    {
        let mut point = C::ProjectivePoint::generator() * *start;
        let mut points = Vec::with_capacity(LANES + 1);
        for _ in 0..LANES {
            points.push(point);
            point += C::ProjectivePoint::generator();
        }
        points.push(C::ProjectivePoint::generator() * C::Scalar::from(LANES as u64));
        let affine = <C::ProjectivePoint as BatchNormalize<[_]>>::batch_normalize(&points[..]);
        let element = |bytes| {
            Option::from(F::from_repr(bytes)).expect("a coordinate is an element of the field")
        };
        let mut lanes: Vec<_> =
            affine.iter().map(|point| (element(point.x()), element(point.y()))).collect();
        let stride = lanes.pop().expect("the stride was put last");
        Self { lanes, stride, next: 0 }
    }

    fn advance(&mut self) {
        let (stride_x, stride_y) = self.stride;
        let differences: Vec<F> = self.lanes.iter().map(|(x, _)| stride_x - x).collect();
        for ((x, y), inverse) in self.lanes.iter_mut().zip(inverted(&differences)) {
            let slope = (stride_y - *y) * inverse;
            let sum_x = slope.square() - *x - stride_x;
            let sum_y = slope * (*x - sum_x) - *y;
            (*x, *y) = (sum_x, sum_y);
        }
    }
}

impl<F: PrimeField> Iterator for Walk<F> {
    type Item = (F, F);

    fn next(&mut self) -> Option<(F, F)> {
        if self.next == LANES {
            self.advance();
            self.next = 0;
        }
        self.next += 1;
        self.lanes.get(self.next - 1).copied()
    }
}

/// The inverses of non-zero elements, with one inversion for all of them (Montgomery's trick).
pub(crate) fn inverted<F: Field>(elements: &[F]) -> Vec<F> {
    let mut product = F::ONE;
    let mut before = Vec::with_capacity(elements.len());
    for element in elements {
        before.push(product);
        product *= element;
    }
    let mut inverse = Option::from(product.invert()).unwrap_or(F::ZERO);
    let mut out = vec![F::ZERO; elements.len()];
    for index in (0..elements.len()).rev() {
        out[index] = inverse * before[index];
        inverse *= elements[index];
    }
    out
}
