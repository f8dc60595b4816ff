//! A target file as plain data.

use super::{
    Adapter, AnswerRule, DeclaredPolicy, NodeSelect, Pacing, Reasons, Restart, SessionRules,
    Source, Trust,
};
use crate::adapter::Hello;
use crate::encoding::Encoding;
use crate::facts::Operation;
use crate::secrets::Secrets;
use protocol::terms::{AppId, Environment};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// How a server under test is spoken to.
///
/// The fields may be changed before a [`crate::Dialect`] is made of it; whoever does so keeps
/// the templates within the known names, which [`crate::Dialect::new`] checks again.
#[derive(Debug, Clone, PartialEq)]
pub struct TargetFile {
    /// What the server is called in reports.
    pub name: String,
    /// Base URLs of its nodes; paths of steps are appended.
    pub nodes: Vec<Url>,
    /// The App ID it serves.
    pub app_id: AppId,
    /// The environment it serves.
    pub environment: Environment,
    /// Which roots it trusts.
    pub trust: Trust,
    /// Time after which an answer counts as none, from the start of the request.
    pub timeout: Duration,
    /// How fast it is asked.
    pub pacing: Pacing,
    /// Which node a request goes to that names none.
    pub node_select: NodeSelect,
    /// What brings it back.
    pub restart: Option<Restart>,
    /// Which version of HTTP is spoken.
    pub http_version: HttpVersion,
    /// PEM file of certificates to trust for TLS besides the system's.
    pub tls_ca: Option<PathBuf>,
    /// What the server claims to enforce.
    pub policy: DeclaredPolicy,
    /// How hashes and encodings are made.
    pub conventions: Conventions,
    /// The client data of a protected request.
    pub assert_template: ClientDataTemplate,
    /// Values taken from the environment, masked wherever they would be shown.
    pub secrets: Secrets,
    /// Headers of every request, as templates.
    pub headers: Headers,
    /// Cookies, accounts and the login.
    pub session: SessionRules,
    /// The requests. `challenge`, `attest` and `assert` are always there.
    pub steps: BTreeMap<Operation, Step>,
    /// How answers are read: the first rule that matches decides.
    pub judge: Vec<AnswerRule>,
    /// What an accepting answer reports besides, by name.
    pub outputs: BTreeMap<String, Source>,
    /// What its reasons for a refusal stand for.
    pub reasons: Reasons,
    /// How it is started, if it is an adapter: then nodes, steps and rules are the reference's.
    pub adapter: Option<Adapter>,
    /// What an adapter says that it can do, once it was asked; servers do everything.
    pub abilities: Option<Hello>,
}

/// Header names and templates of their values, in the order of the file.
pub type Headers = Vec<(String, String)>;

/// Which version of HTTP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HttpVersion {
    /// HTTP/1.1 in clear; over TLS whichever the server prefers.
    #[default]
    Auto,
    /// HTTP/1.1 only.
    Http1,
    /// HTTP/2 only, in clear with prior knowledge.
    Http2,
}

/// How hashes and encodings are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conventions {
    /// What `attestKey` is given as client data hash.
    pub attest_client_data_hash: Challenge,
    /// How the server's challenge text becomes bytes.
    pub challenge: Encoding,
    /// How key ids are written.
    pub key_id: Encoding,
    /// How attestation objects are written.
    pub attestation: Encoding,
    /// How assertions are written.
    pub assertion: Encoding,
}

/// What of a challenge is used as the client data hash of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Challenge {
    /// SHA-256 of the text's UTF-8 bytes, as Apple's text demands.
    Sha256OfText,
    /// SHA-256 of the bytes that the text stands for.
    Sha256OfBytes,
    /// The text's UTF-8 bytes, unhashed, as Apple's published samples do.
    Text,
    /// The bytes that the text stands for, unhashed.
    Bytes,
}

impl Challenge {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Sha256OfText, Self::Sha256OfBytes, Self::Text, Self::Bytes];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256OfText => "sha256(challenge_text)",
            Self::Sha256OfBytes => "sha256(challenge_bytes)",
            Self::Text => "challenge_text",
            Self::Bytes => "challenge_bytes",
        }
    }
}

/// How the client data of a protected request is made.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientDataTemplate {
    /// A template; its values are written as they are.
    Text(String),
    /// JSON whose strings are templates, written without white space in the order of the file.
    Json(serde_json::Value),
}

/// One request and how its answer is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What is sent.
    pub request: RequestTemplate,
    /// The statuses that mean yes, whatever the judge's rules say.
    pub ok: Option<super::StatusRange>,
    /// What later requests need from an accepting answer, by name.
    pub save: BTreeMap<String, Source>,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestTemplate {
    /// The method.
    pub method: http::Method,
    /// Path and query as a template, beginning with `/`; values are percent-encoded.
    pub path: String,
    /// Media type of the body; set by the body's kind unless given.
    pub content_type: Option<String>,
    /// Headers of this request besides the common ones.
    pub headers: Headers,
    /// The body.
    pub body: Body,
}

/// A body.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// None.
    Empty,
    /// JSON whose strings are templates; values cannot break out of their string.
    Json(serde_json::Value),
    /// Form fields, as templates; values are percent-encoded.
    Form(Vec<(String, String)>),
    /// Parts of a form (RFC 7578), each a template; bytes go out as they are.
    Multipart(Vec<Part>),
    /// CBOR whose texts are templates; raw bytes become byte strings.
    Cbor(serde_json::Value),
    /// One template, written as it is: bytes pass through unchanged if it is nothing but a variable.
    Template(String),
}

/// A part of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// The template of what is in it.
    pub value: String,
    /// What the file is called, if it is one.
    pub filename: Option<String>,
    /// Its media type.
    pub content_type: Option<String>,
}
