//! One curl command as a request.

use super::words::Word;
use crate::propose::ProposeError;
use crate::propose::recorded::{cookies, is_noise, pairs, recorded_body, recorded_path};
use crate::propose::sighting::{Body, Leaf, Member, Sighting, Sightings};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use url::Url;

/// Options without a letter of interest that take a value, long and short.
const WITH_VALUE: [&str; 40] = [
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-E",
    "--cert",
    "--key",
    "--cert-type",
    "--key-type",
    "--pass",
    "-x",
    "--proxy",
    "-U",
    "--proxy-user",
    "--resolve",
    "--connect-to",
    "-c",
    "--cookie-jar",
    "--retry",
    "--retry-delay",
    "--retry-max-time",
    "--limit-rate",
    "--interface",
    "--ciphers",
    "--tls-max",
    "-D",
    "--dump-header",
    "-A",
    "--user-agent",
    "-e",
    "--referer",
    "-K",
    "--config",
    "--stderr",
    "--trace",
    "--trace-ascii",
    "--capath",
];

/// What the options of a command add up to.
#[derive(Default)]
struct Command {
    method: Option<String>,
    urls: Vec<String>,
    url_line: usize,
    data: Vec<String>,
    unread: bool,
    parts: Vec<Member>,
    headers: Vec<Member>,
    cookies: Vec<Member>,
    json: bool,
    as_query: bool,
    tls_ca: Option<String>,
}

/// Reads one command and adds its request.
pub(super) fn read(words: &[Word], file: &str, seen: &mut Sightings) -> Result<(), ProposeError> {
    let Some(first) = words.first() else { return Ok(()) };
    let command = options(words, file, seen)?;
    seen.tls_ca = seen.tls_ca.take().or(command.tls_ca.clone());
    if command.urls.is_empty() {
        return Err(ProposeError::at(
            file,
            first.line,
            first.column,
            "this curl command has no URL",
        ));
    }
    for text in &command.urls {
        let whole = if text.contains("://") { text.clone() } else { format!("http://{text}") };
        let url: Url = whole.parse().map_err(|error| {
            ProposeError::at(
                file,
                command.url_line,
                1,
                format!("`{text}` is no URL: {error}; write variables out"),
            )
        })?;
        seen.requests.push(sighting(&command, &url, first.line));
    }
    Ok(())
}

fn options(words: &[Word], file: &str, seen: &mut Sightings) -> Result<Command, ProposeError> {
    let mut command = Command::default();
    let mut rest = words.iter().skip(1);
    while let Some(word) = rest.next() {
        let (option, attached) = split(&word.text);
        let mut value = || match &attached {
            Some(attached) => Ok(Word { text: attached.clone(), ..word.clone() }),
            None => rest.next().cloned().ok_or_else(|| {
                let what = format!("`{option}` needs a value behind it");
                ProposeError::at(file, word.line, word.column, what)
            }),
        };
        match option.as_str() {
            "-X" | "--request" => command.method = Some(value()?.text.to_ascii_uppercase()),
            "--url" => {
                command.url_line = word.line;
                command.urls.push(value()?.text);
            }
            "-d" | "--data" | "--data-ascii" | "--data-raw" | "--data-binary"
            | "--data-urlencode" | "--json" => {
                command.json |= option == "--json";
                let value = value()?;
                let from_file = value.text.starts_with('@') && option != "--data-raw";
                command.unread |= from_file;
                if from_file {
                    let at = value.line;
                    seen.remarks.push(format!(
                        "line {at}: the body is in the file `{}`, which is not read",
                        &value.text[1..]
                    ));
                } else if option == "--data-urlencode" {
                    command.data.push(encoded_pair(&value.text));
                } else {
                    command.data.push(value.text);
                }
            }
            "-F" | "--form" | "--form-string" => {
                let value = value()?;
                let (name, content) = value.text.split_once('=').unwrap_or((&value.text, ""));
                let content = content.split(";type=").next().unwrap_or(content);
                let leaf = if content.starts_with(['@', '<']) || value.expands {
                    Leaf::default()
                } else {
                    Leaf::text(content)
                };
                command.parts.push(Member { name: name.to_owned(), leaf });
            }
            "-H" | "--header" => {
                let value = value()?;
                if let Some((name, content)) = value.text.split_once([':', ';']) {
                    command.headers.push(Member::text(name.trim().to_lowercase(), content.trim()));
                }
            }
            "-b" | "--cookie" => command.cookies.extend(cookies(&value()?.text)),
            "-u" | "--user" => {
                let basic = format!("Basic {}", STANDARD.encode(value()?.text));
                command.headers.push(Member::text("authorization", basic));
            }
            "--oauth2-bearer" => {
                let bearer = format!("Bearer {}", value()?.text);
                command.headers.push(Member::text("authorization", bearer));
            }
            "--cacert" => command.tls_ca = Some(value()?.text),
            "-G" | "--get" => command.as_query = true,
            "-I" | "--head" => command.method = Some("HEAD".to_owned()),
            "-T" | "--upload-file" => {
                value()?;
                command.unread = true;
                command.method.get_or_insert_with(|| "PUT".to_owned());
            }
            "-k" | "--insecure" => seen.remarks.push(format!(
                "line {}: {option} trusts any certificate; Assay does not, name the authority in target.http.tls_ca",
                word.line
            )),
            known if WITH_VALUE.contains(&known) => {
                value()?;
            }
            _ if word.text.starts_with('-') && word.text.len() > 1 => {}
            _ => {
                command.url_line = word.line;
                command.urls.push(word.text.clone());
            }
        }
    }
    Ok(command)
}

/// An option and what is written to it without a space: `-XPOST`, `-sSd…`, `--request=POST`.
fn split(word: &str) -> (String, Option<String>) {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
    }
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
        return (word.to_owned(), None);
    };
    let takes = |c: char| {
        "XdFHbuTAe".contains(c) || WITH_VALUE.iter().any(|option| *option == format!("-{c}"))
    };
    // Letters that take no value may stand before the one that does.
    if let Some((at, letter)) = letters.char_indices().find(|(_, c)| takes(*c)) {
        let value = &letters[at + letter.len_utf8()..];
        return (format!("-{letter}"), (!value.is_empty()).then(|| value.to_owned()));
    }
    let of_interest = letters.chars().find(|c| "GIk".contains(*c));
    (of_interest.map_or_else(|| word.to_owned(), |letter| format!("-{letter}")), None)
}

/// `name=content` with the content percent-encoded.
fn encoded_pair(text: &str) -> String {
    let (name, content) = text.split_once('=').unwrap_or(("", text));
    let content: String = url::form_urlencoded::byte_serialize(content.as_bytes()).collect();
    if name.is_empty() { content } else { format!("{name}={content}") }
}

fn sighting(command: &Command, url: &Url, line: usize) -> Sighting {
    let mut query: Vec<Member> = pairs(url.query().unwrap_or_default());
    let media =
        command.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"));
    let media = media.and_then(|header| header.leaf.as_str());
    let data = command.data.join("&");
    let body = if !command.parts.is_empty() {
        Body::Multipart(command.parts.clone())
    } else if command.as_query {
        query.extend(pairs(&data));
        Body::Empty
    } else if command.unread {
        Body::Raw(media.map(str::to_owned), Leaf::default())
    } else {
        recorded_body(media.or(command.json.then_some("application/json")), &data)
    };
    let mut headers: Vec<Member> = command.headers.clone();
    let mut sent: Vec<Member> = command.cookies.clone();
    for header in headers.extract_if(.., |header| header.name.eq_ignore_ascii_case("cookie")) {
        sent.extend(cookies(header.leaf.as_str().unwrap_or_default()));
    }
    headers.retain(|header| !is_noise(&header.name));
    if !url.username().is_empty() {
        let pair = format!("{}:{}", url.username(), url.password().unwrap_or_default());
        headers.push(Member::text("authorization", format!("Basic {}", STANDARD.encode(pair))));
    }
    let has_body = !matches!(body, Body::Empty);
    Sighting {
        at: format!("line {line}"),
        base: Some(url.origin().ascii_serialization()),
        base_at: format!("line {line}"),
        method: command
            .method
            .clone()
            .unwrap_or_else(|| if has_body { "POST" } else { "GET" }.to_owned()),
        path: recorded_path(url.path()),
        query,
        headers,
        cookies: sent,
        body,
        text: (!data.is_empty()).then_some(data),
        ..Sighting::default()
    }
}
