//! What the users of a load attack share, and what each of them does with an arrival.

use super::attack::{Door, Hands};
use super::audit::Audit;
use super::desk::{Desk, issued};
use super::fleet::{Asker, Fleet, Kept};
use super::generator::Gauge;
use super::incident::{Answered, Incident, describe};
use super::larder::{Larder, Portion, return_unsent};
use super::mint::{Ready, Twin};
use super::oracle::{Class, Lie, answer, judge, judge_race, turned_away, weigh, worse};
use super::pacer::Paced;
use super::schedule::{Arrival, Deed};
use super::stand::Stand;
use super::state::{Answer, Breach};
use super::windows::{Fate, Outcome};
use protocol::relying_party::Purpose;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, DialectError, Exchange, Operation, Saved, WireRequest};

/// What users share.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) desk: Arc<Desk>,
    pub(super) schedule: Arc<[Arrival]>,
    pub(super) larder: Larder,
    pub(super) tally: Tally,
    pub(super) gauge: Gauge,
    /// The way of requests that goose does not send: twins, and all before and after the attack.
    pub(super) client: OnceLock<reqwest::Client>,
    fleet: Mutex<Fleet>,
    stand: Stand,
    next: AtomicU64,
    start: OnceLock<Instant>,
    over: AtomicBool,
    reports: Sender<Message>,
}

/// What was counted besides the windows.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Users that stand ready.
    pub(super) users: AtomicUsize,
    /// Devices enrolled beforehand.
    pub(super) enrolled: AtomicU64,
    /// Requests of logins, all of them beforehand.
    pub(super) logins: AtomicU64,
    /// Challenges fetched beforehand, and during the attack outside its windows.
    pub(super) fetched_before: AtomicU64,
    pub(super) fetched_during: AtomicU64,
    /// Arrivals whose request was not made ready by their instant.
    pub(super) not_ready: AtomicU64,
    /// Arrivals given up because no device held a challenge.
    pub(super) starved: AtomicU64,
    /// Arrivals that found no user waiting.
    pub(super) no_user: AtomicU64,
    /// Requests sent beside an arrival's own, at the same instant.
    pub(super) twins: AtomicU64,
}

/// What the attack tells whoever watches it.
#[derive(Debug)]
pub(super) enum Message {
    /// A device did what it does before the load: it enrolled, or only logged in.
    Spoken,
    /// Devices and challenges are there.
    Mustered,
    /// An arrival was dealt with.
    Done(Outcome, Option<Box<Incident>>),
    /// The pacer has let go what there was to let go.
    Released(Paced),
    /// A request could not be written.
    Unwritable(DialectError),
    /// What the target still knew after the attack.
    Audited(Box<Audit>),
}

/// What became of an arrival, with its answer if that is worth showing.
type Seen = Result<(Fate, Option<Box<Incident>>), DialectError>;

/// What is this late is given up: sent now, it would be part of another load than was asked for.
const TOO_LATE: Duration = Duration::from_secs(1);

impl Work {
    pub(super) fn new(
        desk: Desk,
        schedule: Arc<[Arrival]>,
        fleet: Fleet,
        reports: Sender<Message>,
    ) -> Self {
        Self {
            desk: Arc::new(desk),
            schedule,
            larder: Larder::default(),
            tally: Tally::default(),
            gauge: Gauge::default(),
            client: OnceLock::new(),
            fleet: Mutex::new(fleet),
            stand: Stand::default(),
            next: AtomicU64::new(0),
            start: OnceLock::new(),
            over: AtomicBool::new(false),
            reports,
        }
    }

    /// Whether users log in before they do anything else.
    pub(super) fn logs_in(&self) -> bool {
        !self.desk.dialect.file().session.setup.is_empty()
    }

    pub(super) fn fleet(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn fleet_lock(&self) -> &Mutex<Fleet> {
        &self.fleet
    }

    /// Sets the instant that the schedule counts from.
    pub(super) fn begin(&self, start: Instant) {
        // A second call would move instants that requests were already measured from.
        let _ = self.start.set(start);
        self.gauge.begin(start);
    }

    /// Time since the attack began; zero before.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// Lets the next arrival go, which was due then.
    pub(super) fn release(&self, due: Instant) {
        let free = self.stand.free();
        if free == 0 {
            self.tally.no_user.fetch_add(1, Ordering::Relaxed);
        }
        self.gauge.released(free as u64);
        self.stand.release(due);
    }

    /// Ends the work: users find nothing more to do.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.stand.close();
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Tells the watcher; if nobody watches any more, nobody wants to know.
    pub(super) fn tell(&self, message: Message) {
        let _ = self.reports.send(message);
    }

    async fn see_to(&self, number: u64, door: &mut Door<'_>) -> Seen {
        let arrival = self.schedule[number as usize];
        let start = self.start.get().expect("arrivals are let go after the start is set");
        let due = *start + arrival.offset();
        let purpose = match arrival.deed {
            Deed::Challenge(purpose) => return self.ask(number, purpose, due, door).await,
            Deed::Attest(_) => Purpose::Attest,
            Deed::Assert(_) => Purpose::Assert,
        };
        match self.portion(number, due).await {
            Some(Portion::Ready(ready)) => Ok(self.send(*ready, due, door).await),
            Some(Portion::Never) => self.ask_at_last(number, purpose, due, door).await,
            Some(Portion::NotYet) | None => Ok((Fate::Dropped, None)),
        }
    }

    /// What there is for an arrival, waited for if it must be; `None` if it came too late.
    async fn portion(&self, number: u64, due: Instant) -> Option<Portion> {
        let mut late = None;
        loop {
            match self.larder.take(number) {
                Portion::Ready(ready) if due.elapsed() > TOO_LATE => {
                    return_unsent(*ready, &mut self.fleet());
                    return None;
                }
                Portion::NotYet if due.elapsed() > TOO_LATE || self.is_over() => {
                    if let Some(ready) = self.larder.give_up(number) {
                        return_unsent(ready, &mut self.fleet());
                    }
                    return None;
                }
                Portion::NotYet => {
                    late.get_or_insert_with(|| {
                        self.tally.not_ready.fetch_add(1, Ordering::Relaxed);
                        self.gauge.waits_for_its_request()
                    });
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                portion @ (Portion::Ready(_) | Portion::Never) => return Some(portion),
            }
        }
    }

    async fn ask(&self, number: u64, purpose: Purpose, due: Instant, door: &mut Door<'_>) -> Seen {
        let Some((class, exchange, times)) = self.challenge(number, purpose, due, door).await?
        else {
            return Ok((Fate::Dropped, None));
        };
        let what = || "a request for a challenge".to_owned();
        let incident = self.desk.incidents.write_up(of_challenge(class, &exchange), what);
        Ok((times.fate(class), incident))
    }

    /// For an arrival whose device got no challenge in time: it asks itself, as a device would. If
    /// the target does not decide even that, it is what became of the arrival; if it does, there
    /// was a challenge to be had, and that we lacked one is our own fault.
    async fn ask_at_last(
        &self,
        number: u64,
        purpose: Purpose,
        due: Instant,
        door: &mut Door<'_>,
    ) -> Seen {
        self.tally.starved.fetch_add(1, Ordering::Relaxed);
        match self.challenge(number, purpose, due, door).await? {
            Some((class, exchange, times)) if !class.is_decided() => {
                let what = || "a request for a challenge, for want of one".to_owned();
                let incident = self.desk.incidents.write_up(of_challenge(class, &exchange), what);
                Ok((times.fate(class), incident))
            }
            Some((_, _, times)) => {
                self.gauge.forget(times.done.saturating_duration_since(times.sent));
                Ok((Fate::Dropped, None))
            }
            None => Ok((Fate::Dropped, None)),
        }
    }

    /// Asks for a challenge and keeps it; `None` if it is too late for that.
    async fn challenge(
        &self,
        number: u64,
        purpose: Purpose,
        due: Instant,
        door: &mut Door<'_>,
    ) -> Result<Option<(Class, Exchange, Times)>, DialectError> {
        if due.elapsed() > TOO_LATE {
            return Ok(None);
        }
        let mut asker = self.asker(purpose);
        let (account, saved) = match &mut asker {
            Asker::Member(member) => (&member.account, &mut member.saved),
            Asker::Guest(guest) => (&guest.account, &mut guest.saved),
        };
        let wire = self.desk.mint.challenge(number, purpose, account, saved)?;
        saved.remove(CHALLENGE_TEXT);
        let since = self.desk.age();
        let Some((exchange, times)) =
            transmit(door, self, Operation::Challenge, wire, saved, due).await
        else {
            self.dismiss(asker, purpose);
            return Ok(None);
        };
        let mut class = judge(None, None, &exchange.decision);
        if class == Class::Right
            && let Some(challenge) = saved.get(CHALLENGE_TEXT)
            && !self.desk.is_new(challenge)
        {
            class = Class::WrongOutput;
        }
        match (asker, class) {
            (Asker::Member(mut member), Class::Right) => {
                member.issued = issued(&member.saved, since, self.desk.age());
                self.fleet().hold(purpose, *member);
            }
            (asker, _) => self.dismiss(asker, purpose),
        }
        Ok(Some((class, exchange, times)))
    }

    /// Who asks for a challenge next.
    pub(super) fn asker(&self, purpose: Purpose) -> Asker {
        match self.fleet().asker(purpose) {
            Some(member) => Asker::Member(Box::new(member)),
            None => Asker::Guest(self.desk.mint.guest()),
        }
    }

    /// Takes back who got no challenge.
    pub(super) fn dismiss(&self, asker: Asker, purpose: Purpose) {
        match (asker, purpose) {
            (Asker::Member(member), Purpose::Attest) => self.fleet().add_newcomer(*member),
            (Asker::Member(member), Purpose::Assert) => self.fleet().give_back(*member),
            (Asker::Guest(_), _) => {}
        }
    }

    async fn send(
        &self,
        ready: Ready,
        due: Instant,
        door: &mut Door<'_>,
    ) -> (Fate, Option<Box<Incident>>) {
        let Ready { operation, wire, facts, mut saved, member, other, counter, lie, request, twin } =
            ready;
        let before = saved.clone();
        let ticket = self.desk.about_to_send(request);
        let sending = transmit(door, self, operation, wire, &mut saved, due);
        let (sent, twin) = match twin {
            Some(twin) => {
                let (sent, twin) = tokio::join!(sending, self.send_twin(*twin));
                (sent, Some(twin))
            }
            None => (sending.await, None),
        };
        let Some((mut exchange, times)) = sent else {
            self.desk.has_come(ticket, Answer::Unsent);
            return (Fate::Dropped, None);
        };
        exchange.decision = turned_away(lie, exchange.status, exchange.decision);
        let reply = answer(&exchange.decision);
        let breach = self.desk.has_come(ticket, reply);
        let class = if let Some((twin, other)) = &twin {
            judge_race([(&exchange.decision, breach), (&twin.decision, *other)])
        } else {
            let reported = counter.filter(|_| lie.is_none());
            weigh(judge(lie, reported, &exchange.decision), breach)
        };
        let breach = worse([breach, twin.as_ref().and_then(|(_, breach)| *breach)]);
        let what = || describe(operation, lie, counter, &facts.account);
        let twin = twin.as_ref().map(|(exchange, _)| exchange);
        let answered = Answered { class, operation, lie, breach, exchange: &exchange, twin };
        let incident = self.desk.incidents.write_up(answered, what);
        let of_twin = twin.map_or(Answer::Refused, |twin| answer(&twin.decision));
        let together = together(reply, of_twin);
        if let Some(other) = other {
            // Its key was used, in a session that was not its own; the holder only lent that.
            self.fleet().settle(*other, operation, false, counter, reply);
            if let Some(holder) = member {
                self.fleet().give_back(*holder);
            }
        } else if let Some(mut member) = member {
            member.saved = saved;
            if reply == Answer::Accepted {
                let text = before.get(CHALLENGE_TEXT).cloned();
                member.used = text.zip(request.challenge).or(member.used);
            }
            let is_honest = lie.is_none_or(Lie::is_race);
            self.fleet().settle(*member, operation, is_honest, counter, together);
        }
        if operation == Operation::Assert
            && lie.is_none()
            && class == Class::Right
            && reply == Answer::Accepted
        {
            self.fleet().keep_accepted(Kept { facts, saved: before, request });
        }
        (times.fate(class), incident)
    }

    /// Sends the second of two requests.
    async fn send_twin(&self, twin: Twin) -> (Exchange, Option<Breach>) {
        let Twin { wire, mut saved, request } = twin;
        let client = self.client.get().expect("it is set before the attack begins");
        let ticket = self.desk.about_to_send(request);
        let exchange = targets::http::exchange(
            client,
            &self.desk.dialect,
            Operation::Assert,
            wire,
            &mut saved,
        )
        .await;
        self.tally.twins.fetch_add(1, Ordering::Relaxed);
        let breach = self.desk.has_come(ticket, answer(&exchange.decision));
        (exchange, breach)
    }
}

/// What two answers at once leave to know of the key.
fn together(one: Answer, other: Answer) -> Answer {
    match (one, other) {
        (Answer::Accepted, _) | (_, Answer::Accepted) => Answer::Accepted,
        (Answer::Lost, _) | (_, Answer::Lost) => Answer::Lost,
        (Answer::Refused | Answer::Unsent, _) => Answer::Refused,
    }
}

impl Hands for Work {
    fn arrived(&self) {
        self.tally.users.fetch_add(1, Ordering::SeqCst);
    }

    fn stand(&self) -> &Stand {
        &self.stand
    }

    async fn turn(&self, door: &mut Door<'_>) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.gauge.taken(number);
        let (fate, incident) = match self.see_to(number, door).await {
            Ok((fate, incident)) => (fate, incident),
            Err(unwritable) => {
                self.tell(Message::Unwritable(unwritable));
                (Fate::Dropped, None)
            }
        };
        self.tell(Message::Done(Outcome { arrival: number, fate }, incident));
    }
}

/// An answer to a request for a challenge.
fn of_challenge(class: Class, exchange: &Exchange) -> Answered<'_> {
    let operation = Operation::Challenge;
    Answered { class, operation, lie: None, breach: None, exchange, twin: None }
}

/// When a request was due, sent and answered.
struct Times {
    due: Instant,
    sent: Instant,
    done: Instant,
}

impl Times {
    fn fate(&self, class: Class) -> Fate {
        Fate::Sent {
            class,
            response: self.done.saturating_duration_since(self.due),
            service: self.done - self.sent,
            lag: self.sent.saturating_duration_since(self.due),
        }
    }
}

/// Sends through the user's door; `None` if the door was shut before.
async fn transmit(
    door: &mut Door<'_>,
    work: &Work,
    operation: Operation,
    wire: WireRequest,
    saved: &mut Saved,
    due: Instant,
) -> Option<(Exchange, Times)> {
    let sent = Instant::now();
    work.gauge.sent(sent);
    let Some(exchange) = door.send(&work.desk.dialect, operation, wire, saved).await else {
        work.gauge.unsent(sent);
        return None;
    };
    let done = Instant::now();
    work.gauge.answered(done, &exchange.decision);
    Some((exchange, Times { due, sent, done }))
}
