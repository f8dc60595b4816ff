//! Chance that repeats: the n-th throw of a device is the same in every run of one seed, whatever
//! the others do meanwhile.

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use std::time::Duration;

/// The throws of all devices.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha20Rng);

/// The throws of one device, from the first it has not made yet.
#[derive(Debug)]
pub(crate) struct Throws<'d> {
    stream: ChaCha20Rng,
    made: &'d mut u32,
}

/// Words of the stream that one throw takes.
const WORDS: u128 = 2;
/// The 95th percentile of the normal law lies so many standard deviations above its middle.
const P95: f64 = 1.644_853_626_951_472_2;

impl Dice {
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        Self(ChaCha20Rng::from_seed(seed))
    }

    /// The throws of a device that has `made` so many.
    pub(crate) fn of<'d>(&self, device: u32, made: &'d mut u32) -> Throws<'d> {
        let mut stream = self.0.clone();
        stream.set_stream(u64::from(device));
        stream.set_word_pos(u128::from(*made) * WORDS);
        Throws { stream, made }
    }
}

impl Throws<'_> {
    /// Evenly from 0 (included) to 1.
    pub(crate) fn unit(&mut self) -> f64 {
        *self.made = self.made.wrapping_add(1);
        (self.stream.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Whether something of this chance happens.
    pub(crate) fn happens(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// A step of a Poisson process of rate 1.
    pub(crate) fn exponential(&mut self) -> f64 {
        -(1.0 - self.unit()).ln()
    }

    /// A length of time by the log-normal law with this middle and this 95th percentile.
    pub(crate) fn log_normal(&mut self, p50: Duration, p95: Duration) -> Duration {
        let sigma = (p95.as_secs_f64() / p50.as_secs_f64().max(1e-9)).ln() / P95;
        let (one, other) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos();
        let seconds = p50.as_secs_f64() * (sigma * normal).exp();
        Duration::from_secs_f64(seconds.min(LONGEST))
    }

    /// A number from 1 on with this mean, each step as likely as the one before; 0 for a mean of 0.
    pub(crate) fn geometric(&mut self, mean: f64) -> u16 {
        if mean <= 0.0 {
            return 0;
        }
        let more = 1.0 - 1.0 / mean.max(1.0);
        if more <= 0.0 {
            return 1;
        }
        let steps = (1.0 - self.unit()).ln() / more.ln();
        1 + steps.min(f64::from(u16::MAX - 1)) as u16
    }
}

/// Seconds that no law goes beyond: a year.
const LONGEST: f64 = 31_536_000.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn throws(seed: u8, device: u32, n: usize) -> Vec<u64> {
        let dice = Dice::new([seed; 32]);
        let mut made = 0;
        (0..n).map(|_| dice.of(device, &mut made).unit().to_bits()).collect()
    }

    #[test]
    fn a_device_throws_the_same_again_and_no_two_throw_alike() {
        assert_eq!(throws(1, 7, 50), throws(1, 7, 50));
        assert_ne!(throws(1, 7, 50), throws(1, 8, 50));
        assert_ne!(throws(1, 7, 50), throws(2, 7, 50));
        let dice = Dice::new([1; 32]);
        let mut made = 0;
        let mut at_once = dice.of(7, &mut made);
        let at_once: Vec<_> = (0..50).map(|_| at_once.unit().to_bits()).collect();
        assert_eq!(at_once, throws(1, 7, 50), "in one go or one by one");
    }

    #[test]
    fn the_laws_have_their_quantiles_and_means() {
        let dice = Dice::new([3; 32]);
        let (mut made, n) = (0, 20_000);
        let mut throws = dice.of(0, &mut made);
        let (p50, p95) = (Duration::from_secs(2), Duration::from_secs(20));
        let mut times: Vec<_> = (0..n).map(|_| throws.log_normal(p50, p95)).collect();
        times.sort();
        let ratio = |at: usize, wanted: Duration| times[at].as_secs_f64() / wanted.as_secs_f64();
        assert!((ratio(n / 2, p50) - 1.0).abs() < 0.05, "{:?}", times[n / 2]);
        assert!((ratio(n / 20 * 19, p95) - 1.0).abs() < 0.08, "{:?}", times[n / 20 * 19]);
        let mean = (0..n).map(|_| f64::from(throws.geometric(6.0))).sum::<f64>() / n as f64;
        assert!((mean - 6.0).abs() < 0.2, "{mean}");
        assert_eq!((throws.geometric(0.0), throws.geometric(1.0)), (0, 1));
        let mean = (0..n).map(|_| throws.exponential()).sum::<f64>() / n as f64;
        assert!((mean - 1.0).abs() < 0.04, "{mean}");
    }
}
