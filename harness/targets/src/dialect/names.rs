//! The names that templates know, and a check that a template uses no others.

use crate::encoding::Encoding;
use crate::facts::{Facts, Field, Saved};
use crate::file::TargetFile;
use crate::template::{Binary, FILTERS, Place, Templates};
use minijinja::{Error, ErrorKind, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const TEXTS: [&str; 4] = ["account", "purpose", "opaque_id", "uuid"];
const BINARIES: [&str; 4] = ["key_id", "attestation", "assertion", "client_data"];
const SECRET: &str = "secret";

/// The values of a request, by the names that templates use.
pub(crate) fn values(
    file: &TargetFile,
    facts: &Facts,
    saved: &Saved,
    client_data: Option<&[u8]>,
) -> Value {
    let text = |name: &str, text: &str| (name.to_owned(), Value::from(text));
    // Saved names come first: none of them may hide a name of ours.
    let of_login = saved.session().values().iter();
    let mut values: BTreeMap<String, Value> =
        of_login.chain(saved.iter()).map(|(name, value)| text(name, value)).collect();
    values.extend([
        text("account", &facts.account),
        text("purpose", facts.purpose.as_str()),
        text("opaque_id", &facts.opaque_id),
        text("uuid", &uuid(&facts.opaque_id)),
    ]);
    let conventions = &file.conventions;
    let client_data = client_data.map(|bytes| Field::Bytes(bytes.to_vec()));
    for (name, field, encoding) in [
        ("key_id", &facts.key_id, conventions.key_id),
        ("attestation", &facts.attestation, conventions.attestation),
        ("assertion", &facts.assertion, conventions.assertion),
        ("client_data", &client_data, Encoding::Raw),
    ] {
        if let Some(field) = field {
            values.insert(name.to_owned(), binary(field, encoding));
        }
    }
    values.insert(SECRET.to_owned(), secrets_of(file));
    Value::from(values)
}

fn binary(field: &Field, encoding: Encoding) -> Value {
    Value::from_object(match field {
        Field::Bytes(bytes) => {
            let raw = encoding == Encoding::Raw;
            Binary { text: encoding.encode(bytes), bytes: bytes.clone(), json: None, raw }
        }
        Field::Text(text) => Binary {
            bytes: text.as_bytes().to_vec(),
            text: Some(text.clone()),
            json: None,
            raw: false,
        },
        Field::Json(json) => {
            let text = json.to_string();
            let bytes = text.clone().into_bytes();
            Binary { bytes, text: Some(text), json: Some(json.clone()), raw: false }
        }
    })
}

fn secrets_of(file: &TargetFile) -> Value {
    let owned = file.secrets.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    Value::from(owned.collect::<BTreeMap<_, _>>())
}

/// A version 4 UUID that depends on nothing but the request's id.
fn uuid(opaque_id: &str) -> String {
    let digest = Sha256::digest(opaque_id);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let digits = hex::encode(bytes);
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// What is wrong with a template.
pub(crate) struct Problem {
    /// The unknown name, if that is what is wrong.
    pub(crate) name: Option<String>,
    /// The names that would be known.
    pub(crate) known: Vec<String>,
    /// What is wrong, in words.
    pub(crate) what: String,
}

/// Checks that a template is well-formed and names only what is known.
pub(crate) fn check(file: &TargetFile, place: Place, source: &str) -> Result<(), Problem> {
    let mut templates = Templates::new();
    let broken = |error: &Error| Problem {
        name: None,
        known: Vec::new(),
        what: format!("`{source}` is no template: {}", words(error)),
    };
    let template = templates.add(place, source).map_err(|error| broken(&error))?;
    let logins = file.session.setup.iter().map(|login| &login.save);
    let saves: BTreeSet<&str> = file
        .steps
        .values()
        .map(|step| &step.save)
        .chain(logins)
        .flat_map(BTreeMap::keys)
        .map(String::as_str)
        .collect();
    let secrets: Vec<String> =
        file.secrets.iter().map(|(name, _)| format!("{SECRET}.{name}")).collect();
    let known: Vec<String> = TEXTS
        .iter()
        .chain(&BINARIES)
        .copied()
        .chain(saves.iter().copied())
        .map(str::to_owned)
        .chain(secrets)
        .collect();
    for name in templates.variables(&template).map_err(|error| broken(&error))? {
        if !known.contains(&name) {
            let what = format!("`${{{name}}}` is no value that a template can name");
            return Err(Problem { name: Some(name), known, what });
        }
    }
    match templates.bytes(&template, &stand_ins(file, &saves)) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::UnknownFilter => {
            let name = source.split(['|', '}']).map(str::trim).find(|part| {
                words(&error).split_whitespace().any(|word| word.trim_matches('`') == *part)
            });
            Err(Problem {
                name: name.map(str::to_owned),
                known: FILTERS.iter().map(|&filter| filter.to_owned()).collect(),
                what: words(&error),
            })
        }
        Err(error) => Err(broken(&error)),
    }
}

/// A value for every known name, to try a template with.
fn stand_ins(file: &TargetFile, saves: &BTreeSet<&str>) -> Value {
    // Good base64 and good hex, so that filters which decode can be tried.
    let texts = TEXTS.iter().chain(saves).map(|name| ((*name).to_owned(), Value::from("AAAA")));
    let binaries = BINARIES.iter().map(|name| {
        let binary =
            Binary { bytes: b"x".to_vec(), text: Some("x".to_owned()), json: None, raw: false };
        ((*name).to_owned(), Value::from_object(binary))
    });
    let secret = (SECRET.to_owned(), secrets_of(file));
    Value::from(texts.chain(binaries).chain([secret]).collect::<BTreeMap<_, _>>())
}

/// What the template engine said, without the place, which is ours and not the file's.
pub(crate) fn words(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
