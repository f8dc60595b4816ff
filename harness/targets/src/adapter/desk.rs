//! Who waits for which answer of a process, and what ended the conversation with it.

use super::process::{Line, line, words};
use super::trouble::Trouble;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::BufReader;
use tokio::process::ChildStdout;
use tokio::sync::oneshot;

/// Bytes of a line, in either direction.
const LONGEST: usize = 8 << 20;

/// Who waits for which answer, and what ended the conversation.
#[derive(Debug, Clone, Default)]
pub(super) struct Desk(Arc<Mutex<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    by_id: BTreeMap<String, oneshot::Sender<Result<serde_json::Value, Fault>>>,
    fault: Option<Fault>,
}

/// What ended a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: Kind,
    /// Whether other operations were in flight, which may be to blame.
    pub(super) shared: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// The process ended, or closed its standard output.
    Ended,
    /// It wrote what is no answer.
    Said(String),
    /// It did not answer another operation in time and was ended.
    Silent,
}

impl Kind {
    pub(super) fn trouble(self, status: Option<std::process::ExitStatus>, when: &str) -> Trouble {
        match self {
            Self::Ended => Trouble::Crashed(format!("{}{when}", words(status))),
            Self::Said(why) => Trouble::Unreadable(format!("{why}{when}")),
            Self::Silent => Trouble::TimedOut,
        }
    }
}

impl Desk {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing is done under the lock that could leave it half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wait_for(
        &self,
        id: String,
    ) -> oneshot::Receiver<Result<serde_json::Value, Fault>> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.waiting();
        match &waiting.fault {
            Some(fault) => drop(sender.send(Err(fault.clone()))),
            None => drop(waiting.by_id.insert(id, sender)),
        }
        receiver
    }

    /// What ended the conversation, if anything did.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.waiting().fault.clone()
    }

    /// Ends the conversation, and tells everybody who waits.
    pub(super) fn close(&self, kind: Kind) {
        let mut waiting = self.waiting();
        let fault = Fault { kind, shared: waiting.by_id.len() > 1 };
        for (_, sender) in std::mem::take(&mut waiting.by_id) {
            let _ = sender.send(Err(fault.clone()));
        }
        waiting.fault.get_or_insert(fault);
    }

    /// Hands out answers until the first line that is none.
    pub(super) async fn read(self, stdout: ChildStdout) {
        let mut stdout = BufReader::new(stdout);
        loop {
            let heard = match line(&mut stdout, LONGEST).await {
                Ok(Line::Whole(bytes)) => self.hand_out(&bytes).map_err(Kind::Said),
                Ok(Line::TooLong) => Err(Kind::Said(format!(
                    "a line of more than {} MiB: an answer is one line of JSON",
                    LONGEST >> 20
                ))),
                Ok(Line::End) | Err(_) => Err(Kind::Ended),
            };
            if let Err(kind) = heard {
                return self.close(kind);
            }
        }
    }

    fn hand_out(&self, bytes: &[u8]) -> Result<(), String> {
        let (id, value) = answer(bytes)?;
        let Some(sender) = self.waiting().by_id.remove(&id) else {
            let id = shown(id.as_bytes());
            return Err(format!(
                "an answer to `{id}`, which nobody waits for: answer each operation once, with its own id"
            ));
        };
        let _ = sender.send(Ok(value));
        Ok(())
    }
}

/// A line as an answer: the id of its operation, and all that it says.
pub(super) fn answer(bytes: &[u8]) -> Result<(String, serde_json::Value), String> {
    let value: serde_json::Value = match serde_json::from_slice(bytes) {
        Ok(value @ serde_json::Value::Object(_)) => value,
        Ok(_) => {
            return Err(format!("a line that is no JSON object: `{}`; {TALK}", shown(bytes)));
        }
        Err(error) => {
            let what = match std::str::from_utf8(bytes) {
                Ok(_) => format!("a line that is no JSON ({error})"),
                Err(error) => {
                    format!("a line that is no UTF-8 from byte {} on", error.valid_up_to())
                }
            };
            return Err(format!("{what}: `{}`; {TALK}", shown(bytes)));
        }
    };
    match value.get("id").and_then(|id| id.as_str()) {
        Some(id) => Ok((id.to_owned(), value)),
        None => Err(format!(
            "an answer without `id`, a text: `{}`; repeat the id of the operation",
            shown(bytes)
        )),
    }
}

/// What to do about lines that are no answers.
const TALK: &str = "standard output is for answers alone, send talk to standard error";

/// The beginning of a line, printable.
fn shown(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(120)];
    crate::dialect::printable(&String::from_utf8_lossy(start))
}
