//! `junit.xml`, as continuous integration systems read it.
//!
//! A family is a suite, a case a test. A failure of the server is a `failure`, what could not be
//! decided an `error`, what does not apply `skipped`. The load stands as a suite of its own.

use crate::Summary;
use crate::summary::known::lines;
use crate::summary::{Case, Load};
use crate::text::{counted, percent};
use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use record::{KnownFailures, Verdict};
use std::collections::BTreeMap;
use std::time::Duration;

/// The JUnit report.
pub fn junit(summary: &Summary) -> String {
    let mut report = Report::new(format!("assay {}", summary.run.target.name));
    let mut families: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in &summary.cases.list {
        families.entry(&case.family).or_default().push(case);
    }
    for (family, cases) in families {
        let mut suite = TestSuite::new(family);
        suite.add_property(Property::new("seed", &summary.run.seed));
        suite.add_test_cases(cases.into_iter().map(|case| of_case(family, case)));
        report.add_test_suite(suite);
    }
    for (index, load) in summary.load.iter().enumerate() {
        let name = if index == 0 { "load".to_owned() } else { format!("load-{}", index + 1) };
        report.add_test_suite(of_load(&name, load));
    }
    report.add_test_suite(of_run(summary));
    let mut text = report.to_string().expect("the text of a report is well-formed XML");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn of_case(family: &str, case: &Case) -> TestCase {
    let status = match &case.verdict {
        Verdict::Pass => TestCaseStatus::success(),
        Verdict::NotApplicable { why } => skipped(why),
        Verdict::Inconclusive { why } => unhappy(NonSuccessKind::Error, "inconclusive", why, ""),
        Verdict::Fail { failure, why } if case.excused() => {
            let excuse = case.excuse.as_ref().map_or(String::new(), |excuse| {
                format!("{} until {}", excuse.owner, excuse.expires)
            });
            skipped(&format!("known failure ({excuse}): {}: {why}", failure.as_str()))
        }
        Verdict::Fail { failure, why } if case.binding => {
            unhappy(NonSuccessKind::Failure, failure.as_str(), why, &description(case))
        }
        Verdict::Fail { failure, why } => {
            skipped(&format!("advice only ({}): {}: {why}", case.level, failure.as_str()))
        }
    };
    let mut test = TestCase::new(&case.id, status);
    test.set_classname(family);
    test.set_time(Duration::try_from_secs_f64(case.elapsed_ms / 1e3).unwrap_or_default());
    test.add_property(Property::new("level", &case.level));
    test.add_property(Property::new("severity", &case.severity));
    let clauses: Vec<&str> = case.clauses.iter().map(|clause| clause.id.as_str()).collect();
    test.add_property(Property::new("clauses", clauses.join(" ")));
    test
}

fn description(case: &Case) -> String {
    let lines = [
        ("expected", case.expectation.as_str()),
        ("observed", case.decision.as_str()),
        ("reason", case.reason.as_deref().unwrap_or_default()),
        ("why it matters", &case.matters),
        ("how to mend it", &case.fix),
        ("repeat", &case.repeat),
        ("answer", &case.excerpt),
    ];
    let mut text = format!("{}\n", case.title);
    for (label, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(label);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
    text
}

fn of_load(name: &str, load: &Load) -> TestSuite {
    let right = &load.correctness;
    let answers = if right.wrong() == 0 {
        TestCaseStatus::success()
    } else {
        let why = format!(
            "{}, {}, {} in {}",
            counted(right.false_accepts, "false accept", "false accepts"),
            counted(right.false_rejects, "false reject", "false rejects"),
            counted(right.unreadable, "unreadable answer", "unreadable answers"),
            counted(load.sent, "request", "requests"),
        );
        let what: Vec<String> = load
            .wrong
            .iter()
            .map(|wrong| format!("{}: {}\n{}", wrong.class, wrong.what, wrong.repeat))
            .collect();
        unhappy(NonSuccessKind::Failure, "wrong-answer", &why, &what.join("\n"))
    };
    // Without a limit that was asked for, requests without an answer are told, not judged.
    let decided = match right.undecided - right.unreadable {
        0 => TestCaseStatus::success(),
        n => skipped(&format!(
            "{} of the requests got no decision; no limit was set",
            percent(n as f64 / load.sent.max(1) as f64)
        )),
    };
    let validity = if load.invalid.is_empty() {
        TestCaseStatus::success()
    } else {
        let what = load.invalid.join("\n");
        unhappy(NonSuccessKind::Error, "invalid", &load.invalid[0], &what)
    };
    let complete = if load.complete {
        TestCaseStatus::success()
    } else {
        unhappy(
            NonSuccessKind::Error,
            "incomplete",
            "the attack did not deal with every planned arrival",
            "",
        )
    };
    let tests = [
        ("every answer is right", answers),
        ("every request is decided", decided),
        ("the measurement is valid", validity),
        ("every arrival is dealt with", complete),
    ];
    let mut suite = TestSuite::new(name);
    for (test, status) in tests {
        let mut test = TestCase::new(test, status);
        test.set_classname(name);
        suite.add_test_case(test);
    }
    suite
}

/// A killed run must not look like a short one that went well.
fn of_run(summary: &Summary) -> TestSuite {
    let whole = &summary.completeness;
    let why = match &whole.died_in {
        _ if whole.complete && summary.cases.unplayed == 0 => None,
        Some(case) => Some(format!("the run ended while {case} was in play")),
        None if whole.interrupted => Some("the run was interrupted".to_owned()),
        None => Some("the record is incomplete".to_owned()),
    };
    let status = match why {
        None => TestCaseStatus::success(),
        Some(why) => unhappy(NonSuccessKind::Error, "incomplete", &why, ""),
    };
    let mut test = TestCase::new("the run is complete", status);
    test.set_classname("run");
    let mut suite = TestSuite::new("run");
    suite.add_test_case(test);
    suite.add_test_cases(summary.known.as_ref().map(of_known));
    suite.add_test_cases(summary.gate.as_ref().map(super::gate::test));
    suite
}

/// A list of known failures must not outlive them.
fn of_known(known: &KnownFailures) -> TestCase {
    let care: Vec<String> = lines(known)
        .iter()
        .filter(|line| line.needs_care)
        .map(|line| format!("{}:{}: {}: {}", known.file, line.entry.line, line.case, line.became))
        .collect();
    let status = match care.first() {
        None => TestCaseStatus::success(),
        Some(first) => unhappy(NonSuccessKind::Error, "outdated", first, &care.join("\n")),
    };
    let mut test = TestCase::new("the known failures are up to date", status);
    test.set_classname("run");
    test
}

pub(super) fn unhappy(
    kind: NonSuccessKind,
    of_type: &str,
    message: &str,
    description: &str,
) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(of_type);
    status.set_message(message);
    if !description.is_empty() {
        status.set_description(description);
    }
    status
}

fn skipped(why: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    status
}
