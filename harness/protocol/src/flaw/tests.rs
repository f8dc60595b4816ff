use super::*;
use std::collections::BTreeSet;

#[test]
fn ids_are_told_apart_and_say_kind_and_rule() {
    let mut ids = BTreeSet::new();
    for flaw in flaws().iter().chain(under_load()) {
        assert!(ids.insert(flaw.id), "{} is there twice", flaw.id);
        let rest = flaw.id.strip_prefix(flaw.kind.prefix()).and_then(|id| id.strip_prefix('.'));
        let rest = rest.and_then(|rest| rest.strip_prefix(flaw.rule.id()));
        let rest = rest.unwrap_or_else(|| panic!("{} does not say its kind and rule", flaw.id));
        let what = rest.strip_prefix('.');
        match flaw.kind {
            FlawKind::Dropped => assert_eq!(rest, "", "{}", flaw.id),
            _ => assert!(what.is_some_and(|what| !what.is_empty()), "{}", flaw.id),
        }
        assert!(flaw.words.ends_with('.') && flaw.words.len() >= 15, "{}", flaw.id);
        assert_eq!(Flaw::from_id(flaw.id).unwrap().id, flaw.id);
    }
    assert!(Flaw::from_id("drop.att.nonc").is_none());
}

#[test]
fn every_rule_can_be_left_out() {
    for rule in Rule::ALL {
        let flaws = Flaws::dropping([*rule]);
        for other in Rule::ALL {
            assert_eq!(flaws.drops(*other), other == rule, "{rule} and {other}");
        }
    }
    assert!(Flaws::NONE.is_empty() && Rule::ALL.iter().all(|rule| !Flaws::NONE.drops(*rule)));
}
