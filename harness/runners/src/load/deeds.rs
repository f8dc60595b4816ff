//! What arrivals do: operations and lies are dealt so that counts are exact and no period of the
//! target falls in step with ours.

use super::oracle::Lie;
use super::plan::Mix;
use super::schedule::{Deed, unit};
use super::terms::{Lies, Terms};
use protocol::relying_party::Purpose;
use rand_chacha::ChaCha20Rng;
use rand_core::Rng;
use simulator::Seed;
use targets::Operation;

/// Deals operations, shuffled within hands of the mix's parts, and lies.
#[derive(Debug, Clone)]
pub(super) struct Deeds {
    hand: Vec<Operation>,
    dealt: usize,
    shuffles: ChaCha20Rng,
    purposes: Purposes,
    attest: Liars,
    assert: Liars,
    flood: Liars,
    /// Which arrivals belong to the flood.
    flooding: Picks,
    /// Which attestations and assertions are dishonest.
    lying: Picks,
}

impl Deeds {
    /// Deals by these terms; an operation without a lie among `meaningful` stays honest. `place`
    /// tells the phases of a plan apart.
    pub(super) fn new(terms: &Terms, meaningful: &[Lie], seed: &Seed, place: u64) -> Self {
        let Mix { attest, assert, challenge } = terms.mix.reduced();
        let parts = [
            (Operation::Attest, attest),
            (Operation::Assert, assert),
            (Operation::Challenge, challenge),
        ];
        let hand: Vec<_> = parts
            .into_iter()
            .flat_map(|(operation, parts)| std::iter::repeat_n(operation, parts as usize))
            .collect();
        let lies = terms.lies.among(meaningful);
        let dishonest = match terms.mix.share_of_consumers() {
            share if share > 0.0 => (terms.dishonest / share).min(1.0),
            _nothing_can_lie => 0.0,
        };
        let flooding = if lies.0.is_empty() { 0.0 } else { terms.flood / (1.0 + terms.flood) };
        Self {
            dealt: hand.len(),
            hand,
            shuffles: seed.child("load mix", place).stream(),
            purposes: Purposes { attest, assert, dealt: 0 },
            attest: Liars::new(lies.of(Operation::Attest)),
            assert: Liars::new(lies.of(Operation::Assert)),
            flood: Liars::new(lies),
            flooding: Picks::new(flooding, seed.child("load flood", place).stream()),
            lying: Picks::new(dishonest, seed.child("load lies", place).stream()),
        }
    }

    /// What the next arrival does.
    pub(super) fn deal(&mut self) -> Deed {
        if self.flooding.next()
            && let Some(lie) = self.flood.next()
        {
            return match lie.operation() {
                Operation::Attest => Deed::Attest(Some(lie)),
                Operation::Assert
                | Operation::Challenge
                | Operation::Revoke
                | Operation::Logout
                | Operation::Restart
                | Operation::Reset
                | Operation::Login => Deed::Assert(Some(lie)),
            };
        }
        if self.dealt == self.hand.len() {
            shuffle(&mut self.hand, &mut self.shuffles);
            self.dealt = 0;
        }
        let operation = self.hand[self.dealt];
        self.dealt += 1;
        self.deal_one(operation)
    }

    /// What the next arrival does if it is known which operation it is.
    pub(super) fn deal_one(&mut self, operation: Operation) -> Deed {
        match operation {
            Operation::Attest => {
                Deed::Attest(if self.lying.next() { self.attest.next() } else { None })
            }
            Operation::Assert => {
                Deed::Assert(if self.lying.next() { self.assert.next() } else { None })
            }
            Operation::Challenge
            | Operation::Revoke
            | Operation::Logout
            | Operation::Restart
            | Operation::Reset
            | Operation::Login => Deed::Challenge(self.purposes.next()),
        }
    }
}

/// Picks a share of a sequence: one at random among each 1 ÷ share.
#[derive(Debug, Clone)]
struct Picks {
    share: f64,
    turn: u64,
    picked: u64,
    stratum: u64,
    stream: ChaCha20Rng,
}

impl Picks {
    fn new(share: f64, stream: ChaCha20Rng) -> Self {
        let mut picks = Self { share, turn: 0, picked: u64::MAX, stratum: 0, stream };
        picks.pick();
        picks
    }

    fn next(&mut self) -> bool {
        let turn = self.turn;
        self.turn += 1;
        if turn != self.picked {
            return false;
        }
        self.stratum += 1;
        self.pick();
        true
    }

    fn pick(&mut self) {
        if self.share > 0.0 {
            let at = (self.stratum as f64 + unit(&mut self.stream)) / self.share;
            // With strata of fractional length two picks could fall on one turn.
            self.picked = (at as u64).max(self.turn);
        }
    }
}

/// Lies told in turn, by their weights and spread as evenly as these allow.
#[derive(Debug, Clone)]
struct Liars {
    lies: Lies,
    credits: Vec<i64>,
}

impl Liars {
    fn new(lies: Lies) -> Self {
        Self { credits: vec![0; lies.0.len()], lies }
    }

    fn next(&mut self) -> Option<Lie> {
        let mut all = 0;
        for ((_, weight), credit) in self.lies.0.iter().zip(&mut self.credits) {
            *credit += i64::from(*weight);
            all += i64::from(*weight);
        }
        // Of several that are owed the same the first has its turn.
        let most = self.credits.iter().copied().max()?;
        let next = self.credits.iter().position(|credit| *credit == most)?;
        self.credits[next] -= all;
        Some(self.lies.0[next].0)
    }
}

/// What challenges are asked for: in the ratio of those who use them up, spread evenly.
#[derive(Debug, Clone)]
struct Purposes {
    attest: u32,
    assert: u32,
    dealt: u64,
}

impl Purposes {
    fn next(&mut self) -> Purpose {
        let all = u64::from(self.attest + self.assert).max(1);
        let owed = |n: u64| n * u64::from(self.attest) / all;
        let attest = owed(self.dealt + 1) > owed(self.dealt);
        self.dealt += 1;
        if attest { Purpose::Attest } else { Purpose::Assert }
    }
}

impl Mix {
    /// The same shares in the smallest whole numbers.
    fn reduced(self) -> Self {
        let divisor = gcd(gcd(self.attest, self.assert), self.challenge).max(1);
        Self {
            attest: self.attest / divisor,
            assert: self.assert / divisor,
            challenge: self.challenge / divisor,
        }
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn shuffle(hand: &mut [Operation], stream: &mut impl Rng) {
    for last in (1..hand.len()).rev() {
        let other = (unit(stream) * (last + 1) as f64) as usize;
        hand.swap(last, other.min(last));
    }
}
