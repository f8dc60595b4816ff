//! CBOR as a careless reader takes it: just enough to see other bytes than were sent.

/// What becomes of two entries with one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    First,
    Last,
}

const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
/// Deeper items are left alone.
const MAX_DEPTH: usize = 64;

/// Major type, argument (none: indefinite) and length of the head.
fn head(input: &[u8]) -> Option<(u8, Option<u64>, usize)> {
    let first = *input.first()?;
    let wide = match first & 0x1f {
        short @ 0..=23 => return Some((first >> 5, Some(u64::from(short)), 1)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        31 => return Some((first >> 5, None, 1)),
        _ => return None,
    };
    let argument = input.get(1..=wide)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((first >> 5, Some(argument), 1 + wide))
}

/// Key and value of a map, encoded.
type Entry<'a> = (&'a [u8], &'a [u8]);

/// How many bytes the first item takes.
pub(super) fn item(input: &[u8]) -> Option<usize> {
    item_at(input, 0)
}

fn item_at(input: &[u8], depth: usize) -> Option<usize> {
    let (major, argument, mut at) = head(input)?;
    if depth > MAX_DEPTH {
        return None;
    }
    let inside = match (major, argument) {
        (BYTES | TEXT, Some(length)) => {
            at = at.checked_add(usize::try_from(length).ok()?)?;
            return (at <= input.len()).then_some(at);
        }
        (ARRAY, count) => count,
        (MAP, count) => {
            count.map(|count| count.checked_mul(2)).map_or(Some(None), |n| n.map(Some))?
        }
        (TAG, Some(_)) => Some(1),
        (BYTES | TEXT, None) => None,
        (_, Some(_)) => return Some(at),
        (_, None) => return None,
    };
    let mut left = inside;
    while left != Some(0) {
        if left.is_none() && input.get(at) == Some(&0xff) {
            return Some(at + 1);
        }
        at += item_at(input.get(at..)?, depth + 1)?;
        left = left.map(|left| left - 1);
    }
    Some(at)
}

/// The entries of the map that the input begins with, and what follows it.
pub(super) fn entries(input: &[u8]) -> Option<(Vec<Entry<'_>>, &[u8])> {
    let (MAP, count, mut at) = head(input)? else {
        return None;
    };
    let mut found = Vec::new();
    while count.is_none_or(|count| (found.len() as u64) < count) {
        if count.is_none() && input.get(at) == Some(&0xff) {
            at += 1;
            break;
        }
        let key = &input[at..at + item(input.get(at..)?)?];
        at += key.len();
        let value = &input[at..at + item(input.get(at..)?)?];
        at += value.len();
        found.push((key, value));
    }
    Some((found, input.get(at..)?))
}

/// A map of these entries.
pub(super) fn map(entries: &[(&[u8], Vec<u8>)]) -> Vec<u8> {
    let mut map = match u8::try_from(entries.len()) {
        Ok(count @ 0..=23) => vec![0xa0 | count],
        Ok(count) => vec![0xb8, count],
        Err(_) => {
            let [.., high, low] = entries.len().to_be_bytes();
            vec![0xb9, high, low]
        }
    };
    for (key, value) in entries {
        map.extend_from_slice(key);
        map.extend_from_slice(value);
    }
    map
}

/// The map without doubles, in maps within it as well; `None` if it had none or is no map.
pub(super) fn without_doubles(input: &[u8], keep: Keep) -> Option<Vec<u8>> {
    let (found, rest) = entries(input)?;
    let mut changed = false;
    let mut kept: Vec<(&[u8], Vec<u8>)> = Vec::new();
    for (key, value) in found {
        let value = match without_doubles(value, keep) {
            Some(other) => {
                changed = true;
                other
            }
            None => value.to_vec(),
        };
        match kept.iter_mut().find(|(known, _)| *known == key) {
            Some(known) => {
                changed = true;
                if keep == Keep::Last {
                    known.1 = value;
                }
            }
            None => kept.push((key, value)),
        }
    }
    changed.then(|| [map(&kept), rest.to_vec()].concat())
}

/// The object without what follows its first item.
pub(super) fn first_item(input: &[u8]) -> Option<Vec<u8>> {
    input.get(..item(input)?).map(<[u8]>::to_vec)
}

/// The object out of any tags before it.
pub(super) fn untagged(input: &[u8]) -> Option<Vec<u8>> {
    match head(input)? {
        (TAG, _, length) => {
            let inner = &input[length..];
            untagged(inner).or_else(|| Some(inner.to_vec()))
        }
        _ => None,
    }
}

/// The map with the values of these keys as byte strings and of those as text, whichever they were.
pub(super) fn loosely_typed(input: &[u8], bytes: &[&str], texts: &[&str]) -> Option<Vec<u8>> {
    let (found, rest) = entries(input)?;
    let named =
        |key: &[u8], names: &[&str]| names.iter().any(|name| key.get(1..) == Some(name.as_bytes()));
    let retyped = found.into_iter().map(|(key, value)| {
        let mut value = value.to_vec();
        if let Some(first @ (0x40..=0x7f)) = value.first().copied() {
            if named(key, bytes) {
                value[0] = first & 0x1f | BYTES << 5;
            } else if named(key, texts) {
                value[0] = first & 0x1f | TEXT << 5;
            }
        }
        (key, value)
    });
    let retyped: Vec<_> = retyped.collect();
    Some([map(&retyped), rest.to_vec()].concat())
}
