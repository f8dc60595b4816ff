//! Every byte of every object has a name, however damaged it is.

use crate::fixtures::objects;
use crate::guide::Sample;
use proptest::prelude::*;
use protocol::explain::{Difference, Kind, Node, difference, explain};
use protocol::wire::AttestationObject;

const KINDS: [Kind; 6] = [
    Kind::Attestation,
    Kind::Assertion,
    Kind::AttestationData,
    Kind::AssertionData,
    Kind::Certificate,
    Kind::Receipt,
];

/// Each byte belongs to exactly one node, paths are unique, and nested nodes lie in outer ones.
fn is_whole(object: &[u8], nodes: &[Node]) -> Result<(), String> {
    let mut owners = vec![0u8; object.len()];
    for node in nodes {
        for range in &node.own {
            for owner in owners.get_mut(range.clone()).ok_or(format!("{} is outside", node.path))? {
                *owner += 1;
            }
        }
        if node.at + node.len > object.len() {
            return Err(format!("{} reaches beyond the object", node.path));
        }
    }
    if let Some(at) = owners.iter().position(|owner| *owner != 1) {
        return Err(format!("byte {at} belongs to {} nodes", owners[at]));
    }
    let mut paths: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
    paths.sort_unstable();
    for pair in paths.windows(2) {
        if pair[0] == pair[1] {
            return Err(format!("{} is there twice", pair[0]));
        }
    }
    Ok(())
}

fn node<'a>(nodes: &'a [Node], path: &str) -> &'a Node {
    nodes.iter().find(|node| node.path == path).unwrap_or_else(|| {
        let paths: Vec<&str> = nodes.iter().map(|node| node.path.as_str()).collect();
        panic!("no {path} in {paths:#?}")
    })
}

/// The later sample, which has most in it.
fn sample() -> Vec<u8> {
    let [_, sample] = Sample::all();
    sample.object
}

#[test]
fn the_parts_of_apples_sample_are_told_in_apples_words() {
    let object = sample();
    let nodes = explain(Kind::Attestation, &object);
    is_whole(&object, &nodes).unwrap();
    let damaged: Vec<_> = nodes.iter().filter(|node| node.damage.is_some()).collect();
    assert!(damaged.is_empty(), "{damaged:#?}");
    let leaf = "attStmt.x5c[0].tbs";
    let fields = "attStmt.receipt.fields";
    for (path, value) in [
        ("fmt", "\"apple-appattest\""),
        ("authData.flags", "AT attested credential data"),
        ("authData.signCount", "0"),
        ("authData.aaguid", "\"appattest\" and 7 zero bytes (production)"),
        ("authData.credentialIdLength", "32"),
        ("authData.credentialPublicKey.crv", "1 (P-256)"),
        ("authData.extensions.apple_validation_category_01", "1 (part of the OS)"),
        (
            &format!("{leaf}.serialNumber"),
            "019db13f0b4e (as milliseconds: issued 2026-04-21T18:13:12.142Z)",
        ),
        (&format!("{leaf}.issuer.CN"), "\"Apple App Attestation CA 1\""),
        (&format!("{leaf}.validity.notBefore"), "2026-04-20T18:13:12Z"),
        (
            &format!("{leaf}.subjectPublicKeyInfo.algorithm"),
            "id-ecPublicKey (1.2.840.10045.2.1), P-256 (1.2.840.10045.3.1.7)",
        ),
        (&format!("{leaf}.extensions.keyProperties[1204]"), "\"1234567890.com.example.myapp\""),
        (&format!("{leaf}.extensions.osProperties[1400]"), "\"27.0\""),
        (&format!("{fields}[6]"), "\"ATTEST\""),
    ] {
        assert_eq!(node(&nodes, path).value, value, "{path}");
    }
    let expiration = node(&nodes, &format!("{fields}[21]"));
    assert_eq!(expiration.label, "field 21: expiration time");
    // The receipt's content lies in two segments, and so do the fields in it.
    let copy = node(&nodes, &format!("{fields}[3].tbs.subject.CN"));
    assert_eq!(copy.value, node(&nodes, &format!("{leaf}.subject.CN")).value);
}

#[test]
fn genuine_objects_are_read_to_their_last_byte() {
    for (name, kind, object) in objects() {
        let nodes = explain(kind, &object);
        is_whole(&object, &nodes).unwrap_or_else(|error| panic!("{name}: {error}"));
        for node in &nodes {
            assert_eq!(node.damage, None, "{name}: {}", node.path);
            assert!(!node.path.contains("[?]"), "{name}: {}", node.path);
            assert!(!node.label.contains("unknown"), "{name}: {} {}", node.path, node.label);
        }
    }
}

#[test]
fn what_is_cut_off_is_said_and_the_rest_is_told() {
    let object = sample();
    for length in (0..object.len()).step_by(7) {
        let nodes = explain(Kind::Attestation, &object[..length]);
        is_whole(&object[..length], &nodes).unwrap_or_else(|error| panic!("{length}: {error}"));
        assert!(length == 0 || nodes.iter().any(|node| node.damage.is_some()), "{length}");
    }
    let cut = &object[..object.len() - 100];
    let nodes = explain(Kind::Attestation, cut);
    let data = node(&nodes, "authData");
    assert_eq!(data.damage.as_deref(), Some("says 226 bytes where 126 are left"));
    assert_eq!(node(&nodes, "authData.flags").value, "AT attested credential data");
}

#[test]
fn hostile_structures_end_and_are_whole() {
    let huge = [0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let many = [&[0x9b, 0, 0, 0, 0xff][..], &[0].repeat(200_000)].concat();
    for object in [
        [0x81].repeat(100_000),
        [0x9f].repeat(100_000),
        [0xc1].repeat(100_000),
        [0x30, 0x80].repeat(50_000),
        [0x24, 0x80].repeat(50_000),
        [0x5f, 0x5f].repeat(50_000),
        vec![0x30; 100_000],
        [0x05, 0x00].repeat(50_000),
        huge.to_vec(),
        many,
    ] {
        for kind in KINDS {
            let nodes = explain(kind, &object);
            is_whole(&object, &nodes).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
            assert!(nodes.len() < 21_000, "{}", nodes.len());
        }
    }
}

/// Causes and consequences of the differences, by path.
fn paths(found: &[Difference], consequence: bool) -> Vec<&str> {
    let found = found.iter().filter(|one| one.consequence == consequence);
    found.map(|one| one.path.as_str()).collect()
}

#[test]
fn one_flipped_byte_is_one_difference() {
    let object = sample();
    let nodes = explain(Kind::Attestation, &object);
    for path in ["authData.rpIdHash", "authData.flags", "authData.signCount", "fmt"] {
        let mut other = object.clone();
        let node = node(&nodes, path);
        other[node.at + node.len - 1] ^= 1;
        let found = difference(Kind::Attestation, &object, &other);
        assert_eq!(paths(&found, false), [path]);
        assert_eq!(paths(&found, true), [""; 0]);
        let (twin, sent) = (found[0].twin.as_ref().unwrap(), found[0].sent.as_ref().unwrap());
        assert_eq!((twin.at, sent.at), (node.at, node.at));
        assert_ne!(twin.bytes, sent.bytes);
    }
    assert_eq!(difference(Kind::Attestation, &object, &object), []);
}

#[test]
fn one_inserted_byte_is_one_difference_and_the_lengths_around_it() {
    let object = sample();
    let nodes = explain(Kind::Attestation, &object);
    let version = node(&nodes, "authData.extensions.apple_bundle_version_01");
    let data = node(&nodes, "authData");
    let mut other = object.clone();
    // One character more in the version, and both lengths one more.
    other[version.at] += 1;
    other.insert(version.at + 1, b'9');
    other[data.at + 1] += 1;
    let found = difference(Kind::Attestation, &object, &other);
    assert_eq!(paths(&found, false), ["authData.extensions.apple_bundle_version_01"]);
    assert_eq!(paths(&found, true), ["authData"]);
}

#[test]
fn a_lying_length_is_no_consequence() {
    let object = sample();
    let nodes = explain(Kind::Attestation, &object);
    let data = node(&nodes, "authData");
    assert_eq!(object[data.at], 0x58);
    // The same length in two bytes where one is enough.
    let mut other = object.clone();
    other.splice(data.at..=data.at, [0x59, 0x00]);
    let found = difference(Kind::Attestation, &object, &other);
    assert_eq!(paths(&found, false), ["authData"]);
    assert!(found[0].sent.as_ref().unwrap().value.contains("longer than needed"), "{found:?}");
}

#[test]
fn swapped_certificates_are_told_as_swapped() {
    let object = sample();
    let read = AttestationObject::decode(&object).unwrap();
    let nodes = explain(Kind::Attestation, &object);
    let (first, second) = (node(&nodes, "attStmt.x5c[0]"), node(&nodes, "attStmt.x5c[1]"));
    let range = first.at..second.at + second.len;
    let swapped = [&object[second.at..range.end], &object[first.at..second.at]].concat();
    let mut other = object.clone();
    other.splice(range, swapped);
    let found = difference(Kind::Attestation, &object, &other);
    let told: Vec<_> =
        found.iter().map(|one| one.sent.as_ref().map(|sent| sent.value.clone())).collect();
    let expected = ["the twin's attStmt.x5c[1]", "the twin's attStmt.x5c[0]"];
    assert_eq!(told, expected.map(|text| Some(text.to_owned())), "{}", read.certificates.len());
}

fn any_kind() -> impl Strategy<Value = Kind> {
    prop::sample::select(KINDS.to_vec())
}

/// The sample with some bytes overwritten, inserted or removed.
fn edited() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0..3, any::<u8>());
    prop::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut object = sample();
        for (at, how, byte) in edits {
            let at = at.index(object.len());
            match how {
                0 => object[at] = byte,
                1 => object.insert(at, byte),
                _ => drop(object.remove(at)),
            }
        }
        object
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_explained(kind in any_kind(), object in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(is_whole(&object, &explain(kind, &object)), Ok(()));
    }

    #[test]
    fn damaged_objects_are_explained_and_compared(other in edited()) {
        let object = sample();
        prop_assert_eq!(is_whole(&other, &explain(Kind::Attestation, &other)), Ok(()));
        let found = difference(Kind::Attestation, &object, &other);
        prop_assert_eq!(found.is_empty(), object == other);
        if !found.is_empty() {
            prop_assert!(found.iter().any(|one| !one.consequence), "{:?}", found);
        }
    }
}
