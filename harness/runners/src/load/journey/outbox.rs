//! Requests that are made, until their instants have come and a user takes them.

use super::super::lock;
use super::super::state::Request as Known;
use super::books::Entry;
use super::deed::Request;
use super::held::Times;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::Thread;
use std::time::Instant;
use targets::{Facts, Saved, WireRequest};

/// A request that waits for its instant.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) wire: WireRequest,
    pub(super) errand: Errand,
}

/// What a request is for.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) request: Request,
    pub(super) entry: Entry,
    pub(super) due: Instant,
    /// What the state oracle knows it by, if it uses a key.
    pub(super) known: Option<Known>,
    /// What it is made of, if it may be sent again.
    pub(super) facts: Option<Facts>,
    pub(super) saved: Saved,
    pub(super) challenge: Times,
    pub(super) account: String,
}

/// What waits for its instant, and what waits for a user.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    /// By their instants, and in the order in which they were made.
    waiting: Mutex<BTreeMap<(Instant, u64), Parcel>>,
    /// With their places among those handed out.
    due: Mutex<VecDeque<(u64, Parcel)>>,
    handed_out: AtomicU64,
    /// Woken when another instant is the next.
    pacer: OnceLock<Thread>,
}

impl Outbox {
    /// Says who hands requests out.
    pub(super) fn paced_by(&self, pacer: Thread) {
        // A second one would wait for nothing.
        let _ = self.pacer.set(pacer);
    }

    /// Puts a request out for its instant; `number` tells it from all others.
    pub(super) fn put(&self, number: u64, parcel: Parcel) {
        let key = (parcel.errand.due, number);
        let mut waiting = lock(&self.waiting);
        waiting.insert(key, parcel);
        let is_first = waiting.first_key_value().is_some_and(|(first, _)| *first == key);
        drop(waiting);
        if is_first {
            self.wake();
        }
    }

    /// Lets whoever hands requests out look.
    pub(super) fn wake(&self) {
        self.pacer.get().into_iter().for_each(Thread::unpark);
    }

    /// The next request if its instant has come by `now`, or else when it will, if there is one.
    pub(super) fn next(&self, now: Instant) -> Result<Parcel, Option<Instant>> {
        let mut waiting = lock(&self.waiting);
        let first = waiting.first_entry().ok_or(None)?;
        let due = first.key().0;
        if due <= now { Ok(first.remove()) } else { Err(Some(due)) }
    }

    /// Leaves a request for the next user.
    pub(super) fn hand_out(&self, parcel: Parcel) {
        let mut due = lock(&self.due);
        let number = self.handed_out.fetch_add(1, Ordering::Relaxed);
        due.push_back((number, parcel));
    }

    /// The request that was left first, and its place among all of them.
    pub(super) fn take(&self) -> Option<(u64, Parcel)> {
        lock(&self.due).pop_front()
    }
}
