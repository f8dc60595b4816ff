//! A CBOR reader that borrows, knows its offset and keeps what is unusual.
//!
//! Headers are pulled one by one through `ciborium-ll`; this file adds what a strict reader
//! needs on top: bounds, minimality, key order, duplicate keys, nesting.

mod map;

pub(super) use map::{Entries, Key};

use super::{Deviation, Malformed};
use ciborium_ll::{Decoder, Error, Header};

/// How deep values that we skip may be nested; genuine objects reach 3.
const MAX_DEPTH: usize = 16;
/// "This is CBOR" (RFC 8949 3.4.6): the only tag that does not change what its content means.
const SELF_DESCRIBED: u64 = 55799;

/// Reads items one after the other.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    /// Offset of `input` in the outermost input, added to every reported offset.
    origin: usize,
    deviations: Vec<Deviation>,
}

/// How many items a container still holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    Counted(usize),
    UntilBreak,
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a [u8], origin: usize) -> Self {
        Self { input, at: 0, origin, deviations: Vec::new() }
    }

    /// Offset of the next byte in the outermost input.
    pub(super) fn offset(&self) -> usize {
        self.origin + self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.input.len()
    }

    pub(super) fn into_deviations(self) -> Vec<Deviation> {
        self.deviations
    }

    /// Refuses bytes after the last item.
    pub(super) fn finish(&self, what: &str) -> Result<(), Malformed> {
        let left = self.input.len() - self.at;
        if left == 0 {
            return Ok(());
        }
        Err(Malformed::new(self.offset(), format!("{left} bytes follow {what}")))
    }

    /// The entries of a map; `what` names it in messages.
    pub(super) fn map(&mut self, what: &str) -> Result<Entries<'a>, Malformed> {
        let (at, header) = self.untagged()?;
        let Header::Map(count) = header else {
            return Err(unexpected(at, what, "a map", header));
        };
        Ok(Entries::of(self.extent(at, count)))
    }

    /// The extent of an array; to be walked with [`Reader::another`].
    pub(super) fn array(&mut self, what: &str) -> Result<Extent, Malformed> {
        let (at, header) = self.untagged()?;
        match header {
            Header::Array(count) => Ok(self.extent(at, count)),
            other => Err(unexpected(at, what, "an array", other)),
        }
    }

    /// Whether another item follows in the container, whose end is consumed.
    pub(super) fn another(&mut self, extent: &mut Extent) -> bool {
        match extent {
            Extent::Counted(0) => false,
            Extent::Counted(left) => {
                *left -= 1;
                true
            }
            Extent::UntilBreak => {
                let end = self.input.get(self.at) == Some(&0xff);
                self.at += usize::from(end);
                !end
            }
        }
    }

    pub(super) fn bytes(&mut self, what: &str) -> Result<&'a [u8], Malformed> {
        let (at, header) = self.untagged()?;
        match header {
            Header::Bytes(length) => self.string(at, what, length, |header| match header {
                Header::Bytes(length) => length,
                _ => None,
            }),
            other => Err(unexpected(at, what, "a byte string", other)),
        }
    }

    pub(super) fn text(&mut self, what: &str) -> Result<&'a str, Malformed> {
        let (at, header) = self.untagged()?;
        self.text_body(at, what, header)
    }

    pub(super) fn integer(&mut self, what: &str) -> Result<i64, Malformed> {
        let (at, header) = self.untagged()?;
        let small = |value: u64| {
            i64::try_from(value)
                .map_err(|_| Malformed::new(at, format!("{what} does not fit in 64 bits")))
        };
        match header {
            Header::Positive(value) => small(value),
            Header::Negative(value) => Ok(-1 - small(value)?),
            other => Err(unexpected(at, what, "an integer", other)),
        }
    }

    /// Skips one value that nobody asked for, and reports that it is there.
    pub(super) fn skip_unknown(&mut self, key: Key<'_>, what: &str) -> Result<(), Malformed> {
        self.deviate(self.offset(), || format!("{what} has the unknown key {}", key.in_words()));
        self.skip()
    }

    /// Skips one value without a word.
    pub(super) fn skip(&mut self) -> Result<(), Malformed> {
        self.skip_at(0)
    }

    fn skip_at(&mut self, depth: usize) -> Result<(), Malformed> {
        let (at, header) = self.header()?;
        if depth > MAX_DEPTH {
            return Err(Malformed::new(at, format!("nested more than {MAX_DEPTH} deep")));
        }
        match header {
            Header::Positive(_) | Header::Negative(_) | Header::Float(_) | Header::Simple(_) => {
                Ok(())
            }
            Header::Bytes(length) => self.skip_string(at, length, |header| match header {
                Header::Bytes(length) => length,
                _ => None,
            }),
            Header::Text(_) => self.text_body(at, "a value", header).map(|_| ()),
            Header::Tag(_) => self.skip_at(depth + 1),
            Header::Break => Err(Malformed::new(at, "a break outside of an indefinite length")),
            Header::Array(count) => {
                let mut extent = self.extent(at, count);
                while self.another(&mut extent) {
                    self.skip_at(depth + 1)?;
                }
                Ok(())
            }
            Header::Map(count) => {
                let mut entries = Entries::of(self.extent(at, count));
                while entries.next_at(self, depth + 1)?.is_some() {
                    self.skip_at(depth + 1)?;
                }
                Ok(())
            }
        }
    }

    fn extent(&mut self, at: usize, count: Option<usize>) -> Extent {
        if let Some(count) = count {
            return Extent::Counted(count);
        }
        self.deviate(at, || "a container of indefinite length".to_owned());
        Extent::UntilBreak
    }

    /// The header of the next value, past a self-described tag.
    fn untagged(&mut self) -> Result<(usize, Header), Malformed> {
        let (at, header) = self.header()?;
        if header != Header::Tag(SELF_DESCRIBED) {
            return Ok((at, header));
        }
        self.deviate(at, || format!("the tag {SELF_DESCRIBED}"));
        self.header()
    }

    fn header(&mut self) -> Result<(usize, Header), Malformed> {
        let at = self.offset();
        let rest = &self.input[self.at..];
        let mut decoder = Decoder::from(rest);
        let header = decoder.pull().map_err(|error| match error {
            Error::Io(_) => Malformed::new(self.origin + self.input.len(), "ends inside an item"),
            Error::Syntax(_) => Malformed::new(at, "no CBOR item begins like this"),
        })?;
        let length = decoder.offset();
        self.at += length;
        if let Some(argument) = argument(header)
            && length > minimal_length(argument)
        {
            self.deviate(at, || format!("a length or number of {} bytes, not minimal", length - 1));
        }
        if let Header::Simple(value) = header
            && length == 2
            && value < 32
        {
            return Err(Malformed::new(at, format!("simple value {value} in two bytes")));
        }
        Ok((at, header))
    }

    fn text_body(&mut self, at: usize, what: &str, header: Header) -> Result<&'a str, Malformed> {
        let Header::Text(length) = header else {
            return Err(unexpected(at, what, "a text string", header));
        };
        let bytes = self.string(at, what, length, |header| match header {
            Header::Text(length) => length,
            _ => None,
        })?;
        std::str::from_utf8(bytes)
            .map_err(|error| Malformed::new(at, format!("{what} is not UTF-8: {error}")))
    }

    /// The body of a string. In chunks it can only be borrowed if no two chunks hold anything.
    fn string(
        &mut self,
        at: usize,
        what: &str,
        length: Option<usize>,
        chunk: fn(Header) -> Option<usize>,
    ) -> Result<&'a [u8], Malformed> {
        if let Some(length) = length {
            return self.take(at, length);
        }
        self.deviate(at, || format!("{what} in chunks"));
        let mut whole: &'a [u8] = &[];
        while self.another(&mut Extent::UntilBreak) {
            let part = self.chunk(chunk)?;
            if !whole.is_empty() && !part.is_empty() {
                return Err(Malformed::new(
                    at,
                    format!("{what} in several chunks, which this reader does not join"),
                ));
            }
            whole = if part.is_empty() { whole } else { part };
        }
        Ok(whole)
    }

    fn skip_string(
        &mut self,
        at: usize,
        length: Option<usize>,
        chunk: fn(Header) -> Option<usize>,
    ) -> Result<(), Malformed> {
        if let Some(length) = length {
            return self.take(at, length).map(|_| ());
        }
        self.deviate(at, || "a string in chunks".to_owned());
        while self.another(&mut Extent::UntilBreak) {
            self.chunk(chunk)?;
        }
        Ok(())
    }

    fn chunk(&mut self, chunk: fn(Header) -> Option<usize>) -> Result<&'a [u8], Malformed> {
        let (at, header) = self.header()?;
        let Some(length) = chunk(header) else {
            return Err(unexpected(at, "a chunk", "a definite string of the same kind", header));
        };
        self.take(at, length)
    }

    fn take(&mut self, at: usize, length: usize) -> Result<&'a [u8], Malformed> {
        let rest = &self.input[self.at..];
        let Some(taken) = rest.get(..length) else {
            return Err(Malformed::new(
                at,
                format!("a string of {length} bytes where {} are left", rest.len()),
            ));
        };
        self.at += length;
        Ok(taken)
    }

    fn deviate(&mut self, at: usize, what: impl FnOnce() -> String) {
        // A hostile object has one deviation a byte; nobody reads more than these.
        if self.deviations.len() < 32 {
            self.deviations.push(Deviation { at, what: what() });
        }
    }
}

fn unexpected(at: usize, what: &str, expected: &str, found: Header) -> Malformed {
    let found = match found {
        Header::Positive(_) | Header::Negative(_) => "an integer".to_owned(),
        Header::Float(_) => "a floating-point number".to_owned(),
        Header::Simple(20 | 21) => "a boolean".to_owned(),
        Header::Simple(22) => "null".to_owned(),
        Header::Simple(value) => format!("simple value {value}"),
        Header::Tag(tag) => format!("tag {tag}"),
        Header::Break => "a break".to_owned(),
        Header::Bytes(_) => "a byte string".to_owned(),
        Header::Text(_) => "a text string".to_owned(),
        Header::Array(_) => "an array".to_owned(),
        Header::Map(_) => "a map".to_owned(),
    };
    Malformed::new(at, format!("{what} is {found} instead of {expected}"))
}

/// The number a header carries in its argument, if it does.
fn argument(header: Header) -> Option<u64> {
    match header {
        Header::Positive(value) | Header::Negative(value) | Header::Tag(value) => Some(value),
        Header::Bytes(length)
        | Header::Text(length)
        | Header::Array(length)
        | Header::Map(length) => length.map(|length| length as u64),
        Header::Float(_) | Header::Simple(_) | Header::Break => None,
    }
}

fn minimal_length(argument: u64) -> usize {
    match argument {
        0..=0x17 => 1,
        0x18..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    }
}
