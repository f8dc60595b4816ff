//! Plays the steps of a case on a target.

mod drawn;
mod login;
mod nodes;
mod restart;
mod turn;
mod wire;

pub use turn::{Kept, Made, PlayError, Played, Turn};

use drawn::Drawn;
use login::SessionKey;
use nodes::Nodes;

use catalogue::{Action, Case, Cast, Expectation, Premises, Property, Step, Truth};
use jiff::Timestamp;
use protocol::relying_party::Purpose;
use simulator::{Authority, Seed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use targets::{
    CHALLENGE_TEXT, Decision, Exchange, Facts, Field, Joined, Joint, Operation, Saved, Session,
    Target, WireRequest, file::OnThrottle, secrets::Secrets,
};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What all conversations with one target have in common.
pub struct Stage<'a, T> {
    /// The server under test.
    pub target: &'a T,
    /// What is known of it.
    pub premises: &'a Premises,
    /// The test authority whose root it trusts.
    pub authority: &'a Authority,
    /// Tells the time.
    pub clock: &'a Clock,
    /// Whether what goes out is kept beside its honest twin, for the evidence of failures.
    pub keeps: bool,
}

impl<T> std::fmt::Debug for Stage<'_, T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage").field("premises", self.premises).finish_non_exhaustive()
    }
}

/// Requests that ask to come back later are sent again so many times.
const ATTEMPTS: u32 = 4;
/// The longest that is waited for a throttling server at a time.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Waited beyond the lifetime of a challenge, for clocks that are not quite together.
const MARGIN: Duration = Duration::from_millis(300);

impl<T: Target> Stage<'_, T> {
    /// Plays a case with devices and accounts that follow from the seed.
    pub async fn play(&self, case: &Case, seed: &Seed) -> Result<Played, PlayError> {
        let mut conversation = self.conversation(case, seed);
        let mut played = Played::default();
        for (index, step) in case.steps.iter().enumerate() {
            conversation.nodes.begin(index);
            let StepPlayed { before, own } = conversation.step(index, step).await?;
            let stops = !before.iter().all(Turn::is_as_expected);
            played.before.extend(before);
            if stops {
                return Ok(played);
            }
            if index + 1 == case.steps.len() {
                let judged = own.into_iter();
                played.last =
                    judged.map(|turn| Turn { expectation: case.expectation, ..turn }).collect();
            } else {
                let stops = !own.iter().all(Turn::is_as_expected);
                played.before.extend(own);
                if stops {
                    return Ok(played);
                }
            }
        }
        Ok(played)
    }

    /// Asks that node for a challenge for the first step of a case, and gives what its answer left.
    pub async fn ask(
        &self,
        case: &Case,
        seed: &Seed,
        purpose: Purpose,
        node: usize,
    ) -> Result<(Exchange, Saved), PlayError> {
        let step = case.steps.first().map(|step| Step { node, ..step.clone() });
        let step = step.expect("a case has steps");
        let mut conversation = self.conversation(case, seed);
        let before = conversation.log_in(0, &step).await?;
        if let Some(turn) = before.into_iter().find(|turn| !turn.is_as_expected()) {
            return Ok((turn.exchange, Saved::new()));
        }
        let (turn, left) = conversation.challenge(0, &step, purpose).await?;
        Ok((turn.exchange, left))
    }

    fn conversation<'s>(&'s self, case: &Case, seed: &Seed) -> Conversation<'s, T> {
        Conversation {
            stage: self,
            nodes: Nodes::new(case, self.target.dialect().file().node_select, seed),
            cast: Cast::new(case, seed, self.premises, self.authority),
            seed: seed.child(&case.id, 0),
            requests: 0,
            accounts: BTreeMap::new(),
            sessions: BTreeMap::new(),
            challenges: BTreeMap::new(),
            sent: BTreeMap::new(),
            foreseen: BTreeMap::new(),
        }
    }
}

/// What became of a step.
#[derive(Default)]
struct StepPlayed {
    /// The request for a challenge that it needed, if it made one.
    before: Vec<Turn>,
    /// What it is about: nothing, one request, or several sent together.
    own: Vec<Turn>,
}

impl StepPlayed {
    fn one(turn: Turn) -> Self {
        Self { before: Vec::new(), own: vec![turn] }
    }
}

/// One case being played.
struct Conversation<'a, T> {
    stage: &'a Stage<'a, T>,
    nodes: Nodes,
    cast: Cast<'a>,
    seed: Seed,
    requests: u64,
    /// What earlier answers left for later requests, by account.
    accounts: BTreeMap<String, Saved>,
    /// The sessions of accounts, or of devices of accounts.
    sessions: BTreeMap<SessionKey, Session>,
    /// Named challenges: what their answers left.
    challenges: BTreeMap<String, Saved>,
    /// Named requests.
    sent: BTreeMap<String, Request>,
    /// Client data written ahead, by the name of its challenge.
    foreseen: BTreeMap<String, Vec<u8>>,
}

#[derive(Clone)]
struct Request {
    operation: Operation,
    account: String,
    /// The session it is made in.
    session: SessionKey,
    facts: Facts,
    saved: Saved,
    /// What edits it as it goes out, and when it was made.
    step: Step,
    at: Timestamp,
    /// What is true of it, until it is sent again.
    truth: Option<Truth>,
    /// The client data hash that its object was made for.
    hash: Option<Vec<u8>>,
    /// For what it was made, and when.
    made: Option<Made>,
    /// The same request from the same device at the same time, told no lie.
    honest: Option<Box<Request>>,
}

impl<T: Target> Conversation<'_, T> {
    async fn step(&mut self, index: usize, step: &Step) -> Result<StepPlayed, PlayError> {
        let before = self.log_in(index, step).await?;
        if !before.iter().all(Turn::is_as_expected) {
            return Ok(StepPlayed { before, own: Vec::new() });
        }
        let mut played = self.act(index, step).await?;
        played.before.splice(0..0, before);
        Ok(played)
    }

    async fn act(&mut self, index: usize, step: &Step) -> Result<StepPlayed, PlayError> {
        match &step.action {
            Action::Wait => {
                let lifetime = self.stage.premises.wait.unwrap_or_default();
                tokio::time::sleep(lifetime + MARGIN).await;
                Ok(StepPlayed::default())
            }
            Action::Challenge(purpose) => {
                let (turn, saved) = self.challenge(index, step, *purpose).await?;
                let name = step.name.clone().unwrap_or_default();
                if turn.is_as_expected()
                    && let Some(later) = self.cast.foreseen_by(&name).cloned()
                {
                    self.foresee(&later, &name, &saved)?;
                }
                self.challenges.insert(name, saved);
                Ok(StepPlayed::one(turn))
            }
            Action::Draw { purpose, times, must } => {
                self.draw(index, step, *purpose, *times, must).await.map(StepPlayed::one)
            }
            Action::Revoke => {
                let mut facts = self.facts(step);
                facts.key_id = Some(self.cast.device(step).key_id().into());
                let request = self.request(Operation::Revoke, step, facts, Saved::new());
                self.send_or_keep(index, step, request).await
            }
            Action::Restart if self.restarts_by_command() => {
                Ok(StepPlayed::one(self.restart(index, step).await?))
            }
            Action::Logout | Action::Restart => {
                let operation = match step.action {
                    Action::Logout => Operation::Logout,
                    _ => Operation::Restart,
                };
                let facts = self.facts(step);
                let request = self.request(operation, step, facts, Saved::new());
                self.send_or_keep(index, step, request).await
            }
            Action::Replay { of } => {
                let mut request = self.kept(of);
                request.facts.account = self.name_of(&step.account);
                request.facts.node = self.nodes.of(step);
                request.session = self.session_key(step);
                request.truth = None;
                if let Some(Field::Bytes(assertion)) = &mut request.facts.assertion {
                    *assertion = self.cast.replay(step, assertion);
                }
                Ok(StepPlayed::one(self.send(index, step, request).await?))
            }
            Action::Together { of, times, beside, beside_times } => {
                let all = (0..*times).flat_map(|_| of);
                let requests = all.map(|name| self.kept(name)).collect();
                let beside = beside.iter().flat_map(|name| {
                    (0..*beside_times).map(|_| self.kept(name)).collect::<Vec<_>>()
                });
                let beside = beside.collect();
                let own = self.send_together(index, step, requests, beside).await?;
                Ok(StepPlayed { before: Vec::new(), own })
            }
            Action::Attest { challenge } => {
                self.object(index, step, challenge.as_ref(), Purpose::Attest).await
            }
            Action::Assert { challenge } => {
                self.object(index, step, challenge.as_ref(), Purpose::Assert).await
            }
        }
    }

    /// Plays an attest or assert step.
    async fn object(
        &mut self,
        index: usize,
        step: &Step,
        named: Option<&String>,
        purpose: Purpose,
    ) -> Result<StepPlayed, PlayError> {
        let mut before = Vec::new();
        let issued = if let Some(name) = named {
            self.challenges.get(name).cloned().unwrap_or_default()
        } else {
            let (turn, saved) = self.challenge(index, step, purpose).await?;
            let goes_on = turn.is_as_expected();
            before.push(turn);
            if !goes_on {
                return Ok(StepPlayed { before, own: Vec::new() });
            }
            saved
        };
        let now = (self.stage.clock)();
        let honest = self.honest(step, purpose, &issued, now);
        let mut request = self.mint(step, purpose, issued, now)?;
        request.honest = honest;
        let StepPlayed { own, .. } = self.send_or_keep(index, step, request).await?;
        Ok(StepPlayed { before, own })
    }

    /// The request of an earlier step.
    fn kept(&self, name: &str) -> Request {
        self.sent.get(name).cloned().expect("a case names steps that made a request before")
    }

    /// Sends a request, unless its step keeps it for later ones.
    async fn send_or_keep(
        &mut self,
        index: usize,
        step: &Step,
        request: Request,
    ) -> Result<StepPlayed, PlayError> {
        if let Some(name) = &step.name {
            self.sent.insert(name.clone(), request.clone());
        }
        if step.kept {
            return Ok(StepPlayed::default());
        }
        Ok(StepPlayed::one(self.send(index, step, request).await?))
    }

    /// Asks for a challenge; gives what its answer left.
    async fn challenge(
        &mut self,
        index: usize,
        step: &Step,
        purpose: Purpose,
    ) -> Result<(Turn, Saved), PlayError> {
        let mut facts = self.facts(step);
        facts.purpose = purpose;
        let mut saved = self.saved_for(step);
        // A step that asks for its challenge first edits only the request it is about.
        let is_about_it = matches!(step.action, Action::Challenge(_));
        let now = (self.stage.clock)();
        let editing = is_about_it.then_some((step, now));
        let request = self.written(editing, Operation::Challenge, &facts, &saved)?;
        let exchange = self.perform(Operation::Challenge, &request, &mut saved).await;
        let file = self.stage.target.dialect().file();
        let kept = file.steps.get(&Operation::Challenge).map(|step| &step.save);
        let left =
            saved.iter().filter(|(name, _)| kept.is_some_and(|kept| kept.contains_key(*name)));
        let left = left.map(|(name, value)| (name.clone(), value.clone())).collect();
        let secrets = self.secrets(&saved);
        self.accounts.insert(step.account.clone(), saved);
        let what = format!("challenge (step {})", index + 1);
        let expectation = if is_about_it { step.expectation } else { Expectation::Accept };
        let kept = self
            .stage
            .keeps
            .then(|| Box::new(Kept { request, facts, honest: None, secrets, made: None }));
        Ok((Turn { what, expectation, exchange, kept, truth: None, broken: None }, left))
    }

    /// Asks for challenges; the last one stands for all, unless one was not handed out.
    async fn draw(
        &mut self,
        index: usize,
        step: &Step,
        purpose: Purpose,
        times: u32,
        must: &[Property],
    ) -> Result<Turn, PlayError> {
        let file = self.stage.target.dialect().file();
        let asks = file.steps.get(&Operation::Challenge).map(|step| &step.request.method);
        let method = asks.cloned().unwrap_or_default();
        let mut drawn = Vec::new();
        loop {
            let (turn, left) = self.challenge(index, step, purpose).await?;
            let text = left.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
            let caching = turn.exchange.caching.clone();
            drawn.push(Drawn { text, caching, method: method.clone() });
            let is_last = drawn.len() >= times as usize;
            if is_last || !matches!(turn.exchange.decision, Decision::Accepted { .. }) {
                let encoding = self.stage.target.dialect().file().conventions.challenge;
                let broken = drawn::broken(&drawn, must, encoding);
                let what = format!("{} challenges (step {})", drawn.len(), index + 1);
                return Ok(Turn { what, broken, ..turn });
            }
        }
    }

    /// Writes the client data of a later step, whose challenge is known now, and has its key made.
    fn foresee(&mut self, later: &Step, name: &str, issued: &Saved) -> Result<(), PlayError> {
        let mut saved = self.saved_for(later);
        saved.extend(issued.clone());
        let text = saved.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
        let challenge = self.cast.challenge(later, &text);
        saved.insert(CHALLENGE_TEXT.to_owned(), challenge.clone());
        let mut facts = self.facts(later);
        facts.purpose = Purpose::Assert;
        let rendered = self.stage.target.dialect().client_data(&facts, &saved)?;
        self.cast.foresee(later, &rendered, &challenge, (self.stage.clock)())?;
        self.foreseen.insert(name.to_owned(), rendered);
        Ok(())
    }

    /// The request of an attest or assert step.
    fn mint(
        &mut self,
        step: &Step,
        purpose: Purpose,
        mut issued: Saved,
        now: Timestamp,
    ) -> Result<Request, PlayError> {
        let dialect = self.stage.target.dialect();
        let conventions = &dialect.file().conventions;
        let text = issued.get(CHALLENGE_TEXT).cloned().unwrap_or_default();
        let challenge = self.cast.challenge(step, &text);
        issued.insert(CHALLENGE_TEXT.to_owned(), challenge.clone());
        let made = Made { issued: text, used: challenge.clone(), hash: None, at: now };
        let mut facts = self.facts(step);
        facts.purpose = purpose;
        match purpose {
            Purpose::Attest => {
                let honest = dialect.attest_client_data_hash(&challenge)?;
                let made = Made { hash: Some(honest.clone()), ..made };
                let decoded = conventions.challenge.decode(&challenge);
                let hash = self.cast.hash(step, honest, &challenge, decoded.as_deref());
                let object = self.cast.attestation(step, &hash, now);
                facts.key_id = Some(wire::field(&object.key_id, conventions.key_id));
                facts.attestation = Some(wire::field(&object.attestation, conventions.attestation));
                let request = self.request(Operation::Attest, step, facts, issued);
                let hash = Some(object.client_data_hash);
                Ok(Request { truth: Some(object.truth), hash, made: Some(made), ..request })
            }
            Purpose::Assert => {
                facts.key_id = Some(self.cast.device(step).key_id().into());
                let request = self.request(Operation::Assert, step, facts, issued);
                let rendered = match self.written_ahead(step) {
                    Some(rendered) => rendered.clone(),
                    None => dialect.client_data(&request.facts, &request.saved)?,
                };
                let object = self.cast.assertion(step, &rendered, &challenge, now)?;
                let (truth, hash) = (Some(object.truth), Some(object.client_data_hash));
                let facts = Facts {
                    key_id: Some(wire::field(&object.key_id, conventions.key_id)),
                    client_data: Some(object.client_data),
                    assertion: Some(wire::field(&object.assertion, conventions.assertion)),
                    ..request.facts
                };
                Ok(Request { facts, truth, hash, made: Some(made), ..request })
            }
        }
    }

    /// The request that a step would make without its edits, if it has any and it is wanted.
    /// Nothing that comes later is moved by it.
    fn honest(
        &mut self,
        step: &Step,
        purpose: Purpose,
        issued: &Saved,
        now: Timestamp,
    ) -> Option<Box<Request>> {
        if !self.stage.keeps || step.operators.is_empty() {
            return None;
        }
        let unedited = Step { operators: Vec::new(), ..step.clone() };
        let before = (self.cast.clone(), self.requests);
        let honest = self.mint(&unedited, purpose, issued.clone(), now);
        (self.cast, self.requests) = before;
        honest.ok().map(Box::new)
    }

    /// The client data that a step's key was made for.
    fn written_ahead(&self, step: &Step) -> Option<&Vec<u8>> {
        match &step.action {
            Action::Assert { challenge: Some(name) } => self.foreseen.get(name),
            _ => None,
        }
    }

    /// A request on behalf of the step's account, with what earlier answers left for it.
    fn request(&self, operation: Operation, step: &Step, facts: Facts, with: Saved) -> Request {
        let mut saved = self.saved_for(step);
        saved.extend(with);
        let at = (self.stage.clock)();
        Request {
            operation,
            account: step.account.clone(),
            session: self.session_key(step),
            facts,
            saved,
            step: step.clone(),
            at,
            truth: None,
            hash: None,
            made: None,
            honest: None,
        }
    }

    async fn send(
        &mut self,
        index: usize,
        step: &Step,
        request: Request,
    ) -> Result<Turn, PlayError> {
        let wire = self.written_of(&request)?;
        let mut saved = self.in_session(&request);
        let exchange = self.perform(request.operation, &wire, &mut saved).await;
        let secrets = self.secrets(&saved);
        self.accounts.insert(request.account.clone(), saved);
        Ok(self.turn(index, step, request, wire, (exchange, secrets)))
    }

    /// Sends requests together; nobody who asks to come back later is obeyed.
    async fn send_together(
        &mut self,
        index: usize,
        step: &Step,
        requests: Vec<Request>,
        beside: Vec<Request>,
    ) -> Result<Vec<Turn>, PlayError> {
        let joint = |request: &Request| {
            let (operation, saved) = (request.operation, self.in_session(request));
            Ok(Joint { operation, request: self.written_of(request)?, saved })
        };
        let joints: Vec<Joint> = requests.iter().map(joint).collect::<Result<_, PlayError>>()?;
        let wires: Vec<WireRequest> = joints.iter().map(|joint| joint.request.clone()).collect();
        let beside =
            beside.iter().map(|one| self.written_of(one)).collect::<Result<_, PlayError>>()?;
        let joined = self.stage.target.send_together(joints, beside).await;
        let mut turns = Vec::new();
        for ((request, wire), Joined { exchange, saved }) in
            requests.into_iter().zip(wires).zip(joined)
        {
            let secrets = self.secrets(&saved);
            if matches!(exchange.decision, Decision::Accepted { .. }) {
                self.accounts.insert(request.account.clone(), saved);
            }
            turns.push(self.turn(index, step, request, wire, (exchange, secrets)));
        }
        Ok(turns)
    }

    /// A request as it goes out.
    fn written_of(&self, request: &Request) -> Result<WireRequest, PlayError> {
        let editing = Some((&request.step, request.at));
        let Request { operation, facts, .. } = request;
        let hash = request.hash.as_deref();
        self.written_with(editing, *operation, (facts, &self.in_session(request)), hash)
    }

    fn written(
        &self,
        editing: Option<(&Step, Timestamp)>,
        operation: Operation,
        facts: &Facts,
        saved: &Saved,
    ) -> Result<WireRequest, PlayError> {
        self.written_with(editing, operation, (facts, saved), None)
    }

    fn written_with(
        &self,
        editing: Option<(&Step, Timestamp)>,
        operation: Operation,
        (facts, saved): (&Facts, &Saved),
        hash: Option<&[u8]>,
    ) -> Result<WireRequest, PlayError> {
        let dialect = self.stage.target.dialect();
        let request = dialect.request(operation, facts, saved)?;
        match editing {
            Some((step, at)) => {
                let values = wire::values(facts, saved, hash, dialect);
                wire::edited(request, values, (&self.cast, step, at))
            }
            None => Ok(request),
        }
    }

    /// Sends a request, and again if the server asks to come back later.
    async fn perform(
        &self,
        operation: Operation,
        request: &WireRequest,
        saved: &mut Saved,
    ) -> Exchange {
        let mut attempt = 1;
        loop {
            let exchange = self.stage.target.send(operation, request.clone(), saved).await;
            let Decision::Throttled { retry_after } = &exchange.decision else {
                return exchange;
            };
            let pacing = self.stage.target.dialect().file().pacing;
            if attempt == ATTEMPTS || pacing.on_throttle == OnThrottle::Fail {
                return exchange;
            }
            let pause = retry_after.unwrap_or(Duration::from_millis(200) * attempt);
            tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
            attempt += 1;
        }
    }

    fn turn(
        &self,
        index: usize,
        step: &Step,
        sent: Request,
        request: WireRequest,
        (exchange, secrets): (Exchange, Secrets),
    ) -> Turn {
        let what = format!("{} (step {})", step.action.as_str(), index + 1);
        let kept = self.stage.keeps.then(|| {
            let honest = sent.honest.and_then(|honest| {
                let dialect = self.stage.target.dialect();
                let wire = dialect.request(honest.operation, &honest.facts, &honest.saved).ok()?;
                Some((honest.facts, wire))
            });
            Box::new(Kept { request, facts: sent.facts, honest, secrets, made: sent.made })
        });
        let (expectation, truth) = (step.expectation, sent.truth);
        Turn { what, expectation, exchange, kept, truth, broken: None }
    }

    fn facts(&mut self, step: &Step) -> Facts {
        self.requests += 1;
        let opaque = self.seed.child("request", self.requests).to_hex();
        let mut facts = Facts::new(self.name_of(&step.account), &opaque[..32]);
        facts.node = self.nodes.of(step);
        facts
    }

    /// What an account is called to the server: nothing that tells the case.
    fn name_of(&self, account: &str) -> String {
        let number = &self.seed.child(account, 0).to_hex()[..12];
        let named = self.stage.target.dialect().file().session.account(number);
        named.unwrap_or_else(|| format!("qa-{number}"))
    }
}
