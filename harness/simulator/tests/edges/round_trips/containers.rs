use super::bytes;
use super::items::item;
use proptest::prelude::*;
use protocol::wire::{Assertion, AttestationObject};
use simulator::encode::cbor::{Form, Item, Width};

/// How a part may be written without being another part.
fn form() -> impl Strategy<Value = Form> {
    prop_oneof![
        4 => Just(Form::Plain),
        1 => Just(Form::Wide(Width::Four)),
        1 => Just(Form::Indefinite),
        1 => Just(Form::Tagged(55799)),
        // An empty chunk before all of it.
        1 => Just(Form::Chunks(vec![])),
    ]
}

/// Only strings come in chunks.
fn of_container(form: Form) -> Form {
    if matches!(form, Form::Chunks(_)) { Form::Indefinite } else { form }
}

proptest! {
    #[test]
    fn an_attestation_object_is_read_as_it_was_written(
        format in ".{0,30}",
        certificates in prop::collection::vec(bytes(0..300), 0..10),
        receipt in prop::option::of(bytes(0..300)),
        data in bytes(0..400),
    ) {
        let certificate = |der: &Vec<u8>| Item::Bytes(der.clone());
        let mut statement = vec![("x5c".into(), Item::Array(certificates.iter().map(certificate).collect()))];
        statement.extend(receipt.clone().map(|receipt| ("receipt".into(), Item::Bytes(receipt))));
        let sealed = Item::Map(vec![
            ("fmt".into(), Item::text(&format)),
            ("attStmt".into(), Item::Map(statement)),
            ("authData".into(), Item::Bytes(data.clone())),
        ]).encode();
        let expected = AttestationObject {
            format: &format,
            certificates: certificates.iter().map(Vec::as_slice).collect(),
            receipt: receipt.as_deref(),
            authenticator_data: &data,
            deviations: Vec::new(),
        };
        prop_assert_eq!(AttestationObject::decode(&sealed), Ok(expected));
    }

    /// However they are written, in whatever order and beside whatever else, the parts are the same;
    /// and whatever is unlike a genuine object is told.
    #[test]
    fn the_parts_of_an_assertion_do_not_depend_on_how_they_are_written(
        signature in bytes(0..80),
        data in bytes(0..200),
        forms in prop::array::uniform3(form()),
        others in prop::collection::btree_map("[A-Z]{1,5}", item(), 0..3),
        order in Just([0, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let [outer, of_signature, of_data] = forms;
        let is_plain = |form: &Form| *form == Form::Plain;
        let mut plain = is_plain(&outer) && is_plain(&of_signature) && is_plain(&of_data);
        let mut entries = vec![
            (Item::text("signature"), of_signature.apply(Item::Bytes(signature.clone()))),
            (Item::text("authenticatorData"), of_data.apply(Item::Bytes(data.clone()))),
        ];
        entries.extend(others.iter().map(|(key, value)| (Item::text(key), value.clone())));
        let order: Vec<_> = order.into_iter().filter(|at| *at < entries.len()).collect();
        plain &= order == [0, 1];
        let entries = order.into_iter().map(|at| entries[at].clone()).collect();
        let sealed = of_container(outer).apply(Item::Map(entries)).encode();
        let read = Assertion::decode(&sealed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(read.signature, &signature[..]);
        prop_assert_eq!(read.authenticator_data, &data[..]);
        prop_assert_eq!(read.deviations.is_empty(), plain, "{:?}", read.deviations);
    }

    /// What is read from the plain form and written again is the same bytes.
    #[test]
    fn an_assertion_read_and_written_again_is_the_same(signature in bytes(0..80), data in bytes(0..200)) {
        let entry = |name: &str, bytes: &[u8]| (Item::text(name), Item::Bytes(bytes.to_vec()));
        let write = |signature: &[u8], data: &[u8]| {
            Item::Map(vec![entry("signature", signature), entry("authenticatorData", data)]).encode()
        };
        let sealed = write(&signature, &data);
        let read = Assertion::decode(&sealed).unwrap();
        prop_assert_eq!(write(read.signature, read.authenticator_data), sealed);
    }
}
