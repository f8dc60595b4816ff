//! Which cases a command is about: the built-in ones, a folder of the user's, a selection.

use crate::args::Selection;
use crate::exit_code::{ExitCode, Failed};
use catalogue::Case;
use std::path::Path;

/// The cases selected; a selection of none is an error that names what is close.
pub(crate) fn selected(selection: &Selection) -> Result<Vec<Case>, Failed> {
    let all = all(selection.folder.as_deref())?;
    let ids: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
    for pattern in &selection.cases {
        if !ids.iter().any(|id| catalogue::select::matches(pattern, id)) {
            return Err(unknown(pattern, &ids));
        }
    }
    Ok(catalogue::select(all, &selection.cases))
}

/// The case of that id.
pub(crate) fn one(id: &str, folder: Option<&Path>) -> Result<Case, Failed> {
    let all = all(folder)?;
    let ids: Vec<String> = all.iter().map(|case| case.id.clone()).collect();
    all.into_iter().find(|case| case.id == id).ok_or_else(|| unknown(id, &ids))
}

fn all(folder: Option<&Path>) -> Result<Vec<Case>, Failed> {
    let mut cases = catalogue::builtin().map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let Some(folder) = folder else { return Ok(cases) };
    let entries =
        std::fs::read_dir(folder).map_err(|error| Failed::file("read", folder, &error))?;
    let mut paths: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    if paths.is_empty() {
        return Err(Failed::usage(format_args!("{} holds no *.toml", folder.display())));
    }
    for path in paths {
        let text =
            std::fs::read_to_string(&path).map_err(|error| Failed::file("read", &path, &error))?;
        for case in catalogue::parse(&path.display().to_string(), &text).map_err(Failed::usage)? {
            if let Some(taken) = cases.iter().find(|other| other.id == case.id) {
                return Err(Failed::usage(format_args!(
                    "{}: the id `{}` is taken by `{}`",
                    path.display(),
                    case.id,
                    taken.title
                )));
            }
            cases.push(case);
        }
    }
    Ok(cases)
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
        assert!(all(Some(folder.path())).unwrap_err().message.contains("no *.toml"));
        let (_, text) = catalogue::builtin::FILES[0];
        std::fs::write(folder.path().join("again.toml"), text).unwrap();
        let error = all(Some(folder.path())).unwrap_err();
        assert_eq!(error.code, ExitCode::Usage, "{}", error.message);
    }
}
