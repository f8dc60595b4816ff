//! What a line of an adapter comes to, without the process that wrote it.

use super::backend::Said;
use super::desk;
use super::message::{Answer, Ask, Unread};
use super::told::{self, Stop};
use super::trouble::Trouble;
use crate::decision::Decision;

/// A line that is read as the answer to an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The id it repeats; none if it is no answer at all.
    pub id: Option<String>,
    /// What it says of the operation.
    pub answer: Result<Answer, Trouble>,
    /// What a record shows for it, if the operation asks for a decision.
    pub decision: Decision,
}

/// Reads a line, without its line break, as the answer to `ask`: what the harness does with each that
/// an adapter writes.
pub fn hear(ask: &Ask, line: &[u8]) -> Heard {
    let (id, answer) = match desk::answer(line) {
        Ok((id, value)) => (Some(id), Answer::read(ask, value).map_err(Unread::trouble)),
        Err(why) => (None, Err(Trouble::Unreadable(why))),
    };
    let decision = match told::yes(Said { answer: answer.clone(), text: String::new() }) {
        Ok((_, told)) | Err(Stop::Said(told)) => told.decision,
        Err(Stop::Refused(refusal)) => told::refused(&refusal),
    };
    Heard { id, answer, decision }
}
