//! The CBOR of attestation objects, assertions, COSE keys and extension maps: which member is what.

use super::cbor::{self, Key, Part};
use super::tree::{Place, Said, Source, Tree};
use super::{authenticator_data, certificate, names, receipt, signature, values};
use std::ops::Range;

/// What an item is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing in particular.
    Plain,
    Attestation,
    Statement,
    Certificates,
    Certificate,
    Receipt,
    AttestationData,
    Assertion,
    Signature,
    AssertionData,
    CoseKey,
    KeyType,
    Algorithm,
    Curve,
    Coordinate,
    Extensions,
    Category,
    HashKind,
}

pub(super) fn attestation(tree: &mut Tree, source: &Source<'_>, root: &Place) {
    alone(tree, source, root, Meaning::Attestation, "attestation object");
}

pub(super) fn assertion(tree: &mut Tree, source: &Source<'_>, root: &Place) {
    alone(tree, source, root, Meaning::Assertion, "assertion");
}

fn alone(tree: &mut Tree, source: &Source<'_>, root: &Place, meaning: Meaning, label: &str) {
    let all = 0..source.bytes.len();
    let part = Part { label: label.to_owned(), meaning };
    let end = cbor::item(tree, source, root, all.clone(), &part);
    after(tree, source, root, end..all.end, label);
}

/// Bytes that follow where nothing should.
pub(super) fn after(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    what: &str,
) {
    let value = values::hex(source.get(range.clone()));
    let damage = format!("{} bytes follow the end of the {what}", range.len());
    let said = Said::value("trailing bytes", value).damaged(Some(damage));
    tree.leaf(source, &place.part("@after"), range, said);
}

/// A byte string whose content begins at `content`; what it holds is explained too.
pub(super) fn bytes(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    whole: Range<usize>,
    content: usize,
    part: &Part,
    said: Said,
) {
    let range = content..whole.end;
    let held = source.get(range.clone());
    let value = match part.meaning {
        Meaning::Certificate
        | Meaning::Receipt
        | Meaning::Signature
        | Meaning::AttestationData
        | Meaning::AssertionData => format!("{} bytes", held.len()),
        Meaning::Category => category(held),
        Meaning::HashKind => hash_kind(held),
        Meaning::Plain
        | Meaning::Attestation
        | Meaning::Statement
        | Meaning::Certificates
        | Meaning::Assertion
        | Meaning::CoseKey
        | Meaning::KeyType
        | Meaning::Algorithm
        | Meaning::Curve
        | Meaning::Coordinate
        | Meaning::Extensions => {
            tree.leaf(source, place, whole, Said { value: values::hex(held), ..said });
            return;
        }
    };
    if matches!(part.meaning, Meaning::Category | Meaning::HashKind) {
        let wrong = part.meaning.wrong_size(held);
        tree.leaf(source, place, whole, Said { value, ..said }.damaged(wrong));
        return;
    }
    // Content that lies in chunks has no header of its own: its parts stand in its place.
    let inner = if whole.start == content {
        place.clone()
    } else {
        tree.branch(source, place, whole, content, Said { value, ..said })
    };
    match part.meaning {
        Meaning::Certificate => certificate::inside(tree, source, &inner, range),
        Meaning::Receipt => receipt::inside(tree, source, &inner, range),
        Meaning::Signature => signature::inside(tree, source, &inner, range),
        Meaning::AttestationData => authenticator_data::inside(tree, source, &inner, range, true),
        _ => authenticator_data::inside(tree, source, &inner, range, false),
    }
}

impl Meaning {
    /// The major type it takes, if it takes one only.
    pub(super) fn expects(self) -> Option<u8> {
        match self {
            Self::Attestation
            | Self::Statement
            | Self::Assertion
            | Self::CoseKey
            | Self::Extensions => Some(5),
            Self::Certificates => Some(4),
            Self::Certificate
            | Self::Receipt
            | Self::AttestationData
            | Self::AssertionData
            | Self::Signature
            | Self::Coordinate
            | Self::Category
            | Self::HashKind => Some(2),
            Self::Plain | Self::KeyType | Self::Algorithm | Self::Curve => None,
        }
    }

    /// A number, named where COSE names it.
    pub(super) fn number(self, value: i128) -> String {
        let name = match (self, value) {
            (Self::KeyType, 2) => " (EC2)",
            (Self::KeyType, 1) => " (OKP)",
            (Self::KeyType, 3) => " (RSA)",
            (Self::Algorithm, -7) => " (ES256)",
            (Self::Algorithm, -35) => " (ES384)",
            (Self::Algorithm, -36) => " (ES512)",
            (Self::Algorithm, -8) => " (EdDSA)",
            (Self::Algorithm, -257) => " (RS256)",
            (Self::Curve, 1) => " (P-256)",
            (Self::Curve, 2) => " (P-384)",
            (Self::Curve, 3) => " (P-521)",
            (Self::Curve, 6) => " (Ed25519)",
            (Self::Curve, 8) => " (secp256k1)",
            _ => "",
        };
        format!("{value}{name}")
    }

    /// Name and part of the member of an array.
    pub(super) fn element(self, index: u64) -> (String, Part) {
        let (label, meaning) = match (self, index) {
            (Self::Certificates, 0) => ("credential certificate".to_owned(), Self::Certificate),
            (Self::Certificates, 1) => ("intermediate certificate".to_owned(), Self::Certificate),
            (Self::Certificates, _) => ("further certificate".to_owned(), Self::Certificate),
            _ => (format!("element {index}"), Self::Plain),
        };
        (format!("[{index}]"), Part { label, meaning })
    }

    /// Name and part of the member of a map.
    pub(super) fn member(self, key: &Key<'_>, index: u64) -> (String, Part) {
        let known = match (self, key) {
            (Self::Attestation, Key::Text("fmt")) => {
                Some(("attestation statement format", Self::Plain))
            }
            (Self::Attestation, Key::Text("attStmt")) => {
                Some(("attestation statement", Self::Statement))
            }
            (Self::Attestation, Key::Text("authData")) => {
                Some(("authenticator data", Self::AttestationData))
            }
            (Self::Statement, Key::Text("x5c")) => Some(("certificate chain", Self::Certificates)),
            (Self::Statement, Key::Text("receipt")) => Some(("receipt", Self::Receipt)),
            (Self::Assertion, Key::Text("signature")) => Some(("signature", Self::Signature)),
            (Self::Assertion, Key::Text("authenticatorData")) => {
                Some(("authenticator data", Self::AssertionData))
            }
            (Self::Extensions, Key::Text("apple_bundle_version_01")) => {
                Some(("bundle version", Self::Plain))
            }
            (Self::Extensions, Key::Text("apple_validation_category_01")) => {
                Some(("validation category", Self::Category))
            }
            (Self::Extensions, Key::Text("apple_cd_hash_hash_01")) => {
                Some(("hash of the code directory", Self::Plain))
            }
            (Self::Extensions, Key::Text("apple_cd_hash_type_01")) => {
                Some(("kind of that hash", Self::HashKind))
            }
            (Self::CoseKey, Key::Number(1)) => return named("kty", "key type", Self::KeyType),
            (Self::CoseKey, Key::Number(3)) => return named("alg", "algorithm", Self::Algorithm),
            (Self::CoseKey, Key::Number(-1)) => return named("crv", "curve", Self::Curve),
            (Self::CoseKey, Key::Number(-2)) => {
                return named("x", "x coordinate", Self::Coordinate);
            }
            (Self::CoseKey, Key::Number(-3)) => {
                return named("y", "y coordinate", Self::Coordinate);
            }
            (Self::CoseKey, Key::Number(-4)) => return named("d", "private key", Self::Plain),
            _ => None,
        };
        match (known, key) {
            (Some((label, meaning)), Key::Text(name)) => named(name, label, meaning),
            (_, Key::Text(name)) => {
                let shown = values::text(name);
                let plain = !name.is_empty()
                    && name.len() <= 64
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
                let name = if plain { (*name).to_owned() } else { format!("[{shown}]") };
                (name, Part { label: format!("unknown member {shown}"), meaning: Self::Plain })
            }
            (_, Key::Number(number)) => {
                named(&format!("[{number}]"), "unknown member", Self::Plain)
            }
            (_, Key::Other) => named(&format!("[entry {index}]"), "unknown member", Self::Plain),
        }
    }

    fn wrong_size(self, held: &[u8]) -> Option<String> {
        let wanted = if self == Self::Category { 4 } else { 1 };
        (held.len() != wanted).then(|| format!("{} bytes where {wanted} belong", held.len()))
    }
}

fn named(name: &str, label: &str, meaning: Meaning) -> (String, Part) {
    (name.to_owned(), Part { label: label.to_owned(), meaning })
}

/// Four bytes, little endian, whatever Apple's page calls a `UInt32`.
fn category(held: &[u8]) -> String {
    <[u8; 4]>::try_from(held).map_or_else(
        |_| values::hex(held),
        |bytes| {
            let number = u32::from_le_bytes(bytes);
            format!("{number} ({})", names::category(number))
        },
    )
}

fn hash_kind(held: &[u8]) -> String {
    match held {
        [1] => "1 (SHA-1)".to_owned(),
        [2] => "2 (SHA-256)".to_owned(),
        [other] => other.to_string(),
        _ => values::hex(held),
    }
}
