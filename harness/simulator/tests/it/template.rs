//! Bytes as a list of lines that say how they are built, with everything left out that differs
//! between two honest objects (keys, hashes, texts), and nothing else.

use std::collections::BTreeMap;

/// Lines by path; the path says where in the object, the line how it is written there.
pub(crate) type Template = BTreeMap<String, String>;

/// One element of DER or BER.
#[derive(Debug, Clone)]
pub(crate) struct Node<'a> {
    pub(crate) identifier: &'a [u8],
    pub(crate) length_form: String,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
    pub(crate) children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// The one element that is all of `bytes`.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (node, rest) = Self::read_first(bytes, 0)?;
        rest.is_empty().then_some(node)
    }

    fn read_first(bytes: &'a [u8], depth: usize) -> Option<(Self, &'a [u8])> {
        if depth > 40 {
            return None;
        }
        let mut tag_end = 1;
        if bytes.first()? & 0x1f == 0x1f {
            while bytes.get(tag_end)? & 0x80 != 0 {
                tag_end += 1;
            }
            tag_end += 1;
        }
        let identifier = bytes.get(..tag_end)?;
        let first = *bytes.get(tag_end)?;
        let mut start = tag_end + 1;
        let constructed = identifier[0] & 0x20 != 0;
        if first == 0x80 {
            let mut children = Vec::new();
            let mut rest = bytes.get(start..)?;
            while rest.get(..2)? != [0, 0] {
                let (child, after) = Self::read_first(rest, depth + 1)?;
                children.push(child);
                rest = after;
            }
            let end = bytes.len() - rest.len();
            let node = Self {
                identifier,
                length_form: "indefinite".to_owned(),
                content: &bytes[start..end],
                whole: &bytes[..end + 2],
                children,
            };
            return Some((node, &rest[2..]));
        }
        let (length, length_form) = if first < 0x80 {
            (usize::from(first), "short".to_owned())
        } else {
            let count = usize::from(first & 0x7f);
            let digits = bytes.get(start..start + count)?;
            start += count;
            let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
            (length, format!("long in {count}"))
        };
        let end = start.checked_add(length)?;
        let content = bytes.get(start..end)?;
        let mut children = Vec::new();
        if constructed {
            let mut rest = content;
            while !rest.is_empty() {
                let (child, after) = Self::read_first(rest, depth + 1)?;
                children.push(child);
                rest = after;
            }
        }
        let node = Self { identifier, length_form, content, whole: &bytes[..end], children };
        Some((node, &bytes[end..]))
    }

    /// Follows child numbers down.
    pub(crate) fn at(&self, path: &[usize]) -> &Node<'a> {
        path.iter().fold(self, |node, index| &node.children[*index])
    }

    /// The octets of an OCTET STRING, put together from its pieces.
    pub(crate) fn octets(&self) -> Vec<u8> {
        if self.children.is_empty() {
            return self.content.to_vec();
        }
        self.children.iter().flat_map(Node::octets).collect()
    }

    /// Two long integers: which of them is the longer one is chance.
    fn is_signature(&self) -> bool {
        let long = |node: &Node<'_>| node.identifier == [2] && node.content.len() > 20;
        self.children.len() == 2 && self.children.iter().all(long)
    }

    fn oid(&self) -> Option<String> {
        (self.identifier == [6]).then(|| hex::encode(self.content))
    }

    pub(crate) fn describe(&self, path: &str, out: &mut Template) {
        let kind = hex::encode(self.identifier);
        let mut line = format!("{kind} {}", self.length_form);
        let inner = (self.identifier == [4] && self.content.first() == Some(&0x30))
            .then(|| Node::read(self.content))
            .flatten()
            .filter(|inner| !inner.is_signature());
        if self.children.is_empty() && inner.is_none() {
            line.push(' ');
            line.push_str(&self.value());
        }
        out.insert(path.to_owned(), line);
        for (index, child) in self.children.iter().chain(&inner).enumerate() {
            let name = child.children.first().and_then(Node::oid).map(|oid| format!(":{oid}"));
            child.describe(&format!("{path}/{index:02}{}", name.unwrap_or_default()), out);
        }
    }

    fn value(&self) -> String {
        let telling = match self.identifier {
            [1 | 5 | 6] => true,
            [2] => self.content.len() <= 5,
            [3] => self.content.len() <= 4,
            _ => false,
        };
        let bytes = self.content.len();
        if telling { hex::encode(self.content) } else { format!("of {bytes} bytes") }
    }
}

/// A CBOR item: its head as written, and what it holds.
#[derive(Debug, Clone)]
pub(crate) enum Cbor<'a> {
    Number(String),
    String { head: String, bytes: &'a [u8] },
    Array { head: String, items: Vec<Cbor<'a>> },
    Map { head: String, entries: Vec<(Cbor<'a>, Cbor<'a>)> },
}

impl<'a> Cbor<'a> {
    /// The one item that is all of `bytes`; definite lengths only, as genuine objects have.
    pub(crate) fn read(bytes: &'a [u8]) -> Option<Self> {
        let (item, rest) = Self::read_first(bytes)?;
        rest.is_empty().then_some(item)
    }

    pub(crate) fn read_first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let first = *bytes.first()?;
        let width = match first & 31 {
            0..24 => 0,
            24 => 1,
            25 => 2,
            26 => 4,
            27 => 8,
            _ => return None,
        };
        let argument = match width {
            0 => u64::from(first & 31),
            _ => bytes.get(1..=width)?.iter().fold(0, |sum, digit| sum << 8 | u64::from(*digit)),
        };
        let head = format!("{:x}+{width}", first >> 5);
        let mut rest = bytes.get(1 + width..)?;
        let count = usize::try_from(argument).ok()?;
        let item = match first >> 5 {
            0 | 1 => Self::Number(format!("{head} {argument}")),
            2 | 3 => {
                let string = rest.get(..count)?;
                rest = &rest[count..];
                Self::String { head, bytes: string }
            }
            4 => {
                let mut items = Vec::new();
                for _ in 0..count {
                    let (item, after) = Self::read_first(rest)?;
                    items.push(item);
                    rest = after;
                }
                Self::Array { head, items }
            }
            5 => {
                let mut entries = Vec::new();
                for _ in 0..count {
                    let (key, after) = Self::read_first(rest)?;
                    let (value, after) = Self::read_first(after)?;
                    entries.push((key, value));
                    rest = after;
                }
                Self::Map { head, entries }
            }
            _ => return None,
        };
        Some((item, rest))
    }

    /// The value under a text key.
    pub(crate) fn get(&self, name: &str) -> Option<&Cbor<'a>> {
        let Self::Map { entries, .. } = self else { return None };
        let found = entries.iter().find(|(key, _)| key.bytes() == Some(name.as_bytes()));
        found.map(|(_, value)| value)
    }

    /// The element at a place of an array.
    pub(crate) fn element(&self, index: usize) -> Option<&Cbor<'a>> {
        let Self::Array { items, .. } = self else { return None };
        items.get(index)
    }

    /// The bytes of a string.
    pub(crate) fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::String { bytes, .. } => Some(bytes),
            Self::Number(_) | Self::Array { .. } | Self::Map { .. } => None,
        }
    }

    pub(crate) fn describe(&self, path: &str, out: &mut Template) {
        let line = match self {
            Self::Number(line) => line.clone(),
            Self::String { head, bytes } => format!("{head} of {} bytes", bytes.len()),
            Self::Array { head, items } => format!("{head} of {} items", items.len()),
            Self::Map { head, entries } => format!("{head} of {} entries", entries.len()),
        };
        out.insert(path.to_owned(), line);
        match self {
            Self::Number(_) | Self::String { .. } => {}
            Self::Array { items, .. } => {
                for (index, item) in items.iter().enumerate() {
                    item.describe(&format!("{path}/{index}"), out);
                }
            }
            Self::Map { entries, .. } => {
                for (index, (key, value)) in entries.iter().enumerate() {
                    let name = match key {
                        Self::String { bytes, .. } => String::from_utf8_lossy(bytes).into_owned(),
                        Self::Number(number) => number.clone(),
                        Self::Array { .. } | Self::Map { .. } => "?".to_owned(),
                    };
                    key.describe(&format!("{path}/{index}:{name}/key"), out);
                    value.describe(&format!("{path}/{index}:{name}"), out);
                }
            }
        }
    }
}

/// One line for each path at which the two differ.
pub(crate) fn differences(simulated: &Template, genuine: &Template) -> Vec<(String, String)> {
    let mut paths: Vec<_> = simulated.keys().chain(genuine.keys()).collect();
    paths.sort();
    paths.dedup();
    let absent = "nothing".to_owned();
    paths
        .into_iter()
        .filter_map(|path| {
            let (ours, theirs) = (simulated.get(path), genuine.get(path));
            (ours != theirs).then(|| {
                let ours = ours.unwrap_or(&absent);
                let theirs = theirs.unwrap_or(&absent);
                (path.clone(), format!("simulated [{ours}], genuine [{theirs}]"))
            })
        })
        .collect()
}
