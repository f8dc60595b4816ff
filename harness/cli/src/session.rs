//! One run from its first event to its report: folder, record, servers, exit code.

use crate::args::Target;
use crate::cmd::gate;
use crate::command_line::{command, repeat};
use crate::console::Console;
use crate::evidence;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::{self, RECORD};
use crate::github::Workflow;
use crate::interrupt::StopFlag;
use crate::machine;
use crate::output::print;
use crate::prepared::Prepared;
use crate::recorder::Recorder;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use judge::known::Known;
use protocol::terms::sha256;
use record::{Event, EventKind, Header, Record, RunFinished, TargetInfo};
use simulator::{Authority, Seed};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use targets::TargetFile;
use targets::file::Trust;

/// A run under way.
#[derive(Debug)]
pub(crate) struct Session {
    /// Seed of everything random in it.
    pub(crate) seed: Seed,
    /// The authority whose root the target trusts.
    pub(crate) authority: Authority,
    /// Where its events go.
    pub(crate) recorder: Recorder,
    /// Set when it should stop.
    pub(crate) stop: StopFlag,
    /// Tells the keys of this run from those of others with the same seed.
    pub(crate) number: u64,
    /// How the same run is started again, up to the selection of cases.
    pub(crate) repeat: String,
    /// The command line that repeats the run, seed included.
    pub(crate) command: String,
    /// Whether every request and answer is printed at the end: for a single case.
    pub(crate) tells_all: bool,
    /// What it comes to if no case was decided; much may have been sent all the same.
    pub(crate) empty: ExitCode,
    /// The seed as it was typed or chosen.
    pub(crate) seed_text: String,
    folder: PathBuf,
    authority_file: Option<PathBuf>,
    json: bool,
    started: Timestamp,
    header_written: bool,
}

impl Session {
    /// Makes the folder of the run and opens its record.
    pub(crate) fn begin(
        prepared: &Prepared,
        args: &Target,
        verb: &str,
        cases: usize,
        stop: &StopFlag,
        now: Timestamp,
    ) -> Result<Self, Failed> {
        let name = prepared.file.as_ref().map_or("reference", |file| &file.name);
        let folder = folder::create(args.out.as_deref(), name, now)?;
        let recorder = Recorder::create(&folder.join(RECORD), Console::new(cases, args.json))?;
        let seed = &prepared.seed_text;
        let number = args.session.unwrap_or_else(|| match prepared.file {
            None => 0,
            Some(_) => now.as_second().unsigned_abs(),
        });
        Ok(Self {
            number,
            seed: prepared.seed,
            authority: prepared.authority.clone(),
            recorder,
            stop: StopFlag::clone(stop),
            repeat: repeat(args, seed, number),
            tells_all: false,
            empty: ExitCode::NothingRan,
            seed_text: seed.clone(),
            folder,
            authority_file: args.authority.clone(),
            json: args.json,
            command: command(verb, seed, number),
            started: now,
            header_written: false,
        })
    }

    /// The folder of the run.
    pub(crate) fn folder(&self) -> &std::path::Path {
        &self.folder
    }

    /// Whether the run was asked to stop.
    pub(crate) fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Writes the first line of the record, which names the target.
    pub(crate) fn introduce(&mut self, file: &TargetFile) {
        let nodes = file.nodes.iter().map(|node| node.as_str().trim_end_matches('/').to_owned());
        let nodes = match &file.adapter {
            Some(adapter) => vec![adapter.words()],
            None => nodes.collect(),
        };
        let target = TargetInfo {
            name: file.name.clone(),
            nodes,
            app_id: file.app_id.to_string(),
            environment: file.environment.as_str().to_owned(),
            trust: runners::conformance::trust(file),
            policy: file.policy.facts(),
        };
        if self.header_written {
            let text = format!(
                "The load runs against a server of its own at {}, whose challenges live {}.",
                target.nodes.join(", "),
                target.policy.get("challenge_ttl").map_or("as long as it likes", String::as_str)
            );
            self.recorder.record(EventKind::Note { text });
            return;
        }
        self.header_written = true;
        self.recorder.record(EventKind::RunStarted(Header {
            schema: Header::SCHEMA,
            assay: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.clone(),
            seed: self.seed.to_hex(),
            started: whole_seconds(self.started),
            target,
            machine: machine::describe(),
        }));
        if file.trust != Trust::SwapRoot {
            let text = self.about_root(file.trust);
            self.recorder.record(EventKind::Note { text });
        }
    }

    /// Under which root a target is spoken to that trusts no test root, and what that leaves open.
    fn about_root(&self, trust: Trust) -> String {
        let print = hex::encode(sha256(&[self.authority.root_der()]));
        let (which, left) = match (&self.authority_file, trust) {
            (Some(file), _) => (format!("the test root of {}", file.display()), ""),
            (None, Trust::ExpectUntrusted) => (
                "a throw-away root of this run’s seed".to_owned(),
                " That finds a server which checks no root; whether your own test root was \
                 shipped is only found with the seed it was made from: --authority FILE.",
            ),
            (None, Trust::AppleRoot | Trust::SwapRoot) => {
                ("a throw-away root of this run’s seed".to_owned(), "")
            }
        };
        format!(
            "Trust mode {}: what is sent is made under {which} (SHA-256 {print}).{left}",
            trust.as_str()
        )
    }

    /// Holds what was played against the failures that are known; a record that names no target
    /// has nothing to hold.
    pub(crate) fn hold(&mut self, known: &Known) -> Result<(), Failed> {
        if self.header_written {
            let record = folder::read(&self.folder)?;
            let applied = known.apply(&record, day(self.started)).map_err(Failed::usage)?;
            self.recorder.record(EventKind::KnownFailures(Box::new(applied)));
        }
        Ok(())
    }

    /// Holds what was played against a gate, whatever else went wrong.
    pub(crate) fn hold_gate(&mut self, asked: &gate::Asked) -> Result<(), Failed> {
        if self.header_written {
            let record = folder::read(&self.folder)?;
            let held = asked.gate.hold(&record, asked.baseline.clone());
            self.recorder.record(EventKind::GateHeld(Box::new(held)));
        }
        Ok(())
    }

    /// Ends the record, renders the report, prints the verdict and where the report is.
    ///
    /// `failed` is what kept the run from its end, if anything did.
    pub(crate) fn finish(mut self, failed: Option<Failed>) -> Result<ExitCode, Failed> {
        if let Some(failed) = &failed {
            self.recorder.record(EventKind::Note { text: failed.message.clone() });
        }
        let path = self.folder.join(RECORD);
        let interrupted = self.stopped();
        let mut code = standing(&path, interrupted);
        if code == ExitCode::NothingRan {
            code = self.empty;
        }
        if interrupted {
            code = code.and(ExitCode::Interrupted);
        }
        if let Some(failed) = &failed {
            code = code.and(failed.code);
        }
        self.recorder
            .record(EventKind::RunFinished(RunFinished { interrupted, exit_code: code.number() }));
        self.recorder.close()?;
        if !self.header_written {
            return failed.map_or(Ok(code), Err);
        }
        let (page, summary) = folder::render(&path, &self.folder)?;
        let workflow = Workflow::of_environment();
        if !self.json {
            workflow.aside(|| {
                if self.tells_all {
                    print(&told(&summary));
                } else {
                    print(&report::render::terminal(&summary));
                }
            });
            print(&format!("report: {}", page.display()));
        }
        workflow.tell(&summary, &self.folder, self.json);
        match failed {
            Some(failed) => Err(Failed { code, ..failed }),
            None => Ok(code),
        }
    }
}

/// What the record comes to once its last line is written.
fn standing(path: &std::path::Path, interrupted: bool) -> ExitCode {
    let Ok(mut record) = Record::read(path) else { return ExitCode::NothingRan };
    let finished = RunFinished { interrupted, exit_code: 0 };
    record.events.push(Event { at: 0.0, kind: EventKind::RunFinished(finished) });
    Record::from_events(record.events)
        .map_or(ExitCode::NothingRan, |record| gate::code(&report::Summary::fold(&record)))
}

/// The day of a moment, in UTC.
pub(crate) fn day(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Every request and answer of the cases played, then a block for each.
fn told(summary: &report::Summary) -> String {
    let mut text = String::new();
    for case in &summary.cases.list {
        if let Some(evidence) = summary.evidence.get(&case.id) {
            text.push_str(&evidence::requests(evidence));
        }
        text.push_str(&report::finding(summary, case));
    }
    text
}

/// RFC 3339 without a fraction, which nobody needs to know when a run began.
fn whole_seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}
