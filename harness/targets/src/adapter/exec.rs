//! An adapter as one process for each operation: files in, a line and an exit code out.
//!
//! A decision needs both: exit code 0 and `accept`, or 1 and `reject`. An exception that nobody
//! caught ends many languages' programs with 1, and must not pass for a refusal.

use super::Base64;
use super::backend::{Limits, Said};
use super::caps::{Caps, Hello, Profile, Sut};
use super::message::{Answer, Ask, Configuration, Decided, PROTOCOL};
use super::process::{Process, words};
use super::trouble::Trouble;
use crate::dialect::printable;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::OnceLock;
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of standard output that are read.
const LONGEST: usize = 64 << 10;

/// Exit code of a program that does not support the operation.
const UNSUPPORTED: i32 = 89;

/// The commands of an adapter that is started anew for each operation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Commands {
    /// Verifies an attestation.
    pub attestation: Option<Vec<String>>,
    /// Verifies an assertion.
    pub assertion: Option<Vec<String>>,
}

/// The names that an argument may hold, `${name}`; the files are those of the operation.
pub const PLACES: [(&str, &str); 15] = [
    ("request", "File: the operation as one line of the JSON protocol."),
    ("attestation", "File: the attestation object."),
    ("assertion", "File: the assertion."),
    ("client_data", "File: the client data."),
    ("client_data_hash", "File: their SHA-256, or that of the challenge; 32 bytes."),
    ("public_key", "File: the stored public key, an X9.62 point of 65 bytes."),
    ("public_key_spki", "File: the same as SubjectPublicKeyInfo, DER."),
    ("root", "File: the root that attestations must chain to, DER."),
    ("receipt_root", "File: the root that receipts must chain to, DER."),
    ("challenge", "File: the challenge."),
    ("key_id", "Text: the key id in base64."),
    ("app_id", "Text: the App ID."),
    ("environment", "Text: development or production."),
    ("previous_counter", "Text: the stored counter."),
    ("now", "Text: the time, RFC 3339 in UTC."),
];

/// A process for each operation.
#[derive(Debug)]
pub(super) struct Exec {
    commands: Commands,
    folder: Option<PathBuf>,
    limits: Limits,
    hello: Hello,
    configuration: OnceLock<Configuration>,
}

impl Exec {
    pub(super) fn new(
        commands: Commands,
        name: &str,
        caps: Caps,
        folder: Option<PathBuf>,
        limits: Limits,
    ) -> Self {
        let spoken = [
            ("verify_attestation", commands.attestation.is_some()),
            ("verify_assertion", commands.assertion.is_some()),
        ];
        let ops = spoken.iter().filter(|(_, is)| *is).map(|(op, _)| (*op).to_owned()).collect();
        let sut = Sut { name: name.to_owned(), version: String::new(), language: String::new() };
        let caps = Caps { ops: Some(ops), ..caps };
        let hello = Hello { proto: PROTOCOL, profile: Profile::Verifier, sut, caps };
        Self { commands, folder, limits, hello, configuration: OnceLock::new() }
    }

    pub(super) fn hello(&self) -> &Hello {
        &self.hello
    }

    pub(super) fn configure(&self, configuration: Ask) {
        if let Ask::Configure(configuration) = configuration {
            let _ = self.configuration.set(configuration);
        }
    }

    pub(super) async fn ask(&self, ask: &Ask) -> Said {
        let command = match ask {
            Ask::VerifyAttestation(_) => self.commands.attestation.as_ref(),
            Ask::VerifyAssertion(_) => self.commands.assertion.as_ref(),
            Ask::Hello { .. }
            | Ask::Configure(_)
            | Ask::Reset
            | Ask::Challenge { .. }
            | Ask::Attest(_)
            | Ask::Assert(_)
            | Ask::Revoke { .. } => None,
        };
        let Some(command) = command else {
            let trouble = Trouble::Unsupported("it has no command for it".to_owned());
            return Said { answer: Err(trouble), text: String::new() };
        };
        let written = tempfile::tempdir().and_then(|folder| {
            let command = self.written(ask, command, folder.path())?;
            Ok((folder, command))
        });
        match written {
            Ok((_folder, command)) => self.run(&command).await,
            Err(error) => {
                let why = format!("the files of an operation cannot be written: {error}");
                Said { answer: Err(Trouble::GivenUp(why)), text: String::new() }
            }
        }
    }

    /// Writes the files of an operation, and the command with their names.
    fn written(
        &self,
        ask: &Ask,
        command: &[String],
        folder: &Path,
    ) -> std::io::Result<Vec<String>> {
        let (files, texts) = self.values(ask);
        let mut names: Vec<(&str, String)> = texts;
        for (name, bytes) in files {
            let path = folder.join(name);
            std::fs::write(&path, bytes)?;
            names.push((name, path.display().to_string()));
        }
        let fill = |argument: &String| {
            names.iter().fold(argument.clone(), |argument, (name, value)| {
                argument.replace(&format!("${{{name}}}"), value)
            })
        };
        Ok(command.iter().map(fill).collect())
    }

    #[expect(clippy::type_complexity, reason = "two lists of names and values")]
    fn values(&self, ask: &Ask) -> (Vec<(&'static str, Vec<u8>)>, Vec<(&'static str, String)>) {
        let root = |roots: Option<&Vec<Base64>>| {
            roots.and_then(|roots| roots.first()).map_or_else(Vec::new, |root| root.0.clone())
        };
        let configuration = self.configuration.get();
        let mut files = vec![
            ("request", serde_json::to_vec(ask).unwrap_or_default()),
            ("root", root(configuration.map(|known| &known.trust_roots))),
            ("receipt_root", root(configuration.map(|known| &known.receipt_trust_roots))),
        ];
        let mut texts = Vec::new();
        match ask {
            Ask::VerifyAttestation(asked) => {
                files.extend([
                    ("attestation", asked.attestation.0.clone()),
                    ("challenge", asked.challenge.0.clone()),
                    ("client_data_hash", asked.client_data_hash.0.clone()),
                ]);
                texts.extend([
                    ("key_id", asked.key_id.to_string()),
                    ("app_id", asked.app_id.clone()),
                    ("environment", asked.environment.as_str().to_owned()),
                    ("now", asked.now.clone()),
                ]);
            }
            Ask::VerifyAssertion(asked) => {
                files.extend([
                    ("assertion", asked.assertion.0.clone()),
                    ("client_data", asked.client_data.0.clone()),
                    ("client_data_hash", asked.client_data_hash.0.clone()),
                    ("public_key", asked.public_key.0.clone()),
                    ("public_key_spki", asked.public_key_spki.0.clone()),
                ]);
                texts.extend([
                    ("key_id", asked.key_id.to_string()),
                    ("app_id", asked.app_id.clone()),
                    ("environment", asked.environment.as_str().to_owned()),
                    ("previous_counter", asked.previous_counter.to_string()),
                    ("now", asked.now.clone()),
                ]);
            }
            Ask::Hello { .. }
            | Ask::Configure(_)
            | Ask::Reset
            | Ask::Challenge { .. }
            | Ask::Attest(_)
            | Ask::Assert(_)
            | Ask::Revoke { .. } => {}
        }
        (files, texts)
    }

    async fn run(&self, command: &[String]) -> Said {
        let (mut process, stdin, mut stdout) = match Process::start(command, self.folder.as_deref())
        {
            Ok(started) => started,
            Err(error) => {
                let program = command.first().map_or("", String::as_str);
                let why = format!("`{program}` cannot be started: {error}");
                return Said { answer: Err(Trouble::GivenUp(why)), text: String::new() };
            }
        };
        drop(stdin);
        let running = async {
            let output = bounded(&mut stdout).await;
            (output, process.ended().await)
        };
        let ended = tokio::time::timeout(self.limits.operation, running).await;
        process.kill().await;
        let talk = process.talk().words();
        let Ok((output, status)) = ended else {
            return Said { answer: Err(Trouble::TimedOut), text: talk };
        };
        let said = printable(String::from_utf8_lossy(&output).trim_end());
        let answer = if output.len() > LONGEST {
            Err(Trouble::Unreadable(format!("it wrote more than {} KiB", LONGEST >> 10)))
        } else {
            decided(status, said.lines().next_back().unwrap_or_default())
        };
        let text = if talk.is_empty() { said } else { format!("{said}\nstandard error: {talk}") };
        Said { answer, text }
    }
}

/// Reads what is written, one byte more than is allowed at most.
async fn bounded(from: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut read = Vec::new();
    let _ = from.take(LONGEST as u64 + 1).read_to_end(&mut read).await;
    read
}

/// What an exit code and the last line come to; neither decides alone.
fn decided(status: Option<ExitStatus>, line: &str) -> Result<Answer, Trouble> {
    let code = status.and_then(|status| status.code());
    let mut parts = line.trim().splitn(2, ' ');
    let decided = match (code, parts.next(), parts.next()) {
        (Some(0), Some("accept"), None) => Decided::accept(super::Outputs::default()),
        (Some(1), Some("reject"), None) => Decided { reason: None, ..Decided::reject("") },
        (Some(1), Some("reject"), Some(reason)) => Decided::reject(reason),
        (Some(UNSUPPORTED), ..) => return Err(Trouble::Unsupported(line.to_owned())),
        _ => {
            return Err(Trouble::Crashed(format!(
                "{} and its last line is `{line}`: end with 0 and the line `accept`, or with 1 and `reject`",
                words(status)
            )));
        }
    };
    Ok(Answer::Decided(decided))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::Verdict;
    use std::os::unix::process::ExitStatusExt;

    #[track_caller]
    fn check(code: i32, line: &str, expected: Result<Verdict, &str>) {
        // The system keeps an exit code in the second byte.
        match (decided(Some(ExitStatus::from_raw(code << 8)), line), expected) {
            (Ok(Answer::Decided(decided)), Ok(verdict)) => assert_eq!(decided.verdict, verdict),
            (Err(trouble), Err(word)) => assert_eq!(trouble.decision().as_str(), word),
            (found, _) => panic!("{code} `{line}`: {found:?}"),
        }
    }

    #[test]
    fn a_decision_needs_exit_code_and_line() {
        check(0, "accept", Ok(Verdict::Accept));
        check(1, "reject", Ok(Verdict::Reject));
        check(1, "reject att.nonce", Ok(Verdict::Reject));
        check(1, "accept", Err("crash"));
        check(0, "reject", Err("crash"));
        check(0, "", Err("crash"));
        check(1, "TypeError: x is undefined", Err("crash"));
        check(2, "reject", Err("crash"));
        check(0, "accepted", Err("crash"));
        check(89, "", Err("unreadable"));
    }

    #[test]
    fn the_words_of_a_refusal_are_its_reason() {
        let status = Some(ExitStatus::from_raw(1 << 8));
        let Ok(Answer::Decided(decided)) = decided(status, "reject nonce mismatch") else {
            panic!()
        };
        assert_eq!(decided.reason.unwrap().words(), Some("nonce mismatch"));
    }
}
