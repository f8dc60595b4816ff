//! What a request is about: the values that a target file's templates can name.

use crate::session::Session;
use protocol::relying_party::Purpose;
use protocol::terms::KeyId;
use std::collections::{BTreeMap, btree_map};
use std::ops::{Deref, DerefMut};

/// A step that a target file may spell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Ask for a challenge.
    Challenge,
    /// Enrol a key.
    Attest,
    /// Send a protected request.
    Assert,
    /// Give a key up.
    Revoke,
    /// End the user's session.
    Logout,
    /// Restart the server, or the node that is asked; the answer comes when it serves again.
    Restart,
    /// Forget everything, before the first case.
    Reset,
    /// The next request of the login that `[[session.setup]]` spells.
    Login,
}

impl Operation {
    /// All of them, in the order of a conversation.
    pub const ALL: [Self; 8] = [
        Self::Challenge,
        Self::Attest,
        Self::Assert,
        Self::Revoke,
        Self::Logout,
        Self::Restart,
        Self::Reset,
        Self::Login,
    ];

    /// Those that a target file spells under `[step]`.
    pub const STEPS: [Self; 7] = [
        Self::Challenge,
        Self::Attest,
        Self::Assert,
        Self::Revoke,
        Self::Logout,
        Self::Restart,
        Self::Reset,
    ];

    /// The name: `challenge`, `attest`, `assert`, `revoke`, `logout`, `restart`, `reset` or `login`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Challenge => "challenge",
            Self::Attest => "attest",
            Self::Assert => "assert",
            Self::Revoke => "revoke",
            Self::Logout => "logout",
            Self::Restart => "restart",
            Self::Reset => "reset",
            Self::Login => "login",
        }
    }

    /// The operation of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name)
    }
}

/// What later requests need from earlier answers, by the names that `save` gives them, and the
/// session they are made in.
///
/// [`CHALLENGE_TEXT`] is always among them once a challenge was handed out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Saved {
    values: BTreeMap<String, String>,
    session: Session,
}

impl Saved {
    /// Nothing, in a session that has not begun.
    pub fn new() -> Self {
        Self::default()
    }

    /// The session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// The session, to be changed or exchanged for another.
    pub fn session_mut(&mut self) -> &mut Session {
        &mut self.session
    }
}

impl Deref for Saved {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.values
    }
}

impl DerefMut for Saved {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.values
    }
}

impl FromIterator<(String, String)> for Saved {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(values: I) -> Self {
        Self { values: values.into_iter().collect(), session: Session::default() }
    }
}

impl<const N: usize> From<[(String, String); N]> for Saved {
    fn from(values: [(String, String); N]) -> Self {
        values.into_iter().collect()
    }
}

impl IntoIterator for Saved {
    type Item = (String, String);
    type IntoIter = btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.into_iter()
    }
}

impl<'s> IntoIterator for &'s Saved {
    type Item = (&'s String, &'s String);
    type IntoIter = btree_map::Iter<'s, String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.values.iter()
    }
}

/// The name under which every target file saves the challenge as the server wrote it.
pub const CHALLENGE_TEXT: &str = "challenge_text";

/// A binary value of a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// Written in the encoding that the target file's conventions name.
    Bytes(Vec<u8>),
    /// Sent exactly so, whatever the conventions: for values that lie about their encoding.
    Text(String),
    /// In JSON this value where the text would be; its own text elsewhere.
    Json(serde_json::Value),
}

impl From<KeyId> for Field {
    fn from(key_id: KeyId) -> Self {
        Self::Bytes(key_id.0.to_vec())
    }
}

impl From<Vec<u8>> for Field {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

/// The values of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Which node of the target it goes to, counted from 0 and wrapped around.
    pub node: usize,
    /// `${account}`: the user it is made for.
    pub account: String,
    /// `${purpose}`: what a challenge is asked for.
    pub purpose: Purpose,
    /// `${key_id}`.
    pub key_id: Option<Field>,
    /// `${attestation}`.
    pub attestation: Option<Field>,
    /// `${assertion}`.
    pub assertion: Option<Field>,
    /// `${client_data}`: the exact bytes that were hashed; without it the `assert` template is rendered.
    pub client_data: Option<Vec<u8>>,
    /// `${opaque_id}`: tells this request from all others, and nothing else; `${uuid}` is derived from it.
    pub opaque_id: String,
}

impl Facts {
    /// Facts of a request for `account`, told from others by `opaque_id`; everything else is empty.
    pub fn new(account: impl Into<String>, opaque_id: impl Into<String>) -> Self {
        Self {
            node: 0,
            account: account.into(),
            purpose: Purpose::Attest,
            key_id: None,
            attestation: None,
            assertion: None,
            client_data: None,
            opaque_id: opaque_id.into(),
        }
    }
}
