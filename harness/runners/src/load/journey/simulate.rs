//! A fleet and a modelled server, without a network and without a clock: what a launch or an
//! outage comes to, in a moment.

use super::apple::{Bucket, share_down};
use super::config::{JourneyPlan, ModelPlan};
use super::deed::{Answer, Deed, Request};
use super::dice::Dice;
use super::life::Life;
use record::{FleetFinished, FleetSecond};
use simulator::Seed;
use std::collections::BTreeMap;
use std::time::Duration;

/// A server that is right in all it decides, as fast as it is told to be.
#[derive(Debug)]
struct Server {
    plan: ModelPlan,
    bucket: Bucket,
    lifetime: Duration,
    dice: Dice,
    throws: u32,
}

/// Plays a checked plan against the modelled server. `second` gets each second as it is over.
pub fn simulate(
    plan: &JourneyPlan,
    seed: &Seed,
    second: &mut dyn FnMut(FleetSecond),
) -> FleetFinished {
    let lifetime = plan.fleet.challenge_lifetime.0;
    let mut life = Life::new(plan, seed_of(seed, "fleet life"), lifetime);
    let mut server = Server::new(plan, seed_of(seed, "modelled server"));
    let mut answers: BTreeMap<(Duration, u32), Answer> = BTreeMap::new();
    let end = plan.journeys.length.0;
    loop {
        let answer = answers.first_key_value().map(|((at, _), _)| *at);
        let Some(now) = life.next_at(Duration::ZERO).into_iter().chain(answer).min() else { break };
        if now > end {
            break;
        }
        while let Some(request) = life.next(now, Duration::ZERO) {
            let (answer, takes) = server.receive(&life, &request);
            answers.insert((now + takes, request.device), answer);
        }
        while let Some(entry) = answers.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((at, device), answer) = entry.remove_entry();
            life.answered(device, at, answer);
        }
        life.take_seconds().into_iter().for_each(&mut *second);
    }
    life.finish(end, second)
}

/// 32 bytes of a seed for one purpose.
pub(super) fn seed_of(seed: &Seed, label: &str) -> [u8; 32] {
    use rand_core::Rng;
    let mut bytes = [0; 32];
    seed.child(label, 0).stream().fill_bytes(&mut bytes);
    bytes
}

impl Server {
    fn new(plan: &JourneyPlan, seed: [u8; 32]) -> Self {
        let model = plan.model.clone();
        // A tenth of a second of its rate is what its queue may hold.
        let burst = (model.rate.0 / 10.0).ceil() as u32;
        Self {
            bucket: Bucket::new(model.rate.0, burst),
            plan: model,
            lifetime: plan.fleet.challenge_lifetime.0,
            dice: Dice::new(seed),
            throws: 0,
        }
    }

    /// Its answer to a request, and how long that takes.
    fn receive(&mut self, life: &Life, request: &Request) -> (Answer, Duration) {
        let mut throws = self.dice.of(0, &mut self.throws);
        let latency = throws
            .log_normal(self.plan.latency_p50.0, self.plan.latency_p95.0)
            .max(Duration::from_micros(1));
        let down = throws.happens(share_down(&self.plan.outages, request.due));
        if latency > self.plan.timeout.0 {
            return (Answer::Nothing, self.plan.timeout.0);
        }
        if down || !self.bucket.take(request.due) {
            return if self.plan.silent {
                (Answer::Nothing, self.plan.timeout.0)
            } else {
                (Answer::TurnedAway { status: 503, retry_after: None }, latency)
            };
        }
        let expired = life.challenge_age(request.device, request.due) > self.lifetime;
        let answer = match request.deed {
            Deed::Enrol { .. } | Deed::Assert { .. } if expired => Answer::Refused { status: 401 },
            Deed::SendAgain => Answer::Refused { status: 401 },
            Deed::Enrol { .. } | Deed::Assert { .. } | Deed::AskToAttest | Deed::AskToAssert => {
                Answer::Accepted
            }
        };
        (answer, latency)
    }
}

#[cfg(test)]
mod tests {
    use super::super::units::{Lasting, Rate, Share};
    use super::super::{Outage, PolicyName, State, Waking};
    use super::*;
    use proptest::prelude::*;

    fn play(plan: &JourneyPlan, seed: &str) -> (Vec<FleetSecond>, FleetFinished) {
        let mut seconds = Vec::new();
        let finished = simulate(plan, &Seed::from_text(seed), &mut |second| seconds.push(second));
        (seconds, finished)
    }

    fn herd(devices: u32) -> JourneyPlan {
        let mut plan = JourneyPlan::default();
        plan.journeys.waking = Waking::Herd;
        plan.fleet.devices = devices;
        plan.retry.policy = PolicyName::FullJitter;
        plan
    }

    fn sum(seconds: &[FleetSecond], of: impl Fn(&FleetSecond) -> u64) -> u64 {
        seconds.iter().map(of).sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn the_same_seed_is_the_same_life_and_no_device_is_lost_or_doubled(
            policy in proptest::sample::select(PolicyName::ALL.to_vec()),
            waking in proptest::sample::select(vec![Waking::Herd, Waking::Spread, Waking::Steady, Waking::Churn]),
            silent in any::<bool>(),
            share in 0.0f64..1.0,
            enrolled in 0.0f64..1.0,
            stale in 0.0f64..0.2,
            seed in "[a-z]{4}",
        ) {
            let mut plan = herd(300);
            plan.journeys.waking = waking;
            plan.journeys.within = Lasting::secs(60);
            plan.journeys.length = Lasting::secs(120);
            plan.journeys.stale = Share(stale);
            plan.journeys.duplicates = Share(0.1);
            plan.fleet.enrolled = Share(enrolled);
            plan.fleet.invalid_key = Share(0.1);
            plan.fleet.unknown_failure = Share(0.1);
            plan.retry.policy = policy;
            plan.apple.rate = Rate(5.0);
            plan.apple.burst = 2;
            plan.model.silent = silent;
            plan.model.rate = Rate(20.0);
            let outage = Outage { from: Lasting::secs(20), length: Lasting::secs(30), share: Share(share) };
            plan.model.outages.push(outage);
            let (seconds, finished) = play(&plan, &seed);
            prop_assert_eq!(&(seconds.clone(), finished), &play(&plan, &seed));
            prop_assert_eq!(seconds.len(), 120);
            for (index, second) in seconds.iter().enumerate() {
                prop_assert_eq!(second.second, index as u64);
                prop_assert_eq!(second.states.values().sum::<u64>(), 300, "{:?}", second);
            }
            let (intents, attempts) = (sum(&seconds, |s| s.intents), sum(&seconds, |s| s.attempts));
            prop_assert!(attempts >= intents, "{attempts} attempts of {intents}");
        }
    }

    #[test]
    fn a_launch_beyond_apples_rate_is_drawn_out_and_everybody_gets_through() {
        let mut plan = herd(2_000);
        plan.apple.rate = Rate(5.0);
        plan.apple.burst = 10;
        plan.journeys.length = Lasting::secs(600);
        let (seconds, finished) = play(&plan, "launch");
        let served: Vec<u64> = seconds.iter().map(|second| second.apple_served).collect();
        assert!(served.iter().all(|served| *served <= 15), "{served:?}");
        // What a full bucket gives at once, and its rate from then on.
        assert!(served.iter().sum::<u64>() <= 10 + 5 * 600);
        let median = finished.attested.quantile(0.5);
        assert!(median > 15_000, "half wait longer than a quarter of a minute: {median} ms");
        let supported = 2_000 - seconds[0].states[State::Unsupported.as_str()];
        assert!(supported - finished.unattested > 1_900, "{} wait", finished.unattested);
    }

    #[test]
    fn after_an_outage_of_apple_challenges_are_too_old_and_the_report_says_how_old() {
        let mut plan = herd(500);
        plan.journeys.p50 = Lasting::secs(10);
        plan.journeys.p95 = Lasting::secs(20);
        plan.journeys.length = Lasting::secs(1_200);
        plan.fleet.challenge_lifetime = Lasting::secs(120);
        let outage =
            Outage { from: Lasting::secs(0), length: Lasting::secs(400), share: Share(1.0) };
        plan.apple.outages.push(outage);
        let (seconds, finished) = play(&plan, "outage");
        assert!(sum(&seconds, |s| s.expired_challenges) > 400, "nearly all wait longer than 2 min");
        assert_eq!(
            finished.too_late,
            sum(&seconds, |s| s.outcomes.get("too-late").copied().unwrap_or(0))
        );
        let cure = finished.challenge_age.quantile(0.999);
        assert!((380_000..520_000).contains(&cure), "{cure} ms: the outage, and a pause of 64 s");
        plan.fleet.challenge_lifetime = Lasting::millis(cure + 60_000);
        let (cured, finished) = play(&plan, "outage");
        assert!(finished.too_late <= 1, "{} are still too late", finished.too_late);
        assert!(sum(&cured, |s| s.attempts) < sum(&seconds, |s| s.attempts));
    }

    #[test]
    fn an_update_that_loses_keys_brings_a_wave_of_attestations() {
        let mut plan = herd(2_000);
        plan.journeys.waking = Waking::Churn;
        plan.journeys.within = Lasting::secs(60);
        plan.journeys.length = Lasting::secs(300);
        plan.journeys.rate = Rate(1.0);
        plan.fleet.enrolled = Share(1.0);
        let (seconds, finished) = play(&plan, "churn");
        let lost = seconds[0].states["key-lost"]
            + seconds[0].outcomes.get("invalidKey").copied().unwrap_or(0);
        assert!((560..760).contains(&lost), "a third of 1980: {lost}");
        assert_eq!(seconds.last().unwrap().states["key-lost"], 0);
        assert!(finished.attested.count() >= lost - 20, "{} of {lost}", finished.attested.count());
    }

    #[test]
    fn a_device_with_sticky_invalid_input_never_asserts_and_ends_stuck() {
        let mut plan = herd(200);
        plan.fleet.sticky_invalid_input = Share(0.99);
        plan.fleet.unsupported = Share(0.0);
        plan.journeys.length = Lasting::secs(1_800);
        let (seconds, _) = play(&plan, "sticky");
        let stuck = seconds.last().unwrap().states["stuck"];
        assert!(stuck > 185, "{stuck} of about 198");
        assert!(
            sum(&seconds, |s| s.outcomes.get("invalidInput").copied().unwrap_or(0)) >= 6 * stuck
        );
    }

    #[test]
    fn what_is_sent_twice_or_too_late_is_refused_and_blames_no_device() {
        let mut plan = herd(300);
        plan.journeys.duplicates = Share(0.3);
        plan.journeys.stale = Share(0.1);
        plan.fleet.challenge_lifetime = Lasting::secs(30);
        let (seconds, finished) = play(&plan, "probes");
        assert!(sum(&seconds, |s| s.outcomes.get("refused").copied().unwrap_or(0)) > 100);
        assert_eq!(finished.unattested, 0, "nobody is enrolled anew for a refused probe");
        assert!(finished.attested.count() <= 2 * 297);
    }
}
