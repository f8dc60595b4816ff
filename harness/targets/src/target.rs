//! The door: facts go in, an exchange comes out.

use crate::decision::{Decision, Exchange};
use crate::dialect::{Answer, Dialect, DialectError, WireRequest};
use crate::facts::{Facts, Operation, Saved};
use std::future::Future;
use std::time::Duration;

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

/// An exchange whose answer came whole.
pub(crate) fn answered(
    dialect: &Dialect,
    operation: Operation,
    answer: &Answer,
    saved: &mut Saved,
    elapsed: Duration,
) -> Exchange {
    Exchange {
        decision: dialect.read(operation, answer, saved),
        status: Some(answer.status),
        elapsed,
        excerpt: dialect.excerpt(&answer.body),
    }
}

/// An exchange whose answer was cut short.
pub(crate) fn cut_short(
    dialect: &Dialect,
    decision: Decision,
    status: Option<u16>,
    body: &[u8],
    elapsed: Duration,
) -> Exchange {
    Exchange { decision, status, elapsed, excerpt: dialect.excerpt(body) }
}
