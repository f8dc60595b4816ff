//! Attestations, assertions, key ids and client data, by their bytes where there are any.

use super::spelling::{strip_scheme, written};
use super::{Binder, Bound, Spot};
use crate::encoding::Encoding;
use crate::propose::encoded;
use crate::propose::evidence::ProvenClientData;
use crate::propose::role::{self, Role};
use crate::propose::routes::Part;

impl Binder<'_> {
    /// The value that the recorded assertion signs.
    pub(super) fn client_data(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let Some(ProvenClientData::Value(place, encoding)) = &self.evidence.client_data else {
            return None;
        };
        if spot.part != Part::Assert || spot.place != *place {
            return None;
        }
        let text = spot.leaf.as_str().unwrap_or_default();
        let encoding = encoded::or_the_same_in(self.conventions.key_id.encoding, *encoding, text);
        self.note(spot, "the client data, which the recorded assertion signs");
        Some(Bound::Template(written("client_data", encoding, Encoding::Raw)))
    }

    /// Attestations, assertions and key ids, by their bytes where there are any.
    pub(super) fn object(&mut self, spot: &Spot<'_>) -> Option<Bound> {
        let text = spot.leaf.as_str().unwrap_or_default();
        let text = strip_scheme(text).1;
        let named = role::of(&spot.name, spot.leaf);
        let conventions = self.conventions;
        let is_key_id = |found: &encoded::Encoded| {
            named == Some(Role::KeyId) || self.evidence.key_id.as_ref() == Some(&found.bytes)
        };
        let (name, convention, found, what) = if let Some(found) = encoded::attestation(text) {
            (
                "attestation",
                conventions.attestation.encoding,
                Some(found),
                "the attestation object, by its bytes",
            )
        } else if let Some(found) = encoded::assertion(text) {
            (
                "assertion",
                conventions.assertion.encoding,
                Some(found),
                "the assertion, by its bytes",
            )
        } else if let Some(found) = encoded::key_id(text).filter(is_key_id) {
            ("key_id", conventions.key_id.encoding, Some(found), "the key id, by its bytes")
        } else {
            match named? {
                Role::Attestation => (
                    "attestation",
                    conventions.attestation.encoding,
                    None,
                    "the attestation object, by its name",
                ),
                Role::Assertion => (
                    "assertion",
                    conventions.assertion.encoding,
                    None,
                    "the assertion, by its name",
                ),
                Role::KeyId => {
                    ("key_id", conventions.key_id.encoding, None, "the key id, by its name")
                }
                _ => return None,
            }
        };
        let fits = match name {
            "attestation" => spot.part == Part::Attest,
            "assertion" => spot.part == Part::Assert,
            _ => spot.part != Part::Challenge,
        };
        if !fits {
            self.ask(spot, &format!("looks like {what}; what does it do in this step?"));
            return Some(Bound::Template(format!("${{{name}}}")).filter_in(name == "key_id"));
        }
        let encoding = match found {
            Some(found) => found
                .encodings
                .iter()
                .find(|one| **one == convention)
                .or(found.encodings.first())
                .copied(),
            None => encoded::described(spot.leaf),
        };
        self.note(spot, what);
        Some(Bound::Template(written(name, encoding.unwrap_or(convention), convention)))
    }
}

impl Bound {
    /// Itself, or nothing.
    fn filter_in(self, keep: bool) -> Self {
        if keep { self } else { Self::Nothing }
    }
}
