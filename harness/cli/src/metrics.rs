//! A run's figures for a Prometheus server, as text over HTTP, while it goes on.
//!
//! Everything is a fold of the run's events; scraping it costs the generator some microseconds.

use crate::exit_code::Failed;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use record::{EventKind, Histogram};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// What is told so far, shared with whoever serves it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Metrics(Arc<Mutex<Figures>>);

/// Sums since the start of the run.
#[derive(Debug, Default)]
struct Figures {
    /// By phase, operation, whether honest, and class.
    answers: BTreeMap<(String, String, bool, String), u64>,
    /// By phase.
    offered: BTreeMap<String, u64>,
    dropped: BTreeMap<String, u64>,
    /// By operation.
    response: BTreeMap<String, Histogram>,
    lag: Histogram,
    wrong: u64,
    in_flight: f64,
    free_users: u64,
    cpu: Option<f64>,
    resident: Option<u64>,
    sockets: Option<u64>,
    cases: BTreeMap<&'static str, u64>,
    valid: Option<bool>,
}

/// Upper bounds of the buckets of response times, in microseconds.
const BUCKETS_US: [u64; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 10_000_000,
];

/// Serves the figures until the process ends. Only this machine may ask, unless `public`.
pub(crate) fn listen(address: SocketAddr, public: bool) -> Result<Metrics, Failed> {
    if !address.ip().is_loopback() && !public {
        return Err(Failed::usage(format_args!(
            "--metrics-listen {address} can be reached from other machines: use 127.0.0.1, or say \
             --allow-public as well"
        )));
    }
    let failed = |error: std::io::Error| {
        Failed::usage(format_args!("--metrics-listen: cannot listen on {address}: {error}"))
    };
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let metrics = Metrics::default();
    let shared = metrics.clone();
    let serve = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let page = move || {
                let text = shared.text();
                async { ([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text) }
            };
            axum::serve(listener, Router::new().route("/metrics", get(page))).await
        })
    };
    std::thread::Builder::new().name("metrics".to_owned()).spawn(serve).map_err(failed)?;
    crate::console::write_line(&format!("metrics: http://{bound}/metrics"));
    Ok(metrics)
}

impl Metrics {
    /// Takes in an event of the run.
    pub(crate) fn take(&self, kind: &EventKind) {
        let mut figures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        figures.take(kind);
    }

    /// Everything, in the text format of Prometheus.
    fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).text()
    }
}

impl Figures {
    fn take(&mut self, kind: &EventKind) {
        match kind {
            EventKind::LoadWindow(window) => {
                for (class, count) in &window.classes {
                    let (phase, operation) = (window.phase.clone(), window.operation.clone());
                    let key = (phase, operation, window.honest, class.clone());
                    *self.answers.entry(key).or_default() += count;
                }
                *self.offered.entry(window.phase.clone()).or_default() += window.offered;
                *self.dropped.entry(window.phase.clone()).or_default() += window.dropped;
                self.response.entry(window.operation.clone()).or_default().add(&window.response);
                self.lag.add(&window.lag);
            }
            EventKind::LoadSecond(second) => {
                self.in_flight = second.in_flight_mean;
                self.free_users = second.free_users_min;
                self.cpu = second.cpu_share;
                self.resident = second.rss_bytes;
                self.sockets = second.sockets;
            }
            EventKind::WrongAnswer(_) => self.wrong += 1,
            EventKind::CaseFinished(case) => {
                let verdict = match &case.verdict {
                    record::Verdict::Pass => "pass",
                    record::Verdict::Fail { .. } => "fail",
                    record::Verdict::Inconclusive { .. } => "inconclusive",
                    record::Verdict::NotApplicable { .. } => "not-applicable",
                };
                *self.cases.entry(verdict).or_default() += 1;
            }
            EventKind::LoadFinished(finished) => self.valid = Some(finished.invalid.is_empty()),
            _ => {}
        }
    }

    fn text(&self) -> String {
        let mut page = Page::default();
        page.head("assay_cases_total", "counter", "Cases by their verdict.");
        for (verdict, count) in &self.cases {
            page.line("assay_cases_total", &[("verdict", verdict)], *count as f64);
        }
        page.head(
            "assay_load_answers_total",
            "counter",
            "Requests under load by what came of them.",
        );
        for ((phase, operation, honest, class), count) in &self.answers {
            let honest = if *honest { "true" } else { "false" };
            page.line(
                "assay_load_answers_total",
                &[("phase", phase), ("operation", operation), ("honest", honest), ("class", class)],
                *count as f64,
            );
        }
        for (name, help, counts) in [
            ("assay_load_offered_total", "Arrivals of the schedule.", &self.offered),
            ("assay_load_dropped_total", "Arrivals given up by the generator.", &self.dropped),
        ] {
            page.head(name, "counter", help);
            for (phase, count) in counts {
                page.line(name, &[("phase", phase)], *count as f64);
            }
        }
        let name = "assay_load_response_seconds";
        page.head(name, "histogram", "From the intended start to the end of the answer.");
        for (operation, times) in &self.response {
            page.histogram(name, operation, times);
        }
        page.head(
            "assay_load_wrong_answers_total",
            "counter",
            "Wrong answers that were written up.",
        );
        page.line("assay_load_wrong_answers_total", &[], self.wrong as f64);
        for (name, help, value) in [
            ("assay_load_in_flight", "Requests in flight, mean of a second.", Some(self.in_flight)),
            (
                "assay_load_free_users",
                "Fewest users without a request in a second.",
                Some(self.free_users as f64),
            ),
            (
                "assay_load_lag_p99_seconds",
                "99th percentile of the lag behind the schedule.",
                Some(self.lag.quantile(0.99) as f64 / 1e6),
            ),
            ("assay_generator_cpu", "CPU seconds of the generator per second.", self.cpu),
            (
                "assay_generator_resident_bytes",
                "Resident memory of the generator.",
                self.resident.map(|bytes| bytes as f64),
            ),
            (
                "assay_generator_sockets",
                "Open sockets of the generator.",
                self.sockets.map(|count| count as f64),
            ),
            (
                "assay_load_valid",
                "1 if the finished load says something about the target, 0 if not.",
                self.valid.map(|valid| if valid { 1.0 } else { 0.0 }),
            ),
        ] {
            // What is not known has no sample: 0 would be a figure.
            if let Some(value) = value {
                page.head(name, "gauge", help);
                page.line(name, &[], value);
            }
        }
        page.0
    }
}

/// A page of samples.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn line(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(key, value)| format!("{key}=\"{}\"", escaped(value))).collect();
        let labels = match labels.as_slice() {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }

    fn histogram(&mut self, name: &str, operation: &str, times: &Histogram) {
        let mut cells = times.cells().peekable();
        let mut below = 0;
        for bound in BUCKETS_US {
            while let Some((_, count)) = cells.next_if(|(upper, _)| *upper <= bound) {
                below += count;
            }
            let le = format!("{}", bound as f64 / 1e6);
            let labels = [("operation", operation), ("le", le.as_str())];
            self.line(&format!("{name}_bucket"), &labels, below as f64);
        }
        let (all, sum) = (times.count() as f64, times.mean() * times.count() as f64 / 1e6);
        self.line(&format!("{name}_bucket"), &[("operation", operation), ("le", "+Inf")], all);
        self.line(&format!("{name}_sum"), &[("operation", operation)], sum);
        self.line(&format!("{name}_count"), &[("operation", operation)], all);
    }
}

/// A label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use record::{LoadSecond, LoadWindow};

    fn window() -> EventKind {
        let mut response = Histogram::default();
        for micros in [400, 900, 3_000, 99_000_000] {
            response.record(micros);
        }
        EventKind::LoadWindow(Box::new(LoadWindow {
            phase: "peak \"1\"\n".into(),
            second: 0,
            operation: "assert".into(),
            honest: true,
            offered: 5,
            sent: 4,
            dropped: 1,
            classes: [("right".to_owned(), 3), ("false-reject".to_owned(), 1)].into(),
            lag: response.clone(),
            service: response.clone(),
            response,
            by_class: BTreeMap::new(),
        }))
    }

    #[test]
    fn the_page_is_the_sum_of_the_events() {
        let metrics = Metrics::default();
        metrics.take(&window());
        metrics.take(&window());
        let second =
            LoadSecond { in_flight_mean: 1.5, cpu_share: Some(0.25), ..LoadSecond::default() };
        metrics.take(&EventKind::LoadSecond(Box::new(second)));
        let text = metrics.text();
        for line in [
            "assay_load_answers_total{phase=\"peak \\\"1\\\"\\n\",operation=\"assert\",honest=\"true\",class=\"right\"} 6",
            "assay_load_dropped_total{phase=\"peak \\\"1\\\"\\n\"} 2",
            "assay_load_response_seconds_bucket{operation=\"assert\",le=\"0.0005\"} 2",
            "assay_load_response_seconds_bucket{operation=\"assert\",le=\"0.001\"} 4",
            "assay_load_response_seconds_bucket{operation=\"assert\",le=\"10\"} 6",
            "assay_load_response_seconds_bucket{operation=\"assert\",le=\"+Inf\"} 8",
            "assay_load_response_seconds_count{operation=\"assert\"} 8",
            "assay_load_in_flight 1.5",
            "assay_generator_cpu 0.25",
        ] {
            assert!(text.lines().any(|seen| seen == line), "{line}\n{text}");
        }
        assert!(!text.contains("assay_generator_sockets"), "what is not known is not told");
        assert!(!text.contains("assay_load_valid"), "it has not finished");
    }

    #[test]
    fn others_may_ask_only_if_that_was_said() {
        let address = "192.0.2.1:0".parse().unwrap();
        let refused = listen(address, false).unwrap_err();
        assert!(refused.message.contains("127.0.0.1"), "{}", refused.message);
    }

    #[test]
    fn the_page_is_served() {
        use std::io::{Read as _, Write as _};
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap();
        drop(taken);
        let metrics = listen(address, false).unwrap();
        metrics.take(&window());
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("version=0.0.4") && answer.contains("class=\"right\"} 3"));
    }
}
