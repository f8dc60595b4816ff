//! Which challenges were tried: each is good for one acceptance, whoever tries it.

use super::key::Act;
use std::collections::HashMap;

/// Challenges that were tried, of which one may have been accepted.
///
/// Two generations are kept: when the younger is full, the older is forgotten. So memory is
/// bounded, and a challenge is remembered for at least `GENERATION` others.
#[derive(Debug, Default)]
pub struct Challenges {
    young: HashMap<u64, Tries>,
    old: HashMap<u64, Tries>,
}

/// Challenges of a generation: some 17 MB, which fill a table before it doubles; seven minutes of
/// 1 000 requests a second.
const GENERATION: usize = 7 << 16;

/// One try of a challenge.
#[derive(Debug, Clone, Copy)]
pub struct Try {
    print: u64,
    key: u32,
    act: Act,
    /// Whether it was sent when nothing could be accepted for it any more.
    pub is_late: bool,
    /// Whether it was sent before a refusal was put down to those under way.
    stands_surety: u8,
}

/// What became of the tries of one challenge.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any may be true")]
struct Tries {
    /// Key and act of the first.
    first: (u32, Act),
    under_way: u8,
    /// Tries under way to one of which a refusal is put down; 0 if none is.
    sureties: u8,
    /// How often that was so.
    credits: u8,
    accepted: bool,
    /// One got no decision: it may have used the challenge up and done nothing else.
    lost: bool,
    /// One was refused for a reason of its own: it may have used the challenge up nevertheless.
    failed: bool,
    /// The same, but the reason may be another of the same request that was accepted.
    outrun: bool,
    /// There were tries of another key or counter than the first.
    several: bool,
    /// It is used up for sure: a refusal says so.
    dead: bool,
    /// The first try will never be accepted: it was refused for what does not pass.
    dead_first: bool,
}

/// Why a request was refused, as far as its key tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// For what is not stored yet, or for what it is: it may be accepted another time.
    Passing,
    /// For what is stored: it will never be accepted.
    Stored,
    /// For what is stored if the same request, under way beside it, came first.
    Outrun,
    /// The key tells none.
    None,
}

/// What is wrong with how a challenge was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misuse {
    /// It was accepted before.
    Twice,
    /// All its tries were refused, each as if another had used it up.
    Never,
}

impl Challenges {
    /// A challenge is tried.
    pub fn sent(&mut self, print: u64, key: u32, act: Act) -> Try {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        let known = self.old.remove(&print).unwrap_or_else(|| Tries::of((key, act)));
        let tries = self.young.entry(print).or_insert(known);
        tries.under_way = tries.under_way.saturating_add(1);
        let is_first = tries.first == (key, act);
        tries.several |= !is_first;
        let is_late = tries.accepted || tries.dead || (is_first && tries.dead_first);
        Try { print, key, act, is_late, stands_surety: tries.credits }
    }

    /// Whether another try explains that this one is refused.
    ///
    /// The same request sent twice is no other try: of those the counter tells more.
    pub fn explains_refusal(&self, one: &Try) -> bool {
        self.get(one).is_some_and(|tries| tries.settled() || (tries.several && tries.under_way > 1))
    }

    /// Whether a refusal is put down to tries that are still under way.
    pub fn is_on_credit(&self, one: &Try) -> bool {
        self.get(one).is_some_and(|tries| tries.sureties > 0)
    }

    /// A try was accepted.
    pub fn accepted(&mut self, one: &Try) -> Result<(), Misuse> {
        let Some(tries) = self.back(one) else { return Ok(()) };
        tries.clear(one);
        if std::mem::replace(&mut tries.accepted, true) { Err(Misuse::Twice) } else { Ok(()) }
    }

    /// A try got no decision.
    pub fn lost(&mut self, one: &Try) -> Result<(), Misuse> {
        let Some(tries) = self.back(one) else { return Ok(()) };
        tries.clear(one);
        tries.lost = true;
        Ok(())
    }

    /// A try never left.
    pub fn unsent(&mut self, one: &Try) -> Result<(), Misuse> {
        self.back(one).map_or(Ok(()), |tries| tries.fail(one))
    }

    /// A try was refused, for a reason of its own or because of another try.
    pub fn refused(&mut self, one: &Try, reason: Reason) -> Result<(), Misuse> {
        let Some(tries) = self.back(one) else { return Ok(()) };
        tries.dead_first |= reason != Reason::Passing && tries.first == (one.key, one.act);
        match reason {
            Reason::Passing | Reason::Stored => {
                tries.failed = true;
                tries.clear(one);
                Ok(())
            }
            Reason::Outrun => {
                tries.outrun = true;
                tries.clear(one);
                Ok(())
            }
            Reason::None => {
                let failed = tries.fail(one);
                if !tries.settled() && tries.sureties == 0 && !tries.dead {
                    tries.sureties = tries.under_way;
                    tries.credits = tries.credits.wrapping_add(1);
                }
                tries.dead = true;
                failed
            }
        }
    }

    fn get(&self, one: &Try) -> Option<&Tries> {
        self.young.get(&one.print).or_else(|| self.old.get(&one.print))
    }

    fn back(&mut self, one: &Try) -> Option<&mut Tries> {
        let tries = match self.young.get_mut(&one.print) {
            Some(tries) => tries,
            None => self.old.get_mut(&one.print)?,
        };
        tries.under_way = tries.under_way.saturating_sub(1);
        Some(tries)
    }
}

impl Tries {
    fn of(first: (u32, Act)) -> Self {
        Self {
            first,
            under_way: 0,
            sureties: 0,
            credits: 0,
            accepted: false,
            lost: false,
            failed: false,
            outrun: false,
            several: false,
            dead: false,
            dead_first: false,
        }
    }

    /// Whether another try that is over may have used the challenge up.
    fn settled(&self) -> bool {
        self.lost || self.failed || (self.several && (self.accepted || self.outrun))
    }

    fn is_surety(&self, one: &Try) -> bool {
        self.sureties > 0 && one.stands_surety != self.credits
    }

    /// This try may have used the challenge up: a refusal that was put down to it was right.
    fn clear(&mut self, one: &Try) {
        if self.is_surety(one) {
            self.sureties = 0;
        }
    }

    /// This try did not use the challenge up. With the last that may have, the excuse is gone.
    fn fail(&mut self, one: &Try) -> Result<(), Misuse> {
        if !self.is_surety(one) {
            return Ok(());
        }
        self.sureties -= 1;
        if self.sureties == 0 { Err(Misuse::Never) } else { Ok(()) }
    }
}
