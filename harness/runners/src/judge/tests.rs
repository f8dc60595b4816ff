use super::{Sent, Twin, judge};
use catalogue::{Expectation, Truth};
use protocol::terms::Environment;
use record::{Failure, Verdict};
use std::collections::BTreeMap;
use targets::Decision;

fn accepted(outputs: &[(&str, &str)]) -> Decision {
    let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Decision::Accepted { outputs: outputs.collect() }
}

fn rejected() -> Decision {
    Decision::Rejected { reason: Some("some.rule".to_owned()) }
}

fn truth() -> Truth {
    Truth {
        counter: 3,
        key_id: vec![0xfb; 32],
        public_key: vec![4; 65],
        environment: Environment::Production,
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Fail { failure, .. } => failure.as_str(),
        other => other.as_str(),
    }
}

#[track_caller]
fn check(expectation: Expectation, decision: &Decision, twin: &Twin, expected: &str) {
    let last = Sent { what: "attest", expectation, decision };
    assert_eq!(word(&judge(&[], Some(last), Some(&truth()), twin)), expected);
}

#[test]
fn decisions_are_compared_with_expectations() {
    use Expectation::{Accept, Either, Reject};
    let good = Twin::default();
    check(Accept, &accepted(&[]), &good, "pass");
    check(Accept, &rejected(), &good, "false-reject");
    check(Reject, &accepted(&[]), &good, "false-accept");
    check(Reject, &rejected(), &good, "pass");
    check(Either, &accepted(&[]), &good, "pass");
    check(Either, &rejected(), &good, "pass");
}

#[test]
fn what_is_no_decision_never_passes() {
    let closed = Decision::Closed { why: "reset".to_owned() };
    let unreadable = Decision::Unreadable { why: "no rule".to_owned() };
    let unreachable = Decision::Unreachable { why: "refused".to_owned() };
    let throttled = Decision::Throttled { retry_after: None };
    for expectation in [Expectation::Accept, Expectation::Reject, Expectation::Either] {
        let check = |decision, expected| check(expectation, decision, &Twin::default(), expected);
        check(&Decision::Failed, Failure::Error.as_str());
        check(&closed, Failure::Crash.as_str());
        check(&Decision::TimedOut, Failure::Timeout.as_str());
        check(&unreadable, Failure::Unreadable.as_str());
        check(&unreachable, "inconclusive");
        check(&throttled, "inconclusive");
    }
}

#[test]
fn a_refusal_counts_only_between_two_accepted_twins() {
    let before = Twin { before: Some("refused".to_owned()), after: None };
    let after = Twin { before: None, after: Some("refused".to_owned()) };
    for twin in [&before, &after] {
        check(Expectation::Reject, &rejected(), twin, "inconclusive");
        // What was accepted was accepted, whatever became of others.
        check(Expectation::Reject, &accepted(&[]), twin, "false-accept");
        check(Expectation::Accept, &accepted(&[]), twin, "pass");
    }
}

#[test]
fn reported_values_must_be_true() {
    let good = Twin::default();
    let check = |outputs: &[(&str, &str)], expected| {
        check(Expectation::Accept, &accepted(outputs), &good, expected);
    };
    check(&[("counter", "3"), ("environment", "production")], "pass");
    check(&[("counter", "4")], "wrong-output");
    check(&[("counter", "three")], "wrong-output");
    check(&[("environment", "development")], "wrong-output");
    check(&[("key_id", &"fb".repeat(32))], "pass");
    check(&[("key_id", "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=")], "pass");
    check(&[("key_id", "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s")], "pass");
    check(&[("key_id", "AAAA")], "wrong-output");
    check(&[("something_else", "AAAA")], "pass");
}

#[test]
fn a_step_that_fails_on_the_way_is_no_verdict_on_the_last() {
    let outputs = BTreeMap::new();
    let yes = Decision::Accepted { outputs };
    let no = rejected();
    let run = |expectation, decision| {
        let before = [Sent { what: "attest (step 1)", expectation, decision }];
        word(&judge(&before, None, None, &Twin::default()))
    };
    assert_eq!(run(Expectation::Accept, &no), "inconclusive");
    assert_eq!(run(Expectation::Reject, &yes), "inconclusive");
    assert_eq!(run(Expectation::Accept, &Decision::Failed), "error");
    assert_eq!(run(Expectation::Reject, &Decision::TimedOut), "timeout");
}
