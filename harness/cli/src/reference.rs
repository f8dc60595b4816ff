//! The reference server as a process of its own, ended with whoever started it.

use crate::exit_code::{ExitCode, Failed};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What the server prints once it can be reached; the rest of the line is its address.
pub(crate) const LISTENING: &str = "listening on ";

/// A running reference server.
#[derive(Debug)]
pub(crate) struct Reference {
    child: Child,
    /// Where it listens, as a URL.
    pub(crate) url: String,
}

impl Reference {
    /// Starts `assay serve` on a free loopback port with these further arguments.
    ///
    /// The server's standard error goes to `log`. It ends when its standard input closes, so it
    /// does not outlive this process even if that is killed.
    pub(crate) fn start(arguments: &[String], log: &Path) -> Result<Self, Failed> {
        let broken = |what: &str, error: &dyn std::fmt::Display| {
            Failed::new(
                ExitCode::Internal,
                format_args!("the reference server {what}: {error} (its log: {})", log.display()),
            )
        };
        let program = std::env::current_exe().map_err(|error| broken("has no program", &error))?;
        let log_file =
            std::fs::File::create(log).map_err(|error| Failed::file("write", log, &error))?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--until-stdin-closes"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|error| broken("did not start", &error))?;
        let stdout = child.stdout.take().expect("standard output was piped");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        match (read, line.trim().strip_prefix(LISTENING)) {
            (Ok(_), Some(url)) => Ok(Self { url: url.to_owned(), child }),
            (Ok(_), None) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(broken("did not come up", &format_args!("it said `{}`", line.trim())))
            }
            (Err(error), _) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(broken("cannot be heard", &error))
            }
        }
    }
}

impl Drop for Reference {
    fn drop(&mut self) {
        // Closing its standard input asks it to finish; it has five seconds to do so.
        drop(self.child.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(5);
        while Instant::now() < deadline {
            match self.child.try_wait() {
                Ok(Some(_)) => return,
                Ok(None) => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => break,
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
