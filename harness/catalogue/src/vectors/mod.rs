//! Frozen vectors: the catalogue as files, for verifiers in other languages.
//!
//! Same seed, same bytes: the clock stands still, signatures are those of RFC 6979, and each file's
//! schema is derived from the types that write it. The files take 9 MB, so that only their hashes
//! are kept (`corpora/vectors/SHA256SUMS`).

mod kinds;
mod made;
mod model;

pub use made::{Vectors, look};
pub use model::{
    AssertionTest, AttestationTest, AuthenticatorDataTest, File, Group, Head, Note, Read,
    ReceiptTest, Verdict,
};

use crate::file::CaseFileError;
use crate::operator::ClientDataError;
use protocol::terms::sha256;
use schemars::{JsonSchema, generate::SchemaSettings};
use serde::Serialize;
use simulator::Seed;

/// The time at which every object was made and is to be verified.
pub const NOW: &str = "2026-11-24T10:20:30.456Z";

/// The seed of the vectors that Assay publishes hashes of.
pub const SEED: &str = "assay vectors 1";

/// What people need to know who use the files.
const README: &str = include_str!("README.md");

/// Why the vectors could not be made; it is tested that they can.
#[derive(Debug, thiserror::Error)]
pub enum VectorsError {
    /// The cases of this build cannot be read.
    #[error(transparent)]
    Cases(#[from] CaseFileError),
    /// A root of the authority cannot be read.
    #[error("the test root: {0}")]
    Root(String),
    /// The client data of a case could not be made.
    #[error("{id}: {why}")]
    ClientData {
        /// The case.
        id: String,
        /// What went wrong.
        why: ClientDataError,
    },
}

/// Every file of the vectors of a seed: name and content.
pub fn files(seed: &Seed) -> Result<Vec<(String, String)>, VectorsError> {
    let vectors = Vectors::of(seed)?;
    let mut files = vec![("README.md".to_owned(), README.to_owned())];
    files.extend(both("attestation", &vectors.attestation));
    files.extend(both("assertion", &vectors.assertion));
    files.extend(both("receipt", &vectors.receipt));
    files.extend(both("authenticator_data", &vectors.authenticator_data));
    files.push(("test-root.pem".to_owned(), vectors.root_pem));
    files.push(("test-receipt-root.pem".to_owned(), vectors.receipt_root_pem));
    Ok(files)
}

/// The line about a file that `sha256sum --check` reads.
pub fn sum(name: &str, text: &str) -> String {
    format!("{}  {name}", hex::encode(sha256(&[text.as_bytes()])))
}

/// A file and its schema.
fn both<T: Serialize + JsonSchema>(kind: &str, file: &File<T>) -> [(String, String); 2] {
    let mut generator = SchemaSettings::draft07().into_generator();
    let schema = generator.root_schema_for::<File<T>>();
    [
        (format!("{kind}_test.json"), lines(file)),
        (format!("{kind}_test.schema.json"), lines(&schema.to_value())),
    ]
}

/// JSON that people can read, and compare line by line.
fn lines(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).expect("vectors have no maps with odd keys");
    text.push('\n');
    text
}
