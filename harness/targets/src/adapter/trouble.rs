//! Why an operation brought no answer: facts about the adapter.

use crate::decision::Decision;

/// Why an operation brought no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The adapter ended, or what stands behind it panicked.
    #[error("{0}")]
    Crashed(String),
    /// No answer in time.
    #[error("no answer in time")]
    TimedOut,
    /// Something came that is no answer.
    #[error("{0}")]
    Unreadable(String),
    /// The adapter says that it does not support an operation that it listed.
    #[error("the adapter does not support an operation that its caps list{}: take it out of caps.ops", because(.0))]
    Unsupported(String),
    /// The adapter cannot be started, or ended so often that it is not started again.
    #[error("{0}")]
    GivenUp(String),
}

impl Trouble {
    /// The decision that a record shows for it.
    pub fn decision(&self) -> Decision {
        match self {
            Self::Crashed(why) => Decision::Closed { why: why.clone() },
            Self::TimedOut => Decision::TimedOut,
            Self::Unreadable(why) => Decision::Unreadable { why: why.clone() },
            Self::Unsupported(_) => Decision::Unreadable { why: self.to_string() },
            Self::GivenUp(why) => Decision::Unreachable { why: why.clone() },
        }
    }
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" ({})", crate::dialect::printable(why)) }
}
