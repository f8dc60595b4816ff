//! A device's request, from what it wants to what is sent.

use super::super::desk::issued;
use super::super::fleet::Material;
use super::super::oracle::Lie;
use super::super::schedule::Deed as Made;
use super::super::state::Request as Known;
use super::books::Entry;
use super::clock::Clock;
use super::deed::{Deed, Request};
use super::field::Field;
use super::held::{Accepted, Times};
use super::outbox::{Errand, Parcel};
use targets::{DialectError, Facts, Saved, WireRequest};

/// What a request is made of.
struct Stuff<'s> {
    account: &'s str,
    saved: &'s mut Saved,
    /// The request that is sent again.
    accepted: Option<Accepted>,
    challenge: Times,
    /// By which number the state oracle knows the device's key.
    key: u32,
}

/// What is sent, what the state oracle knows it by, and what it is made of if it may be sent again.
type Written = (WireRequest, Option<Known>, Option<Facts>);

impl Field {
    /// Makes a request and puts it out for its instant.
    pub(super) fn make(&self, request: Request, clock: &Clock) -> Result<(), DialectError> {
        let due = clock.instant(request.due);
        let number = self.number();
        let account = self.desk.recruiter.account(request.device);
        let (mut saved, accepted, challenge, key) = {
            let mut held = self.held();
            let (saved, accepted) = held.take(request.device);
            let key = match request.deed {
                Deed::Enrol { again: false } => held.another_key(request.device),
                Deed::Enrol { again: true }
                | Deed::Assert { .. }
                | Deed::SendAgain
                | Deed::AskToAttest
                | Deed::AskToAssert => held.key(request.device),
            };
            (saved, accepted, held.times(request.device), key)
        };
        let stuff = Stuff { account: &account, saved: &mut saved, accepted, challenge, key };
        let (wire, known, facts) = self.write(number, &request, stuff)?;
        let entry = Entry {
            second: clock.second(due),
            phase: clock.phase(request.due),
            operation: request.deed.operation(),
            dishonest: request.deed.is_dishonest(),
        };
        let errand = Errand { request, entry, due, known, facts, saved, challenge, account };
        self.outbox.put(number, Parcel { wire, errand });
        Ok(())
    }

    fn write(
        &self,
        number: u64,
        request: &Request,
        stuff: Stuff<'_>,
    ) -> Result<Written, DialectError> {
        let Stuff { account, saved, accepted, challenge, key } = stuff;
        let made = match request.deed {
            Deed::AskToAttest | Deed::AskToAssert => {
                let purpose = request.deed.purpose();
                let wire = self.desk.mint.challenge(number, purpose, account, saved)?;
                return Ok((wire, None, None));
            }
            Deed::SendAgain => {
                let accepted = accepted.expect("life sends again only what it asked to keep");
                saved.clone_from(&accepted.saved);
                let deed = Made::Assert(Some(Lie::Replay));
                let ready = self.desk.mint.make(number, deed, Material::Accepted(accepted))?;
                return Ok((ready.wire, Some(ready.request), None));
            }
            Deed::Enrol { .. } => Made::Attest(None),
            Deed::Assert { .. } => Made::Assert(None),
        };
        let age_at = |at| self.desk.age_at(at);
        let mut member = self.desk.recruiter.member(request.device, request.key);
        member.saved.clone_from(saved);
        member.number = key;
        member.issued = issued(saved, age_at(challenge.asked), age_at(challenge.there));
        member.device.next_counter = request.counter;
        let ready = self.desk.mint.make(number, made, Material::Member(Box::new(member)))?;
        Ok((ready.wire, Some(ready.request), Some(ready.facts)))
    }
}
