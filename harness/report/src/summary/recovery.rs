//! Whether a server comes back after too much: what it was like once the rate had dropped.

use super::{Load, PhaseSummary, Second};
use crate::summary::{Kind, of_kind};
use serde::Serialize;

/// The turn of a load after which its server is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Turn {
    /// The rate drops.
    Drop,
    /// Apple is back, and everybody who waited for it comes at once.
    AppleBack,
}

/// What followed a drop of the rate from one phase to the next, or Apple's return.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recovery {
    /// From what it recovers.
    pub turn: Turn,
    /// The phase before.
    pub from: String,
    /// The phase after.
    pub to: String,
    /// When the later phase began, in seconds since the start of the attack.
    pub at_s: f64,
    /// Arrivals a second before.
    pub from_per_s: f64,
    /// Arrivals a second after.
    pub to_per_s: f64,
    /// Seconds from then until the server answered as it should, and went on doing so.
    pub recovered_after_s: Option<u64>,
    /// For so many seconds in a row it had to.
    pub held_s: u64,
    /// It had to answer 99 % within this: twice what it took in the calm phase.
    pub p99_limit_us: Option<u64>,
    /// The earlier phase that bore a lower rate, nearest to the one after a drop; of phases with an
    /// outage of Apple, the last before it. Without one nobody knows how quick the server should be.
    pub calm: Option<String>,
}

/// Rates below this part of the one before are a drop.
const DROP: f64 = 0.9;
/// Share of what is offered that must be answered rightly.
const ANSWERED: f64 = 0.95;
/// Seconds in a row that make a recovery; of a shorter phase, half of it.
const HELD_S: u64 = 10;

/// Each drop of the rate from one measured phase to the next, and each return of Apple, in order.
pub(super) fn fold(load: &Load) -> Vec<Recovery> {
    let pairs = load.phases.windows(2).enumerate();
    pairs.filter_map(|(place, pair)| after(load, place, &pair[0], &pair[1])).collect()
}

fn after(
    load: &Load,
    place: usize,
    before: &PhaseSummary,
    after: &PhaseSummary,
) -> Option<Recovery> {
    let fell = after.offered_per_s < before.offered_per_s * DROP;
    let turn = match (before.apple_down, after.apple_down) {
        (true, false) => Turn::AppleBack,
        (false, false) if fell => Turn::Drop,
        // While Apple is away devices send less, and no server has recovered by that.
        (_, true) | (false, false) => return None,
    };
    if after.offered == 0 {
        return None;
    }
    let is_calm = |phase: &&PhaseSummary| match turn {
        Turn::Drop => phase.offered_per_s < before.offered_per_s * DROP,
        Turn::AppleBack => !phase.apple_down,
    };
    let distance = |phase: &PhaseSummary| (phase.offered_per_s - after.offered_per_s).abs();
    let mut calm = load.phases[..place].iter().filter(|phase| phase.response.n > 0).filter(is_calm);
    let calm = match turn {
        Turn::Drop => calm.min_by(|left, right| distance(left).total_cmp(&distance(right))),
        Turn::AppleBack => calm.next_back(),
    };
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
        turn,
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
