//! Who does something next, and when.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// Microseconds from the start, and who.
pub(crate) type Entry = (u64, u32);

/// What is due, ordered by time and then by device, so that the order is always the same.
///
/// What happens on devices and at Apple is kept apart from requests to the server, which may be
/// made ready a little ahead of their time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    happenings: BinaryHeap<Reverse<Entry>>,
    requests: BinaryHeap<Reverse<Entry>>,
}

/// Which list an entry comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// On the device, or at Apple.
    Happening,
    /// To the server.
    Request,
}

impl Agenda {
    pub(crate) fn with_room(devices: u32) -> Self {
        Self {
            happenings: BinaryHeap::with_capacity(devices as usize),
            requests: BinaryHeap::new(),
        }
    }

    /// Puts a device down for a time.
    pub(crate) fn add(&mut self, list: List, at: Duration, device: u32) {
        let entry = Reverse((u64::try_from(at.as_micros()).unwrap_or(u64::MAX), device));
        match list {
            List::Happening => self.happenings.push(entry),
            List::Request => self.requests.push(entry),
        }
    }

    /// When there is something to do next, if requests are taken `lead` ahead of their time.
    pub(crate) fn next_at(&self, lead: Duration) -> Option<Duration> {
        let happening = self.happenings.peek().map(|entry| Duration::from_micros(entry.0.0));
        let request =
            self.requests.peek().map(|entry| Duration::from_micros(entry.0.0).saturating_sub(lead));
        happening.into_iter().chain(request).min()
    }

    /// Takes what is next, if its time has come.
    pub(crate) fn take(&mut self, now: Duration, lead: Duration) -> Option<(List, Duration, u32)> {
        let due = |heap: &BinaryHeap<Reverse<Entry>>, until: Duration| {
            heap.peek().is_some_and(|entry| u128::from(entry.0.0) <= until.as_micros())
        };
        // Happenings first: a request taken ahead must not overtake what was due before it.
        let (list, heap) = if due(&self.happenings, now) {
            (List::Happening, &mut self.happenings)
        } else if due(&self.requests, now.saturating_add(lead)) {
            (List::Request, &mut self.requests)
        } else {
            return None;
        };
        heap.pop().map(|Reverse((at, device))| (list, Duration::from_micros(at), device))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_comes_in_the_order_of_time_and_requests_a_little_ahead() {
        let millis = Duration::from_millis;
        let mut agenda = Agenda::default();
        agenda.add(List::Request, millis(30), 1);
        agenda.add(List::Happening, millis(20), 2);
        agenda.add(List::Happening, millis(20), 0);
        let lead = millis(10);
        assert_eq!(agenda.take(millis(19), lead), None);
        assert_eq!(agenda.next_at(lead), Some(millis(20)));
        assert_eq!(agenda.next_at(millis(15)), Some(millis(15)));
        let mut taken = || agenda.take(millis(20), lead);
        assert_eq!(taken(), Some((List::Happening, millis(20), 0)));
        assert_eq!(taken(), Some((List::Happening, millis(20), 2)));
        assert_eq!(taken(), Some((List::Request, millis(30), 1)));
        assert_eq!(taken(), None);
        assert_eq!(agenda.next_at(lead), None);
    }
}
