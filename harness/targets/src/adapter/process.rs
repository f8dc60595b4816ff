//! A process of somebody else's: started in a group of its own, bounded in what is read of it, and
//! ended with everything it started.

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Bytes of standard error that are kept: the last ones.
const TALK: usize = 2048;

/// Time that a process which ended has to be told by the system, and a killed one to be gone.
const FAREWELL: Duration = Duration::from_secs(2);

/// A running process.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    group: Option<Pid>,
    talk: Talk,
}

/// The end of what a process wrote to standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct Talk(Arc<Mutex<Vec<u8>>>);

impl Process {
    /// Starts a command in `folder`, with its standard input and output as pipes.
    pub(super) fn start(
        command: &[String],
        folder: Option<&Path>,
    ) -> io::Result<(Self, ChildStdin, ChildStdout)> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "no command is given"))?;
        let mut starting = Command::new(program);
        starting
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        if let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) {
            starting.current_dir(folder);
        }
        let mut child = starting.spawn()?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let stdin = child.stdin.take().expect("standard input was piped");
        let stdout = child.stdout.take().expect("standard output was piped");
        let stderr = child.stderr.take().expect("standard error was piped");
        let talk = Talk::default();
        tokio::spawn(talk.clone().listen(stderr));
        Ok((Self { child, group, talk }, stdin, stdout))
    }

    /// What it said on standard error lately.
    pub(super) fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Waits a moment for a process that ended by itself; `None` if it has not.
    pub(super) async fn ended(&mut self) -> Option<ExitStatus> {
        tokio::time::timeout(FAREWELL, self.child.wait()).await.ok()?.ok()
    }

    /// Ends it with everything it started, and sees it gone.
    pub(super) async fn kill(&mut self) {
        self.signal();
        let _ = tokio::time::timeout(FAREWELL, self.child.wait()).await;
    }

    fn signal(&self) {
        if let Some(group) = self.group {
            // Nobody is left in the group if this fails.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal();
        // Somebody has to ask for its end, or it stays in the system's table.
        let deadline = Instant::now() + Duration::from_millis(500);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Talk {
    /// The words, printable; empty if there were none.
    pub(super) fn words(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        crate::dialect::printable(String::from_utf8_lossy(&kept).trim())
    }

    async fn listen(self, mut from: impl AsyncRead + Unpin) {
        let mut chunk = [0; 1024];
        while let Ok(count @ 1..) = from.read(&mut chunk).await {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            kept.extend_from_slice(&chunk[..count]);
            let surplus = kept.len().saturating_sub(TALK);
            kept.drain(..surplus);
        }
    }
}

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// A line, without its end.
    Whole(Vec<u8>),
    /// More bytes than a line may have.
    TooLong,
    /// Nothing more comes.
    End,
}

/// Reads one line of at most `most` bytes; what has no line end is none.
pub(super) async fn line(from: &mut (impl AsyncBufRead + Unpin), most: usize) -> io::Result<Line> {
    let mut line = Vec::new();
    loop {
        let buffer = from.fill_buf().await?;
        if buffer.is_empty() {
            return Ok(Line::End);
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = end.unwrap_or(buffer.len());
        if line.len() + taken > most {
            return Ok(Line::TooLong);
        }
        line.extend_from_slice(&buffer[..taken]);
        from.consume(taken + usize::from(end.is_some()));
        if end.is_some() {
            return Ok(Line::Whole(line));
        }
    }
}

/// How a process ended, in words.
pub(super) fn words(status: Option<ExitStatus>) -> String {
    use std::os::unix::process::ExitStatusExt;
    let Some(status) = status else { return "it closed its standard output".to_owned() };
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with exit code {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(signal) => format!("it was ended by {}", signal.as_str()),
            Err(_) => format!("it was ended by signal {signal}"),
        },
        (None, None) => "it ended".to_owned(),
    }
}
