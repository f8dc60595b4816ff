//! Files of known failures: read for a run, and kept up to date.

use super::run::LONGEST_WAIT;
use crate::args::{KnownCommand, KnownUpdateArgs};
use crate::cases;
use crate::exit_code::{ExitCode, Failed};
use crate::folder;
use crate::output::print;
use crate::session::day;
use catalogue::Case;
use jiff::Timestamp;
use judge::known::{Addition, Known, update};
use runners::conformance::premises;
use std::path::Path;
use targets::{Dialect, TargetFile};

/// Reads a file of known failures, if one is given, and finds its cases.
pub(crate) fn read(
    file: Option<&Path>,
    folder: Option<&Path>,
    now: Timestamp,
) -> Result<Option<Known>, Failed> {
    let Some(file) = file else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|error| Failed::file("read", file, &error))?;
    parse(&text, file, folder, now).map(Some)
}

fn parse(text: &str, file: &Path, folder: Option<&Path>, now: Timestamp) -> Result<Known, Failed> {
    let known = Known::parse(text, &file.display().to_string(), day(now)).map_err(Failed::usage)?;
    let all = cases::all(folder)?;
    let ids: Vec<&str> = all.iter().map(|case| case.id.as_str()).collect();
    known.resolve(&ids, catalogue::select::matches).map_err(Failed::usage)
}

/// Refuses, before anything is sent, an entry for a case that does not apply: it hides nothing.
pub(crate) fn hides_something(
    known: &Known,
    file: &TargetFile,
    selected: &[Case],
) -> Result<(), Failed> {
    let dialect = Dialect::new(file).map_err(Failed::usage)?;
    let premises = premises(&dialect, LONGEST_WAIT);
    for entry in known.entries_for(&file.name) {
        for case in selected.iter().filter(|case| entry.cases.contains(&case.id)) {
            if let Some(why) = premises.missing(case) {
                return Err(Failed::usage(entry.error(
                    &known.file,
                    format!(
                        "`{}` does not apply to this target, so that this hides nothing: {why}",
                        case.id
                    ),
                )));
            }
        }
    }
    Ok(())
}

/// `assay known`.
pub(crate) fn known(command: &KnownCommand, now: Timestamp) -> Result<ExitCode, Failed> {
    match command {
        KnownCommand::Update(args) => bring_up_to_date(args, now),
    }
}

/// Brings a file up to date with a record; 1 if something fails that was left out of it.
fn bring_up_to_date(args: &KnownUpdateArgs, now: Timestamp) -> Result<ExitCode, Failed> {
    let text = match std::fs::read_to_string(&args.file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(Failed::file("read", &args.file, &error)),
    };
    let known = parse(&text, &args.file, args.folder.as_deref(), now)?;
    let record = folder::read(&args.record)?;
    let addition = Addition {
        owner: &args.owner,
        today: day(now),
        days: args.days,
        accept_critical: args.accept_critical,
    };
    let updated = update(&text, &known, &record, &addition).map_err(Failed::usage)?;
    if updated.text != text {
        std::fs::write(&args.file, &updated.text)
            .map_err(|error| Failed::file("write", &args.file, &error))?;
    }
    for (word, ids) in [("added", &updated.added), ("removed", &updated.removed)] {
        for id in ids {
            print(&format!("{word}  {id}"));
        }
    }
    for left in &updated.left {
        print(&format!("left  {left}"));
    }
    print(&format!(
        "{}: {} added, {} removed, {} left to you",
        args.file.display(),
        updated.added.len(),
        updated.removed.len(),
        updated.left.len()
    ));
    Ok(if updated.left.is_empty() { ExitCode::Ok } else { ExitCode::WrongVerdict })
}
