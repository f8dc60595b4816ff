//! Gates: read for a run, and held against one that is over.

use crate::args::{GateArgs, Gated};
use crate::exit_code::{ExitCode, Failed};
use crate::folder::{self, RECORD};
use crate::output::print;
use crate::recorder;
use jiff::Timestamp;
use judge::gate::{Gate, baseline};
use record::{Baseline, BreachKind, Event, EventKind, Record, RunFinished};
use report::Summary;
use std::path::Path;

/// A gate, and the earlier run that it bears the failures of.
#[derive(Debug)]
pub(crate) struct Asked {
    /// What it demands.
    pub(crate) gate: Gate,
    /// The earlier run, if there is one.
    pub(crate) baseline: Option<Baseline>,
}

/// The gate that a command line asks for, if it asks for one.
pub(crate) fn read(gated: &Gated) -> Result<Option<Asked>, Failed> {
    let Gated { gate, baseline, strict } = gated;
    if gate.is_none() && baseline.is_none() && !strict {
        return Ok(None);
    }
    let mut asked = gate.as_deref().map(parse).transpose()?.unwrap_or_default();
    if *strict {
        asked.be_strict();
    }
    // The command line wins, as everywhere; a file names its record as seen from its own folder.
    let named = asked.baseline.as_ref().map(|name| {
        let folder = gate.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        folder.join(name)
    });
    let earlier = baseline.clone().or(named);
    let earlier = earlier.as_deref().map(earlier_run).transpose()?;
    Ok(Some(Asked { gate: asked, baseline: earlier }))
}

fn parse(file: &Path) -> Result<Gate, Failed> {
    let text = std::fs::read_to_string(file).map_err(|error| Failed::file("read", file, &error))?;
    let clauses = catalogue::clauses().map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let ids: Vec<&str> = clauses.iter().map(|clause| clause.id.as_str()).collect();
    Gate::parse(&text, &file.display().to_string(), &ids).map_err(Failed::usage)
}

fn earlier_run(path: &Path) -> Result<Baseline, Failed> {
    let record = folder::read(path)?;
    let played = record.events.iter().any(|event| matches!(event.kind, EventKind::CaseFinished(_)));
    if !played {
        return Err(Failed::usage(format_args!(
            "{} holds no case that was finished, and is no baseline",
            path.display()
        )));
    }
    Ok(baseline(&record, &path.display().to_string()))
}

/// A record with what the gate finds of it, before its end.
pub(crate) fn held(asked: &Asked, mut record: Record) -> Record {
    let held = asked.gate.hold(&record, asked.baseline.clone());
    record.events.retain(|event| !matches!(event.kind, EventKind::GateHeld(_)));
    // The end of a record stays its end.
    let at = record.events.len() - usize::from(record.finished.is_some());
    let when = record.events.last().map_or(0.0, |event| event.at);
    let kind = EventKind::GateHeld(Box::new(held));
    record.events.insert(at, Event { at: when, kind });
    record
}

/// The exit code that a run comes to: by its gate if it was held against one, else by its cases.
pub(crate) fn code(summary: &Summary) -> ExitCode {
    let Some(held) = &summary.gate else { return ExitCode::of(summary.standing) };
    let breaches = held.breaches.iter().map(|breach| match breach.kind {
        BreachKind::Failure => ExitCode::WrongVerdict,
        BreachKind::TooFewCases | BreachKind::TooManyNotApplicable => ExitCode::NothingRan,
        BreachKind::ClauseUntested | BreachKind::Undecided => ExitCode::Inconclusive,
    });
    breaches.fold(ExitCode::of(summary.standing_beside_gate()), ExitCode::and)
}

/// `assay gate`: holds a gate against a run that is over.
pub(crate) fn gate(args: &GateArgs, now: Timestamp) -> Result<ExitCode, Failed> {
    let asked = read(&args.gated)?.ok_or_else(|| {
        Failed::usage("no gate was named: give --gate FILE, --baseline RECORD or --strict")
    })?;
    let mut record = held(&asked, folder::read(&args.record)?);
    let summary = Summary::fold(&record);
    let mut code = code(&summary);
    if summary.completeness.interrupted {
        code = code.and(ExitCode::Interrupted);
    }
    if let Some(held) = &summary.gate {
        if args.json {
            let text = serde_json::to_string(held)
                .map_err(|error| Failed::new(ExitCode::Internal, error))?;
            print(&text);
        } else {
            print(&report::render::gate(held));
        }
    }
    if let Some(out) = &args.out {
        for event in &mut record.events {
            if let EventKind::RunFinished(RunFinished { exit_code, .. }) = &mut event.kind {
                *exit_code = code.number();
            }
        }
        let folder = folder::create(Some(out), "", now)?;
        let path = folder.join(RECORD);
        recorder::write(&path, &record)?;
        let (page, _) = folder::render(&path, &folder)?;
        if !args.json {
            print(&format!("report: {}", page.display()));
        }
    }
    Ok(code)
}
