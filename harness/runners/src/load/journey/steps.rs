//! What devices do step by step: waking, Apple's attestation, enrolment, protected requests.

use super::apple;
use super::deed::{Answer, Deed, Request};
use super::ledger::Ending;
use super::life::{Life, short_millis};
use super::retry::Failure;
use super::store::{State, Step, flag};
use std::time::Duration;

/// What the engine does with a request that was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Nothing: the device will not need it.
    Nothing,
    /// The challenge, which is used later, once or more often.
    Challenge,
    /// The request itself, which is sent again.
    Request,
}

impl Life {
    /// A device begins a session.
    pub(super) fn wake(&mut self, device: u32, at: Duration) {
        self.store.tries[device as usize] = 0;
        self.store.failed[device as usize] = 0;
        self.store.set(device, flag::RESET, false);
        match self.store.state(device) {
            State::Unsupported => {
                self.ledger.ending(Ending::FeatureUnsupported);
                self.rest(device);
            }
            State::KeyLost => {
                self.ledger.ending(Ending::InvalidKey);
                self.lose_key(device);
                self.want_key(device, at);
            }
            State::Registered => self.begin_session(device, at),
            State::GaveUp | State::Stuck if self.has_enrolled_key(device) => {
                self.begin_session(device, at);
            }
            State::NoKey
            | State::GaveUp
            | State::Stuck
            | State::Asking
            | State::AtApple
            | State::BackingOff
            | State::Enrolling
            | State::Indeterminate
            | State::Asserting => {
                // What an earlier session left half done is begun anew, with another key.
                if self.store.has(device, flag::ATTESTED) {
                    self.lose_key(device);
                }
                self.want_key(device, at);
            }
        }
    }

    /// Whether the device has a key that the server accepted.
    fn has_enrolled_key(&self, device: u32) -> bool {
        self.store.has(device, flag::ATTESTED) && !self.store.has(device, flag::WANTING)
    }

    /// An enrolled device has come to life: is its key still there?
    fn begin_session(&mut self, device: u32, at: Duration) {
        let fleet = &self.plan.fleet;
        let (reinstall, invalid) = (fleet.reinstall.0, fleet.invalid_key.0);
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let lost = throws.unit();
        if lost < reinstall + invalid {
            if lost >= reinstall {
                self.ledger.ending(Ending::InvalidKey);
            }
            self.lose_key(device);
            self.want_key(device, at);
        } else {
            self.begin_requests(device, at);
        }
    }

    /// A session's protected requests.
    fn begin_requests(&mut self, device: u32, at: Duration) {
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let left = throws.geometric(self.plan.journeys.assertions);
        self.store.left[device as usize] = left;
        self.store.tries[device as usize] = 0;
        self.next_request(device, at);
    }

    /// The next protected request of the session, or its end.
    fn next_request(&mut self, device: u32, at: Duration) {
        self.store.enter(device, State::Registered);
        self.store.tries[device as usize] = 0;
        if self.store.left[device as usize] == 0 {
            return self.rest(device);
        }
        self.plan_step(device, Step::AskToAssert, at);
    }

    /// The device begins to want a key that the server knows.
    fn want_key(&mut self, device: u32, at: Duration) {
        if !self.store.has(device, flag::WANTING) {
            self.store.set(device, flag::WANTING, true);
            self.store.woke[device as usize] = short_millis(at);
            self.ledger.intent();
        }
        self.store.tries[device as usize] = 0;
        self.store.enter(device, State::NoKey);
        self.plan_step(device, Step::AskToAttest, at);
    }

    /// The key is gone; the next one is another.
    fn lose_key(&mut self, device: u32) {
        let index = device as usize;
        self.store.keys[index] = self.store.keys[index].wrapping_add(1);
        self.store.counter[index] = 0;
        self.store.failed[index] = 0;
        self.store.set(device, flag::ATTESTED | flag::SPOILED | flag::BROKEN, false);
    }

    /// Asks Apple to attest the key.
    pub(super) fn call_apple(&mut self, device: u32, at: Duration) {
        self.store.enter(device, State::AtApple);
        if self.store.tries[device as usize] > 0 {
            self.ledger.attempt();
        }
        if self.store.has(device, flag::ATTESTED) {
            // A key is attested once. The app throws it away and begins anew at once.
            self.ledger.apple(false);
            self.ledger.ending(Ending::InvalidKey);
            self.lose_key(device);
            self.store.enter(device, State::NoKey);
            return self.plan_step(device, Step::AskToAttest, at);
        }
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let (answer, latency) = self.apple.attest_key(at, &mut throws);
        self.ledger.apple(answer == apple::Answer::Attested);
        let then = at + latency;
        match answer {
            apple::Answer::Attested => {
                self.store.set(device, flag::ATTESTED, true);
                self.store.tries[device as usize] = 0;
                self.plan_step(device, Step::Enrol, then);
            }
            apple::Answer::Unavailable => {
                self.ledger.ending(Ending::ServerUnavailable);
                // The same key and the same hash, as Apple asks: a new key would count as another.
                self.try_again(device, then, Failure::System, Step::CallApple, State::BackingOff);
            }
        }
    }

    /// The request that a device is due to send.
    pub(super) fn request(&mut self, device: u32, due: Duration) -> Request {
        let index = device as usize;
        let deed = match self.store.step[index] {
            Step::AskToAttest => {
                self.ledger.attempt();
                self.store.enter(device, State::Asking);
                Deed::AskToAttest
            }
            Step::Enrol => {
                if self.store.tries[index] > 0 {
                    self.ledger.attempt();
                }
                self.store.enter(device, State::Enrolling);
                let age = self.challenge_age(device, due);
                self.ledger.challenge_used(age, age > self.lifetime);
                Deed::Enrol { again: self.store.has(device, flag::SPOILED) }
            }
            Step::AskToAssert => {
                self.ledger.attempt();
                if self.store.tries[index] == 0 {
                    self.ledger.intent();
                }
                self.store.enter(device, State::Asserting);
                Deed::AskToAssert
            }
            Step::Assert => {
                self.store.counter[index] = self.store.counter[index].wrapping_add(1);
                Deed::Assert { stale: self.store.has(device, flag::STALE) }
            }
            Step::Duplicate | Step::Replay => Deed::SendAgain,
            Step::Rest | Step::Wake | Step::CallApple => {
                unreachable!("what happens elsewhere is no request")
            }
        };
        self.store.set(device, flag::AWAY, true);
        Request {
            device,
            due,
            deed,
            key: self.store.keys[index],
            counter: self.store.counter[index],
        }
    }

    /// Tells a device what the server made of its request. `at` is when the answer was there.
    pub(crate) fn answered(&mut self, device: u32, at: Duration, answer: Answer) -> Keep {
        self.ledger.pass(at, &self.store);
        self.store.set(device, flag::AWAY, false);
        match self.store.step[device as usize] {
            Step::AskToAttest => self.asked(device, at, answer, Step::CallApple),
            Step::AskToAssert => self.asked(device, at, answer, Step::Assert),
            Step::Enrol => self.enrolled(device, at, answer),
            Step::Assert => self.asserted(device, at, answer),
            Step::Duplicate | Step::Replay => {
                self.ledger.ending(ending(answer));
                self.after_request(device, at);
                Keep::Nothing
            }
            Step::Rest | Step::Wake | Step::CallApple => {
                unreachable!("nothing was sent that could be answered")
            }
        }
    }

    /// The server answered who asked for a challenge.
    fn asked(&mut self, device: u32, at: Duration, answer: Answer, then: Step) -> Keep {
        if answer != Answer::Accepted {
            self.ledger.ending(ending(answer));
            let again = self.store.step[device as usize];
            self.try_again(device, at, failure(answer), again, State::BackingOff);
            return Keep::Nothing;
        }
        self.store.challenged[device as usize] = short_millis(at);
        if then == Step::CallApple {
            self.store.tries[device as usize] = 0;
            self.store.enter(device, State::AtApple);
            self.plan_step(device, Step::CallApple, at);
            return Keep::Challenge;
        }
        if self.cannot_assert(device, at) {
            return Keep::Nothing;
        }
        let journeys = &self.plan.journeys;
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let stale = journeys.stale.0 > 0.0 && throws.happens(journeys.stale.0);
        let waits = if stale {
            self.lifetime.saturating_add(STALE_AFTER.mul_f64(journeys.speed.max(1.0)))
        } else {
            self.plan.fleet.signing.0
        };
        self.store.set(device, flag::STALE, stale);
        self.plan_step(device, Step::Assert, at + waits);
        Keep::Challenge
    }

    /// Whether the system refuses to make the assertion, and what the app does about it.
    fn cannot_assert(&mut self, device: u32, at: Duration) -> bool {
        let ending = if self.store.has(device, flag::STICKY) {
            Ending::InvalidInput
        } else if self.store.has(device, flag::BROKEN) {
            Ending::UnknownSystemFailure
        } else {
            return false;
        };
        self.ledger.ending(ending);
        let failed = &mut self.store.failed[device as usize];
        *failed = failed.saturating_add(1);
        if *failed < self.plan.fleet.reset_after.max(1) {
            self.try_again(device, at, Failure::System, Step::AskToAssert, State::BackingOff);
        } else if self.store.has(device, flag::RESET) {
            // Another key has not helped either.
            self.store.enter(device, State::Stuck);
            self.rest(device);
        } else {
            self.store.set(device, flag::RESET, true);
            self.lose_key(device);
            self.want_key(device, at);
        }
        true
    }

    /// The server answered an attestation.
    fn enrolled(&mut self, device: u32, at: Duration, answer: Answer) -> Keep {
        match answer {
            Answer::Accepted => {
                self.ledger.ending(Ending::Accepted);
                let woke = Duration::from_millis(self.store.woke[device as usize].into());
                self.ledger.attested(at.saturating_sub(woke));
                self.store.set(device, flag::WANTING | flag::SPOILED, false);
                self.begin_requests(device, at);
                Keep::Nothing
            }
            Answer::Refused { .. } => {
                let late = self.challenge_age(device, at) > self.lifetime;
                self.ledger.ending(if late { Ending::TooLate } else { Ending::Refused });
                self.lose_key(device);
                let (step, state) = (Step::AskToAttest, State::BackingOff);
                self.try_again(device, at, failure(answer), step, state);
                Keep::Nothing
            }
            Answer::NotSent => {
                self.ledger.ending(Ending::Dropped);
                self.try_again(device, at, Failure::NoAnswer, Step::Enrol, State::BackingOff);
                self.keeps(device, Keep::Challenge)
            }
            Answer::TurnedAway { .. } | Answer::Failed { .. } | Answer::Nothing => {
                self.ledger.ending(ending(answer));
                self.store.set(device, flag::SPOILED, true);
                let (step, keep) = if self.plan.retry.begins_anew() {
                    (Step::AskToAttest, Keep::Nothing)
                } else {
                    (Step::Enrol, Keep::Challenge)
                };
                self.try_again(device, at, failure(answer), step, State::Indeterminate);
                self.keeps(device, keep)
            }
        }
    }

    /// `keep`, unless the device has given up.
    fn keeps(&self, device: u32, keep: Keep) -> Keep {
        match self.store.step[device as usize] {
            Step::Rest => Keep::Nothing,
            Step::Wake
            | Step::AskToAttest
            | Step::CallApple
            | Step::Enrol
            | Step::AskToAssert
            | Step::Assert
            | Step::Duplicate
            | Step::Replay => keep,
        }
    }

    /// The server answered a protected request.
    fn asserted(&mut self, device: u32, at: Duration, answer: Answer) -> Keep {
        let is_stale = self.store.has(device, flag::STALE);
        self.store.set(device, flag::STALE, false);
        self.ledger.ending(ending(answer));
        match answer {
            Answer::Accepted | Answer::Refused { .. } if is_stale => {
                // A probe, not a wish: the session goes on with an honest request.
                self.next_try(device, at);
                Keep::Nothing
            }
            Answer::Accepted => {
                self.store.failed[device as usize] = 0;
                let index = device as usize;
                self.store.left[index] = self.store.left[index].saturating_sub(1);
                let journeys = &self.plan.journeys;
                let mut throws = self.dice.of(device, &mut self.store.throws[index]);
                let chance = throws.unit();
                if chance < journeys.duplicates.0 {
                    self.plan_step(device, Step::Duplicate, at);
                    Keep::Request
                } else if self.store.left[index] == 0
                    && chance < journeys.duplicates.0 + journeys.replays.0
                {
                    let pause = throws.log_normal(journeys.think_p50.0, journeys.think_p95.0);
                    self.plan_step(device, Step::Replay, at + pause);
                    Keep::Request
                } else {
                    self.after_request(device, at);
                    Keep::Nothing
                }
            }
            Answer::Refused { .. } => {
                // The app believes its key is worth nothing any more.
                self.lose_key(device);
                self.want_key_later(device, at, failure(answer));
                Keep::Nothing
            }
            Answer::TurnedAway { .. }
            | Answer::Failed { .. }
            | Answer::Nothing
            | Answer::NotSent => {
                let (step, state) = (Step::AskToAssert, State::BackingOff);
                self.try_again(device, at, failure(answer), step, state);
                Keep::Nothing
            }
        }
    }

    /// Wants another key, after the pause that the policy keeps.
    fn want_key_later(&mut self, device: u32, at: Duration, failure: Failure) {
        self.store.set(device, flag::WANTING, true);
        self.store.woke[device as usize] = short_millis(at);
        self.ledger.intent();
        self.try_again(device, at, failure, Step::AskToAttest, State::BackingOff);
    }

    /// The same wish again, with another challenge.
    fn next_try(&mut self, device: u32, at: Duration) {
        self.store.enter(device, State::Registered);
        self.store.tries[device as usize] = 1;
        self.plan_step(device, Step::AskToAssert, at);
    }

    /// A protected request is through: a pause, then the next.
    fn after_request(&mut self, device: u32, at: Duration) {
        let journeys = &self.plan.journeys;
        let mut throws = self.dice.of(device, &mut self.store.throws[device as usize]);
        let pause = throws.log_normal(journeys.think_p50.0, journeys.think_p95.0);
        self.next_request(device, at + pause);
    }
}

/// How long beyond its lifetime a challenge is kept that must be refused: servers may count in
/// whole seconds, of the clock on the wall.
const STALE_AFTER: Duration = Duration::from_secs(2);

fn ending(answer: Answer) -> Ending {
    match answer {
        Answer::Accepted => Ending::Accepted,
        Answer::Refused { .. } => Ending::Refused,
        Answer::TurnedAway { .. } => Ending::TurnedAway,
        Answer::Failed { .. } => Ending::Failed,
        Answer::Nothing => Ending::NoAnswer,
        Answer::NotSent => Ending::Dropped,
    }
}

fn failure(answer: Answer) -> Failure {
    match answer {
        Answer::Refused { status } | Answer::Failed { status } => {
            Failure::Http { status, retry_after: None }
        }
        Answer::TurnedAway { status, retry_after } => Failure::Http { status, retry_after },
        Answer::Accepted | Answer::Nothing | Answer::NotSent => Failure::NoAnswer,
    }
}
