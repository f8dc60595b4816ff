//! The door to a router in the same process: no socket, the same dialect.

use crate::decision::{Decision, Exchange};
use crate::dialect::{Answer, Dialect, DialectError, WireRequest};
use crate::facts::{Operation, Saved};
use crate::file::TargetFile;
use crate::http::LARGEST_ANSWER;
use crate::target::{Joined, Joint, Target, answered, cut_short, stalled, while_beside};
use axum::Router;
use axum::body::{Body, to_bytes};
use futures_util::future::join_all;
use std::convert::Infallible;
use std::time::Instant;
use tower::ServiceExt;

/// A server under test that is a router in this process, as tests want it.
#[derive(Debug, Clone)]
pub struct InProcess {
    dialect: Dialect,
    router: Router,
}

impl InProcess {
    /// A door to `router`, spoken to as `file` says; its nodes and timeout play no part.
    pub fn new(file: &TargetFile, router: Router) -> Result<Self, DialectError> {
        Ok(Self { dialect: Dialect::new(file)?, router })
    }

    /// The router, to put something before it.
    pub fn router(&self) -> &Router {
        &self.router
    }

    /// The same router, spoken to as another file says.
    pub fn speaking(&self, file: &TargetFile) -> Result<Self, DialectError> {
        Self::new(file, self.router.clone())
    }
}

impl Target for InProcess {
    fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    async fn send(&self, operation: Operation, wire: WireRequest, saved: &mut Saved) -> Exchange {
        let body = Body::from(wire.body.clone());
        self.exchange(operation, wire, body, saved).await
    }

    async fn send_together(&self, requests: Vec<Joint>, beside: Vec<WireRequest>) -> Vec<Joined> {
        let main = requests.into_iter().map(async |joint: Joint| {
            let Joint { operation, request, mut saved } = joint;
            let exchange = self.send(operation, request, &mut saved).await;
            Joined { exchange, saved }
        });
        let beside = beside.into_iter().map(async |wire: WireRequest| {
            let body = Body::from_stream(stalled(&wire.body));
            self.exchange(Operation::Attest, wire, body, &mut Saved::new()).await
        });
        while_beside(join_all(main), join_all(beside)).await
    }
}

impl InProcess {
    async fn exchange(
        &self,
        operation: Operation,
        wire: WireRequest,
        body: Body,
        saved: &mut Saved,
    ) -> Exchange {
        let started = Instant::now();
        let mut request = http::Request::new(body);
        *request.method_mut() = wire.method;
        // A URL that parsed is a URI as well, bar lengths no test comes near.
        let url = wire.url;
        *request.uri_mut() = url.as_str().parse().unwrap_or_default();
        *request.headers_mut() = wire.headers;
        let response = self
            .router
            .clone()
            .oneshot(request)
            .await
            .unwrap_or_else(|never: Infallible| match never {});
        let (parts, body) = response.into_parts();
        let status = parts.status.as_u16();
        match to_bytes(body, LARGEST_ANSWER).await {
            Ok(body) => {
                let answer = Answer { status, headers: parts.headers, body };
                answered(&self.dialect, operation, &url, &answer, saved, started.elapsed())
            }
            Err(error) => {
                let decision = Decision::Unreadable { why: error.to_string() };
                cut_short(&self.dialect, decision, Some(status), b"", saved, started.elapsed())
            }
        }
    }
}
