//! The devices of a load attack, and the challenges they hold.
//!
//! Each device belongs to an account of its own and is in one place at a time: idle, holding a
//! challenge, in a request, or resting. Whoever needs one takes it from here and gives it back, so
//! two requests never race on one counter by accident.
//!
//! An arrival is one measured request. The challenges that attestations and assertions need come
//! from the challenge arrivals of the mix and wait here, the freshest on top; a reserve is fetched
//! before the attack starts and topped up, unmeasured and counted, when it falls by half.

use super::oracle::{Class, Lie};
use super::plan::LoadPlan;
use super::recruiter::Member;
use super::schedule::Deed;
use protocol::relying_party::Purpose;
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};
use targets::{Facts, Operation, Saved};

/// How many devices and challenges an attack needs at a rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    attest: f64,
    assert: f64,
    timeout: f64,
}

/// How long ahead of its instant a request is made ready.
pub(super) const LEAD: Duration = Duration::from_millis(500);
/// Beyond what the arithmetic says.
const SPARE: usize = 16;

impl Needs {
    /// The most that any phase needs.
    pub(super) fn most(plan: &LoadPlan) -> Self {
        Self::of(plan, 0..plan.phases.len())
    }

    /// The most that is needed by the phases that run between `from` and `from + within`.
    pub(super) fn between(plan: &LoadPlan, from: Duration, within: Duration) -> Self {
        let (first, last) = (plan.phase_at(from), plan.phase_at(from.saturating_add(within)));
        Self::of(plan, first..last + 1)
    }

    fn of(plan: &LoadPlan, phases: std::ops::Range<usize>) -> Self {
        let none = Self { attest: 0.0, assert: 0.0, timeout: plan.timeout.as_secs_f64() };
        phases.fold(none, |most, place| {
            let (rate, shares) = (plan.phases[place].highest_rate(), plan.terms(place).shares());
            Self {
                attest: most.attest.max(rate * shares.attest),
                assert: most.assert.max(rate * shares.assert),
                ..most
            }
        })
    }

    /// Devices that are enrolled before the load: as many as were asked for, or as it needs.
    pub(super) fn enrolled(plan: &LoadPlan) -> u64 {
        let needed = Self::most(plan).devices().max(plan.devices_traced());
        plan.devices.unwrap_or(needed) as u64
    }

    /// Assertions a second that need a device.
    pub(super) fn assertions(&self) -> f64 {
        self.assert
    }

    /// Challenges in reserve: what is used while the target answers none until the timeout, and
    /// what is made ready ahead.
    pub(super) fn reserve(&self, purpose: Purpose) -> usize {
        let rate = match purpose {
            Purpose::Attest => self.attest,
            Purpose::Assert => self.assert,
        };
        (rate * (self.timeout + LEAD.as_secs_f64())).ceil() as usize + usize::from(rate > 0.0)
    }

    /// Devices that send assertions: those in the reserve, and those in flight.
    pub(super) fn devices(&self) -> usize {
        if self.assert > 0.0 {
            self.reserve(Purpose::Assert) + (self.assert * self.timeout).ceil() as usize + SPARE
        } else {
            0
        }
    }
}

/// A device that holds a challenge.
#[derive(Debug)]
struct Holder {
    member: Member,
    since: Instant,
}

/// Who asks for a challenge.
#[derive(Debug)]
pub(super) enum Asker {
    /// A device that will use it.
    Member(Box<Member>),
    /// Nobody in particular: there are enough challenges.
    Guest(String),
}

/// What a request is made of.
#[derive(Debug)]
pub(super) enum Material {
    /// A device, with a challenge if the deed needs one.
    Member(Box<Member>),
    /// A request that was accepted before.
    Accepted(Box<(Facts, Saved)>),
    /// Nothing: no device stands behind it.
    Nobody,
}

/// Where all devices and challenges are while nobody uses them.
#[derive(Debug)]
pub(super) struct Fleet {
    newcomers: VecDeque<Member>,
    idle: VecDeque<Member>,
    resting: VecDeque<(Instant, Member)>,
    to_attest: Vec<Holder>,
    to_assert: Vec<Holder>,
    accepted: VecDeque<(Facts, Saved)>,
    seen: HashSet<u64>,
    /// Most devices to hold a challenge to attest: more would only grow old.
    most_to_attest: usize,
    /// How old a challenge may grow here.
    freshness: Duration,
}

/// How long a device rests after a request of which nobody knows whether it was acted on: the
/// target may still be at it.
const REST: Duration = Duration::from_secs(5);
/// Accepted requests kept for replays.
const KEPT: usize = 64;
/// Newcomers kept ready: their keys take time to make.
pub(super) const NEWCOMERS: usize = 64;
/// Lifetime of a challenge if the target declares none.
const UNDECLARED_LIFETIME: Duration = Duration::from_mins(1);

impl Fleet {
    /// Nobody yet.
    pub(super) fn new(plan: &LoadPlan, lifetime: Option<Duration>) -> Self {
        let needs = Needs::most(plan);
        Self {
            newcomers: VecDeque::new(),
            idle: VecDeque::new(),
            resting: VecDeque::new(),
            to_attest: Vec::new(),
            to_assert: Vec::new(),
            accepted: VecDeque::new(),
            seen: HashSet::new(),
            most_to_attest: 2 * needs.reserve(Purpose::Attest),
            // Half its life in the reserve leaves the other half for the way to its use.
            freshness: lifetime.unwrap_or(UNDECLARED_LIFETIME) / 2,
        }
    }

    /// How old a challenge may grow in reserve.
    pub(super) fn freshness(&self) -> Duration {
        self.freshness
    }

    /// Takes whoever should ask for a challenge next.
    pub(super) fn asker(&mut self, purpose: Purpose) -> Option<Member> {
        match purpose {
            Purpose::Attest if self.to_attest.len() < self.most_to_attest => {
                self.newcomers.pop_front()
            }
            Purpose::Attest => None,
            Purpose::Assert => {
                let now = Instant::now();
                while self.resting.front().is_some_and(|(until, _)| *until <= now) {
                    self.idle.extend(self.resting.pop_front().map(|(_, member)| member));
                }
                self.idle.pop_front()
            }
        }
    }

    /// Puts a device with its new challenge in reserve. Gives back whether the target never gave
    /// the challenge out before.
    pub(super) fn hold(&mut self, purpose: Purpose, member: Member) {
        let holder = Holder { member, since: Instant::now() };
        match purpose {
            Purpose::Attest => self.to_attest.push(holder),
            Purpose::Assert => self.to_assert.push(holder),
        }
    }

    /// Notes a challenge that was handed out; `false` if it was handed out before.
    pub(super) fn is_new(&mut self, challenge: &str) -> bool {
        let mut hasher = DefaultHasher::new();
        challenge.hash(&mut hasher);
        self.seen.insert(hasher.finish())
    }

    /// Devices that hold a challenge for a purpose.
    pub(super) fn held(&self, purpose: Purpose) -> usize {
        match purpose {
            Purpose::Attest => self.to_attest.len(),
            Purpose::Assert => self.to_assert.len(),
        }
    }

    /// Takes challenges that are too old out of the reserve.
    pub(super) fn discard_old(&mut self) {
        let old = |holder: &Holder| holder.since.elapsed() > self.freshness;
        let cut = self.to_attest.partition_point(old);
        self.newcomers.extend(self.to_attest.drain(..cut).map(|holder| holder.member));
        let cut = self.to_assert.partition_point(old);
        self.idle.extend(self.to_assert.drain(..cut).map(|holder| holder.member));
    }

    /// Takes what a deed is made of; `None` if it is not there yet.
    pub(super) fn material(&mut self, deed: Deed) -> Option<Material> {
        let member = match deed {
            Deed::Challenge(_) => None,
            Deed::Attest(Some(Lie::AttestUnknownChallenge)) => self.newcomers.pop_front(),
            Deed::Attest(Some(Lie::GarbageAttestation | Lie::OversizeAttestation)) => {
                return Some(Material::Nobody);
            }
            Deed::Assert(Some(Lie::Replay | Lie::GarbageAssertion | Lie::OversizeAssertion)) => {
                // Each in turn, again and again: however often it is sent, it must be refused.
                let accepted = self.accepted.pop_front()?;
                self.accepted.push_back(accepted.clone());
                return Some(Material::Accepted(Box::new(accepted)));
            }
            Deed::Assert(Some(Lie::AssertUnknownChallenge)) => self.asker(Purpose::Assert),
            Deed::Attest(_) => self.fresh_holder(Purpose::Attest),
            Deed::Assert(_) => self.fresh_holder(Purpose::Assert),
        };
        member.map(|member| Material::Member(Box::new(member)))
    }

    fn fresh_holder(&mut self, purpose: Purpose) -> Option<Member> {
        let freshness = self.freshness;
        let holders = match purpose {
            Purpose::Attest => &mut self.to_attest,
            Purpose::Assert => &mut self.to_assert,
        };
        // The freshest is on top: if it is too old, all are.
        let holder = holders.pop_if(|holder| holder.since.elapsed() <= freshness)?;
        Some(holder.member)
    }

    /// Takes a device back that may be used at once.
    pub(super) fn give_back(&mut self, member: Member) {
        self.idle.push_back(member);
    }

    /// Takes a newcomer that the target still does not know.
    pub(super) fn add_newcomer(&mut self, member: Member) {
        self.newcomers.push_back(member);
    }

    /// Whether more newcomers are needed.
    pub(super) fn lacks_newcomers(&self) -> bool {
        self.newcomers.len() < NEWCOMERS
    }

    /// Takes a device back of which nobody knows what the target knows of it.
    fn give_back_to_rest(&mut self, member: Member) {
        self.resting.push_back((Instant::now() + REST, member));
    }

    /// Where a device goes after its request, by what is known of it.
    pub(super) fn settle(
        &mut self,
        mut member: Member,
        operation: Operation,
        lie: Option<Lie>,
        counter: Option<u32>,
        class: Class,
    ) {
        let honest = lie.is_none();
        let accepted = matches!(
            (honest, class),
            (true, Class::Right | Class::WrongOutput) | (false, Class::FalseAccept)
        );
        if operation == Operation::Attest {
            // Enrolled, it joins the fleet: its next assertion must be accepted. Any other is
            // forgotten, for nobody may say what the target knows of it.
            if honest && accepted {
                self.give_back(member);
            }
            return;
        }
        if accepted && let Some(counter) = counter {
            member.accepted_counter = member.accepted_counter.max(counter);
        }
        if !honest && (accepted || class.is_indeterminate()) {
            // The target may have stored the lie's counter: do not blame it for refusing it next.
            member.device.next_counter = member.device.next_counter.wrapping_add(1);
        }
        if class.is_indeterminate() {
            self.give_back_to_rest(member);
        } else {
            self.give_back(member);
        }
    }

    /// Keeps an accepted request for replays; the oldest makes room.
    pub(super) fn keep_accepted(&mut self, facts: Facts, saved: Saved) {
        if self.accepted.len() == KEPT {
            self.accepted.pop_front();
        }
        self.accepted.push_back((facts, saved));
    }
}

#[cfg(test)]
mod tests {
    use super::super::recruiter::Recruiter;
    use super::*;
    use simulator::Seed;
    use targets::TargetFile;

    fn member() -> Member {
        let target = TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(1)).unwrap();
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("fleet"));
        Recruiter::new(&plan, &target, 1).recruit()
    }

    fn fleet() -> Fleet {
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("fleet"));
        Fleet::new(&plan, Some(Duration::from_mins(1)))
    }

    #[test]
    fn a_device_is_in_one_place_at_a_time() {
        let mut fleet = fleet();
        fleet.give_back(member());
        let member = fleet.asker(Purpose::Assert).unwrap();
        assert!(fleet.asker(Purpose::Assert).is_none());
        assert!(fleet.material(Deed::Assert(None)).is_none());
        fleet.hold(Purpose::Assert, member);
        assert_eq!(fleet.held(Purpose::Assert), 1);
        assert!(matches!(fleet.material(Deed::Assert(None)), Some(Material::Member(_))));
        assert!(fleet.material(Deed::Assert(None)).is_none());
    }

    #[test]
    fn a_device_in_doubt_rests_before_it_is_used_again() {
        let mut fleet = fleet();
        fleet.give_back_to_rest(member());
        assert!(fleet.asker(Purpose::Assert).is_none());
    }

    #[test]
    fn old_challenges_are_discarded_and_their_devices_kept() {
        let mut fleet = fleet();
        fleet.freshness = Duration::ZERO;
        fleet.hold(Purpose::Assert, member());
        std::thread::sleep(Duration::from_millis(1));
        assert!(fleet.material(Deed::Assert(None)).is_none());
        fleet.discard_old();
        assert_eq!(fleet.held(Purpose::Assert), 0);
        assert!(fleet.asker(Purpose::Assert).is_some());
    }

    #[test]
    fn what_was_accepted_can_be_replayed_without_end_each_in_turn() {
        let mut fleet = fleet();
        assert!(fleet.material(Deed::Assert(Some(Lie::Replay))).is_none());
        for account in ["one", "two"] {
            fleet.keep_accepted(Facts::new(account, ""), Saved::new());
        }
        let accounts: Vec<_> = (0..4)
            .filter_map(|_| match fleet.material(Deed::Assert(Some(Lie::Replay))) {
                Some(Material::Accepted(accepted)) => Some(accepted.0.account),
                Some(Material::Member(_) | Material::Nobody) | None => None,
            })
            .collect();
        assert_eq!(accounts, ["one", "two", "one", "two"]);
    }

    #[test]
    fn a_challenge_handed_out_twice_is_noticed() {
        let mut fleet = fleet();
        assert!(fleet.is_new("a") && fleet.is_new("b"));
        assert!(!fleet.is_new("a"));
    }
}
