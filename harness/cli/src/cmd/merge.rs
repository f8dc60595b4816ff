//! `assay merge`: several targets on one board.

use crate::args::MergeArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::folder;
use crate::github::Workflow;
use crate::output::print;
use report::{Scoreboard, Summary};
use std::path::Path;

/// Puts records on one board; the exit code is that of reading and writing, not of the runs.
pub(crate) fn merge(args: &MergeArgs) -> Result<ExitCode, Failed> {
    let mut summaries = Vec::with_capacity(args.records.len());
    for path in &args.records {
        let mut summary = Summary::fold(&folder::read(path)?);
        // Most of a record is evidence, which a board does not show.
        summary.evidence.clear();
        summaries.push(summary);
    }
    let board = Scoreboard::of(&summaries);
    if let Some(out) = &args.out {
        write(&board, out)?;
    }
    if args.json {
        print(&board.json());
    } else if args.markdown {
        print(&board.markdown());
    } else {
        Workflow::of_environment().aside(|| print(&board.terminal()));
        if let Some(out) = &args.out {
            print(&format!("scoreboard: {}", out.join("scoreboard.html").display()));
        }
    }
    Ok(ExitCode::Ok)
}

fn write(board: &Scoreboard, out: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(out).map_err(|error| Failed::file("create", out, &error))?;
    for (name, text) in [
        ("scoreboard.html", board.html()),
        ("scoreboard.md", board.markdown()),
        ("scoreboard.json", board.json()),
    ] {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|error| Failed::file("write", &path, &error))?;
    }
    Ok(())
}
