//! DER and BER of any shape, element by element (X.690); what a part means is said by [`grammar`](super::grammar).

use super::grammar::Meaning;
use super::tree::{Opened, Place, Said, Source, Tree};
use super::{certificate, names, receipt, signature, values};
use std::ops::Range;

/// What an element is called, and what it is read as.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) label: String,
    pub(super) meaning: Meaning,
}

impl Part {
    pub(super) fn new(label: impl Into<String>, meaning: Meaning) -> Self {
        Self { label: label.into(), meaning }
    }
}

/// Identifier and length of an element.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// 0 universal, 1 application, 2 context specific, 3 private.
    pub(super) class: u8,
    pub(super) constructed: bool,
    pub(super) number: u32,
    /// Where the content begins.
    pub(super) content: usize,
    /// Where the content ends; none if the length is indefinite.
    pub(super) end: Option<usize>,
    /// What is wrong with the length.
    damage: Option<String>,
}

pub(super) const BOOLEAN: u32 = 1;
pub(super) const INTEGER: u32 = 2;
pub(super) const BIT_STRING: u32 = 3;
pub(super) const OCTET_STRING: u32 = 4;
pub(super) const NULL: u32 = 5;
pub(super) const OID: u32 = 6;
pub(super) const SEQUENCE: u32 = 16;
pub(super) const SET: u32 = 17;
const UTC_TIME: u32 = 23;
const GENERALIZED_TIME: u32 = 24;
const END: [u8; 2] = [0, 0];

impl Head {
    /// Reads a head at the beginning of `range`. A length beyond the range is cut to it.
    pub(super) fn read(source: &Source<'_>, range: Range<usize>) -> Result<Self, String> {
        let mut bytes = source.get(range.clone()).iter().copied();
        let mut at = range.start;
        let mut next = || {
            at += 1;
            bytes.next().ok_or("ends inside the head of an element")
        };
        let first = next()?;
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let byte = next()?;
                if number >> 21 != 0 {
                    return Err("a tag number beyond 2^28".to_owned());
                }
                number = number << 7 | u32::from(byte & 0x7f);
                if byte & 0x80 == 0 {
                    break;
                }
            }
        }
        let (class, constructed) = (first >> 6, first & 0x20 != 0);
        let mut length = u64::from(next()?);
        let mut damage = None;
        if length == 0x80 && constructed {
            return Ok(Self { class, constructed, number, content: at, end: None, damage });
        }
        if length >= 0x80 {
            let size = length & 0x7f;
            length = 0;
            for _ in 0..size {
                // Beyond 2^56 it is beyond everything, whatever digits follow.
                let byte = u64::from(next()?);
                length = if length >> 48 == 0 { length << 8 | byte } else { length };
            }
            if length < 0x80 || length >> (8 * (size.min(8) - 1)) == 0 {
                damage = Some("a length longer than needed".to_owned());
            }
        }
        let left = range.end - at;
        let end = match usize::try_from(length) {
            Ok(length) if length <= left => at + length,
            Ok(_) | Err(_) => {
                damage = Some(format!("says {length} bytes where {left} are left"));
                range.end
            }
        };
        Ok(Self { class, constructed, number, content: at, end: Some(end), damage })
    }

    /// Whether its length is right and as short as can be.
    pub(super) fn is_sound(&self) -> bool {
        self.damage.is_none()
    }

    pub(super) fn is(&self, number: u32) -> bool {
        self.class == 0 && self.number == number
    }

    /// Whether it is `[number]`.
    pub(super) fn is_context(&self, number: u32) -> bool {
        self.class == 2 && self.number == number
    }
}

/// Reads one element at the beginning of `range` and says where it ends; at least one byte is taken
/// unless the range is empty.
pub(super) fn element(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    part: &Part,
) -> usize {
    let head = match Head::read(source, range.clone()) {
        Ok(head) => head,
        Err(why) => {
            tree.unread(source, place, range.clone(), why);
            return range.end;
        }
    };
    if place.is_too_deep() || tree.is_full() {
        tree.unread(source, place, range.clone(), "not looked into: too deep or too much");
        return range.end;
    }
    let said = Said::label(part.label.clone()).damaged(head.damage.clone());
    let Some(end) = head.end else {
        let said = Said { value: "of indefinite length".to_owned(), ..said };
        let opened = tree.begin(source, place, range.start..head.content, said);
        let end = inside(tree, source, &opened, head.content..range.end, &head, part.meaning);
        tree.end(source, &opened, range.start..end);
        return end;
    };
    let whole = range.start..end;
    let content = head.content..end;
    if let Some(value) = part.meaning.in_one_line(source, &head, content.clone()) {
        tree.leaf(source, place, whole, Said { value, ..said });
    } else if head.constructed {
        let opened = tree.begin(source, place, range.start..head.content, said);
        inside(tree, source, &opened, content, &head, part.meaning);
        tree.end(source, &opened, whole);
    } else {
        primitive(tree, source, place, whole, &head, part.meaning, said);
    }
    end
}

/// A value without elements of its own; some hold another encoding.
fn primitive(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    whole: Range<usize>,
    head: &Head,
    meaning: Meaning,
    said: Said,
) {
    let content = head.content..whole.end;
    let octets = head.is(OCTET_STRING);
    let mut holding = |skip: usize| {
        let start = (content.start + skip).min(content.end);
        let value = format!("{} bytes", content.end - start);
        let inner =
            tree.branch(source, place, whole.clone(), start, Said { value, ..said.clone() });
        (inner, start..content.end)
    };
    match meaning {
        Meaning::ExtensionValue(known) if octets => {
            let (inner, range) = holding(0);
            let (name, part) = known.value();
            let end = element(tree, source, &inner.part(name), range.clone(), &part);
            super::containers::after(tree, source, &inner, end..range.end, "extension");
        }
        Meaning::Nested if octets && is_der(source, content.clone()) => {
            let (inner, range) = holding(0);
            let part = Part::new("value", Meaning::Nested);
            element(tree, source, &inner.part("@der"), range, &part);
        }
        Meaning::Content if octets => {
            let (inner, range) = holding(0);
            receipt::fields(tree, source, &inner, range);
        }
        Meaning::SignerSignature if octets => {
            let (inner, range) = holding(0);
            signature::inside(tree, source, &inner, range);
        }
        Meaning::IssuerSignature
            if head.is(BIT_STRING) && source.get(content.clone()).first() == Some(&0) =>
        {
            let (inner, range) = holding(1);
            signature::inside(tree, source, &inner, range);
        }
        Meaning::Point
            if head.is(BIT_STRING) && source.get(content.clone()).first() == Some(&0) =>
        {
            let (inner, range) = holding(1);
            certificate::point(tree, source, &inner, range);
        }
        _ => {
            let value = meaning.value(head, source.get(content));
            tree.leaf(source, place, whole, Said { value, ..said });
        }
    }
}

/// The parts of a structure up to its end; gives where that is.
fn inside(
    tree: &mut Tree,
    source: &Source<'_>,
    opened: &Opened,
    range: Range<usize>,
    head: &Head,
    meaning: Meaning,
) -> usize {
    if head.is(OCTET_STRING) {
        return segments(tree, source, opened, range, head.end.is_none(), meaning);
    }
    let mut at = range.start;
    let mut slot = 0;
    loop {
        let left = at..range.end;
        if head.end.is_none() && source.get(left.clone()).starts_with(&END) {
            tree.leaf(
                source,
                &opened.place.part("@end"),
                at..at + 2,
                Said::label("end of contents"),
            );
            return at + 2;
        }
        if left.is_empty() {
            if head.end.is_none() {
                tree.damage(opened, "ends without end-of-contents".to_owned());
            }
            return at;
        }
        if tree.is_full() {
            tree.unread(source, &opened.place, left, "not looked into: too many parts");
            return range.end;
        }
        let (name, part) = meaning.part(&mut slot, source, left.clone());
        at = element(tree, source, &opened.place.part(&name), left, &part);
    }
}

/// An octet string in segments (BER), read joined; gives where it ends.
fn segments(
    tree: &mut Tree,
    source: &Source<'_>,
    opened: &Opened,
    range: Range<usize>,
    indefinite: bool,
    meaning: Meaning,
) -> usize {
    let mut parts = Vec::new();
    let mut at = range.start;
    loop {
        let left = at..range.end;
        if indefinite && source.get(left.clone()).starts_with(&END) {
            tree.leaf(
                source,
                &opened.place.part("@end"),
                at..at + 2,
                Said::label("end of contents"),
            );
            at += 2;
            break;
        }
        if left.is_empty() {
            if indefinite {
                tree.damage(opened, "ends without end-of-contents".to_owned());
            }
            break;
        }
        match Head::read(source, left.clone()) {
            Ok(Head {
                constructed: false,
                content,
                end: Some(end),
                damage,
                number: OCTET_STRING,
                class: 0,
            }) if !tree.is_full() => {
                let said =
                    Said::value("segment", format!("{} bytes", end - content)).damaged(damage);
                tree.leaf(source, &opened.place.part("@segment"), at..content, said);
                parts.push(content..end);
                at = end;
            }
            Ok(_) => {
                tree.unread(source, &opened.place, left, "no segment of an octet string");
                at = range.end;
                break;
            }
            Err(why) => {
                tree.unread(source, &opened.place, left, why);
                at = range.end;
                break;
            }
        }
    }
    let joined: Vec<u8> = parts.iter().flat_map(|part| source.get(part.clone())).copied().collect();
    let content = source.joined(&joined, &parts);
    let all = 0..joined.len();
    if meaning == Meaning::Content {
        receipt::fields(tree, &content, &opened.place, all);
    } else {
        let said = Said::value("joined content", values::text_or_hex(&joined));
        tree.leaf(&content, &opened.place.part("@joined"), all, said);
    }
    at
}

/// Whether the range is one element throughout, so that it is worth reading as one.
fn is_der(source: &Source<'_>, range: Range<usize>) -> bool {
    Head::read(source, range.clone()).is_ok_and(|head| {
        head.class == 0 && head.constructed && head.damage.is_none() && head.end == Some(range.end)
    })
}

/// The value of an element by its universal type.
pub(super) fn plain(head: &Head, content: &[u8]) -> String {
    if head.class != 0 {
        return values::text_or_hex(content);
    }
    match (head.number, content) {
        (BOOLEAN, [0]) => "FALSE".to_owned(),
        (BOOLEAN, [0xff]) => "TRUE".to_owned(),
        (INTEGER | 10, _) => values::integer(content),
        (BIT_STRING, [unused, bits @ ..]) => {
            let unused =
                if *unused == 0 { String::new() } else { format!(", {unused} bits unused") };
            format!("{}{unused}", values::hex(bits))
        }
        (NULL, []) => String::new(),
        (OID, _) => names::identifier(content),
        (12 | 19 | 20 | 22 | 26, _) => {
            std::str::from_utf8(content).map_or_else(|_| values::hex(content), values::text)
        }
        (UTC_TIME, _) => values::time(content, true),
        (GENERALIZED_TIME, _) => values::time(content, false),
        (OCTET_STRING, _) => values::text_or_hex(content),
        _ => values::hex(content),
    }
}
