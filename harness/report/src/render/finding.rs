//! What a failed case sent, beside its honest twin: the same words and bytes in every rendering.

use crate::text::{count, counted, shorten};
use record::{ByteDifference, Evidence, PartBytes, SentObject};
use std::fmt::Write as _;

/// Differences of one object that are shown.
const SHOWN: usize = 12;
/// Characters of what a part says that are shown.
const VALUE_SHOWN: usize = 300;

/// Name of the folder, inside a report's, that holds the evidence of a case.
///
/// Nothing of the case's id is left that a file system or an address could read as more than a name.
pub fn evidence_folder(id: &str) -> String {
    let harmless = |char: char| match char {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '.' | '-' => char,
        _ => '-',
    };
    let name: String = id.chars().take(120).map(harmless).collect();
    format!("evidence/{}", name.trim_start_matches('.'))
}

/// A value of the deciding request and where it differs from the twin's.
pub(super) struct ObjectView {
    /// What it is and in how many parts it differs, in one line.
    pub(super) summary: String,
    /// The differences that are not computed anew, the first of many.
    pub(super) parts: Vec<PartView>,
    /// What was computed anew from those, in one line; empty if nothing was.
    pub(super) anew: String,
    /// How many differences are not shown.
    pub(super) more: u64,
}

/// One difference.
pub(super) struct PartView {
    pub(super) path: String,
    pub(super) label: String,
    /// The twin's bytes, then those sent.
    pub(super) sides: [SideView; 2],
}

/// One side of a difference; the differing bytes stand apart.
pub(super) struct SideView {
    pub(super) name: &'static str,
    /// Offset of the first byte shown; empty if the part is not there.
    pub(super) at: String,
    pub(super) before: String,
    pub(super) marked: String,
    pub(super) after: String,
    pub(super) value: String,
}

/// The values of the deciding request; those that are the twin's own are left out.
pub(super) fn objects(evidence: &Evidence) -> Vec<ObjectView> {
    let differing = evidence.objects.iter().filter(|object| !object.differences.is_empty());
    differing.map(ObjectView::of).collect()
}

/// Why nothing is compared, if nothing is.
pub(super) fn nothing_compared(evidence: &Evidence) -> Option<&'static str> {
    let compared = evidence.objects.iter().any(|object| object.twin.is_some());
    let differs = evidence.objects.iter().any(|object| !object.differences.is_empty());
    match (differs, compared) {
        (true, _) => None,
        (false, true) => Some(
            "The bytes are those of an honest request: what is wrong is when, for whom or how often it was sent.",
        ),
        (false, false) => Some(
            "The request is an honest one: what is wrong is when, for whom or how often it was sent.",
        ),
    }
}

impl ObjectView {
    fn of(object: &SentObject) -> Self {
        let name = object.name.replace('-', " ");
        // Of an object that differs only where it was computed anew nothing would be left to show.
        let all_anew = object.differences.iter().all(|one| one.consequence);
        let (anew, own): (Vec<_>, Vec<_>) =
            object.differences.iter().partition(|one| one.consequence && !all_anew);
        let shown = own.len().min(SHOWN);
        let parts = counted(own.len() as u64, "part differs", "parts differ");
        Self {
            summary: format!("{name}: {parts} from the honest twin’s"),
            parts: own.iter().take(SHOWN).map(|one| PartView::of(one)).collect(),
            anew: labels(&anew),
            more: object.more.saturating_add((own.len() - shown) as u64),
        }
    }
}

fn labels(anew: &[&ByteDifference]) -> String {
    let mut labels: Vec<&str> = Vec::new();
    for one in anew {
        let label = match one {
            _ if one.path.contains("signature") => "signature",
            _ if is_header(one) => "lengths around it",
            _ => one.label.as_str(),
        };
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    let more = labels.len().saturating_sub(6);
    labels.truncate(6);
    let more = if more == 0 { String::new() } else { format!(" and {} more", count(more as u64)) };
    format!("{}{more}", labels.join(", "))
}

/// The head of a structure: a few bytes whose number is not that of what it holds.
fn is_header(one: &ByteDifference) -> bool {
    let head = |part: &Option<PartBytes>| part.as_ref().is_some_and(|part| part.len <= 9);
    head(&one.twin) && head(&one.sent)
}

impl PartView {
    fn of(one: &ByteDifference) -> Self {
        Self {
            path: one.path.clone(),
            label: one.label.clone(),
            sides: [
                SideView::of("twin", one.twin.as_ref()),
                SideView::of("sent", one.sent.as_ref()),
            ],
        }
    }
}

impl SideView {
    fn of(name: &'static str, part: Option<&PartBytes>) -> Self {
        let empty = String::new;
        let Some(part) = part else {
            let value = "not there".to_owned();
            return Self {
                name,
                at: empty(),
                before: empty(),
                marked: empty(),
                after: empty(),
                value,
            };
        };
        let pairs = pairs(&part.shown);
        let from = (part.marked.0 as usize).min(pairs.len());
        let to = from.saturating_add(part.marked.1 as usize).min(pairs.len());
        let start = if part.skipped > 0 { "… " } else { "" };
        let shown_to = part.skipped.saturating_add(pairs.len() as u64);
        let end = if shown_to < part.len { " …" } else { "" };
        Self {
            name,
            at: part.at.saturating_add(part.skipped).to_string(),
            before: format!("{start}{}", pairs[..from].join(" ")),
            marked: pairs[from..to].join(" "),
            after: format!("{}{end}", pairs[to..].join(" ")),
            value: if says_no_more(part) { empty() } else { shorten(&part.value, VALUE_SHOWN) },
        }
    }
}

/// Whether what a part says are the bytes shown, once more.
fn says_no_more(part: &PartBytes) -> bool {
    let digits = part.value.split(['…', ' ']).next().unwrap_or_default();
    digits.len() > 4
        && part.shown.contains(&digits[..digits.len().min(16)])
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Hexadecimal in bytes; whatever else stands there is left out.
fn pairs(shown: &str) -> Vec<String> {
    let digits: Vec<char> = shown.chars().filter(char::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| pair.iter().collect()).collect()
}

/// The differences as lines of text; the bytes that differ stand in brackets.
pub(super) fn text(evidence: &Evidence) -> String {
    let mut text = String::new();
    for object in objects(evidence) {
        let _ = writeln!(text, "{}", object.summary);
        for part in &object.parts {
            let _ = writeln!(text, "  {}  ({})", part.path, part.label);
            for side in &part.sides {
                side.write(&mut text);
            }
        }
        if object.more > 0 {
            let _ = writeln!(text, "  … and {} more", count(object.more));
        }
        if !object.anew.is_empty() {
            let _ = writeln!(text, "  computed anew from that: {}", object.anew);
        }
    }
    if let Some(words) = nothing_compared(evidence) {
        let _ = writeln!(text, "{words}");
    }
    text
}

impl SideView {
    fn write(&self, text: &mut String) {
        if self.at.is_empty() {
            let _ = writeln!(text, "    {}         {}", self.name, self.value);
            return;
        }
        let gap = |side: &str| if side.is_empty() { "" } else { " " };
        let (before, after) = (self.before.trim_end(), self.after.trim_start());
        let _ = writeln!(
            text,
            "    {} {:>6}  {before}{}[{}]{}{after}",
            self.name,
            format!("+{}", self.at),
            gap(before),
            self.marked,
            gap(after)
        );
        if !self.value.is_empty() {
            let _ = writeln!(text, "                 {}", self.value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(shown: &str, marked: (u64, u64), value: &str) -> PartBytes {
        let len = shown.len() as u64 / 2;
        PartBytes {
            at: 10,
            len,
            skipped: 0,
            shown: shown.to_owned(),
            marked,
            value: value.to_owned(),
        }
    }

    fn evidence(differences: Vec<ByteDifference>) -> Evidence {
        let name = "attestation".to_owned();
        let twin = Some(String::new());
        let objects = vec![SentObject { name, sent: String::new(), twin, differences, more: 0 }];
        Evidence { id: "a.b".to_owned(), requests: Vec::new(), deciding: None, objects }
    }

    fn difference(path: &str, consequence: bool) -> ByteDifference {
        ByteDifference {
            path: path.to_owned(),
            label: format!("the {path}"),
            twin: Some(part("00112233445566778899", (1, 2), "")),
            sent: Some(part("00aabbcc33445566778899", (1, 3), "more")),
            consequence,
        }
    }

    #[test]
    fn the_bytes_that_differ_stand_in_brackets_and_what_follows_is_named() {
        let evidence = evidence(vec![difference("flags", false), difference("nonce", true)]);
        assert_eq!(
            text(&evidence),
            "attestation: 1 part differs from the honest twin’s\n\
             \u{20}\u{20}flags  (the flags)\n\
             \u{20}   twin    +10  00 [11 22] 33 44 55 66 77 88 99\n\
             \u{20}   sent    +10  00 [aa bb cc] 33 44 55 66 77 88 99\n\
             \u{20}                more\n\
             \u{20} computed anew from that: the nonce\n"
        );
    }

    #[test]
    fn marks_and_digits_that_lie_are_no_harm() {
        let mut one = difference("x", false);
        one.sent = Some(PartBytes {
            marked: (u64::MAX, u64::MAX),
            skipped: u64::MAX,
            at: u64::MAX,
            ..part("zz0<1>", (0, 0), "")
        });
        let shown = text(&evidence(vec![one]));
        assert!(shown.contains("01 []"), "{shown}");
    }

    #[test]
    fn a_folder_is_named_by_what_is_harmless_in_an_id() {
        assert_eq!(evidence_folder("att.nonce.other"), "evidence/att.nonce.other");
        assert_eq!(evidence_folder("../../etc/<b>\u{202e}"), "evidence/-..-etc--b--");
    }

    #[test]
    fn nothing_that_differs_is_said_in_words() {
        let same = evidence(Vec::new());
        assert!(text(&same).contains("when, for whom or how often"), "{}", text(&same));
    }
}
