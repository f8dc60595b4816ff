//! What a profile says of journeys: when devices wake, what befalls them, how Apple answers, and
//! how apps try again. Every default is labelled in [`assumptions`](super::assumptions).
//!
//! All times are those of the devices. A run at `speed = 10` plays ten of their seconds in one.

use super::units::{Lasting, Rate, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The tables `[journeys]`, `[fleet]`, `[apple]`, `[retry]` and `[model]` of a profile.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JourneyPlan {
    /// When devices wake, and what they do then.
    pub journeys: Journeys,
    /// How many devices there are, and what befalls them.
    pub fleet: FleetPlan,
    /// How Apple's servers answer `attestKey`.
    pub apple: ApplePlan,
    /// How the app tries again.
    pub retry: RetryPlan,
    /// The server of a simulation. A run against a real one does not read it.
    pub model: ModelPlan,
}

/// By which law devices wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Waking {
    /// Each device once, log-normally after the start: a launch, a push message.
    Herd,
    /// Each device once, evenly over `within`, each on its own.
    Spread,
    /// At `rate`, independently of each other, any device that is at rest.
    #[default]
    Steady,
    /// An app update: a share of the fleet loses its key and wakes `within`; the others go on at
    /// `rate`.
    Churn,
}

/// When devices wake, and what they do then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Journeys {
    /// By which law devices wake.
    pub waking: Waking,
    /// Herd: by then half of the devices are awake.
    pub p50: Lasting,
    /// Herd: by then 95 % of the devices are awake.
    pub p95: Lasting,
    /// Steady and churn: devices that wake a second.
    pub rate: Rate,
    /// Spread and churn: the time within which devices wake.
    pub within: Lasting,
    /// Churn: the part of the fleet that loses its key.
    pub lost: Share,
    /// How long the whole is watched; whoever is not through by then stays as he is.
    #[serde(rename = "for")]
    pub length: Lasting,
    /// Seconds of the devices that are played in one second.
    pub speed: f64,
    /// Mean of the protected requests in one session; their number is geometric.
    pub assertions: f64,
    /// Half of the pauses between two protected requests are shorter.
    pub think_p50: Lasting,
    /// 95 % of the pauses between two protected requests are shorter.
    pub think_p95: Lasting,
    /// Part of the accepted protected requests that are sent a second time at once, as a network
    /// does that lost the answer. They must be refused.
    pub duplicates: Share,
    /// Part of the sessions that end with an accepted request of theirs sent again. It must be
    /// refused.
    pub replays: Share,
    /// Part of the protected requests that wait until their challenge is too old. They must be
    /// refused.
    pub stale: Share,
}

/// How many devices there are, and what befalls them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FleetPlan {
    /// How many.
    pub devices: u32,
    /// Part of them that is enrolled before the start.
    pub enrolled: Share,
    /// Part of the devices without App Attest: `featureUnsupported`.
    pub unsupported: Share,
    /// Part of the devices on which every assertion fails with `invalidInput`.
    pub sticky_invalid_input: Share,
    /// Part of the devices on which assertions fail with `unknownSystemFailure` until they have
    /// another key.
    pub unknown_failure: Share,
    /// Part of the sessions of an enrolled device that find its key lost: `invalidKey`.
    pub invalid_key: Share,
    /// Part of the sessions that begin with the app installed anew or on another phone.
    pub reinstall: Share,
    /// Failed assertions in a row after which an app makes another key.
    pub reset_after: u8,
    /// Time a device takes to make an assertion.
    pub signing: Lasting,
    /// Time a server lets pass between a challenge and its use, where its target file declares none.
    pub challenge_lifetime: Lasting,
}

/// How Apple's servers answer `attestKey`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplePlan {
    /// Attestations a second for all installations of an app; beyond it, `serverUnavailable`.
    pub rate: Rate,
    /// Attestations that may come at once after a pause.
    pub burst: u32,
    /// Part of the calls that get `serverUnavailable` without any reason.
    pub unavailable: Share,
    /// Half of the answers come sooner.
    pub latency_p50: Lasting,
    /// 95 % of the answers come sooner.
    pub latency_p95: Lasting,
    /// When its servers are down.
    pub outages: Vec<Outage>,
}

/// A time in which somebody's servers are down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// When it begins, counted from the start.
    pub from: Lasting,
    /// How long it lasts.
    #[serde(rename = "for")]
    pub length: Lasting,
    /// Part of the calls that fail meanwhile.
    #[serde(default = "all")]
    pub share: Share,
}

fn all() -> Share {
    Share(1.0)
}

/// How the server of a simulation answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelPlan {
    /// Requests a second that it decides; it turns the others away.
    pub rate: Rate,
    /// Half of the answers come sooner.
    pub latency_p50: Lasting,
    /// 95 % of the answers come sooner.
    pub latency_p95: Lasting,
    /// How long a device waits for an answer.
    pub timeout: Lasting,
    /// Whether it turns away by silence, until the timeout, instead of with status 503.
    pub silent: bool,
    /// When it decides nothing.
    pub outages: Vec<Outage>,
}

/// How the app tries again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RetryPlan {
    /// The name of the policy.
    pub policy: PolicyName,
    /// `fixed`: the pause. `full-jitter` and `apple-doc`: the first pause at most. By default 5 s,
    /// 1 s and 60 s.
    pub base: Option<Lasting>,
    /// The longest pause. By default 4 h for `firebase`, 6 h for `apple-doc`, 64 s for
    /// `full-jitter` and `retry-after`.
    pub cap: Option<Lasting>,
    /// `firebase`: the pause where it keeps none, which is the app's next wish for a token.
    pub own_pace: Lasting,
    /// `retry-after`: the server's pause is stretched by up to this part of it.
    pub spread: Share,
    /// Tries of one step at most, the first included; 0 for as many as it takes.
    pub tries: u16,
}

/// The retry policies that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyName {
    /// As a wide-spread SDK does: 2^k s × U(1, 1.5) up to 4 h after an HTTP error, a day after 400
    /// and 404, no pause at all after what was no HTTP answer.
    Firebase,
    /// As Apple's text asks: the same key and hash, later and later: U(0, 60 s × 2^k) up to 6 h.
    #[default]
    AppleDoc,
    /// Three times at once, then not any more in this session.
    Naive3,
    /// Every second.
    Hammer,
    /// Every five seconds.
    Fixed,
    /// U(0, 1 s × 2^k) up to 64 s.
    FullJitter,
    /// What the server asks for, and a little more; without being asked as `full-jitter`.
    RetryAfter,
    /// Not at all.
    None,
}

impl PolicyName {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Firebase,
        Self::AppleDoc,
        Self::Naive3,
        Self::Hammer,
        Self::Fixed,
        Self::FullJitter,
        Self::RetryAfter,
        Self::None,
    ];

    /// The name in profiles and records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firebase => "firebase",
            Self::AppleDoc => "apple-doc",
            Self::Naive3 => "naive3",
            Self::Hammer => "hammer",
            Self::Fixed => "fixed",
            Self::FullJitter => "full-jitter",
            Self::RetryAfter => "retry-after",
            Self::None => "none",
        }
    }
}

impl Default for Journeys {
    fn default() -> Self {
        Self {
            waking: Waking::Steady,
            p50: Lasting::secs(90),
            p95: Lasting::secs(450),
            rate: Rate(50.0),
            within: Lasting::secs(600),
            lost: Share(1.0 / 3.0),
            length: Lasting::secs(600),
            speed: 1.0,
            assertions: 6.0,
            think_p50: Lasting::secs(2),
            think_p95: Lasting::secs(20),
            duplicates: Share(0.005),
            replays: Share(0.02),
            stale: Share(0.0),
        }
    }
}

impl Default for FleetPlan {
    fn default() -> Self {
        Self {
            devices: 1000,
            enrolled: Share(0.0),
            unsupported: Share(0.01),
            sticky_invalid_input: Share(0.05),
            unknown_failure: Share(0.002),
            invalid_key: Share(0.005),
            reinstall: Share(0.001),
            reset_after: 3,
            signing: Lasting::millis(50),
            challenge_lifetime: Lasting::secs(300),
        }
    }
}

impl Default for ApplePlan {
    fn default() -> Self {
        Self {
            rate: Rate(100.0),
            burst: 100,
            unavailable: Share(0.005),
            latency_p50: Lasting::millis(300),
            latency_p95: Lasting::millis(1500),
            outages: Vec::new(),
        }
    }
}

impl Default for ModelPlan {
    fn default() -> Self {
        Self {
            rate: Rate(2000.0),
            latency_p50: Lasting::millis(20),
            latency_p95: Lasting::millis(100),
            timeout: Lasting::secs(10),
            silent: false,
            outages: Vec::new(),
        }
    }
}

impl Default for RetryPlan {
    fn default() -> Self {
        Self {
            policy: PolicyName::default(),
            base: None,
            cap: None,
            own_pace: Lasting::secs(1),
            spread: Share(0.5),
            tries: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_says_only_what_differs() {
        let text = r#"
            [journeys]
            waking = "herd"
            p50 = "2m"
            for = "20m"
            [apple]
            rate = "6000/min"
            outages = [{ from = "60s", for = "10m" }]
            [retry]
            policy = "full-jitter"
        "#;
        let plan: JourneyPlan = toml::from_str(text).unwrap();
        assert_eq!(plan.journeys.waking, Waking::Herd);
        assert_eq!(plan.journeys.length, Lasting::secs(1200));
        assert_eq!(plan.apple.rate, Rate(100.0));
        assert_eq!(plan.apple.outages[0].share, Share(1.0));
        assert_eq!(plan.retry.policy, PolicyName::FullJitter);
        assert_eq!(plan.fleet, FleetPlan::default());
    }

    #[test]
    fn what_no_profile_may_say_is_refused_where_it_stands() {
        for (text, what) in [
            ("[fleet]\ndevice = 3", "unknown field `device`"),
            ("[fleet]\nunsupported = 1.5", "1.5 is no share"),
            ("[apple]\nrate = \"100\"", "`100` is no rate"),
            ("[retry]\npolicy = \"full\"", "unknown variant `full`"),
        ] {
            let error = toml::from_str::<JourneyPlan>(text).unwrap_err();
            assert!(error.message().contains(what), "{error}");
            assert!(error.span().is_some_and(|span| span.start > 7), "{error}");
        }
    }

    #[test]
    fn policies_are_called_the_same_everywhere() {
        for policy in PolicyName::ALL {
            let written = serde_json::to_value(policy).unwrap();
            assert_eq!(written.as_str(), Some(policy.as_str()));
        }
    }
}
