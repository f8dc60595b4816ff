//! How answers are read: where values are found, and which answer means what.

use crate::facts::Operation;

/// Where in an answer a value is found: `json:/pointer`, `cbor:/pointer`, `header:name`,
/// `cookie:name`, `regex:pattern` or `body`, with `?` if it may be missing.
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
    /// At this pointer of the body, which is CBOR; byte strings are read as text in the encoding of
    /// challenges if it is one, else in base64.
    Cbor(String),
    /// In this header.
    Header(http::HeaderName),
    /// The cookie of this name, which the answer sets.
    Cookie(String),
    /// The first group of the first match in the body.
    Regex(Pattern),
    /// The whole body as text.
    Body,
}

/// A regular expression, whose search takes time in proportion to what is searched.
#[derive(Debug, Clone)]
pub struct Pattern(regex::Regex);

/// Bytes that a compiled expression may take.
const LARGEST_PATTERN: usize = 1 << 20;

impl Pattern {
    /// Compiles an expression; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let compiled = regex::RegexBuilder::new(text).size_limit(LARGEST_PATTERN).build();
        compiled.map(Self).map_err(|error| {
            let last = error.to_string().lines().last().unwrap_or_default().trim().to_owned();
            format!("`{text}` is no regular expression: {}", last.trim_start_matches("error: "))
        })
    }

    /// Compiles an expression that has a group to take a value from.
    fn with_group(text: &str) -> Result<Self, String> {
        let pattern = Self::new(text)?;
        if pattern.0.captures_len() < 2 {
            return Err(format!(
                "`{text}` has no group; put the value into brackets: `regex:name=\"([^\"]*)\"`"
            ));
        }
        Ok(pattern)
    }

    /// Whether it is found in a text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text)
    }

    /// The first group of the first match.
    pub fn first_group<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.0.captures(text)?.get(1).map(|group| group.as_str())
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

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
            Some(("cbor", pointer)) => SourceKind::Cbor(pointer_of(pointer)?),
            Some(("cookie", name)) if !name.is_empty() => SourceKind::Cookie(name.to_owned()),
            Some(("regex", pattern)) => SourceKind::Regex(Pattern::with_group(pattern)?),
            None if rest == "body" => SourceKind::Body,
            _ => {
                return Err(format!(
                    "`{text}` names no part of an answer; write `json:/pointer`, `cbor:/pointer`, `header:name`, `cookie:name`, `regex:pattern` or `body`, with `?` behind it if it may be missing"
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
    /// The same of a body that is CBOR.
    pub cbor: Vec<(String, serde_json::Value)>,
    /// Headers and the values that they must have.
    pub header: Vec<(http::HeaderName, String)>,
    /// What must stand in the body.
    pub body_contains: Option<String>,
    /// What must be found in the body.
    pub body_matches: Option<Pattern>,
    /// What such an answer means.
    pub is: Judged,
    /// Where the server says why, or the reason itself.
    pub reason: Option<Reason>,
}

impl AnswerRule {
    /// A rule for answers of these statuses to any operation, whatever else is in them.
    pub fn new(status: StatusRange, is: Judged) -> Self {
        Self {
            on: Vec::new(),
            status,
            json: Vec::new(),
            cbor: Vec::new(),
            header: Vec::new(),
            body_contains: None,
            body_matches: None,
            is,
            reason: None,
        }
    }
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
        let is_source = ["json:", "cbor:", "header:", "cookie:", "regex:"]
            .iter()
            .any(|kind| text.starts_with(kind));
        if is_source || matches!(text, "body" | "body?") {
            Source::parse(text).map(Self::From)
        } else {
            Ok(Self::Fixed(text.to_owned()))
        }
    }
}
