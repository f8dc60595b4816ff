//! How the arrivals of a phase lie in time: its rate, from the beginning to the end.

use super::normal;
use std::sync::Arc;
use std::time::Duration;
use targets::Operation;

/// The course of a phase.
#[derive(Debug, Clone, PartialEq)]
pub enum Course {
    /// Straight lines, one after the other.
    Lines(Vec<Line>),
    /// Two rates in turn, each for a random while.
    Burst(Burst),
    /// A crowd that comes once.
    Herd(Herd),
    /// What was recorded.
    Trace(Trace),
}

/// A rate that changes evenly, or not at all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Arrivals a second at its beginning.
    pub from: f64,
    /// Arrivals a second at its end.
    pub to: f64,
    /// How long it lasts.
    pub length: Duration,
}

/// A Poisson process with two rates, each held for an exponential while: a Markov-modulated
/// Poisson process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// Arrivals a second while it is quiet, as it is at first.
    pub quiet: f64,
    /// Arrivals a second while it is busy.
    pub busy: f64,
    /// How long it is quiet on average.
    pub quiet_for: Duration,
    /// How long it is busy on average.
    pub busy_for: Duration,
    /// How long all of it lasts.
    pub length: Duration,
}

/// Devices that each come once, at a lognormal time after the beginning. All of them come within
/// the length: what would come later is spread over it in the same shape.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Herd {
    /// How many come.
    pub devices: u64,
    /// When half of them have come.
    pub p50: Duration,
    /// When 95 % of them have come.
    pub p95: Duration,
    /// How long the phase lasts.
    pub length: Duration,
}

/// Arrivals that were recorded, at another speed if need be.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The arrivals, in the order of time.
    pub rows: Arc<[Row]>,
    /// How many devices they come from.
    pub devices: usize,
    /// How many seconds of the record are played in one.
    pub speed: f64,
}

/// One arrival of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Nanoseconds from the beginning of the trace.
    pub nanos: u64,
    /// What it does.
    pub operation: Operation,
}

impl Line {
    /// Arrivals of the whole line.
    pub fn area(&self) -> f64 {
        f64::midpoint(self.from, self.to) * self.length.as_secs_f64()
    }
}

impl Burst {
    /// Arrivals a second in the long run.
    pub fn mean(&self) -> f64 {
        let (quiet, busy) = (self.quiet_for.as_secs_f64(), self.busy_for.as_secs_f64());
        self.quiet.mul_add(quiet, self.busy * busy) / (quiet + busy)
    }
}

impl Herd {
    /// Scale and spread of the logarithm of the time in seconds.
    pub(super) fn law(&self) -> (f64, f64) {
        let (p50, p95) = (self.p50.as_secs_f64().ln(), self.p95.as_secs_f64().ln());
        (p50, (p95 - p50) / normal::quantile(0.95))
    }

    /// Share of an unbounded herd that comes within the length.
    pub(super) fn within(&self) -> f64 {
        let (scale, spread) = self.law();
        normal::below((self.length.as_secs_f64().ln() - scale) / spread)
    }

    fn rate_at(&self, seconds: f64) -> f64 {
        if seconds <= 0.0 {
            return 0.0;
        }
        let (scale, spread) = self.law();
        let z = (seconds.ln() - scale) / spread;
        self.devices as f64 * normal::density(z) / (spread * seconds * self.within())
    }

    /// When most come: the mode of the law, or the end if that comes first.
    fn peak(&self) -> f64 {
        let (scale, spread) = self.law();
        (-spread).mul_add(spread, scale).exp().min(self.length.as_secs_f64())
    }
}

impl Trace {
    /// When a row is due, in nanoseconds from the beginning of the phase.
    pub(super) fn due(&self, row: Row) -> u64 {
        (row.nanos as f64 / self.speed) as u64
    }

    /// Most arrivals of an operation in any second.
    fn busiest(&self, operation: Operation) -> usize {
        let of = |row: &&Row| row.operation == operation;
        let due: Vec<u64> = self.rows.iter().filter(of).map(|row| self.due(*row)).collect();
        let within = |(index, at): (usize, &u64)| {
            index + 1 - due.partition_point(|before| before + SECOND <= *at)
        };
        due.iter().enumerate().map(within).max().unwrap_or_default()
    }

    /// Most arrivals in any second, and in the second around an instant.
    fn rates(&self) -> impl Iterator<Item = (u64, usize)> {
        let mut first = 0;
        self.rows.iter().enumerate().map(move |(index, row)| {
            let due = self.due(*row);
            while self.due(self.rows[first]) + SECOND <= due {
                first += 1;
            }
            (due, index + 1 - first)
        })
    }
}

const SECOND: u64 = 1_000_000_000;
/// From the last arrival of a trace to the end of its phase.
const ECHO: Duration = Duration::from_millis(1);

impl Course {
    /// One rate.
    pub fn even(rate: f64, length: Duration) -> Self {
        Self::Lines(vec![Line { from: rate, to: rate, length }])
    }

    /// How long it lasts.
    pub fn length(&self) -> Duration {
        match self {
            Self::Lines(lines) => lines.iter().map(|line| line.length).sum(),
            Self::Burst(burst) => burst.length,
            Self::Herd(herd) => herd.length,
            Self::Trace(trace) => {
                let last = trace.rows.last().map_or(0, |row| trace.due(*row));
                Duration::from_nanos(last) + ECHO
            }
        }
    }

    /// Arrivals to be expected.
    pub fn expected(&self) -> f64 {
        match self {
            Self::Lines(lines) => lines.iter().map(Line::area).sum(),
            Self::Burst(burst) => burst.mean() * burst.length.as_secs_f64(),
            Self::Herd(herd) => herd.devices as f64,
            Self::Trace(trace) => trace.rows.len() as f64,
        }
    }

    /// Arrivals a second on average.
    pub fn mean_rate(&self) -> f64 {
        let seconds = self.length().as_secs_f64();
        if seconds > 0.0 { self.expected() / seconds } else { 0.0 }
    }

    /// Most arrivals of an operation in any second, where they are known before: in production they
    /// come in bursts, whatever their share of the whole.
    pub fn busiest(&self, operation: Operation) -> usize {
        match self {
            Self::Trace(trace) => trace.busiest(operation),
            Self::Lines(_) | Self::Burst(_) | Self::Herd(_) => 0,
        }
    }

    /// The highest rate.
    pub fn highest_rate(&self) -> f64 {
        match self {
            Self::Lines(lines) => {
                lines.iter().flat_map(|line| [line.from, line.to]).fold(0.0, f64::max)
            }
            Self::Burst(burst) => burst.quiet.max(burst.busy),
            Self::Herd(herd) => herd.rate_at(herd.peak()),
            Self::Trace(trace) => {
                trace.rates().map(|(_, count)| count).max().unwrap_or_default() as f64
            }
        }
    }

    /// The rate at an instant of the phase, as far as it is known before: of bursts their mean.
    pub fn rate_at(&self, within: Duration) -> f64 {
        match self {
            Self::Lines(lines) => {
                let mut left = within;
                for line in lines {
                    if left < line.length {
                        let share = left.as_secs_f64() / line.length.as_secs_f64();
                        return (line.to - line.from).mul_add(share, line.from);
                    }
                    left -= line.length;
                }
                lines.last().map_or(0.0, |line| line.to)
            }
            Self::Burst(burst) => burst.mean(),
            Self::Herd(herd) => herd.rate_at(within.as_secs_f64()),
            Self::Trace(trace) => {
                let nanos = within.as_nanos() as u64;
                let until = trace.rows.partition_point(|row| trace.due(*row) <= nanos);
                let from = nanos.saturating_sub(SECOND);
                let after = trace.rows.partition_point(|row| trace.due(*row) <= from);
                let after = if nanos < SECOND { 0 } else { after };
                (until - after) as f64
            }
        }
    }

    /// The share of the arrivals that is due before an instant of the phase; `None` if the plan does
    /// not know: bursts come by chance, and a trace has no law.
    pub(super) fn share_before(&self, within: Duration) -> Option<f64> {
        match self {
            Self::Lines(lines) => {
                let mut left = within;
                let mut before = 0.0;
                for line in lines {
                    if left < line.length {
                        let (part, whole) = (left.as_secs_f64(), line.length.as_secs_f64());
                        let rate = (line.to - line.from).mul_add(part / whole, line.from);
                        before += f64::midpoint(line.from, rate) * part;
                        break;
                    }
                    before += line.area();
                    left -= line.length;
                }
                Some(before / self.expected())
            }
            Self::Herd(herd) => {
                let (scale, spread) = herd.law();
                let seconds = within.as_secs_f64();
                let below = || normal::below((seconds.ln() - scale) / spread) / herd.within();
                Some(if seconds > 0.0 { below() } else { 0.0 })
            }
            Self::Burst(_) | Self::Trace(_) => None,
        }
    }

    /// The same with every rate `rate` times as high and everything `time` times as long; how long
    /// bursts are does not change. A trace is what it is.
    #[must_use]
    pub fn scaled(&self, rate: f64, time: f64) -> Self {
        let longer = |length: Duration| {
            Duration::try_from_secs_f64(length.as_secs_f64() * time).unwrap_or(Duration::MAX)
        };
        match self {
            Self::Lines(lines) => Self::Lines(
                lines
                    .iter()
                    .map(|line| Line {
                        from: line.from * rate,
                        to: line.to * rate,
                        length: longer(line.length),
                    })
                    .collect(),
            ),
            Self::Burst(burst) => Self::Burst(Burst {
                quiet: burst.quiet * rate,
                busy: burst.busy * rate,
                length: longer(burst.length),
                ..*burst
            }),
            Self::Herd(herd) => Self::Herd(Herd {
                devices: (herd.devices as f64 * rate * time).round() as u64,
                p50: longer(herd.p50),
                p95: longer(herd.p95),
                length: longer(herd.length),
            }),
            Self::Trace(trace) => Self::Trace(trace.clone()),
        }
    }
}
