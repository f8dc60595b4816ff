//! Edits of what binds an attestation together: nonce, key id and chain.

use super::Scene;
use super::chain::{self, other_root, sub_authority, unlimited};
use super::credential;
use super::draft::AttestationDraft;
use super::value::{Count, Hex, another};
use super::vocabulary::operators;
use protocol::terms::{nonce, oid, sha256};
use simulator::Derived;
use simulator::attestation::ChainElement;
use simulator::certificate::{ExtensionValue, PublicKeyModel, nonce_extension};
use simulator::encode::cbor::{Form, Item};
use simulator::encode::der::{self, Length};
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
        "nonce.leading-zero" NonceLeadingZero {} "A key for which the nonce begins with a zero byte; edits before it are lost.";
        "nonce.drop" NonceDrop {} "Leaves the nonce extension out of the leaf.";
        "nonce.repeat" NonceRepeat {} "A second nonce extension with another nonce.";
        "nonce.tag" NonceTag { number: u32 } "The nonce under another context tag than 1.";
        "nonce.untagged" NonceUntagged {} "The nonce without context tag.";
        "nonce.long-length" NonceLongLength {} "The length of the nonce in two bytes, which DER forbids.";
        "nonce.constructed" NonceConstructed {} "The nonce as octet string of two segments, which DER forbids.";
        "keyid.other" KeyIdOther {} "Sends a key id that is no key's.";
        "keyid.other-everywhere" KeyIdOtherEverywhere {} "Sends a key id that is no key's, and the same as credential id.";
        "keyid.of-coordinates" KeyIdOfCoordinates {} "Key id and credential id are SHA-256 of X and Y without the leading 04.";
        "keyid.of-compressed-point" KeyIdOfCompressed {} "Key id and credential id are SHA-256 of the compressed point.";
        "keyid.of-public-key-info" KeyIdOfInfo {} "Key id and credential id are SHA-256 of the SubjectPublicKeyInfo.";
        "key.other-everywhere-but-leaf" KeyOther {} "COSE key, credential id and key id of a stranger; the leaf still certifies the device's key.";
        "leaf.key.p384" LeafKeyP384 {} "The leaf certifies a key on P-384; key id and credential id follow, the COSE key does not.";
        "leaf.key.off-curve" LeafKeyOffCurve {} "The leaf certifies a point that is not on P-256; key id and credential id follow, the COSE key does not.";
        "leaf.key.infinity" LeafKeyInfinity {} "The leaf certifies the point at infinity; key id and credential id follow, the COSE key does not.";
        "leaf.key.compressed" LeafKeyCompressed {} "The leaf has the compressed point of the device's key; key id and credential id follow.";
        "leaf.key.hybrid" LeafKeyHybrid {} "The leaf has the hybrid form of the device's point; key id and credential id follow.";
        "leaf.key.rsa-2048" LeafKeyRsa {} "The leaf certifies an RSA key; key id and credential id follow, the COSE key does not.";
        "leaf.key.ed25519" LeafKeyEd25519 {} "The leaf certifies an Ed25519 key; key id and credential id follow, the COSE key does not.";
        "leaf.key.point" LeafKeyPoint { bytes: Hex } "The leaf certifies these bytes as point; key id and credential id follow, the COSE key does not.";
        "leaf.key.swapped" LeafKeySwapped {} "The leaf certifies the point with X and Y in each other's place; key id and credential id follow, the COSE key does not.";
        "leaf.key.trailing" LeafKeyTrailing { bytes: Hex } "The leaf certifies the device's point and these bytes after it; key id and credential id follow.";
        "leaf.key.coordinates" LeafKeyCoordinates {} "The leaf certifies X and Y without the leading 04; key id and credential id follow.";
        "leaf.key.explicit-parameters" LeafKeyExplicit {} "The leaf spells P-256 out as curve parameters instead of naming it.";
        "cose.x.padded" CosePadded {} "X in the COSE key with a zero byte before it.";
        "cose.x.truncated" CoseTruncated {} "X in the COSE key without its last byte.";
        "cose.x.repeat" CoseRepeat {} "X in the COSE key a second time, with another value.";
        "cose.y.sign" CoseSign {} "Y in the COSE key as its sign, true or false: the compressed form.";
        "cose.add" CoseAdd { label: i64, value: Hex } "One more entry in the COSE key, a byte string.";
        "cose.drop" CoseDrop {} "Leaves the COSE key out.";
        "chain.other-root" ChainOtherRoot {} "Leaf and intermediate of another root whose names are the same.";
        "chain.other-root.sent" ChainOtherRootSent {} "Leaf, intermediate and root of another authority, all sent.";
        "chain.sub-ca" ChainSubAuthority {} "One more CA between the intermediate and the leaf.";
        "chain.sub-ca.allowed" ChainSubAuthorityAllowed {} "One more CA between intermediate and leaf, where the intermediate has no path length.";
        "chain.by-leaf" ChainByLeaf {} "Issued by another device's leaf, which is sent after it.";
        "chain.other-ca" ChainOtherAuthority {} "The intermediate of another root in the place of the one that signed the leaf.";
        "chain.cross-signed" ChainCrossSigned {} "The intermediate's name and key, certified by another root of the same name.";
        "chain.p256-ca" ChainP256 {} "An intermediate on P-256.";
        "chain.loop" ChainLoop {} "Two CAs that certify each other, the first of which issued the leaf.";
        "chain.other-authority" ChainOtherNames {} "Leaf and intermediate of an authority of other names, whose root certifies web sites' keys.";
        "chain.self-issued" ChainSelfIssued {} "A CA of the intermediate's own name and another key, certified by the intermediate, issues the leaf.";
        "chain.self-signed" ChainSelfSigned {} "A leaf that is signed by its own key and names itself as issuer.";
        "chain.by-root" ChainByRoot {} "A leaf that the root itself issued.";
        "chain.depth" ChainDepth { count: Count } "So many CAs between intermediate and leaf, none with a path length.";
        "chain.receipt-authority" ChainReceiptAuthority {} "Issued by the intermediate of receipts, which is sent after it.";
        "x5c.drop" CertificatesDrop { at: usize } "Leaves that certificate out.";
        "x5c.empty" CertificatesEmpty {} "An empty array of certificates.";
        "x5c.swap" CertificatesSwap {} "The first two certificates in the opposite order.";
        "x5c.repeat" CertificatesRepeat { at: usize } "That certificate once more, at the end.";
        "x5c.append" CertificatesAppend { bytes: Hex } "One more element with these bytes.";
        "x5c.unrelated" CertificatesUnrelated { count: Count } "So many certificates of another authority after the chain.";
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
            Self::NonceLeadingZero {} => credential::fit_to_nonce(draft, scene),
            Self::NonceDrop {} => draft.model.leaf.remove_extension(oid::NONCE),
            Self::NonceRepeat {} => {
                let other = nonce_extension(&another(&draft.model.client_data_hash));
                let extensions = draft.model.leaf.extensions.get_or_insert_default();
                if let Some(first) = extensions.iter().find(|one| one.oid == oid::NONCE).cloned() {
                    let second = ExtensionValue::Bytes(other);
                    extensions.push(simulator::certificate::Extension { value: second, ..first });
                }
            }
            Self::NonceTag { number } => wrap(draft, |octets| der::context(*number, &octets)),
            Self::NonceUntagged {} => wrap(draft, |octets| octets),
            Self::NonceLongLength {} => wrap(draft, |octets| {
                let long = der::element(&octets[..1], Length::Long(2), &octets[2..]);
                der::context(1, &long)
            }),
            Self::NonceConstructed {} => wrap(draft, |octets| {
                let segments: Vec<_> = octets[2..]
                    .chunks(16)
                    .map(|piece| der::tlv(der::tag::OCTET_STRING, piece))
                    .collect();
                let joined = der::join(&segments);
                der::context(1, &der::tlv(der::tag::CONSTRUCTED_OCTET_STRING, &joined))
            }),
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
            Self::LeafKeyOffCurve {} => credential::off_curve(draft),
            Self::LeafKeyInfinity {} => credential::certify_bytes(draft, vec![0]),
            Self::LeafKeyCompressed {} => credential::compressed(draft),
            Self::LeafKeyHybrid {} => credential::hybrid(draft),
            Self::LeafKeyRsa {} => credential::rsa(draft, scene),
            Self::LeafKeyEd25519 {} => credential::ed25519(draft, scene),
            Self::LeafKeyPoint { bytes } => credential::certify_bytes(draft, bytes.0.clone()),
            Self::LeafKeySwapped {} => {
                let point = scene.device.public_key();
                let swapped = [&[4], &point[33..], &point[1..33]].concat();
                credential::certify_bytes(draft, swapped);
            }
            Self::LeafKeyTrailing { bytes } => {
                let longer = [&scene.device.public_key()[..], &bytes.0].concat();
                credential::certify_bytes(draft, longer);
            }
            Self::LeafKeyCoordinates {} => {
                credential::certify_bytes(draft, scene.device.public_key()[1..].to_vec());
            }
            Self::LeafKeyExplicit {} => {
                draft.model.leaf.public_key.algorithm.parameters =
                    Some(credential::parameters_of_p256());
            }
            Self::CosePadded {} => credential::edit_x(draft, |x| x.insert(0, 0)),
            Self::CoseTruncated {} => credential::edit_x(draft, |x| x.truncate(31)),
            Self::CoseRepeat {} => credential::repeat_x(draft),
            Self::CoseSign {} => credential::sign_of_y(draft),
            Self::CoseAdd { label, value } => credential::add(draft, *label, &value.0),
            Self::CoseDrop {} => credential::drop_key(draft),
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
            Self::ChainOtherAuthority {} => {
                draft.model.chain = vec![scene.impostor().intermediate().clone()];
            }
            Self::ChainCrossSigned {} => chain::cross_signed(draft, scene),
            Self::ChainP256 {} => chain::on_p256(draft, scene),
            Self::ChainLoop {} => chain::in_a_loop(draft, scene),
            Self::ChainOtherNames {} => chain::of_other_names(draft, scene),
            Self::ChainSelfIssued {} => chain::self_issued(draft, scene),
            Self::ChainSelfSigned {} => {
                draft.model.leaf.issuer = draft.model.leaf.subject.clone();
                draft.model.leaf.signature.key = scene.device.key().clone();
            }
            Self::ChainByRoot {} => {
                draft.model.leaf.issuer = scene.authority.root().subject.clone();
                draft.model.leaf.signature.key = scene.authority.root_key().clone();
            }
            Self::ChainDepth { count } => chain::deep(draft, scene, count.0),
            Self::ChainReceiptAuthority {} => chain::of_receipts(draft, scene),
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
            Self::CertificatesUnrelated { count } => {
                let unrelated = Item::Bytes(scene.impostor().intermediate_der().to_vec());
                let all = std::iter::repeat_n(ChainElement::Item(unrelated), count.0);
                elements(draft).extend(all);
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

/// Writes the nonce extension otherwise: `make` gets the octet string of the nonce as it is now, and
/// what it returns stands in the SEQUENCE.
fn wrap(draft: &mut AttestationDraft, make: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    let honest = nonce(&draft.model.authenticator_data.seal(), &draft.model.client_data_hash);
    let inside = make(der::tlv(der::tag::OCTET_STRING, &honest));
    for extension in draft.model.leaf.extensions_of(oid::NONCE) {
        extension.value = ExtensionValue::Bytes(der::sequence(&[&inside]));
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
