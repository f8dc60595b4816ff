//! Edits of authenticator data, in attestations and assertions alike.

use super::Scene;
use super::container::nested;
use super::value::{Count, Declared, Depth, Hex, Size, another};
use super::vocabulary::operators;
use protocol::terms::{Environment, sha256};
use simulator::Derived;
use simulator::authenticator_data::{
    AttestedCredentialModel, AuthenticatorDataModel, cose_key, extension, validation_category,
};
use simulator::encode::cbor::{Item, Width};

operators! {
    /// Edits of authenticator data. What is signed follows, unless it was pinned before.
    AuthenticatorDataOperator {
        "authdata.rpid.other-app" RpIdOtherApp {} "The RP ID hash of another app of the same team.";
        "authdata.rpid.other-team" RpIdOtherTeam {} "The RP ID hash of the same bundle id under another team: a re-signed copy.";
        "authdata.rpid.no-team" RpIdNoTeam {} "The RP ID hash of the bundle id without the team.";
        "authdata.rpid.upper-case" RpIdUpperCase {} "The RP ID hash of the App ID in capital letters.";
        "authdata.rpid.suffix" RpIdSuffix { text: String } "The RP ID hash of the App ID with a text after it.";
        "authdata.flags.set" FlagsSet { to: u8 } "The flags byte.";
        "authdata.counter.set" CounterSet { to: u32 } "The counter as written; the device's own does not change.";
        "authdata.aaguid.other-environment" AaguidOtherEnvironment {} "The AAGUID of the environment that the target does not serve.";
        "authdata.aaguid.set" AaguidSet { to: Hex } "The AAGUID.";
        "authdata.credid.other" CredentialIdOther {} "A credential id that is no key's.";
        "authdata.credid.length" CredentialIdLength { to: u16 } "What the two length bytes of the credential id say.";
        "authdata.cose.other-key" CoseOtherKey {} "The COSE key of a stranger.";
        "authdata.cose.reverse" CoseReverse {} "The entries of the COSE key in the opposite order.";
        "authdata.ext.drop" ExtensionsDrop {} "Leaves the extensions out, as devices before OS 27 do.";
        "authdata.ext.category" ExtensionCategory { to: u32 } "The validation category.";
        "authdata.ext.category-bytes" ExtensionCategoryBytes { to: Hex } "The bytes of the validation category.";
        "authdata.ext.bundle-version" ExtensionBundleVersion { to: String } "The bundle version.";
        "authdata.ext.other-version" ExtensionOtherVersion {} "Another of the bundle versions that the target declares.";
        "authdata.ext.add" ExtensionAdd { name: String, value: Hex } "One more extension, a byte string.";
        "authdata.ext.repeat-category" ExtensionRepeatCategory { to: u32 } "The validation category a second time, with another value.";
        "authdata.ext.replace" ExtensionsReplace { with: Hex } "Other bytes in the place of the extension map.";
        "authdata.ext.remove" ExtensionRemove { name: String } "Leaves one extension out.";
        "authdata.ext.set" ExtensionSet { name: String, value: Hex } "The value of an extension, in CBOR.";
        "authdata.credid.resize" CredentialIdResize { to: Size } "The credential id cut or filled with zero bytes to this length; what its length bytes say follows.";
        "authdata.credid.remove" CredentialRemove {} "Leaves AAGUID, credential id and COSE key out.";
        "authdata.credential.add" CredentialAdd {} "AAGUID, credential id and COSE key of the device, where an assertion has none.";
        "authdata.rpid.resize" RpIdResize { to: Size } "The RP ID hash cut or filled with zero bytes to this length.";
        "authdata.aaguid.resize" AaguidResize { to: Size } "The AAGUID cut or filled with zero bytes to this length.";
        "authdata.ext.reverse" ExtensionsReverse {} "The extensions in the opposite order.";
        "authdata.ext.indefinite" ExtensionsIndefinite {} "The extension map with indefinite length.";
        "authdata.ext.declared" ExtensionsDeclared { count: Declared } "Another number of entries in the head of the extension map than it has.";
        "authdata.ext.tagged" ExtensionsTagged { tag: u64 } "The extension map behind a tag.";
        "authdata.ext.repeat" ExtensionRepeat { name: String } "One extension a second time, with the same value.";
        "authdata.ext.rekey" ExtensionRekey { name: String, to: Hex } "One extension under another key, in CBOR.";
        "authdata.ext.add-entry" ExtensionAddEntry { key: Hex, value: Hex } "One more extension, key and value in CBOR.";
        "authdata.ext.add-many" ExtensionAddMany { count: Count } "So many more extensions of names nobody knows.";
        "authdata.ext.add-long" ExtensionAddLong { bytes: Size } "One more extension of a name nobody knows, so many bytes long.";
        "authdata.ext.add-nested" ExtensionAddNested { depth: Depth } "One more extension of a name nobody knows: so many arrays, each in the one before.";
        "authdata.ext.value.chunks" ExtensionChunks { name: String } "The value of an extension as string of indefinite length in one chunk.";
        "authdata.ext.value.wide" ExtensionWide { name: String } "The length of an extension's value in four bytes.";
        "authdata.append" Append { bytes: Hex } "Bytes after everything.";
        "authdata.truncate" Truncate { to: usize } "Keeps only so many bytes.";
    }
}

impl AuthenticatorDataOperator {
    /// Whether only an attestation has what is edited.
    pub(super) fn needs_credential(&self) -> bool {
        match self {
            Self::AaguidOtherEnvironment {}
            | Self::AaguidSet { .. }
            | Self::AaguidResize { .. }
            | Self::CredentialRemove {}
            | Self::CredentialIdResize { .. }
            | Self::CredentialIdOther {}
            | Self::CredentialIdLength { .. }
            | Self::CoseOtherKey {}
            | Self::CoseReverse {} => true,
            Self::RpIdOtherApp {}
            | Self::RpIdOtherTeam {}
            | Self::RpIdNoTeam {}
            | Self::RpIdUpperCase {}
            | Self::RpIdSuffix { .. }
            | Self::FlagsSet { .. }
            | Self::CounterSet { .. }
            | Self::ExtensionsDrop {}
            | Self::ExtensionCategory { .. }
            | Self::ExtensionCategoryBytes { .. }
            | Self::ExtensionBundleVersion { .. }
            | Self::ExtensionOtherVersion {}
            | Self::ExtensionAdd { .. }
            | Self::ExtensionRepeatCategory { .. }
            | Self::ExtensionsReplace { .. }
            | Self::ExtensionRemove { .. }
            | Self::ExtensionSet { .. }
            | Self::CredentialAdd {}
            | Self::RpIdResize { .. }
            | Self::ExtensionsReverse {}
            | Self::ExtensionsIndefinite {}
            | Self::ExtensionsDeclared { .. }
            | Self::ExtensionsTagged { .. }
            | Self::ExtensionRepeat { .. }
            | Self::ExtensionRekey { .. }
            | Self::ExtensionAddEntry { .. }
            | Self::ExtensionAddMany { .. }
            | Self::ExtensionAddLong { .. }
            | Self::ExtensionAddNested { .. }
            | Self::ExtensionChunks { .. }
            | Self::ExtensionWide { .. }
            | Self::Append { .. }
            | Self::Truncate { .. } => false,
        }
    }

    pub(super) fn apply(&self, data: &mut AuthenticatorDataModel, scene: &Scene<'_>) {
        // What an edit before this one left out cannot be edited.
        if self.needs_credential() && data.attested_credential.is_none() {
            return;
        }
        let app_id = scene.premises.app_id.as_str();
        let (team, bundle) = app_id.split_once('.').unwrap_or((app_id, ""));
        let hash_of = |text: &str| sha256(&[text.as_bytes()]).to_vec();
        match self {
            Self::RpIdOtherApp {} => data.rp_id_hash = hash_of(&format!("{app_id}.other")),
            Self::RpIdOtherTeam {} => {
                let other = if team == "ZYXWV98765" { "ABCDE12345" } else { "ZYXWV98765" };
                data.rp_id_hash = hash_of(&format!("{other}.{bundle}"));
            }
            Self::RpIdNoTeam {} => data.rp_id_hash = hash_of(bundle),
            Self::RpIdUpperCase {} => data.rp_id_hash = hash_of(&app_id.to_uppercase()),
            Self::RpIdSuffix { text } => data.rp_id_hash = hash_of(&format!("{app_id}{text}")),
            Self::FlagsSet { to } => data.flags = *to,
            Self::CounterSet { to } => data.counter = *to,
            Self::AaguidOtherEnvironment {} => {
                let other = match scene.premises.environment {
                    Environment::Development => Environment::Production,
                    Environment::Production => Environment::Development,
                };
                credential(data).aaguid = other.aaguid().to_vec();
            }
            Self::AaguidSet { to } => credential(data).aaguid.clone_from(&to.0),
            Self::CredentialIdOther {} => {
                let other = another(&credential(data).credential_id);
                credential(data).credential_id = other;
            }
            Self::CredentialIdLength { to } => {
                credential(data).credential_id_length = Derived::Fixed(*to);
            }
            Self::CoseOtherKey {} => {
                let point = scene.stranger().public_key();
                credential(data).cose_key = cose_key(&point[1..33], &point[33..]);
            }
            Self::CoseReverse {} => credential(data).cose_key.reverse(),
            Self::ExtensionsDrop {} => {
                data.extensions = None;
                data.flags &= 0x7f;
            }
            Self::ExtensionCategory { to } => {
                data.set_extension(extension::VALIDATION_CATEGORY, &validation_category(*to));
            }
            Self::ExtensionCategoryBytes { to } => {
                data.set_extension(extension::VALIDATION_CATEGORY, &Item::Bytes(to.0.clone()));
            }
            Self::ExtensionBundleVersion { to } => {
                data.set_extension(extension::BUNDLE_VERSION, &Item::text(to));
            }
            Self::ExtensionOtherVersion {} => {
                if let Some(version) = scene.premises.versions().last() {
                    data.set_extension(extension::BUNDLE_VERSION, &Item::text(version));
                }
            }
            Self::ExtensionAdd { name, value } => {
                let entries = data.extensions.get_or_insert_default();
                entries.push((Item::text(name), Item::Bytes(value.0.clone())));
            }
            Self::ExtensionRepeatCategory { to } => {
                let entries = data.extensions.get_or_insert_default();
                entries.push((extension::VALIDATION_CATEGORY.into(), validation_category(*to)));
            }
            Self::ExtensionsReplace { with } => {
                data.extension_bytes = Derived::Fixed(with.0.clone());
            }
            Self::ExtensionRemove { name } => data.remove_extension(name),
            Self::ExtensionSet { name, value } => {
                data.set_extension(name, &Item::Raw(value.0.clone()));
            }
            Self::CredentialIdResize { to } => credential(data).credential_id.resize(to.0, 0),
            Self::CredentialRemove {} => data.attested_credential = None,
            Self::CredentialAdd {} => {
                let point = scene.device.public_key();
                data.attested_credential = Some(AttestedCredentialModel {
                    aaguid: scene.premises.environment.aaguid().to_vec(),
                    credential_id: scene.device.key_id().0.to_vec(),
                    credential_id_length: Derived::Computed,
                    cose_key: cose_key(&point[1..33], &point[33..]),
                    cose_key_bytes: Derived::Computed,
                });
            }
            Self::RpIdResize { to } => data.rp_id_hash.resize(to.0, 0),
            Self::AaguidResize { to } => credential(data).aaguid.resize(to.0, 0),
            Self::ExtensionsReverse {} => data.extensions.get_or_insert_default().reverse(),
            Self::ExtensionsIndefinite {} => {
                pin_map(data, |map| Item::Indefinite(Box::new(map)));
            }
            Self::ExtensionsDeclared { count } => {
                pin_map(data, |map| Item::Declared(count.0, Box::new(map)));
            }
            Self::ExtensionsTagged { tag } => {
                pin_map(data, |map| Item::Tagged(*tag, Box::new(map)));
            }
            Self::ExtensionRepeat { name } => {
                let entries = data.extensions.get_or_insert_default();
                let found = entries.iter().find(|(key, _)| *key == Item::text(name)).cloned();
                entries.extend(found);
            }
            Self::ExtensionRekey { name, to } => {
                for (key, _) in named(data, name) {
                    *key = Item::Raw(to.0.clone());
                }
            }
            Self::ExtensionAddEntry { key, value } => {
                let entries = data.extensions.get_or_insert_default();
                entries.push((Item::Raw(key.0.clone()), Item::Raw(value.0.clone())));
            }
            Self::ExtensionAddMany { count } => {
                let entries = data.extensions.get_or_insert_default();
                let one = |number| (Item::text(&format!("x{number}")), Item::Unsigned(0));
                entries.extend((0..count.0).map(one));
            }
            Self::ExtensionAddLong { bytes } => {
                let entries = data.extensions.get_or_insert_default();
                entries.push((Item::text("x"), Item::Bytes(vec![0; bytes.0])));
            }
            Self::ExtensionAddNested { depth } => {
                let entries = data.extensions.get_or_insert_default();
                entries.push((Item::text("x"), Item::Raw(nested(depth.0))));
            }
            Self::ExtensionChunks { name } => {
                for (_, value) in named(data, name) {
                    *value = Item::Indefinite(Box::new(value.clone()));
                }
            }
            Self::ExtensionWide { name } => {
                for (_, value) in named(data, name) {
                    *value = Item::Wide(Width::Four, Box::new(value.clone()));
                }
            }
            Self::Append { bytes } => data.trailing.extend_from_slice(&bytes.0),
            Self::Truncate { to } => data.truncate = Some(*to),
        }
    }
}

/// Writes the extension map in another form.
fn pin_map(data: &mut AuthenticatorDataModel, form: impl FnOnce(Item) -> Item) {
    let map = Item::Map(data.extensions.clone().unwrap_or_default());
    data.extension_bytes = Derived::Fixed(form(map).encode());
}

/// The extensions of that name.
fn named<'d>(
    data: &'d mut AuthenticatorDataModel,
    name: &str,
) -> impl Iterator<Item = &'d mut (Item, Item)> {
    let wanted = Item::text(name);
    data.extensions.iter_mut().flatten().filter(move |(key, _)| *key == wanted)
}

fn credential(data: &mut AuthenticatorDataModel) -> &mut AttestedCredentialModel {
    data.attested_credential
        .as_mut()
        .expect("operators on the credential are not applied where there is none")
}
