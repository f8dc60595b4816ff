//! Edits of what binds an attestation together: nonce, key id and chain.

use super::Scene;
use super::draft::AttestationDraft;
use super::value::{Hex, another};
use super::vocabulary::operators;
use protocol::terms::{nonce, oid, sha256};
use simulator::Derived;
use simulator::attestation::ChainElement;
use simulator::certificate::{CertificateModel, ExtensionValue, PublicKeyModel, nonce_extension};
use simulator::encode::cbor::{Form, Item};
use simulator::key::Key;

operators! {
    /// Edits of the nonce, the key id that is sent, and the chain.
    AttestationOperator {
        "nonce.other-challenge" NonceOtherChallenge {} "The nonce of another challenge.";
        "nonce.set" NonceSet { to: Hex } "The nonce.";
        "nonce.pin" NoncePin {} "Keeps the nonce as it is now, whatever is edited afterwards.";
        "nonce.swapped" NonceSwapped {} "SHA-256 of client data hash and authenticator data, in this order.";
        "nonce.twice" NonceTwice {} "SHA-256 of the nonce.";
        "nonce.of-client-data-hash" NonceOfHash {} "SHA-256 of the client data hash alone.";
        "nonce.of-authenticator-data" NonceOfData {} "SHA-256 of the authenticator data alone.";
        "nonce.append" NonceAppend { bytes: Hex } "The nonce with bytes after it.";
        "nonce.prepend" NoncePrepend { bytes: Hex } "The nonce with bytes before it.";
        "nonce.truncate" NonceTruncate { to: usize } "Keeps only so many bytes of the nonce.";
        "nonce.drop" NonceDrop {} "Leaves the nonce extension out of the leaf.";
        "nonce.repeat" NonceRepeat {} "A second nonce extension with another nonce.";
        "keyid.other" KeyIdOther {} "Sends a key id that is no key's.";
        "keyid.other-everywhere" KeyIdOtherEverywhere {} "Sends a key id that is no key's, and the same as credential id.";
        "keyid.of-coordinates" KeyIdOfCoordinates {} "Key id and credential id are SHA-256 of X and Y without the leading 04.";
        "keyid.of-compressed-point" KeyIdOfCompressed {} "Key id and credential id are SHA-256 of the compressed point.";
        "keyid.of-public-key-info" KeyIdOfInfo {} "Key id and credential id are SHA-256 of the SubjectPublicKeyInfo.";
        "key.other-everywhere-but-leaf" KeyOther {} "COSE key, credential id and key id of a stranger; the leaf still certifies the device's key.";
        "leaf.key.p384" LeafKeyP384 {} "The leaf certifies a key on P-384; key id and credential id follow, the COSE key does not.";
        "chain.other-root" ChainOtherRoot {} "Leaf and intermediate of another root whose names are the same.";
        "chain.other-root.sent" ChainOtherRootSent {} "Leaf, intermediate and root of another authority, all sent.";
        "chain.sub-ca" ChainSubAuthority {} "One more CA between the intermediate and the leaf.";
        "chain.sub-ca.allowed" ChainSubAuthorityAllowed {} "One more CA between intermediate and leaf, where the intermediate has no path length.";
        "chain.by-leaf" ChainByLeaf {} "Issued by another device's leaf, which is sent after it.";
        "x5c.drop" CertificatesDrop { at: usize } "Leaves that certificate out.";
        "x5c.empty" CertificatesEmpty {} "An empty array of certificates.";
        "x5c.swap" CertificatesSwap {} "The first two certificates in the opposite order.";
        "x5c.repeat" CertificatesRepeat { at: usize } "That certificate once more, at the end.";
        "x5c.append" CertificatesAppend { bytes: Hex } "One more element with these bytes.";
        "x5c.append-root" CertificatesAppendRoot {} "The trust anchor as last certificate.";
        "x5c.as-text" CertificatesAsText { at: usize } "That certificate as text string.";
    }
}

impl AttestationOperator {
    pub(super) fn apply(&self, draft: &mut AttestationDraft, scene: &Scene<'_>) {
        match self {
            Self::NonceOtherChallenge {} => {
                draft.model.client_data_hash = another(&draft.model.client_data_hash);
            }
            Self::NonceSet { to } => draft.model.nonce = Derived::Fixed(to.0.clone()),
            Self::NoncePin {} => pin(draft, |honest, _, _| honest),
            Self::NonceSwapped {} => pin(draft, |_, data, hash| sha256(&[hash, data]).to_vec()),
            Self::NonceTwice {} => pin(draft, |honest, _, _| sha256(&[&honest]).to_vec()),
            Self::NonceOfHash {} => pin(draft, |_, _, hash| sha256(&[hash]).to_vec()),
            Self::NonceOfData {} => pin(draft, |_, data, _| sha256(&[data]).to_vec()),
            Self::NonceAppend { bytes } => {
                pin(draft, |honest, _, _| [honest, bytes.0.clone()].concat());
            }
            Self::NoncePrepend { bytes } => {
                pin(draft, |honest, _, _| [bytes.0.clone(), honest].concat());
            }
            Self::NonceTruncate { to } => {
                pin(draft, |honest, _, _| honest[..(*to).min(honest.len())].to_vec());
            }
            Self::NonceDrop {} => draft.model.leaf.remove_extension(oid::NONCE),
            Self::NonceRepeat {} => {
                let other = nonce_extension(&another(&draft.model.client_data_hash));
                let extensions = draft.model.leaf.extensions.get_or_insert_default();
                if let Some(first) = extensions.iter().find(|one| one.oid == oid::NONCE).cloned() {
                    let second = ExtensionValue::Bytes(other);
                    extensions.push(simulator::certificate::Extension { value: second, ..first });
                }
            }
            Self::KeyIdOther {} => draft.key_id = another(&draft.key_id),
            Self::KeyIdOtherEverywhere {} => draft.rename(another(&draft.key_id.clone())),
            Self::KeyIdOfCoordinates {} => {
                draft.rename(sha256(&[&scene.device.public_key()[1..]]).to_vec());
            }
            Self::KeyIdOfCompressed {} => {
                let point = scene.device.public_key();
                let sign = 2 + (point[64] & 1);
                draft.rename(sha256(&[&[sign], &point[1..33]]).to_vec());
            }
            Self::KeyIdOfInfo {} => {
                draft.rename(sha256(&[&draft.model.leaf.public_key.seal()]).to_vec());
            }
            Self::KeyOther {} => {
                let stranger = scene.stranger();
                let point = stranger.public_key();
                draft.rename(stranger.key_id().0.to_vec());
                if let Some(credential) = &mut draft.model.authenticator_data.attested_credential {
                    credential.cose_key =
                        simulator::authenticator_data::cose_key(&point[1..33], &point[33..]);
                }
            }
            Self::LeafKeyP384 {} => {
                let key = Key::p384(&scene.seed.child("a key on P-384", 0));
                draft.rename(sha256(&[&key.point()]).to_vec());
                draft.model.leaf.public_key = PublicKeyModel::of(&key);
            }
            Self::ChainOtherRoot {} => other_root(draft, scene),
            Self::ChainOtherRootSent {} => {
                other_root(draft, scene);
                draft.model.chain.push(scene.impostor().root().clone());
            }
            Self::ChainSubAuthority {} => sub_authority(draft, scene),
            Self::ChainSubAuthorityAllowed {} => {
                sub_authority(draft, scene);
                if let Some(above) = draft.model.chain.last_mut() {
                    unlimited(above);
                }
            }
            Self::ChainByLeaf {} => {
                let stranger = scene.stranger();
                let hash = &draft.model.client_data_hash;
                let other = stranger.attestation_model(scene.authority, hash, scene.now).leaf;
                draft.model.leaf.issuer = other.subject.clone();
                draft.model.leaf.signature.key = stranger.key().clone();
                draft.model.chain.insert(0, other);
            }
            Self::CertificatesDrop { at } => {
                let elements = elements(draft);
                if *at < elements.len() {
                    elements.remove(*at);
                }
            }
            Self::CertificatesEmpty {} => elements(draft).clear(),
            Self::CertificatesSwap {} => {
                let elements = elements(draft);
                if elements.len() > 1 {
                    elements.swap(0, 1);
                }
            }
            Self::CertificatesRepeat { at } => {
                let elements = elements(draft);
                if let Some(element) = elements.get(*at).cloned() {
                    elements.push(element);
                }
            }
            Self::CertificatesAppend { bytes } => {
                elements(draft).push(ChainElement::Item(Item::Bytes(bytes.0.clone())));
            }
            Self::CertificatesAppendRoot {} => {
                let root = scene.authority.root_der().to_vec();
                elements(draft).push(ChainElement::Item(Item::Bytes(root)));
            }
            Self::CertificatesAsText { at } => match elements(draft).get_mut(*at) {
                Some(ChainElement::Leaf(form) | ChainElement::Chain(_, form)) => {
                    *form = Form::OtherString;
                }
                Some(ChainElement::Item(_)) | None => {}
            },
        }
    }
}

/// Fixes the nonce to what `make` gives for the honest one, authenticator data and client data hash.
fn pin(draft: &mut AttestationDraft, make: impl FnOnce(Vec<u8>, &[u8], &[u8]) -> Vec<u8>) {
    let data = draft.model.authenticator_data.seal();
    let hash = &draft.model.client_data_hash;
    let honest = nonce(&data, hash).to_vec();
    draft.model.nonce = Derived::Fixed(make(honest, &data, hash));
}

fn other_root(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let impostor = scene.impostor();
    draft.model.leaf.signature.key = impostor.intermediate_key().clone();
    draft.model.chain = vec![impostor.intermediate().clone()];
}

fn sub_authority(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let key = Key::p384(&scene.seed.child("a CA below the intermediate", 0));
    let above = scene.authority.intermediate();
    let mut below = CertificateModel { issuer: above.subject.clone(), ..above.clone() };
    below.certify(&key);
    below.subject.set(simulator::name::COMMON_NAME, "Assay Test-Only Sub CA");
    below.serial = vec![0x10, 0x01];
    below.signature.key = scene.authority.intermediate_key().clone();
    draft.model.leaf.issuer = below.subject.clone();
    draft.model.leaf.signature.key = key;
    draft.model.chain.insert(0, below);
}

/// Takes the path length away.
fn unlimited(certificate: &mut CertificateModel) {
    use simulator::encode::der;
    for extension in certificate.extensions_of(oid::BASIC_CONSTRAINTS) {
        let value = der::tlv(der::tag::SEQUENCE, &[0x01, 0x01, 0xff]);
        extension.value = ExtensionValue::Bytes(value);
    }
}

/// The elements of `x5c`, spelled out so that they can be edited.
fn elements(draft: &mut AttestationDraft) -> &mut Vec<ChainElement> {
    let model = &mut draft.model;
    if model.container.certificates == Derived::Computed {
        let above = (0..model.chain.len()).map(|index| ChainElement::Chain(index, Form::Plain));
        let all = std::iter::once(ChainElement::Leaf(Form::Plain)).chain(above).collect();
        model.container.certificates = Derived::Fixed(all);
    }
    match &mut model.container.certificates {
        Derived::Fixed(elements) => elements,
        Derived::Computed => unreachable!("it was fixed above"),
    }
}
