//! What happens outside the windows: logging in and enrolling the fleet, and keeping challenges in
//! reserve.

use super::desk::Desk;
use super::envoy::{AT_A_TIME, Envoy, MusterError, many, must_be_accepted};
use super::fleet::{Asker, Kept, Material, NEWCOMERS, Needs, RACERS};
use super::mint::Guest;
use super::oracle::Lie;
use super::plan::LoadPlan;
use super::schedule::{Arrival, Deed};
use super::work::{Message, Work};
use protocol::relying_party::Purpose;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use targets::{CHALLENGE_TEXT, Operation, Saved};
use tokio::task::JoinSet;

/// Devices that also send a protected request, so that there is something to replay.
const PROVEN: u64 = 8;
/// How often the reserve is looked after.
const ROUND: Duration = Duration::from_millis(50);
/// How far ahead the reserve looks: a step of the stairs should not find it small.
const FORESIGHT: Duration = Duration::from_secs(10);
/// Challenges fetched outside the windows, as a share of the rate: it should not count as load.
const EXTRA: f64 = 0.1;

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

/// Who gathers the fleet of an attack, and keeps its reserve.
#[derive(Debug)]
pub(super) struct Muster {
    work: Arc<Work>,
    pub(super) envoy: Envoy,
}

impl Muster {
    pub(super) fn new(work: Arc<Work>, client: reqwest::Client) -> Self {
        Self { envoy: Envoy::new(Arc::clone(&work.desk), client), work }
    }

    fn desk(&self) -> &Desk {
        &self.work.desk
    }

    /// Enrols the fleet and fills the reserve.
    pub(super) async fn gather(
        self: &Arc<Self>,
        plan: &LoadPlan,
        stopped: impl Fn() -> bool + Clone + Send + 'static,
    ) -> Result<(), MusterError> {
        let mut guest = Guest { account: self.desk().recruiter.guest(), saved: Saved::new() };
        self.log_in(&guest.account, &mut guest.saved).await?;
        self.desk().mint.welcome(guest);
        let devices = Needs::enrolled(plan);
        many(self, devices, &stopped, |muster, index| async move { muster.enrol(index).await })
            .await?;
        let newcomers = newcomers(&self.work, plan);
        many(self, newcomers, &stopped, |muster, _| async move { muster.receive().await }).await?;
        let freshness = self.work.fleet().freshness();
        let soon = Needs::between(plan, Duration::ZERO, freshness);
        for purpose in [Purpose::Attest, Purpose::Assert] {
            let wanted = soon.reserve(purpose) as u64;
            many(self, wanted, &stopped, move |muster, _| async move {
                muster.fetch(purpose).await.map(drop)
            })
            .await?;
            self.work.tally.fetched_before.fetch_add(wanted, Ordering::Relaxed);
        }
        if self.races() {
            many(self, RACERS as u64, &stopped, |muster, _| async move {
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

    /// Logs an account in, if the target file says how.
    async fn log_in(&self, account: &str, saved: &mut Saved) -> Result<(), MusterError> {
        for _ in &self.desk().dialect.file().session.setup {
            let wire = self.desk().mint.login(self.envoy.number(), account, saved)?;
            let exchange = self.envoy.exchange(Operation::Login, wire, saved).await;
            must_be_accepted("the login", exchange)?;
            self.work.tally.logins.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Gets the next device as far as it is before its enrolment.
    async fn receive(self: Arc<Self>) -> Result<(), MusterError> {
        let mut newcomer = self.desk().recruiter.recruit();
        self.log_in(&newcomer.account, &mut newcomer.saved).await?;
        self.work.fleet().add_newcomer(newcomer);
        if self.work.logs_in() {
            self.work.tell(Message::Spoken);
        }
        Ok(())
    }

    /// Enrols the next device; the first few also send a protected request.
    async fn enrol(self: Arc<Self>, index: u64) -> Result<(), MusterError> {
        let mut member = Box::new(self.desk().recruiter.recruit());
        self.log_in(&member.account, &mut member.saved).await?;
        let mut member = self.envoy.enrol(member).await?;
        if index < PROVEN {
            self.envoy.challenge(Purpose::Assert, &mut member).await?;
            let number = self.envoy.number();
            let ready =
                self.desk().mint.make(number, Deed::Assert(None), Material::Member(member))?;
            let (facts, saved, counter) = (ready.facts.clone(), ready.saved.clone(), ready.counter);
            let request = ready.request;
            member = self.envoy.accepted("a protected request", ready).await?;
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
            Asker::Member(mut member) => match self.envoy.challenge(purpose, &mut member).await {
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
            if let Err(error) = self.envoy.challenge(Purpose::Assert, &mut member).await {
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
}
