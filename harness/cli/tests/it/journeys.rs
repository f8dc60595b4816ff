//! `assay load` with profiles of journeys: foreseen without a server, and run.

use crate::context::Context;
use serde_json::Value;

/// Twelve devices in three seconds.
const SMALL: &str = "schema = 1\nname = \"small\"\nabout = \"Does it hold?\"\n\
    [fleet]\ndevices = 12\nunsupported = 0.0\nsticky_invalid_input = 0.0\n\
    [journeys]\nwaking = \"spread\"\nwithin = \"20s\"\nfor = \"60s\"\nspeed = 20.0\nassertions = 1.0\n";

#[test]
fn a_plan_of_journeys_is_played_against_a_modelled_server_and_says_what_it_rests_on() {
    let context = Context::new();
    let told = context.run(&["load", "plan", "outage", "--seed", "1"]).ends_with(0).stdout;
    for part in [
        "2000 devices",
        "retries by `full-jitter`",
        "half within",
        "apple.rate",
        "documented",
        "assumed",
        "from 2m for 10m share 1",
        "Nothing was sent.",
    ] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    let arguments = ["load", "plan", "outage", "--seed", "1", "--json"];
    let json = context.run(&arguments).ends_with(0).stdout;
    assert_eq!(context.run(&arguments).stdout, json, "the same seed is the same life");
    let foreseen: Value = serde_json::from_str(&json).unwrap();
    let foreseen = &foreseen["foreseen"];
    assert!(foreseen["attested"].as_u64().unwrap() > 1_500, "{foreseen}");
    assert!(foreseen["too_late"].as_u64().unwrap() > 100, "an outage of ten minutes: {foreseen}");
    let age = foreseen["challenge_age_p999_ms"].as_u64().unwrap();
    assert!(age > 500_000, "challenges live 5 min, and would have to live as long: {age}");
}

#[test]
fn a_plan_with_fewer_users_than_could_wait_says_what_that_may_cost() {
    let context = Context::new();
    let small = context.write("small.toml", SMALL);
    let told = context.run(&["load", "plan", &small, "--seed", "1"]).ends_with(0).stdout;
    assert!(!told.contains("fewer than"), "{told}");
    let many = SMALL.replace("devices = 12", "devices = 3000");
    let many = context.write("many.toml", &many);
    let told = context.run(&["load", "plan", &many, "--seed", "1"]).ends_with(0).stdout;
    assert!(told.contains("4000 users for"), "{told}");
    assert!(told.contains("that could wait at once"), "{told}");
}

#[test]
fn a_profile_of_journeys_is_run_and_its_fleet_reported() {
    let context = Context::new();
    let small = context.write("small.toml", SMALL);
    let ran = context.run(&["load", "run", &small, "--seed", "1", "--out", "out"]);
    // 9 says that this machine was too busy to measure, which is no fault of the code under test.
    assert!(matches!(ran.code, Some(0 | 9)), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("no wrong answer"), "{}", ran.stdout);
    let record = context.read("out/record.jsonl");
    let events: Vec<Value> =
        record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let seconds = of("fleet-second");
    assert_eq!(seconds.len(), 3);
    for second in &seconds {
        let states = second["states"].as_object().unwrap().values();
        assert_eq!(states.map(|n| n.as_u64().unwrap()).sum::<u64>(), 12);
    }
    assert_eq!(of("fleet-finished").len(), 1);
    assert!(!of("load-second").is_empty());
}

#[test]
fn journeys_that_cannot_be_kept_are_refused_before_anything_is_written() {
    let context = Context::new();
    let none = context.write("none.toml", &SMALL.replace("devices = 12", "devices = 0"));
    for verb in ["plan", "run"] {
        let ran = context.run(&["load", verb, &none]).ends_with(2);
        assert!(ran.stderr.contains("`fleet.devices` is 0"), "{}", ran.stderr);
    }
}
