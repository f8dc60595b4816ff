//! A folder of its own and the program to run in it.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A scratch folder in which the program is run.
pub(crate) struct Context {
    folder: tempfile::TempDir,
}

/// What a run of the program came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Context {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, ready to be started.
    pub(crate) fn assay(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_assay"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_remove("ASSAY_AUTHORITY_FILE")
            .env_remove("GITHUB_ACTIONS")
            .env_remove("GITHUB_STEP_SUMMARY")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.assay(arguments).output().unwrap())
    }

    /// A target file that is the reference's but for some text.
    pub(crate) fn target(&self, nodes: &str, edit: impl FnOnce(String) -> String) -> String {
        let text = self.run(&["serve", "--target-file"]).stdout;
        let text = text.replace("http://127.0.0.1:8080", nodes);
        self.write("target.toml", &edit(text))
    }

    /// A seed file of a test authority.
    pub(crate) fn authority(&self) -> String {
        let path = self.path("authority.seed").display().to_string();
        let root = self.run(&["root", "--authority", &path]);
        assert!(root.stdout.contains("BEGIN CERTIFICATE"), "{}", root.stderr);
        path
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Holds the exit code, and shows everything if it is another.
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}
