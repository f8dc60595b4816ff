//! Edits of the CBOR around an attestation or an assertion: no signature covers it.

use super::draft::{AssertionDraft, AttestationDraft};
use super::value::{Declared, Depth, Hex, Size};
use super::vocabulary::operators;
use simulator::container::{Entry, MapModel, Tail, Value};
use simulator::encode::cbor::{Form, Item, Width};

operators! {
    /// Edits of the CBOR container. `key` names an entry of the outer map or of `attStmt`.
    ContainerOperator {
        "container.trailing" Trailing { bytes: Hex } "Bytes after the object.";
        "container.truncate" Truncate { to: usize } "Keeps only so many bytes of the object.";
        "container.reverse" Reverse {} "The entries of the outer map in the opposite order.";
        "container.indefinite" Indefinite {} "The outer map with indefinite length.";
        "container.declared" Declared { count: Declared } "Another number of entries in the head of the outer map than it has.";
        "container.tagged" Tagged { tag: u64 } "The outer map behind a tag.";
        "container.entry.drop" EntryDrop { key: String } "Leaves an entry out.";
        "container.entry.repeat" EntryRepeat { key: String } "An entry a second time.";
        "container.entry.rename" EntryRename { key: String, to: String } "An entry under another key.";
        "container.entry.null" EntryNull { key: String } "`null` in the place of a value.";
        "container.entry.text" EntryText { key: String, text: String } "A text in the place of a value.";
        "container.entry.bytes" EntryBytes { key: String, bytes: Hex } "A byte string in the place of a value.";
        "container.entry.as-text" EntryAsText { key: String } "A byte string as text, or a text as byte string.";
        "container.entry.declared" EntryDeclared { key: String, length: Declared } "Another length in the head of a value than it has.";
        "container.entry.add" EntryAdd { key: String, text: String } "One more entry, a text, at the end of the outer map.";
        "container.entry.add-raw" EntryAddRaw { key: Hex, value: Hex } "One more entry, key and value in CBOR, at the end of the outer map.";
        "container.entry.add-nested" EntryAddNested { key: String, depth: Depth } "One more entry: so many arrays, each in the one before.";
        "container.entry.rekey" EntryRekey { key: String, to: Hex } "An entry under another key, in CBOR.";
        "container.entry.indefinite" EntryIndefinite { key: String } "A value of indefinite length; a string in one chunk.";
        "container.entry.wide" EntryWide { key: String } "The length of a value in eight bytes.";
        "container.entry.raw" EntryRaw { key: String, value: Hex } "Any CBOR in the place of a value.";
        "container.entry.tagged" EntryTagged { key: String, tag: u64 } "A value behind a tag.";
        "container.entry.chunks" EntryChunks { key: String, head: Hex, count: Option<Size> } "A value of indefinite length whose one chunk follows these bytes, so many times.";
        "container.wide" Wide {} "The number of entries in the head of the outer map in eight bytes.";
        "container.before" Before { bytes: Hex } "Bytes before the object.";
        "container.statement.reverse" StatementReverse {} "The entries of `attStmt` in the opposite order.";
        "container.statement.indefinite" StatementIndefinite {} "`attStmt` with indefinite length.";
        "container.statement.add" StatementAdd { key: Hex, value: Hex } "One more entry in `attStmt`, key and value in CBOR.";
        "container.statement.declared" StatementDeclared { count: Declared } "Another number of entries in the head of `attStmt` than it has.";
    }
}

impl ContainerOperator {
    pub(super) fn apply_to_attestation(&self, draft: &mut AttestationDraft) {
        let container = &mut draft.model.container;
        if self.edit_statement(&mut container.statement) {
            return;
        }
        if !self.edit_entry(&mut container.statement) {
            self.edit(&mut container.object, &mut container.tail);
        }
    }

    /// Whether only an attestation has what is edited.
    pub(super) fn needs_statement(&self) -> bool {
        matches!(
            self,
            Self::StatementReverse {}
                | Self::StatementIndefinite {}
                | Self::StatementAdd { .. }
                | Self::StatementDeclared { .. }
        )
    }

    fn edit_statement<P>(&self, statement: &mut MapModel<P>) -> bool {
        match self {
            Self::StatementReverse {} => statement.entries.reverse(),
            Self::StatementIndefinite {} => statement.form = Form::Indefinite,
            Self::StatementDeclared { count } => statement.form = Form::Declared(count.0),
            Self::StatementAdd { key, value } => {
                let mut entry = Entry::new("", Value::Item(Item::Raw(value.0.clone())));
                entry.key = Item::Raw(key.0.clone());
                statement.entries.push(entry);
            }
            _ => return false,
        }
        true
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
            Self::Declared { count } => map.form = Form::Declared(count.0),
            Self::Tagged { tag } => map.form = Form::Tagged(*tag),
            Self::Wide {} => map.form = Form::Wide(Width::Eight),
            Self::Before { bytes } => tail.leading.extend_from_slice(&bytes.0),
            Self::EntryAdd { key, text } => {
                map.entries.push(Entry::new(key, Value::Item(Item::text(text))));
            }
            Self::EntryAddRaw { key, value } => {
                let mut entry = Entry::new("", Value::Item(Item::Raw(value.0.clone())));
                entry.key = Item::Raw(key.0.clone());
                map.entries.push(entry);
            }
            Self::EntryAddNested { key, depth } => {
                map.entries.push(Entry::new(key, Value::Item(Item::Raw(nested(depth.0)))));
            }
            Self::EntryDrop { .. }
            | Self::EntryRepeat { .. }
            | Self::EntryRename { .. }
            | Self::EntryNull { .. }
            | Self::EntryText { .. }
            | Self::EntryBytes { .. }
            | Self::EntryAsText { .. }
            | Self::EntryDeclared { .. }
            | Self::EntryRekey { .. }
            | Self::EntryIndefinite { .. }
            | Self::EntryWide { .. }
            | Self::EntryRaw { .. }
            | Self::EntryTagged { .. }
            | Self::EntryChunks { .. } => {
                self.edit_entry(map);
            }
            Self::StatementReverse {}
            | Self::StatementIndefinite {}
            | Self::StatementAdd { .. }
            | Self::StatementDeclared { .. } => {}
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
            Self::EntryDeclared { length, .. } => entry.form = Form::Declared(length.0),
            Self::EntryRekey { to, .. } => entry.key = Item::Raw(to.0.clone()),
            Self::EntryIndefinite { .. } => entry.form = Form::Indefinite,
            Self::EntryWide { .. } => entry.form = Form::Wide(Width::Eight),
            Self::EntryRaw { value, .. } => {
                entry.value = Value::Item(Item::Raw(value.0.clone()));
            }
            Self::EntryTagged { tag, .. } => entry.form = Form::Tagged(*tag),
            Self::EntryChunks { head, count, .. } => {
                entry.form = Form::Chunks(head.0.repeat(count.map_or(1, |count| count.0)));
            }
            Self::Trailing { .. }
            | Self::Truncate { .. }
            | Self::Reverse {}
            | Self::Indefinite {}
            | Self::Declared { .. }
            | Self::Tagged { .. }
            | Self::Wide {}
            | Self::Before { .. }
            | Self::StatementReverse {}
            | Self::StatementIndefinite {}
            | Self::StatementAdd { .. }
            | Self::StatementDeclared { .. }
            | Self::EntryAdd { .. }
            | Self::EntryAddRaw { .. }
            | Self::EntryAddNested { .. } => return false,
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
            | Self::EntryDeclared { key, .. }
            | Self::EntryRekey { key, .. }
            | Self::EntryIndefinite { key }
            | Self::EntryWide { key }
            | Self::EntryRaw { key, .. }
            | Self::EntryTagged { key, .. }
            | Self::EntryChunks { key, .. } => Some(key),
            Self::EntryAdd { .. }
            | Self::EntryAddRaw { .. }
            | Self::EntryAddNested { .. }
            | Self::Declared { .. }
            | Self::Tagged { .. }
            | Self::Wide {}
            | Self::Before { .. }
            | Self::StatementReverse {}
            | Self::StatementIndefinite {}
            | Self::StatementAdd { .. }
            | Self::StatementDeclared { .. }
            | Self::Trailing { .. }
            | Self::Truncate { .. }
            | Self::Reverse {}
            | Self::Indefinite {} => None,
        }
    }
}

/// Arrays of one element, each in the one before; the innermost holds 0.
pub(super) fn nested(depth: usize) -> Vec<u8> {
    let mut bytes = vec![0x81; depth];
    bytes.push(0);
    bytes
}
