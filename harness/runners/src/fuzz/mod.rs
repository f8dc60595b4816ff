//! Structured fuzzing: recipes nobody wrote, drawn from the operators of the catalogue.
//!
//! A trial is a base and one to four edits, sealed again and sent through the same door as a case.
//! The oracle, which is the collect-all verifier, says of the bytes that went out which rules they
//! break; the catalogue's cases say what a server may be blamed for; the judge of the cases gives
//! the verdict, between honest devices. Trials fall into buckets by the rules broken and what was
//! answered, and of each bucket that shows something a recipe as simple as possible is kept.
//!
//! Drawing, buckets and the way to simpler recipes are pure; `side` and `run` talk to servers.

mod books;
mod bucket;
mod dice;
mod draw;
mod found;
mod lexicon;
mod outcome;
mod run;
mod shrink;
mod side;
mod vary;
mod worth;

pub use bucket::{Bucket, Interest, Told};
pub use draw::{Draw, MOST_EDITS};
pub use found::{Found, OneSide, emit};
pub use lexicon::Lexicon;
pub use outcome::{Outcome, Plan, Progress};
pub use shrink::{Shown, Shrink};

use crate::StopFlag;
use crate::conversation::{Clock, Stage};
use catalogue::{Oracle, Premises, Recipe};
use protocol::wire::Malformed;
use run::Arena;
use side::Side;
use simulator::Authority;
use targets::Target;

/// The servers that are asked, and what all of them trust.
pub struct Servers<'a, T, U> {
    /// The server under test, and what is known of it.
    pub first: (&'a T, &'a Premises),
    /// Another that is asked the same, and what is known of it.
    pub second: Option<(&'a U, &'a Premises)>,
    /// The test authority whose roots they trust.
    pub authority: &'a Authority,
    /// Tells the time to the devices.
    pub clock: &'a Clock,
}

impl<T, U> std::fmt::Debug for Servers<'_, T, U> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Servers").field("premises", self.first.1).finish_non_exhaustive()
    }
}

impl<'a, T: Target, U: Target> Servers<'a, T, U> {
    /// Asks about recipes that follow from the plan's seed until the plan is done; `tell` hears how
    /// far it is. An error means that the authority's roots cannot be read.
    pub async fn fuzz(
        &self,
        plan: &Plan,
        lexicon: &Lexicon,
        stop: &StopFlag,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Outcome, Malformed> {
        Ok(self.arena(plan, lexicon)?.run(plan, stop, tell).await)
    }

    /// Asks about one recipe, between honest devices. The inner error says why it could not be sent.
    pub async fn ask(
        &self,
        plan: &Plan,
        lexicon: &Lexicon,
        recipe: &Recipe,
    ) -> Result<Result<Found, String>, Malformed> {
        Ok(self.arena(plan, lexicon)?.once(recipe, plan).await)
    }

    fn arena(&self, plan: &Plan, lexicon: &'a Lexicon) -> Result<Arena<'a, T, U>, Malformed> {
        let first = self.side(self.first, plan)?;
        let second = self.second.map(|second| self.side(second, plan)).transpose()?;
        Ok(Arena { lexicon, first, second })
    }

    fn side<V: Target>(
        &self,
        (target, premises): (&'a V, &'a Premises),
        plan: &Plan,
    ) -> Result<Side<'a, V>, Malformed> {
        let stage =
            Stage { target, premises, authority: self.authority, clock: self.clock, keeps: true };
        Ok(Side::new(stage, Oracle::new(premises, self.authority)?, plan.session))
    }
}
