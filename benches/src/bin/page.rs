//! Draws what criterion measured, and measures by turns what has a goal: `page [FOLDER]`, into
//! `reports/speed` unless told otherwise.

#![expect(clippy::print_stderr, reason = "it talks on standard error as others do")]

use benches::criterion_data;
use benches::page::{Setting, page};
use benches::ratios::measure;
use benches::subject::Subject;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match draw() {
        Ok(folder) => {
            eprintln!("drawn: {}", folder.join("README.md").display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn draw() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let into = std::env::args_os().nth(1).map_or_else(|| root.join("reports/speed"), PathBuf::from);
    let groups = criterion_data::read(&measured(&root)).map_err(|error| error.to_string())?;
    let failed = |path: &Path, error: &std::io::Error| format!("{}: {error}", path.display());
    std::fs::create_dir_all(&into).map_err(|error| failed(&into, &error))?;
    let ratios = measure(&Subject::new());
    for (name, text) in page(&groups, &ratios, &setting(&root)?) {
        let path = into.join(name);
        std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
    }
    Ok(into)
}

/// Where criterion writes: beside this very program, in the folder of the build.
fn measured(root: &Path) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let target = own.ancestors().nth(2).map_or_else(|| root.join("target"), Path::to_owned);
    target.join("criterion")
}

fn setting(root: &Path) -> Result<Setting, String> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock"));
    let lock = lock.map_err(|error| format!("Cargo.lock: {error}"))?;
    let said = Command::new("rustc").arg("--version").output();
    let compiler = said.map_err(|error| format!("rustc: {error}"))?;
    let mut versions = vec![String::from_utf8_lossy(&compiler.stdout).trim().to_owned()];
    for library in ["aws-lc-rs", "p256", "p384", "sha2"] {
        versions.extend(version(&lock, library).map(|version| format!("{library} {version}")));
    }
    Ok(Setting { machine: machine(), versions })
}

/// The newest version of a package in the lock file, which lists them in order.
fn version<'l>(lock: &'l str, package: &str) -> Option<&'l str> {
    let name = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.rsplit_once(&name)?;
    Some(rest.split_once('"')?.0)
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("an unknown processor", |(_, model)| model);
    format!("{model} ({cores} cores, shared with other work)")
}
