//! Requests made ready ahead of their instants, so that no making falls into a service time.

use super::fleet::{Fleet, LEAD};
use super::mint::{Mint, Ready};
use super::recruiter::Member;
use super::schedule::{Arrival, Deed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use targets::DialectError;

/// Ready requests by the number of their arrival.
#[derive(Debug, Default)]
pub(super) struct Larder(Mutex<Stock>);

#[derive(Debug, Default)]
struct Stock {
    ready: BTreeMap<u64, Ready>,
    /// Arrivals that nobody waits for any more.
    given_up: BTreeSet<u64>,
    /// Arrivals for which there was no device with a challenge when they were due.
    starved: BTreeSet<u64>,
    /// Everything before this instant of the schedule has been seen to.
    until: Duration,
}

/// What there is for an arrival.
#[derive(Debug)]
pub(super) enum Portion {
    /// The request.
    Ready(Box<Ready>),
    /// It is being made, or will be.
    NotYet,
    /// It will not be made: there was nothing to make it of.
    Never,
}

/// How long after its instant an arrival still waits for a device with a challenge.
const PATIENCE: Duration = Duration::from_millis(2);
/// How often the maker looks whether there is something to do.
const NAP: Duration = Duration::from_millis(1);

impl Larder {
    /// Takes what there is for an arrival.
    pub(super) fn take(&self, number: u64) -> Portion {
        let mut stock = self.lock();
        match stock.ready.remove(&number) {
            Some(ready) => Portion::Ready(Box::new(ready)),
            None if stock.starved.remove(&number) => Portion::Never,
            None => Portion::NotYet,
        }
    }

    /// Stops waiting for an arrival's request; gives it back if it is there after all.
    pub(super) fn give_up(&self, number: u64) -> Option<Ready> {
        let mut stock = self.lock();
        let ready = stock.ready.remove(&number);
        if ready.is_none() {
            stock.given_up.insert(number);
        }
        ready
    }

    /// Up to which instant of the schedule everything has been seen to.
    pub(super) fn stocked_until(&self) -> Duration {
        self.lock().until
    }

    /// Makes requests ready in the order of the schedule, each [`LEAD`] ahead, until the schedule
    /// or `over` ends it. `elapsed` is the time since the attack began, zero before it does.
    pub(super) fn fill(
        &self,
        schedule: &[Arrival],
        mint: &Mint,
        fleet: &Mutex<Fleet>,
        mut newcomer: impl FnMut() -> Option<Member>,
        elapsed: impl Fn() -> Duration,
        over: impl Fn() -> bool,
    ) -> Result<(), DialectError> {
        let fleet = || fleet.lock().unwrap_or_else(PoisonError::into_inner);
        // Newcomers' keys take time: they are made while there is nothing else to do.
        let mut idle = || {
            let lacking = fleet().lacks_newcomers();
            match lacking.then(&mut newcomer).flatten() {
                Some(member) => fleet().add_newcomer(member),
                None => std::thread::sleep(NAP),
            }
        };
        for (number, arrival) in (0..).zip(schedule) {
            while arrival.offset() > elapsed() + LEAD {
                if over() {
                    return Ok(());
                }
                idle();
            }
            if let Deed::Attest(_) | Deed::Assert(_) = arrival.deed {
                let material = loop {
                    if over() {
                        return Ok(());
                    }
                    if self.lock().given_up.remove(&number) {
                        break None;
                    }
                    if let Some(material) = fleet().material(arrival.deed) {
                        break Some(material);
                    }
                    if elapsed() > arrival.offset() + PATIENCE {
                        self.lock().starved.insert(number);
                        break None;
                    }
                    idle();
                };
                if let Some((deed, material)) = material {
                    let ready = mint.make(number, deed, material)?;
                    self.put(number, ready, &mut fleet());
                }
            }
            self.lock().until = arrival.offset();
        }
        self.lock().until = Duration::MAX;
        Ok(())
    }

    fn put(&self, number: u64, ready: Ready, fleet: &mut Fleet) {
        let mut stock = self.lock();
        if stock.given_up.remove(&number) {
            drop(stock);
            return_unsent(ready, fleet);
        } else {
            stock.ready.insert(number, ready);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Stock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives the device of a request that was never sent back to the fleet.
pub(super) fn return_unsent(ready: Ready, fleet: &mut Fleet) {
    if let Some(other) = ready.other {
        fleet.give_back(*other);
    }
    match (ready.member, ready.operation) {
        (Some(member), targets::Operation::Assert) => fleet.give_back(*member),
        (Some(member), _) => fleet.add_newcomer(*member),
        // A replay is nobody's.
        (None, _) => {}
    }
}
