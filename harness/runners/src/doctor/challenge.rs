//! Nodes that answer, and challenges that are worth their name.

use super::Pliable;
use super::diagnosis::by_status;
use super::edit::Edit;
use super::finding::{Check, Finding, shown};
use super::told::Told;
use super::ward::Ward;
use protocol::relying_party::Purpose;
use serde_json::Value;
use std::collections::BTreeSet;
use targets::encoding::Encoding;
use targets::file::Challenge;
use targets::{CHALLENGE_TEXT, Decision};

/// Challenges that are drawn.
const DRAWN: usize = 8;
/// Bytes that a challenge must have.
const LONG: usize = 16;
/// The usual ways to write a challenge, the one that most texts fit last.
const ENCODINGS: [Encoding; 5] =
    [Encoding::Hex, Encoding::B64UrlNoPad, Encoding::B64, Encoding::B64Url, Encoding::Raw];

/// Asks every node for a challenge; false if there is one that does not speak at all.
pub(super) async fn nodes<T: Pliable>(ward: &mut Ward<'_, T>, findings: &mut Vec<Finding>) -> bool {
    let nodes = ward.setting.file.nodes.clone();
    let mut speak = true;
    for (place, node) in nodes.iter().enumerate() {
        let (told, _) = ward.ask(Purpose::Attest, place).await;
        let Some(why) = silence(&told) else { continue };
        speak = false;
        let said = format!("{node} cannot be spoken to: {}", shown(&why));
        let mut finding = Finding::broken(Check::Nodes, said).at("target.nodes");
        if let Some((member, hint)) = hint(&why, node.scheme()) {
            finding = finding.at(member).detail(hint);
        }
        findings.push(finding);
    }
    if speak {
        let words = match nodes.len() {
            1 => format!("{} answers", nodes[0]),
            count => format!("{count} nodes answer"),
        };
        findings.push(Finding::ok(Check::Nodes, words));
    }
    speak
}

/// Why nothing came that could be an answer of HTTP.
fn silence(told: &Told) -> Option<String> {
    match told.decision()? {
        Decision::Unreachable { why } | Decision::Closed { why } => Some(why.clone()),
        Decision::TimedOut => Some("no answer within `target.timeout`".to_owned()),
        Decision::Unreadable { why } if told.status() == 0 => Some(why.clone()),
        Decision::Unreadable { .. }
        | Decision::Accepted { .. }
        | Decision::Rejected { .. }
        | Decision::Failed
        | Decision::Throttled { .. } => None,
    }
}

/// What to do about it, by the words of the client library.
fn hint(why: &str, scheme: &str) -> Option<(&'static str, &'static str)> {
    let why = why.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| why.contains(word));
    if has(&["unknownissuer", "unknown issuer", "self signed", "self-signed"]) {
        Some((
            "target.http",
            "its certificate is of an authority of its own: name that in a PEM file, http = { tls_ca = \"ca.pem\" } in [target]",
        ))
    } else if has(&["notvalidforname", "not valid for name"]) {
        Some(("target.nodes", "its certificate is for another name than `nodes` has"))
    } else if has(&["certificate"]) {
        Some(("target.http", "its certificate is not trusted: look at `http.tls_ca` in [target]"))
    } else if scheme == "https" && has(&["corrupt message", "invalidcontenttype", "wrong version"])
    {
        Some(("target.nodes", "it speaks no TLS there: write http:// for https://"))
    } else if scheme == "http" && has(&["no http", "closed", "reset", "connection"]) {
        Some(("target.nodes", "if it speaks TLS there, write https:// for http://"))
    } else {
        None
    }
}

/// Looks at challenges; gives one of them, if any is to be had.
pub(super) async fn look<T: Pliable>(
    ward: &mut Ward<'_, T>,
    findings: &mut Vec<Finding>,
) -> Option<String> {
    let mut drawn = Vec::new();
    for number in 0..=DRAWN {
        let purpose = if number == 0 { Purpose::Assert } else { Purpose::Attest };
        let (told, saved) = ward.ask(purpose, 0).await;
        let text = saved.get(CHALLENGE_TEXT).filter(|_| told.accepted());
        let Some(text) = text else {
            findings.push(missing(&told, purpose));
            return None;
        };
        drawn.push(text.clone());
    }
    let different = drawn.iter().collect::<BTreeSet<_>>().len();
    if different < drawn.len() {
        findings.push(
            Finding::broken(
                Check::Challenge,
                format!("of {} challenges only {different} differ: {}", drawn.len(), shown(&drawn[0])),
            )
            .at("step.challenge.save")
            .detail("either `save` takes something else for the challenge, or the server hands the same one out again and every replay is good"),
        );
        return None;
    }
    let mut found = false;
    if let Some(finding) = misspelled(ward, &drawn) {
        findings.push(finding);
        found = true;
    }
    let encoding = ward.setting.file.conventions.challenge;
    let lengths = drawn.iter().filter_map(|text| encoding.decode(text)).map(|bytes| bytes.len());
    let shortest = lengths.min().unwrap_or_default();
    if shortest < LONG {
        findings.push(
            Finding::warn(
                Check::Challenge,
                format!("a challenge has {shortest} bytes, fewer than {LONG}: it can be guessed"),
            )
            .at("conventions.challenge")
            .detail("the server must draw longer ones, unless `challenge` in [conventions] reads them wrong"),
        );
        found = true;
    }
    if !found {
        let words = format!(
            "{} were handed out, {shortest} bytes in {}, and all differ",
            drawn.len(),
            encoding.as_str()
        );
        findings.push(Finding::ok(Check::Challenge, words));
    }
    drawn.pop()
}

/// Why there is no challenge, and where it may stand in the answer.
fn missing(told: &Told, purpose: Purpose) -> Finding {
    let said = format!("none is handed out for `{}`: {}", purpose.as_str(), told.words());
    let mut finding = Finding::broken(Check::Challenge, said).at("step.challenge");
    if let Some(hint) = by_status(told.status(), "challenge") {
        return finding.detail(hint);
    }
    let mut texts = Vec::new();
    if let Some(json) = told.json() {
        texts_of("", &json, &mut texts);
    }
    if (200..300).contains(&told.status()) && told.read_by().is_some() {
        finding = finding.at("step.challenge.save");
        match likeliest(&texts) {
            Some(pointer) => {
                let source = format!("json:{pointer}");
                finding = finding.edits([Edit::set("step.challenge.save.challenge_text", source)]);
            }
            None => finding = finding.detail("`save` does not find the challenge in the answer"),
        }
    } else if told.read_by().is_none() {
        finding =
            finding.detail("no rule reads this answer; say `ok = { status = … }` in the step");
    }
    finding
}

/// The texts of a body that could be challenges, with their pointers.
fn texts_of(at: &str, json: &Value, found: &mut Vec<(String, String)>) {
    match json {
        Value::String(text) if text.len() >= LONG => found.push((at.to_owned(), text.clone())),
        Value::Object(map) => {
            for (key, value) in map {
                let name = key.replace('~', "~0").replace('/', "~1");
                texts_of(&format!("{at}/{name}"), value, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {}
    }
}

/// The text that is called like a challenge, or the only one.
fn likeliest(texts: &[(String, String)]) -> Option<&str> {
    let called = texts.iter().find(|(pointer, _)| {
        let pointer = pointer.to_lowercase();
        ["challenge", "nonce"].iter().any(|word| pointer.contains(word))
    });
    let only = texts.first().filter(|_| texts.len() == 1);
    called.or(only).map(|(pointer, _)| pointer.as_str())
}

/// Whether the challenges are not written as the file says; the setting follows.
fn misspelled<T: Pliable>(ward: &mut Ward<'_, T>, drawn: &[String]) -> Option<Finding> {
    let conventions = &mut ward.setting.file.conventions;
    let fits = |encoding: Encoding| drawn.iter().all(|text| encoding.decode(text).is_some());
    let own = conventions.challenge;
    if fits(own) {
        return None;
    }
    let fit = ENCODINGS.into_iter().find(|encoding| fits(*encoding)).unwrap_or(Encoding::Raw);
    conventions.challenge = fit;
    let said = format!(
        "challenges are not written in {}, as the file says, but in {}: {}",
        own.as_str(),
        fit.as_str(),
        shown(&drawn[0])
    );
    let hashes_bytes =
        matches!(conventions.attest_client_data_hash, Challenge::Sha256OfBytes | Challenge::Bytes);
    let finding = if hashes_bytes {
        Finding::broken(Check::Challenge, said)
    } else {
        Finding::warn(Check::Challenge, said)
    };
    Some(
        finding
            .at("conventions.challenge")
            .edits([Edit::set("conventions.challenge", fit.as_str())]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_found_where_it_is_called_so_or_where_nothing_else_is() {
        let check = |json: Value, expected: Option<&str>| {
            let mut texts = Vec::new();
            texts_of("", &json, &mut texts);
            assert_eq!(likeliest(&texts), expected, "{json}");
        };
        let text = "MDEyMzQ1Njc4OWFiY2RlZg";
        check(serde_json::json!({ "data": { "id": text, "nonce": text } }), Some("/data/nonce"));
        check(serde_json::json!({ "value": text, "ttl": 60 }), Some("/value"));
        check(serde_json::json!({ "one": text, "other": text }), None);
        check(serde_json::json!({ "challenge": "short" }), None);
    }

    #[test]
    fn the_client_librarys_words_lead_to_a_line_of_the_file() {
        let member = |why: &str, scheme: &str| hint(why, scheme).map(|(member, _)| member);
        let unknown = "tried a:1: invalid peer certificate: UnknownIssuer";
        assert_eq!(member(unknown, "https"), Some("target.http"));
        assert_eq!(
            member("received corrupt message of type InvalidContentType", "https"),
            Some("target.nodes")
        );
        assert_eq!(
            member("the answer is no HTTP: invalid HTTP version", "http"),
            Some("target.nodes")
        );
        assert_eq!(member("no answer within `target.timeout`", "https"), None);
    }
}
