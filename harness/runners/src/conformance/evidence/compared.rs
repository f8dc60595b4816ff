//! A value of a request beside the twin's: where they differ, and what is shown of that.

use base64::{Engine, engine::general_purpose::STANDARD};
use protocol::explain::{Difference, Kind, Part, difference};
use record::{ByteDifference, PartBytes, SentObject};

/// Differences that are told; an object that is another throughout has as many as it has parts.
const DIFFERENCES: usize = 40;
/// Bytes of a part that are shown around where it differs.
const SHOWN: usize = 40;
/// Of those the ones before the first that differs.
const BEFORE: usize = 8;

/// A value of a request beside the twin's.
pub(super) fn object(name: &str, sent: &[u8], twin: Option<&[u8]>) -> SentObject {
    let mut differences = twin.map_or_else(Vec::new, |twin| compared(name, twin, sent));
    let more = differences.len().saturating_sub(DIFFERENCES);
    differences.truncate(DIFFERENCES);
    SentObject {
        name: name.to_owned(),
        sent: STANDARD.encode(sent),
        twin: twin.map(|twin| STANDARD.encode(twin)),
        differences,
        more: more as u64,
    }
}

fn compared(name: &str, twin: &[u8], sent: &[u8]) -> Vec<ByteDifference> {
    let kind = match name {
        "attestation" => Kind::Attestation,
        "assertion" => Kind::Assertion,
        _ if twin == sent => return Vec::new(),
        _ => {
            let part = |bytes: &[u8]| Part { at: 0, bytes: bytes.to_vec(), value: text(bytes) };
            let (twin, sent) = (part(twin), part(sent));
            let (path, label) = (name.to_owned(), name.replace('-', " "));
            let whole =
                Difference { path, label, twin: Some(twin), sent: Some(sent), consequence: false };
            return vec![recorded(&whole)];
        }
    };
    difference(kind, twin, sent).iter().map(recorded).collect()
}

/// A text of moderate length, if it is one.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if text.chars().count() <= 200 && !text.is_empty() => format!("{text:?}"),
        Ok(_) | Err(_) => String::new(),
    }
}

fn recorded(one: &Difference) -> ByteDifference {
    let (twin, sent) = windows(one.twin.as_ref(), one.sent.as_ref());
    ByteDifference {
        path: one.path.clone(),
        label: one.label.clone(),
        twin,
        sent,
        consequence: one.consequence,
    }
}

/// Both parts, shown from a little before the first byte that differs.
fn windows(twin: Option<&Part>, sent: Option<&Part>) -> (Option<PartBytes>, Option<PartBytes>) {
    let (Some(twin), Some(sent)) = (twin, sent) else {
        return (twin.map(|part| window(part, 0, 0)), sent.map(|part| window(part, 0, 0)));
    };
    let pairs = || twin.bytes.iter().zip(&sent.bytes);
    let prefix = pairs().take_while(|(ours, theirs)| ours == theirs).count();
    let shorter = twin.bytes.len().min(sent.bytes.len()) - prefix;
    let backwards = twin.bytes.iter().rev().zip(sent.bytes.iter().rev());
    let suffix = backwards.take(shorter).take_while(|(ours, theirs)| ours == theirs).count();
    (Some(window(twin, prefix, suffix)), Some(window(sent, prefix, suffix)))
}

/// A part whose first `prefix` and last `suffix` bytes are no news.
fn window(part: &Part, prefix: usize, suffix: usize) -> PartBytes {
    let start = prefix.saturating_sub(BEFORE);
    let end = part.bytes.len().min(start + SHOWN);
    let marked_end = (part.bytes.len() - suffix).clamp(prefix.min(end), end);
    let marked_start = prefix.min(end);
    PartBytes {
        at: part.at as u64,
        len: part.bytes.len() as u64,
        skipped: start as u64,
        shown: hex::encode(&part.bytes[start..end]),
        marked: ((marked_start - start) as u64, (marked_end - marked_start) as u64),
        value: part.value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(bytes: &[u8]) -> Part {
        Part { at: 7, bytes: bytes.to_vec(), value: String::new() }
    }

    /// What is marked, on both sides.
    fn marked(twin: &[u8], sent: &[u8]) -> [String; 2] {
        let (twin, sent) = windows(Some(&part(twin)), Some(&part(sent)));
        [twin.unwrap(), sent.unwrap()].map(|part| {
            let (from, count) = (2 * part.marked.0 as usize, 2 * part.marked.1 as usize);
            part.shown[from..from + count].to_owned()
        })
    }

    #[test]
    fn only_what_differs_is_marked() {
        assert_eq!(marked(&[1, 2, 3], &[1, 9, 3]), ["02", "09"]);
        assert_eq!(marked(&[1, 2, 3], &[1, 3]), ["02", ""]);
        assert_eq!(marked(&[1, 3], &[1, 2, 3]), ["", "02"]);
        assert_eq!(marked(&[0, 0], &[0, 0, 0]), ["", "00"]);
        assert_eq!(marked(&[], &[5]), ["", "05"]);
        assert_eq!(marked(&[1, 2], &[3, 4]), ["0102", "0304"]);
    }

    #[test]
    fn long_parts_are_shown_where_they_differ() {
        let (twin, mut sent) = ([7; 1000], [7; 1000]);
        sent[900] = 8;
        let (_, shown) = windows(Some(&part(&twin)), Some(&part(&sent)));
        let shown = shown.unwrap();
        assert_eq!((shown.at, shown.len, shown.skipped), (7, 1000, 892));
        assert_eq!(shown.marked, (8, 1));
        assert_eq!(shown.shown.len(), 2 * SHOWN);
        // Where all of the rest differs, the mark ends with what is shown.
        let (_, shown) = windows(Some(&part(&[1; 1000])), Some(&part(&[2; 1000])));
        assert_eq!(shown.unwrap().marked, (0, SHOWN as u64));
    }

    #[test]
    fn client_data_is_compared_as_one_text() {
        let object = object("client-data", b"{\"a\":2}", Some(b"{\"a\":1}"));
        let [difference] = object.differences.as_slice() else { panic!("{object:?}") };
        assert_eq!(difference.label, "client data");
        assert_eq!(difference.sent.as_ref().unwrap().value, r#""{\"a\":2}""#);
        assert_eq!(object.twin.as_deref(), Some("eyJhIjoxfQ=="));
        assert_eq!(super::object("key-id", b"same", Some(b"same")).differences, []);
    }

    #[test]
    fn an_object_that_is_another_throughout_has_its_first_differences_told() {
        let twin = b"\xa1\x61x\x98\x64".iter().copied().chain([1; 100]).collect::<Vec<u8>>();
        let sent = b"\xa1\x61x\x98\x64".iter().copied().chain([2; 100]).collect::<Vec<u8>>();
        let object = object("attestation", &sent, Some(&twin));
        assert_eq!((object.differences.len(), object.more), (DIFFERENCES, 60));
    }
}
