//! Counts the instructions of each step under callgrind and holds them against `counts.txt`.
//!
//! One process runs them all; callgrind writes down what was counted whenever [`callgrind_mark`] is
//! called, so that setting up and the first run of each step fall out.

#![expect(clippy::print_stdout, reason = "what was counted is this program's output")]
#![expect(clippy::print_stderr, reason = "it talks on standard error as others do")]

use benches::callgrind::{Counts, LIMIT, instructions};
use benches::subject::Subject;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Runs of a step of microseconds: batches of 256 nonces and keys are met in whole numbers.
const MANY: u32 = 1024;
/// Runs of any other.
const FEW: u32 = 16;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--run"] => Ok(run()),
        [] => count(false),
        ["--accept"] => count(true),
        _ => Err("usage: counts [--accept]".to_owned()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

/// The inside of callgrind: every step once, and then so many times between two marks.
fn run() -> ExitCode {
    let subject = Subject::new();
    for (step, mut work) in subject.steps() {
        work();
        callgrind_mark();
        for _ in 0..runs_of(step) {
            work();
        }
        callgrind_mark();
    }
    ExitCode::SUCCESS
}

/// Where callgrind writes down what it counted since the last mark.
#[inline(never)]
fn callgrind_mark() {
    std::hint::black_box(());
}

fn count(accept: bool) -> Result<ExitCode, String> {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: valgrind is not installed, so no instruction was counted");
        return Ok(ExitCode::SUCCESS);
    }
    let mut counts = Counts { compiler: compiler()?, ..Counts::default() };
    let scratch = tempfile::tempdir().map_err(|error| format!("no scratch folder: {error}"))?;
    under_callgrind(scratch.path())?;
    for (place, (step, _)) in Subject::new().steps().iter().enumerate() {
        // Between the marks of two steps lies the second's first run.
        let all = written_down(scratch.path(), 2 * place + 2)?;
        let each = all / u64::from(runs_of(step));
        println!("{step} {each}");
        counts.steps.insert((*step).to_owned(), each);
    }
    if accept {
        std::fs::write(&stored, counts.to_text())
            .map_err(|error| format!("cannot write {}: {error}", stored.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let before = std::fs::read_to_string(&stored)
        .map_err(|error| {
            format!("cannot read {}: {error}; write it with --accept first", stored.display())
        })
        .and_then(|text| Counts::from_text(&text))?;
    if before.compiler != counts.compiler {
        println!(
            "not compared: counted with {}, written down with {}; accept the new counts with \
             --accept",
            counts.compiler, before.compiler
        );
        return Ok(ExitCode::SUCCESS);
    }
    let changes = counts.since(&before);
    for change in &changes {
        eprintln!("{change}");
    }
    if changes.iter().any(benches::callgrind::Change::fails) {
        eprintln!(
            "more than {:.0} % of change: mend it, or accept it with \
             `cargo run --release -p benches --bin counts -- --accept` and say why in the commit",
            100.0 * LIMIT
        );
        return Ok(ExitCode::from(1));
    }
    Ok(ExitCode::SUCCESS)
}

fn runs_of(step: &str) -> u32 {
    let is_short = step.starts_with("mint.") || step.starts_with("decode.");
    if is_short && step != "mint.attestation.ordinary" { MANY } else { FEW }
}

/// Name of callgrind's files; those that marks left end in `.1`, `.2` and so on.
const PROFILE: &str = "profile";

fn under_callgrind(scratch: &Path) -> Result<(), String> {
    let own = std::env::current_exe().map_err(|error| format!("who am I: {error}"))?;
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet", "--dump-before=*callgrind_mark*"])
        .arg(format!("--callgrind-out-file={}", scratch.join(PROFILE).display()))
        .arg(own)
        .arg("--run")
        .status()
        .map_err(|error| format!("valgrind: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("a step failed under valgrind: {status}")) }
}

/// Instructions before that mark and after the one before it.
fn written_down(scratch: &Path, mark: usize) -> Result<u64, String> {
    let profile = std::fs::read_to_string(scratch.join(format!("{PROFILE}.{mark}")))
        .map_err(|error| format!("mark {mark} left no profile: {error}"))?;
    instructions(&profile).ok_or_else(|| format!("the profile of mark {mark} has no sum"))
}

/// What counts depend on besides the code: the compiler, and the processor, by which aws-lc chooses
/// between ways to compute.
fn compiler() -> Result<String, String> {
    let said = Command::new("rustc").arg("--version").output();
    let said = said.map_err(|error| format!("rustc: {error}"))?;
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model.trim());
    Ok(format!("{} on {model}", String::from_utf8_lossy(&said.stdout).trim()))
}
