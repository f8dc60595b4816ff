//! Fleets on the reference server, served within the test: sound, flawed, and with challenges that
//! do not live long.

use crate::load::{World, finished, windows, wrong};
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::post;
use protocol::flaw::Flaws;
use protocol::verify::Rule;
use record::{Event, EventKind, FleetFinished, FleetSecond, LoadFinished};
use runners::StopFlag;
use runners::load::journey::{
    JourneyPlan, JourneyRun, Lasting, Outage, PolicyName, Rate, Share, Waking, run,
};
use runners::load::{LoadReport, Setting};
use simulator::Seed;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// A small launch, twenty times as fast as life.
fn launch(devices: u32) -> JourneyPlan {
    let mut plan = JourneyPlan::default();
    plan.journeys.waking = Waking::Herd;
    plan.journeys.p50 = Lasting::secs(15);
    plan.journeys.p95 = Lasting::secs(40);
    plan.journeys.length = Lasting::secs(100);
    plan.journeys.speed = 20.0;
    plan.journeys.assertions = 2.0;
    plan.journeys.think_p95 = Lasting::secs(5);
    plan.fleet.devices = devices;
    plan.apple.rate = Rate(10.0);
    plan.apple.burst = 10;
    plan.retry.policy = PolicyName::Fixed;
    plan
}

fn play(world: &World, plan: JourneyPlan) -> (LoadReport, Vec<Event>) {
    plan.check().unwrap();
    let asked = JourneyRun {
        name: "launch".to_owned(),
        journeys: plan,
        users: 64,
        // Slow machines run these tests too, so a timeout must mean more than a busy one.
        timeout: Duration::from_secs(10),
        seed: Seed::from_text("journeys"),
    };
    let setting = Setting {
        began: Instant::now(),
        session: 0,
        repeat: "assay load run launch".to_owned(),
        allow_public: false,
        calibrated: None,
        dashboard: None,
    };
    let mut events = Vec::new();
    let (target, authority) = (&world.target, &world.authority);
    let stop = StopFlag::default();
    let report = run(&asked, target, authority, &setting, &mut events, &stop, &mut |_| {});
    (report.unwrap(), events)
}

fn fleet(events: &[Event]) -> (Vec<&FleetSecond>, &FleetFinished) {
    let second = |event| match event {
        &Event { kind: EventKind::FleetSecond(ref second), .. } => Some(&**second),
        _other => None,
    };
    let end = |event| match event {
        &Event { kind: EventKind::FleetFinished(ref finished), .. } => Some(&**finished),
        _other => None,
    };
    (events.iter().filter_map(second).collect(), events.iter().find_map(end).unwrap())
}

fn outcomes(seconds: &[&FleetSecond], name: &str) -> u64 {
    seconds.iter().filter_map(|second| second.outcomes.get(name)).sum()
}

#[test]
fn a_launch_with_an_outage_of_apple_loses_nobody_and_blames_nobody() {
    let world = World::without(&[]);
    let mut plan = launch(300);
    let outage = Outage { from: Lasting::secs(20), length: Lasting::secs(20), share: Share(1.0) };
    plan.apple.outages.push(outage);
    plan.journeys.duplicates = Share(0.1);
    plan.journeys.replays = Share(0.2);
    let (report, events) = play(&world, plan);
    assert_eq!(wrong(&events), Vec::<&record::WrongAnswer>::new());
    assert_eq!((report.wrong, report.dropped, report.complete), (0, 0, true), "{report:?}");
    assert_eq!(report.classes, [("right".to_owned(), report.sent)].into());

    let (seconds, end) = fleet(&events);
    assert_eq!(seconds.len(), 5, "100 seconds of the devices in five");
    for second in &seconds {
        assert_eq!(second.states.values().sum::<u64>(), 300, "{second:?}");
    }
    assert!(outcomes(&seconds, "serverUnavailable") > 100, "an outage of 20 s");
    assert_eq!(end.too_late, 0);
    let attested = end.attested.count();
    assert!(attested > 150, "{attested} of 300, at 10 a second for 80 s");
    let windows = windows(&events);
    let sum = |of: &str, honest: bool| -> u64 {
        let these = windows.iter().filter(|w| w.operation == of && w.honest == honest);
        these.map(|w| w.sent).sum()
    };
    assert_eq!(sum("attest", true), attested, "each was sent once and accepted");
    let probes = sum("assert", false);
    assert!(probes > 10);
    let LoadFinished { probes: with_audit, false_accepts, audited, .. } = *finished(&events);
    let replayed = with_audit - probes;
    assert!((1..=32).contains(&replayed), "{replayed} accepted requests, once more in the audit");
    assert!(audited > replayed + 30, "{audited}, enrolled keys among them");
    assert_eq!(false_accepts, 0);
    let phases: HashSet<_> = windows.iter().map(|w| w.phase.as_str()).collect();
    let wanted = ["launch: before", "launch: Apple down", "launch: after"];
    assert_eq!(phases, HashSet::from(wanted));
}

#[test]
fn a_server_that_takes_requests_twice_is_caught_by_what_networks_send_twice() {
    let world = World::without(&[Rule::ChallengeUnused, Rule::CounterIncreases]);
    let mut plan = launch(100);
    plan.journeys.duplicates = Share(0.5);
    let (report, events) = play(&world, plan);
    let accepted = report.classes.get("false-accept").copied().unwrap_or_default();
    assert!(accepted > 10, "{:?}", report.classes);
    let in_audit = report.wrong - accepted;
    assert!((1..=32).contains(&in_audit), "{in_audit}: the audit sends them again as well");
    assert_eq!(finished(&events).false_accepts, report.wrong);
    for wrong in wrong(&events) {
        let again =
            ["an accepted request a second time", "a request accepted during the load once more"];
        let is_again = again.iter().any(|words| wrong.what.contains(words));
        assert!(is_again, "a flaw is not taken for others: {}", wrong.what);
        assert_eq!(wrong.repeat, "assay load run launch");
    }
}

#[test]
fn who_comes_back_from_an_outage_with_an_old_challenge_is_refused_rightly_and_starts_anew() {
    // 60 s of the devices.
    let world = World::with(Flaws::default(), Duration::from_secs(3));
    let mut plan = launch(40);
    plan.journeys.p50 = Lasting::secs(5);
    plan.journeys.p95 = Lasting::secs(10);
    plan.journeys.length = Lasting::secs(170);
    let outage = Outage { from: Lasting::secs(0), length: Lasting::secs(110), share: Share(1.0) };
    plan.apple.outages.push(outage);
    let (report, events) = play(&world, plan);
    assert_eq!((report.wrong, report.undecided), (0, 0), "{:?}", wrong(&events));
    let (seconds, end) = fleet(&events);
    assert!(end.too_late > 25, "{} of some 38 were too late", end.too_late);
    assert_eq!(outcomes(&seconds, "too-late"), end.too_late);
    assert!(end.attested.count() > 25, "{} started anew", end.attested.count());
    assert_eq!(end.challenge_lifetime_ms, Some(60_000));
    let cure = end.challenge_age.quantile(0.999);
    assert!((90_000..130_000).contains(&cure), "{cure} ms would have been enough");
}

#[test]
fn a_server_that_refuses_old_challenges_no_more_is_caught_by_who_waits() {
    let world = World::with(Flaws::dropping([Rule::ChallengeFresh]), Duration::from_secs(1));
    let mut plan = launch(60);
    plan.journeys.p50 = Lasting::secs(5);
    plan.journeys.p95 = Lasting::secs(10);
    plan.journeys.stale = Share(0.5);
    let (report, events) = play(&world, plan);
    let accepted = report.classes.get("false-accept").copied().unwrap_or_default();
    assert!(accepted > 5, "{:?}", report.classes);
    assert_eq!(report.wrong, accepted, "{:?}", wrong(&events));
    assert!(wrong(&events).iter().all(|wrong| wrong.what.contains("an expired challenge")));
}

#[test]
fn a_server_that_acknowledges_what_it_does_not_store_is_caught_at_the_end() {
    let says_yes = |server: Router| {
        let yes = || async { ([(CONTENT_TYPE, "application/json")], r#"{"accepted":true}"#) };
        Router::new().route("/v1/attest", post(yes)).fallback_service(server)
    };
    let world = World::around(Flaws::NONE, Duration::from_mins(5), says_yes);
    let mut plan = launch(100);
    plan.journeys.assertions = 0.0;
    let (report, events) = play(&world, plan);
    assert_eq!(report.classes, [("right".to_owned(), report.sent)].into());
    assert!(report.audited > 30 && report.wrong == report.audited, "{report:?}");
    let wrong = wrong(&events);
    let what = "an assertion by a key enrolled before the end of the load";
    assert!(!wrong.is_empty() && wrong.iter().all(|wrong| wrong.what.contains(what)), "{wrong:?}");
}
