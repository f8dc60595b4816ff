//! The SARIF report keeps to the standard, and to what code scanning asks beyond it.

use crate::fixture::{self, Story};
use crate::rendered::file;
use jsonschema::Validator;
use record::{
    CaseFinished, EventKind, Failure, KnownCase, KnownEntry, KnownFailures, KnownStanding, Record,
    Verdict,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The schema of the standard, as its technical committee publishes it.
const SCHEMA: &str = include_str!("../schema/sarif-2.1.0.json");

fn validator() -> Validator {
    jsonschema::draft7::new(&serde_json::from_str(SCHEMA).expect("the schema is JSON"))
        .expect("it is a schema of draft 7")
}

/// The one run of the SARIF report of a record, held against the schema.
fn run(record: &Record) -> Value {
    let log: Value = serde_json::from_str(&file(record, "report.sarif")).expect("SARIF is JSON");
    let errors: Vec<String> = validator()
        .iter_errors(&log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
    log["runs"][0].clone()
}

fn results(run: &Value) -> &[Value] {
    run["results"].as_array().expect("a run has results")
}

/// A case that fails as is known, and one whose excuse has expired.
fn known() -> Record {
    let mut story = Story::begin();
    let ids = ["chain.leaf-expired", "chain.other-root"];
    for id in ids {
        story.play(fixture::failing(id, "AV-1", "reject", Failure::FalseAccept));
    }
    let entry = |id: &str, standing| KnownEntry {
        case: id.into(),
        kind: Some(Failure::FalseAccept),
        owner: "identity-team".into(),
        reason: "the library checks no dates".into(),
        issue: Some("https://example.com/42".into()),
        expires: "2027-03-01".into(),
        line: 3,
        cases: vec![KnownCase { id: id.into(), standing, failed: 1, of: 1 }],
    };
    story.tell(EventKind::KnownFailures(Box::new(KnownFailures {
        file: "known.toml".into(),
        today: "2026-11-24".into(),
        entries: vec![entry(ids[0], KnownStanding::Excused), entry(ids[1], KnownStanding::Expired)],
    })));
    story.end(0)
}

#[test]
fn every_kind_of_record_keeps_to_the_schema() {
    for record in [
        fixture::green(),
        fixture::red(),
        fixture::killed(),
        fixture::cases_only(),
        fixture::load_only(),
        crate::hostile::record(),
        known(),
    ] {
        run(&record);
    }
    // The schema is one that can refuse.
    let mut log: Value = serde_json::from_str(&file(&fixture::red(), "report.sarif")).unwrap();
    log["runs"][0]["results"][0]["level"] = "fatal".into();
    assert!(!validator().is_valid(&log));
}

#[test]
fn every_result_has_what_code_scanning_asks_for() {
    let run = run(&fixture::red());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut seen = BTreeSet::new();
    for result in results(&run) {
        let place = &result["locations"][0]["physicalLocation"];
        assert!(place["artifactLocation"]["uri"].as_str().is_some_and(|uri| !uri.is_empty()));
        assert_eq!(place["region"]["startLine"], 1);
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(seen.insert(result["partialFingerprints"]["primaryLocationLineHash"].to_string()));
    }
    for rule in rules {
        for words in [
            &rule["shortDescription"]["text"],
            &rule["fullDescription"]["text"],
            &rule["help"]["text"],
        ] {
            assert!(words.as_str().is_some_and(|words| !words.is_empty()), "{rule}");
        }
        let score: f64 = rule["properties"]["security-severity"].as_str().unwrap().parse().unwrap();
        assert!((0.1..=10.0).contains(&score));
    }
    let nonce = rules.iter().find(|rule| rule["id"] == "att.nonce.other-challenge").unwrap();
    assert_eq!(nonce["properties"]["security-severity"], "9.5");
    assert_eq!(nonce["properties"]["tags"][0], "security");
    let help = nonce["help"]["text"].as_str().unwrap();
    assert!(help.contains("AV-4: The nonce equals"), "{help}");
    assert!(help.contains("How to mend it: Compute the nonce"), "{help}");
}

#[test]
fn there_is_a_result_for_each_failure_and_for_nothing_else() {
    let record = fixture::red();
    let run = run(&record);
    let failed: BTreeSet<String> = record
        .events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::CaseFinished(case) => match &case.verdict {
                Verdict::Fail { .. } => Some(case.id.clone()),
                _holds_or_undecided => None,
            },
            _other => None,
        })
        .collect();
    let told: Vec<&str> =
        results(&run).iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    let cases: BTreeSet<String> =
        told.iter().filter(|id| !id.starts_with("load.")).map(ToString::to_string).collect();
    assert_eq!(cases, failed);
    assert!(told.contains(&"load.false-accept"), "wrong answers under load are results too");
    let level = |id: &str| {
        results(&run).iter().find(|result| result["ruleId"] == id).unwrap()["level"].clone()
    };
    assert_eq!(level("asr.counter.equal"), "error");
    assert_eq!(level("asr.signature.high-s"), "warning", "advice is no error");
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(notes.contains("att.syntax.ios27-truncated could not be decided"), "{notes}");
    assert!(results(&self::run(&fixture::green())).is_empty());
}

#[test]
fn known_failures_are_suppressed_until_they_expire() {
    let run = run(&known());
    let [excused, expired] = results(&run) else { panic!("two results: {run}") };
    assert_eq!(excused["suppressions"][0]["status"], "accepted");
    let words = excused["suppressions"][0]["justification"].as_str().unwrap();
    assert_eq!(
        words,
        "the library checks no dates (https://example.com/42); identity-team until 2027-03-01"
    );
    assert_eq!(expired["suppressions"], Value::Null);
    assert!(expired["message"]["text"].as_str().unwrap().contains("expired on 2027-03-01"));
}

#[test]
fn a_failure_is_the_same_on_another_machine_at_another_time() {
    let report = |host: &str, elapsed_ms: f64, seed: &str| {
        let mut story = Story::begin();
        story.play(CaseFinished {
            elapsed_ms,
            repeat: format!("assay replay nonce.other ci/shop.toml --seed {seed}"),
            ..fixture::failing("nonce.other", "AV-4", "reject", Failure::FalseAccept)
        });
        let mut record = story.end(1);
        record.header.machine.cpu = host.into();
        record.header.seed = seed.into();
        record.header.started = format!("2026-11-2{}T09:30:00Z", seed.len());
        file(&record, "report.sarif")
    };
    let one = report("one", 1.0, "1");
    assert_eq!(one, report("two", 99.0, "22"));
    assert!(one.contains("\"uri\": \"ci/shop.toml\""), "{one}");
}

#[test]
fn another_way_of_failing_is_another_finding() {
    let print = |failure| {
        let mut story = Story::begin();
        story.play(fixture::failing("nonce.other", "AV-4", "reject", failure));
        results(&run(&story.end(1)))[0]["partialFingerprints"].to_string()
    };
    assert_eq!(print(Failure::Crash), print(Failure::Crash));
    assert_ne!(print(Failure::Crash), print(Failure::FalseAccept));
}

#[test]
fn a_path_that_leads_elsewhere_is_not_shown() {
    for (typed, shown) in [
        ("/home/someone/shop.toml", "shop.toml"),
        ("../../shop.toml", "shop.toml"),
        ("C:/Users/x/shop.toml", "shop.toml"),
        ("'a dir/shop.toml'", "a%20dir/shop.toml"),
        ("--seed", "shop.toml"),
        ("..", "target.toml"),
    ] {
        let mut story = Story::begin();
        story.play(CaseFinished {
            repeat: format!("assay replay nonce.other {typed} --seed 1"),
            ..fixture::failing("nonce.other", "AV-4", "reject", Failure::FalseAccept)
        });
        let run = run(&story.end(1));
        let uri = &results(&run)[0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
        assert_eq!(uri, shown, "{typed}");
    }
}

#[test]
fn nothing_from_outside_becomes_a_link_or_markup() {
    let text = file(&crate::hostile::record(), "report.sarif");
    let log: Value = serde_json::from_str(&text).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    for rule in rules {
        let markdown = rule["help"]["markdown"].as_str().unwrap_or_default();
        for alive in ["<script", "<img", "<svg", "<!--", "](java", "://"] {
            let plain = markdown.replace("\\]", "");
            assert!(!plain.contains(alive), "{alive} in {markdown}");
        }
    }
    for result in results(&log["runs"][0]) {
        let words = result["message"]["text"].as_str().unwrap();
        let unescaped = |(at, _): (usize, &str)| !words[..at].ends_with('\\');
        assert!(!words.match_indices('[').any(unescaped), "{words}");
    }
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "no control character");
}
