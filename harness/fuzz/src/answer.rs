//! An answer of a server, read through a dialect: status, headers and body.

use crate::adapter::told;
use crate::held;
use crate::input::Input;
use http::{HeaderName, HeaderValue};
use std::convert::Infallible;
use std::future::ready;
use std::sync::LazyLock;
use std::time::Duration;
use targets::{CHALLENGE_TEXT, Decision, Dialect, Exchange, Operation, Saved, TargetFile};
use tokio::runtime::{Builder, Runtime};
use url::Url;

/// A secret of the target files below, which no answer brings to light.
const SECRET: &str = "hush-hush";

/// The reference's way, and one that reads every kind of source there is.
static DIALECTS: LazyLock<[Dialect; 2]> = LazyLock::new(|| {
    [TargetFile::REFERENCE, include_str!("answer/shop.toml")].map(|text| {
        let file = TargetFile::parse(text, "target.toml", &|_| Some(SECRET.to_owned()));
        Dialect::new(&file.expect("a target file of ours")).expect("templates of ours")
    })
});

/// What waits for the body of an answer. Nothing in it takes time.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread().enable_time().build().expect("a runtime without input or output")
});

pub(crate) fn run(input: &[u8]) {
    let mut input = Input::new(input);
    let dialect = input.choice(&*DIALECTS).expect("there are two");
    let operation = *input.choice(&Operation::ALL).expect("there are eight");
    if !dialect.speaks(operation) {
        return;
    }
    let status = 100 + input.number() % 900;
    let (headers, body) = parts(input.rest());

    let mut saved = saved();
    let exchange = exchange(dialect, operation, status, &headers, body, &mut saved);
    holds(&exchange, status, body, dialect);
    kept(&exchange.decision, operation, &saved);

    let again = self::exchange(dialect, operation, status, &headers, body, &mut self::saved());
    assert_eq!(Exchange { elapsed: exchange.elapsed, ..again }, exchange, "the same answer twice");
}

/// Header lines up to an empty one, and a body. Lines that are no header are left out.
fn parts(bytes: &[u8]) -> (Vec<(HeaderName, HeaderValue)>, &[u8]) {
    let mut headers = Vec::new();
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        if line.is_empty() {
            break;
        }
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(halves.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.push((name, value));
        }
    }
    (headers, rest)
}

fn saved() -> Saved {
    Saved::from([(CHALLENGE_TEXT.to_owned(), "before".to_owned())])
}

fn exchange(
    dialect: &Dialect,
    operation: Operation,
    status: u16,
    headers: &[(HeaderName, HeaderValue)],
    body: &[u8],
    saved: &mut Saved,
) -> Exchange {
    let mut answer = http::Response::new(body.to_vec());
    *answer.status_mut() = http::StatusCode::from_u16(status).expect("100 to 999");
    answer.headers_mut().extend(headers.iter().cloned());
    let answer = reqwest::Response::from(answer);
    let url = Url::parse("http://127.0.0.1:8080/").expect("a URL");
    let sending = ready(Ok::<_, Infallible>(Ok(answer)));
    let settling = targets::http::settle(dialect, operation, &url, sending, saved);
    let Ok(exchange) = RUNTIME.block_on(settling);
    exchange
}

/// What a record shows of an answer is bounded, printable and keeps secrets.
fn holds(exchange: &Exchange, status: u16, body: &[u8], dialect: &Dialect) {
    let Exchange { decision, excerpt, caching, noted, .. } = exchange;
    assert_eq!(exchange.status, Some(status));
    told(decision);
    for text in [excerpt, caching, noted.date.as_ref().unwrap_or(excerpt)] {
        assert!(text.len() <= 3 * body.len() + 8192, "{} bytes", text.len());
        held::printable(text, true);
    }
    assert!(excerpt.len() <= 4096, "{} bytes of an excerpt", excerpt.len());
    if dialect.file().secrets.iter().next().is_some() {
        let shown = format!("{decision:?} {excerpt}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
    match decision {
        Decision::Accepted { .. } | Decision::Rejected { .. } => {
            assert!(noted.read_by.is_some(), "what no rule reads is no decision");
        }
        Decision::Failed | Decision::Throttled { .. } => assert!(noted.read_by.is_some()),
        Decision::Unreadable { .. } => {}
        Decision::Closed { .. } | Decision::TimedOut | Decision::Unreachable { .. } => {
            panic!("a whole answer came: {decision:?}")
        }
    }
    if let Decision::Throttled { retry_after } = decision {
        assert!(retry_after.is_none_or(|wait| wait >= Duration::ZERO));
    }
}

/// Only what is accepted leaves something behind.
fn kept(decision: &Decision, operation: Operation, saved: &Saved) {
    let accepted = matches!(decision, Decision::Accepted { .. });
    assert!(accepted || **saved == *self::saved(), "{decision:?} left {saved:?}");
    let logged_in = accepted && operation == Operation::Login;
    assert_eq!(saved.session().logins(), usize::from(logged_in));
}
