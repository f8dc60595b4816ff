//! Whether a server comes back after too much: what it was like once the rate had dropped.

use super::{Load, PhaseSummary, Second};
use crate::summary::{Kind, of_kind};
use serde::Serialize;

/// What followed a drop of the rate from one phase to the next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovery {
    /// The phase before.
    pub from: String,
    /// The phase after.
    pub to: String,
    /// When the rate dropped, in seconds since the start of the attack.
    pub at_s: f64,
    /// Arrivals a second before.
    pub from_per_s: f64,
    /// Arrivals a second after.
    pub to_per_s: f64,
    /// Seconds from the drop until the server answered as it should, and went on doing so.
    pub recovered_after_s: Option<u64>,
    /// For so many seconds in a row it had to.
    pub held_s: u64,
    /// It had to answer 99 % within this: twice what it took in the calm phase.
    pub p99_limit_us: Option<u64>,
    /// The phase before the drop that bore a lower rate, nearest to the one after it; without one
    /// nobody knows how quick the server should be.
    pub calm: Option<String>,
}

/// Rates below this part of the one before are a drop.
const DROP: f64 = 0.9;
/// Share of what is offered that must be answered rightly.
const ANSWERED: f64 = 0.95;
/// Seconds in a row that make a recovery; of a shorter phase, half of it.
const HELD_S: u64 = 10;

/// Each drop of the rate from one measured phase to the next, in order.
pub(super) fn fold(load: &Load) -> Vec<Recovery> {
    let pairs = load.phases.windows(2).enumerate();
    pairs.filter_map(|(place, pair)| after_drop(load, place, &pair[0], &pair[1])).collect()
}

fn after_drop(
    load: &Load,
    place: usize,
    before: &PhaseSummary,
    after: &PhaseSummary,
) -> Option<Recovery> {
    let fell = after.offered > 0 && after.offered_per_s < before.offered_per_s * DROP;
    if !fell {
        return None;
    }
    let distance = |phase: &PhaseSummary| (phase.offered_per_s - after.offered_per_s).abs();
    let calm = load.phases[..place]
        .iter()
        .filter(|phase| phase.response.n > 0 && phase.offered_per_s < before.offered_per_s * DROP)
        .min_by(|left, right| distance(left).total_cmp(&distance(right)));
    let p99_limit_us = calm.map(|phase| phase.response.p99_us.saturating_mul(2).max(1_000));
    let seconds: Vec<&Second> =
        load.seconds.iter().filter(|second| second.phase == place + 1).collect();
    let held_s = HELD_S.min(seconds.len() as u64 / 2).max(1);
    let good = |second: &&Second| {
        let right = of_kind(&second.classes, Kind::Right) as f64;
        let quick = p99_limit_us.is_none_or(|limit| second.response.p99_us <= limit);
        right >= second.offered as f64 * ANSWERED && quick
    };
    let stretches = seconds.windows(held_s as usize);
    let recovered = stretches.into_iter().find(|stretch| stretch.iter().all(good));
    let begun = seconds.first().map_or(0, |second| second.second);
    Some(Recovery {
        from: before.name.clone(),
        to: after.name.clone(),
        at_s: after.from_s,
        from_per_s: before.offered_per_s,
        to_per_s: after.offered_per_s,
        recovered_after_s: recovered.map(|stretch| stretch[0].second.saturating_sub(begun)),
        held_s,
        p99_limit_us,
        calm: calm.map(|phase| phase.name.clone()),
    })
}
