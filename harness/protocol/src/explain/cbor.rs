//! CBOR of any shape, item by item (RFC 8949); what a member means is said by [`containers`].

use super::containers::{self, Meaning};
use super::tree::{Place, Said, Source, Tree};
use super::values;
use std::ops::Range;

/// What an item is called, and what it is read as.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) label: String,
    pub(super) meaning: Meaning,
}

/// A key of a map, as far as names are given to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Text(&'a str),
    Number(i128),
    Other,
}

/// The first bytes of an item: its major type and argument.
#[derive(Debug, Clone, Copy)]
struct Head {
    major: u8,
    /// None: an indefinite length, or a break.
    argument: Option<u64>,
    end: usize,
    /// Whether a shorter head would have said the same.
    is_longer_than_needed: bool,
}

const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
const BREAK: u8 = 0xff;

/// Reads one item at the beginning of `range` and says where it ends; at least one byte is taken
/// unless the range is empty.
pub(super) fn item(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    part: &Part,
) -> usize {
    let mut start = range.start;
    loop {
        let head = match Head::read(source, start..range.end) {
            Ok(head) => head,
            Err(why) => {
                tree.unread(source, place, start..range.end, why);
                return range.end;
            }
        };
        if place.is_too_deep() || tree.is_full() {
            tree.unread(source, place, start..range.end, "not looked into: too deep or too much");
            return range.end;
        }
        if head.major == TAG {
            let number = head.argument.unwrap_or_default();
            let said = Said::value("CBOR tag", number.to_string());
            tree.leaf(source, &place.beside("tag"), start..head.end, said);
            start = head.end;
            continue;
        }
        return untagged(tree, source, place, start..range.end, head, part);
    }
}

fn untagged(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    head: Head,
    part: &Part,
) -> usize {
    let odd = head.is_longer_than_needed.then(|| "a head longer than needed".to_owned());
    let said = |value: String| {
        let wrong = part.meaning.expects().filter(|expected| *expected != head.major);
        let wrong =
            wrong.map(|expected| format!("{} where {} belongs", name(head.major), name(expected)));
        Said::value(part.label.clone(), value).damaged(wrong).damaged(odd.clone())
    };
    match (head.major, head.argument) {
        (0, Some(value)) => {
            tree.leaf(
                source,
                place,
                range.start..head.end,
                said(part.meaning.number(value.into())),
            );
            head.end
        }
        (1, Some(value)) => {
            let value = part.meaning.number(-1 - i128::from(value));
            tree.leaf(source, place, range.start..head.end, said(value));
            head.end
        }
        (BYTES | TEXT, Some(length)) => {
            let (end, short) = within(length, head.end, range.end);
            let whole = range.start..end;
            if head.major == TEXT {
                let value = string(source.get(head.end..end));
                tree.leaf(source, place, whole, said(value).damaged(short));
            } else {
                containers::bytes(
                    tree,
                    source,
                    place,
                    whole,
                    head.end,
                    part,
                    said(String::new()).damaged(short),
                );
            }
            end
        }
        (BYTES | TEXT, None) => chunks(tree, source, place, range, head, part, said(String::new())),
        (ARRAY | MAP, count) => {
            structure(tree, source, place, range, head, count, part, said(String::new()))
        }
        _ => {
            let value = match (head.argument, head.end - range.start) {
                (Some(20), 1) => "false".to_owned(),
                (Some(21), 1) => "true".to_owned(),
                (Some(22), 1) => "null".to_owned(),
                (Some(23), 1) => "undefined".to_owned(),
                (Some(value), 1 | 2) => format!("simple value {value}"),
                (Some(_), _) => format!(
                    "a floating-point number, {}",
                    values::hex(source.get(range.start + 1..head.end))
                ),
                (None, _) => "break".to_owned(),
            };
            tree.leaf(source, place, range.start..head.end, said(value));
            head.end
        }
    }
}

/// An array or a map. How far it reaches is known only when its parts are read.
#[expect(clippy::too_many_arguments, reason = "what is read, where, and what it is")]
fn structure(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    head: Head,
    count: Option<u64>,
    part: &Part,
    said: Said,
) -> usize {
    let of = if head.major == MAP { "map" } else { "array" };
    let value = count
        .map_or_else(|| format!("{of} of indefinite length"), |count| format!("{of} of {count}"));
    let opened = tree.begin(source, place, range.start..head.end, Said { value, ..said });
    let inner = &opened.place;
    let mut at = head.end;
    let mut index = 0;
    loop {
        let left = at..range.end;
        match count {
            Some(count) if index == count => break,
            None if source.get(left.clone()).first() == Some(&BREAK) => {
                tree.leaf(
                    source,
                    &inner.part("@end"),
                    at..at + 1,
                    Said::label("end of the structure"),
                );
                at += 1;
                break;
            }
            Some(_) | None if left.is_empty() => {
                let missing = count.map_or_else(
                    || "ends without a break".to_owned(),
                    |count| format!("ends after {index} of {count}"),
                );
                tree.damage(&opened, missing);
                break;
            }
            Some(_) | None => {}
        }
        if tree.is_full() {
            tree.unread(source, inner, left, "not looked into: too many parts");
            at = range.end;
            break;
        }
        if head.major == MAP {
            at = entry(tree, source, inner, left, part.meaning, index);
        } else {
            let (name, part) = part.meaning.element(index);
            at = item(tree, source, &inner.part(&name), left, &part);
        }
        index += 1;
    }
    tree.end(source, &opened, range.start..at);
    at
}

fn entry(
    tree: &mut Tree,
    source: &Source<'_>,
    inner: &Place,
    left: Range<usize>,
    meaning: Meaning,
    index: u64,
) -> usize {
    let key = key(source, left.clone());
    let (name, part) = meaning.member(&key, index);
    let place = inner.part(&name);
    let key_part = Part { label: format!("key of {}", part.label), meaning: Meaning::Plain };
    let at = item(tree, source, &place.beside("key"), left.clone(), &key_part);
    if at == left.end {
        let said = format!("key {name} without a value");
        tree.damage_last(said);
        return at;
    }
    item(tree, source, &place, at..left.end, &part)
}

/// What a key says, if it is a plain one.
fn key<'a>(source: &Source<'a>, range: Range<usize>) -> Key<'a> {
    let Ok(head) = Head::read(source, range.clone()) else { return Key::Other };
    match (head.major, head.argument) {
        (0, Some(value)) => Key::Number(value.into()),
        (1, Some(value)) => Key::Number(-1 - i128::from(value)),
        (TEXT, Some(length)) => {
            let (end, _) = within(length, head.end, range.end);
            std::str::from_utf8(source.get(head.end..end)).map_or(Key::Other, Key::Text)
        }
        _ => Key::Other,
    }
}

/// A byte string or text in chunks, read joined.
fn chunks(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    head: Head,
    part: &Part,
    said: Said,
) -> usize {
    let opened = tree.begin(source, place, range.start..head.end, said);
    let mut parts = Vec::new();
    let mut at = head.end;
    loop {
        let left = at..range.end;
        match Head::read(source, left.clone()) {
            Ok(chunk) if source.get(left.clone()).first() == Some(&BREAK) => {
                tree.leaf(
                    source,
                    &opened.place.part("@end"),
                    at..chunk.end,
                    Said::label("end of the chunks"),
                );
                at = chunk.end;
                break;
            }
            Ok(Head { major, argument: Some(length), end, .. })
                if major == head.major && !tree.is_full() =>
            {
                let (to, short) = within(length, end, range.end);
                let said = Said::value("chunk", format!("{} bytes", to - end)).damaged(short);
                tree.leaf(source, &opened.place.part("@chunk"), at..end, said);
                parts.push(end..to);
                at = to;
            }
            Ok(_) => {
                tree.unread(source, &opened.place, left, "no chunk of this string");
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
    if head.major == TEXT {
        let said = Said::value("joined text", string(&joined));
        tree.leaf(&content, &opened.place.part("@joined"), 0..joined.len(), said);
    } else {
        let part = Part { label: "joined content".to_owned(), meaning: part.meaning };
        let said = Said::label(part.label.clone());
        containers::bytes(
            tree,
            &content,
            &opened.place.part("@joined"),
            0..joined.len(),
            0,
            &part,
            said,
        );
    }
    tree.end(source, &opened, range.start..at);
    at
}

impl Head {
    fn read(source: &Source<'_>, range: Range<usize>) -> Result<Self, String> {
        let bytes = source.get(range.clone());
        let first = *bytes.first().ok_or("an item is missing")?;
        let (major, info) = (first >> 5, first & 0x1f);
        let size = match info {
            0..=23 => 0,
            24..=27 => 1 << (info - 24),
            31 if matches!(major, 2..=5 | 7) => {
                let end = range.start + 1;
                return Ok(Self { major, argument: None, end, is_longer_than_needed: false });
            }
            _ => return Err(format!("{first:02x} begins no CBOR item")),
        };
        if size == 0 {
            let argument = Some(u64::from(info));
            let end = range.start + 1;
            return Ok(Self { major, argument, end, is_longer_than_needed: false });
        }
        let argument = bytes.get(1..=size).ok_or("ends inside the head of an item")?;
        let argument = argument.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
        let least = match size {
            1 => 24,
            2 => 1 << 8,
            4 => 1 << 16,
            _ => 1 << 32,
        };
        let is_longer_than_needed = major != SIMPLE && argument < least;
        let end = range.start + 1 + size;
        Ok(Self { major, argument: Some(argument), end, is_longer_than_needed })
    }
}

/// Where `length` bytes from `start` end, and what is missing of them.
fn within(length: u64, start: usize, limit: usize) -> (usize, Option<String>) {
    let left = limit - start;
    match usize::try_from(length) {
        Ok(length) if length <= left => (start + length, None),
        Ok(_) | Err(_) => (limit, Some(format!("says {length} bytes where {left} are left"))),
    }
}

fn string(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| format!("no UTF-8: {}", values::hex(bytes)), values::text)
}

fn name(major: u8) -> &'static str {
    match major {
        0 | 1 => "a number",
        BYTES => "a byte string",
        TEXT => "a text",
        ARRAY => "an array",
        MAP => "a map",
        TAG => "a tag",
        _ => "a simple value",
    }
}
