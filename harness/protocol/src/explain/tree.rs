//! The list of nodes as it grows, and where in the object the bytes of a node lie.

use super::Node;
use std::collections::BTreeMap;
use std::ops::Range;

/// More nodes than any genuine object has many times over; hostile ones end here.
const MAX_NODES: usize = 20_000;
/// Nesting that is shown; deeper structures are one node.
const MAX_DEPTH: usize = 48;

/// Bytes being read, and where in the object they lie: content in segments is read joined.
#[derive(Debug, Clone)]
pub(super) struct Source<'a> {
    pub(super) bytes: &'a [u8],
    pieces: Vec<Piece>,
}

/// A run of bytes that lie side by side in the object too.
#[derive(Debug, Clone, Copy)]
struct Piece {
    here: usize,
    object: usize,
    len: usize,
}

impl<'a> Source<'a> {
    /// The object itself.
    pub(super) fn whole(object: &'a [u8]) -> Self {
        Self { bytes: object, pieces: vec![Piece { here: 0, object: 0, len: object.len() }] }
    }

    /// `joined` is made of these ranges of `self`, one after the other.
    pub(super) fn joined<'b>(&self, joined: &'b [u8], parts: &[Range<usize>]) -> Source<'b> {
        let mut pieces = Vec::with_capacity(parts.len());
        let mut here = 0;
        for part in parts.iter().flat_map(|part| self.in_object(part.clone())) {
            let len = part.len();
            pieces.push(Piece { here, object: part.start, len });
            here += len;
        }
        Source { bytes: joined, pieces }
    }

    pub(super) fn get(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// Where a range lies in the object.
    pub(super) fn in_object(&self, range: Range<usize>) -> Vec<Range<usize>> {
        // Pieces are in order, so the first that matters is found by halving.
        let first = self.pieces.partition_point(|piece| piece.here + piece.len <= range.start);
        let touched = self.pieces[first..].iter().take_while(|piece| piece.here < range.end);
        let mut found: Vec<Range<usize>> = Vec::new();
        for piece in touched {
            let from = range.start.max(piece.here) - piece.here;
            let to = range.end.min(piece.here + piece.len) - piece.here;
            let part = piece.object + from..piece.object + to;
            match found.last_mut() {
                Some(last) if last.end == part.start => last.end = part.end,
                Some(_) | None => found.push(part),
            }
        }
        found
    }
}

/// Where a node stands in the structure.
#[derive(Debug, Clone)]
pub(super) struct Place {
    path: String,
    /// What the paths of its parts begin with.
    base: String,
    depth: usize,
}

impl Place {
    /// The object itself, whose name is no part of other paths.
    pub(super) fn root(name: &str) -> Self {
        Self { path: name.to_owned(), base: String::new(), depth: 0 }
    }

    /// A part of it. A name that begins with a bracket is an index; one that begins with `@` is an
    /// encoding around the parts, which paths leave out: `x5c[0]@der` holds `x5c[0].tbs`.
    pub(super) fn part(&self, name: &str) -> Self {
        let glue = if self.base.is_empty() || name.starts_with(['[', '@']) { "" } else { "." };
        let path = format!("{}{glue}{name}", self.base);
        let base = if name.starts_with('@') { self.base.clone() } else { path.clone() };
        Self { path, base, depth: self.depth + 1 }
    }

    /// Something on the same level that belongs to it, as a tag or a key does.
    pub(super) fn beside(&self, name: &str) -> Self {
        let path = format!("{}@{name}", self.path);
        Self { path, base: self.base.clone(), depth: self.depth }
    }

    pub(super) fn is_too_deep(&self) -> bool {
        self.depth >= MAX_DEPTH
    }
}

/// What is said of a node.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub(super) label: String,
    pub(super) value: String,
    pub(super) damage: Option<String>,
}

impl Said {
    pub(super) fn label(label: impl Into<String>) -> Self {
        Self { label: label.into(), ..Self::default() }
    }

    pub(super) fn value(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), damage: None }
    }

    pub(super) fn damaged(self, damage: Option<String>) -> Self {
        Self { damage: self.damage.or(damage), ..self }
    }
}

/// A structure whose parts are being read.
#[derive(Debug)]
pub(super) struct Opened {
    index: usize,
    /// Where its parts stand.
    pub(super) place: Place,
}

/// The nodes found so far.
#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// How often each path was given, so that doubles are told apart.
    paths: BTreeMap<String, usize>,
}

impl Tree {
    pub(super) fn is_full(&self) -> bool {
        self.nodes.len() >= MAX_NODES
    }

    /// A plain value: all its bytes are its own. Nothing is said of no bytes.
    pub(super) fn leaf(
        &mut self,
        source: &Source<'_>,
        place: &Place,
        whole: Range<usize>,
        said: Said,
    ) {
        if !whole.is_empty() {
            self.push(source, place, whole.clone(), whole, said);
        }
    }

    /// A structure whose own bytes end at `header_end`; gives the place its parts stand in.
    pub(super) fn branch(
        &mut self,
        source: &Source<'_>,
        place: &Place,
        whole: Range<usize>,
        header_end: usize,
        said: Said,
    ) -> Place {
        let own = whole.start..header_end.min(whole.end);
        let path = self.push(source, place, whole, own, said);
        let base = if place.base == place.path { path.clone() } else { place.base.clone() };
        Place { path, base, depth: place.depth }
    }

    /// A structure whose end is not known yet; see [`Self::end`].
    pub(super) fn begin(
        &mut self,
        source: &Source<'_>,
        place: &Place,
        header: Range<usize>,
        said: Said,
    ) -> Opened {
        let index = self.nodes.len();
        let place = self.branch(source, place, header.clone(), header.end, said);
        Opened { index, place }
    }

    /// Says how far a structure reached.
    pub(super) fn end(&mut self, source: &Source<'_>, opened: &Opened, whole: Range<usize>) {
        if let (Some(node), Some(last)) =
            (self.nodes.get_mut(opened.index), source.in_object(whole).last())
        {
            node.len = last.end - node.at;
        }
    }

    /// Notes what is wrong with a structure.
    pub(super) fn damage(&mut self, opened: &Opened, what: String) {
        if let Some(node) = self.nodes.get_mut(opened.index) {
            node.damage.get_or_insert(what);
        }
    }

    /// Notes what is wrong with the last node.
    pub(super) fn damage_last(&mut self, what: String) {
        if let Some(node) = self.nodes.last_mut() {
            node.damage.get_or_insert(what);
        }
    }

    /// Bytes that could not be read as anything.
    pub(super) fn unread(
        &mut self,
        source: &Source<'_>,
        place: &Place,
        range: Range<usize>,
        why: impl Into<String>,
    ) {
        let value = super::values::hex(source.get(range.clone()));
        let said = Said::value("unreadable bytes", value).damaged(Some(why.into()));
        self.leaf(source, &place.part("unread"), range, said);
    }

    pub(super) fn into_nodes(self) -> Vec<Node> {
        self.nodes
    }

    fn push(
        &mut self,
        source: &Source<'_>,
        place: &Place,
        whole: Range<usize>,
        own: Range<usize>,
        said: Said,
    ) -> String {
        let count = self.paths.entry(place.path.clone()).or_insert(0);
        *count += 1;
        let path = if *count == 1 { place.path.clone() } else { format!("{}~{count}", place.path) };
        let parts = source.in_object(whole);
        let at = parts.first().map_or(0, |part| part.start);
        let len = parts.last().map_or(0, |part| part.end - at);
        let own = source.in_object(own);
        let Said { label, value, damage } = said;
        let depth = place.depth;
        self.nodes.push(Node { path: path.clone(), depth, at, len, own, label, value, damage });
        path
    }
}
