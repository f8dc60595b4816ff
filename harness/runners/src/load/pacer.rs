//! Waking up on time: an OS thread that lets arrivals go at absolute instants.
//!
//! The async runtime's timer has steps of 1 ms, so the waiting is done here. The kernel may wake a
//! thread late by its timer slack, 50 µs unless asked otherwise; on Linux we ask for 1 ns.

use std::time::{Duration, Instant};

/// Calls `release` for each offset, in order, not before `start` plus the offset, until it is done
/// or `stopped` says so. Gives back how many were released.
///
/// An instant that is past already is released at once: a late pacer catches up, and whoever
/// sends measures how late it is.
pub fn pace(
    offsets: impl Iterator<Item = Duration>,
    start: Instant,
    stopped: impl Fn() -> bool,
    mut release: impl FnMut(),
) -> u64 {
    ask_for_fine_timers();
    let mut released = 0;
    for offset in offsets {
        let due = start + offset;
        loop {
            if stopped() {
                return released;
            }
            let left = due.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            // In pieces, so that a long gap does not outlive a stop.
            std::thread::sleep(left.min(LONGEST_SLEEP));
        }
        release();
        released += 1;
    }
    released
}

const LONGEST_SLEEP: Duration = Duration::from_millis(100);

#[cfg(target_os = "linux")]
fn ask_for_fine_timers() {
    // Refused, it costs some 50 µs of lag, which is measured like all lag.
    let _ = nix::sys::prctl::set_timerslack(1);
}

#[cfg(not(target_os = "linux"))]
fn ask_for_fine_timers() {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn nothing_is_released_before_its_instant_and_all_of_it_after() {
        let start = Instant::now() + Duration::from_millis(5);
        let offsets: Vec<_> = (0..200).map(|n| Duration::from_micros(n * 250)).collect();
        let mut early = Vec::new();
        let mut due = offsets.iter();
        let released = pace(
            offsets.iter().copied(),
            start,
            || false,
            || {
                let due = start + *due.next().unwrap();
                early.extend((Instant::now() < due).then_some(due));
            },
        );
        assert_eq!(released, 200);
        assert!(early.is_empty(), "{early:?}");
    }

    #[test]
    fn a_stop_ends_it_in_the_middle_of_a_gap() {
        let offsets = [Duration::ZERO, Duration::ZERO, Duration::from_hours(1)];
        let begun = Instant::now();
        let count = Cell::new(0);
        let released =
            pace(offsets.into_iter(), begun, || count.get() == 2, || count.set(count.get() + 1));
        assert_eq!(released, 2);
        assert!(begun.elapsed() < Duration::from_mins(1));
    }

    #[test]
    fn what_is_overdue_is_released_at_once() {
        let long_ago = Instant::now();
        let offsets = std::iter::repeat_n(Duration::ZERO, 10_000);
        assert_eq!(pace(offsets, long_ago, || false, || {}), 10_000);
    }
}
