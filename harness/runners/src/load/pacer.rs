//! Waking up on time: an OS thread that lets arrivals go at absolute instants.
//!
//! The async runtime's timer has steps of 1 ms, so the waiting is done here. The kernel may wake a
//! thread late by its timer slack, 50 µs unless asked otherwise; on Linux we ask for 1 ns. A core that
//! slept takes some 50 µs more to be there again, so where arrivals are far apart the thread comes that
//! much early and keeps the core awake until the instant.

use std::time::{Duration, Instant};

/// Calls `release` with `start` plus the offset for each offset, in order and not before that instant,
/// until it is done or `stopped` says so. Gives back how many were released, and how long it was kept from running.
///
/// An instant that is past already is released at once: a late pacer catches up, and whoever
/// sends measures how late it is.
pub fn pace(
    offsets: impl Iterator<Item = Duration>,
    start: Instant,
    stopped: impl Fn() -> bool,
    mut release: impl FnMut(Instant),
) -> Paced {
    ask_for_fine_timers();
    let mut paced = Paced::default();
    // When this thread should run next: at once, or when its sleep is over.
    let mut awaited = Instant::now();
    // Let go since the last sleep.
    let mut together = 0_u32;
    let mut before = start;
    for offset in offsets {
        let due = start + offset;
        let is_alone = due.saturating_duration_since(before) >= ALONE;
        before = due;
        loop {
            if stopped() {
                return paced;
            }
            let now = Instant::now();
            paced.longest_stop = paced.longest_stop.max(now.saturating_duration_since(awaited));
            awaited = now;
            let left = due.saturating_duration_since(now);
            if left.is_zero() {
                break;
            }
            if is_alone && left <= EARLY {
                std::thread::yield_now();
                continue;
            }
            let nap = if is_alone {
                left.saturating_sub(EARLY)
            } else {
                left.max(if together < CROWD { SHORTEST_SLEEP } else { CROWDED_SLEEP })
            };
            // In pieces, so that a long gap does not outlive a stop.
            let nap = nap.min(LONGEST_SLEEP);
            std::thread::sleep(nap);
            awaited += nap;
            together = 0;
        }
        release(due);
        together += 1;
        paced.released += 1;
    }
    paced
}

/// What pacing came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Paced {
    /// Arrivals let go.
    pub released: u64,
    /// The longest that the pacer did not run although it was its time: the process was stopped,
    /// swapped out or starved. A target cannot cause it.
    pub longest_stop: Duration,
}

const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// An arrival that comes so long after the one before is waited for awake at the end: that takes at
/// most this share of a core, `EARLY / ALONE`.
const ALONE: Duration = Duration::from_millis(1);
const EARLY: Duration = Duration::from_micros(80);
/// Arrivals nearer to each other than this leave together, up to so much late: to wake up for each
/// would take its core from whoever sends.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);
/// Where that happens again and again, beyond some 5 000 a second, so many and so much late: users
/// and client do half as much for each of several that leave together.
const CROWD: u32 = 2;
const CROWDED_SLEEP: Duration = Duration::from_micros(400);

#[cfg(target_os = "linux")]
pub(super) fn ask_for_fine_timers() {
    // Refused, it costs some 50 µs of lag, which is measured like all lag.
    let _ = nix::sys::prctl::set_timerslack(1);
}

#[cfg(not(target_os = "linux"))]
pub(super) fn ask_for_fine_timers() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn nothing_is_released_before_its_instant_and_all_of_it_after() {
        let start = Instant::now() + Duration::from_millis(5);
        let offsets: Vec<_> = (0..200).map(|n| Duration::from_micros(n * 250)).collect();
        let mut early = Vec::new();
        let mut instants = offsets.iter().map(|offset| start + *offset);
        let released = pace(
            offsets.iter().copied(),
            start,
            || false,
            |due| {
                assert_eq!(Some(due), instants.next());
                early.extend((Instant::now() < due).then_some(due));
            },
        );
        assert_eq!(released.released, 200);
        assert!(early.is_empty(), "{early:?}");
    }

    #[test]
    fn a_stop_ends_it_in_the_middle_of_a_gap() {
        let offsets = [Duration::ZERO, Duration::ZERO, Duration::from_hours(1)];
        let begun = Instant::now();
        let count = Cell::new(0);
        let released =
            pace(offsets.into_iter(), begun, || count.get() == 2, |_| count.set(count.get() + 1));
        assert_eq!(released.released, 2);
        assert!(begun.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn what_is_overdue_is_released_at_once() {
        let long_ago = Instant::now();
        let offsets = std::iter::repeat_n(Duration::ZERO, 10_000);
        assert_eq!(pace(offsets, long_ago, || false, |_| {}).released, 10_000);
    }

    #[test]
    fn a_pacer_that_is_kept_from_running_knows_for_how_long() {
        let offsets = [Duration::ZERO, Duration::from_millis(1)];
        let held = Duration::from_millis(250);
        let release = |_| std::thread::sleep(held);
        let paced = pace(offsets.into_iter(), Instant::now(), || false, release);
        assert!(paced.longest_stop >= held, "{paced:?}");
    }
}
