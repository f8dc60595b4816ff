//! What a profile of journeys comes to, played against a modelled server: nothing is sent.

use super::drawn;
use record::{FleetFinished, FleetSecond};
use runners::load::journey::{BYTES_PER_DEVICE, JourneyRun, key_bytes, simulate};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// A run of journeys as a simulation foresees it.
#[derive(Debug)]
pub(super) struct Foreseen {
    about: String,
    run: JourneyRun,
    sent: Vec<(String, String)>,
    seconds: Vec<FleetSecond>,
    end: FleetFinished,
}

impl Foreseen {
    /// Plays it.
    pub(super) fn of(about: &str, run: JourneyRun, sent: Vec<(String, String)>) -> Self {
        let mut seconds = Vec::new();
        let end = simulate(&run.journeys, &run.seed, &mut |second| seconds.push(second));
        Self { about: about.to_owned(), run, sent, seconds, end }
    }

    fn sum(&self, of: impl Fn(&FleetSecond) -> u64) -> u64 {
        self.seconds.iter().map(of).sum()
    }

    /// Tries for each thing wanted.
    fn amplification(&self) -> f64 {
        self.sum(|second| second.attempts) as f64 / self.sum(|second| second.intents).max(1) as f64
    }

    fn busiest(&self) -> u64 {
        self.seconds.iter().map(|second| second.attempts).max().unwrap_or(0)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Self { run, end, .. } = self;
        let (journeys, fleet) = (&run.journeys.journeys, &run.journeys.fleet);
        let wall = journeys.length.0.div_f64(journeys.speed);
        let mut text = format!("{}: {}\n", run.name, self.about);
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "{} devices, {} of their time in {:.0} s; retries by `{}`\n",
            fleet.devices,
            journeys.length,
            wall.as_secs_f64(),
            end.policy
        );
        let attempts: Vec<f64> = self.seconds.iter().map(|second| second.attempts as f64).collect();
        text.push_str(
            "tries a second, as foreseen with a server that is not the one under test:\n",
        );
        text.push_str(&drawn::rates(&attempts, wall.as_secs_f64()));
        let time = |share: f64| told(end.attested.quantile(share));
        let _ = writeln!(
            text,
            "\nenrolled  {} devices, half within {}, 99 % within {}; {} still want to be",
            end.attested.count(),
            time(0.5),
            time(0.99),
            end.unattested
        );
        let _ = writeln!(
            text,
            "tries     {:.1} for each thing wanted, {} in the busiest second",
            self.amplification(),
            self.busiest()
        );
        let _ = writeln!(
            text,
            "Apple     {} calls served, {} refused",
            self.sum(|second| second.apple_served),
            self.sum(|second| second.apple_refused)
        );
        let oldest = told(end.challenge_age.quantile(0.999));
        let lifetime = end.challenge_lifetime_ms.map_or_else(|| "unknown".to_owned(), told);
        let _ = writeln!(
            text,
            "too late  {} attestations, of challenges that live {lifetime}; 99.9 % are used within {oldest}",
            end.too_late
        );
        let _ = writeln!(
            text,
            "needs     {} users for {:.0} requests/s at most and a timeout of {} s; {:.1} MB for the fleet, \
             and up to {:.1} MB for keys that are used again",
            run.users,
            run.journeys.highest_rate(),
            run.timeout.as_secs_f64(),
            f64::from(fleet.devices) * BYTES_PER_DEVICE as f64 / 1e6,
            key_bytes(fleet.devices) as f64 / 1e6
        );
        let needed = run.journeys.users_needed(run.timeout);
        if run.users < needed {
            let slow = run.timeout.as_secs_f64() * run.users as f64 / needed as f64;
            let _ = writeln!(
                text,
                "          fewer than the {needed} that could wait at once: if answers take longer than {slow:.1} s\n\
                 \x20         at the peak, what is due waits for users, which counts against the generator"
            );
        }
        text.push_str("rests on\n");
        for row in &end.assumptions {
            let basis = row.basis.as_str();
            let _ =
                writeln!(text, "  {:<42} {:<10} {basis:<10}  {}", row.name, row.value, row.source);
        }
        for (node, class) in &self.sent {
            let _ = writeln!(text, "sent to   {node} ({class})");
        }
        text.push_str("Nothing was sent.");
        text
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let Self { run, end, .. } = self;
        json!({
            "name": run.name,
            "about": self.about,
            "journeys": run.journeys,
            "users": run.users,
            "users_needed": run.journeys.users_needed(run.timeout),
            "timeout_s": run.timeout.as_secs_f64(),
            "requests_per_second": run.journeys.highest_rate(),
            "foreseen": {
                "attested": end.attested.count(),
                "unattested": end.unattested,
                "attested_p50_ms": end.attested.quantile(0.5),
                "attested_p99_ms": end.attested.quantile(0.99),
                "tries_per_wish": self.amplification(),
                "tries_in_the_busiest_second": self.busiest(),
                "apple_served": self.sum(|second| second.apple_served),
                "apple_refused": self.sum(|second| second.apple_refused),
                "too_late": end.too_late,
                "challenge_age_p999_ms": end.challenge_age.quantile(0.999),
                "challenge_lifetime_ms": end.challenge_lifetime_ms,
            },
            "assumptions": end.assumptions,
            "sent_to": self.sent.iter().map(|(node, _)| node).collect::<Vec<_>>(),
        })
    }
}

/// Milliseconds for people.
fn told(millis: u64) -> String {
    let seconds = Duration::from_millis(millis).as_secs_f64();
    if seconds < 120.0 { format!("{seconds:.1} s") } else { format!("{:.1} min", seconds / 60.0) }
}
