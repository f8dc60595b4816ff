//! Edits of one binary value as it is sent: what it is, and how it is written.

use super::Scene;
use super::value::{Hex, Json, Size};
use super::vocabulary::operators;
use crate::sent::{Sent, Written};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use protocol::terms::sha256;
use protocol::wire::{Assertion, AttestationObject};
use serde_json::{Map, json};

/// Which value of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    KeyId,
    Attestation,
    Assertion,
}

operators! {
    /// Edits of one binary value as it is sent, after everything that depends on it was made.
    SpellingOperator {
        "sent.value.bytes" Bytes { with: Hex } "Other bytes.";
        "sent.value.append" Append { bytes: Hex } "Bytes after it.";
        "sent.value.truncate" Truncate { to: usize } "Keeps only so many bytes.";
        "sent.value.random" Random { count: Size } "So many random bytes, which follow from the seed.";
        "sent.value.flip" Flip { place: u64 } "One bit outside the receipt is another, at the so-manieth place that follows from the seed.";
        "sent.value.flip-receipt" FlipReceipt { place: u64 } "One bit of the receipt is another, at the so-manieth place that follows from the seed.";
        "sent.value.other-object" OtherObject {} "An assertion where an attestation should be, and the reverse.";
        "sent.value.web-authn" WebAuthn {} "The same in JSON as browsers send it.";
        "sent.value.padding" Padding {} "Base64 without padding where the API has it, with padding where it has none.";
        "sent.value.alphabet" Alphabet {} "Base64 in the other of its two alphabets, the URL's or the standard one.";
        "sent.value.wrapped" Wrapped { at: usize } "A line break after so many characters, again and again.";
        "sent.value.trailing-bits" TrailingBits {} "Base64 whose last character says more than the bytes: another text for the same bytes.";
        "sent.value.hex" Hexadecimal {} "Hexadecimal digits.";
        "sent.value.twice" Twice {} "Written as the API says, and what comes out once more.";
        "sent.value.lower-case" LowerCase {} "The same text in small letters.";
        "sent.value.around" Around { before: String, after: String } "Text before and after it.";
        "sent.value.text" Text { to: String } "This text.";
        "sent.value.letters" Letters { count: Size } "So many letters A.";
        "sent.value.json" Json { to: Json } "This JSON in the place of the text.";
    }
}

impl Part {
    pub(crate) const ALL: [Self; 3] = [Self::KeyId, Self::Attestation, Self::Assertion];

    /// What the names of the operators begin with.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::KeyId => "sent.keyid.",
            Self::Attestation => "sent.attestation.",
            Self::Assertion => "sent.assertion.",
        }
    }
}

impl SpellingOperator {
    /// Edits a value: its bytes now, its spelling when it is written.
    pub(crate) fn apply(&self, sent: &mut Sent, part: Part, scene: &Scene<'_>) {
        let bytes = sent.bytes_mut();
        match self {
            Self::Bytes { with } => bytes.clone_from(&with.0),
            Self::Append { bytes: more } => bytes.extend_from_slice(&more.0),
            Self::Truncate { to } => bytes.truncate(*to),
            Self::Random { count } => *bytes = scene.random("sent value", count.0),
            Self::Flip { place } => {
                let receipt = receipt(bytes);
                let rest: Vec<usize> =
                    (0..bytes.len()).filter(|at| !receipt.contains(at)).collect();
                flip(bytes, &rest, scene.number("flipped bit", *place));
            }
            Self::FlipReceipt { place } => {
                let receipt: Vec<usize> = receipt(bytes).collect();
                flip(bytes, &receipt, scene.number("flipped bit of the receipt", *place));
            }
            Self::OtherObject {} => {
                let hash = sha256(&[bytes]);
                *bytes = match part {
                    Part::Assertion => {
                        scene.device.attestation_model(scene.authority, &hash, scene.now).seal()
                    }
                    Part::Attestation | Part::KeyId => scene.device.assertion_model(&hash).seal(),
                };
            }
            Self::WebAuthn {} => *bytes = web_authn(bytes, part, scene),
            Self::Padding {}
            | Self::Alphabet {}
            | Self::Wrapped { .. }
            | Self::TrailingBits {}
            | Self::Hexadecimal {}
            | Self::Twice {}
            | Self::LowerCase {}
            | Self::Around { .. }
            | Self::Text { .. }
            | Self::Letters { .. }
            | Self::Json { .. } => sent.spell(self.clone()),
        }
    }

    /// Whether the bytes stay as they are and only their text is another.
    pub(crate) fn is_of_text(&self) -> bool {
        match self {
            Self::Bytes { .. }
            | Self::Append { .. }
            | Self::Truncate { .. }
            | Self::Random { .. }
            | Self::Flip { .. }
            | Self::FlipReceipt { .. }
            | Self::OtherObject {}
            | Self::WebAuthn {} => false,
            Self::Padding {}
            | Self::Alphabet {}
            | Self::Wrapped { .. }
            | Self::TrailingBits {}
            | Self::Hexadecimal {}
            | Self::Twice {}
            | Self::LowerCase {}
            | Self::Around { .. }
            | Self::Text { .. }
            | Self::Letters { .. }
            | Self::Json { .. } => true,
        }
    }

    /// Whether the text it makes is another one only where values are written in base64.
    pub(crate) fn needs_base64(&self) -> bool {
        matches!(self, Self::Padding {} | Self::Alphabet {} | Self::TrailingBits {})
    }

    /// Writes `bytes`, whose text so far is `text`, otherwise.
    pub(crate) fn spell(
        &self,
        bytes: &[u8],
        text: &str,
        plain: &impl Fn(&[u8]) -> String,
    ) -> Written {
        Written::Text(match self {
            Self::Padding {} => match text.trim_end_matches('=') {
                bare if bare.len() < text.len() => bare.to_owned(),
                bare => format!("{bare}{}", "=".repeat((4 - bare.len() % 4) % 4)),
            },
            Self::Alphabet {} => text.chars().map(other_alphabet).collect(),
            Self::Wrapped { at } => {
                let characters: Vec<char> = text.chars().collect();
                let lines = characters.chunks((*at).max(1)).map(|line| line.iter().collect());
                lines.collect::<Vec<String>>().join("\r\n")
            }
            Self::TrailingBits {} => trailing_bits(text),
            Self::Hexadecimal {} => hex::encode(bytes),
            Self::Twice {} => plain(text.as_bytes()),
            Self::LowerCase {} => text.to_lowercase(),
            Self::Around { before, after } => format!("{before}{text}{after}"),
            Self::Text { to } => to.clone(),
            Self::Letters { count } => "A".repeat(count.0),
            Self::Json { to } => return Written::Json(to.0.clone()),
            Self::Bytes { .. }
            | Self::Append { .. }
            | Self::Truncate { .. }
            | Self::Random { .. }
            | Self::Flip { .. }
            | Self::FlipReceipt { .. }
            | Self::OtherObject {}
            | Self::WebAuthn {} => text.to_owned(),
        })
    }
}

/// Where the receipt of an attestation stands; nowhere in anything else.
fn receipt(object: &[u8]) -> std::ops::Range<usize> {
    let found = AttestationObject::decode(object).ok().and_then(|found| found.receipt);
    // An empty one stands nowhere in particular.
    let at = found.filter(|receipt| !receipt.is_empty()).and_then(|receipt| {
        let at = object.windows(receipt.len()).position(|window| window == receipt)?;
        Some(at..at + receipt.len())
    });
    at.unwrap_or(0..0)
}

/// Flips one bit in one of the bytes at `places`, which `number` chooses.
fn flip(bytes: &mut [u8], places: &[usize], number: u64) {
    let bits = places.len() as u64 * 8;
    let chosen = number.checked_rem(bits).and_then(|bit| usize::try_from(bit).ok());
    if let Some(bit) = chosen {
        bytes[places[bit / 8]] ^= 1 << (bit % 8);
    }
}

/// An object as a browser hands it to a page: JSON, its members in the URL's base64.
fn web_authn(object: &[u8], part: Part, scene: &Scene<'_>) -> Vec<u8> {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let kind = if part == Part::Assertion { "webauthn.get" } else { "webauthn.create" };
    let client_data =
        json!({ "type": kind, "challenge": text(object), "origin": "https://example.com" });
    let client_data = client_data.to_string();
    let mut response = Map::new();
    response.insert("clientDataJSON".to_owned(), text(client_data.as_bytes()).into());
    match Assertion::decode(object) {
        Ok(found) => {
            response.insert("authenticatorData".to_owned(), text(found.authenticator_data).into());
            response.insert("signature".to_owned(), text(found.signature).into());
        }
        Err(_) => {
            response.insert("attestationObject".to_owned(), text(object).into());
        }
    }
    let id = text(&scene.device.key_id().0);
    json!({ "id": id, "type": "public-key", "response": response }).to_string().into_bytes()
}

fn other_alphabet(c: char) -> char {
    match c {
        '+' => '-',
        '/' => '_',
        '-' => '+',
        '_' => '/',
        other => other,
    }
}

/// The last character before the padding replaced by its neighbour: 32 bytes leave its lowest bits
/// without meaning, and canonical base64 has zeros there.
fn trailing_bits(text: &str) -> String {
    let bare = text.trim_end_matches('=');
    let mut characters: Vec<char> = bare.chars().collect();
    if let Some(last) = characters.last_mut() {
        *last = match *last {
            'Z' => 'a',
            'z' => '0',
            '9' => '+',
            '/' | '_' => 'A',
            letter => char::from_u32(u32::from(letter) + 1).unwrap_or(letter),
        };
    }
    characters.into_iter().chain(text.chars().skip(bare.chars().count())).collect()
}

#[cfg(test)]
mod tests {
    use super::SpellingOperator;
    use crate::sent::{Sent, Written};

    #[track_caller]
    fn check(operators: &[SpellingOperator], plain: &str, expected: &str) {
        let mut sent = Sent::new(b"bytes".to_vec());
        for operator in operators {
            sent.spell(operator.clone());
        }
        let plain =
            |bytes: &[u8]| if bytes == b"bytes" { plain.to_owned() } else { "again".into() };
        assert_eq!(sent.written(plain), Written::Text(expected.to_owned()));
    }

    #[test]
    fn one_value_has_many_texts() {
        use SpellingOperator::{
            Alphabet, Around, Hexadecimal, LowerCase, Padding, TrailingBits, Twice, Wrapped,
        };
        check(&[Padding {}], "AbcQ==", "AbcQ");
        check(&[Padding {}], "AbcdeQ", "AbcdeQ==");
        check(&[Alphabet {}], "a+/=", "a-_=");
        check(&[Wrapped { at: 3 }], "AbcdEfg", "Abc\r\ndEf\r\ng");
        check(&[TrailingBits {}], "AbcQ==", "AbcR==");
        check(&[TrailingBits {}], "Abc8=", "Abc9=");
        check(&[Hexadecimal {}], "x", "6279746573");
        check(&[Twice {}], "x", "again");
        check(&[LowerCase {}], "AbC", "abc");
        let around = Around { before: "<".into(), after: ">".into() };
        check(&[Padding {}, around], "Ab==", "<Ab>");
    }

    #[test]
    fn what_is_not_spelled_otherwise_is_bytes() {
        let sent = Sent::new(vec![1]);
        assert!(sent.is_plain());
        assert_eq!(sent.written(|_| unreachable!()), Written::Bytes(vec![1]));
    }
}
