//! One request as a step: method, path, headers and body with templates in their places.

use super::body::{body, media};
use super::client_data::{ClientData, body_template, client_data_beside};
use super::{Known, toml};
use crate::propose::bindings::{Binder, Bound, Spot, body_is_client_data, literal};
use crate::propose::routes::Part;
use crate::propose::sighting::{Leaf, Place, Sighting, text_of};

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
        path.extend([&percent(&member.name), "=", &value]);
        before = '&';
    }
    path
}

/// A text in a path or a query as it is written there.
pub(super) fn percent(text: &str) -> String {
    let mut written = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@!*,;".contains(&byte) {
            written.push(char::from(byte));
        } else {
            written.extend(["%", &hex::encode_upper([byte])]);
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
                cookies.push(format!("{}={template}", literal(&cookie.name)));
            }
            Bound::Fixed(value) => {
                cookies.push(format!("{}={}", literal(&cookie.name), text_of(&value)));
            }
            Bound::Nothing => {}
        }
    }
    if !cookies.is_empty() {
        headers.push(("cookie".to_owned(), cookies.join("; ")));
    }
    headers
}
