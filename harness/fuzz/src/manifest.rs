//! `corpora/MANIFEST`: what lies in the folders of seeds and regressions, and that it is all of it.
//!
//! One line for each file: SHA-256, size in bytes, target, how it was made, and its path below
//! `corpora/`, sorted by path. A file's name begins with how it was made.

use protocol::terms::sha256;
use std::fmt;

/// One file of a corpus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// How many bytes it has.
    pub size: usize,
    /// The target whose input it is.
    pub target: String,
    /// How it was made.
    pub made: Made,
    /// Where it lies below `corpora/`, with `/` between folders.
    pub path: String,
}

/// How a file was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// By [`crate::seeds`], and kept because it reaches code that no smaller one reaches.
    Generated,
    /// By a fuzzer, which was guided by coverage and began with those.
    Found,
    /// By a fuzzer, and something did not hold for it until it was mended.
    Regression,
}

/// A line that is no entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("MANIFEST:{line}: {what}")]
pub struct ManifestError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Made {
    /// The word that the manifest has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Found => "found",
            Self::Regression => "regression",
        }
    }
}

impl Entry {
    /// Of a file below `corpora/`: `seeds/TARGET/NAME` or `regressions/TARGET/NAME`; none elsewhere.
    pub fn of(path: &str, bytes: &[u8]) -> Option<Self> {
        let mut parts = path.split('/');
        let made = match (parts.next()?, path.rsplit('/').next()?) {
            ("regressions", _) => Made::Regression,
            // The name says so: what a fuzzer finds has no better one than its hash.
            ("seeds", name) if name.starts_with("found-") => Made::Found,
            ("seeds", _) => Made::Generated,
            (_, _) => return None,
        };
        Some(Self {
            sha256: hex::encode(sha256(&[bytes])),
            size: bytes.len(),
            target: parts.next()?.to_owned(),
            made,
            path: path.to_owned(),
        })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sha256, size, target, made, path } = self;
        write!(f, "{sha256} {size} {target} {} {path}", made.as_str())
    }
}

/// The manifest of these entries, in the order of their paths.
pub fn write(mut entries: Vec<Entry>) -> String {
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    let lines = entries.iter().map(|entry| format!("{entry}\n"));
    std::iter::once(HEAD.to_owned()).chain(lines).collect()
}

const HEAD: &str =
    "# sha256 size target made path; written by `cargo run -p fuzz --example corpora`\n";

/// Reads a manifest.
pub fn read(text: &str) -> Result<Vec<Entry>, ManifestError> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.starts_with('#'));
    lines.map(|(text, line)| entry(text).map_err(|what| ManifestError { line, what })).collect()
}

fn entry(line: &str) -> Result<Entry, String> {
    let words: Vec<&str> = line.split(' ').collect();
    let [sha256, size, target, made, path] = words[..] else {
        return Err(format!("`{line}` has {} words instead of 5", words.len()));
    };
    let all = [Made::Generated, Made::Found, Made::Regression];
    let is_hash = sha256.len() == 64 && sha256.bytes().all(|digit| digit.is_ascii_hexdigit());
    Ok(Entry {
        sha256: is_hash.then(|| sha256.to_owned()).ok_or(format!("`{sha256}` is no SHA-256"))?,
        size: size.parse().map_err(|_| format!("`{size}` is no size"))?,
        target: target.to_owned(),
        made: all
            .into_iter()
            .find(|one| one.as_str() == made)
            .ok_or_else(|| format!("`{made}` is none of generated, found, regression"))?,
        path: path.to_owned(),
    })
}
