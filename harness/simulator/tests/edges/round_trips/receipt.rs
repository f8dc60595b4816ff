use super::bytes;
use crate::now;
use proptest::prelude::*;
use protocol::wire::{Receipt, SignatureAlgorithm, oid};
use simulator::derived::Derived;
use simulator::encode::der::{self, tag};
use simulator::receipt::{Lengths, ReceiptField, ReceiptModel, Segments};
use simulator::{Authority, Seed};
use std::sync::LazyLock;

static AUTHORITY: LazyLock<Authority> =
    LazyLock::new(|| Authority::new(&Seed::from_text("round trips"), now()));

fn receipt() -> impl Strategy<Value = ReceiptModel> {
    let fields = prop::collection::btree_map(any::<u32>(), (any::<u32>(), bytes(0..200)), 0..12);
    let lengths = prop_oneof![Just(Lengths::Indefinite), Just(Lengths::Definite)];
    let segments = prop_oneof![Just(Segments::Whole), (1..1200usize).prop_map(Segments::Of)];
    let attributes = prop::option::of(bytes(0..20));
    (fields, lengths, segments, 0..4usize, bytes(0..80), attributes).prop_map(
        |(fields, lengths, segments, certificates, signature, attributes)| {
            let fields = fields.into_iter().map(|(kind, (version, value))| ReceiptField {
                version,
                ..ReceiptField::bytes(kind, &value)
            });
            let mut model = ReceiptModel::honest(&AUTHORITY, fields.collect());
            model.lengths = lengths;
            model.segments = segments;
            model.certificates.truncate(certificates);
            // Nobody signs: the decoder does not look whether a signature is one.
            model.signers[0].signature.encoding = Derived::Fixed(signature);
            model.signers[0].signed_attributes =
                attributes.map(|one| der::tlv(tag::OCTET_STRING, &one));
            model
        },
    )
}

/// The content that was read, written again.
fn rewritten(read: &Receipt<'_>) -> Vec<u8> {
    let fields: Vec<_> = read
        .fields
        .iter()
        .map(|field| {
            let value = &read.content[field.value.clone()];
            der::sequence(&[
                der::unsigned(&field.number.to_be_bytes()),
                der::unsigned(&field.version.to_be_bytes()),
                der::tlv(tag::OCTET_STRING, value),
            ])
        })
        .collect();
    der::tlv(tag::SET, &der::join(&fields))
}

proptest! {
    #[test]
    fn a_receipt_is_read_as_it_was_written(model in receipt()) {
        let sealed = model.seal(&AUTHORITY, &[]);
        let read = Receipt::decode(&sealed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let content = model.content(&[]);
        prop_assert_eq!(&read.content, &content);
        let segments: Vec<_> = match model.segments {
            Segments::Whole => vec![content.len()],
            Segments::Of(size) => content.chunks(size).map(<[u8]>::len).collect(),
        };
        prop_assert_eq!(&read.segments, &segments);
        prop_assert_eq!(read.fields.len(), model.fields.len());
        for (found, written) in read.fields.iter().zip(&model.fields) {
            prop_assert_eq!((found.number, found.version), (written.kind.into(), written.version.into()));
            prop_assert_eq!(read.field(found.number), model.field(written.kind));
        }
        prop_assert_eq!(rewritten(&read), content);
        let certificates: Vec<_> = model.certificates.iter().map(simulator::certificate::CertificateModel::seal).collect();
        prop_assert_eq!(&read.certificates, &certificates.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let [signer] = &read.signers[..] else {
            return Err(TestCaseError::fail("one signer was written"));
        };
        let written = &model.signers[0];
        let Derived::Fixed(signature) = &written.signature.encoding else { unreachable!() };
        prop_assert_eq!(signer.signature, &signature[..]);
        prop_assert_eq!(signer.has_signed_attributes, written.signed_attributes.is_some());
        prop_assert_eq!(signer.digest, oid::SHA256);
        prop_assert_eq!(signer.algorithm, SignatureAlgorithm::EcdsaSha256);
        if let Some(first) = model.certificates.first() {
            prop_assert_eq!(signer.issuer, &first.issuer.seal()[..]);
            prop_assert_eq!(signer.serial, &first.serial[..]);
        }
    }

    #[test]
    fn a_receipt_cut_or_followed_by_anything_is_refused(
        model in receipt(),
        cut in any::<prop::sample::Index>(),
        more in bytes(1..9),
    ) {
        let sealed = model.seal(&AUTHORITY, &[]);
        prop_assert!(Receipt::decode(&sealed[..cut.index(sealed.len())]).is_err());
        prop_assert!(Receipt::decode(&[sealed, more].concat()).is_err());
    }
}
