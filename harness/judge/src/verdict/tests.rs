//! Every row of the table: what was observed against what was expected.

use super::judge;
use record::{
    Attempt, CaseObserved, Honest, Observed, ObservedDecision as Decision, ReasonMode, Truth,
    TwinObserved, Unplayed, Verdict,
};
use std::collections::BTreeMap;

fn accepted(outputs: &[(&str, &str)]) -> Decision {
    let outputs = outputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Decision::Accept { outputs: outputs.collect() }
}

fn yes() -> Decision {
    accepted(&[])
}

fn no() -> Decision {
    said(Some("no"), None)
}

fn said(reason: Option<&str>, code: Option<&str>) -> Decision {
    Decision::Reject { reason: reason.map(str::to_owned), code: code.map(str::to_owned) }
}

fn crash() -> Decision {
    Decision::Crash { why: "reset".to_owned() }
}

fn unreadable() -> Decision {
    Decision::Unreadable { why: "no rule".to_owned() }
}

fn unreachable() -> Decision {
    Decision::Unreachable { why: "refused".to_owned() }
}

fn turn(expectation: &str, decision: Decision) -> Observed {
    Observed {
        what: "assert (step 2)".to_owned(),
        expectation: expectation.to_owned(),
        decision,
        status: Some(200),
        elapsed_ms: 1.0,
        excerpt: String::new(),
        truth: Some(Truth {
            counter: 3,
            key_id: "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=".to_owned(),
            public_key: "BAQE".to_owned(),
            environment: "production".to_owned(),
        }),
        broken: None,
    }
}

fn attempt(expectation: &str, decisions: Vec<Decision>) -> Attempt {
    let judged = (0..decisions.len()).collect();
    Attempt { turns: decisions.into_iter().map(|one| turn(expectation, one)).collect(), judged }
}

fn case(expectation: &str, attempts: Vec<Attempt>) -> CaseObserved {
    let good = || Honest::Played { what: "attest (step 1)".to_owned(), decision: yes() };
    CaseObserved {
        trust: record::Trust::SwapRoot,
        id: "some.case".to_owned(),
        expectation: expectation.to_owned(),
        reasons: vec!["att.nonce".to_owned(), "att.key-id".to_owned()],
        reason_mode: ReasonMode::Ignore,
        attempts,
        unplayed: None,
        twin: TwinObserved { before: good(), after: good() },
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Fail { failure, .. } => failure.as_str(),
        other => other.as_str(),
    }
}

/// One row: what was observed, and the verdict where it must accept, reject, or decide either way.
#[track_caller]
fn row(decision: &Decision, expected: [&str; 3]) {
    for (expectation, expected) in ["accept", "reject", "either"].into_iter().zip(expected) {
        let case = case(expectation, vec![attempt(expectation, vec![decision.clone()])]);
        assert_eq!(word(&judge(&case)), expected, "{decision:?} where it must {expectation}");
    }
}

#[test]
fn every_row_of_the_table_holds() {
    row(&yes(), ["pass", "false-accept", "pass"]);
    row(&accepted(&[("counter", "4")]), ["wrong-output", "false-accept", "wrong-output"]);
    row(&no(), ["false-reject", "pass", "pass"]);
    row(&Decision::Error, ["error"; 3]);
    row(&crash(), ["crash"; 3]);
    row(&Decision::Timeout, ["timeout"; 3]);
    row(&unreadable(), ["unreadable"; 3]);
    row(&Decision::Throttled, ["inconclusive"; 3]);
    row(&unreachable(), ["inconclusive"; 3]);
}

#[test]
fn reasons_are_compared_as_closely_as_declared() {
    let check = |mode, decision: &Decision, expected: &str| {
        let reject = CaseObserved {
            reason_mode: mode,
            ..case("reject", vec![attempt("reject", vec![decision.clone()])])
        };
        assert_eq!(word(&judge(&reject)), expected, "{mode:?} {decision:?}");
        // Only a refusal that is due has a reason that could be wrong.
        let either = CaseObserved { expectation: "either".to_owned(), ..reject.clone() };
        assert_eq!(word(&judge(&either)), "pass");
        let any = CaseObserved { reasons: Vec::new(), ..reject };
        assert_eq!(word(&judge(&any)), "pass");
    };
    let rows: [(Decision, [&str; 3]); 6] = [
        (said(Some("x"), Some("att.nonce")), ["pass", "pass", "pass"]),
        (said(None, Some("att.key-id")), ["pass", "pass", "pass"]),
        (said(Some("x"), Some("att.rp-id")), ["pass", "pass", "wrong-reason"]),
        (said(Some("x"), Some("asr.nonce")), ["pass", "wrong-reason", "wrong-reason"]),
        (said(Some("never heard"), None), ["pass", "inconclusive", "inconclusive"]),
        (said(None, None), ["pass", "wrong-reason", "wrong-reason"]),
    ];
    for (decision, expected) in rows {
        for (mode, expected) in ReasonMode::ALL.into_iter().zip(expected) {
            check(mode, &decision, expected);
        }
    }
}

#[test]
fn a_refusal_counts_only_between_two_accepted_twins() {
    let refused = || Honest::Played { what: "attest".to_owned(), decision: no() };
    let unplayed = || Honest::NotPlayed { why: "interrupted".to_owned() };
    for honest in [refused, unplayed, Honest::default] {
        for after in [false, true] {
            let around = |expectation: &str, decision| {
                let mut case = case(expectation, vec![attempt(expectation, vec![decision])]);
                let place = if after { &mut case.twin.after } else { &mut case.twin.before };
                *place = honest();
                word(&judge(&case))
            };
            assert_eq!(around("reject", no()), "inconclusive");
            // What was accepted was accepted, whatever became of others.
            assert_eq!(around("reject", yes()), "false-accept");
            assert_eq!(around("accept", yes()), "pass");
        }
    }
}

#[test]
fn reported_values_must_be_true() {
    let check = |name: &str, value: &str, expected| {
        let decisions = vec![accepted(&[(name, value)])];
        let verdict = judge(&case("accept", vec![attempt("accept", decisions)]));
        assert_eq!(word(&verdict), expected, "{name} {value}");
    };
    check("counter", "3", "pass");
    check("counter", "three", "wrong-output");
    check("environment", "production", "pass");
    check("environment", "development", "wrong-output");
    check("key_id", &"fb".repeat(32), "pass");
    check("key_id", "+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=", "pass");
    check("key_id", "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s", "pass");
    check("key_id", "AAAA", "wrong-output");
    check("public_key", "040404", "pass");
    check("public_key", "040405", "wrong-output");
    check("something_else", "AAAA", "pass");
}

#[test]
fn of_requests_sent_together_exactly_one_is_accepted() {
    let check = |decisions: Vec<Decision>, expected| {
        let case = case("one", vec![attempt("one", decisions)]);
        assert_eq!(word(&judge(&case)), expected);
    };
    check(vec![yes(), no(), no()], "pass");
    check(vec![no(), accepted(&[("counter", "9")])], "wrong-output");
    check(vec![no(), no()], "false-reject");
    check(vec![yes(), no(), yes()], "race");
    // Two accepted are two too many, whatever became of the third.
    check(vec![yes(), Decision::Timeout, yes()], "race");
    check(vec![yes(), Decision::Error], "error");
    check(vec![yes(), Decision::Throttled], "inconclusive");
}

#[test]
fn all_of_a_group_are_held_to_what_is_expected_of_each() {
    let check = |expectation: &str, decisions: Vec<Decision>, expected| {
        let case = case(expectation, vec![attempt(expectation, decisions)]);
        assert_eq!(word(&judge(&case)), expected);
    };
    check("accept", vec![yes(), yes()], "pass");
    check("accept", vec![yes(), no()], "false-reject");
    check("accept", vec![yes(), crash()], "crash");
    check("reject", vec![no(), no()], "pass");
    check("reject", vec![no(), yes()], "false-accept");
    check("reject", vec![Decision::Error, yes()], "false-accept");
    check("either", vec![yes(), no()], "pass");
}

#[test]
fn a_step_that_fails_on_the_way_is_no_verdict_on_the_last() {
    let run = |expectation: &str, decision| {
        let turns = vec![turn(expectation, decision), turn("reject", yes())];
        word(&judge(&case("reject", vec![Attempt { turns, judged: vec![1] }])))
    };
    assert_eq!(run("accept", no()), "inconclusive");
    assert_eq!(run("reject", yes()), "inconclusive");
    assert_eq!(run("accept", Decision::Error), "error");
    assert_eq!(run("reject", Decision::Timeout), "timeout");
    assert_eq!(run("accept", yes()), "false-accept");
    assert_eq!(run("reject", no()), "false-accept");
}

#[test]
fn a_case_that_comes_out_otherwise_is_unstable() {
    let check = |decisions: Vec<Decision>, expected: &str| {
        let attempts: Vec<Attempt> =
            decisions.into_iter().map(|decision| attempt("reject", vec![decision])).collect();
        assert_eq!(word(&judge(&case("reject", attempts.clone()))), expected);
        let turned = attempts.into_iter().rev().collect();
        assert_eq!(word(&judge(&case("reject", turned))), expected, "in the other order");
    };
    check(vec![no(), no()], "pass");
    check(vec![yes(), yes()], "false-accept");
    check(vec![no(), yes(), no()], "unstable");
    check(vec![yes(), Decision::Error], "unstable");
    // What cannot be repeated is no other outcome; but a pass needs every attempt to say so.
    check(vec![yes(), Decision::Throttled], "false-accept");
    check(vec![no(), Decision::Throttled], "inconclusive");
}

#[test]
fn what_was_not_played_says_why() {
    let unplayed =
        |unplayed| judge(&CaseObserved { unplayed: Some(unplayed), ..case("reject", Vec::new()) });
    let why = || "the reason".to_owned();
    let not_applicable = Verdict::NotApplicable { why: why() };
    assert_eq!(unplayed(Unplayed::NotApplicable { why: why() }), not_applicable);
    assert_eq!(unplayed(Unplayed::NotSent { why: why() }), Verdict::Inconclusive { why: why() });
}

#[test]
fn a_record_from_elsewhere_never_passes_by_accident() {
    let nothing_judged = Attempt { turns: vec![turn("accept", yes())], judged: Vec::new() };
    let beyond = Attempt { judged: vec![7], ..nothing_judged.clone() };
    for case in [
        case("accept", Vec::new()),
        case("accept", vec![nothing_judged]),
        case("accept", vec![beyond]),
        case("perhaps", vec![attempt("perhaps", vec![yes()])]),
    ] {
        assert_eq!(word(&judge(&case)), "inconclusive", "{case:?}");
    }
    let outputs = BTreeMap::from([("counter".to_owned(), "4".to_owned())]);
    let mut odd = turn("accept", Decision::Accept { outputs });
    if let Some(truth) = &mut odd.truth {
        truth.key_id = "no base64".to_owned();
        truth.counter = 4;
    }
    let case = case("accept", vec![Attempt { turns: vec![odd], judged: vec![0] }]);
    assert_eq!(judge(&case), Verdict::Pass);
}

#[test]
fn an_answer_that_is_not_as_it_must_be_fails_though_it_was_one() {
    let mut case = case("accept", vec![attempt("accept", vec![yes()])]);
    assert_eq!(judge(&case), Verdict::Pass);
    case.attempts[0].turns[0].broken = Some("a challenge has 8 bytes".to_owned());
    assert_eq!(word(&judge(&case)), "wrong-output");
}
