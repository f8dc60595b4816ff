//! What became of a request: a decision, and what was said about it.

use super::backend::Said;
use super::message::{Answer, Decided, Verdict};
use crate::decision::Decision;
use crate::dialect::printable;
use protocol::relying_party::Refusal;
use std::collections::BTreeMap;

/// A decision, and what was said about it.
pub(super) struct Told {
    pub(super) decision: Decision,
    pub(super) text: String,
}

impl Told {
    /// A decision of the harness's own.
    pub(super) fn ours(decision: Decision) -> Self {
        Self { decision, text: String::new() }
    }
}

/// Why a request goes no further.
pub(super) enum Stop {
    /// The harness's relying party refuses it.
    Refused(Refusal),
    /// The adapter did not say yes.
    Said(Told),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub(super) fn accepted() -> Decision {
    Decision::Accepted { outputs: BTreeMap::new() }
}

pub(super) fn refused(refusal: &Refusal) -> Decision {
    match refusal {
        Refusal::Broken(rejection) => {
            Decision::Rejected { reason: Some(rejection.rule.id().to_owned()) }
        }
        Refusal::Failed(_) | Refusal::Full(_) | Refusal::RepeatedEntropy => {
            Decision::Unreachable { why: format!("the harness's own relying party: {refusal}") }
        }
    }
}

/// What the adapter found, if it said yes.
pub(super) fn yes(said: Said) -> Result<(Decided, Told), Stop> {
    let Said { answer, text } = said;
    let stop = |decision, text| Err(Stop::Said(Told { decision, text }));
    match answer {
        Err(trouble) => stop(trouble.decision(), text),
        Ok(Answer::Decided(decided)) => match decided.verdict {
            Verdict::Accept => {
                let decision = Decision::Accepted { outputs: reported(&decided) };
                Ok((decided, Told { decision, text }))
            }
            Verdict::Reject => {
                let reason = decided.reason.as_ref().and_then(|reason| reason.words());
                stop(Decision::Rejected { reason: reason.map(printable) }, text)
            }
            Verdict::Error => stop(Decision::Failed, text),
        },
        Ok(Answer::Hello(_) | Answer::Done(_) | Answer::Challenge(_)) => {
            let why = "an answer to another operation".to_owned();
            stop(Decision::Unreadable { why }, text)
        }
    }
}

/// What it reports besides, by the names that a judge compares.
fn reported(decided: &Decided) -> BTreeMap<String, String> {
    let Some(outputs) = &decided.outputs else { return BTreeMap::new() };
    let all = [
        ("counter", outputs.counter.map(|counter| counter.to_string())),
        ("key_id", outputs.key_id.as_ref().map(ToString::to_string)),
        ("public_key", outputs.public_key.as_ref().map(ToString::to_string)),
        ("environment", outputs.environment.map(|one| one.as_str().to_owned())),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
