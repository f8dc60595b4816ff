//! Authenticator data: fixed places first (WebAuthn 6.1), CBOR after them.

use super::cbor::{self, Part};
use super::containers::{Meaning, after};
use super::tree::{Place, Said, Source, Tree};
use super::{names, values};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::ops::Range;

/// Authenticator data that is the object itself.
pub(super) fn alone(tree: &mut Tree, source: &Source<'_>, root: &Place, attested: bool) {
    let all = 0..source.bytes.len();
    let said = Said::value("authenticator data", format!("{} bytes", all.len()));
    // It has no header, so nothing but its parts has bytes.
    let inner = tree.branch(source, root, all.clone(), 0, said);
    inside(tree, source, &inner, all, attested);
}

/// Reads the fixed places, then what follows them; neither flag decides, the length does.
pub(super) fn inside(
    tree: &mut Tree,
    source: &Source<'_>,
    place: &Place,
    range: Range<usize>,
    attested: bool,
) {
    let mut fields = Fields { tree, source, place, at: range.start, end: range.end };
    let whole = fields.take("rpIdHash", "RP ID hash: SHA-256 of the App ID", 32, values::hex)
        && fields.take("flags", "flags", 1, |byte| names::flags(byte[0]))
        && fields.take("signCount", "counter, big endian", 4, big_endian);
    if !whole || fields.at == fields.end {
        return;
    }
    // An assertion has no credential; one that carries it all the same is told by its AAGUID.
    let rest = source.get(fields.at..fields.end);
    if (attested || rest.starts_with(b"appattest")) && !fields.credential() {
        return;
    }
    fields.extensions();
}

struct Fields<'t, 's, 'b> {
    tree: &'t mut Tree,
    source: &'t Source<'s>,
    place: &'b Place,
    at: usize,
    end: usize,
}

impl Fields<'_, '_, '_> {
    /// A field of fixed length; whether it was there in full.
    fn take(
        &mut self,
        name: &str,
        label: &str,
        length: usize,
        words: impl Fn(&[u8]) -> String,
    ) -> bool {
        let to = self.end.min(self.at + length);
        let bytes = self.source.get(self.at..to);
        let is_whole = bytes.len() == length;
        let said = if is_whole {
            Said::value(label, words(bytes))
        } else {
            let damage = format!("{} bytes left where {length} belong", bytes.len());
            Said::value(label, values::hex(bytes)).damaged(Some(damage))
        };
        self.tree.leaf(self.source, &self.place.part(name), self.at..to, said);
        self.at = to;
        is_whole
    }

    /// The attested credential data; whether it was there in full.
    fn credential(&mut self) -> bool {
        if !self.take("aaguid", "AAGUID", 16, names::aaguid) {
            return false;
        }
        let length = self.source.get(self.at..self.end).first_chunk::<2>();
        let length = length.map(|length| usize::from(u16::from_be_bytes(*length)));
        let label = "credential id length, big endian";
        if !self.take("credentialIdLength", label, 2, |_| length.unwrap_or_default().to_string()) {
            return false;
        }
        let label = "credential id: the key id";
        let id = |bytes: &[u8]| format!("{} ({})", STANDARD.encode(bytes), values::hex(bytes));
        if !self.take("credentialId", label, length.unwrap_or_default(), id) {
            return false;
        }
        let label = "credential public key (COSE)".to_owned();
        let part = Part { label, meaning: Meaning::CoseKey };
        let place = self.place.part("credentialPublicKey");
        self.at = cbor::item(self.tree, self.source, &place, self.at..self.end, &part);
        true
    }

    fn extensions(&mut self) {
        if self.at == self.end {
            return;
        }
        let part = Part { label: "extensions".to_owned(), meaning: Meaning::Extensions };
        let place = self.place.part("extensions");
        self.at = cbor::item(self.tree, self.source, &place, self.at..self.end, &part);
        after(self.tree, self.source, self.place, self.at..self.end, "authenticator data");
    }
}

fn big_endian(bytes: &[u8]) -> String {
    bytes.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)).to_string()
}
