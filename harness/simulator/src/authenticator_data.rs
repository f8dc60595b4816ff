//! Authenticator data with every field open, for attestations and assertions alike.

use crate::{derived::Derived, encode::cbor::Item};

/// Authenticator data, put together when it is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct AuthenticatorDataModel {
    /// 32 bytes in a genuine object.
    pub rp_id_hash: Vec<u8>,
    /// The flags byte.
    pub flags: u8,
    /// The counter.
    pub counter: u32,
    /// AAGUID, credential id and key; assertions have none.
    pub attested_credential: Option<AttestedCredentialModel>,
    /// Entries of the extension map in order; `None` leaves it out.
    pub extensions: Option<Vec<(Item, Item)>>,
    /// The extension bytes, map or not.
    pub extension_bytes: Derived<Vec<u8>>,
    /// Bytes after everything.
    pub trailing: Vec<u8>,
    /// Keeps only so many bytes.
    pub truncate: Option<usize>,
}

/// The attested credential data of an attestation.
#[derive(Debug, Clone, PartialEq)]
pub struct AttestedCredentialModel {
    /// 16 bytes in a genuine object.
    pub aaguid: Vec<u8>,
    /// The credential id: 32 bytes in a genuine object, the key id.
    pub credential_id: Vec<u8>,
    /// What the two length bytes say.
    pub credential_id_length: Derived<u16>,
    /// Entries of the COSE key in order.
    pub cose_key: Vec<(Item, Item)>,
    /// The COSE key's bytes, map or not.
    pub cose_key_bytes: Derived<Vec<u8>>,
}

/// The entry names of the extension map.
pub mod extension {
    /// Text: the bundle version.
    pub const BUNDLE_VERSION: &str = "apple_bundle_version_01";
    /// Four bytes, little-endian: the validation category.
    pub const VALIDATION_CATEGORY: &str = "apple_validation_category_01";
    /// The code directory's hash (macOS).
    pub const CODE_DIRECTORY_HASH: &str = "apple_cd_hash_hash_01";
    /// One byte: how that hash was made; 2 is SHA-256.
    pub const CODE_DIRECTORY_HASH_TYPE: &str = "apple_cd_hash_type_01";
}

impl AuthenticatorDataModel {
    /// The bytes.
    pub fn seal(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(320);
        out.extend_from_slice(&self.rp_id_hash);
        out.push(self.flags);
        out.extend_from_slice(&self.counter.to_be_bytes());
        if let Some(credential) = &self.attested_credential {
            credential.write(&mut out);
        }
        out.extend_from_slice(&self.extension_bytes.or_else(|| match &self.extensions {
            Some(entries) => Item::Map(entries.clone()).encode(),
            None => Vec::new(),
        }));
        out.extend_from_slice(&self.trailing);
        out.truncate(self.truncate.unwrap_or(usize::MAX));
        out
    }

    /// Replaces the value of every extension entry of that name; adds it at the end if missing.
    pub fn set_extension(&mut self, name: &str, value: &Item) {
        let entries = self.extensions.get_or_insert_default();
        let key = Item::text(name);
        let mut found = false;
        for entry in entries.iter_mut().filter(|entry| entry.0 == key) {
            entry.1 = value.clone();
            found = true;
        }
        if !found {
            entries.push((key, value.clone()));
        }
    }

    /// Removes every extension entry of that name; the last one takes the map with it.
    pub fn remove_extension(&mut self, name: &str) {
        if let Some(entries) = &mut self.extensions {
            entries.retain(|entry| entry.0 != Item::text(name));
            if entries.is_empty() {
                self.extensions = None;
            }
        }
    }
}

impl AttestedCredentialModel {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.aaguid);
        let length = self.credential_id_length.or_else(|| self.credential_id.len() as u16);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.credential_id);
        let key = self.cose_key_bytes.or_else(|| Item::Map(self.cose_key.clone()).encode());
        out.extend_from_slice(&key);
    }
}

/// The entries of an EC2 key on P-256 for ES256, in the order genuine objects have.
pub fn cose_key(x: &[u8], y: &[u8]) -> Vec<(Item, Item)> {
    let pair = |label, value| (Item::integer(label), value);
    vec![
        pair(1, Item::integer(2)),
        pair(3, Item::integer(-7)),
        pair(-1, Item::integer(1)),
        pair(-2, Item::Bytes(x.to_vec())),
        pair(-3, Item::Bytes(y.to_vec())),
    ]
}

/// The validation category as the wire has it: four bytes, little-endian.
pub fn validation_category(category: u32) -> Item {
    Item::Bytes(category.to_le_bytes().to_vec())
}
