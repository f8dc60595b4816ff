//! Load attacks on the reference server, served within the test: sound, flawed and frozen.

use crate::sessions::{Door, session_file};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party;
use protocol::terms::Environment;
use protocol::verify::{Policy, Rule, TrustAnchor};
use record::{Event, EventKind, LoadFinished, LoadWindow, WrongAnswer};
use runners::StopFlag;
use runners::load::course::{Line, Row, Trace};
use runners::load::{
    Arrivals, Course, Lie, Lies, LoadError, LoadPlan, LoadReport, Own, PhasePlan, Progress,
    Setting, run, schedule,
};
use simulator::{Authority, Seed};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use targets::serve::{Settings, Shared, router, system_clock};
use targets::{Operation, TargetFile, file::ReceiptDemand};

/// A reference server in a thread of its own, and the authority it trusts.
pub(crate) struct World {
    pub(crate) authority: Authority,
    pub(crate) target: TargetFile,
    frozen: Arc<AtomicBool>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    server: Option<std::thread::JoinHandle<()>>,
}

impl World {
    /// A server that leaves `rules` out.
    pub(crate) fn without(rules: &[Rule]) -> Self {
        Self::with(Flaws::dropping(rules.iter().copied()), Duration::from_mins(5))
    }

    /// A server with these flaws, whose challenges live that long.
    pub(crate) fn with(flaws: Flaws, lifetime: Duration) -> Self {
        Self::around(flaws, lifetime, |server| server)
    }

    /// Such a server with something around it.
    pub(crate) fn around(
        flaws: Flaws,
        lifetime: Duration,
        put: impl FnOnce(Router) -> Router + Send + 'static,
    ) -> Self {
        let authority = Authority::new(&Seed::from_text("load world"), Timestamp::now()).opened();
        let mut target = TargetFile::reference("http://127.0.0.1:1", lifetime).unwrap();
        assert_eq!(target.policy.receipt, Some(ReceiptDemand::Require));
        let policy = Policy::new(target.app_id.clone(), Environment::Production);
        let settings = Settings {
            relying_party: relying_party::Settings {
                policy,
                trust_anchor: TrustAnchor::from_der(authority.root_der()).unwrap(),
                receipt_trust_anchor: Some(
                    TrustAnchor::from_der(authority.receipt_root_der()).unwrap(),
                ),
                challenge_lifetime: SignedDuration::try_from(lifetime).unwrap(),
                max_challenges: 1 << 18,
                max_keys: 1 << 15,
                flaws,
            },
            clock: system_clock(),
            entropy: targets::serve::system_entropy(),
        };
        let frozen = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (bound, address) = mpsc::channel();
        let freezer = Arc::clone(&frozen);
        let server = std::thread::spawn(move || {
            serve(put(router(Shared::new(settings))), freezer, &bound, stopped);
        });
        let address = address.recv().unwrap();
        target.nodes = vec![format!("http://{address}").parse().unwrap()];
        Self { authority, target, frozen, stop: Some(stop), server: Some(server) }
    }

    /// Runs a plan against it.
    pub(crate) fn load(
        &self,
        plan: &LoadPlan,
        stop: &StopFlag,
        progress: &mut dyn FnMut(&Progress),
    ) -> (Result<LoadReport, LoadError>, Vec<Event>) {
        self.load_in_session(0, plan, stop, progress)
    }

    fn load_in_session(
        &self,
        session: u64,
        plan: &LoadPlan,
        stop: &StopFlag,
        progress: &mut dyn FnMut(&Progress),
    ) -> (Result<LoadReport, LoadError>, Vec<Event>) {
        let mut events = Vec::new();
        let setting = Setting {
            began: Instant::now(),
            session,
            repeat: "assay load --seed test".to_owned(),
            allow_public: false,
            calibrated: None,
            dashboard: None,
        };
        let report =
            run(plan, &self.target, &self.authority, &setting, &mut events, stop, progress);
        (report, events)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            server.join().unwrap();
        }
    }
}

fn serve(
    guarded: Router,
    frozen: Arc<AtomicBool>,
    bound: &mpsc::Sender<SocketAddr>,
    stopped: tokio::sync::oneshot::Receiver<()>,
) {
    let thaw = move |request: Request, next: Next| {
        let frozen = Arc::clone(&frozen);
        async move {
            while frozen.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            next.run(request).await
        }
    };
    let app = guarded.layer(middleware::from_fn(thaw));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        bound.send(listener.local_addr().unwrap()).unwrap();
        tokio::select! {
            served = axum::serve(listener, app).into_future() => served.unwrap(),
            _ = stopped => {}
        }
    });
}

/// Slow machines run these tests too, so a timeout must mean more than a busy one.
pub(crate) fn plan(rate: f64, seconds: u64) -> LoadPlan {
    let seed = Seed::from_text("load test");
    let mut plan = LoadPlan::steady(rate, Duration::from_secs(seconds), seed);
    plan.timeout = Duration::from_secs(10);
    plan.users = plan.users_by_default();
    plan
}

pub(crate) fn windows(events: &[Event]) -> Vec<&LoadWindow> {
    let window = |event| match event {
        &Event { kind: EventKind::LoadWindow(ref window), .. } => Some(&**window),
        _other => None,
    };
    events.iter().filter_map(window).collect()
}

pub(crate) fn wrong(events: &[Event]) -> Vec<&WrongAnswer> {
    let wrong = |event| match event {
        &Event { kind: EventKind::WrongAnswer(ref wrong), .. } => Some(wrong),
        _other => None,
    };
    events.iter().filter_map(wrong).collect()
}

pub(crate) fn finished(events: &[Event]) -> &LoadFinished {
    match &events.last().unwrap().kind {
        EventKind::LoadFinished(finished) => finished,
        other => panic!("the last event is {other:?}"),
    }
}

#[test]
fn counts_reconcile_and_a_sound_server_gives_no_wrong_answer() {
    let world = World::without(&[]);
    let mut plan = plan(60.0, 3);
    plan.dishonest = 0.2;
    let mut told = Vec::new();
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |progress| {
        told.push(progress.clone());
    });
    let report = report.unwrap();
    assert_eq!(wrong(&events), Vec::<&WrongAnswer>::new());
    assert_eq!((report.wrong, report.undecided), (0, 0), "{:?}", report.classes);
    assert_eq!((report.sent, report.dropped, report.complete), (180, 0, true));
    assert_eq!(report.classes, [("right".to_owned(), 180)].into());

    let windows = windows(&events);
    let sum = |of: &dyn Fn(&LoadWindow) -> u64| windows.iter().map(|w| of(w)).sum::<u64>();
    assert_eq!((sum(&|w| w.offered), sum(&|w| w.sent), sum(&|w| w.dropped)), (180, 180, 0));
    assert_eq!(sum(&|w| w.classes.values().sum()), 180);
    let timed =
        [sum(&|w| w.response.count()), sum(&|w| w.service.count()), sum(&|w| w.lag.count())];
    assert_eq!(timed, [180; 3]);
    for second in 0..3 {
        assert_eq!(sum(&|w| if w.second == second { w.offered } else { 0 }), 60);
    }
    let of = |name: &str| sum(&|w| if w.operation == name { w.offered } else { 0 });
    assert_eq!((of("attest"), of("assert"), of("challenge")), (18, 72, 90));
    let dishonest = sum(&|w| if w.honest { 0 } else { w.offered });
    assert!(dishonest.abs_diff(36) <= 1, "{dishonest}");

    let started = events.iter().position(|e| matches!(e.kind, EventKind::LoadStarted(_)));
    let first = events.iter().position(|e| matches!(e.kind, EventKind::LoadWindow(_)));
    assert!(started < first);
    let LoadFinished { complete, probes, false_accepts, audited, .. } = *finished(&events);
    assert!(complete);
    assert_eq!((probes, false_accepts), (report.probes, 0));
    assert!(probes > dishonest && audited > 64, "{probes} probes, {audited} audited");
    assert_eq!(report.first_false_accept, None);
    assert!(finished(&events).goose.contains("assert"), "{}", finished(&events).goose);
    assert!(matches!(told.first(), Some(Progress::Enrolling { .. })));
    assert!(matches!(told.last(), Some(Progress::Attacking { done: 180, of: 180, wrong: 0, .. })));
}

#[test]
fn users_that_must_log_in_do_so_before_the_load_and_once_each() {
    let door = Door::default();
    let guarded = door.clone();
    let mut world =
        World::around(Flaws::NONE, Duration::from_mins(5), move |server| guarded.before(server));
    world.target = TargetFile {
        nodes: world.target.nodes.clone(),
        policy: world.target.policy.clone(),
        ..session_file("open-sesame", "per-account")
    };
    let mut plan = plan(60.0, 3);
    plan.dishonest = 0.2;
    plan.lies = Lies(Lie::ALL.map(|lie| (lie, 1)).into());
    let mut told = Vec::new();
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |progress| {
        told.push(progress.clone());
    });
    let report = report.unwrap();
    assert_eq!(wrong(&events), Vec::<&WrongAnswer>::new());
    assert_eq!((report.sent, report.undecided, report.complete), (180, 0, true));
    let accounts = door.accounts();
    let unique: HashSet<_> = accounts.iter().collect();
    assert_eq!(unique.len(), accounts.len(), "each account logged in once");
    assert!(accounts.iter().all(|account| account.ends_with("@example.org")));
    let enrolling = |progress| match progress {
        &Progress::Enrolling { done, of } => Some((done, of)),
        Progress::Attacking { .. } => None,
    };
    let of = told.iter().find_map(enrolling).expect("it told of them").1;
    assert_eq!(accounts.len() as u64, of + 1, "all of them and a guest, none of them later");
    let note = format!("{} requests of logins were made", accounts.len());
    let is_noted = |event: &Event| match &event.kind {
        EventKind::Note { text } => text.contains(&note),
        _other => false,
    };
    assert!(events.iter().any(is_noted), "{note}");
    let written = format!("{events:?}");
    assert!(!written.contains("token-") && !written.contains("cookie-"), "secrets stay here");

    world.target.secrets = session_file("mistaken", "per-account").secrets;
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let error = report.unwrap_err().to_string();
    assert!(error.contains("the login of an honest device"), "{error}");
    assert!(events.is_empty() && !error.contains("mistaken"), "{error}");
}

#[test]
fn a_server_that_remembers_one_session_takes_the_next_with_the_same_seed() {
    let world = World::without(&[]);
    for session in 0..2 {
        let (report, _) =
            world.load_in_session(session, &plan(30.0, 1), &StopFlag::default(), &mut |_| {});
        let report = report.unwrap();
        assert_eq!((report.sent, report.wrong, report.undecided), (30, 0, 0));
    }
}

#[test]
fn a_server_that_takes_requests_twice_is_caught() {
    let world = World::without(&[Rule::ChallengeUnused, Rule::CounterIncreases]);
    let mut plan = plan(60.0, 2);
    plan.dishonest = 0.3;
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    let accepted = report.classes.get("false-accept").copied().unwrap_or_default();
    let lies: u64 = windows(&events)
        .iter()
        .filter(|w| !w.honest)
        .map(|w| w.classes.values().sum::<u64>())
        .sum();
    assert!(accepted > 0 && accepted < lies, "{accepted} of {lies}: {:?}", report.classes);
    let wrong = wrong(&events);
    assert!(!wrong.is_empty() && wrong.len() <= 40);
    assert_eq!(report.wrong, report.false_accepts, "a flaw is not taken for others: {wrong:?}");
    assert!(report.wrong > accepted, "the audit finds it as well");
    assert!(wrong.iter().any(|wrong| wrong.what.contains("an accepted request a second time")));
    for wrong in wrong {
        assert_eq!((wrong.class.as_str(), wrong.operation.as_str()), ("false-accept", "assert"));
        assert_eq!(wrong.status, Some(200));
        assert_eq!(wrong.repeat, "assay load --seed test");
        let known = [
            "a second time",
            "with the counter last accepted",
            "twice at the same instant",
            "with one counter at the same instant",
            "for one challenge at the same instant",
            "its key used before",
            "below the one last accepted",
            "once more",
        ];
        assert!(known.iter().any(|lie| wrong.what.contains(lie)), "{}", wrong.what);
    }
}

#[test]
fn every_lie_is_told_alone_so_that_leaving_its_rule_out_is_enough_to_accept_it() {
    let world = World::without(&[
        Rule::ChainTrustAnchor,
        Rule::Nonce,
        Rule::ChallengeIssued,
        Rule::ChallengeUnused,
        Rule::CounterIncreases,
        Rule::AssertionSignature,
        Rule::AssertionRpId,
        Rule::KeyOwner,
    ]);
    let mut plan = plan(60.0, 2);
    plan.dishonest = 0.4;
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    let lies: u64 = windows(&events).iter().filter(|w| !w.honest).map(|w| w.offered).sum();
    assert_eq!(report.classes.get("false-accept"), Some(&lies), "{:?}", report.classes);
    assert_eq!(report.wrong, report.false_accepts);
    let told = wrong(&events);
    // None grows stale within two seconds; another test waits for that.
    let alone = |lie: &Lie| !lie.floods() && *lie != Lie::StaleChallenge;
    for lie in Lie::ALL.into_iter().filter(alone) {
        let found = told.iter().any(|wrong| wrong.what.contains(lie.as_str()));
        assert!(found, "{lie:?}: {told:?}");
    }
}

#[test]
fn a_flood_is_refused_and_honest_devices_still_get_through() {
    let world = World::without(&[]);
    let mut plan = plan(50.0, 2);
    plan.dishonest = 0.0;
    plan.phases[0].own.flood = 4.0;
    let lies = [
        (Lie::Replay, 1),
        (Lie::OtherAppId, 1),
        (Lie::GarbageAttestation, 1),
        (Lie::GarbageAssertion, 1),
        (Lie::OversizeAttestation, 1),
        (Lie::OversizeAssertion, 1),
    ];
    plan.phases[0].own.lies = Some(Lies(lies.to_vec()));
    plan.users = plan.users_by_default();
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    assert_eq!(wrong(&events), Vec::<&WrongAnswer>::new());
    assert_eq!(report.classes, [("right".to_owned(), 100)].into());
    let honest: u64 = windows(&events).iter().filter(|w| w.honest).map(|w| w.sent).sum();
    assert_eq!(honest, 20);
}

#[test]
fn a_server_that_swallows_what_it_cannot_read_is_caught_by_garbage() {
    let world =
        World::without(&[Rule::AssertionSyntax, Rule::ChallengeUnused, Rule::CounterIncreases]);
    let mut plan = plan(50.0, 2);
    plan.dishonest = 0.2;
    plan.lies = Lies(vec![(Lie::GarbageAssertion, 1)]);
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    assert!(report.wrong > 0, "{:?}", report.classes);
    assert!(wrong(&events)[0].what.contains("garbage for its assertion"), "{:?}", wrong(&events));
}

#[test]
fn phases_of_many_kinds_are_played_as_laid_out() {
    let world = World::without(&[]);
    let mut plan = plan(10.0, 1);
    plan.arrivals = Arrivals::Poisson;
    let second = Duration::from_secs(1);
    let ramp = Course::Lines(vec![Line { from: 0.0, to: 20.0, length: second }]);
    let rows = [Operation::Challenge, Operation::Attest, Operation::Assert, Operation::Assert];
    let rows =
        rows.into_iter().zip(0..).map(|(operation, n)| Row { nanos: n * 100_000_000, operation });
    let trace = Course::Trace(Trace { rows: rows.collect(), devices: 2, speed: 1.0 });
    for (name, course) in [("ramp", ramp), ("trace", trace)] {
        plan.phases.push(PhasePlan { name: name.to_owned(), course, own: Own::default() });
    }
    plan.users = plan.users_by_default();
    let planned = schedule(&plan, &Lie::ALL);
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |_| {});
    let report = report.unwrap();
    assert_eq!((report.wrong, report.undecided), (0, 0), "{:?}", report.classes);
    for (place, phase) in plan.phases.iter().enumerate() {
        let planned = planned.iter().filter(|arrival| arrival.phase() == place).count() as u64;
        let of_phase = |w: &&&LoadWindow| w.phase == phase.name;
        let sent: u64 = windows(&events).iter().filter(of_phase).map(|w| w.sent).sum();
        assert_eq!(sent, planned, "{}", phase.name);
    }
}

#[test]
fn a_stall_of_the_target_shows_in_the_response_time_and_not_in_the_lag() {
    const STALL: Duration = Duration::from_millis(700);
    let world = World::without(&[]);
    let plan = plan(60.0, 3);
    let frozen = Arc::clone(&world.frozen);
    let mut thaws = Vec::new();
    let (report, events) = world.load(&plan, &StopFlag::default(), &mut |progress| {
        let begun = matches!(progress, Progress::Attacking { elapsed, .. } if *elapsed > STALL);
        if begun && thaws.is_empty() {
            frozen.store(true, Ordering::Relaxed);
            let frozen = Arc::clone(&frozen);
            thaws.push(std::thread::spawn(move || {
                std::thread::sleep(STALL);
                frozen.store(false, Ordering::Relaxed);
            }));
        }
    });
    for thaw in thaws {
        thaw.join().unwrap();
    }
    let report = report.unwrap();
    assert_eq!((report.sent, report.wrong, report.undecided), (180, 0, 0), "{:?}", report.classes);
    let mut response = record::Histogram::default();
    let mut lag = record::Histogram::default();
    for window in windows(&events) {
        response.add(&window.response);
        lag.add(&window.lag);
    }
    // 60/s for 0.7 s: about 42 of 180 arrivals fall into the stall and wait for its end.
    let waited = 1.0 - 20.0 / 180.0;
    let half = (STALL / 2).as_micros() as u64;
    assert!(response.quantile(waited) > half / 2, "{} µs", response.quantile(waited));
    assert!(response.max() > half, "{} µs", response.max());
    assert!(lag.quantile(waited) < half / 2, "{} µs", lag.quantile(waited));
}

#[test]
fn a_target_that_dies_is_unreachable_and_not_wrong() {
    let mut world = World::without(&[]);
    let mut plan = plan(60.0, 3);
    // Little in reserve, so that it runs out of challenges while the target is gone.
    plan.timeout = Duration::from_millis(500);
    plan.users = 60;
    let mut kill = world.stop.take();
    let (report, _) = world.load(&plan, &StopFlag::default(), &mut |progress| {
        if matches!(progress, Progress::Attacking { done, .. } if *done > 20) {
            drop(kill.take());
        }
    });
    let report = report.unwrap();
    assert!(report.complete);
    assert_eq!((report.sent + report.dropped, report.wrong), (180, 0), "{:?}", report.classes);
    let gone = report.classes.get("unreachable").copied().unwrap_or_default();
    assert!(gone > 30, "{:?}", report.classes);
    assert!(report.undecided >= gone);
}

#[test]
fn a_stop_leaves_what_was_measured() {
    let world = World::without(&[]);
    let stop = StopFlag::default();
    let (report, events) = world.load(&plan(50.0, 600), &stop, &mut |progress| {
        if let Progress::Attacking { done, .. } = progress
            && *done >= 30
        {
            stop.store(true, Ordering::Relaxed);
        }
    });
    let report = report.unwrap();
    assert!(!report.complete && !finished(&events).complete);
    assert!(report.sent >= 30 && report.sent < 30_000, "{}", report.sent);
    let windows = windows(&events);
    let offered: u64 = windows.iter().map(|window| window.offered).sum();
    assert_eq!(offered, report.sent + report.dropped);
}

#[test]
fn a_target_that_enrols_nobody_is_told_before_anything_is_measured() {
    let mut world = World::without(&[]);
    world.authority = Authority::new(&Seed::from_text("another world"), Timestamp::now());
    let (report, events) = world.load(&plan(10.0, 1), &StopFlag::default(), &mut |_| {});
    let error = report.unwrap_err().to_string();
    assert!(
        error.contains("the attestation of an honest device was answered with reject"),
        "{error}"
    );
    assert_eq!(events, []);

    let step = world.target.steps.get_mut(&Operation::Assert).unwrap();
    let post = std::mem::replace(&mut step.request.method, "TRACE".parse().unwrap());
    let (report, _) = world.load(&plan(10.0, 1), &StopFlag::default(), &mut |_| {});
    let error = report.unwrap_err().to_string();
    assert_eq!(error, "step `assert` uses the method TRACE, which the load generator cannot send");
    world.target.steps.get_mut(&Operation::Assert).unwrap().request.method = post;

    world.target.nodes = vec!["http://127.0.0.1:1".parse().unwrap()];
    let (report, _) = world.load(&plan(10.0, 1), &StopFlag::default(), &mut |_| {});
    let error = report.unwrap_err().to_string();
    assert!(error.contains("unreachable") && error.contains("127.0.0.1:1"), "{error}");
}
