//! Chains that other authorities made.

use super::Scene;
use super::draft::AttestationDraft;
use protocol::terms::oid;
use simulator::certificate::{CertificateModel, ExtensionValue};
use simulator::encode::der;
use simulator::key::Key;
use simulator::name::COMMON_NAME;

/// Leaf and intermediate of a root whose names are those of the genuine one.
pub(super) fn other_root(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let impostor = scene.impostor();
    draft.model.leaf.signature.key = impostor.intermediate_key().clone();
    draft.model.chain = vec![impostor.intermediate().clone()];
}

/// A CA between intermediate and leaf.
pub(super) fn sub_authority(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let key = Key::p384(&scene.seed.child("a CA below the intermediate", 0));
    let above = scene.authority.intermediate();
    let mut below = CertificateModel { issuer: above.subject.clone(), ..above.clone() };
    below.certify(&key);
    below.subject.set(COMMON_NAME, "Assay Test-Only Sub CA");
    below.serial = vec![0x10, 0x01];
    below.signature.key = scene.authority.intermediate_key().clone();
    draft.model.leaf.issuer = below.subject.clone();
    draft.model.leaf.signature.key = key;
    draft.model.chain.insert(0, below);
}

/// Takes the path length away.
pub(super) fn unlimited(certificate: &mut CertificateModel) {
    for extension in certificate.extensions_of(oid::BASIC_CONSTRAINTS) {
        let value = der::tlv(der::tag::SEQUENCE, &[0x01, 0x01, 0xff]);
        extension.value = ExtensionValue::Bytes(value);
    }
}

/// The genuine intermediate's name and key under another root.
pub(super) fn cross_signed(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    for certificate in &mut draft.model.chain {
        certificate.signature.key = scene.impostor().root_key().clone();
    }
}

/// An intermediate whose key is on the smaller curve.
pub(super) fn on_p256(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let key = Key::p256(&scene.seed.child("an intermediate on P-256", 0));
    for certificate in &mut draft.model.chain {
        certificate.certify(&key);
    }
    draft.model.leaf.signature.key = key;
}

/// The leaf's issuer is certified by a CA that it certifies itself.
pub(super) fn in_a_loop(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let member = |name: &str| {
        let key = Key::p384(&scene.seed.child(name, 0));
        let mut certificate = scene.authority.intermediate().clone();
        certificate.certify(&key);
        certificate.subject.set(COMMON_NAME, name);
        unlimited(&mut certificate);
        (certificate, key)
    };
    let (mut one, key_of_one) = member("Assay Test-Only Loop CA 1");
    let (mut other, key_of_other) = member("Assay Test-Only Loop CA 2");
    one.issuer = other.subject.clone();
    one.signature.key = key_of_other;
    other.issuer = one.subject.clone();
    other.signature.key = key_of_one.clone();
    draft.model.leaf.issuer = one.subject.clone();
    draft.model.leaf.signature.key = key_of_one;
    draft.model.chain = vec![one, other];
}

/// Another authority of the same maker, under names of its own.
pub(super) fn of_other_names(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    other_root(draft, scene);
    for certificate in &mut draft.model.chain {
        certificate.issuer.set(COMMON_NAME, "Assay Test WebAuthn Root CA");
        certificate.subject.set(COMMON_NAME, "Assay Test WebAuthn CA 1");
        draft.model.leaf.issuer = certificate.subject.clone();
    }
}

/// A CA that renews its key certifies the new one under its own name.
pub(super) fn self_issued(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    sub_authority(draft, scene);
    let name = scene.authority.intermediate().subject.clone();
    if let Some(below) = draft.model.chain.first_mut() {
        below.subject = name.clone();
        below.issuer = name.clone();
    }
    draft.model.leaf.issuer = name;
}

/// A long path, every part of it right.
pub(super) fn deep(draft: &mut AttestationDraft, scene: &Scene<'_>, count: usize) {
    let mut above = scene.authority.intermediate().clone();
    unlimited(&mut above);
    let mut key = scene.authority.intermediate_key().clone();
    let mut chain = vec![above.clone()];
    for index in 0..count {
        let own = Key::p384(&scene.seed.child("a CA of a long path", index as u64));
        let mut below = CertificateModel { issuer: above.subject.clone(), ..above.clone() };
        below.certify(&own);
        below.subject.set(COMMON_NAME, &format!("Assay Test-Only CA {index} of a Path"));
        below.signature.key = key;
        key = own;
        above = below.clone();
        chain.insert(0, below);
    }
    draft.model.leaf.issuer = above.subject;
    draft.model.leaf.signature.key = key;
    draft.model.chain = chain;
}

/// The authority that signs receipts has another root.
pub(super) fn of_receipts(draft: &mut AttestationDraft, scene: &Scene<'_>) {
    let [_, intermediate, _] = scene.authority.receipt_chain();
    draft.model.leaf.issuer = intermediate.subject.clone();
    draft.model.leaf.signature.key = scene.authority.receipt_intermediate_key().clone();
    draft.model.chain = vec![intermediate.clone()];
}
