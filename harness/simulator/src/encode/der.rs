//! Tag, length, content: DER, and whatever else a lie needs.
//!
//! Every function takes content bytes as they are, so that a caller can nest anything. Only
//! [`Length`] decides how honest a length is.

use jiff::{Timestamp, tz::TimeZone};

/// Identifier octets used here.
pub mod tag {
    #![expect(missing_docs, reason = "names of ASN.1 types need no sentence")]
    pub const BOOLEAN: u8 = 0x01;
    pub const INTEGER: u8 = 0x02;
    pub const BIT_STRING: u8 = 0x03;
    pub const OCTET_STRING: u8 = 0x04;
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    pub const UTF8_STRING: u8 = 0x0c;
    pub const PRINTABLE_STRING: u8 = 0x13;
    pub const UTC_TIME: u8 = 0x17;
    pub const GENERALIZED_TIME: u8 = 0x18;
    pub const SEQUENCE: u8 = 0x30;
    pub const SET: u8 = 0x31;
    pub const CONSTRUCTED_OCTET_STRING: u8 = 0x24;
    pub const CONTEXT_0: u8 = 0xa0;
    pub const CONTEXT_3: u8 = 0xa3;
}

/// How a length is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// The true length in as few bytes as possible, as DER wants it.
    #[default]
    Minimal,
    /// The true length in the long form with this many length bytes (1 to 8).
    Long(u8),
    /// The indefinite form, closed by two zero bytes; BER only.
    Indefinite,
    /// A length that need not be true, in as few bytes as possible.
    Declared(u64),
}

/// One element with a minimal length.
pub fn tlv(identifier: u8, content: &[u8]) -> Vec<u8> {
    element(&[identifier], Length::Minimal, content)
}

/// One element whose identifier and length are free.
pub fn element(identifier: &[u8], length: Length, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(identifier.len() + content.len() + 6);
    out.extend_from_slice(identifier);
    let true_length = content.len() as u64;
    match length {
        Length::Minimal => push_minimal(&mut out, true_length),
        Length::Declared(declared) => push_minimal(&mut out, declared),
        Length::Long(bytes) => push_long(&mut out, true_length, usize::from(bytes.clamp(1, 8))),
        Length::Indefinite => out.push(0x80),
    }
    out.extend_from_slice(content);
    if length == Length::Indefinite {
        out.extend_from_slice(&[0, 0]);
    }
    out
}

fn push_minimal(out: &mut Vec<u8>, length: u64) {
    if length < 0x80 {
        out.push(length as u8);
    } else {
        push_long(out, length, 8 - length.leading_zeros() as usize / 8);
    }
}

fn push_long(out: &mut Vec<u8>, length: u64, bytes: usize) {
    out.push(0x80 | bytes as u8);
    out.extend_from_slice(&length.to_be_bytes()[8 - bytes..]);
}

/// A SEQUENCE of the parts in their order.
pub fn sequence<T: AsRef<[u8]>>(parts: &[T]) -> Vec<u8> {
    tlv(tag::SEQUENCE, &join(parts))
}

/// The parts, one after the other.
pub fn join<T: AsRef<[u8]>>(parts: &[T]) -> Vec<u8> {
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.as_ref().len()).sum());
    for part in parts {
        out.extend_from_slice(part.as_ref());
    }
    out
}

/// An INTEGER of a non-negative number given big-endian with any number of leading zeros.
pub fn unsigned(big_endian: &[u8]) -> Vec<u8> {
    tlv(tag::INTEGER, &unsigned_content(big_endian))
}

/// The content of such an INTEGER: no needless zero, and one zero where the top bit is set.
pub fn unsigned_content(big_endian: &[u8]) -> Vec<u8> {
    let start = big_endian.iter().position(|byte| *byte != 0).unwrap_or(big_endian.len());
    let digits = &big_endian[start..];
    let pad = digits.first().is_none_or(|first| first & 0x80 != 0);
    let mut content = Vec::with_capacity(digits.len() + 1);
    if pad {
        content.push(0);
    }
    content.extend_from_slice(digits);
    content
}

/// An explicit context tag around `content`; numbers from 31 on take the long identifier.
pub fn context(number: u32, content: &[u8]) -> Vec<u8> {
    if number < 31 {
        return tlv(0xa0 | number as u8, content);
    }
    let mut identifier = vec![0xbf];
    push_base_128(&mut identifier, u64::from(number));
    element(&identifier, Length::Minimal, content)
}

/// A BIT STRING of whole bytes.
pub fn bit_string(bytes: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(bytes.len() + 1);
    content.push(0);
    content.extend_from_slice(bytes);
    tlv(tag::BIT_STRING, &content)
}

/// An OBJECT IDENTIFIER from dotted text.
///
/// # Panics
/// If the text is not at least two numbers with dots between: identifiers are written by us.
pub fn object_identifier(dotted: &str) -> Vec<u8> {
    let mut arcs =
        dotted.split('.').map(|arc| arc.parse::<u64>().expect("an object identifier is numbers"));
    let first = arcs.next().expect("split yields one part at least");
    let second = arcs.next().expect("an object identifier has two arcs at least");
    let mut content = Vec::with_capacity(12);
    push_base_128(&mut content, first * 40 + second);
    for arc in arcs {
        push_base_128(&mut content, arc);
    }
    tlv(tag::OBJECT_IDENTIFIER, &content)
}

fn push_base_128(out: &mut Vec<u8>, number: u64) {
    let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let more = if group == 0 { 0 } else { 0x80 };
        out.push(more | (number >> (7 * group)) as u8 & 0x7f);
    }
}

/// A `UTCTime`; the century is lost, as the type wants it.
pub fn utc_time(at: Timestamp) -> Vec<u8> {
    tlv(tag::UTC_TIME, &time_text(at).as_bytes()[2..])
}

/// A `GeneralizedTime` without fraction.
pub fn generalized_time(at: Timestamp) -> Vec<u8> {
    tlv(tag::GENERALIZED_TIME, time_text(at).as_bytes())
}

fn time_text(at: Timestamp) -> String {
    let at = TimeZone::UTC.to_datetime(at);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        at.year(),
        at.month(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

#[cfg(test)]
mod tests {
    use super::{Length, context, element, object_identifier, unsigned, utc_time};

    #[track_caller]
    fn check(written: &[u8], expected: &str) {
        assert_eq!(hex::encode(written), expected);
    }

    #[test]
    fn identifiers_integers_and_tags_are_der() {
        check(&object_identifier("1.2.840.113635.100.8.2"), "06092a864886f763640802");
        check(&object_identifier("2.5.29.19"), "0603551d13");
        check(&unsigned(&[0, 0, 0x80]), "02020080");
        check(&unsigned(&[0, 0x7f]), "02017f");
        check(&unsigned(&[0, 0]), "020100");
        check(&context(10, &[2, 1, 0]), "aa03020100");
        check(&context(1204, &[]), "bf893400");
        check(
            &utc_time("2026-10-09T07:25:21.61Z".parse().unwrap()),
            "170d3236313030393037323532315a",
        );
    }

    #[test]
    fn lengths_lie_when_told_to() {
        check(&element(&[4], Length::Minimal, &[7; 1]), "040107");
        check(&element(&[4], Length::Long(2), &[7; 1]), "0482000107");
        check(&element(&[0x24], Length::Indefinite, &[4, 0]), "248004000000");
        check(&element(&[4], Length::Declared(1 << 32), &[]), "04850100000000");
    }
}
