//! Receipts: a set of fields in a CMS `SignedData`, in BER as Apple's server writes it.

use crate::{
    authority::Authority,
    certificate::{Algorithm, CertificateModel},
    derived::Derived,
    device::receipt_time,
    encode::der::{self, Length, tag},
    name::Name,
    signature::{Digest, SignatureModel},
};
use jiff::{SignedDuration, Timestamp};

/// A receipt, put together and signed when it is sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptModel {
    /// The fields in order; the set is not sorted.
    pub fields: Vec<ReceiptField>,
    /// What is signed; computed: the fields.
    pub content: Derived<Vec<u8>>,
    /// What is carried, if it shall differ from what is signed.
    pub carried_content: Derived<Vec<u8>>,
    /// How lengths are written.
    pub lengths: Lengths,
    /// How the content is cut.
    pub segments: Segments,
    /// Certificates as carried: signer, intermediate, root. An empty list leaves the field out.
    pub certificates: Vec<CertificateModel>,
    /// One signer in a genuine receipt.
    pub signers: Vec<SignerModel>,
    /// Bytes after the receipt.
    pub trailing: Vec<u8>,
}

/// One field of a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptField {
    /// The field's number, see [`field`].
    pub kind: u32,
    /// 1 in a genuine receipt.
    pub version: u32,
    /// The content of the OCTET STRING.
    pub value: FieldValue,
}

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldValue {
    /// The sealed credential certificate.
    Certificate,
    /// These bytes.
    Bytes(Vec<u8>),
}

/// The numbers of the fields.
pub mod field {
    /// App ID, text.
    pub const APP_ID: u32 = 2;
    /// The credential certificate, DER.
    pub const CERTIFICATE: u32 = 3;
    /// The client data hash.
    pub const CLIENT_HASH: u32 = 4;
    /// A token that stays through refreshes, text.
    pub const TOKEN: u32 = 5;
    /// `ATTEST` or `RECEIPT`.
    pub const KIND: u32 = 6;
    /// `sandbox` or `production`.
    pub const ENVIRONMENT: u32 = 7;
    /// Creation time, ISO 8601.
    pub const CREATION_TIME: u32 = 12;
    /// Risk metric, decimal text; only in refreshed receipts.
    pub const RISK_METRIC: u32 = 17;
    /// Earliest refresh, ISO 8601; only in refreshed receipts.
    pub const NOT_BEFORE: u32 = 19;
    /// End of use, ISO 8601.
    pub const EXPIRATION: u32 = 21;
}

/// How the lengths of the CMS structures are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lengths {
    /// Indefinite where Apple's are, definite inside certificates and signer.
    Indefinite,
    /// Definite throughout.
    Definite,
}

/// How the content's OCTET STRING is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Segments {
    /// Constructed: pieces of so many bytes and the rest. Apple cuts at 1000.
    Of(usize),
    /// One primitive string.
    Whole,
}

/// One `SignerInfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignerModel {
    /// 1 with issuer and serial number.
    pub version: u8,
    /// The signer's issuer; computed: that of the first certificate.
    pub issuer: Derived<Name>,
    /// Content of the signer's serial number; computed: that of the first certificate.
    pub serial: Derived<Vec<u8>>,
    /// The digest algorithm.
    pub digest_algorithm: Algorithm,
    /// Content of the `[0]` signed attributes; genuine receipts have none. They are carried, and
    /// change nothing about what is signed.
    pub signed_attributes: Option<Vec<u8>>,
    /// The signature algorithm.
    pub signature_algorithm: Algorithm,
    /// The signature over the content.
    pub signature: SignatureModel,
}

impl ReceiptModel {
    /// An honest receipt of these fields, signed by the authority's receipt signer.
    pub fn honest(authority: &Authority, fields: Vec<ReceiptField>) -> Self {
        Self {
            fields,
            content: Derived::Computed,
            carried_content: Derived::Computed,
            lengths: Lengths::Indefinite,
            segments: Segments::Of(1000),
            certificates: authority.receipt_chain().into_iter().cloned().collect(),
            signers: vec![SignerModel {
                version: 1,
                issuer: Derived::Computed,
                serial: Derived::Computed,
                digest_algorithm: sha256_algorithm(),
                signed_attributes: None,
                signature_algorithm: Algorithm::ecdsa_with_sha256(),
                signature: SignatureModel::honest(authority.receipt_signer_key().clone()),
            }],
            trailing: Vec::new(),
        }
    }

    /// The receipt that Apple's server returns for this one: the same facts in another order, with
    /// a risk metric, the client hash spoiled by a conversion to text, and dates of its own. It may
    /// be refreshed again after a day, and expires after 90.
    #[must_use]
    pub fn refreshed(&self, risk_metric: &str, created: Timestamp) -> Self {
        let client_hash = self.field(field::CLIENT_HASH).unwrap_or_default();
        let spoiled = String::from_utf8_lossy(client_hash).into_owned();
        let day = SignedDuration::from_hours(24);
        let old = |kind| self.fields.iter().filter(move |field| field.kind == kind).cloned();
        let new = |kind, text: &str| ReceiptField::bytes(kind, text.as_bytes());
        let mut fields = vec![new(field::RISK_METRIC, risk_metric), new(field::KIND, "RECEIPT")];
        fields.extend(old(field::APP_ID));
        fields.extend(old(field::CERTIFICATE));
        fields.push(new(field::CLIENT_HASH, &spoiled));
        fields.extend(old(field::TOKEN));
        fields.extend(old(field::ENVIRONMENT));
        fields.push(new(field::CREATION_TIME, &receipt_time(created)));
        fields.push(new(field::NOT_BEFORE, &receipt_time(created + day)));
        fields.push(new(field::EXPIRATION, &receipt_time(created + day * 90)));
        Self { fields, ..self.clone() }
    }

    /// The bytes of the first field of that number.
    pub fn field(&self, kind: u32) -> Option<&[u8]> {
        self.fields.iter().find(|field| field.kind == kind).and_then(|field| match &field.value {
            FieldValue::Certificate => None,
            FieldValue::Bytes(bytes) => Some(&bytes[..]),
        })
    }

    /// Replaces the value of every field of that number; adds it at the end if missing.
    pub fn set_field(&mut self, kind: u32, value: &[u8]) {
        let mut found = false;
        for field in self.fields.iter_mut().filter(|field| field.kind == kind) {
            field.value = FieldValue::Bytes(value.to_vec());
            found = true;
        }
        if !found {
            self.fields.push(ReceiptField::bytes(kind, value));
        }
    }

    /// Removes every field of that number.
    pub fn remove_field(&mut self, kind: u32) {
        self.fields.retain(|field| field.kind != kind);
    }

    /// The signed content, with `certificate` where a field asks for it.
    pub fn content(&self, certificate: &[u8]) -> Vec<u8> {
        self.content.or_else(|| {
            let fields: Vec<_> = self.fields.iter().map(|field| field.seal(certificate)).collect();
            der::tlv(tag::SET, &der::join(&fields))
        })
    }

    /// The receipt's bytes, with `certificate` in field 3; the authority's own certificates need
    /// not be signed again.
    pub fn seal(&self, authority: &Authority, certificate: &[u8]) -> Vec<u8> {
        let content = self.content(certificate);
        let certificates: Vec<_> =
            self.certificates.iter().map(|model| authority.seal(model)).collect();
        let signers: Vec<_> =
            self.signers.iter().map(|signer| signer.seal(&content, &self.certificates)).collect();
        let carried = self.carried_content.or_else(|| content);

        let encapsulated = self.wrap(
            tag::SEQUENCE,
            &[
                der::object_identifier("1.2.840.113549.1.7.1"),
                self.wrap(tag::CONTEXT_0, &[self.octets(&carried)]),
            ],
        );
        let certificates = if certificates.is_empty() {
            Vec::new()
        } else {
            self.wrap(tag::CONTEXT_0, &certificates)
        };
        let signed_data = self.wrap(
            tag::SEQUENCE,
            &[
                der::tlv(tag::INTEGER, &[1]),
                der::tlv(tag::SET, &sha256_algorithm().seal()),
                encapsulated,
                certificates,
                der::tlv(tag::SET, &der::join(&signers)),
            ],
        );
        let mut out = self.wrap(
            tag::SEQUENCE,
            &[
                der::object_identifier("1.2.840.113549.1.7.2"),
                self.wrap(tag::CONTEXT_0, &[signed_data]),
            ],
        );
        out.extend_from_slice(&self.trailing);
        out
    }

    fn wrap(&self, identifier: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let length = match self.lengths {
            Lengths::Indefinite => Length::Indefinite,
            Lengths::Definite => Length::Minimal,
        };
        der::element(&[identifier], length, &der::join(parts))
    }

    fn octets(&self, content: &[u8]) -> Vec<u8> {
        match self.segments {
            Segments::Whole => der::tlv(tag::OCTET_STRING, content),
            Segments::Of(size) => {
                let pieces: Vec<_> = content
                    .chunks(size.max(1))
                    .map(|piece| der::tlv(tag::OCTET_STRING, piece))
                    .collect();
                self.wrap(tag::CONSTRUCTED_OCTET_STRING, &pieces)
            }
        }
    }
}

impl ReceiptField {
    /// A field of version 1.
    pub fn bytes(kind: u32, value: &[u8]) -> Self {
        Self { kind, version: 1, value: FieldValue::Bytes(value.to_vec()) }
    }

    /// Field 3, filled when the attestation is sealed.
    pub fn certificate() -> Self {
        Self { kind: field::CERTIFICATE, version: 1, value: FieldValue::Certificate }
    }

    pub(crate) fn seal(&self, certificate: &[u8]) -> Vec<u8> {
        let value = match &self.value {
            FieldValue::Certificate => certificate,
            FieldValue::Bytes(bytes) => bytes,
        };
        der::sequence(&[
            der::unsigned(&self.kind.to_be_bytes()),
            der::unsigned(&self.version.to_be_bytes()),
            der::tlv(tag::OCTET_STRING, value),
        ])
    }
}

impl SignerModel {
    fn seal(&self, content: &[u8], certificates: &[CertificateModel]) -> Vec<u8> {
        let first = certificates.first();
        let issuer =
            self.issuer.or_else(|| first.map_or_else(Name::default, |first| first.issuer.clone()));
        let serial =
            self.serial.or_else(|| first.map_or_else(|| vec![0], |first| first.serial.clone()));
        let attributes = self
            .signed_attributes
            .as_ref()
            .map_or_else(Vec::new, |attributes| der::tlv(tag::CONTEXT_0, attributes));
        let signature = self.signature.seal(content, Digest::Sha256);
        der::sequence(&[
            der::tlv(tag::INTEGER, &[self.version]),
            der::sequence(&[issuer.seal(), der::tlv(tag::INTEGER, &serial)]),
            self.digest_algorithm.seal(),
            attributes,
            self.signature_algorithm.seal(),
            der::tlv(tag::OCTET_STRING, &signature),
        ])
    }
}

pub(crate) fn sha256_algorithm() -> Algorithm {
    Algorithm { oid: "2.16.840.1.101.3.4.2.1".to_owned(), parameters: Some(vec![5, 0]) }
}
