use super::super::course::{Course, Line};
use super::super::oracle::Lie;
use super::super::plan::{Arrivals, Mix};
use super::*;
use simulator::Seed;
use std::time::Duration;

fn seed() -> Seed {
    Seed::from_text("profiles")
}

fn read(text: &str) -> Result<Profile, ProfileFault> {
    Profile::parse("own.toml", text, seed(), &|name| match name {
        "trace.csv" => Ok("0,a,assert\n1,b,attest\n".to_owned()),
        "torn.csv" => Ok("0,a,assert\n1,b\n".to_owned()),
        _other => Err("no such file".to_owned()),
    })
}

const HEAD: &str = "schema = 1\nname = \"own\"\nabout = \"a test\"\n";

fn phases(text: &str) -> Result<Operations, ProfileFault> {
    match read(&format!("{HEAD}{text}"))?.load {
        Load::Operations(operations) => Ok(operations),
        Load::Journeys(_) => panic!("{text}"),
    }
}

fn refusal(text: &str) -> String {
    phases(text).unwrap_err().to_string()
}

fn steady() -> String {
    format!("{HEAD}[[phase]]\nkind = \"steady\"\nrate = \"10/s\"\nfor = \"5s\"\n")
}

#[test]
fn every_profile_that_comes_with_assay_can_be_kept_in_about_a_minute() {
    for (name, _) in builtin::FILES {
        let profile = builtin::find(name, seed()).unwrap().unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(profile.name, *name);
        assert!(!profile.about.is_empty());
        let seconds = match &profile.load {
            Load::Operations(operations) => {
                assert_eq!(operations.plan.check(), Ok(()), "{name}");
                assert_eq!(operations.kinds.len(), operations.plan.phases.len());
                operations.plan.length().as_secs_f64()
            }
            Load::Journeys(journeys) => {
                let journeys = &journeys.plan.journeys;
                journeys.length.0.as_secs_f64() / journeys.speed
            }
        };
        assert!((10.0..=75.0).contains(&seconds), "{name}: {seconds} s");
    }
    assert!(builtin::find("smoek", seed()).is_none());
}

#[test]
fn each_kind_comes_to_the_phases_it_describes() {
    let text = "
        [[phase]]
        kind = \"stairs\"
        from = \"100/s\"
        step = \"50/s\"
        levels = 2
        hold = \"10s\"
        climb = \"2s\"
        [[phase]]
        kind = \"overload\"
        base = \"600/min\"
        multiples = [1.5, 2]
        hold = \"3s\"
        [[phase]]
        kind = \"recover\"
        rate = \"10/s\"
        hold = \"3s\"
        for = \"4s\"
        [[phase]]
        kind = \"spike\"
        name = \"peak\"
        base = \"10/s\"
        peak = \"90/s\"
        rise = \"1s\"
        hold = \"2s\"
        measure = false
        [[phase]]
        kind = \"flood\"
        rate = \"10/s\"
        times = 4
        for = \"2s\"
        [[phase]]
        kind = \"flood\"
        rate = \"10/s\"
        times = 4
        for = \"2s\"
        dishonest = 0.1
        lies = { replay = 1 }
        arrival = \"constant\"
        mix = { assert = 1, challenge = 1 }
        [[phase]]
        kind = \"replay\"
        file = \"trace.csv\"
        speed = 2.0";
    let operations = phases(text).unwrap();
    let told: Vec<String> = operations
        .plan
        .phases
        .iter()
        .map(|phase| {
            let (rate, seconds) = (phase.highest_rate(), phase.length().as_secs_f64());
            format!("{}: {rate:.0}/s, {seconds:.1} s", phase.name)
        })
        .collect();
    assert_eq!(
        told,
        [
            "stairs 100/s: 100/s, 10.0 s",
            "stairs to 150/s: 150/s, 2.0 s",
            "stairs 150/s: 150/s, 10.0 s",
            "overload × 1.5: 15/s, 3.0 s",
            "overload × 2: 20/s, 3.0 s",
            "recover × 2: 20/s, 3.0 s",
            "recover × 0.8: 8/s, 4.0 s",
            "peak (not measured): 90/s, 4.0 s",
            "flood: 50/s, 2.0 s",
            "flood #2: 50/s, 2.0 s",
            "replay: 2/s, 0.5 s",
        ]
    );
    let plan = &operations.plan;
    assert_eq!(plan.check(), Ok(()));
    let peak = Line { from: 90.0, to: 10.0, length: Duration::from_secs(1) };
    assert!(matches!(&plan.phases[7].course, Course::Lines(lines) if lines[2] == peak));
    assert!(plan.phases[7].own.unmeasured && !plan.phases[8].own.unmeasured);
    assert!((plan.terms(8).flood - 4.0).abs() < 1e-9 && plan.terms(8).dishonest.abs() < 1e-9);
    assert_eq!(plan.terms(9).lies.0, [(Lie::Replay, 1)]);
    assert_eq!(plan.terms(9).mix, Mix { attest: 0, assert: 1, challenge: 1 });
    assert_eq!((plan.law(8), plan.law(9)), (Arrivals::Poisson, Arrivals::Constant));
    assert_eq!(plan.terms(10).mix, Mix { attest: 1, assert: 1, challenge: 0 });
}

#[test]
fn what_is_wrong_is_pointed_at_with_what_would_be_right() {
    let phase = |text: &str| format!("[[phase]]\n{text}");
    let steady = "kind = \"steady\"\nrate = \"10/s\"\nfor = \"5s\"\n";
    for (text, what) in [
        (
            phase(&format!("{steady}mesure = false")),
            "own.toml:8:1: `mesure` is not known here; did you mean `measure`?",
        ),
        (
            phase(&format!("{steady}rte = 3")),
            "own.toml:8:1: `rte` is not known here; did you mean `rate`?",
        ),
        (
            phase("kind = \"stedy\""),
            "own.toml:5:8: `stedy` is no kind of phase; did you mean `steady`?",
        ),
        (
            phase("kind = \"outage\""),
            "own.toml:5:8: `outage` is no kind of phase; what befalls devices",
        ),
        (phase("rate = \"10/s\""), "own.toml:4:1: `kind` is missing"),
        (
            phase("kind = \"steady\"\nrate = 10\nfor = \"5s\""),
            "own.toml:6:8: this is the number `10`; it must be a text in quotes: \"100/s\"",
        ),
        (phase("kind = \"steady\"\nrate = \"10\"\nfor = \"5s\""), "own.toml:6:8: `10` is no rate"),
        (
            phase("kind = \"steady\"\nrate = \"10/s\"\nfor = \"5\""),
            "own.toml:7:7: `5` is no length of time",
        ),
        (phase("kind = \"steady\"\nrate = \"10/s\""), "own.toml:4:1: `for` is missing"),
        (
            phase("kind = \"replay\"\nfile = \"none.csv\""),
            "own.toml:6:8: the trace `none.csv` cannot be read: no such file",
        ),
        (phase("kind = \"replay\"\nfile = \"torn.csv\""), "torn.csv:2: this line has 2 fields"),
        (format!("dishonest = 2\n{}", phase(steady)), "own.toml:4:13: 2 is no share"),
        (
            format!("lies = {{ replai = 1 }}\n{}", phase(steady)),
            "own.toml:4:8: `replai` is no lie; did you mean `replay`?",
        ),
        (
            format!("seeed = \"x\"\n{}", phase(steady)),
            "own.toml:4:1: `seeed` is not known here; did you mean `seed`?",
        ),
        (
            format!("phases = 1\n{}", phase(steady)),
            "own.toml:4:1: `phases` is not known here; did you mean `phase`?",
        ),
        (format!("[slo]\n{}", phase(steady)), "own.toml:4:1: [slo] promises nothing"),
        (format!("[slo]\nassrt = {{ p99 = \"1s\" }}\n{}", phase(steady)), "did you mean `assert`?"),
        (format!("[slo]\nassert = {{ p99 = 1 }}\n{}", phase(steady)), "this is the number `1`"),
        (String::new(), "own.toml:2:8: nothing happens"),
        ("[fleet]\ndevices = 3".to_owned(), "devices need to wake"),
        (format!("{}[journeys]\n", phase(steady)), "a profile has either phases"),
        ("mix = { attest = 1 }\n[journeys]\n".to_owned(), "`mix` is for profiles with phases"),
        ("[journeys]\nspeed = 0.0\n".to_owned(), "`journeys.speed` is 0"),
        (
            "[journeys]\nspeeed = 1.0\n".to_owned(),
            "own.toml:5:1: `speeed` is not known here; did you mean `speed`?",
        ),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains(what), "{refusal}\nnot: {what}");
    }
    let old = read("schema = 2\nname = \"own\"\nabout = \"\"").unwrap_err().to_string();
    assert!(old.contains("own.toml:1:10: this version reads schema 1"), "{old}");
    let name = read("schema = 1\nname = \"O w\"\nabout = \"\"").unwrap_err().to_string();
    assert!(name.contains("own.toml:2:8"), "{name}");
}

#[test]
fn changes_keep_the_shape_of_a_profile() {
    let mut profile = builtin::find("spike", seed()).unwrap().unwrap();
    let changes = Changes {
        rate: Some(10.0),
        length: Some(Duration::from_secs(62)),
        timeout: Some(Duration::from_secs(2)),
        dishonest: Some(0.0),
        arrivals: Some(Arrivals::Constant),
        ..Changes::default()
    };
    profile.change(&changes).unwrap();
    let Load::Operations(operations) = &profile.load else { panic!("{profile:?}") };
    let plan = &operations.plan;
    assert_eq!(plan.check(), Ok(()));
    assert!((plan.length().as_secs_f64() - 62.0).abs() < 1e-6, "{:?}", plan.length());
    assert!((plan.phases[0].highest_rate() - 10.0).abs() < 1e-9);
    assert!((plan.highest_rate() - 50.0).abs() < 1e-9);
    assert_eq!(plan.users_needed(), 100);
    assert!(plan.users >= 100 && plan.law(1) == Arrivals::Constant);
    assert!(plan.terms(1).dishonest.abs() < 1e-9);
}

#[test]
fn changes_that_mean_nothing_are_refused() {
    let refusal = |name: &str, changes: Changes| {
        let mut profile = builtin::find(name, seed()).unwrap().unwrap();
        profile.change(&changes).unwrap_err().to_string()
    };
    let none = Changes::default();
    let zero = refusal("steady", Changes { rate: Some(0.0), ..none });
    assert!(zero.contains("--rate 0"), "{zero}");
    let trace = refusal("replay", Changes { scale: Some(2.0), ..none });
    assert!(trace.contains("--scale does not change a trace"), "{trace}");
    let crowd = refusal("herd", Changes { rate: Some(2.0), ..none });
    assert!(crowd.contains("--scale changes how many come"), "{crowd}");
    let journeys = refusal("churn", Changes { dishonest: Some(0.1), ..none });
    assert!(journeys.contains("--dishonest is for profiles with phases"), "{journeys}");
    let time = refusal("soak", Changes { length: Some(Duration::ZERO), ..none });
    assert!(time.contains("no time"), "{time}");
}

#[test]
fn journeys_grow_and_stretch_with_all_that_befalls_them() {
    let mut profile = builtin::find("outage", seed()).unwrap().unwrap();
    let Load::Journeys(before) = profile.load.clone() else { panic!("{profile:?}") };
    let half = before.plan.journeys.length.0 / 2;
    let changes = Changes { scale: Some(3.0), length: Some(half), ..Changes::default() };
    profile.change(&changes).unwrap();
    let Load::Journeys(after) = &profile.load else { panic!("{profile:?}") };
    assert_eq!(after.plan.fleet.devices, 3 * before.plan.fleet.devices);
    assert_eq!(after.plan.journeys.within.0 * 2, before.plan.journeys.within.0);
    let (then, now) = (&before.plan.apple.outages[0], &after.plan.apple.outages[0]);
    assert_eq!((now.from.0 * 2, now.length.0 * 2), (then.from.0, then.length.0));
    assert_eq!(after.plan.check(), Ok(()));
}

#[test]
fn a_plan_that_needs_more_than_there_is_says_how_much() {
    let few = phases(&format!("devices = 20\n{}", &steady()[HEAD.len()..])).unwrap();
    let error = few.plan.check().unwrap_err().to_string();
    assert!(error.contains("4.0 assertions/s") && error.contains("`devices` is 20"), "{error}");
    let text = "devices = 1\n[[phase]]\nkind = \"replay\"\nfile = \"trace.csv\"";
    let error = phases(text).unwrap().plan.check().unwrap_err().to_string();
    assert!(error.contains("the trace names 2 devices, but `devices` is 1"), "{error}");
    let users = phases(&format!("max_in_flight = 3\n{}", &steady()[HEAD.len()..])).unwrap();
    let error = users.plan.check().unwrap_err().to_string();
    assert!(error.contains("10/s × 1s timeout = up to 10 requests in flight"), "{error}");
    let never = phases("[[phase]]\nkind = \"ramp\"\nfrom = \"0/s\"\nto = \"0/s\"\nover = \"5s\"");
    assert!(never.unwrap().plan.check().unwrap_err().to_string().contains("above 0"));
    let herd = "[[phase]]\nkind = \"herd\"\ndevices = 9\np50 = \"90s\"\nfor = \"10s\"";
    let error = phases(herd).unwrap().plan.check().unwrap_err().to_string();
    assert!(error.contains("ends after 10s, when"), "{error}");
}

const COMMITTED: &str = include_str!("../../../../../corpora/schema/profile.schema.json");

#[test]
fn the_committed_schema_is_the_generated_one_and_takes_what_the_reader_takes() {
    let schema = schema::profiles();
    jsonschema::draft7::meta::validate(&schema).expect("it is a schema of draft 7");
    let validator = jsonschema::draft7::new(&schema).unwrap();
    let takes = |text: &str| {
        let file = toml::from_str::<toml::Table>(text).unwrap();
        validator.is_valid(&serde_json::to_value(file).unwrap())
    };
    for (name, text) in builtin::FILES {
        assert!(takes(text), "{name}");
    }
    assert!(takes(&steady()));
    for wrong in [
        steady().replace("rate", "rte"),
        steady().replace("steady", "stedy"),
        steady().replace("schema = 1", "schema = 2"),
        format!("dishonest = 2\n{}", steady()),
        format!("lies = {{ replai = 1 }}\n{}", steady()),
        format!("{HEAD}[fleet]\ndevices = 3"),
        HEAD.to_owned(),
    ] {
        assert!(!takes(&wrong), "{wrong}");
        assert!(read(&wrong).is_err(), "{wrong}");
    }
    let committed: serde_json::Value = serde_json::from_str(COMMITTED).unwrap();
    assert!(
        committed == schema,
        "write it again: cargo run -- schema profile > corpora/schema/profile.schema.json"
    );
}
