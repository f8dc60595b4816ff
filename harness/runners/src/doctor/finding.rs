//! What was found, as plain data: who prints it, or changes the target file by it, comes later.

use super::edit::Edit;
use serde::Serialize;

/// What is looked at, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// The target file itself, nothing sent.
    File,
    /// Every node is found, lets itself be connected to, and speaks HTTP.
    Nodes,
    /// Challenges are handed out, long enough, and none twice.
    Challenge,
    /// An honest attestation is accepted.
    Attestation,
    /// An honest assertion is accepted.
    Assertion,
    /// What is no honest object is refused.
    Garbage,
    /// The same request is good once.
    Replay,
    /// What accepting answers report is found, and true.
    Outputs,
    /// The server's clock goes as ours.
    Clock,
    /// How many requests in a row the server bears.
    Rate,
    /// What the server's reasons stand for.
    Reasons,
    /// How many cases can run.
    Cases,
}

impl Check {
    /// The word that begins a line about it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Nodes => "nodes",
            Self::Challenge => "challenge",
            Self::Attestation => "attestation",
            Self::Assertion => "assertion",
            Self::Garbage => "garbage",
            Self::Replay => "replay",
            Self::Outputs => "outputs",
            Self::Clock => "clock",
            Self::Rate => "rate",
            Self::Reasons => "reasons",
            Self::Cases => "cases",
        }
    }
}

/// How it stands with what was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// As it should be.
    Ok,
    /// Cases can run, but somebody should know this.
    Warn,
    /// Nothing that a run says would be worth anything.
    Broken,
    /// Not looked at, because of something before it.
    Skipped,
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// How it stands.
    pub standing: Standing,
    /// What was found, in one sentence.
    pub said: String,
    /// What else is known, and what to do, a sentence each; the likeliest first.
    pub details: Vec<String>,
    /// The member of the target file to look at, as in `conventions.key_id`.
    pub look_at: Option<String>,
    /// The changes of the target file that mend it, or tell Assay more.
    pub edits: Vec<Edit>,
}

impl Finding {
    pub(super) fn new(check: Check, standing: Standing, said: impl Into<String>) -> Self {
        Self {
            check,
            standing,
            said: said.into(),
            details: Vec::new(),
            look_at: None,
            edits: Vec::new(),
        }
    }

    pub(super) fn ok(check: Check, said: impl Into<String>) -> Self {
        Self::new(check, Standing::Ok, said)
    }

    pub(super) fn warn(check: Check, said: impl Into<String>) -> Self {
        Self::new(check, Standing::Warn, said)
    }

    pub(super) fn broken(check: Check, said: impl Into<String>) -> Self {
        Self::new(check, Standing::Broken, said)
    }

    pub(super) fn skipped(check: Check, said: impl Into<String>) -> Self {
        Self::new(check, Standing::Skipped, said)
    }

    #[must_use]
    pub(super) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    #[must_use]
    pub(super) fn at(mut self, member: impl Into<String>) -> Self {
        self.look_at = Some(member.into());
        self
    }

    #[must_use]
    pub(super) fn edits(mut self, edits: impl IntoIterator<Item = Edit>) -> Self {
        self.edits.extend(edits);
        self
    }
}

/// A foreign text on one short line.
pub(super) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut cut: String = line.chars().take(LONGEST).collect();
    if cut.len() < line.len() {
        cut.push('…');
    }
    // A backquote would end the quotation that it stands in.
    format!("`{}`", cut.replace('`', "'"))
}
