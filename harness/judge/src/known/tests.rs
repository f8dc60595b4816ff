//! Files of known failures, what they excuse, and how they are kept.

use super::{Addition, Known, KnownError, UpdateError, Updated, update};
use jiff::civil::{Date, date};
use record::{
    CaseFinished, CasesPlanned, Event, EventKind, Failure, Header, KnownStanding, Machine, Record,
    RunFinished, TargetInfo, Verdict,
};

const TODAY: Date = date(2026, 11, 24);
const IDS: [&str; 6] =
    ["chain.expired", "chain.other", "counter.same", "counter.wrap", "nonce.other", "nonce.prefix"];

const FILE: &str = r#"# What we know, and who answers for it.

# The library checks no dates.
[[known]]
case = "chain.expired"
kind = "false-accept"
reason = "checks no dates"
issue = "https://tracker.example/42"
owner = "identity"       # since May
expires = 2027-03-01

# Comes and goes.
[[flaky]]
case = "counter.*"
issue = "https://tracker.example/57"
owner = "identity"
expires = 2027-01-15
target = "shop"
"#;

/// A pattern is a text with at most one star at its end.
fn matches(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |head| id.starts_with(head))
}

fn read(text: &str) -> Result<Known, KnownError> {
    Known::parse(text, "known.toml", TODAY)?.resolve(&IDS, matches)
}

fn failed(failure: Failure) -> Verdict {
    Verdict::Fail { failure, why: "it was accepted, and must be refused".to_owned() }
}

fn finished(id: &str, severity: &str, verdict: Verdict) -> EventKind {
    EventKind::CaseFinished(Box::new(CaseFinished {
        id: id.to_owned(),
        title: String::new(),
        family: String::new(),
        rules: Vec::new(),
        clauses: Vec::new(),
        level: "must".to_owned(),
        severity: severity.to_owned(),
        class: String::new(),
        expectation: "reject".to_owned(),
        decision: "accept".to_owned(),
        reason: None,
        status: None,
        elapsed_ms: 1.0,
        excerpt: String::new(),
        verdict,
        matters: String::new(),
        fix: String::new(),
        repeat: String::new(),
    }))
}

fn record(cases: Vec<(&str, &str, Verdict)>) -> Record {
    let header = EventKind::RunStarted(Header {
        schema: Header::SCHEMA,
        assay: "0".to_owned(),
        command: "assay check".to_owned(),
        seed: "00".to_owned(),
        started: "2026-11-24T00:00:00Z".to_owned(),
        target: TargetInfo { name: "shop".to_owned(), ..TargetInfo::default() },
        machine: Machine::default(),
    });
    let planned = CasesPlanned { cases: cases.len() as u64, ..CasesPlanned::default() };
    let mut kinds = vec![header, EventKind::CasesPlanned(planned)];
    kinds.extend(cases.into_iter().map(|(id, severity, verdict)| finished(id, severity, verdict)));
    kinds.push(EventKind::RunFinished(RunFinished { interrupted: false, exit_code: 1 }));
    let event = |kind| Event { at: 0.0, kind };
    Record::from_events(kinds.into_iter().map(event).collect()).unwrap()
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_would_be_right() {
    let mut missed = Vec::new();
    for (from, to, place, words) in [
        ("[[known]]", "[[knwon]]", "4:3:", "did you mean `known`"),
        ("[[known]]", "[known]", "4:", "[[known]]"),
        (
            "kind = \"false-accept\"",
            "kind = \"false-acept\"",
            "6:8:",
            "did you mean `false-accept`",
        ),
        ("kind = \"false-accept\"\n", "", "4:", "`kind` is missing"),
        (
            "case = \"chain.expired\"",
            "case = \"chain.expird\"",
            "5:8:",
            "did you mean `chain.expired`",
        ),
        ("case = \"chain.expired\"", "case = 7", "5:8:", "must be a text"),
        ("reason = \"checks no dates\"", "reason = \" \"", "7:10:", "says nothing"),
        ("reason = \"checks no dates\"\n", "", "4:", "`reason` is missing"),
        ("owner = \"identity\"       #", "#", "4:", "`owner` is missing"),
        ("owner = \"identity\"       #", "ownr = \"x\" #", "9:1:", "did you mean `owner`"),
        ("expires = 2027-03-01\n", "", "4:", "`expires` is missing"),
        ("2027-03-01", "\"2027-03-01\"", "10:11:", "without quotes"),
        ("2027-03-01", "2027-03-01T00:00:00", "10:11:", "no date"),
        ("2027-03-01", "2027-05-24", "10:11:", "the latest is 2027-05-23"),
        ("2027-03-01", "2027-02-30", "10:", ""),
        ("[[flaky]]", "[[flaky]]\nkind = \"race\"", "14:1:", "not known here"),
        ("issue = \"https://tracker.example/57\"\n", "", "13:", "`issue` is missing"),
        ("counter.*", "chain.expired\"\ntarget = \"x", "", ""),
    ] {
        assert!(FILE.contains(from), "{from}");
        match read(&FILE.replacen(from, to, 1)) {
            Ok(_) => missed.push(format!("{to}: accepted")),
            Err(error) => {
                let text = error.to_string();
                if !(text.starts_with(&format!("known.toml:{place}")) && text.contains(words)) {
                    missed.push(format!("{to}: {text}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(read(&FILE.replace("2027-03-01", "2027-05-23")).unwrap().entries.len(), 2);
}

#[test]
fn nothing_is_listed_twice_and_no_pattern_excuses_everything() {
    let twice = format!("{FILE}{}", FILE.split("# Comes").next().unwrap());
    let error = read(&twice).unwrap_err().to_string();
    assert!(error.contains("listed already in line 5"), "{error}");

    let ids: Vec<String> = (0..21).map(|n| format!("counter.{n}")).collect();
    let mut ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    ids.push("chain.expired");
    let known = Known::parse(FILE, "known.toml", TODAY).unwrap();
    let error = known.clone().resolve(&ids, matches).unwrap_err();
    assert_eq!((error.line, error.column), (14, 8));
    assert!(error.what.contains("matches 21 cases"), "{error}");
    ids.remove(0);
    assert_eq!(known.resolve(&ids, matches).unwrap().entries[1].cases.len(), 20);
}

/// What becomes of the one case `chain.expired`, on that day, if that is its verdict.
fn standing(verdict: Verdict, today: Date) -> KnownStanding {
    let record = record(vec![("chain.expired", "high", verdict)]);
    read(FILE).unwrap().apply(&record, today).unwrap().entries[0].cases[0].standing
}

#[test]
fn an_entry_excuses_one_way_of_failing_until_it_expires() {
    use KnownStanding::{Excused, Expired, OtherWay, Stale, Undecided};
    let last = date(2027, 3, 1);
    let after = date(2027, 3, 2);
    for (verdict, in_time, too_late) in [
        (failed(Failure::FalseAccept), Excused, Expired),
        (failed(Failure::Crash), OtherWay, OtherWay),
        (failed(Failure::Unstable), OtherWay, OtherWay),
        (Verdict::Pass, Stale, Stale),
        (Verdict::Inconclusive { why: String::new() }, Undecided, Undecided),
    ] {
        assert_eq!(standing(verdict.clone(), last), in_time, "{verdict:?}");
        assert_eq!(standing(verdict.clone(), after), too_late, "{verdict:?}");
    }
}

#[test]
fn what_is_flaky_may_pass_or_fail_until_it_expires() {
    use KnownStanding::{Expired, Stale, Tolerated};
    let check = |verdict: Verdict, today, expected| {
        let record = record(vec![("counter.same", "high", verdict)]);
        let applied = read(FILE).unwrap().apply(&record, today).unwrap();
        assert_eq!(applied.entries[1].cases[0].standing, expected);
    };
    let after = date(2027, 1, 16);
    check(Verdict::Pass, TODAY, Tolerated);
    check(failed(Failure::Race), TODAY, Tolerated);
    check(failed(Failure::Unstable), TODAY, Tolerated);
    check(Verdict::Pass, after, Stale);
    check(failed(Failure::Race), after, Expired);
}

#[test]
fn an_entry_that_hides_nothing_is_an_error_unless_its_case_was_not_asked_for() {
    let gone = Verdict::NotApplicable { why: "needs a receipt".to_owned() };
    let known = read(FILE).unwrap();
    let error =
        known.apply(&record(vec![("chain.expired", "high", gone)]), TODAY).unwrap_err().to_string();
    assert!(error.starts_with("known.toml:5:8:") && error.contains("needs a receipt"), "{error}");
    let others = known.apply(&record(vec![("nonce.other", "high", Verdict::Pass)]), TODAY).unwrap();
    assert!(others.entries.iter().all(|entry| entry.cases.is_empty()));
}

#[test]
fn entries_for_another_target_say_nothing_and_a_record_remembers_its_own() {
    let mut run = record(vec![
        ("chain.expired", "high", failed(Failure::FalseAccept)),
        ("counter.same", "high", Verdict::Pass),
    ]);
    let known = read(&FILE.replace("\"shop\"", "\"other\"")).unwrap();
    let applied = known.apply(&run, TODAY).unwrap();
    assert_eq!(applied.entries.len(), 1, "the flaky one is for another target");
    assert!(Known::of_record(&run).is_none());
    let kind = EventKind::KnownFailures(Box::new(applied.clone()));
    run.events.insert(4, Event { at: 0.0, kind });
    let (again, today) = Known::of_record(&run).unwrap();
    assert_eq!(again.apply(&run, today).unwrap(), applied);
}

const ADDITION: Addition<'static> =
    Addition { owner: "payments", today: TODAY, days: 90, accept_critical: false };

#[track_caller]
fn updated(text: &str, cases: Vec<(&str, &str, Verdict)>, addition: &Addition<'_>) -> Updated {
    let updated = update(text, &read(text).unwrap(), &record(cases), addition).unwrap();
    // Whatever it writes can be read, and brought up to date again without a change.
    read(&updated.text).unwrap_or_else(|error| panic!("{error}\n{}", updated.text));
    updated
}

#[test]
fn what_passes_is_taken_off_and_what_fails_is_added() {
    let after = updated(
        FILE,
        vec![
            ("chain.expired", "high", Verdict::Pass),
            ("counter.same", "high", failed(Failure::Race)),
            ("nonce.other", "high", failed(Failure::FalseAccept)),
            ("nonce.prefix", "low", Verdict::Pass),
        ],
        &ADDITION,
    );
    assert_eq!(after.removed, ["chain.expired"]);
    assert_eq!(after.added, ["nonce.other"]);
    assert!(after.left.is_empty(), "{:?}", after.left);
    let kept = FILE.split("# The library").next().unwrap();
    assert!(after.text.starts_with(kept), "the comment at the top stays:\n{}", after.text);
    assert!(!after.text.contains("checks no dates"), "{}", after.text);
    assert!(after.text.contains("# Comes and goes.\n[[flaky]]\n"), "{}", after.text);
    let known = read(&after.text).unwrap();
    let new = known.entries.iter().find(|entry| entry.case == "nonce.other").unwrap();
    assert_eq!((new.owner.as_str(), new.expires), ("payments", date(2027, 2, 22)));
    assert_eq!(new.kind, Some(Failure::FalseAccept));
}

#[test]
fn a_run_as_expected_changes_no_byte_and_nobody_gets_more_time() {
    let cases = || {
        vec![
            ("chain.expired", "critical", failed(Failure::FalseAccept)),
            ("counter.same", "high", Verdict::Pass),
        ]
    };
    assert_eq!(updated(FILE, cases(), &ADDITION).text, FILE);
    let late = Addition { today: date(2027, 4, 1), accept_critical: true, ..ADDITION };
    let after = updated(FILE, cases(), &late);
    assert!(after.text.contains("expires = 2027-03-01"), "{}", after.text);
    assert!(after.added.is_empty() && after.left[0].contains("has expired"), "{after:?}");
}

#[test]
fn another_way_of_failing_is_written_where_it_stands() {
    let cases = vec![("chain.expired", "high", failed(Failure::Crash))];
    let after = updated(FILE, cases, &ADDITION);
    assert_eq!(after.added, ["chain.expired"]);
    assert_eq!(after.text, FILE.replace("\"false-accept\"", "\"crash\""));
}

#[test]
fn critical_holes_are_listed_only_on_demand() {
    let cases = || vec![("nonce.other", "critical", failed(Failure::FalseAccept))];
    let after = updated(FILE, cases(), &ADDITION);
    assert_eq!((after.text.as_str(), after.added.len()), (FILE, 0));
    assert!(after.left[0].contains("--accept-critical"), "{:?}", after.left);
    let after = updated(FILE, cases(), &Addition { accept_critical: true, ..ADDITION });
    assert_eq!(after.added, ["nonce.other"]);
    // A refusal of the genuine is bad, but lets nobody in.
    let refused = vec![("nonce.other", "critical", failed(Failure::FalseReject))];
    assert_eq!(updated("", refused, &ADDITION).added, ["nonce.other"]);
}

#[test]
fn only_a_complete_run_says_what_is_known() {
    let known = read(FILE).unwrap();
    let whole = record(vec![("nonce.other", "high", Verdict::Pass)]);
    let check = |events: Vec<Event>| {
        let record = Record::from_events(events).unwrap();
        let error = update(FILE, &known, &record, &ADDITION).unwrap_err();
        assert!(matches!(error, UpdateError::Incomplete(_)), "{error}");
    };
    let mut killed = whole.events.clone();
    killed.pop();
    check(killed.clone());
    let end = EventKind::RunFinished(RunFinished { interrupted: true, exit_code: 130 });
    killed.push(Event { at: 0.0, kind: end });
    check(killed);
    let mut short = whole.events;
    short.remove(2);
    check(short);
    let inline = "known = [{ case = \"nonce.other\", kind = \"race\", reason = \"r\", owner = \"o\", expires = 2027-01-01 }]\n";
    let record = record(vec![("nonce.other", "high", Verdict::Pass)]);
    let error = update(inline, &read(inline).unwrap(), &record, &ADDITION).unwrap_err();
    assert!(matches!(error, UpdateError::Form { .. }), "{error}");
}
