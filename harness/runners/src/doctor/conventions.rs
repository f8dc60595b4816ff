//! The conventions that are tried, the likeliest first.

use super::edit::Edit;
use catalogue::Kind;
use targets::encoding::Encoding;
use targets::file::{Body, Challenge, ClientDataTemplate};
use targets::{Dialect, Operation, TargetFile};

/// One convention other than the file's.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Change {
    Hash(Challenge, Encoding),
    KeyId(Encoding),
    Attestation(Encoding),
    Assertion(Encoding),
    ClientData(String),
    /// The key id of a protected request, if it is written otherwise there than in an enrolment.
    AssertKeyId(Encoding),
}

/// As people write bytes into text, the most usual first.
const USUAL: [Encoding; 4] =
    [Encoding::B64, Encoding::B64UrlNoPad, Encoding::B64Url, Encoding::Hex];

const KEY_ID: &str = "${key_id}";

impl Change {
    pub(super) fn apply(&self, file: &mut TargetFile) {
        let conventions = &mut file.conventions;
        match self {
            Self::Hash(hash, encoding) => {
                conventions.attest_client_data_hash = *hash;
                if decodes(*hash) {
                    conventions.challenge = *encoding;
                }
            }
            Self::KeyId(encoding) => conventions.key_id = *encoding,
            Self::Attestation(encoding) => conventions.attestation = *encoding,
            Self::Assertion(encoding) => conventions.assertion = *encoding,
            Self::ClientData(template) => {
                file.assert_template = ClientDataTemplate::Text(template.clone());
            }
            Self::AssertKeyId(encoding) => {
                if let Some(step) = file.steps.get_mut(&Operation::Assert) {
                    respell(&mut step.request, KEY_ID, &filtered(*encoding));
                }
            }
        }
    }

    pub(super) fn edits(&self) -> Vec<Edit> {
        match self {
            Self::Hash(hash, encoding) => {
                let mut edits =
                    vec![Edit::set("conventions.attest_client_data_hash", hash.as_str())];
                if decodes(*hash) {
                    edits.push(Edit::set("conventions.challenge", encoding.as_str()));
                }
                edits
            }
            Self::KeyId(encoding) => vec![Edit::set("conventions.key_id", encoding.as_str())],
            Self::Attestation(encoding) => {
                vec![Edit::set("conventions.attestation", encoding.as_str())]
            }
            Self::Assertion(encoding) => {
                vec![Edit::set("conventions.assertion", encoding.as_str())]
            }
            Self::ClientData(template) => {
                vec![Edit::set("templates.assert", template.as_str())]
            }
            Self::AssertKeyId(encoding) => {
                vec![Edit::respell(Operation::Assert, KEY_ID, &filtered(*encoding))]
            }
        }
    }

    /// The member of the target file that it is about.
    pub(super) fn member(&self) -> &'static str {
        match self {
            Self::Hash(..) => "conventions.attest_client_data_hash",
            Self::KeyId(_) => "conventions.key_id",
            Self::Attestation(_) => "conventions.attestation",
            Self::Assertion(_) => "conventions.assertion",
            Self::ClientData(_) => "templates.assert",
            Self::AssertKeyId(_) => "step.assert",
        }
    }

    fn encoding(&self) -> Option<Encoding> {
        match self {
            Self::KeyId(encoding) | Self::Attestation(encoding) => Some(*encoding),
            Self::Hash(..) | Self::Assertion(_) | Self::ClientData(_) | Self::AssertKeyId(_) => {
                None
            }
        }
    }
}

/// Whether two changes go together: whoever writes one value so writes the other so as well.
pub(super) fn rhyme(changes: &[&Change]) -> bool {
    let mut encodings = changes.iter().filter_map(|change| change.encoding());
    matches!((encodings.next(), encodings.next()), (Some(one), Some(other)) if one == other)
}

/// What could be otherwise than the file says, one list for each thing, given a challenge as the
/// server writes it.
pub(super) fn dimensions(file: &TargetFile, kind: Kind, challenge: &str) -> Vec<Vec<Change>> {
    let conventions = &file.conventions;
    let others = |own: Encoding, raw: bool, make: fn(Encoding) -> Change| -> Vec<Change> {
        let raw = raw.then_some(Encoding::Raw);
        USUAL.into_iter().chain(raw).filter(|one| *one != own).map(make).collect()
    };
    let dimensions = match kind {
        Kind::Attestation => vec![
            hashes(file, challenge),
            others(conventions.key_id, false, Change::KeyId),
            others(
                conventions.attestation,
                is_body(file, Operation::Attest, "${attestation}"),
                Change::Attestation,
            ),
        ],
        Kind::Assertion => vec![
            others(
                conventions.assertion,
                is_body(file, Operation::Assert, "${assertion}"),
                Change::Assertion,
            ),
            client_data(file),
            if speaks_of(file, Operation::Assert, KEY_ID) {
                others(conventions.key_id, false, Change::AssertKeyId)
            } else {
                Vec::new()
            },
        ],
    };
    dimensions.into_iter().filter(|options| !options.is_empty()).collect()
}

/// Every hash that differs from the file's for this challenge.
fn hashes(file: &TargetFile, challenge: &str) -> Vec<Change> {
    let own = file.conventions.challenge;
    let outcome = |change: Option<&Change>| {
        let mut file = file.clone();
        if let Some(change) = change {
            change.apply(&mut file);
        }
        Dialect::new(&file).ok()?.attest_client_data_hash(challenge).ok()
    };
    let encodings = [own].into_iter().chain(USUAL);
    let mut all = vec![Change::Hash(Challenge::Sha256OfText, own)];
    all.extend(encodings.clone().map(|one| Change::Hash(Challenge::Sha256OfBytes, one)));
    all.push(Change::Hash(Challenge::Text, own));
    all.extend(encodings.map(|one| Change::Hash(Challenge::Bytes, one)));
    let mut seen = vec![outcome(None)];
    all.retain(|change| {
        let hash = outcome(Some(change));
        let is_new = hash.is_some() && !seen.contains(&hash);
        seen.push(hash);
        is_new
    });
    all
}

/// Client data as servers make them that are not sent any.
fn client_data(file: &TargetFile) -> Vec<Change> {
    let own = match &file.assert_template {
        ClientDataTemplate::Text(text) => text.clone(),
        ClientDataTemplate::Json(json) => json.to_string(),
    };
    let mut all = vec![
        "${challenge_text}".to_owned(),
        r#"{"challenge":"${challenge_text}"}"#.to_owned(),
        "${challenge_text|sha256}".to_owned(),
    ];
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(&own) {
        all.insert(0, json.to_string());
    }
    all.retain(|one| *one != own);
    all.into_iter().map(Change::ClientData).collect()
}

fn decodes(hash: Challenge) -> bool {
    matches!(hash, Challenge::Sha256OfBytes | Challenge::Bytes)
}

fn filtered(encoding: Encoding) -> String {
    format!("${{key_id|{}}}", encoding.as_str())
}

/// Whether a value is the whole body, where bytes go out as they are.
fn is_body(file: &TargetFile, step: Operation, value: &str) -> bool {
    let step = file.steps.get(&step);
    step.is_some_and(|step| matches!(&step.request.body, Body::Template(text) if text == value))
}

fn speaks_of(file: &TargetFile, step: Operation, text: &str) -> bool {
    let Some(step) = file.steps.get(&step) else { return false };
    let mut request = step.request.clone();
    respell(&mut request, text, "");
    request != step.request
}

fn respell(request: &mut targets::file::RequestTemplate, from: &str, to: &str) {
    let change = |text: &mut String| *text = text.replace(from, to);
    change(&mut request.path);
    request.headers.iter_mut().for_each(|(_, value)| change(value));
    match &mut request.body {
        Body::Empty => {}
        Body::Template(text) => change(text),
        Body::Form(fields) => fields.iter_mut().for_each(|(_, value)| change(value)),
        Body::Multipart(parts) => parts.iter_mut().for_each(|part| change(&mut part.value)),
        Body::Json(json) | Body::Cbor(json) => respell_json(json, &change),
    }
}

fn respell_json(json: &mut serde_json::Value, change: &impl Fn(&mut String)) {
    match json {
        serde_json::Value::String(text) => change(text),
        serde_json::Value::Array(list) => {
            for value in list {
                respell_json(value, change);
            }
        }
        serde_json::Value::Object(map) => {
            for value in map.values_mut() {
                respell_json(value, change);
            }
        }
        serde_json::Value::Null | serde_json::Value::Bool(_) | serde_json::Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn file() -> TargetFile {
        TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(1)).unwrap()
    }

    #[test]
    fn hashes_that_come_to_the_same_are_tried_once() {
        // Without + and / the alphabets of base64 are one, and hex digits are base64 as well.
        let count = |challenge: &str| hashes(&file(), challenge).len();
        assert_eq!(count("MDEyMzQ1Njc4OWFiY2RlZg"), 3);
        assert_eq!(count("00112233445566778899aabbccddeeff"), 5);
        assert_eq!(count("not to be decoded"), 1);
    }

    #[test]
    fn a_key_id_is_respelled_where_the_step_has_it() {
        let mut file = file();
        Change::AssertKeyId(Encoding::Hex).apply(&mut file);
        let headers = &file.steps[&Operation::Assert].request.headers;
        assert!(headers.iter().any(|(_, value)| value == "${key_id|hex}"), "{headers:?}");
        assert!(Dialect::new(&file).is_ok());
    }

    #[test]
    fn the_client_data_of_the_file_are_not_tried_again() {
        let changes = client_data(&file());
        assert_eq!(changes.len(), 3, "{changes:?}");
        for change in changes {
            let mut file = file();
            change.apply(&mut file);
            assert!(Dialect::new(&file).is_ok(), "{change:?}");
        }
    }
}
