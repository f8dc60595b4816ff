//! `assay promote`: a case, drafted of a recipe.

use crate::args::PromoteArgs;
use crate::cmd::fuzz::read_recipe;
use crate::console::write_line;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use catalogue::draft::{MARK, draft};
use catalogue::vectors::look;
use simulator::Seed;

/// Seeds that a recipe is tried with.
const SEEDS: u64 = 4;

/// Prints the draft, and what was found out about it.
pub(crate) fn promote(args: &PromoteArgs) -> Result<ExitCode, Failed> {
    let recipe = read_recipe(&args.recipe)?;
    let root = Seed::from_text("promote");
    let seen = (0..SEEDS)
        .map(|index| look(&recipe.case("fuzz.recipe"), &root.child("seed", index)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Failed::usage)?;
    let drafted = draft(&recipe, &seen, args.family.as_deref()).map_err(Failed::usage)?;
    print(&drafted.entry);
    for line in &drafted.told {
        write_line(line);
    }
    let family = &drafted.family;
    write_line(&format!(
        "Append it to corpora/cases/{family}.toml, or to {family}.toml in a folder of your own,"
    ));
    write_line(&format!(
        "which begins with `schema = 1` and `family = \"{family}\"`; replace what says {MARK}, and try it:"
    ));
    write_line("cargo test -p catalogue, or assay list --cases DIR");
    Ok(if drafted.settled { ExitCode::Ok } else { ExitCode::Inconclusive })
}
