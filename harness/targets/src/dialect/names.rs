//! The names that templates know, and a check that a template uses no others.

use crate::encoding::Encoding;
use crate::facts::{Facts, Field, Saved};
use crate::file::TargetFile;
use crate::secrets::Secrets;
use crate::template::{Binary, FILTERS, Place, Templates};
use minijinja::value::Object;
use minijinja::{Error, ErrorKind, Value};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
    Value::from_object(Names {
        facts: facts.clone(),
        client_data: client_data.map(|bytes| Field::Bytes(bytes.to_vec())),
        saved: saved.clone(),
        key_id: file.conventions.key_id,
        attestation: file.conventions.attestation,
        assertion: file.conventions.assertion,
        secrets: file.secrets.clone(),
    })
}

/// What a request may name. Hardly a request names all of it, so each value is made when it is asked
/// for: under load that is half of what writing a request costs.
#[derive(Debug)]
struct Names {
    facts: Facts,
    client_data: Option<Field>,
    saved: Saved,
    key_id: Encoding,
    attestation: Encoding,
    assertion: Encoding,
    secrets: Secrets,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, name: &Value) -> Option<Value> {
        let name = name.as_str()?;
        let Self { facts, .. } = &**self;
        let bytes = |field: &Option<Field>, encoding| Some(binary(field.as_ref()?, encoding));
        let ours = match name {
            "account" => Some(Value::from(&facts.account)),
            "purpose" => Some(Value::from(facts.purpose.as_str())),
            "opaque_id" => Some(Value::from(&facts.opaque_id)),
            "uuid" => Some(Value::from(uuid(&facts.opaque_id))),
            "key_id" => bytes(&facts.key_id, self.key_id),
            "attestation" => bytes(&facts.attestation, self.attestation),
            "assertion" => bytes(&facts.assertion, self.assertion),
            "client_data" => bytes(&self.client_data, Encoding::Raw),
            SECRET => Some(secrets_of(&self.secrets)),
            _ => None,
        };
        // Saved names come last: none of them may hide a name of ours.
        let saved = || self.saved.get(name).or_else(|| self.saved.session().values().get(name));
        ours.or_else(|| saved().map(Value::from))
    }
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

fn secrets_of(secrets: &Secrets) -> Value {
    let owned = secrets.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
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
    let secret = (SECRET.to_owned(), secrets_of(&file.secrets));
    Value::from(texts.chain(binaries).chain([secret]).collect::<BTreeMap<_, _>>())
}

/// What the template engine said, without the place, which is ours and not the file's.
pub(crate) fn words(error: &Error) -> String {
    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
}
