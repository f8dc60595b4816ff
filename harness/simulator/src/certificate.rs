//! X.509 certificates with every field open.

use crate::{
    derived::Derived,
    encode::der::{self, Length, tag},
    key::Key,
    name::Name,
    signature::{Digest, SignatureModel},
};
use jiff::Timestamp;

/// A certificate, signed when it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateModel {
    /// The version number as encoded: 2 for version 3; `None` leaves the field out (version 1).
    pub version: Option<u8>,
    /// Content bytes of the serial number.
    pub serial: Vec<u8>,
    /// The algorithm inside what is signed; it also decides the hash.
    pub signature_algorithm: Algorithm,
    /// The algorithm beside the signature; computed: the same.
    pub outer_signature_algorithm: Derived<Algorithm>,
    /// Who issued it. Not tied to the next certificate's subject.
    pub issuer: Name,
    /// Start of validity.
    pub not_before: Time,
    /// End of validity.
    pub not_after: Time,
    /// Whom it certifies.
    pub subject: Name,
    /// What it certifies.
    pub public_key: PublicKeyModel,
    /// Extensions in order; `None` leaves the field out.
    pub extensions: Option<Vec<Extension>>,
    /// The issuer's signature.
    pub signature: SignatureModel,
    /// The part that is signed, whole.
    pub to_be_signed: Derived<Vec<u8>>,
    /// How the outermost length is written.
    pub length: Length,
    /// Bytes after the certificate.
    pub trailing: Vec<u8>,
}

/// An `AlgorithmIdentifier`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Algorithm {
    /// Dotted text.
    pub oid: String,
    /// DER of the parameters, if any.
    pub parameters: Option<Vec<u8>>,
}

/// An instant as a certificate writes it, without fraction of a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Time {
    /// `UTCTime`; right up to 2049.
    Utc(Timestamp),
    /// `GeneralizedTime`; right from 2050 on.
    Generalized(Timestamp),
    /// Any element.
    Raw(Vec<u8>),
}

/// A `SubjectPublicKeyInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeyModel {
    /// Key type and curve.
    pub algorithm: Algorithm,
    /// The point, or whatever the key type has.
    pub bytes: Vec<u8>,
    /// The whole structure.
    pub encoding: Derived<Vec<u8>>,
}

/// One extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Dotted text.
    pub oid: String,
    /// The critical flag.
    pub critical: Critical,
    /// The content of extnValue.
    pub value: ExtensionValue,
}

/// The critical flag as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Critical {
    /// Left out, which means false.
    Absent,
    /// `TRUE`.
    True,
    /// `FALSE` in so many bytes, which DER forbids.
    ExplicitFalse,
}

/// What an extension holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtensionValue {
    /// The nonce of the attestation, wrapped as Apple wraps it; known when the attestation is
    /// sealed. In a certificate that is sealed by itself the nonce is empty.
    Nonce,
    /// These bytes.
    Bytes(Vec<u8>),
}

impl Algorithm {
    /// ecdsa-with-SHA256, no parameters.
    pub fn ecdsa_with_sha256() -> Self {
        Self { oid: "1.2.840.10045.4.3.2".to_owned(), parameters: None }
    }

    /// ecdsa-with-SHA384, no parameters.
    pub fn ecdsa_with_sha384() -> Self {
        Self { oid: "1.2.840.10045.4.3.3".to_owned(), parameters: None }
    }

    /// The DER.
    pub fn seal(&self) -> Vec<u8> {
        let parameters = self.parameters.clone().unwrap_or_default();
        der::sequence(&[der::object_identifier(&self.oid), parameters])
    }

    fn digest(&self) -> Digest {
        match self.oid.as_str() {
            "1.2.840.10045.4.1" | "1.2.840.113549.1.1.5" => Digest::Sha1,
            "1.2.840.10045.4.3.3" => Digest::Sha384,
            "1.2.840.10045.4.3.4" => Digest::Sha512,
            _ => Digest::Sha256,
        }
    }
}

impl Time {
    /// The element.
    pub fn seal(&self) -> Vec<u8> {
        match self {
            Self::Utc(at) => der::utc_time(*at),
            Self::Generalized(at) => der::generalized_time(*at),
            Self::Raw(element) => element.clone(),
        }
    }
}

impl PublicKeyModel {
    /// The public half of `key` with its named curve.
    pub fn of(key: &Key) -> Self {
        Self::elliptic(key.curve(), key.point())
    }

    /// Any point bytes on any named curve.
    pub fn elliptic(curve: &str, point: Vec<u8>) -> Self {
        let algorithm = Algorithm {
            oid: "1.2.840.10045.2.1".to_owned(),
            parameters: Some(der::object_identifier(curve)),
        };
        Self { algorithm, bytes: point, encoding: Derived::Computed }
    }

    /// The DER.
    pub fn seal(&self) -> Vec<u8> {
        self.encoding
            .or_else(|| der::sequence(&[self.algorithm.seal(), der::bit_string(&self.bytes)]))
    }
}

impl Extension {
    /// An extension that is not critical.
    pub fn new(oid: &str, value: Vec<u8>) -> Self {
        let value = ExtensionValue::Bytes(value);
        Self { oid: oid.to_owned(), critical: Critical::Absent, value }
    }

    /// A critical extension.
    pub fn critical(oid: &str, value: Vec<u8>) -> Self {
        Self { critical: Critical::True, ..Self::new(oid, value) }
    }

    fn seal(&self, nonce: &[u8]) -> Vec<u8> {
        let critical = match self.critical {
            Critical::Absent => Vec::new(),
            Critical::True => der::tlv(tag::BOOLEAN, &[0xff]),
            Critical::ExplicitFalse => der::tlv(tag::BOOLEAN, &[0]),
        };
        let value = match &self.value {
            ExtensionValue::Nonce => der::tlv(tag::OCTET_STRING, &nonce_extension(nonce)),
            ExtensionValue::Bytes(bytes) => der::tlv(tag::OCTET_STRING, bytes),
        };
        der::sequence(&[der::object_identifier(&self.oid), critical, value])
    }
}

/// `SEQUENCE { [1] EXPLICIT OCTET STRING }`, the content of the nonce extension.
pub fn nonce_extension(nonce: &[u8]) -> Vec<u8> {
    der::sequence(&[der::context(1, &der::tlv(tag::OCTET_STRING, nonce))])
}

impl CertificateModel {
    /// The extensions of that type, to be edited.
    pub fn extensions_of(&mut self, oid: &str) -> impl Iterator<Item = &mut Extension> {
        self.extensions.iter_mut().flatten().filter(move |extension| extension.oid == oid)
    }

    /// Removes every extension of that type.
    pub fn remove_extension(&mut self, oid: &str) {
        if let Some(extensions) = &mut self.extensions {
            extensions.retain(|extension| extension.oid != oid);
        }
    }

    /// Makes `key` the certified key.
    pub fn certify(&mut self, key: &Key) {
        self.public_key = PublicKeyModel::of(key);
    }

    /// The certificate's bytes.
    pub fn seal(&self) -> Vec<u8> {
        self.seal_with_nonce(&[])
    }

    /// The certificate's bytes with this nonce where an extension asks for it.
    pub fn seal_with_nonce(&self, nonce: &[u8]) -> Vec<u8> {
        let signed = self.to_be_signed.or_else(|| self.to_be_signed(nonce));
        let signature = self.signature.seal(&signed, self.signature_algorithm.digest());
        let outer = self.outer_signature_algorithm.or_else(|| self.signature_algorithm.clone());
        let content = der::join(&[signed, outer.seal(), der::bit_string(&signature)]);
        let mut out = der::element(&[tag::SEQUENCE], self.length, &content);
        out.extend_from_slice(&self.trailing);
        out
    }

    pub(crate) fn to_be_signed(&self, nonce: &[u8]) -> Vec<u8> {
        let version = self
            .version
            .map_or_else(Vec::new, |version| der::context(0, &der::tlv(tag::INTEGER, &[version])));
        let extensions = self.extensions.as_ref().map_or_else(Vec::new, |extensions| {
            let sealed: Vec<_> = extensions.iter().map(|one| one.seal(nonce)).collect();
            der::context(3, &der::sequence(&sealed))
        });
        der::sequence(&[
            version,
            der::tlv(tag::INTEGER, &self.serial),
            self.signature_algorithm.seal(),
            self.issuer.seal(),
            der::sequence(&[self.not_before.seal(), self.not_after.seal()]),
            self.subject.seal(),
            self.public_key.seal(),
            extensions,
        ])
    }
}
