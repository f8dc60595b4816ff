//! Every kind of CBOR item, where a decoder skips it.

use super::bytes;
use proptest::prelude::*;
use protocol::wire::Assertion;
use simulator::encode::cbor::{Item, Width};

/// Any well-formed item, up to five deep, in any of the ways it can be written.
pub(crate) fn item() -> impl Strategy<Value = Item> {
    let simple = prop_oneof![
        any::<u64>().prop_map(Item::Unsigned),
        any::<u64>().prop_map(Item::Negative),
        bytes(0..40).prop_map(Item::Bytes),
        ".{0,20}".prop_map(|text: String| Item::text(&text)),
        any::<bool>().prop_map(Item::Boolean),
        Just(Item::Null),
        any::<f64>().prop_map(Item::Float),
    ];
    simple.prop_recursive(4, 24, 6, |inner| {
        // Keys of a map are distinct by value, or the map is malformed.
        let numbers = prop::collection::btree_map(any::<u32>(), inner.clone(), 0..4);
        let texts = prop::collection::btree_map("[a-z]{0,6}", inner.clone(), 0..4);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Item::Array),
            (numbers, texts).prop_map(|(numbers, texts)| {
                let numbers =
                    numbers.into_iter().map(|(key, value)| (Item::Unsigned(key.into()), value));
                let texts = texts.into_iter().map(|(key, value)| (Item::text(&key), value));
                Item::Map(numbers.chain(texts).collect())
            }),
            (any::<u64>(), inner.clone()).prop_map(|(tag, item)| Item::Tagged(tag, Box::new(item))),
            inner.clone().prop_map(wide),
            inner.prop_map(indefinite),
        ]
    })
}

/// With its argument in eight bytes, if it has one.
fn wide(item: Item) -> Item {
    match item {
        Item::Unsigned(_)
        | Item::Negative(_)
        | Item::Bytes(_)
        | Item::Text(_)
        | Item::Array(_)
        | Item::Map(_) => Item::Wide(Width::Eight, Box::new(item)),
        other => other,
    }
}

/// Without its length, if it has one.
fn indefinite(item: Item) -> Item {
    match item {
        Item::Bytes(_) | Item::Text(_) | Item::Array(_) | Item::Map(_) => {
            Item::Indefinite(Box::new(item))
        }
        other => other,
    }
}

/// An assertion with one more entry.
fn beside(key: Item, value: Item) -> Vec<u8> {
    let known = [("signature", b"s"), ("authenticatorData", b"d")];
    let known = known.map(|(name, bytes)| (Item::text(name), Item::Bytes(bytes.to_vec())));
    Item::Map([(key, value)].into_iter().chain(known).collect()).encode()
}

proptest! {
    #[test]
    fn an_entry_nobody_knows_is_skipped_to_its_last_byte(value in item()) {
        let sealed = beside(Item::text("unknown"), value);
        let read = Assertion::decode(&sealed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!((read.signature, read.authenticator_data), (&b"s"[..], &b"d"[..]));
        prop_assert!(read.deviations.iter().any(|one| one.what.contains("unknown key")));
    }

    #[test]
    fn an_entry_under_any_key_is_skipped_to_its_last_byte(key in item()) {
        let sealed = beside(key, Item::Null);
        let read = Assertion::decode(&sealed).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!((read.signature, read.authenticator_data), (&b"s"[..], &b"d"[..]));
    }

    #[test]
    fn an_entry_that_ends_early_is_refused(value in item(), cut in any::<prop::sample::Index>()) {
        let sealed = beside(Item::text("unknown"), value);
        prop_assert!(Assertion::decode(&sealed[..cut.index(sealed.len())]).is_err());
    }
}
