//! Verifiers without a server: an adapter answers what the harness asks, object by object.
//!
//! The harness plays the relying party around it ([`AdapterTarget`]): challenges, accounts, keys
//! and counters are its own, and where the reference would verify, the adapter is asked. Neither
//! cases nor dialect know of it. An adapter never learns which case is played or what is expected.
//!
//! An adapter is a process that speaks JSON lines ([`Message`], [`schema`]), a command that is
//! started for each operation ([`Commands`]), or a [`Verifier`] in this process.

mod backend;
mod base64;
mod caps;
mod desk;
mod exec;
mod heard;
mod library;
mod lines;
mod message;
mod party;
mod process;
mod request;
pub mod schema;
mod target;
mod told;
mod trouble;

pub use self::base64::Base64;
pub use backend::{Limits, Said};
pub use caps::{Caps, Clock, Hello, Profile, Sut, Trust};
pub use exec::{Commands, PLACES};
pub use heard::{Heard, hear};
pub use library::Verifier;
pub use message::{
    Answer, Ask, AssertionAsked, AttestationAsked, Configuration, Decided, Done, EnrolmentAsked,
    Environment, Issued, Message, Outputs, PROTOCOL, PurposeName, Reason, RequestAsked,
    Unsupported, Verdict,
};
pub use target::{AdapterTarget, Listener, OpenError, Setting};
pub use trouble::Trouble;
