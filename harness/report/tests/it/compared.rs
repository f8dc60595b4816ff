//! Two runs side by side.

use crate::fixture::{self, SOUND, Server, Story};
use crate::hostile::keeps_text;
use record::{
    CaseFinished, EventKind, Failure, KnownCase, KnownEntry, KnownFailures, KnownStanding, Record,
    Verdict,
};
use report::Summary;
use report::comparison::{Change, Comparison};

fn run(cases: Vec<CaseFinished>) -> Record {
    let mut story = Story::begin();
    for case in cases {
        story.play(case);
    }
    story.end(0)
}

fn holds(id: &str) -> CaseFinished {
    fixture::case(id, "AV-4", "reject")
}

fn fails(id: &str, failure: Failure) -> CaseFinished {
    fixture::failing(id, "AV-4", "reject", failure)
}

fn undecided(id: &str) -> CaseFinished {
    CaseFinished {
        verdict: Verdict::Inconclusive { why: "its twin was refused".into() },
        ..holds(id)
    }
}

fn inapplicable(id: &str) -> CaseFinished {
    fixture::not_applicable(id, "AV-4", "no route")
}

fn compared(before: &Record, after: &Record) -> Comparison {
    Comparison::of(&Summary::fold(before), &Summary::fold(after))
}

/// The one change that comes of one case in both runs, and whether it is a regression.
fn became(before: Option<CaseFinished>, after: Option<CaseFinished>) -> Option<(Change, bool)> {
    let run =
        |case: Option<CaseFinished>| run(case.into_iter().chain([holds("always.there")]).collect());
    let comparison = compared(&run(before), &run(after));
    let mut found = comparison
        .groups
        .iter()
        .flat_map(|group| group.cases.iter().map(|case| (group.change, case.regression)));
    let change = found.next();
    assert_eq!(found.next(), None, "a case is in one group at most");
    assert_eq!(comparison.regressions, u64::from(change.is_some_and(|(_, counts)| counts)));
    change
}

#[test]
fn each_case_is_told_by_what_happened_to_it() {
    use Failure::{Crash, FalseAccept};
    let advice = |failure| CaseFinished { level: "should".into(), ..fails("a.b", failure) };
    let other_words = || CaseFinished { reason: Some("something else".into()), ..holds("a.b") };
    let (hold, fail, crash) =
        (|| Some(holds("a.b")), || Some(fails("a.b", FalseAccept)), || Some(fails("a.b", Crash)));
    let (maybe, never) = (|| Some(undecided("a.b")), || Some(inapplicable("a.b")));
    for (before, after, change) in vec![
        (hold(), hold(), None),
        (maybe(), maybe(), None),
        (never(), never(), None),
        (hold(), fail(), Some((Change::NewFailure, true))),
        (maybe(), fail(), Some((Change::NewFailure, true))),
        (never(), crash(), Some((Change::NewFailure, true))),
        (None, fail(), Some((Change::NewFailure, true))),
        (hold(), Some(advice(FalseAccept)), Some((Change::NewFailure, false))),
        (crash(), fail(), Some((Change::OtherFailure, true))),
        (Some(advice(Crash)), Some(advice(FalseAccept)), Some((Change::OtherFailure, false))),
        (fail(), fail(), Some((Change::StillFailing, false))),
        (fail(), hold(), Some((Change::Fixed, false))),
        (hold(), Some(other_words()), Some((Change::OtherReason, false))),
        (maybe(), hold(), Some((Change::NowDecided, false))),
        (never(), hold(), Some((Change::NowDecided, false))),
        (hold(), maybe(), Some((Change::Undecided, false))),
        (fail(), maybe(), Some((Change::Undecided, false))),
        (hold(), never(), Some((Change::NotApplicable, false))),
        (fail(), never(), Some((Change::NotApplicable, false))),
        (None, hold(), Some((Change::NewCase, false))),
        (None, maybe(), Some((Change::NewCase, false))),
        (hold(), None, Some((Change::GoneCase, false))),
        (fail(), None, Some((Change::GoneCase, false))),
    ] {
        let told = format!("{before:?} → {after:?}");
        assert_eq!(became(before, after), change, "{told}");
    }
}

#[test]
fn a_failure_that_is_known_is_no_regression_and_one_that_expired_is() {
    let with = |standing| {
        let mut story = Story::begin();
        story.play(fails("a.b", Failure::Crash));
        story.tell(EventKind::KnownFailures(Box::new(KnownFailures {
            file: "known.toml".into(),
            today: "2026-11-24".into(),
            entries: vec![KnownEntry {
                case: "a.b".into(),
                kind: Some(Failure::Crash),
                owner: "team".into(),
                reason: "slow".into(),
                issue: None,
                expires: "2026-12-01".into(),
                line: 1,
                cases: vec![KnownCase { id: "a.b".into(), standing, failed: 1, of: 1 }],
            }],
        })));
        story.end(0)
    };
    let before = run(vec![holds("a.b")]);
    assert_eq!(compared(&before, &with(KnownStanding::Excused)).regressions, 0);
    assert_eq!(compared(&before, &with(KnownStanding::Expired)).regressions, 1);
    let text = compared(&before, &with(KnownStanding::Excused)).terminal();
    assert!(text.contains("a.b  holds → crash (known)"), "{text}");
    assert!(text.contains("No new failure, 1 new as advice or known."), "{text}");
}

#[test]
fn wrong_answers_under_load_are_failures_too() {
    let attacked = |server| {
        let mut story = Story::begin();
        story.play(holds("a.b"));
        fixture::load(&mut story, server);
        story.end(0)
    };
    let leaky = Server { hole_every: 50, ..SOUND };
    let comparison = compared(&attacked(SOUND), &attacked(leaky));
    assert_eq!(comparison.regressions, 1);
    assert!(comparison.terminal().contains("load.false-accept  holds → false-accept  critical"));
    assert_eq!(compared(&attacked(leaky), &attacked(leaky)).regressions, 0);
    assert!(compared(&attacked(leaky), &attacked(SOUND)).sentence.contains("1 fixed"));
}

#[test]
fn what_is_not_the_same_about_the_runs_is_said_first() {
    let before = fixture::green();
    let mut after = fixture::red();
    after.header.assay = "0.2.0".into();
    after.header.seed = "5eed".into();
    after.header.target.name = "other shop".into();
    after.header.target.policy = [("receipt".into(), "ignore".into())].into();
    let text = compared(&before, &after).terminal();
    insta::assert_snapshot!(text);
    let killed = compared(&before, &fixture::killed());
    assert!(killed.terminal().contains("complete  →  incomplete"));
    assert!(!killed.after.complete);
    let same = compared(&before, &before);
    assert_eq!((same.differences.len(), same.regressions), (0, 0));
}

#[test]
fn markdown_and_json_tell_the_same() {
    let comparison = compared(&fixture::green(), &fixture::red());
    insta::assert_snapshot!(comparison.markdown());
    let json: serde_json::Value = serde_json::from_str(&comparison.json()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["regressions"], comparison.regressions);
    let groups = json["groups"].as_array().unwrap();
    assert_eq!(groups.len(), Change::ALL.len(), "empty groups are there too");
    assert_eq!(groups[0]["change"], "new-failure");
    let crash = groups[0]["cases"]
        .as_array()
        .unwrap()
        .iter()
        .find(|case| case["id"] == "att.rp-id.nesting");
    assert_eq!(crash.unwrap()["after"]["failure"], "crash");
}

#[test]
fn nothing_from_outside_comes_alive_in_a_comparison() {
    let hostile = crate::hostile::record();
    for (before, after) in [
        (&hostile, &fixture::red()),
        (&fixture::red(), &hostile),
        (&hostile, &crate::hostile::record()),
    ] {
        let comparison = compared(before, after);
        keeps_text(&comparison.markdown());
        let acts = |char: char| char.is_control() && char != '\n';
        assert_eq!(comparison.terminal().chars().find(|char| acts(*char)), None);
        serde_json::from_str::<serde_json::Value>(&comparison.json()).unwrap();
    }
}
