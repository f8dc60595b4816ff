//! What creeps: slopes over a long phase at one rate, with how sure they are.

use super::{GeneratorSecond, Load, Second};
use record::{Histogram, TargetSecond};
use serde::Serialize;

/// How a figure moved over a phase.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// What moved.
    pub what: Figure,
    /// Name of the phase.
    pub phase: String,
    /// When the phase began, in seconds since the start of the attack.
    pub from_s: f64,
    /// When it ended.
    pub to_s: f64,
    /// Theil and Sen's slope: the median of the slopes between all pairs of points, by the hour, in
    /// the figure's unit.
    pub per_hour: f64,
    /// Lower end of its interval of 95 % (Sen 1968). Points are taken as independent; neighbours are
    /// not quite, so that the true interval is somewhat wider.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// The line's value at the middle of the phase.
    pub middle: f64,
    /// The points: seconds since the start of the attack, and the figure in its unit.
    pub points: Vec<(f64, f64)>,
}

/// A figure whose trend is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// 99 % of response times lie below, in milliseconds.
    ResponseP99,
    /// CPU seconds a second of the server's process.
    TargetCpu,
    /// Resident memory of the server's process, in megabytes.
    TargetMemory,
    /// CPU seconds a second of the generator's process.
    GeneratorCpu,
    /// Resident memory of the generator's process, in megabytes.
    GeneratorMemory,
}

impl Figure {
    /// In words, with unit.
    pub fn words(self) -> &'static str {
        match self {
            Self::ResponseP99 => "p99 of response time, ms",
            Self::TargetCpu => "CPU of the server, cores",
            Self::TargetMemory => "memory of the server, MB",
            Self::GeneratorCpu => "CPU of the generator, cores",
            Self::GeneratorMemory => "memory of the generator, MB",
        }
    }

    /// Its unit.
    pub fn unit(self) -> &'static str {
        match self {
            Self::ResponseP99 => "ms",
            Self::TargetCpu | Self::GeneratorCpu => "cores",
            Self::TargetMemory | Self::GeneratorMemory => "MB",
        }
    }
}

impl Trend {
    /// Whether the interval leaves no doubt that the figure rises or falls.
    pub fn is_sure(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

/// The shortest phase of which a trend is told, in seconds.
pub(crate) const LEAST_S: usize = 60;
/// Points of a trend at most: slopes between all pairs are compared.
const MOST_POINTS: usize = 120;
/// Points that a slope needs at least.
const LEAST_POINTS: usize = 12;
/// Seconds of an hour.
const HOUR: f64 = 3600.0;
/// How much the last third's rate may differ from the first's, as a share.
const SAME_RATE: f64 = 0.1;

/// The trends of the longest phase at one rate; none if no phase is long enough.
pub(super) fn fold(load: &Load) -> Vec<Trend> {
    let Some((phase, seconds)) = longest(load) else { return Vec::new() };
    let (Some(first), Some(last)) = (seconds.first(), seconds.last()) else { return Vec::new() };
    let (from, to) = (first.second, last.second.saturating_add(1));
    let of_phase = |second: u64| (from..to).contains(&second);
    let name = load.phases[phase].name.as_str();
    let span = (from as f64, to as f64);

    let p99 = points(
        &seconds,
        |second| second.second,
        |chunk| {
            let mut sum = Histogram::default();
            for second in chunk {
                sum.add(&second.responses);
            }
            (sum.count() > 0).then(|| sum.quantile(0.99) as f64 / 1e3)
        },
    );
    let target: Vec<&TargetSecond> =
        load.target.iter().filter(|second| of_phase(second.second)).collect();
    let own: Vec<&GeneratorSecond> =
        load.generator.iter().filter(|second| of_phase(second.second)).collect();
    let of_target = |value: fn(&TargetSecond) -> Option<f64>| {
        points(
            &target,
            |second| second.second,
            |chunk| median(chunk.iter().filter_map(|second| value(second)).collect()),
        )
    };
    let of_own = |value: fn(&GeneratorSecond) -> Option<f64>| {
        points(
            &own,
            |second| second.second,
            |chunk| median(chunk.iter().filter_map(|second| value(second)).collect()),
        )
    };
    let figures = [
        (Figure::ResponseP99, p99),
        (Figure::TargetCpu, of_target(|second| second.cpu_share)),
        (Figure::TargetMemory, of_target(|second| second.rss_bytes.map(megabytes))),
        (Figure::GeneratorCpu, of_own(|second| second.cpu_share)),
        (Figure::GeneratorMemory, of_own(|second| second.rss_bytes.map(megabytes))),
    ];
    figures.into_iter().filter_map(|(what, points)| trend(what, name, span, points)).collect()
}

/// The phase with the most seconds of those that kept one rate, and its seconds. After a drop of the
/// rate a server recovers, which is no trend.
fn longest(load: &Load) -> Option<(usize, Vec<&Second>)> {
    let seconds_of = |phase| -> Vec<&Second> {
        load.seconds.iter().filter(|second| second.phase == phase).collect()
    };
    (0..load.phases.len())
        .filter(|phase| !load.recoveries.iter().any(|drop| drop.to == load.phases[*phase].name))
        .map(|phase| (phase, seconds_of(phase)))
        .filter(|(_, seconds)| seconds.len() >= LEAST_S && keeps_rate(seconds))
        .max_by_key(|(_, seconds)| seconds.len())
}

fn keeps_rate(seconds: &[&Second]) -> bool {
    let third = seconds.len() / 3;
    let sum = |part: &[&Second]| part.iter().map(|second| second.offered as f64).sum::<f64>();
    let (early, late) = (sum(&seconds[..third]), sum(&seconds[seconds.len() - third..]));
    early > 0.0 && (late / early - 1.0).abs() <= SAME_RATE
}

/// Seconds gathered into points of equal length.
fn points<S>(
    seconds: &[&S],
    at: impl Fn(&S) -> u64,
    value: impl Fn(&[&S]) -> Option<f64>,
) -> Vec<(f64, f64)> {
    let length = seconds.len().div_ceil(MOST_POINTS).max(1);
    seconds
        .chunks(length)
        .filter_map(|chunk| {
            let middle = f64::midpoint(at(chunk[0]) as f64, at(chunk[chunk.len() - 1]) as f64);
            value(chunk).map(|value| (middle + 0.5, value))
        })
        .collect()
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn trend(
    what: Figure,
    phase: &str,
    (from_s, to_s): (f64, f64),
    points: Vec<(f64, f64)>,
) -> Option<Trend> {
    let (slope, low, high) = theil_sen(&points)?;
    let centre = f64::midpoint(from_s, to_s);
    let middle = median(points.iter().map(|(at, value)| value - slope * (at - centre)).collect())?;
    Some(Trend {
        what,
        phase: phase.to_owned(),
        from_s,
        to_s,
        per_hour: slope * HOUR,
        low: low * HOUR,
        high: high * HOUR,
        middle,
        points,
    })
}

/// The median of the slopes between all pairs, and the ends of its interval of 95 %.
fn theil_sen(points: &[(f64, f64)]) -> Option<(f64, f64, f64)> {
    let n = points.len();
    if n < LEAST_POINTS {
        return None;
    }
    let mut slopes: Vec<f64> = Vec::with_capacity(n * (n - 1) / 2);
    for (index, (x0, y0)) in points.iter().enumerate() {
        let later = points[index + 1..].iter().filter(|(x1, _)| x1 > x0);
        slopes.extend(later.map(|(x1, y1)| (y1 - y0) / (x1 - x0)));
    }
    slopes.sort_by(f64::total_cmp);
    let slope = median(slopes.clone())?;
    let pairs = slopes.len() as f64;
    let n = n as f64;
    // Kendall's statistic has this variance without a trend; 1.96 of its roots hold 95 %.
    let reach = 1.96 * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    let last = slopes.len() - 1;
    let place = |rank: f64| (rank.max(0.0) as usize).min(last);
    let low = slopes[place(f64::midpoint(pairs, -reach).floor() - 1.0)];
    let high = slopes[place(f64::midpoint(pairs, reach).ceil())];
    Some((slope, low, high))
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _even => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points on a line, moved up and down by a fixed pattern.
    fn noisy(slope: f64, noise: f64) -> Vec<(f64, f64)> {
        (0..100u32)
            .map(|step| {
                let at = f64::from(step);
                let jitter = f64::from(step * 7_919 % 101) / 101.0 - 0.5;
                (at, 5.0 + slope * at + noise * jitter)
            })
            .collect()
    }

    #[test]
    fn the_slope_of_a_line_is_found_whatever_a_few_points_do() {
        let mut points = noisy(0.25, 0.0);
        for outlier in [3, 40, 41, 77, 98] {
            points[outlier].1 = 1e6;
        }
        let (slope, low, high) = theil_sen(&points).unwrap();
        assert!((slope - 0.25).abs() < 1e-9, "{slope}");
        assert!(low <= slope && slope <= high, "{low} {high}");
    }

    #[test]
    fn the_interval_holds_the_slope_and_zero_only_when_there_is_no_trend() {
        let (slope, low, high) = theil_sen(&noisy(0.02, 1.0)).unwrap();
        assert!(low > 0.0 && low < 0.02 && high > 0.02, "{low} {slope} {high}");
        let (_, low, high) = theil_sen(&noisy(0.0, 1.0)).unwrap();
        assert!(low < 0.0 && high > 0.0, "{low} {high}");
        let falling = theil_sen(&noisy(-0.02, 1.0)).unwrap();
        assert!(falling.2 < 0.0, "{falling:?}");
    }

    #[test]
    fn too_few_points_have_no_slope() {
        assert_eq!(theil_sen(&noisy(1.0, 0.0)[..LEAST_POINTS - 1]), None);
        assert_eq!(theil_sen(&[(1.0, 1.0); 20]), None, "points at one instant have none either");
    }
}
