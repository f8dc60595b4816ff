//! OpenAPI 3.0 and 3.1, in YAML or JSON: every operation as a request with what is said about it.

mod document;
mod schema;

use super::ProposeError;
use super::recorded::is_noise;
use super::sighting::{Answer, Body, Leaf, Member, Shape, Sighting, Sightings, text_of};
use document::Document;
use serde_json::Value;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Where a relative or missing base URL is looked for.
const HERE: &str = "http://127.0.0.1:8080";

/// Reads a document.
pub(super) fn read(text: &str, name: &str) -> Result<Sightings, ProposeError> {
    let document = Document::parse(text, name)?;
    let root = document.root();
    let mut seen = Sightings {
        title: root.pointer("/info/title").and_then(Value::as_str).map(str::to_owned),
        ..Sightings::default()
    };
    let (base, base_at) = base(root);
    for (path, item) in members(root.get("paths")) {
        let item = document.follow(item);
        for method in METHODS {
            let Some(operation) = item.get(method) else { continue };
            let operation = document.follow(operation);
            let mut sighting = read_operation(&document, path, item, operation);
            sighting.at = format!("paths.{path}.{method}");
            sighting.method = method.to_ascii_uppercase();
            sighting.base = Some(base.clone());
            sighting.base_at.clone_from(&base_at);
            seen.requests.push(sighting);
        }
    }
    seen.remarks = document.remarks();
    Ok(seen)
}

/// The first server's URL, its variables filled in.
fn base(root: &Value) -> (String, String) {
    let Some(server) = root.pointer("/servers/0") else {
        return (HERE.to_owned(), "the document names no server".to_owned());
    };
    let mut url = server.get("url").and_then(Value::as_str).unwrap_or("/").to_owned();
    for (name, variable) in members(server.get("variables")) {
        if let Some(default) = variable.get("default").and_then(Value::as_str) {
            url = url.replace(&format!("{{{name}}}"), default);
        }
    }
    let url = url.trim_end_matches('/');
    if url.starts_with("http://") || url.starts_with("https://") {
        (url.to_owned(), "servers[0].url".to_owned())
    } else {
        (format!("{HERE}{url}"), "servers[0].url is relative".to_owned())
    }
}

/// The members of an object; none of anything else.
fn members(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.as_str(), value))
}

fn items(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn read_operation(
    document: &Document<'_>,
    path: &str,
    item: &Value,
    operation: &Value,
) -> Sighting {
    let mut sighting = Sighting::default();
    let words = ["operationId", "summary", "description"];
    let words = words.iter().filter_map(|key| operation.get(key).and_then(Value::as_str));
    let tags = items(operation.get("tags")).filter_map(Value::as_str);
    sighting.names = words.chain(tags).collect::<Vec<_>>().join(" ");
    sighting.path = path
        .strip_prefix('/')
        .unwrap_or(path)
        .split('/')
        .map(|part| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => Member { name: name.to_owned(), leaf: Leaf::default() },
            None => Member::text("", part),
        })
        .collect();
    // Parameters of the operation have the last word over those of its path.
    for parameter in items(item.get("parameters")).chain(items(operation.get("parameters"))) {
        let parameter = document.follow(parameter);
        let text = |key: &str| parameter.get(key).and_then(Value::as_str).unwrap_or_default();
        let name = text("name").to_owned();
        let member = Member { leaf: schema::parameter(document, parameter), name };
        match text("in") {
            "path" => {
                let named = sighting.path.iter_mut().filter(|part| part.name == member.name);
                named.for_each(|part| part.leaf = member.leaf.clone());
            }
            "query" => put(&mut sighting.query, member),
            "cookie" => put(&mut sighting.cookies, member),
            "header" if !is_noise(&member.name) => {
                put(&mut sighting.headers, Member { name: member.name.to_lowercase(), ..member });
            }
            _ => {}
        }
    }
    let request = operation.get("requestBody").map(|body| document.follow(body));
    if let Some(content) = request.and_then(|body| body.get("content")) {
        sighting.body = body(document, content);
    }
    credentials(document, operation, &mut sighting);
    sighting.answers = members(operation.get("responses"))
        .map(|(status, answer)| read_answer(document, status, document.follow(answer)))
        .collect();
    sighting
}

fn put(members: &mut Vec<Member>, member: Member) {
    members.retain(|known| known.name != member.name);
    members.push(member);
}

fn body(document: &Document<'_>, content: &Value) -> Body {
    let rank = |media: &str| {
        let essence = media.split(';').next().unwrap_or_default().trim();
        match essence {
            json if json.ends_with("/json") || json.ends_with("+json") => 0,
            "application/x-www-form-urlencoded" => 1,
            "multipart/form-data" => 2,
            "application/cbor" => 3,
            _ => 4,
        }
    };
    let Some((media, described)) = members(Some(content)).min_by_key(|(media, _)| rank(media))
    else {
        return Body::Empty;
    };
    let shape = schema::media(document, described);
    let fields = |shape: Shape| match shape {
        Shape::Map(map) => map
            .into_iter()
            .map(|(name, shape)| match shape {
                Shape::Leaf(leaf) => Member { name, leaf },
                Shape::List(_) | Shape::Map(_) => Member { name, leaf: Leaf::default() },
            })
            .collect(),
        Shape::Leaf(_) | Shape::List(_) => Vec::new(),
    };
    match rank(media) {
        0 => Body::Json(shape),
        1 => Body::Form(fields(shape)),
        2 => Body::Multipart(fields(shape)),
        3 => Body::Cbor(shape),
        _ => {
            let leaf = match shape {
                Shape::Leaf(leaf) => leaf,
                Shape::List(_) | Shape::Map(_) => Leaf::default(),
            };
            Body::Raw(Some(media.to_owned()), leaf)
        }
    }
}

/// What the first of the alternatives in `security` adds to a request.
fn credentials(document: &Document<'_>, operation: &Value, sighting: &mut Sighting) {
    let security = operation.get("security").or_else(|| document.root().get("security"));
    let Some(first) = items(security).next() else { return };
    for (name, _) in members(Some(first)) {
        let schemes = document.root().pointer("/components/securitySchemes");
        let Some(scheme) = schemes.and_then(|schemes| schemes.get(name)) else { continue };
        let scheme = document.follow(scheme);
        let text = |key: &str| scheme.get(key).and_then(Value::as_str).unwrap_or_default();
        let secret = |prefix: &str| Leaf {
            value: (!prefix.is_empty()).then(|| Value::from(prefix)),
            secret: true,
            ..Leaf::default()
        };
        let (members, member) = match (text("type"), text("in")) {
            ("apiKey", "query") => {
                (&mut sighting.query, Member { name: text("name").to_owned(), leaf: secret("") })
            }
            ("apiKey", "cookie") => {
                (&mut sighting.cookies, Member { name: text("name").to_owned(), leaf: secret("") })
            }
            ("apiKey", _) => (
                &mut sighting.headers,
                Member { name: text("name").to_lowercase(), leaf: secret("") },
            ),
            ("http", _) if text("scheme").eq_ignore_ascii_case("basic") => (
                &mut sighting.headers,
                Member { name: "authorization".to_owned(), leaf: secret("Basic ") },
            ),
            ("http" | "oauth2" | "openIdConnect", _) => (
                &mut sighting.headers,
                Member { name: "authorization".to_owned(), leaf: secret("Bearer ") },
            ),
            _ => continue,
        };
        put(members, member);
    }
}

fn read_answer(document: &Document<'_>, status: &str, answer: &Value) -> Answer {
    let json = members(answer.get("content")).find(|(media, _)| media.contains("json"));
    let text = members(answer.get("content")).find(|(media, _)| media.starts_with("text/"));
    let headers = members(answer.get("headers")).map(|(name, header)| Member {
        name: name.to_lowercase(),
        leaf: schema::parameter(document, document.follow(header)),
    });
    let headers: Vec<Member> = headers.collect();
    let cookies = headers.iter().filter(|header| header.name == "set-cookie").map(|header| {
        let example = header.leaf.value.as_ref().map(text_of).unwrap_or_default();
        let name = example.split('=').next().unwrap_or_default();
        Member { name: name.to_owned(), leaf: Leaf::default() }
    });
    Answer {
        status: status.to_ascii_uppercase(),
        cookies: cookies.collect(),
        headers,
        text: text.map(|_| String::new()).filter(|_| json.is_none()),
        json: json.map(|(_, media)| schema::media(document, media)),
    }
}
