//! The figures of a load while it runs: a fold of its events into a few lines.

use record::{Histogram, LoadSecond, LoadStarted, LoadWindow};

/// What is known of a load so far.
#[derive(Debug, Default)]
pub(crate) struct Live {
    /// Seconds of all phases.
    length: f64,
    /// The second whose windows come in.
    second: Second,
    /// The last second of which all windows came.
    shown: Option<Second>,
    in_flight: u64,
    cpu: Option<f64>,
    /// Arrivals answered, wrongly answered, without a decision, and given up, since the start.
    pub(crate) answers: u64,
    pub(crate) wrong: u64,
    undecided: u64,
    pub(crate) dropped: u64,
}

#[derive(Debug, Default, Clone)]
struct Second {
    number: u64,
    phase: String,
    sent: u64,
    right: u64,
    response: Histogram,
    lag: Histogram,
}

/// How well the generator kept its instants in a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Light {
    /// Within 1 ms.
    OnTime,
    /// Later than that.
    Late,
    /// Later than a valid run may be.
    TooLate,
}

/// Answers that contradict what was owed, by the names of records.
const WRONG: [&str; 4] = ["false-accept", "false-reject", "wrong-output", "unreadable"];
/// Answers that are no decision and no excuse.
const UNDECIDED: [&str; 4] = ["error", "timeout", "crash", "unreachable"];
/// 99 % of requests within this of their instants are on time.
const ON_TIME_US: u64 = 1_000;
/// And beyond this the load is not the one that was asked for.
const TOO_LATE_US: u64 = 100_000;

impl Live {
    /// A load that begins.
    pub(crate) fn new(load: &LoadStarted) -> Self {
        Self { length: load.phases.iter().map(|phase| phase.for_s).sum(), ..Self::default() }
    }

    /// Seconds of all phases.
    pub(crate) fn length(&self) -> f64 {
        self.length
    }

    /// Takes in a window; `true` if the second before it is complete now and can be shown.
    pub(crate) fn window(&mut self, window: &LoadWindow) -> bool {
        let next = window.second != self.second.number && self.second.sent > 0;
        if next {
            self.shown = Some(std::mem::take(&mut self.second));
        }
        let count = |classes: &[&str]| {
            classes.iter().filter_map(|class| window.classes.get(*class)).sum::<u64>()
        };
        let second = &mut self.second;
        second.number = window.second;
        second.phase.clone_from(&window.phase);
        second.sent += window.sent;
        second.right += count(&["right"]);
        second.response.add(&window.response);
        second.lag.add(&window.lag);
        self.answers += window.classes.values().sum::<u64>();
        self.wrong += count(&WRONG);
        self.undecided += count(&UNDECIDED);
        self.dropped += window.dropped;
        next
    }

    /// Takes in a second of the generator.
    pub(crate) fn generator(&mut self, second: &LoadSecond) {
        self.in_flight = second.in_flight_max;
        self.cpu = second.cpu_share;
    }

    /// Seconds that are over, of those whose answers are known.
    pub(crate) fn position(&self) -> u64 {
        self.shown.as_ref().map_or(0, |second| second.number + 1)
    }

    /// Where it is and how long it still takes.
    pub(crate) fn progress(&self) -> String {
        let left = (self.length - self.position() as f64).max(0.0);
        let phase = self.shown.as_ref().map_or("", |second| second.phase.as_str());
        format!("{} of {:.0} s, {left:.0} s left  phase {phase}", self.position(), self.length)
    }

    /// Rate, goodput and times of the last second, requests in flight and the generator's CPU.
    pub(crate) fn figures(&self) -> String {
        let Some(second) = &self.shown else { return "no second is over".to_owned() };
        let millis = |share| second.response.quantile(share) as f64 / 1000.0;
        let cpu = self.cpu.map_or_else(String::new, |cpu| format!("  CPU {:.0} %", cpu * 100.0));
        format!(
            "sent {}/s  right {}/s  p50 {:.1} ms  p99 {:.1} ms  in flight {}{cpu}",
            second.sent,
            second.right,
            millis(0.5),
            millis(0.99),
            self.in_flight
        )
    }

    /// How punctual the generator was in the last second.
    pub(crate) fn light(&self) -> Light {
        let lag = self.shown.as_ref().map_or(0, |second| second.lag.quantile(0.99));
        match lag {
            0..=ON_TIME_US => Light::OnTime,
            lag if lag <= TOO_LATE_US => Light::Late,
            _ => Light::TooLate,
        }
    }

    /// The lag behind [`Live::light`], in words.
    pub(crate) fn lag(&self) -> String {
        let lag = self.shown.as_ref().map_or(0, |second| second.lag.quantile(0.99));
        let words = match self.light() {
            Light::OnTime => "on time",
            Light::Late => "late",
            Light::TooLate => "too late",
        };
        format!("{words} (99 % within {:.1} ms)", lag as f64 / 1000.0)
    }

    /// What must never be overlooked.
    pub(crate) fn totals(&self) -> String {
        format!(
            "{} answers, {} wrong, {} without a decision, {} dropped",
            self.answers, self.wrong, self.undecided, self.dropped
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::Phase;

    fn live() -> Live {
        Live::new(&LoadStarted {
            phases: vec![Phase {
                name: "20/s".into(),
                from_s: 0.0,
                for_s: 30.0,
                rate: 20.0,
                apple_down: false,
            }],
            mix: String::new(),
            arrivals: "constant".into(),
            users: 1,
            timeout_s: 1.0,
            promises: Vec::new(),
        })
    }

    fn window(second: u64, classes: &[(&str, u64)], lag_us: u64) -> LoadWindow {
        let sent = classes.iter().map(|(_, n)| n).sum();
        let times = |micros| {
            let mut times = Histogram::default();
            (0..sent).for_each(|_| times.record(micros));
            times
        };
        LoadWindow {
            phase: "20/s".into(),
            second,
            operation: "assert".into(),
            honest: true,
            offered: sent,
            sent,
            dropped: 0,
            classes: classes.iter().map(|(class, n)| ((*class).to_owned(), *n)).collect(),
            response: times(2_000),
            service: times(2_000),
            lag: times(lag_us),
            by_class: std::collections::BTreeMap::default(),
        }
    }

    #[test]
    fn a_second_is_shown_when_the_next_one_begins() {
        let mut live = live();
        assert!(!live.window(&window(0, &[("right", 12), ("timeout", 3)], 90)));
        assert!(!live.window(&window(0, &[("right", 5)], 90)));
        assert_eq!(live.figures(), "no second is over");
        live.generator(&LoadSecond { in_flight_max: 7, ..LoadSecond::default() });
        assert!(live.window(&window(1, &[("right", 1)], 90)));
        assert_eq!(live.figures(), "sent 20/s  right 17/s  p50 2.0 ms  p99 2.0 ms  in flight 7");
        assert_eq!(live.progress(), "1 of 30 s, 29 s left  phase 20/s");
        assert_eq!(live.totals(), "21 answers, 0 wrong, 3 without a decision, 0 dropped");
    }

    #[test]
    fn every_kind_of_wrong_answer_counts_and_stays() {
        let mut live = live();
        for (second, class) in (0..).zip(WRONG) {
            live.window(&window(second, &[(class, 1)], 90));
        }
        live.window(&window(9, &[("right", 1)], 90));
        assert_eq!(live.wrong, 4);
        assert!(live.totals().contains("4 wrong"));
    }

    #[test]
    fn the_light_says_in_words_what_it_says_in_colour() {
        for (lag_us, light, words) in [
            (90, Light::OnTime, "on time"),
            (20_000, Light::Late, "late (99 % within 20"),
            (300_000, Light::TooLate, "too late"),
        ] {
            let mut live = live();
            live.window(&window(0, &[("right", 9)], lag_us));
            live.window(&window(1, &[("right", 9)], 1));
            assert_eq!(live.light(), light);
            assert!(live.lag().starts_with(words), "{}", live.lag());
        }
    }
}
