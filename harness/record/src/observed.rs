//! What was observed while a case was played: facts only, whatever they may mean.
//!
//! A verdict is an opinion on these and can be formed again, today or next year, from the record
//! alone. Words rather than types: a record outlives the catalogue that made it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which roots the target trusts by its own account, and hence what a refusal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// The test root: a refusal is held against an honest twin.
    #[default]
    SwapRoot,
    /// Apple's root alone: nothing sent may be accepted, and no twin can be.
    AppleRoot,
    /// It is what ships: everything under the test root must be refused.
    ExpectUntrusted,
}

/// A case as it was played, before anybody judges it. Stands before the case's `case-finished`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseObserved {
    /// The case's permanent id.
    pub id: String,
    /// What the target must decide about what is judged: `accept`, `reject`, `either`, or `one` of
    /// the requests sent together.
    pub expectation: String,
    /// The reasons for a refusal that are right, as rule ids; empty if any is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// How closely the target's reasons are compared.
    #[serde(default)]
    pub reason_mode: ReasonMode,
    /// Which roots the target trusts.
    #[serde(default, skip_serializing_if = "Trust::is_default")]
    pub trust: Trust,
    /// The times it was played, each with keys of its own. Empty if it was not.
    pub attempts: Vec<Attempt>,
    /// Why it was not played, if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unplayed: Option<Unplayed>,
    /// The honest exchanges around it.
    pub twin: TwinObserved,
}

/// How closely the reason of a refusal is compared with the right ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReasonMode {
    /// Not at all.
    #[default]
    Ignore,
    /// The class: what stands before the first dot of a rule's id.
    Class,
    /// The rule itself.
    Exact,
}

/// One time that a case was played.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Attempt {
    /// The requests in the order sent, up to the first that met what the case could not go on from.
    pub turns: Vec<Observed>,
    /// Places in `turns` of what is judged: the last request, or those sent together. Empty if it
    /// did not come to that.
    pub judged: Vec<usize>,
}

/// One request and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What was sent, as in "attest (step 2)".
    pub what: String,
    /// What the case expects of it.
    pub expectation: String,
    /// What the target decided.
    #[serde(flatten)]
    pub decision: ObservedDecision,
    /// HTTP status, if an answer began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds from the start of the request to the end of the answer.
    pub elapsed_ms: f64,
    /// The beginning of the answer, printable, secrets masked.
    pub excerpt: String,
    /// What is true of what was sent, if it is honest about itself: reported values are held to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truth: Option<Truth>,
    /// What of an answer is not as it must be, though it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
}

/// What a target decided about one request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "decision", rename_all = "kebab-case")]
pub enum ObservedDecision {
    /// It said yes.
    Accept {
        /// What it reported along with it, by name.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        outputs: BTreeMap<String, String>,
    },
    /// It said no.
    Reject {
        /// In its own words, if it gave any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// The rule or class those words stand for; `None` if the target file does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// It said that it failed (5xx).
    Error,
    /// It asked to come back later, again and again.
    Throttled,
    /// An answer that no rule of the target file reads.
    Unreadable {
        /// What was wrong with it.
        why: String,
    },
    /// The connection was closed or reset without an answer.
    Crash {
        /// What the client library said.
        why: String,
    },
    /// No complete answer in time.
    Timeout,
    /// No connection could be made.
    Unreachable {
        /// What was tried and what the system said.
        why: String,
    },
}

/// What is true of an honest request; bytes in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// The counter it carries.
    pub counter: u32,
    /// The key id, 32 bytes.
    pub key_id: String,
    /// The public key, X9.62 uncompressed, 65 bytes.
    pub public_key: String,
    /// `production` or `development`.
    pub environment: String,
}

/// Why a case was not played.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "unplayed", rename_all = "kebab-case")]
pub enum Unplayed {
    /// It does not apply to this target.
    NotApplicable {
        /// What is missing, in one sentence.
        why: String,
    },
    /// It could not be sent: the target file cannot write it, or the run had given the target up.
    NotSent {
        /// What stood in the way, in one sentence.
        why: String,
    },
}

/// The honest exchanges around a case.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TwinObserved {
    /// The one played before it.
    pub before: Honest,
    /// The one played after it.
    pub after: Honest,
}

/// An honest exchange of the same kind and generation as a case's.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "twin", rename_all = "kebab-case")]
pub enum Honest {
    /// Nothing rests on it.
    #[default]
    Unneeded,
    /// It was not played.
    NotPlayed {
        /// Why not.
        why: String,
    },
    /// It was played.
    Played {
        /// The request that decided: the last, or the first that was not accepted.
        what: String,
        /// What the target decided about it.
        #[serde(flatten)]
        decision: ObservedDecision,
    },
}

impl CaseObserved {
    /// The request that a report shows: of the first attempt the one judged, or the one that ended
    /// it before. Of several sent together the one that decides: the last accepted, else the last.
    pub fn deciding(&self) -> Option<&Observed> {
        self.attempts.first()?.deciding()
    }
}

impl Attempt {
    /// The requests that are judged.
    pub fn judged(&self) -> impl Iterator<Item = &Observed> {
        self.judged.iter().filter_map(|place| self.turns.get(*place))
    }

    /// The requests that only lead to those.
    pub fn before(&self) -> impl Iterator<Item = &Observed> {
        let leads = |(place, _): &(usize, &Observed)| !self.judged.contains(place);
        self.turns.iter().enumerate().filter(leads).map(|(_, turn)| turn)
    }

    fn deciding(&self) -> Option<&Observed> {
        let accepted = |turn: &&Observed| matches!(turn.decision, ObservedDecision::Accept { .. });
        let judged: Vec<&Observed> = self.judged().collect();
        judged.iter().copied().rfind(accepted).or(judged.last().copied()).or(self.turns.last())
    }
}

impl Trust {
    /// The name, as target files and records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwapRoot => "swap-root",
            Self::AppleRoot => "apple-root",
            Self::ExpectUntrusted => "expect-untrusted",
        }
    }

    /// Whether it goes without saying.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl ReasonMode {
    /// All of them, the laxest first.
    pub const ALL: [Self; 3] = [Self::Ignore, Self::Class, Self::Exact];

    /// The name, as target files and records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Class => "class",
            Self::Exact => "exact",
        }
    }
}

impl ObservedDecision {
    /// accept, reject, error, throttled, unreadable, crash, timeout or unreachable.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Accept { .. } => "accept",
            Self::Reject { .. } => "reject",
            Self::Error => "error",
            Self::Throttled => "throttled",
            Self::Unreadable { .. } => "unreadable",
            Self::Crash { .. } => "crash",
            Self::Timeout => "timeout",
            Self::Unreachable { .. } => "unreachable",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observed(decision: ObservedDecision) -> Observed {
        Observed {
            what: "assert (step 1)".to_owned(),
            expectation: "one".to_owned(),
            decision,
            status: Some(200),
            elapsed_ms: 1.5,
            excerpt: String::new(),
            truth: None,
            broken: None,
        }
    }

    #[test]
    fn every_decision_survives_the_record_under_its_word() {
        let why = || "why".to_owned();
        for decision in [
            ObservedDecision::Accept { outputs: BTreeMap::from([(why(), why())]) },
            ObservedDecision::Reject { reason: Some(why()), code: None },
            ObservedDecision::Error,
            ObservedDecision::Throttled,
            ObservedDecision::Unreadable { why: why() },
            ObservedDecision::Crash { why: why() },
            ObservedDecision::Timeout,
            ObservedDecision::Unreachable { why: why() },
        ] {
            let turn = observed(decision);
            let text = serde_json::to_value(&turn).unwrap();
            assert_eq!(text["decision"], turn.decision.as_str());
            assert_eq!(serde_json::from_value::<Observed>(text).unwrap(), turn);
        }
    }

    #[test]
    fn the_deciding_request_is_one_that_was_accepted_if_any_was() {
        let yes = observed(ObservedDecision::Accept { outputs: BTreeMap::new() });
        let no = observed(ObservedDecision::Reject { reason: None, code: None });
        let attempt = Attempt {
            turns: vec![yes.clone(), no.clone(), yes.clone(), no],
            judged: vec![1, 2, 3],
        };
        assert_eq!(attempt.deciding(), Some(&yes));
        assert_eq!(attempt.before().count(), 1);
        assert_eq!(Attempt { judged: Vec::new(), ..attempt }.before().count(), 4);
    }
}
