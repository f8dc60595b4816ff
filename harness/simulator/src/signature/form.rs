//! How the two numbers of a signature are written: in DER until told otherwise.

use crate::encode::der::{self, Length, tag};

/// The writing of a whole signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureForm {
    /// Identifier octet of the outermost element.
    pub tag: u8,
    /// How its length is written.
    pub length: Length,
    /// The first number.
    pub r: NumberForm,
    /// The second number.
    pub s: NumberForm,
    /// Whether the second number comes first.
    pub swapped: bool,
    /// Bytes after the numbers, inside the outermost element.
    pub inside: Vec<u8>,
    /// How many more SEQUENCEs there are around it.
    pub nested: usize,
    /// Bytes before everything.
    pub before: Vec<u8>,
    /// Bytes after everything.
    pub after: Vec<u8>,
    /// How many bytes are missing at the end.
    pub cut: usize,
}

/// The writing of one number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberForm {
    /// Identifier octet.
    pub tag: u8,
    /// How its length is written.
    pub length: Length,
    /// Zero bytes before the content that DER does not allow.
    pub padding: usize,
    /// Another number that is the same modulo the group's order.
    pub shift: Shift,
    /// Whether it is left out.
    pub absent: bool,
}

/// What is done to a number before it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shift {
    /// Nothing.
    #[default]
    None,
    /// The order is added.
    PlusOrder,
    /// The order is subtracted, which leaves a negative number.
    MinusOrder,
    /// Its sign is another.
    Negated,
}

impl Default for SignatureForm {
    fn default() -> Self {
        Self {
            tag: tag::SEQUENCE,
            length: Length::Minimal,
            r: NumberForm::default(),
            s: NumberForm::default(),
            swapped: false,
            inside: Vec::new(),
            nested: 0,
            before: Vec::new(),
            after: Vec::new(),
            cut: 0,
        }
    }
}

impl Default for NumberForm {
    fn default() -> Self {
        Self {
            tag: tag::INTEGER,
            length: Length::Minimal,
            padding: 0,
            shift: Shift::None,
            absent: false,
        }
    }
}

impl SignatureForm {
    /// The bytes, given the contents of both INTEGERs and the order of the group.
    pub(super) fn write(&self, r: &[u8], s: &[u8], order: &[u8]) -> Vec<u8> {
        let (r, s) = (self.r.write(r, order), self.s.write(s, order));
        let numbers = if self.swapped { [s, r] } else { [r, s] };
        let content = [&numbers[0][..], &numbers[1], &self.inside].concat();
        let mut element = der::element(&[self.tag], self.length, &content);
        for _ in 0..self.nested {
            element = der::tlv(tag::SEQUENCE, &element);
        }
        let mut all = [&self.before[..], &element, &self.after].concat();
        all.truncate(all.len().saturating_sub(self.cut));
        all
    }
}

impl NumberForm {
    fn write(&self, content: &[u8], order: &[u8]) -> Vec<u8> {
        if self.absent {
            return Vec::new();
        }
        let shifted = match self.shift {
            Shift::None => content.to_vec(),
            Shift::PlusOrder => der::unsigned_content(&sum(content, order)),
            Shift::MinusOrder => negative(&difference(order, content)),
            Shift::Negated => negative(content),
        };
        let padded = [vec![0; self.padding], shifted].concat();
        der::element(&[self.tag], self.length, &padded)
    }
}

/// Bytes that hold any number here, with room for a carry and a sign.
const WIDTH: usize = 52;

fn wide(number: &[u8]) -> [u8; WIDTH] {
    let mut bytes = [0; WIDTH];
    let number = &number[number.len().saturating_sub(WIDTH)..];
    bytes[WIDTH - number.len()..].copy_from_slice(number);
    bytes
}

fn sum(one: &[u8], other: &[u8]) -> [u8; WIDTH] {
    let (mut one, other) = (wide(one), wide(other));
    let mut carry = 0;
    for (digit, add) in one.iter_mut().zip(other).rev() {
        let total = u16::from(*digit) + u16::from(add) + carry;
        *digit = total as u8;
        carry = total >> 8;
    }
    one
}

/// Two's complement: all bits turned, and one more.
fn complement(number: &[u8]) -> [u8; WIDTH] {
    sum(&wide(number).map(|byte| !byte), &[1])
}

fn difference(one: &[u8], other: &[u8]) -> [u8; WIDTH] {
    sum(one, &complement(other))
}

/// The content of the INTEGER of −`number`: as few bytes as keep its sign.
fn negative(number: &[u8]) -> Vec<u8> {
    let bytes = complement(number);
    let needless = bytes.windows(2).take_while(|pair| pair[0] == 0xff && pair[1] & 0x80 != 0);
    bytes[needless.count()..].to_vec()
}

#[cfg(test)]
mod tests {
    use super::{Shift, SignatureForm, difference, negative};
    use crate::encode::der::Length;

    const ORDER: &[u8] = &[0x01, 0x00];

    #[track_caller]
    fn check(edit: impl FnOnce(&mut SignatureForm), expected: &str) {
        let mut form = SignatureForm::default();
        edit(&mut form);
        assert_eq!(hex::encode(form.write(&[0x05], &[0x00, 0x90], ORDER)), expected);
    }

    #[test]
    fn numbers_are_der_until_edited() {
        check(|_| {}, "300702010502020090");
        check(|form| form.r.padding = 1, "30080202000502020090");
        check(|form| form.s.length = Length::Long(2), "3009020105028200020090");
        check(|form| form.swapped = true, "300702020090020105");
        check(|form| form.s.absent = true, "3003020105");
        check(|form| form.nested = 1, "3009300702010502020090");
        check(|form| form.cut = 2, "30070201050202");
        check(|form| form.inside = vec![5, 0], "3009020105020200900500");
    }

    #[test]
    fn shifted_numbers_are_the_same_modulo_the_order() {
        check(|form| form.r.shift = Shift::PlusOrder, "30080202010502020090");
        // 5 − 256 = −251, 144 − 256 = −112, −5
        check(|form| form.r.shift = Shift::MinusOrder, "30080202ff0502020090");
        check(|form| form.s.shift = Shift::MinusOrder, "3006020105020190");
        check(|form| form.r.shift = Shift::Negated, "30070201fb02020090");
        assert_eq!(negative(&[0x80]), [0x80]);
        assert_eq!(difference(&[2, 0], &[1])[50..], [0x01, 0xff]);
    }
}
