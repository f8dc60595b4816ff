//! Where the events of a run go: the record on disk, and the console.

use crate::console::Console;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::metrics::Metrics;
use judge::known::Known;
use record::{Event, EventKind, JsonLines, Record, Sink};
use runners::load::profile::slo::{Held, Standing};
use std::path::Path;
use std::time::Instant;

/// Stamps each event with the time since the run started and passes it on.
#[derive(Debug)]
pub(crate) struct Recorder {
    started: Instant,
    file: JsonLines,
    console: Console,
    metrics: Option<Metrics>,
    promise: Option<Held>,
}

impl Recorder {
    /// A recorder that writes to `path`; the run starts now.
    pub(crate) fn create(path: &Path, console: Console) -> Result<Self, Failed> {
        let file = JsonLines::create(path).map_err(|error| Failed::usage(chain(&error)))?;
        Ok(Self { started: Instant::now(), file, console, metrics: None, promise: None })
    }

    /// Also tells whoever scrapes these figures.
    pub(crate) fn tell(&mut self, metrics: Metrics) {
        self.metrics = Some(metrics);
    }

    /// Tells the console which failures of that target are known.
    pub(crate) fn expect(&mut self, known: &Known, target: &str) {
        self.console.expect(known, target);
    }

    /// Holds the load from here on to a service level.
    pub(crate) fn promise(&mut self, promise: Held) {
        self.promise = Some(promise);
    }

    /// Whether the service level was kept, if one was promised.
    pub(crate) fn kept(&self) -> Result<(), Failed> {
        let Standing { missed, undecided } =
            self.promise.as_ref().map(Held::standing).unwrap_or_default();
        let (code, words, why) = match (missed.as_slice(), undecided.as_slice()) {
            ([], []) => return Ok(()),
            ([], undecided) => (ExitCode::Inconclusive, "is undecided", undecided),
            (missed, _) => (ExitCode::ServiceLevel, "was missed", missed),
        };
        Err(Failed::new(code, format_args!("the service level {words}: {}", why.join("; "))))
    }

    /// Records something that happens now.
    pub(crate) fn record(&mut self, kind: EventKind) {
        self.emit(&Event { at: 0.0, kind });
    }

    /// Ends the record; tells of the first line that could not be written.
    pub(crate) fn close(self) -> Result<(), Failed> {
        self.file.close().map_err(|error| Failed::usage(chain(&error)))
    }
}

/// Writes a whole record.
pub(crate) fn write(path: &Path, record: &Record) -> Result<(), Failed> {
    let mut file = JsonLines::create(path).map_err(|error| Failed::usage(chain(&error)))?;
    record.events.iter().for_each(|event| file.emit(event));
    file.close().map_err(|error| Failed::usage(chain(&error)))
}

impl Sink for Recorder {
    /// Runners keep clocks of their own; the run has one.
    fn emit(&mut self, event: &Event) {
        let at = (self.started.elapsed().as_secs_f64() * 1e6).round() / 1e6;
        let mut event = Event { at, kind: event.kind.clone() };
        // Runners only measure; what was promised is known here.
        if let (EventKind::LoadStarted(started), Some(promise)) = (&mut event.kind, &self.promise) {
            started.promises = promise.promises();
        }
        self.file.emit(&event);
        self.console.emit(&event);
        if let Some(metrics) = &self.metrics {
            metrics.take(&event.kind);
        }
        if let (EventKind::LoadWindow(window), Some(promise)) = (&event.kind, &mut self.promise) {
            promise.add(window);
        }
    }
}
