//! App Attest as bytes and rules, without input or output.
//!
//! Three layers, each usable alone:
//!
//! * [`terms`]: the nouns (App ID, key id, environment, nonce).
//! * [`wire`]: bytes to structures, nothing judged. A structure that cannot be read is a
//!   [`wire::Malformed`] with its offset; whatever is legal but unlike a genuine object is a
//!   [`wire::Deviation`].
//! * [`verify`]: the reference verifier, a list of (rule, check) in Apple's order. It stops at
//!   the first broken rule or collects all of them.
//!
//! [`relying_party`] puts them behind challenges, keys and counters: a pure state machine.
//! [`explain`] names every byte of an object, for people.
//! [`flaw`] is what can be planted in both, to see whether anybody notices.
//!
//! # Glossary
//!
//! Apple's and WebAuthn's words, and the other names they go by:
//!
//! | word | also |
//! | --- | --- |
//! | authenticator data | authData |
//! | counter | signCount |
//! | credential certificate | credCert, leaf, `x5c[0]` |
//! | client data hash | clientDataHash; a hash of the challenge (attestation) or of the request (assertion) |
//! | key id | keyId, credentialId |
//! | App ID | RP ID; `PREFIX.bundle.identifier` |

pub mod explain;
pub mod flaw;
pub mod memory;
pub mod relying_party;
pub mod terms;
pub mod verify;
pub mod wire;
