//! Goose: users, client and lifecycle of an attack. No other file names it.
//!
//! The rate is ours, not goose's: its users wait at our stand for the next arrival. Metrics in
//! the record are ours too; goose's own are kept as one sentence, for comparison.

use super::stand::Stand;
use goose::GooseAttack;
use goose::client::GooseClientBuilder;
use goose::config::GooseConfiguration;
use goose::goose::{
    GooseRequest, GooseUser, Scenario, Transaction, TransactionError, TransactionFunction,
    goose_method_from_method,
};
use goose::metrics::GooseMetrics;
use reqwest::RequestBuilder;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use targets::{Dialect, Exchange, Operation, Saved, WireRequest};
use tokio::runtime::Handle;

/// Why goose would not run.
#[derive(Debug, thiserror::Error)]
#[error("goose: {0}")]
pub struct GooseFailed(String);

/// Whether this build holds goose's dashboard.
pub const HAS_DASHBOARD: bool = cfg!(feature = "dashboard");

/// How long a user rests when there is nothing more to do.
const UNTIL_NOTICED: Duration = Duration::from_millis(50);

/// Goose's kill switch and Ctrl-C handler belong to the process: one attack at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Waits until no other attack runs in this process.
pub(super) fn alone() -> MutexGuard<'static, ()> {
    ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the users of an attack share: their number, and what each does in its turn.
pub(super) trait Hands: Send + Sync + 'static {
    /// A user stands ready.
    fn arrived(&self);

    /// Where users wait until there is something to do.
    fn stand(&self) -> &Stand;

    /// Takes the next request and sees to it.
    fn turn(&self, door: &mut Door<'_>) -> impl Future<Output = ()> + Send;
}

/// A user's way to the target.
pub(super) struct Door<'u>(&'u mut GooseUser);

impl Door<'_> {
    /// Sends a request through goose and reads its answer; `None` if goose is shutting down.
    pub(super) async fn send(
        &mut self,
        dialect: &Dialect,
        operation: Operation,
        mut wire: WireRequest,
        saved: &mut Saved,
    ) -> Option<Exchange> {
        let url = wire.url.clone();
        let body = std::mem::take(&mut wire.body).into();
        let request = targets::http::client_request(wire, body);
        let builder = RequestBuilder::from_parts(self.0.client.clone(), request);
        let request =
            GooseRequest::builder().name(operation.as_str()).set_request_builder(builder).build();
        // Thousands of bytes: pinned here, they are not moved from one callee to the next.
        let sending = pin!(async {
            let answer: Result<_, Box<TransactionError>> = self.0.request(request).await;
            answer.map(|answer| answer.response)
        });
        targets::http::settle(dialect, operation, &url, sending, saved).await.ok()
    }
}

/// Runs `users` users on the work until [`end`]; goose shows its own view of them at `dashboard`, if
/// this build holds it. Gives back what goose saw, in a sentence.
pub(super) async fn attack<H: Hands>(
    work: &Arc<H>,
    users: usize,
    host: &str,
    client: &reqwest::Client,
    dashboard: Option<SocketAddr>,
) -> Result<String, GooseFailed> {
    keep_quiet();
    let (arriving, working) = (Arc::clone(work), Arc::clone(work));
    let client = client.clone();
    let arrive: TransactionFunction = Arc::new(move |user| {
        user.client = client.clone();
        arriving.arrived();
        Box::pin(async { Ok(()) })
    });
    // One transaction for all turns of a user: goose takes a new piece of the heap for each, and all
    // that may happen in a turn needs 12 kB of it.
    let turns: TransactionFunction = Arc::new(move |user| {
        let work = Arc::clone(&working);
        Box::pin(async move {
            let mut door = Door(user);
            while let Some(_turn) = work.stand().wait().await {
                work.turn(&mut door).await;
            }
            // Until goose has noticed that it is over, users go round slowly.
            tokio::time::sleep(UNTIL_NOTICED).await;
            Ok(())
        })
    });
    let watching = Arc::clone(work);
    // The runtime has one thread, which all users share.
    let runtime = Handle::current().metrics();
    tokio::spawn(async move {
        watching.stand().watch(|| runtime.worker_total_busy_duration(0)).await;
    });
    let scenario = Scenario::new("arrivals")
        .register_transaction(Transaction::new(arrive).set_on_start())
        .register_transaction(Transaction::new(turns));
    // Goose would give each user a client of its own at 2 ms each; they all get ours instead.
    let unused = GooseClientBuilder::new().without_cookies();
    let attack = GooseAttack::initialize_with_config(configuration(users, host, dashboard))
        .and_then(|attack| attack.set_client_builder_without_cookies(unused))
        .map(|attack| attack.register_scenario(scenario))
        .map_err(|error| GooseFailed(error.to_string()))?;
    let metrics =
        Box::pin(attack.execute()).await.map_err(|error| GooseFailed(error.to_string()))?;
    Ok(in_a_sentence(&metrics))
}

/// Ends the attack: goose stops its users as soon as they are between two turns.
pub(super) fn end() {
    goose::trigger_killswitch("the schedule is done");
}

/// Makes [`end`] undone, after the attack: otherwise the next Ctrl-C would end the process at once.
pub(super) fn forget_end() {
    goose::reset_killswitch();
}

/// Whether goose can send requests of this method.
pub(super) fn can_send(method: &http::Method) -> bool {
    goose_method_from_method(method.clone()).is_ok()
}

/// Whether goose was told to stop by somebody else: by its own Ctrl-C handler.
pub(super) fn interrupted() -> bool {
    goose::is_killswitch_triggered()
}

fn configuration(users: usize, host: &str, dashboard: Option<SocketAddr>) -> GooseConfiguration {
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(host.to_owned());
    configuration.users = Some(users);
    // Users wait for arrivals, so they may all start at once.
    configuration.increase_rate = Some("1000000".to_owned());
    configuration.quiet = 3;
    configuration.no_telnet = true;
    configuration.no_websocket = true;
    configuration.no_print_metrics = true;
    configuration.no_error_summary = true;
    configuration.no_transaction_metrics = true;
    configuration.no_scenario_metrics = true;
    if let Some(address) = dashboard {
        // To watch only: nobody starts or stops our attack but we.
        configuration.dashboard = true;
        configuration.dashboard_host = Some(address.ip().to_string());
        configuration.dashboard_port = Some(address.port());
    }
    configuration
}

/// Goose logs a line to standard output for each failed request, unless a logger is there first.
fn keep_quiet() {
    struct Silence;
    impl log::Log for Silence {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            false
        }
        fn log(&self, _: &log::Record<'_>) {}
        fn flush(&self) {}
    }
    static SILENCE: Silence = Silence;
    // Whoever installed one before us decides where its lines go.
    let _ = log::set_logger(&SILENCE);
}

fn in_a_sentence(metrics: &GooseMetrics) -> String {
    let mut seen: Vec<_> = metrics
        .requests
        .values()
        .map(|request| {
            let times = &request.raw_data;
            let mean = times.total_time_us as f64 / times.counter.max(1) as f64 / 1000.0;
            let longest = times.maximum_time_us as f64 / 1000.0;
            format!(
                "{} {} (mean {mean:.2} ms, longest {longest:.2} ms)",
                times.counter, request.path
            )
        })
        .collect();
    seen.sort();
    match seen.as_slice() {
        [] => "goose saw no answer".to_owned(),
        seen => format!("goose saw, from the send to the end of the headers: {}", seen.join(", ")),
    }
}
