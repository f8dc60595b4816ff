//! Answers become decisions.

use super::{Dialect, cbor};
use crate::decision::{Decision, ReadBy};
use crate::encoding::Encoding;
use crate::facts::{CHALLENGE_TEXT, Operation, Saved};
use crate::file::{AnswerRule, Judged, Login, Reason, Source, SourceKind, StatusRange};
use bytes::Bytes;
use cookie_store::RawCookie;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: http::HeaderMap,
    /// The body, whole.
    pub body: Bytes,
}

/// Bytes of an answer that an excerpt shows.
const EXCERPT: usize = 2048;

impl Dialect {
    /// What an answer to a step means: `ok` first, then the first rule that matches. An accepting
    /// answer's values are put into `saved`; it is unreadable without those it must have.
    pub fn read(&self, operation: Operation, answer: &Answer, saved: &mut Saved) -> Decision {
        self.read_noting(operation, answer, saved).0
    }

    /// As [`Dialect::read`]; also what of the target file read the answer.
    pub fn read_noting(
        &self,
        operation: Operation,
        answer: &Answer,
        saved: &mut Saved,
    ) -> (Decision, Option<ReadBy>) {
        let challenge = self.file.conventions.challenge;
        let reading = Reading { answer, challenge, json: OnceCell::new(), cbor: OnceCell::new() };
        // The answer may say a secret back.
        let secrets = self.secrets(saved).into_owned();
        let unreadable = |why: &str| Decision::Unreadable { why: secrets.mask(why) };
        if self.ok(operation, saved).is_some_and(|ok| ok.contains(answer.status)) {
            let accepted = self.accept(operation, &reading, saved);
            return (accepted.unwrap_or_else(|why| unreadable(&why)), Some(ReadBy::Ok));
        }
        let mut rules = self.file.judge.iter().enumerate();
        let Some((place, rule)) = rules.find(|(_, rule)| reading.matches(rule, operation)) else {
            return (unreadable(&reading.unmatched()), None);
        };
        let decision = self.ruled(rule, operation, &reading, saved);
        (decision.unwrap_or_else(|why| unreadable(&why)), Some(ReadBy::Rule(place)))
    }

    /// What an answer means that the rule reads; the error is why it cannot be read after all.
    fn ruled(
        &self,
        rule: &AnswerRule,
        operation: Operation,
        reading: &Reading<'_>,
        saved: &mut Saved,
    ) -> Result<Decision, String> {
        Ok(match rule.is {
            Judged::Accept => self.accept(operation, reading, saved)?,
            Judged::Error => Decision::Failed,
            Judged::Throttled => Decision::Throttled { retry_after: reading.retry_after() },
            Judged::Reject => Decision::Rejected {
                reason: match &rule.reason {
                    None => None,
                    Some(Reason::Fixed(reason)) => Some(reason.clone()),
                    Some(Reason::From(source)) => reading
                        .find(source)?
                        .map(|reason| printable(&self.secrets(saved).mask(&reason))),
                },
            },
        })
    }

    /// The beginning of an answer's body, printable, the target file's secrets masked.
    pub fn excerpt(&self, body: &[u8]) -> String {
        self.excerpt_in(body, &Saved::new())
    }

    /// The same, with the secrets of a session masked besides.
    pub fn excerpt_in(&self, body: &[u8], saved: &Saved) -> String {
        // Masked before it is cut, so that no secret's beginning survives at the edge.
        printable(&self.secrets(saved).mask(&String::from_utf8_lossy(body)))
    }

    /// The statuses that mean yes to an operation, whatever the judge's rules say.
    fn ok(&self, operation: Operation, saved: &Saved) -> Option<StatusRange> {
        match self.login(operation, saved) {
            Some(login) => Some(login.ok),
            None => self.file.steps.get(&operation)?.ok,
        }
    }

    /// The request of the login that is next, if that is what is done.
    fn login(&self, operation: Operation, saved: &Saved) -> Option<&Login> {
        (operation == Operation::Login)
            .then(|| self.file.session.setup.get(saved.session().logins()))
            .flatten()
    }

    /// The error is why an accepting answer cannot be read.
    fn accept(
        &self,
        operation: Operation,
        reading: &Reading<'_>,
        saved: &mut Saved,
    ) -> Result<Decision, String> {
        if let Some(login) = self.login(operation, saved) {
            let kept = reading.find_all(&login.save)?;
            saved.session_mut().logged_in(kept);
            return Ok(Decision::Accepted { outputs: BTreeMap::new() });
        }
        let mut kept = BTreeMap::new();
        if let Some(step) = self.file.steps.get(&operation) {
            kept = reading.find_all(&step.save)?;
        }
        let mut outputs = match operation {
            Operation::Attest | Operation::Assert => reading.find_all(&self.file.outputs)?,
            Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => BTreeMap::new(),
        };
        let secrets = self.secrets(saved);
        for output in outputs.values_mut() {
            *output = secrets.mask(output);
        }
        saved.extend(kept);
        Ok(Decision::Accepted { outputs })
    }
}

/// An answer whose JSON or CBOR is parsed at most once, and only if it is asked for.
struct Reading<'a> {
    answer: &'a Answer,
    /// How challenges are written that came as bytes.
    challenge: Encoding,
    json: OnceCell<Option<serde_json::Value>>,
    cbor: OnceCell<Option<ciborium::Value>>,
}

impl Reading<'_> {
    fn json(&self) -> Option<&serde_json::Value> {
        // The parser refuses nesting beyond 128 levels: hostile bodies are no JSON to us.
        self.json.get_or_init(|| serde_json::from_slice(&self.answer.body).ok()).as_ref()
    }

    fn cbor(&self) -> Option<&ciborium::Value> {
        self.cbor.get_or_init(|| cbor::parse(&self.answer.body)).as_ref()
    }

    fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.answer.body)
    }

    fn matches(&self, rule: &AnswerRule, operation: Operation) -> bool {
        (rule.on.is_empty() || rule.on.contains(&operation))
            && rule.status.contains(self.answer.status)
            && rule.json.iter().all(|(pointer, wanted)| {
                self.json().and_then(|json| json.pointer(pointer)) == Some(wanted)
            })
            && rule.cbor.iter().all(|(pointer, wanted)| {
                let found = self.cbor().and_then(|root| cbor::at(root, pointer));
                found.is_some_and(|found| cbor::equals(found, wanted))
            })
            && rule.header.iter().all(|(name, wanted)| {
                let mut values = self.answer.headers.get_all(name).iter();
                values.any(|value| value.as_bytes() == wanted.as_bytes())
            })
            && rule.body_contains.as_ref().is_none_or(|wanted| self.text().contains(wanted))
            && rule.body_matches.as_ref().is_none_or(|pattern| pattern.is_match(&self.text()))
    }

    fn find_all(
        &self,
        sources: &BTreeMap<String, Source>,
    ) -> Result<BTreeMap<String, String>, String> {
        sources
            .iter()
            .filter_map(|(name, source)| match self.find_in(source, self.encoding_of(name)) {
                Ok(Some(value)) => Some(Ok((name.clone(), value))),
                Ok(None) => None,
                Err(why) => Some(Err(why)),
            })
            .collect()
    }

    /// How bytes are written that are saved under a name.
    fn encoding_of(&self, name: &str) -> Encoding {
        if name == CHALLENGE_TEXT { self.challenge } else { Encoding::B64 }
    }

    fn find(&self, source: &Source) -> Result<Option<String>, String> {
        self.find_in(source, Encoding::B64)
    }

    /// The value there, bytes in an encoding; `None` if it may be missing and is.
    fn find_in(&self, source: &Source, bytes_in: Encoding) -> Result<Option<String>, String> {
        let found = match &source.kind {
            SourceKind::Json(pointer) => {
                self.json().and_then(|json| json.pointer(pointer)).and_then(as_text)
            }
            SourceKind::Cbor(pointer) => self
                .cbor()
                .and_then(|root| cbor::at(root, pointer))
                .and_then(|value| cbor::text(value, bytes_in)),
            SourceKind::Cookie(name) => {
                let set = self.answer.headers.get_all(http::header::SET_COOKIE).iter();
                let mut cookies =
                    set.filter_map(|value| RawCookie::parse(value.to_str().ok()?).ok());
                let found = cookies.rfind(|cookie| cookie.name() == name);
                found.map(|cookie| cookie.value().to_owned())
            }
            SourceKind::Regex(pattern) => pattern.first_group(&self.text()).map(str::to_owned),
            SourceKind::Header(name) => {
                let value = self.answer.headers.get(name).and_then(|value| value.to_str().ok());
                value.map(str::to_owned)
            }
            SourceKind::Body => std::str::from_utf8(&self.answer.body).ok().map(str::to_owned),
        };
        if found.is_none() && !source.optional {
            let missing = self.missing(&source.kind);
            return Err(format!("the answer (status {}) has {missing}", self.answer.status));
        }
        Ok(found)
    }

    /// What is not there, in words.
    fn missing(&self, kind: &SourceKind) -> String {
        match kind {
            SourceKind::Json(pointer) => {
                let place =
                    if self.json().is_some() { "in its JSON" } else { "because it is no JSON" };
                format!("no value at `{pointer}` {place}")
            }
            SourceKind::Cbor(pointer) => {
                let value = self.cbor().and_then(|root| cbor::at(root, pointer));
                let place = match (self.cbor(), value) {
                    (None, _) => "because it is no CBOR",
                    (Some(_), Some(ciborium::Value::Bytes(_))) => {
                        "that is text: it is bytes; let `conventions.challenge` name an encoding, such as b64"
                    }
                    (Some(_), _) => "in its CBOR",
                };
                format!("no value at `{pointer}` {place}")
            }
            SourceKind::Cookie(name) => format!("no cookie `{name}`"),
            SourceKind::Regex(_) => "nothing that its regular expression finds".to_owned(),
            SourceKind::Header(name) => format!("no header `{name}`"),
            SourceKind::Body => "a body that is no text".to_owned(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        let text = self.answer.headers.get(http::header::RETRY_AFTER)?.to_str().ok()?;
        text.trim().parse().ok().map(Duration::from_secs)
    }

    /// Why no rule could read the answer.
    fn unmatched(&self) -> String {
        let header = |name| {
            let value: &http::HeaderValue = self.answer.headers.get(name)?;
            Some(shown(&String::from_utf8_lossy(value.as_bytes())))
        };
        let status = self.answer.status;
        match header(http::header::LOCATION) {
            Some(to) if (300..400).contains(&status) => {
                format!("a redirect (status {status}) to {to}, which is not followed")
            }
            Some(_) | None => {
                let kind = header(http::header::CONTENT_TYPE);
                let kind = kind.unwrap_or_else(|| "no content type".to_owned());
                format!("no rule reads status {status} with {kind}")
            }
        }
    }
}

/// A scalar as text; lists and maps are no values that could be kept.
fn as_text(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(value) => Some(value.to_string()),
        serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
            None
        }
    }
}

fn shown(text: &str) -> String {
    format!("`{}`", printable(&text.chars().take(200).collect::<String>()))
}

/// The text without control characters, at most as long as an excerpt.
pub(crate) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(EXCERPT + '…'.len_utf8()));
    for character in text.chars() {
        let hidden = character.is_control() || is_format(character);
        let kept = matches!(character, '\n' | '\t');
        if hidden && !kept {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
        if shown.len() >= EXCERPT {
            shown.push('…');
            break;
        }
    }
    shown
}

/// Characters that are not controls but turn or hide the text around them.
fn is_format(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
