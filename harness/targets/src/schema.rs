//! The JSON Schema of target files, for editors.
//!
//! Target files are read by hand, for the sake of places and hints; these types only mirror what is
//! read, and a test holds both to the same good and bad files. What the schema cannot say (that a
//! template names what is known, that a pattern compiles) the reader says.

#![expect(dead_code, reason = "the types are never made: only their schema is")]

use crate::encoding::Encoding;
use crate::facts::Operation;
use crate::file::{Challenge, CookiePolicy, Judged, NodeSelect, ReasonMode};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The JSON Schema (draft 7) of a target file, held against the JSON value of the same shape.
pub fn target_files() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<AnyFile>().to_value();
    without_null(&mut schema);
    schema["title"] = json!("Assay: a target file");
    schema
}

/// TOML has no null: what may be left out is left out.
fn without_null(value: &mut Value) {
    match value {
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    object.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice["type"] != "null");
            }
            if object.get("default") == Some(&Value::Null) {
                object.remove("default");
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A target file of either kind.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum AnyFile {
    Server(Box<File>),
    Adapter(Box<AdapterFile>),
}

/// How a verifier that has no server is started.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AdapterFile {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    schema: u32,
    target: AdapterTarget,
    adapter: Adapter,
    policy: Option<Policy>,
    templates: Option<AdapterTemplates>,
    reasons: Option<Reasons>,
}

/// Which verifier.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AdapterTarget {
    /// Its name in reports.
    name: String,
    /// The App ID it verifies for: team, dot, bundle.
    #[schemars(regex(pattern = r"\."))]
    app_id: String,
    /// The environment it verifies for.
    #[schemars(extend("enum" = ["production", "development"]))]
    environment: String,
    /// For one operation; 5s unless given.
    timeout: Option<Length>,
}

/// How it is started: either a command that speaks JSON lines, or one for each operation.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["command"] }, { "required": ["exec"] }]))]
struct Adapter {
    /// Program and arguments of what speaks JSON lines.
    #[schemars(length(min = 1))]
    command: Option<Vec<String>>,
    exec: Option<Exec>,
    /// Which roots it takes, if it cannot be asked.
    #[schemars(extend("enum" = ["fixed", "per_call"]))]
    trust: Option<String>,
    /// Rules that it leaves to its caller, if it cannot be asked.
    checks_not_done: Option<Vec<String>>,
}

/// A command for each operation.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Exec {
    /// Program and arguments that verify an attestation.
    attestation: Option<Vec<String>>,
    /// Program and arguments that verify an assertion.
    assertion: Option<Vec<String>>,
}

/// The client data that it is handed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct AdapterTemplates {
    /// A template.
    assert: String,
}

/// How a server is spoken to, and how its answers are read.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct File {
    /// Version of the format.
    #[schemars(extend("const" = 1))]
    schema: u32,
    target: Target,
    policy: Option<Policy>,
    conventions: Option<Conventions>,
    templates: Templates,
    /// Values from the environment, masked wherever they would be shown.
    secrets: Option<BTreeMap<String, Secret>>,
    /// Headers of every request.
    headers: Option<Headers>,
    session: Option<Session>,
    step: Steps,
    judge: Judge,
    /// What an accepting answer reports; compared with the truth.
    outputs: Option<BTreeMap<String, Source>>,
    reasons: Option<Reasons>,
}

/// Which server.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Target {
    /// Its name in reports.
    name: String,
    /// Base URLs of its nodes; paths of steps are appended.
    #[schemars(length(min = 1), inner(regex(pattern = r"^https?://[^?#]+$")))]
    nodes: Vec<String>,
    /// The App ID it serves: team, dot, bundle.
    #[schemars(regex(pattern = r"\."))]
    app_id: String,
    /// The environment it serves.
    #[schemars(extend("enum" = ["production", "development"]))]
    environment: String,
    /// Which roots it trusts; swap-root unless given.
    #[schemars(extend("enum" = ["swap-root", "apple-root", "expect-untrusted"]))]
    trust: Option<String>,
    /// From the start of a request to the end of its answer; 5s unless given.
    timeout: Option<Length>,
    http: Option<Http>,
    pacing: Option<Pacing>,
    /// Which node a request goes to that names none.
    node_select: Option<Name<NodeSelectName>>,
    restart: Option<Restart>,
}

/// How HTTP is spoken.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Http {
    /// Which version.
    #[schemars(extend("enum" = ["auto", "1.1", "2"]))]
    version: Option<String>,
    /// PEM file of certificates to trust besides the system's, beside this file.
    tls_ca: Option<String>,
}

/// How fast it is asked.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Pacing {
    /// Requests a second that cases send at most.
    #[schemars(range(min = 1, max = 100_000))]
    max_rps: Option<u32>,
    /// What is done when it asks to come back later.
    #[schemars(extend("enum" = ["retry-after", "fail"]))]
    on_429: Option<String>,
}

/// The command that brings it back.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Restart {
    /// Program and arguments.
    #[schemars(length(min = 1))]
    command: Vec<String>,
    /// The request that each node answers so once it serves: `GET /healthz 200`.
    #[schemars(regex(pattern = r"^\s*\S+\s+/\S*\s+[0-9.=]+\s*$"))]
    wait_for: Option<String>,
    /// How long all of it may take; 30s unless given.
    timeout: Option<Length>,
}

/// What the server claims to enforce; expectations follow it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Policy {
    /// How long a challenge lives.
    challenge_ttl: Option<Length>,
    /// Whether a failed attempt uses its challenge up.
    challenge_spent_by_failure: Option<bool>,
    /// What the validation category must be.
    validation_category: Option<Declared<u32>>,
    /// What the bundle version must be.
    bundle_version: Option<Declared<String>>,
    /// What is demanded of the receipt in an attestation.
    #[schemars(extend("enum" = ["ignore", "require"]))]
    receipt: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "mode": { "const": "ignore" } } },
    "then" = { "not": { "required": ["allow"] } },
    "else" = { "required": ["allow"] }
))]
struct Declared<T> {
    /// Whether it must be there, and whether it is looked at.
    #[schemars(extend("enum" = ["ignore", "allow-missing", "require"]))]
    mode: String,
    /// What it may be.
    #[schemars(length(min = 1))]
    allow: Option<Vec<T>>,
}

/// How hashes and encodings are made.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Conventions {
    /// What `attestKey` is given as client data hash.
    attest_client_data_hash: Option<Name<ChallengeName>>,
    /// How the text of a challenge becomes bytes.
    challenge: Option<Name<EncodingName>>,
    /// How key ids are written.
    key_id: Option<Name<EncodingName>>,
    /// How attestation objects are written.
    attestation: Option<Name<EncodingName>>,
    /// How assertions are written.
    assertion: Option<Name<EncodingName>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Templates {
    /// The client data of a protected request: hashed, and sent exactly as hashed.
    assert: TextOrTable,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum TextOrTable {
    /// Values are written as they are.
    Text(String),
    /// JSON whose strings are templates.
    Table(BTreeMap<String, Value>),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Secret {
    /// The variable of the environment that holds it.
    env: String,
}

/// Headers and templates of their values.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Headers(
    #[schemars(extend("propertyNames" = { "pattern": r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" }))]
    BTreeMap<String, String>,
);

/// JSON pointers and the values that must stand there.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Pointers(
    #[schemars(extend("propertyNames" = { "pattern": "^(/.*)?$" }))] BTreeMap<String, Value>,
);

/// Cookies, accounts and the login.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Session {
    /// Who shares cookies.
    cookies: Option<Name<CookieName>>,
    /// What accounts are called; `${n}` differs for each.
    #[schemars(regex(pattern = r"\$\{n\}"))]
    account: Option<String>,
    /// Requests sent once before the first request of an account, in order.
    setup: Option<Vec<Login>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Login {
    request: Request,
    /// The statuses that mean yes; 200..=299 unless given.
    ok: Option<Yes>,
    /// What later requests of the account need from the answer, by name.
    save: Option<BTreeMap<String, Source>>,
    /// Headers of all later requests of the account.
    then_headers: Option<Headers>,
}

/// What is sent.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Steps {
    /// Asks for a challenge; saves `challenge_text`.
    challenge: ChallengeStep,
    /// Enrols a key.
    attest: Step,
    /// Sends a protected request.
    assert: Step,
    /// Gives a key up.
    revoke: Option<Step>,
    /// Ends the user's session.
    logout: Option<Step>,
    /// Restarts the server, or the node.
    restart: Option<Step>,
    /// Sent to every node before the first case.
    reset: Option<Step>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Step {
    request: Request,
    /// The statuses that mean yes, whatever the judge's rules say.
    ok: Option<Yes>,
    /// What later requests need from an accepting answer, by name.
    save: Option<BTreeMap<String, Source>>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct ChallengeStep {
    request: Request,
    /// The statuses that mean yes, whatever the judge's rules say.
    ok: Option<Yes>,
    /// What later requests need from an accepting answer, by name; `challenge_text` among them.
    #[schemars(extend("required" = ["challenge_text"]))]
    save: BTreeMap<String, Source>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Yes {
    status: Status,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[schemars(extend("dependencies" = {
    "json": { "not": { "anyOf": [{ "required": ["form"] }, { "required": ["multipart"] }, { "required": ["cbor"] }, { "required": ["body"] }] } },
    "form": { "not": { "anyOf": [{ "required": ["multipart"] }, { "required": ["cbor"] }, { "required": ["body"] }] } },
    "multipart": { "not": { "anyOf": [{ "required": ["cbor"] }, { "required": ["body"] }, { "required": ["content_type"] }] } },
    "cbor": { "not": { "required": ["body"] } }
}))]
struct Request {
    /// GET, POST, PUT …
    #[schemars(regex(pattern = "^[A-Z]+$"))]
    method: String,
    /// Path and query; values are percent-encoded.
    #[schemars(regex(pattern = "^/"))]
    path: String,
    /// A body of JSON whose strings are templates.
    json: Option<Value>,
    /// A body of form fields.
    form: Option<BTreeMap<String, String>>,
    /// A body of several parts.
    multipart: Option<BTreeMap<String, Part>>,
    /// A body of CBOR whose texts are templates; raw bytes become byte strings.
    cbor: Option<Value>,
    /// A body of one template; nothing but a variable passes byte for byte.
    body: Option<String>,
    /// Another media type than the body's own.
    content_type: Option<String>,
    /// Headers of this request.
    headers: Option<Headers>,
}

#[derive(JsonSchema)]
#[schemars(untagged)]
enum Part {
    /// A template.
    Text(String),
    /// A template, and what a file has besides.
    File(FilePart),
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct FilePart {
    value: String,
    filename: Option<String>,
    content_type: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Judge {
    /// The first that matches reads the answer.
    #[schemars(length(min = 1))]
    rules: Vec<Rule>,
}

/// A rule that reads answers; all its conditions must hold.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Rule {
    /// What it is for; everything unless given.
    on: Option<Vec<Name<OperationName>>>,
    status: Option<Status>,
    /// JSON pointers of the body and the values that must stand there.
    json: Option<Pointers>,
    /// The same of a body that is CBOR.
    cbor: Option<Pointers>,
    /// Headers and the values they must have.
    header: Option<Headers>,
    /// What must stand in the body.
    body_contains: Option<String>,
    /// A regular expression that must be found in the body.
    body_matches: Option<String>,
    /// What such an answer means.
    is: Name<JudgedName>,
    /// Where the server says why, or the reason itself.
    reason: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Reasons {
    /// How closely reasons are compared with the right ones.
    mode: Option<Name<ReasonModeName>>,
    /// The server's words, and the rule (`att.nonce`) or class (`att`) they stand for.
    map: Option<BTreeMap<String, String>>,
}

/// A length of time.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Length(#[schemars(regex(pattern = "[1-9]"))] String);

/// Where in an answer a value is found, with `?` if it may be missing.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Source(
    #[schemars(regex(
        pattern = r"^((json|cbor):(/.*)?|header:.+|cookie:.+|regex:.*\(.*|body)\??$"
    ))]
    String,
);

/// A status, or a range of them: `"200..=299"`.
#[derive(JsonSchema)]
#[schemars(untagged)]
enum Status {
    One(#[schemars(range(min = 100, max = 999))] u16),
    Range(#[schemars(regex(pattern = r"^\s*[1-9][0-9]{2}\s*(\.\.=\s*[1-9][0-9]{2}\s*)?$"))] String),
}

/// One of some names, which the reader's own list gives.
struct Name<N>(std::marker::PhantomData<N>);

trait Names {
    const NAME: &'static str;
    fn all() -> Vec<&'static str>;
}

impl<N: Names> JsonSchema for Name<N> {
    fn schema_name() -> Cow<'static, str> {
        N::NAME.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": N::all() })
    }
}

macro_rules! names {
    ($( $marker:ident = $type:ty; )*) => {
        $(
            struct $marker;

            impl Names for $marker {
                const NAME: &'static str = stringify!($marker);

                fn all() -> Vec<&'static str> {
                    <$type>::ALL.iter().map(|one| one.as_str()).collect()
                }
            }
        )*
    };
}

names! {
    NodeSelectName = NodeSelect;
    CookieName = CookiePolicy;
    EncodingName = Encoding;
    ChallengeName = Challenge;
    OperationName = Operation;
    JudgedName = Judged;
    ReasonModeName = ReasonMode;
}
