//! Edits of the COSE key: what it says, and how its CBOR is written.

use super::Scene;
use super::draft::AttestationDraft;
use super::value::{Declared, Hex};
use super::vocabulary::operators;
use simulator::Derived;
use simulator::encode::cbor::{Item, Width};

operators! {
    /// Edits of the COSE key in the authenticator data, which the nonce covers. Labels: 1 is the key
    /// type, 3 the algorithm, -1 the curve, -2 and -3 are X and Y.
    CoseOperator {
        "cose.set" Set { label: i64, value: Hex } "The value of an entry, in CBOR.";
        "cose.remove" Remove { label: i64 } "Leaves an entry out.";
        "cose.relabel" Relabel { label: i64, to: Hex } "An entry under another label, in CBOR.";
        "cose.repeat" Repeat { label: i64, value: Hex } "An entry a second time at the end, with this value in CBOR.";
        "cose.repeat-first" RepeatFirst { label: i64, value: Hex } "An entry a second time at the beginning, with this value in CBOR.";
        "cose.add-entry" AddEntry { label: Hex, value: Hex } "One more entry at the end, label and value in CBOR.";
        "cose.swap-coordinates" SwapCoordinates {} "X and Y in each other's place.";
        "cose.negate" Negate {} "The other point with the same X.";
        "cose.value.text" ValueText { label: i64 } "A byte string as text.";
        "cose.value.chunks" ValueChunks { label: i64 } "A byte string of indefinite length in one chunk.";
        "cose.value.wide" ValueWide { label: i64 } "The length of a byte string in four bytes.";
        "cose.indefinite" Indefinite {} "The map with indefinite length.";
        "cose.declared" Declared { count: Declared } "Another number of entries in the head of the map than it has.";
        "cose.tagged" Tagged { tag: u64 } "The map behind a tag.";
        "cose.replace" Replace { with: Hex } "Other bytes in the place of the map.";
        "cose.point" Point {} "The uncompressed point as a byte string in the place of the map.";
        "cose.public-key-info" Info {} "The certificate's public key structure as a byte string in the place of the map.";
    }
}

impl CoseOperator {
    pub(super) fn apply(&self, draft: &mut AttestationDraft, scene: &Scene<'_>) {
        let info = draft.model.leaf.public_key.seal();
        let data = &mut draft.model.authenticator_data;
        let Some(credential) = &mut data.attested_credential else { return };
        let entries = &mut credential.cose_key;
        let entry = |label: i64| Item::integer(label);
        let mut pinned = None;
        match self {
            Self::Set { label, value } => {
                edit(entries, *label, |_| Item::Raw(value.0.clone()));
            }
            Self::Remove { label } => entries.retain(|(own, _)| *own != entry(*label)),
            Self::Relabel { label, to } => {
                for (own, _) in entries.iter_mut().filter(|(own, _)| *own == entry(*label)) {
                    *own = Item::Raw(to.0.clone());
                }
            }
            Self::Repeat { label, value } => {
                entries.push((entry(*label), Item::Raw(value.0.clone())));
            }
            Self::RepeatFirst { label, value } => {
                entries.insert(0, (entry(*label), Item::Raw(value.0.clone())));
            }
            Self::AddEntry { label, value } => {
                entries.push((Item::Raw(label.0.clone()), Item::Raw(value.0.clone())));
            }
            Self::SwapCoordinates {} => {
                let point = scene.device.public_key();
                edit(entries, -2, |_| Item::Bytes(point[33..].to_vec()));
                edit(entries, -3, |_| Item::Bytes(point[1..33].to_vec()));
            }
            Self::Negate {} => {
                let point = scene.device.public_key();
                edit(entries, -3, |_| Item::Bytes(negated(&point[33..])));
            }
            Self::ValueText { label } => edit(entries, *label, |value| match value {
                Item::Bytes(bytes) => Item::Text(bytes),
                other => other,
            }),
            Self::ValueChunks { label } => {
                edit(entries, *label, |value| Item::Indefinite(Box::new(value)));
            }
            Self::ValueWide { label } => {
                edit(entries, *label, |value| Item::Wide(Width::Four, Box::new(value)));
            }
            Self::Indefinite {} => pinned = Some(Item::Indefinite(Box::new(map(entries)))),
            Self::Declared { count } => {
                pinned = Some(Item::Declared(count.0, Box::new(map(entries))));
            }
            Self::Tagged { tag } => pinned = Some(Item::Tagged(*tag, Box::new(map(entries)))),
            Self::Replace { with } => pinned = Some(Item::Raw(with.0.clone())),
            Self::Point {} => pinned = Some(Item::Bytes(scene.device.public_key().to_vec())),
            Self::Info {} => pinned = Some(Item::Bytes(info)),
        }
        if let Some(item) = pinned {
            credential.cose_key_bytes = Derived::Fixed(item.encode());
        }
    }
}

fn map(entries: &[(Item, Item)]) -> Item {
    Item::Map(entries.to_vec())
}

fn edit(entries: &mut [(Item, Item)], label: i64, change: impl Fn(Item) -> Item) {
    for (_, value) in entries.iter_mut().filter(|(own, _)| *own == Item::integer(label)) {
        *value = change(value.clone());
    }
}

/// The prime less a coordinate, which is never zero on this curve.
fn negated(coordinate: &[u8]) -> Vec<u8> {
    const PRIME: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    ];
    let mut out = PRIME.to_vec();
    let mut borrow = 0;
    for (digit, take) in out.iter_mut().zip(coordinate).rev() {
        let total = i16::from(*digit) - i16::from(*take) - borrow;
        borrow = i16::from(total < 0);
        *digit = total.rem_euclid(256) as u8;
    }
    out
}
