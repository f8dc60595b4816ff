//! Requests of journeys folded into seconds. How many there will be is not known beforehand: each
//! is booked when its instant comes and again when it is dealt with.

use super::super::windows::{Fate, Open};
use record::LoadWindow;
use std::collections::BTreeMap;
use targets::Operation;

/// Under what a request is booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// The second its instant lies in.
    pub(super) second: u64,
    /// Place of its phase.
    pub(super) phase: usize,
    pub(super) operation: Operation,
    /// Whether it is a probe that must be refused.
    pub(super) dishonest: bool,
}

/// The seconds that are not over.
#[derive(Debug, Default)]
pub(super) struct Books {
    open: BTreeMap<Entry, Open>,
    offered: u64,
    dealt_with: u64,
}

impl Books {
    /// A request's instant has come.
    pub(super) fn offer(&mut self, entry: Entry) {
        self.open.entry(entry).or_default().offered += 1;
        self.offered += 1;
    }

    /// A request was dealt with.
    pub(super) fn settle(&mut self, entry: Entry, fate: Fate) {
        self.open.entry(entry).or_default().settle(fate);
        self.dealt_with += 1;
    }

    /// Requests whose instant has come, and those dealt with.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.offered, self.dealt_with)
    }

    /// Takes the seconds before `second` of which everything is dealt with, as far as all before
    /// them are.
    pub(super) fn take_before(&mut self, second: u64, phases: &[String]) -> Vec<LoadWindow> {
        let waits = |(entry, open): (&Entry, &Open)| {
            (open.dealt_with() < open.offered).then_some(entry.second)
        };
        let until = self.open.iter().find_map(waits).map_or(second, |waiting| waiting.min(second));
        let first =
            Entry { second: until, phase: 0, operation: Operation::Challenge, dishonest: false };
        let rest = self.open.split_off(&first);
        close(std::mem::replace(&mut self.open, rest), phases)
    }

    /// Takes everything that is left; what was not dealt with was never offered.
    pub(super) fn take_rest(&mut self, phases: &[String]) -> Vec<LoadWindow> {
        let mut rest = std::mem::take(&mut self.open);
        for open in rest.values_mut() {
            open.offered = open.dealt_with();
        }
        rest.retain(|_, open| open.offered > 0);
        close(rest, phases)
    }
}

fn close(windows: BTreeMap<Entry, Open>, phases: &[String]) -> Vec<LoadWindow> {
    let close = |(entry, open): (Entry, Open)| {
        open.close(&phases[entry.phase], entry.second, entry.operation, !entry.dishonest)
    };
    windows.into_iter().map(close).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::oracle::Class;
    use super::*;
    use std::time::Duration;

    fn entry(second: u64) -> Entry {
        Entry { second, phase: 0, operation: Operation::Attest, dishonest: false }
    }

    fn right() -> Fate {
        let millis = Duration::from_millis;
        Fate::Sent { class: Class::Right, response: millis(3), service: millis(2), lag: millis(1) }
    }

    #[test]
    fn a_second_is_given_out_when_it_is_over_and_everything_in_it_is_dealt_with() {
        let phases = ["herd".to_owned()];
        let mut books = Books::default();
        (0..3).for_each(|second| books.offer(entry(second)));
        books.settle(entry(0), right());
        books.settle(entry(2), Fate::Dropped);
        let taken = books.take_before(5, &phases);
        assert_eq!(taken.iter().map(|window| window.second).collect::<Vec<_>>(), [0]);
        assert_eq!((taken[0].offered, taken[0].sent, taken[0].response.count()), (1, 1, 1));
        books.settle(entry(1), right());
        assert_eq!(books.take_before(2, &phases).len(), 1, "the third second is not over");
        books.offer(entry(2));
        let rest = books.take_rest(&phases);
        assert_eq!((rest[0].offered, rest[0].dropped), (1, 1), "one was never dealt with");
        assert_eq!(books.counts(), (4, 3));
    }
}
