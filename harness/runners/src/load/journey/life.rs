//! The life of all devices: a state machine without a clock. Time is an argument, chance follows
//! from the seed and the device, and the server's answers are told from outside.

use super::agenda::{Agenda, List};
use super::apple::Apple;
use super::config::{JourneyPlan, Waking};
use super::deed::Request;
use super::dice::Dice;
use super::ledger::{Ending, Ledger, millis};
use super::retry::{Again, Failure};
use super::store::{State, Step, Store, flag};
use record::{FleetFinished, FleetSecond};
use std::time::Duration;

/// A fleet and everything around it but the server.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(super) plan: JourneyPlan,
    pub(super) dice: Dice,
    pub(super) store: Store,
    pub(super) agenda: Agenda,
    pub(super) apple: Apple,
    pub(super) ledger: Ledger,
    /// How old a challenge may be when it is used.
    pub(super) lifetime: Duration,
    /// Throws of whoever wakes devices.
    waker: u32,
    enrolled: u32,
}

/// Whoever wakes devices has this number: no device has.
const WAKER: u32 = u32::MAX;
/// Devices that are looked at before a wake is given up for want of one at rest.
const LOOKED_AT: u32 = 64;

impl Life {
    /// A fleet at the start of its plan. A challenge may be `lifetime` old when it is used.
    pub(crate) fn new(plan: &JourneyPlan, seed: [u8; 32], lifetime: Duration) -> Self {
        let devices = plan.fleet.devices;
        let mut life = Self {
            plan: plan.clone(),
            dice: Dice::new(seed),
            store: Store::new(devices),
            agenda: Agenda::with_room(devices),
            apple: Apple::new(&plan.apple),
            ledger: Ledger::new(plan.journeys.speed, plan.journeys.length.0),
            lifetime,
            waker: 0,
            enrolled: (f64::from(devices) * plan.fleet.enrolled.0).round() as u32,
        };
        (0..devices).for_each(|device| life.is_born(device));
        let steady = matches!(plan.journeys.waking, Waking::Steady | Waking::Churn);
        if steady && plan.journeys.rate.0 > 0.0 {
            life.wake_another_later(Duration::ZERO);
        }
        life
    }

    /// Gives a device its nature and its first waking.
    fn is_born(&mut self, device: u32) {
        let fleet = &self.plan.fleet;
        let journeys = &self.plan.journeys;
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let nature = throws.unit();
        let sticky = fleet.unsupported.0 + fleet.sticky_invalid_input.0;
        let supported = nature >= fleet.unsupported.0;
        let enrolled = supported && device < self.enrolled;
        let lost = enrolled && journeys.waking == Waking::Churn && throws.happens(journeys.lost.0);
        let wakes = match journeys.waking {
            Waking::Herd => Some(throws.log_normal(journeys.p50.0, journeys.p95.0)),
            Waking::Spread => Some(journeys.within.0.mul_f64(throws.unit())),
            Waking::Churn if lost => Some(journeys.within.0.mul_f64(throws.unit())),
            Waking::Churn | Waking::Steady => None,
        };
        self.store.set(device, flag::STICKY, supported && nature < sticky);
        let broken = nature >= sticky && nature < sticky + fleet.unknown_failure.0;
        self.store.set(device, flag::BROKEN, broken);
        if !supported {
            self.store.enter(device, State::Unsupported);
        } else if enrolled {
            self.store.set(device, flag::ATTESTED, true);
            self.store.enter(device, if lost { State::KeyLost } else { State::Registered });
        }
        if let Some(at) = wakes {
            self.plan_step(device, Step::Wake, at);
        }
    }

    /// The devices that the server must know before the start.
    pub(crate) fn enrolled_before(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.enrolled).filter(|device| self.store.state(*device) != State::Unsupported)
    }

    /// Whether requests that were accepted are sent again.
    pub(crate) fn sends_again(&self) -> bool {
        self.plan.journeys.duplicates.0 + self.plan.journeys.replays.0 > 0.0
    }

    /// At most so many devices, evenly among all, whose key the server knows, works and is not in use
    /// at the moment; each with the number of keys before it and the counter it used last.
    pub(crate) fn with_an_idle_key(&self, most: usize) -> Vec<(u32, u16, u32)> {
        let idle = |device: &u32| {
            let odd = flag::AWAY | flag::WANTING | flag::STICKY | flag::BROKEN;
            self.store.has(*device, flag::ATTESTED)
                && !self.store.has(*device, odd)
                && self.store.state(*device) != State::KeyLost
        };
        let idle: Vec<u32> = (0..self.store.devices()).filter(idle).collect();
        let chosen = idle.iter().step_by(idle.len().div_ceil(most.max(1)).max(1));
        let with = |device: &u32| {
            let index = *device as usize;
            (*device, self.store.keys[index], self.store.counter[index])
        };
        chosen.map(with).collect()
    }

    /// When there is something to do next, if requests are taken `lead` ahead.
    pub(crate) fn next_at(&self, lead: Duration) -> Option<Duration> {
        self.agenda.next_at(lead)
    }

    /// Lets happen what is due, until a request is to be sent or nothing is due any more.
    pub(crate) fn next(&mut self, now: Duration, lead: Duration) -> Option<Request> {
        while let Some((list, at, device)) = self.agenda.take(now, lead) {
            self.ledger.pass(at.min(now), &self.store);
            match list {
                List::Happening if device == WAKER => self.wake_another(at),
                List::Happening => self.happen(device, at),
                List::Request => return Some(self.request(device, at)),
            }
        }
        self.ledger.pass(now, &self.store);
        None
    }

    fn happen(&mut self, device: u32, at: Duration) {
        match self.store.step[device as usize] {
            Step::Wake => self.wake(device, at),
            Step::CallApple => self.call_apple(device, at),
            Step::Rest
            | Step::AskToAttest
            | Step::Enrol
            | Step::AskToAssert
            | Step::Assert
            | Step::Duplicate
            | Step::Replay => unreachable!("requests have a list of their own"),
        }
    }

    /// Wakes one device that is at rest, and puts down when the next is woken.
    fn wake_another(&mut self, at: Duration) {
        self.wake_another_later(at);
        let devices = self.store.devices();
        let chosen = self.dice.of(WAKER, &mut self.waker).unit();
        let first = (f64::from(devices) * chosen) as u32;
        let mut looked_at = (0..devices.min(LOOKED_AT)).map(|more| (first + more) % devices);
        let found = looked_at.find(|device| self.store.step[*device as usize] == Step::Rest);
        match found {
            Some(device) => self.wake(device, at),
            None => self.ledger.wake_without_device(),
        }
    }

    fn wake_another_later(&mut self, now: Duration) {
        let step = self.dice.of(WAKER, &mut self.waker).exponential();
        let pause = Duration::from_secs_f64(step / self.plan.journeys.rate.0);
        self.agenda.add(List::Happening, now + pause, WAKER);
    }

    /// Puts down what a device does next, and when.
    pub(super) fn plan_step(&mut self, device: u32, step: Step, at: Duration) {
        self.store.step[device as usize] = step;
        let list = match step {
            Step::Rest => return,
            Step::Wake | Step::CallApple => List::Happening,
            Step::AskToAttest
            | Step::Enrol
            | Step::AskToAssert
            | Step::Assert
            | Step::Duplicate
            | Step::Replay => List::Request,
        };
        self.agenda.add(list, at, device);
    }

    /// Tries again as the policy has it: `step`, in `state` until then.
    pub(super) fn try_again(
        &mut self,
        device: u32,
        now: Duration,
        failure: Failure,
        step: Step,
        state: State,
    ) {
        let tries = &mut self.store.tries[device as usize];
        *tries = tries.saturating_add(1);
        let times = *tries;
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        match self.plan.retry.again(failure, times, &mut throws) {
            Again::After(pause) => {
                self.store.enter(device, state);
                self.plan_step(device, step, now.saturating_add(pause));
            }
            Again::No => {
                self.ledger.ending(Ending::GaveUp);
                self.store.enter(device, State::GaveUp);
                self.rest(device);
            }
        }
    }

    /// Ends a session.
    pub(super) fn rest(&mut self, device: u32) {
        self.store.tries[device as usize] = 0;
        self.store.left[device as usize] = 0;
        self.store.set(device, flag::RESET | flag::STALE, false);
        self.plan_step(device, Step::Rest, Duration::ZERO);
    }

    /// Takes the seconds that are over.
    pub(crate) fn take_seconds(&mut self) -> Vec<FleetSecond> {
        self.ledger.take_closed()
    }

    /// Ends it all at `end`: gives out the seconds that are left, and how it went.
    pub(crate) fn finish(
        &mut self,
        end: Duration,
        second: &mut dyn FnMut(FleetSecond),
    ) -> FleetFinished {
        self.ledger.pass(end, &self.store);
        self.take_seconds().into_iter().for_each(second);
        let (unattested, assumptions) = (self.unattested(), self.plan.assumptions());
        self.ledger.finish(&self.plan, unattested, self.lifetime, assumptions)
    }

    /// How long ago the device's challenge was issued.
    pub(super) fn challenge_age(&self, device: u32, at: Duration) -> Duration {
        let issued = u64::from(self.store.challenged[device as usize]);
        Duration::from_millis(millis(at).saturating_sub(issued))
    }

    /// How many there are.
    pub(crate) fn devices(&self) -> u32 {
        self.store.devices()
    }

    /// Wakes that found no device at rest.
    pub(crate) fn wakes_without_device(&self) -> u64 {
        self.ledger.wakes_without_device()
    }

    /// Devices that want to be enrolled and are not.
    pub(crate) fn unattested(&self) -> u64 {
        let devices = 0..self.store.devices();
        devices.filter(|device| self.store.has(*device, flag::WANTING)).count() as u64
    }
}

/// Milliseconds in the four bytes that a device has for them: 49 days.
pub(super) fn short_millis(time: Duration) -> u32 {
    u32::try_from(time.as_millis()).unwrap_or(u32::MAX)
}
