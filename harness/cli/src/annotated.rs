//! Objects and their differences as text: offset, bytes, and what they are.

use protocol::explain::{Difference, Node, Part};
use std::fmt::Write;

/// Bytes of a part in one line.
const IN_A_LINE: usize = 8;
/// Bytes of a difference in one line.
const COMPARED: usize = 32;

/// Every part of an object, a line each: the offset, the first of its own bytes, what it is.
pub(crate) fn tree(nodes: &[Node], object: &[u8]) -> String {
    let mut text = String::new();
    let width = 2 * IN_A_LINE + 2;
    for node in nodes {
        let own = node.bytes(object);
        let shown = hex::encode(&own[..own.len().min(IN_A_LINE)]);
        let more = if own.len() > IN_A_LINE { "…" } else { "" };
        let at = node.own.first().map_or(node.at, |range| range.start);
        let bytes = format!("{shown}{more}");
        let indent = "  ".repeat(node.depth.min(24));
        let value = if node.value.is_empty() { String::new() } else { format!(": {}", node.value) };
        let damage = node.damage.as_ref().map(|damage| format!("  <- {damage}"));
        let damage = damage.unwrap_or_default();
        let _ = writeln!(text, "{at:>6}  {bytes:<width$} {indent}{}{value}{damage}", node.label);
    }
    text
}

/// Each difference: where it stands, the twin's bytes over those sent, and marks under the first
/// byte that differs.
pub(crate) fn differences(found: &[Difference]) -> String {
    let mut text = String::new();
    for one in found {
        let note = if one.consequence { "  (computed anew)" } else { "" };
        let _ = writeln!(text, "\n  {}  {}{note}", one.path, one.label);
        let from = first_difference(one).saturating_sub(4);
        bytes(&mut text, "twin", one.twin.as_ref(), from);
        bytes(&mut text, "sent", one.sent.as_ref(), from);
        if one.twin.is_some() && one.sent.is_some() {
            let before = if from > 0 { 2 } else { 0 };
            let column = 16 + before + 3 * (first_difference(one) - from);
            let _ = writeln!(text, "{:column$}^^", "");
        }
        for (name, part) in [("twin", &one.twin), ("sent", &one.sent)] {
            if let Some(part) = part.as_ref().filter(|part| !part.value.is_empty()) {
                let _ = writeln!(text, "    {name} says  {}", part.value);
            }
        }
    }
    text
}

fn bytes(text: &mut String, name: &str, part: Option<&Part>, from: usize) {
    let Some(part) = part else {
        let _ = writeln!(text, "    {name}     -  not there");
        return;
    };
    let end = part.bytes.len().min(from + COMPARED);
    let shown = part.bytes.get(from..end).unwrap_or_default();
    let bytes: Vec<String> = shown.iter().map(|byte| format!("{byte:02x}")).collect();
    let before = if from > 0 { "… " } else { "" };
    let more = if part.bytes.len() > end { " …" } else { "" };
    let _ = writeln!(text, "    {name} {:>5}  {before}{}{more}", part.at + from, bytes.join(" "));
}

fn first_difference(one: &Difference) -> usize {
    match (&one.twin, &one.sent) {
        (Some(twin), Some(sent)) => {
            twin.bytes.iter().zip(&sent.bytes).take_while(|(ours, theirs)| ours == theirs).count()
        }
        (None | Some(_), None) | (None, Some(_)) => 0,
    }
}
