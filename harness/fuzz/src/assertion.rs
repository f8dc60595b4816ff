//! An assertion object.

use crate::attestation::{entry, untagged};
use crate::ground::ground;
use crate::held;
use ciborium::Value;
use protocol::explain::Kind;
use protocol::verify::Crypto;
use protocol::wire::{Assertion, AuthenticatorData};
use simulator::encode::cbor::Item;

pub(crate) fn run(input: &[u8]) {
    decoded(input);
    let ground = ground();
    held::assertion(&ground.assertion(input), ground, &ground.policy(Crypto::AwsLcRs));
}

/// Reads everything in it, whoever it is for.
pub(crate) fn decoded(input: &[u8]) {
    match Assertion::decode(input) {
        Ok(assertion) => read(&assertion, input),
        Err(malformed) => held::malformed(&malformed, input),
    }
    held::explained(Kind::Assertion, input);
}

/// Holds what was read against the input, against another reader, and against itself written anew.
fn read(assertion: &Assertion<'_>, input: &[u8]) {
    held::deviations(&assertion.deviations, input);
    held::within(assertion.signature, input);
    held::within(assertion.authenticator_data, input);
    let data = assertion.authenticator_data;
    if let Err(malformed) = AuthenticatorData::decode_assertion(data) {
        held::malformed(&malformed, data);
    }
    // It refuses simple values, which are legal and mean nothing here.
    if let Ok(root) = ciborium::from_reader(input) {
        let ours = Some((assertion.signature.to_vec(), data.to_vec()));
        assert_eq!(second_opinion(&root), ours, "ciborium reads otherwise");
    }
    let anew = Item::Map(vec![
        (Item::text("signature"), Item::Bytes(assertion.signature.to_vec())),
        (Item::text("authenticatorData"), Item::Bytes(data.to_vec())),
    ])
    .encode();
    let again = Assertion::decode(&anew).expect("what we write is read");
    assert_eq!(again, Assertion { deviations: Vec::new(), ..assertion.clone() });
}

/// Signature and authenticator data as another CBOR library finds them in the same bytes.
fn second_opinion(root: &Value) -> Option<(Vec<u8>, Vec<u8>)> {
    let bytes = |name| untagged(entry(root, name)?).as_bytes().cloned();
    Some((bytes("signature")?, bytes("authenticatorData")?))
}
