//! After the load: does the target still know what it acknowledged, and nothing else?
//!
//! A sample of enrolled keys asserts once more and must be accepted; keys whose enrolment was
//! refused assert and must be refused; requests that were accepted are sent again and must be
//! refused, unless the load was asked to hold no lie at all. Nothing of it is measured.

use super::envoy::{Envoy, MusterError};
use super::fleet::{Fleet, Kept, Material};
use super::incident::{Answered, Incident};
use super::mint::Ready;
use super::oracle::{Class, Lie, judge, weigh};
use super::recruiter::Member;
use super::schedule::Deed;
use protocol::relying_party::Purpose;
use targets::DialectError;

/// What the audit came to.
#[derive(Debug, Default)]
pub(super) struct Audit {
    /// Enrolled keys that asserted once more.
    pub(super) keys: u64,
    /// Keys whose enrolment was refused that asserted.
    pub(super) refused: u64,
    /// Accepted requests that were sent again.
    pub(super) replays: u64,
    /// Answers that were wrong.
    pub(super) wrong: u64,
    /// Those among them that were acceptances.
    pub(super) false_accepts: u64,
    /// Requests that got no decision, challenges included.
    pub(super) undecided: u64,
    /// Whether it ended early, because the target decided nothing any more.
    pub(super) is_cut_short: bool,
    /// Wrong answers worth showing.
    pub(super) incidents: Vec<Incident>,
}

/// Enrolled keys that are looked at.
pub(super) const KEYS: usize = 64;
/// Refused keys, and accepted requests, that are looked at.
pub(super) const OTHERS: usize = 32;
/// Requests in a row without a decision after which the target is left alone.
const ENOUGH: u64 = 3;

/// What is looked at.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// Devices with an enrolled key.
    pub(super) keys: Vec<Member>,
    /// Devices whose enrolment was refused.
    pub(super) refused: Vec<Member>,
    /// Requests that were accepted.
    pub(super) accepted: Vec<Kept>,
}

impl Sample {
    /// Some of a fleet; nothing that must be refused twice, unless there are `lies`.
    pub(super) fn of(fleet: &mut Fleet, lies: bool) -> Self {
        let accepted = if lies { fleet.accepted(OTHERS) } else { Vec::new() };
        Self { keys: fleet.audited(KEYS), refused: fleet.refused(OTHERS), accepted }
    }
}

impl Audit {
    /// Audits the target.
    pub(super) async fn of(envoy: &Envoy, sample: Sample) -> Result<Self, DialectError> {
        let mut audit = Self::default();
        let mut in_a_row = 0;
        let material = |member: Member| Material::Member(Box::new(member));
        let keys = sample.keys.into_iter();
        let own = keys.map(|one| (Of::Key, Deed::Assert(None), material(one)));
        let refused = sample.refused.into_iter();
        let others = refused.map(|one| (Of::Refused, Deed::Assert(None), material(one)));
        let replay = Deed::Assert(Some(Lie::Replay));
        let accepted = sample.accepted.into_iter();
        let replays = accepted.map(|kept| (Of::Replay, replay, Material::Accepted(Box::new(kept))));
        for (of, deed, mut material) in own.chain(others).chain(replays) {
            let is_there = match &mut material {
                Material::Member(member) => has_challenge(envoy, member).await?,
                Material::Accepted(_)
                | Material::Used(..)
                | Material::Pair(..)
                | Material::Nobody => Some(true),
            };
            let decided = match is_there {
                Some(true) => {
                    let ready = envoy.desk.mint.make(envoy.number(), deed, material)?;
                    audit.look_at(envoy, of, ready).await
                }
                // No challenge for a key that is not enrolled: that is an answer too.
                Some(false) => true,
                None => false,
            };
            in_a_row = if decided { 0 } else { in_a_row + 1 };
            audit.undecided += u64::from(!decided);
            if in_a_row >= ENOUGH {
                audit.is_cut_short = true;
                break;
            }
        }
        Ok(audit)
    }

    /// Sends a request; `false` if it got no decision.
    async fn look_at(&mut self, envoy: &Envoy, of: Of, ready: Ready) -> bool {
        let Ready { operation, wire, mut saved, request, lie, counter, facts, .. } = ready;
        let (exchange, breach) = envoy.weighed(operation, wire, &mut saved, request).await;
        let class =
            weigh(judge(lie, counter.filter(|_| lie.is_none()), &exchange.decision), breach);
        let what = || of.words(counter, &facts.account);
        let incidents = &envoy.desk.incidents;
        let answered = Answered { class, operation, lie, breach, exchange: &exchange, twin: None };
        let incident = incidents.write_up(answered, what);
        if let Some(incident) = incident {
            self.incidents.push(*incident);
        }
        match of {
            Of::Key => self.keys += 1,
            Of::Refused => self.refused += 1,
            Of::Replay => self.replays += 1,
        }
        self.wrong += u64::from(class.is_wrong());
        self.false_accepts += u64::from(class == Class::FalseAccept);
        class.is_decided()
    }

    /// Everything that was looked at.
    pub(super) fn looked_at(&self) -> u64 {
        self.keys + self.refused + self.replays
    }

    /// Requests among it that had to be refused.
    pub(super) fn probes(&self) -> u64 {
        self.refused + self.replays
    }

    /// What came of it, in a sentence.
    pub(super) fn words(&self) -> String {
        let Self { keys, refused, replays, wrong, undecided, .. } = self;
        let end = if self.is_cut_short { "; it ended there, for want of decisions" } else { "" };
        format!(
            "audit: {keys} enrolled keys asserted once more, {refused} keys whose enrolment was \
             refused asserted, {replays} accepted requests were sent again; {wrong} answers were \
             wrong, {undecided} requests got no decision{end}"
        )
    }
}

/// What is looked at.
#[derive(Debug, Clone, Copy)]
enum Of {
    Key,
    Refused,
    Replay,
}

impl Of {
    fn words(self, counter: Option<u32>, account: &str) -> String {
        let what = match self {
            Self::Key => "an assertion by a key enrolled before the end of the load",
            Self::Refused => "an assertion by a key whose enrolment was refused",
            Self::Replay => "a request accepted during the load once more",
        };
        let counter = counter.map_or(String::new(), |counter| format!("counter {counter}, "));
        format!("{what} ({counter}account {account}) in the audit")
    }
}

/// Gets a challenge for a device; `None` if the target decided nothing.
async fn has_challenge(envoy: &Envoy, member: &mut Member) -> Result<Option<bool>, DialectError> {
    match envoy.challenge(Purpose::Assert, member).await {
        Ok(()) => Ok(Some(true)),
        Err(MusterError::Refused { undecided: true, .. }) => Ok(None),
        Err(MusterError::Refused { undecided: false, .. } | MusterError::Stopped) => {
            Ok(Some(false))
        }
        Err(MusterError::Dialect(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_audit_says_how_much_it_looked_at_and_what_came_of_it() {
        let mut audit = Audit { keys: 64, refused: 3, replays: 32, ..Audit::default() };
        assert_eq!((audit.looked_at(), audit.probes()), (99, 35));
        assert!(audit.words().ends_with("0 answers were wrong, 0 requests got no decision"));
        audit.is_cut_short = true;
        assert!(audit.words().ends_with("it ended there, for want of decisions"));
    }
}
