//! Headers and numbers written straight into a buffer.

use crate::encode::der::tag;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// An identifier and a minimal DER length.
pub(super) fn der_header(out: &mut Vec<u8>, identifier: u8, length: usize) {
    out.push(identifier);
    match length {
        0..0x80 => out.push(length as u8),
        0x80..0x100 => out.extend_from_slice(&[0x81, length as u8]),
        _ => {
            let [.., a, b, c, d] = length.to_be_bytes();
            match (a, b) {
                (0, 0) => out.extend_from_slice(&[0x82, c, d]),
                (0, _) => out.extend_from_slice(&[0x83, b, c, d]),
                _ => out.extend_from_slice(&[0x84, a, b, c, d]),
            }
        }
    }
}

/// Bytes that a DER header before so many takes.
pub(super) fn der_header_length(length: usize) -> usize {
    match length {
        0..0x80 => 2,
        0x80..0x100 => 3,
        0x100..0x1_0000 => 4,
        0x1_0000..0x100_0000 => 5,
        _ => 6,
    }
}

/// The header of a CBOR byte string in its shortest form, and the string.
pub(super) fn cbor_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len();
    match length {
        0..24 => out.push(0x40 | length as u8),
        24..0x100 => out.extend_from_slice(&[0x58, length as u8]),
        0x100..0x1_0000 => {
            out.push(0x59);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x5a);
            out.extend_from_slice(&(length as u32).to_be_bytes());
        }
    }
    out.extend_from_slice(bytes);
}

/// `SEQUENCE { INTEGER r, INTEGER s }` of two numbers of 48 bytes at most.
#[derive(Debug)]
pub(super) struct Signature {
    bytes: [u8; 104],
    length: usize,
}

impl Signature {
    pub(super) fn of(r: &[u8], s: &[u8]) -> Self {
        let mut written = Self { bytes: [0; 104], length: 2 };
        written.integer(r);
        written.integer(s);
        written.bytes[0] = tag::SEQUENCE;
        written.bytes[1] = (written.length - 2) as u8;
        written
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn integer(&mut self, number: &[u8]) {
        let start = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
        let digits = &number[start..];
        let pad = usize::from(digits.first().is_none_or(|first| first & 0x80 != 0));
        let length = pad + digits.len();
        let place = &mut self.bytes[self.length..self.length + 2 + length];
        place[0] = tag::INTEGER;
        place[1] = length as u8;
        // The pad is a zero, and the buffer was all zeros.
        place[2 + pad..].copy_from_slice(digits);
        self.length += 2 + length;
    }
}

fn civil(at: Timestamp) -> DateTime {
    TimeZone::UTC.to_datetime(at)
}

fn two_digits(number: i8) -> [u8; 2] {
    let number = number.unsigned_abs();
    [b'0' + number / 10 % 10, b'0' + number % 10]
}

/// The content of a `UTCTime`, `YYMMDDhhmmssZ`.
pub(super) fn utc_time(at: Timestamp) -> [u8; 13] {
    let at = civil(at);
    let mut text = [b'Z'; 13];
    let century = (at.year().rem_euclid(100)) as i8;
    let parts = [century, at.month(), at.day(), at.hour(), at.minute(), at.second()];
    for (place, part) in text.chunks_exact_mut(2).zip(parts) {
        place.copy_from_slice(&two_digits(part));
    }
    text
}

/// An instant as receipts write it, with up to three decimals, and its length.
pub(super) fn receipt_time(at: Timestamp) -> ([u8; 24], usize) {
    let at = civil(at);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let year = at.year().unsigned_abs();
    text[..2].copy_from_slice(&two_digits((year / 100) as i8));
    text[2..4].copy_from_slice(&two_digits((year % 100) as i8));
    let parts = [at.month(), at.day(), at.hour(), at.minute(), at.second()];
    for (place, part) in text[5..].chunks_mut(3).zip(parts) {
        place[..2].copy_from_slice(&two_digits(part));
    }
    let millis = (at.subsec_nanosecond() / 1_000_000).unsigned_abs() as u16;
    text[20] = b'0' + (millis / 100) as u8;
    text[21..23].copy_from_slice(&two_digits((millis % 100) as i8));
    // Zeros at the end are dropped, and a point that nothing follows.
    let length = match millis {
        0 => 19,
        _ if millis.is_multiple_of(100) => 21,
        _ if millis.is_multiple_of(10) => 22,
        _ => 23,
    };
    text[length] = b'Z';
    (text, length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encode::der;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn times_are_written_as_the_models_write_them(milliseconds in 0i64..4_102_444_800_000) {
            for at in [milliseconds, milliseconds / 10 * 10, milliseconds / 100 * 100, milliseconds / 1000 * 1000] {
                let at = Timestamp::from_millisecond(at).unwrap();
                let (text, length) = receipt_time(at);
                let expected = crate::device::receipt_time(at);
                prop_assert_eq!(&text[..length], expected.as_bytes());
                prop_assert_eq!(&utc_time(at)[..], &der::utc_time(at)[2..]);
            }
        }

        #[test]
        fn headers_are_written_as_the_models_write_them(length in 0usize..70_000) {
            let content = vec![7; length];
            let mut out = Vec::new();
            der_header(&mut out, 0x30, length);
            prop_assert_eq!(out.len(), der_header_length(length));
            out.extend_from_slice(&content);
            prop_assert_eq!(&out, &der::tlv(0x30, &content));
            let mut out = Vec::new();
            cbor_bytes(&mut out, &content);
            prop_assert_eq!(out, crate::encode::cbor::Item::Bytes(content).encode());
        }

        #[test]
        fn signatures_are_written_as_the_models_write_them(
            r in any::<[u8; 32]>(), s in any::<[u8; 32]>(), zeros in 0usize..34,
        ) {
            let mut short = r;
            short[..zeros.min(32)].fill(0);
            let expected = der::sequence(&[der::unsigned(&short), der::unsigned(&s)]);
            let written = Signature::of(&short, &s);
            prop_assert_eq!(written.as_bytes(), &expected);
        }
    }
}
