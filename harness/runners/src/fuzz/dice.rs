//! Chance that follows from a seed.

use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use simulator::Seed;

/// Throws that are the same for the same seed.
#[derive(Debug)]
pub(crate) struct Dice(ChaCha20Rng);

impl Dice {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self(seed.stream())
    }

    /// A number below `bound`, or 0; the bias of the remainder does not matter here.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.0.next_u64() % bound).unwrap_or(0)
    }

    /// Whether something happens that does so `times` in a hundred.
    pub(crate) fn happens(&mut self, times: usize) -> bool {
        self.below(100) < times
    }

    /// One of these.
    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}
