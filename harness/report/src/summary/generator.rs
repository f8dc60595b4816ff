//! The generator and the server's process, second by second.

use super::Quantiles;
use record::{Histogram, LoadSecond, TargetSecond, ValidityCheck};
use serde::Serialize;

use crate::text::clean;

/// One second of the generator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GeneratorSecond {
    /// Second since the start of the attack.
    pub second: u64,
    /// Requests in flight, averaged over time.
    pub in_flight_mean: f64,
    /// Most requests in flight at any moment.
    pub in_flight_max: u64,
    /// Fewest users that waited for an arrival.
    pub free_users_min: u64,
    /// From the release of an arrival to a user picking it up.
    pub queue: Quantiles,
    /// Most requests that were due and not yet prepared.
    pub backlog_max: u64,
    /// CPU seconds of the process in this second.
    pub cpu_share: Option<f64>,
    /// CPU seconds of its busiest thread.
    pub hottest_thread: Option<f64>,
    /// Share of CPU time that a hypervisor gave to others.
    pub steal_share: Option<f64>,
    /// Resident memory in bytes.
    pub rss_bytes: Option<u64>,
    /// Open sockets.
    pub sockets: Option<u64>,
    /// All times in the queue, for plots.
    #[serde(skip)]
    pub queues: Histogram,
}

impl GeneratorSecond {
    pub(super) fn of(second: &LoadSecond) -> Self {
        let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
        Self {
            second: second.second,
            in_flight_mean: finite(Some(second.in_flight_mean)).unwrap_or_default(),
            in_flight_max: second.in_flight_max,
            free_users_min: second.free_users_min,
            queue: Quantiles::of(&second.queue_us),
            backlog_max: second.backlog_max,
            cpu_share: finite(second.cpu_share),
            hottest_thread: finite(second.hottest_thread),
            steal_share: finite(second.steal_share),
            rss_bytes: second.rss_bytes,
            sockets: second.sockets,
            queues: second.queue_us.clone(),
        }
    }
}

/// A second of the server's process; what is no number is left out.
pub(super) fn target(second: &TargetSecond) -> TargetSecond {
    TargetSecond {
        second: second.second,
        rss_bytes: second.rss_bytes,
        cpu_share: second.cpu_share.filter(|share| share.is_finite()),
    }
}

/// A check with its words made harmless.
pub(super) fn check(check: &ValidityCheck) -> ValidityCheck {
    ValidityCheck {
        check: clean(&check.check),
        value: clean(&check.value),
        limit: clean(&check.limit),
        standing: check.standing,
        blame: clean(&check.blame),
        remedy: clean(&check.remedy),
    }
}
