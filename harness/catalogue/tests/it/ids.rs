//! An id is permanent: no case loses it, and no other case gets it.

use catalogue::builtin;
use std::collections::{BTreeMap, BTreeSet};

const LOCK: &str = include_str!("../../../../corpora/ids.lock");

/// The ids of the lock; those that are retired with the reason.
fn locked() -> BTreeMap<&'static str, Option<&'static str>> {
    let mut ids = BTreeMap::new();
    for line in LOCK.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (id, retired) = match line.split_once(" retired: ") {
            Some((id, reason)) => (id, Some(reason)),
            None => (line, None),
        };
        assert!(ids.insert(id, retired).is_none(), "{id} is locked twice");
    }
    ids
}

#[test]
fn every_case_has_a_locked_id() {
    let locked = locked();
    let cases = builtin().unwrap();
    let new: Vec<&str> =
        cases.iter().map(|case| &case.id[..]).filter(|id| !locked.contains_key(id)).collect();
    assert!(new.is_empty(), "append to corpora/ids.lock:\n{}", new.join("\n"));
}

#[test]
fn a_locked_id_is_that_of_a_case_or_is_retired() {
    let cases = builtin().unwrap();
    let ids: BTreeSet<&str> = cases.iter().map(|case| &case.id[..]).collect();
    for (id, retired) in locked() {
        match retired {
            None => assert!(
                ids.contains(id),
                "{id} is gone: bring it back, or add ` retired: ` and the reason to its line"
            ),
            Some(reason) => {
                assert!(!ids.contains(id), "{id} is retired and was used again");
                assert!(reason.len() > 10, "{id}: {reason:?} is no reason");
            }
        }
    }
}
