//! Bytes made to hurt: each ends in a typed error with its offset, without a panic.

use crate::guide::Sample;
use protocol::wire::{
    Assertion, AttestationObject, AuthenticatorData, Certificate, Malformed, Receipt,
};

/// The whole of an object is decoded, as the verifier would; the first thing that cannot be read is told.
pub(crate) fn decode_all(object: &[u8]) -> Result<(), Malformed> {
    let object = AttestationObject::decode(object)?;
    for der in &object.certificates {
        let certificate = Certificate::decode(der)?;
        certificate.nonce()?;
        certificate.access_control()?;
        let _ = (certificate.app_id_in_clear(), certificate.os_version(), certificate.platform());
        for extension in certificate.extensions() {
            // Each read as each kind, for none may panic on another's value.
            let _ = (
                extension.basic_constraints(),
                extension.key_usage(),
                extension.lists_purpose(&[]),
            );
        }
    }
    AuthenticatorData::decode_attestation(object.authenticator_data)?;
    object.receipt.map_or(Ok(()), |receipt| Receipt::decode(receipt).map(|_| ()))
}

pub(crate) fn every_decoder(bytes: &[u8]) -> Vec<Malformed> {
    let errors = [
        decode_all(bytes).err(),
        Assertion::decode(bytes).err(),
        AuthenticatorData::decode_attestation(bytes).err(),
        AuthenticatorData::decode_assertion(bytes).err(),
        Certificate::decode(bytes).err(),
        Receipt::decode(bytes).err(),
    ];
    errors.into_iter().flatten().collect()
}

/// Expects a refusal that says `what`, at `at`.
fn check(name: &str, refused: Option<Malformed>, at: usize, what: &str) {
    let malformed = refused.unwrap_or_else(|| panic!("{name}: was read"));
    assert!(malformed.what.contains(what), "{name}: {malformed}");
    assert_eq!(malformed.at, at, "{name}: {malformed}");
}

#[test]
fn deep_nesting_is_refused_where_it_becomes_too_deep() {
    const DEEP: usize = 100_000;
    for (name, opening) in [
        ("arrays", &[0x81][..]),
        ("indefinite arrays", &[0x9f]),
        ("maps as values", &[0xa1, 0x00]),
        ("indefinite maps as values", &[0xbf, 0x00]),
        ("maps as keys", &[0xa1]),
        ("tags", &[0xc1]),
    ] {
        let bytes = [&[0xa1, 0x61, b'x'][..], &opening.repeat(DEEP)].concat();
        for error in [AttestationObject::decode(&bytes).err(), Assertion::decode(&bytes).err()] {
            let malformed = error.unwrap_or_else(|| panic!("{name}: was read"));
            assert!(malformed.what.contains("nested more than"), "{name}: {malformed}");
            assert!(malformed.at < 100, "{name}: {malformed}");
        }
    }
}

#[test]
fn deep_nesting_of_certificates_and_receipts_is_refused() {
    const DEEP: usize = 100_000;
    // Each level is four bytes longer than the one inside, so lengths are true all the way.
    let mut der = Vec::with_capacity(6 * DEEP);
    for level in (1..=DEEP).rev() {
        let length = u32::try_from(6 * (level - 1)).unwrap();
        der.extend([0x30, 0x84]);
        der.extend(length.to_be_bytes());
    }
    // Minimal lengths only for the outer levels, which is as far as anyone reads.
    check("long lengths", Certificate::decode(&der).err(), 0, "not minimal");
    let mut nested = vec![];
    for _ in 0..4000 {
        let header: &[u8] = match nested.len() {
            length @ 0..=0x7f => &[0x30, length as u8],
            length @ 0x80..=0xff => &[0x30, 0x81, length as u8],
            length @ 0x100.. => &[0x30, 0x82, (length >> 8) as u8, length as u8],
        };
        nested.splice(0..0, header.iter().copied());
    }
    let malformed = Certificate::decode(&nested).unwrap_err();
    assert!(malformed.what.contains("nested more than"), "{malformed}");
    let indefinite = [0x30, 0x80].repeat(DEEP);
    let malformed = Receipt::decode(&indefinite).unwrap_err();
    assert!(malformed.what.contains("nested more than"), "{malformed}");
    assert!(Receipt::decode(&der).is_err());
    assert!(Receipt::decode(&nested).is_err());
}

#[test]
fn lengths_beyond_the_input_are_refused_before_anything_is_reserved() {
    let huge = 1u64 << 62;
    for (name, major, at) in
        [("bytes", 0x5b, 5), ("text", 0x7b, 5), ("array", 0x9b, 14), ("map", 0xbb, 14)]
    {
        let bytes = [&[0xa1, 0x63, b'f', b'm', b'x', major][..], &huge.to_be_bytes()].concat();
        let malformed = AttestationObject::decode(&bytes).unwrap_err();
        assert_eq!(malformed.at, at, "{name}: {malformed}");
    }
    let x5c = [&[0xa1, 0x67][..], b"attStmt", &[0xa1, 0x63], b"x5c", &[0x9b], &huge.to_be_bytes()]
        .concat();
    check("x5c", AttestationObject::decode(&x5c).err(), x5c.len(), "ends inside");
    let der = [&[0x30, 0x88][..], &huge.to_be_bytes(), &[0; 100]].concat();
    check("DER", Certificate::decode(&der).err(), 0, "bytes where");
    check("BER", Receipt::decode(&der).err(), 0, "bytes where");
    let der = [&[0x30, 0x89, 1][..], &huge.to_be_bytes()].concat();
    check("DER of 2^126", Certificate::decode(&der).err(), 0, "beyond any memory");
}

#[test]
fn a_key_that_occurs_twice_is_refused_however_it_is_spelled() {
    let twice = |first: &[u8], second: &[u8]| [&[0xa2][..], first, second].concat();
    let same = twice(b"\x69signature\x41a", b"\x69signature\x41b");
    check("same", Assertion::decode(&same).err(), 13, "\"signature\" occurs twice");
    let longer = twice(b"\x69signature\x41a", b"\x78\x09signature\x41b");
    check("longer", Assertion::decode(&longer).err(), 13, "\"signature\" occurs twice");
    let unknown = twice(b"\x01\x41a", b"\x18\x01\x41b");
    check("unknown", Assertion::decode(&unknown).err(), 4, "1 occurs twice");
    let inner = [&[0xa1, 0x61, b'u'][..], &twice(b"\x61a\x00", b"\x61a\x01")].concat();
    check("inside of an unknown value", Assertion::decode(&inner).err(), 7, "\"a\" occurs twice");
    let many: Vec<u8> = (0..40u8).flat_map(|key| [0x18, key + 24, 0]).collect();
    let many = [&[0xb8, 41][..], &many, &[0x18, 24, 0]].concat();
    check("the first of many", Assertion::decode(&many).err(), 122, "24 occurs twice");
}

#[test]
fn what_is_legal_but_unlike_a_genuine_object_is_read_and_reported() {
    for (name, bytes, deviation) in [
        (
            "order",
            &b"\xa2\x71authenticatorData\x41d\x69signature\x41s"[..],
            "out of canonical order",
        ),
        ("map", b"\xbf\x69signature\x41s\x71authenticatorData\x41d\xff", "indefinite length"),
        ("chunks", b"\xa2\x69signature\x5f\x41s\xff\x71authenticatorData\x41d", "in chunks"),
        ("length", b"\xa2\x69signature\x58\x01s\x71authenticatorData\x41d", "not minimal"),
        (
            "key",
            b"\xa3\x69signature\x41s\x6anobody_has\xf6\x71authenticatorData\x41d",
            "unknown key",
        ),
        ("tag", b"\xd9\xd9\xf7\xa2\x69signature\x41s\x71authenticatorData\x41d", "tag 55799"),
    ] {
        let read = Assertion::decode(bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((read.signature, read.authenticator_data), (&b"s"[..], &b"d"[..]), "{name}");
        assert_eq!(read.deviations.len(), 1, "{name}: {:?}", read.deviations);
        assert!(read.deviations[0].what.contains(deviation), "{name}: {:?}", read.deviations);
    }
}

#[test]
fn what_is_no_cbor_is_refused() {
    for (name, bytes, at, what) in [
        ("nothing", &b""[..], 0, "ends inside"),
        ("reserved", b"\xa1\x61u\x1c", 3, "no CBOR item"),
        ("break", b"\xa1\x61u\xff", 3, "a break"),
        ("simple", b"\xa1\x61u\xf8\x10", 3, "simple value 16"),
        ("text", b"\xa1\x62\xff\xfe\x00", 1, "not UTF-8"),
        ("trailing", b"\xa2\x69signature\x41s\x71authenticatorData\x41d\x00", 33, "1 bytes follow"),
        ("array", b"\x82\x01\x02", 0, "an array instead of a map"),
        ("tag 24", b"\xd8\x18\x41\xa0", 0, "tag 24 instead of a map"),
        ("missing", b"\xa1\x69signature\x41s", 0, "authenticatorData is missing"),
        ("null", b"\xa1\x69signature\xf6", 11, "null instead of a byte string"),
        ("chunk of text", b"\xa1\x69signature\x5f\x61s\xff", 12, "a chunk is a text string"),
    ] {
        check(name, Assertion::decode(bytes).err(), at, what);
    }
}

#[test]
fn every_truncation_of_a_genuine_object_is_refused() {
    for sample in Sample::all() {
        let object = AttestationObject::decode(&sample.object).unwrap();
        let receipt = object.receipt.unwrap();
        // Where the genuine object ends inside its authenticator data: 164 bytes are whole without extensions.
        let data = object.authenticator_data;
        for length in (0..data.len()).filter(|length| *length != 164) {
            assert!(AuthenticatorData::decode_attestation(&data[..length]).is_err(), "{length}");
        }
        for length in 0..sample.object.len() {
            let malformed = AttestationObject::decode(&sample.object[..length]).unwrap_err();
            assert!(malformed.at <= length, "{length}: {malformed}");
        }
        for length in 0..receipt.len() {
            let malformed = Receipt::decode(&receipt[..length]).unwrap_err();
            assert!(malformed.at <= length, "{length}: {malformed}");
        }
        for certificate in object.certificates {
            for length in 0..certificate.len() {
                assert!(Certificate::decode(&certificate[..length]).is_err(), "{length}");
            }
        }
    }
}

#[test]
fn no_single_byte_of_a_genuine_object_makes_a_decoder_panic() {
    // The sample with most in it: extensions, key usage purposes, access control.
    let [_, sample] = Sample::all();
    let mut bytes = sample.object;
    let end = bytes.len();
    for at in 0..end {
        let genuine = bytes[at];
        // Three bits of a header, and the values that mean most in CBOR and DER.
        let flips = [0x01, 0x20, 0x80].map(|bit| genuine ^ bit);
        for value in flips.into_iter().chain([0x00, 0x1f, 0x3f, 0x5f, 0x7f, 0x80, 0x88, 0xbf, 0xff])
        {
            bytes[at] = value;
            if let Err(malformed) = decode_all(&bytes) {
                assert!(malformed.at <= end, "{malformed}");
            }
        }
        bytes[at] = genuine;
    }
}
