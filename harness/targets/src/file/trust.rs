//! Which roots a server trusts, and hence what can be asked of it.

/// Which roots a server trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// The harness's test root, in its test configuration: every case can be played.
    #[default]
    SwapRoot,
    /// Apple's root alone: nothing that can be made here must be accepted.
    AppleRoot,
    /// It is the artefact that ships, and must refuse everything under the test root.
    ExpectUntrusted,
}

impl Trust {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::SwapRoot, Self::AppleRoot, Self::ExpectUntrusted];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SwapRoot => "swap-root",
            Self::AppleRoot => "apple-root",
            Self::ExpectUntrusted => "expect-untrusted",
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::file::{TargetFile, Trust};

    fn read(line: &str) -> Result<Trust, String> {
        let text = TargetFile::REFERENCE.replacen("[target]\n", &format!("[target]\n{line}\n"), 1);
        let file = TargetFile::parse(&text, "t.toml", &|_| None);
        file.map(|file| file.trust).map_err(|error| error.to_string())
    }

    #[test]
    fn a_target_trusts_the_test_root_unless_its_file_says_otherwise() {
        assert_eq!(read(""), Ok(Trust::SwapRoot));
        for trust in Trust::ALL {
            assert_eq!(read(&format!("trust = \"{}\"", trust.as_str())), Ok(trust));
        }
        let error = read("trust = \"expect-untrused\"").unwrap_err();
        assert!(error.starts_with("t.toml:"), "{error}");
        assert!(error.contains("did you mean `expect-untrusted`"), "{error}");
    }
}
