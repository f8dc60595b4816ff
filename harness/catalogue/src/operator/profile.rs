//! Edits of what a certificate says of itself: names, dates, algorithm, extensions.

use super::value::{self, Hex, Size};
use super::vocabulary::operators;
use simulator::certificate::{
    Algorithm, CertificateModel, Critical, Extension, ExtensionValue, PublicKeyModel, Time,
};
use simulator::encode::der::{self, Length, tag};
use simulator::name::{Attribute, COMMON_NAME, Name};

operators! {
    /// More edits of a certificate, which is signed again afterwards.
    ProfileOperator {
        "certificate.issuer.string-type" IssuerStringType { to: u8 } "The identifier octet of the strings in the issuer's name, 19 for PrintableString.";
        "certificate.issuer.reverse" IssuerReverse {} "The attributes of the issuer's name in the opposite order.";
        "certificate.issuer.drop" IssuerDrop {} "An issuer's name without attributes.";
        "certificate.issuer.add" IssuerAdd { #[serde(deserialize_with = "value::oid")] oid: String, text: String } "One more attribute in the issuer's name.";
        "certificate.subject.common-name" SubjectCommonName { to: String } "The subject's common name.";
        "certificate.subject.drop" SubjectDrop {} "A subject's name without attributes.";
        "certificate.notafter.utc" NotAfterUtc { text: String } "The end of validity as UTCTime with this text.";
        "certificate.notafter.generalized" NotAfterGeneralized { text: String } "The end of validity as GeneralizedTime with this text.";
        "certificate.notbefore.utc" NotBeforeUtc { text: String } "The start of validity as UTCTime with this text.";
        "certificate.notbefore.generalized" NotBeforeGeneralized { text: String } "The start of validity as GeneralizedTime with this text.";
        "certificate.version" Version { to: u8 } "The version number as encoded: 2 means version 3.";
        "certificate.algorithm" AlgorithmIs { #[serde(deserialize_with = "value::oid")] oid: String } "The signature algorithm, inside and outside. SHA-1, SHA-384 and SHA-512 are used where they are named, else SHA-256.";
        "certificate.algorithm.null" AlgorithmNull {} "NULL as parameters of the signature algorithm, inside and outside.";
        "certificate.algorithm.outer-null" AlgorithmOuterNull {} "NULL as parameters of the signature algorithm, outside only.";
        "certificate.ext.value" ExtensionIs { #[serde(deserialize_with = "value::oid")] oid: String, value: Hex } "The content of the extensions of that type.";
        "certificate.ext.repeat" ExtensionRepeat { #[serde(deserialize_with = "value::oid")] oid: String } "The extension of that type once more, at the end.";
        "certificate.ext.first" ExtensionFirst { #[serde(deserialize_with = "value::oid")] oid: String } "The extensions of that type before all others.";
        "certificate.ext.explicit-false" ExtensionExplicitFalse { #[serde(deserialize_with = "value::oid")] oid: String } "The critical flag of that extension written as FALSE, which is its default.";
        "certificate.ext.reverse" ExtensionReverse {} "The extensions in the opposite order.";
        "certificate.ext.empty" ExtensionEmpty {} "An empty list of extensions.";
        "certificate.ext.pad" ExtensionPad { bytes: Size } "One more extension of so many bytes.";
        "certificate.key.named" KeyNamed { #[serde(deserialize_with = "value::oid")] curve: String } "The curve that the public key names, as object identifier; the point stays.";
        "certificate.key.unnamed" KeyUnnamed {} "A public key without a curve.";
        "certificate.key.explicit-p384" KeyExplicit {} "A public key with P-384 spelled out as curve parameters.";
        "certificate.long-length" LongLength { bytes: u8 } "The length of the certificate in so many length bytes.";
        "certificate.indefinite" Indefinite {} "A certificate of indefinite length.";
    }
}

impl ProfileOperator {
    pub(super) fn apply(&self, certificate: &mut CertificateModel) {
        let text = |identifier: u8, text: &str| Time::Raw(der::tlv(identifier, text.as_bytes()));
        match self {
            Self::IssuerStringType { to } => {
                for attribute in &mut certificate.issuer.0 {
                    attribute.string_type = *to;
                }
            }
            Self::IssuerReverse {} => certificate.issuer.0.reverse(),
            Self::IssuerDrop {} => certificate.issuer = Name::default(),
            Self::IssuerAdd { oid, text } => certificate.issuer.0.push(Attribute {
                oid: oid.clone(),
                string_type: tag::UTF8_STRING,
                value: text.clone().into_bytes(),
            }),
            Self::SubjectCommonName { to } => certificate.subject.set(COMMON_NAME, to),
            Self::SubjectDrop {} => certificate.subject = Name::default(),
            Self::NotAfterUtc { text: to } => certificate.not_after = text(tag::UTC_TIME, to),
            Self::NotAfterGeneralized { text: to } => {
                certificate.not_after = text(tag::GENERALIZED_TIME, to);
            }
            Self::NotBeforeUtc { text: to } => certificate.not_before = text(tag::UTC_TIME, to),
            Self::NotBeforeGeneralized { text: to } => {
                certificate.not_before = text(tag::GENERALIZED_TIME, to);
            }
            Self::Version { to } => certificate.version = Some(*to),
            Self::AlgorithmIs { oid } => {
                certificate.signature_algorithm = Algorithm { oid: oid.clone(), parameters: None };
            }
            Self::AlgorithmNull {} => {
                certificate.signature_algorithm.parameters = Some(vec![5, 0]);
            }
            Self::AlgorithmOuterNull {} => {
                let mut outer = certificate.signature_algorithm.clone();
                outer.parameters = Some(vec![5, 0]);
                certificate.outer_signature_algorithm = simulator::Derived::Fixed(outer);
            }
            Self::ExtensionIs { oid, value } => {
                for extension in certificate.extensions_of(oid) {
                    extension.value = ExtensionValue::Bytes(value.0.clone());
                }
            }
            Self::ExtensionRepeat { oid } => {
                let found = certificate.extensions_of(oid).next().cloned();
                certificate.extensions.get_or_insert_default().extend(found);
            }
            Self::ExtensionFirst { oid } => {
                let list = certificate.extensions.get_or_insert_default();
                list.sort_by_key(|extension| extension.oid != *oid);
            }
            Self::ExtensionExplicitFalse { oid } => {
                for extension in certificate.extensions_of(oid) {
                    extension.critical = Critical::ExplicitFalse;
                }
            }
            Self::ExtensionReverse {} => certificate.extensions.get_or_insert_default().reverse(),
            Self::ExtensionEmpty {} => certificate.extensions = Some(Vec::new()),
            Self::ExtensionPad { bytes } => {
                let padding = der::tlv(tag::OCTET_STRING, &vec![0; bytes.0]);
                let list = certificate.extensions.get_or_insert_default();
                list.push(Extension::new(NOBODYS, padding));
            }
            Self::KeyNamed { curve } => {
                let parameters = der::object_identifier(curve);
                certificate.public_key.algorithm.parameters = Some(parameters);
            }
            Self::KeyUnnamed {} => certificate.public_key.algorithm.parameters = None,
            Self::KeyExplicit {} => explicit_p384(&mut certificate.public_key),
            Self::LongLength { bytes } => certificate.length = Length::Long(*bytes),
            Self::Indefinite {} => certificate.length = Length::Indefinite,
        }
    }
}

/// An arc that no one uses: UUIDs, here the nil one.
const NOBODYS: &str = "2.25.0";

/// P-384 as `ECParameters` (SEC 1 C.2): version, prime field, curve, generator, order, cofactor.
fn explicit_p384(key: &mut PublicKeyModel) {
    const PRIME: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
                         ffffffff0000000000000000ffffffff";
    const A: &str = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe\
                     ffffffff0000000000000000fffffffc";
    const B: &str = "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a\
                     c656398d8a2ed19d2a85c8edd3ec2aef";
    const GENERATOR: &str = "04aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a\
                             385502f25dbf55296c3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc\
                             29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";
    const ORDER: &str = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf\
                         581a0db248b0a77aecec196accc52973";
    let bytes = |digits: &str| hex::decode(digits).expect("the constants are hexadecimal");
    let octets = |digits| der::tlv(tag::OCTET_STRING, &bytes(digits));
    key.algorithm.parameters = Some(der::sequence(&[
        der::unsigned(&[1]),
        der::sequence(&[der::object_identifier("1.2.840.10045.1.1"), der::unsigned(&bytes(PRIME))]),
        der::sequence(&[octets(A), octets(B)]),
        octets(GENERATOR),
        der::unsigned(&bytes(ORDER)),
        der::unsigned(&[1]),
    ]));
}
