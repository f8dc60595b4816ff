//! `assay judge`: the verdicts of a recorded run, formed again from what was observed.

use super::{gate, known};
use crate::args::JudgeArgs;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::{self, RECORD};
use crate::github::Workflow;
use crate::output::print;
use crate::recorder;
use crate::session::day;
use jiff::Timestamp;
use judge::known::Known;
use judge::{Again, Changed};
use record::{Event, EventKind, Failure, Record, RunFinished, Verdict};
use report::Summary;

/// Judges a record again; the exit code is what the run would end with now.
pub(crate) fn judge(args: &JudgeArgs, now: Timestamp) -> Result<ExitCode, Failed> {
    let record = folder::read(&args.record)?;
    let again = judge::again(&record)
        .map_err(|error| Failed::usage(format_args!("{}: {error}", args.record.display())))?;
    // Another list is read as of today; the run's own as of its day, so that nothing changes by itself.
    let known = match known::read(args.known.as_deref(), args.folder.as_deref(), now)? {
        Some(known) => Some((known, day(now))),
        None => Known::of_record(&record),
    };
    let mut judged = again.record.clone();
    if let Some((known, today)) = known {
        let applied = known.apply(&judged, today).map_err(Failed::usage)?;
        // The end of a record stays its end.
        let at = judged.events.len() - usize::from(judged.finished.is_some());
        let when = judged.events.last().map_or(0.0, |event| event.at);
        let kind = EventKind::KnownFailures(Box::new(applied));
        judged.events.insert(at, Event { at: when, kind });
    }
    if let Some((gate, baseline)) = judge::gate::Gate::of_record(&record) {
        judged = gate::held(&gate::Asked { gate, baseline }, judged);
    }
    let summary = Summary::fold(&judged);
    let mut code = gate::code(&summary);
    if summary.completeness.interrupted {
        code = code.and(ExitCode::Interrupted);
    }
    again.changed.iter().for_each(|changed| print(&difference(changed)));
    print(&judged_in_words(&again));
    Workflow::of_environment().aside(|| print(&report::render::terminal(&summary)));
    if let Some(out) = &args.out {
        let folder = folder::create(Some(out), "", now)?;
        let path = folder.join(RECORD);
        recorder::write(&path, &ended(judged, code))?;
        let (page, _) = folder::render(&path, &folder)?;
        print(&format!("report: {}", page.display()));
    }
    Ok(code)
}

/// The record with the exit code that it comes to now.
fn ended(mut record: Record, code: ExitCode) -> Record {
    for event in &mut record.events {
        if let EventKind::RunFinished(RunFinished { exit_code, .. }) = &mut event.kind {
            *exit_code = code.number();
        }
    }
    record
}

fn difference(changed: &Changed) -> String {
    let why = changed.now.why();
    let why = if why.is_empty() { String::new() } else { format!(": {why}") };
    format!("{}: recorded {}, now {}{why}", changed.id, word(&changed.recorded), word(&changed.now))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Fail { failure, .. } => Failure::as_str(*failure),
        Verdict::Pass | Verdict::NotApplicable { .. } | Verdict::Inconclusive { .. } => {
            verdict.as_str()
        }
    }
}

fn judged_in_words(again: &Again) -> String {
    let same = if again.changed.is_empty() {
        "every verdict is the recorded one".to_owned()
    } else {
        format!("{} of the verdicts differ from the recorded ones", again.changed.len())
    };
    let unfinished = if again.unfinished.is_empty() {
        String::new()
    } else {
        format!("; without a recorded verdict: {}", again.unfinished.join(", "))
    };
    format!("{} cases judged again; {same}{unfinished}.", again.judged)
}
