//! Writing a record line by line, and reading whatever is left of one.

use crate::{Event, EventKind, Header, RunFinished};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

/// Takes the events of a run, in order.
pub trait Sink {
    /// Takes one event. A sink that cannot (disk full) keeps the error for the end of the run.
    fn emit(&mut self, event: &Event);
}

impl<S: Sink + ?Sized> Sink for &mut S {
    fn emit(&mut self, event: &Event) {
        (**self).emit(event);
    }
}

impl Sink for Vec<Event> {
    fn emit(&mut self, event: &Event) {
        self.push(event.clone());
    }
}

/// Why a record could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file could not be opened, read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        /// open, read or write.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line in the middle is no event.
    #[error("{}:{line}: not an event of a record", path.display())]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A newer version wrote it, with events that this one does not know.
    #[error("{} has schema {schema}, and this version reads up to {}: use a newer assay", path.display(), Header::SCHEMA)]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        schema: u32,
    },
    /// There is no line, or the first is not `run-started`.
    #[error("{} does not begin with a `run-started` event", path.display())]
    NoHeader {
        /// Which file.
        path: PathBuf,
    },
}

/// Writes events as JSON lines and flushes each, so that a killed run leaves what it had.
#[derive(Debug)]
pub struct JsonLines {
    path: PathBuf,
    file: File,
    error: Option<std::io::Error>,
}

impl JsonLines {
    /// Creates the file, or empties it.
    pub fn create(path: &Path) -> Result<Self, RecordError> {
        let file = File::create(path).map_err(|source| RecordError::File {
            action: "open",
            path: path.to_owned(),
            source,
        })?;
        Ok(Self { path: path.to_owned(), file, error: None })
    }

    /// Ends the record; tells of the first write that failed.
    pub fn close(self) -> Result<(), RecordError> {
        match self.error {
            None => Ok(()),
            Some(source) => Err(RecordError::File { action: "write", path: self.path, source }),
        }
    }
}

impl Sink for JsonLines {
    fn emit(&mut self, event: &Event) {
        if self.error.is_some() {
            return;
        }
        let mut line = serde_json::to_vec(event).expect("events have no maps with odd keys");
        line.push(b'\n');
        self.error = self.file.write_all(&line).err();
    }
}

/// A record as read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The first line.
    pub header: Header,
    /// All lines, the first and the last included.
    pub events: Vec<Event>,
    /// The last line, if the run reached its end.
    pub finished: Option<RunFinished>,
}

impl Record {
    /// Reads a record. A torn last line (a killed run) is left out; any other bad line is an error.
    pub fn read(path: &Path) -> Result<Self, RecordError> {
        let file_error =
            |action, source| RecordError::File { action, path: path.to_owned(), source };
        let file = File::open(path).map_err(|source| file_error("open", source))?;
        let mut events = Vec::new();
        let mut lines = BufReader::new(file).split(b'\n').enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let line = line.map_err(|source| file_error("read", source))?;
            if line.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            match serde_json::from_slice::<Event>(&line) {
                Ok(event) => events.push(event),
                Err(_) if lines.peek().is_none() => {}
                Err(source) => {
                    if let Some(schema) = newer(&events) {
                        return Err(RecordError::Newer { path: path.to_owned(), schema });
                    }
                    return Err(RecordError::Line {
                        path: path.to_owned(),
                        line: index + 1,
                        source,
                    });
                }
            }
        }
        if let Some(schema) = newer(&events) {
            return Err(RecordError::Newer { path: path.to_owned(), schema });
        }
        Self::from_events(events).ok_or_else(|| RecordError::NoHeader { path: path.to_owned() })
    }

    /// A record of events held in memory; `None` unless the first is `run-started`.
    pub fn from_events(events: Vec<Event>) -> Option<Self> {
        let EventKind::RunStarted(header) = &events.first()?.kind else { return None };
        let header = header.clone();
        let finished = events.iter().rev().find_map(|event| match &event.kind {
            EventKind::RunFinished(finished) => Some(finished.clone()),
            _ => None,
        });
        Some(Self { header, events, finished })
    }
}

/// The schema of a record that a newer version wrote.
fn newer(events: &[Event]) -> Option<u32> {
    match &events.first()?.kind {
        EventKind::RunStarted(header) => Some(header.schema).filter(|one| *one > Header::SCHEMA),
        _other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Machine, TargetInfo};

    fn header() -> Event {
        Event {
            at: 0.0,
            kind: EventKind::RunStarted(Header {
                schema: 1,
                assay: "0".into(),
                command: "assay check".into(),
                seed: "00".into(),
                started: "2026-11-23T00:00:00Z".into(),
                target: TargetInfo::default(),
                machine: Machine::default(),
            }),
        }
    }

    fn note(text: &str) -> Event {
        Event { at: 1.5, kind: EventKind::Note { text: text.into() } }
    }

    #[test]
    fn a_killed_run_leaves_a_readable_record_marked_incomplete() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        let mut sink = JsonLines::create(&path).unwrap();
        sink.emit(&header());
        sink.emit(&note("kept"));
        sink.close().unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        bytes.extend_from_slice(b"{\"at\":2.0,\"event\":\"no");
        std::fs::write(&path, bytes).unwrap();
        let record = Record::read(&path).unwrap();
        assert_eq!(record.events, vec![header(), note("kept")]);
        assert_eq!(record.finished, None);
    }

    #[test]
    fn a_bad_line_in_the_middle_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        let good = serde_json::to_string(&header()).unwrap();
        std::fs::write(&path, format!("{good}\nnonsense\n{good}\n")).unwrap();
        let error = Record::read(&path).unwrap_err();
        assert!(matches!(error, RecordError::Line { line: 2, .. }), "{error}");
    }

    #[test]
    fn a_record_of_a_newer_version_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        let line = serde_json::to_string(&header()).unwrap();
        let newer = line.replace("\"schema\":1", "\"schema\":99");
        for rest in ["", "{\"at\":1.0,\"event\":\"never-heard\"}\n\n"] {
            std::fs::write(&path, format!("{newer}\n{rest}")).unwrap();
            let error = Record::read(&path).unwrap_err();
            assert!(matches!(error, RecordError::Newer { schema: 99, .. }), "{error}");
        }
    }

    #[test]
    fn a_file_without_a_header_is_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(Record::read(&path), Err(RecordError::NoHeader { .. })));
    }
}
