//! Servers that answer always the same: each must be found out for what it is.

use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use targets::{Answer, Decision, Dialect, Exchange, Operation, Saved, Target, WireRequest};

/// What a server answers to everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Constant {
    /// Yes.
    Accept,
    /// No.
    Reject,
    /// That it failed, with status 500.
    Fail,
    /// Status 200, and in the body an error.
    ErrorBody,
    /// Nothing, and keeps the connection.
    Hang,
    /// Nothing, and closes the connection.
    Close,
    /// What it was sent.
    Echo,
    /// Random bytes.
    Random,
    /// Status 200 and an empty body.
    Empty,
    /// A page for people, with status 200.
    Page,
}

impl Constant {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Accept,
        Self::Reject,
        Self::Fail,
        Self::ErrorBody,
        Self::Hang,
        Self::Close,
        Self::Echo,
        Self::Random,
        Self::Empty,
        Self::Page,
    ];

    /// The name in `constant.NAME`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Fail => "fail",
            Self::ErrorBody => "error-body",
            Self::Hang => "hang",
            Self::Close => "close",
            Self::Echo => "echo",
            Self::Random => "random",
            Self::Empty => "empty",
            Self::Page => "page",
        }
    }

    /// What it does, in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::Accept => "Hands out challenges and accepts everything.",
            Self::Reject => "Hands out challenges and refuses everything.",
            Self::Fail => "Answers everything with status 500.",
            Self::ErrorBody => "Answers everything with status 200 and an error in the body.",
            Self::Hang => "Never answers.",
            Self::Close => "Closes every connection without an answer.",
            Self::Echo => "Answers everything with the body it was sent.",
            Self::Random => "Answers everything with random bytes.",
            Self::Empty => "Answers everything with status 200 and no body.",
            Self::Page => "Answers everything with a page for people.",
        }
    }

    /// Whether the server hands out challenges; the others answer to that, too, as to everything.
    fn issues_challenges(self) -> bool {
        matches!(self, Self::Accept | Self::Reject)
    }
}

/// A server that answers always the same, spoken to as a target file says.
#[derive(Debug)]
pub struct ConstantServer {
    dialect: Dialect,
    constant: Constant,
    answered: AtomicU64,
}

impl ConstantServer {
    /// A server of that kind.
    pub fn new(dialect: Dialect, constant: Constant) -> Self {
        Self { dialect, constant, answered: AtomicU64::new(0) }
    }

    /// 32 bytes that differ from answer to answer.
    fn bytes(&self) -> [u8; 32] {
        let number = self.answered.fetch_add(1, Ordering::Relaxed);
        Sha256::digest(number.to_be_bytes()).into()
    }

    /// Status and body; `None` if there is no answer.
    fn answer(&self, operation: Operation, sent: &[u8]) -> Option<(u16, Vec<u8>)> {
        if operation == Operation::Challenge && self.constant.issues_challenges() {
            use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
            let challenge = URL_SAFE_NO_PAD.encode(self.bytes());
            let body = serde_json::json!({ "challenge": challenge, "expiresIn": 60.0 });
            return Some((200, body.to_string().into_bytes()));
        }
        let text = |status: u16, body: &str| Some((status, body.as_bytes().to_vec()));
        match self.constant {
            Constant::Accept => text(200, r#"{"accepted":true}"#),
            Constant::Reject => text(403, r#"{"accepted":false,"reason":"no"}"#),
            Constant::Fail => text(500, r#"{"error":"internal"}"#),
            Constant::ErrorBody => text(200, r#"{"error":{"code":"invalid"}}"#),
            Constant::Hang | Constant::Close => None,
            Constant::Echo => Some((200, sent.to_vec())),
            Constant::Random => Some((200, self.bytes().to_vec())),
            Constant::Empty => Some((200, Vec::new())),
            Constant::Page => text(200, "<!doctype html><title>Welcome</title><h1>It works</h1>"),
        }
    }
}

impl Target for ConstantServer {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn send(&self, operation: Operation, wire: WireRequest, saved: &mut Saved) -> Exchange {
        let Some((status, body)) = self.answer(operation, &wire.body) else {
            return self.silence().await;
        };
        let excerpt = self.dialect.excerpt(&body);
        let answer = Answer { status, headers: http::HeaderMap::new(), body: body.into() };
        Exchange {
            decision: self.dialect.read(operation, &answer, saved),
            status: Some(status),
            elapsed: Duration::ZERO,
            excerpt,
            caching: String::new(),
            noted: targets::Noted::default(),
        }
    }
}

impl ConstantServer {
    async fn silence(&self) -> Exchange {
        let (decision, elapsed) = if self.constant == Constant::Hang {
            let patience = self.dialect.file().timeout;
            tokio::time::sleep(patience).await;
            (Decision::TimedOut, patience)
        } else {
            (Decision::Closed { why: "connection reset".to_owned() }, Duration::ZERO)
        };
        Exchange {
            decision,
            status: None,
            elapsed,
            excerpt: String::new(),
            caching: String::new(),
            noted: targets::Noted::default(),
        }
    }
}
