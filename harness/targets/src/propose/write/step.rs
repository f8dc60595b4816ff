//! One request as a step: method, path, headers and body with templates in their places.

use super::{Known, toml};
use crate::encoding::Encoding;
use crate::propose::bindings::{Binder, Bound, Spot, body_is_client_data, literal};
use crate::propose::encoded;
use crate::propose::evidence::ProvenClientData;
use crate::propose::role::{self, Role};
use crate::propose::routes::Part;
use crate::propose::sighting::{Body, Leaf, Member, Place, Shape, Sighting, text_of};
use serde_json::Value;

/// A step as it will be written.
#[derive(Debug)]
pub(super) struct Written {
    /// Which request it was.
    pub(super) request: usize,
    /// The members of `request`.
    pub(super) entries: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    pub(super) notes: Vec<String>,
    pub(super) questions: Vec<String>,
    pub(super) client_data: Option<ClientData>,
}

/// The template of client data.
#[derive(Debug)]
pub(super) struct ClientData {
    pub(super) toml: String,
    pub(super) notes: Vec<String>,
    pub(super) questions: Vec<String>,
}

/// Binds every value of a request.
pub(super) fn bind(
    binder: &mut Binder<'_>,
    known: &Known<'_>,
    part: Part,
    request: usize,
) -> Written {
    let sighting = &known.seen.requests[request];
    let mut entries = vec![
        ("method".to_owned(), toml::text(&sighting.method)),
        ("path".to_owned(), toml::text(&path(binder, known, part, request))),
    ];
    let headers = headers(binder, part, request, sighting);
    let whole_body = part == Part::Assert && body_is_client_data(binder.evidence, sighting);
    let mut client_data = None;
    if whole_body {
        let (notes, questions) =
            (std::mem::take(&mut binder.notes), std::mem::take(&mut binder.questions));
        let template = body_template(binder, request, sighting);
        let proven = binder.evidence.client_data.is_some();
        let mut said = vec![
            if proven {
                "the recorded assertion signs the whole body"
            } else {
                "the whole body, because the assertion stands beside it"
            }
            .to_owned(),
        ];
        said.append(&mut std::mem::replace(&mut binder.notes, notes));
        let asked = std::mem::replace(&mut binder.questions, questions);
        client_data = Some(ClientData { toml: template, notes: said, questions: asked });
        entries.push(("content_type".to_owned(), toml::text(&media(&sighting.body))));
        entries.push(("body".to_owned(), toml::text("${client_data}")));
    } else {
        entries.extend(body(binder, part, request, sighting));
        if part == Part::Assert {
            client_data = Some(client_data_beside(binder, request, sighting));
        }
    }
    Written {
        request,
        entries,
        headers,
        notes: std::mem::take(&mut binder.notes),
        questions: std::mem::take(&mut binder.questions),
        client_data,
    }
}

/// Takes the headers that every step has with the same value out of the steps; the rest becomes a
/// member of each request.
pub(super) fn common_headers(steps: &mut [(Part, Option<Written>)]) -> Vec<(String, String)> {
    let written: Vec<&Written> = steps
        .iter()
        .filter(|(part, _)| *part != Part::Login)
        .filter_map(|(_, step)| step.as_ref())
        .collect();
    let mut common = Vec::new();
    if let [first, rest @ ..] = written.as_slice()
        && !rest.is_empty()
    {
        let everywhere =
            |header: &&(String, String)| rest.iter().all(|step| step.headers.contains(header));
        common = first.headers.iter().filter(everywhere).cloned().collect();
    }
    for written in steps.iter_mut().filter_map(|(_, step)| step.as_mut()) {
        let own = written.headers.iter().filter(|header| !common.contains(header));
        let own: Vec<(String, String)> =
            own.map(|(name, value)| (name.clone(), toml::text(value))).collect();
        if !own.is_empty() {
            written.entries.push(("headers".to_owned(), toml::table(&own)));
        }
    }
    common
}

/// Path and query.
fn path(binder: &mut Binder<'_>, known: &Known<'_>, part: Part, request: usize) -> String {
    let sighting = &known.seen.requests[request];
    let other = known.routes.challenge_for_assert.filter(|_| part == Part::Challenge);
    let mut path = String::new();
    for (at, piece) in sighting.path.iter().enumerate() {
        path.push('/');
        let fixed = piece.leaf.as_str().filter(|_| piece.name.is_empty());
        let twin = other.and_then(|other| known.seen.requests[other].path.get(at)?.leaf.as_str());
        if let (Some(attest), Some(assert)) = (fixed, twin)
            && attest != assert
            && [attest, assert]
                .iter()
                .all(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        {
            let both = format!("${{'{attest}' if purpose == 'attest' else '{assert}'}}");
            let plain = (attest, assert) == ("attest", "assert");
            path.push_str(if plain { "${purpose}" } else { &both });
            binder.notes.push(format!(
                "challenges for assertions come from {} ({})",
                known.seen.requests[other.unwrap_or_default()].shown(),
                known.seen.requests[other.unwrap_or_default()].at
            ));
            continue;
        }
        let spot = Spot {
            part,
            request,
            place: Place::Path(at),
            name: piece.name.clone(),
            leaf: &piece.leaf,
        };
        path.push_str(&match binder.bind(&spot) {
            Bound::Template(template) => template,
            Bound::Fixed(value) => percent(&text_of(&value)),
            Bound::Nothing => {
                binder.questions.push(format!("Which `{}` stands in the path?", piece.name));
                "x".to_owned()
            }
        });
    }
    let mut before = '?';
    for member in &sighting.query {
        let place = Place::Query(member.name.clone());
        let spot = Spot { part, request, place, name: member.name.clone(), leaf: &member.leaf };
        let value = match binder.bind(&spot) {
            Bound::Template(template) => template,
            Bound::Fixed(value) => percent(&text_of(&value)),
            Bound::Nothing => continue,
        };
        path.push(before);
        path.push_str(&format!("{}={value}", percent(&member.name)));
        before = '&';
    }
    path
}

/// A text in a path or a query as it is written there.
fn percent(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@!*,;".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.push_str(&format!("%{byte:02X}"));
        }
    }
    written
}

fn headers(
    binder: &mut Binder<'_>,
    part: Part,
    request: usize,
    sighting: &Sighting,
) -> Vec<(String, String)> {
    let mut headers = Vec::new();
    for member in &sighting.headers {
        let is_name = member.name.parse::<http::HeaderName>().is_ok();
        let place = Place::Header(member.name.clone());
        let spot = Spot { part, request, place, name: member.name.clone(), leaf: &member.leaf };
        let value = match binder.bind(&spot) {
            _ if !is_name => continue,
            Bound::Template(template) => template,
            Bound::Fixed(value) => text_of(&value),
            Bound::Nothing => continue,
        };
        headers.push((member.name.clone(), value));
    }
    let mut cookies: Vec<String> = Vec::new();
    for cookie in &sighting.cookies {
        if binder.is_of_session(request, cookie) {
            continue;
        }
        let leaf = Leaf { secret: true, ..cookie.leaf.clone() };
        let place = Place::Cookie(cookie.name.clone());
        let spot = Spot { part, request, place, name: cookie.name.clone(), leaf: &leaf };
        match binder.bind(&spot) {
            Bound::Template(template) => {
                cookies.push(format!("{}={template}", literal(&cookie.name)))
            }
            Bound::Fixed(value) => {
                cookies.push(format!("{}={}", literal(&cookie.name), text_of(&value)))
            }
            Bound::Nothing => {}
        }
    }
    if !cookies.is_empty() {
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    headers
}

/// The member of a request that holds its body.
fn body(
    binder: &mut Binder<'_>,
    part: Part,
    request: usize,
    sighting: &Sighting,
) -> Vec<(String, String)> {
    match &sighting.body {
        Body::Empty => Vec::new(),
        Body::Json(shape) => {
            let json = binder.json(part, request, shape).as_ref().and_then(toml::json);
            match json {
                Some(json) => vec![("json".to_owned(), json)],
                None => {
                    binder
                        .questions
                        .push("What is in the body? It could not be written".to_owned());
                    Vec::new()
                }
            }
        }
        Body::Form(fields) => {
            let fields = self::fields(binder, part, request, fields);
            vec![("form".to_owned(), toml::table(&fields))]
        }
        Body::Multipart(fields) => {
            let fields = self::fields(binder, part, request, fields);
            vec![("multipart".to_owned(), toml::table(&fields))]
        }
        Body::Cbor(shape) => {
            let json = binder.json(part, request, shape).as_ref().and_then(toml::json);
            vec![("cbor".to_owned(), json.unwrap_or_else(|| "{}".to_owned()))]
        }
        Body::Raw(media, leaf) => {
            let spot = Spot { part, request, place: Place::Body, name: String::new(), leaf };
            let raw = match part {
                Part::Attest => "${attestation|raw}",
                Part::Assert => "${client_data}",
                _ => "",
            };
            let bound = if leaf.value.is_some() { binder.bind(&spot) } else { Bound::Nothing };
            let text = match bound {
                Bound::Template(template) => template,
                Bound::Fixed(value) => text_of(&value),
                Bound::Nothing => {
                    binder.questions.push("What is in the body? It was not seen".to_owned());
                    raw.replace("|raw", "")
                }
            };
            let media = media.as_deref().unwrap_or("application/octet-stream");
            vec![
                ("content_type".to_owned(), toml::text(media)),
                ("body".to_owned(), toml::text(&text)),
            ]
        }
    }
}

fn fields(
    binder: &mut Binder<'_>,
    part: Part,
    request: usize,
    fields: &[Member],
) -> Vec<(String, String)> {
    let mut bound: Vec<(String, String)> = Vec::new();
    for field in fields {
        let place = Place::Field(field.name.clone());
        let spot = Spot { part, request, place, name: field.name.clone(), leaf: &field.leaf };
        let text = match binder.bind(&spot) {
            Bound::Template(template) => template,
            Bound::Fixed(value) => text_of(&value),
            Bound::Nothing => continue,
        };
        // A table has each name once.
        if bound.iter().all(|(name, _)| *name != field.name) {
            bound.push((field.name.clone(), toml::text(&text)));
        }
    }
    bound
}

/// The media type of a body.
fn media(body: &Body) -> String {
    match body {
        Body::Json(_) => "application/json",
        Body::Form(_) => "application/x-www-form-urlencoded",
        Body::Cbor(_) => "application/cbor",
        Body::Raw(Some(media), _) => media,
        Body::Raw(None, _) | Body::Empty | Body::Multipart(_) => "application/octet-stream",
    }
    .to_owned()
}

/// The whole body as a template.
fn body_template(binder: &mut Binder<'_>, request: usize, sighting: &Sighting) -> String {
    match &sighting.body {
        Body::Json(shape) | Body::Cbor(shape) => template_of(binder, request, shape),
        Body::Form(members) => {
            let mut pairs = Vec::new();
            for member in members {
                let place = Place::Field(member.name.clone());
                let spot = Spot {
                    part: Part::Assert,
                    request,
                    place,
                    name: member.name.clone(),
                    leaf: &member.leaf,
                };
                let value = match binder.bind(&spot) {
                    Bound::Template(template) => urlencoded(&template),
                    Bound::Fixed(value) => percent(&text_of(&value)),
                    Bound::Nothing => continue,
                };
                pairs.push(format!("{}={value}", percent(&member.name)));
            }
            toml::text(&pairs.join("&"))
        }
        Body::Raw(..) | Body::Empty | Body::Multipart(_) => {
            binder
                .questions
                .push("What is in the body, and where is the challenge in it?".to_owned());
            toml::text("${challenge_text}")
        }
    }
}

/// A template whose value is percent-encoded.
fn urlencoded(template: &str) -> String {
    match template.strip_suffix('}') {
        Some(open) if template.starts_with("${") && template.matches("${").count() == 1 => {
            format!("{open}|urlencode}}")
        }
        _ => template.to_owned(),
    }
}

/// JSON as a template, and a question if it holds no challenge.
fn template_of(binder: &mut Binder<'_>, request: usize, shape: &Shape) -> String {
    let json = binder.json(Part::Assert, request, shape).unwrap_or(Value::Null);
    if !json.to_string().contains("${challenge_text") {
        binder
            .questions
            .push("Where in the client data is the challenge? None was seen".to_owned());
    }
    match (&json, toml::json(&json)) {
        (Value::Object(_), Some(toml)) => toml,
        (Value::Array(_), _) => toml::text(&json.to_string()),
        _ => toml::text("{\"challenge\":\"${challenge_text}\"}"),
    }
}

/// The client data of a request whose body is not the client data.
fn client_data_beside(binder: &mut Binder<'_>, request: usize, sighting: &Sighting) -> ClientData {
    let (notes, questions) =
        (std::mem::take(&mut binder.notes), std::mem::take(&mut binder.questions));
    let proven = binder.evidence.client_data.clone();
    let leaves = sighting.leaves();
    let spot = leaves.iter().find(|(place, name, leaf)| match &proven {
        Some(ProvenClientData::Value(proven, _)) => proven == place,
        _ => role::of(name, leaf) == Some(Role::ClientData),
    });
    let toml = match (&proven, spot) {
        (Some(ProvenClientData::Challenge(encoding)), _) => {
            binder.notes.push(
                "the challenge and nothing else, which the recorded assertion signs".to_owned(),
            );
            if *encoding != Encoding::Raw {
                binder.questions.push(format!(
                    "The app hashes the bytes that the challenge stands for in {}, and a template writes its text",
                    encoding.as_str()
                ));
            }
            toml::text("${challenge_text}")
        }
        (_, Some((_, name, leaf))) => {
            let text = leaf.as_str().unwrap_or_default();
            let json = serde_json::from_str(text).ok().filter(Value::is_object).or_else(|| {
                let found = encoded::client_data(text)?;
                serde_json::from_slice(&found.bytes).ok()
            });
            match json {
                Some(json) => {
                    binder.notes.push(format!("as seen in `{name}`"));
                    template_of(binder, request, &Shape::of(json))
                }
                None => {
                    binder
                        .questions
                        .push(format!("What is in `{name}`? Often JSON with the challenge in it:"));
                    toml::text("{\"challenge\":\"${challenge_text}\"}")
                }
            }
        }
        (_, None) => {
            binder.questions.push(
                "Which bytes does the app hash for an assertion? Nothing in the request is called client data; here it is the challenge alone".to_owned(),
            );
            toml::text("${challenge_text}")
        }
    };
    ClientData {
        toml,
        notes: std::mem::replace(&mut binder.notes, notes),
        questions: std::mem::replace(&mut binder.questions, questions),
    }
}
