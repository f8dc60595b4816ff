//! What `measure.sh` needs besides `assay` itself: rows of its tables from records, a server that
//! freezes, and goose alone.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "what it says is read by a script, and it measures time"
)]

use axum::extract::{Path as UrlPath, Request};
use axum::middleware::{self, Next};
use axum::routing::get;
use goose::config::GooseConfiguration;
use goose::prelude::*;
use record::{EventKind, Histogram, LoadFinished, Record};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// As in `assay`.
#[cfg(unix)]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = match words.as_slice() {
        ["row", record] => row(record),
        ["quantiles", record] => quantiles(record),
        ["cpu", record] => cpu(record),
        ["count", address] => count(address),
        ["freeze", address] => freeze(address),
        ["goose", url, users, seconds] => goose_alone(url, users, seconds),
        _ => Err(USAGE.to_owned()),
    };
    match said {
        Ok(text) => println!("{text}"),
        Err(why) => {
            eprintln!("{why}");
            std::process::exit(2);
        }
    }
}

const USAGE: &str =
    "usage: load row|quantiles|cpu RECORD | count|freeze ADDR | goose URL USERS SECONDS";

/// What `measure.sh` calls a phase that only warms the target up.
const WARM_UP: &str = "warm-up";

/// A load on record, without what only warmed the target up.
#[derive(Default)]
struct Load {
    sent: u64,
    response: Histogram,
    service: Histogram,
    lag: Histogram,
    /// CPU seconds of the generator.
    cpu: f64,
    finished: Option<LoadFinished>,
    /// What each of the generator's threads computed.
    threads: Option<String>,
}

fn read(path: &str) -> Result<Load, String> {
    let record = Record::read(Path::new(path)).map_err(|error| format!("{path}: {error}"))?;
    let mut load = Load::default();
    for event in record.events {
        match event.kind {
            EventKind::LoadWindow(window) if !window.phase.starts_with(WARM_UP) => {
                load.sent += window.sent;
                load.response.add(&window.response);
                load.service.add(&window.service);
                load.lag.add(&window.lag);
            }
            EventKind::LoadSecond(second) => load.cpu += second.cpu_share.unwrap_or(f64::NAN),
            EventKind::LoadFinished(finished) => load.finished = Some(finished),
            EventKind::Note { text } => {
                let threads = text.strip_prefix("the generator’s threads computed for ");
                load.threads = load.threads.or(threads.map(str::to_owned));
            }
            _ => {}
        }
    }
    Ok(load)
}

/// Lag and the verdict, as cells of a table.
fn row(path: &str) -> Result<String, String> {
    let load = read(path)?;
    let finished = load.finished.ok_or("the load did not end")?;
    let verdict = if finished.invalid.is_empty() { "valid" } else { "invalid" };
    let millis = |share| load.lag.quantile(share) as f64 / 1000.0;
    Ok(format!("{:.3} ms | {:.3} ms | {verdict}", millis(0.5), millis(0.99)))
}

fn quantiles(path: &str) -> Result<String, String> {
    let load = read(path)?;
    let cells = |times: &Histogram| {
        let cells = [0.5, 0.9, 0.99, 0.999]
            .map(|share| format!("{:.1} ms", times.quantile(share) as f64 / 1000.0));
        cells.join(" | ")
    };
    Ok(format!(
        "from the intended start | {}\nfrom the send | {}",
        cells(&load.response),
        cells(&load.service)
    ))
}

/// CPU microseconds of the generator per request, and what its threads spent.
fn cpu(path: &str) -> Result<String, String> {
    let load = read(path)?;
    let threads = load.threads.as_deref().unwrap_or("not seen");
    Ok(format!("{:.1} | {} | {threads}", load.cpu * 1e6 / load.sent as f64, load.sent))
}

/// Serves yes to everything and notes when each request came. `GET /seen/RATE/SECONDS` tells of the
/// last so many: their mean rate, and the deviation of whole seconds, in per cent of the rate.
fn count(address: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = announced(address).await?;
        let (begun, came) = (Instant::now(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&came);
        let note = move |request: Request, next: Next| {
            if request.method() == "POST" {
                let at = begun.elapsed().as_secs_f64();
                noted.lock().unwrap_or_else(PoisonError::into_inner).push(at);
            }
            next.run(request)
        };
        let tell = move |UrlPath((rate, seconds)): UrlPath<(f64, u32)>| {
            let mut came = came.lock().unwrap_or_else(PoisonError::into_inner);
            let told = regularity(&came, rate, seconds);
            came.clear();
            async move { told }
        };
        let router = targets::serve::null_router()
            .route("/seen/{rate}/{seconds}", get(tell))
            .layer(middleware::from_fn(note));
        targets::serve::serve_router(router, listener, std::future::pending())
            .await
            .map_err(|error| error.to_string())
    })?;
    Ok(String::new())
}

/// Mean rate of the last `rate × seconds` instants, and the standard deviation of their seconds.
fn regularity(came: &[f64], rate: f64, seconds: u32) -> String {
    let wanted = (rate * f64::from(seconds)) as usize;
    let last = &came[came.len().saturating_sub(wanted)..];
    let (Some(first), Some(end)) = (last.first(), last.last()) else {
        return "none came | ".to_owned();
    };
    let mean = (last.len() - 1) as f64 / (end - first).max(1e-9);
    // Half a gap earlier, so that no border of a second lies on an instant.
    let from = first - 0.5 / rate;
    let mut counts = vec![0.0; seconds as usize];
    for at in last {
        let second = (at - from) as usize;
        counts[second.min(seconds as usize - 1)] += 1.0;
    }
    let squares: f64 = counts.iter().map(|count| (count - rate).powi(2)).sum();
    let deviation = (squares / f64::from(seconds)).sqrt() / rate * 100.0;
    format!("{mean:.2}/s ({:+.3} %) | {deviation:.3} %", (mean / rate - 1.0) * 100.0)
}

/// A listener whose address was printed.
async fn announced(address: &str) -> Result<tokio::net::TcpListener, String> {
    let failed = |error: std::io::Error| error.to_string();
    let listener = tokio::net::TcpListener::bind(address).await.map_err(failed)?;
    println!("listening on http://{}", listener.local_addr().map_err(failed)?);
    Ok(listener)
}

/// Serves yes to everything, but stands still for the last second of every five.
fn freeze(address: &str) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(async {
        let listener = announced(address).await?;
        tokio::spawn(async {
            let begun = tokio::time::Instant::now();
            for round in 1u64.. {
                tokio::time::sleep_until(begun + Duration::from_secs(5 * round - 1)).await;
                // The one thread sleeps, so nothing is accepted, read or answered.
                let end = begun + Duration::from_secs(5 * round);
                std::thread::sleep(end.saturating_duration_since(tokio::time::Instant::now()));
            }
        });
        let router = targets::serve::null_router();
        targets::serve::serve_router(router, listener, std::future::pending())
            .await
            .map_err(|error| error.to_string())
    })?;
    Ok(String::new())
}

static SENT: AtomicU64 = AtomicU64::new(0);

/// A body as large as a protected request of an honest device.
const BODY: &[u8] =
    br#"{"challenge":"0000000000000000000000000000000000000000000","item":"book","quantity":1}"#;

/// Goose with a static body and nothing of ours: what its CPU costs per request.
fn goose_alone(url: &str, users: &str, seconds: &str) -> Result<String, String> {
    let failed = |error: GooseError| error.to_string();
    let users: usize = users.parse().map_err(|_| format!("`{users}` is no number"))?;
    let seconds: u64 = seconds.parse().map_err(|_| format!("`{seconds}` is no number"))?;
    let send: TransactionFunction = Arc::new(|user| {
        Box::pin(async move {
            let builder = user
                .get_request_builder(&GooseMethod::Post, "/v1/orders")?
                .header("content-type", "application/json")
                .header("x-app-attest-assertion", ASSERTION)
                .body(BODY);
            let request = GooseRequest::builder().set_request_builder(builder).build();
            let answer = user.request(request).await?;
            if let Ok(response) = answer.response {
                let _ = response.bytes().await;
            }
            SENT.fetch_add(1, Ordering::Relaxed);
            Ok(())
        })
    });
    let scenario = Scenario::new("static").register_transaction(Transaction::new(send));
    let mut configuration = GooseConfiguration::default();
    configuration.host = Some(url.to_owned());
    configuration.users = Some(users);
    configuration.increase_rate = Some("1000000".to_owned());
    configuration.run_time = Some(seconds.to_string());
    configuration.quiet = 3;
    configuration.no_telnet = true;
    configuration.no_print_metrics = true;
    configuration.no_transaction_metrics = true;
    configuration.no_scenario_metrics = true;
    let attack = GooseAttack::initialize_with_config(configuration)
        .map_err(failed)?
        .register_scenario(scenario);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (begun, before) = (Instant::now(), ticks()?);
    runtime
        .map_err(|error| error.to_string())?
        .block_on(async { Box::pin(attack.execute()).await })
        .map_err(failed)?;
    let (spent, answers) = (ticks()? - before, SENT.load(Ordering::Relaxed));
    Ok(format!(
        "{:.1} | {answers} | {:.0}/s",
        spent * 1e6 / answers.max(1) as f64,
        answers as f64 / begun.elapsed().as_secs_f64()
    ))
}

/// As long as an assertion in a header is.
const ASSERTION: &str = "omlzaWduYXR1cmVYRjBEAiAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABxYXV0aGVudGljYXRvckRhdGFYJQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAAE=";

/// CPU seconds of this process so far.
fn ticks() -> Result<f64, String> {
    let stat = std::fs::read_to_string("/proc/self/stat").map_err(|error| error.to_string())?;
    let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
    let fields: Vec<f64> =
        after.split_whitespace().skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
    Ok(fields.iter().sum::<f64>() / 100.0)
}
