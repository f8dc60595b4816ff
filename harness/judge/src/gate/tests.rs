//! Files of gates, and what they find.

use super::{Gate, baseline};
use crate::FileError;
use record::{
    Because, BreachKind, CaseFinished, CasesPlanned, Event, EventKind, Failure, GateHeld, Header,
    KnownCase, KnownEntry, KnownFailures, KnownStanding, Machine, Record, TargetInfo, Verdict,
};

const CLAUSES: [&str; 3] = ["AV-1", "AV-2", "SA-1"];

const FILE: &str = r#"# What a release must hold.
fail_on = { level = "must", severity = "high" }
strict = true
min_cases = 3
max_not_applicable = 1
clauses = ["AV-1", "SA-1"]

[baseline]
record = "main/record.jsonl"
"#;

fn read(text: &str) -> Result<Gate, FileError> {
    Gate::parse(text, "gate.toml", &CLAUSES)
}

fn failed(failure: Failure) -> Verdict {
    Verdict::Fail { failure, why: "it was accepted".to_owned() }
}

fn not_applicable() -> Verdict {
    Verdict::NotApplicable { why: "needs two nodes".to_owned() }
}

fn undecided() -> Verdict {
    Verdict::Inconclusive { why: "the twin was refused".to_owned() }
}

/// A case of that level and severity, about `AV-1`.
fn case(id: &str, grade: (&str, &str), verdict: Verdict) -> CaseFinished {
    CaseFinished {
        id: id.to_owned(),
        title: String::new(),
        family: String::new(),
        rules: Vec::new(),
        clauses: vec!["AV-1".to_owned()],
        level: grade.0.to_owned(),
        severity: grade.1.to_owned(),
        class: String::new(),
        expectation: "reject".to_owned(),
        decision: String::new(),
        reason: None,
        status: None,
        elapsed_ms: 1.0,
        excerpt: String::new(),
        verdict,
        matters: String::new(),
        fix: "compare all bytes".to_owned(),
        repeat: String::new(),
    }
}

fn must(id: &str, verdict: Verdict) -> CaseFinished {
    case(id, ("must", "critical"), verdict)
}

fn record(planned: u64, cases: Vec<CaseFinished>, more: Vec<EventKind>) -> Record {
    let header = EventKind::RunStarted(Header {
        schema: Header::SCHEMA,
        assay: "0".to_owned(),
        command: "assay check".to_owned(),
        seed: "00".to_owned(),
        started: "2026-11-24T00:00:00Z".to_owned(),
        target: TargetInfo { name: "shop".to_owned(), ..TargetInfo::default() },
        machine: Machine::default(),
    });
    let planned = CasesPlanned { cases: planned, ..CasesPlanned::default() };
    let mut kinds = vec![header, EventKind::CasesPlanned(planned)];
    kinds.extend(cases.into_iter().map(|case| EventKind::CaseFinished(Box::new(case))));
    kinds.extend(more);
    let event = |kind| Event { at: 0.0, kind };
    Record::from_events(kinds.into_iter().map(event).collect()).unwrap()
}

fn of(cases: Vec<CaseFinished>) -> Record {
    record(cases.len() as u64, cases, Vec::new())
}

fn kinds(held: &GateHeld) -> Vec<BreachKind> {
    held.breaches.iter().map(|breach| breach.kind).collect()
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    let mut missed = Vec::new();
    for (from, to, place, words) in [
        ("fail_on", "fail_no", "2:1:", "did you mean `fail_on`"),
        ("level = \"must\"", "level = \"most\"", "2:21:", "did you mean `must`"),
        ("severity = \"high\"", "severity = \"grave\"", "2:40:", "known are `critical`"),
        ("severity = ", "severty = ", "2:29:", "did you mean `severity`"),
        ("{ level = \"must\", severity = \"high\" }", "\"must\"", "2:11:", "is a table with"),
        ("strict = true", "strict = \"yes\"", "3:10:", "true or false"),
        ("min_cases = 3", "min_cases = -3", "4:13:", "a whole number"),
        ("min_cases = 3", "min_cases = 3.5", "4:13:", "a whole number"),
        ("max_not_applicable = 1", "max_na = 1", "5:1:", "not known here"),
        ("\"SA-1\"", "\"SA-11\"", "6:20:", "did you mean `SA-1`"),
        ("\"SA-1\"", "\"AV-1\"", "6:20:", "twice"),
        ("[\"AV-1\", \"SA-1\"]", "\"AV-1\"", "6:11:", "a list of ids"),
        ("record = \"main/record.jsonl\"", "", "8:1:", "`record` is missing"),
        ("record = \"main/record.jsonl\"", "record = \"\"", "9:10:", "says nothing"),
        ("[baseline]", "[baseline", "8:", ""),
    ] {
        assert!(FILE.contains(from), "{from}");
        match read(&FILE.replacen(from, to, 1)) {
            Ok(_) => missed.push(format!("{to}: accepted")),
            Err(error) => {
                let text = error.to_string();
                if !(text.starts_with(&format!("gate.toml:{place}")) && text.contains(words)) {
                    missed.push(format!("{to}: {text}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn a_file_says_everything_and_an_empty_one_what_holds_without() {
    let gate = read(FILE).unwrap();
    assert_eq!(gate.demands.level, "should", "strict");
    assert_eq!(gate.demands.severity, "high");
    assert_eq!((gate.demands.min_cases, gate.demands.max_not_applicable), (Some(3), Some(1)));
    assert_eq!(gate.demands.clauses, ["AV-1", "SA-1"]);
    assert_eq!(gate.baseline.as_deref(), Some("main/record.jsonl"));
    let empty = read("").unwrap();
    assert_eq!(Gate { file: None, ..empty }, Gate::default());
    assert_eq!(read("strict = false").unwrap().demands.level, "must");
    assert_eq!(
        read("strict = true\nfail_on = { level = \"info\" }").unwrap().demands.level,
        "info",
        "strict never takes back what is demanded"
    );
}

#[test]
fn a_failure_breaks_the_gate_from_its_level_and_severity_on() {
    let breaks = |text: &str, level: &str, severity: &str| {
        let record = of(vec![case("a.b", (level, severity), failed(Failure::FalseAccept))]);
        let held = read(text).unwrap().hold(&record, None);
        assert_eq!(held.borne.len() + held.breaches.len(), 1, "told either way");
        !held.breaches.is_empty()
    };
    for (text, level, severity, expected) in [
        ("", "must", "low", true),
        ("", "should", "critical", false),
        ("", "info", "critical", false),
        ("", "unheard-of", "unheard-of", true),
        ("strict = true", "should", "low", true),
        ("strict = true", "may", "critical", false),
        ("fail_on = { level = \"may\" }", "may", "low", true),
        ("fail_on = { severity = \"high\" }", "must", "medium", false),
        ("fail_on = { severity = \"high\" }", "must", "high", true),
        ("fail_on = { severity = \"critical\" }", "must", "high", false),
    ] {
        assert_eq!(breaks(text, level, severity), expected, "{text} {level} {severity}");
    }
}

#[test]
fn a_breach_says_what_failed_and_what_to_do() {
    let held = Gate::default().hold(&of(vec![must("a.b", failed(Failure::Race))]), None);
    let [breach] = held.breaches.as_slice() else { panic!("{held:?}") };
    assert_eq!(breach.what, "`a.b` fails (race, critical, must): it was accepted");
    assert_eq!(breach.mend, "compare all bytes");
    assert_eq!((breach.kind, breach.case.as_deref()), (BreachKind::Failure, Some("a.b")));
}

#[test]
fn too_few_decided_cases_break_it_and_none_always_does() {
    let record = of(vec![must("a.a", Verdict::Pass), must("a.b", not_applicable())]);
    assert_eq!(kinds(&read("min_cases = 1").unwrap().hold(&record, None)), []);
    let held = read("min_cases = 2").unwrap().hold(&record, None);
    assert_eq!(kinds(&held), [BreachKind::TooFewCases]);
    assert!(held.breaches[0].what.starts_with("1 case was decided"), "{held:?}");
    let none = of(vec![must("a.b", not_applicable())]);
    for text in ["", "min_cases = 0"] {
        let held = read(text).unwrap().hold(&none, None);
        assert_eq!(kinds(&held), [BreachKind::TooFewCases], "{text}");
    }
}

#[test]
fn too_many_cases_that_do_not_apply_break_it_and_the_first_is_named() {
    let record = of(vec![
        must("a.a", Verdict::Pass),
        must("a.b", not_applicable()),
        must("a.c", not_applicable()),
    ]);
    assert_eq!(kinds(&read("max_not_applicable = 2").unwrap().hold(&record, None)), []);
    let held = read("max_not_applicable = 1").unwrap().hold(&record, None);
    assert_eq!(kinds(&held), [BreachKind::TooManyNotApplicable]);
    assert!(held.breaches[0].what.contains("`a.b`, `a.c`"), "{held:?}");
    assert!(held.breaches[0].mend.contains("needs two nodes"), "{held:?}");
}

#[test]
fn a_demanded_clause_must_be_decided_by_a_case() {
    let gate = read("clauses = [\"AV-1\"]").unwrap();
    assert_eq!(kinds(&gate.hold(&of(vec![must("a.a", Verdict::Pass)]), None)), []);
    let failing = of(vec![must("a.a", failed(Failure::Crash))]);
    assert_eq!(kinds(&gate.hold(&failing, None)), [BreachKind::Failure], "it was exercised");
    let mut other = must("a.a", Verdict::Pass);
    other.clauses = vec!["AV-2".to_owned()];
    let held = gate.hold(&of(vec![other.clone()]), None);
    assert_eq!(kinds(&held), [BreachKind::ClauseUntested]);
    assert!(held.breaches[0].what.contains("was played"), "{held:?}");
    let held = gate.hold(&of(vec![other, must("a.b", not_applicable())]), None);
    assert_eq!(kinds(&held), [BreachKind::ClauseUntested]);
    assert!(held.breaches[0].mend.contains("needs two nodes"), "{held:?}");
}

#[test]
fn what_is_undecided_or_was_not_played_breaks_it() {
    let cases = vec![must("a.a", Verdict::Pass), must("a.b", undecided())];
    let held = Gate::default().hold(&record(5, cases, Vec::new()), None);
    assert_eq!(kinds(&held), [BreachKind::Undecided, BreachKind::Undecided]);
    assert!(held.breaches[0].mend.contains("the twin was refused"), "{held:?}");
    assert!(held.breaches[1].what.starts_with("3 cases were planned"), "{held:?}");
}

#[test]
fn only_what_the_baseline_did_not_have_breaks_it_and_all_is_told() {
    let before = of(vec![
        must("a.same", failed(Failure::FalseAccept)),
        must("a.other", failed(Failure::FalseAccept)),
        must("a.new", Verdict::Pass),
        must("a.stuck", undecided()),
        must("a.lost", failed(Failure::FalseAccept)),
    ]);
    let now = of(vec![
        must("a.same", failed(Failure::FalseAccept)),
        must("a.other", failed(Failure::Crash)),
        must("a.new", failed(Failure::FalseAccept)),
        must("a.stuck", undecided()),
        must("a.lost", undecided()),
    ]);
    let held = Gate::default().hold(&now, Some(baseline(&before, "main")));
    let told: Vec<(&str, BreachKind)> =
        held.breaches.iter().map(|breach| (breach.case.as_deref().unwrap(), breach.kind)).collect();
    assert_eq!(
        told,
        [
            ("a.other", BreachKind::Failure),
            ("a.new", BreachKind::Failure),
            ("a.lost", BreachKind::Undecided)
        ]
    );
    assert!(held.breaches[0].what.contains("otherwise: false-accept"), "{held:?}");
    let borne: Vec<(&str, Because)> =
        held.borne.iter().map(|borne| (borne.case.as_str(), borne.because)).collect();
    assert_eq!(borne, [("a.same", Because::Baseline), ("a.stuck", Because::Baseline)]);
}

#[test]
fn known_failures_break_nothing_but_another_way_of_failing_does() {
    let known = |standing| {
        let case = KnownCase { id: "a.b".to_owned(), standing, failed: 1, of: 1 };
        let entry = KnownEntry {
            case: "a.*".to_owned(),
            kind: Some(Failure::Race),
            owner: "identity".to_owned(),
            reason: "r".to_owned(),
            issue: None,
            expires: "2026-12-01".to_owned(),
            line: 1,
            cases: vec![case],
        };
        let file = "known.toml".to_owned();
        let known = KnownFailures { file, today: "2026-11-24".to_owned(), entries: vec![entry] };
        let events = vec![EventKind::KnownFailures(Box::new(known))];
        let record = record(1, vec![must("a.b", failed(Failure::Race))], events);
        Gate::default().hold(&record, None)
    };
    for standing in [KnownStanding::Excused, KnownStanding::Tolerated, KnownStanding::Expired] {
        let held = known(standing);
        assert_eq!(kinds(&held), [], "{standing:?}");
        assert_eq!(held.borne[0].because, Because::Known);
    }
    assert_eq!(kinds(&known(KnownStanding::OtherWay)), [BreachKind::Failure]);
}

#[test]
fn a_gate_is_held_again_from_the_record_alone() {
    let before = of(vec![must("a.same", failed(Failure::FalseAccept))]);
    let now = of(vec![
        must("a.same", failed(Failure::FalseAccept)),
        must("a.new", failed(Failure::FalseAccept)),
    ]);
    let held = read(FILE).unwrap().hold(&now, Some(baseline(&before, "main")));
    assert!(!held.breaches.is_empty() && !held.borne.is_empty(), "{held:?}");
    let mut events = now.events.clone();
    events.push(Event { at: 0.0, kind: EventKind::GateHeld(Box::new(held.clone())) });
    let text: Vec<String> =
        events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    let events = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let recorded = Record::from_events(events).unwrap();
    let (gate, baseline) = Gate::of_record(&recorded).unwrap();
    assert_eq!(gate.hold(&recorded, baseline), held);
    assert_eq!(Gate::of_record(&now), None);
}
