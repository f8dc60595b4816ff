//! What a summary concludes.

use crate::fixture::{self, SOUND, Server, Story};
use record::{
    EventKind, Failure, Histogram, KnownCase, KnownEntry, KnownFailures, KnownStanding, LoadWindow,
    ObservedDecision, ReasonMode,
};
use report::summary::Constant;
use report::{Standing, Summary, render};
use std::collections::BTreeMap;

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
        by_class: BTreeMap::new(),
    })));
    let summary = Summary::fold(&story.end(1));
    assert_eq!(summary.standing, Standing::Broken);
    assert_eq!(summary.load.len(), 2);
    assert_eq!(summary.load[1].phases[4].name, "late", "an unplanned phase is kept");
}

/// A run of five cases, two of them of genuine objects, and what a server that always does the same
/// does with the last request of each.
fn constant(decision: &ObservedDecision) -> Summary {
    let mut story = Story::begin();
    for (id, expectation) in
        [("a", "accept"), ("b", "accept"), ("c", "reject"), ("d", "reject"), ("e", "either")]
    {
        story.tell(EventKind::CaseObserved(Box::new(fixture::observed(
            id,
            expectation,
            decision.clone(),
        ))));
        let failure = match (expectation, decision) {
            ("accept", ObservedDecision::Reject { .. }) => Failure::FalseReject,
            ("reject", ObservedDecision::Accept { .. }) => Failure::FalseAccept,
            (_, ObservedDecision::Timeout) => Failure::Timeout,
            (_, ObservedDecision::Error) => Failure::Error,
            (_, ObservedDecision::Crash { .. }) => Failure::Crash,
            (_, ObservedDecision::Unreadable { .. }) => Failure::Unreadable,
            _passes_or_proves_nothing => continue,
        };
        story.play(fixture::failing(id, "AV-0", expectation, failure));
    }
    Summary::fold(&story.end(1))
}

#[test]
fn a_server_that_says_the_same_to_everything_has_one_cause_and_its_own_banner() {
    let why = || "why".to_owned();
    for (decision, expected) in [
        (ObservedDecision::Accept { outputs: BTreeMap::new() }, Constant::AcceptsEverything),
        (ObservedDecision::Reject { reason: None, code: None }, Constant::RefusesEverything),
        (ObservedDecision::Error, Constant::Fails),
        (ObservedDecision::Timeout, Constant::Hangs),
        (ObservedDecision::Crash { why: why() }, Constant::Closes),
        (ObservedDecision::Unreadable { why: why() }, Constant::Unreadable),
    ] {
        let summary = constant(&decision);
        assert_eq!(summary.constant, Some(expected));
        assert_eq!(summary.standing, Standing::Broken);
        assert_eq!(summary.statements[0], expected.sentence());
        assert_eq!(summary.next[0].what, expected.advice());
        let page = render::markdown(&summary);
        let whole = |text: &str| text.replace('\\', "");
        assert!(whole(&page).contains(expected.sentence()), "{page}");
        assert!(render::html(&summary).contains(expected.sentence()));
        assert!(render::terminal(&summary).starts_with(expected.sentence()));
    }
}

#[test]
fn a_server_that_refuses_everything_scores_nothing_on_interoperability() {
    let summary = constant(&ObservedDecision::Reject { reason: None, code: None });
    let right = |tally: report::summary::Tally| tally.of_cases - tally.in_cases;
    assert_eq!(summary.headline.interoperability.of_cases, 2);
    assert_eq!(right(summary.headline.interoperability), 0);
    assert_eq!(right(summary.headline.security), 0, "its refusals prove nothing either");
}

#[test]
fn a_server_that_decides_is_not_constant() {
    let mut story = Story::begin();
    let yes = ObservedDecision::Accept { outputs: BTreeMap::new() };
    let no = ObservedDecision::Reject { reason: None, code: None };
    for (id, expectation, decision) in
        [("a", "accept", &yes), ("b", "reject", &no), ("c", "reject", &no), ("d", "reject", &no)]
    {
        let observed = fixture::observed(id, expectation, decision.clone());
        story.tell(EventKind::CaseObserved(Box::new(observed)));
    }
    assert_eq!(Summary::fold(&story.end(0)).constant, None);
}

#[test]
fn words_that_stand_for_no_rule_are_counted_and_listed() {
    let mut story = Story::begin();
    for id in ["a", "b"] {
        let decision = ObservedDecision::Reject { reason: Some("nope <b>".to_owned()), code: None };
        let mut observed = fixture::observed(id, "reject", decision);
        observed.reason_mode = ReasonMode::Class;
        story.tell(EventKind::CaseObserved(Box::new(observed.clone())));
        observed.reason_mode = ReasonMode::Ignore;
        story.tell(EventKind::CaseObserved(Box::new(observed)));
    }
    let summary = Summary::fold(&story.end(6));
    assert_eq!(summary.cases.unmapped.len(), 1);
    assert_eq!(summary.cases.unmapped[0].times, 2, "only where reasons are compared");
    assert!(summary.next.iter().any(|step| step.what.contains("[reasons]")), "{:?}", summary.next);
    assert!(render::html(&summary).contains("<q>nope &#60;b&#62;</q> × 2"));
    assert!(render::markdown(&summary).contains("“nope &lt;b&gt;” (2 times)"));
}

/// Two failing cases and one that passes, held against entries of that kind and standing.
fn known(entries: &[(&str, KnownStanding)]) -> Summary {
    let mut story = Story::begin();
    story.play(fixture::failing("nonce.a", "AV-4", "reject", Failure::FalseAccept));
    story.play(fixture::failing("nonce.b", "AV-4", "reject", Failure::FalseAccept));
    story.play(fixture::case("nonce.c", "AV-4", "reject"));
    let entry = |(id, standing): &(&str, KnownStanding)| KnownEntry {
        case: (*id).to_owned(),
        kind: Some(Failure::FalseAccept),
        owner: "the <identity> team".to_owned(),
        reason: "checks no dates".to_owned(),
        issue: Some("https://tracker.example/42".to_owned()),
        expires: "2027-03-01".to_owned(),
        line: 1,
        cases: vec![KnownCase { id: (*id).to_owned(), standing: *standing, failed: 1, of: 3 }],
    };
    story.tell(EventKind::KnownFailures(Box::new(KnownFailures {
        file: "known.toml".to_owned(),
        today: "2026-11-24".to_owned(),
        entries: entries.iter().map(entry).collect(),
    })));
    Summary::fold(&story.end(1))
}

#[test]
fn known_failures_are_excused_and_shown_everywhere() {
    use KnownStanding::{Excused, Expired, OtherWay, Stale, Tolerated};
    let summary = known(&[("nonce.a", Excused), ("nonce.b", Tolerated)]);
    assert_eq!(summary.standing, Standing::Holds);
    assert_eq!((summary.cases.failed, summary.cases.known), (0, 2));
    assert_eq!((summary.headline.security.in_cases, summary.headline.security.known), (0, 2));
    assert!(summary.cases.findings().is_empty());
    let (page, html) = (render::markdown(&summary), render::html(&summary));
    assert!(page.contains("## Known failures") && page.contains("failed 1 of 3"), "{page}");
    assert!(html.contains("the &#60;identity&#62; team") && html.contains("failed 1 of 3"));
    assert!(html.contains("2 more as known"), "the tile says so");
    assert!(render::junit(&summary).contains("known failure"));
    assert!(render::terminal(&summary).contains("2 known"), "{}", render::terminal(&summary));

    let check = |entries: &[(&str, KnownStanding)], standing, words: &str| {
        let summary = known(entries);
        assert_eq!(summary.standing, standing, "{}", summary.sentence);
        assert!(summary.sentence.contains(words), "{}", summary.sentence);
    };
    let both = |one, other| [("nonce.a", one), ("nonce.b", other)];
    check(&both(Excused, Expired), Standing::Outdated, "1 known failure has expired: nonce.b.");
    check(&both(Excused, OtherWay), Standing::Broken, "1 hole: nonce.b.");
    check(&[("nonce.a", Excused)], Standing::Broken, "1 hole: nonce.b.");
    let [a, b] = both(Excused, Excused);
    check(&[a, b, ("nonce.c", Stale)], Standing::Outdated, "1 known failure passes");
    // Of two entries for a case the one that excuses it counts.
    let [a, b] = both(Expired, Excused);
    check(&[a, b, ("nonce.a", Excused)], Standing::Holds, "");
}
