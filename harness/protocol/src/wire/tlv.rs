//! One reader for tag-length-value: strict DER for certificates, BER for receipts.

use super::Malformed;
use super::der::check_der;

/// Which encodings are legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// One encoding for each value: definite, minimal lengths, primitive strings.
    Der,
    /// Also indefinite and non-minimal lengths, and strings in segments.
    Ber,
}

/// Identifier of an element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag {
    /// 0 universal, 2 context specific.
    pub class: u8,
    pub constructed: bool,
    pub number: u32,
}

/// One element, its content not yet read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Element<'a> {
    pub tag: Tag,
    /// Offset of its first byte in the outermost input.
    pub at: usize,
    /// Offset of its content in the outermost input.
    pub content_at: usize,
    pub content: &'a [u8],
    /// Identifier, length and content (and end-of-contents if it has one).
    pub whole: &'a [u8],
}

/// Reads elements one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reader<'a> {
    input: &'a [u8],
    at: usize,
    origin: usize,
    rules: Rules,
}

impl Tag {
    pub(super) const BOOLEAN: Self = Self::universal(1);
    pub(super) const INTEGER: Self = Self::universal(2);
    pub(super) const BIT_STRING: Self = Self::universal(3);
    pub(super) const OCTET_STRING: Self = Self::universal(4);
    pub(super) const OID: Self = Self::universal(6);
    pub(super) const UTC_TIME: Self = Self::universal(23);
    pub(super) const GENERALIZED_TIME: Self = Self::universal(24);
    pub(super) const SEQUENCE: Self = Self { constructed: true, ..Self::universal(16) };
    pub(super) const SET: Self = Self { constructed: true, ..Self::universal(17) };
    pub(super) const SEGMENTED_OCTET_STRING: Self =
        Self { constructed: true, ..Self::universal(4) };

    const fn universal(number: u32) -> Self {
        Self { class: 0, constructed: false, number }
    }

    /// `[number]`, constructed as explicit tags are.
    pub(super) const fn context(number: u32) -> Self {
        Self { class: 2, constructed: true, number }
    }

    /// `[number] IMPLICIT` of a primitive type.
    pub(super) const fn context_primitive(number: u32) -> Self {
        Self { class: 2, constructed: false, number }
    }

    fn in_words(self) -> String {
        let form = if self.constructed { "constructed" } else { "primitive" };
        let class = ["universal", "application", "context", "private"][usize::from(self.class)];
        format!("{form} {class} tag {}", self.number)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(input: &'a [u8], origin: usize, rules: Rules) -> Self {
        Self { input, at: 0, origin, rules }
    }

    /// A reader of DER that has been found strict in all its depth.
    pub(super) fn strict(input: &'a [u8], origin: usize) -> Result<Self, Malformed> {
        check_der(input, origin)?;
        Ok(Self::new(input, origin, Rules::Der))
    }

    /// A reader of the element's content.
    pub(super) fn inside(&self, element: &Element<'a>) -> Self {
        Self::new(element.content, element.content_at, self.rules)
    }

    /// Offset of the next byte in the outermost input.
    pub(super) fn offset(&self) -> usize {
        self.origin + self.at
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.input.len()
    }

    /// Refuses bytes after the last element.
    pub(super) fn finish(&self, what: &str) -> Result<(), Malformed> {
        let left = self.input.len() - self.at;
        if left == 0 {
            return Ok(());
        }
        Err(Malformed::new(self.offset(), format!("{left} bytes follow {what}")))
    }

    pub(super) fn next(&mut self) -> Result<Element<'a>, Malformed> {
        let header =
            Header::read(self.input, self.at, self.rules).map_err(|error| self.outermost(error))?;
        let (end, after) = match header.length {
            Some(length) => (header.content + length, header.content + length),
            None => self.end_of_contents(header.content).map_err(|error| self.outermost(error))?,
        };
        let element = Element {
            tag: header.tag,
            at: self.offset(),
            content_at: self.origin + header.content,
            content: &self.input[header.content..end],
            whole: &self.input[self.at..after],
        };
        self.at = after;
        Ok(element)
    }

    /// The next element, which must carry `tag`; `what` names it in messages.
    pub(super) fn expect(&mut self, tag: Tag, what: &str) -> Result<Element<'a>, Malformed> {
        if self.is_at_end() {
            return Err(Malformed::new(self.offset(), format!("{what} is missing")));
        }
        let element = self.next()?;
        if element.tag == tag {
            return Ok(element);
        }
        let (found, wanted) = (element.tag.in_words(), tag.in_words());
        Err(Malformed::new(element.at, format!("{what} is {found} instead of {wanted}")))
    }

    /// The next element if it carries `tag`.
    pub(super) fn optional(&mut self, tag: Tag) -> Result<Option<Element<'a>>, Malformed> {
        if self.is_at_end() {
            return Ok(None);
        }
        let start = self.at;
        let element = self.next()?;
        if element.tag == tag {
            return Ok(Some(element));
        }
        self.at = start;
        Ok(None)
    }

    /// A reader of the content of a SEQUENCE.
    pub(super) fn sequence(&mut self, what: &str) -> Result<Self, Malformed> {
        let element = self.expect(Tag::SEQUENCE, what)?;
        Ok(self.inside(&element))
    }

    /// A non-negative INTEGER of at most 63 bits.
    pub(super) fn small_integer(&mut self, what: &str) -> Result<u64, Malformed> {
        let element = self.expect(Tag::INTEGER, what)?;
        let bytes = element.content;
        if bytes.is_empty() || bytes.len() > 8 || bytes[0] & 0x80 != 0 {
            return Err(Malformed::new(
                element.at,
                format!("{what} is no number from 0 to 2^63 - 1"),
            ));
        }
        Ok(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// Where the element of indefinite length that begins at `from` ends, and what follows starts.
    fn end_of_contents(&self, from: usize) -> Result<(usize, usize), Malformed> {
        let mut open = 1;
        let mut at = from;
        loop {
            if self.input.get(at..at + 2) == Some(&[0, 0]) {
                open -= 1;
                if open == 0 {
                    return Ok((at, at + 2));
                }
                at += 2;
                continue;
            }
            let header = Header::read(self.input, at, self.rules)?;
            at = header.content + header.length.unwrap_or(0);
            if header.length.is_none() {
                open += 1;
                if open > MAX_DEPTH {
                    return Err(too_deep(at));
                }
            }
        }
    }

    fn outermost(&self, error: Malformed) -> Malformed {
        Malformed { at: self.origin + error.at, ..error }
    }
}

/// Identifier and length of an element, `content` being the offset after them.
pub(super) struct Header {
    pub tag: Tag,
    pub content: usize,
    /// None: indefinite.
    pub length: Option<usize>,
}

impl Header {
    /// Reads the header at `at`; a definite length is checked to lie within `input`.
    pub(super) fn read(input: &[u8], at: usize, rules: Rules) -> Result<Self, Malformed> {
        let bad = |what: &str| Err(Malformed::new(at, what));
        let byte = |position: usize| {
            input
                .get(position)
                .copied()
                .ok_or_else(|| Malformed::new(position, "ends inside an element"))
        };
        let first = byte(at)?;
        let mut position = at + 1;
        let mut number = u32::from(first & 0x1f);
        if number == 0x1f {
            number = 0;
            loop {
                let next = byte(position)?;
                if next == 0x80 && number == 0 {
                    return bad("a tag number with leading zeros");
                }
                if number >> 21 != 0 {
                    return bad("a tag number beyond 2^28");
                }
                number = number << 7 | u32::from(next & 0x7f);
                position += 1;
                if next & 0x80 == 0 {
                    break;
                }
            }
            if number < 0x1f {
                return bad("a low tag number in the high form");
            }
        }
        let tag = Tag { class: first >> 6, constructed: first & 0x20 != 0, number };
        if tag.class == 0 && tag.number == 0 {
            return bad("an end-of-contents where an element should begin");
        }
        let first = byte(position)?;
        position += 1;
        let length = match first {
            0..=0x7f => usize::from(first),
            0x80 if rules == Rules::Der => return bad("an indefinite length in DER"),
            0x80 if !tag.constructed => return bad("an indefinite length of a primitive element"),
            0x80 => return Ok(Self { tag, content: position, length: None }),
            0xff => return bad("the reserved length ff"),
            0x81..=0xfe => {
                let mut length = 0usize;
                for _ in 0..first & 0x7f {
                    if length >> (usize::BITS - 8) != 0 {
                        return bad("a length beyond any memory");
                    }
                    length = length << 8 | usize::from(byte(position)?);
                    position += 1;
                }
                // A length in more bytes than a number has begins with zeros.
                let first_byte = length.checked_shr(8 * (u32::from(first & 0x7f) - 1));
                let minimal = length >= 0x80 && first_byte.is_some_and(|byte| byte != 0);
                if rules == Rules::Der && !minimal {
                    return bad("a length that is not minimal in DER");
                }
                length
            }
        };
        let left = input.len() - position;
        if length > left {
            return bad(&format!("an element of {length} bytes where {left} are left"));
        }
        Ok(Self { tag, content: position, length: Some(length) })
    }
}

/// Deepest nesting of a genuine object is 9.
pub(super) const MAX_DEPTH: usize = 32;

pub(super) fn too_deep(at: usize) -> Malformed {
    Malformed::new(at, format!("nested more than {MAX_DEPTH} deep"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indefinite_element_ends_at_its_own_end_of_contents() {
        let bytes = hex::decode("3080 2480 0402abcd 0000 0000 0500".replace(' ', "")).unwrap();
        let mut reader = Reader::new(&bytes, 100, Rules::Ber);
        let outer = reader.next().unwrap();
        assert_eq!((outer.at, outer.content_at, outer.whole.len()), (100, 102, 12));
        let inner = reader.inside(&outer).next().unwrap();
        assert_eq!(inner.tag, Tag::SEGMENTED_OCTET_STRING);
        assert_eq!(inner.content, [4, 2, 0xab, 0xcd]);
        assert_eq!(reader.next().unwrap().at, 112);
        assert!(reader.is_at_end());
    }

    #[test]
    fn a_length_in_more_bytes_than_a_number_has_is_not_minimal() {
        for zeros in [1, 7, 8, 9, 35, 120] {
            let count = 0x80 | (zeros + 1) as u8;
            let bytes = [&[0x04, count][..], &vec![0; zeros], &[0x81], &[0xaa; 0x81]].concat();
            let refused = Reader::new(&bytes, 0, Rules::Der).next().unwrap_err();
            assert!(refused.what.contains("not minimal"), "{zeros}: {refused}");
            let read = Reader::new(&bytes, 0, Rules::Ber).next().unwrap();
            assert_eq!(read.content.len(), 0x81, "{zeros}");
        }
    }

    #[test]
    fn high_tag_numbers_are_read() {
        let bytes = hex::decode("bf8934050403414243").unwrap();
        let element = Reader::new(&bytes, 0, Rules::Der).next().unwrap();
        assert_eq!(element.tag, Tag::context(1204));
    }
}
