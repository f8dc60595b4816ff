//! The cases against the reference server: it passes all of them, and without any one rule it
//! fails exactly the cases of that rule.

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{any, post};
use catalogue::{Action, Case, Expectation, Fault, builtin, select};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party;
use protocol::terms::{AppId, Environment};
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, Rule, TrustAnchor};
use record::{CaseFinished, Event, EventKind, Failure, Verdict};
use runners::StopFlag;
use runners::conformance::{Keep, Plan, REPLAYS, run};
use runners::conversation::Clock;
use simulator::{Authority, Seed};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use targets::serve::{self, Settings, Shared};
use targets::{InProcess, TargetFile};

const APP_ID: &str = "ABCDE12345.com.example.app";
pub(crate) const LIFETIME: Duration = Duration::from_mins(1);

/// A clock that goes with tokio's, which tests stop: waiting takes no time.
pub(crate) fn clock() -> Clock {
    let start: Timestamp = "2026-11-24T09:00:00.25Z".parse().unwrap();
    let began = tokio::time::Instant::now();
    Arc::new(move || start + SignedDuration::try_from(began.elapsed()).unwrap())
}

pub(crate) fn file(environment: Environment) -> TargetFile {
    let mut file = TargetFile::reference("http://127.0.0.1:1", LIFETIME).unwrap();
    file.environment = environment;
    if environment == Environment::Development {
        file.policy.validation_category = Some(targets::file::Declared::AllowMissing(vec![3]));
    }
    file
}

pub(crate) fn plan(cases: Vec<Case>, clock: &Clock) -> Plan {
    Plan {
        cases,
        authority: Authority::new(&Seed::from_text("conformance"), clock()),
        seed: Seed::from_text("conformance run"),
        session: 0,
        times: 1,
        replays: REPLAYS,
        evidence: Keep::Nothing,
        longest_wait: LIFETIME,
        clock: Arc::clone(clock),
        began: Instant::now(),
        repeat: Box::new(|id| format!("assay check --case {id}")),
    }
}

pub(crate) fn reference(
    plan: &Plan,
    environment: Environment,
    left_out: Option<Rule>,
) -> InProcess {
    let file = file(environment);
    let premises =
        runners::conformance::premises(&targets::Dialect::new(&file).unwrap(), Duration::ZERO);
    let policy = Policy {
        categories: AllowedCategories::Listed {
            categories: premises.categories.unwrap().values,
            absent_allowed: true,
        },
        bundle_versions: AllowedVersions::Listed {
            versions: premises.bundle_versions.unwrap().values,
            absent_allowed: true,
        },
        ..Policy::new(AppId::parse(APP_ID).unwrap(), environment)
    };
    let settings = Settings {
        relying_party: relying_party::Settings {
            policy,
            trust_anchor: TrustAnchor::from_der(plan.authority.root_der()).unwrap(),
            receipt_trust_anchor: Some(
                TrustAnchor::from_der(plan.authority.receipt_root_der()).unwrap(),
            ),
            challenge_lifetime: SignedDuration::try_from(LIFETIME).unwrap(),
            max_challenges: 10_000,
            max_keys: 10_000,
            flaws: Flaws::dropping(left_out),
        },
        clock: Arc::clone(&plan.clock),
        entropy: serve::system_entropy(),
    };
    InProcess::new(&file, serve::router(Shared::new(settings))).unwrap()
}

async fn played(plan: &Plan, target: &InProcess) -> Vec<CaseFinished> {
    let mut events: Vec<Event> = Vec::new();
    run(plan, target, &mut events, &StopFlag::default()).await;
    events
        .into_iter()
        .filter_map(|event| match event.kind {
            EventKind::CaseFinished(finished) => Some(*finished),
            _ => None,
        })
        .collect()
}

fn line(finished: &CaseFinished) -> String {
    format!("{}: {} {}", finished.id, finished.verdict.as_str(), finished.verdict.why())
}

fn failed(finished: &[CaseFinished]) -> BTreeSet<String> {
    let fails = finished.iter().filter(|one| matches!(one.verdict, Verdict::Fail { .. }));
    fails.map(|one| one.id.clone()).collect()
}

async fn the_reference_passes(environment: Environment) -> usize {
    let clock = clock();
    let plan = plan(builtin().unwrap(), &clock);
    let finished = played(&plan, &reference(&plan, environment, None)).await;
    assert_eq!(finished.len(), plan.cases.len());
    let wrong: Vec<String> = finished
        .iter()
        .filter(|one| !matches!(one.verdict, Verdict::Pass | Verdict::NotApplicable { .. }))
        .map(line)
        .collect();
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    finished.iter().filter(|one| one.verdict == Verdict::Pass).count()
}

#[tokio::test(start_paused = true)]
async fn the_reference_passes_every_case_that_applies() {
    let production = the_reference_passes(Environment::Production).await;
    let development = the_reference_passes(Environment::Development).await;
    assert!(production >= 160, "only {production} cases apply in production");
    assert!(development >= 130, "only {development} cases apply in development");
}

/// One rule left out, and what must come of it. `assay selftest` plays every case on every flaw; here
/// are those that name the rule, and a part of the others.
async fn without(rule: Rule) -> Vec<String> {
    const PART: usize = 12;
    let clock = clock();
    let part = rule as usize % PART;
    let mut cases = builtin().unwrap();
    let mut number = 0;
    cases.retain(|case| {
        number += 1;
        case.rules == [rule] || number % PART == part
    });
    // Of several broken rules a server may tell by any: without one of them either is right.
    cases.retain(|case| case.rules == [rule] || !case.rules.contains(&rule));
    let plan = plan(cases, &clock);
    let finished = played(&plan, &reference(&plan, Environment::Production, Some(rule))).await;
    let not_applicable: BTreeSet<_> = finished
        .iter()
        .filter(|one| matches!(one.verdict, Verdict::NotApplicable { .. }))
        .map(|one| one.id.clone())
        .collect();
    let expected: BTreeSet<String> = plan
        .cases
        .iter()
        .filter(|case| matches!(case.expectation, Expectation::Reject | Expectation::One))
        .filter(|case| case.rules == [rule])
        .filter(|case| !not_applicable.contains(&case.id))
        .map(|case| case.id.clone())
        .collect();
    assert!(!expected.is_empty(), "no case is about {rule} alone");
    let found = failed(&finished);
    let setups: BTreeMap<_, _> = plan.cases.iter().map(|case| (&case.id, case)).collect();
    let mut wrong: Vec<String> = finished
        .iter()
        .filter(|one| found.contains(&one.id) != expected.contains(&one.id))
        // Which rule tells of damage follows from the place, and what one reader cannot read another can.
        .filter(|one| setups[&one.id].fault == Fault::Rules)
        .map(|one| format!("without {rule}: {}", line(one)))
        .collect();
    // Whatever neither passes nor fails came to nothing because of the very rule.
    wrong.extend(
        finished
            .iter()
            .filter(|one| matches!(one.verdict, Verdict::Inconclusive { .. }))
            .filter(|one| {
                setups[&one.id].steps.iter().all(|s| s.expectation == Expectation::Accept)
            })
            .map(|one| format!("without {rule}: {}", line(one))),
    );
    wrong
}

#[tokio::test(start_paused = true)]
async fn without_one_rule_the_reference_fails_exactly_its_cases() {
    let mut wrong = Vec::new();
    // The selftest leaves out every one; a third shows that this suite would notice.
    for rule in Rule::ALL.iter().step_by(3) {
        wrong.extend(without(*rule).await);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

async fn against(router: Router, cases: &[&str]) -> Vec<CaseFinished> {
    let clock = clock();
    let patterns: Vec<String> = cases.iter().map(|&pattern| pattern.to_owned()).collect();
    let mut cases = select(builtin().unwrap(), &patterns);
    // Their challenges are always the same, which is found out by itself.
    cases.retain(|case| !matches!(case.steps.last().unwrap().action, Action::Draw { .. }));
    cases.retain(|case| case.id != "challenge.many-unused");
    let plan = plan(cases, &clock);
    let target = InProcess::new(&file(Environment::Production), router).unwrap();
    played(&plan, &target).await
}

const SOME: &[&str] = &["genuine.*", "nonce.*", "counter.*", "registration.*", "challenge.*"];

pub(crate) fn json(status: StatusCode, body: &'static str) -> axum::response::Response {
    (status, [("content-type", "application/json")], body).into_response()
}

fn with_challenges(rest: fn() -> axum::response::Response) -> Router {
    let challenge =
        || async { json(StatusCode::OK, r#"{"challenge":"c29tZSBjaGFsbGVuZ2U","expiresIn":60}"#) };
    Router::new()
        .route("/v1/challenge", post(challenge))
        .fallback(any(move || async move { rest() }))
}

fn verdicts(finished: &[CaseFinished]) -> impl Iterator<Item = (&CaseFinished, &Verdict)> {
    let applies = |one: &&CaseFinished| !matches!(one.verdict, Verdict::NotApplicable { .. });
    finished.iter().filter(applies).map(|one| (one, &one.verdict))
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_everything_fails_every_lie() {
    let yes = || json(StatusCode::OK, r#"{"accepted":true}"#);
    let finished = against(with_challenges(yes), SOME).await;
    for (one, verdict) in verdicts(&finished) {
        match (one.expectation.as_str(), verdict) {
            ("reject", Verdict::Fail { failure: Failure::FalseAccept, .. })
            | ("accept" | "either", Verdict::Pass) => {}
            // A case whose preparation must be refused comes to nothing.
            (_, Verdict::Inconclusive { why }) if why.contains("was accepted") => {}
            _ => panic!("{}", line(one)),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_reports_what_is_not_true_is_found_out() {
    let yes = || json(StatusCode::OK, r#"{"accepted":true,"counter":123456}"#);
    let finished = against(with_challenges(yes), &["genuine.*"]).await;
    for (one, verdict) in verdicts(&finished) {
        let is_found = matches!(verdict, Verdict::Fail { failure: Failure::WrongOutput, .. });
        assert!(is_found, "{}", line(one));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_refuses_everything_proves_nothing() {
    let no = || json(StatusCode::FORBIDDEN, r#"{"accepted":false,"rule":"no"}"#);
    let finished = against(with_challenges(no), SOME).await;
    for (one, verdict) in verdicts(&finished) {
        match verdict {
            Verdict::Inconclusive { .. } => {}
            Verdict::Fail { failure: Failure::FalseReject, .. } => {
                assert_eq!(one.expectation, "accept", "{}", line(one));
            }
            // Either answer was an answer.
            Verdict::Pass => assert_eq!(one.expectation, "either", "{}", line(one)),
            _ => panic!("{}", line(one)),
        }
    }
    assert!(!failed(&finished).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_fails_passes_nothing() {
    let broken = || json(StatusCode::INTERNAL_SERVER_ERROR, "{}");
    for router in
        [with_challenges(broken), Router::new().fallback(any(move || async move { broken() }))]
    {
        let finished = against(router, SOME).await;
        for (one, verdict) in verdicts(&finished) {
            let is_error = matches!(verdict, Verdict::Fail { failure: Failure::Error, .. });
            assert!(is_error, "{}", line(one));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_throttles_for_ever_is_inconclusive() {
    let later = || json(StatusCode::TOO_MANY_REQUESTS, "{}");
    let finished = against(Router::new().fallback(any(move || async move { later() })), SOME).await;
    for (one, verdict) in verdicts(&finished) {
        assert!(matches!(verdict, Verdict::Inconclusive { .. }), "{}", line(one));
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_run_ends_with_what_it_has() {
    struct StopAfter(usize, StopFlag, Vec<Event>);
    impl record::Sink for StopAfter {
        fn emit(&mut self, event: &Event) {
            self.2.push(event.clone());
            if self.2.len() == self.0 {
                self.1.store(true, Ordering::Relaxed);
            }
        }
    }
    let clock = clock();
    let plan = plan(builtin().unwrap(), &clock);
    let target = reference(&plan, Environment::Production, None);
    let stop: StopFlag = Arc::new(AtomicBool::new(false));
    let mut sink = StopAfter(60, Arc::clone(&stop), Vec::new());
    run(&plan, &target, &mut sink, &stop).await;
    let count =
        |wanted: fn(&EventKind) -> bool| sink.2.iter().filter(|event| wanted(&event.kind)).count();
    let started = count(|kind| matches!(kind, EventKind::CaseStarted(_)));
    let finished = count(|kind| matches!(kind, EventKind::CaseFinished(_)));
    assert!(started < plan.cases.len());
    assert_eq!(started, finished, "what was begun is finished");
    assert!(matches!(sink.2[0].kind, EventKind::CasesPlanned(_)));
}

#[tokio::test(start_paused = true)]
async fn failing_cases_and_no_others_leave_evidence_of_the_lie_they_told() {
    let clock = clock();
    let plan = Plan { evidence: Keep::Failing(3), ..plan(builtin().unwrap(), &clock) };
    let target = reference(&plan, Environment::Production, Some(Rule::AttestationRpId));
    let mut events: Vec<Event> = Vec::new();
    run(&plan, &target, &mut events, &StopFlag::default()).await;
    let mut finished = Vec::new();
    let mut evidence = BTreeMap::new();
    for event in events {
        match event.kind {
            EventKind::CaseFinished(case) => finished.push(*case),
            EventKind::Evidence(one) => drop(evidence.insert(one.id.clone(), *one)),
            _ => {}
        }
    }
    let failed = failed(&finished);
    assert!(!failed.is_empty());
    assert_eq!(evidence.len(), failed.len().min(3), "{failed:?}");
    for (id, evidence) in &evidence {
        assert!(failed.contains(id), "{id} passed");
        let deciding = &evidence.requests[evidence.deciding.unwrap()];
        assert_eq!(deciding.decision, "accept");
        assert!(deciding.url.starts_with("http://127.0.0.1:1/"), "{}", deciding.url);
        let told = evidence.objects.iter().flat_map(|object| &object.differences);
        let lies: Vec<&str> =
            told.filter(|one| !one.consequence).map(|one| one.path.as_str()).collect();
        assert_eq!(lies, ["authData.rpIdHash"], "{id}");
    }
}
