//! X.509 certificates (RFC 5280 4.1).

use super::containers::after;
use super::der::{self, Part};
use super::grammar::Meaning;
use super::tree::{Place, Said, Source, Tree};
use super::values;
use std::ops::Range;

/// A certificate that is the object itself.
pub(super) fn alone(tree: &mut Tree, source: &Source<'_>, root: &Place) {
    let all = 0..source.bytes.len();
    let end = der::element(
        tree,
        source,
        root,
        all.clone(),
        &Part::new("certificate", Meaning::Certificate),
    );
    after(tree, source, root, end..all.end, "certificate");
}

/// Reads a certificate that fills `range`.
pub(super) fn inside(tree: &mut Tree, source: &Source<'_>, place: &Place, range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let part = Part::new("certificate", Meaning::Certificate);
    let end = der::element(tree, source, &place.part("@der"), range.clone(), &part);
    after(tree, source, place, end..range.end, "certificate");
}

/// A point of a curve (SEC 1 2.3.3): its form, X, and Y unless it is compressed.
pub(super) fn point(tree: &mut Tree, source: &Source<'_>, place: &Place, range: Range<usize>) {
    let bytes = source.get(range.clone());
    let (form, coordinates) = match bytes {
        [4, rest @ ..] if !rest.is_empty() && rest.len() % 2 == 0 => ("04 (uncompressed)", 2),
        [2, _, ..] => ("02 (compressed, even y)", 1),
        [3, _, ..] => ("03 (compressed, odd y)", 1),
        [6 | 7, rest @ ..] if !rest.is_empty() && rest.len() % 2 == 0 => ("hybrid", 2),
        _ => {
            let said = Said::value("no point of a known form", values::hex(bytes));
            tree.leaf(source, &place.part("bits"), range, said);
            return;
        }
    };
    let start = range.start + 1;
    tree.leaf(source, &place.part("form"), range.start..start, Said::value("form", form));
    let middle = start + (range.end - start) / coordinates;
    let x = Said::value("x coordinate", values::hex(source.get(start..middle)));
    tree.leaf(source, &place.part("x"), start..middle, x);
    let y = Said::value("y coordinate", values::hex(source.get(middle..range.end)));
    tree.leaf(source, &place.part("y"), middle..range.end, y);
}
