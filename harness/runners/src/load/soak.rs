//! Does the oracle cry wolf? Millions of requests against the reference, in this process.
//!
//! Pure: a seed decides everything. Each request goes through the three steps of the relying party
//! one by one, interleaved with others, as on a server that does many things at once; some answers
//! are lost, some requests never come, come late, or break down half-way. The reference is right,
//! so every [`Breach`] is a false alarm, unless a flaw is planted.

use super::state::key::Act;
use super::state::{Answer, Breach, Issued, Ledger, Request, Sincerity, Ticket};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party::{
    Enrolment, PendingAssertion, PendingAttestation, ProtectedRequest, ProvenAssertion,
    ProvenAttestation, Purpose, Refusal, RelyingParty, Settings,
};
use protocol::terms::{AppId, Environment, KeyId};
use protocol::verify::{Policy, TrustAnchor};
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use sha2::{Digest, Sha256};
use simulator::{Authority, Device, FastMint, Generation, Seed};
use std::collections::BTreeMap;
use std::time::Duration;

/// What a soak has come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Soaked {
    /// Honest requests that were dealt with, accepted or without an answer.
    pub honest: u64,
    /// Requests that had to be refused, or of which one had to be.
    pub probes: u64,
    /// Requests accepted by the relying party.
    pub accepted: u64,
    /// Requests refused by it.
    pub refused: u64,
    /// Requests that got no answer, whatever became of them.
    pub lost: u64,
    /// Devices enrolled.
    pub devices: u64,
    /// Most requests under way at once.
    pub at_once: usize,
    /// Breaches found, and the first few in words.
    pub breaches: u64,
    /// The first few.
    pub first: Vec<String>,
}

/// A phone, and what is known of it.
#[derive(Debug)]
struct Phone {
    device: Device,
    account: String,
    is_enrolled: bool,
    under_way: u32,
    used: Option<(String, Issued)>,
    accepted: Option<Sent>,
}

/// A request as it is sent.
#[derive(Debug, Clone)]
struct Sent {
    phone: usize,
    session: usize,
    bytes: Vec<u8>,
    challenge: String,
    request: Request,
    is_honest: bool,
}

/// A request under way.
#[derive(Debug)]
struct Flight {
    sent: Sent,
    /// `None` once nobody waits for its answer any more.
    ticket: Option<Ticket>,
    stage: Stage,
    trouble: Trouble,
}

#[derive(Debug)]
enum Stage {
    Sent,
    Attesting(Box<PendingAttestation>),
    Attested(Box<ProvenAttestation>),
    Asserting(Box<PendingAssertion>),
    Asserted(Box<ProvenAssertion>),
    Done(Answer),
}

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    /// The client gives up early; the server goes on.
    Impatience,
    /// It never comes.
    Disappearance,
    /// The server breaks down after the first step.
    Breakdown,
    /// The answer is lost.
    Silence,
}

/// A relying party, its clients, and the oracle that watches.
#[derive(Debug)]
pub struct Soak {
    party: RelyingParty,
    ledger: Ledger,
    mint: FastMint,
    seed: Seed,
    dice: ChaCha20Rng,
    app_id: AppId,
    phones: Vec<Phone>,
    flights: Vec<Flight>,
    now: Duration,
    soaked: Soaked,
}

/// Requests under way at a time.
const AT_ONCE: usize = 24;
/// Phones to begin with.
const PHONES: usize = 400;
/// How long challenges live, in the time of the soak.
const LIFETIME: Duration = Duration::from_mins(1);
/// The time of the soak that passes with each step.
const STEP: Duration = Duration::from_micros(200);
/// The hour at which a soak begins; any would do.
const BEGINNING: i64 = 1_790_000_000;
/// Breaches told in words.
const TOLD: usize = 10;

impl Soak {
    /// A soak of the reference with these flaws, none in earnest.
    pub fn new(seed: &Seed, flaws: Flaws) -> Self {
        let app_id = AppId::parse("A1B2C3D4E5.test.assay.soak").expect("it is an App ID");
        let begun = Timestamp::constant(BEGINNING, 0);
        // Its seed is known to whoever runs it, so its keys may sign fast.
        let authority = Authority::new(&seed.child("soak authority", 0), begun).opened();
        let trust_anchor = TrustAnchor::from_der(authority.root_der())
            .expect("the simulator writes certificates that can be read");
        let party = RelyingParty::new(Settings {
            policy: Policy::new(app_id.clone(), Environment::Production),
            trust_anchor,
            receipt_trust_anchor: None,
            challenge_lifetime: SignedDuration::try_from(LIFETIME).expect("a minute fits"),
            max_challenges: 1 << 20,
            max_keys: 1 << 20,
            flaws,
        });
        let mut soak = Self {
            party,
            ledger: Ledger::new(Some(LIFETIME)),
            mint: FastMint::new(&authority, &seed.child("soak mint", 0), 0),
            dice: seed.child("soak dice", 0).stream(),
            seed: seed.child("soak phones", 0),
            app_id,
            phones: Vec::new(),
            flights: Vec::new(),
            now: Duration::ZERO,
            soaked: Soaked::default(),
        };
        (0..PHONES).for_each(|_| soak.enrol());
        soak
    }

    /// Goes on until so many honest requests are dealt with.
    pub fn until(&mut self, honest: u64) -> &Soaked {
        while self.soaked.honest < honest {
            self.now += STEP;
            if self.flights.len() < AT_ONCE && self.roll(3) != 0 {
                self.send();
            } else if !self.flights.is_empty() {
                let index = self.roll(self.flights.len() as u64) as usize;
                self.advance(index);
            }
            self.soaked.at_once = self.soaked.at_once.max(self.flights.len());
        }
        &self.soaked
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice.next_u64() % sides
    }

    fn time(&self) -> Timestamp {
        let offset = SignedDuration::try_from(self.now).unwrap_or(SignedDuration::ZERO);
        Timestamp::constant(BEGINNING, 0).saturating_add(offset).unwrap_or(Timestamp::MAX)
    }

    /// Sends something: mostly what a phone does, sometimes what an attacker would.
    fn send(&mut self) {
        if self.roll(1000) == 0 {
            return self.enrol();
        }
        let phone = self.roll(self.phones.len() as u64) as usize;
        if !self.phones[phone].is_enrolled || self.phones[phone].under_way > 0 {
            return;
        }
        match self.roll(100) {
            0 => self.send_twice(phone),
            1 => self.race(phone),
            2 => self.replay(phone),
            3 => self.reuse(phone, phone),
            4 => {
                let other = self.roll(self.phones.len() as u64) as usize;
                self.reuse(phone, other);
            }
            5 => {
                let other = self.roll(self.phones.len() as u64) as usize;
                self.trespass(phone, other);
            }
            _ => {
                let challenge = self.challenge(phone, Purpose::Assert);
                let sent = self.assertion(phone, phone, challenge, Sincerity::Sincere, true);
                self.take_off(sent);
            }
        }
    }

    fn send_twice(&mut self, phone: usize) {
        let challenge = self.challenge(phone, Purpose::Assert);
        let sent = self.assertion(phone, phone, challenge, Sincerity::Sincere, true);
        let twin = Sent { is_honest: false, ..sent.clone() };
        self.take_off(sent);
        self.take_off(twin);
    }

    fn race(&mut self, phone: usize) {
        let counter = self.phones[phone].device.next_counter;
        for is_honest in [true, false] {
            let challenge = self.challenge(phone, Purpose::Assert);
            self.phones[phone].device.next_counter = counter;
            let sent = self.assertion(phone, phone, challenge, Sincerity::Sincere, is_honest);
            self.take_off(sent);
        }
    }

    fn replay(&mut self, phone: usize) {
        if let Some(sent) = self.phones[phone].accepted.clone() {
            self.take_off(Sent { is_honest: false, ..sent });
        }
    }

    /// A fresh assertion for the challenge that a phone used.
    fn reuse(&mut self, phone: usize, of: usize) {
        if let Some(challenge) = self.phones[of].used.clone() {
            let sent = self.assertion(phone, phone, challenge, Sincerity::Sincere, false);
            self.take_off(sent);
        }
    }

    fn trespass(&mut self, phone: usize, session: usize) {
        if self.phones[session].account != self.phones[phone].account {
            let challenge = self.challenge(session, Purpose::Assert);
            let sent = self.assertion(phone, session, challenge, Sincerity::Foreign, false);
            self.phones[phone].device.next_counter -= 1;
            self.take_off(sent);
        }
    }

    fn enrol(&mut self) {
        let number = self.phones.len();
        let seed = self.seed.child("device", number as u64);
        let generation = Generation::Ios26;
        let device = Device::new(&seed, generation, self.app_id.clone(), Environment::Production);
        self.phones.push(Phone {
            device,
            account: format!("soak-{number}"),
            is_enrolled: false,
            under_way: 0,
            used: None,
            accepted: None,
        });
        let (challenge, issued) = self.challenge(number, Purpose::Attest);
        let hash: [u8; 32] = Sha256::digest(challenge.as_bytes()).into();
        let now = self.time();
        let bytes = self.mint.attest(&self.phones[number].device, &hash, now);
        let request = Request {
            key: number as u32,
            act: Act::Enrol,
            challenge: Some(issued),
            sincerity: Sincerity::Sincere,
        };
        let (phone, session, is_honest) = (number, number, true);
        self.take_off(Sent { phone, session, bytes, challenge, request, is_honest });
    }

    fn challenge(&mut self, phone: usize, purpose: Purpose) -> (String, Issued) {
        let mut entropy = [0; 32];
        self.dice.fill_bytes(&mut entropy);
        let now = self.time();
        let account = &self.phones[phone].account;
        let challenge = self
            .party
            .issue_challenge(account, purpose, entropy, now)
            .expect("there is room for a minute's challenges, and entropy does not repeat");
        let print = u64::from_be_bytes(entropy[..8].try_into().expect("eight bytes are eight"));
        (challenge.text, Issued { print, asked: self.now, came: self.now })
    }

    fn assertion(
        &mut self,
        phone: usize,
        session: usize,
        (challenge, issued): (String, Issued),
        sincerity: Sincerity,
        is_honest: bool,
    ) -> Sent {
        let device = &mut self.phones[phone].device;
        let act = Act::Assert { counter: device.next_counter };
        let bytes = self.mint.assert(device, &Sha256::digest(challenge.as_bytes()));
        let request = Request { key: phone as u32, act, challenge: Some(issued), sincerity };
        Sent { phone, session, bytes, challenge, request, is_honest }
    }

    fn take_off(&mut self, sent: Sent) {
        let trouble = match self.roll(400) {
            0 => Trouble::Impatience,
            1 => Trouble::Disappearance,
            2 => Trouble::Breakdown,
            3 => Trouble::Silence,
            _ => Trouble::None,
        };
        self.phones[sent.phone].under_way += 1;
        let ticket = Some(self.ledger.sent(sent.request, self.now));
        self.flights.push(Flight { sent, ticket, stage: Stage::Sent, trouble });
        if trouble == Trouble::Impatience {
            self.land(self.flights.len() - 1, Answer::Lost);
        }
    }

    /// One step of the server on one request.
    fn advance(&mut self, index: usize) {
        let now = self.time();
        let flight = &mut self.flights[index];
        let stage = std::mem::replace(&mut flight.stage, Stage::Sent);
        let next = match (stage, flight.trouble) {
            (Stage::Sent, Trouble::Disappearance)
            | (Stage::Attesting(_) | Stage::Asserting(_), Trouble::Breakdown) => {
                Stage::Done(Answer::Lost)
            }
            (stage, _) => step(&mut self.party, &self.phones, &flight.sent, stage, now),
        };
        match next {
            Stage::Done(answer) => {
                match answer {
                    Answer::Accepted => self.soaked.accepted += 1,
                    Answer::Refused => self.soaked.refused += 1,
                    Answer::Lost | Answer::Unsent => {}
                }
                let answer = if flight.trouble == Trouble::Silence { Answer::Lost } else { answer };
                self.land(index, answer);
                self.flights.swap_remove(index);
            }
            stage => self.flights[index].stage = stage,
        }
    }

    /// The client has its answer, or gives up waiting for it.
    fn land(&mut self, index: usize, answer: Answer) {
        let Some(ticket) = self.flights[index].ticket.take() else { return };
        let breach = self.ledger.answered(ticket, answer, self.now);
        let sent = &self.flights[index].sent;
        let phone = &mut self.phones[sent.phone];
        phone.under_way -= 1;
        self.soaked.honest += u64::from(sent.is_honest);
        self.soaked.probes += u64::from(!sent.is_honest);
        self.soaked.lost += u64::from(answer == Answer::Lost);
        match (sent.request.act, answer) {
            (Act::Enrol, Answer::Accepted) => {
                phone.is_enrolled = true;
                self.soaked.devices += 1;
            }
            (Act::Assert { .. }, Answer::Accepted) if sent.phone == sent.session => {
                phone.used = sent.request.challenge.map(|issued| (sent.challenge.clone(), issued));
                phone.accepted = Some(sent.clone());
            }
            (Act::Enrol | Act::Assert { .. }, _) => {}
        }
        if let Some(breach) = breach {
            self.breached(index, answer, breach);
        }
    }

    fn breached(&mut self, index: usize, answer: Answer, breach: Breach) {
        self.soaked.breaches += 1;
        if self.soaked.first.len() < TOLD {
            let request = &self.flights[index].sent.request;
            self.soaked.first.push(format!("{request:?} was {answer:?}, but {breach}"));
        }
    }
}

/// The next stage of a request at the server.
fn step(
    party: &mut RelyingParty,
    phones: &[Phone],
    sent: &Sent,
    stage: Stage,
    now: Timestamp,
) -> Stage {
    let key_id: KeyId = phones[sent.phone].device.key_id();
    let account = &phones[sent.session].account;
    let stepped: Result<Stage, Refusal> = match (stage, sent.request.act) {
        (Stage::Sent, Act::Enrol) => {
            let challenge = &sent.challenge;
            let enrolment = Enrolment { key_id, challenge, attestation: &sent.bytes };
            let pending = party.begin_attest(account, &enrolment, now);
            pending.map(|pending| Stage::Attesting(Box::new(pending)))
        }
        (Stage::Sent, Act::Assert { .. }) => {
            let request = ProtectedRequest {
                key_id,
                client_data: sent.challenge.as_bytes(),
                assertion: &sent.bytes,
                challenge: Some(&sent.challenge),
            };
            let pending = party.begin_assert(account, &request, now);
            pending.map(|pending| Stage::Asserting(Box::new(pending)))
        }
        (Stage::Attesting(pending), _) => {
            let proven = pending.verify(&sent.bytes, now).map_err(Refusal::from);
            proven.map(|proven| Stage::Attested(Box::new(proven)))
        }
        (Stage::Asserting(pending), _) => {
            let proven = pending.verify(&sent.bytes).map_err(Refusal::from);
            proven.map(|proven| Stage::Asserted(Box::new(proven)))
        }
        (Stage::Attested(proven), _) => {
            party.finish_attest(*proven).map(|_| Stage::Done(Answer::Accepted))
        }
        (Stage::Asserted(proven), _) => {
            party.finish_assert(&proven).map(|_| Stage::Done(Answer::Accepted))
        }
        (Stage::Done(answer), _) => Ok(Stage::Done(answer)),
    };
    stepped.unwrap_or_else(|refusal| match refusal {
        Refusal::Broken(_) => Stage::Done(Answer::Refused),
        // No decision: what breaks down, or has no room.
        Refusal::Failed(_) | Refusal::Full(_) | Refusal::RepeatedEntropy => {
            Stage::Done(Answer::Lost)
        }
    })
}

impl Soaked {
    /// Adds another soak.
    pub fn add(&mut self, other: &Self) {
        self.honest += other.honest;
        self.probes += other.probes;
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.lost += other.lost;
        self.devices += other.devices;
        self.at_once = self.at_once.max(other.at_once);
        self.breaches += other.breaches;
        self.first.extend(other.first.iter().take(TOLD - self.first.len().min(TOLD)).cloned());
    }

    /// What is known by name, for whoever prints it.
    pub fn figures(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::from([
            ("honest requests", self.honest),
            ("probes", self.probes),
            ("accepted", self.accepted),
            ("refused", self.refused),
            ("without an answer", self.lost),
            ("devices", self.devices),
            ("most at once", self.at_once as u64),
            ("breaches", self.breaches),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::flaw::Flaw;
    use protocol::verify::Rule;

    fn soaked(flaws: Flaws) -> Soaked {
        Soak::new(&Seed::from_text("soak"), flaws).until(3_000).clone()
    }

    #[test]
    fn the_reference_raises_no_alarm_whatever_overlaps_and_gets_lost() {
        let soaked = soaked(Flaws::NONE);
        assert_eq!((soaked.breaches, soaked.first.len()), (0, 0), "{:?}", soaked.first);
        assert!(soaked.at_once > 8 && soaked.devices > 300, "{soaked:?}");
        assert!(soaked.probes > 100 && soaked.refused > 50 && soaked.lost > 10, "{soaked:?}");
    }

    #[test]
    fn flaws_of_the_memory_are_seen_in_the_same_traffic() {
        for flaws in [
            Flaws::dropping([Rule::ChallengeUnused]),
            Flaws::dropping([Rule::KeyOwner]),
            Flaws::dropping([Rule::CounterIncreases]),
            [Flaw::from_id("racy.asr.counter.check-then-act").unwrap()].into_iter().collect(),
            [Flaw::from_id("weak.asr.counter.now-and-then").unwrap()].into_iter().collect(),
        ] {
            let soaked = soaked(flaws.clone());
            assert!(soaked.breaches > 0, "{flaws:?}: {soaked:?}");
        }
    }
}
