//! What a GitHub workflow shows: annotations, and the summary of the job.

use crate::fixture::{self, Story};
use crate::hostile::{EVIL, keeps_text};
use record::{CaseFinished, Failure, Record};
use report::Summary;
use report::render::{JOB_SUMMARY_LIMIT, annotations, job_summary};

/// So many cases, every one of which fails.
fn failing(cases: usize) -> Record {
    let mut story = Story::begin();
    for index in 0..cases {
        story.play(CaseFinished {
            severity: if index % 2 == 0 { "low" } else { "critical" }.into(),
            // Longer than what a summary keeps in hand for its notices.
            matters: "It lets an attacker in. ".repeat(200),
            ..fixture::failing(
                &format!("nonce.case-{index:04}"),
                "AV-4",
                "reject",
                Failure::FalseAccept,
            )
        });
    }
    story.end(1)
}

#[test]
fn ten_annotations_at_most_and_then_how_many_more() {
    let lines = |record: &Record| -> Vec<String> {
        let text = annotations(&Summary::fold(record), "reports/shop");
        text.lines().map(ToOwned::to_owned).collect()
    };
    let ten = lines(&failing(10));
    assert_eq!(ten.len(), 10);
    assert!(ten.iter().all(|line| line.starts_with("::error title=false-accept%3A nonce.case-")));
    let eleven = lines(&failing(11));
    assert_eq!(eleven.len(), 11);
    assert_eq!(eleven[10], "::notice title=Assay::…and 1 more: see report.html in reports/shop");
    assert!(eleven[0].contains("critical"), "the gravest first: {}", eleven[0]);
    assert_eq!(lines(&fixture::green()), [""; 0]);
}

#[test]
fn wrong_answers_come_first_advice_last_and_no_decision_is_told() {
    let text = annotations(&Summary::fold(&fixture::red()), "out");
    insta::assert_snapshot!(text);
    let killed = annotations(&Summary::fold(&fixture::killed()), "out");
    assert!(killed.starts_with("::warning title=Assay%3A Incomplete::"), "{killed}");
}

#[test]
fn nothing_a_server_says_is_a_command() {
    let mut story = Story::begin();
    let evil = format!("{EVIL}\n::set-env name=X::PWN\r\n::error::PWN");
    story.play(CaseFinished {
        id: evil.clone(),
        title: evil.clone(),
        severity: evil.clone(),
        reason: Some(evil.clone()),
        matters: evil.clone(),
        fix: evil.clone(),
        ..fixture::failing("a.b", "AV-4", "reject", Failure::FalseAccept)
    });
    let text = annotations(&Summary::fold(&story.end(1)), &evil);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("::error title="), "{text}");
    let (properties, _message) = text["::error title=".len()..].split_once("::").unwrap();
    assert!(!properties.contains([':', ',']), "{properties}");
    let hostile = annotations(&Summary::fold(&crate::hostile::record()), &evil);
    for line in hostile.lines() {
        let known = ["::error title=", "::warning title=", "::notice title="];
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
    }
}

#[test]
fn a_job_summary_that_fits_holds_everything() {
    let text = job_summary(&Summary::fold(&fixture::red()), "reports/shop", JOB_SUMMARY_LIMIT);
    for part in [
        "# ✕ Broken: ",
        "| Security | false accepts | 2 of ",
        "## Findings (9)",
        "### advice: `asr.signature.high-s`",
        "## Under load",
        "## Not tested, and why",
        "In full: `report.html` in `reports/shop`.",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert!(!text.contains("left out here"), "{text}");
    assert!(!text.contains("]("), "there is nothing beside a job summary to lead to");
}

#[test]
fn a_job_summary_keeps_to_its_room_and_leaves_out_whole_findings() {
    let summary = Summary::fold(&failing(600));
    let whole = job_summary(&summary, "out", usize::MAX);
    assert_eq!(whole.matches("\n### ✕ ").count(), 600);
    for room in [0, 10, 100, 2_000, 4_000, 20_000, 100_000, JOB_SUMMARY_LIMIT] {
        let text = job_summary(&summary, "reports/shop", room);
        assert!(text.len() <= room, "{} bytes in {room}", text.len());
        keeps_text(&text);
        let shown = text.matches("\n### ✕ ").count();
        // A finding ends with the command that repeats it.
        assert_eq!(shown, text.matches("--case nonce.case-").count(), "whole findings only");
        assert_eq!(shown > 0, room >= 20_000, "{shown} in {room}");
        if room >= 4_000 {
            let left = 600 - shown;
            assert!(
                text.contains(&format!("… and {left} more findings are left out here")),
                "{text}"
            );
            assert!(text.contains("`report.html` and `summary.json` in `reports/shop`"));
        }
    }
    let roomy = job_summary(&summary, "out", 100_000);
    assert!(
        roomy.contains("nonce.case-0001") && !roomy.contains("nonce.case-0598"),
        "gravest first"
    );
    assert!(roomy.contains("## Not tested, and why"), "what was not tested is not what goes");
}
