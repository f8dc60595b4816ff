//! Receipts written in one go.

use super::bytes::{Signature, der_header, der_header_length, receipt_time};
use super::shape::Shape;
use crate::{
    authority::Authority,
    certificate::Algorithm,
    device::{Device, RECEIPT_LIFETIME},
    encode::der::{self, tag},
    receipt::{field, sha256_algorithm},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;

/// The bytes of the receipts of one authority that are the same in all of them.
#[derive(Debug)]
pub(super) struct ReceiptFrame {
    /// Up to the pieces of the content.
    head: Vec<u8>,
    /// From there to the signer.
    middle: Vec<u8>,
    /// Of the signer, up to the signature.
    signer: Vec<u8>,
    content: Vec<u8>,
}

/// Where Apple's server cuts the content.
const PIECE: usize = 1000;
/// What closes one element of indefinite length.
const END: [u8; 2] = [0, 0];
/// Base64 of a token of 64 bytes.
const TOKEN_LENGTH: usize = 88;

impl ReceiptFrame {
    pub(super) fn of(authority: &Authority) -> Self {
        let open = |identifier| [identifier, 0x80];
        let head = [
            &open(tag::SEQUENCE)[..],
            &der::object_identifier("1.2.840.113549.1.7.2"),
            &open(tag::CONTEXT_0),
            &open(tag::SEQUENCE),
            &der::tlv(tag::INTEGER, &[1]),
            &der::tlv(tag::SET, &sha256_algorithm().seal()),
            &open(tag::SEQUENCE),
            &der::object_identifier("1.2.840.113549.1.7.1"),
            &open(tag::CONTEXT_0),
            &open(tag::CONSTRUCTED_OCTET_STRING),
        ];
        let chain = authority.receipt_chain();
        let certificates: Vec<u8> =
            chain.iter().flat_map(|certificate| authority.seal(certificate)).collect();
        let middle = [&END[..], &END, &END, &open(tag::CONTEXT_0), &certificates, &END];
        let [first, ..] = chain;
        let signer = [
            der::tlv(tag::INTEGER, &[1]),
            der::sequence(&[first.issuer.seal(), der::tlv(tag::INTEGER, &first.serial)]),
            sha256_algorithm().seal(),
            Algorithm::ecdsa_with_sha256().seal(),
        ];
        Self {
            head: head.concat(),
            middle: middle.concat(),
            signer: signer.concat(),
            content: Vec::with_capacity(2048),
        }
    }

    /// Writes the receipt of a leaf; `sign` is asked for the signature over the content.
    #[expect(clippy::too_many_arguments, reason = "what a receipt says comes from as many places")]
    pub(super) fn fill(
        &mut self,
        out: &mut Vec<u8>,
        shape: &Shape,
        leaf: &[u8],
        client_data_hash: &[u8],
        device: &Device,
        created: Timestamp,
        sign: impl FnOnce(&[u8]) -> Signature,
    ) {
        let mut token = [0; TOKEN_LENGTH];
        STANDARD
            .encode_slice(device.receipt_token(), &mut token)
            .expect("64 bytes are 88 characters of base64");
        let (creation, creation_length) = receipt_time(created);
        let (expiration, expiration_length) = receipt_time(created + RECEIPT_LIFETIME);
        let before = [
            (field::CERTIFICATE, leaf),
            (field::CLIENT_HASH, client_data_hash),
            (field::TOKEN, &token[..]),
        ];
        let after = [
            (field::CREATION_TIME, &creation[..creation_length]),
            (field::EXPIRATION, &expiration[..expiration_length]),
        ];
        let fields: usize = before.iter().chain(&after).map(|(_, value)| field_length(value)).sum();
        let content = &mut self.content;
        content.clear();
        let constant = shape.before_certificate.len() + shape.before_dates.len();
        der_header(content, tag::SET, constant + fields);
        content.extend_from_slice(&shape.before_certificate);
        for (kind, value) in before {
            push_field(content, kind, value);
        }
        content.extend_from_slice(&shape.before_dates);
        for (kind, value) in after {
            push_field(content, kind, value);
        }

        let signature = sign(content);
        let signature = signature.as_bytes();
        out.clear();
        out.extend_from_slice(&self.head);
        for piece in content.chunks(PIECE) {
            der_header(out, tag::OCTET_STRING, piece.len());
            out.extend_from_slice(piece);
        }
        out.extend_from_slice(&self.middle);
        let signer = self.signer.len() + der_header_length(signature.len()) + signature.len();
        der_header(out, tag::SET, der_header_length(signer) + signer);
        der_header(out, tag::SEQUENCE, signer);
        out.extend_from_slice(&self.signer);
        der_header(out, tag::OCTET_STRING, signature.len());
        out.extend_from_slice(signature);
        for _ in 0..3 {
            out.extend_from_slice(&END);
        }
    }
}

/// Kind and version, an INTEGER of one byte each.
const FIELD_HEAD: usize = 6;

fn field_length(value: &[u8]) -> usize {
    let content = FIELD_HEAD + der_header_length(value.len()) + value.len();
    der_header_length(content) + content
}

fn push_field(out: &mut Vec<u8>, kind: u32, value: &[u8]) {
    der_header(out, tag::SEQUENCE, FIELD_HEAD + der_header_length(value.len()) + value.len());
    // All kinds are below 128.
    out.extend_from_slice(&[tag::INTEGER, 1, kind as u8, tag::INTEGER, 1, 1]);
    der_header(out, tag::OCTET_STRING, value.len());
    out.extend_from_slice(value);
}
