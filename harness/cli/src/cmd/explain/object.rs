//! Objects as people have them: raw, in base64, PEM, or as members of JSON.

use crate::args::ExplainKind;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use protocol::explain::Kind;
use serde_json::Value;

/// An object and what it is.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) bytes: Vec<u8>,
}

/// Members of fixtures and of the field's JSON that hold objects.
const MEMBERS: [(&str, Kind); 6] = [
    ("attestationObject", Kind::Attestation),
    ("attestation", Kind::Attestation),
    ("assertion", Kind::Assertion),
    ("receipt", Kind::Receipt),
    ("attestationAuthData", Kind::AttestationData),
    ("assertionAuthData", Kind::AssertionData),
];

/// The objects in a file. `kind` is what the user says they are.
pub(super) fn read(bytes: &[u8], kind: Option<ExplainKind>) -> Result<Vec<Object>, String> {
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    let text = std::str::from_utf8(bytes).map(str::trim).ok();
    if let Some(text) = text
        && text.starts_with('{')
    {
        return members(text, kind);
    }
    // Objects are never printable text, so whatever is text can only be an encoding of one.
    let bytes = text.map_or_else(|| Ok(bytes.to_vec()), |text| decoded("the file", text))?;
    let kind = kind.map(Kind::from).or_else(|| Kind::guess(&bytes));
    let kind = kind.ok_or("cannot tell what kind of object it is; say --kind")?;
    Ok(vec![Object { kind, bytes }])
}

fn members(text: &str, kind: Option<ExplainKind>) -> Result<Vec<Object>, String> {
    let json: Value =
        serde_json::from_str(text).map_err(|error| format!("not JSON throughout: {error}"))?;
    let mut found = Vec::new();
    for (name, own) in MEMBERS {
        if let Some(text) = json[name].as_str()
            && kind.is_none_or(|kind| Kind::from(kind) == own)
        {
            found.push(Object { kind: own, bytes: decoded(name, text)? });
        }
    }
    if found.is_empty() {
        let names: Vec<&str> = MEMBERS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no object in it: expected a member {}", names.join(", ")));
    }
    Ok(found)
}

/// PEM, or any of the four alphabets people paste; line breaks and spaces do not matter.
fn decoded(what: &str, text: &str) -> Result<Vec<u8>, String> {
    let lines = text.lines().filter(|line| !line.starts_with("-----"));
    let text: String = lines.flat_map(str::split_whitespace).collect();
    [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| alphabet.decode(&text).ok())
        .ok_or_else(|| format!("{what} is neither binary nor base64"))
}

impl From<ExplainKind> for Kind {
    fn from(kind: ExplainKind) -> Self {
        match kind {
            ExplainKind::Attestation => Self::Attestation,
            ExplainKind::Assertion => Self::Assertion,
            ExplainKind::AttestationData => Self::AttestationData,
            ExplainKind::AssertionData => Self::AssertionData,
            ExplainKind::Certificate => Self::Certificate,
            ExplainKind::Receipt => Self::Receipt,
        }
    }
}
