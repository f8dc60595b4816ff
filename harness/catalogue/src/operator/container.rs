//! Edits of the CBOR around an attestation or an assertion: no signature covers it.

use super::draft::{AssertionDraft, AttestationDraft};
use super::value::Hex;
use super::vocabulary::operators;
use simulator::container::{Entry, MapModel, Tail, Value};
use simulator::encode::cbor::{Form, Item};

operators! {
    /// Edits of the CBOR container. `key` names an entry of the outer map or of `attStmt`.
    ContainerOperator {
        "container.trailing" Trailing { bytes: Hex } "Bytes after the object.";
        "container.truncate" Truncate { to: usize } "Keeps only so many bytes of the object.";
        "container.reverse" Reverse {} "The entries of the outer map in the opposite order.";
        "container.indefinite" Indefinite {} "The outer map with indefinite length.";
        "container.entry.drop" EntryDrop { key: String } "Leaves an entry out.";
        "container.entry.repeat" EntryRepeat { key: String } "An entry a second time.";
        "container.entry.rename" EntryRename { key: String, to: String } "An entry under another key.";
        "container.entry.null" EntryNull { key: String } "`null` in the place of a value.";
        "container.entry.text" EntryText { key: String, text: String } "A text in the place of a value.";
        "container.entry.bytes" EntryBytes { key: String, bytes: Hex } "A byte string in the place of a value.";
        "container.entry.as-text" EntryAsText { key: String } "A byte string as text, or a text as byte string.";
        "container.entry.declared" EntryDeclared { key: String, length: u64 } "Another length in the head of a value than it has.";
        "container.entry.add" EntryAdd { key: String, text: String } "One more entry, a text, at the end of the outer map.";
    }
}

impl ContainerOperator {
    pub(super) fn apply_to_attestation(&self, draft: &mut AttestationDraft) {
        let container = &mut draft.model.container;
        if !self.edit_entry(&mut container.statement) {
            self.edit(&mut container.object, &mut container.tail);
        }
    }

    pub(super) fn apply_to_assertion(&self, draft: &mut AssertionDraft) {
        self.edit(&mut draft.model.object, &mut draft.model.tail);
    }

    fn edit<P: Clone>(&self, map: &mut MapModel<P>, tail: &mut Tail) {
        match self {
            Self::Trailing { bytes } => tail.trailing.extend_from_slice(&bytes.0),
            Self::Truncate { to } => tail.truncate = Some(*to),
            Self::Reverse {} => map.entries.reverse(),
            Self::Indefinite {} => map.form = Form::Indefinite,
            Self::EntryAdd { key, text } => {
                map.entries.push(Entry::new(key, Value::Item(Item::text(text))));
            }
            Self::EntryDrop { .. }
            | Self::EntryRepeat { .. }
            | Self::EntryRename { .. }
            | Self::EntryNull { .. }
            | Self::EntryText { .. }
            | Self::EntryBytes { .. }
            | Self::EntryAsText { .. }
            | Self::EntryDeclared { .. } => {
                self.edit_entry(map);
            }
        }
    }

    /// Edits the entry that the operator names, if this map has it.
    fn edit_entry<P: Clone>(&self, map: &mut MapModel<P>) -> bool {
        let Some(wanted) = self.key().map(Item::text) else { return false };
        let Some(at) = map.entries.iter().position(|entry| entry.key == wanted) else {
            return false;
        };
        let entry = &mut map.entries[at];
        match self {
            Self::EntryDrop { .. } => {
                map.entries.remove(at);
            }
            Self::EntryRepeat { .. } => {
                let copy = entry.clone();
                map.entries.push(copy);
            }
            Self::EntryRename { to, .. } => entry.key = Item::text(to),
            Self::EntryNull { .. } => entry.value = Value::Item(Item::Null),
            Self::EntryText { text, .. } => entry.value = Value::Item(Item::text(text)),
            Self::EntryBytes { bytes, .. } => {
                entry.value = Value::Item(Item::Bytes(bytes.0.clone()));
            }
            Self::EntryAsText { .. } => entry.form = Form::OtherString,
            Self::EntryDeclared { length, .. } => entry.form = Form::Declared(*length),
            Self::Trailing { .. }
            | Self::Truncate { .. }
            | Self::Reverse {}
            | Self::Indefinite {}
            | Self::EntryAdd { .. } => return false,
        }
        true
    }

    fn key(&self) -> Option<&str> {
        match self {
            Self::EntryDrop { key }
            | Self::EntryRepeat { key }
            | Self::EntryRename { key, .. }
            | Self::EntryNull { key }
            | Self::EntryText { key, .. }
            | Self::EntryBytes { key, .. }
            | Self::EntryAsText { key }
            | Self::EntryDeclared { key, .. } => Some(key),
            Self::EntryAdd { .. }
            | Self::Trailing { .. }
            | Self::Truncate { .. }
            | Self::Reverse {}
            | Self::Indefinite {} => None,
        }
    }
}
