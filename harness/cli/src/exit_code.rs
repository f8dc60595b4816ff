//! What a command ends with: one list for all of them.

use report::Standing;

/// Exit codes, the gravest first: of several that apply the first wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ExitCode {
    /// A mistake of ours.
    Internal,
    /// Ctrl-C; what ran before is on disk.
    Interrupted,
    /// The command line or a file is wrong; nothing was sent.
    Usage,
    /// Refused by the safety lock: an Apple host, or a public address without permission.
    Locked,
    /// The harness's own check of itself failed.
    SelfCheck,
    /// The target cannot be reached.
    Unreachable,
    /// A wrong verdict, at rest or under load.
    WrongVerdict,
    /// The measurement says nothing about the target.
    InvalidMeasurement,
    /// A service level was missed: under load some requests got no decision.
    ServiceLevel,
    /// Nothing ran.
    NothingRan,
    /// Something is inconclusive.
    Inconclusive,
    /// All that is wrong is that entries of the known failures are stale or have expired.
    Outdated,
    /// Everything asked for holds.
    Ok,
}

impl ExitCode {
    /// The number the process ends with.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Internal => 70,
            Self::Interrupted => 130,
            Self::Usage => 2,
            Self::Locked => 10,
            Self::SelfCheck => 7,
            Self::Unreachable => 3,
            Self::WrongVerdict => 1,
            Self::InvalidMeasurement => 9,
            Self::ServiceLevel => 8,
            Self::NothingRan => 4,
            Self::Inconclusive => 6,
            Self::Outdated => 5,
            Self::Ok => 0,
        }
    }

    /// What the standing of a finished run comes to.
    pub(crate) fn of(standing: Standing) -> Self {
        match standing {
            Standing::Broken => Self::WrongVerdict,
            Standing::Invalid => Self::InvalidMeasurement,
            Standing::Strained => Self::ServiceLevel,
            Standing::Empty => Self::NothingRan,
            Standing::Incomplete | Standing::Undecided => Self::Inconclusive,
            Standing::Outdated => Self::Outdated,
            Standing::Holds => Self::Ok,
        }
    }

    /// The graver of two.
    #[must_use]
    pub(crate) fn and(self, other: Self) -> Self {
        self.min(other)
    }
}

/// A command could not do what it was asked; the text goes to standard error.
#[derive(Debug)]
pub(crate) struct Failed {
    /// What the process ends with.
    pub(crate) code: ExitCode,
    /// What is wrong, where, and what to do.
    pub(crate) message: String,
}

impl Failed {
    /// An error of the given code, with the whole chain of causes in one line.
    pub(crate) fn new(code: ExitCode, error: impl std::fmt::Display) -> Self {
        Self { code, message: error.to_string() }
    }

    /// A mistake in the command line or in a file that it names.
    pub(crate) fn usage(error: impl std::fmt::Display) -> Self {
        Self::new(ExitCode::Usage, error)
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(action: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::usage(format_args!("cannot {action} {}: {error}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::ExitCode;

    #[test]
    fn the_graver_code_wins_in_either_order() {
        let order = [70, 130, 2, 10, 7, 3, 1, 9, 8, 4, 6, 5, 0];
        let codes = [
            ExitCode::Internal,
            ExitCode::Interrupted,
            ExitCode::Usage,
            ExitCode::Locked,
            ExitCode::SelfCheck,
            ExitCode::Unreachable,
            ExitCode::WrongVerdict,
            ExitCode::InvalidMeasurement,
            ExitCode::ServiceLevel,
            ExitCode::NothingRan,
            ExitCode::Inconclusive,
            ExitCode::Outdated,
            ExitCode::Ok,
        ];
        for (i, a) in codes.into_iter().enumerate() {
            assert_eq!(a.number(), order[i]);
            for b in codes.into_iter().skip(i) {
                assert_eq!((a.and(b), b.and(a)), (a, a));
            }
        }
    }
}
