//! How answers are read: where values are found, and which answer means what.

use crate::facts::Operation;

/// Where in an answer a value is found: `json:/pointer`, `header:name` or `body`, with `?` if it may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where.
    pub kind: SourceKind,
    /// Whether an answer without it is still a good one.
    pub optional: bool,
}

/// Where in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// At this JSON pointer (RFC 6901) of the body.
    Json(String),
    /// In this header.
    Header(http::HeaderName),
    /// The whole body as text.
    Body,
}

impl Source {
    /// Reads a source; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (rest, optional) = match text.strip_suffix('?') {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let kind = match rest.split_once(':') {
            Some(("json", pointer)) => SourceKind::Json(pointer_of(pointer)?),
            Some(("header", name)) => SourceKind::Header(
                name.parse().map_err(|_| format!("`{name}` is no name of a header"))?,
            ),
            None if rest == "body" => SourceKind::Body,
            _ => {
                return Err(format!(
                    "`{text}` names no part of an answer; write `json:/pointer`, `header:name` or `body`, with `?` behind it if it may be missing"
                ));
            }
        };
        Ok(Self { kind, optional })
    }
}

/// Checks a JSON pointer (RFC 6901): empty, or parts that each begin with `/`, with `~` only in `~0` and `~1`.
pub(super) fn pointer_of(text: &str) -> Result<String, String> {
    let escapes_hold =
        text.split('~').skip(1).all(|rest| rest.starts_with('0') || rest.starts_with('1'));
    if !(text.is_empty() || text.starts_with('/')) {
        return Err(format!("`{text}` is no JSON pointer; it must begin with `/`"));
    }
    if !escapes_hold {
        return Err(format!(
            "`{text}` is no JSON pointer; `~` is written `~0`, and `/` in a name `~1`"
        ));
    }
    Ok(text.to_owned())
}

/// Statuses from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusRange {
    /// The lowest.
    pub from: u16,
    /// The highest.
    pub to: u16,
}

impl StatusRange {
    /// Every status.
    pub const ANY: Self = Self { from: 100, to: 999 };
    /// Every status that says yes by HTTP itself.
    pub const SUCCESS: Self = Self { from: 200, to: 299 };

    /// A range that holds both ends and is not empty.
    pub fn new(from: i64, to: i64) -> Result<Self, String> {
        match (u16::try_from(from), u16::try_from(to)) {
            (Ok(from), Ok(to)) if 100 <= from && from <= to && to <= 999 => Ok(Self { from, to }),
            (Ok(from), Ok(to)) if from > to => Err(format!("the range {from}..={to} is empty")),
            _ => Err("a status lies between 100 and 999".to_owned()),
        }
    }

    /// Reads `200..=299`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |text: &str| text.trim().parse::<i64>().ok();
        let ends = match text.split_once("..=") {
            Some((from, to)) => number(from).zip(number(to)),
            None => number(text).map(|status| (status, status)),
        };
        let (from, to) = ends.ok_or_else(|| {
            format!("`{text}` is no range of statuses; write 200 or \"200..=299\"")
        })?;
        Self::new(from, to)
    }

    /// Whether a status lies in it.
    pub fn contains(self, status: u16) -> bool {
        (self.from..=self.to).contains(&status)
    }
}

/// A rule that reads answers. All its conditions must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerRule {
    /// The operations it is for; empty for all.
    pub on: Vec<Operation>,
    /// The statuses it is for.
    pub status: StatusRange,
    /// JSON pointers of the body and the values that must stand there.
    pub json: Vec<(String, serde_json::Value)>,
    /// What such an answer means.
    pub is: Judged,
    /// Where the server says why, or the reason itself.
    pub reason: Option<Reason>,
}

/// What an answer means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Yes.
    Accept,
    /// No.
    Reject,
    /// The server failed: no decision.
    Error,
    /// Come back later: no decision.
    Throttled,
}

impl Judged {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Accept, Self::Reject, Self::Error, Self::Throttled];

    /// The name, as target files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Error => "error",
            Self::Throttled => "throttled",
        }
    }
}

/// Why a server refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// As it says itself, if it does.
    From(Source),
    /// Always this.
    Fixed(String),
}

impl Reason {
    /// A source if it is written like one, else the reason itself.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with("json:")
            || text.starts_with("header:")
            || matches!(text, "body" | "body?")
        {
            Source::parse(text).map(Self::From)
        } else {
            Ok(Self::Fixed(text.to_owned()))
        }
    }
}
