//! What the arrivals of a phase do: the mix, and how honest it is.

use super::oracle::Lie;
use super::plan::{Arrivals, Mix};
use targets::Operation;

/// Lies with their weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lies(pub Vec<(Lie, u32)>);

impl Lies {
    /// What is told beside honest load unless asked otherwise: each lie as often as any other.
    pub fn usual() -> Self {
        Self(Lie::ALL.into_iter().filter(|lie| !lie.floods()).map(|lie| (lie, 1)).collect())
    }

    /// What a flood is made of unless told otherwise: cheap things often, large ones now and then.
    pub fn of_a_flood() -> Self {
        Self(vec![
            (Lie::Replay, 4),
            (Lie::OtherAppId, 2),
            (Lie::GarbageAttestation, 2),
            (Lie::GarbageAssertion, 2),
            (Lie::OversizeAttestation, 1),
            (Lie::OversizeAssertion, 1),
        ])
    }

    /// Those that mean something to a target.
    #[must_use]
    pub(super) fn among(&self, meaningful: &[Lie]) -> Self {
        let told = |(lie, weight): &&(Lie, u32)| *weight > 0 && meaningful.contains(lie);
        Self(self.0.iter().filter(told).copied().collect())
    }

    /// Those of one operation.
    #[must_use]
    pub(super) fn of(&self, operation: Operation) -> Self {
        Self(self.0.iter().filter(|(lie, _)| lie.operation() == operation).copied().collect())
    }

    /// Share of the lies for which `of` holds.
    fn share(&self, of: impl Fn(Lie) -> bool) -> f64 {
        let all: u64 = self.0.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let some = self.0.iter().filter(|(lie, _)| of(*lie));
        let some: u64 = some.map(|(_, weight)| u64::from(*weight)).sum();
        if all == 0 { 0.0 } else { some as f64 / all as f64 }
    }
}

/// What a phase says for itself; the plan says the rest.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Own {
    /// Its mix.
    pub mix: Option<Mix>,
    /// Its dishonest share.
    pub dishonest: Option<f64>,
    /// Its lies.
    pub lies: Option<Lies>,
    /// Its arrival law.
    pub arrivals: Option<Arrivals>,
    /// Dishonest arrivals beside the honest ones, so many times as many; its lies are all of these.
    pub flood: f64,
    /// Whether it only warms the target up: its figures are not part of the whole.
    pub unmeasured: bool,
}

/// What holds in a phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    /// Which share of the honest arrivals is which operation.
    pub mix: Mix,
    /// Share of the arrivals of the mix that lie.
    pub dishonest: f64,
    /// What lies there are.
    pub lies: Lies,
    /// Dishonest arrivals for each one of the mix.
    pub flood: f64,
}

/// Shares of all arrivals of a phase, for what they need.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shares {
    /// Attestations that use a challenge up.
    pub attest: f64,
    /// Assertions that use a challenge up.
    pub assert: f64,
    /// Requests for a challenge.
    pub challenge: f64,
}

impl Terms {
    /// What the arrivals need. Lies beside honest load are counted as if they were honest.
    pub fn shares(&self) -> Shares {
        let Mix { attest, assert, challenge } = self.mix;
        let total = f64::from(attest) + f64::from(assert) + f64::from(challenge);
        let honest = 1.0 / (1.0 + self.flood);
        let part = |parts: u32| if total > 0.0 { honest * f64::from(parts) / total } else { 0.0 };
        let flood = |operation: Operation| {
            let device = |lie: Lie| lie.takes_challenge() || lie == Lie::AssertUnknownChallenge;
            let takes = |lie: Lie| lie.operation() == operation && device(lie);
            if self.flood > 0.0 { (1.0 - honest) * self.lies.share(takes) } else { 0.0 }
        };
        Shares {
            attest: part(attest) + flood(Operation::Attest),
            assert: part(assert) + flood(Operation::Assert),
            challenge: part(challenge),
        }
    }
}
