//! What lies in `corpora/` is what the manifest says, and everything holds for it.

use fuzz::Target;
use fuzz::manifest::{self, Entry};
use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn corpora() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpora")
}

/// The names in a folder, sorted; none if there is no such folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// Every file of the corpora: its path below `corpora/` and its bytes.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for kind in ["seeds", "regressions"] {
        for target in names(&corpora().join(kind)) {
            for name in names(&corpora().join(kind).join(&target)) {
                let path = format!("{kind}/{target}/{name}");
                let bytes = fs::read(corpora().join(&path)).unwrap();
                files.push((path, bytes));
            }
        }
    }
    files
}

#[test]
fn the_manifest_tells_what_is_there() {
    let text = fs::read_to_string(corpora().join("MANIFEST")).unwrap();
    let found: Vec<Entry> =
        files().iter().map(|(path, bytes)| Entry::of(path, bytes).unwrap()).collect();
    let listed = manifest::read(&text).unwrap();
    for entry in &found {
        assert!(listed.contains(entry), "not as corpora/MANIFEST has it: {entry}");
    }
    for entry in &listed {
        assert!(found.contains(entry), "corpora/MANIFEST lists what is not there: {entry}");
    }
    assert_eq!(text, manifest::write(found), "`cargo run -p fuzz --example corpora manifest`");
}

#[test]
fn every_target_has_seeds_and_all_of_them_are_small() {
    let known: BTreeSet<String> = Target::ALL.map(|target| target.name.to_owned()).into();
    assert_eq!(names(&corpora().join("seeds")), known);
    assert!(names(&corpora().join("regressions")).is_subset(&known));
    let bytes: usize = files().iter().map(|(_, bytes)| bytes.len()).sum();
    assert!(bytes < 5 << 19, "{bytes} bytes of corpora: minimise them");
}

/// Replays every file of a target.
fn replay(name: &str) {
    let target = Target::from_name(name).unwrap();
    let mut replayed = 0;
    let mut failed = Vec::new();
    for (path, bytes) in files() {
        if path.split('/').nth(1) == Some(name) {
            replayed += 1;
            if catch_unwind(|| (target.run)(&bytes)).is_err() {
                let again = "cargo run -p fuzz --example corpora -- run";
                failed.push(format!("{again} {name} corpora/{path}"));
            }
        }
    }
    assert!(replayed > 0, "nothing to replay for {name}");
    assert!(failed.is_empty(), "{} of {replayed} fail:\n{}", failed.len(), failed.join("\n"));
}

macro_rules! replays {
    ($( $test:ident $name:literal )*) => {
        $( #[test] fn $test() { replay($name); } )*

        #[test]
        fn no_target_is_left_out() {
            assert_eq!([ $( $name ),* ], Target::ALL.map(|target| target.name));
        }
    };
}

// Each is a test of its own, so that they run beside each other.
replays! {
    everything_holds_for_attestations "attestation"
    everything_holds_for_authenticator_data "authenticator-data"
    everything_holds_for_assertions "assertion"
    everything_holds_for_certificates "certificate"
    everything_holds_for_receipts "receipt"
    everything_holds_for_target_files "target-file"
    everything_holds_for_lines_of_adapters "adapter"
    everything_holds_for_answers "http"
    everything_holds_for_edited_exchanges "structured"
}
