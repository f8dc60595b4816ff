//! The relying party around an adapter: the harness's own, or the adapter's if it is one.

use super::message::{Answer, Ask, EnrolmentAsked, RequestAsked};
use super::request::{Protected, Request};
use super::target::AdapterTarget;
use super::told::{Stop, Told, accepted, yes};
use super::{PurposeName, Said};
use crate::decision::Decision;
use crate::dialect::printable;
use crate::facts::{CHALLENGE_TEXT, Saved};
use crate::target::Target;
use protocol::relying_party::{self, Enrolment, ProtectedRequest, Purpose, Refusal};
use protocol::terms::KeyId;
use protocol::verify::{VerifiedAssertion, VerifiedAttestation};

impl AdapterTarget {
    pub(super) fn challenge(
        &self,
        account: &str,
        purpose: Purpose,
        saved: &mut Saved,
    ) -> Result<Told, Stop> {
        let entropy = (self.setting().entropy)(account, purpose).map_err(|error| {
            Stop::Said(Told::ours(Decision::Unreachable { why: error.to_string() }))
        })?;
        let now = (self.setting().clock)();
        let issued = self.party().issue_challenge(account, purpose, entropy, now)?;
        saved.insert(CHALLENGE_TEXT.to_owned(), issued.text);
        Ok(Told::ours(accepted()))
    }

    pub(super) async fn enrol(
        &self,
        account: &str,
        enrolment: &Enrolment<'_>,
    ) -> Result<Told, Stop> {
        let now = (self.setting().clock)();
        let Enrolment { key_id, challenge, attestation } = *enrolment;
        let pending = self.party().begin_attest(account, enrolment, now)?;
        if !self.hello().supports("verify_attestation") {
            // Then the keys that its assertions are about are enrolled by the reference.
            let proven = pending.verify(attestation, now).map_err(Refusal::from)?;
            self.party().finish_attest(proven)?;
            return Ok(Told::ours(accepted()));
        }
        let hash = pending.client_data_hash();
        let asked = self.attestation(attestation, key_id, challenge.as_bytes(), hash);
        let (decided, told) = yes(self.ask(&asked).await)?;
        let outputs = decided.outputs.unwrap_or_default();
        let named = outputs.public_key.and_then(|key| key.0.try_into().ok());
        let environment = self.dialect().file().environment;
        let verified = VerifiedAttestation {
            public_key: named.or_else(|| relying_party::certified_key(attestation)),
            environment: outputs.environment.map_or(environment, Into::into),
            counter: outputs.counter.unwrap_or(0),
            receipt: outputs.receipt.map(|receipt| receipt.0),
            validation_category: None,
            bundle_version: None,
        };
        self.party().finish_attest(pending.verified_by_another(verified))?;
        self.keep(key_id, decided.state);
        Ok(told)
    }

    pub(super) async fn protected(&self, request: &Protected) -> Result<Told, Stop> {
        let Protected { account, key_id, assertion, client_data, challenge } = request;
        let (key_id, challenge) = (*key_id, challenge.as_deref());
        let request = ProtectedRequest { key_id, client_data, assertion, challenge };
        let now = (self.setting().clock)();
        let pending = self.party().begin_assert(account, &request, now)?;
        if !self.hello().supports("verify_assertion") {
            let proven = pending.verify(assertion).map_err(Refusal::from)?;
            self.party().finish_assert(&proven)?;
            return Ok(Told::ours(accepted()));
        }
        let public_key = pending.public_key().map_or(&[][..], |key| &key[..]);
        let hash = pending.client_data_hash();
        let asked = self.assertion(&request, hash, public_key, pending.stored_counter());
        let (decided, told) = yes(self.ask(&asked).await)?;
        let counter = decided.outputs.and_then(|outputs| outputs.counter);
        let verified = VerifiedAssertion {
            counter: counter.unwrap_or_else(|| relying_party::stated_counter(assertion)),
            validation_category: None,
            bundle_version: None,
        };
        let proven = pending.verified_by_another(verified).map_err(Refusal::from)?;
        self.party().finish_assert(&proven)?;
        self.keep(key_id, decided.state);
        Ok(told)
    }

    fn keep(&self, key_id: KeyId, state: Option<String>) {
        if let Some(state) = state {
            self.states().insert(key_id, state);
        }
    }

    /// Hands a request to an adapter that is a relying party itself.
    pub(super) async fn asked(&self, request: &Request, saved: &mut Saved) -> Result<Told, Stop> {
        let ask = match request {
            Request::Challenge { account, purpose } => {
                Ask::Challenge { account: account.clone(), purpose: PurposeName::from(*purpose) }
            }
            Request::Attest { account, key_id, challenge, attestation } => {
                Ask::Attest(EnrolmentAsked {
                    account: account.clone(),
                    key_id: key_id.0.as_slice().into(),
                    attestation: attestation.as_slice().into(),
                    challenge: challenge.clone(),
                })
            }
            Request::Assert(request) => Ask::Assert(RequestAsked {
                account: request.account.clone(),
                key_id: request.key_id.0.as_slice().into(),
                assertion: request.assertion.as_slice().into(),
                client_data: request.client_data.as_slice().into(),
                challenge: request.challenge.clone(),
            }),
            Request::Revoke { account, key_id } => {
                Ask::Revoke { account: account.clone(), key_id: key_id.0.as_slice().into() }
            }
        };
        let said = self.ask(&ask).await;
        match said.answer {
            Ok(Answer::Challenge(issued)) => {
                saved.insert(CHALLENGE_TEXT.to_owned(), issued.challenge);
                Ok(Told { decision: accepted(), text: said.text })
            }
            Ok(Answer::Done(done)) => {
                let decision = if done.ok {
                    accepted()
                } else {
                    Decision::Rejected { reason: done.text.as_deref().map(printable) }
                };
                Ok(Told { decision, text: said.text })
            }
            answer => yes(Said { answer, text: said.text }).map(|(_, told)| told),
        }
    }
}
