//! A run inside a GitHub workflow: annotations in its log, and the report in its summary.
//!
//! Both are told by the environment that workflows set, and by others that speak the same.

use crate::output::print;
use report::Summary;
use report::render::{JOB_SUMMARY_LIMIT, annotations, job_summary};
use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Which of the two this run is asked for.
#[derive(Debug)]
pub(crate) struct Workflow {
    /// Whether a runner reads what is printed for commands.
    reads_commands: bool,
    /// The file that the summary of the step goes to.
    summary: Option<PathBuf>,
}

impl Workflow {
    /// As the environment says.
    pub(crate) fn of_environment() -> Self {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        Self::new(set("GITHUB_ACTIONS"), set("GITHUB_STEP_SUMMARY"))
    }

    fn new(actions: Option<OsString>, summary: Option<OsString>) -> Self {
        Self {
            reads_commands: actions.is_some_and(|value| value == "true"),
            summary: summary.map(PathBuf::from),
        }
    }

    /// Prints what may quote the server, so that no line of it is taken for a command.
    pub(crate) fn aside(&self, printing: impl FnOnce()) {
        if !self.reads_commands {
            return printing();
        }
        // Whoever does not know the word cannot end the pause.
        let mut word = [0; 16];
        if getrandom::fill(&mut word).is_err() {
            return print(
                "what was said is in the report: this machine gives no entropy to quote it safely",
            );
        }
        let word = hex::encode(word);
        print(&format!("::stop-commands::{word}"));
        printing();
        print(&format!("::{word}::"));
    }

    /// Tells the workflow what the run came to. `json` keeps standard output for data.
    ///
    /// The verdict stands whether or not the summary can be written, so that is only told.
    pub(crate) fn tell(&self, summary: &Summary, folder: &Path, json: bool) {
        let place = folder.display().to_string();
        if self.reads_commands {
            let lines = annotations(summary, &place);
            if json {
                let _ = write!(std::io::stderr().lock(), "{lines}");
            } else if !lines.is_empty() {
                print(&lines);
            }
        }
        if let Some(path) = &self.summary
            && let Err(error) = append(path, summary, &place)
        {
            let _ = writeln!(
                std::io::stderr().lock(),
                "assay: cannot write the job summary to {}: {error}",
                path.display()
            );
        }
    }
}

/// Appends the report to what the step has left there already, within the limit of both together.
fn append(path: &Path, summary: &Summary, folder: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(path)?;
    let taken = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // One byte is for the line break before it.
    let room = JOB_SUMMARY_LIMIT.saturating_sub(taken.saturating_add(1));
    let text = job_summary(summary, folder, room);
    if text.is_empty() {
        return Err(std::io::Error::other("the step has used up its room"));
    }
    if taken > 0 {
        file.write_all(b"\n")?;
    }
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{Event, EventKind, Header, Machine, Record, TargetInfo};

    fn summary() -> Summary {
        let header = Header {
            schema: Header::SCHEMA,
            assay: "0".to_owned(),
            command: "assay check".to_owned(),
            seed: "5eed".to_owned(),
            started: "2026-11-24T09:00:00Z".to_owned(),
            target: TargetInfo::default(),
            machine: Machine::default(),
        };
        let kind = EventKind::RunStarted(header);
        Summary::fold(&Record::from_events(vec![Event { at: 0.0, kind }]).unwrap())
    }

    #[test]
    fn a_summary_is_added_to_what_is_there_and_keeps_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.md");
        std::fs::write(&path, "before").unwrap();
        append(&path, &summary(), "out").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("before\n# ! "), "{text}");
        std::fs::write(&path, "x".repeat(JOB_SUMMARY_LIMIT - 50)).unwrap();
        append(&path, &summary(), "out").unwrap();
        assert!(std::fs::metadata(&path).unwrap().len() <= JOB_SUMMARY_LIMIT as u64);
        std::fs::write(&path, "x".repeat(JOB_SUMMARY_LIMIT)).unwrap();
        append(&path, &summary(), "out").unwrap_err();
    }

    #[test]
    fn only_the_word_true_makes_a_workflow() {
        let word = |text: &str| Some(OsString::from(text));
        assert!(Workflow::new(word("true"), None).reads_commands);
        assert!(!Workflow::new(word("false"), None).reads_commands);
        assert!(!Workflow::new(None, word("summary.md")).reads_commands);
    }
}
