//! Why a plan cannot be kept, with the arithmetic.

use super::super::fleet::LEAD;
use super::check::{LARGEST_MIX, MOST_ARRIVALS, SHORTEST_BURST};
use std::time::Duration;

/// Why a plan cannot be kept. Nothing was sent.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to do.
    #[error("a load plan needs at least one phase")]
    NoPhase,
    /// A phase has no length.
    #[error("phase `{name}` lasts 0 s: {rate}/s × 0 s = 0 arrivals")]
    ZeroLength {
        /// The phase.
        name: String,
        /// Its rate.
        rate: f64,
    },
    /// A rate is no rate.
    #[error("phase `{name}` has the rate {rate}/s; a rate is a number above 0")]
    Rate {
        /// The phase.
        name: String,
        /// What it has.
        rate: f64,
    },
    /// Two phases have one name.
    #[error("two phases are called `{0}`")]
    SameName(String),
    /// All parts of the mix are 0, or one is too large.
    #[error(
        "the mix {attest}:{assert}:{challenge} has {total} parts; it needs from 1 to {LARGEST_MIX}"
    )]
    Mix {
        /// Parts of attestations.
        attest: u32,
        /// Parts of assertions.
        assert: u32,
        /// Parts of challenges.
        challenge: u32,
        /// Their sum.
        total: u64,
    },
    /// The share is no share, or larger than what can lie.
    #[error(
        "{:.1} % dishonest arrivals do not fit: only attestations and assertions can lie, and they are {} of {} parts ({:.1} %)",
        .wanted * 100.0, .parts, .total, .possible * 100.0
    )]
    Dishonest {
        /// The share asked for.
        wanted: f64,
        /// The share there is.
        possible: f64,
        /// Parts of attestations and assertions.
        parts: u64,
        /// All parts.
        total: u64,
    },
    /// A timeout that no histogram holds.
    #[error("a timeout of {0:?} is not between 1 ms and 10 min")]
    Timeout(Duration),
    /// Requests in flight could exceed the users, so a slow target would look like a slow generator.
    #[error(
        "{rate}/s × {timeout:?} timeout = up to {needed} requests in flight, but there are {users} users; give {needed} or more, or a shorter timeout"
    )]
    Users {
        /// The highest rate.
        rate: f64,
        /// The timeout.
        timeout: Duration,
        /// Users it takes.
        needed: usize,
        /// Users there are.
        users: usize,
    },
    /// The schedule would not fit in memory.
    #[error("the phases add up to {arrivals:.0} arrivals; a schedule holds {MOST_ARRIVALS}")]
    TooMany {
        /// How many arrivals they make.
        arrivals: f64,
    },
    /// Fewer devices than are busy at once.
    #[error(
        "{rate:.1} assertions/s × ({timeout:?} timeout twice over and {:?} in advance) = {needed} devices, spare ones included, but `devices` is {devices}",
        LEAD
    )]
    Devices {
        /// Devices there are.
        devices: usize,
        /// Devices it takes.
        needed: usize,
        /// Assertions a second that need one.
        rate: f64,
        /// The timeout.
        timeout: Duration,
    },
    /// A trace names more devices than there are.
    #[error("the trace names {traced} devices, but `devices` is {devices}")]
    TraceDevices {
        /// Devices there are.
        devices: usize,
        /// Devices that it names.
        traced: usize,
    },
    /// Bursts too short to be told from an even rate.
    #[error(
        "phase `{name}` changes its rate every {mean:?} on average; {SHORTEST_BURST:?} is the least"
    )]
    ShortBurst {
        /// The phase.
        name: String,
        /// The shorter mean.
        mean: Duration,
    },
    /// A herd that is none.
    #[error(
        "the herd of phase `{name}` is {devices} devices, half of them after {p50:?} and 95 % after {p95:?}; it takes one device at least, and times above 0 of which the second is the longer"
    )]
    Herd {
        /// The phase.
        name: String,
        /// Its devices.
        devices: u64,
        /// When half have come.
        p50: Duration,
        /// When 95 % have come.
        p95: Duration,
    },
    /// A herd that would be squeezed into its first moments.
    #[error(
        "phase `{name}` ends after {length:?}, when {:.1} % of its herd have come; give it longer, or shorter `p50` and `p95`",
        .share * 100.0
    )]
    ShortHerd {
        /// The phase.
        name: String,
        /// Its length.
        length: Duration,
        /// Share of the herd that comes within it.
        share: f64,
    },
    /// A trace without a row.
    #[error("the trace of phase `{name}` has no arrivals")]
    EmptyTrace {
        /// The phase.
        name: String,
    },
    /// A flood that is no multiple.
    #[error(
        "phase `{name}` floods with {times} times the honest arrivals; it takes a number above 0"
    )]
    Flood {
        /// The phase.
        name: String,
        /// How many times as many.
        times: f64,
    },
    /// Lies are asked for, and none is left to tell.
    #[error(
        "phase `{name}` is to lie, but it has no lie that means anything to the target; name others in `lies`"
    )]
    NoLie {
        /// The phase.
        name: String,
    },
}
