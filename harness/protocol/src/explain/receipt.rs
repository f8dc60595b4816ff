//! Receipts: CMS `SignedData` (RFC 5652) around a set of typed fields.

use super::containers::after;
use super::der::{self, Head, INTEGER, OCTET_STRING, Part, SEQUENCE, SET};
use super::grammar::Meaning;
use super::tree::{Place, Said, Source, Tree};
use super::{certificate, names, values};
use std::ops::Range;

/// A receipt that is the object itself.
pub(super) fn alone(tree: &mut Tree, source: &Source<'_>, root: &Place) {
    let all = 0..source.bytes.len();
    let part = Part::new("receipt (ContentInfo)", Meaning::ContentInfo);
    let end = der::element(tree, source, root, all.clone(), &part);
    after(tree, source, root, end..all.end, "receipt");
}

/// Reads a receipt that fills `range`.
pub(super) fn inside(tree: &mut Tree, source: &Source<'_>, place: &Place, range: Range<usize>) {
    if range.is_empty() {
        return;
    }
    let part = Part::new("ContentInfo", Meaning::ContentInfo);
    let end = der::element(tree, source, &place.part("@contentInfo"), range.clone(), &part);
    after(tree, source, place, end..range.end, "receipt");
}

/// The payload: `SET OF SEQUENCE { type, version, OCTET STRING }`.
pub(super) fn fields(tree: &mut Tree, source: &Source<'_>, place: &Place, range: Range<usize>) {
    let part = Part::new("receipt fields", Meaning::Plain);
    let set = Head::read(source, range.clone()).ok().filter(|head| head.is(SET));
    let Some(Head { content, end: Some(end), .. }) = set else {
        let end = der::element(tree, source, &place.part("fields"), range.clone(), &part);
        after(tree, source, place, end..range.end, "receipt's payload");
        return;
    };
    let said = Said::label(part.label);
    let inner = tree.branch(source, &place.part("fields"), range.start..end, content, said);
    let mut at = content;
    let mut index = 0;
    while at < end {
        if tree.is_full() {
            tree.unread(source, &inner, at..end, "not looked into: too many parts");
            break;
        }
        at = field(tree, source, &inner, at..end, index);
        index += 1;
    }
    after(tree, source, place, end..range.end, "receipt's payload");
}

/// One field; gives where it ends.
fn field(
    tree: &mut Tree,
    source: &Source<'_>,
    set: &Place,
    left: Range<usize>,
    index: usize,
) -> usize {
    let Some((number, version, value, end)) = read(source, left.clone()) else {
        let part = Part::new("no field of a receipt", Meaning::Plain);
        return der::element(tree, source, &set.part(&format!("[entry {index}]")), left, &part);
    };
    let place = set.part(&format!("[{number}]"));
    let unusual = if version == 1 { String::new() } else { format!(", version {version}") };
    let label = format!("field {number}: {}{unusual}", names::receipt_field(number));
    let whole = left.start..end;
    if number == 3 && value.len() > 2 {
        let said = Said::value(label, format!("{} bytes", value.len()));
        let inner = tree.branch(source, &place, whole, value.start, said);
        certificate::inside(tree, source, &inner, value);
    } else {
        let said = Said::value(label, values::text_or_hex(source.get(value)));
        tree.leaf(source, &place, whole, said);
    }
    end
}

/// Number, version, value and end of a field of the usual shape.
fn read(source: &Source<'_>, left: Range<usize>) -> Option<(u64, u64, Range<usize>, usize)> {
    let outer =
        Head::read(source, left).ok().filter(|head| head.is(SEQUENCE) && head.is_sound())?;
    let end = outer.end?;
    let mut at = outer.content;
    let mut small = || {
        let head =
            Head::read(source, at..end).ok().filter(|head| head.is(INTEGER) && head.is_sound())?;
        let content = source.get(head.content..head.end?);
        at = head.end?;
        let fits = (1..=7).contains(&content.len()) && content[0] & 0x80 == 0;
        fits.then(|| content.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte)))
    };
    let (number, version) = (small()?, small()?);
    let head = Head::read(source, at..end).ok()?;
    let is_value = head.is(OCTET_STRING) && !head.constructed && head.is_sound();
    (is_value && head.end == Some(end)).then_some((number, version, head.content..end, end))
}
