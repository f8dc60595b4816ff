//! An ECDSA signature: `SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279 2.2.3).

use super::containers::after;
use super::der::{self, Part};
use super::grammar::Meaning;
use super::tree::{Place, Source, Tree};
use std::ops::Range;

/// Half of the order of P-256, rounded down: an s above it is high.
const HALF_ORDER: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xde, 0x73, 0x7d, 0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Reads a signature that fills `range`.
pub(super) fn inside(tree: &mut Tree, source: &Source<'_>, place: &Place, range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let part = Part::new("ECDSA-Sig-Value", Meaning::Signature);
    let end = der::element(tree, source, &place.part("@der"), range.clone(), &part);
    after(tree, source, place, end..range.end, "signature");
}

/// `low` or `high`, for a number of at most 32 bytes and a leading zero.
pub(super) fn half(number: &[u8]) -> Option<&'static str> {
    let number = number.strip_prefix(&[0]).unwrap_or(number);
    let padding = 32usize.checked_sub(number.len())?;
    let mut padded = [0; 32];
    padded[padding..].copy_from_slice(number);
    Some(if padded > HALF_ORDER { "high" } else { "low" })
}
