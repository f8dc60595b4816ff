//! The search finds what is planted, and what it prints is a case that bites.

use super::recipe::Found;
use super::stage::Stage;
use super::{AUTHORITY, Compared, only, search};
use catalogue::{Case, Expectation, Premises};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use protocol::flaw::{Flaw, Flaws};

/// Conversations within which each flaw must be found.
const CASES: u32 = 4096;

/// Flaws that one conversation after the other shows: of challenges, keys, counters and policies.
const SHOWN: &[&str] = &[
    "drop.st.challenge.issued",
    "drop.st.challenge.fresh",
    "drop.st.challenge.unused",
    "drop.st.key.unclaimed",
    "drop.st.key.known",
    "drop.st.key.owner",
    "drop.st.key.active",
    "drop.asr.counter",
    "drop.asr.challenge",
    "drop.asr.rp-id",
    "drop.asr.validation-category",
    "drop.asr.bundle-version",
    "drop.att.rp-id",
    "drop.att.validation-category",
    "drop.att.bundle-version",
    "weak.st.challenge.issued.case",
    "weak.st.challenge.issued.trimmed",
    "weak.st.challenge.issued.account",
    "weak.st.challenge.issued.purpose",
    "weak.st.challenge.issued.well-formed",
    "weak.st.challenge.fresh.attest",
    "weak.st.challenge.fresh.assert",
    "weak.st.challenge.unused.on-success",
    "weak.st.challenge.unused.attest",
    "weak.st.challenge.unused.assert",
    "weak.st.key.unclaimed.unused",
    "weak.st.key.active.re-enrolment",
    "weak.st.key.active.cached",
    "weak.st.key.active.forgotten",
    "weak.asr.counter.not-saved",
    "weak.asr.counter.saved-first",
    "weak.asr.counter.reset",
    "strict.st.challenge.issued.burnt",
    "strict.st.challenge.issued.latest",
    "strict.st.challenge.issued.one-per-purpose",
    "strict.st.key.unclaimed.once",
    "strict.st.key.unclaimed.one-key",
    "strict.st.key.active.replaced",
    "strict.asr.counter.account",
];

fn planted(id: &str) -> Flaws {
    let flaw = Flaw::from_id(id).unwrap_or_else(|| panic!("`{id}` is no flaw"));
    [flaw].into_iter().collect()
}

/// The same conversations each time, so that what is found is the same.
fn find(id: &str) -> Found {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"assay: the state of relying part");
    let runner = TestRunner::new_with_rng(config, rng);
    search(&planted(id), Compared::Decisions, runner)
        .unwrap_or_else(|| panic!("{id} is not found within {CASES} conversations"))
}

/// Whether the last step is decided as the case expects, every step before it having been.
fn passes(case: &Case, premises: &Premises, flaws: Flaws) -> bool {
    let mut stage = Stage::new(case, &AUTHORITY, premises, flaws);
    let (last, before) = case.steps.split_last().expect("a case has a step");
    for step in before {
        let accepted = stage.play(step).is_ok();
        match step.expectation {
            Expectation::Accept => assert!(accepted, "{step:?}"),
            Expectation::Reject => assert!(!accepted, "{step:?}"),
            Expectation::Either => {}
            Expectation::One => unreachable!("no step expects one"),
        }
    }
    let last = stage.play(last).is_ok();
    match case.expectation {
        Expectation::Accept => last,
        Expectation::Reject => !last,
        Expectation::Either | Expectation::One => unreachable!("no such case is written"),
    }
}

#[test]
fn each_planted_flaw_is_found_and_told_as_a_case_that_bites() {
    for id in SHOWN {
        let found = find(id);
        let recipe = found.recipe();
        let case = only(&recipe);
        let premises = &found.start.premises;
        assert!(passes(&case, premises, Flaws::NONE), "{id}: the reference fails\n{recipe}");
        assert!(!passes(&case, premises, planted(id)), "{id}: the case does not bite\n{recipe}");
    }
}

/// What is printed, from the first line to the last.
#[test]
fn the_case_of_a_challenge_that_only_success_uses_up_reads_like_this() {
    let found = find("weak.st.challenge.unused.on-success");
    assert_eq!(found.recipe(), ON_SUCCESS);
}

const ON_SUCCESS: &str = r#"# Found on a server with categories None, bundle versions None, receipts stored unread.
schema = 1
family = "found"

[[case]]
id = "found.by-the-model"
title = "A conversation that the model decides otherwise"
level = "must"
severity = "high"
class = "false-accept"
clauses = ["CH"]
base = "assertion.ios27"
expect = "reject"
rules = ["st.challenge.unused"]
guards = []
why = "The last step was accepted."
fix = "The challenge has not been used before."
needs = []
[[case.step]]
do = "attest"
name = "step0"
[[case.step]]
do = "challenge"
purpose = "assert"
name = "step4"
[[case.step]]
do = "attest"
challenge = "step4"
name = "step8"
expect = "reject"
[[case.step]]
do = "assert"
challenge = "step4"
name = "step9"
"#;
