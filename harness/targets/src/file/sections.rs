//! The sections of a target file, each read in one function, and the checks across them.

use super::error::suggestion;
use super::reader::{Document, Item, Table};
use super::{
    Challenge, ClientDataTemplate, Conventions, Declared, DeclaredPolicy, Headers, HttpVersion,
    ReceiptDemand, Source, TargetFile, TargetFileError, Trust, adapter, judge, pacing, reasons,
    session, step,
};
use crate::dialect::names;
use crate::encoding::Encoding;
use crate::secrets::Secrets;
use crate::template::Place;
use jiff::SignedDuration;
use protocol::terms::AppId;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::de::DeTable;
use url::Url;

type Read<T> = Result<T, TargetFileError>;

/// The reference server's own target file, which is also the example to start from.
const REFERENCE: &str = include_str!("reference.toml");

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

impl TargetFile {
    /// Text of the reference server's own target file, a complete example.
    pub const REFERENCE: &str = REFERENCE;

    /// Reads a target file. `environment` looks up the variables that `[secrets]` names.
    pub fn parse(
        text: &str,
        file_name: &str,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, TargetFileError> {
        let document = Document { file: file_name, text, templates: RefCell::new(Vec::new()) };
        let toml = DeTable::parse(text).map_err(|error| {
            document.error(&error.span().unwrap_or(0..0), error.message().to_owned())
        })?;
        read(&document, document.table(&toml, &SECTIONS)?, environment)
    }

    /// The reference server's target file, for one that listens at `base_url` and whose challenges
    /// live for `challenge_ttl`.
    pub fn reference(base_url: &str, challenge_ttl: Duration) -> Result<Self, TargetFileError> {
        Self::parse(&Self::reference_text(base_url, challenge_ttl, None), "reference.toml", &|_| {
            None
        })
    }

    /// The text of [`TargetFile::reference`], with another App ID if one is given.
    pub fn reference_text(
        base_url: &str,
        challenge_ttl: Duration,
        app_id: Option<&AppId>,
    ) -> String {
        // A JSON string is a TOML string, whatever is in it.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut text = REFERENCE
            .replacen("\"http://127.0.0.1:8080\"", &quoted(base_url), 1)
            .replacen("\"5m\"", &format!("\"{}\"", in_words(challenge_ttl)), 1);
        if let Some(app_id) = app_id {
            text = text.replacen("\"ABCDE12345.com.example.app\"", &quoted(app_id.as_str()), 1);
        }
        text
    }
}

/// A length of time as people write it: `5m`, `3s`.
fn in_words(length: Duration) -> String {
    SignedDuration::try_from(length)
        .map_or_else(|_| format!("{}s", length.as_secs()), |length| format!("{length:#}"))
}

const SECTIONS: [&str; 13] = [
    "schema",
    "target",
    "policy",
    "conventions",
    "templates",
    "secrets",
    "headers",
    "session",
    "step",
    "judge",
    "outputs",
    "reasons",
    "adapter",
];

#[expect(clippy::needless_pass_by_value, reason = "the root table is read here and nowhere else")]
fn read(
    document: &Document<'_>,
    root: Table<'_>,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Read<TargetFile> {
    let schema = root.need("schema")?;
    if schema.integer()? != 1 {
        return Err(schema.error("only schema 1 is known to this version"));
    }
    if let Some(item) = root.get("adapter") {
        let file = adapter::read(document, &root, &item)?;
        check_templates(document, &file)?;
        return Ok(file);
    }
    let target = root.need("target")?.table(&[
        "name",
        "nodes",
        "app_id",
        "environment",
        "trust",
        "timeout",
        "http",
        "pacing",
        "node_select",
        "restart",
    ])?;
    let http = target.get("http").map(|item| item.table(&["version", "tls_ca"])).transpose()?;
    let http_key = |key| http.as_ref().and_then(|http: &Table<'_>| http.get(key));
    let app_id = target.need("app_id")?;
    let server_environment = target.need("environment")?;
    let file = TargetFile {
        name: target.need("name")?.text()?.to_owned(),
        nodes: nodes(&target.need("nodes")?)?,
        app_id: AppId::parse(app_id.text()?).map_err(|error| app_id.error(error.to_string()))?,
        environment: server_environment
            .text()?
            .parse()
            .map_err(|error: String| server_environment.error(error))?,
        trust: optional(target.get("trust"), |item| item.choice(&Trust::ALL, Trust::as_str))?
            .unwrap_or_default(),
        timeout: optional(target.get("timeout"), Item::duration)?.unwrap_or(DEFAULT_TIMEOUT),
        pacing: optional(target.get("pacing"), pacing::pacing)?.unwrap_or_default(),
        node_select: optional(target.get("node_select"), pacing::node_select)?.unwrap_or_default(),
        restart: optional(target.get("restart"), |item| pacing::restart(item, document.file))?,
        http_version: optional(http_key("version"), http_version)?.unwrap_or_default(),
        tls_ca: optional(http_key("tls_ca"), |item| Ok(beside(document.file, item.text()?)))?,
        policy: optional(root.get("policy"), policy)?.unwrap_or_default(),
        conventions: conventions(root.get("conventions"))?,
        assert_template: assert_template(&root.need("templates")?)?,
        secrets: optional(root.get("secrets"), |item| secrets(item, environment))?
            .unwrap_or_default(),
        headers: optional(root.get("headers"), headers)?.unwrap_or_default(),
        session: optional(root.get("session"), session::session)?.unwrap_or_default(),
        steps: step::steps(&root.need("step")?)?,
        judge: judge::rules(&root.need("judge")?)?,
        outputs: optional(root.get("outputs"), sources)?.unwrap_or_default(),
        reasons: optional(root.get("reasons"), reasons::reasons)?.unwrap_or_default(),
        adapter: None,
        abilities: None,
    };
    check_templates(document, &file)?;
    Ok(file)
}

#[expect(clippy::needless_pass_by_value, reason = "it is always what `get` has just returned")]
pub(super) fn optional<'d, T>(
    item: Option<Item<'d>>,
    read: impl Fn(&Item<'d>) -> Read<T>,
) -> Read<Option<T>> {
    item.as_ref().map(read).transpose()
}

fn nodes(item: &Item<'_>) -> Read<Vec<Url>> {
    let nodes: Vec<Url> = item.list()?.iter().map(node).collect::<Read<_>>()?;
    if nodes.is_empty() { Err(item.error("`target.nodes` names no node")) } else { Ok(nodes) }
}

fn node(item: &Item<'_>) -> Read<Url> {
    let text = item.text()?;
    let url: Url =
        text.parse().map_err(|error| item.error(format!("`{text}` is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(item.error(format!("`{text}` must begin with http:// or https:// and a host")));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(
            item.error(format!("`{text}` must not have a query or fragment; steps have them"))
        );
    }
    Ok(url)
}

fn http_version(item: &Item<'_>) -> Read<HttpVersion> {
    item.choice(&[HttpVersion::Auto, HttpVersion::Http1, HttpVersion::Http2], |version| {
        match version {
            HttpVersion::Auto => "auto",
            HttpVersion::Http1 => "1.1",
            HttpVersion::Http2 => "2",
        }
    })
}

/// A path as seen from the target file's folder.
fn beside(file: &str, path: &str) -> PathBuf {
    Path::new(file).parent().unwrap_or(Path::new("")).join(path)
}

pub(super) fn policy(item: &Item<'_>) -> Read<DeclaredPolicy> {
    let table = item.table(&[
        "challenge_ttl",
        "challenge_spent_by_failure",
        "validation_category",
        "bundle_version",
        "receipt",
    ])?;
    Ok(DeclaredPolicy {
        challenge_ttl: optional(table.get("challenge_ttl"), Item::duration)?,
        challenge_spent_by_failure: optional(
            table.get("challenge_spent_by_failure"),
            Item::boolean,
        )?,
        validation_category: optional(table.get("validation_category"), |item| {
            declared(item, |value| {
                u32::try_from(value.integer()?)
                    .map_err(|_| value.error("a validation category is a number from 0 on"))
            })
        })?,
        bundle_version: optional(table.get("bundle_version"), |item| {
            declared(item, |value| Ok(value.text()?.to_owned()))
        })?,
        receipt: optional(table.get("receipt"), |item| {
            item.choice(&[ReceiptDemand::Ignore, ReceiptDemand::Require], ReceiptDemand::as_str)
        })?,
    })
}

fn declared<'d, T>(item: &Item<'d>, read: impl Fn(&Item<'d>) -> Read<T>) -> Read<Declared<T>> {
    let table = item.table(&["mode", "allow"])?;
    let mode = table.need("mode")?.choice(&["ignore", "allow-missing", "require"], |mode| mode)?;
    if mode == "ignore" {
        return match table.get("allow") {
            None => Ok(Declared::Ignore),
            Some(allow) => {
                Err(allow.error("with mode `ignore` nothing is compared; leave `allow` out"))
            }
        };
    }
    let allow = table.need("allow")?;
    let values: Vec<T> = allow.list()?.iter().map(read).collect::<Read<_>>()?;
    if values.is_empty() {
        return Err(allow.error("nothing is allowed by an empty list"));
    }
    Ok(if mode == "require" { Declared::Require(values) } else { Declared::AllowMissing(values) })
}

fn conventions(item: Option<Item<'_>>) -> Read<Conventions> {
    let keys = ["attest_client_data_hash", "challenge", "key_id", "attestation", "assertion"];
    let table = item.map(|item| item.table(&keys)).transpose()?;
    let get = |key| table.as_ref().and_then(|table| table.get(key));
    let encoding = |key, default| {
        let read = |item: &Item<'_>| item.choice(&Encoding::ALL, Encoding::as_str);
        Ok(optional(get(key), read)?.unwrap_or(default))
    };
    Ok(Conventions {
        attest_client_data_hash: optional(get("attest_client_data_hash"), |item| {
            item.choice(&Challenge::ALL, Challenge::as_str)
        })?
        .unwrap_or(Challenge::Sha256OfText),
        challenge: encoding("challenge", Encoding::Raw)?,
        key_id: encoding("key_id", Encoding::B64)?,
        attestation: encoding("attestation", Encoding::B64)?,
        assertion: encoding("assertion", Encoding::B64)?,
    })
}

fn assert_template(item: &Item<'_>) -> Read<ClientDataTemplate> {
    let assert = item.table(&["assert"])?.need("assert")?;
    if assert.value.get_ref().is_str() {
        assert.template(Place::Text).map(ClientDataTemplate::Text)
    } else {
        assert.map()?;
        assert.json(Some(Place::Text)).map(ClientDataTemplate::Json)
    }
}

fn secrets(item: &Item<'_>, environment: &dyn Fn(&str) -> Option<String>) -> Read<Secrets> {
    let secret = |(name, item): (&str, Item<'_>)| {
        let variable = item.table(&["env"])?.need("env")?;
        let name_of_variable = variable.text()?;
        let value = environment(name_of_variable).ok_or_else(|| {
            variable.error(format!("the environment has no variable `{name_of_variable}`"))
        })?;
        Ok((name.to_owned(), value))
    };
    item.map()?.entries().into_iter().map(secret).collect::<Read<_>>().map(Secrets::new)
}

pub(super) fn headers(item: &Item<'_>) -> Read<Headers> {
    let header = |(name, item): (&str, Item<'_>)| {
        let _: http::HeaderName =
            name.parse().map_err(|_| item.error(format!("`{name}` is no name of a header")))?;
        Ok((name.to_owned(), item.template(Place::Text)?))
    };
    item.map()?.entries().into_iter().map(header).collect()
}

pub(super) fn sources(item: &Item<'_>) -> Read<BTreeMap<String, Source>> {
    let source = |(name, item): (&str, Item<'_>)| {
        let source = Source::parse(item.text()?).map_err(|what| item.error(what))?;
        Ok((name.to_owned(), source))
    };
    item.map()?.entries().into_iter().map(source).collect()
}

/// Every template is rendered once with stand-ins, now that all names are known.
fn check_templates(document: &Document<'_>, file: &TargetFile) -> Read<()> {
    for (span, place, source) in document.templates.borrow().iter() {
        names::check(file, *place, source).map_err(|problem| {
            let known: Vec<String> = problem.known;
            let hint = problem
                .name
                .as_deref()
                .map(|name| suggestion(name, known.iter().map(String::as_str)))
                .unwrap_or_default();
            // The name inside the template, if it stands there as it is.
            let place = problem
                .name
                .as_deref()
                .and_then(|name| document.text.get(span.clone())?.find(name))
                .map_or(span.start, |offset| span.start + offset);
            document.error(&(place..place), format!("{}{hint}", problem.what))
        })?;
    }
    Ok(())
}
