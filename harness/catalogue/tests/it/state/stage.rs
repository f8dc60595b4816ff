//! Steps of a recipe, played with simulated devices against the relying party itself.

use super::model::WAIT;
use crate::flaws::settings;
use crate::paper::{challenge_in, client_data, now};
use catalogue::{Action, Case, Cast, Premises, Step};
use jiff::{SignedDuration, Timestamp};
use protocol::flaw::Flaws;
use protocol::relying_party::{Enrolment, ProtectedRequest, Purpose, Refusal, RelyingParty};
use protocol::terms::{KeyId, sha256};
use simulator::{Authority, Seed};
use std::collections::BTreeMap;

/// What was sent, to be sent again.
#[derive(Debug, Clone)]
enum Sent {
    Attest { key_id: KeyId, challenge: String, attestation: Vec<u8> },
    Assert { key_id: KeyId, client_data: Vec<u8>, assertion: Vec<u8> },
}

/// A relying party and the devices that talk to it.
pub(super) struct Stage<'a> {
    party: RelyingParty,
    cast: Cast<'a>,
    now: Timestamp,
    challenges: BTreeMap<String, String>,
    sent: BTreeMap<String, Sent>,
    drawn: u64,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        case: &Case,
        authority: &'a Authority,
        premises: &'a Premises,
        flaws: Flaws,
    ) -> Self {
        Self {
            party: RelyingParty::new(settings(authority, premises, flaws)),
            cast: Cast::new(case, &Seed::from_text("state"), premises, authority),
            now: now(),
            challenges: BTreeMap::new(),
            sent: BTreeMap::new(),
            drawn: 0,
        }
    }

    /// What comes of a step.
    pub(super) fn play(&mut self, step: &Step) -> Result<(), Refusal> {
        let name = step.name.clone().unwrap_or_default();
        match &step.action {
            Action::Challenge(purpose) => {
                let text = self.issue(&step.account, *purpose)?;
                self.challenges.insert(name, text);
                Ok(())
            }
            Action::Wait => {
                self.now += SignedDuration::from_secs(WAIT.cast_signed());
                Ok(())
            }
            Action::Revoke => {
                let key_id = self.cast.device(step).key_id();
                self.party.revoke(&step.account, key_id)
            }
            Action::Attest { challenge } => {
                let challenge = self.challenge(step, challenge.as_deref(), Purpose::Attest)?;
                let hash = sha256(&[challenge.as_bytes()]);
                let made = self.cast.attestation(step, &hash, self.now);
                let key_id = KeyId(made.key_id.bytes().try_into().unwrap());
                let attestation = made.attestation.bytes().to_vec();
                let sent = Sent::Attest { key_id, challenge, attestation };
                self.sent.insert(name, sent.clone());
                self.send(&step.account, &sent)
            }
            Action::Assert { challenge } => {
                let challenge = self.challenge(step, challenge.as_deref(), Purpose::Assert)?;
                let data = client_data(&challenge);
                let made = self.cast.assertion(step, &data, &challenge, self.now).unwrap();
                let key_id = KeyId(made.key_id.bytes().try_into().unwrap());
                let assertion = made.assertion.bytes().to_vec();
                let sent = Sent::Assert { key_id, client_data: made.client_data, assertion };
                self.sent.insert(name, sent.clone());
                self.send(&step.account, &sent)
            }
            Action::Replay { of } => {
                let sent = self.sent[of].clone();
                self.send(&step.account, &sent)
            }
            Action::Draw { .. } | Action::Together { .. } | Action::Logout | Action::Restart => {
                unreachable!("no deed is one of these")
            }
        }
    }

    fn issue(&mut self, account: &str, purpose: Purpose) -> Result<String, Refusal> {
        self.drawn += 1;
        let entropy = sha256(&[b"entropy", &self.drawn.to_be_bytes()]);
        Ok(self.party.issue_challenge(account, purpose, entropy, self.now)?.text)
    }

    /// The challenge that the step sends.
    fn challenge(
        &mut self,
        step: &Step,
        named: Option<&str>,
        purpose: Purpose,
    ) -> Result<String, Refusal> {
        let issued = match named {
            Some(name) => self.challenges[name].clone(),
            None => self.issue(&step.account, purpose)?,
        };
        Ok(self.cast.challenge(step, &issued))
    }

    fn send(&mut self, account: &str, sent: &Sent) -> Result<(), Refusal> {
        match sent {
            Sent::Attest { key_id, challenge, attestation } => {
                let enrolment = Enrolment { key_id: *key_id, challenge, attestation };
                self.party.attest(account, &enrolment, self.now).map(drop)
            }
            Sent::Assert { key_id, client_data, assertion } => {
                let challenge = challenge_in(client_data);
                let challenge = challenge.as_deref();
                let request =
                    ProtectedRequest { key_id: *key_id, client_data, assertion, challenge };
                self.party.assert(account, &request, self.now).map(drop)
            }
        }
    }
}
