//! What the extensions of certificates hold.

use super::bytes;
use super::certificate::certificate;
use proptest::prelude::*;
use protocol::terms::oid;
use protocol::wire::{BasicConstraints, Certificate, KeyUsage, oid as content};
use simulator::certificate::{CertificateModel, Extension, nonce_extension};
use simulator::encode::der::{self, tag};

/// The certificate with one extension and no other.
fn with(mut model: CertificateModel, oid: &str, value: Vec<u8>) -> Vec<u8> {
    model.extensions = Some(vec![Extension::critical(oid, value)]);
    model.seal()
}

/// The named bits, bit 0 first, no zero bit at the end (X.690 11.2.2).
fn bits(usage: u16) -> Vec<u8> {
    let bytes = usage.reverse_bits().to_be_bytes();
    let used = match bytes {
        [0, 0] => &[][..],
        [first, 0] => &[first][..],
        _ => &bytes[..],
    };
    let unused = used.last().map_or(0, |last| last.trailing_zeros() as u8);
    der::tlv(tag::BIT_STRING, &[&[unused], used].concat())
}

proptest! {
    #[test]
    fn nonce_and_access_control_are_read_as_they_were_written(
        model in certificate(),
        nonce in bytes(0..80),
        list in bytes(0..80),
    ) {
        let sealed = with(model.clone(), oid::NONCE, nonce_extension(&nonce));
        let read = Certificate::decode(&sealed).unwrap();
        prop_assert_eq!(read.nonce(), Ok(Some(&nonce[..])));
        prop_assert_eq!(read.access_control(), Ok(None));
        let value = der::sequence(&[der::context(3, &der::tlv(tag::OCTET_STRING, &list))]);
        let sealed = with(model, oid::ACCESS_CONTROL, value);
        let read = Certificate::decode(&sealed).unwrap();
        prop_assert_eq!(read.access_control(), Ok(Some(&list[..])));
        prop_assert_eq!(read.nonce(), Ok(None));
    }

    #[test]
    fn basic_constraints_and_key_usage_are_read_as_they_were_written(
        model in certificate(),
        ca: bool,
        length in prop::option::of(0..=i64::MAX as u64),
        usage: u16,
    ) {
        let parts = [
            if ca { der::tlv(tag::BOOLEAN, &[0xff]) } else { Vec::new() },
            length.map_or_else(Vec::new, |length| der::unsigned(&length.to_be_bytes())),
        ];
        let sealed = with(model.clone(), oid::BASIC_CONSTRAINTS, der::sequence(&parts));
        let read = Certificate::decode(&sealed).unwrap();
        let found = read.extension(content::BASIC_CONSTRAINTS).unwrap().basic_constraints();
        prop_assert_eq!(found, Ok(BasicConstraints { ca, path_length: length }));

        let sealed = with(model, oid::KEY_USAGE, bits(usage));
        let read = Certificate::decode(&sealed).unwrap();
        let found = read.extension(content::KEY_USAGE).unwrap().key_usage();
        prop_assert_eq!(found, Ok(KeyUsage(usage)));
    }

    #[test]
    fn a_list_of_purposes_holds_what_was_written_and_nothing_else(
        model in certificate(),
        purposes in prop::collection::vec(super::certificate::identifier(), 0..5),
        other in super::certificate::identifier(),
    ) {
        let list: Vec<_> = purposes.iter().map(|purpose| der::object_identifier(purpose)).collect();
        let sealed = with(model, oid::EXTENDED_KEY_USAGE, der::sequence(&list));
        let read = Certificate::decode(&sealed).unwrap();
        let extension = read.extension(content::EXTENDED_KEY_USAGE).unwrap();
        for purpose in purposes.iter().chain([&other]) {
            let found = extension.lists_purpose(&der::object_identifier(purpose)[2..]);
            prop_assert_eq!(found, Ok(purposes.contains(purpose)));
        }
    }
}
