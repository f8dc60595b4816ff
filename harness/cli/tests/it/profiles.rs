//! `assay load` with profiles: listed, planned, refused, run.

use crate::context::Context;
use serde_json::Value;

const NAMES: [&str; 14] = [
    "smoke", "steady", "ramp", "stairs", "overload", "recover", "spike", "burst", "flood", "soak",
    "replay", "herd", "outage", "churn",
];

#[test]
fn profiles_are_listed_with_the_question_they_ask() {
    let context = Context::new();
    let told = context.run(&["load", "list"]).ends_with(0).stdout;
    let names: Vec<&str> = told.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, NAMES);
    assert!(told.lines().all(|line| line.contains('?')), "{told}");
    let json = context.run(&["load", "list", "--json"]).ends_with(0).stdout;
    for (line, name) in json.lines().zip(NAMES) {
        let profile: Value = serde_json::from_str(line).unwrap();
        assert_eq!(profile["name"], name);
        assert!(profile["seconds"].as_f64().unwrap() > 1.0);
    }
}

#[test]
fn a_plan_shows_what_would_be_sent_and_sends_nothing() {
    let context = Context::new();
    let arguments = ["load", "plan", "stairs", "--seed", "1", "--rate", "50/s"];
    let told = context.run(&arguments).ends_with(0).stdout;
    for part in [
        "stairs 50/s",
        "stairs 250/s",
        "devices, enrolled before the load",
        "250/s at most × 1s timeout (Little's bound)",
        "a reference server of the run's own on this machine",
        "│",
        "Nothing was sent.",
    ] {
        assert!(told.contains(part), "no `{part}` in: {told}");
    }
    let json = context.run(&[&arguments[..], &["--json"]].concat()).ends_with(0).stdout;
    let plan: Value = serde_json::from_str(&json).unwrap();
    let arrivals = plan["phases"].as_array().unwrap().iter().map(|phase| &phase["arrivals"]);
    let arrivals: Vec<u64> = arrivals.map(|count| count.as_u64().unwrap()).collect();
    assert_eq!(arrivals, [400, 800, 1200, 1600, 2000]);
    assert_eq!(context.run(&[&arguments[..], &["--json"]].concat()).stdout, json);
    // A target that nobody serves is planned for all the same.
    let target = context.target("http://192.168.7.7", |text| text);
    let told = context.run(&["load", "plan", "smoke", &target]).ends_with(0).stdout;
    assert!(
        told.contains("http://192.168.7.7 (a private network: needs --allow-public)"),
        "{told}"
    );
    let apple = context.target("https://data.appattest.apple.com", |text| text);
    let ran = context.run(&["load", "plan", "smoke", &apple]).ends_with(10);
    assert!(ran.stderr.contains("nothing is ever sent there"), "{}", ran.stderr);
}

#[test]
fn a_load_that_cannot_be_kept_is_refused_with_the_arithmetic_before_anything_is_written() {
    let context = Context::new();
    let own = |text: &str| {
        let head = "schema = 1\nname = \"own\"\nabout = \"a test\"\n";
        context.write("own.toml", &format!("{head}{text}"))
    };
    let check = |arguments: &[&str], words: &[&str]| {
        for verb in ["plan", "run"] {
            let ran = context.run(&[&["load", verb], arguments].concat()).ends_with(2);
            for word in words {
                assert!(ran.stderr.contains(word), "no `{word}` in: {}", ran.stderr);
            }
        }
        assert!(!context.path("reports").exists(), "nothing is written for a mistake");
    };
    check(&["spik"], &["no profile and no file `spik`", "did you mean `spike`?"]);
    check(&["missing.toml"], &["cannot read missing.toml"]);
    check(&["steady", "--rate", "0/s"], &["no arrivals"]);
    check(&["steady", "--users", "9"], &["200/s × 1s timeout = up to 200", "there are 9 users"]);
    check(&["replay", "--scale", "2"], &["--scale does not change a trace"]);
    let zero = own("[[phase]]\nkind = \"steady\"\nrate = \"10/s\"\nfor = \"0s\"\n");
    check(&[&zero], &["phase `steady` lasts 0 s: 10/s × 0 s = 0 arrivals"]);
    let wrong = own("[[phase]]\nkind = \"steady\"\nrte = \"10/s\"\nfor = \"5s\"\n");
    check(&[&wrong], &["own.toml:6:1: `rte` is not known here; did you mean `rate`?"]);
    context.write("t.csv", "t,device,op\n2,a,assert\n1,a,assert\n");
    let trace = own("[[phase]]\nkind = \"replay\"\nfile = \"t.csv\"\n");
    check(&[&trace], &["t.csv:3: t = 1 s comes after t = 2 s of line 2"]);
    let few = own("devices = 5\n[[phase]]\nkind = \"steady\"\nrate = \"100/s\"\nfor = \"5s\"\n");
    check(&[&few], &["40.0 assertions/s", "`devices` is 5"]);
}

#[test]
fn a_profile_is_run_and_reported_by_its_phases() {
    let context = Context::new();
    let arguments = ["load", "run", "spike", "--seed", "1", "--rate", "20/s", "--for", "4s"];
    let ran = context.run(&[&arguments[..], &["--timeout", "10s", "--out", "out"]].concat());
    // 9 says that this machine was too busy to measure, which is no fault of the code under test.
    assert!(matches!(ran.code, Some(0 | 9)), "{}\n{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("no wrong answer"), "{}", ran.stdout);
    let summary: Value = serde_json::from_str(&context.read("out/summary.json")).unwrap();
    let load = summary["load"][0].to_string();
    for phase in ["before", "spike", "drain"] {
        assert!(load.contains(phase), "{load}");
    }
    let record = context.read("out/record.jsonl");
    let command = "assay load run spike --seed 1 --rate 20/s --for 4s --timeout 10s --out out";
    assert!(record.contains(command), "{}", record.lines().next().unwrap_or_default());
}

#[test]
fn a_promise_that_no_server_can_keep_ends_with_8_and_says_by_how_much() {
    let context = Context::new();
    let own = context.write(
        "own.toml",
        "schema = 1\nname = \"own\"\nabout = \"a test\"\ntimeout = \"10s\"\n\
         [slo]\nassert = { p50 = \"1us\" }\n\
         [[phase]]\nkind = \"steady\"\nrate = \"20/s\"\nfor = \"2s\"\n",
    );
    let ran = context.run(&["load", "run", &own, "--seed", "1", "--out", "out"]);
    // 9 says that this machine was too busy to measure, which weighs more.
    assert!(matches!(ran.code, Some(8 | 9)), "{}\n{}", ran.stdout, ran.stderr);
    let told = "the service level was missed: phase steady: p50 of assert was ";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert!(context.path("out/report.html").exists());
}

#[test]
fn a_profile_brings_its_own_seed_and_the_command_line_another() {
    let context = Context::new();
    let own = context.write(
        "own.toml",
        "schema = 1\nname = \"own\"\nabout = \"a test\"\nseed = \"mine\"\n[[phase]]\nkind = \"steady\"\nrate = \"90/s\"\nfor = \"9s\"\n",
    );
    let plan = |more: &[&str]| {
        context.run(&[&["load", "plan", &own, "--json"], more].concat()).ends_with(0).stdout
    };
    assert!(plan(&[]).contains("\"seed\":\"mine\""), "{}", plan(&[]));
    assert_eq!(plan(&[]), plan(&["--seed", "mine"]));
    assert_ne!(plan(&[]), plan(&["--seed", "other"]));
}

#[test]
fn the_schema_of_profiles_is_printed_as_it_is_committed() {
    let told = Context::new().run(&["schema", "profile"]).ends_with(0).stdout;
    let committed = include_str!("../../../../corpora/schema/profile.schema.json");
    assert!(told == committed, "cargo run -- schema profile > corpora/schema/profile.schema.json");
}
