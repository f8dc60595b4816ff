//! A case file as it is typed, before its names are looked up. What is said of a member here is what
//! an editor shows beside it: the JSON Schema is derived from these types.

use crate::case::{Class, Expectation, Fault, Level, Property, Severity};
use crate::schema::{
    BaseName, CaseId, CatalogueId, ClauseId, Line, NeedName, RuleId, SchemaVersion, Slug,
};
use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

/// The head of a file; its cases are read one by one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Version of the format.
    #[schemars(with = "SchemaVersion")]
    pub(crate) schema: Spanned<u32>,
    /// What the file is about; the ids of its cases begin with it.
    #[schemars(with = "Slug")]
    pub(crate) family: Spanned<String>,
}

/// A case without its operators and steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    /// The family, a dot and a slug. Permanent: never renamed, never used again.
    #[schemars(with = "CaseId")]
    pub(crate) id: Spanned<String>,
    /// One line that says what it is about.
    #[schemars(with = "Line")]
    pub(crate) title: Spanned<String>,
    /// Ids of the list of known cases that it covers.
    #[serde(default)]
    #[schemars(with = "Vec<CatalogueId>")]
    pub(crate) catalogue: Vec<Spanned<String>>,
    /// How binding it is.
    pub(crate) level: Level,
    /// How bad it is to get it wrong.
    pub(crate) severity: Severity,
    /// What getting it wrong would be.
    pub(crate) class: Class,
    /// What demands it.
    #[schemars(with = "Vec<ClauseId>")]
    pub(crate) clauses: Vec<Spanned<String>>,
    /// The valid exchange it starts from; played unedited, it is the case's twin.
    #[schemars(with = "BaseName")]
    pub(crate) base: Spanned<String>,
    /// What the server must decide about the last step.
    pub(crate) expect: Expectation,
    /// What is wrong with the last step.
    #[schemars(extend("default" = "rules"))]
    pub(crate) fault: Option<Fault>,
    /// A reject case: exactly the rules that the last step breaks.
    #[serde(default)]
    #[schemars(with = "Vec<RuleId>")]
    pub(crate) rules: Vec<Spanned<String>>,
    /// An accept case: the rules whose over-strict reading it would catch.
    #[serde(default)]
    #[schemars(with = "Vec<RuleId>")]
    pub(crate) guards: Vec<Spanned<String>>,
    /// Why it matters.
    #[schemars(with = "Line")]
    pub(crate) why: Spanned<String>,
    /// How to mend a server that gets it wrong.
    #[schemars(with = "Line")]
    pub(crate) fix: Spanned<String>,
    /// What a server must have or declare; otherwise the case does not apply to it.
    #[serde(default)]
    #[schemars(with = "Vec<NeedName>")]
    pub(crate) needs: Vec<Spanned<String>>,
}

/// A step without its operators.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    /// What is done.
    #[serde(rename = "do")]
    pub(crate) action: Deed,
    /// What later steps call it.
    #[schemars(with = "Option<String>")]
    pub(crate) name: Option<Spanned<String>>,
    /// The device that does it; each name is a device with a key of its own.
    #[schemars(extend("default" = "phone"))]
    pub(crate) device: Option<String>,
    /// The user on whose behalf it is done.
    #[schemars(extend("default" = "alice"))]
    pub(crate) account: Option<String>,
    /// The name of the challenge step whose challenge is used; without it a fresh one is asked for.
    #[schemars(with = "Option<String>")]
    pub(crate) challenge: Option<Spanned<String>>,
    /// A challenge step: what the challenge is for.
    pub(crate) purpose: Option<Purpose>,
    /// A replay step: the name of the step whose request is sent (again). A together step: the names
    /// of the steps whose requests are sent.
    #[schemars(with = "Option<Names>")]
    pub(crate) of: Option<Spanned<Names>>,
    /// A replay or together step: how often each request is sent. A draw step: how many challenges.
    pub(crate) times: Option<u32>,
    /// A together step: the name of a step whose request is begun before, and never finished.
    #[schemars(with = "Option<String>")]
    pub(crate) beside: Option<Spanned<String>>,
    /// A together step: how often that request is begun.
    #[schemars(extend("default" = 1))]
    pub(crate) beside_times: Option<u32>,
    /// A draw step: what must hold of the challenges.
    #[serde(default)]
    pub(crate) must: Vec<Property>,
    /// Which node of the server is asked, counted from 0.
    #[schemars(extend("default" = 0))]
    pub(crate) node: Option<usize>,
    /// Whether an attest, assert or revoke step is sent; if not, a later step of its name sends it.
    #[schemars(extend("default" = true))]
    pub(crate) send: Option<bool>,
    /// What a step before the last must meet.
    #[schemars(extend("default" = "accept"))]
    pub(crate) expect: Option<Expectation>,
}

/// One name or several.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum Names {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    /// Asks for a challenge and keeps it under `name`.
    Challenge,
    /// Enrols the device's key.
    Attest,
    /// Sends a protected request; the device counts.
    Assert,
    /// Sends the request of the step `of` again.
    Replay,
    /// Asks for many challenges and looks at all of them.
    Draw,
    /// Sends the requests of the steps `of` together.
    Together,
    /// Gives the device's key up.
    Revoke,
    /// Ends the user's session.
    Logout,
    /// Restarts the server, or the node.
    Restart,
    /// Lets the lifetime of a challenge pass.
    Wait,
}

/// What a challenge is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// To enrol a key.
    Attest,
    /// For a protected request.
    Assert,
}
