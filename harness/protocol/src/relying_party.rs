//! The reference relying party as a pure state machine.

/// What a challenge may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Enrolling a key.
    Attest,
    /// A protected request.
    Assert,
}

impl Purpose {
    /// `attest` or `assert`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attest => "attest",
            Self::Assert => "assert",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "attest" => Ok(Self::Attest),
            "assert" => Ok(Self::Assert),
            other => Err(format!("`{other}` is neither `attest` nor `assert`")),
        }
    }
}
