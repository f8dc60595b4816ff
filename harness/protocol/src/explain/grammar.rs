//! The grammar of certificates (RFC 5280 4.1), CMS (RFC 5652) and Apple's extensions: which part is what.

use super::der::{
    self, BIT_STRING, BOOLEAN, Head, INTEGER, NULL, OCTET_STRING, OID, Part, SEQUENCE, SET,
};
use super::tree::Source;
use super::{names, signature, values};
use crate::wire::oid;
use std::ops::Range;

/// What an element is read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing in particular.
    Plain,
    /// As plain, but octet strings may hold DER.
    Nested,
    Signature,
    Number,
    HalfTold,
    Certificate,
    Signed,
    Version,
    Serial,
    Algorithm,
    Name,
    Validity,
    KeyInfo,
    Point,
    ExtensionsTag,
    ExtensionList,
    Extension(Known),
    ExtensionValue(Known),
    BasicConstraints,
    KeyUsage,
    Nonce,
    KeyProperties,
    OsProperties,
    Property,
    IssuerSignature,
    ContentInfo,
    SignedDataTag,
    SignedData,
    EncapsulatedContent,
    ContentTag,
    Content,
    CertificateSet,
    SignerSet,
    Signer,
    SignerName,
    SignerSignature,
}

/// An extension that is known by its identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    BasicConstraints,
    KeyUsage,
    ExtendedKeyUsage,
    Nonce,
    KeyProperties,
    OsProperties,
    AccessControl,
    Other,
}

impl Known {
    fn of(identifier: &[u8]) -> Self {
        match identifier {
            oid::BASIC_CONSTRAINTS => Self::BasicConstraints,
            oid::KEY_USAGE => Self::KeyUsage,
            oid::EXTENDED_KEY_USAGE => Self::ExtendedKeyUsage,
            oid::NONCE => Self::Nonce,
            oid::KEY_PROPERTIES => Self::KeyProperties,
            oid::OS_PROPERTIES => Self::OsProperties,
            oid::ACCESS_CONTROL => Self::AccessControl,
            _ => Self::Other,
        }
    }

    /// The last part of its path.
    fn path(self) -> Option<&'static str> {
        Some(match self {
            Self::BasicConstraints => "basicConstraints",
            Self::KeyUsage => "keyUsage",
            Self::ExtendedKeyUsage => "extKeyUsage",
            Self::Nonce => "nonce",
            Self::KeyProperties => "keyProperties",
            Self::OsProperties => "osProperties",
            Self::AccessControl => "accessControl",
            Self::Other => return None,
        })
    }

    /// Name and part of what the extension's octet string holds.
    pub(super) fn value(self) -> (&'static str, Part) {
        let part = match self {
            Self::BasicConstraints => Part::new("basicConstraints", Meaning::BasicConstraints),
            Self::KeyUsage => Part::new("keyUsage", Meaning::KeyUsage),
            Self::ExtendedKeyUsage => Part::new("key purposes", Meaning::Plain),
            Self::Nonce => Part::new("nonce, wrapped", Meaning::Nonce),
            Self::KeyProperties => Part::new("key properties", Meaning::KeyProperties),
            Self::OsProperties => Part::new("OS properties", Meaning::OsProperties),
            Self::AccessControl => Part::new("access-control list of the key", Meaning::Nested),
            Self::Other => Part::new("value", Meaning::Nested),
        };
        ("@der", part)
    }
}

/// Which place of a structure is what: structure, place, name, label, and how it is read.
const PLACES: &[(Meaning, usize, &str, &str, Meaning)] = &[
    (Meaning::Signature, 0, "r", "r", Meaning::Number),
    (Meaning::Signature, 1, "s", "s", Meaning::HalfTold),
    (Meaning::Certificate, 0, "tbs", "signed part", Meaning::Signed),
    (Meaning::Certificate, 1, "signatureAlgorithm", "signature algorithm", Meaning::Algorithm),
    (Meaning::Certificate, 2, "signature", "signature of the issuer", Meaning::IssuerSignature),
    (Meaning::Signed, 0, "version", "version", Meaning::Version),
    (Meaning::Signed, 1, "serialNumber", "serial number", Meaning::Serial),
    (Meaning::Signed, 2, "signature", "signature algorithm, signed", Meaning::Algorithm),
    (Meaning::Signed, 3, "issuer", "issuer", Meaning::Name),
    (Meaning::Signed, 4, "validity", "validity", Meaning::Validity),
    (Meaning::Signed, 5, "subject", "subject", Meaning::Name),
    (Meaning::Signed, 6, "subjectPublicKeyInfo", "public key", Meaning::KeyInfo),
    (Meaning::Validity, 0, "notBefore", "not before", Meaning::Plain),
    (Meaning::Validity, 1, "notAfter", "not after", Meaning::Plain),
    (Meaning::KeyInfo, 0, "algorithm", "algorithm of the key", Meaning::Algorithm),
    (Meaning::KeyInfo, 1, "subjectPublicKey", "public key's bits", Meaning::Point),
    (Meaning::ExtensionsTag, 0, "@list", "list of extensions", Meaning::ExtensionList),
    (Meaning::BasicConstraints, 0, "cA", "certificate authority", Meaning::Plain),
    (Meaning::BasicConstraints, 1, "pathLenConstraint", "path length", Meaning::Plain),
    (Meaning::ContentInfo, 0, "contentType", "content type", Meaning::Plain),
    (Meaning::ContentInfo, 1, "@content", "content", Meaning::SignedDataTag),
    (Meaning::SignedDataTag, 0, "@signedData", "signed data", Meaning::SignedData),
    (Meaning::SignedData, 0, "version", "version", Meaning::Plain),
    (Meaning::SignedData, 1, "digestAlgorithms", "digest algorithms", Meaning::Plain),
    (Meaning::SignedData, 2, "@encapContentInfo", "what is signed", Meaning::EncapsulatedContent),
    (Meaning::SignedData, 3, "certificates", "certificates", Meaning::CertificateSet),
    (Meaning::SignedData, 4, "crls", "revocation lists", Meaning::Plain),
    (Meaning::SignedData, 5, "signerInfos", "signers", Meaning::SignerSet),
    (Meaning::EncapsulatedContent, 0, "eContentType", "content type", Meaning::Plain),
    (Meaning::EncapsulatedContent, 1, "@eContent", "content", Meaning::ContentTag),
    (Meaning::ContentTag, 0, "@octets", "payload", Meaning::Content),
    (Meaning::Signer, 0, "version", "version", Meaning::Plain),
    (Meaning::Signer, 1, "sid", "issuer and serial number", Meaning::SignerName),
    (Meaning::Signer, 2, "digestAlgorithm", "digest algorithm", Meaning::Algorithm),
    (Meaning::Signer, 3, "signedAttrs", "signed attributes", Meaning::Plain),
    (Meaning::Signer, 4, "signatureAlgorithm", "signature algorithm", Meaning::Algorithm),
    (Meaning::Signer, 5, "signature", "signature over the content", Meaning::SignerSignature),
    (Meaning::SignerName, 0, "issuer", "issuer of the signer", Meaning::Name),
    (Meaning::SignerName, 1, "serialNumber", "serial number of the signer", Meaning::Plain),
];

impl Meaning {
    /// Name and part of the next element of a structure; `slot` counts the places of its grammar.
    pub(super) fn part(
        self,
        slot: &mut usize,
        source: &Source<'_>,
        left: Range<usize>,
    ) -> (String, Part) {
        let head = Head::read(source, left.clone()).ok();
        let is = |number| head.as_ref().is_some_and(|head| head.is(number));
        let is_context = |number| head.as_ref().is_some_and(|head| head.is_context(number));
        let optional = match (self, *slot) {
            (Self::Signed, 0) | (Self::SignedData | Self::Signer, 3) => !is_context(0),
            (Self::SignedData, 4) => !is_context(1),
            (Self::Extension(_), 1) => !is(BOOLEAN),
            (Self::BasicConstraints, 0) => is(INTEGER),
            _ => false,
        };
        if optional {
            *slot += 1;
            // Two optional places follow each other in the signed data only.
            if self == Self::SignedData && *slot == 4 && !is_context(1) {
                *slot += 1;
            }
        }
        let index = *slot;
        *slot += 1;
        let fixed = |name: &str, label: &str, meaning| (name.to_owned(), Part::new(label, meaning));
        match self {
            Self::Signed if index > 6 && is_context(3) => {
                fixed("extensions", "extensions", Self::ExtensionsTag)
            }
            Self::ExtensionList => extension(source, left),
            Self::Extension(known) => match index {
                0 => fixed("extnID", "identifier", Self::Plain),
                1 => fixed("critical", "critical", Self::Plain),
                2 => fixed("@extnValue", "value", Self::ExtensionValue(known)),
                _ => self.nameless(index, head.as_ref()),
            },
            Self::Nonce if is_context(1) => fixed("@tag", "tag of the nonce", Self::Nonce),
            Self::Nonce => fixed("nonce", "nonce: SHA-256(authData ‖ clientDataHash)", Self::Nonce),
            Self::KeyProperties | Self::OsProperties => self.property(source, left),
            Self::CertificateSet => {
                let label = match index {
                    0 => "first certificate".to_owned(),
                    index => format!("certificate {}", index + 1),
                };
                (format!("[{index}]"), Part::new(label, Self::Certificate))
            }
            Self::SignerSet => (format!("[{index}]"), Part::new("signer", Self::Signer)),
            Self::Name => attribute(source, left),
            _ => {
                let place = PLACES.iter().find(|place| place.0 == self && place.1 == index);
                place.map_or_else(
                    || self.nameless(index, head.as_ref()),
                    |(_, _, name, label, meaning)| fixed(name, label, *meaning),
                )
            }
        }
    }

    /// A part of a structure whose grammar says nothing of it.
    fn nameless(self, index: usize, head: Option<&Head>) -> (String, Part) {
        let meaning = if self == Self::Nested { Self::Nested } else { Self::Plain };
        let label = match head {
            Some(head) if head.class == 2 => format!("[{}]", head.number),
            Some(head) if head.class == 0 => universal(head.number).to_owned(),
            Some(_) | None => "element".to_owned(),
        };
        (format!("[{index}]"), Part::new(label, meaning))
    }

    fn property(self, source: &Source<'_>, left: Range<usize>) -> (String, Part) {
        let number = match Head::read(source, left) {
            Ok(head) if head.class == 2 => head.number,
            Ok(_) | Err(_) => return ("[?]".to_owned(), Part::new("element", Self::Plain)),
        };
        let label = match self {
            Self::KeyProperties => names::key_property(number),
            _ => names::os_property(number),
        };
        (format!("[{number}]"), Part::new(format!("[{number}] {label}"), Self::Property))
    }

    /// The value of a structure so simple that it is told in one line; none if it is not that simple.
    pub(super) fn in_one_line(
        self,
        source: &Source<'_>,
        head: &Head,
        content: Range<usize>,
    ) -> Option<String> {
        if !head.constructed {
            return None;
        }
        match self {
            Self::Version => match source.get(content) {
                [2, 1, number @ 0..=8] => Some(format!("{} (v{})", number, number + 1)),
                _ => None,
            },
            Self::Property => {
                let inner = only(source, content)?;
                (!inner.0.constructed).then(|| der::plain(&inner.0, source.get(inner.1)))
            }
            Self::Algorithm if head.is(SEQUENCE) => {
                let (first, rest) = first(source, content)?;
                let name = first.0.is(OID).then(|| names::identifier(source.get(first.1)))?;
                if rest.is_empty() {
                    return Some(name);
                }
                let parameters = only(source, rest)?;
                if parameters.0.is(NULL) && parameters.1.is_empty() {
                    return Some(format!("{name}, NULL"));
                }
                let words = der::plain(&parameters.0, source.get(parameters.1));
                (!parameters.0.constructed).then(|| format!("{name}, {words}"))
            }
            Self::Name if head.is(SET) => {
                let attribute = only(source, content)?;
                let (kind, rest) = first(source, attribute.1)?;
                let value = only(source, rest)?;
                let words = der::plain(&value.0, source.get(value.1));
                let simple = attribute.0.is(SEQUENCE) && kind.0.is(OID) && !value.0.constructed;
                simple.then_some(words)
            }
            _ => None,
        }
    }

    /// The value of a primitive element.
    pub(super) fn value(self, head: &Head, content: &[u8]) -> String {
        let plain = || der::plain(head, content);
        match self {
            Self::Serial => {
                let serial = values::hex(content);
                match values::issuance(content) {
                    Some(at) => format!("{serial} (as milliseconds: issued {at})"),
                    None => serial,
                }
            }
            Self::Number => format!("{} ({} bytes)", values::hex(content), content.len()),
            Self::HalfTold => {
                let half = signature::half(content).map(|half| format!(", {half} half of P-256"));
                let half = half.unwrap_or_default();
                format!("{} ({} bytes{half})", values::hex(content), content.len())
            }
            Self::KeyUsage if head.is(BIT_STRING) => key_usage(content),
            Self::Nonce if head.is(OCTET_STRING) => values::hex(content),
            _ => plain(),
        }
    }
}

type Inner = (Head, Range<usize>);

/// The first element of a range, and what follows it.
fn first(source: &Source<'_>, range: Range<usize>) -> Option<(Inner, Range<usize>)> {
    let head = Head::read(source, range.clone()).ok().filter(Head::is_sound)?;
    let end = head.end?;
    let content = head.content..end;
    Some(((head, content), end..range.end))
}

/// The element that fills a range.
fn only(source: &Source<'_>, range: Range<usize>) -> Option<Inner> {
    let (first, rest) = first(source, range)?;
    rest.is_empty().then_some(first)
}

/// An extension is called by its identifier, which is looked up ahead.
fn extension(source: &Source<'_>, left: Range<usize>) -> (String, Part) {
    let identifier = first(source, left)
        .and_then(|((_, content), _)| first(source, content))
        .filter(|((head, _), _)| head.is(OID))
        .map(|((_, content), _)| source.get(content));
    let Some(identifier) = identifier else {
        return ("[?]".to_owned(), Part::new("extension", Meaning::Extension(Known::Other)));
    };
    let known = Known::of(identifier);
    let name = known.path().map_or_else(
        || names::short(identifier).map_or_else(|| oid::dotted(identifier), str::to_owned),
        str::to_owned,
    );
    let label = format!("extension {}", names::identifier(identifier));
    (name, Part::new(label, Meaning::Extension(known)))
}

/// An attribute of a name is called by its type, which is looked up ahead.
fn attribute(source: &Source<'_>, left: Range<usize>) -> (String, Part) {
    let kind = first(source, left)
        .and_then(|((_, set), _)| first(source, set))
        .and_then(|((_, sequence), _)| first(source, sequence))
        .filter(|((head, _), _)| head.is(OID))
        .map(|((_, content), _)| source.get(content));
    let name = kind.map_or_else(
        || "[?]".to_owned(),
        |kind| names::short(kind).map_or_else(|| oid::dotted(kind), str::to_owned),
    );
    (name.clone(), Part::new(name, Meaning::Name))
}

/// Key usage, bit 0 first (RFC 5280 4.2.1.3).
fn key_usage(content: &[u8]) -> String {
    const BITS: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];
    let bits = content.get(1..).unwrap_or_default();
    let is_set =
        |index: usize| bits.get(index / 8).is_some_and(|byte| byte & 0x80 >> (index % 8) != 0);
    let set: Vec<&str> = BITS
        .iter()
        .enumerate()
        .filter(|(index, _)| is_set(*index))
        .map(|(_, name)| *name)
        .collect();
    if set.is_empty() { "no usage".to_owned() } else { set.join(", ") }
}

fn universal(number: u32) -> &'static str {
    match number {
        0 => "end of contents",
        BOOLEAN => "BOOLEAN",
        INTEGER => "INTEGER",
        BIT_STRING => "BIT STRING",
        OCTET_STRING => "OCTET STRING",
        NULL => "NULL",
        OID => "OBJECT IDENTIFIER",
        10 => "ENUMERATED",
        12 => "UTF8String",
        SEQUENCE => "SEQUENCE",
        SET => "SET",
        19 => "PrintableString",
        22 => "IA5String",
        23 => "UTCTime",
        24 => "GeneralizedTime",
        _ => "element",
    }
}
