//! What an adapter says of itself, and what follows from it for the cases.

use super::message::{Environment, PROTOCOL};
use protocol::verify::Rule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The answer to `hello`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hello {
    /// The version of the protocol it speaks.
    pub proto: u32,
    /// Whether it verifies objects only, or is a whole relying party.
    pub profile: Profile,
    /// What it stands for.
    pub sut: Sut,
    /// What it can do.
    #[serde(default)]
    pub caps: Caps,
}

/// How much of App Attest an adapter takes upon itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// It verifies objects; challenges, keys and counters are the harness's.
    Verifier,
    /// It issues challenges and remembers keys and counters.
    RelyingParty,
}

/// What an adapter stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Sut {
    /// Name of the library or service.
    pub name: String,
    /// Its version.
    #[serde(default)]
    pub version: String,
    /// Its language.
    #[serde(default)]
    pub language: String,
}

/// What an adapter can do. What is left out is what most libraries can.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Caps {
    /// The operations it supports; left out: those of its profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ops: Option<Vec<String>>,
    /// How it learns which roots to trust.
    pub trust: Trust,
    /// How it learns what time it is.
    pub clock: Clock,
    /// The environments it can serve.
    pub environments: Vec<Environment>,
    /// Rules that it says it does not check: ids, or beginnings of ids up to a dot (`att.chain`).
    pub checks_not_done: Vec<String>,
    /// How many operations it takes at once; 1 unless it says more.
    pub concurrency: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            ops: None,
            trust: Trust::PerCall,
            clock: Clock::PerCall,
            environments: vec![Environment::Development, Environment::Production],
            checks_not_done: Vec::new(),
            concurrency: 1,
        }
    }
}

/// How an adapter learns which roots to trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// From each operation.
    PerCall,
    /// From `configure`.
    Configure,
    /// Not at all: Apple's root is built in.
    Fixed,
}

/// How an adapter learns what time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// From each operation.
    PerCall,
    /// From `configure`.
    Configure,
    /// From the system.
    System,
}

/// The most operations that are in flight at once, whatever an adapter says.
const MOST_AT_ONCE: u32 = 64;

impl Profile {
    /// The operations of the profile, besides `hello` and `configure`.
    pub fn ops(self) -> &'static [&'static str] {
        match self {
            Self::Verifier => &["verify_attestation", "verify_assertion"],
            Self::RelyingParty => &["reset", "challenge", "attest", "assert", "revoke"],
        }
    }

    /// `verifier` or `relying-party`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verifier => "verifier",
            Self::RelyingParty => "relying-party",
        }
    }
}

impl Hello {
    /// Whether it supports an operation.
    pub fn supports(&self, op: &str) -> bool {
        match &self.caps.ops {
            Some(ops) => ops.iter().any(|known| known == op),
            None => self.profile.ops().contains(&op),
        }
    }

    /// How many operations may be in flight at once.
    pub fn at_once(&self) -> u32 {
        self.caps.concurrency.clamp(1, MOST_AT_ONCE)
    }

    /// The rules that it says it does not check.
    pub fn unchecked(&self) -> Vec<Rule> {
        let named = |rule: &&Rule| {
            self.caps.checks_not_done.iter().any(|name| {
                rule.id() == name
                    || rule
                        .id()
                        .strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.starts_with('.'))
            })
        };
        Rule::ALL.iter().filter(named).copied().collect()
    }

    /// What of it no adapter may say, in one sentence.
    pub fn mistake(&self) -> Option<String> {
        if self.proto != PROTOCOL {
            return Some(format!(
                "it speaks version {} of the protocol, and this harness version {PROTOCOL}: answer `hello` with \"proto\":{PROTOCOL}",
                self.proto
            ));
        }
        let own = self.profile.ops();
        for op in self.caps.ops.iter().flatten() {
            if !own.contains(&op.as_str()) && !["hello", "configure"].contains(&op.as_str()) {
                let hint = crate::file::suggestion(op, own.iter().copied());
                let profile = self.profile.as_str();
                return Some(format!("caps.ops names `{op}`, which no {profile} has{hint}"));
            }
        }
        let needed: &[&str] = match self.profile {
            Profile::Verifier => &[],
            Profile::RelyingParty => &["challenge", "attest"],
        };
        if let Some(op) = needed.iter().find(|op| !self.supports(op)) {
            return Some(format!("a relying party without `{op}` cannot be played with"));
        }
        if !own.iter().any(|op| self.supports(op)) {
            return Some("caps.ops is empty: there is nothing to ask".to_owned());
        }
        let ids: Vec<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
        for name in &self.caps.checks_not_done {
            let one = Self {
                caps: Caps { checks_not_done: vec![name.clone()], ..Caps::default() },
                ..self.clone()
            };
            if one.unchecked().is_empty() {
                let hint = crate::file::suggestion(name, ids.iter().copied());
                return Some(format!(
                    "caps.checks_not_done names `{name}`, which is no rule{hint}"
                ));
            }
        }
        if self.caps.environments.is_empty() {
            return Some("caps.environments is empty: name one, or leave it out".to_owned());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hello(caps: Caps) -> Hello {
        let sut = Sut { name: "x".to_owned(), version: String::new(), language: String::new() };
        Hello { proto: PROTOCOL, profile: Profile::Verifier, sut, caps }
    }

    #[test]
    fn a_gap_is_named_by_a_rule_or_by_what_several_begin_with() {
        let gaps = |names: &[&str]| {
            let checks_not_done = names.iter().map(|&name| name.to_owned()).collect();
            hello(Caps { checks_not_done, ..Caps::default() }).unchecked()
        };
        assert_eq!(gaps(&["asr.counter"]), [Rule::CounterIncreases]);
        assert!(gaps(&["att.chain"]).contains(&Rule::ChainValidity));
        assert!(gaps(&["att.cha"]).is_empty());
    }

    #[test]
    fn what_no_adapter_may_say_is_told_with_what_was_meant() {
        let says = |caps: Caps| hello(caps).mistake().unwrap_or_default();
        let ops = |ops: &[&str]| Caps {
            ops: Some(ops.iter().map(|&op| op.to_owned()).collect()),
            ..Caps::default()
        };
        assert_eq!(hello(Caps::default()).mistake(), None);
        assert!(says(ops(&["verify_atestation"])).contains("did you mean `verify_attestation`"));
        assert!(says(ops(&[])).contains("nothing to ask"));
        let gap = Caps { checks_not_done: vec!["asr.conter".to_owned()], ..Caps::default() };
        assert!(says(gap).contains("did you mean `asr.counter`"));
        assert!(
            says(Caps { environments: Vec::new(), ..Caps::default() }).contains("environments")
        );
        let old = Hello { proto: 7, ..hello(Caps::default()) };
        assert!(old.mistake().unwrap().contains("version 7"));
        let party = Hello { profile: Profile::RelyingParty, ..hello(ops(&["attest"])) };
        assert!(party.mistake().unwrap().contains("without `challenge`"));
    }
}
