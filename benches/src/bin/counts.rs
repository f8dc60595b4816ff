//! Counts the instructions of each step under callgrind and holds them against `counts.txt`.
//!
//! A step is run so many times and then twice as many; the difference leaves out everything else.

#![expect(clippy::print_stdout, reason = "what was counted is this program's output")]
#![expect(clippy::print_stderr, reason = "it talks on standard error as others do")]

use benches::callgrind::{Counts, LIMIT, instructions};
use benches::subject::Subject;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

/// Runs of a step of microseconds: what setting up takes differs by some ten thousand instructions
/// from one process to the next, and batches of 256 nonces and keys are to be met in whole numbers.
const MANY: u32 = 4096;
/// Runs of any other.
const FEW: u32 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["--run", step, runs] => run(step, runs),
        [] => count(false),
        ["--accept"] => count(true),
        _ => Err("usage: counts [--accept]".to_owned()),
    };
    done.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

/// The inside of callgrind: the step, so many times, after once that is not counted.
fn run(step: &str, runs: &str) -> Result<ExitCode, String> {
    let runs: u32 = runs.parse().map_err(|error| format!("`{runs}`: {error}"))?;
    let subject = Subject::new();
    let mut steps = subject.steps();
    let found = steps.iter_mut().find(|(name, _)| *name == step);
    let (_, work) = found.ok_or_else(|| format!("there is no step `{step}`"))?;
    for _ in 0..=runs {
        work();
    }
    Ok(ExitCode::SUCCESS)
}

fn count(accept: bool) -> Result<ExitCode, String> {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.txt");
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        println!("skipped: valgrind is not installed, so no instruction was counted");
        return Ok(ExitCode::SUCCESS);
    }
    let mut counts = Counts { compiler: compiler()?, ..Counts::default() };
    let scratch = tempfile::tempdir().map_err(|error| format!("no scratch folder: {error}"))?;
    for (step, _) in Subject::new().steps() {
        let runs = runs_of(step);
        let once = under_callgrind(step, runs, scratch.path())?;
        let twice = under_callgrind(step, 2 * runs, scratch.path())?;
        let each = twice.saturating_sub(once) / u64::from(runs);
        println!("{step} {each}");
        counts.steps.insert(step.to_owned(), each);
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
            "not compared: counted with {}, written down with {}; accept the counts of the new \
             compiler with --accept",
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

fn under_callgrind(step: &str, runs: u32, scratch: &Path) -> Result<u64, String> {
    let own = std::env::current_exe().map_err(|error| format!("who am I: {error}"))?;
    let profile = scratch.join("profile");
    let status = Command::new("valgrind")
        .args(["--tool=callgrind", "--quiet"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(own)
        .args(["--run", step, &runs.to_string()])
        .status()
        .map_err(|error| format!("valgrind: {error}"))?;
    if !status.success() {
        return Err(format!("`{step}` failed under valgrind: {status}"));
    }
    let profile =
        std::fs::read_to_string(&profile).map_err(|error| format!("no profile: {error}"))?;
    instructions(&profile).ok_or_else(|| "the profile has no sum".to_owned())
}

fn compiler() -> Result<String, String> {
    let said = Command::new("rustc").arg("--version").output();
    let said = said.map_err(|error| format!("rustc: {error}"))?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}
