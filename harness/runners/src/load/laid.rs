//! A phase laid out: how many arrivals there are up to an instant, and at which instant there are
//! so many. Nothing random is left in it.

use super::course::{Burst, Course, Herd, Line};
use super::normal;
use rand_core::Rng;
use simulator::Seed;
use std::time::Duration;

/// The integral of a phase's rate, and its inverse.
#[derive(Debug, Clone)]
pub(super) enum Laid {
    /// Straight lines: where each begins, in arrivals and in seconds.
    Lines(Vec<(f64, f64, Line)>),
    /// A herd, with its law.
    Herd {
        /// How many come.
        devices: f64,
        /// Logarithm of the median, in seconds.
        scale: f64,
        /// Spread of the logarithm.
        spread: f64,
        /// Share of the unbounded law that comes within the length.
        within: f64,
    },
}

impl Laid {
    /// Lays a course out; `seed` decides how long bursts are. A trace has no integral.
    pub(super) fn of(course: &Course, seed: &Seed) -> Option<Self> {
        match course {
            Course::Lines(lines) => Some(Self::lines(lines.iter().copied())),
            Course::Burst(burst) => Some(Self::lines(Dwells::of(*burst, seed))),
            Course::Herd(herd) => Some(Self::herd(herd)),
            Course::Trace(_) => None,
        }
    }

    fn lines(lines: impl Iterator<Item = Line>) -> Self {
        let (mut area, mut seconds) = (0.0, 0.0);
        let laid = lines.map(|line| {
            let begins = (area, seconds, line);
            area += line.area();
            seconds += line.length.as_secs_f64();
            begins
        });
        Self::Lines(laid.collect())
    }

    fn herd(herd: &Herd) -> Self {
        let (scale, spread) = herd.law();
        Self::Herd { devices: herd.devices as f64, scale, spread, within: herd.within() }
    }

    /// Arrivals of the whole phase.
    pub(super) fn total(&self) -> f64 {
        match self {
            Self::Lines(lines) => lines.last().map_or(0.0, |(area, _, line)| area + line.area()),
            Self::Herd { devices, .. } => *devices,
        }
    }

    /// Seconds from the beginning of the phase until there were `arrivals`.
    pub(super) fn at(&self, arrivals: f64) -> f64 {
        match self {
            Self::Lines(lines) => {
                let after = lines.partition_point(|(area, _, _)| *area <= arrivals).max(1);
                lines.get(after - 1).map_or(0.0, |(area, seconds, line)| {
                    seconds + within(*line, (arrivals - area).max(0.0))
                })
            }
            Self::Herd { devices, scale, spread, within } => {
                normal::quantile(arrivals / devices * within).mul_add(*spread, *scale).exp()
            }
        }
    }
}

/// Seconds into a line until there were `arrivals`: the root of `from·t + (to − from)/2L·t²`, written
/// so that nothing cancels and a level line needs no case of its own.
fn within(line: Line, arrivals: f64) -> f64 {
    let length = line.length.as_secs_f64();
    let slope = (line.to - line.from) / length;
    let rate = (2.0 * slope).mul_add(arrivals, line.from * line.from).max(0.0).sqrt();
    let sum = line.from + rate;
    if sum > 0.0 { (2.0 * arrivals / sum).min(length) } else { 0.0 }
}

/// Quiet and busy whiles in turn until the length is full.
struct Dwells<R> {
    burst: Burst,
    stream: R,
    left: Duration,
    busy: bool,
}

impl Dwells<rand_chacha::ChaCha20Rng> {
    fn of(burst: Burst, seed: &Seed) -> Self {
        Self { burst, stream: seed.stream(), left: burst.length, busy: false }
    }
}

impl<R: Rng> Iterator for Dwells<R> {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        if self.left.is_zero() {
            return None;
        }
        let (rate, mean) = if self.busy {
            (self.burst.busy, self.burst.busy_for)
        } else {
            (self.burst.quiet, self.burst.quiet_for)
        };
        let drawn = super::schedule::exponential(&mut self.stream) * mean.as_secs_f64();
        // A while of no length would be one that never ends the loop.
        let drawn = Duration::from_secs_f64(drawn.clamp(1e-6, 1e9));
        let length = drawn.min(self.left);
        self.left -= length;
        self.busy = !self.busy;
        Some(Line { from: rate, to: rate, length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_ramp_holds_half_its_arrivals_after_its_root() {
        let ramp = Course::Lines(vec![Line { from: 0.0, to: 100.0, length: seconds(10) }]);
        let laid = Laid::of(&ramp, &Seed::from_text("ramp")).unwrap();
        assert!((laid.total() - 500.0).abs() < 1e-9);
        assert!((laid.at(250.0) - 50.0_f64.sqrt()).abs() < 1e-9, "{}", laid.at(250.0));
        assert!(laid.at(0.0).abs() < 1e-12 && (laid.at(500.0) - 10.0).abs() < 1e-9);
        let fall = Course::Lines(vec![Line { from: 100.0, to: 0.0, length: seconds(10) }]);
        let laid = Laid::of(&fall, &Seed::from_text("fall")).unwrap();
        assert!((laid.at(250.0) - (10.0 - 50.0_f64.sqrt())).abs() < 1e-9);
        assert!((laid.at(500.0) - 10.0).abs() < 1e-6);
    }

    #[test]
    fn half_a_herd_has_come_by_its_median_and_all_by_the_end() {
        let herd = Herd { devices: 1000, p50: seconds(9), p95: seconds(40), length: seconds(3600) };
        let laid = Laid::of(&Course::Herd(herd), &Seed::from_text("herd")).unwrap();
        assert!((laid.at(500.0) - 9.0).abs() < 0.01, "{}", laid.at(500.0));
        assert!((laid.at(950.0) - 40.0).abs() < 0.1, "{}", laid.at(950.0));
        let short = Herd { length: seconds(20), ..herd };
        let laid = Laid::of(&Course::Herd(short), &Seed::from_text("herd")).unwrap();
        assert!((laid.at(1000.0) - 20.0).abs() < 0.01, "{}", laid.at(1000.0));
    }

    #[test]
    fn bursts_fill_their_length_and_share_it_by_their_means() {
        let burst = Burst {
            quiet: 10.0,
            busy: 100.0,
            quiet_for: seconds(8),
            busy_for: seconds(2),
            length: seconds(100_000),
        };
        let lines: Vec<Line> = Dwells::of(burst, &Seed::from_text("bursts")).collect();
        assert_eq!(lines.iter().map(|line| line.length).sum::<Duration>(), burst.length);
        let busy = lines.iter().filter(|line| line.from > 50.0).map(|line| line.length);
        let share = busy.sum::<Duration>().as_secs_f64() / 100_000.0;
        // 10 000 pairs of whiles: five standard errors are 0.01.
        assert!((share - 0.2).abs() < 0.012, "{share}");
        let laid = Laid::of(&Course::Burst(burst), &Seed::from_text("bursts")).unwrap();
        assert!((laid.total() / 100_000.0 / burst.mean() - 1.0).abs() < 0.05, "{}", laid.total());
    }
}
