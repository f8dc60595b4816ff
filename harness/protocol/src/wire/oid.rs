//! Object identifiers as their DER content bytes, for comparison without formatting.

use std::fmt::Write as _;

macro_rules! oids {
    ($( $(#[$doc:meta])* $name:ident = $dotted:literal: [$($byte:literal),*]; )*) => {
        $( $(#[$doc])* #[doc = concat!("`", $dotted, "`")] pub const $name: &[u8] = &[$($byte),*]; )*

        #[cfg(test)]
        const ALL: &[(&str, &[u8])] = &[ $( ($dotted, $name), )* ];
    };
}

oids! {
    NONCE = "1.2.840.113635.100.8.2": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 8, 2];
    KEY_PROPERTIES = "1.2.840.113635.100.8.5": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 8, 5];
    ACCESS_CONTROL = "1.2.840.113635.100.8.6": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 8, 6];
    OS_PROPERTIES = "1.2.840.113635.100.8.7": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 8, 7];
    APP_ATTEST_EKU = "1.2.840.113635.100.4.24": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x63, 0x64, 4, 0x18];
    BASIC_CONSTRAINTS = "2.5.29.19": [0x55, 0x1d, 0x13];
    KEY_USAGE = "2.5.29.15": [0x55, 0x1d, 0x0f];
    EXTENDED_KEY_USAGE = "2.5.29.37": [0x55, 0x1d, 0x25];
    AUTHORITY_KEY_ID = "2.5.29.35": [0x55, 0x1d, 0x23];
    SUBJECT_KEY_ID = "2.5.29.14": [0x55, 0x1d, 0x0e];
    EC_PUBLIC_KEY = "1.2.840.10045.2.1": [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    P256 = "1.2.840.10045.3.1.7": [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
    P384 = "1.3.132.0.34": [0x2b, 0x81, 4, 0, 0x22];
    ECDSA_SHA256 = "1.2.840.10045.4.3.2": [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    ECDSA_SHA384 = "1.2.840.10045.4.3.3": [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3];
    SHA256 = "2.16.840.1.101.3.4.2.1": [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
    SIGNED_DATA = "1.2.840.113549.1.7.2": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    DATA = "1.2.840.113549.1.7.1": [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
}

/// Bytes of an identifier that its text shows; genuine ones have up to 9.
const LONGEST: usize = 32;

/// The dotted text of an identifier; arcs beyond 64 bits are written as `?`, and what is longer than any
/// identifier ends in `…`.
pub fn dotted(content: &[u8]) -> String {
    let shown = content.get(..LONGEST);
    let mut text = arcs(shown.unwrap_or(content));
    if shown.is_some_and(|shown| shown.len() < content.len()) {
        text.push('…');
    }
    text
}

fn arcs(content: &[u8]) -> String {
    let mut text = String::new();
    let mut arc = Some(0u64);
    let mut first = true;
    for byte in content {
        arc = arc.filter(|arc| arc >> 57 == 0).map(|arc| arc << 7 | u64::from(byte & 0x7f));
        if byte & 0x80 != 0 {
            continue;
        }
        match arc {
            Some(arc) if first => {
                let root = (arc / 40).min(2);
                let _ = write!(text, "{root}.{}", arc - 40 * root);
            }
            Some(arc) => {
                let _ = write!(text, ".{arc}");
            }
            None => text.push_str(".?"),
        }
        (arc, first) = (Some(0), false);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::oid;

    #[test]
    fn the_bytes_say_what_the_dotted_text_says() {
        for (text, bytes) in ALL {
            assert_eq!(dotted(bytes), *text);
        }
    }

    #[test]
    fn they_agree_with_the_terms() {
        for (text, bytes) in [
            (oid::NONCE, NONCE),
            (oid::KEY_PROPERTIES, KEY_PROPERTIES),
            (oid::ACCESS_CONTROL, ACCESS_CONTROL),
            (oid::OS_PROPERTIES, OS_PROPERTIES),
            (oid::APP_ATTEST_EKU, APP_ATTEST_EKU),
            (oid::BASIC_CONSTRAINTS, BASIC_CONSTRAINTS),
            (oid::KEY_USAGE, KEY_USAGE),
            (oid::EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE),
            (oid::AUTHORITY_KEY_ID, AUTHORITY_KEY_ID),
            (oid::SUBJECT_KEY_ID, SUBJECT_KEY_ID),
        ] {
            assert_eq!(dotted(bytes), text);
        }
    }

    #[test]
    fn hostile_arcs_do_not_overflow() {
        assert_eq!(
            dotted(&[0x2a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
            "1.2.?"
        );
    }

    #[test]
    fn an_identifier_without_end_is_told_in_a_few_words() {
        let text = dotted(&[0x2a; 5000]);
        assert!(text.starts_with("1.2.42.42") && text.ends_with('…'), "{text}");
        assert!(text.len() < 200, "{}", text.len());
        assert!(!dotted(&[0x2a; LONGEST]).ends_with('…'));
    }
}
