//! Several targets on one board.

use crate::fixture::{self, Story};
use crate::hostile::{EVIL, keeps_text};
use record::{CaseFinished, Failure, Record};
use report::{Scoreboard, Summary};

fn named(mut record: Record, name: &str) -> Record {
    record.header.target.name = name.into();
    record
}

fn board(records: &[Record]) -> Scoreboard {
    let summaries: Vec<Summary> = records.iter().map(Summary::fold).collect();
    Scoreboard::of(&summaries)
}

/// One family that fails in each of the three ways, and one that was not played.
fn shop() -> Record {
    let mut story = Story::begin();
    for (id, expectation, failure) in [
        ("nonce.a", "reject", Failure::FalseAccept),
        ("nonce.b", "accept", Failure::FalseReject),
        ("nonce.c", "accept", Failure::WrongOutput),
        ("nonce.d", "reject", Failure::Crash),
    ] {
        story.play(fixture::failing(id, "AV-4", expectation, failure));
    }
    story.play(fixture::case("key.a", "AV-5", "reject"));
    story.play(fixture::not_applicable("receipt.a", "FR-4", "no route"));
    named(story.end(1), "shop")
}

#[test]
fn targets_stand_by_name_whatever_the_order_of_the_records() {
    let one = [shop(), named(fixture::green(), "Alpha"), named(fixture::red(), "beta")];
    let other = [one[2].clone(), one[0].clone(), one[1].clone()];
    let labels: Vec<String> = board(&one).targets.into_iter().map(|one| one.label).collect();
    assert_eq!(labels, ["Alpha", "beta", "shop"]);
    assert_eq!(board(&one), board(&other));
    assert_eq!(board(&one).html(), board(&other).html());
}

#[test]
fn a_cell_is_three_numbers_and_never_one() {
    let board = board(&[shop(), named(fixture::green(), "other")]);
    insta::assert_snapshot!(board.terminal());
    insta::assert_snapshot!(board.markdown());
    let nonce = board.families.iter().find(|row| row.family == "nonce").unwrap();
    let cell = nonce.cells[1].unwrap();
    assert_eq!((cell.security, cell.interoperability, cell.robustness, cell.decided), (1, 2, 1, 4));
    assert_eq!(nonce.cells[0], None, "the other run had no such family");
    for text in [board.terminal(), board.markdown(), board.html(), board.json()] {
        let told = text.split("</style>").last().unwrap();
        assert!(!told.contains('%') && !told.contains("per cent"), "{told}");
    }
}

#[test]
fn two_runs_of_one_target_are_told_apart() {
    let labels: Vec<String> =
        board(&[shop(), shop(), shop()]).targets.into_iter().map(|one| one.label).collect();
    assert_eq!(
        labels,
        [
            "shop (2026-11-23T09:30:00Z)",
            "shop (2026-11-23T09:30:00Z, 2)",
            "shop (2026-11-23T09:30:00Z, 3)"
        ]
    );
}

#[test]
fn what_keeps_columns_from_being_compared_is_said() {
    assert!(board(&[shop(), named(shop(), "twin")]).notes.is_empty());
    let mut newer = named(shop(), "newer");
    newer.header.assay = "0.2.0".into();
    let notes = board(&[shop(), newer, named(fixture::killed(), "killed")]).notes;
    assert_eq!(
        notes,
        [
            "The runs were made with different versions: 0.1.0, 0.2.0.",
            "The runs did not play the same cases: a smaller number may be a smaller run.",
            "The run of killed is incomplete."
        ]
    );
}

#[test]
fn nothing_from_outside_comes_alive_on_a_board() {
    let mut story = Story::begin();
    story.play(CaseFinished {
        family: EVIL.into(),
        ..fixture::failing(EVIL, EVIL, "reject", Failure::FalseAccept)
    });
    let board = board(&[crate::hostile::record(), named(story.end(1), EVIL), shop()]);
    keeps_text(&board.markdown());
    let page = board.html();
    assert!(page.contains("PWN()"), "the text itself is shown");
    for alive in ["<script", "<img", "<svg", "<!--", "url(", "<link", " style="] {
        assert!(!page.contains(alive), "{alive}");
    }
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    let acts = |char: char| char.is_control() && char != '\n';
    assert_eq!(board.terminal().chars().find(|char| acts(*char)), None);
    serde_json::from_str::<serde_json::Value>(&board.json()).unwrap();
}
