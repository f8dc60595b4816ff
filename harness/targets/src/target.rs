//! The door: facts go in, an exchange comes out.

use crate::decision::{Decision, Exchange, Noted};
use crate::dialect::{Answer, Dialect, DialectError, WireRequest, printable};
use crate::facts::{Facts, Operation, Saved};
use bytes::Bytes;
use futures_util::future::{Either, join_all, ready, select};
use futures_util::stream::{self, Stream, StreamExt};
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;
use url::Url;

/// A server under test.
pub trait Target: Send + Sync {
    /// How it is spoken to.
    fn dialect(&self) -> &Dialect;

    /// Sends a request as it stands and reads its answer. Whatever the server does is a decision.
    fn send(
        &self,
        operation: Operation,
        request: WireRequest,
        saved: &mut Saved,
    ) -> impl Future<Output = Exchange> + Send;

    /// Sends requests so that they reach the server together, and reads their answers. Those
    /// `beside` are begun before and never finished, as by a phone that loses its network; a door
    /// that is given whole requests only leaves them out.
    fn send_together(
        &self,
        requests: Vec<Joint>,
        _beside: Vec<WireRequest>,
    ) -> impl Future<Output = Vec<Joined>> + Send {
        join_all(requests.into_iter().map(async |joint: Joint| {
            let Joint { operation, request, mut saved } = joint;
            let exchange = self.send(operation, request, &mut saved).await;
            Joined { exchange, saved }
        }))
    }

    /// Restarts the server with the command of the target file, and waits until it serves again.
    /// The error says what came instead, for people.
    fn restart(&self) -> impl Future<Output = Result<(), String>> + Send {
        ready(Err("nothing is known here that would restart the server".to_owned()))
    }

    /// Writes one request, sends it and reads its answer. An error means that the request could not
    /// be written.
    fn perform(
        &self,
        operation: Operation,
        facts: &Facts,
        saved: &mut Saved,
    ) -> impl Future<Output = Result<Exchange, DialectError>> + Send {
        let request = self.dialect().request(operation, facts, saved);
        async move { Ok(self.send(operation, request?, saved).await) }
    }
}

/// One of several requests to be sent together.
#[derive(Debug, Clone)]
pub struct Joint {
    /// What it asks for.
    pub operation: Operation,
    /// The request.
    pub request: WireRequest,
    /// What earlier answers left for it.
    pub saved: Saved,
}

/// What became of one of several requests sent together.
#[derive(Debug, Clone)]
pub struct Joined {
    /// What became of it.
    pub exchange: Exchange,
    /// What earlier answers and its own leave.
    pub saved: Saved,
}

/// A body that stops in the middle and never goes on.
pub(crate) fn stalled(body: &[u8]) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let half = Bytes::copy_from_slice(&body[..body.len() / 2]);
    stream::once(ready(Ok(half))).chain(stream::pending())
}

/// The outputs of `main`, while `beside` goes on for as long as that takes.
pub(crate) async fn while_beside<T>(main: impl Future<Output = T>, beside: impl Future) -> T {
    let (main, beside) = (std::pin::pin!(main), std::pin::pin!(beside));
    // What stands beside begins first.
    match select(beside, main).await {
        Either::Left((_, main)) => main.await,
        Either::Right((output, _)) => output,
    }
}

/// An exchange whose answer came whole.
pub(crate) fn answered(
    dialect: &Dialect,
    operation: Operation,
    url: &Url,
    answer: &Answer,
    saved: &mut Saved,
    elapsed: Duration,
) -> Exchange {
    dialect.keep_cookies(url, &answer.headers, saved);
    let (decision, read_by) = dialect.read_noting(operation, answer, saved);
    let date = answer.headers.get(http::header::DATE).and_then(|value| value.to_str().ok());
    Exchange {
        decision,
        status: Some(answer.status),
        elapsed,
        excerpt: dialect.excerpt_in(&answer.body, saved),
        caching: caching(&answer.headers),
        noted: Noted { read_by, date: date.map(str::to_owned) },
    }
}

/// An exchange whose answer was cut short.
pub(crate) fn cut_short(
    dialect: &Dialect,
    decision: Decision,
    status: Option<u16>,
    body: &[u8],
    saved: &Saved,
    elapsed: Duration,
) -> Exchange {
    let excerpt = dialect.excerpt_in(body, saved);
    Exchange { decision, status, elapsed, excerpt, caching: String::new(), noted: Noted::default() }
}

/// What an answer lets caches do.
fn caching(headers: &http::HeaderMap) -> String {
    let mut said = String::new();
    for (name, prefix) in [(http::header::CACHE_CONTROL, ""), (http::header::EXPIRES, "expires=")] {
        for value in headers.get_all(name) {
            said.push_str(if said.is_empty() { "" } else { ", " });
            said.push_str(prefix);
            said.push_str(&printable(&String::from_utf8_lossy(value.as_bytes())));
        }
    }
    said
}
