//! What users, pacer and maker tell of a run, folded into its seconds.
//!
//! Requests in flight are integrated over time as they leave and come back, apart from the
//! response times: Little's law holds the one against the other.

use record::Histogram;
use std::time::Duration;

/// One second of the generator.
#[derive(Debug, Clone, PartialEq)]
pub struct Second {
    /// Second since the start of the attack.
    pub second: u64,
    /// Request-seconds in flight in this second: the mean number of requests in flight.
    pub in_flight_mean: f64,
    /// Most requests in flight at once.
    pub in_flight_max: u64,
    /// Fewest users that stood free when an arrival was let go.
    pub free_users_min: u64,
    /// Microseconds from letting an arrival go to its user taking it.
    pub queue_us: Histogram,
    /// Most arrivals that were due and whose request was still being made.
    pub backlog_max: u64,
}

/// The seconds of a run, folded as it goes. Instants count from the start of the attack; one that
/// comes after a later one counts as that one, since whoever told may have been kept from running in
/// between. What requests were in flight by that too long or too short is made good in the sum.
#[derive(Debug, Default)]
pub struct Strip {
    now: Duration,
    in_flight: u64,
    backlog: u64,
    free: Option<u64>,
    open: Open,
    closed: Vec<Second>,
}

#[derive(Debug, Default)]
struct Open {
    second: u64,
    /// Request-seconds.
    area: f64,
    most: u64,
    fewest_free: Option<u64>,
    queue: Histogram,
    backlog: u64,
}

impl Strip {
    /// A request leaves.
    pub fn sent(&mut self, at: Duration) {
        self.advance(at);
        self.open.area += self.past(at);
        self.in_flight += 1;
        self.open.most = self.open.most.max(self.in_flight);
    }

    /// Its answer is there, or will never be.
    pub fn answered(&mut self, at: Duration) {
        self.advance(at);
        if let Some(rest) = self.in_flight.checked_sub(1) {
            self.open.area -= self.past(at);
            self.in_flight = rest;
        }
    }

    /// A request counted as sent never left.
    pub fn unsent(&mut self, sent: Duration, at: Duration) {
        self.answered(at);
        self.forget(at.saturating_sub(sent));
    }

    /// A request is no longer counted that was in flight for so long.
    pub fn forget(&mut self, in_flight: Duration) {
        // It is taken from this second, whichever it was counted in: only the sum matters.
        self.open.area -= in_flight.as_secs_f64();
    }

    /// An arrival is let go while so many users stand free.
    pub fn released(&mut self, at: Duration, free: u64) {
        self.advance(at);
        self.free = Some(free);
        self.open.fewest_free = Some(self.open.fewest_free.map_or(free, |least| least.min(free)));
    }

    /// A user takes an arrival that was let go so long ago.
    pub fn taken(&mut self, at: Duration, waited: Duration) {
        self.advance(at);
        self.open.queue.record(waited.as_micros().try_into().unwrap_or(u64::MAX));
    }

    /// A due arrival's request is not made yet.
    pub fn waits_for_its_request(&mut self, at: Duration) {
        self.advance(at);
        self.backlog += 1;
        self.open.backlog = self.open.backlog.max(self.backlog);
    }

    /// It is now, or was given up.
    pub fn waited_for_its_request(&mut self, at: Duration) {
        self.advance(at);
        self.backlog = self.backlog.saturating_sub(1);
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// Arrivals that wait for their request now.
    pub fn backlog(&self) -> u64 {
        self.backlog
    }

    /// The seconds that are over.
    pub fn take_over(&mut self, at: Duration) -> Vec<Second> {
        self.advance(at);
        std::mem::take(&mut self.closed)
    }

    /// Everything, the second that is not over included.
    pub fn take_all(&mut self, at: Duration) -> Vec<Second> {
        self.advance(at);
        self.close();
        std::mem::take(&mut self.closed)
    }

    /// Seconds that passed here since that instant.
    fn past(&self, at: Duration) -> f64 {
        self.now.saturating_sub(at).as_secs_f64()
    }

    /// Lets time pass: what is in flight stays so until then.
    fn advance(&mut self, at: Duration) {
        while at.as_secs() > self.open.second {
            let end = Duration::from_secs(self.open.second + 1);
            self.pass(end);
            self.close();
        }
        self.pass(at);
    }

    fn pass(&mut self, until: Duration) {
        self.open.area += until.saturating_sub(self.now).as_secs_f64() * self.in_flight as f64;
        self.now = self.now.max(until);
    }

    fn close(&mut self) {
        let open = std::mem::take(&mut self.open);
        self.open.second = open.second + 1;
        self.open.most = self.in_flight;
        self.open.backlog = self.backlog;
        self.closed.push(Second {
            second: open.second,
            in_flight_mean: open.area,
            in_flight_max: open.most,
            free_users_min: open.fewest_free.or(self.free).unwrap_or_default(),
            queue_us: open.queue,
            backlog_max: open.backlog,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn what_is_in_flight_is_integrated_over_the_seconds_it_spans() {
        let mut strip = Strip::default();
        strip.sent(ms(500));
        strip.sent(ms(900));
        strip.answered(ms(1_100));
        strip.answered(ms(3_250));
        let seconds = strip.take_all(ms(3_500));
        let means: Vec<_> = seconds.iter().map(|one| (one.in_flight_mean * 1e3).round()).collect();
        assert_eq!(means, [600.0, 1_100.0, 1_000.0, 250.0]);
        let most: Vec<_> = seconds.iter().map(|second| second.in_flight_max).collect();
        assert_eq!(most, [2, 2, 1, 1]);
        assert!(seconds.iter().map(|second| second.second).eq(0..4));
    }

    #[test]
    fn free_users_queue_and_backlog_are_the_worst_of_their_second() {
        let mut strip = Strip::default();
        strip.released(ms(10), 5);
        strip.released(ms(20), 2);
        strip.taken(ms(21), ms(1));
        strip.waits_for_its_request(ms(30));
        strip.waits_for_its_request(ms(31));
        strip.waited_for_its_request(ms(1_100));
        strip.released(ms(1_200), 4);
        let over = strip.take_over(ms(2_000));
        assert_eq!(over.len(), 2);
        assert_eq!((over[0].free_users_min, over[0].backlog_max), (2, 2));
        assert_eq!(over[0].queue_us.count(), 1);
        assert_eq!((over[1].free_users_min, over[1].backlog_max), (4, 2));
        let rest = strip.take_all(ms(2_500));
        assert_eq!((rest[0].free_users_min, rest[0].backlog_max), (4, 1));
    }

    #[test]
    fn what_is_told_late_is_in_flight_for_as_long_as_it_was() {
        let mut strip = Strip::default();
        strip.released(ms(120), 1);
        strip.sent(ms(100));
        strip.sent(ms(300));
        strip.released(ms(550), 1);
        strip.answered(ms(400));
        strip.answered(ms(900));
        let all = strip.take_all(ms(950));
        assert!((all[0].in_flight_mean - 0.9).abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn what_never_left_was_not_in_flight() {
        let mut strip = Strip::default();
        strip.sent(ms(100));
        strip.unsent(ms(100), ms(700));
        let all = strip.take_all(ms(900));
        assert!(all[0].in_flight_mean.abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn what_is_forgotten_is_missing_in_the_sum() {
        let mut strip = Strip::default();
        strip.sent(ms(100));
        strip.answered(ms(700));
        strip.sent(ms(700));
        strip.answered(ms(1_200));
        strip.forget(ms(500));
        let all = strip.take_all(ms(1_300));
        let sum: f64 = all.iter().map(|second| second.in_flight_mean).sum();
        assert!((sum - 0.6).abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn instants_out_of_order_take_no_time_back() {
        let mut strip = Strip::default();
        strip.sent(ms(300));
        strip.sent(ms(500));
        strip.answered(ms(400));
        strip.answered(ms(600));
        let all = strip.take_all(ms(1_000));
        assert!((all[0].in_flight_mean - 0.2).abs() < 1e-9, "{all:?}");
        assert_eq!(strip.in_flight(), 0);
    }
}
