//! Edits of the receipt. The attestation does not cover it, so an attacker may swap it freely.

use super::Scene;
use super::draft::AttestationDraft;
use super::value::{self, Count, Depth, Hex, Offset, Size, another};
use super::vocabulary::operators;
use jiff::{SignedDuration, Timestamp};
use protocol::terms::sha256;
use simulator::Derived;
use simulator::attestation::StatementPart;
use simulator::certificate::Time;
use simulator::device::receipt_time;
use simulator::encode::cbor::Item;
use simulator::encode::der;
use simulator::receipt::{Lengths, ReceiptField, ReceiptModel, Segments, field};
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
        "receipt.nested" Nested { depth: Depth } "So many sequences, each within the one before, in the place of the receipt.";
        "receipt.content.altered" ContentAltered {} "One field changed after signing.";
        "receipt.signature.flip" SignatureFlip { at: usize, bits: u8 } "Flips bits of one byte of the signature.";
        "receipt.signer.add-invalid" SignerAddInvalid {} "A second signer, before the genuine one, whose signature is not valid.";
        "receipt.signature.drop" SignatureDrop {} "No signer.";
        "receipt.other-root" OtherRoot {} "Signer, intermediate and root of another authority whose names are the same.";
        "receipt.by-attestation-authority" ByAttestationAuthority {} "Signed by the authority that issues leaves.";
        "receipt.content-size" ContentSize { bytes: Size } "A token so long that the signed content has so many bytes.";
        "receipt.segments" Segments { bytes: usize } "The content cut into segments of so many bytes.";
        "receipt.refreshed-order" RefreshedOrder {} "The fields in the order of a refreshed receipt, with a risk metric and an earliest refresh.";
        "receipt.signed-attributes" SignedAttributes {} "Signed attributes beside a signature over the content itself.";
        "receipt.signer.repeat" SignerRepeat {} "The genuine signer twice.";
        "receipt.signer.notafter" SignerNotAfter { offset: Offset } "The end of validity of the signer's certificate, counted from now.";
        "receipt.signer.version" SignerVersion { to: u8 } "The version number of the signer.";
        "receipt.signer.serial" SignerSerial { to: Hex } "The serial number by which the signer's certificate is named.";
        "receipt.signer.digest" SignerDigest { #[serde(deserialize_with = "value::oid")] oid: String } "The digest algorithm that the signer names.";
        "receipt.signer.algorithm" SignerAlgorithm { #[serde(deserialize_with = "value::oid")] oid: String } "The signature algorithm that the signer names.";
        "receipt.certificates.reverse" CertificatesReverse {} "The certificates in the opposite order.";
        "receipt.certificates.drop" CertificatesDrop { at: usize } "Leaves one of the certificates out: 0 is the signer's, 1 the intermediate, 2 the root.";
        "receipt.certificates.unrelated" CertificatesUnrelated { count: Count } "So many certificates of another authority before the genuine ones.";
        "receipt.field.bytes" FieldBytes { number: u32, bytes: Hex } "The value of a field as bytes.";
        "receipt.field.long" FieldLong { number: u32, bytes: Size } "A field of so many bytes.";
        "receipt.field.version" FieldVersion { number: u32, to: u32 } "The version number of a field.";
        "receipt.field.first" FieldFirst { number: u32, text: String } "One more field of that number, before all others.";
        "receipt.fields.reverse" FieldsReverse {} "The fields in the opposite order.";
        "receipt.fields.drop" FieldsDrop {} "No field at all.";
        "receipt.fields.many" FieldsMany { count: Count } "So many more fields of numbers nobody knows.";
        "receipt.content.set" ContentSet { to: Hex } "Other bytes as content, and signed.";
        "receipt.truncate" ReceiptTruncate { by: usize } "So many bytes missing at the end.";
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
                let nested = [[0x30, 0x80].repeat(depth.0), [0, 0].repeat(depth.0)].concat();
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
            Self::ContentSize { bytes } => resize(draft, bytes.0),
            Self::Segments { bytes } => receipt.segments = Segments::Of(*bytes),
            Self::RefreshedOrder {} => {
                let order = [17, 6, 2, 3, 4, 5, 7, 12, 19, 21];
                let tomorrow = scene.now + SignedDuration::from_hours(24);
                receipt.set_field(field::RISK_METRIC, b"1");
                receipt.set_field(field::NOT_BEFORE, receipt_time(tomorrow).as_bytes());
                receipt.fields.sort_by_key(|one| order.iter().position(|kind| *kind == one.kind));
            }
            Self::SignedAttributes {} => signed_attributes(draft),
            Self::SignerRepeat {} => {
                let again = receipt.signers.clone();
                receipt.signers.extend(again);
            }
            Self::SignerNotAfter { offset } => {
                if let Some(first) = receipt.certificates.first_mut() {
                    first.not_after = Time::Utc(scene.now + offset.0);
                }
            }
            Self::SignerVersion { to } => {
                receipt.signers.iter_mut().for_each(|signer| signer.version = *to);
            }
            Self::SignerSerial { to } => {
                for signer in &mut receipt.signers {
                    signer.serial = Derived::Fixed(to.0.clone());
                }
            }
            Self::SignerDigest { oid } => {
                for signer in &mut receipt.signers {
                    signer.digest_algorithm.oid.clone_from(oid);
                }
            }
            Self::SignerAlgorithm { oid } => {
                for signer in &mut receipt.signers {
                    signer.signature_algorithm.oid.clone_from(oid);
                }
            }
            Self::CertificatesReverse {} => {
                pin_signers(receipt);
                receipt.certificates.reverse();
            }
            Self::CertificatesDrop { at } => {
                pin_signers(receipt);
                if *at < receipt.certificates.len() {
                    receipt.certificates.remove(*at);
                }
            }
            Self::CertificatesUnrelated { count } => {
                pin_signers(receipt);
                let unrelated = scene.impostor().intermediate().clone();
                receipt.certificates.splice(0..0, std::iter::repeat_n(unrelated, count.0));
            }
            Self::FieldBytes { number, bytes } => receipt.set_field(*number, &bytes.0),
            Self::FieldLong { number, bytes } => receipt.set_field(*number, &vec![b'A'; bytes.0]),
            Self::FieldVersion { number, to } => {
                for field in receipt.fields.iter_mut().filter(|field| field.kind == *number) {
                    field.version = *to;
                }
            }
            Self::FieldFirst { number, text } => {
                receipt.fields.insert(0, ReceiptField::bytes(*number, text.as_bytes()));
            }
            Self::FieldsReverse {} => receipt.fields.reverse(),
            Self::FieldsDrop {} => receipt.fields.clear(),
            Self::FieldsMany { count } => {
                let one = |number| ReceiptField::bytes(100 + number, b"x");
                receipt.fields.extend((0..count.0 as u32).map(one));
            }
            Self::ContentSet { to } => receipt.content = Derived::Fixed(to.0.clone()),
            Self::ReceiptTruncate { by } => {
                let mut whole = draft.model.seal_parts().receipt;
                whole.truncate(whole.len().saturating_sub(*by));
                let container = &mut draft.model.container;
                container.statement.replace(&StatementPart::Receipt, &Item::Bytes(whole));
            }
            Self::Definite {} => {
                receipt.lengths = Lengths::Definite;
                receipt.segments = Segments::Whole;
            }
        }
    }
}

/// Names the signer by the certificate that is the first now, wherever it stands afterwards.
fn pin_signers(receipt: &mut ReceiptModel) {
    let Some(first) = receipt.certificates.first() else { return };
    for signer in &mut receipt.signers {
        signer.issuer = Derived::Fixed(first.issuer.clone());
        signer.serial = Derived::Fixed(first.serial.clone());
    }
}

/// Content type and message digest (RFC 5652 11.1, 11.2), as the one genuine receipt has them whose
/// signature is over the content all the same.
fn signed_attributes(draft: &mut AttestationDraft) {
    let leaf = draft.model.seal_parts().leaf;
    let digest = sha256(&[&draft.model.receipt.content(&leaf)]);
    let attribute = |kind: &str, value: Vec<u8>| {
        der::sequence(&[der::object_identifier(kind), der::tlv(der::tag::SET, &value)])
    };
    let attributes = der::join(&[
        attribute("1.2.840.113549.1.9.3", der::object_identifier("1.2.840.113549.1.7.1")),
        attribute("1.2.840.113549.1.9.4", der::tlv(der::tag::OCTET_STRING, &digest)),
    ]);
    for signer in &mut draft.model.receipt.signers {
        signer.signed_attributes = Some(attributes.clone());
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
