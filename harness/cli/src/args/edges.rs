//! What `assay promote` and `assay export` are told.

use clap::Args;
use std::path::PathBuf;

pub(super) const PROMOTE_HELP: &str = "\
The draft goes to standard output and where it belongs to standard error. What a
case must say and no recipe knows is a line with FILL-IN. That the recipe tells
one lie is tried with four seeds: the rules it breaks stand in the draft.";

pub(super) const EXPORT_HELP: &str = "\
Frozen vectors for verifiers in any language: one JSON file a kind of object,
with the JSON Schema, the test roots and how to use them (README.md). The clock
stands still, signatures are those of RFC 6979, and the same seed gives the same
bytes on every machine. Test only; no evidence of conformance, for the answers
stand in the files. What is printed is what `sha256sum --check` reads; for the
default seed it is corpora/vectors/SHA256SUMS.";

#[derive(Debug, Args)]
pub(crate) struct PromoteArgs {
    /// A recipe, or the folder it was kept in
    #[arg(value_name = "RECIPE")]
    pub(crate) recipe: PathBuf,
    /// The family that the case belongs to [default: that of cases about the same rule]
    #[arg(long, value_name = "NAME")]
    pub(crate) family: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Seed of every key, any text; the default is that of the published vectors
    #[arg(long, value_name = "TEXT", default_value = "assay vectors 1")]
    pub(crate) seed: String,
}
