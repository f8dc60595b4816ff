//! Answers folded into seconds, so that the record grows with time and not with the rate.

use super::oracle::Class;
use super::schedule::Arrival;
use record::{ClassTimes, Histogram, LoadWindow};
use std::collections::BTreeMap;
use std::time::Duration;

/// What became of one arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Its number in the schedule.
    pub arrival: u64,
    /// What it came to.
    pub fate: Fate,
}

/// What an arrival came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Given up before it was sent: the generator's fault.
    Dropped,
    /// It was sent.
    Sent {
        /// Class of its answer.
        class: Class,
        /// From intended start to the end of the answer.
        response: Duration,
        /// From the send to the end of the answer.
        service: Duration,
        /// From intended start to the send.
        lag: Duration,
    },
}

/// The seconds of a load attack that are not over yet.
#[derive(Debug)]
pub struct Windows {
    phases: Vec<String>,
    schedule: std::sync::Arc<[Arrival]>,
    open: BTreeMap<Key, Open>,
}

/// Second, place of the phase, operation, and whether it is dishonest: the order of the record.
type Key = (u64, usize, targets::Operation, bool);

/// A second of one kind of operation, before it is over.
#[derive(Debug, Default)]
pub(super) struct Open {
    pub(super) offered: u64,
    sent: u64,
    dropped: u64,
    classes: BTreeMap<Class, ClassTimes>,
    lag: Histogram,
}

impl Open {
    pub(super) fn dealt_with(&self) -> u64 {
        self.sent + self.dropped
    }

    /// Counts what became of a request.
    pub(super) fn settle(&mut self, fate: Fate) {
        match fate {
            Fate::Dropped => self.dropped += 1,
            Fate::Sent { class, response, service, lag } => {
                self.sent += 1;
                let times = self.classes.entry(class).or_default();
                times.response.record(micros(response));
                times.service.record(micros(service));
                self.lag.record(micros(lag));
            }
        }
    }

    /// The second as it is recorded.
    pub(super) fn close(
        self,
        phase: &str,
        second: u64,
        operation: targets::Operation,
        honest: bool,
    ) -> LoadWindow {
        let mut all = ClassTimes::default();
        for times in self.classes.values() {
            all.response.add(&times.response);
            all.service.add(&times.service);
        }
        let count = |(class, times): (&Class, &ClassTimes)| {
            (class.as_str().to_owned(), times.response.count())
        };
        let classes: BTreeMap<_, _> = self.classes.iter().map(count).collect();
        let name = |(class, times): (Class, ClassTimes)| (class.as_str().to_owned(), times);
        let several = classes.len() > 1;
        LoadWindow {
            phase: phase.to_owned(),
            second,
            operation: operation.as_str().to_owned(),
            honest,
            offered: self.offered,
            sent: self.sent,
            dropped: self.dropped,
            classes,
            response: all.response,
            service: all.service,
            lag: self.lag,
            by_class: self.classes.into_iter().filter(|_| several).map(name).collect(),
        }
    }
}

impl Windows {
    /// The windows of a schedule whose phases have these names.
    pub fn new(schedule: std::sync::Arc<[Arrival]>, phases: Vec<String>) -> Self {
        let mut open: BTreeMap<Key, Open> = BTreeMap::new();
        for arrival in schedule.iter() {
            open.entry(key(arrival)).or_default().offered += 1;
        }
        Self { phases, schedule, open }
    }

    /// Counts what became of an arrival.
    pub fn add(&mut self, outcome: &Outcome) {
        let arrival = &self.schedule[outcome.arrival as usize];
        self.open.entry(key(arrival)).or_default().settle(outcome.fate);
    }

    /// Takes the seconds of which every arrival is dealt with, as far as all before them are.
    pub fn take_complete(&mut self) -> Vec<LoadWindow> {
        let waiting = self.open.iter().find(|(_, open)| open.dealt_with() < open.offered);
        let rest = match waiting {
            Some(((second, ..), _)) => {
                self.open.split_off(&(*second, 0, targets::Operation::Challenge, false))
            }
            None => BTreeMap::new(),
        };
        let complete = std::mem::replace(&mut self.open, rest);
        self.close(complete)
    }

    /// Takes what was measured of the seconds cut short; what was not dealt with in them was never
    /// offered.
    pub fn take_rest(&mut self) -> Vec<LoadWindow> {
        let mut rest = std::mem::take(&mut self.open);
        rest.retain(|_, open| open.dealt_with() > 0);
        for open in rest.values_mut() {
            open.offered = open.dealt_with();
        }
        self.close(rest)
    }

    fn close(&self, windows: BTreeMap<Key, Open>) -> Vec<LoadWindow> {
        let close = |((second, phase, operation, dishonest), open): (Key, Open)| {
            open.close(&self.phases[phase], second, operation, !dishonest)
        };
        windows.into_iter().map(close).collect()
    }
}

fn key(arrival: &Arrival) -> Key {
    let deed = arrival.deed;
    (arrival.second(), arrival.phase(), deed.operation(), deed.lie().is_some())
}

fn micros(time: Duration) -> u64 {
    time.as_micros().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::super::{oracle::Lie, plan::LoadPlan, schedule::schedule};
    use super::*;
    use simulator::Seed;

    fn windows(seconds: u64) -> (Windows, usize) {
        let seed = Seed::from_text("windows");
        let plan = LoadPlan::steady(20.0, Duration::from_secs(seconds), seed);
        let arrivals = schedule(&plan, &Lie::ALL);
        let count = arrivals.len();
        (Windows::new(arrivals.into(), vec!["20/s".to_owned()]), count)
    }

    fn right(arrival: u64) -> Outcome {
        let millis = Duration::from_millis;
        let fate = Fate::Sent {
            class: Class::Right,
            response: millis(3),
            service: millis(2),
            lag: millis(1),
        };
        Outcome { arrival, fate }
    }

    #[test]
    fn a_second_is_given_out_when_its_last_arrival_and_all_seconds_before_are_done() {
        let (mut windows, count) = windows(3);
        assert_eq!(count, 60);
        (20..60).for_each(|arrival| windows.add(&right(arrival)));
        assert!(windows.take_complete().is_empty());
        (0..19).for_each(|arrival| windows.add(&right(arrival)));
        assert!(windows.take_complete().is_empty());
        windows.add(&Outcome { arrival: 19, fate: Fate::Dropped });
        let all = windows.take_complete();
        let sum = |of: fn(&LoadWindow) -> u64| all.iter().map(of).sum::<u64>();
        assert_eq!((sum(|w| w.offered), sum(|w| w.sent), sum(|w| w.dropped)), (60, 59, 1));
        assert_eq!(sum(|w| w.classes.values().sum()), 59);
        assert_eq!(sum(|w| w.response.count()), 59);
        assert_eq!(sum(|w| w.lag.count()), 59);
        assert!(all.iter().all(|w| w.by_class.is_empty()), "one class needs no times of its own");
        assert!(all.is_sorted_by_key(|window| window.second));
        assert!(all.iter().any(|window| !window.honest));
        assert!(windows.take_rest().is_empty());
    }

    #[test]
    fn times_of_several_classes_are_told_apart_and_add_up() {
        let (mut windows, count) = windows(1);
        for arrival in 0..count as u64 {
            let mut outcome = right(arrival);
            if let (true, Fate::Sent { class, response, .. }) =
                (arrival % 2 == 0, &mut outcome.fate)
            {
                (*class, *response) = (Class::Shed, Duration::from_millis(1));
            }
            windows.add(&outcome);
        }
        let mut seen = 0;
        for window in windows.take_complete() {
            let told: BTreeMap<_, _> =
                window.class_times().map(|(class, times, _)| (class, times)).collect();
            assert!(told.keys().eq(window.classes.keys()));
            for (class, times) in &told {
                assert_eq!(times.count(), window.classes[*class]);
                let millis = if *class == "shed" { 1 } else { 3 };
                assert!(times.max().abs_diff(millis * 1_000) < 10, "{class}: {}", times.max());
            }
            assert_eq!(
                told.values().map(|times| times.count()).sum::<u64>(),
                window.response.count()
            );
            seen += window.response.count();
        }
        assert_eq!(seen, count as u64);
    }

    #[test]
    fn of_a_second_cut_short_only_what_was_dealt_with_was_offered() {
        let (mut windows, _) = windows(3);
        (0..25).for_each(|arrival| windows.add(&right(arrival)));
        let first = windows.take_complete();
        assert!(first.iter().all(|window| window.second == 0));
        assert_eq!(first.iter().map(|window| window.offered).sum::<u64>(), 20);
        let rest = windows.take_rest();
        assert_eq!(
            rest.iter()
                .map(|window| (window.offered, window.sent))
                .fold((0, 0), |sum, (offered, sent)| (sum.0 + offered, sum.1 + sent)),
            (5, 5)
        );
    }
}
