//! Requests outside the windows, of attacks and of journeys: enrolment before the load, challenges
//! in reserve, the audit at the end. Each is sent for itself and waited for.

use super::desk::{Desk, issued};
use super::fleet::Material;
use super::mint::Ready;
use super::oracle::answer;
use super::recruiter::Member;
use super::schedule::Deed;
use super::state::{Breach, Request};
use protocol::relying_party::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use targets::{CHALLENGE_TEXT, Decision, DialectError, Exchange, Operation, Saved, WireRequest};
use tokio::task::JoinSet;

/// Why the fleet could not be enrolled.
#[derive(Debug, thiserror::Error)]
pub enum MusterError {
    /// A request could not be written.
    #[error(transparent)]
    Dialect(#[from] DialectError),
    /// The target did not do what every honest device needs.
    #[error("before the load, {step} of an honest device was answered with {decision}: {detail}")]
    Refused {
        /// Which step.
        step: &'static str,
        /// What the target decided.
        decision: &'static str,
        /// What it said.
        detail: String,
        /// Whether no decision came at all.
        undecided: bool,
    },
    /// The user asked to stop.
    #[error("interrupted while devices were enrolled")]
    Stopped,
}

/// Conversations at a time while the fleet is enrolled: what a server of a few cores likes best.
pub(super) const AT_A_TIME: usize = 16;
/// Numbers of requests outside the schedule begin here.
const UNSCHEDULED: u64 = 1 << 40;

/// Whoever sends requests outside the windows, each with a number.
#[derive(Debug)]
pub(super) struct Envoy {
    pub(super) desk: Arc<Desk>,
    client: reqwest::Client,
    number: AtomicU64,
}

impl Envoy {
    pub(super) fn new(desk: Arc<Desk>, client: reqwest::Client) -> Self {
        Self { desk, client, number: AtomicU64::new(UNSCHEDULED) }
    }

    /// A number that no other request has.
    pub(super) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }

    /// Sends a request and waits for its answer.
    pub(super) async fn exchange(
        &self,
        operation: Operation,
        wire: WireRequest,
        saved: &mut Saved,
    ) -> Exchange {
        targets::http::exchange(&self.client, &self.desk.dialect, operation, wire, saved).await
    }

    /// Sends a request that the state oracle weighs the answer to.
    pub(super) async fn weighed(
        &self,
        operation: Operation,
        wire: WireRequest,
        saved: &mut Saved,
        request: Request,
    ) -> (Exchange, Option<Breach>) {
        let ticket = self.desk.about_to_send(request);
        let exchange = self.exchange(operation, wire, saved).await;
        let breach = self.desk.has_come(ticket, answer(&exchange.decision));
        (exchange, breach)
    }

    /// Gets a challenge for a device.
    pub(super) async fn challenge(
        &self,
        purpose: Purpose,
        member: &mut Member,
    ) -> Result<(), MusterError> {
        let number = self.number();
        let asked = self.desk.age();
        let wire = self.desk.mint.challenge(number, purpose, &member.account, &member.saved)?;
        let exchange = self.exchange(Operation::Challenge, wire, &mut member.saved).await;
        must_be_accepted("the request for a challenge", exchange)?;
        if let Some(challenge) = member.saved.get(CHALLENGE_TEXT) {
            self.desk.is_new(challenge);
        }
        member.issued = issued(&member.saved, asked, self.desk.age());
        Ok(())
    }

    /// Enrols a device.
    pub(super) async fn enrol(&self, mut member: Box<Member>) -> Result<Box<Member>, MusterError> {
        self.challenge(Purpose::Attest, &mut member).await?;
        let number = self.number();
        let ready = self.desk.mint.make(number, Deed::Attest(None), Material::Member(member))?;
        self.accepted("the attestation", ready).await
    }

    /// Sends an honest request, which must be accepted.
    pub(super) async fn accepted(
        &self,
        step: &'static str,
        ready: Ready,
    ) -> Result<Box<Member>, MusterError> {
        let Ready { operation, wire, member, request, .. } = ready;
        let mut member = member.expect("what is honest has a device");
        let (exchange, _) = self.weighed(operation, wire, &mut member.saved, request).await;
        must_be_accepted(step, exchange)?;
        Ok(member)
    }
}

/// Does `one` so many times, a few at a time, until something fails or somebody says stop.
pub(super) async fn many<T, F>(
    whose: &Arc<T>,
    times: u64,
    stopped: &(impl Fn() -> bool + Clone + Send + 'static),
    one: impl Fn(Arc<T>, u64) -> F + Clone + Send + 'static,
) -> Result<(), MusterError>
where
    T: Send + Sync + 'static,
    F: Future<Output = Result<(), MusterError>> + Send,
{
    let next = Arc::new(AtomicU64::new(0));
    let mut hands = JoinSet::new();
    for _ in 0..AT_A_TIME {
        let (whose, next) = (Arc::clone(whose), Arc::clone(&next));
        let (one, stopped) = (one.clone(), stopped.clone());
        hands.spawn(async move {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= times {
                    return Ok(());
                }
                if stopped() {
                    return Err(MusterError::Stopped);
                }
                one(Arc::clone(&whose), index).await?;
            }
        });
    }
    while let Some(hand) = hands.join_next().await {
        hand.expect("nobody cancels an enrolment, and none panics")?;
    }
    Ok(())
}

/// Whether the target did what every honest device needs.
pub(super) fn must_be_accepted(step: &'static str, exchange: Exchange) -> Result<(), MusterError> {
    let undecided = match &exchange.decision {
        Decision::Accepted { .. } => return Ok(()),
        Decision::Rejected { .. } => false,
        Decision::Failed
        | Decision::Throttled { .. }
        | Decision::Unreadable { .. }
        | Decision::Closed { .. }
        | Decision::TimedOut
        | Decision::Unreachable { .. } => true,
    };
    let said = match &exchange.decision {
        Decision::Unreadable { why } | Decision::Closed { why } | Decision::Unreachable { why } => {
            why.clone()
        }
        Decision::Rejected { reason: Some(reason) } => reason.clone(),
        Decision::Accepted { .. }
        | Decision::Rejected { reason: None }
        | Decision::Failed
        | Decision::Throttled { .. }
        | Decision::TimedOut => exchange.excerpt,
    };
    let detail = match (exchange.status, said.is_empty()) {
        (Some(status), true) => format!("status {status}"),
        (Some(status), false) => format!("status {status}, {said}"),
        (None, true) => "nothing".to_owned(),
        (None, false) => said,
    };
    let decision = exchange.decision.as_str();
    Err(MusterError::Refused { step, decision, detail, undecided })
}
