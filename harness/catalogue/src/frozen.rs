//! Requests made without a server: the challenge is given, the clock stands still.

use crate::base::Kind;
use crate::case::{Action, Case};
use crate::cast::{Cast, Truth};
use crate::need::Premises;
use crate::operator::ClientDataError;
use crate::oracle::{Challenge, Oracle, Seen, SentAssertion, SentAttestation};
use crate::sent::Sent;
use jiff::Timestamp;
use protocol::terms::sha256;
use simulator::{Authority, Seed};

/// The last request of a case, and what a server knows that gets it.
#[derive(Debug, Clone)]
pub struct Frozen {
    /// The request that is judged.
    pub kind: Kind,
    /// The key id that the app names.
    pub key_id: Sent,
    /// The attestation object or the assertion.
    pub object: Sent,
    /// The client data of a protected request.
    pub client_data: Option<Vec<u8>>,
    /// The challenge that was issued.
    pub issued: String,
    /// The challenge that the request was made with.
    pub used: String,
    /// The device's key as it stands after the enrolment.
    pub enrolled: Truth,
}

/// What requests are made with.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// What is known of the server.
    pub premises: &'a Premises,
    /// The authority that it trusts.
    pub authority: &'a Authority,
    /// The time, which stands still.
    pub now: Timestamp,
}

impl Ground<'_> {
    /// The last request of a case that is its base and edits; `None` for any other, and for those
    /// that edit what lies around the values of a request.
    pub fn freeze(&self, case: &Case, seed: &Seed) -> Option<Result<Frozen, ClientDataError>> {
        let (last, before) = case.steps.split_last()?;
        let plain = match (&last.action, before) {
            (Action::Attest { challenge: None }, []) => true,
            (Action::Assert { challenge: None }, [first]) => {
                first.action == Action::Attest { challenge: None } && first.operators.is_empty()
            }
            _ => false,
        };
        let around = last.operators.iter().any(|one| one.to_string().starts_with("wire."));
        if !plain || around {
            return None;
        }
        let issued = challenge(&seed.child(&case.id, 1));
        let mut devices = Cast::new(case, seed, self.premises, self.authority);
        if case.base.kind == Kind::Assertion {
            let first = &before[0];
            let hash = sha256(&[challenge(&seed.child(&case.id, 2)).as_bytes()]);
            devices.attestation(first, &hash, self.now);
        }
        let used = devices.challenge(last, &issued);
        Some(match case.base.kind {
            Kind::Attestation => {
                let honest = sha256(&[used.as_bytes()]).to_vec();
                let hash = devices.hash(last, honest, &used, Some(used.as_bytes()));
                let made = devices.attestation(last, &hash, self.now);
                Ok(Frozen {
                    kind: Kind::Attestation,
                    key_id: made.key_id,
                    object: made.attestation,
                    client_data: None,
                    issued,
                    used,
                    enrolled: made.truth,
                })
            }
            Kind::Assertion => {
                let device = devices.device(last);
                let (key_id, public_key) =
                    (device.key_id().0.to_vec(), device.public_key().to_vec());
                let data = client_data(&used);
                devices.assertion(last, &data, &used, self.now).map(|made| Frozen {
                    kind: Kind::Assertion,
                    key_id: made.key_id,
                    object: made.assertion,
                    client_data: Some(made.client_data),
                    issued,
                    used,
                    enrolled: Truth { key_id, public_key, ..made.truth },
                })
            }
        })
    }
}

impl Frozen {
    /// What the oracle sees in it; `None` if its values are not written as a server reads them.
    pub fn seen(&self, oracle: &Oracle, now: Timestamp) -> Option<Seen> {
        if !self.key_id.is_plain() || !self.object.is_plain() {
            return None;
        }
        Some(match &self.client_data {
            None => oracle.attestation(
                &SentAttestation {
                    key_id: self.key_id.bytes(),
                    object: self.object.bytes(),
                    client_data_hash: &sha256(&[self.used.as_bytes()]),
                    challenge_issued: self.issued == self.used,
                },
                now,
            ),
            Some(client_data) => oracle.assertion(&SentAssertion {
                key_id: self.key_id.bytes(),
                object: self.object.bytes(),
                client_data,
                challenge: Challenge { issued: &self.issued, used: &self.used, in_json: true },
                enrolled: (&self.enrolled.key_id, &self.enrolled.public_key),
                stored_counter: 0,
            }),
        })
    }
}

/// A challenge as servers issue them: 32 letters and digits.
fn challenge(seed: &Seed) -> String {
    seed.to_hex()[..32].to_owned()
}

/// The client data of a protected request.
fn client_data(challenge: &str) -> Vec<u8> {
    format!(r#"{{"challenge":"{challenge}","item":"book","quantity":1}}"#).into_bytes()
}
