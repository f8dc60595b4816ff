//! CBOR items, each written in the form it is told.

/// One data item as it shall stand in the bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// Major type 0.
    Unsigned(u64),
    /// Major type 1: the number −1 − n.
    Negative(u64),
    /// Major type 2.
    Bytes(Vec<u8>),
    /// Major type 3; the bytes need not be UTF-8.
    Text(Vec<u8>),
    /// Major type 4.
    Array(Vec<Item>),
    /// Major type 5, in this order, duplicates and all.
    Map(Vec<(Item, Item)>),
    /// Major type 6.
    Tagged(u64, Box<Item>),
    /// `true` or `false`.
    Boolean(bool),
    /// `null`.
    Null,
    /// A double.
    Float(f64),
    /// The item with its head in 1, 2, 4 or 8 argument bytes, needed or not.
    Wide(Width, Box<Item>),
    /// The item with another length or count in its head than it has.
    Declared(u64, Box<Item>),
    /// A string in one chunk, or an array or map closed by a break.
    Indefinite(Box<Item>),
    /// A string in one chunk that follows these bytes, closed by a break.
    Chunks(Vec<u8>, Box<Item>),
    /// These bytes.
    Raw(Vec<u8>),
}

/// How many bytes hold the argument of a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// `18 xx`
    One,
    /// `19 xxxx`
    Two,
    /// `1a …`
    Four,
    /// `1b …`
    Eight,
}

/// What is done to an item where it stands; [`Form::Plain`] is how a genuine object has it.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Form {
    /// Definite and minimal.
    #[default]
    Plain,
    /// See [`Item::Wide`].
    Wide(Width),
    /// See [`Item::Declared`].
    Declared(u64),
    /// See [`Item::Indefinite`].
    Indefinite,
    /// See [`Item::Chunks`].
    Chunks(Vec<u8>),
    /// Behind this tag.
    Tagged(u64),
    /// A byte string as text or a text as byte string.
    OtherString,
}

impl Form {
    /// The item in this form.
    pub fn apply(&self, item: Item) -> Item {
        match self {
            Self::Plain => item,
            Self::Wide(width) => Item::Wide(*width, Box::new(item)),
            Self::Declared(length) => Item::Declared(*length, Box::new(item)),
            Self::Indefinite => Item::Indefinite(Box::new(item)),
            Self::Chunks(first) => Item::Chunks(first.clone(), Box::new(item)),
            Self::Tagged(number) => Item::Tagged(*number, Box::new(item)),
            Self::OtherString => match item {
                Item::Bytes(bytes) => Item::Text(bytes),
                Item::Text(bytes) => Item::Bytes(bytes),
                other => other,
            },
        }
    }
}

impl Item {
    /// A text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.as_bytes().to_vec())
    }

    /// The integer of either sign.
    pub fn integer(number: i64) -> Self {
        match u64::try_from(number) {
            Ok(number) => Self::Unsigned(number),
            Err(_) => Self::Negative(!number as u64),
        }
    }

    /// The bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out, &Head::Minimal);
        out
    }

    fn write(&self, out: &mut Vec<u8>, head: &Head) {
        match self {
            Self::Unsigned(number) => head.push(out, 0, *number),
            Self::Negative(number) => head.push(out, 1, *number),
            Self::Bytes(bytes) => write_string(out, head, 2, bytes),
            Self::Text(bytes) => write_string(out, head, 3, bytes),
            Self::Array(items) => {
                head.push(out, 4, items.len() as u64);
                for item in items {
                    item.write(out, &Head::Minimal);
                }
                head.close(out);
            }
            Self::Map(entries) => {
                head.push(out, 5, entries.len() as u64);
                for (key, value) in entries {
                    key.write(out, &Head::Minimal);
                    value.write(out, &Head::Minimal);
                }
                head.close(out);
            }
            Self::Tagged(number, item) => {
                head.push(out, 6, *number);
                item.write(out, &Head::Minimal);
            }
            Self::Boolean(false) => out.push(0xf4),
            Self::Boolean(true) => out.push(0xf5),
            Self::Null => out.push(0xf6),
            Self::Float(number) => {
                out.push(0xfb);
                out.extend_from_slice(&number.to_be_bytes());
            }
            Self::Wide(width, item) => item.write(out, &Head::Wide(*width)),
            Self::Declared(length, item) => item.write(out, &Head::Declared(*length)),
            Self::Indefinite(item) => item.write(out, &Head::Indefinite),
            Self::Chunks(first, item) => {
                let major = if matches!(**item, Self::Text(_)) { 3 } else { 2 };
                out.push(major << 5 | 31);
                out.extend_from_slice(first);
                item.write(out, &Head::Minimal);
                out.push(0xff);
            }
            Self::Raw(bytes) => out.extend_from_slice(bytes),
        }
    }
}

impl From<&str> for Item {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

fn write_string(out: &mut Vec<u8>, head: &Head, major: u8, bytes: &[u8]) {
    head.push(out, major, bytes.len() as u64);
    if matches!(head, Head::Indefinite) {
        Head::Minimal.push(out, major, bytes.len() as u64);
    }
    out.extend_from_slice(bytes);
    head.close(out);
}

enum Head {
    Minimal,
    Wide(Width),
    Declared(u64),
    Indefinite,
}

impl Head {
    fn push(&self, out: &mut Vec<u8>, major: u8, argument: u64) {
        let (width, argument) = match self {
            Self::Minimal => (minimal(argument), argument),
            Self::Wide(width) => (Some(*width), argument),
            Self::Declared(declared) => (minimal(*declared), *declared),
            Self::Indefinite => {
                out.push(major << 5 | 31);
                return;
            }
        };
        let Some(width) = width else {
            out.push(major << 5 | argument as u8);
            return;
        };
        let (information, bytes) = match width {
            Width::One => (24, 1),
            Width::Two => (25, 2),
            Width::Four => (26, 4),
            Width::Eight => (27, 8),
        };
        out.push(major << 5 | information);
        out.extend_from_slice(&argument.to_be_bytes()[8 - bytes..]);
    }

    fn close(&self, out: &mut Vec<u8>) {
        if matches!(self, Self::Indefinite) {
            out.push(0xff);
        }
    }
}

fn minimal(argument: u64) -> Option<Width> {
    match argument {
        0..24 => None,
        24..0x100 => Some(Width::One),
        0x100..0x1_0000 => Some(Width::Two),
        0x1_0000..0x1_0000_0000 => Some(Width::Four),
        _ => Some(Width::Eight),
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Item, Width};

    #[track_caller]
    fn check(item: &Item, expected: &str) {
        assert_eq!(hex::encode(item.encode()), expected);
    }

    #[test]
    fn honest_items_are_minimal() {
        check(&Item::integer(-7), "26");
        check(&Item::integer(23), "17");
        check(&Item::Bytes(vec![0; 2]), "420000");
        check(&Item::Array(vec![Item::Unsigned(500), Item::text("a")]), "821901f46161");
        check(&Item::Map(vec![("k".into(), Item::Boolean(true))]), "a1616bf5");
    }

    #[test]
    fn forms_bend_the_head_only() {
        let bytes = || Item::Bytes(vec![9]);
        check(&Form::Wide(Width::Two).apply(bytes()), "59000109");
        check(&Form::Declared(u64::MAX).apply(bytes()), "5bffffffffffffffff09");
        check(&Form::Indefinite.apply(bytes()), "5f4109ff");
        check(&Form::Indefinite.apply(Item::Map(vec![(Item::Null, Item::Null)])), "bff6f6ff");
        check(&Form::Chunks(vec![0x41, 8]).apply(bytes()), "5f41084109ff");
        check(&Form::Tagged(24).apply(bytes()), "d8184109");
        check(&Form::OtherString.apply(bytes()), "6109");
    }
}
