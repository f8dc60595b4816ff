//! What a machine's load generator can do, measured once and used by later runs.

use crate::exit_code::Failed;
use crate::machine;
use jiff::Timestamp;
use runners::load::validity::Calibrated;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file of a calibration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    /// Version of the format.
    pub(crate) schema: u32,
    /// The machine and the program it was measured with.
    pub(crate) fingerprint: Fingerprint,
    /// When, RFC 3339 in UTC.
    pub(crate) measured: String,
    /// What was sent, in words.
    pub(crate) mix: String,
    /// Times of the way there and back, at a low rate.
    pub(crate) floor: Floor,
    /// Highest rate with a valid verdict, a second.
    pub(crate) ceiling: f64,
    /// Every trial in its order.
    pub(crate) trials: Vec<Tried>,
}

/// What a calibration holds for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fingerprint {
    /// Version of the harness.
    assay: String,
    /// Whether it was built without optimisation, which is many times as slow.
    debug: bool,
    /// Operating system, CPU and cores.
    machine: record::Machine,
}

/// Response times at a rate that keeps nothing busy, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Floor {
    /// Requests a second.
    pub(crate) rate: u64,
    /// Median.
    pub(crate) p50_us: u64,
    /// 99th percentile.
    pub(crate) p99_us: u64,
}

/// One trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tried {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Whether the verdict was valid and all answers right.
    pub(crate) kept: bool,
    /// Response times, in microseconds.
    pub(crate) p50_us: u64,
    /// 99th percentile.
    pub(crate) p99_us: u64,
    /// 99th percentile of the lag behind the schedule, in microseconds.
    pub(crate) lag_p99_us: u64,
    /// Why it was not kept, if so.
    pub(crate) why: Vec<String>,
}

/// Version of the format that this build reads.
pub(crate) const SCHEMA: u32 = 1;

impl Fingerprint {
    /// That of this machine and build.
    pub(crate) fn here() -> Self {
        Self {
            assay: env!("CARGO_PKG_VERSION").to_owned(),
            debug: cfg!(debug_assertions),
            machine: machine::describe(),
        }
    }
}

/// Where a calibration is kept unless told otherwise: the user's cache, or beside the reports.
pub(crate) fn default_place() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| set("HOME").map(|home| PathBuf::from(home).join(".cache")));
    cache.unwrap_or_else(|| PathBuf::from("reports")).join("assay").join("calibration.json")
}

/// What is known of this machine's ceiling. A file that was named must be there and readable; the
/// default one may be missing, or of another machine or build, which is nothing to stop for.
pub(crate) fn known(named: Option<&Path>, now: Timestamp) -> Result<Option<Calibrated>, Failed> {
    let calibration = match named {
        Some(path) => {
            let calibration = read(path)?;
            if calibration.fingerprint != Fingerprint::here() {
                return Err(Failed::usage(format_args!(
                    "{}: measured on another machine, or by another build of assay; run \
                     `assay load calibrate --calibration {}` here",
                    path.display(),
                    path.display()
                )));
            }
            calibration
        }
        None => match read(&default_place()) {
            Ok(found) if found.fingerprint == Fingerprint::here() => found,
            Ok(_) | Err(_) => return Ok(None),
        },
    };
    let age = calibration
        .measured
        .parse::<Timestamp>()
        .map_or(f64::INFINITY, |then| now.duration_since(then).as_secs_f64() / 3600.0);
    Ok(Some(Calibrated { ceiling: calibration.ceiling, age_hours: age.max(0.0) }))
}

fn read(path: &Path) -> Result<Calibration, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| Failed::file("read", path, &error))?;
    let calibration: Calibration = serde_json::from_str(&text).map_err(|error| {
        Failed::usage(format_args!(
            "{}: no calibration: {error}; `assay load calibrate` makes one",
            path.display()
        ))
    })?;
    if calibration.schema != SCHEMA {
        return Err(Failed::usage(format_args!(
            "{}: a calibration of schema {}, and this build reads {SCHEMA}; measure it again with \
             `assay load calibrate`",
            path.display(),
            calibration.schema
        )));
    }
    if !(calibration.ceiling.is_finite() && calibration.ceiling > 0.0) {
        return Err(Failed::usage(format_args!(
            "{}: `ceiling` is {}; it is a rate above 0",
            path.display(),
            calibration.ceiling
        )));
    }
    Ok(calibration)
}

/// Writes a calibration, and the folders above it.
pub(crate) fn write(path: &Path, calibration: &Calibration) -> Result<(), Failed> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Failed::file("create", folder, &error))?;
    }
    let mut text = serde_json::to_string_pretty(calibration).expect("it has no maps with odd keys");
    text.push('\n');
    std::fs::write(path, text).map_err(|error| Failed::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit_code::ExitCode;

    fn calibration() -> Calibration {
        Calibration {
            schema: SCHEMA,
            fingerprint: Fingerprint::here(),
            measured: "2026-11-28T10:00:00Z".to_owned(),
            mix: "1 : 4 : 5".to_owned(),
            floor: Floor { rate: 100, p50_us: 90, p99_us: 200 },
            ceiling: 4_000.0,
            trials: Vec::new(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-28T13:00:00Z".parse().unwrap()
    }

    #[test]
    fn what_was_measured_here_is_known_with_its_age() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.json");
        write(&path, &calibration()).unwrap();
        let known = known(Some(&path), now()).unwrap().unwrap();
        assert!((known.ceiling - 4_000.0).abs() < 1e-9 && (known.age_hours - 3.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_of_another_machine_or_no_calibration_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let refused = |edit: &dyn Fn(&mut Calibration)| {
            let mut other = calibration();
            edit(&mut other);
            write(&path, &other).unwrap();
            let failed = known(Some(&path), now()).unwrap_err();
            assert_eq!(failed.code, ExitCode::Usage);
            failed.message
        };
        let other = refused(&|one| one.fingerprint.machine.cores += 1);
        assert!(other.contains("another machine"), "{other}");
        assert!(refused(&|one| one.schema = 9).contains("schema 9"));
        assert!(refused(&|one| one.ceiling = 0.0).contains("a rate above 0"));
        std::fs::write(&path, "{}").unwrap();
        assert!(known(Some(&path), now()).unwrap_err().message.contains("no calibration"));
        assert!(known(Some(&folder.path().join("none")), now()).is_err());
    }
}
