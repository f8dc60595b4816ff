//! Rules of the house that a machine can hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The table under "Who may know whom": crate → crates it may depend on.
fn allowed_edges() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("harness/ARCHITECTURE.md")).unwrap();
    let section = text.split("## Who may know whom").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    section
        .lines()
        .filter(|line| line.starts_with('|') && !line.contains("---"))
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let may = cells[1].split(',').map(str::trim).filter(|name| !name.is_empty());
            (cells[0].to_owned(), may.map(str::to_owned).collect())
        })
        .collect()
}

#[test]
fn the_crates_know_only_whom_the_table_allows() {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(root())
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap();
    let names: BTreeSet<String> =
        metadata.packages.iter().map(|package| package.name.to_string()).collect();
    let allowed = allowed_edges();
    assert_eq!(
        names,
        allowed.keys().cloned().collect(),
        "the table and the workspace name the same crates"
    );
    for package in &metadata.packages {
        for dependency in &package.dependencies {
            // A test may look at anything; what ships may not. Benches are nothing but tests.
            let ships = dependency.kind != cargo_metadata::DependencyKind::Development
                || package.name.as_str() == "benches";
            if ships && names.contains(&dependency.name) {
                assert!(
                    allowed[package.name.as_str()].contains(&dependency.name),
                    "{} depends on {}, which the table in harness/ARCHITECTURE.md does not allow",
                    package.name,
                    dependency.name
                );
            }
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn goose_stays_in_one_file_and_the_simulator_away_from_the_verifier() {
    let mut files = Vec::new();
    sources(&root().join("harness"), &mut files);
    assert!(files.len() > 30, "the search found only {} files", files.len());
    for path in files {
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        if text.contains("use goose") || text.contains("goose::") {
            assert!(
                name == "harness/runners/src/load/attack.rs" || name.ends_with("tidy.rs"),
                "{name} names goose; its types stay in runners/src/load/attack.rs"
            );
        }
        if name.starts_with("harness/simulator/src") {
            assert!(!text.contains("protocol::verify"), "{name} uses the verifier");
        }
    }
}

#[test]
fn the_visible_root_is_the_one_agreed() {
    let mut visible: Vec<String> = std::fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.') && name != "target")
        .collect();
    visible.sort();
    assert_eq!(
        visible,
        [
            "Cargo.lock",
            "Cargo.toml",
            "LICENSE",
            "README.md",
            "benches",
            "corpora",
            "harness",
            "reports"
        ]
    );
}

#[test]
fn every_dependency_says_what_it_is_for() {
    let text = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let section = text.split("[workspace.dependencies]").nth(1).unwrap();
    let section = section.split("\n[").next().unwrap();
    let mut explained = false;
    for line in section.lines() {
        if line.starts_with("# ---") || line.trim().is_empty() {
            explained = false;
        } else if line.starts_with('#') {
            explained = true;
        } else if !line.contains("path = ") {
            // Crates that follow each other may share a sentence; the first must have one.
            assert!(explained, "Cargo.toml: `{line}` has no sentence above it");
        }
    }
}
