//! Refusals as they are answered.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use protocol::flaw::{Flaws, Habit};
use protocol::relying_party::Refusal;
use protocol::verify::Rule;
use serde::Serialize;

/// An answer that says no.
#[derive(Debug)]
pub(super) struct No {
    status: StatusCode,
    rule: Option<Rule>,
    reason: String,
}

#[derive(Serialize)]
struct Words<'a> {
    accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'static str>,
    reason: &'a str,
}

impl No {
    /// The request itself cannot be read.
    pub(super) fn malformed(reason: impl Into<String>) -> Self {
        Self::plain(StatusCode::BAD_REQUEST, reason)
    }

    pub(super) fn plain(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, rule: None, reason: reason.into() }
    }

    /// The planted flaw of that id broke the server.
    pub(super) fn failed(flaw: &str) -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR, format!("internal error ({flaw})"))
    }

    /// The same, if the server has the habit of breaking over what cannot be read.
    pub(super) fn unless_uncaught(self, flaws: &Flaws, habit: Habit) -> Self {
        flaws.with(habit).map_or(self, |flaw| Self::failed(flaw.id))
    }

    /// The relying party refused; a broken rule is answered with `status`.
    pub(super) fn refused(refusal: Refusal, status: StatusCode) -> Self {
        match refusal {
            Refusal::Broken(rejection) => Self {
                status: if rejection.rule == Rule::KeyUnclaimed {
                    StatusCode::CONFLICT
                } else {
                    status
                },
                rule: Some(rejection.rule),
                reason: rejection.detail,
            },
            Refusal::Full(_) => Self::plain(StatusCode::SERVICE_UNAVAILABLE, refusal.to_string()),
            Refusal::Failed(flaw) => Self::failed(flaw),
            Refusal::RepeatedEntropy => {
                Self::plain(StatusCode::INTERNAL_SERVER_ERROR, refusal.to_string())
            }
        }
    }
}

impl IntoResponse for No {
    fn into_response(self) -> Response {
        let words = Words { accepted: false, rule: self.rule.map(Rule::id), reason: &self.reason };
        let mut response = (self.status, Json(words)).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
