//! What holds of the built-in cases as a whole.

use catalogue::{Base, Case, Expectation, Fault, Level, Need, Operator, builtin, clauses};
use protocol::verify::Rule;
use std::collections::BTreeSet;

const README: &str = include_str!("../../../../corpora/README.md");

#[test]
fn every_rule_has_a_case_that_breaks_it_alone_and_one_that_keeps_it() {
    let cases = builtin().unwrap();
    for rule in Rule::ALL {
        let due = |case: &&Case| matches!(case.level, Level::Must | Level::Should);
        let breaks = |case: &&Case| case.rules == [*rule] && due(case);
        assert!(
            cases.iter().any(|case| breaks(&case)),
            "no case that must or should be met breaks {rule} alone"
        );
        assert!(cases.iter().any(|case| case.guards.contains(rule)), "no case guards {rule}");
    }
}

#[test]
fn ids_are_told_apart_and_say_their_family() {
    let mut ids = BTreeSet::new();
    for case in builtin().unwrap() {
        assert!(ids.insert(case.id.clone()), "{} is there twice", case.id);
        assert!(case.id.starts_with(&format!("{}.", case.family)), "{}", case.id);
    }
    assert!(ids.len() >= 60, "only {} cases", ids.len());
}

#[test]
fn every_case_says_what_why_and_how() {
    for case in builtin().unwrap() {
        for text in [&case.title, &case.why, &case.fix] {
            assert!((5..=200).contains(&text.len()), "{}: {text:?}", case.id);
        }
        assert!(!case.clauses.is_empty(), "{} exercises no clause", case.id);
        match case.expectation {
            Expectation::Accept => assert!(case.rules.is_empty(), "{}", case.id),
            Expectation::Reject | Expectation::One => {
                assert_eq!(case.rules.is_empty(), case.fault != Fault::Rules, "{}", case.id);
            }
            Expectation::Either => assert_ne!(case.class.as_str(), "false-accept", "{}", case.id),
        }
    }
}

#[test]
fn the_vocabulary_is_documented() {
    for entry in Operator::vocabulary() {
        assert!(
            README.contains(&format!("| `{}`", entry.name)),
            "{} is not in the README",
            entry.name
        );
        assert!(README.contains(entry.words), "the README describes {} otherwise", entry.name);
    }
    for need in Need::ALL {
        assert!(README.contains(&format!("| `{}`", need.as_str())), "{}", need.as_str());
    }
    for base in Base::all() {
        assert!(README.contains(&base.generation.to_string()), "{base}");
    }
}

#[test]
fn every_clause_that_a_case_names_is_registered() {
    let mut known = BTreeSet::new();
    for clause in clauses().unwrap() {
        assert!(known.insert(clause.id.clone()), "{} is there twice", clause.id);
    }
    for case in builtin().unwrap() {
        for clause in &case.clauses {
            assert!(known.contains(clause), "{} names the unknown clause {clause}", case.id);
        }
    }
}

#[test]
fn every_operator_is_used_by_a_case() {
    let used: BTreeSet<String> = builtin().unwrap().iter().flat_map(Case::operators).collect();
    for entry in Operator::vocabulary() {
        let is_used = entry.names().iter().any(|name| used.contains(name));
        assert!(is_used, "no case uses {}", entry.name);
    }
}
