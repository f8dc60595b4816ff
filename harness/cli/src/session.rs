//! One run from its first event to its report: folder, record, servers, exit code.

use crate::args::Target;
use crate::cmd::root;
use crate::console::Console;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::{self, RECORD, chain};
use crate::interrupt::StopFlag;
use crate::output::print;
use crate::recorder::Recorder;
use crate::reference::Reference;
use crate::{cmd::serve, machine};
use jiff::Timestamp;
use protocol::relying_party::Purpose;
use record::{Event, EventKind, Header, Record, RunFinished, TargetInfo};
use simulator::{Authority, Seed};
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;
use targets::file::{Declared, ReceiptDemand};
use targets::http::OpenError;
use targets::lock::NotAdmitted;
use targets::{Decision, Facts, HttpTarget, Operation, Saved, Target as _, TargetFile};

/// Version of the format of records.
const SCHEMA: u32 = 1;

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
    folder: PathBuf,
    json: bool,
    started: Timestamp,
    header_written: bool,
}

/// What is known before anything is sent: every mistake of the user's is found here.
#[derive(Debug)]
pub(crate) struct Prepared {
    seed_text: String,
    /// Seed of everything random in the run.
    pub(crate) seed: Seed,
    authority: Authority,
    /// The user's target; none for the reference.
    pub(crate) file: Option<TargetFile>,
    forget: Vec<String>,
}

/// A server under test, and the process it runs in if that is ours.
#[derive(Debug)]
pub(crate) struct UnderTest {
    /// How it is spoken to.
    pub(crate) file: TargetFile,
    _process: Option<Reference>,
}

impl Prepared {
    /// Reads and checks whatever the command line names.
    pub(crate) fn of(args: &Target, now: Timestamp) -> Result<Self, Failed> {
        serve::rules(&args.forget)?;
        let seed_text = if let Some(text) = &args.seed {
            text.clone()
        } else {
            // Short enough to be typed again; nothing that must stay secret follows from it.
            let mut entropy = [0; 8];
            getrandom::fill(&mut entropy)
                .map_err(|error| Failed::new(ExitCode::Internal, error))?;
            hex::encode(entropy)
        };
        let seed = Seed::from_text(&seed_text);
        let file = args.file.as_deref().map(|path| {
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failed::file("read", path, &error))?;
            TargetFile::parse(&text, &path.display().to_string(), &|name| std::env::var(name).ok())
                .map_err(Failed::usage)
        });
        let file = file.transpose()?;
        let authority_seed = match (&args.authority, &file) {
            (Some(path), _) => root::read(path)?,
            (None, None) => seed.child("authority", 0),
            (None, Some(file)) => {
                return Err(Failed::usage(format_args!(
                    "`{}` must trust a test root: make one with `assay root --authority FILE`, \
                     install it in the server, and give --authority FILE",
                    file.name
                )));
            }
        };
        let authority = Authority::new(&authority_seed, now);
        Ok(Self { seed_text, seed, authority, file, forget: args.forget.clone() })
    }

    /// Starts the reference server in `folder`, or takes the user's target.
    ///
    /// `challenge_lifetime` is that of the reference server; others declare their own.
    pub(crate) fn open(
        &self,
        challenge_lifetime: Duration,
        folder: &std::path::Path,
        name: &str,
    ) -> Result<UnderTest, Failed> {
        if let Some(file) = &self.file {
            return Ok(UnderTest { file: file.clone(), _process: None });
        }
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text)
                .map_err(|error| Failed::file("write", &path, &error))
                .map(|()| path.display().to_string())
        };
        let root = write("test-root.pem", self.authority.root_pem())?;
        let receipt_root = write("test-receipt-root.pem", self.authority.receipt_root_pem())?;
        // The port is known once the server listens; everything else is in the file.
        let mut file = reference_file("http://127.0.0.1:1", challenge_lifetime)?;
        let mut arguments = vec![
            "--trust-anchor".to_owned(),
            root,
            "--receipt-trust-anchor".to_owned(),
            receipt_root,
        ];
        arguments.extend(serve_arguments(&file));
        arguments.extend(self.forget.iter().flat_map(|rule| ["--forget".to_owned(), rule.clone()]));
        let process = Reference::start(&arguments, &folder.join(format!("{name}.log")))?;
        file = reference_file(&process.url, challenge_lifetime)?;
        Ok(UnderTest { file, _process: Some(process) })
    }
}

fn reference_file(url: &str, challenge_lifetime: Duration) -> Result<TargetFile, Failed> {
    TargetFile::reference(url, challenge_lifetime)
        .map_err(|error| Failed::new(ExitCode::Internal, error))
}

/// What `assay serve` must be told so that it does what the target file declares.
fn serve_arguments(file: &TargetFile) -> Vec<String> {
    let mut arguments = vec![
        "--app-id".to_owned(),
        file.app_id.to_string(),
        "--environment".to_owned(),
        file.environment.as_str().to_owned(),
    ];
    if let Some(lifetime) = file.policy.challenge_ttl {
        arguments
            .extend(["--challenge-lifetime".to_owned(), format!("{}ms", lifetime.as_millis())]);
    }
    if let Some(Declared::AllowMissing(listed)) = &file.policy.validation_category {
        let listed: Vec<String> = listed.iter().map(u32::to_string).collect();
        arguments.extend(["--categories".to_owned(), listed.join(",")]);
    }
    if let Some(Declared::AllowMissing(listed)) = &file.policy.bundle_version {
        arguments.extend(["--bundle-versions".to_owned(), listed.join(",")]);
    }
    if file.policy.receipt == Some(ReceiptDemand::Require) {
        arguments.push("--require-receipt".to_owned());
    }
    arguments
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
            folder,
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
        let target = TargetInfo {
            name: file.name.clone(),
            nodes: nodes.collect(),
            app_id: file.app_id.to_string(),
            environment: file.environment.as_str().to_owned(),
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
            schema: SCHEMA,
            assay: env!("CARGO_PKG_VERSION").to_owned(),
            command: self.command.clone(),
            seed: self.seed.to_hex(),
            started: whole_seconds(self.started),
            target,
            machine: machine::describe(),
        }));
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
        if !self.json {
            print(&summary.sentence);
            print(&format!("report: {}", page.display()));
        }
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
    Record::from_events(record.events).map_or(ExitCode::NothingRan, |record| {
        ExitCode::of(report::Summary::fold(&record).standing)
    })
}

/// Opens the door, and asks one challenge through it to see that somebody is there.
pub(crate) async fn reach(file: &TargetFile, allow_public: bool) -> Result<HttpTarget, Failed> {
    let target = HttpTarget::open(file, allow_public).await.map_err(|error| {
        let code = match &error {
            OpenError::NotAdmitted(NotAdmitted::Refused(_)) => ExitCode::Locked,
            OpenError::NotAdmitted(NotAdmitted::Unresolved { .. }) => ExitCode::Unreachable,
            OpenError::Certificates { .. } | OpenError::Client(_) | OpenError::Dialect(_) => {
                ExitCode::Usage
            }
        };
        Failed::new(code, chain(&error))
    })?;
    for node in 0..file.nodes.len() {
        let mut facts = Facts::new("assay-probe", format!("assay-probe-{node}"));
        facts.purpose = Purpose::Attest;
        facts.node = node;
        let exchange = target
            .perform(Operation::Challenge, &facts, &mut Saved::new())
            .await
            .map_err(|error| Failed::usage(chain(&error)))?;
        if let Decision::Unreachable { why } = exchange.decision {
            return Err(Failed::new(
                ExitCode::Unreachable,
                format_args!("`{}` cannot be reached: {why}", file.name),
            ));
        }
    }
    Ok(target)
}

/// RFC 3339 without a fraction, which nobody needs to know when a run began.
fn whole_seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// The command line as typed, with the seed it was run with.
fn command(verb: &str, seed: &str, number: u64) -> String {
    let typed: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    let mut words = if typed.is_empty() { vec![verb.to_owned()] } else { typed.clone() };
    let given = |name: &str| {
        let is = |word: &String| word == name || word.starts_with(&format!("{name}="));
        typed.iter().any(is)
    };
    if !given("--seed") {
        words.extend(["--seed".to_owned(), quoted(seed)]);
    }
    if number != 0 && !given("--session") {
        words.extend(["--session".to_owned(), number.to_string()]);
    }
    format!("assay {}", words.join(" "))
}

/// How a single case of this run is played again; the caller appends ` --case ID`.
fn repeat(args: &Target, seed: &str, number: u64) -> String {
    let mut words = vec!["assay check".to_owned()];
    words.extend(args.file.iter().map(|path| quoted(&path.display().to_string())));
    words.extend(["--seed".to_owned(), quoted(seed)]);
    if number != 0 {
        words.extend(["--session".to_owned(), number.to_string()]);
    }
    if let Some(path) = &args.authority {
        words.extend(["--authority".to_owned(), quoted(&path.display().to_string())]);
    }
    for rule in &args.forget {
        words.extend(["--forget".to_owned(), quoted(rule)]);
    }
    words.join(" ")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("a/b.toml"), "a/b.toml");
        assert_eq!(quoted("chain.*"), "'chain.*'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn the_reference_is_started_as_its_target_file_declares() {
        let file = reference_file("http://127.0.0.1:9", Duration::from_secs(3)).unwrap();
        let arguments = serve_arguments(&file);
        let after = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name).unwrap();
            arguments[at + 1].as_str()
        };
        assert_eq!(after("--challenge-lifetime"), "3000ms");
        assert_eq!(after("--app-id"), file.app_id.as_str());
        assert!(arguments.contains(&"--require-receipt".to_owned()));
        assert!(!after("--categories").is_empty());
        assert!(!after("--bundle-versions").is_empty());
    }
}
