//! The histograms of a load as an `HdrHistogram` interval log, which other tools read and plot.

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use record::{EventKind, Histogram, LoadWindow, Record};
use std::io;
use std::time::{Duration, SystemTime};

/// Name of the file inside a run's folder.
pub(crate) const NAME: &str = "intervals.hlog";

/// Times are kept in microseconds; the largest of an interval is written in milliseconds.
const TO_MILLIS: f64 = 1000.0;

/// The log of a record, in microseconds by intended start; `None` if it holds no load.
///
/// Tags are phase, operation, `honest` or `dishonest`, class of the answer and which time; `all` where
/// the record does not tell classes apart. A merged log of several runs or machines is the sum of
/// theirs, tag by tag.
pub(crate) fn write(record: &Record) -> Option<io::Result<Vec<u8>>> {
    let windows: Vec<&LoadWindow> = record
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::LoadWindow(window) => Some(&**window),
            _ => None,
        })
        .collect();
    (!windows.is_empty()).then(|| log(record, &windows))
}

fn log(record: &Record, windows: &[&LoadWindow]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut serializer = V2DeflateSerializer::new();
    let begun = start(record);
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[microseconds from the intended start; maxima in milliseconds]")
        .with_start_time(begun)
        .with_base_time(begun)
        .with_max_value_divisor(TO_MILLIS)
        .begin_log_with(&mut bytes, &mut serializer)?;
    for window in windows {
        let honest = if window.honest { "honest" } else { "dishonest" };
        let head = format!("{}/{}/{honest}", plain(&window.phase), window.operation);
        let mut classes: Vec<_> = window.class_times().collect();
        if classes.is_empty() {
            classes.push(("all", &window.response, &window.service));
        }
        let answers = classes.into_iter().flat_map(|(class, response, service)| {
            let tag = |which: &str| format!("{head}/{}/{which}", plain(class));
            [(tag("response"), response), (tag("service"), service)]
        });
        let lag = (format!("{head}/lag"), &window.lag);
        for (tag, times) in answers.chain([lag]).filter(|(_, times)| times.count() > 0) {
            let at = Duration::from_secs(window.second);
            log.write_histogram(&dense(times), at, Duration::from_secs(1), Tag::new(&tag))
                .map_err(|error| io::Error::other(format!("{error:?}")))?;
        }
    }
    Ok(bytes)
}

/// When the attack began: the run's start, and the time to the first event of the load.
fn start(record: &Record) -> SystemTime {
    let began = record.events.iter().find_map(|event| match &event.kind {
        EventKind::LoadStarted(_) => Some(event.at),
        _ => None,
    });
    let run = record.events.iter().find_map(|event| match &event.kind {
        EventKind::RunStarted(header) => header.started.parse::<jiff::Timestamp>().ok(),
        _ => None,
    });
    let run = run.map_or(0, |at| at.as_millisecond().unsigned_abs());
    SystemTime::UNIX_EPOCH
        + Duration::from_millis(run)
        + Duration::from_secs_f64(began.unwrap_or_default().clamp(0.0, 1e9))
}

/// Tags end at a comma, and lines at their end.
fn plain(phase: &str) -> String {
    phase.chars().map(|c| if c == ',' || c.is_whitespace() { '-' } else { c }).collect()
}

fn dense(times: &Histogram) -> hdrhistogram::Histogram<u64> {
    let mut dense = hdrhistogram::Histogram::new_with_bounds(1, 600_000_000, 3)
        .expect("the bounds are constants that fit");
    for (bound, count) in times.cells() {
        dense.saturating_record_n(bound, count);
    }
    dense
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use hdrhistogram::serialization::Deserializer;
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
    use record::{Event, Header, LoadStarted};

    fn record() -> Record {
        let mut response = Histogram::default();
        (1..=1_000).for_each(|micros| response.record(micros * 10));
        let window = LoadWindow {
            phase: "ramp, first".into(),
            second: 3,
            operation: "assert".into(),
            honest: false,
            offered: 1_000,
            sent: 1_000,
            dropped: 0,
            classes: [("right".to_owned(), 1_000)].into(),
            response,
            service: Histogram::default(),
            lag: Histogram::default(),
            by_class: std::collections::BTreeMap::default(),
        };
        let header = Header {
            schema: Header::SCHEMA,
            assay: String::new(),
            command: String::new(),
            seed: String::new(),
            started: "2026-11-28T10:00:00Z".into(),
            target: record::TargetInfo::default(),
            machine: record::Machine::default(),
        };
        let started = LoadStarted {
            phases: Vec::new(),
            mix: String::new(),
            arrivals: String::new(),
            users: 1,
            timeout_s: 1.0,
            promises: Vec::new(),
        };
        let kinds = [
            EventKind::RunStarted(header),
            EventKind::LoadStarted(started),
            EventKind::LoadWindow(Box::new(window)),
        ];
        let events = kinds.into_iter().map(|kind| Event { at: 0.5, kind }).collect();
        Record::from_events(events).unwrap()
    }

    #[test]
    fn another_reader_finds_every_interval_with_its_quantiles() {
        let bytes = write(&record()).unwrap().unwrap();
        let entries: Vec<_> =
            IntervalLogIterator::new(&bytes).map(|entry| entry.unwrap()).collect();
        let start = entries.iter().find_map(|entry| match entry {
            LogEntry::StartTime(at) => Some(at.as_secs_f64()),
            _ => None,
        });
        let begun: jiff::Timestamp = "2026-11-28T10:00:00.5Z".parse().unwrap();
        assert!((start.unwrap() - begun.as_millisecond() as f64 / 1e3).abs() < 0.01, "{start:?}");
        let intervals: Vec<_> = entries
            .iter()
            .filter_map(|entry| match entry {
                LogEntry::Interval(interval) => Some(interval),
                _ => None,
            })
            .collect();
        assert_eq!(intervals.len(), 1, "empty histograms are left out");
        let tag = intervals[0].tag().unwrap();
        assert_eq!(tag.as_str(), "ramp--first/assert/dishonest/right/response");
        assert_eq!(intervals[0].start_timestamp(), Duration::from_secs(3));
        let text = intervals[0].encoded_histogram();
        let packed = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let read: hdrhistogram::Histogram<u64> =
            Deserializer::new().deserialize(&mut packed.as_slice()).unwrap();
        assert_eq!(read.len(), 1_000);
        assert_eq!(read.value_at_quantile(0.5), 5_003);
    }

    #[test]
    fn a_record_without_load_has_no_log() {
        let mut record = record();
        record.events.truncate(1);
        assert!(write(&record).is_none());
    }
}
