//! What a load came to beyond its rates, in sentences that all renderings share.

use crate::plot::slope;
use crate::summary::{Fleet, Load, Recovery, Trend, Turn};
use crate::text::{count, counted, micros, percent, plain, three_digits};
use record::{CheckStanding, ValidityCheck};

/// How right the answers were, the gravest first.
pub(super) fn answers(load: &Load) -> String {
    let right = &load.correctness;
    let mut parts = Vec::new();
    match (right.false_accepts_below, right.dishonest) {
        (Some(below), n) => parts.push(format!(
            "0 wrong accepts in {}: below {} at 95 % confidence (3/n).",
            counted(n, "dishonest request", "dishonest requests"),
            percent(below)
        )),
        (None, 0) => parts.push("No dishonest request was decided.".to_owned()),
        (None, n) => parts.push(format!(
            "{} in {}: {}.",
            counted(right.false_accepts, "wrong accept", "wrong accepts"),
            counted(n, "dishonest request", "dishonest requests"),
            percent(right.false_accepts as f64 / n as f64)
        )),
    }
    parts.push(format!(
        "{} in {}.",
        counted(right.false_rejects, "wrong refusal", "wrong refusals"),
        counted(right.honest, "honest request", "honest requests")
    ));
    if right.audited > 0 {
        let keys = counted(right.audited, "key", "keys");
        parts.push(format!("{keys} were asked once more after the load."));
    }
    if right.undecided > 0 {
        parts.push(format!(
            "{} got no decision ({} of what was sent).",
            count(right.undecided),
            percent(right.undecided as f64 / load.sent.max(1) as f64)
        ));
    }
    if right.shed > 0 {
        parts.push(format!("{} were turned away for overload.", count(right.shed)));
    }
    parts.join(" ")
}

/// What followed each drop of the rate, and what crept over a long phase.
pub(super) fn movements(load: &Load) -> Vec<String> {
    load.recoveries.iter().map(recovery).chain(load.trends.iter().map(trend)).collect()
}

fn recovery(recovery: &Recovery) -> String {
    let outcome = match recovery.recovered_after_s {
        Some(0) => "the server was well at once".to_owned(),
        Some(after) => format!("the server was well again after {after} s"),
        None => "the server did not come back while it was watched".to_owned(),
    };
    if recovery.turn == Turn::AppleBack {
        return format!("After Apple came back ({}), {outcome}.", recovery.to);
    }
    format!(
        "After the rate dropped from {}/s ({}) to {}/s ({}), {outcome}.",
        three_digits(recovery.from_per_s),
        recovery.from,
        three_digits(recovery.to_per_s),
        recovery.to
    )
}

fn trend(trend: &Trend) -> String {
    format!("In phase {}, {}: {}.", trend.phase, trend.what.words(), slope(trend))
}

/// How the fleet fared.
pub(super) fn fleet(fleet: &Fleet) -> Vec<String> {
    let mut told = Vec::new();
    let millis = |ms: u64| micros(ms.saturating_mul(1_000));
    let awake = fleet.attested.n.saturating_add(fleet.unattested);
    if awake > 0 {
        let times = match fleet.attested.n {
            0 => String::new(),
            _some => format!(
                ": half of these within {}, 99 % within {}",
                millis(fleet.attested.p50_ms),
                millis(fleet.attested.p99_ms)
            ),
        };
        told.push(format!(
            "Of {} that woke up to attest, {} had an attested key by the end{times}.",
            counted(awake, "device", "devices"),
            count(fleet.attested.n),
        ));
    }
    if let Some(times) = fleet.amplification {
        let policy = match fleet.policy.as_str() {
            "" => String::new(),
            policy => format!(", by the policy “{policy}”"),
        };
        told.push(format!(
            "{} were tried {} times, {} times each{policy}.",
            counted(fleet.intents, "thing wanted", "things wanted"),
            count(fleet.attempts),
            plain((times * 100.0).round() / 100.0)
        ));
    }
    if fleet.apple_served.saturating_add(fleet.apple_refused) > 0 {
        told.push(format!(
            "Apple’s simulated service served {} and refused {}.",
            counted(fleet.apple_served, "call", "calls"),
            count(fleet.apple_refused)
        ));
    }
    if fleet.challenge_age.n > 0 {
        let lifetime = match fleet.challenge_lifetime_ms {
            Some(lifetime) => format!("; they live for {}", millis(lifetime)),
            None => String::new(),
        };
        told.push(format!(
            "{} came back after their challenge had expired. 99.9 % of challenges were used within {}{lifetime}.",
            counted(fleet.too_late, "attestation", "attestations"),
            millis(fleet.challenge_age.p99_9_ms),
        ));
    }
    if !fleet.finished {
        told.push("The end of the fleet was not recorded.".to_owned());
    }
    told
}

/// A check's mark and its colour.
pub(super) fn standing(check: &ValidityCheck) -> (&'static str, &'static str) {
    match check.standing {
        CheckStanding::Holds => ("✓", "good"),
        CheckStanding::Remark => ("!", "part"),
        CheckStanding::Breached => ("✕", "bad"),
        CheckStanding::Unseen => ("–", "none"),
    }
}

/// What to do about a check that does not hold, and who is at fault.
pub(super) fn advice(check: &ValidityCheck) -> String {
    match check.standing {
        CheckStanding::Holds => String::new(),
        CheckStanding::Unseen => "cannot be seen on this machine".to_owned(),
        CheckStanding::Remark | CheckStanding::Breached => {
            let parts = [check.blame.as_str(), check.remedy.as_str()];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            parts.join(": ")
        }
    }
}
