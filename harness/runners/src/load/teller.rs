//! What whoever watches a load tells of it, be it an attack or journeys: its seconds, answers worth
//! showing, the audit, and how it went.

use super::audit::Audit;
use super::generator::{Second, Vitals};
use super::incident::Incident;
use super::oracle::Class;
use super::run::{LoadReport, Progress, Setting};
use super::validity::{self, Surroundings, Tallied, Validity};
use crate::StopFlag;
use record::{Event, EventKind, LoadFinished, LoadWindow, Sink, WrongAnswer};
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

/// Folds what every load has into events and a report.
pub(super) struct Teller<'a> {
    setting: &'a Setting,
    sink: &'a mut dyn Sink,
    stop: &'a StopFlag,
    progress: &'a mut dyn FnMut(&Progress),
    /// What is known of the machine and of the way to the target.
    around: Surroundings,
    noted: BTreeSet<Class>,
    pub(super) validity: Validity,
    pub(super) vitals: Vitals,
    pub(super) report: LoadReport,
}

impl<'a> Teller<'a> {
    pub(super) fn new(
        setting: &'a Setting,
        sink: &'a mut dyn Sink,
        stop: &'a StopFlag,
        progress: &'a mut dyn FnMut(&Progress),
        validity: Validity,
        vitals: Vitals,
        around: Surroundings,
    ) -> Self {
        let (noted, report) = (BTreeSet::new(), LoadReport::default());
        Self { setting, sink, stop, progress, around, noted, validity, vitals, report }
    }

    /// Whether the load is to end early.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Ends the load early.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Tells how far it is.
    pub(super) fn progress(&mut self, progress: &Progress) {
        (self.progress)(progress);
    }

    pub(super) fn emit(&mut self, kind: EventKind) {
        let at = self.setting.began.elapsed().as_secs_f64();
        self.sink.emit(&Event { at, kind });
    }

    /// Shows the answer to an arrival: a wrong one as such, one that is none once, as a note.
    pub(super) fn show(&mut self, arrival: u64, incident: Incident) {
        let Incident { class, operation, what, status } = incident;
        if class.is_wrong() {
            self.emit(EventKind::WrongAnswer(WrongAnswer {
                arrival,
                operation: operation.as_str().to_owned(),
                class: class.as_str().to_owned(),
                what,
                status,
                repeat: self.setting.repeat.clone(),
            }));
        } else if self.noted.insert(class) {
            let text = format!("the first {class} under load, arrival {arrival}: {what}");
            self.emit(EventKind::Note { text });
        }
    }

    /// Tells of the generator's seconds that are over.
    pub(super) fn seconds(&mut self, over: &[Second]) {
        let Some((strain, events)) = self.vitals.tell(over) else { return };
        for second in over {
            self.validity.add_second(second, &strain);
        }
        for event in events {
            self.emit(event);
        }
    }

    /// Tells of windows that nothing is added to any more.
    pub(super) fn windows(&mut self, closed: Vec<LoadWindow>) {
        for window in closed {
            self.validity.add(&window);
            self.report.sent += window.sent;
            self.report.dropped += window.dropped;
            for (class, n) in &window.classes {
                *self.report.classes.entry(class.clone()).or_default() += n;
            }
            self.emit(EventKind::LoadWindow(Box::new(window)));
        }
    }

    /// Tells what the audit found, if there was one, after so many arrivals.
    pub(super) fn audit(&mut self, audit: Option<Audit>, arrivals: u64) {
        let text = match audit {
            Some(mut audit) => {
                self.report.take(&audit);
                for incident in std::mem::take(&mut audit.incidents) {
                    self.show(arrivals, incident);
                }
                audit.words()
            }
            None => "audit: none, since the load was ended early".to_owned(),
        };
        self.emit(EventKind::Note { text });
    }

    /// Tells how it went: what is to be noted, and whether all there was to do was done.
    pub(super) fn finish(
        &mut self,
        goose: &str,
        tallied: &Tallied,
        notes: impl IntoIterator<Item = String>,
        complete: bool,
    ) -> LoadReport {
        let checks = self.validity.checks(tallied, &self.around);
        let server = self.vitals.of_server(self.report.sent);
        let generator = self.vitals.computed();
        let notes =
            notes.into_iter().chain([self.report.sureness()]).chain(generator).chain(server);
        for text in notes.chain(validity::remarks(&checks)) {
            self.emit(EventKind::Note { text });
        }
        let mut report = std::mem::take(&mut self.report);
        report.complete = complete;
        report.invalid = validity::breaches(&checks);
        report.undecided = [Class::Error, Class::Timeout, Class::Crash, Class::Unreachable]
            .iter()
            .filter_map(|class| report.classes.get(class.as_str()))
            .sum();
        self.emit(EventKind::LoadFinished(LoadFinished {
            complete,
            invalid: report.invalid.clone(),
            goose: goose.to_owned(),
            checks,
            interrupted: self.is_stopped(),
            probes: report.probes,
            false_accepts: report.false_accepts,
            audited: report.audited,
        }));
        report
    }
}
