//! A case file as it is typed, before its names are looked up.

use crate::case::{Class, Expectation, Level, Severity};
use serde::Deserialize;
use toml::Spanned;

/// The head of a file; its cases are read one by one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    pub(crate) schema: Spanned<u32>,
    pub(crate) family: Spanned<String>,
}

/// A case without its operators and steps.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Body {
    pub(crate) id: Spanned<String>,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) catalogue: Vec<String>,
    pub(crate) level: Level,
    pub(crate) severity: Severity,
    pub(crate) class: Class,
    pub(crate) clauses: Vec<String>,
    pub(crate) base: Spanned<String>,
    pub(crate) expect: Expectation,
    #[serde(default)]
    pub(crate) rules: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) guards: Vec<Spanned<String>>,
    pub(crate) why: String,
    pub(crate) fix: String,
    #[serde(default)]
    pub(crate) needs: Vec<Spanned<String>>,
}

/// A step without its operators.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepBody {
    #[serde(rename = "do")]
    pub(crate) action: Deed,
    pub(crate) name: Option<Spanned<String>>,
    pub(crate) device: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) challenge: Option<Spanned<String>>,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) of: Option<Spanned<String>>,
    pub(crate) expect: Option<Expectation>,
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Deed {
    Challenge,
    Attest,
    Assert,
    Replay,
    Revoke,
    Wait,
}

/// What a challenge is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    Attest,
    Assert,
}
