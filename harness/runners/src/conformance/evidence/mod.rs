//! The evidence of a failed case: what was sent, beside what its honest twin would have sent.

mod compared;

use crate::conversation::{Kept, Played, Turn};
use base64::{Engine, engine::general_purpose::STANDARD};
use compared::object;
use record::{Evidence, SentObject, SentRequest};
use targets::encoding::Encoding;
use targets::file::TargetFile;
use targets::secrets::Secrets;
use targets::{Dialect, Facts, Field, WireRequest};

/// Bytes of a body that are recorded; only requests that mean to be too long have more.
const BODY: usize = 256 * 1024;

/// What was sent for a case the first time it was played.
pub(crate) fn evidence(id: &str, played: &Played, dialect: &Dialect) -> Evidence {
    let file = dialect.file();
    let turns: Vec<&Turn> = played.before.iter().chain(&played.last).collect();
    let deciding = turns.len().checked_sub(1);
    let kept = deciding.and_then(|place| turns[place].kept.as_deref());
    Evidence {
        id: id.to_owned(),
        requests: turns.iter().filter_map(|turn| request(turn, file.is_handed_over())).collect(),
        deciding,
        objects: kept.map_or_else(Vec::new, |kept| objects(kept, file)),
    }
}

fn request(turn: &Turn, to_adapter: bool) -> Option<SentRequest> {
    let kept = turn.kept.as_deref()?;
    let WireRequest { method, url, headers, body } = &kept.request;
    let mut secrets = std::collections::BTreeSet::new();
    let mut named = |bytes: &[u8]| {
        let (bytes, names) = kept.secrets.name_in(bytes);
        secrets.extend(names);
        bytes
    };
    let mut text = |bytes: &[u8]| String::from_utf8_lossy(&named(bytes)).into_owned();
    // Made as for a server, and handed over in this process: it has a path, and no address.
    let url = if to_adapter { format!("adapter:{}", url.path()) } else { url.to_string() };
    let url = text(url.as_bytes());
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect();
    let body = named(body);
    let exchange = &turn.exchange;
    Some(SentRequest {
        what: turn.what.clone(),
        method: method.to_string(),
        url,
        headers,
        body: STANDARD.encode(&body[..body.len().min(BODY)]),
        body_left_out: body.len().saturating_sub(BODY) as u64,
        secrets: secrets.into_iter().collect(),
        status: exchange.status,
        decision: exchange.decision.as_str().to_owned(),
        excerpt: exchange.excerpt.clone(),
    })
}

/// The values of a request beside the twin's; where none of them differs, the request around them.
fn objects(kept: &Kept, file: &TargetFile) -> Vec<SentObject> {
    let conventions = &file.conventions;
    let honest = kept.honest.as_ref().map(|(facts, _)| facts);
    let of = |name: &str, value: fn(&Facts) -> &Option<Field>, encoding: Encoding| {
        let sent = value(&kept.facts).as_ref()?;
        Some(field(name, sent, honest.and_then(|facts| value(facts).as_ref()), encoding))
    };
    let mut objects: Vec<SentObject> = [
        of("key-id", |facts| &facts.key_id, conventions.key_id),
        of("attestation", |facts| &facts.attestation, conventions.attestation),
        of("assertion", |facts| &facts.assertion, conventions.assertion),
    ]
    .into_iter()
    .flatten()
    .collect();
    if let Some(sent) = &kept.facts.client_data {
        let named = |bytes: &Vec<u8>| kept.secrets.name_in(bytes).0;
        let twin = honest.and_then(|facts| facts.client_data.as_ref()).map(named);
        let client_data = object("client-data", &named(sent), twin.as_deref());
        if !client_data.differences.is_empty() {
            signed_anew(&mut objects);
        }
        objects.push(client_data);
    }
    if let Some((_, twin)) = &kept.honest
        && objects.iter().all(|object| object.differences.is_empty())
    {
        objects.extend(around(&kept.request, twin, &kept.secrets));
    }
    objects
}

/// A value as bytes where both are written as the conventions say, otherwise as it is written.
fn field(name: &str, sent: &Field, twin: Option<&Field>, encoding: Encoding) -> SentObject {
    if let Field::Bytes(sent) = sent {
        let twin = twin.and_then(|twin| match twin {
            Field::Bytes(bytes) => Some(bytes.as_slice()),
            Field::Text(_) | Field::Json(_) => None,
        });
        return object(name, sent, twin);
    }
    let written = |field: &Field| match field {
        Field::Text(text) => text.clone().into_bytes(),
        Field::Json(json) => json.to_string().into_bytes(),
        Field::Bytes(bytes) => {
            encoding.encode(bytes).map_or_else(|| bytes.clone(), String::into_bytes)
        }
    };
    let name = format!("{name}-as-written");
    object(&name, &written(sent), twin.map(written).as_deref())
}

/// The signature follows from the client data, which is no part of the assertion.
fn signed_anew(objects: &mut [SentObject]) {
    let assertions = objects.iter_mut().filter(|object| object.name == "assertion");
    for difference in assertions.flat_map(|assertion| &mut assertion.differences) {
        difference.consequence |= difference.path.starts_with("signature");
    }
}

/// What lies around the values: first line, headers, body.
fn around(sent: &WireRequest, twin: &WireRequest, secrets: &Secrets) -> Vec<SentObject> {
    let head = |request: &WireRequest| {
        let mut text = format!("{} {}\n", request.method, request.url).into_bytes();
        for (name, value) in &request.headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
        secrets.name_in(&text).0
    };
    let body = |request: &WireRequest| {
        let shown = &request.body[..request.body.len().min(BODY)];
        secrets.name_in(shown).0
    };
    let compared = [
        object("request-head", &head(sent), Some(&head(twin))),
        object("request-body", &body(sent), Some(&body(twin))),
    ];
    compared.into_iter().filter(|object| !object.differences.is_empty()).collect()
}
