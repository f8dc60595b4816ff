//! Service levels: how soon honest requests of the measured phases must be decided, and how many.
//!
//! Pure: windows are added, and what was missed is told. Too few requests decide nothing.

use super::super::journey::{Lasting, Share};
use super::error::Problem;
use record::{Histogram, LoadWindow, Promise};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a profile promises.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ServiceLevel {
    /// Response times of challenges.
    pub challenge: Times,
    /// Response times of attestations.
    pub attest: Times,
    /// Response times of assertions.
    pub assert: Times,
    /// Share of the honest requests that get the right decision.
    pub right: Option<Share>,
}

/// Limits of response times, from the intended start to the end of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Times {
    /// Half of the answers come sooner.
    pub p50: Option<Lasting>,
    /// 99 % of the answers come sooner.
    pub p99: Option<Lasting>,
    /// 99.9 % of the answers come sooner.
    pub p999: Option<Lasting>,
}

impl Times {
    fn limits(self) -> impl Iterator<Item = (&'static str, f64, Lasting)> {
        [("p50", 0.5, self.p50), ("p99", 0.99, self.p99), ("p99.9", 0.999, self.p999)]
            .into_iter()
            .filter_map(|(name, share, limit)| Some((name, share, limit?)))
    }
}

impl ServiceLevel {
    /// Whether it promises anything at all.
    pub(super) fn check(&self, span: Range<usize>) -> Result<(), Problem> {
        let times = [self.challenge, self.attest, self.assert];
        if self.right.is_none() && times.iter().all(|times| times.limits().next().is_none()) {
            let what =
                "[slo] promises nothing: write assert = { p99 = \"250ms\" } or right = 0.999";
            return Err(Problem::new(span, what));
        }
        Ok(())
    }

    fn times(&self, operation: &str) -> Times {
        match operation {
            "challenge" => self.challenge,
            "attest" => self.attest,
            "assert" => self.assert,
            _other => Times::default(),
        }
    }
}

/// A service level held against what was measured.
#[derive(Debug, Clone)]
pub struct Held {
    level: ServiceLevel,
    /// Phases that are not measured.
    aside: Vec<String>,
    seen: BTreeMap<String, Seen>,
    order: Vec<String>,
}

#[derive(Debug, Clone, Default)]
struct Seen {
    sent: u64,
    right: u64,
    response: BTreeMap<String, Histogram>,
}

/// What a service level came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Standing {
    /// What was missed, a sentence each.
    pub missed: Vec<String>,
    /// What too few requests say nothing of, a sentence each.
    pub undecided: Vec<String>,
}

impl Held {
    /// Nothing measured yet; phases of these names are left out.
    pub fn new(level: ServiceLevel, aside: Vec<String>) -> Self {
        Self { level, aside, seen: BTreeMap::new(), order: Vec::new() }
    }

    /// How soon answers are promised, as records tell it.
    pub fn promises(&self) -> Vec<Promise> {
        let of = |operation: &'static str| {
            self.level.times(operation).limits().map(move |(_, share, limit)| Promise {
                operation: operation.to_owned(),
                share,
                within_us: limit.0.as_micros().try_into().unwrap_or(u64::MAX),
            })
        };
        ["challenge", "attest", "assert"].into_iter().flat_map(of).collect()
    }

    /// Counts a window.
    pub fn add(&mut self, window: &LoadWindow) {
        if !window.honest || self.aside.contains(&window.phase) {
            return;
        }
        if !self.order.contains(&window.phase) {
            self.order.push(window.phase.clone());
        }
        let seen = self.seen.entry(window.phase.clone()).or_default();
        seen.sent += window.sent;
        seen.right += window.classes.get("right").copied().unwrap_or_default();
        seen.response.entry(window.operation.clone()).or_default().add(&window.response);
    }

    /// What it came to.
    pub fn standing(&self) -> Standing {
        let mut standing = Standing::default();
        for phase in &self.order {
            let seen = &self.seen[phase];
            for (operation, response) in &seen.response {
                for (name, share, limit) in self.level.times(operation).limits() {
                    let count = response.count();
                    let needed = (1.0 / (1.0 - share)).ceil() as u64;
                    if count < needed {
                        standing.undecided.push(format!(
                            "phase {phase}: {count} honest {operation} requests say nothing of \
                             {name}, which takes {needed}"
                        ));
                        continue;
                    }
                    let micros = response.quantile(share);
                    if u128::from(micros) > limit.0.as_micros() {
                        standing.missed.push(format!(
                            "phase {phase}: {name} of {operation} was {:.1} ms in {count} \
                             requests, and {limit} is the limit",
                            micros as f64 / 1000.0
                        ));
                    }
                }
            }
            if let Some(Share(least)) = self.level.right
                && seen.sent > 0
                && (seen.right as f64) < least * seen.sent as f64
            {
                standing.missed.push(format!(
                    "phase {phase}: {} of {} honest requests got the right decision ({:.3} %), \
                     and {:.3} % is the least",
                    seen.right,
                    seen.sent,
                    seen.right as f64 / seen.sent as f64 * 100.0,
                    least * 100.0
                ));
            }
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(phase: &str, honest: bool, count: u64, micros: u64) -> LoadWindow {
        let mut response = Histogram::default();
        (0..count).for_each(|_| response.record(micros));
        LoadWindow {
            phase: phase.to_owned(),
            second: 0,
            operation: "assert".to_owned(),
            honest,
            offered: count,
            sent: count,
            dropped: 0,
            classes: [("right".to_owned(), count - 1), ("shed".to_owned(), 1)].into(),
            service: response.clone(),
            lag: Histogram::default(),
            by_class: BTreeMap::new(),
            response,
        }
    }

    fn standing(text: &str, windows: &[LoadWindow]) -> Standing {
        let mut held = Held::new(toml::from_str(text).unwrap(), vec!["warm".to_owned()]);
        for window in windows {
            held.add(window);
        }
        held.standing()
    }

    #[test]
    fn what_is_slower_than_promised_is_missed_by_its_phase() {
        let level = "assert = { p50 = \"5ms\", p99 = \"10ms\" }";
        let fine = window("peak", true, 1000, 4_000);
        assert_eq!(standing(level, std::slice::from_ref(&fine)), Standing::default());
        let slow = window("peak", true, 30, 20_000);
        let missed = standing(level, &[fine, slow]).missed;
        assert_eq!(missed.len(), 1, "{missed:?}");
        assert!(missed[0].starts_with("phase peak: p99 of assert was 2"), "{missed:?}");
        assert!(missed[0].contains("in 1030 requests, and 10ms is the limit"), "{missed:?}");
    }

    #[test]
    fn lies_and_warm_ups_do_not_count_and_few_requests_decide_nothing() {
        let level = "assert = { p99 = \"10ms\" }";
        let aside = [window("peak", false, 500, 90_000), window("warm", true, 500, 90_000)];
        assert_eq!(standing(level, &aside), Standing::default());
        let few = standing(level, &[window("peak", true, 50, 90_000)]);
        assert!(few.missed.is_empty());
        assert!(
            few.undecided[0]
                .contains("50 honest assert requests say nothing of p99, which takes 100")
        );
    }

    #[test]
    fn requests_without_a_right_decision_are_counted() {
        let missed = standing("right = 0.9995", &[window("peak", true, 1000, 10)]).missed;
        assert!(missed[0].contains("999 of 1000 honest requests"), "{missed:?}");
        assert_eq!(
            standing("right = 0.999", &[window("peak", true, 1000, 10)]),
            Standing::default()
        );
    }
}
