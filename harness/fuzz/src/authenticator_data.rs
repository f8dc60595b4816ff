//! Authenticator data, of an attestation or an assertion.

use crate::held;
use protocol::explain::Kind;
use protocol::wire::{AttestedCredential, AuthenticatorData, CoseKey, Extensions, Malformed};
use simulator::authenticator_data::{
    AttestedCredentialModel, AuthenticatorDataModel, extension, validation_category,
};
use simulator::derived::Derived;
use simulator::encode::cbor::Item;

pub(crate) fn run(input: &[u8]) {
    decoded(input);
    read(of_assertion, input);
    held::explained(Kind::AttestationData, input);
    held::explained(Kind::AssertionData, input);
}

/// Reads an attestation's.
pub(crate) fn decoded(input: &[u8]) {
    read(of_attestation, input);
}

type Read<'a> = Result<AuthenticatorData<'a>, Malformed>;

fn of_attestation(input: &[u8]) -> Read<'_> {
    AuthenticatorData::decode_attestation(input)
}

fn of_assertion(input: &[u8]) -> Read<'_> {
    AuthenticatorData::decode_assertion(input)
}

/// Holds what is read against the bytes of known places, and against itself written anew.
fn read(decode: fn(&[u8]) -> Read<'_>, input: &[u8]) {
    let data = match decode(input) {
        Ok(data) => data,
        Err(malformed) => return held::malformed(&malformed, input),
    };
    held::deviations(&data.deviations, input);
    assert_eq!(data.rp_id_hash[..], input[..32]);
    assert_eq!((data.flags, data.counter.to_be_bytes()[..].as_ref()), (input[32], &input[33..37]));
    if let Some(attested) = &data.attested {
        assert_eq!(attested.aaguid[..], input[37..53]);
        let length = usize::from(u16::from_be_bytes([input[53], input[54]]));
        assert_eq!(attested.credential_id, &input[55..55 + length]);
        let sizes = (attested.cose_key.x.len(), attested.cose_key.y.len());
        assert_eq!(attested.point().is_some(), sizes == (32, 32));
    }
    let anew = model(&data).seal();
    let again = decode(&anew).expect("what we write is read");
    // Keys in an order that only a genuine object has are no deviation, and ours is another's.
    let deviations = again.deviations.clone();
    assert_eq!(again, AuthenticatorData { deviations, ..data });
}

/// The same data, to be written.
fn model(data: &AuthenticatorData<'_>) -> AuthenticatorDataModel {
    AuthenticatorDataModel {
        rp_id_hash: data.rp_id_hash.to_vec(),
        flags: data.flags,
        counter: data.counter,
        attested_credential: data.attested.as_ref().map(credential),
        extensions: data.extensions.as_ref().map(extensions),
        extension_bytes: Derived::Computed,
        trailing: Vec::new(),
        truncate: None,
    }
}

fn credential(attested: &AttestedCredential<'_>) -> AttestedCredentialModel {
    let CoseKey { key_type, algorithm, curve, x, y, has_private_part } = attested.cose_key;
    let pair = |label, value| (Item::integer(label), value);
    let mut cose_key = vec![
        pair(1, Item::integer(key_type)),
        pair(3, Item::integer(algorithm)),
        pair(-1, Item::integer(curve)),
        pair(-2, Item::Bytes(x.to_vec())),
        pair(-3, Item::Bytes(y.to_vec())),
    ];
    if has_private_part {
        cose_key.push(pair(-4, Item::Bytes(Vec::new())));
    }
    AttestedCredentialModel {
        aaguid: attested.aaguid.to_vec(),
        credential_id: attested.credential_id.to_vec(),
        credential_id_length: Derived::Computed,
        cose_key,
        cose_key_bytes: Derived::Computed,
    }
}

fn extensions(found: &Extensions<'_>) -> Vec<(Item, Item)> {
    let mut entries = Vec::new();
    let mut push = |name: &str, value| entries.push((Item::text(name), value));
    for name in &found.unknown_keys {
        push(name, Item::Null);
    }
    if let Some(version) = found.bundle_version {
        push(extension::BUNDLE_VERSION, Item::text(version));
    }
    if let Some(category) = found.validation_category {
        push(extension::VALIDATION_CATEGORY, validation_category(category));
    }
    if let Some(hash) = found.cd_hash {
        push(extension::CODE_DIRECTORY_HASH, Item::Bytes(hash.to_vec()));
    }
    if let Some(kind) = found.cd_hash_type {
        push(extension::CODE_DIRECTORY_HASH_TYPE, Item::Bytes(kind.to_vec()));
    }
    entries
}
