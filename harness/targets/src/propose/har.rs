//! HAR: what a browser or a proxy recorded, requests and answers.

use super::ProposeError;
use super::recorded::{cookies, is_noise, pairs, recorded_body, recorded_path};
use super::sighting::{Answer, Body, Member, Shape, Sighting, Sightings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use url::Url;

#[derive(Deserialize)]
struct Archive {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: Request,
    #[serde(default)]
    response: Response,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    cookies: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PostData {
    #[serde(default)]
    mime_type: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    params: Vec<Param>,
    encoding: Option<String>,
}

#[derive(Deserialize)]
struct Param {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize, Default)]
struct Response {
    #[serde(default)]
    status: u16,
    #[serde(default)]
    headers: Vec<Pair>,
    #[serde(default)]
    cookies: Vec<Pair>,
    #[serde(default)]
    content: Content,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Content {
    text: Option<String>,
    encoding: Option<String>,
}

/// Kinds of files that pages are made of and that no API answers.
const SCENERY: [&str; 10] =
    [".js", ".css", ".png", ".svg", ".ico", ".woff2", ".jpg", ".gif", ".webp", ".map"];

/// Reads a recording.
pub(super) fn read(text: &str, name: &str) -> Result<Sightings, ProposeError> {
    let text = text.trim_start_matches('\u{feff}');
    let archive: Archive =
        serde_json::from_str(text).map_err(|error| ProposeError::json(name, &error))?;
    let mut seen = Sightings::default();
    for (index, entry) in archive.log.entries.into_iter().enumerate() {
        let at = format!("log.entries[{index}]");
        let Ok(url) = entry.request.url.parse::<Url>() else {
            seen.remarks.push(format!("{at}: its URL cannot be read, so it is left out"));
            continue;
        };
        let is_api = matches!(url.scheme(), "http" | "https")
            && !matches!(entry.request.method.as_str(), "OPTIONS" | "CONNECT")
            && !SCENERY.iter().any(|end| url.path().ends_with(end));
        if is_api {
            seen.requests.push(sighting(entry, &url, at));
        }
    }
    Ok(seen)
}

fn sighting(entry: Entry, url: &Url, at: String) -> Sighting {
    let request = entry.request;
    let text = request.post_data.as_ref().map(|data| data.text.clone());
    let body = request.post_data.map_or(Body::Empty, body);
    let header = |name: &str| {
        let mut named = request.headers.iter().filter(|one| one.name.eq_ignore_ascii_case(name));
        named.next().map(|one| one.value.clone())
    };
    // Some recorders keep cookies in a list, others only in their header.
    let sent: Vec<Member> = if request.cookies.is_empty() {
        cookies(&header("cookie").unwrap_or_default())
    } else {
        request.cookies.iter().map(|pair| Member::text(&pair.name, &pair.value)).collect()
    };
    let headers = request.headers.iter().filter(|pair| !is_noise(&pair.name));
    Sighting {
        base: Some(url.origin().ascii_serialization()),
        base_at: at.clone(),
        at,
        method: request.method.to_ascii_uppercase(),
        path: recorded_path(url.path()),
        query: pairs(url.query().unwrap_or_default()),
        headers: headers.map(|pair| Member::text(pair.name.to_lowercase(), &pair.value)).collect(),
        cookies: sent,
        body,
        text,
        answers: vec![answer(entry.response)],
        ..Sighting::default()
    }
}

fn body(data: PostData) -> Body {
    let is_multipart = data.mime_type.starts_with("multipart/form-data");
    if is_multipart || (data.text.is_empty() && !data.params.is_empty()) {
        let members = data.params.into_iter().map(|param| match param.value {
            Some(value) => Member::text(param.name, value),
            None => Member { name: param.name, ..Member::default() },
        });
        let mut members: Vec<Member> = members.collect();
        if members.is_empty() {
            members = parts(&data.text);
        }
        return if is_multipart { Body::Multipart(members) } else { Body::Form(members) };
    }
    let is_base64 = data.encoding.as_deref() == Some("base64");
    let text = is_base64
        .then(|| STANDARD.decode(&data.text).ok().and_then(|bytes| String::from_utf8(bytes).ok()))
        .flatten();
    let media = (!data.mime_type.is_empty()).then_some(data.mime_type.as_str());
    recorded_body(media, text.as_deref().unwrap_or(&data.text))
}

/// The parts of a multipart body as it was sent.
fn parts(text: &str) -> Vec<Member> {
    let text = text.replace("\r\n", "\n");
    let Some(boundary) = text.lines().next().filter(|line| line.starts_with("--")) else {
        return Vec::new();
    };
    let part = |part: &str| {
        let (head, content) = part.split_once("\n\n")?;
        let (_, name) = head.split_once(" name=\"")?;
        let (name, _) = name.split_once('"')?;
        Some(Member::text(name, content.trim_end_matches('\n')))
    };
    text.split(boundary).filter_map(part).collect()
}

fn answer(response: Response) -> Answer {
    let Content { text, encoding } = response.content;
    let text = match (text, encoding.as_deref()) {
        (Some(text), Some("base64")) => {
            STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok())
        }
        (text, _) => text,
    };
    let json = text.as_deref().and_then(|text| serde_json::from_str(text).ok()).map(Shape::of);
    let set = response.headers.iter().filter(|pair| pair.name.eq_ignore_ascii_case("set-cookie"));
    let set: Vec<Member> = if response.cookies.is_empty() {
        // Browsers join several with a line break.
        set.flat_map(|pair| pair.value.lines())
            .filter_map(|line| line.split(';').next()?.trim().split_once('='))
            .map(|(name, value)| Member::text(name, value))
            .collect()
    } else {
        response.cookies.iter().map(|pair| Member::text(&pair.name, &pair.value)).collect()
    };
    Answer {
        status: response.status.to_string(),
        headers: response
            .headers
            .iter()
            .filter(|pair| !pair.name.eq_ignore_ascii_case("set-cookie"))
            .map(|pair| Member::text(pair.name.to_lowercase(), &pair.value))
            .collect(),
        cookies: set,
        text: if json.is_some() { None } else { text },
        json,
    }
}
