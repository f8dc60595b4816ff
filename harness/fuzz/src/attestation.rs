//! An attestation object.

use crate::ground::ground;
use crate::{authenticator_data, certificate, held, receipt};
use ciborium::Value;
use protocol::explain::Kind;
use protocol::verify::Crypto;
use protocol::wire::AttestationObject;
use simulator::encode::cbor::Item;

pub(crate) fn run(input: &[u8]) {
    decoded(input);
    let ground = ground();
    held::attestation(&ground.attestation(input), ground, &ground.policy(Crypto::AwsLcRs));
}

/// Reads everything in it, whoever it is for.
pub(crate) fn decoded(input: &[u8]) {
    match AttestationObject::decode(input) {
        Ok(object) => read(&object, input),
        Err(malformed) => held::malformed(&malformed, input),
    }
    held::explained(Kind::Attestation, input);
}

/// Holds what was read against the input, against another reader, and against itself written anew.
fn read(object: &AttestationObject<'_>, input: &[u8]) {
    held::deviations(&object.deviations, input);
    for der in &object.certificates {
        held::within(der, input);
        certificate::decoded(der);
    }
    held::within(object.authenticator_data, input);
    authenticator_data::decoded(object.authenticator_data);
    if let Some(bytes) = object.receipt {
        held::within(bytes, input);
        receipt::decoded(bytes);
    }
    // It refuses simple values, which are legal and mean nothing here.
    if let Ok(root) = ciborium::from_reader(input) {
        assert_eq!(
            second_opinion(&root).as_ref(),
            Some(&written(object)),
            "ciborium reads otherwise"
        );
    }
    let anew = encoded(object);
    let again = AttestationObject::decode(&anew).expect("what we write is read");
    let deviations = Vec::new();
    assert_eq!(again, AttestationObject { deviations, ..object.clone() });
}

/// The object as Apple would have written it.
fn encoded(object: &AttestationObject<'_>) -> Vec<u8> {
    let bytes = |bytes: &[u8]| Item::Bytes(bytes.to_vec());
    let certificates = object.certificates.iter().map(|der| bytes(der)).collect();
    let mut statement = vec![(Item::text("x5c"), Item::Array(certificates))];
    statement.extend(object.receipt.map(|receipt| (Item::text("receipt"), bytes(receipt))));
    Item::Map(vec![
        (Item::text("fmt"), Item::text(object.format)),
        (Item::text("attStmt"), Item::Map(statement)),
        (Item::text("authData"), bytes(object.authenticator_data)),
    ])
    .encode()
}

/// What both readers are compared by: format, certificates, receipt, authenticator data.
type Written = (String, Vec<Vec<u8>>, Option<Vec<u8>>, Vec<u8>);

fn written(object: &AttestationObject<'_>) -> Written {
    (
        object.format.to_owned(),
        object.certificates.iter().map(|der| der.to_vec()).collect(),
        object.receipt.map(<[u8]>::to_vec),
        object.authenticator_data.to_vec(),
    )
}

/// What another CBOR library finds in the same bytes.
fn second_opinion(root: &Value) -> Option<Written> {
    let statement = entry(root, "attStmt")?;
    let bytes = |value: &Value| value.as_bytes().cloned();
    let certificates = untagged(entry(statement, "x5c")?).as_array()?;
    let receipt = match entry(statement, "receipt") {
        Some(value) => Some(bytes(untagged(value))?),
        None => None,
    };
    Some((
        untagged(entry(root, "fmt")?).as_text()?.to_owned(),
        certificates.iter().map(|one| bytes(untagged(one))).collect::<Option<_>>()?,
        receipt,
        bytes(untagged(entry(root, "authData")?))?,
    ))
}

/// The value of an entry. Tags before values are looked through; a tagged key is another key.
pub(crate) fn entry<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    let map = untagged(map).as_map()?;
    let found = map.iter().find(|(key, _)| key.as_text() == Some(name))?;
    Some(&found.1)
}

/// What stands behind tags, if any do.
pub(crate) fn untagged(value: &Value) -> &Value {
    match value {
        Value::Tag(_, inner) => untagged(inner),
        other => other,
    }
}
