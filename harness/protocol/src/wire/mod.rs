//! Bytes to structures, nothing judged.
//!
//! Every decoder takes a slice, borrows from it, and gives either a structure or a [`Malformed`]
//! that names the first byte it could not accept. What is legal but unlike any genuine object
//! (key order, indefinite lengths, non-minimal lengths, unknown keys, tags) is accepted and
//! reported as a [`Deviation`]: a server may be lenient there, so a verdict must not hang on it.
//!
//! No decoder recurses without a bound or reserves memory for a length it has only been told. All
//! that one call allocates, also what it releases again, comes to at most 64 bytes for each byte of
//! input and 24 KiB besides, the room for its words about 32 deviations: a list of one-byte items is
//! a list of slices of 16 bytes each, that grew by doubling. A program of its own counts
//! (`simulator/tests/allocations`).

mod assertion;
mod attestation_object;
mod authenticator_data;
mod cbor;
mod certificate;
mod der;
mod extension;
mod malformed;
pub mod oid;
mod properties;
mod receipt;
mod signed_data;
mod tlv;

pub use assertion::Assertion;
pub use attestation_object::AttestationObject;
pub use authenticator_data::{AttestedCredential, AuthenticatorData, CoseKey, Extensions};
pub use certificate::{Certificate, Curve, SignatureAlgorithm};
pub use extension::{BasicConstraints, Extension, KeyUsage};
pub use malformed::{Deviation, Malformed};
pub use receipt::{Receipt, ReceiptField};
pub use signed_data::Signer;
