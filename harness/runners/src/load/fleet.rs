//! The devices of a load attack, and the challenges they hold.
//!
//! Each device belongs to an account of its own and is in one place at a time: idle, holding a
//! challenge, in a request, or resting. Whoever needs one takes it from here and gives it back, so
//! two requests never race on one counter by accident.
//!
//! An arrival is one measured request. The challenges that attestations and assertions need come
//! from the challenge arrivals of the mix and wait here, the freshest on top; a reserve is fetched
//! before the attack starts and topped up, unmeasured and counted, when it falls by half.

use super::mint::Guest;
use super::oracle::Lie;
use super::plan::LoadPlan;
use super::recruiter::Member;
use super::schedule::Deed;
use super::state::{Answer, Issued, Request};
use protocol::relying_party::Purpose;
use std::collections::VecDeque;
use std::time::{Duration, Instant};
use targets::{CHALLENGE_TEXT, Facts, Operation, Saved};

/// How many devices and challenges an attack needs at a rate.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needs {
    attest: f64,
    assert: f64,
    timeout: f64,
}

/// How long ahead of its instant a request is made ready.
pub(super) const LEAD: Duration = Duration::from_millis(500);
/// Beyond what the arithmetic says: for lies that take a device without a challenge of its own, and
/// for those that sit out the life of one.
const SPARE: usize = 48;

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
            let (course, shares) = (&plan.phases[place].course, plan.terms(place).shares());
            let rate = |operation, share: f64| {
                (course.highest_rate() * share).max(course.busiest(operation) as f64)
            };
            Self {
                attest: most.attest.max(rate(Operation::Attest, shares.attest)),
                assert: most.assert.max(rate(Operation::Assert, shares.assert)),
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
    Guest(Guest),
}

/// What a request is made of.
#[derive(Debug)]
pub(super) enum Material {
    /// A device, with a challenge if the deed needs one.
    Member(Box<Member>),
    /// A request that was accepted before.
    Accepted(Box<Kept>),
    /// Nothing: no device stands behind it.
    Nobody,
    /// A device, and a challenge that is used up.
    Used(Box<Member>, String, Issued),
    /// A device that holds a challenge, and another whose key is used in its place.
    Pair(Box<Member>, Box<Member>),
}

/// A protected request that was accepted.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    /// What it was made of.
    pub(super) facts: Facts,
    /// What the target had given the account to keep.
    pub(super) saved: Saved,
    /// What the state oracle knows it by.
    pub(super) request: Request,
}

/// Where all devices and challenges are while nobody uses them.
#[derive(Debug)]
pub(super) struct Fleet {
    newcomers: VecDeque<Member>,
    idle: VecDeque<Member>,
    resting: VecDeque<(Instant, Member)>,
    to_attest: Vec<Holder>,
    to_assert: Vec<Holder>,
    /// Holders of two challenges.
    to_race: Vec<Holder>,
    /// Holders of challenges that grow old.
    ageing: VecDeque<Holder>,
    accepted: VecDeque<Kept>,
    /// Devices whose enrolment was refused, for the audit.
    refused: VecDeque<Member>,
    /// Most devices to hold a challenge to attest: more would only grow old.
    most_to_attest: usize,
    /// How old a challenge may grow here.
    freshness: Duration,
    /// The age at which a challenge is refused for sure, if anybody will send one.
    stale: Option<Duration>,
}

/// How long a device rests after a request of which nobody knows whether it was acted on: the
/// target may still be at it.
const REST: Duration = Duration::from_secs(5);
/// Accepted requests kept for replays.
const KEPT: usize = 64;
/// Devices that hold two challenges at a time.
pub(super) const RACERS: usize = 4;
/// Challenges that are kept until they are stale.
const AGEING: usize = 12;
/// Devices kept whose enrolment was refused.
const REFUSED: usize = 64;
/// Newcomers kept ready: their keys take time to make.
pub(super) const NEWCOMERS: usize = 64;
/// How long after its end the life of a challenge is over whatever clock it was measured by.
pub(super) const STALE_MARGIN: Duration = Duration::from_secs(2);
/// Lifetime of a challenge if the target declares none.
const UNDECLARED_LIFETIME: Duration = Duration::from_mins(1);

impl Fleet {
    /// Nobody yet.
    pub(super) fn new(plan: &LoadPlan, lifetime: Option<Duration>, lies: &[Lie]) -> Self {
        let needs = Needs::most(plan);
        Self {
            newcomers: VecDeque::new(),
            idle: VecDeque::new(),
            resting: VecDeque::new(),
            to_attest: Vec::new(),
            to_assert: Vec::new(),
            to_race: Vec::new(),
            ageing: VecDeque::new(),
            accepted: VecDeque::new(),
            refused: VecDeque::new(),
            most_to_attest: 2 * needs.reserve(Purpose::Attest),
            // Half its life in the reserve leaves the other half for the way to its use.
            freshness: lifetime.unwrap_or(UNDECLARED_LIFETIME) / 2,
            stale: lifetime
                .filter(|_| lies.contains(&Lie::StaleChallenge))
                .map(|lifetime| lifetime + STALE_MARGIN),
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
        for holder in self.to_assert.drain(..cut) {
            if self.stale.is_some() && self.ageing.len() < AGEING {
                self.ageing.push_back(holder);
            } else {
                self.idle.push_back(holder.member);
            }
        }
        for racer in self.to_race.extract_if(.., |holder| old(holder)) {
            self.idle.push_back(Member { spare: None, ..racer.member });
        }
    }

    /// Puts a device with two challenges in reserve.
    pub(super) fn hold_for_race(&mut self, member: Member) {
        self.to_race.push(Holder { member, since: Instant::now() });
    }

    /// Devices that hold two challenges.
    pub(super) fn racers(&self) -> usize {
        self.to_race.len()
    }

    /// Takes what a deed is made of, and says what becomes of the deed: a lie for which there is
    /// nothing yet gives way to another. `None` if there is nothing at all.
    pub(super) fn material(&mut self, deed: Deed) -> Option<(Deed, Material)> {
        let lie = match deed {
            Deed::Challenge(_) => return None,
            Deed::Attest(Some(Lie::AttestUnknownChallenge)) => {
                return alone(deed, self.newcomers.pop_front());
            }
            Deed::Attest(Some(Lie::GarbageAttestation | Lie::OversizeAttestation)) => {
                return Some((deed, Material::Nobody));
            }
            Deed::Attest(_) => return alone(deed, self.fresh_holder(Purpose::Attest)),
            Deed::Assert(None) => return alone(deed, self.fresh_holder(Purpose::Assert)),
            Deed::Assert(Some(lie)) => lie,
        };
        match lie {
            Lie::Replay | Lie::GarbageAssertion | Lie::OversizeAssertion => {
                let kept = self.next_accepted()?;
                Some((deed, Material::Accepted(Box::new(kept))))
            }
            Lie::AssertUnknownChallenge => alone(deed, self.asker(Purpose::Assert)),
            Lie::SpentChallenge => match self.idle.iter().position(|one| one.used.is_some()) {
                Some(index) => {
                    let member = self.idle.remove(index)?;
                    let (text, issued) = member.used.clone()?;
                    Some((deed, Material::Used(Box::new(member), text, issued)))
                }
                None => self.material(Deed::Assert(Some(Lie::AssertUnknownChallenge))),
            },
            Lie::BorrowedChallenge => {
                let kept = self.next_accepted()?;
                let text = kept.saved.get(CHALLENGE_TEXT)?.clone();
                let member = self.asker(Purpose::Assert)?;
                if member.account == kept.facts.account {
                    self.give_back(member);
                    return self.material(Deed::Assert(Some(Lie::AssertUnknownChallenge)));
                }
                let issued = kept.request.challenge?;
                Some((deed, Material::Used(Box::new(member), text, issued)))
            }
            Lie::OtherAccount => {
                let other = self.asker(Purpose::Assert)?;
                let Some(holder) = self.fresh_holder(Purpose::Assert) else {
                    self.give_back(other);
                    return None;
                };
                Some((deed, Material::Pair(Box::new(holder), Box::new(other))))
            }
            Lie::StaleChallenge => match self.stale_holder() {
                Some(member) => alone(deed, Some(member)),
                None => self.material(Deed::Assert(Some(Lie::AssertUnknownChallenge))),
            },
            Lie::CounterTwice => match self.to_race.pop() {
                Some(racer) => alone(deed, Some(racer.member)),
                None => self.material(Deed::Assert(Some(Lie::SentTwice))),
            },
            // Nothing is below the counter of a key that never asserted.
            Lie::CounterBack => match self.fresh_holder_that_asserted() {
                Some(member) => alone(deed, Some(member)),
                None => self.material(Deed::Assert(Some(Lie::EqualCounter))),
            },
            Lie::FlippedSignature
            | Lie::OtherAppId
            | Lie::EqualCounter
            | Lie::SentTwice
            | Lie::ChallengeTwice
            | Lie::OtherChallenge
            | Lie::OtherRoot
            | Lie::AttestUnknownChallenge
            | Lie::GarbageAttestation
            | Lie::OversizeAttestation => alone(deed, self.fresh_holder(Purpose::Assert)),
        }
    }

    /// Each in turn, again and again: however often it is sent, it must be refused.
    fn next_accepted(&mut self) -> Option<Kept> {
        let kept = self.accepted.pop_front()?;
        self.accepted.push_back(kept.clone());
        Some(kept)
    }

    fn stale_holder(&mut self) -> Option<Member> {
        let stale = self.stale?;
        let is_ripe = |holder: &mut Holder| holder.since.elapsed() >= stale;
        self.ageing.pop_front_if(is_ripe).map(|holder| holder.member)
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

    fn fresh_holder_that_asserted(&mut self) -> Option<Member> {
        let freshness = self.freshness;
        let may = |holder: &Holder| {
            holder.member.accepted_counter > 0 && holder.since.elapsed() <= freshness
        };
        let place = self.to_assert.iter().rposition(may)?;
        Some(self.to_assert.remove(place).member)
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
        is_honest: bool,
        counter: Option<u32>,
        answer: Answer,
    ) {
        member.spare = None;
        if operation == Operation::Attest {
            match (is_honest, answer) {
                // Enrolled, it joins the fleet: its next assertion must be accepted.
                (true, Answer::Accepted) => self.give_back(member),
                (false, Answer::Refused) if self.refused.len() < REFUSED => {
                    self.refused.push_back(member);
                }
                // Any other is forgotten, for nobody may say what the target knows of it.
                (true | false, _) => {}
            }
            return;
        }
        if answer == Answer::Accepted
            && let Some(counter) = counter
        {
            member.accepted_counter = member.accepted_counter.max(counter);
        }
        if !is_honest && matches!(answer, Answer::Accepted | Answer::Lost) {
            // The target may have stored the lie's counter: do not blame it for refusing it next.
            member.device.next_counter = member.device.next_counter.wrapping_add(1);
        }
        if answer == Answer::Lost {
            self.give_back_to_rest(member);
        } else {
            self.give_back(member);
        }
    }

    /// Takes so many devices, enrolled and at rest, for the audit.
    pub(super) fn audited(&mut self, most: usize) -> Vec<Member> {
        // The last to come back are the last whose requests were acknowledged.
        let from = self.idle.len().saturating_sub(most);
        self.idle.split_off(from).into()
    }

    /// Takes so many devices whose enrolment was refused.
    pub(super) fn refused(&mut self, most: usize) -> Vec<Member> {
        let from = self.refused.len().saturating_sub(most);
        self.refused.split_off(from).into()
    }

    /// So many of the requests that were accepted last.
    pub(super) fn accepted(&self, most: usize) -> Vec<Kept> {
        self.accepted.iter().rev().take(most).cloned().collect()
    }

    /// Keeps an accepted request for replays; the oldest makes room.
    pub(super) fn keep_accepted(&mut self, kept: Kept) {
        if self.accepted.len() == KEPT {
            self.accepted.pop_front();
        }
        self.accepted.push_back(kept);
    }
}

fn alone(deed: Deed, member: Option<Member>) -> Option<(Deed, Material)> {
    member.map(|member| (deed, Material::Member(Box::new(member))))
}

#[cfg(test)]
mod tests {
    use super::super::course::{Course, Row, Trace};
    use super::super::recruiter::Recruiter;
    use super::super::state::Sincerity;
    use super::super::state::key::Act;
    use super::*;
    use simulator::Seed;
    use targets::TargetFile;

    fn member() -> Member {
        let target = TargetFile::reference("http://127.0.0.1:1", Duration::from_mins(1)).unwrap();
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("fleet"));
        Recruiter::new(&plan, &target, 1).recruit()
    }

    #[test]
    fn a_burst_of_enrolments_in_a_trace_finds_as_many_challenges() {
        let row = |millis: u64, operation| Row { nanos: millis * 1_000_000, operation };
        let asserts = (0..100).map(|n| row(100 * n, Operation::Assert));
        let attests = (0..9).map(|n| row(4_900 + 50 * n, Operation::Attest));
        let mut rows: Vec<Row> = asserts.chain(attests).collect();
        rows.sort_by_key(|row| row.nanos);
        let mut plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("fleet"));
        let reserve = |plan: &LoadPlan| Needs::most(plan).reserve(Purpose::Attest);
        for (speed, least) in [(1.0, 9), (0.1, 3)] {
            let trace = Trace { rows: rows.clone().into(), devices: 5, speed };
            plan.phases[0].course = Course::Trace(trace);
            assert!(reserve(&plan) >= least && reserve(&plan) < 4 * least, "{}", reserve(&plan));
        }
    }

    fn fleet() -> Fleet {
        let plan = LoadPlan::steady(10.0, Duration::from_secs(1), Seed::from_text("fleet"));
        Fleet::new(&plan, Some(Duration::from_mins(1)), &Lie::ALL)
    }

    fn kept(account: &str) -> Kept {
        let challenge = Some(Issued { print: 1, asked: Duration::ZERO, came: Duration::ZERO });
        let (act, sincerity) = (Act::Assert { counter: 1 }, Sincerity::Sincere);
        let saved = Saved::from([(CHALLENGE_TEXT.to_owned(), "used".to_owned())]);
        let request = Request { key: 1, act, challenge, sincerity };
        Kept { facts: Facts::new(account, ""), saved, request }
    }

    #[test]
    fn a_lie_for_which_there_is_nothing_yet_gives_way_to_another() {
        let mut fleet = fleet();
        let told = |fleet: &mut Fleet, lie| {
            fleet.give_back(member());
            let (deed, _) = fleet.material(Deed::Assert(Some(lie))).unwrap();
            deed.lie().unwrap()
        };
        for lie in [Lie::SpentChallenge, Lie::StaleChallenge] {
            assert_eq!(told(&mut fleet, lie), Lie::AssertUnknownChallenge);
        }
        fleet.keep_accepted(kept("another"));
        assert_eq!(told(&mut fleet, Lie::BorrowedChallenge), Lie::BorrowedChallenge);
        fleet.hold(Purpose::Assert, member());
        assert_eq!(told(&mut fleet, Lie::CounterTwice), Lie::SentTwice);
        fleet.hold(Purpose::Assert, member());
        assert_eq!(told(&mut fleet, Lie::CounterBack), Lie::EqualCounter);
        fleet.hold(Purpose::Assert, Member { accepted_counter: 1, ..member() });
        assert_eq!(told(&mut fleet, Lie::CounterBack), Lie::CounterBack);
    }

    #[test]
    fn a_challenge_is_stale_only_when_its_life_is_over_for_sure() {
        let mut fleet = fleet();
        assert_eq!(fleet.stale, Some(Duration::from_mins(1) + STALE_MARGIN));
        fleet.freshness = Duration::ZERO;
        fleet.hold(Purpose::Assert, member());
        std::thread::sleep(Duration::from_millis(1));
        fleet.discard_old();
        assert!(fleet.stale_holder().is_none() && fleet.ageing.len() == 1);
        fleet.stale = Some(Duration::ZERO);
        assert!(fleet.stale_holder().is_some());
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
        assert!(matches!(fleet.material(Deed::Assert(None)), Some((_, Material::Member(_)))));
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
        fleet.stale = None;
        fleet.discard_old();
        assert_eq!(fleet.held(Purpose::Assert), 0);
        assert!(fleet.asker(Purpose::Assert).is_some());
    }

    #[test]
    fn what_was_accepted_can_be_replayed_without_end_each_in_turn() {
        let mut fleet = fleet();
        assert!(fleet.material(Deed::Assert(Some(Lie::Replay))).is_none());
        for account in ["one", "two"] {
            fleet.keep_accepted(kept(account));
        }
        let accounts: Vec<_> = (0..4)
            .filter_map(|_| match fleet.material(Deed::Assert(Some(Lie::Replay))) {
                Some((_, Material::Accepted(kept))) => Some(kept.facts.account),
                Some(_) | None => None,
            })
            .collect();
        assert_eq!(accounts, ["one", "two", "one", "two"]);
    }
}
