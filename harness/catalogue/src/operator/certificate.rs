//! Edits of one certificate of the chain: the leaf or the intermediate.

use super::Scene;
use super::value::{self, Count, Hex, Offset, Size, UpTo};
use super::vocabulary::operators;
use protocol::terms::{oid, sha256};
use simulator::certificate::{Algorithm, CertificateModel, Extension, PublicKeyModel, Time};
use simulator::encode::der;
use simulator::key::Half;
use simulator::leaf::access_control;
use simulator::name::COMMON_NAME;
use simulator::{Derived, Generation};

operators! {
    /// Edits of a certificate, which is signed again afterwards. Written with `leaf` or
    /// `intermediate` in the place of `certificate`.
    CertificateOperator {
        "certificate.notafter" NotAfter { offset: Offset } "The end of validity, counted from now.";
        "certificate.notbefore" NotBefore { offset: Offset } "The start of validity, counted from now.";
        "certificate.generalized-time" GeneralizedTime {} "Both dates as GeneralizedTime, which is meant for years from 2050 on.";
        "certificate.issuer.common-name" IssuerCommonName { to: String } "The issuer's common name.";
        "certificate.serial" Serial { to: Hex } "The serial number.";
        "certificate.ca" Authority { is: bool } "Basic constraints with the CA flag true or false, no path length.";
        "certificate.keyusage" KeyUsage { bits: Hex } "The key usage as the content of its BIT STRING, unused bits first.";
        "certificate.ext.add" ExtensionAdd { #[serde(deserialize_with = "value::oid")] oid: String, value: Hex, critical: bool } "One more extension.";
        "certificate.ext.drop" ExtensionDrop { #[serde(deserialize_with = "value::oid")] oid: String } "Leaves the extensions of that type out.";
        "certificate.ext.critical" ExtensionCritical { #[serde(deserialize_with = "value::oid")] oid: String } "Marks the extensions of that type critical.";
        "certificate.ext.many" ExtensionMany { count: Count } "So many more extensions that nobody knows.";
        "certificate.ext.large" ExtensionLarge { bytes: Size } "One more extension that nobody knows, of so many bytes.";
        "certificate.key.rsa" KeyRsa { bits: UpTo<16_384> } "An RSA key of so many bits in the place of its own.";
        "certificate.key-identifiers" KeyIdentifiers {} "The identifiers of the intermediate's key and of its own, both right.";
        "certificate.access-control-of-ios" AccessControlOfIos {} "The key's access-control list as an iPhone has it.";
        "certificate.sha384" Sha384 {} "Signed with SHA-384 instead of SHA-256.";
        "certificate.version1" Version1 {} "A version 1 certificate: neither version nor extensions.";
        "certificate.outer-algorithm-sha384" OuterAlgorithm {} "The algorithm beside the signature names SHA-384, the one inside does not.";
        "certificate.signature.flip" SignatureFlip { at: usize, bits: u8 } "Flips bits of one byte of the signature.";
        "certificate.signature.other-key" SignatureOtherKey {} "Signed by a key that is not the issuer's.";
        "certificate.signature.zero" SignatureZero {} "A signature of r = 0 and s = 0.";
        "certificate.signature.high-s" SignatureHighS {} "Its signature has an s above half the group order.";
        "certificate.signature.leading-zero-r" SignatureLeadingZeroR {} "Its signature has an r that begins with a zero byte in its full width.";
        "certificate.signature.leading-zero-s" SignatureLeadingZeroS {} "Its signature has an s that begins with a zero byte in its full width.";
        "certificate.trailing" Trailing { bytes: Hex } "Bytes after the certificate.";
    }
}

impl CertificateOperator {
    pub(super) fn apply(&self, certificate: &mut CertificateModel, scene: &Scene<'_>) {
        match self {
            Self::NotAfter { offset } => certificate.not_after = Time::Utc(scene.now + offset.0),
            Self::NotBefore { offset } => certificate.not_before = Time::Utc(scene.now + offset.0),
            Self::GeneralizedTime {} => {
                for time in [&mut certificate.not_before, &mut certificate.not_after] {
                    if let Time::Utc(at) = *time {
                        *time = Time::Generalized(at);
                    }
                }
            }
            Self::IssuerCommonName { to } => certificate.issuer.set(COMMON_NAME, to),
            Self::Serial { to } => certificate.serial.clone_from(&to.0),
            Self::Authority { is } => {
                let flag: &[u8] = if *is { &[0x01, 0x01, 0xff] } else { &[] };
                let value = der::tlv(der::tag::SEQUENCE, flag);
                replace(certificate, Extension::critical(oid::BASIC_CONSTRAINTS, value));
            }
            Self::KeyUsage { bits } => {
                let value = der::tlv(der::tag::BIT_STRING, &bits.0);
                replace(certificate, Extension::critical(oid::KEY_USAGE, value));
            }
            Self::ExtensionAdd { oid, value, critical } => {
                let new = if *critical { Extension::critical } else { Extension::new };
                let extensions = certificate.extensions.get_or_insert_default();
                extensions.push(new(oid, value.0.clone()));
            }
            Self::ExtensionMany { count } => {
                let extensions = certificate.extensions.get_or_insert_default();
                extensions.extend((0..count.0).map(|number| {
                    Extension::new(&format!("1.3.6.1.4.1.99999.{number}"), vec![0x05, 0x00])
                }));
            }
            Self::ExtensionLarge { bytes } => {
                let extensions = certificate.extensions.get_or_insert_default();
                extensions.push(Extension::new("1.3.6.1.4.1.99999.1", vec![0; bytes.0]));
            }
            Self::KeyRsa { bits } => {
                let mut modulus = scene.random("modulus", bits.0 / 8);
                // Odd, and as long as it says.
                if let [first, .., last] = &mut modulus[..] {
                    *first |= 0x80;
                    *last |= 1;
                }
                let integer =
                    |number: &[u8]| der::tlv(der::tag::INTEGER, &der::unsigned_content(number));
                let key = der::sequence(&[integer(&modulus), integer(&[1, 0, 1])]);
                let rsa = Algorithm {
                    oid: "1.2.840.113549.1.1.1".to_owned(),
                    parameters: Some(vec![0x05, 0x00]),
                };
                certificate.public_key =
                    PublicKeyModel { algorithm: rsa, bytes: key, encoding: Derived::Computed };
            }
            Self::ExtensionDrop { oid } => certificate.remove_extension(oid),
            Self::ExtensionCritical { oid } => {
                for extension in certificate.extensions_of(oid) {
                    extension.critical = simulator::certificate::Critical::True;
                }
            }
            Self::KeyIdentifiers {} => {
                // As the authority makes them (RFC 7093, method 1).
                let identifier = |point: &[u8]| sha256(&[point])[..20].to_vec();
                let above = identifier(&scene.authority.intermediate_key().point());
                let own = identifier(&certificate.public_key.bytes);
                let above = der::sequence(&[der::tlv(0x80, &above)]);
                replace(certificate, Extension::new(oid::AUTHORITY_KEY_ID, above));
                let own = der::tlv(der::tag::OCTET_STRING, &own);
                replace(certificate, Extension::new(oid::SUBJECT_KEY_ID, own));
            }
            Self::AccessControlOfIos {} => {
                let value = access_control(Generation::Ios27);
                replace(certificate, Extension::new(oid::ACCESS_CONTROL, value));
            }
            Self::Sha384 {} => certificate.signature_algorithm = Algorithm::ecdsa_with_sha384(),
            Self::Version1 {} => {
                certificate.version = None;
                certificate.extensions = None;
            }
            Self::OuterAlgorithm {} => {
                certificate.outer_signature_algorithm =
                    Derived::Fixed(Algorithm::ecdsa_with_sha384());
            }
            Self::SignatureFlip { at, bits } => certificate.signature.flip = Some((*at, *bits)),
            Self::SignatureOtherKey {} => {
                certificate.signature.key = scene.impostor().intermediate_key().clone();
            }
            Self::SignatureZero {} => {
                certificate.signature.r = Derived::Fixed(vec![0]);
                certificate.signature.s = Derived::Fixed(vec![0]);
            }
            Self::SignatureHighS {} => certificate.signature.wish.high_s = Some(true),
            Self::SignatureLeadingZeroR {} => {
                certificate.signature.wish.leading_zeros = Some((Half::R, 1));
            }
            Self::SignatureLeadingZeroS {} => {
                certificate.signature.wish.leading_zeros = Some((Half::S, 1));
            }
            Self::Trailing { bytes } => certificate.trailing.extend_from_slice(&bytes.0),
        }
    }
}

/// Puts an extension in the place of the one of its type.
fn replace(certificate: &mut CertificateModel, extension: Extension) {
    let old = certificate.extensions_of(&extension.oid.clone()).next();
    match old {
        Some(old) => *old = extension,
        None => certificate.extensions.get_or_insert_default().push(extension),
    }
}
