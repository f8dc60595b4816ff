//! What a target must have or declare for a case to apply, and whether it does.

use crate::base::{Base, Kind};
use crate::case::{Case, Expectation};
use crate::operator::Operator;
use crate::untrusted::NEEDS_ENROLMENT;
use protocol::terms::{AppId, Environment};
use protocol::verify::Rule;
use simulator::Generation;
use std::time::Duration;

macro_rules! needs {
    ($( $variant:ident = $name:literal, $words:literal; )*) => {
        /// Something a target must have or declare.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Need { $( #[doc = $words] $variant, )* }

        impl Need {
            /// All of them.
            pub const ALL: &[Self] = &[ $( Self::$variant, )* ];

            /// The name, as case files write it.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $name, )* }
            }

            /// What it means.
            pub fn words(self) -> &'static str {
                match self { $( Self::$variant => $words, )* }
            }
        }
    };
}

needs! {
    Receipt = "policy.receipt", "The target demands a verified receipt with each attestation.";
    ValidationCategory = "policy.validation-category", "The target declares the validation categories it allows.";
    CategoryOptional = "policy.validation-category.optional", "The target allows devices that state no validation category.";
    CategoryRequired = "policy.validation-category.required", "The target refuses devices that state no validation category.";
    BundleVersion = "policy.bundle-version", "The target declares the bundle versions it allows.";
    SeveralVersions = "policy.bundle-version.several", "The target declares two bundle versions or more.";
    AnyVersion = "policy.bundle-version.any", "The target does not judge bundle versions.";
    ChallengeSpent = "policy.challenge-spent-by-failure", "A failed attempt uses its challenge up.";
    Development = "environment.development", "The target serves the development environment.";
    Production = "environment.production", "The target serves the production environment.";
    Revoke = "op.revoke", "The target file spells how a key is given up.";
    Logout = "op.logout", "The target file spells how a session is ended.";
    Restart = "op.restart", "The target file spells how the server, or a node, is restarted.";
    Nodes = "nodes.two", "The target file names two nodes or more.";
    Http2 = "http.2", "The target is spoken to over HTTP/2: requests share a connection.";
    Wait = "wait", "The target declares how long a challenge lives, and that is short enough to wait for.";
    Foreseeable = "client-data.foreseeable", "Client data follows from a challenge alone, before the key exists.";
    JsonClientData = "client-data.json", "Client data is a JSON object that embeds the challenge.";
    Base64 = "encoding.base64", "Key ids, attestation objects and assertions are written in base64.";
    JsonRequest = "request.json", "The request that enrols a key is a JSON object with account, key id, challenge and attestation as members.";
    Headers = "request.headers", "A protected request carries key id and assertion in headers of their own.";
    AccountHeader = "request.account-header", "A protected request carries its account in a header of its own.";
    HashOfText = "convention.hash-of-text", "Client data hash of an attestation is SHA-256 of the challenge as text.";
    Clock = "clock", "The target can be told what time it is.";
    RelyingParty = "relying-party", "The target keeps challenges, accounts and keys itself; an adapter verifies objects, and those are the harness's own.";
    Requests = "requests", "The target reads requests itself; an adapter is handed what is in them.";
    Concurrency = "concurrency", "The target handles several requests at once.";
}

impl Need {
    /// The need of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|need| need.as_str() == name)
    }
}

/// The values a target declares that it allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The values.
    pub values: Vec<T>,
    /// Whether a device may state none, as devices before OS 27 do.
    pub absent_allowed: bool,
}

/// What is known of a target before the first request: what cases and devices adapt to.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a target")]
pub struct Premises {
    /// The App ID it serves.
    pub app_id: AppId,
    /// The environment it serves.
    pub environment: Environment,
    /// Whether it trusts the test root, so that simulated devices can be let in.
    pub trusts_test_root: bool,
    /// The validation categories it enforces; `None` if it declares that it ignores them, or nothing.
    pub categories: Option<Listed<u32>>,
    /// The bundle versions it enforces; `None` if it declares that it ignores them, or nothing.
    pub bundle_versions: Option<Listed<String>>,
    /// Whether it demands a verified receipt.
    pub receipt_required: bool,
    /// Whether a failed attempt uses its challenge up.
    pub challenge_spent_by_failure: bool,
    /// How long a challenge lives, if that is declared and short enough to wait for.
    pub wait: Option<Duration>,
    /// Whether a key can be given up.
    pub can_revoke: bool,
    /// Whether a session can be ended.
    pub can_log_out: bool,
    /// Whether the server, or a node, can be restarted.
    pub can_restart: bool,
    /// How many nodes it has.
    pub nodes: usize,
    /// Whether requests share a connection.
    pub speaks_http2: bool,
    /// Whether client data is a JSON object that embeds the challenge.
    pub client_data_is_json: bool,
    /// Whether client data can be written once its challenge is known, before there is a key.
    pub client_data_foreseeable: bool,
    /// Whether key ids, attestation objects and assertions are written in base64.
    pub values_are_base64: bool,
    /// Whether the request that enrols a key is a JSON object with its values as members.
    pub request_is_json: bool,
    /// Whether a protected request carries key id and assertion in headers of their own.
    pub values_in_headers: bool,
    /// Whether a protected request carries its account in a header of its own.
    pub account_in_header: bool,
    /// Whether the client data hash of an attestation is SHA-256 of the challenge as text.
    pub hashes_text: bool,
    /// What of App Attest it takes upon itself.
    pub scope: Scope,
}

/// What of App Attest a target takes upon itself: a server everything, an adapter what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about a target")]
pub struct Scope {
    /// Whether it keeps challenges, accounts and keys itself.
    pub relying_party: bool,
    /// Whether it reads requests itself.
    pub requests: bool,
    /// Whether it handles several requests at once.
    pub concurrency: bool,
    /// Whether it verifies attestations.
    pub attestations: bool,
    /// Whether it verifies assertions.
    pub assertions: bool,
    /// The rules that it says it does not check.
    pub unchecked: Vec<Rule>,
    /// Why nothing of the suite can be played with it, if that is so.
    pub closed: Option<String>,
}

impl Scope {
    /// That of a server.
    pub const SERVER: Self = Self {
        relying_party: true,
        requests: true,
        concurrency: true,
        attestations: true,
        assertions: true,
        unchecked: Vec::new(),
        closed: None,
    };

    /// Why a case lies outside of it, if it does.
    fn excludes(&self, case: &Case) -> Option<String> {
        if let Some(why) = &self.closed {
            return Some(why.clone());
        }
        let verified = match case.base.kind {
            Kind::Attestation => self.attestations,
            Kind::Assertion => self.assertions,
        };
        if !verified {
            return Some(format!("the adapter does not verify {}s", case.base.kind.as_str()));
        }
        let is_unchecked = |rule: &Rule| self.unchecked.contains(rule);
        let refused = matches!(case.expectation, Expectation::Reject | Expectation::One);
        (refused && !case.rules.is_empty() && case.rules.iter().all(is_unchecked)).then(|| {
            let rules: Vec<&str> = case.rules.iter().map(|rule| rule.id()).collect();
            format!("the adapter says that it does not check `{}`", rules.join("` or `"))
        })
    }
}

impl Premises {
    /// Why a case does not apply to this target, if it does not.
    pub fn missing(&self, case: &Case) -> Option<String> {
        case.needs
            .iter()
            .find(|need| !self.has(**need))
            .map(|need| format!("needs `{}`: {}", need.as_str(), need.words()))
            .or_else(|| self.scope.excludes(case))
            .or_else(|| {
                if self.trusts_test_root {
                    self.excludes(case.base).or_else(|| self.allows_the_lie(case))
                } else {
                    case.untrusted().is_none().then(|| NEEDS_ENROLMENT.to_owned())
                }
            })
    }

    fn has(&self, need: Need) -> bool {
        match need {
            Need::Receipt => self.receipt_required,
            Need::ValidationCategory => self.categories.is_some(),
            Need::CategoryOptional => absent_allowed(self.categories.as_ref()),
            Need::CategoryRequired => !absent_allowed(self.categories.as_ref()),
            Need::BundleVersion => self.bundle_versions.is_some(),
            Need::SeveralVersions => self.versions().len() > 1,
            Need::AnyVersion => self.bundle_versions.is_none(),
            Need::ChallengeSpent => self.challenge_spent_by_failure,
            Need::Development => self.environment == Environment::Development,
            Need::Production => self.environment == Environment::Production,
            Need::Revoke => self.can_revoke,
            Need::Logout => self.can_log_out,
            Need::Restart => self.can_restart,
            Need::Nodes => self.nodes > 1,
            Need::Http2 => self.speaks_http2,
            Need::Wait => self.wait.is_some(),
            Need::Foreseeable => self.client_data_foreseeable,
            Need::JsonClientData => self.client_data_is_json,
            Need::Base64 => self.values_are_base64,
            Need::JsonRequest => self.request_is_json,
            Need::Headers => self.values_in_headers,
            Need::AccountHeader => self.account_in_header,
            Need::HashOfText => self.hashes_text,
            Need::Clock => false,
            Need::RelyingParty => self.scope.relying_party,
            Need::Requests => self.scope.requests,
            Need::Concurrency => self.scope.concurrency,
        }
    }

    /// Why no honest device of that generation can please the declared policy.
    fn excludes(&self, base: Base) -> Option<String> {
        let generation = base.generation;
        let category = self.category_of(generation);
        let why = match (category, &self.categories) {
            (None, Some(listed)) if !listed.absent_allowed => {
                "demands a validation category, which it does not send".to_owned()
            }
            (Some(category), Some(listed)) if !listed.values.contains(&category) => {
                format!("does not allow validation category {category}, which it sends")
            }
            _ if !sends_version(generation) && !absent_allowed(self.bundle_versions.as_ref()) => {
                "demands a bundle version, which it does not send".to_owned()
            }
            _ => return None,
        };
        Some(format!("an honest device of {generation} is refused: the declared policy {why}"))
    }

    /// Why what a case forges is no lie to this target.
    fn allows_the_lie(&self, case: &Case) -> Option<String> {
        if case.expectation != Expectation::Reject {
            return None;
        }
        let edits = || case.steps.iter().flat_map(|step| &step.operators);
        let categories = self.categories.as_ref().map_or(&[][..], |listed| &listed.values);
        let mut stated = edits().filter_map(Operator::stated_category);
        if let Some(category) = stated.find(|one| categories.contains(one)) {
            return Some(format!("the declared policy allows validation category {category}"));
        }
        let mut stated = edits().filter_map(Operator::stated_version);
        let allowed = stated.find(|one| self.versions().iter().any(|version| version == one));
        allowed.map(|version| format!("the declared policy allows bundle version {version}"))
    }

    /// The category that an honest device of that generation states to this target.
    pub(crate) fn category_of(&self, generation: Generation) -> Option<u32> {
        if !generation.has_extensions() {
            return None;
        }
        let usual = match (self.environment, generation) {
            (Environment::Development, _) => 3,
            (Environment::Production, Generation::Macos27) => return Some(DEVELOPER_ID),
            (Environment::Production, _) => 4,
        };
        let mut allowed = self.categories.iter().flat_map(|listed| &listed.values).copied();
        if self.categories.is_none() || allowed.clone().any(|category| category == usual) {
            return Some(usual);
        }
        Some(allowed.find(|category| *category != DEVELOPER_ID).unwrap_or(usual))
    }

    /// The bundle version that an honest device of that generation states to this target.
    pub(crate) fn version_of(&self, generation: Generation) -> Option<String> {
        let first = self.versions().first().cloned();
        sends_version(generation).then(|| first.unwrap_or_else(|| "1".to_owned()))
    }

    /// The bundle versions that are allowed by name.
    pub(crate) fn versions(&self) -> &[String] {
        self.bundle_versions.as_ref().map_or(&[], |listed| &listed.values)
    }
}

/// The category of apps signed for distribution outside the Mac's store; no phone states it.
const DEVELOPER_ID: u32 = 6;

fn absent_allowed<T>(listed: Option<&Listed<T>>) -> bool {
    listed.is_none_or(|listed| listed.absent_allowed)
}

fn sends_version(generation: Generation) -> bool {
    generation == Generation::Ios27
}
