//! Which node is asked, and what happens before the first case.

use crate::conformance::{clock, file, plan, reference};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use catalogue::{builtin, select};
use protocol::terms::Environment;
use record::{CaseFinished, Event, EventKind, Verdict};
use runners::StopFlag;
use runners::conformance::run;
use std::sync::{Arc, Mutex};
use targets::file::NodeSelect;
use targets::{InProcess, TargetFile};

/// Port and path of every request.
type Asked = Arc<Mutex<Vec<(u16, String)>>>;

async fn note(State(asked): State<Asked>, request: Request, next: Next) -> Response {
    let port = request.uri().port_u16().unwrap();
    asked.lock().unwrap().push((port, request.uri().path().to_owned()));
    next.run(request).await
}

/// Two nodes with one memory; a reset is answered with `reset`.
async fn played(
    cases: &[&str],
    edit: impl FnOnce(&mut TargetFile),
    reset: StatusCode,
) -> (Vec<CaseFinished>, Vec<(u16, String)>) {
    let patterns: Vec<String> = cases.iter().map(|&case| case.to_owned()).collect();
    let plan = plan(select(builtin().unwrap(), &patterns), &clock());
    let text = TargetFile::reference_text("http://127.0.0.1:1", crate::conformance::LIFETIME, None)
        .replacen("nodes = [", "nodes = [\"http://127.0.0.1:2\", ", 1)
        + "\n[step.reset]\nrequest = { method = \"POST\", path = \"/reset\" }\n";
    let mut target = TargetFile::parse(&text, "shop.toml", &|_| None).unwrap();
    target.policy = file(Environment::Production).policy;
    edit(&mut target);
    let asked = Asked::default();
    let inner = reference(&plan, Environment::Production, None).router().clone();
    let router = Router::new()
        .route("/reset", post(move || async move { (reset, "reset").into_response() }))
        .fallback_service(inner)
        .layer(middleware::from_fn_with_state(Arc::clone(&asked), note));
    let mut events: Vec<Event> = Vec::new();
    let door = InProcess::new(&target, router).unwrap();
    run(&plan, &door, &mut events, &StopFlag::default()).await;
    let finished = events.into_iter().filter_map(|event| match event.kind {
        EventKind::CaseFinished(finished) => Some(*finished),
        _ => None,
    });
    let asked = asked.lock().unwrap().clone();
    (finished.collect(), asked)
}

#[tokio::test(start_paused = true)]
async fn requests_go_to_the_nodes_that_the_file_chooses() {
    for select in NodeSelect::ALL {
        let (finished, asked) = played(
            &["challenge.*", "counter.*", "nonce.*"],
            |file| file.node_select = select,
            StatusCode::NO_CONTENT,
        )
        .await;
        for case in &finished {
            let fine = matches!(case.verdict, Verdict::Pass | Verdict::NotApplicable { .. });
            assert!(fine, "{select:?}: {} {:?}", case.id, case.verdict);
        }
        assert_eq!(asked[0], (2, "/reset".to_owned()));
        assert_eq!(asked[1], (1, "/reset".to_owned()), "every node is reset");
        let both = asked[2..].iter().any(|(port, _)| *port == 1);
        let pairs = asked[2..].windows(2).filter(|pair| pair[0].1 == "/v1/challenge");
        let apart = pairs.clone().filter(|pair| pair[0].0 != pair[1].0).count();
        let of = pairs.count();
        match select {
            // The cases that name nodes ask both of them whatever the file says.
            NodeSelect::First => assert!(apart * 4 < of, "{apart} of {of}"),
            NodeSelect::RoundRobin => assert!(both && apart * 2 > of, "{apart} of {of}"),
            NodeSelect::PerStep | NodeSelect::PerDevice => {
                assert!(both && apart * 4 < of, "{select:?}: {apart} of {of}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reset_that_fails_bars_every_case_and_says_why() {
    let (finished, asked) = played(&["nonce.*"], |_| {}, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(asked, [(2, "/reset".to_owned())], "nothing else is sent");
    assert!(!finished.is_empty());
    for case in &finished {
        let Verdict::Inconclusive { why } = &case.verdict else { panic!("{case:?}") };
        assert!(why.contains("reset before the first case failed (error, status 500"), "{why}");
    }
}
