//! Values in words: printable, and of bounded length.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Bytes that are shown; the rest is counted.
const SHOWN: usize = 66;
/// Characters that are shown.
const CHARACTERS: usize = 120;

pub(super) fn hex(bytes: &[u8]) -> String {
    if bytes.len() <= SHOWN {
        return hex::encode(bytes);
    }
    format!("{}… ({} bytes)", hex::encode(&bytes[..SHOWN]), bytes.len())
}

/// A text in quotes, every control character escaped.
pub(super) fn text(text: &str) -> String {
    let shown: String = text.chars().take(CHARACTERS).collect();
    let more = if shown.len() < text.len() {
        format!("… ({} bytes)", text.len())
    } else {
        String::new()
    };
    format!("{shown:?}{more}")
}

/// As text where it is text throughout, otherwise in hexadecimal.
pub(super) fn text_or_hex(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(plain) if !plain.is_empty() && !plain.chars().any(char::is_control) => text(plain),
        Ok(_) | Err(_) => hex(bytes),
    }
}

/// A two's complement number of any length.
pub(super) fn integer(content: &[u8]) -> String {
    match content {
        [] => "no number".to_owned(),
        _ if content.len() <= 8 => {
            let start = if content[0] & 0x80 == 0 { 0 } else { -1 };
            content.iter().fold(start, |value: i64, byte| value << 8 | i64::from(*byte)).to_string()
        }
        _ => format!("0x{}", hex(content)),
    }
}

/// `UTCTime` (two digits of the year) or `GeneralizedTime`, as an instant if it is one.
pub(super) fn time(content: &[u8], is_utc_time: bool) -> String {
    instant(content, is_utc_time)
        .map_or_else(|| text_or_hex(content), |instant| instant.to_string())
}

fn instant(content: &[u8], is_utc_time: bool) -> Option<Timestamp> {
    let digits = content.strip_suffix(b"Z")?;
    let digits = std::str::from_utf8(digits).ok()?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(if is_utc_time { 2 } else { 4 })?;
    let mut year: i16 = year.parse().ok()?;
    if is_utc_time {
        // RFC 5280 4.1.2.5.1: two digits from 50 up mean the last century.
        year += if year >= 50 { 1900 } else { 2000 };
    }
    let part = |index: usize| rest.get(2 * index..2 * index + 2)?.parse::<i8>().ok();
    if rest.len() != 10 {
        return None;
    }
    let at = DateTime::new(year, part(0)?, part(1)?, part(2)?, part(3)?, part(4)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

/// A genuine leaf's serial number is the millisecond of its issuance: six bytes.
pub(super) fn issuance(serial: &[u8]) -> Option<Timestamp> {
    let serial: [u8; 6] = serial.try_into().ok()?;
    let millisecond = serial.iter().fold(0, |value: i64, byte| value << 8 | i64::from(*byte));
    let at = Timestamp::from_millisecond(millisecond).ok()?;
    // Other six-byte numbers are read as years nobody has lived in.
    let plausible = 1_577_836_800_000..4_102_444_800_000;
    plausible.contains(&millisecond).then_some(at)
}
