//! `assay doctor`: what is wrong with a target file, or with the server, before any case is played.

mod told;

use crate::args::{DoctorArgs, Target};
use crate::cases;
use crate::cmd::run::LONGEST_WAIT;
use crate::exit_code::{ExitCode, Failed};
use crate::folder::chain;
use crate::interrupt::StopFlag;
use crate::output::print;
use crate::prepared::{Prepared, opened};
use catalogue::Case;
use jiff::Timestamp;
use runners::doctor::{self, Edit, Outcome, Plan};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use targets::{HttpTarget, TargetFile};

/// Challenges asked for at once, to see whether the server throttles.
const BURST: u32 = 20;

/// Rounds of looking and writing: what one change lays bare, the next may mend.
const ROUNDS: u64 = 3;

/// Examines the server of a target file.
pub(crate) fn doctor(
    args: &DoctorArgs,
    stop: &StopFlag,
    now: Timestamp,
) -> Result<ExitCode, Failed> {
    let cases = cases::all(args.folder.as_deref())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(ExitCode::Internal, error))?;
    let mut written = 0;
    let mut round = 0;
    loop {
        let text = read(&args.file)?;
        let prepared = Prepared::of(&target(args), now)?;
        let visit = Visit { args, text: &text, cases: &cases, round, now };
        let outcome = runtime.block_on(visit.examine(&prepared, stop))?;
        let interrupted = stop.load(Ordering::Relaxed);
        round += 1;
        let edits: Vec<&Edit> = outcome.edits().collect();
        if args.write && !edits.is_empty() && round < ROUNDS && !interrupted {
            write(&args.file, &text, &edits)?;
            written += edits.len();
            if !args.json {
                told::wrote(&args.file, &edits);
            }
            continue;
        }
        if args.json {
            print(&told::json(&outcome, written).to_string());
        } else {
            told::end(&args.file, &outcome);
        }
        return Ok(match (interrupted, outcome.is_ready()) {
            (true, _) => ExitCode::Interrupted,
            (false, true) => ExitCode::Ok,
            (false, false) => ExitCode::Unreachable,
        });
    }
}

/// One examination.
struct Visit<'a> {
    args: &'a DoctorArgs,
    text: &'a str,
    cases: &'a [Case],
    round: u64,
    now: Timestamp,
}

impl Visit<'_> {
    async fn examine(&self, prepared: &Prepared, stop: &StopFlag) -> Result<Outcome, Failed> {
        let file = prepared.file.as_ref().ok_or_else(|| Failed::usage("no target file"))?;
        let tell = |finding: &doctor::Finding| {
            if !self.args.json {
                told::finding(&self.args.file, self.text, finding);
            }
        };
        let refused = |error: targets::lock::Refusal| Failed::new(ExitCode::Locked, error);
        let unreached = doctor::reach(file, self.args.allow_public).await.map_err(refused)?;
        if !unreached.is_empty() {
            unreached.iter().for_each(tell);
            return Ok(Outcome { findings: unreached, ..Outcome::default() });
        }
        let target =
            HttpTarget::open(file, self.args.allow_public).await.map_err(|error| opened(&error))?;
        let plan = Plan {
            authority: prepared.authority.clone(),
            seed: prepared.seed,
            session: self.now.as_second().unsigned_abs() + self.round,
            clock: Arc::new(Timestamp::now),
            cases: self.cases.to_vec(),
            longest_wait: LONGEST_WAIT,
            burst: BURST,
        };
        Ok(doctor::examine(&plan, &target, stop, &mut |finding| tell(finding)).await)
    }
}

fn read(path: &Path) -> Result<String, Failed> {
    std::fs::read_to_string(path).map_err(|error| Failed::file("read", path, &error))
}

fn target(args: &DoctorArgs) -> Target {
    Target {
        file: Some(args.file.clone()),
        seed: args.seed.clone(),
        session: None,
        authority: args.authority.clone(),
        out: None,
        json: args.json,
        allow_public: args.allow_public,
        flaws: Vec::new(),
        crypto: None,
    }
}

/// Puts changes into the file, if what comes of it can be read again.
fn write(path: &Path, text: &str, edits: &[&Edit]) -> Result<(), Failed> {
    let named = |error: &dyn std::error::Error| {
        Failed::usage(format_args!("{}: not written: {}", path.display(), chain(error)))
    };
    let text = doctor::apply(text, edits.iter().copied()).map_err(|error| named(&error))?;
    let environment = |name: &str| std::env::var(name).ok();
    TargetFile::parse(&text, &path.display().to_string(), &environment)
        .map_err(|error| named(&error))?;
    std::fs::write(path, text).map_err(|error| Failed::file("write", path, &error))
}
