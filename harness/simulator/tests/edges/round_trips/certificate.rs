use super::bytes;
use jiff::{Timestamp, tz::TimeZone};
use proptest::prelude::*;
use protocol::wire::{Certificate, Curve, SignatureAlgorithm, oid};
use simulator::Seed;
use simulator::certificate::{
    Algorithm, CertificateModel, Critical, Extension, ExtensionValue, PublicKeyModel, Time,
};
use simulator::derived::Derived;
use simulator::encode::der::{self, Length, tag};
use simulator::key::Key;
use simulator::name::{Attribute, Name};
use simulator::signature::SignatureModel;

/// Dotted text of an identifier.
pub(super) fn identifier() -> impl Strategy<Value = String> {
    (0..3u32, 0..40u32, prop::collection::vec(any::<u32>(), 0..7)).prop_map(
        |(root, second, rest)| {
            let arcs = [root, second].into_iter().chain(rest).map(|arc| arc.to_string());
            arcs.collect::<Vec<_>>().join(".")
        },
    )
}

fn name() -> impl Strategy<Value = Name> {
    let attribute = (identifier(), ".{0,30}").prop_map(|(oid, value): (String, String)| {
        Attribute { oid, string_type: tag::UTF8_STRING, value: value.into_bytes() }
    });
    prop::collection::vec(attribute, 0..4).prop_map(Name)
}

/// An instant in whole seconds, from the year 0 to the last hours of 9999.
fn instant() -> impl Strategy<Value = Timestamp> {
    let seconds = prop_oneof![
        // About the two borders of `UTCTime`, and anywhere.
        -631_200_000i64..-631_100_000,
        2_524_560_000i64..2_524_660_000,
        -62_167_219_200i64..253_402_200_000,
    ];
    seconds.prop_map(|second| Timestamp::from_second(second).unwrap())
}

/// RFC 5280 4.1.2.5: `UTCTime` from 1950 to 2049, otherwise `GeneralizedTime`.
fn time(at: Timestamp) -> Time {
    match TimeZone::UTC.to_datetime(at).year() {
        1950..=2049 => Time::Utc(at),
        _ => Time::Generalized(at),
    }
}

fn algorithm() -> impl Strategy<Value = Algorithm> {
    prop_oneof![
        Just(Algorithm::ecdsa_with_sha256()),
        Just(Algorithm::ecdsa_with_sha384()),
        identifier().prop_map(|oid| Algorithm { oid, parameters: None }),
        Just(Algorithm { parameters: Some(vec![5, 0]), ..Algorithm::ecdsa_with_sha256() }),
    ]
}

fn public_key() -> impl Strategy<Value = PublicKeyModel> {
    let curve = prop_oneof![
        Just("1.2.840.10045.3.1.7".to_owned()),
        Just("1.3.132.0.34".to_owned()),
        identifier()
    ];
    (curve, bytes(0..100)).prop_map(|(curve, point)| PublicKeyModel::elliptic(&curve, point))
}

fn extension() -> impl Strategy<Value = Extension> {
    (identifier(), any::<bool>(), bytes(0..60)).prop_map(|(oid, critical, value)| Extension {
        oid,
        critical: if critical { Critical::True } else { Critical::Absent },
        value: ExtensionValue::Bytes(value),
    })
}

pub(super) fn certificate() -> impl Strategy<Value = CertificateModel> {
    let facts = (prop::option::of(1..3u8), bytes(0..21), algorithm(), name(), name());
    let rest = (
        instant(),
        instant(),
        public_key(),
        prop::option::of(prop::collection::vec(extension(), 0..9)),
        bytes(0..110),
    );
    (facts, rest).prop_map(|(facts, rest)| {
        let (version, serial, signature_algorithm, issuer, subject) = facts;
        let (not_before, not_after, public_key, extensions, signature) = rest;
        // Nobody signs: the decoder does not look whether a signature is one.
        let mut nobody = SignatureModel::honest(Key::p256(&Seed::from_text("nobody")));
        nobody.encoding = Derived::Fixed(signature);
        CertificateModel {
            version,
            serial: der::unsigned_content(&serial),
            signature_algorithm,
            outer_signature_algorithm: Derived::Computed,
            issuer,
            not_before: time(not_before),
            not_after: time(not_after),
            subject,
            public_key,
            extensions,
            signature: nobody,
            to_be_signed: Derived::Computed,
            length: Length::Minimal,
            trailing: Vec::new(),
        }
    })
}

fn curve_of(dotted: &str) -> Vec<u8> {
    der::object_identifier(dotted)[2..].to_vec()
}

/// What was read, written again.
fn rewritten(read: &Certificate<'_>) -> Vec<u8> {
    let algorithm = |found: SignatureAlgorithm<'_>| match found {
        SignatureAlgorithm::EcdsaSha256 => Algorithm::ecdsa_with_sha256(),
        SignatureAlgorithm::EcdsaSha384 => Algorithm::ecdsa_with_sha384(),
        SignatureAlgorithm::Other(other) => Algorithm { oid: oid::dotted(other), parameters: None },
    };
    let version = match read.version {
        1 => Vec::new(),
        version => der::context(0, &der::unsigned(&[version as u8 - 1])),
    };
    let curve = match read.curve {
        Curve::P256 => oid::P256,
        Curve::P384 => oid::P384,
        Curve::Other(other) => other,
    };
    let extensions: Vec<_> = read
        .extensions()
        .map(|one| {
            let critical = if one.critical { der::tlv(tag::BOOLEAN, &[0xff]) } else { Vec::new() };
            der::sequence(&[der::tlv(6, one.oid), critical, der::tlv(tag::OCTET_STRING, one.value)])
        })
        .collect();
    let extensions = match extensions.len() {
        0 => Vec::new(),
        _ => der::context(3, &der::sequence(&extensions)),
    };
    let signed = der::sequence(&[
        version,
        der::tlv(tag::INTEGER, read.serial),
        algorithm(read.inner_algorithm).seal(),
        read.issuer.to_vec(),
        der::sequence(&[time(read.not_before).seal(), time(read.not_after).seal()]),
        read.subject.to_vec(),
        PublicKeyModel::elliptic(&oid::dotted(curve), read.point.to_vec()).seal(),
        extensions,
    ]);
    assert_eq!(signed, read.tbs, "what is signed");
    let outer = algorithm(read.signature_algorithm).seal();
    der::sequence(&[signed, outer, der::bit_string(read.signature)])
}

proptest! {
    #[test]
    fn a_certificate_is_read_as_it_was_written(model in certificate()) {
        let sealed = model.seal();
        let read = Certificate::decode(&sealed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.version, model.version.map_or(1, |version| u64::from(version) + 1));
        prop_assert_eq!(read.serial, &model.serial[..]);
        prop_assert_eq!(read.issuer, &model.issuer.seal()[..]);
        prop_assert_eq!(read.subject, &model.subject.seal()[..]);
        let instant = |time: &Time| match time {
            Time::Utc(at) | Time::Generalized(at) => Some(*at),
            Time::Raw(_) => None,
        };
        prop_assert_eq!(Some(read.not_before), instant(&model.not_before));
        prop_assert_eq!(Some(read.not_after), instant(&model.not_after));
        prop_assert_eq!(read.point, &model.public_key.bytes[..]);
        let curve = model.public_key.algorithm.parameters.clone().unwrap();
        let expected = match &curve[2..] {
            oid::P256 => Curve::P256,
            oid::P384 => Curve::P384,
            other => Curve::Other(other),
        };
        prop_assert_eq!(read.curve, expected);
        let Algorithm { oid: named, parameters } = &model.signature_algorithm;
        let named = curve_of(named);
        let expected = match (&named[..], parameters) {
            (oid::ECDSA_SHA256, None) => SignatureAlgorithm::EcdsaSha256,
            (oid::ECDSA_SHA384, None) => SignatureAlgorithm::EcdsaSha384,
            (other, _) => SignatureAlgorithm::Other(other),
        };
        prop_assert_eq!((read.inner_algorithm, read.signature_algorithm), (expected, expected));
        let written: Vec<_> = model.extensions.iter().flatten().collect();
        let found: Vec<_> = read.extensions().collect();
        prop_assert_eq!(found.len(), written.len());
        for (found, written) in found.iter().zip(written) {
            prop_assert_eq!(oid::dotted(found.oid), &written.oid[..]);
            prop_assert_eq!(found.critical, written.critical == Critical::True);
            let ExtensionValue::Bytes(value) = &written.value else { unreachable!() };
            prop_assert_eq!(found.value, &value[..]);
            prop_assert_eq!(&sealed[found.at..][..value.len()], &value[..]);
        }
        // Parameters of a signature algorithm and an empty list of extensions are not kept.
        let is_kept = parameters.is_none() && model.extensions.as_ref().is_none_or(|list| !list.is_empty());
        if is_kept {
            prop_assert_eq!(rewritten(&read), sealed);
        }
    }

    #[test]
    fn a_certificate_cut_or_followed_by_anything_is_refused(
        model in certificate(),
        cut in any::<prop::sample::Index>(),
        more in bytes(1..9),
    ) {
        let sealed = model.seal();
        prop_assert!(Certificate::decode(&sealed[..cut.index(sealed.len())]).is_err());
        prop_assert!(Certificate::decode(&[sealed, more].concat()).is_err());
    }
}
