//! Facts become requests.

use super::multipart::{self, WrittenPart};
use super::names::words;
use super::{DialectError, cbor};
use crate::file::{Body, ClientDataTemplate, Headers, Part, RequestTemplate, TargetFile};
use crate::template::{Item, Place, Template, Templates};
use minijinja::{Error, Value};
use url::form_urlencoded;

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireRequest {
    /// The method.
    pub method: http::Method,
    /// Where to.
    pub url: url::Url,
    /// Headers in the order of the target file.
    pub headers: http::HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

/// A step with its templates compiled.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    name: &'static str,
    method: http::Method,
    path: Template,
    /// Where to at each node, if the path is always the same.
    urls: Vec<url::Url>,
    headers: PreparedHeaders,
    content_type: Option<http::HeaderValue>,
    body: PreparedBody,
}

/// Headers whose values are templates.
#[derive(Debug, Clone, Default)]
pub(super) struct PreparedHeaders(Vec<(http::HeaderName, Template)>);

/// What a request is made with besides its own templates.
pub(super) struct Making<'m> {
    pub(super) templates: &'m Templates,
    pub(super) file: &'m TargetFile,
    /// Headers of every request, those of the session behind the file's.
    pub(super) common: Vec<&'m PreparedHeaders>,
    /// What cookies a request to a URL carries.
    pub(super) cookies: &'m dyn Fn(&url::Url) -> Option<String>,
}

#[derive(Debug, Clone)]
enum PreparedBody {
    Empty,
    Json(Json),
    Form(Vec<(String, Template)>),
    Multipart(Vec<(Part, Template)>),
    Cbor(Json),
    Template(Template),
}

/// JSON whose strings are templates.
#[derive(Debug, Clone)]
pub(super) enum Json {
    Fixed(serde_json::Value),
    Text(Template),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// The client data of a protected request.
#[derive(Debug, Clone)]
pub(super) enum ClientData {
    Text(Template),
    Json(Json),
}

const CLIENT_DATA: &str = "templates.assert";

impl Prepared {
    pub(super) fn new(
        templates: &mut Templates,
        name: &'static str,
        nodes: &[url::Url],
        request: &RequestTemplate,
    ) -> Result<Self, DialectError> {
        let template_error = |error: Error| template_error(name, &error);
        let headers = PreparedHeaders::new(templates, name, &request.headers)?;
        let (own_type, body) = match &request.body {
            Body::Empty => (None, PreparedBody::Empty),
            Body::Json(json) => (
                Some("application/json"),
                PreparedBody::Json(Json::new(templates, json).map_err(template_error)?),
            ),
            Body::Form(fields) => {
                let field = |(name, source): &(String, String)| {
                    Ok((name.clone(), templates.add(Place::Text, source)?))
                };
                let fields = fields.iter().map(field).collect::<Result<_, Error>>();
                (
                    Some("application/x-www-form-urlencoded"),
                    PreparedBody::Form(fields.map_err(template_error)?),
                )
            }
            Body::Multipart(parts) => {
                let part =
                    |part: &Part| Ok((part.clone(), templates.add(Place::Text, &part.value)?));
                let parts = parts.iter().map(part).collect::<Result<_, Error>>();
                (None, PreparedBody::Multipart(parts.map_err(template_error)?))
            }
            Body::Cbor(cbor) => (
                Some("application/cbor"),
                PreparedBody::Cbor(Json::new(templates, cbor).map_err(template_error)?),
            ),
            Body::Template(source) => (
                None,
                PreparedBody::Template(templates.add(Place::Text, source).map_err(template_error)?),
            ),
        };
        let content_type =
            request.content_type.as_deref().or(own_type).map(str::parse).transpose().map_err(
                |_| DialectError::Unfit {
                    step: name,
                    what: "its content type is no media type".to_owned(),
                },
            )?;
        let path = templates.add(Place::Path, &request.path).map_err(template_error)?;
        // What is no URL is told when the request is made.
        let urls = Templates::fixed(&path)
            .and_then(|path| nodes.iter().map(|node| url_at(node, path).ok()).collect());
        Ok(Self {
            name,
            method: request.method.clone(),
            path,
            urls: urls.unwrap_or_default(),
            headers,
            content_type,
            body,
        })
    }

    pub(super) fn request(
        &self,
        making: &Making<'_>,
        node: usize,
        values: &Value,
    ) -> Result<WireRequest, DialectError> {
        let Making { templates, file, common, cookies } = making;
        let template_error = |error: Error| template_error(self.name, &error);
        let unfit = |what: String| DialectError::Unfit { step: self.name, what };
        let mut headers = http::HeaderMap::new();
        if let Some(content_type) = &self.content_type {
            headers.insert(http::header::CONTENT_TYPE, content_type.clone());
        }
        for part in common.iter().copied().chain([&self.headers]) {
            part.write(self.name, templates, values, &mut headers)?;
        }
        let nodes = file.nodes.len().max(1);
        let url = if let Some(url) = self.urls.get(node % nodes) {
            url.clone()
        } else {
            let path = templates.text(&self.path, values).map_err(template_error)?;
            let base = file.nodes.get(node % nodes);
            let base = base.ok_or_else(|| unfit("the target file names no node".to_owned()))?;
            url_at(base, &path).map_err(|error| unfit(format!("`{path}` is no path: {error}")))?
        };
        if let Some(cookies) = cookies(&url) {
            // A target file may write cookies of its own.
            let own = headers.get(http::header::COOKIE).map(http::HeaderValue::as_bytes);
            let all = [own.unwrap_or_default(), cookies.as_bytes()];
            let all = all.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
            // What was no header's value could not have been a header's value before.
            if let Ok(value) = http::HeaderValue::from_bytes(&all.join(&b"; "[..])) {
                headers.insert(http::header::COOKIE, value);
            }
        }
        let body = match &self.body {
            PreparedBody::Empty => Vec::new(),
            PreparedBody::Json(json) => json.bytes(templates, values).map_err(template_error)?,
            PreparedBody::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, template) in fields {
                    let text = templates.text(template, values).map_err(template_error)?;
                    form.append_pair(name, &text);
                }
                form.finish().into_bytes()
            }
            PreparedBody::Multipart(parts) => {
                let written = |(part, template): &'_ (Part, Template)| {
                    let value = templates.bytes(template, values)?;
                    Ok((part.clone(), value))
                };
                let parts: Vec<(Part, Vec<u8>)> = parts
                    .iter()
                    .map(written)
                    .collect::<Result<_, Error>>()
                    .map_err(template_error)?;
                let written: Vec<WrittenPart<'_>> = parts
                    .iter()
                    .map(|(part, value)| WrittenPart {
                        name: &part.name,
                        filename: part.filename.as_deref(),
                        content_type: part.content_type.as_deref(),
                        value: value.clone(),
                    })
                    .collect();
                let (kind, body) = multipart::body(&written);
                let kind = http::HeaderValue::try_from(kind);
                headers.insert(
                    http::header::CONTENT_TYPE,
                    kind.expect("a boundary is made of letters and digits"),
                );
                body
            }
            PreparedBody::Cbor(value) => {
                cbor::bytes(&value.cbor(templates, values).map_err(template_error)?)
            }
            PreparedBody::Template(template) => {
                templates.bytes(template, values).map_err(template_error)?
            }
        };
        Ok(WireRequest { method: self.method.clone(), url, headers, body })
    }
}

/// A path at a node.
fn url_at(node: &url::Url, path: &str) -> Result<url::Url, url::ParseError> {
    format!("{}{path}", node.as_str().trim_end_matches('/')).parse()
}

impl PreparedHeaders {
    pub(super) fn new(
        templates: &mut Templates,
        step: &'static str,
        headers: &Headers,
    ) -> Result<Self, DialectError> {
        let prepared = |(header, source): &(String, String)| {
            let header = header.parse().map_err(|_| DialectError::Unfit {
                step,
                what: format!("`{header}` is no name of a header"),
            })?;
            let template = templates.add(Place::Text, source);
            Ok((header, template.map_err(|error| template_error(step, &error))?))
        };
        headers.iter().map(prepared).collect::<Result<_, _>>().map(Self)
    }

    fn write(
        &self,
        step: &'static str,
        templates: &Templates,
        values: &Value,
        headers: &mut http::HeaderMap,
    ) -> Result<(), DialectError> {
        for (name, template) in &self.0 {
            let text = templates.bytes(template, values);
            let text = text.map_err(|error| template_error(step, &error))?;
            let value = http::HeaderValue::from_bytes(&text).map_err(|_| DialectError::Unfit {
                step,
                what: format!("a value of header `{name}` holds a control character"),
            })?;
            headers.insert(name.clone(), value);
        }
        Ok(())
    }
}

impl ClientData {
    pub(super) fn new(
        templates: &mut Templates,
        source: &ClientDataTemplate,
    ) -> Result<Self, DialectError> {
        match source {
            ClientDataTemplate::Text(source) => templates.add(Place::Text, source).map(Self::Text),
            ClientDataTemplate::Json(json) => Json::new(templates, json).map(Self::Json),
        }
        .map_err(|error| template_error(CLIENT_DATA, &error))
    }

    pub(super) fn render(
        &self,
        templates: &Templates,
        values: &Value,
    ) -> Result<Vec<u8>, DialectError> {
        match self {
            Self::Text(template) => templates.bytes(template, values),
            Self::Json(json) => json.bytes(templates, values),
        }
        .map_err(|error| template_error(CLIENT_DATA, &error))
    }
}

impl Json {
    fn new(templates: &mut Templates, source: &serde_json::Value) -> Result<Self, Error> {
        use serde_json::Value::{Array, Bool, Null, Number, Object, String};
        Ok(match source {
            String(source) => Self::Text(templates.add(Place::Text, source)?),
            Array(list) => Self::List(
                list.iter().map(|value| Self::new(templates, value)).collect::<Result<_, _>>()?,
            ),
            Object(map) => Self::Map(
                map.iter()
                    .map(|(key, value)| Ok((key.clone(), Self::new(templates, value)?)))
                    .collect::<Result<_, Error>>()?,
            ),
            Null | Bool(_) | Number(_) => Self::Fixed(source.clone()),
        })
    }

    fn bytes(&self, templates: &Templates, values: &Value) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        self.write(templates, values, &mut bytes)?;
        Ok(bytes)
    }

    fn write(&self, templates: &Templates, values: &Value, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Fixed(value) => write_json(value, out),
            Self::Text(template) => write_json(&templates.json(template, values)?, out),
            Self::List(list) => {
                out.push(b'[');
                for (place, json) in list.iter().enumerate() {
                    out.extend((place > 0).then_some(b','));
                    json.write(templates, values, out)?;
                }
                out.push(b']');
            }
            Self::Map(map) => {
                out.push(b'{');
                for (place, (key, json)) in map.iter().enumerate() {
                    out.extend((place > 0).then_some(b','));
                    write_json(key, out);
                    out.push(b':');
                    json.write(templates, values, out)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }

    /// The same as CBOR: raw bytes are byte strings.
    fn cbor(&self, templates: &Templates, values: &Value) -> Result<ciborium::Value, Error> {
        let json = |value: &serde_json::Value| {
            ciborium::Value::serialized(value).unwrap_or(ciborium::Value::Null)
        };
        Ok(match self {
            Self::Fixed(value) => json(value),
            Self::Text(template) => match templates.item(template, values)? {
                Item::Bytes(bytes) => ciborium::Value::Bytes(bytes),
                Item::Text(text) => ciborium::Value::Text(text),
                Item::Json(value) => json(&value),
            },
            Self::List(list) => ciborium::Value::Array(
                list.iter().map(|item| item.cbor(templates, values)).collect::<Result<_, _>>()?,
            ),
            Self::Map(map) => ciborium::Value::Map(
                map.iter()
                    .map(|(key, item)| {
                        Ok((ciborium::Value::Text(key.clone()), item.cbor(templates, values)?))
                    })
                    .collect::<Result<_, Error>>()?,
            ),
        })
    }
}

fn write_json(value: &(impl serde::Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("texts and JSON values are always JSON");
}

fn template_error(step: &'static str, error: &Error) -> DialectError {
    DialectError::Template { step, what: words(error) }
}
