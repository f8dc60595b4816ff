//! The highest rate that this generator keeps with a valid verdict: a search without a clock.
//!
//! Doubling finds a rate that is kept and one that is not, bisection narrows them. A rate that
//! failed is tried once more before it is believed: a machine may be busy for a moment.

/// A trial at one rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Trial {
    /// Arrivals a second.
    pub rate: f64,
    /// Whether the run was valid and every answer right.
    pub kept: bool,
}

/// The search so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    next: Option<f64>,
    highest: f64,
    kept: Option<f64>,
    failed: Option<f64>,
    doubted: Option<f64>,
}

/// Ratio of the rates between which the search ends.
const CLOSE: f64 = 1.1;

impl Search {
    /// A search from one rate up to another, both above 0.
    pub fn new(from: f64, highest: f64) -> Self {
        let next = Some(from.min(highest));
        Self { next, highest, kept: None, failed: None, doubted: None }
    }

    /// The rate to try next; `None` when the search is over.
    pub fn next(&self) -> Option<f64> {
        self.next
    }

    /// The highest rate that was kept.
    pub fn ceiling(&self) -> Option<f64> {
        self.kept
    }

    /// The lowest rate that was not.
    pub fn failed(&self) -> Option<f64> {
        self.failed
    }

    /// Takes in what came of a trial.
    pub fn learn(&mut self, trial: &Trial) {
        if trial.kept {
            self.kept = Some(self.kept.map_or(trial.rate, |kept| kept.max(trial.rate)));
            self.doubted = None;
        } else if self.doubted.is_none_or(|rate| rate.total_cmp(&trial.rate).is_ne()) {
            self.doubted = Some(trial.rate);
            self.next = Some(trial.rate);
            return;
        } else {
            self.failed = Some(self.failed.map_or(trial.rate, |failed| failed.min(trial.rate)));
        }
        self.next = match (self.kept, self.failed) {
            (Some(kept), None) if kept >= self.highest => None,
            (Some(kept), None) => Some((kept * 2.0).min(self.highest)),
            (Some(kept), Some(failed)) if failed / kept <= CLOSE => None,
            // The middle of the ratio: a rate is as far from half of it as from twice it.
            (Some(kept), Some(failed)) => Some((kept * failed).sqrt().round()),
            (None, Some(failed)) if failed <= LOWEST => None,
            (None, Some(failed)) => Some((failed / 2.0).max(LOWEST)),
            (None, None) => self.next,
        };
    }
}

/// A machine that keeps no rate above this measures nothing.
const LOWEST: f64 = 10.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// Searches on a machine that keeps every rate up to `able`, but for the trials in `busy`.
    fn search(able: f64, highest: f64, busy: &[usize]) -> (Search, Vec<f64>) {
        let mut search = Search::new(500.0, highest);
        let mut tried = Vec::new();
        while let Some(rate) = search.next() {
            assert!(tried.len() < 60, "it ends: {tried:?}");
            let kept = rate <= able && !busy.contains(&tried.len());
            tried.push(rate);
            search.learn(&Trial { rate, kept });
        }
        (search, tried)
    }

    #[test]
    fn the_ceiling_is_found_from_below_within_a_tenth() {
        for able in [37.0, 480.0, 500.0, 777.0, 12_345.0, 60_000.0] {
            let (search, tried) = search(able, 1e6, &[]);
            let ceiling = search.ceiling().unwrap();
            assert!(ceiling <= able && ceiling * 1.11 >= able, "{able}: {ceiling} {tried:?}");
            assert!(search.failed().unwrap() > able);
        }
    }

    #[test]
    fn one_bad_moment_is_not_believed() {
        let (quiet, _) = search(12_345.0, 1e6, &[]);
        let (busy, tried) = search(12_345.0, 1e6, &[1]);
        assert_eq!(quiet.ceiling(), busy.ceiling());
        assert!(tried[1].total_cmp(&tried[2]).is_eq(), "{tried:?}");
    }

    #[test]
    fn what_is_beyond_interest_is_not_tried() {
        let (search, tried) = search(1e9, 3_000.0, &[]);
        assert_eq!(search.ceiling(), Some(3_000.0));
        assert_eq!(tried, [500.0, 1_000.0, 2_000.0, 3_000.0]);
        assert_eq!(search.failed(), None);
    }

    #[test]
    fn a_machine_that_keeps_nothing_is_told_and_not_searched_for_ever() {
        let (search, tried) = search(1.0, 1e6, &[]);
        assert_eq!(search.ceiling(), None);
        assert!(tried.len() < 20, "{tried:?}");
    }
}
