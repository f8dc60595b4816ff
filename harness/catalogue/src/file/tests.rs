use super::{parse, parse_beside};
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
fn a_signature_is_wished_one_shape() {
    let with =
        |edits: &str| CASE.replace("[[case.op]]\ndo = \"authdata.counter.set\"\nto = 1\n", edits);
    let edit = |name: &str| format!("[[case.op]]\ndo = \"{name}\"\n");
    let (high, zero) = (edit("leaf.signature.high-s"), edit("leaf.signature.leading-zero-s"));
    let error = parse("some.toml", &with(&(high.clone() + &zero))).unwrap_err().to_string();
    let words = "`leaf.signature.high-s` and `leaf.signature.leading-zero-s` are searched for";
    assert!(error.contains(words), "{error}");
    // Each signature has a shape of its own.
    let other = edit("intermediate.signature.leading-zero-s");
    assert!(parse("some.toml", &with(&(high + &other))).is_ok());
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
        &with("authdata.counter.set\"\nto = 1", "receipt.fields.many\"\ncount = 3356805140"),
        "some.toml:18:9: 3356805140 is too much here: at most 65536",
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
        "some.toml:5:6: an id is the family, a dot and a name of a-z, 0-9, `-` and `.`, as in `some.some-name`",
    );
}

#[test]
fn wrong_types_are_told_in_the_words_of_toml() {
    let with = |old: &str, new: &str| CASE.replace(old, new);
    check_error(
        &with("[\"att.counter\"]", "\"att.counter\""),
        "some.toml:13:9: this is the text \"att.counter\"; it must be a list, as in [\"…\", \"…\"]",
    );
    check_error(
        &with("title = \"t\"", "title = 5"),
        "some.toml:6:9: this is the number `5`; it must be a text in quotes",
    );
    check_error(
        &with("to = 1", "to = -1"),
        "some.toml:18:6: this is the number `-1`; it must be a whole number from 0 to 4294967295",
    );
    check_error(
        &with("[[case.op]]", "[case.op]"),
        "some.toml:16:1: this must be a list: write [[case.op]], or [[case.step.op]] of a step",
    );
}

#[test]
fn what_is_written_for_people_can_be_printed() {
    let with = |old: &str, new: &str| CASE.replace(old, new);
    check_error(
        &with("title = \"t\"", "title = \" \""),
        "some.toml:6:9: this is empty, and reports print it",
    );
    check_error(
        &with("why = \"w\"", "why = \"red \\u001b[31m\""),
        "some.toml:14:7: this must be one line, without control characters: reports print it",
    );
    check_error(
        &with("fix = \"f\"", &format!("fix = \"{}\"", "f".repeat(301))),
        "some.toml:15:7: this has 301 characters; a report has room for 300",
    );
}

#[test]
fn what_is_listed_elsewhere_is_looked_up() {
    let with = |old: &str, new: &str| CASE.replace(old, new);
    check_error(
        &with("AV-7", "AV-77"),
        "some.toml:10:12: `AV-77` is no registered clause; did you mean `AV-7`?",
    );
    check_error(
        &with("level", "catalogue = [\"POS4\"]\nlevel"),
        "some.toml:7:14: `POS4` is no id of the list of known cases, as `NON-002` is",
    );
}

#[test]
fn an_id_is_used_once() {
    let second = CASE.split("\n\n").nth(1).unwrap();
    check_error(&format!("{CASE}{second}"), "some.toml:20:6: `some.case` is there twice");
    let others = parse("other.toml", CASE).unwrap();
    let error = parse_beside("some.toml", CASE, &others).unwrap_err().to_string();
    assert_eq!(error, "some.toml:5:6: the id `some.case` is taken by \"t\"");
    check_error(
        &CASE.replace("level = \"must\"", "level = \"must\"\nlevel = \"may\""),
        "some.toml:8:1: `level` is there twice",
    );
    check_error(
        "schema = 1\nfamily = \"some\"\n",
        "some.toml:2:10: no case: each begins with [[case]]",
    );
}

#[test]
fn a_missing_member_and_a_wrong_type_are_told() {
    let error = parse("f", &CASE.replace("why = \"w\"\n", "")).unwrap_err();
    assert_eq!((error.line, &*error.what), (4, "`why` is missing"));
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
        "some.toml:5:6: a reject case names the `rules` it breaks, an accept case the `guards` it has; neither names both, and a `fault` of form or damage breaks no rule of its own",
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
    assert_eq!(cases[0].needs, [Need::Revoke, Need::Wait, Need::RelyingParty]);
}

#[test]
fn an_object_identifier_that_is_none_is_told_when_the_file_is_read() {
    let with = |oid: &str| {
        let edit = format!("do = \"leaf.algorithm\"\noid = \"{oid}\"");
        CASE.replace("do = \"authdata.counter.set\"\nto = 1", &edit)
    };
    assert!(parse("some.toml", &with("1.2.840.10045.4.3.2")).is_ok());
    for oid in ["", "1", "3.1", "1.2.x", "1..2", "1.2.4294967296"] {
        let error = parse("some.toml", &with(oid)).unwrap_err().to_string();
        assert!(error.contains("is no object identifier"), "{oid}: {error}");
        assert!(error.starts_with("some.toml:18:"), "{oid}: {error}");
    }
}
