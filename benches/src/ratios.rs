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

/// Quartiles of one step's time over so many of the other's.
fn by_turns(own: &mut dyn FnMut(), bare: &mut dyn FnMut(), times: f64) -> [f64; 3] {
    let (of_own, of_bare) = (runs_in_a_turn(own), runs_in_a_turn(bare));
    let mut ratios: Vec<f64> = (0..TURNS)
        .map(|turn| {
            // Whoever comes second finds the caches as the other left them.
            let (own, bare) = if turn % 2 == 0 {
                let own = time(own, of_own);
                (own, time(bare, of_bare))
            } else {
                let bare = time(bare, of_bare);
                (time(own, of_own), bare)
            };
            own / (times * bare)
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    [TURNS / 4, TURNS / 2, 3 * TURNS / 4].map(|place| ratios[place])
}

fn runs_in_a_turn(step: &mut dyn FnMut()) -> u32 {
    // Tables are made and caches filled.
    time(step, 300);
    (TURN.as_secs_f64() / time(step, 20)).ceil() as u32
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
    fn a_step_is_as_long_as_itself_and_twice_is_half() {
        let mut work = || {
            black_box((0..2000_u64).map(black_box).sum::<u64>());
        };
        let mut same = work;
        let [_, once, _] = by_turns(&mut work, &mut same, 1.0);
        let [_, twice, _] = by_turns(&mut work, &mut same, 2.0);
        // Wide enough for any machine: what is tried is what is divided by what.
        assert!((0.5..2.0).contains(&once) && (0.25..1.0).contains(&twice), "{once} {twice}");
    }
}
