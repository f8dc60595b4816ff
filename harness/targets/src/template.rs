//! `${name|filter}`: the templates of target files.

use crate::encoding::Encoding;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr};
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The filters that a template may use.
pub(crate) const FILTERS: [&str; 14] = [
    "b64",
    "b64url",
    "b64url_nopad",
    "hex",
    "raw",
    "text",
    "unb64",
    "unb64url",
    "unhex",
    "sha256",
    "upper",
    "lower",
    "json",
    "urlencode",
];

/// Where the text of a template goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Into a body, a header or a string that is escaped later: values are written as they are.
    Text,
    /// Into the path of a URL: values are percent-encoded, so that none can add a segment or a query.
    Path,
}

/// Bytes in a template: filters see the bytes, and without a filter they are written as the
/// target file's conventions say.
#[derive(Debug)]
pub(crate) struct Binary {
    pub(crate) bytes: Vec<u8>,
    /// `None` if they have no text.
    pub(crate) text: Option<String>,
    /// What stands in JSON instead of the text.
    pub(crate) json: Option<serde_json::Value>,
    /// Whether they are to be written as they are where bytes can stand.
    pub(crate) raw: bool,
}

impl Object for Binary {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// What a template brings where bytes, texts and JSON are told apart.
pub(crate) enum Item {
    Bytes(Vec<u8>),
    Text(String),
    Json(serde_json::Value),
}

/// A compiled template.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    name: String,
    /// The expression, if the template is nothing but one: its bytes can then go out as they are.
    lone: Option<String>,
    place: Place,
    /// Its parts, if it has no filters: they are put together without the engine.
    parts: Option<Vec<Part>>,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Name(String),
}

/// The compiled templates of one target file.
#[derive(Debug, Clone)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    count: usize,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let mut environment = Environment::empty();
        // Only substitution is wanted: blocks and comments get delimiters nobody types.
        let syntax = SyntaxConfig::builder()
            .variable_delimiters("${", "}")
            .block_delimiters("\u{e000}{", "}\u{e000}")
            .comment_delimiters("\u{e001}{", "}\u{e001}")
            .keep_trailing_newline(true)
            .build()
            .expect("the delimiters are constants that differ");
        environment.set_syntax(syntax);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.starts_with("path") {
                AutoEscape::Custom("path".into())
            } else {
                AutoEscape::None
            }
        });
        environment.set_formatter(write_value);
        for encoding in [Encoding::B64, Encoding::B64Url, Encoding::B64UrlNoPad, Encoding::Hex] {
            environment.add_filter(encoding.as_str(), move |value: &Value| {
                encode(encoding, bytes_of(value)?)
            });
        }
        environment.add_filter("sha256", |value: &Value| -> Result<Value, Error> {
            let digest = Sha256::digest(bytes_of(value)?).to_vec();
            Ok(raw(digest))
        });
        environment
            .add_filter("raw", |value: &Value| Ok::<_, Error>(raw(bytes_of(value)?.to_vec())));
        environment.add_filter("text", text_of);
        for (name, encodings) in [
            ("unb64", [Encoding::B64, Encoding::B64]),
            ("unb64url", [Encoding::B64Url, Encoding::B64UrlNoPad]),
            ("unhex", [Encoding::Hex, Encoding::Hex]),
        ] {
            environment.add_filter(name, move |value: &Value| -> Result<Value, Error> {
                let text = text_of(value)?;
                let decoded = encodings.iter().find_map(|encoding| encoding.decode(&text));
                decoded.map(raw).ok_or_else(|| {
                    let what = format!("a value is not written as `{name}` wants it");
                    Error::new(ErrorKind::InvalidOperation, what)
                })
            });
        }
        environment
            .add_filter("upper", |value: &Value| Ok::<_, Error>(text_of(value)?.to_uppercase()));
        environment
            .add_filter("lower", |value: &Value| Ok::<_, Error>(text_of(value)?.to_lowercase()));
        environment.add_filter("json", |value: &Value| -> Result<String, Error> {
            Ok(serde_json::Value::from(text_of(value)?).to_string())
        });
        environment.add_filter("urlencode", |value: &Value| -> Result<Value, Error> {
            Ok(Value::from_safe_string(percent_encode(bytes_of(value)?)))
        });
        Self { environment, count: 0 }
    }

    /// Compiles a template. The error is in the words of the template engine.
    pub(crate) fn add(&mut self, place: Place, source: &str) -> Result<Template, Error> {
        let kind = match place {
            Place::Text => "text",
            Place::Path => "path",
        };
        let name = format!("{kind} {}", self.count);
        self.environment.add_template_owned(name.clone(), source.to_owned())?;
        self.count += 1;
        let lone = lone_expression(source).map(str::to_owned);
        Ok(Template { name, lone, place, parts: parts_of(source) })
    }

    /// The text of a template.
    pub(crate) fn text(&self, template: &Template, values: &Value) -> Result<String, Error> {
        // What the engine would refuse is left to it: its words tell why.
        if let Some(text) =
            template.parts.as_ref().and_then(|p| put_together(p, template.place, values))
        {
            return Ok(text);
        }
        self.environment.get_template(&template.name)?.render(values.clone())
    }

    /// The bytes of a template: of its one variable, if it is nothing else, or of its text.
    pub(crate) fn bytes(&self, template: &Template, values: &Value) -> Result<Vec<u8>, Error> {
        match self.lone(template, values)?.as_ref().and_then(Value::downcast_object_ref::<Binary>) {
            Some(Binary { bytes, text: None, .. }) => Ok(bytes.clone()),
            Some(_) | None => self.text(template, values).map(String::into_bytes),
        }
    }

    /// The JSON of a template: what its one variable brings, if it is nothing else, or its text.
    pub(crate) fn json(
        &self,
        template: &Template,
        values: &Value,
    ) -> Result<serde_json::Value, Error> {
        match self.lone(template, values)?.as_ref().and_then(Value::downcast_object_ref::<Binary>) {
            Some(Binary { json: Some(json), .. }) => Ok(json.clone()),
            Some(_) | None => self.text(template, values).map(serde_json::Value::from),
        }
    }

    /// What a template brings where bytes, texts and JSON are told apart: what is to be written raw
    /// are bytes.
    pub(crate) fn item(&self, template: &Template, values: &Value) -> Result<Item, Error> {
        match self.lone(template, values)?.as_ref().and_then(Value::downcast_object_ref::<Binary>) {
            Some(Binary { json: Some(json), .. }) => Ok(Item::Json(json.clone())),
            Some(Binary { bytes, raw: true, .. }) => Ok(Item::Bytes(bytes.clone())),
            Some(_) | None => self.text(template, values).map(Item::Text),
        }
    }

    /// The value of a template that is nothing but one expression.
    fn lone(&self, template: &Template, values: &Value) -> Result<Option<Value>, Error> {
        let Some(expression) = &template.lone else { return Ok(None) };
        if expression.contains('|') {
            return self.environment.compile_expression(expression)?.eval(values.clone()).map(Some);
        }
        values.get_attr(expression).map(Some)
    }

    /// The text of a template that is always the same.
    pub(crate) fn fixed(template: &Template) -> Option<&str> {
        match template.parts.as_deref()? {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// The variables a template names, `secret.x` for a member of `secret`.
    pub(crate) fn variables(&self, template: &Template) -> Result<Vec<String>, Error> {
        let mut names: Vec<String> = self
            .environment
            .get_template(&template.name)?
            .undeclared_variables(true)
            .into_iter()
            .collect();
        names.sort();
        Ok(names)
    }
}

/// A variable, or one with filters.
fn lone_expression(source: &str) -> Option<&str> {
    let name = source.strip_prefix("${")?.strip_suffix('}')?.trim();
    name.chars().all(|c| c.is_ascii_alphanumeric() || "_| ".contains(c)).then_some(name)
}

/// The parts of a template in which expressions are mere names.
fn parts_of(source: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = source;
    while let Some((text, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        let name = name.trim();
        let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !is_name || RESERVED.contains(&name) {
            return None;
        }
        parts.extend((!text.is_empty()).then(|| Part::Text(text.to_owned())));
        parts.push(Part::Name(name.to_owned()));
        rest = after;
    }
    parts.extend((!rest.is_empty()).then(|| Part::Text(rest.to_owned())));
    Some(parts)
}

/// Words that look like names and are not, to the engine.
const RESERVED: [&str; 9] = ["true", "false", "none", "not", "in", "and", "or", "if", "else"];

/// The text of parts; `None` if a value is missing or is no text.
fn put_together(parts: &[Part], place: Place, values: &Value) -> Option<String> {
    let mut whole = String::new();
    for part in parts {
        match part {
            Part::Text(text) => whole.push_str(text),
            Part::Name(name) => {
                let value = values.get_attr(name).ok()?;
                let text = text_of(&value).ok()?;
                match place {
                    Place::Path if !value.is_safe() => {
                        whole.push_str(&percent_encode(text.as_bytes()));
                    }
                    Place::Path | Place::Text => whole.push_str(&text),
                }
            }
        }
    }
    Some(whole)
}

fn raw(bytes: Vec<u8>) -> Value {
    Value::from_object(Binary { bytes, text: None, json: None, raw: true })
}

fn write_value(output: &mut Output, state: &mut State, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "a value is missing"));
    }
    if value.is_safe() {
        output.write_str(value.as_str().unwrap_or_default()).map_err(Error::from)
    } else if *state.auto_escape() == AutoEscape::None {
        output.write_str(&text_of(value)?).map_err(Error::from)
    } else {
        output.write_str(&percent_encode(text_of(value)?.as_bytes())).map_err(Error::from)
    }
}

fn encode(encoding: Encoding, bytes: &[u8]) -> Result<String, Error> {
    encoding.encode(bytes).ok_or_else(not_text)
}

fn bytes_of(value: &Value) -> Result<&[u8], Error> {
    match value.downcast_object_ref::<Binary>() {
        Some(binary) => Ok(&binary.bytes),
        None => value.as_bytes().ok_or_else(not_text),
    }
}

fn text_of(value: &Value) -> Result<String, Error> {
    match value.downcast_object_ref::<Binary>() {
        Some(Binary { text: Some(text), .. }) => Ok(text.clone()),
        Some(Binary { bytes, .. }) => String::from_utf8(bytes.clone()).map_err(|_| not_text()),
        None => value.as_str().map(str::to_owned).ok_or_else(not_text),
    }
}

fn not_text() -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        "these bytes are no text here; write them with a filter such as `|b64`",
    )
}

/// Everything but RFC 3986's unreserved characters as `%XX`.
fn percent_encode(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len()), |mut text, &byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            write!(text, "%{byte:02X}").expect("writing to a string cannot fail");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn render(place: Place, source: &str) -> Result<String, Error> {
        let mut templates = Templates::new();
        let template = templates.add(place, source)?;
        let context = Value::from(BTreeMap::from([
            ("account".to_owned(), Value::from("a/b \"c\"")),
            (
                "key_id".to_owned(),
                Value::from_object(Binary {
                    bytes: vec![0xfb, 0xff],
                    text: Some("+/8=".to_owned()),
                    json: None,
                    raw: false,
                }),
            ),
        ]));
        templates.text(&template, &context)
    }

    #[test]
    fn values_and_filters_are_substituted() {
        for (source, text) in [
            ("", ""),
            ("no template {{ x }} {% if %} {# #}", "no template {{ x }} {% if %} {# #}"),
            ("<${account}>", "<a/b \"c\">"),
            ("${key_id}", "+/8="),
            ("${ key_id | b64url_nopad }", "-_8"),
            ("${key_id|hex|upper}", "FBFF"),
            ("${account|json}", "\"a/b \\\"c\\\"\""),
            ("{\"a\":\"${key_id|urlencode}\"}\n", "{\"a\":\"%FB%FF\"}\n"),
            ("${account|b64|unb64}", "a/b \"c\""),
            ("${account|hex|unhex|text}", "a/b \"c\""),
            ("${key_id|b64url_nopad|unb64url|hex}", "fbff"),
            ("${account|sha256|hex}", &hex::encode(Sha256::digest(b"a/b \"c\""))),
        ] {
            assert_eq!(render(Place::Text, source).unwrap(), text, "{source}");
        }
    }

    #[test]
    fn a_value_in_a_path_cannot_add_a_segment() {
        let path = render(Place::Path, "/v1/${account}/${key_id}/${account|urlencode}").unwrap();
        assert_eq!(path, "/v1/a%2Fb%20%22c%22/%2B%2F8%3D/a%2Fb%20%22c%22");
    }

    #[test]
    fn what_is_put_together_without_the_engine_is_what_the_engine_would_write() {
        let values = Value::from(BTreeMap::from([("a_1", "x/\u{e4}\" "), ("b", "")]));
        for place in [Place::Text, Place::Path] {
            for source in ["", "plain }", "${a_1}", "<${ a_1 }${b}|${a_1}>", "$ {a_1} $${b}"] {
                let mut templates = Templates::new();
                let template = templates.add(place, source).unwrap();
                let parts = parts_of(source).expect("no filter, no expression");
                let engine = templates.environment.get_template(&template.name).unwrap();
                let written = engine.render(values.clone()).unwrap();
                assert_eq!(put_together(&parts, place, &values), Some(written), "{source}");
            }
        }
        for left_to_the_engine in ["${a|b64}", "${secret.x}", "${true}", "${a", "${1}", "${}"] {
            assert_eq!(parts_of(left_to_the_engine), None, "{left_to_the_engine}");
        }
        assert_eq!(put_together(&parts_of("${missing}").unwrap(), Place::Text, &values), None);
    }

    #[test]
    fn bytes_pass_unchanged_if_a_template_is_nothing_else() {
        let mut templates = Templates::new();
        let digest = templates.add(Place::Text, "${account|sha256}").unwrap();
        let other = templates.add(Place::Text, "x${account|sha256}").unwrap();
        let values = Value::from(BTreeMap::from([("account", "a")]));
        assert_eq!(templates.bytes(&digest, &values).unwrap(), Sha256::digest("a").to_vec());
        assert!(matches!(templates.item(&digest, &values), Ok(Item::Bytes(_))));
        assert!(templates.bytes(&other, &values).is_err(), "a digest is no text");
        let wrong = templates.add(Place::Text, "${account|unhex}").unwrap();
        assert!(templates.bytes(&wrong, &values).is_err());
    }

    #[test]
    fn unknown_names_and_broken_syntax_are_errors() {
        for source in ["${nobody}", "${account|rot13}", "${account", "${}", "${account.x}"] {
            assert!(render(Place::Text, source).is_err(), "{source}");
        }
    }
}
