//! What happens outside the windows: logging in and enrolling the fleet, and keeping challenges in
//! reserve.

use super::fleet::{Asker, Kept, Material, NEWCOMERS, Needs, RACERS};
use super::mint::{Guest, Ready};
use super::oracle::{Lie, answer};
use super::plan::LoadPlan;
use super::recruiter::Member;
use super::schedule::{Arrival, Deed};
use super::work::{Message, Work};
use protocol::relying_party::Purpose;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
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
/// Devices that also send a protected request, so that there is something to replay.
const PROVEN: u64 = 8;
/// How often the reserve is looked after.
const ROUND: Duration = Duration::from_millis(50);
/// How far ahead the reserve looks: a step of the stairs should not find it small.
const FORESIGHT: Duration = Duration::from_secs(10);
/// Challenges fetched outside the windows, as a share of the rate: it should not count as load.
const EXTRA: f64 = 0.1;

/// Numbers of requests outside the schedule begin here.
const UNSCHEDULED: u64 = 1 << 40;

/// Devices that stand ready to be enrolled when the load begins.
///
/// Where users log in they are as many as the load will ever enrol: a login between two arrivals
/// would be load that nobody asked for.
fn newcomers(work: &Work, plan: &LoadPlan) -> u64 {
    let reserve = Needs::most(plan).reserve(Purpose::Attest) as u64;
    let attests = |arrival: &&Arrival| matches!(arrival.deed, Deed::Attest(_));
    if work.logs_in() {
        // Those that hold a challenge, up to twice the reserve, are not there to ask for one.
        NEWCOMERS as u64 + 2 * reserve + work.schedule.iter().filter(attests).count() as u64
    } else {
        NEWCOMERS as u64 + reserve
    }
}

/// Devices that speak to the target before the load.
pub(super) fn spoken_to(work: &Work, plan: &LoadPlan) -> u64 {
    Needs::enrolled(plan) + if work.logs_in() { newcomers(work, plan) } else { 0 }
}

/// Requests outside the schedule, each with a number.
#[derive(Debug)]
pub(super) struct Muster {
    work: Arc<Work>,
    client: reqwest::Client,
    number: AtomicU64,
}

impl Muster {
    pub(super) fn new(work: Arc<Work>, client: reqwest::Client) -> Self {
        Self { work, client, number: AtomicU64::new(UNSCHEDULED) }
    }

    /// Enrols the fleet and fills the reserve.
    pub(super) async fn gather(
        self: &Arc<Self>,
        plan: &LoadPlan,
        stopped: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<(), MusterError> {
        let mut guest = Guest { account: self.work.recruiter.guest(), saved: Saved::new() };
        self.log_in(&guest.account, &mut guest.saved).await?;
        self.work.mint.welcome(guest);
        let devices = Needs::enrolled(plan);
        self.many(devices, &stopped, |muster, index| async move { muster.enrol(index).await })
            .await?;
        let newcomers = newcomers(&self.work, plan);
        self.many(newcomers, &stopped, |muster, _| async move { muster.receive().await }).await?;
        let freshness = self.work.fleet().freshness();
        let soon = Needs::between(plan, Duration::ZERO, freshness);
        for purpose in [Purpose::Attest, Purpose::Assert] {
            let wanted = soon.reserve(purpose) as u64;
            self.many(wanted, &stopped, move |muster, _| async move {
                muster.fetch(purpose).await.map(drop)
            })
            .await?;
            self.work.tally.fetched_before.fetch_add(wanted, Ordering::Relaxed);
        }
        if self.races() {
            self.many(RACERS as u64, &stopped, |muster, _| async move {
                muster.fetch_two().await.map(drop)
            })
            .await?;
            self.work.tally.fetched_before.fetch_add(2 * RACERS as u64, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Whether devices will race with themselves.
    fn races(&self) -> bool {
        let schedule = &self.work.schedule;
        schedule.iter().any(|arrival| arrival.deed.lie() == Some(Lie::CounterTwice))
    }

    /// Does `one` so many times, a few at a time.
    async fn many<F>(
        self: &Arc<Self>,
        times: u64,
        stopped: &(impl Fn() -> bool + Clone + Send + 'static),
        one: impl Fn(Arc<Self>, u64) -> F + Clone + Send + 'static,
    ) -> Result<(), MusterError>
    where
        F: Future<Output = Result<(), MusterError>> + Send,
    {
        let next = Arc::new(AtomicU64::new(0));
        let mut hands = JoinSet::new();
        for _ in 0..AT_A_TIME {
            let (muster, next) = (Arc::clone(self), Arc::clone(&next));
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
                    one(Arc::clone(&muster), index).await?;
                }
            });
        }
        while let Some(hand) = hands.join_next().await {
            hand.expect("nobody cancels an enrolment, and none panics")?;
        }
        Ok(())
    }

    /// Logs an account in, if the target file says how.
    async fn log_in(&self, account: &str, saved: &mut Saved) -> Result<(), MusterError> {
        for _ in &self.work.dialect.file().session.setup {
            let wire = self.work.mint.login(self.number(), account, saved)?;
            let exchange = self.exchange(Operation::Login, wire, saved).await;
            must_be_accepted("the login", exchange)?;
            self.work.tally.logins.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gets the next device as far as it is before its enrolment.
    async fn receive(self: Arc<Self>) -> Result<(), MusterError> {
        let mut newcomer = self.work.recruiter.recruit();
        self.log_in(&newcomer.account, &mut newcomer.saved).await?;
        self.work.fleet().add_newcomer(newcomer);
        if self.work.logs_in() {
            self.work.tell(Message::Spoken);
        }
        Ok(())
    }

    /// Enrols the next device; the first few also send a protected request.
    async fn enrol(self: Arc<Self>, index: u64) -> Result<(), MusterError> {
        let mut member = Box::new(self.work.recruiter.recruit());
        self.log_in(&member.account, &mut member.saved).await?;
        self.challenge(Purpose::Attest, &mut member).await?;
        let number = self.number();
        let ready = self.work.mint.make(number, Deed::Attest(None), Material::Member(member))?;
        let mut member = self.accepted("the attestation", ready).await?;
        if index < PROVEN {
            self.challenge(Purpose::Assert, &mut member).await?;
            let number = self.number();
            let ready =
                self.work.mint.make(number, Deed::Assert(None), Material::Member(member))?;
            let (facts, saved, counter) = (ready.facts.clone(), ready.saved.clone(), ready.counter);
            let request = ready.request;
            member = self.accepted("a protected request", ready).await?;
            member.accepted_counter = counter.unwrap_or_default();
            member.used = saved.get(CHALLENGE_TEXT).cloned().zip(request.challenge);
            self.work.fleet().keep_accepted(Kept { facts, saved, request });
        }
        self.work.fleet().give_back(*member);
        self.work.tally.enrolled.fetch_add(1, Ordering::Relaxed);
        self.work.tell(Message::Spoken);
        Ok(())
    }

    /// Fetches a challenge for the reserve; `false` if no device is free to hold it.
    async fn fetch(self: Arc<Self>, purpose: Purpose) -> Result<bool, MusterError> {
        match self.work.asker(purpose) {
            Asker::Guest(_) => Ok(false),
            Asker::Member(mut member) => match self.challenge(purpose, &mut member).await {
                Ok(()) => {
                    self.work.fleet().hold(purpose, *member);
                    Ok(true)
                }
                Err(error) => {
                    self.work.dismiss(Asker::Member(member), purpose);
                    Err(error)
                }
            },
        }
    }

    /// Fetches two challenges for one device; `false` if none is free to hold them.
    async fn fetch_two(self: Arc<Self>) -> Result<bool, MusterError> {
        let Asker::Member(mut member) = self.work.asker(Purpose::Assert) else { return Ok(false) };
        for first in [true, false] {
            if let Err(error) = self.challenge(Purpose::Assert, &mut member).await {
                member.spare = None;
                self.work.dismiss(Asker::Member(member), Purpose::Assert);
                return Err(error);
            }
            if first {
                member.spare = member.issued.map(|issued| Box::new((member.saved.clone(), issued)));
            }
        }
        self.work.fleet().hold_for_race(*member);
        Ok(true)
    }

    pub(super) async fn challenge(
        &self,
        purpose: Purpose,
        member: &mut Member,
    ) -> Result<(), MusterError> {
        let number = self.number();
        let asked = self.work.age();
        let wire = self.work.mint.challenge(number, purpose, &member.account, &member.saved)?;
        let exchange = self.exchange(Operation::Challenge, wire, &mut member.saved).await;
        must_be_accepted("the request for a challenge", exchange)?;
        if let Some(challenge) = member.saved.get(CHALLENGE_TEXT) {
            self.work.fleet().is_new(challenge);
        }
        member.issued = self.work.issued(&member.saved, asked);
        Ok(())
    }

    async fn accepted(&self, step: &'static str, ready: Ready) -> Result<Box<Member>, MusterError> {
        let Ready { operation, wire, member, request, .. } = ready;
        let ticket = self.work.about_to_send(request);
        let mut member = member.expect("what is honest has a device");
        let exchange = self.exchange(operation, wire, &mut member.saved).await;
        self.work.has_come(ticket, answer(&exchange.decision));
        must_be_accepted(step, exchange)?;
        Ok(member)
    }

    /// Keeps challenges in reserve until the work is over, with as few requests as it takes.
    pub(super) async fn keep_reserve(self: Arc<Self>, plan: LoadPlan) {
        let mut allowance = 0.0;
        let races = self.races();
        while !self.work.is_over() {
            tokio::time::sleep(ROUND).await;
            let now = self.work.elapsed();
            let rate = plan.rate_at(now);
            let shares = plan.terms(plan.phase_at(now)).shares();
            let lacking = (shares.attest + shares.assert - shares.challenge).max(0.0);
            allowance = (allowance + rate * (EXTRA + lacking) * ROUND.as_secs_f64()).min(rate);
            let needs = Needs::between(&plan, now, FORESIGHT);
            let ready = self.work.fleet().racers();
            if races && ready < RACERS && allowance >= 2.0 {
                allowance -= 2.0;
                if let Ok(true) = Arc::clone(&self).fetch_two().await {
                    self.work.tally.fetched_during.fetch_add(2, Ordering::Relaxed);
                }
            }
            for purpose in [Purpose::Attest, Purpose::Assert] {
                let missing = {
                    let mut fleet = self.work.fleet();
                    fleet.discard_old();
                    (needs.reserve(purpose) / 2).saturating_sub(fleet.held(purpose))
                };
                let mut fetching = JoinSet::new();
                while allowance >= 1.0 && fetching.len() < missing.min(AT_A_TIME) {
                    allowance -= 1.0;
                    fetching.spawn(Arc::clone(&self).fetch(purpose));
                }
                while let Some(fetched) = fetching.join_next().await {
                    // What keeps failing here fails in the windows too, where it is counted.
                    if let Ok(Ok(true)) = fetched {
                        self.work.tally.fetched_during.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
        }
    }

    pub(super) fn work(&self) -> &Work {
        &self.work
    }

    pub(super) async fn exchange(
        &self,
        operation: Operation,
        wire: WireRequest,
        saved: &mut Saved,
    ) -> Exchange {
        targets::http::exchange(&self.client, &self.work.dialect, operation, wire, saved).await
    }

    pub(super) fn number(&self) -> u64 {
        self.number.fetch_add(1, Ordering::Relaxed)
    }
}

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
