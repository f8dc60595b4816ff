//! Which cases a command is about: the built-in ones, a folder of the user's, a selection.

use crate::args::Selection;
use crate::exit_code::{ExitCode, Failed};
use catalogue::{Case, untrusted};
use std::path::{Path, PathBuf};

/// The cases selected of all and these; a selection of none is an error that names what is close.
pub(crate) fn selected(selection: &Selection, more: Vec<Case>) -> Result<Vec<Case>, Failed> {
    let mut all = all(selection.folder.as_deref())?;
    all.extend(more);
    let ids: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
    for pattern in &selection.cases {
        if !ids.iter().any(|id| catalogue::select::matches(pattern, id)) {
            return Err(unknown(pattern, &ids));
        }
    }
    Ok(catalogue::select(all, &selection.cases))
}

/// The case of that id, of all and of those for targets that trust no test root.
pub(crate) fn one(id: &str, folder: Option<&Path>) -> Result<Case, Failed> {
    let mut all = all(folder)?;
    all.extend(untrusted::own_cases(true));
    let ids: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
    all.into_iter().find(|case| case.id == id).ok_or_else(|| unknown(id, &ids))
}

/// All cases: the built-in ones, and those of a folder.
pub(crate) fn all(folder: Option<&Path>) -> Result<Vec<Case>, Failed> {
    let mut cases = catalogue::builtin().map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let Some(folder) = folder else { return Ok(cases) };
    for path in files(folder)? {
        let text = read(&path)?;
        let read = catalogue::parse_beside(&path.display().to_string(), &text, &cases);
        cases.extend(read.map_err(Failed::usage)?);
    }
    Ok(cases)
}

/// The case files of a folder, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failed> {
    if folder.is_file() {
        let above =
            folder.parent().filter(|above| *above != Path::new("")).unwrap_or(Path::new("."));
        return Err(Failed::usage(format_args!(
            "{} is a file; --cases takes the folder it is in: {}",
            folder.display(),
            above.display()
        )));
    }
    let entries =
        std::fs::read_dir(folder).map_err(|error| Failed::file("read", folder, &error))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Failed::file("read", folder, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let folder = folder.display();
        return Err(Failed::usage(format_args!("{folder} holds no case files (*.toml)")));
    }
    paths.sort();
    Ok(paths)
}

/// The most bytes of a case file: a hundred times what the longest of ours has.
const LARGEST: u64 = 8 * 1024 * 1024;

fn read(path: &Path) -> Result<String, Failed> {
    let failed = |error| Failed::file("read", path, &error);
    let wrong = |words: &str| Failed::usage(format_args!("{}: {words}", path.display()));
    let about = path.metadata().map_err(failed)?;
    // What is neither file nor folder may never end, or never begin.
    if !about.is_file() {
        return Err(wrong("this is no file; a folder of cases holds files only"));
    }
    if about.len() > LARGEST {
        return Err(wrong(&format!("{} bytes are too many for a case file", about.len())));
    }
    String::from_utf8(std::fs::read(path).map_err(failed)?).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..valid].split(|byte| *byte == b'\n').count();
        Failed::usage(format_args!(
            "{}:{line}: this is no UTF-8, in which case files are written",
            path.display()
        ))
    })
}

fn unknown(pattern: &str, ids: &[String]) -> Failed {
    let closest = ids
        .iter()
        .map(|id| (strsim::jaro_winkler(pattern, id), id))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let hint = match closest {
        Some((_, id)) => format!("did you mean `{id}`?"),
        None => "`assay list` names them".to_owned(),
    };
    Failed::usage(format_args!("no case matches `{pattern}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistyped_id_names_the_closest() {
        let id = &all(None).unwrap()[0].id;
        let typo = format!("{id}x");
        let error = one(&typo, None).unwrap_err();
        assert_eq!(error.code, ExitCode::Usage);
        assert!(error.message.contains(&format!("did you mean `{id}`")), "{}", error.message);
    }

    #[test]
    fn a_folder_of_ones_own_adds_cases_and_may_not_reuse_an_id() {
        let folder = tempfile::tempdir().unwrap();
        let (_, text) = catalogue::builtin::FILES[0];
        let path = folder.path().join("again.toml");
        std::fs::write(&path, text).unwrap();
        let error = all(Some(folder.path())).unwrap_err();
        assert_eq!(error.code, ExitCode::Usage, "{}", error.message);
        assert!(error.message.contains("again.toml:"), "{}", error.message);
        assert!(error.message.contains("is taken by"), "{}", error.message);
        let own = text.replace("\ngenuine.", "\nown.").replace("\"genuine", "\"own");
        std::fs::write(&path, own).unwrap();
        assert!(all(Some(folder.path())).unwrap().len() > all(None).unwrap().len());
    }

    #[track_caller]
    fn check(path: &Path, words: &str) {
        let error = all(Some(path)).unwrap_err();
        assert_eq!(error.code, ExitCode::Usage, "{}", error.message);
        assert!(error.message.contains(words), "no `{words}` in: {}", error.message);
    }

    #[test]
    fn a_folder_that_cannot_be_read_is_told_for_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        check(&folder.path().join("missing"), "missing");
        check(folder.path(), "no case files");
        let path = folder.path().join("own.toml");
        std::fs::write(&path, b"schema = 1\nfamily = \"\xff\"\n").unwrap();
        check(folder.path(), "own.toml:2: this is no UTF-8");
        check(&path, "takes the folder");
        std::fs::File::create(&path).unwrap().set_len(LARGEST + 1).unwrap();
        check(folder.path(), "too many");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        check(folder.path(), "no file");
        std::fs::remove_dir(&path).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&path, &path).unwrap();
            check(folder.path(), "own.toml");
        }
    }
}
