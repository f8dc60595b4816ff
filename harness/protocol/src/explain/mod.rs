//! What each byte of an object is, in Apple's, WebAuthn's and the RFCs' words.
//!
//! [`explain`] turns an object into a list of [`Node`]s, outer ones before inner ones. It reads
//! anything: where an object is damaged, the node says so and the rest is told as far as it goes.
//! Nothing is judged here; [`crate::verify`] does that.
//!
//! [`difference`] puts an object beside its honest twin and names the parts that differ, aligned
//! by what they are and not by where they lie, so that one byte more is one difference.

mod authenticator_data;
mod cbor;
mod certificate;
mod containers;
mod der;
mod difference;
mod grammar;
mod names;
mod receipt;
mod signature;
mod tree;
mod values;

pub use difference::{Difference, Part, difference};

use std::ops::Range;
use tree::{Place, Source, Tree};

/// What an object is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `{fmt, attStmt, authData}`.
    Attestation,
    /// `{signature, authenticatorData}`.
    Assertion,
    /// Authenticator data of an attestation, without a container.
    AttestationData,
    /// Authenticator data of an assertion, without a container.
    AssertionData,
    /// An X.509 certificate in DER.
    Certificate,
    /// A receipt: CMS `SignedData` around typed fields.
    Receipt,
}

impl Kind {
    /// The name in words, as in "attestation object".
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attestation => "attestation object",
            Self::Assertion => "assertion",
            Self::AttestationData => "authenticator data of an attestation",
            Self::AssertionData => "authenticator data of an assertion",
            Self::Certificate => "certificate",
            Self::Receipt => "receipt",
        }
    }

    /// What an object is, judged by how it begins; none if it begins like none of them.
    ///
    /// A receipt and a certificate both begin with a SEQUENCE: what comes first in it tells.
    pub fn guess(object: &[u8]) -> Option<Self> {
        match object {
            [0xa3, ..] => Some(Self::Attestation),
            [0xa2, ..] => Some(Self::Assertion),
            [0x30, 0x80, 0x06, ..]
            | [0x30, 0x81, _, 0x06, ..]
            | [0x30, 0x82, _, _, 0x06, ..]
            | [0x30, 0x83, _, _, _, 0x06, ..] => Some(Self::Receipt),
            [0x30, ..] => Some(Self::Certificate),
            _ => None,
        }
    }
}

/// A part of an object.
///
/// The [`own`](Self::own) bytes of all nodes together are the object, each byte once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Where it stands in the structure, as in `attStmt.x5c[0].validity.notAfter`; unique.
    pub path: String,
    /// How deep it is nested; 0 is the object itself.
    pub depth: usize,
    /// Offset of its first byte in the object.
    pub at: usize,
    /// How many bytes from there it reaches, with everything nested in it.
    pub len: usize,
    /// Its bytes that belong to no nested node, as ranges in the object: the header of a structure,
    /// all of a plain value. More than one where a container is sent in segments.
    pub own: Vec<Range<usize>>,
    /// What it is.
    pub label: String,
    /// What it says, printable; empty for a structure.
    pub value: String,
    /// What is wrong with it, if it could not be read to its end.
    pub damage: Option<String>,
}

impl Node {
    /// Its own bytes.
    pub fn bytes(&self, object: &[u8]) -> Vec<u8> {
        let parts = self.own.iter().filter_map(|range| object.get(range.clone()));
        parts.flatten().copied().collect()
    }
}

/// The parts of an object, outer ones before inner ones, in the order of their bytes.
pub fn explain(kind: Kind, object: &[u8]) -> Vec<Node> {
    let source = Source::whole(object);
    let mut tree = Tree::default();
    let root = Place::root(kind.as_str());
    match kind {
        Kind::Attestation => containers::attestation(&mut tree, &source, &root),
        Kind::Assertion => containers::assertion(&mut tree, &source, &root),
        Kind::AttestationData | Kind::AssertionData => {
            let attested = kind == Kind::AttestationData;
            authenticator_data::alone(&mut tree, &source, &root, attested);
        }
        Kind::Certificate => certificate::alone(&mut tree, &source, &root),
        Kind::Receipt => receipt::alone(&mut tree, &source, &root),
    }
    tree.into_nodes()
}

#[cfg(test)]
mod tests;
