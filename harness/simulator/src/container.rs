//! The CBOR maps around the parts of an attestation or an assertion.

use crate::encode::cbor::{Form, Item};

/// A map whose entries are named parts, computed when it is sealed, or any other item.
#[derive(Debug, Clone, PartialEq)]
pub struct MapModel<P> {
    /// Entries in order: reorder, repeat or remove them freely.
    pub entries: Vec<Entry<P>>,
    /// How the map itself is written.
    pub form: Form,
}

/// One entry of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<P> {
    /// The key, a text in a genuine object.
    pub key: Item,
    /// What it holds.
    pub value: Value<P>,
    /// How the value is written.
    pub form: Form,
}

/// What an entry holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<P> {
    /// The part of that name.
    Part(P),
    /// Anything else.
    Item(Item),
}

/// What is put around the whole object at the very end.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tail {
    /// Bytes before the object.
    pub leading: Vec<u8>,
    /// Bytes after the object.
    pub trailing: Vec<u8>,
    /// Keeps only so many bytes, counted with the leading and trailing ones.
    pub truncate: Option<usize>,
}

impl<P: PartialEq> MapModel<P> {
    pub(crate) fn of(entries: impl IntoIterator<Item = (&'static str, P)>) -> Self {
        let entries = entries.into_iter().map(|(key, part)| Entry::new(key, Value::Part(part)));
        Self { entries: entries.collect(), form: Form::Plain }
    }

    /// The entries that hold this part, to be edited.
    pub fn entries_of<'a>(&'a mut self, part: &'a P) -> impl Iterator<Item = &'a mut Entry<P>> {
        self.entries.iter_mut().filter(move |entry| entry.value.is(part))
    }

    /// Puts another item in the place of this part.
    pub fn replace(&mut self, part: &P, item: &Item) {
        for entry in self.entries.iter_mut().filter(|entry| entry.value.is(part)) {
            entry.value = Value::Item(item.clone());
        }
    }

    /// Removes the entries that hold this part.
    pub fn remove(&mut self, part: &P) {
        self.entries.retain(|entry| !entry.value.is(part));
    }

    pub(crate) fn seal(&self, resolve: impl Fn(&P) -> Item) -> Item {
        let entry = |entry: &Entry<P>| {
            let value = match &entry.value {
                Value::Part(part) => resolve(part),
                Value::Item(item) => item.clone(),
            };
            (entry.key.clone(), entry.form.apply(value))
        };
        self.form.apply(Item::Map(self.entries.iter().map(entry).collect()))
    }
}

impl<P> Entry<P> {
    /// An entry in plain form under a text key.
    pub fn new(key: &str, value: Value<P>) -> Self {
        Self { key: Item::text(key), value, form: Form::Plain }
    }
}

impl<P: PartialEq> Value<P> {
    fn is(&self, part: &P) -> bool {
        matches!(self, Self::Part(own) if own == part)
    }
}

impl Tail {
    pub(crate) fn apply(&self, object: Vec<u8>) -> Vec<u8> {
        let mut object =
            if self.leading.is_empty() { object } else { [&self.leading[..], &object].concat() };
        object.extend_from_slice(&self.trailing);
        object.truncate(self.truncate.unwrap_or(usize::MAX));
        object
    }
}
