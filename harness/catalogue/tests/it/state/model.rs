//! A relying party in as few words as possible: what must be decided, from the clauses alone.
//!
//! It knows nothing of bytes. A request is what it claims, and which rules its content breaks.

use super::deed::{Account, Act, Deed, Device, Due, Lie, Name};
use catalogue::{Listed, Premises};
use protocol::relying_party::Purpose;
use protocol::verify::Rule;
use simulator::Generation;
use std::collections::BTreeMap;

/// Seconds that a challenge is good, and that a wait takes.
pub(super) const LIFETIME: u64 = 60;
pub(super) const WAIT: u64 = LIFETIME + 1;
/// Seconds after which a receipt is no longer fresh (FR-5).
const FRESH: u64 = 300;

#[derive(Debug, Clone)]
struct Issued {
    account: Account,
    purpose: Purpose,
    expires: u64,
    used: bool,
    /// Whether later steps can name it; one asked for within a step has no name.
    named: bool,
}

#[derive(Debug, Clone)]
struct Enrolled {
    account: Account,
    counter: u32,
    revoked: bool,
}

/// A request as it was made.
#[derive(Debug, Clone)]
struct Request {
    purpose: Purpose,
    /// The key that it names, if any has that name.
    device: Option<Device>,
    counter: u32,
    challenge: Named,
    /// Rules that its content breaks whenever it is sent.
    broken: Vec<Rule>,
    made: u64,
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Issued(Name),
    NeverIssued,
    Missing,
}

/// Everything that decides.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) premises: Premises,
    pub(super) generation: Generation,
    /// How many steps there were, those left out included.
    pub(super) drawn: Name,
    now: u64,
    challenges: BTreeMap<Name, Issued>,
    keys: BTreeMap<Device, Enrolled>,
    requests: BTreeMap<Name, Request>,
    /// The counter of each device's next assertion.
    next: BTreeMap<Device, u32>,
}

impl Model {
    pub(super) fn new(premises: Premises, generation: Generation) -> Self {
        Self {
            premises,
            generation,
            drawn: 0,
            now: 0,
            challenges: BTreeMap::new(),
            keys: BTreeMap::new(),
            requests: BTreeMap::new(),
            next: BTreeMap::new(),
        }
    }

    /// The challenges that steps can name.
    pub(super) fn challenges(&self) -> Vec<Name> {
        let named = self.challenges.iter().filter(|(_, issued)| issued.named);
        named.map(|(name, _)| *name).collect()
    }

    /// Those of them that were issued to the account for the purpose, used and old ones too.
    pub(super) fn meant_for(&self, account: Account, purpose: Purpose) -> Vec<Name> {
        let meant = |issued: &Issued| issued.account == account && issued.purpose == purpose;
        let named = self.challenges.iter().filter(|(_, issued)| issued.named && meant(issued));
        named.map(|(name, _)| *name).collect()
    }

    /// The requests that can be sent again.
    pub(super) fn requests(&self) -> Vec<Name> {
        self.requests.keys().copied().collect()
    }

    /// Whether everything that the step names was there before.
    pub(super) fn can_follow(&self, deed: &Deed) -> bool {
        deed.name >= self.drawn
            && match &deed.act {
                Act::Attest { challenge, lie, .. } | Act::Assert { challenge, lie, .. } => {
                    let extensions = self.generation == Generation::Ios27;
                    challenge.is_none_or(|name| {
                        self.challenges.get(&name).is_some_and(|issued| issued.named)
                    }) && (extensions || !lie.is_about_extensions())
                }
                Act::Replay(of) => self.requests.contains_key(of),
                Act::Challenge(_) | Act::Revoke(_) | Act::Wait => true,
            }
    }

    /// What must come of the step, and what is so afterwards.
    pub(super) fn step(&mut self, deed: &Deed) -> Due {
        self.drawn = deed.name + 1;
        let account = deed.account;
        match &deed.act {
            Act::Challenge(purpose) => {
                self.issue(deed.name, account, *purpose, true);
                Vec::new()
            }
            Act::Wait => {
                self.now += WAIT;
                Vec::new()
            }
            Act::Revoke(device) => {
                let broken = self.broken_of_key(Some(device), account);
                if broken.is_empty() {
                    self.keys.entry(device).and_modify(|key| key.revoked = true);
                }
                broken
            }
            Act::Attest { device, challenge, lie } => {
                let request = self.made(deed, Purpose::Attest, device, *challenge, *lie);
                self.send(account, &request)
            }
            Act::Assert { device, challenge, lie } => {
                let request = self.made(deed, Purpose::Assert, device, *challenge, *lie);
                self.send(account, &request)
            }
            Act::Replay(of) => {
                let request = self.requests[of].clone();
                self.send(account, &request)
            }
        }
    }

    fn issue(&mut self, name: Name, account: Account, purpose: Purpose, named: bool) {
        let expires = self.now + LIFETIME;
        self.challenges.insert(name, Issued { account, purpose, expires, used: false, named });
    }

    fn made(
        &mut self,
        deed: &Deed,
        purpose: Purpose,
        device: Device,
        challenge: Option<Name>,
        lie: Lie,
    ) -> Request {
        let name = challenge.unwrap_or_else(|| {
            self.issue(deed.name, deed.account, purpose, false);
            deed.name
        });
        let challenge = match lie {
            Lie::NoChallenge => Named::Missing,
            lie if lie.spoils_challenge() => Named::NeverIssued,
            _ => Named::Issued(name),
        };
        let request = Request {
            purpose,
            device: (lie != Lie::OtherKeyId).then_some(device),
            counter: if purpose == Purpose::Assert { self.counted(device, lie) } else { 0 },
            challenge,
            broken: self.broken_content(purpose, lie),
            made: self.now,
        };
        self.requests.insert(deed.name, request.clone());
        request
    }

    /// A device counts what it signs, whatever becomes of it.
    fn counted(&mut self, device: Device, lie: Lie) -> u32 {
        let next = self.next.entry(device).or_insert(1);
        let counter = match lie {
            Lie::CounterSet(to) => to,
            Lie::CounterSkip(by) => next.wrapping_add(by),
            Lie::CounterRepeat => next.wrapping_sub(1),
            _ => *next,
        };
        *next = counter.wrapping_add(1);
        counter
    }

    /// Steps 6, 10 and 11 of an attestation; 4, 7 and 8 of an assertion.
    fn broken_content(&self, purpose: Purpose, lie: Lie) -> Vec<Rule> {
        let [app, category, version] = match purpose {
            Purpose::Attest => [
                Rule::AttestationRpId,
                Rule::AttestationValidationCategory,
                Rule::AttestationBundleVersion,
            ],
            Purpose::Assert => [
                Rule::AssertionRpId,
                Rule::AssertionValidationCategory,
                Rule::AssertionBundleVersion,
            ],
        };
        let states = self.generation == Generation::Ios27;
        // An honest device states what is allowed.
        let lied = |lied: bool, absent_allowed: bool| {
            if states { lied } else { !absent_allowed }
        };
        let mut broken = Vec::new();
        broken.extend((lie == Lie::OtherApp).then_some(app));
        if let Some(Listed { values, absent_allowed }) = &self.premises.categories {
            let forged = matches!(lie, Lie::Category(to) if !values.contains(&to));
            broken.extend(lied(forged, *absent_allowed).then_some(category));
        }
        if let Some(Listed { values, absent_allowed }) = &self.premises.bundle_versions {
            let allowed = |to: &str| values.iter().any(|value| value == to);
            let forged = matches!(lie, Lie::BundleVersion(to) if !allowed(to));
            broken.extend(lied(forged, *absent_allowed).then_some(version));
        }
        broken
    }

    fn send(&mut self, account: Account, request: &Request) -> Due {
        let challenge = self.spend(account, request);
        match request.purpose {
            Purpose::Attest => {
                // AV-2 looks the challenge up before anything else.
                let mut broken = challenge;
                broken.extend(&request.broken);
                if self.premises.receipt_required && self.now - request.made > FRESH {
                    broken.push(Rule::ReceiptFreshness);
                }
                let device = request.device.expect("an attestation names its key");
                match self.keys.get(device) {
                    Some(key) if key.account != account => broken.push(Rule::KeyUnclaimed),
                    Some(key) if key.revoked => broken.push(Rule::KeyActive),
                    Some(_) | None => {}
                }
                if broken.is_empty() {
                    // A key that is enrolled again keeps its counter.
                    let new = Enrolled { account, counter: 0, revoked: false };
                    self.keys.entry(device).or_insert(new);
                }
                broken
            }
            Purpose::Assert => {
                // AS-6 comes last but for the policies; that a key is known comes first.
                let mut broken = self.broken_of_key(request.device, account);
                if let Some(key) = request.device.and_then(|device| self.keys.get(device)) {
                    let (app, policies): (Vec<Rule>, Vec<Rule>) =
                        request.broken.iter().partition(|rule| **rule == Rule::AssertionRpId);
                    broken.extend(app);
                    broken
                        .extend((request.counter <= key.counter).then_some(Rule::CounterIncreases));
                    broken.extend(policies);
                }
                broken.extend(challenge);
                if broken.is_empty()
                    && let Some(device) = request.device
                {
                    self.keys.entry(device).and_modify(|key| key.counter = request.counter);
                }
                broken
            }
        }
    }

    fn broken_of_key(&self, device: Option<Device>, account: Account) -> Vec<Rule> {
        let Some(key) = device.and_then(|device| self.keys.get(device)) else {
            return vec![Rule::KeyKnown];
        };
        let owner = (key.account != account).then_some(Rule::KeyOwner);
        owner.into_iter().chain(key.revoked.then_some(Rule::KeyActive)).collect()
    }

    /// An attempt by the account that a challenge was issued to uses it up, whatever comes of it.
    fn spend(&mut self, account: Account, request: &Request) -> Vec<Rule> {
        let name = match request.challenge {
            Named::Missing => return vec![Rule::AssertionChallenge],
            Named::NeverIssued => return vec![Rule::ChallengeIssued],
            Named::Issued(name) => name,
        };
        let now = self.now;
        let issued = self.challenges.get_mut(&name).expect("a step names what was issued");
        if issued.account != account {
            return vec![Rule::ChallengeIssued];
        }
        let used = std::mem::replace(&mut issued.used, true);
        if issued.purpose != request.purpose {
            return vec![Rule::ChallengeIssued];
        }
        let old = (now >= issued.expires).then_some(Rule::ChallengeFresh);
        old.into_iter().chain(used.then_some(Rule::ChallengeUnused)).collect()
    }
}
