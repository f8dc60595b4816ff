//! The list of known cases is covered, entry by entry, or the reason is written down.

use catalogue::coverage::{Family, Standing, coverage, dissents, exceptions};
use catalogue::{Action, Case, Expectation, builtin};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// An entry of the list of known cases.
#[derive(Deserialize)]
struct Known {
    id: String,
    mode: String,
    verdict: String,
}

/// The list lies beside the genuine objects; it is no part of this repository.
#[expect(clippy::disallowed_methods, reason = "where the list lies is the environment's to say")]
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
fn known() -> Option<Vec<Known>> {
    let Ok(fixtures) = std::env::var("ASSAY_FIXTURES") else {
        println!("skipped: ASSAY_FIXTURES is not set, so the list of known cases is not at hand");
        return None;
    };
    let path = std::path::Path::new(&fixtures).join("../spec/catalogue.json");
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).unwrap())
}

fn families() -> Vec<Family> {
    coverage(&builtin().unwrap()).unwrap()
}

#[test]
fn every_known_case_is_covered_or_its_absence_has_a_reason() {
    let Some(known) = known() else { return };
    let listed: BTreeSet<String> =
        families().into_iter().flat_map(|family| family.entries.into_keys()).collect();
    let known: BTreeSet<String> = known.into_iter().map(|entry| entry.id).collect();
    let missing: Vec<_> = known.difference(&listed).collect();
    assert!(missing.is_empty(), "neither covered nor excepted: {missing:?}");
    let invented: Vec<_> = listed.difference(&known).collect();
    assert!(invented.is_empty(), "on no list: {invented:?}");
}

#[test]
fn only_what_needs_a_part_of_its_own_is_put_off() {
    let Some(known) = known() else { return };
    let modes: BTreeMap<String, String> =
        known.into_iter().map(|entry| (entry.id, entry.mode)).collect();
    for (entry, standing) in families().into_iter().flat_map(|family| family.entries) {
        let fits = match standing {
            Standing::Later(_) => modes[&entry] == "S",
            Standing::Exception(_) | Standing::Pending => modes[&entry] != "S",
            Standing::Covered(_) => true,
        };
        assert!(fits, "{entry} is of mode {}", modes[&entry]);
    }
}

#[test]
fn nothing_is_covered_and_excepted() {
    let mut excepted = BTreeSet::new();
    for (id, reason) in exceptions().unwrap() {
        assert!(excepted.insert(id.clone()), "{id} is excepted twice");
        for text in [reason.reason, reason.needed] {
            assert!(text.len() > 20 && text.ends_with('.'), "{id}: {text:?} is no reason");
        }
    }
    for case in builtin().unwrap() {
        for entry in &case.catalogue {
            assert!(!excepted.contains(entry), "{} covers {entry}, which is excepted", case.id);
        }
    }
}

#[test]
fn every_entry_a_case_covers_is_of_a_family() {
    let listed: BTreeSet<String> =
        families().into_iter().flat_map(|family| family.entries.into_keys()).collect();
    for case in builtin().unwrap() {
        for entry in &case.catalogue {
            assert!(listed.contains(entry), "{} covers {entry}, of no known family", case.id);
        }
    }
}

#[test]
fn cases_expect_what_the_list_says_or_the_dissent_has_a_reason() {
    let Some(known) = known() else { return };
    let dissents: BTreeMap<String, String> = dissents().unwrap().into_iter().collect();
    let cases = builtin().unwrap();
    for Known { id, verdict, .. } in known {
        let wanted = match verdict.as_str() {
            "reject" | "reject*" => Expectation::Reject,
            "accept" | "accept*" => Expectation::Accept,
            _ => continue,
        };
        let covering: Vec<_> = cases.iter().filter(|case| case.catalogue.contains(&id)).collect();
        // Where one of several is accepted the others are refused, and where challenges are looked
        // at, it is the server that is refused.
        let agrees = |case: &&Case| {
            let judged = case.steps.last().map(|step| &step.action);
            case.expectation == wanted
                || case.expectation == Expectation::One
                || matches!(judged, Some(Action::Draw { .. }))
        };
        let agrees = covering.is_empty() || covering.iter().any(agrees);
        let ids: Vec<_> = covering.iter().map(|case| &case.id).collect();
        match dissents.get(&id) {
            None => assert!(agrees, "{id}: the list says {wanted}, {ids:?} do not"),
            Some(reason) => assert!(!agrees && reason.len() > 20, "{id}: {ids:?} do not dissent"),
        }
    }
}
