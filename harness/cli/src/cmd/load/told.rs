//! A plan in words, numbers and a picture.

use super::drawn;
use runners::load::course::Course;
use runners::load::profile::{Kind, Load, Profile};
use runners::load::{LoadPlan, Outlook};
use serde_json::{Value, json};
use std::fmt::Write;

/// A plan to be told.
pub(super) struct Told<'t> {
    pub(super) profile: &'t Profile,
    pub(super) plan: &'t LoadPlan,
    pub(super) outlook: &'t Outlook,
    pub(super) seed: Option<&'t str>,
    /// Where requests go, and what kind of address that is.
    pub(super) sent: &'t [(String, String)],
}

impl Told<'_> {
    /// For people.
    pub(super) fn text(&self) -> String {
        let Self { profile, plan, outlook, .. } = self;
        let mut text = format!("{}: {}\n", profile.name, profile.about);
        let seed = self.seed.map_or_else(
            || "chosen by the run; counts of random arrivals differ with it".to_owned(),
            str::to_owned,
        );
        // Writing to a text cannot fail.
        let _ =
            writeln!(text, "{} arrivals; {}; seed: {seed}\n", plan.arrivals.as_str(), plan.words());
        text.push_str(&self.table());
        text.push('\n');
        let bin = outlook.bin.as_secs_f64();
        let rates: Vec<f64> = outlook.bins.iter().map(|count| *count as f64 / bin).collect();
        text.push_str(&drawn::rates(&rates, plan.length().as_secs_f64()));
        text.push('\n');
        if !outlook.lies.is_empty() {
            let lies: Vec<String> =
                outlook.lies.iter().map(|(lie, count)| format!("{count} {}", lie.name())).collect();
            let _ = writeln!(text, "lies      {}", lies.join(", "));
        }
        text.push_str(&self.needs());
        for (node, class) in self.sent {
            let _ = writeln!(text, "sent to   {node} ({class})");
        }
        text.push_str("Nothing was sent.");
        text
    }

    fn table(&self) -> String {
        let Self { plan, outlook, .. } = self;
        let widest = plan.phases.iter().map(|phase| phase.name.chars().count()).max();
        let width = widest.unwrap_or_default().max("phase".len());
        let mut text = format!(
            "{:<width$}  kind      seconds            rate /s  arrivals  challenge   attest   assert     lies\n",
            "phase"
        );
        let mut sum = [0; 5];
        for (place, (phase, seen)) in plan.phases.iter().zip(&outlook.phases).enumerate() {
            let counts = [seen.arrivals(), seen.challenge, seen.attest, seen.assert, seen.lies];
            for (sum, count) in sum.iter_mut().zip(counts) {
                *sum += count;
            }
            let kind = self.kind(place);
            let seconds = phase.length().as_secs_f64();
            let rate = rates(&phase.course);
            let [all, challenge, attest, assert, lies] = counts;
            let _ = writeln!(
                text,
                "{:<width$}  {kind:<8} {seconds:>8.1}  {rate:>17}  {all:>8}  {challenge:>9} {attest:>8} {assert:>8} {lies:>8}",
                phase.name
            );
        }
        let [all, challenge, attest, assert, lies] = sum;
        let seconds = plan.length().as_secs_f64();
        let _ = writeln!(
            text,
            "{:<width$}           {seconds:>8.1}  {:>17}  {all:>8}  {challenge:>9} {attest:>8} {assert:>8} {lies:>8}",
            "all", ""
        );
        text
    }

    fn needs(&self) -> String {
        let Self { plan, outlook, .. } = self;
        format!(
            "needs     {} devices, enrolled before the load; {} challenges in reserve\n\
             \x20         {} users: {:.0}/s at most × {:?} timeout (Little's bound); {} will wait\n\
             \x20         {} for the schedule, and about {} for devices and users\n\
             \x20         CPU of the generator: unknown before a run on this machine\n",
            outlook.devices,
            outlook.reserve,
            plan.users_needed(),
            plan.highest_rate(),
            plan.timeout,
            plan.users,
            megabytes(outlook.schedule_bytes),
            megabytes(outlook.devices * BYTES_PER_DEVICE + plan.users as u64 * BYTES_PER_USER),
        )
    }

    fn kind(&self, place: usize) -> &'static str {
        match &self.profile.load {
            Load::Operations(operations) => {
                operations.kinds.get(place).copied().map_or("", Kind::as_str)
            }
            Load::Journeys(_) => "journeys",
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let Self { profile, plan, outlook, .. } = self;
        let mut from = 0.0;
        let phases = plan.phases.iter().zip(&outlook.phases).enumerate();
        let phases: Vec<Value> = phases
            .map(|(place, (phase, seen))| {
                let seconds = phase.length().as_secs_f64();
                from += seconds;
                json!({
                    "name": phase.name,
                    "kind": self.kind(place),
                    "from_s": from - seconds,
                    "for_s": seconds,
                    "highest_rate": phase.highest_rate(),
                    "mean_rate": phase.mean_rate(),
                    "arrivals": seen.arrivals(),
                    "challenge": seen.challenge,
                    "attest": seen.attest,
                    "assert": seen.assert,
                    "lies": seen.lies,
                    "measured": !phase.own.unmeasured,
                })
            })
            .collect();
        let lies: serde_json::Map<String, Value> =
            outlook.lies.iter().map(|(lie, count)| (lie.name().to_owned(), json!(count))).collect();
        let sent: Vec<Value> = self
            .sent
            .iter()
            .map(|(node, class)| json!({ "node": node, "address": class }))
            .collect();
        json!({
            "profile": profile.name,
            "about": profile.about,
            "seed": self.seed,
            "arrivals": plan.arrivals.as_str(),
            "phases": phases,
            "lies": lies,
            "devices": outlook.devices,
            "users": plan.users,
            "users_needed": plan.users_needed(),
            "schedule_bytes": outlook.schedule_bytes,
            "sent_to": sent,
        })
    }
}

/// Assumed of a device with its key, its account and what the target gave it to keep.
const BYTES_PER_DEVICE: u64 = 2_000;
/// Assumed of a user of the load generator with its future and its connection.
const BYTES_PER_USER: u64 = 40_000;

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// The rates of a course in a few characters.
fn rates(course: &Course) -> String {
    match course {
        Course::Lines(lines) => {
            let mut seen: Vec<f64> = Vec::new();
            for rate in lines.iter().flat_map(|line| [line.from, line.to]) {
                if seen.last().is_none_or(|last| (last - rate).abs() > f64::EPSILON) {
                    seen.push(rate);
                }
            }
            seen.iter()
                .map(|rate| format!("{rate:.4}"))
                .map(|rate| trimmed(&rate))
                .collect::<Vec<_>>()
                .join(" → ")
        }
        Course::Burst(burst) => format!("{} or {}", burst.quiet, burst.busy),
        Course::Herd(_) | Course::Trace(_) => format!("{:.0} at most", course.highest_rate()),
    }
}

/// A number without the zeros that say nothing.
fn trimmed(number: &str) -> String {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        number.to_owned()
    }
}
