//! What a summary concludes.

use crate::fixture::{self, SOUND, Server, Story};
use record::{EventKind, Failure, Histogram, LoadWindow};
use report::{Standing, Summary};

#[test]
fn a_green_run_holds_and_says_of_how_many() {
    let summary = Summary::fold(&fixture::green());
    assert_eq!(summary.standing, Standing::Holds);
    assert_eq!(
        summary.sentence,
        "All 9 applicable cases hold; 1 not applicable. Load: no wrong answer in 8,530 requests."
    );
    assert!(summary.completeness.complete);
    let headline = &summary.headline;
    assert_eq!((headline.security.total(), headline.security.of_cases), (0, 7));
    assert_eq!((headline.interoperability.total(), headline.interoperability.of_cases), (0, 2));
    assert_eq!((headline.coverage.covered, headline.coverage.named), (7, 8));
    assert_eq!(headline.coverage.missing, ["FR-4"]);
    assert_eq!(summary.next.len(), 2, "{:?}", summary.next);
}

#[test]
fn failures_of_each_kind_are_counted_under_their_number() {
    let summary = Summary::fold(&fixture::red());
    assert_eq!(summary.standing, Standing::Broken);
    let headline = &summary.headline;
    assert_eq!(headline.security.in_cases, 2);
    assert_eq!(headline.interoperability.in_cases, 2);
    assert_eq!(headline.robustness.in_cases, 4);
    assert_eq!(summary.cases.advice, 1);
    assert!(headline.security.under_load > 0 && headline.robustness.under_load > 0);
    assert!(
        summary.sentence.starts_with("2 holes: att.nonce.other-challenge and asr.counter.equal. "),
        "{}",
        summary.sentence
    );
    let findings = summary.cases.findings();
    assert_eq!(findings[0].id, "att.nonce.other-challenge", "the most severe comes first");
    assert_eq!(findings.last().map(|case| case.level.as_str()), Some("should"));
}

#[test]
fn advice_alone_does_not_break_a_run() {
    let mut story = Story::begin();
    story.play(fixture::case("att.valid.ios17", "AV-0", "accept"));
    let mut advice = fixture::failing("asr.high-s", "AS-3", "accept", Failure::FalseReject);
    advice.level = "may".into();
    story.play(advice);
    let summary = Summary::fold(&story.end(0));
    assert_eq!(summary.standing, Standing::Holds);
    assert_eq!(summary.sentence, "1 of 2 applicable cases hold; 1 failed as advice only.");
}

#[test]
fn a_killed_run_names_the_case_that_was_in_play() {
    let summary = Summary::fold(&fixture::killed());
    assert_eq!(summary.standing, Standing::Incomplete);
    assert_eq!(summary.completeness.died_in.as_deref(), Some("att.syntax.trailing-byte"));
    assert_eq!(summary.cases.unplayed, 8);
    assert_eq!(
        summary.sentence,
        "The run ended early, while att.syntax.trailing-byte was in play. \
         The one applicable case holds; 8 not played."
    );
}

#[test]
fn a_header_alone_is_nothing_tested() {
    let summary = Summary::fold(&Story::begin().as_it_stands());
    assert_eq!(summary.standing, Standing::Empty);
    assert!(summary.sentence.ends_with("Nothing was tested."), "{}", summary.sentence);
}

#[test]
fn clauses_that_only_cases_name_are_ordered_by_number() {
    let summary = Summary::fold(&fixture::cases_only());
    let ids: Vec<&str> = summary.cases.clauses.iter().map(|clause| clause.id.as_str()).collect();
    assert_eq!(ids, ["AV-9", "AV-10"]);
}

#[test]
fn load_is_summed_per_phase_and_operation() {
    let load = &Summary::fold(&fixture::load_only()).load[0];
    let names: Vec<&str> = load.phases.iter().map(|phase| phase.name.as_str()).collect();
    assert_eq!(names, ["steady", "stair-1", "stair-2", "stair-3"]);
    assert_eq!(load.phases[3].offered, 4_000);
    assert!((load.phases[3].achieved_per_s - 800.0).abs() < 1e-9);
    assert_eq!(load.rows.len(), 4 * 3 * 2);
    let firsts: Vec<(&str, bool)> =
        load.rows.iter().take(6).map(|row| (row.operation.as_str(), row.honest)).collect();
    assert_eq!(
        firsts,
        [
            ("challenge", true),
            ("challenge", false),
            ("attest", true),
            ("attest", false),
            ("assert", true),
            ("assert", false)
        ]
    );
    let sum: u64 = load.rows.iter().map(|row| row.sent).sum();
    assert_eq!(sum, load.sent);
    assert_eq!(load.rows.iter().map(|row| row.response.n).sum::<u64>(), load.sent);
}

#[test]
fn no_false_accept_is_bounded_by_three_over_n() {
    let load = &Summary::fold(&fixture::load_only()).load[0];
    let right = &load.correctness;
    assert!(right.dishonest > 300);
    let bound = right.false_accepts_below.expect("there was none");
    assert!((bound - 3.0 / right.dishonest as f64).abs() < 1e-12);

    let mut story = Story::begin();
    fixture::load(&mut story, Server { hole_every: 100, ..SOUND });
    let summary = Summary::fold(&story.end(1));
    assert_eq!(summary.standing, Standing::Broken);
    assert_eq!(summary.load[0].correctness.false_accepts_below, None);
    assert!(summary.sentence.contains("dishonest requests accepted"), "{}", summary.sentence);
}

#[test]
fn an_invalid_measurement_is_neither_good_nor_bad() {
    let mut story = Story::begin();
    fixture::load(&mut story, Server { generator: 500.0, ..SOUND });
    let summary = Summary::fold(&story.end(9));
    assert_eq!(summary.standing, Standing::Invalid);
    assert!(summary.load[0].dropped > 0);
}

#[test]
fn requests_without_a_decision_strain_a_run_and_unreadable_ones_break_it() {
    let mut story = Story::begin();
    fixture::load(&mut story, Server { error_every: 50, ..SOUND });
    assert_eq!(Summary::fold(&story.end(0)).standing, Standing::Strained);

    fixture::load(&mut story, SOUND);
    story.tell(EventKind::LoadWindow(Box::new(LoadWindow {
        phase: "late".into(),
        second: 31,
        operation: "attest".into(),
        honest: true,
        offered: 1,
        sent: 1,
        dropped: 0,
        classes: [("unreadable".to_owned(), 1)].into(),
        response: Histogram::default(),
        service: Histogram::default(),
        lag: Histogram::default(),
    })));
    let summary = Summary::fold(&story.end(1));
    assert_eq!(summary.standing, Standing::Broken);
    assert_eq!(summary.load.len(), 2);
    assert_eq!(summary.load[1].phases[4].name, "late", "an unplanned phase is kept");
}

#[test]
fn a_server_that_refuses_all_has_one_cause() {
    let mut story = Story::begin();
    for id in ["att.valid.a", "att.valid.b"] {
        story.play(fixture::failing(id, "AV-0", "accept", Failure::FalseReject));
    }
    let summary = Summary::fold(&story.end(1));
    assert!(summary.next[0].what.contains("test root"), "{:?}", summary.next);
}
