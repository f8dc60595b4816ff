//! In which encoding a text holds bytes, told from the text.

use super::sighting::Leaf;
use crate::encoding::Encoding;
use protocol::wire::{Assertion, AttestationObject};

/// Bytes with the encoding their text was written in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    /// The encodings that would have written this text, the likeliest first.
    pub(super) encodings: Vec<Encoding>,
}

/// Longest text that is tried: an attestation is a few thousand characters, with room for odd ones.
const LONGEST: usize = 1 << 20;

/// Encodings that write bytes as text, the most usual first.
const TEXTUAL: [Encoding; 4] =
    [Encoding::B64, Encoding::B64UrlNoPad, Encoding::B64Url, Encoding::Hex];

/// What a text decodes to if the bytes are wanted.
fn decoded(text: &str, wanted: impl Fn(&[u8]) -> bool) -> Option<Encoded> {
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let mut found: Option<Encoded> = None;
    for encoding in TEXTUAL {
        let Some(bytes) = encoding.decode(text).filter(|bytes| wanted(bytes)) else { continue };
        match &mut found {
            Some(encoded) if encoded.bytes == bytes => encoded.encodings.push(encoding),
            Some(_) => {}
            None => found = Some(Encoded { bytes, encodings: vec![encoding] }),
        }
    }
    found
}

/// An attestation object in a text.
pub(super) fn attestation(text: &str) -> Option<Encoded> {
    // A map of three entries whose first is one of the object's; recordings may cut the rest off.
    decoded(text, |bytes| {
        bytes.first() == Some(&0xa3)
            && (AttestationObject::decode(bytes).is_ok()
                || bytes.starts_with(b"\xa3\x63fmt\x6fapple-appattest"))
    })
}

/// An assertion in a text.
pub(super) fn assertion(text: &str) -> Option<Encoded> {
    decoded(text, |bytes| bytes.first() == Some(&0xa2) && Assertion::decode(bytes).is_ok())
}

/// A key id in a text: 32 bytes.
pub(super) fn key_id(text: &str) -> Option<Encoded> {
    decoded(text, |bytes| bytes.len() == 32)
}

/// Client data in a text: JSON behind an encoding.
pub(super) fn client_data(text: &str) -> Option<Encoded> {
    decoded(text, |bytes| {
        bytes.first() == Some(&b'{')
            && serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(bytes).is_ok()
    })
}

/// The encoding that a challenge's text is in: one of at least 16 bytes, as they are drawn.
pub(super) fn challenge(text: &str) -> Option<Encoding> {
    // Digits of hexadecimal are base64 as well, and nobody draws base64 that has no other letter.
    let is_hex = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let encodings = readings(text).into_iter().filter(|(_, bytes)| bytes.len() >= 16);
    let mut encodings = encodings.map(|(encoding, _)| encoding);
    if is_hex { encodings.find(|one| *one == Encoding::Hex) } else { encodings.next() }
}

/// Every way in which a text can be read as bytes.
pub(super) fn readings(text: &str) -> Vec<(Encoding, Vec<u8>)> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    TEXTUAL.into_iter().filter_map(|encoding| Some((encoding, encoding.decode(text)?))).collect()
}

/// The encoding that a text is in, or `preferred` where the text does not tell the two apart.
pub(super) fn or_the_same_in(preferred: Encoding, encoding: Encoding, text: &str) -> Encoding {
    let is_text = TEXTUAL.contains(&preferred) && TEXTUAL.contains(&encoding);
    if is_text && preferred.decode(text) == encoding.decode(text) { preferred } else { encoding }
}

/// The encoding that a description speaks of.
pub(super) fn described(leaf: &Leaf) -> Option<Encoding> {
    let hint = &leaf.hint;
    let has = |words: &[&str]| words.iter().any(|word| hint.contains(word));
    if has(&[
        "base64url",
        "base64-url",
        "url-safe",
        "urlsafe",
        "url safe",
        "[a-za-z0-9_-]",
        "[a-za-z0-9-_]",
    ]) {
        return Some(if has(&["with padding", "padded"]) && !has(&["unpadded"]) {
            Encoding::B64Url
        } else {
            Encoding::B64UrlNoPad
        });
    }
    if has(&["hex", "[0-9a-f]", "[a-f0-9]"]) {
        return Some(Encoding::Hex);
    }
    // `format: byte` is OpenAPI's word for base64.
    (has(&["base64"]) || hint.split_whitespace().any(|word| word == "byte"))
        .then_some(Encoding::B64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_of_a_key_id_shows_in_its_text() {
        let bytes = [0xfb; 32];
        for encoding in TEXTUAL {
            let text = encoding.encode(&bytes).unwrap();
            let found = key_id(&text).unwrap();
            assert_eq!(
                (found.bytes.as_slice(), found.encodings[0]),
                (&bytes[..], encoding),
                "{text}"
            );
        }
        assert_eq!(key_id("not a key id"), None);
        assert_eq!(key_id(&"A".repeat(46)), None);
    }

    #[test]
    fn objects_are_told_by_their_bytes_and_not_by_their_names() {
        let begins = b"\xa3\x63fmt\x6fapple-appattest and then cut";
        for encoding in TEXTUAL {
            let text = encoding.encode(begins).unwrap();
            assert!(attestation(&text).is_some(), "{text}");
            assert!(assertion(&text).is_none(), "{text}");
        }
        assert_eq!(attestation("o2NmbXRm"), None);
    }

    #[test]
    fn a_description_names_an_encoding() {
        for (hint, encoding) in [
            ("byte", Some(Encoding::B64)),
            ("the key id in base64url, no padding", Some(Encoding::B64UrlNoPad)),
            ("url-safe base64 with padding", Some(Encoding::B64Url)),
            ("64 hex digits", Some(Encoding::Hex)),
            ("a few bytes of it", None),
        ] {
            let leaf = Leaf { hint: hint.to_owned(), ..Leaf::default() };
            assert_eq!(described(&leaf), encoding, "{hint}");
        }
    }
}
