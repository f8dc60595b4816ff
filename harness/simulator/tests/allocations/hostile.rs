//! Bytes made to cost: many small items, long messages, lengths of things that are not there.

use proptest::prelude::*;
use simulator::encode::cbor::Item;
use simulator::encode::der::{self, Length, tag};

pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let count = 0..3000usize;
    prop_oneof![
        (count.clone(), inner()).prop_map(|(count, inner)| certificates(count, &inner)),
        (count.clone(), any::<bool>()).prop_map(|(count, nested)| keys(count, nested)),
        (count.clone(), 0..3u8).prop_map(|(count, kind)| deviations(count, kind)),
        (count.clone(), any::<u64>()).prop_map(|(count, told)| told_lengths(count, told)),
        (count.clone(), 0..4usize).prop_map(|(count, depth)| segments(count, depth)),
        (count.clone(), any::<bool>()).prop_map(|(count, many)| signed_data(count, many)),
        count.prop_map(extensions),
    ]
}

fn inner() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![vec![], vec![0], vec![0x30, 0]])
}

/// An attestation object of very many, very small certificates.
fn certificates(count: usize, inner: &[u8]) -> Vec<u8> {
    let list = Item::Array(vec![Item::Bytes(inner.to_vec()); count]);
    Item::Map(vec![
        ("fmt".into(), "apple-appattest".into()),
        ("attStmt".into(), Item::Map(vec![("x5c".into(), list)])),
        ("authData".into(), Item::Bytes(vec![0; 37])),
    ])
    .encode()
}

/// Maps of keys that all must be kept in mind, alone or in maps that are keys.
fn keys(count: usize, nested: bool) -> Vec<u8> {
    let entries = |count: usize| {
        let numbers = (0..count as u64).map(|number| (Item::Unsigned(number), Item::Null));
        Item::Map(numbers.collect())
    };
    let whole = if nested {
        // Keys of a key are forgotten when it ends.
        Item::Map((0..count / 20).map(|size| (entries(size % 40), Item::Null)).collect())
    } else {
        entries(count)
    };
    [&[0; 37][..], &whole.encode()].concat()
}

/// Each item is unusual in a way that takes many words.
fn deviations(count: usize, kind: u8) -> Vec<u8> {
    let entry = |number: usize| match kind {
        0 => (Item::text(&format!("{}{number}", "\u{7f}".repeat(60))), Item::Null),
        1 => (Item::Bytes([&[0xff; 60][..], &number.to_be_bytes()].concat()), Item::Null),
        _ => (
            Item::Indefinite(Box::new(Item::Array(vec![Item::Unsigned(number as u64)]))),
            Item::Null,
        ),
    };
    // The keys fall, so that each is out of order, too.
    Item::Map((0..count / 10).rev().map(entry).collect()).encode()
}

/// Lengths and counts of what does not follow, in CBOR and in DER.
fn told_lengths(count: usize, told: u64) -> Vec<u8> {
    let heads = [0x5b, 0x7b, 0x9b, 0xbb].map(|head| [&[head][..], &told.to_be_bytes()].concat());
    let elements = [tag::SEQUENCE, tag::OCTET_STRING, tag::SET]
        .map(|tag| der::element(&[tag], Length::Declared(told), &[]));
    let rest = vec![0; count];
    let choices: Vec<_> = heads.iter().chain(&elements).collect();
    let chosen = choices[(told % choices.len() as u64) as usize];
    let opening: &[u8] = if told.is_multiple_of(2) { &[0xa1, 0x61, b'x'] } else { &[] };
    [opening, chosen, &rest].concat()
}

/// The content of a receipt in very many, very small segments.
fn segments(count: usize, depth: usize) -> Vec<u8> {
    let mut content = der::tlv(tag::OCTET_STRING, &[]).repeat(count);
    for _ in 0..=depth {
        content = der::element(&[tag::CONSTRUCTED_OCTET_STRING], Length::Indefinite, &content);
    }
    receipt(&content, &[], &[])
}

/// Very many certificates or signers of nearly nothing.
fn signed_data(count: usize, signers: bool) -> Vec<u8> {
    let content = der::tlv(tag::OCTET_STRING, &der::tlv(tag::SET, &[]));
    if !signers {
        return receipt(&content, &der::tlv(tag::CONTEXT_0, &[0x30, 0].repeat(count)), &[]);
    }
    let algorithm = der::sequence(&[der::tlv(tag::OBJECT_IDENTIFIER, &[0])]);
    let name = der::sequence(&[der::sequence::<&[u8]>(&[]), der::unsigned(&[1])]);
    let signature = der::tlv(tag::OCTET_STRING, &[]);
    let signer =
        der::sequence(&[der::unsigned(&[1]), name, algorithm.clone(), algorithm, signature]);
    receipt(&content, &[], &signer.repeat(count))
}

fn receipt(content: &[u8], certificates: &[u8], signers: &[u8]) -> Vec<u8> {
    let data = der::object_identifier("1.2.840.113549.1.7.1");
    let signed = der::object_identifier("1.2.840.113549.1.7.2");
    let inner = der::sequence(&[
        der::unsigned(&[1]),
        der::tlv(tag::SET, &[]),
        der::sequence(&[data, der::tlv(tag::CONTEXT_0, content)]),
        certificates.to_vec(),
        der::tlv(tag::SET, signers),
    ]);
    der::sequence(&[signed, der::tlv(tag::CONTEXT_0, &inner)])
}

/// Authenticator data with very many extensions of short names.
fn extensions(count: usize) -> Vec<u8> {
    let entries = (0..count).map(|number| (Item::text(&format!("{number:x}")), Item::Unsigned(0)));
    [&[0; 37][..], &Item::Map(entries.collect()).encode()].concat()
}
