//! Latency histograms in microseconds: three significant digits, 1 µs to 10 minutes.

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{
    Deserializer as HdrReader, Serializer as _, V2DeflateSerializer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};
use std::collections::BTreeMap;

/// A mergeable histogram of durations in whole microseconds.
///
/// Written as base64 of the compressed V2 interchange format, which other HDR tools read. In memory
/// it holds only the cells that hold something: a record keeps three for each operation and second,
/// and a dense one of this range takes 170 KiB whatever it holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Histogram {
    /// Counts by the upper bound of their cell; none is zero.
    cells: BTreeMap<u64, u64>,
    total: u64,
}

/// Ten minutes; whatever is longer is counted as this.
const LONGEST_US: u64 = 600_000_000;
/// Durations below are cells of their own; above, cells double with the power of two.
const FINEST: u64 = 2048;

impl Histogram {
    /// Counts one duration of `micros` µs, held to the range 1 µs to 10 min.
    pub fn record(&mut self, micros: u64) {
        self.count_cell(micros, 1);
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        for (bound, n) in &other.cells {
            *self.cells.entry(*bound).or_default() += n;
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// Microseconds below which the given share (0–1) lies; 0 if empty.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = ((share.clamp(0.0, 1.0) * self.total as f64).ceil() as u64).max(1);
        let mut seen = 0;
        let reached = self.cells.iter().find(|(_, n)| {
            seen += **n;
            seen >= wanted
        });
        match reached {
            None => 0,
            Some((bound, _)) if share <= 0.0 => bound + 1 - width(*bound),
            Some((bound, _)) => *bound,
        }
    }

    /// Mean in microseconds, each duration taken as the middle of its cell; 0 if empty.
    pub fn mean(&self) -> f64 {
        let middle = |bound: u64| (bound + 1 - width(bound) + width(bound) / 2) as f64;
        let sum: f64 = self.cells.iter().map(|(bound, n)| middle(*bound) * *n as f64).sum();
        if self.total == 0 { 0.0 } else { sum / self.total as f64 }
    }

    /// The longest in microseconds; 0 if empty.
    pub fn max(&self) -> u64 {
        self.cells.last_key_value().map_or(0, |(bound, _)| *bound)
    }

    /// Pairs of (upper bound in µs, count) of the cells that hold something, ascending.
    pub fn cells(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.cells.iter().map(|(bound, n)| (*bound, *n))
    }

    fn count_cell(&mut self, micros: u64, n: u64) {
        let micros = micros.clamp(1, LONGEST_US);
        let width = width(micros);
        let bound = micros / width * width + width - 1;
        *self.cells.entry(bound).or_default() += n;
        self.total = self.total.saturating_add(n);
    }
}

/// Width of the cell that holds a duration: three significant digits in the layout of HDR.
fn width(micros: u64) -> u64 {
    1 << (micros | (FINEST - 1)).ilog2().saturating_sub(FINEST.ilog2() - 1)
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        let mut dense = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LONGEST_US, 3)
            .expect("the bounds are constants that fit");
        for (bound, n) in self.cells() {
            dense.saturating_record_n(bound, n);
        }
        V2DeflateSerializer::new()
            .serialize(&dense, &mut bytes)
            .map_err(|error| S::Error::custom(format!("{error:?}")))?;
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let read: hdrhistogram::Histogram<u64> = HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| D::Error::custom(format!("no HDR histogram: {error:?}")))?;
        let mut own = Self::default();
        for cell in read.iter_recorded() {
            // A foreign file may hold counts that no run reaches; sums must not overflow.
            own.count_cell(
                cell.value_iterated_to(),
                cell.count_at_value().min(u64::from(u32::MAX)),
            );
        }
        Ok(own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_survives_the_record_with_its_quantiles() {
        let mut histogram = Histogram::default();
        (1..=10_000u64).for_each(|micros| histogram.record(micros * 7));
        let text = serde_json::to_string(&histogram).unwrap();
        let read: Histogram = serde_json::from_str(&text).unwrap();
        assert_eq!(read.count(), 10_000);
        for share in [0.0, 0.5, 0.99, 0.999, 1.0] {
            assert_eq!(read.quantile(share), histogram.quantile(share), "at {share}");
        }
    }

    #[test]
    fn cells_and_quantiles_are_those_of_hdr() {
        let mut own = Histogram::default();
        let mut other = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LONGEST_US, 3).unwrap();
        let mut value = 1u64;
        for step in 0..4_000u64 {
            value = ((value * 6_364_136_223 + step) % LONGEST_US) >> (step % 29);
            own.record(value);
            other.record(value.max(1)).unwrap();
        }
        let cells: Vec<(u64, u64)> = other
            .iter_recorded()
            .map(|cell| (cell.value_iterated_to(), cell.count_at_value()))
            .collect();
        assert_eq!(own.cells().collect::<Vec<_>>(), cells);
        for step in 0..=1_000 {
            let share = f64::from(step) / 1_000.0;
            assert_eq!(own.quantile(share), other.value_at_quantile(share), "at {share}");
        }
        assert!((own.mean() / other.mean() - 1.0).abs() < 1e-9);
        assert_eq!(own.max(), other.max());
    }

    #[test]
    fn sums_are_those_of_their_parts() {
        let (mut left, mut right, mut both) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        for value in [1, 2_047, 2_048, 70_000, 70_001] {
            left.record(value);
            both.record(value);
        }
        for value in [70_000, 599_999_999] {
            right.record(value);
            both.record(value);
        }
        left.add(&right);
        assert_eq!(left, both);
    }

    #[test]
    fn durations_beyond_the_range_are_counted_at_its_ends() {
        let mut histogram = Histogram::default();
        histogram.record(0);
        histogram.record(u64::MAX);
        assert_eq!(histogram.count(), 2);
        assert!(histogram.max() >= LONGEST_US);
    }

    #[test]
    fn garbage_is_an_error_and_no_panic() {
        for text in ["\"\"", "\"AAAA\"", "\"not base64!\"", "7"] {
            assert!(serde_json::from_str::<Histogram>(text).is_err(), "{text}");
        }
    }
}
