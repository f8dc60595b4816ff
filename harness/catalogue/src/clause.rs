//! The register of clauses: what demands the cases.

use crate::file::{CaseFileError, in_file};
use serde::Deserialize;

/// A sentence that demands something.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    /// Its permanent id, as cases name it.
    pub id: String,
    /// What it demands, in our words.
    pub words: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Register {
    #[serde(rename = "schema")]
    _schema: u32,
    clause: Vec<Clause>,
}

const FILE: &str = "corpora/clauses/clauses.toml";
const TEXT: &str = include_str!("../../../corpora/clauses/clauses.toml");

/// Every clause, in the order of the register.
///
/// An error means that this build is broken; it is tested that there is none.
pub fn clauses() -> Result<Vec<Clause>, CaseFileError> {
    toml::from_str::<Register>(TEXT)
        .map(|register| register.clause)
        .map_err(|error| in_file(FILE, TEXT, &error))
}
