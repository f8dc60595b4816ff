//! The strip of a run while it runs: users, pacer and maker write it, the watcher reads it.

use super::strip::{Second, Strip};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use targets::Decision;

/// A [`Strip`] that many hands write, by the clock of the attack.
#[derive(Debug)]
pub(in crate::load) struct Gauge {
    start: OnceLock<Instant>,
    strip: Mutex<Strip>,
    /// Nanoseconds after the start at which arrivals were let go, by their number.
    released: Box<[AtomicU64]>,
    next: AtomicU64,
    out_of_sockets: AtomicU64,
}

/// Arrivals let go and not yet taken of which the instant is known. More can only wait when the
/// generator is seconds behind; then the queue is told too short, and lag tells the rest.
const RING: usize = 1 << 16;

impl Default for Gauge {
    fn default() -> Self {
        Self {
            start: OnceLock::new(),
            strip: Mutex::default(),
            released: (0..RING).map(|_| AtomicU64::new(0)).collect(),
            next: AtomicU64::new(0),
            out_of_sockets: AtomicU64::new(0),
        }
    }
}

impl Gauge {
    /// Sets the instant that everything counts from.
    pub(in crate::load) fn begin(&self, start: Instant) {
        // A second call would move what was already written.
        let _ = self.start.set(start);
    }

    /// The next arrival is let go while so many users stand free.
    pub(in crate::load) fn released(&self, free: u64) {
        let at = self.at(Instant::now());
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.place(number).store(at.as_nanos() as u64, Ordering::Relaxed);
        self.strip().released(at, free);
    }

    /// A user takes the arrival of this number.
    pub(in crate::load) fn taken(&self, number: u64) {
        let at = self.at(Instant::now());
        let released = Duration::from_nanos(self.place(number).load(Ordering::Relaxed));
        self.strip().taken(at, at.saturating_sub(released));
    }

    /// A request leaves.
    pub(in crate::load) fn sent(&self, at: Instant) {
        self.strip().sent(self.at(at));
    }

    /// It came to this.
    pub(in crate::load) fn answered(&self, at: Instant, decision: &Decision) {
        self.strip().answered(self.at(at));
        if let Decision::Unreachable { why } = decision
            && is_own_want(why)
        {
            self.out_of_sockets.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// It never left after all.
    pub(in crate::load) fn unsent(&self, sent: Instant) {
        self.strip().unsent(self.at(sent), self.at(Instant::now()));
    }

    /// A request that came back is counted as none after all.
    pub(in crate::load) fn forget(&self, in_flight: Duration) {
        self.strip().forget(in_flight);
    }

    /// A due arrival waits for its request until this is dropped.
    pub(in crate::load) fn waits_for_its_request(&self) -> Waiting<'_> {
        self.strip().waits_for_its_request(self.at(Instant::now()));
        Waiting(self)
    }

    /// Connections that our own system refused.
    pub(in crate::load) fn out_of_sockets(&self) -> u64 {
        self.out_of_sockets.load(Ordering::Relaxed)
    }

    /// The seconds that are over.
    pub(in crate::load) fn take_over(&self) -> Vec<Second> {
        self.strip().take_over(self.at(Instant::now()))
    }

    /// Everything, the second that is not over included; nothing if it never began.
    pub(in crate::load) fn take_all(&self) -> Vec<Second> {
        match self.start.get() {
            Some(_) => self.strip().take_all(self.at(Instant::now())),
            None => Vec::new(),
        }
    }

    fn at(&self, instant: Instant) -> Duration {
        self.start.get().map_or(Duration::ZERO, |start| instant.saturating_duration_since(*start))
    }

    fn place(&self, number: u64) -> &AtomicU64 {
        &self.released[number as usize % RING]
    }

    fn strip(&self) -> MutexGuard<'_, Strip> {
        self.strip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An arrival that waits for its request.
#[derive(Debug)]
pub(in crate::load) struct Waiting<'g>(&'g Gauge);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.strip().waited_for_its_request(self.0.at(Instant::now()));
    }
}

/// Whether a connection failed for want of files or ports here, by what the system said. The words
/// are the client library's, never the target's.
fn is_own_want(why: &str) -> bool {
    // Too many files in this process or on this machine; no local port left on Linux, elsewhere.
    ["(os error 24)", "(os error 23)", "(os error 99)", "(os error 49)"]
        .iter()
        .any(|error| why.contains(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_our_system_lacks_is_our_own_want() {
        let gauge = Gauge::default();
        gauge.begin(Instant::now());
        for why in [
            "tried 127.0.0.1:1: Too many open files (os error 24)",
            "tried 127.0.0.1:1: Cannot assign requested address (os error 99)",
            "tried 127.0.0.1:1: Connection refused (os error 111)",
        ] {
            gauge.sent(Instant::now());
            gauge.answered(Instant::now(), &Decision::Unreachable { why: why.to_owned() });
        }
        assert_eq!(gauge.out_of_sockets(), 2);
    }

    #[test]
    fn nothing_is_told_before_the_start() {
        assert_eq!(Gauge::default().take_all(), Vec::new());
    }

    #[test]
    fn a_wait_for_a_request_ends_with_its_guard() {
        let gauge = Gauge::default();
        gauge.begin(Instant::now());
        let both = (gauge.waits_for_its_request(), gauge.waits_for_its_request());
        assert_eq!(gauge.strip().backlog(), 2);
        drop(both);
        assert_eq!(gauge.strip().backlog(), 0);
    }
}
