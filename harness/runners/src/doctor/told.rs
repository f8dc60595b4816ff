//! What became of one trial, and whether two answers say the same.

use catalogue::Truth;
use protocol::verify::Rule;
use serde_json::Value;
use std::fmt::Write as _;
use targets::file::Reasons;
use targets::{Decision, Exchange, ReadBy};

use super::finding::shown;

/// What became of one trial.
#[derive(Debug, Clone, Default)]
pub(super) struct Told {
    /// The exchange that decides: the last, or the one that ended the trial before.
    pub(super) exchange: Option<Exchange>,
    /// Whether it is the last.
    pub(super) reached: bool,
    /// Which request that was, as in "attest (step 1)".
    pub(super) what: String,
    /// Why nothing could be sent.
    pub(super) trouble: Option<String>,
    /// What is true of the request.
    pub(super) truth: Option<Truth>,
}

impl Told {
    pub(super) fn decision(&self) -> Option<&Decision> {
        self.exchange.as_ref().map(|exchange| &exchange.decision)
    }

    pub(super) fn status(&self) -> u16 {
        self.exchange.as_ref().and_then(|exchange| exchange.status).unwrap_or_default()
    }

    /// Whether the request that it is about was accepted.
    pub(super) fn accepted(&self) -> bool {
        self.reached && matches!(self.decision(), Some(Decision::Accepted { .. }))
    }

    pub(super) fn rejected(&self) -> bool {
        self.reached && matches!(self.decision(), Some(Decision::Rejected { .. }))
    }

    pub(super) fn read_by(&self) -> Option<ReadBy> {
        self.exchange.as_ref()?.noted.read_by
    }

    /// The place of the rule that read it.
    pub(super) fn rule(&self) -> Option<usize> {
        match self.read_by()? {
            ReadBy::Rule(place) => Some(place),
            ReadBy::Ok => None,
        }
    }

    /// The server's reason, if the target file finds one.
    pub(super) fn reason(&self) -> Option<&str> {
        match self.decision()? {
            Decision::Rejected { reason } => reason.as_deref(),
            _ => None,
        }
    }

    /// The rule that the server's reason stands for.
    pub(super) fn broken(&self, reasons: &Reasons) -> Option<Rule> {
        Rule::from_id(reasons.code(self.reason()?)?)
    }

    /// What of the answer is a body in JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.exchange.as_ref()?.excerpt).ok()
    }

    /// The answer in a few words.
    pub(super) fn words(&self) -> String {
        if let Some(trouble) = &self.trouble {
            return format!("nothing could be sent: {}", shown(trouble));
        }
        let Some(exchange) = &self.exchange else { return "nothing was sent".to_owned() };
        let mut words = match &exchange.decision {
            Decision::Unreadable { why } => format!("unreadable, {}", shown(why)),
            Decision::Closed { why } => format!("closed without an answer, {}", shown(why)),
            Decision::Unreachable { why } => format!("unreachable, {}", shown(why)),
            Decision::TimedOut => "no answer in time".to_owned(),
            other => other.as_str().to_owned(),
        };
        if let Some(status) = exchange.status {
            let _ = write!(words, ", status {status}");
        }
        match self.reason() {
            Some(reason) => {
                let _ = write!(words, ", reason {}", shown(reason));
            }
            None if !exchange.excerpt.trim().is_empty() => {
                let _ = write!(words, ", {}", shown(&exchange.excerpt));
            }
            None => {}
        }
        if self.reached { words } else { format!("{}: {words}", self.what) }
    }

    /// What the answer says, without what differs in any two: two requests with one gist are the
    /// same to the server.
    pub(super) fn gist(&self) -> String {
        let Some(exchange) = &self.exchange else { return String::new() };
        let Some(status) = exchange.status else { return exchange.decision.as_str().to_owned() };
        let body = match serde_json::from_str::<Value>(&exchange.excerpt) {
            Ok(json) => lasting_json(&json).to_string(),
            Err(_) => lasting(&exchange.excerpt),
        };
        format!("{} {status} {body}", self.reached)
    }

    /// Whether it says the opposite of the other, and not only something else: by its status, by a
    /// flag, by a word that is called like a verdict, or by members that the other has not.
    pub(super) fn tells_from(&self, other: &Self) -> bool {
        if self.status() != other.status() {
            return true;
        }
        match (self.json(), other.json()) {
            (Some(one), Some(other)) => {
                let members = |json: &Value| -> Option<Vec<String>> {
                    json.as_object().map(|map| map.keys().cloned().collect())
                };
                members(&one) != members(&other)
                    || difference(&one, &other)
                        .is_some_and(|(pointer, one, _)| one.is_boolean() || is_verdict(&pointer))
            }
            _ => !self.is_like(other),
        }
    }

    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.gist() == other.gist()
    }
}

/// Codes are short, times and counters of a busy server are not.
const LARGEST_CODE: i64 = 100_000;

fn lasting_json(json: &Value) -> Value {
    match json {
        Value::Number(number) if number.as_i64().is_none_or(|number| number >= LARGEST_CODE) => {
            Value::Null
        }
        Value::String(text) => lasting(text).into(),
        Value::Array(list) => list.iter().map(lasting_json).collect(),
        Value::Object(map) => Value::Object(
            map.iter().map(|(key, value)| (key.clone(), lasting_json(value))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::Number(_) => json.clone(),
    }
}

/// The words of a text that are no ids, times or encoded bytes.
fn lasting(text: &str) -> String {
    const LONGEST_WORD: usize = 30;
    let lasts = |word: &&str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        word.len() <= LONGEST_WORD && (digits == 0 || word.len() <= 6 && digits < 5)
    };
    text.split_whitespace().filter(lasts).collect::<Vec<_>>().join(" ")
}

/// The first scalar in which two JSON bodies differ for good: its pointer and both values.
pub(super) fn difference(one: &Value, other: &Value) -> Option<(String, Value, Value)> {
    let mut found = Vec::new();
    differences("", one, other, &mut found);
    // A flag says more than a word.
    let flag = found
        .iter()
        .position(|(_, one, other): &(_, Value, Value)| one.is_boolean() && other.is_boolean());
    let is_word = |one: &Value, other: &Value| one.is_string() && other.is_string();
    let verdict =
        || found.iter().position(|(at, one, other)| is_verdict(at) && is_word(one, other));
    let word = || found.iter().position(|(_, one, other)| is_word(one, other));
    let place = flag.or_else(verdict).or_else(word)?;
    Some(found.swap_remove(place))
}

/// Whether a member is called like what a server decides.
fn is_verdict(pointer: &str) -> bool {
    let name = pointer.rsplit('/').next().unwrap_or_default().to_lowercase();
    ["status", "result", "verdict", "outcome", "decision", "state"].contains(&name.as_str())
}

fn differences(at: &str, one: &Value, other: &Value, found: &mut Vec<(String, Value, Value)>) {
    if let (Value::Object(ones), Value::Object(others)) = (one, other) {
        for (key, value) in ones {
            if let Some(other) = others.get(key) {
                let name = key.replace('~', "~0").replace('/', "~1");
                differences(&format!("{at}/{name}"), value, other, found);
            }
        }
        return;
    }
    let (lasts, counterpart) = (lasting_json(one), lasting_json(other));
    if lasts != counterpart && lasts == *one && counterpart == *other {
        found.push((at.to_owned(), one.clone(), other.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> Told {
        let exchange = Exchange {
            decision: Decision::Rejected { reason: None },
            status: Some(status),
            elapsed: std::time::Duration::ZERO,
            excerpt: body.to_owned(),
            caching: String::new(),
            noted: targets::Noted::default(),
        };
        Told { exchange: Some(exchange), reached: true, ..Told::default() }
    }

    #[test]
    fn ids_and_times_do_not_make_answers_differ_but_codes_and_words_do() {
        let check = |one: &str, other: &str, like: bool| {
            assert_eq!(told(403, one).is_like(&told(403, other)), like, "{one} {other}");
        };
        check(r#"{"id":"4f2a90c1d8e7","ok":false}"#, r#"{"id":"90aa12bc77f0","ok":false}"#, true);
        check(r#"{"at":1795863131}"#, r#"{"at":1795863199}"#, true);
        check(r#"{"code":1003}"#, r#"{"code":1004}"#, false);
        check("request 8f7e6d5c4b3a: no", "request 1a2b3c4d5e6f: no", true);
        check("no: E1003", "no: E1004", false);
        assert!(!told(400, "no").is_like(&told(403, "no")));
    }

    #[test]
    fn another_reason_for_a_no_is_no_yes() {
        let check = |one: &str, other: &str, tells: bool| {
            assert_eq!(told(200, one).tells_from(&told(200, other)), tells, "{one} {other}");
        };
        check(r#"{"ok":false,"error":"a"}"#, r#"{"ok":false,"error":"b"}"#, false);
        check(r#"{"ok":true}"#, r#"{"ok":false}"#, true);
        check(r#"{"result":"fine"}"#, r#"{"result":"denied"}"#, true);
        check(r#"{"token":"x"}"#, r#"{"error":"b"}"#, true);
        assert!(told(200, "{}").tells_from(&told(403, "{}")));
    }

    #[test]
    fn the_telling_difference_is_a_flag_before_a_word() {
        let one = serde_json::json!({ "m": "fine", "r": { "o/k": true }, "t": 1_795_863_131 });
        let other = serde_json::json!({ "m": "bad", "r": { "o/k": false }, "t": 1_795_863_132 });
        let (pointer, one, other) = difference(&one, &other).unwrap();
        assert_eq!((pointer.as_str(), one, other), ("/r/o~1k", true.into(), false.into()));
        assert_eq!(
            difference(&serde_json::json!({ "a": 1 }), &serde_json::json!({ "a": 1 })),
            None
        );
    }
}
