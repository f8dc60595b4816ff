//! Edits of the receipt. The attestation does not cover it, so an attacker may swap it freely.

use super::Scene;
use super::draft::AttestationDraft;
use super::value::{Hex, Offset, another};
use super::vocabulary::operators;
use jiff::Timestamp;
use simulator::Derived;
use simulator::attestation::StatementPart;
use simulator::device::receipt_time;
use simulator::encode::cbor::Item;
use simulator::receipt::{Lengths, ReceiptField, Segments, field};
use simulator::signature::SignatureModel;

operators! {
    /// Edits of the receipt, which is signed again afterwards.
    ReceiptOperator {
        "receipt.drop" Drop {} "Leaves the receipt out.";
        "receipt.replace" Replace { with: Hex } "Other bytes in the place of the receipt.";
        "receipt.trailing" Trailing { bytes: Hex } "Bytes after the receipt.";
        "receipt.app-id.other" AppIdOther {} "The App ID of another app.";
        "receipt.created" Created { offset: Offset } "The creation time, counted from now.";
        "receipt.created.whole-second" CreatedWholeSecond {} "The creation time without a fraction of a second.";
        "receipt.certificate.other-key" CertificateOther {} "The certificate of another device of the same app.";
        "receipt.client-hash.other" ClientHashOther {} "The client data hash of another attestation.";
        "receipt.field.set" FieldSet { number: u32, text: String } "The value of a field.";
        "receipt.field.drop" FieldDrop { number: u32 } "Leaves a field out.";
        "receipt.field.repeat" FieldRepeat { number: u32, text: String } "A field a second time, with another value.";
        "receipt.nested" Nested { depth: usize } "So many sequences, each within the one before, in the place of the receipt.";
        "receipt.content.altered" ContentAltered {} "One field changed after signing.";
        "receipt.signature.flip" SignatureFlip { at: usize, bits: u8 } "Flips bits of one byte of the signature.";
        "receipt.signer.add-invalid" SignerAddInvalid {} "A second signer, before the genuine one, whose signature is not valid.";
        "receipt.signature.drop" SignatureDrop {} "No signer.";
        "receipt.other-root" OtherRoot {} "Signer, intermediate and root of another authority whose names are the same.";
        "receipt.by-attestation-authority" ByAttestationAuthority {} "Signed by the authority that issues leaves.";
        "receipt.content-size" ContentSize { bytes: usize } "A token so long that the signed content has so many bytes.";
        "receipt.segments" Segments { bytes: usize } "The content cut into segments of so many bytes.";
        "receipt.definite" Definite {} "Definite lengths and one string instead of segments.";
    }
}

impl ReceiptOperator {
    pub(super) fn apply(&self, draft: &mut AttestationDraft, scene: &Scene<'_>) {
        let container = &mut draft.model.container;
        let receipt = &mut draft.model.receipt;
        match self {
            Self::Drop {} => container.statement.remove(&StatementPart::Receipt),
            Self::Replace { with } => {
                container.statement.replace(&StatementPart::Receipt, &Item::Bytes(with.0.clone()));
            }
            Self::Trailing { bytes } => receipt.trailing.extend_from_slice(&bytes.0),
            Self::AppIdOther {} => {
                let other = format!("{}.other", scene.premises.app_id);
                receipt.set_field(field::APP_ID, other.as_bytes());
            }
            Self::Created { offset } => {
                let created = receipt_time(scene.now + offset.0);
                receipt.set_field(field::CREATION_TIME, created.as_bytes());
            }
            Self::CreatedWholeSecond {} => {
                let second = Timestamp::from_second(scene.now.as_second())
                    .expect("a timestamp's second is a timestamp");
                receipt.set_field(field::CREATION_TIME, receipt_time(second).as_bytes());
            }
            Self::CertificateOther {} => {
                let other = scene
                    .stranger()
                    .attestation_model(scene.authority, &draft.model.client_data_hash, scene.now)
                    .seal_parts()
                    .leaf;
                receipt.set_field(field::CERTIFICATE, &other);
            }
            Self::ClientHashOther {} => {
                let other = another(&draft.model.client_data_hash);
                receipt.set_field(field::CLIENT_HASH, &other);
            }
            Self::FieldSet { number, text } => receipt.set_field(*number, text.as_bytes()),
            Self::FieldDrop { number } => receipt.remove_field(*number),
            Self::FieldRepeat { number, text } => {
                receipt.fields.push(ReceiptField::bytes(*number, text.as_bytes()));
            }
            Self::Nested { depth } => {
                let nested = [[0x30, 0x80].repeat(*depth), [0, 0].repeat(*depth)].concat();
                container.statement.replace(&StatementPart::Receipt, &Item::Bytes(nested));
            }
            Self::ContentAltered {} => alter(draft),
            Self::SignatureFlip { at, bits } => {
                for signer in &mut receipt.signers {
                    signer.signature.flip = Some((*at, *bits));
                }
            }
            Self::SignerAddInvalid {} => {
                if let Some(mut invalid) = receipt.signers.first().cloned() {
                    invalid.signature.flip = Some((40, 1));
                    receipt.signers.insert(0, invalid);
                }
            }
            Self::SignatureDrop {} => receipt.signers.clear(),
            Self::OtherRoot {} => {
                let impostor = scene.impostor();
                receipt.certificates = impostor.receipt_chain().into_iter().cloned().collect();
                for signer in &mut receipt.signers {
                    signer.signature =
                        SignatureModel::honest(impostor.receipt_signer_key().clone());
                }
            }
            Self::ByAttestationAuthority {} => {
                let authority = scene.authority;
                receipt.certificates =
                    vec![authority.intermediate().clone(), authority.root().clone()];
                for signer in &mut receipt.signers {
                    signer.signature = SignatureModel::honest(authority.intermediate_key().clone());
                }
            }
            Self::ContentSize { bytes } => resize(draft, *bytes),
            Self::Segments { bytes } => receipt.segments = Segments::Of(*bytes),
            Self::Definite {} => {
                receipt.lengths = Lengths::Definite;
                receipt.segments = Segments::Whole;
            }
        }
    }
}

/// Lengthens the token until the content has `bytes` bytes. The certificate is part of the content,
/// so that what edits the certificate comes before.
fn resize(draft: &mut AttestationDraft, bytes: usize) {
    let leaf = draft.model.seal_parts().leaf;
    let receipt = &mut draft.model.receipt;
    let mut token = receipt.field(field::TOKEN).unwrap_or_default().to_vec();
    // Longer tokens have longer heads, so that the first step may fall short by some bytes.
    for _ in 0..3 {
        let now = receipt.content(&leaf).len();
        token.resize((token.len() + bytes).saturating_sub(now), b'A');
        receipt.set_field(field::TOKEN, &token);
    }
}

/// Carries other content than is signed. Only the token differs: it is bound to nothing else, so
/// that nothing but the signature can tell.
fn alter(draft: &mut AttestationDraft) {
    let leaf = draft.model.seal_parts().leaf;
    let receipt = &mut draft.model.receipt;
    let mut content = receipt.content(&leaf);
    let token = receipt.field(field::TOKEN).unwrap_or_default();
    let at = content.windows(token.len()).position(|window| window == token);
    if let Some(first) = at.and_then(|at| content.get_mut(at)) {
        *first = if *first == b'A' { b'B' } else { b'A' };
    }
    receipt.carried_content = Derived::Fixed(content);
}
