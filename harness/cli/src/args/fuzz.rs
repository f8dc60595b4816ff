//! What `assay fuzz` is told.

use super::Target;
use super::values::duration;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

pub(super) const FUZZ_HELP: &str = "\
A trial is a valid exchange and one to four edits, drawn from all operators that
the cases are written in, sealed again and sent as a case is. The reference
verifier says which rules the bytes break, and the judge of the cases gives the
verdict, between honest devices. What shows something is made as simple as it
goes and kept in the folder of the run:

  regressions/NAME/recipe.toml         # the exchange, its edits, and the seed
  regressions/NAME/attestation.bin     # what was sent; .twin.bin: what is honest

  assay fuzz my-server.toml --authority FILE --for 60s
  assay fuzz --flaw drop.att.nonce --trials 500      # see it bite
  assay fuzz a.toml --target b.toml --authority FILE # where two servers differ
  assay fuzz my-server.toml --authority FILE --recipe regressions/NAME
  assay promote regressions/NAME                     # make a case of it

The same seed asks the same. Exit codes: 1 a wrong decision, 6 nothing could be
decided, 0 none was wrong; where two servers differ and either may be right,
that is told and is no failure.";

#[derive(Debug, Args)]
pub(crate) struct FuzzArgs {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Target file of a second server that is asked the same, to be compared
    #[arg(long = "target", value_name = "FILE")]
    pub(crate) second: Option<PathBuf>,
    /// How long to go on [default: 60s, or until --trials are done]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) time: Option<Duration>,
    /// So many trials and no more
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) trials: Option<u64>,
    /// Ask about one recipe only: its file, or the folder it was kept in
    #[arg(long, value_name = "FILE", conflicts_with_all = ["time", "trials"])]
    pub(crate) recipe: Option<PathBuf>,
}
