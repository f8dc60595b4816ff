//! From a description of an API, or a recording of it, to a target file that people complete.
//!
//! Three kinds of text are read: an OpenAPI document, a HAR recording, and curl command lines. Each
//! becomes a list of sightings; the three routes of a conversation are chosen among them by
//! what they carry and what they are called; and what recorded objects prove is proven and not
//! guessed. What is guessed says from where, and what cannot be found is asked.

mod answers;
mod bindings;
mod curl;
mod encoded;
mod error;
mod evidence;
mod har;
mod kind;
mod openapi;
mod recorded;
mod role;
mod routes;
mod sighting;
mod write;

pub use error::ProposeError;
pub use kind::Kind;

use protocol::terms::AppId;
use sighting::Sightings;

/// The longest text that is read: recordings of browsers are large.
pub const LONGEST: usize = 64 << 20;

/// What a proposal is made of.
#[derive(Debug, Clone, Copy)]
pub struct Input<'i> {
    /// The description or the recording.
    pub text: &'i str,
    /// What the text is called where it is named.
    pub name: &'i str,
    /// What it is; told from the text if it is not said.
    pub kind: Option<Kind>,
    /// The App ID that the server serves, if that is known.
    pub app_id: Option<&'i AppId>,
}

/// A target file to be completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The target file. Every line that begins with `# ?` asks something.
    pub text: String,
    /// What was found and where, and what was not, a sentence each.
    pub remarks: Vec<String>,
    /// How many lines ask something.
    pub questions: usize,
    /// Whether all three routes were found, so that the text can be read as it stands.
    pub complete: bool,
}

/// Reads the text and proposes a target file.
pub fn propose(input: &Input<'_>) -> Result<Proposal, ProposeError> {
    if input.text.len() > LONGEST {
        return Err(ProposeError::new(
            input.name,
            format!("more than {} MiB; cut it down to the requests that matter", LONGEST >> 20),
        ));
    }
    let kind = match input.kind {
        Some(kind) => kind,
        None => Kind::of(input.text, input.name)?,
    };
    let seen: Sightings = match kind {
        Kind::OpenApi => openapi::read(input.text, input.name)?,
        Kind::Har => har::read(input.text, input.name)?,
        Kind::Curl => curl::read(input.text, input.name)?,
    };
    if seen.requests.is_empty() {
        return Err(ProposeError::new(input.name, format!("no request in this {}", kind.noun())));
    }
    Ok(write::proposal(input, kind, &seen))
}

#[cfg(test)]
mod tests;
