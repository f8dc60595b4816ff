//! Latency histograms in microseconds: three significant digits, 1 µs to 10 minutes.

use base64::{Engine, engine::general_purpose::STANDARD};
use hdrhistogram::serialization::{
    Deserializer as HdrReader, Serializer as _, V2DeflateSerializer,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _, ser::Error as _};

/// A mergeable histogram of durations in whole microseconds.
///
/// Written as base64 of the compressed V2 interchange format, which other HDR tools read.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram(hdrhistogram::Histogram<u64>);

/// Ten minutes; whatever is longer is counted as this.
const LONGEST_US: u64 = 600_000_000;

impl Default for Histogram {
    fn default() -> Self {
        Self(
            hdrhistogram::Histogram::new_with_bounds(1, LONGEST_US, 3)
                .expect("the bounds are constants that fit"),
        )
    }
}

impl Histogram {
    /// Counts one duration of `micros` µs, held to the range 1 µs to 10 min.
    pub fn record(&mut self, micros: u64) {
        self.0.saturating_record(micros.clamp(1, LONGEST_US));
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: &Self) {
        self.0.add(&other.0).expect("all histograms share their bounds");
    }

    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.0.len()
    }

    /// Microseconds below which the given share (0–1) lies; 0 if empty.
    pub fn quantile(&self, share: f64) -> u64 {
        if self.0.is_empty() { 0 } else { self.0.value_at_quantile(share) }
    }

    /// Mean in microseconds; 0 if empty.
    pub fn mean(&self) -> f64 {
        self.0.mean()
    }

    /// The longest in microseconds; 0 if empty.
    pub fn max(&self) -> u64 {
        self.0.max()
    }

    /// Pairs of (upper bound in µs, count) of the cells that hold something, ascending.
    pub fn cells(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter_recorded().map(|cell| (cell.value_iterated_to(), cell.count_at_value()))
    }
}

impl Serialize for Histogram {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(&self.0, &mut bytes)
            .map_err(|error| S::Error::custom(format!("{error:?}")))?;
        serializer.serialize_str(&STANDARD.encode(bytes))
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
        let read = HdrReader::new()
            .deserialize(&mut bytes.as_slice())
            .map_err(|error| D::Error::custom(format!("no HDR histogram: {error:?}")))?;
        // Into our own bounds, so that `add` cannot fail whatever the file held.
        let mut own = Self::default();
        for cell in hdrhistogram::Histogram::<u64>::iter_recorded(&read) {
            own.0.saturating_record_n(
                cell.value_iterated_to().clamp(1, LONGEST_US),
                cell.count_at_value(),
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
