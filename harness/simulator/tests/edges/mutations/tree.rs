//! An object as a tree: CBOR outside, DER or BER in its strings, fields in authenticator data.
//!
//! Written again unedited it is the same bytes. Lengths and counts follow an edit, so that what is
//! edited deep inside is still found there.

/// One item, element or field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    pub(crate) content: Content,
}

/// How a node is written around its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing around it: fields of authenticator data, entries of maps, numbers.
    Bare,
    /// A CBOR string of this major type, its length in so many bytes or as few as possible.
    String { major: u8, wide: bool },
    /// A CBOR array or map of this major type.
    Container { major: u8, indefinite: bool },
    /// An element of DER or BER.
    Element { identifier: Vec<u8>, indefinite: bool },
}

/// What a node holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Bytes(Vec<u8>),
    Nodes(Vec<Node>),
}

impl Node {
    fn bare(content: Content) -> Self {
        Self { kind: Kind::Bare, content }
    }

    /// An attestation object or an assertion.
    pub(crate) fn of_object(object: &[u8]) -> Self {
        let (node, rest) = cbor(object).expect("an honest object is CBOR");
        assert!(rest.is_empty(), "an honest object has no tail");
        node
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let content = match &self.content {
            Content::Bytes(bytes) => bytes.clone(),
            Content::Nodes(nodes) => nodes.iter().flat_map(Self::encode).collect(),
        };
        match &self.kind {
            Kind::Bare => content,
            Kind::String { major, wide } => [head(*major, content.len(), *wide), content].concat(),
            Kind::Container { major, indefinite: true } => {
                [&[major << 5 | 0x1f][..], &content, &[0xff]].concat()
            }
            Kind::Container { major, indefinite: false } => {
                let count = match &self.content {
                    Content::Nodes(nodes) => nodes.len(),
                    Content::Bytes(_) => 0,
                };
                [head(*major, count, false), content].concat()
            }
            Kind::Element { identifier, indefinite: true } => {
                [&identifier[..], &[0x80], &content, &[0, 0]].concat()
            }
            Kind::Element { identifier, indefinite: false } => {
                let length = content.len().to_be_bytes();
                let zeros = length.iter().take_while(|byte| **byte == 0).count();
                let long = &length[zeros..];
                let length = match content.len() {
                    short @ 0..=0x7f => vec![short as u8],
                    _ => [&[0x80 | long.len() as u8][..], long].concat(),
                };
                [&identifier[..], &length, &content].concat()
            }
        }
    }

    /// How many nodes there are, this one included.
    pub(crate) fn count(&self) -> usize {
        1 + self.children().iter().map(Self::count).sum::<usize>()
    }

    pub(crate) fn children(&self) -> &[Node] {
        match &self.content {
            Content::Bytes(_) => &[],
            Content::Nodes(nodes) => nodes,
        }
    }

    /// The node of that number, counted from the root.
    pub(crate) fn nth(&mut self, number: usize) -> &mut Node {
        if number == 0 {
            return self;
        }
        let (parent, at) = self.parent_of(number);
        &mut parent[at]
    }

    /// The siblings of the node of that number, which is not the root, and its place among them.
    pub(crate) fn parent_of(&mut self, number: usize) -> (&mut Vec<Node>, usize) {
        let mut left = number - 1;
        let Content::Nodes(nodes) = &mut self.content else {
            unreachable!("a node without children has no descendants");
        };
        let at = nodes
            .iter()
            .position(|node| {
                let found = left < node.count();
                left -= if found { 0 } else { node.count() };
                found
            })
            .expect("the number is below the count");
        if left == 0 { (nodes, at) } else { nodes[at].parent_of(left) }
    }
}

fn head(major: u8, argument: usize, wide: bool) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    match argument {
        _ if wide => [&[major << 5 | 0x1a][..], &bytes[4..]].concat(),
        0..24 => vec![major << 5 | argument as u8],
        24..0x100 => vec![major << 5 | 0x18, argument as u8],
        _ => [&[major << 5 | 0x19][..], &bytes[6..]].concat(),
    }
}

/// One item in the form genuine objects have, and what follows it.
fn cbor(bytes: &[u8]) -> Option<(Node, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, information) = (first >> 5, usize::from(first & 0x1f));
    let (argument, rest) = match information {
        0..24 => (information, rest),
        24 => (usize::from(*rest.first()?), &rest[1..]),
        25 => {
            let (argument, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_be_bytes(*argument)), rest)
        }
        _ => return None,
    };
    match major {
        0 | 1 => {
            let length = bytes.len() - rest.len();
            Some((Node::bare(Content::Bytes(bytes[..length].to_vec())), rest))
        }
        2 | 3 => {
            let (content, rest) = rest.split_at_checked(argument)?;
            let kind = Kind::String { major, wide: false };
            Some((Node { kind, content: inside(content) }, rest))
        }
        4 | 5 => {
            let mut rest = rest;
            let mut nodes = Vec::new();
            for _ in 0..argument {
                let (first, after) = cbor(rest)?;
                rest = after;
                if major == 4 {
                    nodes.push(first);
                    continue;
                }
                let (value, after) = cbor(rest)?;
                rest = after;
                nodes.push(Node::bare(Content::Nodes(vec![first, value])));
            }
            let kind = Kind::Container { major, indefinite: false };
            Some((Node { kind, content: Content::Nodes(nodes) }, rest))
        }
        _ => None,
    }
}

/// What a string holds: elements, authenticator data, or bytes.
fn inside(content: &[u8]) -> Content {
    let elements = || elements(content).filter(|nodes| content.len() > 7 && !nodes.is_empty());
    match (elements(), fields(content)) {
        (Some(nodes), _) | (None, Some(nodes)) => Content::Nodes(nodes),
        (None, None) => Content::Bytes(content.to_vec()),
    }
}

/// Elements in DER or BER up to the end.
fn elements(mut bytes: &[u8]) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let (node, rest) = element(bytes)?;
        nodes.push(node);
        bytes = rest;
    }
    Some(nodes)
}

fn element(bytes: &[u8]) -> Option<(Node, &[u8])> {
    let long = *bytes.first()? & 0x1f == 0x1f;
    let more = bytes.iter().skip(1).take_while(|byte| **byte & 0x80 != 0).count();
    let (identifier, rest) = bytes.split_at_checked(if long { more + 2 } else { 1 })?;
    let constructed = identifier[0] & 0x20 != 0;
    let (first, rest) = rest.split_first()?;
    let (content, rest, indefinite) = match first {
        0..=0x7f => {
            let (content, rest) = rest.split_at_checked(usize::from(*first))?;
            (content, rest, false)
        }
        0x80 => {
            let mut after = rest;
            while !after.starts_with(&[0, 0]) {
                after = element(after)?.1;
            }
            (&rest[..rest.len() - after.len()], &after[2..], true)
        }
        _ => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let (content, rest) = rest.split_at_checked(length)?;
            (content, rest, false)
        }
    };
    let content = match constructed {
        true => Content::Nodes(elements(content)?),
        false if identifier == [4] => inside(content),
        false => Content::Bytes(content.to_vec()),
    };
    let kind = Kind::Element { identifier: identifier.to_vec(), indefinite };
    let node = Node { kind, content };
    // A string that only looks like elements would not be written as it was.
    let written = bytes.len() - rest.len();
    (node.encode() == bytes[..written]).then_some((node, rest))
}

/// The fields of authenticator data.
fn fields(bytes: &[u8]) -> Option<Vec<Node>> {
    let field = |range: std::ops::Range<usize>| {
        bytes.get(range).map(|bytes| Node::bare(Content::Bytes(bytes.to_vec())))
    };
    let mut nodes = vec![field(0..32)?, field(32..33)?, field(33..37)?];
    let mut rest = &bytes[37..];
    if rest.starts_with(b"appattest") {
        nodes.extend([field(37..53)?, field(53..55)?, field(55..87)?]);
        rest = &bytes[87..];
    } else if bytes.len() < 37 || !(rest.is_empty() || rest[0] >> 5 == 5) {
        return None;
    }
    while !rest.is_empty() {
        let (node, after) = cbor(rest)?;
        nodes.push(node);
        rest = after;
    }
    Some(nodes)
}
