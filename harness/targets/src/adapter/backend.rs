//! What answers operations: a process that speaks JSON lines, a process for each operation, or
//! Rust in this one.

use super::caps::Hello;
use super::exec::Exec;
use super::library::Library;
use super::lines::{Failed, Lines};
use super::message::{Answer, Ask};
use super::trouble::Trouble;
use std::time::Duration;

/// How long an adapter may take, and how often it is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Time for an operation.
    pub operation: Duration,
    /// Time to start and to say what it can do.
    pub start: Duration,
    /// Times that a process is started again.
    pub restarts: u32,
    /// Times that it is started in a row without coming up.
    pub barren: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            operation: Duration::from_secs(5),
            start: Duration::from_secs(20),
            restarts: 500,
            barren: 3,
        }
    }
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The answer.
    pub answer: Result<Answer, Trouble>,
    /// What was said, as far as it tells something: the answer's line, or standard error.
    pub text: String,
}

impl Said {
    pub(super) fn of(said: Result<(Answer, String), Failed>) -> Self {
        match said {
            Ok((answer, text)) => Self { answer: Ok(answer), text },
            Err(Failed { trouble, talk, .. }) => {
                let text = if talk.is_empty() { talk } else { format!("standard error: {talk}") };
                Self { answer: Err(trouble), text }
            }
        }
    }
}

/// What answers operations.
#[derive(Debug)]
pub(super) enum Backend {
    Lines(Box<Lines>),
    Exec(Box<Exec>),
    Library(Box<Library>),
}

impl Backend {
    pub(super) fn hello(&self) -> &Hello {
        match self {
            Self::Lines(lines) => lines.hello(),
            Self::Exec(exec) => exec.hello(),
            Self::Library(library) => library.hello(),
        }
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Said {
        match self {
            Self::Lines(lines) => lines.ask(ask).await,
            Self::Exec(exec) => exec.ask(ask).await,
            Self::Library(library) => library.ask(ask).await,
        }
    }

    /// Tells it what holds for everything that follows.
    pub(super) async fn configure(&self, configuration: Ask) -> Result<(), Trouble> {
        match self {
            Self::Lines(lines) => lines.configure(configuration).await,
            Self::Exec(exec) => {
                exec.configure(configuration);
                Ok(())
            }
            Self::Library(_) => Ok(()),
        }
    }

    /// Times it was started; 1 where nothing can be.
    pub(super) async fn starts(&self) -> u32 {
        match self {
            Self::Lines(lines) => lines.starts().await,
            Self::Exec(_) | Self::Library(_) => 1,
        }
    }

    pub(super) async fn interrupt(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.interrupt().await,
            Self::Exec(_) | Self::Library(_) => false,
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Lines(lines) => lines.close().await,
            Self::Exec(_) | Self::Library(_) => {}
        }
    }
}
