use super::bytes;
use proptest::prelude::*;
use protocol::wire::{AuthenticatorData, Extensions};
use simulator::authenticator_data::{
    AttestedCredentialModel, AuthenticatorDataModel, extension, validation_category,
};
use simulator::derived::Derived;
use simulator::encode::cbor::Item;

/// The members of a COSE key.
#[derive(Debug, Clone)]
struct Cose {
    numbers: [i64; 3],
    x: Vec<u8>,
    y: Vec<u8>,
    private: bool,
}

impl Cose {
    fn entries(&self) -> Vec<(Item, Item)> {
        let [key_type, algorithm, curve] = self.numbers;
        let mut entries: Vec<_> = [
            (1, Item::integer(key_type)),
            (3, Item::integer(algorithm)),
            (-1, Item::integer(curve)),
            (-2, Item::Bytes(self.x.clone())),
            (-3, Item::Bytes(self.y.clone())),
        ]
        .map(|(label, value)| (Item::integer(label), value))
        .into();
        entries.extend(self.private.then(|| (Item::integer(-4), Item::Bytes(vec![7; 32]))));
        entries
    }
}

fn cose() -> impl Strategy<Value = Cose> {
    let numbers = prop::array::uniform3(prop_oneof![-30i64..30, any::<i64>()]);
    (numbers, bytes(0..70), bytes(0..70), any::<bool>()).prop_map(|(numbers, x, y, private)| Cose {
        numbers,
        x,
        y,
        private,
    })
}

fn credential() -> impl Strategy<Value = AttestedCredentialModel> {
    (bytes(16), bytes(0..300), cose()).prop_map(|(aaguid, credential_id, cose)| {
        AttestedCredentialModel {
            aaguid,
            credential_id,
            credential_id_length: Derived::Computed,
            cose_key: cose.entries(),
            cose_key_bytes: Derived::Computed,
        }
    })
}

/// What the extension map states, each member of it or none.
type Stated = (Option<Vec<u8>>, Option<Vec<u8>>, Option<String>, Option<u32>);

fn stated() -> impl Strategy<Value = Option<Stated>> {
    use prop::option::of;
    of((of(bytes(0..64)), of(bytes(0..3)), of(".{0,60}"), of(any::<u32>())))
}

/// In canonical order, as genuine maps are.
fn map_of((hash, kind, version, category): &Stated) -> Vec<(Item, Item)> {
    let bytes = |value: &Vec<u8>| Item::Bytes(value.clone());
    let entries = [
        (extension::CODE_DIRECTORY_HASH, hash.as_ref().map(bytes)),
        (extension::CODE_DIRECTORY_HASH_TYPE, kind.as_ref().map(bytes)),
        (extension::BUNDLE_VERSION, version.as_deref().map(Item::text)),
        (extension::VALIDATION_CATEGORY, category.map(validation_category)),
    ];
    entries.into_iter().filter_map(|(name, value)| Some((Item::text(name), value?))).collect()
}

fn model(
    rp_id_hash: &[u8; 32],
    flags: u8,
    counter: u32,
    credential: Option<AttestedCredentialModel>,
    stated: Option<&Stated>,
) -> AuthenticatorDataModel {
    // ED promises extensions; without them it is malformed, which another test says.
    let flags = if stated.is_some() { flags } else { flags & 0x7f };
    AuthenticatorDataModel {
        rp_id_hash: rp_id_hash.to_vec(),
        flags,
        counter,
        attested_credential: credential,
        extensions: stated.map(map_of),
        extension_bytes: Derived::Computed,
        trailing: Vec::new(),
        truncate: None,
    }
}

/// What was read, written again.
fn rewritten(data: &AuthenticatorData<'_>) -> Vec<u8> {
    let attested = data.attested.as_ref().map(|attested| {
        let key = &attested.cose_key;
        let (x, y) = (key.x.to_vec(), key.y.to_vec());
        let numbers = [key.key_type, key.algorithm, key.curve];
        AttestedCredentialModel {
            aaguid: attested.aaguid.to_vec(),
            credential_id: attested.credential_id.to_vec(),
            credential_id_length: Derived::Computed,
            cose_key: Cose { numbers, x, y, private: key.has_private_part }.entries(),
            cose_key_bytes: Derived::Computed,
        }
    });
    let stated = data.extensions.as_ref().map(|found| {
        let owned = |value: Option<&[u8]>| value.map(<[u8]>::to_vec);
        (
            owned(found.cd_hash),
            owned(found.cd_hash_type),
            found.bundle_version.map(str::to_owned),
            found.validation_category,
        )
    });
    model(data.rp_id_hash, data.flags, data.counter, attested, stated.as_ref()).seal()
}

proptest! {
    #[test]
    fn authenticator_data_is_read_as_it_was_written(
        hash: [u8; 32],
        flags: u8,
        counter: u32,
        credential in prop::option::of(credential()),
        stated in stated(),
    ) {
        let written = model(&hash, flags, counter, credential.clone(), stated.as_ref());
        let sealed = written.seal();
        let read = match &credential {
            Some(_) => AuthenticatorData::decode_attestation(&sealed),
            None => AuthenticatorData::decode_assertion(&sealed),
        };
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.rp_id_hash, &hash);
        prop_assert_eq!((read.flags, read.counter), (written.flags, counter));
        prop_assert_eq!(read.attested.is_some(), credential.is_some());
        if let (Some(found), Some(credential)) = (&read.attested, &credential) {
            prop_assert_eq!(&found.aaguid[..], &credential.aaguid[..]);
            prop_assert_eq!(found.credential_id, &credential.credential_id[..]);
        }
        let expected = stated.as_ref().map(|(hash, kind, version, category)| Extensions {
            bundle_version: version.as_deref(),
            validation_category: *category,
            cd_hash: hash.as_deref(),
            cd_hash_type: kind.as_deref(),
            unknown_keys: Vec::new(),
        });
        prop_assert_eq!(&read.extensions, &expected);
        prop_assert_eq!(&read.deviations, &[]);
        prop_assert_eq!(rewritten(&read), sealed);
    }

    #[test]
    fn extensions_of_other_names_are_told_and_change_nothing(
        stated in stated(),
        names in prop::collection::btree_map("[a-z_]{1,20}", super::items::item(), 0..8),
    ) {
        let mut written = model(&[1; 32], 0xc0, 1, None, stated.as_ref());
        let known = written.extensions.clone().unwrap_or_default();
        let unknown = names.iter().map(|(name, value)| (Item::text(name), value.clone()));
        written.extensions = Some(known.into_iter().chain(unknown).collect());
        let sealed = written.seal();
        let read = AuthenticatorData::decode_assertion(&sealed);
        let read = read.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found = read.extensions.unwrap();
        prop_assert_eq!(found.unknown_keys, names.keys().collect::<Vec<_>>());
        let (.., version, category) = stated.unwrap_or_default();
        prop_assert_eq!(found.bundle_version, version.as_deref());
        prop_assert_eq!(found.validation_category, category);
    }
}
