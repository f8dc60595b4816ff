//! What criterion left in `target/criterion`: a median and its confidence interval for each line.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A line of a group, in nanoseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What was timed.
    pub name: String,
    /// Half of the samples took longer.
    pub median: f64,
    /// The median's confidence interval of 95 %, from below.
    pub low: f64,
    /// From above.
    pub high: f64,
}

/// Lines by group, in the order of their names.
pub type Groups = BTreeMap<String, Vec<Line>>;

/// What keeps a measurement from being read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {why} (run `cargo bench -p benches` first)", .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// It is not what criterion writes.
    #[error("{} is not what criterion writes: {why}", .path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// Why.
        why: serde_json::Error,
    },
    /// There is nothing.
    #[error("{} holds no measurement (run `cargo bench -p benches` first)", .0.display())]
    Empty(PathBuf),
}

#[derive(Deserialize)]
struct Benchmark {
    group_id: String,
    function_id: Option<String>,
}

#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
    confidence_interval: Interval,
}

#[derive(Deserialize)]
struct Interval {
    lower_bound: f64,
    upper_bound: f64,
}

/// Reads the last measurement of every line below the folder.
pub fn read(folder: &Path) -> Result<Groups, Unreadable> {
    let mut groups = Groups::new();
    for group in folders(folder)? {
        for line in folders(&group)? {
            let last = line.join("new");
            if !last.join("benchmark.json").is_file() {
                continue;
            }
            let Benchmark { group_id, function_id } = json(&last.join("benchmark.json"))?;
            let Estimates { median } = json(&last.join("estimates.json"))?;
            groups.entry(group_id).or_default().push(Line {
                name: function_id.unwrap_or_default(),
                median: median.point_estimate,
                low: median.confidence_interval.lower_bound,
                high: median.confidence_interval.upper_bound,
            });
        }
    }
    if groups.is_empty() {
        return Err(Unreadable::Empty(folder.to_owned()));
    }
    for lines in groups.values_mut() {
        lines.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(groups)
}

fn folders(of: &Path) -> Result<Vec<PathBuf>, Unreadable> {
    let unreadable = |why| Unreadable::File { path: of.to_owned(), why };
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(of).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

fn json<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Unreadable> {
    let text = std::fs::read_to_string(path)
        .map_err(|why| Unreadable::File { path: path.to_owned(), why })?;
    serde_json::from_str(&text).map_err(|why| Unreadable::Form { path: path.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(at: &Path, line: &str, benchmark: &str, estimates: &str) {
        let folder = at.join(line).join("new");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("benchmark.json"), benchmark).unwrap();
        std::fs::write(folder.join("estimates.json"), estimates).unwrap();
    }

    const ESTIMATES: &str = r#"{"mean":{},"median":{"confidence_interval":{"confidence_level":0.95,"lower_bound":1.0,"upper_bound":3.0},"point_estimate":2.0,"standard_error":0.1}}"#;

    #[test]
    fn the_last_measurement_of_each_line_is_read() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), "g/one", r#"{"group_id":"g","function_id":"one"}"#, ESTIMATES);
        std::fs::create_dir_all(folder.path().join("g/report")).unwrap();
        let groups = read(folder.path()).unwrap();
        let line = Line { name: "one".to_owned(), median: 2.0, low: 1.0, high: 3.0 };
        assert_eq!(groups, Groups::from([("g".to_owned(), vec![line])]));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("no measurement"));
        assert!(read(&folder.path().join("none")).unwrap_err().to_string().contains("none"));
        written(folder.path(), "g/one", r#"{"group_id":"g"}"#, "{}");
        assert!(read(folder.path()).unwrap_err().to_string().contains("estimates.json"));
    }
}
