//! Maps: keys by value, none twice, their order noticed.

use super::{Extent, Malformed, Reader};
use ciborium_ll::Header;
use std::collections::BTreeSet;

/// A map key by value, so that two encodings of one key are one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::wire) enum Key<'a> {
    Unsigned(u64),
    /// Encoded as `-1 - n`.
    Negative(u64),
    Text(&'a str),
    Bytes(&'a [u8]),
    /// Anything else, by its encoding.
    Other(&'a [u8]),
}

/// Walks the entries of one map and refuses a key that came before.
#[derive(Debug)]
pub(in crate::wire) struct Entries<'a> {
    extent: Extent,
    last: &'a [u8],
    /// The first keys without allocation; every genuine map fits.
    few: [Option<Key<'a>>; 8],
    many: BTreeSet<Key<'a>>,
}

impl<'a> Entries<'a> {
    pub(super) fn of(extent: Extent) -> Self {
        Self { extent, last: &[], few: [None; 8], many: BTreeSet::new() }
    }

    /// The next key; its value must be read before the next call.
    pub(in crate::wire) fn next(
        &mut self,
        reader: &mut Reader<'a>,
    ) -> Result<Option<Key<'a>>, Malformed> {
        self.next_at(reader, 0)
    }

    pub(super) fn next_at(
        &mut self,
        reader: &mut Reader<'a>,
        depth: usize,
    ) -> Result<Option<Key<'a>>, Malformed> {
        if !reader.another(&mut self.extent) {
            return Ok(None);
        }
        let (start, at) = (reader.at, reader.offset());
        let key = Key::read(reader, depth)?;
        let encoded = &reader.input[start..reader.at];
        if !self.last.is_empty() && (self.last.len(), self.last) > (encoded.len(), encoded) {
            reader.deviate(at, || format!("key {} is out of canonical order", key.in_words()));
        }
        self.last = encoded;
        if !self.remember(key) {
            return Err(Malformed::new(at, format!("key {} occurs twice", key.in_words())));
        }
        Ok(Some(key))
    }

    fn remember(&mut self, key: Key<'a>) -> bool {
        for slot in &mut self.few {
            match slot {
                Some(known) if *known == key => return false,
                Some(_) => {}
                None => {
                    *slot = Some(key);
                    return true;
                }
            }
        }
        self.many.insert(key)
    }
}

impl<'a> Key<'a> {
    fn read(reader: &mut Reader<'a>, depth: usize) -> Result<Self, Malformed> {
        let start = reader.at;
        let (at, header) = reader.untagged()?;
        match header {
            Header::Positive(value) => Ok(Self::Unsigned(value)),
            Header::Negative(value) => Ok(Self::Negative(value)),
            Header::Text(_) => reader.text_body(at, "a key", header).map(Self::Text),
            Header::Bytes(Some(length)) => reader.take(at, length).map(Self::Bytes),
            Header::Bytes(None)
            | Header::Float(_)
            | Header::Simple(_)
            | Header::Tag(_)
            | Header::Break
            | Header::Array(_)
            | Header::Map(_) => {
                reader.at = start;
                reader.skip_at(depth)?;
                Ok(Self::Other(&reader.input[start..reader.at]))
            }
        }
    }

    pub(super) fn in_words(self) -> String {
        match self {
            Self::Unsigned(value) => value.to_string(),
            Self::Negative(value) => (-1 - i128::from(value)).to_string(),
            Self::Text(text) => format!("{:?}", text.chars().take(40).collect::<String>()),
            Self::Bytes(bytes) | Self::Other(bytes) => {
                format!("0x{}", hex::encode(&bytes[..bytes.len().min(20)]))
            }
        }
    }
}
