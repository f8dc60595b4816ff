//! A target file put to work, without input or output: facts become requests, answers decisions.

mod cbor;
mod multipart;
pub(crate) mod names;
mod read;
mod request;

pub use read::Answer;
pub(crate) use read::printable;
pub use request::WireRequest;

use crate::encoding::Encoding;
use crate::facts::{CHALLENGE_TEXT, Facts, Operation, Saved};
use crate::file::{Challenge, CookiePolicy, TargetFile};
use crate::secrets::Secrets;
use crate::session::{self, Cookies};
use crate::template::Templates;
use request::{Making, Prepared, PreparedHeaders};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use url::Url;

/// How one server is spoken to.
#[derive(Debug, Clone)]
pub struct Dialect {
    file: TargetFile,
    templates: Templates,
    /// Headers of every request.
    headers: PreparedHeaders,
    steps: BTreeMap<Operation, Prepared>,
    /// The requests of the login, each with the headers of those after it.
    logins: Vec<(Prepared, PreparedHeaders)>,
    client_data: request::ClientData,
    /// The cookies of all requests, where all share them.
    shared: SharedCookies,
}

#[derive(Clone, Default)]
struct SharedCookies(Cookies);

impl std::fmt::Debug for SharedCookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SharedCookies").finish_non_exhaustive()
    }
}

/// What requests of the login are called in errors.
const LOGIN: &str = "session.setup";

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
                Prepared::new(&mut templates, operation.as_str(), &file.nodes, &step.request)
                    .map(|prepared| (*operation, prepared))
            })
            .collect::<Result<_, _>>()?;
        let headers = PreparedHeaders::new(&mut templates, "headers", &file.headers)?;
        let mut logins = Vec::new();
        for login in &file.session.setup {
            let prepared = Prepared::new(&mut templates, LOGIN, &file.nodes, &login.request)?;
            logins.push((
                prepared,
                PreparedHeaders::new(&mut templates, LOGIN, &login.then_headers)?,
            ));
        }
        let client_data = request::ClientData::new(&mut templates, &file.assert_template)?;
        let shared = SharedCookies::default();
        Ok(Self { file: file.clone(), templates, headers, steps, logins, client_data, shared })
    }

    /// The target file it was made of.
    pub fn file(&self) -> &TargetFile {
        &self.file
    }

    /// Whether the target file spells a step, or how the server is restarted without one.
    pub fn speaks(&self, operation: Operation) -> bool {
        match operation {
            Operation::Login => !self.logins.is_empty(),
            Operation::Restart => {
                self.file.restart.is_some() || self.steps.contains_key(&operation)
            }
            Operation::Challenge
            | Operation::Attest
            | Operation::Assert
            | Operation::Revoke
            | Operation::Logout
            | Operation::Reset => self.steps.contains_key(&operation),
        }
    }

    /// The request of a step, ready to be sent; of the login the one that comes next.
    pub fn request(
        &self,
        operation: Operation,
        facts: &Facts,
        saved: &Saved,
    ) -> Result<WireRequest, DialectError> {
        let logins = saved.session().logins();
        let prepared = match operation {
            Operation::Login => self.logins.get(logins).map(|(request, _)| request),
            Operation::Challenge
            | Operation::Attest
            | Operation::Assert
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset => self.steps.get(&operation),
        };
        let prepared = prepared.ok_or(DialectError::NoStep(operation))?;
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
                | Operation::Restart
                | Operation::Reset
                | Operation::Login,
            ) => None,
        };
        let client_data = facts.client_data.as_deref().or(rendered.as_deref());
        let values = names::values(&self.file, facts, saved, client_data);
        let session = self.logins.iter().take(logins).map(|(_, then)| then);
        let making = Making {
            templates: &self.templates,
            file: &self.file,
            common: [&self.headers].into_iter().chain(session).collect(),
            cookies: &|url| self.cookies(saved)?.header(url),
        };
        prepared.request(&making, facts.node, &values)
    }

    /// The client data of a protected request: the exact bytes to be hashed and sent.
    pub fn client_data(&self, facts: &Facts, saved: &Saved) -> Result<Vec<u8>, DialectError> {
        self.client_data.render(&self.templates, &names::values(&self.file, facts, saved, None))
    }

    /// The cookies that go with what was saved, if any are kept.
    fn cookies<'s>(&'s self, saved: &'s Saved) -> Option<&'s Cookies> {
        match self.file.session.cookies {
            CookiePolicy::None => None,
            CookiePolicy::PerAccount | CookiePolicy::PerDevice => Some(saved.session().cookies()),
            CookiePolicy::Shared => Some(&self.shared.0),
        }
    }

    /// Keeps the cookies that an answer sets, whatever else it says.
    pub fn keep_cookies(&self, url: &Url, headers: &http::HeaderMap, saved: &Saved) {
        if let Some(cookies) = self.cookies(saved) {
            cookies.keep(url, headers);
        }
    }

    /// What must not be shown: the target file's secrets, what the login left, and every cookie.
    pub fn secrets(&self, saved: &Saved) -> Cow<'_, Secrets> {
        let file = &self.file.secrets;
        if self.logins.is_empty() && self.file.session.cookies == CookiePolicy::None {
            return Cow::Borrowed(file);
        }
        let none = Cookies::default();
        let cookies = self.cookies(saved).unwrap_or(&none);
        session::secrets_of(saved.session(), cookies)
            .map_or(Cow::Borrowed(file), |others| Cow::Owned(file.and(&others)))
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
