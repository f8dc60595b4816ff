//! A case: one thing a relying party must get right, and how to find out whether it does.

use crate::base::Base;
use crate::need::Need;
use crate::operator::Operator;
use protocol::relying_party::Purpose;
use protocol::verify::Rule;

/// One thing a relying party must get right.
///
/// Made by [`crate::parse`], which holds that: the id begins with the family; a reject case names
/// the rules it breaks, an accept case the rules it guards; every operator edits something its step
/// sends; every name a step uses was given before.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Permanent name, `family.slug`; never reused.
    pub id: String,
    /// One line that says what it is about.
    pub title: String,
    /// The family, which is the file it stands in.
    pub family: String,
    /// Ids of the list of known cases that it covers, as in `POS-004`.
    pub catalogue: Vec<String>,
    /// How binding it is.
    pub level: Level,
    /// How bad it is to get it wrong.
    pub severity: Severity,
    /// What getting it wrong would be.
    pub class: Class,
    /// Clauses it exercises.
    pub clauses: Vec<String>,
    /// The valid exchange it starts from; played unedited, it is the case's twin.
    pub base: Base,
    /// What the target must decide about the last step.
    pub expectation: Expectation,
    /// What is wrong with the last step.
    pub fault: Fault,
    /// The rules that the last step breaks, exactly; empty for an accept case, and where the fault
    /// is of another kind.
    pub rules: Vec<Rule>,
    /// The rules whose over-strict reading an accept case would catch.
    pub guards: Vec<Rule>,
    /// Why it matters.
    pub why: String,
    /// How to mend a server that gets it wrong.
    pub fix: String,
    /// What a target must have or declare for the case to apply.
    pub needs: Vec<Need>,
    /// The conversation; the last step is judged.
    pub steps: Vec<Step>,
}

impl Case {
    /// What a report lists: the rules broken, or those guarded.
    pub fn concerned(&self) -> &[Rule] {
        if self.rules.is_empty() { &self.guards } else { &self.rules }
    }

    /// The names of its operators, in order.
    pub fn operators(&self) -> Vec<String> {
        self.steps.iter().flat_map(|step| &step.operators).map(Operator::to_string).collect()
    }

    /// The honest exchange of this case's base: what an accept twin plays.
    pub fn twin(base: Base) -> Self {
        Self {
            id: format!("twin.{base}"),
            title: format!("An honest {} of {}", base.kind.as_str(), base.generation),
            family: "twin".to_owned(),
            catalogue: Vec::new(),
            level: Level::Must,
            severity: Severity::High,
            class: Class::FalseReject,
            clauses: Vec::new(),
            base,
            expectation: Expectation::Accept,
            fault: Fault::Rules,
            rules: Vec::new(),
            guards: Vec::new(),
            why: String::new(),
            fix: String::new(),
            needs: Vec::new(),
            steps: base.steps(Vec::new()),
        }
    }
}

/// One step of the conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What later steps call it.
    pub name: Option<String>,
    /// What is done.
    pub action: Action,
    /// Name of the user on whose behalf it is done.
    pub account: String,
    /// Name of the device that does it.
    pub device: String,
    /// Edits of what is sent, in order.
    pub operators: Vec<Operator>,
    /// What a step before the last is expected to meet, so that the last says something.
    pub expectation: Expectation,
    /// Which node of the target is asked, counted from 0.
    pub node: usize,
    /// Whether what it makes is kept for later steps and not sent.
    pub kept: bool,
}

/// What a step does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Asks for a challenge, to be used by name.
    Challenge(Purpose),
    /// Enrols the device's key.
    Attest {
        /// The challenge of that name; without one a fresh challenge is asked for first.
        challenge: Option<String>,
    },
    /// Sends a protected request.
    Assert {
        /// The challenge of that name; without one a fresh challenge is asked for first.
        challenge: Option<String>,
    },
    /// Sends the request of an earlier step again, byte for byte where the account is the same.
    Replay {
        /// The name of that step.
        of: String,
    },
    /// Asks for many challenges at a time and looks at all of them.
    Draw {
        /// What they are for.
        purpose: Purpose,
        /// How many.
        times: u32,
        /// What must hold of them.
        must: Vec<Property>,
    },
    /// Sends the requests of earlier steps so that they reach the server together.
    Together {
        /// The names of those steps.
        of: Vec<String>,
        /// How often each is sent.
        times: u32,
        /// The name of a step whose request is begun before, and never finished.
        beside: Option<String>,
        /// How often that is begun.
        beside_times: u32,
    },
    /// Gives the device's key up.
    Revoke,
    /// Ends the user's session.
    Logout,
    /// Restarts the server, or the node.
    Restart,
    /// Lets the lifetime of a challenge pass.
    Wait,
}

impl Action {
    /// The word, as `do` has it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Challenge(_) => "challenge",
            Self::Attest { .. } => "attest",
            Self::Assert { .. } => "assert",
            Self::Replay { .. } => "replay",
            Self::Draw { .. } => "draw",
            Self::Together { .. } => "together",
            Self::Revoke => "revoke",
            Self::Logout => "logout",
            Self::Restart => "restart",
            Self::Wait => "wait",
        }
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )* }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name { $( $(#[$doc])* #[serde(rename = $word)] $variant, )* }

        impl $name {
            /// The word, as case files and records write it.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// How binding a case is.
    Level {
        /// Apple's text, or the security of the scheme, demands it.
        Must = "must",
        /// A standard or hygiene demands it; the other outcome is no forgery.
        Should = "should",
        /// Either outcome can be defended.
        May = "may",
        /// Recorded only.
        Info = "info",
    }
}

words! {
    /// How bad it is to get a case wrong.
    Severity {
        /// A forged client is accepted, or a whole class of genuine devices refused.
        Critical = "critical",
        /// Replay, use across users or apps, or many false refusals.
        High = "high",
        /// A weakened defence, or refusals now and then.
        Medium = "medium",
        /// Hygiene.
        Low = "low",
    }
}

words! {
    /// What getting a case wrong would be.
    Class {
        /// A forged, foreign or broken object is accepted.
        FalseAccept = "false-accept",
        /// A genuine object is refused.
        FalseReject = "false-reject",
        /// The server ends, or answers nothing.
        Crash = "crash",
        /// The server spends far more than the client.
        Dos = "dos",
        /// Something is told that should not be.
        Leak = "leak",
        /// What the server remembers is wrong.
        State = "state",
        /// Two requests at once get what one alone would not.
        Race = "race",
    }
}

words! {
    /// What a target must decide.
    Expectation {
        /// It must accept.
        Accept = "accept",
        /// It must refuse.
        Reject = "reject",
        /// It must decide, either way.
        Either = "either",
        /// Of the requests sent together it must accept exactly one.
        One = "one",
    }
}

words! {
    /// What is wrong with a request that tells a lie.
    Fault {
        /// It breaks rules, and the case says which.
        Rules = "rules",
        /// It is no request of the target's API: a value or the body cannot be read as agreed.
        Form = "form",
        /// A place that follows from the seed is damaged; which rule tells follows from the place.
        Damage = "damage",
    }
}

words! {
    /// What must hold of challenges that were handed out.
    Property {
        /// Each has 16 bytes or more.
        Long = "long",
        /// No two are equal.
        Different = "different",
        /// They differ in many places: whoever knows some cannot guess the next.
        Unpredictable = "unpredictable",
        /// No cache may hand one out again.
        Uncached = "uncached",
    }
}
