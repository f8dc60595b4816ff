//! Whether what was asked for was sent, on time, and counted.

use super::{check, percent, standing, worst};
use record::{CheckStanding, Histogram, LoadWindow, ValidityCheck};
use std::time::Duration;

/// What the generator did in a phase.
#[derive(Debug, Default)]
pub(super) struct Phase {
    pub(super) offered: u64,
    pub(super) sent: u64,
    dropped: u64,
    answered: u64,
    timed: [u64; 2],
    lag: Histogram,
}

impl Phase {
    pub(super) fn add(&mut self, window: &LoadWindow) {
        self.offered += window.offered;
        self.sent += window.sent;
        self.dropped += window.dropped;
        self.answered += window.classes.values().sum::<u64>();
        self.timed[0] += window.response.count();
        self.timed[1] += window.service.count();
        self.lag.add(&window.lag);
    }

    fn balances(&self) -> bool {
        let Self { offered, sent, dropped, answered, timed, lag } = self;
        [*answered, timed[0], timed[1], lag.count()].iter().all(|count| count == sent)
            && sent + dropped == *offered
    }
}

/// Nine of ten requests must leave within this of their instant.
///
/// An idle machine keeps 0.2 ms at the 99th percentile. Where the target, or anybody else, computes
/// on the same cores, a time slice or two of the scheduler (some 3 ms) are lost now and then.
const PUNCTUAL_US: f64 = 10_000.0;

/// 99 % of requests must leave within this. On shared machines a burst of others' work stops
/// everybody for some tens of milliseconds, once in a while; beyond a tenth of a second, or more
/// often, the load was not the load that was asked for. Response times count from the intended
/// instant, so what lag there is only makes the target look slower, never faster.
pub(super) const LATE_US: f64 = 100_000.0;

/// 99.9 % of requests should leave within this: what a quiet machine keeps. The slowest answers of a
/// generator that does not are partly its own.
const FINE_US: f64 = 1_000.0;

/// Share of each phase's arrivals that must have been sent.
const SENT_SHARE: f64 = 0.999;

/// The longest that the generator may have stood still. Shared machines lose some tens of
/// milliseconds; a process that was stopped, swapped out or starved for longer measured itself.
const LONGEST_STOP: Duration = Duration::from_millis(200);

/// Share of requests that may be unready at their instant: they are sent late, which is lag, but
/// beyond this the load follows the pace of our own signing.
const UNREADY: f64 = 0.01;

const OWN_MACHINE: (&str, &str) =
    ("generator", "use a lower rate, or a machine on which nothing else computes");
const FAULT: (&str, &str) = ("harness", "this is a fault of the harness: please report it");

pub(super) fn checks(phases: &[(String, Phase)]) -> Vec<ValidityCheck> {
    let sum = |of: fn(&Phase) -> u64| phases.iter().map(|(_, phase)| of(phase)).sum::<u64>();
    let (offered, dropped) = (sum(|phase| phase.offered), sum(|phase| phase.dropped));
    let dropping = worst(phases, |phase| phase.dropped as f64);
    let in_phase = match dropping {
        Some((name, dropped)) if dropped > 0.0 => format!(", most of them in phase {name}"),
        Some(_) | None => String::new(),
    };
    let given_up = check(
        "arrivals given up by the generator",
        format!("{dropped} of {offered}{in_phase}"),
        "none",
        if dropped == 0 { CheckStanding::Holds } else { CheckStanding::Breached },
        OWN_MACHINE,
    );
    let share = |phase: &Phase| phase.sent as f64 / phase.offered.max(1) as f64;
    let (name, unsent) = worst(phases, |phase| 1.0 - share(phase)).unwrap_or(("none", 0.0));
    let sent = check(
        "share of arrivals sent",
        format!("{:.2} % in phase {name}", (1.0 - unsent) * 100.0),
        format!("{:.1} %", SENT_SHARE * 100.0),
        standing(unsent, 1.0 - SENT_SHARE, 1.0 - SENT_SHARE),
        OWN_MACHINE,
    );
    let mut checks = vec![given_up, sent, counts(phases)];
    for (share, should, must, label) in [
        (0.9, PUNCTUAL_US, PUNCTUAL_US, "90 %"),
        (0.99, LATE_US, LATE_US, "99 %"),
        (0.999, FINE_US, f64::INFINITY, "99.9 %"),
    ] {
        let late = |phase: &Phase| phase.lag.quantile(share) as f64;
        let (name, seen) = worst(phases, late).unwrap_or(("none", 0.0));
        checks.push(check(
            &format!("lag of {label} of the requests behind their instants"),
            format!("{} in phase {name}", millis(seen)),
            millis(should),
            standing(seen, should, must),
            if must.is_finite() {
                OWN_MACHINE
            } else {
                (
                    "machine",
                    "the slowest response times say more about this machine than about the target",
                )
            },
        ));
    }
    checks
}

fn counts(phases: &[(String, Phase)]) -> ValidityCheck {
    let odd = phases.iter().find(|(_, phase)| !phase.balances());
    let value = match odd {
        None => "offered, sent, given up, classified and timed agree".to_owned(),
        Some((name, phase)) => format!(
            "they do not add up in phase {name}: {} offered, {} sent, {} given up, {} classified, \
             {}, {} and {} timed",
            phase.offered,
            phase.sent,
            phase.dropped,
            phase.answered,
            phase.timed[0],
            phase.timed[1],
            phase.lag.count()
        ),
    };
    let standing = if odd.is_none() { CheckStanding::Holds } else { CheckStanding::Breached };
    check("counts", value, "agreement", standing, FAULT)
}

/// Whether the generator stood still.
pub(super) fn stops(longest: Duration) -> ValidityCheck {
    let (seen, limit) = (longest.as_secs_f64(), LONGEST_STOP.as_secs_f64());
    check(
        "longest stop of the generator",
        millis(seen * 1e6),
        millis(limit * 1e6),
        standing(seen, limit, limit),
        ("machine", "run it again where the generator is not stopped, swapped out or starved"),
    )
}

/// Whether requests were made in time.
pub(super) fn ready(not_ready: u64, sent: u64) -> ValidityCheck {
    let share = not_ready as f64 / sent.max(1) as f64;
    check(
        "requests not ready at their instant",
        format!("{not_ready} of {sent}"),
        format!("none, and at most {}", percent(UNREADY)),
        standing(share, 0.0, UNREADY),
        ("generator", "they were sent late; use a lower rate or give the generator more cores"),
    )
}

fn millis(micros: f64) -> String {
    let millis = micros / 1000.0;
    if millis < 10.0 { format!("{millis:.2} ms") } else { format!("{millis:.0} ms") }
}
