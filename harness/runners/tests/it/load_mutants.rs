//! Servers that are right but for one thing, under load: the state oracle catches each within a
//! stated number of probes, and takes none for anything else.

use crate::load::{World, finished, plan, wrong};
use protocol::flaw::{Flaw, Flaws};
use protocol::verify::Rule;
use record::{Event, EventKind};
use runners::StopFlag;
use runners::load::{LoadPlan, LoadReport, Mix};
use std::time::Duration;

/// Half of all requests are dishonest assertions' and half challenges.
fn probing(rate: f64, seconds: u64) -> LoadPlan {
    let mut plan = plan(rate, seconds);
    plan.mix = Mix { attest: 0, assert: 5, challenge: 5 };
    plan.dishonest = 0.4;
    plan
}

fn planted(id: &str) -> Flaws {
    Flaw::from_id(id).into_iter().collect()
}

fn lasting() -> Duration {
    Duration::from_mins(5)
}

fn notes(events: &[Event]) -> Vec<&str> {
    let note = |event| match event {
        &Event { kind: EventKind::Note { ref text }, .. } => Some(text.as_str()),
        _other => None,
    };
    events.iter().filter_map(note).collect()
}

/// Runs a plan, and holds what is found against what may be found: wrong acceptances of these lies
/// only, the first within so many probes.
fn caught(world: &World, plan: &LoadPlan, within: u64, words: &[&str]) -> LoadReport {
    let (report, events) = world.load(plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    let first = report.first_false_accept;
    assert!(first.is_some_and(|first| first <= within), "{first:?} of {}", report.probes);
    let told = wrong(&events);
    assert_eq!(report.wrong, report.false_accepts, "one flaw is not taken for another: {told:?}");
    assert_eq!(finished(&events).false_accepts, report.false_accepts);
    for wrong in told {
        assert!(words.iter().any(|words| wrong.what.contains(words)), "{}", wrong.what);
    }
    let says = notes(&events).iter().any(|note| {
        note.contains("wrong accepts in") && note.contains(&format!("probe {}", first.unwrap()))
    });
    assert!(says, "{:?}", notes(&events));
    report
}

const TWICE: &str = "a request twice at the same instant";
const COUNTER_TWICE: &str = "two assertions with one counter at the same instant";
const CHALLENGE_TWICE: &str = "two assertions for one challenge at the same instant";
const SPENT: &str = "an assertion for a challenge that its key used before";
const REPLAY: &str = "an accepted request a second time";
const AUDITED: &str = "a request accepted during the load once more";
const EQUAL: &str = "an assertion with the counter last accepted";
const BACK: &str = "an assertion with a counter below the one last accepted";

#[test]
fn replays_that_are_accepted_now_and_then_are_caught_within_90_probes() {
    let world = World::with(planted("weak.asr.counter.now-and-then"), lasting());
    caught(&world, &probing(60.0, 4), 90, &[TWICE, SPENT, REPLAY, AUDITED]);
}

#[test]
fn a_counter_that_is_raced_is_caught_within_22_probes() {
    let world = World::with(planted("racy.asr.counter.check-then-act"), lasting());
    caught(&world, &probing(30.0, 3), 22, &[COUNTER_TWICE]);
}

#[test]
fn a_challenge_that_is_raced_is_caught_within_40_probes() {
    let world = World::with(planted("racy.st.challenge.unused.check-then-act"), lasting());
    caught(&world, &probing(30.0, 4), 40, &[CHALLENGE_TWICE]);
}

#[test]
fn a_challenge_that_is_not_spent_is_caught_within_33_probes() {
    let world = World::with(Flaws::dropping([Rule::ChallengeUnused]), lasting());
    caught(&world, &probing(30.0, 3), 33, &[SPENT, CHALLENGE_TWICE]);
}

#[test]
fn counters_of_each_node_are_caught_within_22_probes() {
    let mut world = World::with(planted("weak.asr.counter.each-node"), lasting());
    let other = world.target.nodes[0].as_str().replace("127.0.0.1", "localhost");
    world.target.nodes.push(other.parse().unwrap());
    caught(&world, &probing(30.0, 3), 22, &[COUNTER_TWICE, EQUAL, BACK]);
}

#[test]
fn a_key_that_serves_every_account_is_caught_within_22_probes() {
    let world = World::with(Flaws::dropping([Rule::KeyOwner]), lasting());
    caught(&world, &probing(30.0, 3), 22, &["an assertion by another account's key"]);
}

#[test]
fn challenges_that_never_age_are_caught_as_soon_as_one_is_stale() {
    let world = World::with(Flaws::dropping([Rule::ChallengeFresh]), Duration::from_secs(1));
    let plan = probing(20.0, 7);
    caught(&world, &plan, 60, &["an assertion for a challenge whose life is over"]);
}

#[test]
fn a_store_that_fails_open_is_sound_at_rest_and_caught_within_100_probes_under_load() {
    let world = World::with(planted("weak.st.key.known.fails-open"), lasting());
    let (report, events) = world.load(&probing(10.0, 2), &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    assert_eq!((report.wrong, report.first_false_accept), (0, None), "{:?}", wrong(&events));
    let world = World::with(planted("weak.st.key.known.fails-open"), lasting());
    let (report, _) = world.load(&probing(250.0, 2), &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    println!("caught by probe {:?} of {}, stated: 100", report.first_false_accept, report.probes);
    assert!(report.first_false_accept.is_some_and(|first| first <= 100), "{report:?}");
    assert_eq!(report.wrong, report.false_accepts, "{:?}", report.classes);
}
