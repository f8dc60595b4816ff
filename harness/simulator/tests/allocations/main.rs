//! What decoders allocate, as a multiple of what they are given. A program of its own, because
//! counting replaces the allocator.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the answer")]

#[path = "../edges/mutations/edit.rs"]
mod edit;
mod hostile;
#[path = "../edges/mutations/tree.rs"]
mod tree;

use allocation_counter::measure;
use jiff::Timestamp;
use proptest::prelude::*;
use protocol::terms::{AppId, Environment, sha256};
use protocol::verify::TrustAnchor;
use protocol::wire::{Assertion, AttestationObject, AuthenticatorData, Certificate, Receipt};
use simulator::{Authority, Device, Generation, Seed};
use std::hint::black_box;
use std::sync::LazyLock;

/// `protocol::wire` promises that all allocations of one call, released ones included, come to at
/// most so many bytes for each byte of input,
const FOR_EACH_BYTE: u64 = 64;
/// and so many besides, which is room for what it says of 32 deviations.
const BESIDES: u64 = 24 << 10;

type Decoder = (&'static str, fn(&[u8]));

/// Every decoder there is, its answer dropped.
const DECODERS: &[Decoder] = &[
    ("attestation object", |bytes| drop(black_box(AttestationObject::decode(bytes)))),
    ("assertion", |bytes| drop(black_box(Assertion::decode(bytes)))),
    ("authenticator data of an attestation", |bytes| {
        drop(black_box(AuthenticatorData::decode_attestation(bytes)));
    }),
    ("authenticator data of an assertion", |bytes| {
        drop(black_box(AuthenticatorData::decode_assertion(bytes)));
    }),
    ("receipt", |bytes| drop(black_box(Receipt::decode(bytes)))),
    ("certificate and its extensions", |bytes| {
        if let Ok(read) = Certificate::decode(bytes) {
            black_box((read.nonce().ok(), read.access_control().ok(), read.os_version()));
            for one in read.extensions() {
                black_box((one.basic_constraints().ok(), one.key_usage().ok()));
            }
        }
    }),
    ("trust anchor", |bytes| drop(black_box(TrustAnchor::from_der(bytes)))),
];

/// Names the decoder that allocates more than is promised, and how much.
fn excess(bytes: &[u8]) -> Option<String> {
    let most = FOR_EACH_BYTE * bytes.len() as u64 + BESIDES;
    DECODERS.iter().find_map(|(name, decode)| {
        let found = measure(|| decode(bytes));
        // What was released while decoding counts as well, so the total is never below the peak.
        (found.bytes_total > most).then(|| {
            let (total, peak, given) = (found.bytes_total, found.bytes_max, bytes.len());
            format!("{name}: {total} bytes in all, {peak} at once, for {given} of input")
        })
    })
}

/// Honest objects of one device, each with another of the same kind.
static HONEST: LazyLock<Vec<[Vec<u8>; 2]>> = LazyLock::new(|| {
    let now: Timestamp = "2026-11-24T00:35:25Z".parse().unwrap();
    let seed = Seed::from_text("allocations");
    let authority = Authority::new(&seed, now);
    let app_id = AppId::parse("ABCDE12345.com.example.assay").unwrap();
    let objects = Generation::ALL.into_iter().flat_map(|generation| {
        let mut device = Device::new(&seed, generation, app_id.clone(), Environment::Production);
        let hash = |text: &str| sha256(&[text.as_bytes()]);
        let attest = |text| device.attest(&authority, &hash(text), now);
        let attestations = [attest("one"), attest("two")];
        [attestations, [device.assert(&hash("one")), device.assert(&hash("two"))]]
    });
    objects.collect()
});

/// The object and each part of it that has a decoder.
fn parts(object: &[u8]) -> Vec<&[u8]> {
    let mut parts = vec![object];
    if let Ok(read) = AttestationObject::decode(object) {
        parts.push(read.authenticator_data);
        parts.extend(read.certificates);
        parts.extend(read.receipt);
    }
    if let Ok(read) = Assertion::decode(object) {
        parts.push(read.authenticator_data);
    }
    parts
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_allocate_more(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert_eq!(excess(&bytes), None);
    }

    #[test]
    fn no_hostile_structure_makes_a_decoder_allocate_more(bytes in hostile::bytes()) {
        prop_assert_eq!(excess(&bytes), None);
    }

    #[test]
    fn no_mutation_of_an_honest_object_makes_a_decoder_allocate_more(
        which in any::<prop::sample::Index>(),
        edits in edit::edits(),
    ) {
        let [object, other] = which.get(&HONEST);
        let mutated = edit::apply(&edits, object, other);
        for part in parts(&mutated) {
            prop_assert_eq!(excess(part), None);
        }
    }
}

#[test]
fn an_honest_object_takes_less_than_its_own_size_twice_over() {
    for [object, _] in HONEST.iter() {
        for part in parts(object) {
            for (name, decode) in DECODERS {
                let found = measure(|| decode(part));
                let most = 2 * part.len() as u64 + 1000;
                assert!(found.bytes_max <= most, "{name}: {} of {}", found.bytes_max, part.len());
            }
        }
    }
}

/// The counter counts: without this a promise kept and a counter that sleeps look the same.
#[test]
fn what_believes_a_length_it_was_told_is_found_out() {
    let believes = |bytes: &[u8]| {
        let told = u32::from_be_bytes(*bytes.first_chunk().unwrap());
        drop(black_box(Vec::<u8>::with_capacity(told as usize)));
    };
    let found = measure(|| believes(&[0x00, 0x10, 0x00, 0x00]));
    assert_eq!((found.bytes_total, found.bytes_max), (1 << 20, 1 << 20));
    assert!(found.bytes_total > FOR_EACH_BYTE * 4 + BESIDES);
}
