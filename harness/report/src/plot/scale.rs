//! Axes: from a value to a share of the axis, and which values to label.

use crate::text::{micros, plain};

/// How an axis runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scale {
    /// Evenly, from the first to the second.
    Linear(f64, f64),
    /// By powers of ten, from the first to the second, both above zero.
    Log(f64, f64),
}

impl Scale {
    /// From zero to a round number at or above `most`.
    pub(super) fn from_zero(most: f64) -> Self {
        let step = step(most.max(1e-9), 4.0);
        Self::Linear(0.0, (most / step).ceil().max(1.0) * step)
    }

    /// A log axis of durations in µs that holds both, its ends at 1, 2 or 5 times a power of ten.
    pub(super) fn durations(least: u64, most: u64) -> Self {
        let (least, most) = (least.max(1) as f64, most.max(1) as f64);
        let below = ONE_TWO_FIVE.iter().rev().find(|mark| **mark <= least * 1.0001);
        let above = ONE_TWO_FIVE.iter().find(|mark| **mark >= most);
        let (from, to) = (*below.unwrap_or(&1.0), *above.unwrap_or(&1e12));
        if to / from >= 9.9 { Self::Log(from, to) } else { Self::Log(from, from * 10.0) }
    }

    /// Around both, its ends round: an axis that need not begin at zero.
    pub(super) fn around(least: f64, most: f64) -> Self {
        if least < most / 2.0 || most <= 0.0 {
            return Self::from_zero(most);
        }
        let room = ((most - least) * 0.25).max(most * 0.01);
        let step = step(most - least + 2.0 * room, 4.0);
        let from = ((least - room) / step).floor() * step;
        Self::Linear(from.max(0.0), ((most + room) / step).ceil() * step)
    }

    /// 0 at the first end, 1 at the other; held between them.
    pub(super) fn share(self, value: f64) -> f64 {
        let share = match self {
            Self::Linear(from, to) => (value - from) / (to - from),
            Self::Log(from, to) => (value.max(from) / from).ln() / (to / from).ln(),
        };
        share.clamp(0.0, 1.0)
    }

    /// The values to mark, with a label for each, of an axis in plain numbers.
    pub(super) fn ticks(self) -> Vec<(f64, String)> {
        let Self::Linear(from, to) = self else { return self.durations_ticks() };
        let step = step(to - from, 6.0);
        let first = (from / step).ceil() as i64;
        let last = ((to / step) * 1.000_001).floor() as i64;
        // As many decimals as tell neighbours apart.
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let label = |value: f64| match decimals {
            0 => plain(value),
            _some if value.abs() < step / 2.0 => "0".to_owned(),
            decimals => format!("{value:.decimals$}"),
        };
        (first..=last).map(|n| n as f64 * step).map(|value| (value, label(value))).collect()
    }

    /// As [`Self::ticks`], at most four or so: for small fields.
    pub(super) fn few_ticks(self) -> Vec<(f64, String)> {
        let all = self.ticks();
        let every = all.len().div_ceil(4).max(1);
        all.into_iter().step_by(every).collect()
    }

    /// Powers of ten; 2 and 5 times them too when there would be too few.
    fn durations_ticks(self) -> Vec<(f64, String)> {
        let (Self::Log(from, to) | Self::Linear(from, to)) = self;
        let inside = |mark: &f64| *mark >= from * 0.999 && *mark <= to * 1.001;
        let tens = |mark: &f64| (mark.log10() - mark.log10().round()).abs() < 1e-9;
        let crowded = (to / from).log10() > 2.2;
        ONE_TWO_FIVE
            .into_iter()
            .filter(inside)
            .filter(|mark| !crowded || tens(mark))
            .map(|mark| (mark, label(mark)))
            .collect()
    }
}

/// `1 ms`, not `1.00 ms`: marks are round.
fn label(us: f64) -> String {
    match us as u64 {
        0..1_000 => micros(us as u64),
        1_000..1_000_000 => format!("{} ms", plain(us / 1e3)),
        _ => format!("{} s", plain(us / 1e6)),
    }
}

/// A step of 1, 2 or 5 times a power of ten that divides `span` into at most about `parts`.
fn step(span: f64, parts: f64) -> f64 {
    let rough = span / parts;
    let power = 10f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= rough * 0.999);
    factor.unwrap_or(10.0) * power
}

/// Round durations from 1 µs to 500,000 s, some six days.
const ONE_TWO_FIVE: [f64; 36] = [
    1.0, 2.0, 5.0, 1e1, 2e1, 5e1, 1e2, 2e2, 5e2, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6,
    2e6, 5e6, 1e7, 2e7, 5e7, 1e8, 2e8, 5e8, 1e9, 2e9, 5e9, 1e10, 2e10, 5e10, 1e11, 2e11, 5e11,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_axis_ends_on_a_round_number_and_labels_it() {
        assert_eq!(Scale::from_zero(803.0), Scale::Linear(0.0, 1000.0));
        let labels: Vec<String> =
            Scale::from_zero(803.0).ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["0", "200", "400", "600", "800", "1,000"]);
        let small: Vec<String> =
            Scale::Linear(0.064, 0.072).ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(small, ["0.064", "0.066", "0.068", "0.070", "0.072"]);
        assert_eq!(Scale::from_zero(0.0).ticks().first().map(|tick| tick.0), Some(0.0));
    }

    #[test]
    fn a_log_axis_holds_what_it_is_given() {
        let scale = Scale::durations(130, 42_000);
        assert_eq!(scale, Scale::Log(100.0, 50_000.0));
        let labels: Vec<String> = scale.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, ["100 µs", "1 ms", "10 ms"]);
        assert!(
            (scale.share(100.0) - 0.0).abs() < 1e-9 && (scale.share(50_000.0) - 1.0).abs() < 1e-9
        );
        assert_eq!(Scale::durations(0, 0), Scale::Log(1.0, 10.0));
    }
}
