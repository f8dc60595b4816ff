//! A target file put to work, without input or output: facts become requests, answers decisions.

pub(crate) mod names;
mod read;
mod request;

pub use read::Answer;
pub use request::WireRequest;

use crate::encoding::Encoding;
use crate::facts::{CHALLENGE_TEXT, Facts, Operation, Saved};
use crate::file::{Challenge, TargetFile};
use crate::template::Templates;
use request::Prepared;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How one server is spoken to.
#[derive(Debug, Clone)]
pub struct Dialect {
    file: TargetFile,
    templates: Templates,
    steps: BTreeMap<Operation, Prepared>,
    client_data: request::ClientData,
}

/// Why a request could not be written. The target had no part in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DialectError {
    /// The target file does not spell this step.
    #[error("the target file has no step `{}`", .0.as_str())]
    NoStep(Operation),
    /// A template names a value that this request does not have, or cannot write.
    #[error("step `{step}`: {what}")]
    Template {
        /// The step, or `templates.assert`.
        step: &'static str,
        /// What the template engine said.
        what: String,
    },
    /// A rendered value does not fit where it stands.
    #[error("step `{step}`: {what}")]
    Unfit {
        /// The step.
        step: &'static str,
        /// What does not fit where.
        what: String,
    },
    /// The challenge is not written as the target file says.
    #[error("the challenge `{text}` is not written in {}", .encoding.as_str())]
    Challenge {
        /// Its beginning.
        text: String,
        /// How it should be written.
        encoding: Encoding,
    },
}

impl Dialect {
    /// Compiles a target file's templates. It fails only for a file that was changed after parsing.
    pub fn new(file: &TargetFile) -> Result<Self, DialectError> {
        let mut templates = Templates::new();
        let steps = file
            .steps
            .iter()
            .map(|(operation, step)| {
                Prepared::new(&mut templates, file, *operation, step)
                    .map(|prepared| (*operation, prepared))
            })
            .collect::<Result<_, _>>()?;
        let client_data = request::ClientData::new(&mut templates, &file.assert_template)?;
        Ok(Self { file: file.clone(), templates, steps, client_data })
    }

    /// The target file it was made of.
    pub fn file(&self) -> &TargetFile {
        &self.file
    }

    /// Whether the target file spells a step.
    pub fn speaks(&self, operation: Operation) -> bool {
        self.steps.contains_key(&operation)
    }

    /// The request of a step, ready to be sent.
    pub fn request(
        &self,
        operation: Operation,
        facts: &Facts,
        saved: &Saved,
    ) -> Result<WireRequest, DialectError> {
        let prepared = self.steps.get(&operation).ok_or(DialectError::NoStep(operation))?;
        // A protected request carries client data; whoever brings none gets the template's.
        let rendered = match (&facts.client_data, operation) {
            (None, Operation::Assert) => Some(self.client_data(facts, saved)?),
            (
                _,
                Operation::Challenge
                | Operation::Attest
                | Operation::Assert
                | Operation::Revoke
                | Operation::Logout
                | Operation::Restart,
            ) => None,
        };
        let client_data = facts.client_data.as_deref().or(rendered.as_deref());
        let values = names::values(&self.file, facts, saved, client_data);
        prepared.request(&self.templates, &self.file, facts.node, &values)
    }

    /// The client data of a protected request: the exact bytes to be hashed and sent.
    pub fn client_data(&self, facts: &Facts, saved: &Saved) -> Result<Vec<u8>, DialectError> {
        self.client_data.render(&self.templates, &names::values(&self.file, facts, saved, None))
    }

    /// The client data hash that `attestKey` is given for a challenge, by the target's convention.
    pub fn attest_client_data_hash(&self, challenge_text: &str) -> Result<Vec<u8>, DialectError> {
        let bytes = || {
            let encoding = self.file.conventions.challenge;
            encoding.decode(challenge_text).ok_or_else(|| DialectError::Challenge {
                text: challenge_text.chars().take(100).collect(),
                encoding,
            })
        };
        Ok(match self.file.conventions.attest_client_data_hash {
            Challenge::Sha256OfText => Sha256::digest(challenge_text).to_vec(),
            Challenge::Sha256OfBytes => Sha256::digest(bytes()?).to_vec(),
            Challenge::Text => challenge_text.as_bytes().to_vec(),
            Challenge::Bytes => bytes()?,
        })
    }

    /// The challenge that was handed out last.
    pub fn challenge<'s>(&self, saved: &'s Saved) -> Option<&'s str> {
        saved.get(CHALLENGE_TEXT).map(String::as_str)
    }
}

#[cfg(test)]
mod tests;
