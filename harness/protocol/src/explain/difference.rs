//! An object beside its honest twin: which parts differ, aligned by what they are.

use super::{Kind, Node, explain};
use std::collections::{BTreeMap, BTreeSet};

/// A part in which an object differs from its twin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands in the structure, as in [`Node::path`].
    pub path: String,
    /// What it is.
    pub label: String,
    /// The twin's part; none if only the object has it.
    pub twin: Option<Part>,
    /// The object's part; none if only the twin has it.
    pub sent: Option<Part>,
    /// Follows from another difference, because whoever makes such an object computes it anew:
    /// nonce, signature, length, copy of a certificate.
    pub consequence: bool,
}

/// A part of one of the two objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Offset in its object.
    pub at: usize,
    /// Its bytes; of a structure in both objects, those of the header alone.
    pub bytes: Vec<u8>,
    /// What it says.
    pub value: String,
}

/// The parts in which `sent` differs from `twin`, in the order of their bytes.
pub fn difference(kind: Kind, twin: &[u8], sent: &[u8]) -> Vec<Difference> {
    if twin == sent {
        return Vec::new();
    }
    let twin = Side::of(kind, twin);
    let sent = Side::of(kind, sent);
    let mut found = Found { list: Vec::new(), told: BTreeSet::new() };
    found.pairs_and_missing(&twin, &sent);
    found.added(&twin, &sent);
    let mut list = found.list;
    list.sort_by_key(|one| {
        let at = |part: &Option<Part>| part.as_ref().map(|part| part.at);
        at(&one.sent).or(at(&one.twin))
    });
    mark_consequences(&mut list, &twin, &sent);
    one_for_the_copied_certificate(list)
}

struct Side<'a> {
    object: &'a [u8],
    nodes: Vec<Node>,
    by_path: BTreeMap<String, usize>,
}

impl<'a> Side<'a> {
    fn of(kind: Kind, object: &'a [u8]) -> Self {
        let nodes = explain(kind, object);
        let by_path = nodes.iter().enumerate().map(|(index, node)| (node.path.clone(), index));
        let by_path = by_path.collect();
        Self { object, nodes, by_path }
    }

    fn find(&self, path: &str) -> Option<usize> {
        self.by_path.get(path).copied()
    }

    /// The first node after `index` that is not nested in it.
    fn after(&self, index: usize) -> usize {
        let depth = self.nodes[index].depth;
        let nested = self.nodes[index + 1..].iter().take_while(|node| node.depth > depth);
        index + 1 + nested.count()
    }

    /// Whether the node at `index` has the one of that path nested in it.
    fn holds(&self, index: usize, path: &str) -> bool {
        self.find(path).is_some_and(|other| index < other && other < self.after(index))
    }

    fn is_plain(&self, index: usize) -> bool {
        self.after(index) == index + 1
    }

    /// All bytes of a node, those of nested ones included.
    fn whole(&self, index: usize) -> Vec<u8> {
        let nodes = &self.nodes[index..self.after(index)];
        nodes.iter().flat_map(|node| node.bytes(self.object)).collect()
    }

    fn part(&self, index: usize, bytes: Vec<u8>) -> Part {
        let node = &self.nodes[index];
        let value = match &node.damage {
            Some(damage) if node.value.is_empty() => damage.clone(),
            Some(damage) => format!("{} — {damage}", node.value),
            None => node.value.clone(),
        };
        Part { at: node.at, bytes, value }
    }
}

struct Found {
    list: Vec<Difference>,
    /// Paths of structures that are told as a whole, so that their parts are not told again.
    told: BTreeSet<String>,
}

impl Found {
    fn pairs_and_missing(&mut self, twin: &Side<'_>, sent: &Side<'_>) {
        let mut index = 0;
        while index < twin.nodes.len() {
            let node = &twin.nodes[index];
            let Some(other) = sent.find(&node.path) else {
                let part = twin.part(index, twin.whole(index));
                self.push(node, Some(part), None);
                index = twin.after(index);
                continue;
            };
            let (ours, theirs) = (twin.whole(index), sent.whole(other));
            if ours == theirs {
                self.told.insert(node.path.clone());
                index = twin.after(index);
                continue;
            }
            if let Some(place) = another_of_the_list(twin, &node.path, &theirs) {
                let mut part = sent.part(other, theirs);
                part.value = format!("the twin's {place}");
                self.push(node, Some(twin.part(index, ours)), Some(part));
                self.told.insert(node.path.clone());
                index = twin.after(index);
            } else if twin.is_plain(index) || sent.is_plain(other) {
                let (ours, theirs) = (twin.part(index, ours), sent.part(other, theirs));
                self.push(node, Some(ours), Some(theirs));
                self.told.insert(node.path.clone());
                index = twin.after(index);
            } else {
                let ours = node.bytes(twin.object);
                let theirs = sent.nodes[other].bytes(sent.object);
                if ours != theirs {
                    let (ours, theirs) = (twin.part(index, ours), sent.part(other, theirs));
                    self.push(node, Some(ours), Some(theirs));
                }
                index += 1;
            }
        }
    }

    fn added(&mut self, twin: &Side<'_>, sent: &Side<'_>) {
        let mut index = 0;
        while index < sent.nodes.len() {
            let node = &sent.nodes[index];
            let known = twin.find(&node.path).is_some();
            if !known {
                self.push(node, None, Some(sent.part(index, sent.whole(index))));
            }
            let skip = !known || self.told.contains(&node.path);
            index = if skip { sent.after(index) } else { index + 1 };
        }
    }

    fn push(&mut self, node: &Node, twin: Option<Part>, sent: Option<Part>) {
        let (path, label) = (node.path.clone(), node.label.clone());
        self.list.push(Difference { path, label, twin, sent, consequence: false });
    }
}

/// Which other member of the twin's list has these bytes: a list was reordered, not edited.
fn another_of_the_list(twin: &Side<'_>, path: &str, bytes: &[u8]) -> Option<String> {
    let list = path.strip_suffix(']')?.rsplit_once('[')?.0;
    let index = twin.find(list)?;
    let range = index + 1..twin.after(index);
    let members = range.filter(|member| twin.nodes[*member].depth == twin.nodes[index].depth + 1);
    members
        .filter(|member| twin.nodes[*member].path != path)
        .find(|member| twin.whole(*member) == bytes)
        .map(|member| twin.nodes[member].path.clone())
}

fn mark_consequences(list: &mut [Difference], twin: &Side<'_>, sent: &Side<'_>) {
    let paths: Vec<String> = list.iter().map(|one| one.path.clone()).collect();
    for one in list {
        one.consequence = is_consequence(one, &paths, twin, sent);
    }
}

fn is_consequence(one: &Difference, paths: &[String], twin: &Side<'_>, sent: &Side<'_>) -> bool {
    let path = one.path.as_str();
    let differs = |place: &str| paths.iter().any(|other| other != path && is_within(other, place));
    if let (Some(ours), Some(theirs)) = (twin.find(path), sent.find(path))
        && !twin.is_plain(ours)
        && !sent.is_plain(theirs)
    {
        // A header: its length follows from the content, unless it is the header that lies.
        let same_damage = twin.nodes[ours].damage == sent.nodes[theirs].damage;
        let nested = |other: &String| twin.holds(ours, other) || sent.holds(theirs, other);
        return same_damage && paths.iter().any(nested);
    }
    if path == "attStmt.x5c[0].tbs.extensions.nonce.nonce" {
        return differs("authData");
    }
    if path.ends_with("credentialIdLength") {
        let id = path.replace("credentialIdLength", "credentialId");
        let is_whole = sent.find(&id).is_some_and(|index| sent.nodes[index].damage.is_none());
        return is_whole && differs(&id);
    }
    if let Some((receipt, _)) = path.split_once("signerInfos") {
        return differs(&format!("{receipt}fields"));
    }
    if let Some((receipt, _)) = path.split_once("@segment") {
        let dot = if receipt.is_empty() { "" } else { "." };
        return differs(&format!("{receipt}{dot}fields"));
    }
    if is_within(path, COPIED_CERTIFICATE) {
        return differs("attStmt.x5c[0]");
    }
    let signed = path.rfind("signature").map(|at| &path[..at]);
    signed.is_some_and(|before| {
        differs(&format!("{before}tbs")) || before.is_empty() && differs("authenticatorData")
    })
}

fn is_within(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', '@', '~']))
}

/// Field 3 of a receipt repeats the credential certificate.
const COPIED_CERTIFICATE: &str = "attStmt.receipt.fields[3]";

/// The copy of the credential certificate in the receipt is told once, not part by part.
fn one_for_the_copied_certificate(list: Vec<Difference>) -> Vec<Difference> {
    let mut told = false;
    let keep = |one: &Difference| {
        let is_copy = one.consequence && is_within(&one.path, COPIED_CERTIFICATE);
        let keep = !is_copy || !told;
        told |= is_copy;
        keep
    };
    list.into_iter().filter(keep).collect()
}
