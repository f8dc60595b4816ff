//! Edits of bytes and of trees, each drawn as numbers so that it can be shrunk.

use super::tree::{Content, Kind, Node};
use proptest::prelude::*;
use proptest::sample::Index;

/// One edit; places are fractions of what there is.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Of the bytes, whatever they are.
    Bytes(Change),
    /// Of the bytes of one leaf of the tree; lengths around it follow.
    Leaf(Index, Change),
    /// A node is left out.
    Delete(Index),
    /// A node comes twice.
    Duplicate(Index),
    /// A node and the one after it change places.
    Swap(Index),
    /// A node of the other object stands in a node's place.
    Splice(Index, Index),
    /// A node of the other object stands before a node.
    Insert(Index, Index),
    /// A bit of the type is another.
    Retype(Index, u8),
    /// The length is written in another way, or not at all.
    Reframe(Index),
}

/// What is done to bytes.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Flip(Index, u8),
    Insert(Index, u8),
    Delete(Index),
    /// A stretch comes twice.
    Repeat(Index, Index),
    Truncate(Index),
    /// Two stretches of one length change places.
    Exchange(Index, Index, u8),
    /// From there on it is the other object.
    Splice(Index),
}

pub(crate) fn edits() -> impl Strategy<Value = Vec<Edit>> {
    prop_oneof![
        4 => prop::collection::vec(edit(), 1..2),
        1 => prop::collection::vec(edit(), 2..4),
    ]
}

fn edit() -> impl Strategy<Value = Edit> {
    let index = any::<Index>;
    prop_oneof![
        2 => change().prop_map(Edit::Bytes),
        4 => (index(), change()).prop_map(|(at, change)| Edit::Leaf(at, change)),
        1 => index().prop_map(Edit::Delete),
        1 => index().prop_map(Edit::Duplicate),
        1 => index().prop_map(Edit::Swap),
        2 => (index(), index()).prop_map(|(at, from)| Edit::Splice(at, from)),
        1 => (index(), index()).prop_map(|(at, from)| Edit::Insert(at, from)),
        1 => (index(), 0..8u8).prop_map(|(at, bit)| Edit::Retype(at, bit)),
        1 => index().prop_map(Edit::Reframe),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<Index>;
    prop_oneof![
        4 => (index(), 0..8u8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        2 => (index(), any::<u8>()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        2 => index().prop_map(Change::Delete),
        1 => (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        1 => index().prop_map(Change::Truncate),
        1 => (index(), index(), 1..40u8).prop_map(|(a, b, length)| Change::Exchange(a, b, length)),
        1 => index().prop_map(Change::Splice),
    ]
}

/// The object after the edits; `other` is where splices come from.
pub(crate) fn apply(edits: &[Edit], object: &[u8], other: &[u8]) -> Vec<u8> {
    let mut tree = Node::of_object(object);
    let donor = Node::of_object(other);
    for edit in edits {
        edit.apply_to_tree(&mut tree, &donor);
    }
    let mut bytes = tree.encode();
    for edit in edits {
        if let Edit::Bytes(change) = edit {
            change.apply(&mut bytes, other);
        }
    }
    bytes
}

impl Edit {
    fn apply_to_tree(&self, tree: &mut Node, donor: &Node) {
        let count = tree.count();
        // Everything but the root has siblings; a tree that lost them all keeps what it has.
        let below = |at: &Index| (count > 1).then(|| 1 + at.index(count - 1));
        let taken = |from: &Index| donor.clone().nth(from.index(donor.count())).clone();
        match self {
            Self::Bytes(_) => {}
            Self::Leaf(at, change) => {
                // The last node in this order is a leaf.
                let mut number = at.index(count);
                while !tree.nth(number).children().is_empty() {
                    number += 1;
                }
                if let Content::Bytes(bytes) = &mut tree.nth(number).content {
                    let other = donor.clone().nth(number % donor.count()).encode();
                    change.apply(bytes, &other);
                }
            }
            Self::Delete(at) => {
                if let Some(number) = below(at) {
                    let (siblings, place) = tree.parent_of(number);
                    siblings.remove(place);
                }
            }
            Self::Duplicate(at) => {
                if let Some(number) = below(at) {
                    let (siblings, place) = tree.parent_of(number);
                    siblings.insert(place, siblings[place].clone());
                }
            }
            Self::Swap(at) => {
                if let Some(number) = below(at) {
                    let (siblings, place) = tree.parent_of(number);
                    let next = (place + 1) % siblings.len();
                    siblings.swap(place, next);
                }
            }
            Self::Splice(at, from) => {
                if let Some(number) = below(at) {
                    // Most often what stands at the same place there.
                    let same = from.index(3) > 0 && number < donor.count();
                    let node = if same { donor.clone().nth(number).clone() } else { taken(from) };
                    *tree.nth(number) = node;
                }
            }
            Self::Insert(at, from) => {
                if let Some(number) = below(at) {
                    let (siblings, place) = tree.parent_of(number);
                    siblings.insert(place, taken(from));
                }
            }
            Self::Retype(at, bit) => match &mut tree.nth(at.index(count)).kind {
                Kind::Bare => {}
                Kind::String { major, .. } | Kind::Container { major, .. } => {
                    *major ^= 1 << (bit % 3);
                }
                Kind::Element { identifier, .. } => identifier[0] ^= 1 << bit,
            },
            Self::Reframe(at) => match &mut tree.nth(at.index(count)).kind {
                Kind::Bare => {}
                Kind::String { wide, .. } => *wide = !*wide,
                Kind::Container { indefinite, .. } | Kind::Element { indefinite, .. } => {
                    *indefinite = !*indefinite;
                }
            },
        }
    }
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        let length = bytes.len();
        match self {
            Self::Insert(at, byte) => bytes.insert(at.index(length + 1), *byte),
            Self::Splice(at) => {
                let at = at.index(length + 1);
                bytes.truncate(at);
                bytes.extend(other.iter().skip(at));
            }
            _ if length == 0 => {}
            Self::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Self::Delete(at) => drop(bytes.remove(at.index(length))),
            Self::Truncate(at) => bytes.truncate(at.index(length)),
            Self::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let stretch = bytes[from.min(to)..=from.max(to)].to_vec();
                bytes.splice(from..from, stretch);
            }
            Self::Exchange(one, other, size) => {
                let size = usize::from(*size).min(length);
                let (one, other) = (one.index(length - size + 1), other.index(length - size + 1));
                for offset in 0..size {
                    bytes.swap(one + offset, other + offset);
                }
            }
        }
    }
}
