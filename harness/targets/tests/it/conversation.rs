//! Whole conversations with the reference server, through the door that any server is spoken to by.

use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party::{self, Purpose};
use protocol::terms::{AppId, Environment, sha256};
use protocol::verify::{AllowedCategories, AllowedVersions, Policy, Rule, TrustAnchor};
use simulator::{Authority, Device, Generation, Seed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use targets::file::HttpVersion;
use targets::serve::{self, Settings, Shared};
use targets::{
    Decision, Exchange, Facts, Field, HttpTarget, InProcess, Operation, Saved, Target, TargetFile,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const APP_ID: &str = "ABCDE12345.com.example.app";

/// A test authority, and a clock that tests move.
struct World {
    authority: Authority,
    now: Arc<Mutex<Timestamp>>,
}

impl World {
    fn new() -> Self {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let authority = Authority::new(&Seed::from_text("conversation"), now);
        Self { authority, now: Arc::new(Mutex::new(now)) }
    }

    fn settings(&self, left_out: impl IntoIterator<Item = Rule>) -> Settings {
        let mut policy = Policy::new(AppId::parse(APP_ID).unwrap(), Environment::Production);
        policy.categories =
            AllowedCategories::Listed { categories: vec![2, 4, 6], absent_allowed: true };
        policy.bundle_versions =
            AllowedVersions::Listed { versions: vec!["1".to_owned()], absent_allowed: true };
        let now = Arc::clone(&self.now);
        Settings {
            relying_party: relying_party::Settings {
                policy,
                trust_anchor: TrustAnchor::from_der(self.authority.root_der()).unwrap(),
                receipt_trust_anchor: Some(
                    TrustAnchor::from_der(self.authority.receipt_root_der()).unwrap(),
                ),
                challenge_lifetime: SignedDuration::from_mins(1),
                max_challenges: 1000,
                max_keys: 1000,
                flaws: Flaws::dropping(left_out),
            },
            clock: Arc::new(move || *now.lock().unwrap()),
            entropy: serve::system_entropy(),
        }
    }

    fn in_process(&self, left_out: impl IntoIterator<Item = Rule>) -> InProcess {
        let router = serve::router(Shared::new(self.settings(left_out)));
        InProcess::new(&file("http://127.0.0.1:1"), router).unwrap()
    }

    fn later(&self, duration: SignedDuration) {
        *self.now.lock().unwrap() += duration;
    }
}

fn device(name: &str, generation: Generation) -> Device {
    let app_id = AppId::parse(APP_ID).unwrap();
    Device::new(&Seed::from_text(name), generation, app_id, Environment::Production)
}

fn file(url: &str) -> TargetFile {
    TargetFile::reference(url, Duration::from_mins(1)).unwrap()
}

/// One device of one account, speaking to one server.
struct Talk<'w, T> {
    world: &'w World,
    target: T,
    account: &'static str,
    device: Device,
    saved: Saved,
    requests: u32,
}

impl<'w, T: Target> Talk<'w, T> {
    fn new(world: &'w World, target: T, account: &'static str) -> Self {
        let device = device(account, Generation::Ios27);
        Self { world, target, account, device, saved: Saved::new(), requests: 0 }
    }

    fn facts(&mut self, purpose: Purpose) -> Facts {
        self.requests += 1;
        let mut facts = Facts::new(self.account, format!("r{}", self.requests));
        facts.purpose = purpose;
        facts.key_id = Some(self.device.key_id().into());
        facts
    }

    async fn send(&mut self, operation: Operation, facts: &Facts) -> Exchange {
        self.target.perform(operation, facts, &mut self.saved).await.unwrap()
    }

    async fn challenge(&mut self, purpose: Purpose) {
        let facts = self.facts(purpose);
        let exchange = self.send(Operation::Challenge, &facts).await;
        assert!(matches!(exchange.decision, Decision::Accepted { .. }), "{exchange:?}");
    }

    fn attestation(&self) -> Vec<u8> {
        let dialect = self.target.dialect();
        let text = dialect.challenge(&self.saved).unwrap();
        let hash = dialect.attest_client_data_hash(text).unwrap();
        self.device.attest(&self.world.authority, &hash, *self.world.now.lock().unwrap())
    }

    async fn attest(&mut self) -> Exchange {
        self.challenge(Purpose::Attest).await;
        let mut facts = self.facts(Purpose::Attest);
        facts.attestation = Some(self.attestation().into());
        self.send(Operation::Attest, &facts).await
    }

    /// An honest protected request for the challenge at hand.
    fn order(&mut self) -> Facts {
        let mut facts = self.facts(Purpose::Assert);
        let client_data = self.target.dialect().client_data(&facts, &self.saved).unwrap();
        facts.assertion = Some(self.device.assert(&sha256(&[&client_data])).into());
        facts.client_data = Some(client_data);
        facts
    }

    async fn assert(&mut self) -> (Facts, Exchange) {
        self.challenge(Purpose::Assert).await;
        let facts = self.order();
        let exchange = self.send(Operation::Assert, &facts).await;
        (facts, exchange)
    }
}

#[track_caller]
fn accepted(exchange: &Exchange, outputs: &[(&str, &str)]) {
    let Decision::Accepted { outputs: found } = &exchange.decision else { panic!("{exchange:?}") };
    for (name, value) in outputs {
        assert_eq!(found.get(*name).map(String::as_str), Some(*value), "{name}: {exchange:?}");
    }
}

#[track_caller]
fn rejected(exchange: &Exchange, status: u16, rule: Rule) {
    let reason = Some(rule.id().to_owned());
    assert_eq!(exchange.decision, Decision::Rejected { reason }, "{exchange:?}");
    assert_eq!(exchange.status, Some(status), "{exchange:?}");
}

/// Challenge, attest, assert, replay, revoke: the same over any door.
async fn converse(world: &World, target: impl Target) {
    let mut talk = Talk::new(world, target, "alice");
    let key_id = talk.device.key_id().to_base64();
    let enrolled = talk.attest().await;
    accepted(&enrolled, &[("counter", "0"), ("key_id", &key_id), ("environment", "production")]);
    for counter in ["1", "2", "3"] {
        let (_, exchange) = talk.assert().await;
        accepted(&exchange, &[("counter", counter)]);
    }
    let (facts, exchange) = talk.assert().await;
    accepted(&exchange, &[("counter", "4")]);
    rejected(&talk.send(Operation::Assert, &facts).await, 401, Rule::CounterIncreases);

    let facts = talk.facts(Purpose::Assert);
    accepted(&talk.send(Operation::Revoke, &facts).await, &[]);
    let (_, exchange) = talk.assert().await;
    rejected(&exchange, 401, Rule::KeyActive);
}

#[tokio::test]
async fn a_conversation_with_the_router() {
    let world = World::new();
    converse(&world, world.in_process([])).await;
}

/// A server on a real socket, until the guard is used.
async fn served(settings: Settings) -> (String, impl AsyncFnOnce()) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve::serve(settings, listener, async {
        let _ = stopped.await;
    }));
    (url, async move || {
        stop.send(()).unwrap();
        server.await.unwrap().unwrap();
    })
}

#[tokio::test]
async fn a_conversation_over_both_versions_of_http() {
    for version in [HttpVersion::Auto, HttpVersion::Http1, HttpVersion::Http2] {
        let world = World::new();
        let (url, stop) = served(world.settings([])).await;
        let mut file = file(&url);
        file.http_version = version;
        let target = HttpTarget::open(&file, false).await.unwrap();
        converse(&world, target).await;
        stop().await;
        // A process that another test starts has the socket too until it is another program, and
        // where nobody listens Linux now and then connects a socket to itself: neither lasts.
        let refused = async {
            while TcpStream::connect(url.trim_start_matches("http://")).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), refused)
            .await
            .expect("nobody listens any more");
    }
}

#[tokio::test]
async fn every_generation_is_enrolled_and_asserts() {
    let world = World::new();
    let all = [
        Generation::Ios14,
        Generation::Ios17,
        Generation::Ios26,
        Generation::Ios27,
        Generation::Macos27,
    ];
    for generation in all {
        let mut talk = Talk::new(&world, world.in_process([]), "alice");
        talk.device = device("generations", generation);
        accepted(&talk.attest().await, &[("counter", "0")]);
        let (_, exchange) = talk.assert().await;
        accepted(&exchange, &[("counter", "1")]);
    }
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_name_and_accepted_without_it() {
    let world = World::new();
    for left_out in [None, Some(Rule::ChallengeUnused), Some(Rule::ChallengeFresh)] {
        let mut talk = Talk::new(&world, world.in_process(left_out), "alice");
        accepted(&talk.attest().await, &[]);
        let (_, exchange) = talk.assert().await;
        accepted(&exchange, &[]);
        // The same challenge again, with a new counter.
        let facts = talk.order();
        let again = talk.send(Operation::Assert, &facts).await;
        if left_out == Some(Rule::ChallengeUnused) {
            accepted(&again, &[("counter", "2")]);
        } else {
            rejected(&again, 401, Rule::ChallengeUnused);
        }
        // A challenge past its life.
        talk.challenge(Purpose::Assert).await;
        world.later(SignedDuration::from_mins(1));
        let facts = talk.order();
        let late = talk.send(Operation::Assert, &facts).await;
        if left_out == Some(Rule::ChallengeFresh) {
            accepted(&late, &[("counter", "3")]);
        } else {
            rejected(&late, 401, Rule::ChallengeFresh);
        }
    }
}

#[tokio::test]
async fn client_data_is_bound_by_signature_and_challenge() {
    let world = World::new();
    let mut talk = Talk::new(&world, world.in_process([]), "alice");
    accepted(&talk.attest().await, &[]);
    talk.challenge(Purpose::Assert).await;
    let mut facts = talk.order();
    facts.client_data.as_mut().unwrap().push(b' ');
    let changed = talk.send(Operation::Assert, &facts).await;
    rejected(&changed, 401, Rule::AssertionSignature);
    for client_data in [&b"\xff no text"[..], b"{}", b"[\"a\"]", b"{\"challenge\":1}", b""] {
        let mut facts = talk.facts(Purpose::Assert);
        facts.assertion = Some(talk.device.assert(&sha256(&[client_data])).into());
        facts.client_data = Some(client_data.to_vec());
        let exchange = talk.send(Operation::Assert, &facts).await;
        rejected(&exchange, 401, Rule::AssertionChallenge);
    }
}

#[tokio::test]
async fn a_key_of_another_account_is_a_conflict() {
    let world = World::new();
    let router = serve::router(Shared::new(world.settings([])));
    let door = || InProcess::new(&file("http://127.0.0.1:1"), router.clone()).unwrap();
    let mut alice = Talk::new(&world, door(), "alice");
    accepted(&alice.attest().await, &[]);
    let mut mallory = Talk::new(&world, door(), "mallory");
    mallory.device = alice.device;
    rejected(&mallory.attest().await, 409, Rule::KeyUnclaimed);
    let (_, exchange) = mallory.assert().await;
    rejected(&exchange, 401, Rule::KeyOwner);
}

#[tokio::test]
async fn an_attestation_of_another_root_is_refused() {
    let world = World::new();
    let stranger = Authority::new(&Seed::from_text("stranger"), *world.now.lock().unwrap());
    let mut talk = Talk::new(&world, world.in_process([]), "alice");
    talk.challenge(Purpose::Attest).await;
    let text = talk.target.dialect().challenge(&talk.saved).unwrap();
    let hash = talk.target.dialect().attest_client_data_hash(text).unwrap();
    let mut facts = talk.facts(Purpose::Attest);
    let now = *world.now.lock().unwrap();
    facts.attestation = Some(talk.device.attest(&stranger, &hash, now).into());
    let exchange = talk.send(Operation::Attest, &facts).await;
    rejected(&exchange, 403, Rule::ChainTrustAnchor);
}

#[tokio::test]
async fn unreadable_requests_are_refused_without_naming_a_rule() {
    let world = World::new();
    let mut talk = Talk::new(&world, world.in_process([]), "alice");
    talk.challenge(Purpose::Attest).await;
    let attestation = talk.attestation();
    for (key_id, attested) in [
        (Field::Text("not base64".to_owned()), Field::Bytes(attestation.clone())),
        (Field::Bytes(vec![1; 31]), Field::Bytes(attestation.clone())),
        (talk.device.key_id().into(), Field::Text("%%%".to_owned())),
        (talk.device.key_id().into(), Field::Text("QQ".to_owned())),
    ] {
        let mut facts = talk.facts(Purpose::Attest);
        facts.key_id = Some(key_id);
        facts.attestation = Some(attested);
        let exchange = talk.send(Operation::Attest, &facts).await;
        assert_eq!(exchange.decision, Decision::Rejected { reason: None }, "{exchange:?}");
        assert_eq!(exchange.status, Some(400));
    }
    let mut facts = talk.facts(Purpose::Attest);
    facts.attestation = Some(attestation.into());
    accepted(&talk.send(Operation::Attest, &facts).await, &[("counter", "0")]);
}

#[tokio::test]
async fn full_stores_and_large_bodies_are_told_apart() {
    let world = World::new();
    let mut settings = world.settings([]);
    settings.relying_party.max_challenges = 1;
    let router = serve::router(Shared::new(settings));
    let target = InProcess::new(&file("http://127.0.0.1:1"), router).unwrap();
    let mut talk = Talk::new(&world, target, "alice");
    talk.challenge(Purpose::Attest).await;
    let facts = talk.facts(Purpose::Attest);
    let full = talk.send(Operation::Challenge, &facts).await;
    let retry_after = Some(Duration::from_secs(1));
    assert_eq!(full.decision, Decision::Throttled { retry_after });
    let mut facts = talk.facts(Purpose::Attest);
    facts.attestation = Some(vec![0; 200_000].into());
    let large = talk.send(Operation::Attest, &facts).await;
    assert_eq!(large.status, Some(413), "{large:?}");
    assert_eq!(large.decision, Decision::Rejected { reason: None });
}

/// What a server says to these bytes, until it closes or a second has passed.
async fn raw(url: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(1), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn odd_requests_are_answered_and_the_server_lives_on() {
    let world = World::new();
    let (url, stop) = served(world.settings([])).await;
    for (request, status) in [
        ("GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", "200"),
        ("GET /nowhere HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", "404"),
        ("GET /v1/challenge HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n", "405"),
        (
            "POST /v1/challenge HTTP/1.1\r\nhost: h\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            "400",
        ),
        (
            "POST /v1/challenge HTTP/1.1\r\nhost: h\r\ncontent-length: 20\r\nconnection: close\r\n\r\n[\"alice\",\"attest\"]  ",
            "400",
        ),
        (
            "POST /v1/orders HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "400",
        ),
        ("POST /v1/challenge HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999\r\n\r\n", ""),
        ("\u{0}\u{1}\u{2}", "400"),
        ("PRI * HTTP/2.0\r\n\r\nXX", ""),
    ] {
        let answer = raw(&url, request.as_bytes()).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.contains(status), "{request:?}: {answer:?}");
        // What is no HTTP is answered by the HTTP library, in its own words.
        if line.contains("HTTP/1.1 40") && request.contains("HTTP/1.1") {
            assert!(answer.contains("\"accepted\":false"), "{answer:?}");
            assert!(answer.contains("cache-control: no-store"), "{answer:?}");
        }
    }
    let target = HttpTarget::open(&file(&url), false).await.unwrap();
    converse(&world, target).await;
    stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_with_one_challenge_or_one_assertion_one_is_accepted() {
    let world = World::new();
    let mut talk = Talk::new(&world, world.in_process([]), "alice");
    talk.challenge(Purpose::Attest).await;
    let mut facts = talk.facts(Purpose::Attest);
    facts.attestation = Some(talk.attestation().into());
    let accepted = at_once(&talk, Operation::Attest, &facts).await;
    assert_eq!(accepted, 1, "one challenge enrols once");
    for _ in 0..5 {
        talk.challenge(Purpose::Assert).await;
        let facts = talk.order();
        let accepted = at_once(&talk, Operation::Assert, &facts).await;
        assert_eq!(accepted, 1, "one assertion is good once");
    }
}

/// Sends the same request from sixteen tasks, and counts those that were accepted.
async fn at_once(talk: &Talk<'_, InProcess>, operation: Operation, facts: &Facts) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (target, facts, mut saved) = (talk.target.clone(), facts.clone(), talk.saved.clone());
        tasks.spawn(async move { target.perform(operation, &facts, &mut saved).await.unwrap() });
    }
    let exchanges = tasks.join_all().await;
    let decided = exchanges.iter().filter(|exchange| match &exchange.decision {
        Decision::Accepted { .. } => true,
        Decision::Rejected { .. } => false,
        other => panic!("{other:?}"),
    });
    decided.count()
}

#[tokio::test]
async fn neither_silent_nor_idle_connections_hold_a_server_up() {
    let world = World::new();
    let (url, stop) = served(world.settings([])).await;
    let address = url.trim_start_matches("http://");
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut half = TcpStream::connect(address).await.unwrap();
    half.write_all(b"PRI * HTT").await.unwrap();
    let mut idle = TcpStream::connect(address).await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
    let mut read = [0; 1024];
    assert!(idle.read(&mut read).await.unwrap() > 0);
    let started = std::time::Instant::now();
    stop().await;
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    for stream in [&mut silent, &mut half, &mut idle] {
        let ended = tokio::time::timeout(Duration::from_secs(1), stream.read(&mut read)).await;
        assert!(matches!(ended, Ok(Ok(0) | Err(_))), "{ended:?}");
    }
}
