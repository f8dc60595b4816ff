use super::parse;
use crate::case::{Action, Expectation};
use crate::need::Need;

const CASE: &str = r#"schema = 1
family = "some"

[[case]]
id = "some.case"
title = "t"
level = "must"
severity = "high"
class = "false-accept"
clauses = ["AV-7"]
base = "attestation.ios27"
expect = "reject"
rules = ["att.counter"]
why = "w"
fix = "f"
[[case.op]]
do = "authdata.counter.set"
to = 1
"#;

#[track_caller]
fn check_error(text: &str, expected: &str) {
    let error = parse("some.toml", text).unwrap_err().to_string();
    assert_eq!(error, expected);
}

#[test]
fn a_recipe_becomes_a_case() {
    let cases = parse("some.toml", CASE).unwrap();
    let [case] = &cases[..] else { panic!("one case, not {}", cases.len()) };
    assert_eq!(case.expectation, Expectation::Reject);
    assert_eq!(case.steps.len(), 1);
    assert_eq!(case.operators(), ["authdata.counter.set"]);
}

#[test]
fn errors_point_at_what_is_wrong_and_suggest_what_is_right() {
    let with = |old: &str, new: &str| CASE.replace(old, new);
    check_error(
        &with("authdata.counter.set", "authdata.conter.set"),
        "some.toml:17:6: `authdata.conter.set` is no operator; did you mean `authdata.counter.set`?",
    );
    check_error(
        &with("to = 1", "too = 1"),
        "some.toml:18:1: `too` is not known here; did you mean `to`?",
    );
    check_error(
        &with("att.counter\"", "att.conter\""),
        "some.toml:13:10: `att.conter` is no rule; did you mean `att.counter`?",
    );
    check_error(
        &with("attestation.ios27", "attestation.ios72"),
        "some.toml:11:8: `attestation.ios72` is no base; did you mean `attestation.ios27`?",
    );
    check_error(
        &with("severity", "severety"),
        "some.toml:8:1: `severety` is not known here; did you mean `severity`?",
    );
    check_error(
        &with("\"must\"", "\"most\""),
        "some.toml:7:9: `most` is not allowed; did you mean `must`?",
    );
    check_error(
        &with("some.case", "other.case"),
        "some.toml:5:6: an id is the family, a dot and a slug, as in `some.some-name`",
    );
}

#[test]
fn a_missing_member_and_a_wrong_type_are_told() {
    let error = parse("f", &CASE.replace("why = \"w\"\n", "")).unwrap_err();
    assert_eq!((error.line, &*error.what), (4, "missing field `why`"));
    let error = parse("f", &CASE.replace("to = 1", "to = \"one\"")).unwrap_err();
    assert_eq!((error.line, error.column), (18, 6));
}

#[test]
fn an_operator_must_edit_what_is_sent() {
    check_error(
        &CASE
            .replace("attestation.ios27", "assertion.ios27")
            .replace("do = \"authdata.counter.set\"\nto = 1", "do = \"chain.other-root\""),
        "some.toml:5:6: `chain.other-root` edits nothing that this case sends",
    );
}

#[test]
fn a_reject_case_names_the_rules_it_breaks() {
    check_error(
        &CASE.replace("rules = [\"att.counter\"]\n", ""),
        "some.toml:5:6: a reject case names the `rules` it breaks, an accept case the `guards` it has; neither names both",
    );
}

const STEPS: &str = r#"
[[case.step]]
do = "challenge"
purpose = "attest"
name = "c1"
[[case.step]]
do = "attest"
challenge = "c1"
[[case.step]]
do = "attest"
device = "other"
challenge = "c1"
"#;

#[test]
fn steps_use_names_given_before() {
    let head = CASE.split("[[case.op]]").next().unwrap();
    let text = format!("{head}{STEPS}");
    let cases = parse("some.toml", &text).unwrap();
    assert_eq!(cases[0].steps[2].action, Action::Attest { challenge: Some("c1".to_owned()) });
    check_error(
        &text.replacen("challenge = \"c1\"", "challenge = \"c2\"", 1),
        "some.toml:23:13: `c2` is no earlier step's name; known are `c1`",
    );
}

#[test]
fn a_case_needs_what_its_steps_need() {
    let head = CASE.split("[[case.op]]").next().unwrap();
    let steps = "[[case.step]]\ndo = \"wait\"\n[[case.step]]\ndo = \"revoke\"\n[[case.step]]\ndo = \"attest\"\n";
    let cases = parse("some.toml", &format!("{head}{steps}")).unwrap();
    assert_eq!(cases[0].needs, [Need::Revoke, Need::Wait]);
}
