//! `assay export`: frozen vectors, for verifiers in other languages.

use crate::args::ExportArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::output::print;
use catalogue::vectors::{files, sum};
use simulator::Seed;

/// Writes the vectors of a seed and prints their hashes as `sha256sum --check` reads them; what
/// stands there under other names is left alone.
pub(crate) fn export(args: &ExportArgs) -> Result<ExitCode, Failed> {
    let folder = &args.out;
    let files = files(&Seed::from_text(&args.seed))
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    std::fs::create_dir_all(folder).map_err(|error| Failed::file("create", folder, &error))?;
    for (name, text) in files {
        let path = folder.join(&name);
        std::fs::write(&path, &text).map_err(|error| Failed::file("write", &path, &error))?;
        print(&sum(&name, &text));
    }
    Ok(ExitCode::Ok)
}
