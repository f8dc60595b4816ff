//! How often cases are played, how long that takes, and what is left to judge again.

use crate::conformance::{LIFETIME, clock, file, json, plan, reference};
use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, post};
use catalogue::{Action, builtin, select};
use protocol::terms::Environment;
use record::{CaseObserved, Event, EventKind, Failure, Record, Verdict};
use runners::StopFlag;
use runners::conformance::{Plan, REPLAYS, run};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use targets::{InProcess, Target};

async fn events<T: Target>(plan: &Plan, target: &T) -> Vec<Event> {
    let mut events = Vec::new();
    run(plan, target, &mut events, &StopFlag::default()).await;
    events
}

fn observed(events: &[Event]) -> Vec<&CaseObserved> {
    events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::CaseObserved(case) => Some(case.as_ref()),
            _ => None,
        })
        .collect()
}

/// A server that answers the attestations of a run in that order, and accepts whatever comes after.
fn scripted(script: &'static [bool]) -> (InProcess, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let challenge =
        || async { json(StatusCode::OK, r#"{"challenge":"c29tZSBjaGFsbGVuZ2U","expiresIn":60}"#) };
    let attest = move || {
        let place = counter.fetch_add(1, Ordering::Relaxed);
        async move {
            match script.get(place) {
                Some(true) | None => json(StatusCode::OK, r#"{"accepted":true}"#),
                Some(false) => {
                    json(StatusCode::FORBIDDEN, r#"{"accepted":false,"rule":"att.nonce"}"#)
                }
            }
        }
    };
    let router = Router::new().route("/v1/challenge", post(challenge)).fallback(any(attest));
    (InProcess::new(&file(Environment::Production), router).unwrap(), asked)
}

/// What becomes of one lie, whose honest twin is played before and after it, and how many
/// attestations were sent.
async fn one_lie(script: &'static [bool], times: u32, replays: u32) -> (Verdict, usize) {
    let cases = select(builtin().unwrap(), &["nonce.other-challenge".to_owned()]);
    let plan = Plan { times, replays, ..plan(cases, &clock()) };
    let (target, asked) = scripted(script);
    let events = events(&plan, &target).await;
    (judge::judge(observed(&events)[0]), asked.load(Ordering::Relaxed))
}

fn failure(verdict: &Verdict) -> Option<Failure> {
    match verdict {
        Verdict::Fail { failure, .. } => Some(*failure),
        _ => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_case_is_played_again_and_may_be_unstable() {
    // The twin, the lie, the lie again, the twin.
    let (verdict, asked) = one_lie(&[true, true, false, true], 1, REPLAYS).await;
    assert_eq!((failure(&verdict), asked), (Some(Failure::Unstable), 4), "{verdict:?}");
    let (verdict, asked) = one_lie(&[true, true, true, true], 1, REPLAYS).await;
    assert_eq!((failure(&verdict), asked), (Some(Failure::FalseAccept), 4));
    let (verdict, asked) = one_lie(&[true, true, true], 1, 0).await;
    assert_eq!((failure(&verdict), asked), (Some(Failure::FalseAccept), 3), "no replays are left");
    let (verdict, asked) = one_lie(&[true, false, true], 1, REPLAYS).await;
    assert_eq!((verdict, asked), (Verdict::Pass, 3), "what passes is played once");
}

#[tokio::test(start_paused = true)]
async fn each_case_is_played_as_often_as_asked() {
    let (verdict, asked) = one_lie(&[true, false, false, false, true], 3, REPLAYS).await;
    assert_eq!((verdict, asked), (Verdict::Pass, 5));
    let (verdict, asked) = one_lie(&[true, false, false, true, true], 3, REPLAYS).await;
    assert_eq!((failure(&verdict), asked), (Some(Failure::Unstable), 5), "{verdict:?}");
}

#[tokio::test(start_paused = true)]
async fn replays_are_bounded() {
    let plan = Plan { replays: 2, ..plan(builtin().unwrap(), &clock()) };
    let (target, _) = scripted(&[]);
    let events = events(&plan, &target).await;
    let twice = observed(&events).iter().filter(|case| case.attempts.len() == 2).count();
    assert_eq!(twice, 2);
    assert!(observed(&events).iter().all(|case| case.attempts.len() <= 2));
}

#[tokio::test(start_paused = true)]
async fn cases_that_wait_do_so_at_the_same_time() {
    let waits = |case: &catalogue::Case| case.steps.iter().any(|step| step.action == Action::Wait);
    let plan = plan(builtin().unwrap().into_iter().filter(waits).collect(), &clock());
    let waits = plan
        .cases
        .iter()
        .map(|case| case.steps.iter().filter(|step| step.action == Action::Wait).count());
    let (all, longest) = (waits.clone().sum::<usize>(), waits.max().unwrap());
    let began = tokio::time::Instant::now();
    let target = reference(&plan, Environment::Production, None);
    let events = events(&plan, &target).await;
    let waited = began.elapsed();
    let lifetime = |n: usize| LIFETIME * u32::try_from(n).unwrap();
    assert!(waited >= lifetime(longest), "{waited:?}");
    assert!(waited < lifetime(longest) + Duration::from_secs(10), "{waited:?} for {all} waits");
    let passed = |case: &&&CaseObserved| judge::judge(case) == Verdict::Pass;
    assert_eq!(observed(&events).iter().filter(passed).count(), plan.cases.len());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_no_attestation_is_given_up() {
    let challenge =
        || async { json(StatusCode::OK, r#"{"challenge":"c29tZSBjaGFsbGVuZ2U","expiresIn":60}"#) };
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let later = move || {
        counter.fetch_add(1, Ordering::Relaxed);
        async { json(StatusCode::TOO_MANY_REQUESTS, "{}") }
    };
    let router = Router::new().route("/v1/challenge", post(challenge)).fallback(any(later));
    let target = InProcess::new(&file(Environment::Production), router).unwrap();
    let plan = plan(builtin().unwrap(), &clock());
    let events = events(&plan, &target).await;
    let asked = asked.load(Ordering::Relaxed);
    assert!(asked < 40, "{asked} requests for {} cases", plan.cases.len());
    let given_up = observed(&events)
        .iter()
        .filter(|case| judge::judge(case).why().starts_with("it was not sent"))
        .count();
    assert!(given_up > plan.cases.len() / 2, "{given_up}");
}

#[tokio::test(start_paused = true)]
async fn what_a_run_recorded_is_judged_the_same_again() {
    let plan = plan(builtin().unwrap(), &clock());
    let target = reference(&plan, Environment::Production, None);
    let mut events = events(&plan, &target).await;
    let header = EventKind::RunStarted(record::Header {
        schema: record::Header::SCHEMA,
        assay: String::new(),
        command: String::new(),
        seed: String::new(),
        started: String::new(),
        target: record::TargetInfo::default(),
        machine: record::Machine::default(),
    });
    events.insert(0, Event { at: 0.0, kind: header });
    let again = judge::again(&Record::from_events(events).unwrap()).unwrap();
    assert_eq!(again.judged, plan.cases.len());
    assert!(again.changed.is_empty() && again.unfinished.is_empty(), "{:?}", again.changed);
}
