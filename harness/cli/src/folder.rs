//! The folder of a run: the record while it runs, the report afterwards.

use crate::exit_code::{ExitCode, Failed};
use record::Record;
use std::fs;
use std::path::{Path, PathBuf};

/// Name of the record inside a run's folder.
pub(crate) const RECORD: &str = "record.jsonl";

/// Makes the folder of a run: the one asked for, or `reports/<date>-<target>`, numbered if taken.
pub(crate) fn create(
    asked: Option<&Path>,
    target: &str,
    now: jiff::Timestamp,
) -> Result<PathBuf, Failed> {
    if let Some(folder) = asked {
        if folder.join(RECORD).exists() {
            return Err(Failed::usage(format_args!(
                "{} already holds a record; give another --out or remove it",
                folder.display()
            )));
        }
        make(folder)?;
        return Ok(folder.to_owned());
    }
    let day = &now.to_string()[..10];
    let slug: String = target
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '-' })
        .take(60)
        .collect();
    let parent = Path::new("reports");
    make(parent)?;
    for number in 1u32.. {
        let suffix = if number == 1 { String::new() } else { format!("-{number}") };
        let folder = parent.join(format!("{day}-{slug}{suffix}"));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(Failed::file("create", &folder, &error)),
        }
    }
    Err(Failed::new(ExitCode::Internal, "no free folder name"))
}

fn make(folder: &Path) -> Result<(), Failed> {
    fs::create_dir_all(folder).map_err(|error| Failed::file("create", folder, &error))
}

/// The record that a folder of a run holds, or the file itself.
pub(crate) fn record_in(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(RECORD) } else { path.to_owned() }
}

/// Reads the record of a folder of a run, or the file itself.
pub(crate) fn read(path: &Path) -> Result<Record, Failed> {
    Record::read(&record_in(path)).map_err(|error| Failed::usage(chain(&error)))
}

/// Renders the record in `from` into `to`, and returns the path of the HTML report.
pub(crate) fn render(from: &Path, to: &Path) -> Result<(PathBuf, report::Summary), Failed> {
    render_beside(from, to, None)
}

/// As [`render`]; plots show the load of an earlier run too, if one is given.
pub(crate) fn render_beside(
    from: &Path,
    to: &Path,
    earlier: Option<&report::Summary>,
) -> Result<(PathBuf, report::Summary), Failed> {
    let record = read(from)?;
    let mut summary = report::Summary::fold(&record);
    if let Some(earlier) = earlier {
        summary.beside(earlier);
    }
    make(to)?;
    for (name, bytes) in report::render::render_summary(&summary) {
        let path = to.join(&name);
        if let Some(parent) = path.parent() {
            make(parent)?;
        }
        fs::write(&path, bytes).map_err(|error| Failed::file("write", &path, &error))?;
    }
    if let Some(log) = crate::interval_log::write(&record) {
        let path = to.join(crate::interval_log::NAME);
        log.and_then(|bytes| fs::write(&path, bytes))
            .map_err(|error| Failed::file("write", &path, &error))?;
    }
    crate::evidence::write(&record, to)?;
    Ok((to.join("report.html"), summary))
}

/// An error with its causes, on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_holds_a_record_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let fresh = folder.path().join("a/b");
        assert_eq!(create(Some(&fresh), "x", now).unwrap(), fresh);
        fs::write(fresh.join(RECORD), "").unwrap();
        let error = create(Some(&fresh), "x", now).unwrap_err();
        assert_eq!(error.code, ExitCode::Usage);
    }
}
