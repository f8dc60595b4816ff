//! Steps and their yardsticks timed by turns: where the clock of a machine changes its pace, it changes
//! that of both.

use crate::subject::{CLIENT_DATA_HASH, Subject};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A step as a multiple of its yardstick.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// The step.
    pub step: &'static str,
    /// What it is held against, and how many of that.
    pub yardstick: (u32, &'static str),
    /// What it should be at most.
    pub goal: f64,
    /// Lower quartile, median and upper quartile over all turns.
    pub quartiles: [f64; 3],
}

/// The steps that have a goal.
const PAIRS: [(&str, (u32, &str), f64); 6] = [
    ("verify.attestation.cold", (2, "bare.p384.verify"), 1.05),
    ("verify.attestation.known", (1, "bare.p384.verify"), 1.05),
    ("verify.attestation.table", (1, "bare.p384.verify"), 0.75),
    ("verify.assertion", (1, "bare.p256.verify"), 1.05),
    ("mint.attestation", (1, "bare.p384.sign"), 0.10),
    ("mint.assertion", (1, "bare.p256.sign"), 0.20),
];

/// Turns of each.
pub const TURNS: usize = 400;
/// How long a turn takes.
pub const TURN: Duration = Duration::from_millis(2);

/// Times every step that has a goal; some ten seconds.
pub fn measure(subject: &Subject) -> Vec<Ratio> {
    let mut steps = subject.steps();
    steps.push(("bare.p384.sign", signing(&ECDSA_P384_SHA384_ASN1_SIGNING)));
    steps.push(("bare.p256.sign", signing(&ECDSA_P256_SHA256_ASN1_SIGNING)));
    let place = |name: &str| {
        let found = steps.iter().position(|(step, _)| *step == name);
        found.expect("steps with a goal are steps")
    };
    let pairs = PAIRS.map(|(step, of, goal)| (place(step), place(of.1), step, of, goal));
    let pairs = pairs.into_iter().map(|(own, bare, step, yardstick, goal)| {
        let [(_, own), (_, bare)] =
            steps.get_disjoint_mut([own, bare]).expect("a step is not its own yardstick");
        let (own, bare) = (|runs| time(own, runs), |runs| time(bare, runs));
        let quartiles = by_turns(own, bare, f64::from(yardstick.0));
        Ratio { step, yardstick, goal, quartiles }
    });
    pairs.collect()
}

fn signing(algorithm: &'static EcdsaSigningAlgorithm) -> Box<dyn FnMut()> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(algorithm).expect("a key is made");
    Box::new(move || {
        black_box(key.sign(&random, black_box(&CLIENT_DATA_HASH)).expect("a digest is signed"));
    })
}

/// Quartiles of one step's time over so many of the other's. Either gives the seconds that it takes, of
/// so many.
fn by_turns(
    mut own: impl FnMut(u32) -> f64,
    mut bare: impl FnMut(u32) -> f64,
    times: f64,
) -> [f64; 3] {
    let (of_own, of_bare) = (runs_in_a_turn(&mut own), runs_in_a_turn(&mut bare));
    let mut ratios: Vec<f64> = (0..TURNS)
        .map(|turn| {
            // Whoever comes second finds the caches as the other left them.
            let (own, bare) = if turn % 2 == 0 {
                let own = own(of_own);
                (own, bare(of_bare))
            } else {
                let bare = bare(of_bare);
                (own(of_own), bare)
            };
            own / (times * bare)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    [TURNS / 4, TURNS / 2, 3 * TURNS / 4].map(|place| ratios[place])
}

fn runs_in_a_turn(mut step: impl FnMut(u32) -> f64) -> u32 {
    // Tables are made and caches filled.
    step(300);
    (TURN.as_secs_f64() / step(20)).ceil() as u32
}

/// Seconds that a step takes, of so many.
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn time(step: &mut dyn FnMut(), runs: u32) -> f64 {
    let begun = Instant::now();
    for _ in 0..runs {
        step();
    }
    begun.elapsed().as_secs_f64() / f64::from(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_with_a_goal_and_every_yardstick_is_there() {
        let subject = Subject::new();
        let steps = subject.steps();
        let signs = ["bare.p384.sign", "bare.p256.sign"];
        for (step, (times, yardstick), goal) in PAIRS {
            for name in [step, yardstick] {
                assert!(
                    signs.contains(&name) || steps.iter().any(|(one, _)| *one == name),
                    "{name}"
                );
            }
            assert!(times > 0 && goal > 0.0);
        }
    }

    #[test]
    fn a_clock_that_changes_its_pace_between_turns_changes_both() {
        let calls = std::cell::Cell::new(0_u32);
        let taking = |seconds: f64| {
            let calls = &calls;
            move |_: u32| {
                let pair = calls.get() / 2;
                calls.set(calls.get() + 1);
                if pair.is_multiple_of(2) { seconds } else { 1.4 * seconds }
            }
        };
        for (times, wanted) in [(1.0, 3.0), (2.0, 1.5)] {
            calls.set(0);
            for ratio in by_turns(taking(3e-5), taking(1e-5), times) {
                assert!((ratio - wanted).abs() < 1e-9, "{ratio} for {wanted}");
            }
        }
        assert_eq!(runs_in_a_turn(|_| 2.0 * TURN.as_secs_f64()), 1);
        assert_eq!(runs_in_a_turn(|_| TURN.as_secs_f64() / 199.5), 200);
    }
}
